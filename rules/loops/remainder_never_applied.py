"""The last, incomplete group of accumulated micro-batches is not applied when the data is over.

## What it does
Runs the counter of a hand-written accumulation loop on a number of micro-batches that is no multiple of the group, and
finds loops that leave some in the accumulator: with no update behind the loop, they are lost, or they go into the
first update of the next epoch.

## Why is this bad?
With 9 micro-batches and groups of 4, updates come after the 4th and the 8th; the 9th is added and never applied. Where
the accumulator lives on into the next epoch, its first update has 5 terms, one of them computed with old weights, and
is divided by 4. It costs little when there are many groups. Where the training set is small, the same samples may
never count (if it is not shuffled), or the first step of every epoch is too long.

## Example
```python
import tensorflow as tf

model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.01)
for epoch in range(10):
    total = [tf.zeros_like(v) for v in model.trainable_variables]
    for step, (x, y) in enumerate(dataset):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x, training=True))) / 4
        total = [t + g for t, g in zip(total, tape.gradient(loss, model.trainable_variables))]
        if (step + 1) % 4 == 0:
            optimizer.apply_gradients(zip(total, model.trainable_variables))
            total = [tf.zeros_like(v) for v in model.trainable_variables]
```

## Use instead
```python
import tensorflow as tf

model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.01)
for epoch in range(10):
    total = [tf.zeros_like(v) for v in model.trainable_variables]
    for step, (x, y) in enumerate(dataset):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x, training=True))) / 4
        total = [t + g for t, g in zip(total, tape.gradient(loss, model.trainable_variables))]
        if (step + 1) % 4 == 0:
            optimizer.apply_gradients(zip(total, model.trainable_variables))
            total = [tf.zeros_like(v) for v in model.trainable_variables]
    if (step + 1) % 4 != 0:
        optimizer.apply_gradients(zip(total, model.trainable_variables))
```

## References
- [Keras: optimizers, `gradient_accumulation_steps`](https://keras.io/api/optimizers/)
"""

from collections.abc import Iterator

from bslint.analysis.gradients import Accumulation, Cadence
from bslint.analysis.microbatches import cadence_test, count_is_chosen, evidence, wrong_cadence
from bslint.rule import Context, Finding, rule


@rule(
    "BS310",
    "remainder-never-applied",
    "info",
    literals=[("GradientTape", ".gradient("), ("apply_gradients", ".apply(")],
    reach=[("GradientTape",)],
)
def check(accumulation: Accumulation, context: Context) -> Iterator[Finding]:
    """Judge one accumulation."""
    test = cadence_test(accumulation)
    if test is None or test.node is None or wrong_cadence(accumulation) is not None or count_is_chosen(accumulation):
        return
    if not accumulation.resets or any(not one.same_iteration for one in accumulation.applied):
        return
    left = [one for one in accumulation.cadences if one.total % one.size]
    if not left or not all(one.left and one.settled and one.carried != one.size for one in left):
        return
    one = left[0]
    yield Finding(
        at=test.node,
        message=f"the last, incomplete group is not applied: of {one.total} micro-batches in groups of {one.size}, "
        f"{one.left} {'is' if one.left == 1 else 'are'} left when the loop is over; {_fate(accumulation, one)}",
        help="apply what is left behind the loop, or drop it on purpose with a number of batches that is a multiple",
        related=[(accumulation.applied[0].node, "the sum is applied here")],
        evidence={
            **evidence(accumulation),
            "witness": {
                "group": one.size,
                "micro_batches": one.total,
                "updates_of": list(one.counts),
                "left": one.left,
            },
        },
    )


def _fate(accumulation: Accumulation, cadence: Cadence) -> str:
    node = accumulation.loop.node if accumulation.loop is not None else None
    starts_again = any(
        not one.lazily and one.where and all(loop.node is not node for loop, _ in one.where)
        for one in accumulation.assignments
    )
    if cadence.carried is None or starts_again:
        return "nothing applies them"
    return f"the first update of the next epoch has {cadence.carried} terms"


