"""Further cases of BS408: first what stays silent, and why; then what fires, with marks."""

SILENT = {
    "numbers of tf.range": """
import tensorflow as tf
@tf.function
def step(x, number):
    return x * number
for number in tf.range(100):
    step(x, number)
""",
    "not traced": """
import tensorflow as tf
def step(x, number):
    return x * number
for number in range(100):
    step(x, number)
""",
    "a Python loop inside another trace": """
import tensorflow as tf
@tf.function
def step(x, number):
    return x * number
@tf.function
def steps(x):
    for number in range(100):
        x = step(x, number)
    return x
""",
    "a handful of traces": """
import tensorflow as tf
@tf.function
def step(x, number):
    return x * number
for number in range(3):
    step(x, number)
""",
    "flags and a few sizes": """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

@tf.function
def step(x, first): return x
first = True
for x in ds:
    step(x, first)
    first = False
n = 0
for x in ds:
    step(x, n)
    n = 1
for i, x in enumerate(ds): step(x, i == 0); step(x, i % 2)
for s in [8, 16, 32]: step(x, s)
""",
    "shapes that stay, or of which nothing is known": """
import numpy as np
import tensorflow as tf

@tf.function
def step(x, y): return x
x, y = np.load("x.npy"), np.load("y.npy")
for i in range(0, len(x) - 64, 32):
    step(x[i:i + 32], y[i:i + 32])
    step(x[i + 1:][:32], y[i:][:32])
for n in [8, 16, 32]:
    step(x[:n], y[:n])
for i in range(100):
    step(x[-32:], y[:32])
for n in sizes:
    step(x[:n], y[:n])
pairs = tf.data.Dataset.from_tensor_slices((x, y))
for a, b in pairs.padded_batch(32, ([128], [])): step(a, b)
for a, b in pairs.padded_batch(32, padded_shapes=shapes): step(a, b)
for a, b in pairs.padded_batch(32).map(cut): step(a, b)
for a, b in tf.data.Dataset.range(9).map(lambda n: (n, n)).padded_batch(32): step(a, b)
for a, b in pairs.ragged_batch(32): step(a, b)
for a, b in pairs.bucket_by_sequence_length(len_of, [10, 20], [8, 4, 2], pad_to_bucket_boundary=True): step(a, b)
for a, b in pairs.map(parse).padded_batch(64): print(a.shape)
@tf.function
def epoch(data):
    for a, b in data: step(a, b)
for _ in range(10): epoch(pairs.map(parse).padded_batch(64))
relaxed = tf.function(lambda a: a, experimental_relax_shapes=True)
for n in range(1, 100): relaxed(x[:n])
""",
}

FIRING = {
    "lengths": """
import numpy as np
import tensorflow as tf

class Trainer:
    @tf.function
    def step(self, x, y): return x
    def fit(self, x, y, longest):
        for t in range(1, longest):
            self.step(tf.constant(x[:, :t]), y)
#                     ^^^^^^^^^^^^^^^^^^^^^
        for i in range(0, len(x), 32):
            self.step(x[i:], y[i:])
#                     ^^^^^
        for n in range(10, 100):
            batch = np.asarray(x[:n]).astype(np.float32)
            self.step(batch[1:], y[:n])
#                     ^^^^^^^^^
""",
    "padding": """
import tensorflow as tf

step = tf.function(lambda a: a)
both = tf.function(lambda a, b: a)
for epoch in range(10):
    for number, (a, b) in enumerate(tf.data.TFRecordDataset("f").map(parse).cache().padded_batch(64)):
        both(a, b)
#            ^
    for a in tf.data.TFRecordDataset("f").map(parse).bucket_by_sequence_length(len_of, [10, 20], [8, 4, 2]):
        step(a)
#            ^
    for a, b in tf.data.TFRecordDataset("f").map(parse).padded_batch(64, ([-1], [None, 3])):
        both(b, a[:, :-1])
#            ^
""",
    "epochs and steps": """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

@tf.function
def step(x, y, epoch):
    return x * epoch
for epoch in range(50):
    for x, y in ds:
        step(x, y, epoch)
#                  ^^^^^
for i, (x, y) in enumerate(ds):
    step(x, y, i)
#              ^
    step(x, y, tf.constant(i)); step(x, y, tf.cast(i, tf.float32))
for i, (x, y) in ds.enumerate(): step(x, y, i)
for i in np.arange(10): step(x, y, i)
""",
    "a counter of an object": """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

class T:
    def __init__(self): self.it = 0
    @tf.function
    def step(self, x, it): return x * it
    def fit(self, ds):
        for x in ds:
            self.step(x, self.it)
#                        ^^^^^^^
            self.it += 1
T().fit(ds)
""",
}
