"""Gradients of several micro-batches are summed and applied without dividing by their number.

## What it does
Finds hand-written loops that add up the gradients of `k` micro-batches, each the gradient of a *mean* loss, and give
the sum to the optimizer, with no division of the loss, of the gradients, of the sum, or of the learning rate.

## Why is this bad?
The loss of one batch of `k · m` samples is the mean over all of them. Its gradient is the *mean* of the gradients of
its `k` micro-batches, not their sum:

| | micro-batch 1 | micro-batch 2 | what is applied |
| --- | --- | --- | --- |
| gradient of the mean loss | 0.4 | 0.6 | |
| summed | | | 1.0 |
| averaged, as one large batch | | | 0.5 |

With SGD the step is `k` times as long as the learning rate says: with `k = 8`, a rate of 0.01 acts like 0.08. Adam and
others that divide by the gradient's own size undo most of it, but not where gradients are clipped (every sum is longer
than the limit that suits a mean), penalties on weights are added, or norms are logged; and changing `k` changes the
training.

## Example
```python
import tensorflow as tf

model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.01)
loss_fn = tf.keras.losses.MeanSquaredError()
for step in range(100):
    total = [tf.zeros_like(v) for v in model.trainable_variables]
    for micro in range(8):
        x, y = next(batches)
        with tf.GradientTape() as tape:
            loss = loss_fn(y, model(x, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        total = [t + g for t, g in zip(total, gradients)]
    optimizer.apply_gradients(zip(total, model.trainable_variables))
```

## Use instead
```python
import tensorflow as tf

model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.01)
loss_fn = tf.keras.losses.MeanSquaredError()
for step in range(100):
    total = [tf.zeros_like(v) for v in model.trainable_variables]
    for micro in range(8):
        x, y = next(batches)
        with tf.GradientTape() as tape:
            loss = loss_fn(y, model(x, training=True)) / 8
        gradients = tape.gradient(loss, model.trainable_variables)
        total = [t + g for t, g in zip(total, gradients)]
    optimizer.apply_gradients(zip(total, model.trainable_variables))
```

With Keras 3 the whole inner loop can go: `tf.keras.optimizers.SGD(0.01, gradient_accumulation_steps=8)` adds up the
gradients of 8 calls of `apply_gradients` and applies their mean.

## References
- [Keras: optimizers, `gradient_accumulation_steps`](https://keras.io/api/optimizers/)
"""

from collections.abc import Iterator

from bslint.analysis.gradients import Accumulation, Update
from bslint.analysis.microbatches import (
    adds_means,
    count,
    evidence,
    learning_rate_matters,
    name_of_count,
    number,
    optimizer_help,
    over_batches,
    scaled,
)
from bslint.rule import Context, Finding, rule


@rule(
    "BS306",
    "accumulation-not-averaged",
    "warning",
    literals=[("GradientTape", ".gradient("), ("apply_gradients", ".apply(")],
    reach=[("GradientTape",)],
)
def check(accumulation: Accumulation, context: Context) -> Iterator[Finding]:
    """Judge one accumulation."""
    if number(accumulation) == 1 or not over_batches(accumulation):
        return
    # A mean that is computed and dropped is what BS314 reports.
    if accumulation.scaled or accumulation.dropped or any(map(scaled, accumulation.applied)):
        return
    if accumulation.escapes or not all(map(adds_means, accumulation.additions)):
        return
    # Where every micro-step is applied, or nothing is ever reset, there is worse to say.
    if not accumulation.resets or any(one.same_iteration and not one.tests for one in accumulation.updates):
        return
    yield _finding(accumulation, accumulation.applied[0])


def _finding(accumulation: Accumulation, update: Update) -> Finding:
    times = count(accumulation)
    addition = accumulation.additions[0]
    related = [(addition.node, "the gradients of a micro-batch are added here")]
    if addition.gradient.loss.reduced is not None:
        related.append((addition.gradient.loss.reduced, "each is the gradient of a mean over its micro-batch"))
    known = number(accumulation)
    size = f"{known} times that" if known is not None else "as many times that"
    effect = (
        f"the step is {size} of one batch of all their samples"
        if learning_rate_matters(update)
        else f"the gradient is {size} of one batch of all their samples (this optimizer divides most of it out again, "
        "but clipping, penalties and logged norms see it)"
    )
    return Finding(
        at=update.node,
        message=f"the sum of {times} mean gradients is applied and nothing divides it by their number: {effect}",
        help=f"divide the loss of each micro-batch by `{name_of_count(accumulation)}`; or let Keras 3 accumulate and "
        f"average, with {optimizer_help(accumulation)} in place of the loop",
        related=related,
        evidence=evidence(accumulation),
    )


BAD = {
    "an accumulator that starts as None": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.Adam()
for batch in range(100):
    accumulated = None
    for i in range(8):
        x, y = load(batch, i)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x, training=True)))
        gradients = tape.gradient(loss, model.trainable_variables)
        if accumulated is None:
            accumulated = gradients
        else:
            accumulated = [tf.add(a, g) for a, g in zip(accumulated, gradients)]
    optimizer.apply_gradients(zip(accumulated, model.trainable_variables))
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "variables, every fourth step": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.1)
loss_fn = tf.keras.losses.MeanSquaredError()
sums = [tf.Variable(tf.zeros_like(v), trainable=False) for v in model.trainable_variables]
for step, (x, y) in enumerate(dataset):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x, training=True))
    for total, gradient in zip(sums, tape.gradient(loss, model.trainable_variables)):
        total.assign_add(gradient)
    if (step + 1) % 4 == 0:
        optimizer.apply_gradients(zip(sums, model.trainable_variables))
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        for total in sums:
            total.assign(tf.zeros_like(total))
""",
}
GOOD = {
    "the loss is divided": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.Adam()
k = 8
for batch in range(100):
    total = [tf.zeros_like(v) for v in model.trainable_variables]
    for i in range(k):
        x, y = load(batch, i)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x, training=True))) / k
        total = [t + g for t, g in zip(total, tape.gradient(loss, model.trainable_variables))]
    optimizer.apply_gradients(zip(total, model.trainable_variables))
""",
    "the sum is divided": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.Adam()
for batch in range(100):
    total = [tf.zeros_like(v) for v in model.trainable_variables]
    for i in range(8):
        x, y = load(batch, i)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x, training=True)))
        total = [t + g for t, g in zip(total, tape.gradient(loss, model.trainable_variables))]
    optimizer.apply_gradients(zip([t / 8 for t in total], model.trainable_variables))
""",
    "the loss is a sum, as it should be": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.Adam()
loss_fn = tf.keras.losses.MeanSquaredError(reduction="sum")
for batch in range(100):
    total = [tf.zeros_like(v) for v in model.trainable_variables]
    for i in range(8):
        x, y = load(batch, i)
        with tf.GradientTape() as tape:
            loss = loss_fn(y, model(x, training=True))
        total = [t + g for t, g in zip(total, tape.gradient(loss, model.trainable_variables))]
    optimizer.apply_gradients(zip(total, model.trainable_variables))
""",
    "a sum over tasks is meant": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.Adam()
for step in range(100):
    total = [tf.zeros_like(v) for v in model.trainable_variables]
    for task in tasks:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(task.y - model(task.x, training=True)))
        total = [t + g for t, g in zip(total, tape.gradient(loss, model.trainable_variables))]
    optimizer.apply_gradients(zip(total, model.trainable_variables))
""",
}
