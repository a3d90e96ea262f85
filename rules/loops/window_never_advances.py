"""A training loop reads the same samples in every iteration.

## What it does
Runs the index arithmetic of loops that train by hand on slices of an array and finds slices whose window stays the same
while a loop over batches, or over the micro-batches of an accumulation, goes on. Loops over epochs may repeat their
windows, and a batch that is cut before the loop is meant. A batch that is drawn at random stays the same, too, where
the generator is seeded with the same number before each draw.

## Why is this bad?
The loop looks like a pass over the data and sees a single batch of it; the loss falls quickly, because the model learns
that batch by heart. In an accumulation the sum of k gradients of the same batch is k times one gradient: it costs k
steps and is worth one. With `batch_size=2` and 4 micro-batches, `x[batch * 2 : batch * 2 + 2]` is 0..1 four times, then
2..3 four times: `i` is missing from the start.

## Example
```python
import tensorflow as tf


def step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))


start = 0
for i in range(len(x) // 32):
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


start = 0
for i in range(len(x) // 32):
    step(x[start : start + 32], y[start : start + 32])
    start += 32
```

## References
- [Writing a training loop from scratch](https://keras.io/guides/writing_a_custom_training_loop_in_tensorflow/)
"""

from collections.abc import Iterator

from bslint.analysis.facts import Windows
from bslint.rule import SLICES, TRAINS, WINDOWS, Context, Finding, Place, header, rule

# What makes every draw the same: whole batches may be drawn without a slice.
_SEEDED = ("seed(", "default_rng(", "RandomState(", ".Random(")


@rule("BS304", "window-never-advances", "error", literals=[(*SLICES, *_SEEDED)], reach=[TRAINS, WINDOWS])
def check(found: Windows, context: Context) -> Iterator[Finding]:
    """Judge a slice that stands still."""
    if found.fault != "still":
        return
    if found.seed is not None:
        yield _seeded(found, found.seed)
        return
    one = found.windows[0]
    loop = "micro-batches" if found.cause == "accumulated" else "batches"
    yield Finding(
        at=found.node,
        message=f"the window never advances: {found.numbers()}{found.array}[{one.start}:{one.stop}] is read in every "
        f"iteration of the loop over {loop}",
        help=found.repair or "let the start depend on the loop's variable, or advance it in the loop",
        related=[
            *([(header(found.loop), "this loop does not move the window")] if found.loop is not None else []),
            *((other, "cut by the same windows") for other in found.others),
        ],
        evidence=found.evidence(),
        subject=found,
    )


def _seeded(found: Windows, seed: Place) -> Finding:
    return Finding(
        at=found.node,
        message="the batch never changes: before it is drawn the generator is seeded with the same number in every "
        "iteration of the loop, so that the same samples come again",
        help="set the seed once before the loop, or to a number that changes in it",
        related=[
            (seed, "every draw starts again from here"),
            *([(header(found.loop), "this loop does not change the seed")] if found.loop is not None else []),
        ],
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
    "the counter is never advanced": f"""{_STEP}start = 0
for epoch in range(epochs):
    for i in range(len(x) // 32):
        step(x[start : start + 32], y[start : start + 32])
#            ^^^^^^^^^^^^^^^^^^^^^
""",
    "set for every epoch, never advanced": f"""{_STEP}for epoch in range(epochs):
    start = 0
    for i in range(100):
        x_batch = x[start : start + 32]
#                 ^^^^^^^^^^^^^^^^^^^^^
        y_batch = y[start : start + 32]
        step(x_batch, y_batch)
""",
    "micro-batches of the same samples": """
import tensorflow as tf
for batch in range(len(x) // 32):
    total = None
    for i in range(4):
        with tf.GradientTape() as tape:
            loss = loss_fn(model(x[batch * 32 : (batch + 1) * 32]))
#                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        gradients = tape.gradient(loss, model.trainable_variables)
        total = gradients if total is None else [a + b for a, b in zip(total, gradients)]
    optimizer.apply_gradients(zip(total, model.trainable_variables))
""",
    "seeded with a default that no step changes": f"""{_STEP}import numpy as np

def draw(x, size, seed=0):
    np.random.seed(seed)
    order = np.random.permutation(len(x))
    return order[:size]
#          ^^^^^^^^^^^^

for i in range(len(x) // 32):
    chosen = draw(x, 32)
    step(x[chosen], y[chosen])
""",
}
GOOD = {
    "a few steps on a batch that is drawn for them": f"""{_STEP}import random
for round in range(rounds):
    start = random.randrange(len(x) - 32)
    for i in range(5):
        step(x[start : start + 32], y[start : start + 32])
""",
    "one part of the data after the other, several steps on each": f"""{_STEP}for part in range(len(x) // 32):
    start = part * 32
    for i in range(5):
        step(x[start : start + 32], y[start : start + 32])
""",
    "the whole data in every epoch": f"""{_STEP}for epoch in range(1000):
    step(x[:1000], y[:1000])
""",
    "one batch is learned by heart on purpose": f"""{_STEP}xb, yb = x[:8], y[:8]
for i in range(len(x) // 8):
    step(xb, yb)
""",
    "the same batch for several updates": f"""{_STEP}for i in range(0, len(x), 32):
    for k in range(5):
        step(x[i : i + 32], y[i : i + 32])
""",
    "drawn anew every time": f"""{_STEP}import numpy as np
for i in range(len(x) // 32):
    chosen = np.random.permutation(len(x))[:32]
    step(x[chosen], y[chosen])
""",
    "seeded with the number of the step": f"""{_STEP}import numpy as np
for i in range(len(x) // 32):
    np.random.seed(i)
    chosen = np.random.permutation(len(x))[:32]
    step(x[chosen], y[chosen])
""",
    "seeded once for each epoch": f"""{_STEP}import numpy as np
for epoch in range(10):
    np.random.seed(0)
    for i in range(len(x) // 32):
        chosen = np.random.permutation(len(x))[:32]
        step(x[chosen], y[chosen])
""",
}
