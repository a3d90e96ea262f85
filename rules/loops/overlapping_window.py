"""Two iterations of a training loop read the same sample.

## What it does
Runs the index arithmetic of loops that train by hand on slices of an array, for a few lengths and batch sizes, and
finds slices that read a sample twice in one pass over the data. The finding names two iterations that do.

## Why is this bad?
A sample that is read eight times counts eight times, others once or never, and an epoch takes many times as long.
With `batch_size=2` and 4 accumulation steps the start `batch * 2 + i * 2` gives the windows

| batch | i=0 | i=1 | i=2 | i=3 |
| --- | --- | --- | --- | --- |
| 0 | 0..1 | 2..3 | 4..5 | 6..7 |
| 1 | 2..3 | 4..5 | 6..7 | 8..9 |

so that most samples are read four times: `batch` advances by one micro-batch where it has to advance by four. The
start is `(batch * 4 + i) * 2`, and there are `len(x) // (2 * 4)` batches.

## Example
```python
import tensorflow as tf


def step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))


for batch in range(len(x) // 32):
    for i in range(8):
        start = batch * 32 + i * 32
        step(x[start : start + 32], y[start : start + 32])
```

## Use instead
```python
import tensorflow as tf


def step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))


for batch in range(len(x) // (32 * 8)):
    for i in range(8):
        start = (batch * 8 + i) * 32
        step(x[start : start + 32], y[start : start + 32])
```

## References
- [Keras optimizers: `gradient_accumulation_steps`](https://keras.io/api/optimizers/)
- [Writing a training loop from scratch](https://keras.io/guides/writing_a_custom_training_loop_in_tensorflow/)
"""

from collections.abc import Iterator

from bslint.analysis.facts import Windows
from bslint.rule import SLICES, TRAINS, WINDOWS, Context, Finding, header, rule


@rule("BS301", "overlapping-window", "error", literals=[SLICES], reach=[TRAINS, WINDOWS])
def check(found: Windows, context: Context) -> Iterator[Finding]:
    """Judge a slice that reads samples twice."""
    if found.fault != "overlap":
        return
    one, two = found.windows
    past = "; some windows also run past the end" if found.beyond else ""
    yield Finding(
        at=found.node,
        message=f"windows overlap: {found.numbers()}sample {found.sample} is read {found.moment(one)} and "
        f"{found.moment(two)}{past}",
        help=_help(found),
        related=[
            *([(header(found.loop), "this loop advances by less than it reads")] if found.loop is not None else []),
            *((other, "cut by the same windows") for other in found.others),
        ],
        evidence=found.evidence() | ({"past_the_end": True} if found.beyond else {}),
        subject=found,
    )


def _help(found: Windows) -> str:
    if found.cause == "end":
        return f"end the slice at start + {found.batch}: the end of a slice is not part of it"
    if found.repair:
        advice = found.repair
    elif found.cause == "outer":
        advice = "let the start of the slice depend on the outer loop too"
    else:
        advice = f"advance the start by {found.batch} samples for every window that is read"
    if found.accumulates:
        advice += "; or let Keras 3 accumulate: optimizer(..., gradient_accumulation_steps=...) in a plain loop"
    return advice


_STEP = """
import tensorflow as tf

def step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
"""
BAD = {
    "batches advance by a micro-batch": f"""{_STEP}for epoch in range(epochs):
    for batch in range(len(x) // 32):
        for i in range(8):
            start = batch * 32 + i * 32
            step(x[start : start + 32], y[start : start + 32])
#                ^^^^^^^^^^^^^^^^^^^^^
""",
    "the stride is missing": f"""{_STEP}for i in range(len(x) // 32):
    step(x[i : i + 32], y[i : i + 32])
#        ^^^^^^^^^^^^^
""",
    "one sample too many": f"""{_STEP}for i in range(0, len(x), 32):
    step(x[i : i + 33], y[i : i + 33])
#        ^^^^^^^^^^^^^
""",
    "the outer loop does not move the window": f"""{_STEP}for batch in range(len(x) // (32 * 4)):
    for i in range(4):
        step(x[i * 32 : (i + 1) * 32], y[i * 32 : (i + 1) * 32])
#            ^^^^^^^^^^^^^^^^^^^^^^^^
""",
}
GOOD = {
    "every sample once": f"""{_STEP}for epoch in range(epochs):
    for i in range(0, len(x), 32):
        step(x[i : i + 32], y[i : i + 32])
""",
    "batches advance by a group": f"""{_STEP}for batch in range(len(x) // (32 * 8)):
    for i in range(8):
        start = (batch * 8 + i) * 32
        step(x[start : start + 32], y[start : start + 32])
""",
    "sampled with replacement": f"""{_STEP}import numpy as np
for i in range(1000):
    start = np.random.randint(0, len(x) - 32)
    step(x[start : start + 32], y[start : start + 32])
""",
    "sliding windows over a series": f"""{_STEP}for t in range(len(series) - 24):
    step(series[t : t + 24][None], series[t + 24 : t + 25])
""",
    "the last sample of a chunk is only a target": f"""{_STEP}for i in range(0, len(tokens) - 65, 64):
    chunk = tokens[i : i + 65]
    step(chunk[:-1], chunk[1:])
""",
    "around the data again and again": f"""{_STEP}for i in range(3000):
    start = (i * 32) % (len(x) - 32)
    step(x[start : start + 32], y[start : start + 32])
""",
    "growing slices of a walk forward": """
import keras
model = keras.models.load_model("m.keras")
for t in range(100, len(x), 10):
    model.fit(x[:t], y[:t])
""",
}
