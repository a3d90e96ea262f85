"""Further cases of BS206: first what stays silent, and why; then what fires, with marks."""

SILENT = {
    "several epochs are cached": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").map(parse).shuffle(500).repeat(10).batch(32).cache().prefetch(1)
tf.keras.models.load_model("m").fit(ds, epochs=2)
""",
    "file names are shuffled": """
import tensorflow as tf
files = tf.data.Dataset.list_files("*.tfrecord")
ds = files.shuffle(10).interleave(tf.data.TFRecordDataset, num_parallel_calls=4).cache().batch(32)
""",
    "a fixed validation set, told by its name": """
import tensorflow as tf
def load():
    train = tf.data.TFRecordDataset("a").cache().shuffle(1000).batch(32)
    val_ds = tf.data.TFRecordDataset("b").shuffle(1000).cache().batch(32)
    return train, val_ds
""",
    "so many augmented samples, kept": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("a").map(tf.image.random_flip_left_right).repeat().take(steps).cache().repeat()
""",
    "a flag that excludes the other": """
import tensorflow as tf
def load(files, training):
    def parse(one):
        image = tf.io.decode_jpeg(one)
        if training:
            image = tf.image.random_flip_left_right(image)
        return image
    ds = tf.data.TFRecordDataset(files).map(parse)
    if not training:
        ds = ds.cache()
    return ds.batch(32)
""",
    "another path shuffles after the cache": """
import tensorflow as tf
def load(files, training):
    ds = tf.data.TFRecordDataset(files).shuffle(10).cache()
    if training:
        ds = ds.shuffle(1000)
    return ds.batch(32)
""",
    "trained on for one epoch": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").shuffle(1000).cache().batch(32)
tf.keras.models.load_model("m").fit(ds)
""",
    "made anew in each epoch": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
optimizer = tf.keras.optimizers.Adam()
for epoch in range(3):
    for images in tf.data.Dataset.from_tensor_slices(x).shuffle(1000).cache().batch(32):
        with tf.GradientTape() as tape:
            loss = loss_fn(model(images))
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
""",
    "whether it reshuffles is not known": """
import tensorflow as tf
def load(again):
    return tf.data.TFRecordDataset("f").shuffle(1000, reshuffle_each_iteration=again).cache().batch(32)
""",
    "a random subset has to stay the same": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").filter(lambda one: tf.random.uniform([]) < 0.1).cache().shuffle(10)
""",
    "NumPy's numbers are drawn once anyway": """
import numpy as np
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").map(lambda one: one + np.random.rand()).cache().shuffle(10)
""",
    "the augmentation is told not to train": """
import tensorflow as tf
flip = tf.keras.layers.RandomFlip()
ds = tf.data.TFRecordDataset("f").map(lambda one: flip(one, training=False)).cache().shuffle(10)
""",
    "the loader's files are shuffled for validation": """
import tensorflow as tf
data = tf.keras.utils.image_dataset_from_directory("x", subset="validation", validation_split=0.2, seed=1).cache()
tf.keras.models.load_model("m").fit(data, epochs=5)
""",
    "trained on after another shuffle, evaluated without": """
import tensorflow as tf
data = tf.data.TFRecordDataset("f").shuffle(10, seed=1).cache()
model = tf.keras.models.load_model("m")
model.fit(data.shuffle(1000).batch(32), epochs=5)
model.evaluate(data.batch(32))
""",
    "the loader shuffles, and so does what trains": """
import tensorflow as tf
train = tf.keras.utils.image_dataset_from_directory("images")
train = train.cache().shuffle(100).prefetch(1)
tf.keras.models.load_model("m").fit(train, epochs=10)
""",
    "augmented after the cache": """
import tensorflow as tf
ds = tf.data.Dataset.list_files("*.jpg").map(load).cache().map(tf.image.random_flip_left_right).batch(32)
""",
    "a seed for every sample": """
import tensorflow as tf
ds = tf.data.Dataset.range(9).map(lambda i: tf.random.stateless_uniform([3], [1, i])).cache().batch(3)
""",
    "one batch over and over": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).shuffle(1000).batch(32).take(1).cache().repeat()
""",
    "not a dataset": """
import tensorflow as tf
frame.shuffle(3).cache()
""",
    "validation data": """
import tensorflow as tf
val = tf.data.Dataset.from_tensor_slices(x).shuffle(1000).cache().batch(32)
tf.keras.models.load_model("m").fit(a, b, validation_data=val, epochs=3)
""",
    "shuffled again after the cache": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).shuffle(1000).cache().shuffle(1000).batch(32)
""",
    "a split has to stay the same": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).shuffle(1000, reshuffle_each_iteration=False)
train, val = ds.skip(100).cache().shuffle(900).batch(32), ds.take(100).cache().batch(32)
""",
}

