"""A training loop goes on behind the last sample.

## What it does
Runs the index arithmetic of loops that train by hand on slices of an array and finds windows that start at or behind
the end of the array, and so are empty, but still reach the model. A shorter last window is fine.

## Why is this bad?
Python cuts a slice to the array's length without complaint, so the step runs on a batch of 0 samples. The mean over an
empty batch is NaN: so is the loss of the step, and every running mean that it enters. Batch normalization takes the
mean of nothing into its moving statistics, which stay NaN for ever. Without it the gradients are zero, but an
optimizer with momentum moves the weights all the same. With 12 samples and a batch of 4, `range(12 // 4 + 1)` has the
windows 0..3, 4..7, 8..11 and `x[12:16]`, which is empty. With 13 samples the same loop is right: it happens to work
until the data divides evenly.

## Example
```python
import tensorflow as tf


def step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))


for i in range(len(x) // 32 + 1):
    step(x[i * 32 : (i + 1) * 32], y[i * 32 : (i + 1) * 32])
```

## Use instead
```python
import tensorflow as tf


def step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))


for i in range(0, len(x), 32):
    step(x[i : i + 32], y[i : i + 32])
```

## References
- [Python: common sequence operations, slices are cut to the length](https://docs.python.org/3/library/stdtypes.html)
- [`tf.reduce_mean`](https://www.tensorflow.org/api_docs/python/tf/math/reduce_mean)
"""

from collections.abc import Iterator

from bslint.analysis.facts import Windows
from bslint.rule import SLICES, TRAINS, WINDOWS, Context, Finding, rule


@rule("BS303", "window-out-of-range", "error", literals=[SLICES], reach=[TRAINS, WINDOWS])
def check(found: Windows, context: Context) -> Iterator[Finding]:
    """Judge a slice that becomes empty."""
    if found.fault != "empty":
        return
    window = found.windows[0]
    yield Finding(
        at=found.node,
        message=f"a window starts behind the last sample: {found.numbers()}the batch is empty {found.moment(window)}; "
        "the mean over an empty batch is NaN",
        help="let the loop end with the data: range(0, n, batch), or ceil(n / batch) steps; or skip empty windows",
        related=[(other, "cut by the same windows") for other in found.others],
        evidence=found.evidence(),
        subject=found,
    )


_STEP = """
import tensorflow as tf

def step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
"""
BAD = {
    "one step too many": f"""{_STEP}for i in range(len(x) // 32 + 1):
    step(x[i * 32 : (i + 1) * 32], y[i * 32 : (i + 1) * 32])
#        ^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "steps counted from 1": f"""{_STEP}for i in range(1, len(x) // 32 + 1):
    step(x[i * 32 : (i + 1) * 32], y[i * 32 : (i + 1) * 32])
#        ^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "a counter that no epoch resets": f"""{_STEP}start = 0
for epoch in range(epochs):
    for i in range(len(x) // 32):
        step(x[start : start + 32], y[start : start + 32])
#            ^^^^^^^^^^^^^^^^^^^^^
        start += 32
""",
}
GOOD = {
    "rounded up": f"""{_STEP}import math
for i in range(math.ceil(len(x) / 32)):
    step(x[i * 32 : (i + 1) * 32], y[i * 32 : (i + 1) * 32])
""",
    "empty windows are skipped": f"""{_STEP}for i in range(len(x) // 32 + 1):
    batch = x[i * 32 : (i + 1) * 32]
    if len(batch) == 0:
        break
    step(batch, y[i * 32 : (i + 1) * 32])
""",
    "cut to the length": f"""{_STEP}start = 0
while start < len(x):
    end = min(start + 32, len(x))
    step(x[start:end], y[start:end])
    start = end
""",
    "nothing ties the steps to the data": f"""{_STEP}for i in range(steps):
    step(x[i * 32 : (i + 1) * 32], y[i * 32 : (i + 1) * 32])
""",
}
