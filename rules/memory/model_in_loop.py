"""Models are built in a loop, and nothing gives back what the earlier ones hold.

## What it does
Finds loops over folds, trials or settings whose body builds a model and runs it, with neither `clear_session()` nor a
child process.

## Why is this bad?
Keras keeps names and state of everything that it builds in this process, and TensorFlow keeps the traces of their
training. About 10 MB of host memory stay behind per small model (60 models: 626 MB), more for large ones, until a long
search is killed. With `clear_session()` in the loop less stays behind (409 MB): it helps, it does not cure. Building
once and resetting the weights, or a child process for each trial, does.

## Example
```python
import tensorflow as tf

for fold in range(10):
    model = tf.keras.Sequential([tf.keras.layers.Dense(64), tf.keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(*data[fold])
```

## Use instead
```python
import tensorflow as tf

for fold in range(10):
    tf.keras.backend.clear_session()
    model = tf.keras.Sequential([tf.keras.layers.Dense(64), tf.keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(*data[fold])
```

## References
- [Keras: `clear_session`](https://keras.io/api/utils/config_utils/#clearsession-function)
"""

import math
from collections.abc import Iterator

from bslint.analysis.facts import Loop, Training
from bslint.rule import TRAINS, Context, Finding, rule

# So few models do no harm.
FEW = 4


@rule("BS404", "model-in-loop", "warning", literals=[("for ", "while ")], reach=[TRAINS])
def check(loop: Loop, context: Context) -> Iterator[Finding]:
    """Judge one loop: the innermost one that builds a model."""
    count = _count(loop)
    if loop.in_test or (count is not None and count <= FEW):
        return
    if any(around.retries or around.variants or around.cleared for around in loop.nest()):
        return
    trained = {run.model.value.key for run in loop.runs if isinstance(run, Training) and run.model is not None}
    if loop.trains:
        trained |= {model.value.key for model in loop.called}
    for build in loop.builds:
        if build.value.key not in trained or loop.kept & {one.value.key for one in loop.builds}:
            continue
        if loop.node not in build.loops[:1]:
            continue
        times = f"{count} times by" if count is not None else "in every iteration of"
        yield Finding(
            at=[build.place, build.node],
            message=f"a model is built and trained {times} this loop, and nothing gives back what the earlier ones "
            "hold: host memory grows from model to model",
            help="call `tf.keras.backend.clear_session()` at the start of every iteration; for long searches train "
            "each model in a child process, or build it once and reset its weights",
            related=[(loop.node, "the loop")],
            evidence={"kind": "model-in-loop", "loop": loop.node, "model": build.node, "iterations": count},
        )
        return


def _count(loop: Loop) -> int | None:
    """How often its body runs, the loops around it included; None when that is not known."""
    counts = [around.count for around in loop.nest()]
    return math.prod(counts) if None not in counts else None  # type: ignore[arg-type]


BAD = {
    "folds": """
import tensorflow as tf
for train, test in folds.split(x):
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
#           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    model.compile("adam", "mse")
    model.fit(x[train], y[train])
""",
    "a function builds it": """
import tensorflow as tf
def build(units):
    model = tf.keras.Sequential([tf.keras.layers.Dense(units)])
    model.compile("adam", "mse")
    return model
for units in [16, 32, 64, 128, 256]:
    model = build(units)
#           ^^^^^^^^^^^^
    model.fit(x, y)
""",
}
GOOD = {
    "a few variants": """
import tensorflow as tf
for units in (32, 64, 128):
    model = tf.keras.Sequential([tf.keras.layers.Dense(units)])
    model.fit(x, y)
""",
    "clear_session": """
import tensorflow as tf
for fold in range(10):
    tf.keras.backend.clear_session()
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.fit(x, y)
""",
    "clear_session in a function": """
import gc
import tensorflow as tf
def tidy():
    tf.keras.utils.clear_session()
    gc.collect()
for fold in range(10):
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.fit(x, y)
    tidy()
""",
    "a child process": """
import multiprocessing
import tensorflow as tf
def trial(units):
    model = tf.keras.Sequential([tf.keras.layers.Dense(units)])
    model.fit(x, y)
for units in sizes:
    process = multiprocessing.Process(target=trial, args=(units,))
    process.start()
    process.join()
""",
    "blocks of one model": """
import tensorflow as tf
inputs = tf.keras.Input((8,))
outputs = []
for head in range(4):
    block = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    outputs.append(block(inputs))
model = tf.keras.Model(inputs, outputs)
model.fit(x, y)
""",
    "an ensemble": """
import tensorflow as tf
models = []
for member in range(5):
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.fit(x, y)
    models.append(model)
print([model.predict(z) for model in models])
""",
    "built once": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
start = model.get_weights()
for fold in range(10):
    model.set_weights(start)
    model.fit(x, y)
""",
    "a unit test": """
import tensorflow as tf
def test_sizes():
    for units in range(1, 20):
        model = tf.keras.Sequential([tf.keras.layers.Dense(units)])
        model.fit(x, y)
""",
}
