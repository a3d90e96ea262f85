"""Further cases of BS105: first what stays silent, and why; then what fires, with marks."""

_DS = """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).repeat().batch(64).prefetch(1)
model = tf.keras.models.load_model("m")
n = len(x)
"""
SILENT = {
    "Keras fits the batches of arrays to the steps": """
import numpy as np
import tensorflow as tf
x = np.load("x.npy")
tf.keras.models.load_model("m").fit(x, y, steps_per_epoch=len(x) // 64)
""",
    "a tenth of an epoch": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).repeat().batch(64).prefetch(1)
steps = len(x) // 64
tf.keras.models.load_model("m").fit(ds, steps_per_epoch=steps // 10)
""",
    "the divisor is not known": """
import tensorflow as tf
strategy = tf.distribute.MirroredStrategy()
global_batch_size = 32 * strategy.num_replicas_in_sync
ds = tf.data.Dataset.from_tensor_slices(x).repeat().batch(64).prefetch(1)
tf.keras.models.load_model("m").fit(ds, steps_per_epoch=len(x) // global_batch_size)
""",
    "a number of sequences": """
import tensorflow as tf
sequences = tf.data.Dataset.from_tensor_slices(ids).batch(64, drop_remainder=True)
ds = sequences.map(split).repeat().batch(64).prefetch(1)
tf.keras.models.load_model("m").fit(ds, steps_per_epoch=len(sequences) // 64)
""",
    "a Sequence that counts samples": """
import keras
class Slides(keras.utils.Sequence):
    def __init__(self, paths, batch_size=8):
        self.paths, self.batch_size = paths, batch_size
    def __len__(self):
        return len(self.paths)
    def __getitem__(self, index):
        return load(self.paths[index * self.batch_size : (index + 1) * self.batch_size])
slides = Slides(paths, 8)
keras.models.load_model("m").fit(slides, steps_per_epoch=len(slides) // 8)
""",
    "a third of the batches": """
from tensorflow.keras.preprocessing.image import ImageDataGenerator
train = ImageDataGenerator(rescale=1 / 255).flow_from_directory("train", batch_size=20)
model.fit(train, steps_per_epoch=len(train) // 3)
""",
    "a share of the steps": _DS + "model.fit(ds, steps_per_epoch=n // 64 // 4)\n",
    "half the samples, then batches": _DS + "model.fit(ds, steps_per_epoch=n // 2 // 64)\n",
    "a fifth of the samples": _DS + "model.fit(ds, steps_per_epoch=n // 5)\n",
    "a hundredth of the samples": _DS + "model.fit(ds, steps_per_epoch=n // 100)\n",
    "a product of two": _DS + "model.fit(ds, steps_per_epoch=n // (2 * 32))\n",
    "divided by workers": _DS + "workers = 8\nmodel.fit(ds, steps_per_epoch=n // workers)\n",
    "one of two batch sizes": _DS + "model.fit(ds, steps_per_epoch=n // (32 if small else 64))\n",
    "the length of the generator": """
import keras
import math
class Rows(keras.utils.Sequence):
    def __init__(self, x, size):
        self.x, self.size = x, size
    def __len__(self):
        return math.ceil(len(self.x) / self.size)
    def __getitem__(self, i):
        return self.x[i * self.size : (i + 1) * self.size]
train = Rows(x, 16)
keras.models.load_model("m").fit(train, steps_per_epoch=len(train))
""",
}

FIRING = {
    "validation": """
import math
import tensorflow as tf
train_ds = tf.data.TFRecordDataset(files).map(parse).batch(128).prefetch(1)
val_ds = tf.data.TFRecordDataset(others).map(parse).batch(32)
model = tf.keras.models.load_model("m")
batch_size = 128
model.fit(train_ds, validation_data=val_ds, validation_steps=math.ceil(5000 / batch_size))
#                                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "a Sequence": """
import keras
import numpy as np
class Slides(keras.utils.Sequence):
    def __init__(self, paths, batch_size=8):
        self.paths, self.batch_size = paths, batch_size
    def __len__(self):
        return int(np.ceil(len(self.paths) / self.batch_size))
    def __getitem__(self, index):
        return load(self.paths[index * self.batch_size : (index + 1) * self.batch_size])
batch_size = 16
keras.models.load_model("m").fit(Slides(paths), steps_per_epoch=len(paths) // batch_size)
#                                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "a number of batches of a pipeline": """
import tensorflow as tf
def train(model, paths, labels, batch_size):
    ds = tf.data.Dataset.from_tensor_slices((paths, labels)).map(load).batch(batch_size).repeat().prefetch(1)
    val = tf.data.Dataset.from_tensor_slices((others, more)).map(load).batch(batch_size)
    model.fit(ds, steps_per_epoch=1000, validation_data=val, validation_steps=len(val) // batch_size)
#                                                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
train(tf.keras.models.load_model("m"), p, l, 16)
""",
    "a number of batches of a Sequence": """
import keras
class Slides(keras.utils.Sequence):
    def __init__(self, paths, batch_size=8):
        self.paths, self.batch_size = paths, batch_size
    def __len__(self):
        return len(self.paths) // self.batch_size
    def __getitem__(self, index):
        return load(self.paths[index * self.batch_size : (index + 1) * self.batch_size])
slides = Slides(paths)
keras.models.load_model("m").fit(slides, steps_per_epoch=len(slides) // 8 + 1)
#                                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "a prediction": """
import tensorflow as tf
from tensorflow.keras.preprocessing.image import ImageDataGenerator
test = ImageDataGenerator().flow_from_directory("x", batch_size=1, shuffle=False)
tf.keras.models.load_model("m").predict(test, steps=test.samples // 32)
#                                             ^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "a generator function": """
import keras
def batches(x, y, batch_size=32):
    while True:
        for i in range(0, len(x), batch_size):
            yield x[i : i + batch_size], y[i : i + batch_size]
keras.models.load_model("m").fit(batches(x, y), steps_per_epoch=len(x) // 128)
#                                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "the batch size of the other generator": """
from keras.preprocessing.image import ImageDataGenerator
from keras.models import load_model
train = ImageDataGenerator().flow_from_dataframe(frame, batch_size=32)
valid = ImageDataGenerator().flow_from_dataframe(other, batch_size=64)
steps = valid.n // train.batch_size
load_model("m").fit_generator(train, steps_per_epoch=train.n // 32, validation_data=valid, validation_steps=steps)
#                                                                                          ^^^^^^^^^^^^^^^^^^^^^^
""",
}
