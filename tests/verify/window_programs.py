"""Programs with findings on windows: for each rule one that running the loop confirms, and one that it refutes.

What refutes them only running shows: options that somebody has changed replace the program's own numbers.
"""

_HEAD = """
import numpy as np
import tensorflow as tf
from tensorflow import keras

model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(8), keras.layers.Dense(1)])
model.compile("adam", "mse")
with np.load("samples.npz") as archive:
    x, y = archive["x"], archive["y"]
BATCH = 32
"""
_OPTIONS = """
NUMBER = {}
OPTIONS = {}
for name, value in OPTIONS.items():
    globals()[name] = value
"""
_STEP = "model.train_on_batch(x[{0}], y[{0}])\n"


# By rule: the loop, its number, and the number that makes it right.
_LOOPS = {
    "BS301": (f"""
for epoch in range(5):
    for i in range(0, len(x), BATCH):
        {_STEP.format("i:i + BATCH + NUMBER")}""", 1, 0),
    "BS302": (f"""
for epoch in range(5):
    for i in range(0, len(x) - NUMBER, BATCH):
        {_STEP.format("i:i + BATCH")}""", 32, 0),
    "BS303": (f"""
for epoch in range(5):
    for i in range(len(x) // BATCH + NUMBER):
        {_STEP.format("i * BATCH:(i + 1) * BATCH")}""", 1, 0),
    "BS304": (f"""
for epoch in range(5):
    start = 0
    for i in range(len(x) // BATCH):
        {_STEP.format("start:start + BATCH")}        start += NUMBER
""", 0, 32),
    "BS305": ("""
def order_of(n):
    return np.random.permutation(n)

for epoch in range(5):
    order = order_of(len(x))
    for i in range(0, len(x), BATCH):
        model.train_on_batch(x[order[i:i + BATCH]], y[i:i + BATCH])
""", 0, "np.arange"),
}  # fmt: skip


def _programs(*, right: bool) -> dict[str, str]:
    found = {}
    for code, (loop, number, other) in _LOOPS.items():
        name = "order_of" if "order_of" in loop else "NUMBER"
        options = _OPTIONS.format(number, f"{{'{name}': {other}}}" if right else "{}")
        found[code] = f"{_HEAD}{loop}".replace("\nfor epoch", f"{options}\nfor epoch", 1)
    return found


CONFIRMED, REFUTED = _programs(right=False), _programs(right=True)
