"""Run by the ``card`` fixture with a limited CPU allocator: real out-of-memory errors, as JSON on the last line.

The allocator waits ten seconds before it gives up, so such an error is slow: there is one here.
"""

import gc
import json
import sys

import keras
import numpy as np
import tensorflow as tf

FITS, TOO_LARGE = 256, 8192
report = {}


def memory(what="current"):
    return tf.config.experimental.get_memory_info("CPU:0")[what] / 2**20


def build():
    hidden = [keras.layers.Dense(1024, activation="relu") for _ in range(4)]
    made = keras.Sequential([keras.Input((64,)), *hidden, keras.layers.Dense(1)])
    made.compile("adam", "mse", jit_compile=False)
    return made


def fit(model, batch_size):
    model.fit(X[:batch_size], Y[:batch_size], batch_size=batch_size, verbose=0)


def fail(action):
    """Run out of memory and tell what was held before, inside and after the handler, and once cycles are collected."""
    gc.collect()
    told = {"before": memory()}
    try:
        action()
    except Exception as error:
        told["kinds"] = [kind.__name__ for kind in type(error).__mro__]
        told["inside"] = memory()
    told["after"] = memory()
    gc.collect()
    told["collected"] = memory()
    return told


gc.disable()  # what is freed is freed by reference counts, or by the collections written here
X = np.random.default_rng(0).random((TOO_LARGE, 64), dtype="float32")
Y = np.zeros((TOO_LARGE, 1), "float32")

model = build()
report["peaks"] = []
for size in (64, 512, 1024):
    fit(model, size)
    gc.collect()
    tf.config.experimental.reset_memory_stats("CPU:0")
    for _ in range(8):  # threads race, and what they need at most hangs on who wins
        fit(model, size)
    report["peaks"].append(memory("peak"))

report["fit"] = fail(lambda: fit(model, TOO_LARGE))
del model
gc.collect()
model = build()
fit(model, FITS)
report["steps of the smaller batch"] = int(model.optimizer.iterations)
sys.stdout.write(json.dumps(report) + "\n")
