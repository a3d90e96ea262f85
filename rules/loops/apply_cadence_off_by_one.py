"""Accumulated gradients are applied after the wrong number of micro-batches.

## What it does
Runs the counter of a hand-written accumulation, in a loop or in a `train_step`, and finds conditions such as
`step % k == 0` that let the update happen after 1, `k + 1`, or any other number of micro-batches than `k`.

## Why is this bad?
With `k = 4` and `step` counting from 0, `step % 4 == 0` is true at once:

| step | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
| `step % 4 == 0` | **update** | | | | **update** | | | | **update** |
| `(step + 1) % 4 == 0` | | | | **update** | | | | **update** | |

The first update of every epoch applies one micro-batch, divided by 4 like all others: a quarter of a step with the
noise of a small batch; and the end of the epoch is left with three micro-batches that wait for the next.

## Example
```python
import tensorflow as tf

model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.01)
total = [tf.zeros_like(v) for v in model.trainable_variables]
for step, (x, y) in enumerate(dataset):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(y - model(x, training=True))) / 4
    total = [t + g for t, g in zip(total, tape.gradient(loss, model.trainable_variables))]
    if step % 4 == 0:
        optimizer.apply_gradients(zip(total, model.trainable_variables))
        total = [tf.zeros_like(v) for v in model.trainable_variables]
```

## Use instead
```python
import tensorflow as tf

model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.01)
total = [tf.zeros_like(v) for v in model.trainable_variables]
for step, (x, y) in enumerate(dataset):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(y - model(x, training=True))) / 4
    total = [t + g for t, g in zip(total, tape.gradient(loss, model.trainable_variables))]
    if (step + 1) % 4 == 0:
        optimizer.apply_gradients(zip(total, model.trainable_variables))
        total = [tf.zeros_like(v) for v in model.trainable_variables]
```

## Fix safety
The fix writes `(step + 1) % k` for `step % k` where the first update comes after one micro-batch, and drops an
`i == 0 or`. It is unsafe: it changes when the weights are updated, which is the point of it.

## References
- [Keras: optimizers, `gradient_accumulation_steps`](https://keras.io/api/optimizers/)
"""

from collections.abc import Iterator
from itertools import accumulate

from bslint.analysis.gradients import Accumulation, Cadence, Test
from bslint.analysis.microbatches import cadence_test, evidence, name_of_count, optimizer_help, wrong_cadence
from bslint.diagnostic import Fix
from bslint.edits import Editor
from bslint.rule import Context, Finding, rule


@rule(
    "BS309",
    "apply-cadence-off-by-one",
    "error",
    literals=[("GradientTape", ".gradient("), ("apply_gradients", ".apply(")],
    reach=[("GradientTape",)],
)
def check(accumulation: Accumulation, context: Context) -> Iterator[Finding]:
    """Judge one accumulation."""
    wrong, test = wrong_cadence(accumulation), cadence_test(accumulation)
    if wrong is None or test is None or test.node is None:
        return
    moments = ", ".join(map(str, list(accumulate(wrong.counts))[:3]))
    sizes = ", ".join(map(str, wrong.counts[:3]))

    def fix(editor: Editor) -> Fix | None:
        return _fix(editor, test, wrong)

    yield Finding(
        at=test.node,
        message=f"with groups of {wrong.size} the updates come after {moments}, … micro-batches: their sums have "
        f"{sizes}, … terms instead of {wrong.size} each",
        help=f"update when the number of micro-batches seen so far is a multiple of `{name_of_count(accumulation)}` "
        f"(`(step + 1) % k == 0` if `step` counts from 0); or let Keras 3 count, with {optimizer_help(accumulation)}",
        related=[
            (accumulation.additions[0].node, "a micro-batch is added here, before the test"),
            (accumulation.applied[0].node, "the sum is applied here"),
        ],
        evidence={**evidence(accumulation), **wrong.evidence()},
        fix=fix,
    )