FIRING = {
    "a row for each step, with comments": """
import tensorflow as tf
ds = (
    tf.data.TFRecordDataset("f")
    .map(parse)  # decode
    .shuffle(1000)  # mix
    .cache()  # in memory
#    ^^^^^^^
    .batch(32)
)
""",
    "one half of what a loader gives": """
import keras
train, val = keras.utils.image_dataset_from_directory("images", validation_split=0.2, subset="both", seed=1)
train, val = train.cache().prefetch(1), val.cache().prefetch(1)
#                  ^^^^^^^
keras.models.load_model("m").fit(train, validation_data=val, epochs=10)
""",
    "shuffled and augmented": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").shuffle(1000).map(tf.image.random_flip_left_right).cache().batch(32)
#                                                                                    ^^^^^^^
""",
    "shuffled on one path, in an expression that decides it": """
import tensorflow as tf
def load(training):
    ds = tf.data.TFRecordDataset("f")
    ds = ds.shuffle(1000) if training else ds
    return ds.cache().batch(32)
#             ^^^^^^^
""",
    "a flag": """
import tensorflow as tf
def load(files, training):
    def parse(one):
        image = tf.io.decode_jpeg(one)
        if training:
            image = tf.image.random_flip_left_right(image)
        return image
    return tf.data.TFRecordDataset(files).map(parse).cache().shuffle(100).batch(32)
#                                                    ^^^^^^^
""",
    "a layer that augments": """
import tensorflow as tf
augment = tf.keras.Sequential([tf.keras.layers.RandomFlip(), tf.keras.layers.RandomRotation(0.1)])
train = tf.keras.utils.image_dataset_from_directory("x").map(lambda x, y: (augment(x, training=True), y))
train = train.cache().shuffle(10).prefetch(1)
#             ^^^^^^^
tf.keras.models.load_model("m").fit(train, epochs=5)
""",
    "an albumentations pipeline": """
import albumentations as A
import tensorflow as tf
transforms = A.Compose([A.HorizontalFlip()])
def augment(image):
    return transforms(image=image)["image"]
def process(image):
    return tf.numpy_function(augment, [image], tf.float32)
ds = tf.data.Dataset.from_tensor_slices(x).map(process, num_parallel_calls=4).cache().shuffle(9).batch(3)
#                                                                             ^^^^^^^
""",
    "inside an interleave": """
import tensorflow as tf
def read(file):
    return tf.data.TFRecordDataset(file).map(tf.image.random_flip_left_right)
ds = tf.data.Dataset.list_files("*").interleave(read).cache().shuffle(100)
#                                                     ^^^^^^^
""",
    "epochs by hand": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
optimizer = tf.keras.optimizers.Adam()
ds = tf.data.Dataset.from_tensor_slices(x).shuffle(1000).cache().batch(32)
#                                                        ^^^^^^^
for epoch in range(3):
    for images in ds:
        with tf.GradientTape() as tape:
            loss = loss_fn(model(images))
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
""",
    "the shuffle of batches": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).shuffle(1000, seed=3).batch(32).cache("/tmp/data")
#                                                                          ^^^^^^^^^^^^^^^^^^
""",
    "in statements": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f")
ds = ds.shuffle(1000)
ds = ds.cache()  # in memory
#       ^^^^^^^
ds = ds.repeat().batch(32)
""",
    "a loader that shuffles": """
import tensorflow as tf
train = tf.keras.utils.text_dataset_from_directory("texts", subset="training", validation_split=0.2, seed=1)
train = train.map(vectorize).cache().prefetch(1)
#                            ^^^^^^^
tf.keras.models.load_model("m").fit(train, epochs=10)
""",
    "frozen augmentation": """
import tensorflow as tf

def load(path):
    return tf.io.decode_jpeg(tf.io.read_file(path))

def augment(image):
    return tf.image.random_flip_left_right(image)

ds = tf.data.Dataset.list_files("*.jpg").map(load).map(augment).cache().shuffle(100).batch(32)
#                                                               ^^^^^^^
""",
}

FIXED = {
    "a row for each step, with comments": """
import tensorflow as tf
ds = (
    tf.data.TFRecordDataset("f")
    .map(parse)  # decode
    .cache()  # in memory
    .shuffle(1000)  # mix
    .batch(32)
)
""",
    "shuffled and augmented": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").cache().shuffle(1000).map(tf.image.random_flip_left_right).batch(32)
""",
    "in statements": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f")
ds = ds.cache()  # in memory
ds = ds.shuffle(1000)
ds = ds.repeat().batch(32)
""",
    "frozen augmentation": """
import tensorflow as tf

def load(path):
    return tf.io.decode_jpeg(tf.io.read_file(path))

def augment(image):
    return tf.image.random_flip_left_right(image)

ds = tf.data.Dataset.list_files("*.jpg").map(load).cache().map(augment).shuffle(100).batch(32)
""",
}