BAD = {
    "lost": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.1)
total = [tf.zeros_like(v) for v in model.trainable_variables]
for step, (x, y) in enumerate(dataset):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(y - model(x, training=True))) / 8
    total = [t + g for t, g in zip(total, tape.gradient(loss, model.trainable_variables))]
    if (step + 1) % 8 == 0:
#      ^^^^^^^^^^^^^^^^^^^
        optimizer.apply_gradients(zip(total, model.trainable_variables))
        total = [tf.zeros_like(v) for v in model.trainable_variables]
""",
    "mixed into the next epoch": """
import tensorflow as tf
def train(model, optimizer, dataset, k):
    total = None
    for epoch in range(5):
        for i, (x, y) in enumerate(dataset):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(y - model(x, training=True))) / k
            gradients = tape.gradient(loss, model.trainable_variables)
            total = gradients if total is None else [t + g for t, g in zip(total, gradients)]
            if (i + 1) % k == 0:
#              ^^^^^^^^^^^^^^^^
                optimizer.apply_gradients(zip(total, model.trainable_variables))
                total = None
""",
}
GOOD = {
    "what is left is applied if there is something": """
import tensorflow as tf
k = 4
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
opt = tf.keras.optimizers.Adam()
acc = [tf.zeros_like(v) for v in model.trainable_variables]
n = 0
for x, y in dataset:
    with tf.GradientTape() as t:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    acc = [a + g for a, g in zip(acc, t.gradient(loss, model.trainable_variables))]
    n += 1
    if n == k:
        mean = [a / float(n) for a in acc]
        opt.apply_gradients(zip(mean, model.trainable_variables))
        acc = [tf.zeros_like(v) for v in model.trainable_variables]
        n = 0
if n > 0:
    opt.apply_gradients(zip([a / float(n) for a in acc], model.trainable_variables))
""",
    "applied behind the loop": """
import tensorflow as tf
def train(model, optimizer, dataset, k):
    total, seen = None, 0
    for x, y in dataset:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x, training=True))) / k
        gradients = tape.gradient(loss, model.trainable_variables)
        total = gradients if total is None else [t + g for t, g in zip(total, gradients)]
        seen += 1
        if seen == k:
            optimizer.apply_gradients(zip(total, model.trainable_variables))
            total, seen = None, 0
    if seen:
        optimizer.apply_gradients(zip(total, model.trainable_variables))
""",
    "the counter runs on through the epochs": """
import tensorflow as tf
def train(model, optimizer, dataset, k):
    total, seen = None, 0
    for epoch in range(5):
        for x, y in dataset:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(y - model(x, training=True))) / k
            gradients = tape.gradient(loss, model.trainable_variables)
            total = gradients if total is None else [t + g for t, g in zip(total, gradients)]
            seen += 1
            if seen % k == 0:
                optimizer.apply_gradients(zip(total, model.trainable_variables))
                total = None
""",
    "whole groups": """
import tensorflow as tf
def train(model, optimizer, batches):
    total = None
    for epoch in range(5):
        for i in range(100):
            x, y = next(batches)
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(y - model(x, training=True))) / 4
            gradients = tape.gradient(loss, model.trainable_variables)
            total = gradients if total is None else [t + g for t, g in zip(total, gradients)]
            if (i + 1) % 4 == 0:
                optimizer.apply_gradients(zip(total, model.trainable_variables))
                total = None
""",
    "a number of steps that somebody chose": """
import tensorflow as tf
def train(model, optimizer, batches, steps):
    total = None
    for i in range(steps):
        x, y = next(batches)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x, training=True))) / 4
        gradients = tape.gradient(loss, model.trainable_variables)
        total = gradients if total is None else [t + g for t, g in zip(total, gradients)]
        if (i + 1) % 4 == 0:
            optimizer.apply_gradients(zip(total, model.trainable_variables))
            total = None
""",
}