def _fix(editor: Editor, test: Test, wrong: Cadence) -> Fix | None:
    """Count from one. Syntax is told by names: rules are loaded before it is known whether libcst is needed."""
    node = test.node
    if node is None or wrong.counts[0] != 1:
        return None
    kind = type(node).__name__
    if kind == "BooleanOperation" and type(node.operator).__name__ == "Or":  # type: ignore[attr-defined]
        left, right = node.left, node.right  # type: ignore[attr-defined]
        if editor.text(left).replace(" ", "").endswith("==0"):
            change = editor.replace(node, editor.text(right))
            return editor.fix("Drop the update after the first micro-batch", "unsafe", [change])
    remainder = getattr(node, "left", None) if kind == "Comparison" else node
    counter = getattr(remainder, "left", None)
    by_steps = type(getattr(remainder, "operator", None)).__name__ == "Modulo" and type(counter).__name__ == "Name"
    if counter is None or not by_steps or any(count != wrong.size for count in wrong.counts[1:-1]):
        return None
    change = editor.replace(counter, f"({editor.text(counter)} + 1)")
    return editor.fix("Count the micro-batches from one", "unsafe", [change])


BAD = {
    "counted from zero": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.1)
total = [tf.zeros_like(v) for v in model.trainable_variables]
for step, (x, y) in enumerate(dataset):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(y - model(x, training=True))) / 8
    total = [t + g for t, g in zip(total, tape.gradient(loss, model.trainable_variables))]
    if step % 8 == 0:
#      ^^^^^^^^^^^^^
        optimizer.apply_gradients(zip(total, model.trainable_variables))
        total = [tf.zeros_like(v) for v in model.trainable_variables]
""",
    "the first as well": """
import tensorflow as tf
def train(model, optimizer, dataset, k):
    total = None
    for i, (x, y) in enumerate(dataset):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x, training=True))) / k
        gradients = tape.gradient(loss, model.trainable_variables)
        total = gradients if total is None else [t + g for t, g in zip(total, gradients)]
        if i == 0 or (i + 1) % k == 0:
#          ^^^^^^^^^^^^^^^^^^^^^^^^^^
            optimizer.apply_gradients(zip(total, model.trainable_variables))
            total = None
""",
}
FIXED = {
    "counted from zero": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.1)
total = [tf.zeros_like(v) for v in model.trainable_variables]
for step, (x, y) in enumerate(dataset):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(y - model(x, training=True))) / 8
    total = [t + g for t, g in zip(total, tape.gradient(loss, model.trainable_variables))]
    if (step + 1) % 8 == 0:
        optimizer.apply_gradients(zip(total, model.trainable_variables))
        total = [tf.zeros_like(v) for v in model.trainable_variables]
""",
    "the first as well": """
import tensorflow as tf
def train(model, optimizer, dataset, k):
    total = None
    for i, (x, y) in enumerate(dataset):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x, training=True))) / k
        gradients = tape.gradient(loss, model.trainable_variables)
        total = gradients if total is None else [t + g for t, g in zip(total, gradients)]
        if (i + 1) % k == 0:
            optimizer.apply_gradients(zip(total, model.trainable_variables))
            total = None
""",
}
GOOD = {
    "counted from one": """
import tensorflow as tf
def train(model, optimizer, dataset, k):
    total = None
    for step, (x, y) in enumerate(dataset, start=1):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x, training=True))) / k
        gradients = tape.gradient(loss, model.trainable_variables)
        total = gradients if total is None else [t + g for t, g in zip(total, gradients)]
        if step % k == 0:
            optimizer.apply_gradients(zip(total, model.trainable_variables))
            total = None
""",
    "the last group is applied too": """
import tensorflow as tf
def train(model, optimizer, x, y, size, k):
    total, steps = None, len(x) // size
    for i in range(steps):
        with tf.GradientTape() as tape:
            output = model(x[i * size : (i + 1) * size], training=True)
            loss = tf.reduce_mean(tf.square(y[i * size : (i + 1) * size] - output)) / k
        gradients = tape.gradient(loss, model.trainable_variables)
        total = gradients if total is None else [t + g for t, g in zip(total, gradients)]
        if (i + 1) % k == 0 or i == steps - 1:
            optimizer.apply_gradients(zip(total, model.trainable_variables))
            total = None
""",
    "only a message": """
import tensorflow as tf
def train(model, optimizer, dataset):
    for step, (x, y) in enumerate(dataset):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x, training=True)))
        optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
        if step % 50 == 0:
            print(step, loss)
""",
}
