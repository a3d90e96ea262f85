"""Further cases of BS404: first what stays silent, and why; then what fires, with marks."""

SILENT = {
    "two of two": """
import tensorflow as tf
for units in (32, 64):
    for rate in (1e-2, 1e-3):
        model = tf.keras.Sequential([tf.keras.layers.Dense(units)])
        model.compile(tf.keras.optimizers.SGD(rate), "mse")
        model.fit(x, y)
""",
    "several ways to train are compared": """
import tensorflow as tf
def plain():
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.fit(x, y)
def wide():
    model = tf.keras.Sequential([tf.keras.layers.Dense(100)])
    model.fit(x, y)
for train in [plain, wide, plain, wide, plain, wide]:
    train()
""",
    "the function that is called clears": """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

from tensorflow.keras import backend as K
def run(units):
    K.clear_session()
    model = keras.Sequential([layers.Dense(units)])
    model.compile("adam", "mse")
    model.fit(X, y, verbose=0)
for units in range(10): run(units)
""",
    "the models are kept in a dict": """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

models = {}
for name in names:
    m = keras.Sequential([layers.Dense(1)])
    m.compile("adam", "mse"); m.fit(X, y)
    models[name] = m
""",
    "the models are kept in an attribute": """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

class Ens:
    def __init__(self, n): self.n = n; self.models = []
    def fit(self, X, y):
        for i in range(self.n):
            m = keras.Sequential([layers.Dense(1)])
            m.compile("adam", "mse"); m.fit(X, y)
            self.models.append(m)
""",
    "the models are kept with their histories": """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

res = []
for i in range(5):
    m = keras.Sequential([layers.Dense(1)]); m.compile("adam", "mse"); h = m.fit(X, y)
    res.append({"model": m, "history": h})
""",
    "the models are returned and collected": """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

def fit_one(seed):
    m = keras.Sequential([layers.Dense(1)]); m.compile("adam", "mse"); m.fit(X, y)
    return m
models = [fit_one(s) for s in range(5)]
ms = []
for s in range(5):
    m = fit_one(s)
    ms += [m]
""",
    "blocks of one model": """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

inp = keras.Input((8,))
x = inp
for i in range(12):
    block = keras.Sequential([layers.Dense(8), layers.BatchNormalization()])
    x = block(x)
model = keras.Model(inp, x); model.compile("adam","mse"); model.fit(a, b)
""",
    "a retry with a smaller model": """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

def build(units):
    m = keras.Sequential([keras.Input((8,)), layers.Dense(units), layers.Dense(1)])
    m.compile("adam", "mse")
    return m
units = 512
while True:
    try:
        model = build(units)
        model.fit(x, y, batch_size=64)
        break
    except tf.errors.ResourceExhaustedError as e:
        units //= 2
""",
}

FIRING = {
    "a few variants of a few variants": """
import tensorflow as tf
for units in (32, 64, 128):
    for rate in (1e-2, 1e-3):
        model = tf.keras.Sequential([tf.keras.layers.Dense(units)])
#               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        model.compile(tf.keras.optimizers.SGD(rate), "mse")
        model.fit(x, y)
""",
    "folds": """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

from sklearn.model_selection import KFold
def create_model(lr=1e-3):
    inp = keras.Input((20,))
    x = layers.Dense(64, activation="relu")(inp)
    model = keras.Model(inp, layers.Dense(1)(x))
    model.compile(optimizer=keras.optimizers.Adam(lr), loss="mse")
    return model
X, y = np.load("x.npy"), np.load("y.npy")
scores = []
for fold, (tr, va) in enumerate(KFold(5, shuffle=True).split(X)):
    model = create_model()
#           ^^^^^^^^^^^^^^
    model.fit(X[tr], y[tr], validation_data=(X[va], y[va]), epochs=10)
    scores.append(model.evaluate(X[va], y[va]))
""",
    "only the best is kept": """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

def build():
    m = keras.Sequential([layers.Dense(1)])
    m.compile("adam", "mse")
    return m
best, best_score = None, 1e9
for k in range(10):
    m = build()
#       ^^^^^^^
    h = m.fit(X, y)
    if h.history["loss"][-1] < best_score:
        best_score = h.history["loss"][-1]
        best = m
best.save("b.keras")
""",
    "a grid, through two functions": """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

import itertools
def run(units, lr):
    model = keras.Sequential([keras.Input((8,)), layers.Dense(units), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(lr), "mse")
    model.fit(X, y, verbose=0)
    return model.evaluate(X, y)
def main():
    for units, lr in itertools.product([16, 32], [1e-2, 1e-3]):
        print(run(units, lr))
#             ^^^^^^^^^^^^^^
""",
}
