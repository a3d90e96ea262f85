"""Cases beyond the examples in the rules' own files: first what stays silent, and why; then what fires, with marks."""

SILENT: dict[str, dict[str, str]] = {
    "BS101": {
        "the batch size is below the threshold": """
import keras
keras.models.load_model("m").fit(x, y, batch_size=128)
""",
        "the batch comes from the environment": """
import os
import keras
keras.models.load_model("m").fit(x, y, batch_size=int(os.environ["BATCH"]))
""",
        "a reference batch size of the learning rate": """
import keras
base_lr_batch_ref = 256
keras.models.load_model("m").fit(x, y, batch_size=base_lr_batch_ref)
""",
        "a subclassed model over rows of a table": """
import keras
class Tower(keras.Model):
    def __init__(self):
        super().__init__()
        self.embedding = keras.layers.Embedding(1000, 32)
        self.hidden = [keras.layers.Dense(64), keras.layers.Dense(1)]
Tower().fit(x, y, batch_size=8192)
""",
        "a scikit-learn estimator": """
import tensorflow as tf
from sklearn.neural_network import MLPClassifier
MLPClassifier(batch_size=512).fit(x, y)
""",
        "an unknown strategy may be a TPU": """
import tensorflow as tf
from cluster import strategy
with strategy.scope():
    model = tf.keras.models.load_model("m")
model.fit(x, y, batch_size=1024)
""",
        "only the validation batch is large": """
import tensorflow as tf
val = tf.data.Dataset.from_tensor_slices(x).batch(2048)
tf.keras.models.load_model("m").fit(a, b, batch_size=32, validation_data=val)
""",
    },
    "BS104": {
        "the class has its own fit": """
import tensorflow as tf
class Estimator:
    def fit(self, data, batch_size): ...
Estimator().fit(tf.data.Dataset.range(3), batch_size=32)
""",
        "another library's model": """
import tensorflow as tf
import autokeras
autokeras.ImageClassifier().fit(tf.data.Dataset.range(3), batch_size=32)
""",
        "the arguments are out of sight": """
import tensorflow as tf
ds = tf.data.Dataset.range(3).batch(2)
tf.keras.models.load_model("m").fit(ds, **options)
""",
    },
    "BS106": {
        "a tensor is divided": """
import keras
import tensorflow as tf
model = keras.models.load_model("m")
model.fit(batches, steps_per_epoch=tf.cast(n / 32, tf.int64))
""",
        "max of integers": """
import keras
keras.models.load_model("m").fit(batches, steps_per_epoch=max(1, n // 32))
""",
        "not a Keras call": """
import keras
trainer.configure(steps_per_epoch=n / 32)
""",
    },
    "BS109": {
        "a learning rate may be a float": """
import keras
keras.optimizers.SGD(0.1 * batch_size / 256)
keras.models.load_model("m").fit(x, y, batch_size=batch_size)
""",
        "rounded": """
import tensorflow as tf
tf.data.Dataset.range(10).batch(round(n / 3))
""",
    },
    "BS201": {
        "so does a distributed dataset": """
import tensorflow as tf
strategy = tf.distribute.MirroredStrategy()
ds = strategy.experimental_distribute_dataset(tf.data.Dataset.from_tensor_slices(x).batch(32))
for batch in ds:
    with tf.GradientTape() as tape:
        loss = loss_fn(model(batch))
    optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
""",
        "a unit test": """
import tensorflow as tf
def test_fit():
    ds = tf.data.Dataset.from_tensor_slices(x).batch(2)
    tf.keras.models.load_model("m").fit(ds)
""",
        "prefetched in the call": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(32)
tf.keras.models.load_model("m").fit(ds.prefetch(1))
""",
        "prefetched on one path": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(32)
if fast:
    ds = ds.prefetch(1)
tf.keras.models.load_model("m").fit(ds)
""",
        "the loop only looks": """
import tensorflow as tf
for batch in tf.data.Dataset.from_tensor_slices(x).batch(32):
    print(batch.shape)
""",
        "the element may be anything": """
import tensorflow as tf
def train(ds):
    tf.keras.models.load_model("m").fit(ds.batch(32))
""",
        "one of the zipped datasets is unknown": """
import tensorflow as tf
ds = tf.data.Dataset.zip((tf.data.Dataset.range(3).batch(2), other))
tf.keras.models.load_model("m").fit(ds)
""",
    },
    "BS202": {
        "applied to the device": """
import tensorflow as tf
ds = tf.data.Dataset.range(9).prefetch(1).batch(2).apply(tf.data.experimental.prefetch_to_device("gpu:0"))
""",
        "a queue's prefetch": """
import tensorflow as tf
reader.prefetch(2).map(parse)
""",
    },
    "BS203": {
        "a number of devices": """
import tensorflow as tf
gpus = tf.config.list_physical_devices("GPU")
ds = tf.data.Dataset.range(9).batch(64).prefetch(len(gpus))
""",
        "AUTOTUNE by its number": """
import tensorflow as tf
ds = tf.data.Dataset.range(9).batch(64).prefetch(-1)
""",
        "the old name of AUTOTUNE": """
import tensorflow as tf
AUTOTUNE = tf.data.experimental.AUTOTUNE
ds = tf.data.Dataset.range(9).batch(64).prefetch(AUTOTUNE)
""",
    },
    "BS205": {
        "file names are shuffled": """
import tensorflow as tf
ds = tf.data.Dataset.list_files("*.tfrecord").interleave(tf.data.TFRecordDataset).batch(32).shuffle(10)
""",
        "not a dataset": """
import tensorflow as tf
rng.batch(3).shuffle(4)
""",
    },
    "BS211": {
        "steps are stacked for the host loop": """
import tensorflow as tf
ds = tf.data.Dataset.range(100).batch(32, drop_remainder=True).batch(steps_per_loop)
""",
        "windows by group": """
import tensorflow as tf
ds = tf.data.Dataset.range(100).batch(4).group_by_window(key, reduce, 8).batch(32)
""",
        "a different dataset": """
import tensorflow as tf
base = tf.data.Dataset.range(100)
train = base.batch(32).prefetch(1)
test = base.batch(64).prefetch(1)
""",
    },
    "BS213": {
        "returned": """
import tensorflow as tf
def make():
    return tf.data.Dataset.range(3).batch(2)
""",
        "passed on": """
import tensorflow as tf
print(tf.data.Dataset.range(3).batch(2))
""",
        "an effect, not a transformation": """
import tensorflow as tf
tf.data.Dataset.range(3).save("path")
""",
    },
    "BS401": {
        "an earlier handler takes the out-of-memory error": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
try:
    model.fit(x, y)
except tf.errors.ResourceExhaustedError:
    raise
except Exception:
    model.fit(x, z)
""",
        "only evaluated in the handler": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
try:
    model.fit(x, y)
except tf.errors.ResourceExhaustedError:
    model.evaluate(a, b)
""",
    },
    "BS402": {
        "the function gives up": """
import tensorflow as tf
def train(model: tf.keras.Model):
    try:
        model.fit(x, y)
    except Exception as error:
        print(error)
        return None
    model.save("trained")
""",
        "nothing trains": """
import tensorflow as tf
try:
    model = tf.keras.models.load_model("m")
except Exception:
    print("no model")
model.fit(x, y)
""",
        "another error": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
try:
    model.fit(x, y)
except KeyboardInterrupt:
    print("stopped")
model.save("trained")
""",
    },
}

FIRING: dict[str, dict[str, str]] = {
    "BS101": {
        "a dataclass field": """
import dataclasses
import keras
@dataclasses.dataclass
class Config:
    batch_size: int = 512
#                     ^^^
config = Config()
keras.models.load_model("m").fit(x, y, batch_size=config.batch_size)
""",
        "a function's default": """
import keras
def train(batch_size=256):
#                    ^^^
    keras.models.load_model("m").fit(x, y, batch_size=batch_size)
""",
        "a hand-written loop": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
optimizer = tf.keras.optimizers.Adam()
ds = tf.data.Dataset.from_tensor_slices(x).batch(1024).prefetch(1)
#                                                ^^^^
for batch in ds:
    with tf.GradientTape() as tape:
        loss = loss_fn(model(batch, training=True))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
""",
    },
    "BS104": {
        "a Keras Sequence of the program": """
import keras
class Batches(keras.utils.Sequence):
    def __len__(self):
        return 10
    def __getitem__(self, index):
        return x[index], y[index]
keras.models.load_model("m").fit(Batches(), batch_size=32)
#                                           ^^^^^^^^^^^^^
""",
    },
    "BS106": {
        "a share of the samples": """
import keras
n = 1000
keras.models.load_model("m").fit(batches, steps_per_epoch=n * 0.8 // 32)
#                                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
        "at least one": """
import keras
keras.models.load_model("m").fit(batches, steps_per_epoch=max(1, n / 32))
#                                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
        "a model from out of sight": """
from nets import build
model = build()
model.compile(optimizer="adam", loss="mse")  # keras
model.fit(batches, steps_per_epoch=n / 32)
#                  ^^^^^^^^^^^^^^^^^^^^^^
""",
        "added to": """
import keras
keras.models.load_model("m").fit(batches, steps_per_epoch=n / 32 + 1)
#                                         ^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    },
    "BS201": {
        "a trainer class": """
import tensorflow as tf
class Trainer:
    def __init__(self):
        self.model = tf.keras.models.load_model("m")
        self.load()
    def load(self):
        self.ds = tf.data.Dataset.from_tensor_slices(x).batch(32)
#                                                       ^^^^^^^^^
    def run(self):
        self.model.fit(self.ds, epochs=3)
""",
        "a train step as a tf.function": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
optimizer = tf.keras.optimizers.Adam()
@tf.function
def train_step(images):
    with tf.GradientTape() as tape:
        loss = loss_fn(model(images))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
ds = tf.data.Dataset.from_tensor_slices(x).shuffle(10).batch(32)
#                                                      ^^^^^^^^^
for epoch in range(10):
    for step, images in enumerate(ds):
        train_step(images)
""",
        "an iterator": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
optimizer = tf.keras.optimizers.Adam()
batches = iter(tf.data.Dataset.from_tensor_slices(x).repeat().batch(32))
#                                                             ^^^^^^^^^
for step in range(1000):
    images = next(batches)
    with tf.GradientTape() as tape:
        loss = loss_fn(model(images))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
""",
    },
    "BS202": {
        "a zipped dataset of its own": """
import tensorflow as tf
images = tf.data.TFRecordDataset("a").map(parse).batch(8).prefetch(1)
masks = tf.data.TFRecordDataset("b").prefetch(1).map(parse).batch(8)
#                                    ^^^^^^^^^^^
ds = tf.data.Dataset.zip((images, masks))
""",
    },
    "BS205": {
        "a flag that nobody sets here": """
import tensorflow as tf
def make(files, training=False):
    ds = tf.data.TFRecordDataset(files).batch(32)
    if training:
        ds = ds.shuffle(1000)
#               ^^^^^^^^^^^^^
    return ds
""",
        "after reading many files": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(files).interleave(tf.data.TFRecordDataset, num_parallel_calls=4)
ds = ds.batch(32).shuffle(100)
#                 ^^^^^^^^^^^^
""",
    },
    "BS211": {
        "tfds batches when asked to": """
import tensorflow_datasets as tfds
ds = tfds.load("mnist", split="train", batch_size=32)
ds = ds.batch(32)
#       ^^^^^^^^^
""",
    },
    "BS402": {
        "evaluated all the same": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
try:
    model.fit(x, y)
except Exception:
^^^^^^^^^^^^^^^^
    pass
model.evaluate(a, b)
""",
    },
    "BS401": {
        "through a helper": """
import tensorflow as tf
def train(size):
    model = tf.keras.models.load_model("m")
    model.fit(x, y, batch_size=size)
try:
    train(64)
except tf.errors.ResourceExhaustedError:
    train(32)
#   ^^^^^^^^^
""",
    },
}
