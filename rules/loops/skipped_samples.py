"""Samples that no iteration of a training loop reads.

## What it does
Runs the index arithmetic of loops that train by hand on slices of an array and finds samples that are never read:
between two windows, in front of the first, or a whole last batch. What is left over when the length is not a multiple
of the batch size is not reported, nor what is left out on purpose, by a split or by a fixed number of steps.

## Why is this bad?
The model never sees these samples, in no epoch. The end of a slice is not part of it: with a batch of 4,
`x[i : i + 4 - 1]` reads samples 0, 1, 2, then 4, 5, 6: every fourth is lost. And `range(0, n - 4, 4)` stops before
`n - 4`: of 12 samples it reads 0 to 7 and leaves out a complete batch.

## Example
```python
import tensorflow as tf


def step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))


for i in range(0, len(x) - 32, 32):
    step(x[i : i + 32], y[i : i + 32])
```

## Use instead
```python
import tensorflow as tf


def step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))


for i in range(0, len(x) - 32 + 1, 32):
    step(x[i : i + 32], y[i : i + 32])
```

## References
- [Python: slicings](https://docs.python.org/3/reference/expressions.html#slicings)
- [Python: `range`](https://docs.python.org/3/library/stdtypes.html#range)
"""

from collections.abc import Iterator

from bslint.analysis.facts import Windows
from bslint.rule import SLICES, TRAINS, WINDOWS, Context, Finding, rule

_HELP = {
    "inner": "begin each window where the one before ended: a slice does not contain its end",
    "head": "begin at sample 0: the first window starts too late",
    "tail": "run the loop once more: range(0, n - batch + 1, batch), or n // batch steps, reach the last full batch",
}


@rule("BS302", "skipped-samples", "error", literals=[SLICES], reach=[TRAINS, WINDOWS])
def check(found: Windows, context: Context) -> Iterator[Finding]:
    """Judge a slice that leaves samples out."""
    if found.fault != "gap":
        return
    many = f"{found.count} samples are" if found.count > 1 else "1 sample is"
    yield Finding(
        at=found.node,
        message=f"samples are skipped: {found.numbers()}{many} never read, the first is sample {found.sample}",
        help=_HELP[found.cause],
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
    "the last full batch": f"""{_STEP}for i in range(0, len(x) - 32, 32):
    step(x[i : i + 32], y[i : i + 32])
#        ^^^^^^^^^^^^^
""",
    "the last sample of every batch": f"""{_STEP}for epoch in range(epochs):
    for i in range(0, len(x), 32):
        step(x[i : i + 32 - 1], y[i : i + 32 - 1])
#            ^^^^^^^^^^^^^^^^^
""",
    "one step less": f"""{_STEP}steps = len(x) // 32
for i in range(steps - 1):
    step(x[i * 32 : (i + 1) * 32], y[i * 32 : (i + 1) * 32])
#        ^^^^^^^^^^^^^^^^^^^^^^^^
""",
}
GOOD = {
    "a remainder is dropped": f"""{_STEP}for i in range(len(x) // 32):
    step(x[i * 32 : (i + 1) * 32], y[i * 32 : (i + 1) * 32])
""",
    "a part is kept for validation": f"""{_STEP}split = int(0.9 * len(x))
for i in range(0, split, 32):
    step(x[i : i + 32], y[i : i + 32])
""",
    "validation samples come first": f"""{_STEP}for i in range(held_out, len(x), 32):
    step(x[i : i + 32], y[i : i + 32])
""",
    "a number of steps": f"""{_STEP}for i in range(100):
    step(x[i * 32 : (i + 1) * 32], y[i * 32 : (i + 1) * 32])
""",
}
