"""Arithmetic on gradients stands as a statement, and its result is dropped.

## What it does
Finds statements such as `total[i] / 8`, `tf.divide(gradient, 8)`, `tf.clip_by_norm(gradient, 1.0)` or
`[g / 8 for g in gradients]` whose result is not assigned, returned or passed on.

## Why is this bad?
Tensors are immutable: an operation returns a new tensor and leaves the old one as it was. As a statement it does
nothing. The update then uses the gradients as they were: not averaged, not clipped. With gradients 4 and 8,
`[g / 4 for g in gradients]` makes 1 and 2 and throws them away; 4 and 8 are applied.

## Example
```python
import tensorflow as tf

model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.01)
for x, y in dataset:
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(y - model(x, training=True)))
    gradients = tape.gradient(loss, model.trainable_variables)
    [tf.clip_by_norm(g, 1.0) for g in gradients]
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

## Use instead
```python
import tensorflow as tf

model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.01)
for x, y in dataset:
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(y - model(x, training=True)))
    gradients = tape.gradient(loss, model.trainable_variables)
    gradients = [tf.clip_by_norm(g, 1.0) for g in gradients]
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

## References
- [TensorFlow: introduction to tensors](https://www.tensorflow.org/guide/tensor)
"""

from collections.abc import Iterator

from bslint.analysis.facts import Discarded
from bslint.analysis.values import Expr, Object, Value
from bslint.rule import Context, Finding, rule

_ARITHMETIC = frozenset(
    "add add_n subtract multiply divide truediv divide_no_nan scalar_mul negative clip_by_value clip_by_norm "
    "clip_by_global_norm clip_by_average_norm clip cast zeros_like reduce_mean reduce_sum square sqrt abs where".split()
)
_OPERATORS = frozenset(("+", "-", "*", "/", "//", "**", "@"))


@rule(
    "BS314",
    "discarded-gradient-op",
    "error",
    literals=[(".gradient(", "grad")],
    reach=[("GradientTape",)],
)
def check(statement: Discarded, context: Context) -> Iterator[Finding]:
    """Judge one expression statement."""
    named = [one for one in statement.parameters if "grad" in one.label.lower()]
    if not (statement.gradients or named) or statement.displayed or statement.smoke:
        return
    kind = type(statement.node).__name__
    value = statement.item if kind == "ListComp" else statement.value
    what = _operation(value)
    if what is None or (kind == "Call" and isinstance(value, Expr)):
        return
    yield Finding(
        at=statement.node,
        message=f"the result of {what} is dropped: tensors are immutable, so the gradients stay as they are",
        help="assign the result, and apply that",
        related=[(statement.gradients[0].node, "the gradients are taken here")] if statement.gradients else (),
    )


def _operation(value: Value | None) -> str | None:
    """What kind of arithmetic made a value, in words."""
    if isinstance(value, Expr):
        return f"`{value.op}`" if value.op in _OPERATORS else None
    if isinstance(value, Object) and isinstance(value.type, str) and value.type.startswith(("tf.", "keras.", "numpy.")):
        name = value.type.rpartition(".")[2]
        return f"`{name}`" if name in _ARITHMETIC else None
    return None


BAD = {
    "an element divided": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.1)
for group in range(10):
    total = [tf.zeros_like(v) for v in model.trainable_variables]
    for micro in range(4):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(next(batches)))
        total = [t + g for t, g in zip(total, tape.gradient(loss, model.trainable_variables))]
    for i in range(len(total)):
        total[i] / 4
#       ^^^^^^^^^^^^
    optimizer.apply_gradients(zip(total, model.trainable_variables))
""",
    "a call": """
import tensorflow as tf
def train_step(model, optimizer, x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x))
    gradients = tape.gradient(loss, model.trainable_variables)
    tf.clip_by_global_norm(gradients, 5.0)
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
""",
    "a list": """
import tensorflow as tf
def train_step(model, optimizer, x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x))
    gradients = tape.gradient(loss, model.trainable_variables)
    [g / 8 for g in gradients]
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
""",
}
GOOD = {
    "assigned": """
import tensorflow as tf
def train_step(model, optimizer, x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x))
    gradients = tape.gradient(loss, model.trainable_variables)
    gradients, norm = tf.clip_by_global_norm(gradients, 5.0)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
""",
    "changed in place": """
import tensorflow as tf
def add(model, sums, x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x))
    for total, gradient in zip(sums, tape.gradient(loss, model.trainable_variables)):
        total.assign_add(gradient / 8)
    [total.assign_add(gradient) for total, gradient in zip(sums, tape.gradient(loss, model.trainable_variables))]
""",
    "printed": """
import tensorflow as tf
def show(model, x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x))
    for gradient in tape.gradient(loss, model.trainable_variables):
        print(tf.norm(gradient))
        tf.summary.histogram("gradient", gradient)
        tf.debugging.check_numerics(gradient, "gradient")
""",
}
