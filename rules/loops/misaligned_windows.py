"""Features and labels of one training step are cut by different windows.

## What it does
Runs the index arithmetic of loops that train by hand and compares the window of the labels with that of the
predictions that they meet in the loss (or in `train_on_batch`). It finds windows that drift apart from one iteration
to the next, pairs of which only one goes through a permutation or each through one of its own, and batches that
follow one another whose labels are fewer or more. A shift that is always the same is meant: the target of a sequence.

## Why is this bad?
The model is trained on labels of other samples. Nothing raises, since both windows have the same size. With a batch
of 4, `x[i * 4 : i * 4 + 4]` is 0..3, 4..7, 8..11, while `y[i : i + 4]` is 0..3, 1..4, 2..5: from the second step on
the labels are wrong. Where the numbers differ, the loss raises, or broadcasts one label over all features.

## Example
```python
import tensorflow as tf


def step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))


for i in range(len(x) // 32):
    step(x[i * 32 : (i + 1) * 32], y[i : i + 32])
```

## Use instead
```python
import tensorflow as tf


def step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))


for i in range(len(x) // 32):
    step(x[i * 32 : (i + 1) * 32], y[i * 32 : (i + 1) * 32])
```

## References
- [Writing a training loop from scratch](https://keras.io/guides/writing_a_custom_training_loop_in_tensorflow/)
"""

from collections.abc import Iterator

from bslint.analysis.facts import Windows
from bslint.rule import SLICES, TRAINS, WINDOWS, Context, Finding, rule


@rule("BS305", "misaligned-windows", "error", literals=[SLICES], reach=[TRAINS, WINDOWS])
def check(found: Windows, context: Context) -> Iterator[Finding]:
    """Judge a pair of slices."""
    if found.fault != "misaligned":
        return
    labels, features = found.windows
    what = "labels and features come from different samples"
    if found.cause == "shuffled":
        why = f"only one of {features.array} and {labels.array} goes through the permutation"
        advice = "cut both arrays with the same indices"
    elif found.cause == "apart":
        why = f"{features.array} and {labels.array} are shuffled apart, each into an order of its own"
        advice = "draw one permutation and cut both arrays with it"
    else:
        why = (
            f"{found.numbers()}the step {found.moment(features)} gets "
            f"{features.array}[{features.start}:{features.stop}] and {labels.array}[{labels.start}:{labels.stop}]"
        )
        advice = "cut both arrays by the same bounds: compute start and end once"
        if found.cause == "lengths":
            count = max(labels.stop - labels.start, 0) or "no"
            what = f"{features.stop - features.start} samples meet {count} labels in one step"
    yield Finding(
        at=found.node,
        message=f"{what}: {why}",
        help=advice,
        related=[(other, "the features are cut here") for other in found.others],
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
    "the labels lack the stride": f"""{_STEP}for i in range(len(x) // 32):
    step(x[i * 32 : (i + 1) * 32], y[i : i + 32])
#                                  ^^^^^^^^^^^^^
""",
    "the labels are not permuted": f"""{_STEP}import numpy as np
for epoch in range(epochs):
    order = np.random.permutation(len(x))
    for i in range(0, len(x), 32):
        step(x[order[i : i + 32]], y[i : i + 32])
#                                  ^^^^^^^^^^^^^
""",
    "no labels after the first batch": f"""{_STEP}for i in range(0, len(x), 32):
    step(x[i : i + 32], y[i:32])
#                       ^^^^^^^
""",
    "one label too few": f"""{_STEP}for i in range(len(x) // 32):
    step(x[i * 32 : (i + 1) * 32], y[i * 32 : i * 32 + 31])
#                                  ^^^^^^^^^^^^^^^^^^^^^^^
""",
    "shuffled apart": f"""{_STEP}import numpy as np
for epoch in range(epochs):
    np.random.shuffle(x)
    np.random.shuffle(y)
    for i in range(0, len(x), 32):
        step(x[i : i + 32], y[i : i + 32])
#                           ^^^^^^^^^^^^^
""",
}
GOOD = {
    "shuffled apart from the same seed": f"""{_STEP}import numpy as np
for epoch in range(epochs):
    np.random.seed(epoch)
    np.random.shuffle(x)
    np.random.seed(epoch)
    np.random.shuffle(y)
    for i in range(0, len(x), 32):
        step(x[i : i + 32], y[i : i + 32])
""",
    "the same bounds": f"""{_STEP}for i in range(0, len(x), 32):
    end = min(i + 32, len(x))
    step(x[i:end], y[i:end])
""",
    "targets one step ahead": f"""{_STEP}for i in range(0, len(tokens) - 65, 64):
    step(tokens[i : i + 64], tokens[i + 1 : i + 65])
""",
    "one state more than there are rewards": f"""{_STEP}for i in range(0, len(states) - 64, 64):
    step(states[i : i + 65], rewards[i : i + 64])
""",
    "the same indices": f"""{_STEP}import numpy as np
order = np.random.permutation(len(x))
for i in range(0, len(x), 32):
    chosen = order[i : i + 32]
    step(x[chosen], y[chosen])
""",
    "labels that are the same for all samples": f"""{_STEP}for i in range(0, len(x), 32):
    step(x[i : i + 32], ones[:32])
""",
}
