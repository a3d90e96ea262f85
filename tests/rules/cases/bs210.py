"""Further cases of BS210: first what stays silent, and why; then what fires, with marks."""

SILENT = {
    "a generator that declares batches": """
import tensorflow as tf
ds = tf.data.Dataset.from_generator(batches, output_types=(tf.float32, tf.int32), output_shapes=([None, 64, 3], [None]))
tf.keras.models.load_model("m").fit(ds.prefetch(1), epochs=2)
""",
    "arrays that hold batches": """
import numpy as np
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices((np.zeros((10, 32, 28, 28, 1)), np.zeros((10, 32))))
tf.keras.models.load_model("m").fit(ds)
""",
    "a dataset from outside": """
import tensorflow as tf
def train(ds: tf.data.Dataset):
    tf.keras.models.load_model("m").fit(ds.shuffle(100))
""",
    "records of unknown content": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("train.tfrecord").map(parse)
tf.keras.models.load_model("m").fit(ds)
""",
    "a function that may add the axis": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices((x, y)).map(prepare)
tf.keras.models.load_model("m").fit(ds)
""",
    "arrays cut into batches": """
import numpy as np
import tensorflow as tf
parts = [x[i : i + 32] for i in range(0, 1000, 32)]
labels = [y[i : i + 32] for i in range(0, 1000, 32)]
ds = tf.data.Dataset.from_tensor_slices((np.array(parts), np.array(labels)))
tf.keras.models.load_model("m").fit(ds)
""",
    "arrays reshaped into batches": """
import numpy as np
import tensorflow as tf
x, y = np.zeros((1024, 10)).reshape(-1, 32, 10), np.zeros(1024).reshape(-1, 32)
model = tf.keras.Sequential([tf.keras.Input((10,)), tf.keras.layers.Dense(1)])
model.fit(tf.data.Dataset.from_tensor_slices((x, y)))
""",
    "windows": """
import tensorflow as tf
ds = tf.data.Dataset.range(1000).window(21, drop_remainder=True).flat_map(lambda w: w.batch(21))
tf.keras.models.load_model("m").fit(ds.map(lambda w: (w[:-1], w[-1:])))
""",
    "a batch on one of two paths": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(([1.0, 2.0], [0, 1]))
if batch_size:
    ds = ds.batch(batch_size)
tf.keras.models.load_model("m").fit(ds)
""",
    "a unit test": """
import numpy as np
import tensorflow as tf
def test_fit():
    ds = tf.data.Dataset.from_tensor_slices((np.zeros((4, 3)), np.zeros(4)))
    tf.keras.Sequential([tf.keras.layers.Dense(1)]).fit(ds)
""",
    "a hand-written loop over samples": """
import numpy as np
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
for x, y in tf.data.Dataset.from_tensor_slices((np.zeros((4, 3)), np.zeros(4))):
    model.train_on_batch(x[None], y[None])
""",
    "tfds batches": """
import tensorflow as tf
import tensorflow_datasets as tfds
tf.keras.models.load_model("m").fit(tfds.load("mnist", split="train", as_supervised=True, batch_size=128))
""",
    "batched by a function that is applied": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(([1.0, 2.0], [0, 1])).apply(finish)
tf.keras.models.load_model("m").fit(ds)
""",
}
FIRING = {
    "a generator that declares samples": """
import tensorflow as tf
ds = tf.data.Dataset.from_generator(samples, output_types=(tf.float32, tf.int32), output_shapes=([64, 64, 3], []))
ds = ds.shuffle(100).prefetch(1)
#                    ^^^^^^^^^^^
tf.keras.applications.MobileNetV2(weights=None, input_shape=(64, 64, 3), classes=10).fit(ds, epochs=2)
""",
    "a generator with a signature of samples": """
import tensorflow as tf
signature = (tf.TensorSpec((64, 64, 3), tf.float32), tf.TensorSpec((), tf.int32))
ds = tf.data.Dataset.from_generator(samples, output_signature=signature).shuffle(100)
#                                                                        ^^^^^^^^^^^^
tf.keras.models.load_model("m").fit(ds, epochs=2)
""",
    "TensorFlow Datasets": """
import tensorflow as tf
import tensorflow_datasets as tfds
train = tfds.load("cats_vs_dogs", split="train", as_supervised=True)
train = train.map(lambda image, label: (tf.image.resize(image, (160, 160)) / 255.0, label)).shuffle(1000)
#                                                                                           ^^^^^^^^^^^^^
tf.keras.applications.MobileNetV2(weights=None, classes=2).fit(train)
""",
    "records with a scalar label": """
import tensorflow as tf
FEATURES = {"image": tf.io.FixedLenFeature([], tf.string), "label": tf.io.FixedLenFeature([], tf.int64)}
def parse(record):
    example = tf.io.parse_single_example(record, FEATURES)
    return tf.io.decode_png(example["image"], channels=3), example["label"]
ds = tf.data.TFRecordDataset("f").map(parse).prefetch(1)
#                                            ^^^^^^^^^^^
tf.keras.models.load_model("m").fit(ds)
""",
    "the model's input tells": """
import tensorflow as tf
(x, y), _ = tf.keras.datasets.cifar10.load_data()
inputs = tf.keras.Input(shape=(32, 32, 3))
model = tf.keras.Model(inputs, tf.keras.layers.Dense(10)(tf.keras.layers.Flatten()(inputs)))
model.fit(tf.data.Dataset.from_tensor_slices((x, y)).map(lambda a, b: (tf.cast(a, tf.float32) / 255.0, b)))
#                                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
}
