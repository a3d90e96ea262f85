"""A `tf.function` is made anew in every iteration of a loop.

## What it does
Finds `@tf.function` on a function that is defined in a loop, and `tf.function(…)` called in one.

## Why is this bad?
The traces belong to the object that `tf.function` returns. A new object has none, so every iteration traces the Python
code again, builds another graph and optimises it: seconds for a model of some size, where a step takes milliseconds.
TensorFlow itself warns about it after five times.

## Example
```python
import tensorflow as tf

model = tf.keras.models.load_model("model.keras")
optimizer = tf.keras.optimizers.Adam()
for epoch in range(20):

    @tf.function
    def train_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x, training=True)))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))

    for x, y in batches:
        train_step(x, y)
```

## Use instead
```python
import tensorflow as tf

model = tf.keras.models.load_model("model.keras")
optimizer = tf.keras.optimizers.Adam()


@tf.function
def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(y - model(x, training=True)))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))


for epoch in range(20):
    for x, y in batches:
        train_step(x, y)
```

## References
- [TensorFlow: better performance with tf.function](https://www.tensorflow.org/guide/function)
"""

from collections.abc import Iterator

from bslint.analysis.repetition import TracedFunction
from bslint.rule import TRACES, Context, Finding, rule

# TensorFlow itself warns from the fifth tracing on.
FEW = 4


@rule("BS407", "tf-function-in-loop", "warning", literals=[TRACES, ("for ", "while ")])
def check(made: TracedFunction, context: Context) -> Iterator[Finding]:
    """Judge one `tf.function`."""
    if made.guarded or made.bound or made.in_test or made.loop.in_test:
        return
    if made.loop.count is not None and made.loop.count <= FEW:
        return
    what = f"`{made.name}`" if made.name != "<lambda>" else "the lambda"
    yield Finding(
        at=made.node,
        message=f"a new `tf.function` of {what} is made in every iteration of a loop: nothing of its earlier traces is "
        "used again, so every iteration traces it anew",
        help="make it once, before the loop, and pass what changes as tensor arguments",
        related=[(made.loop.node, "the loop")],
        evidence={"kind": "trace", "function": made.name, "iterations": made.loop.count, "loop": made.loop.node},
    )


BAD = {
    "a decorated function": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
for x in batches:
    @tf.function
#    ^^^^^^^^^^^
    def predict(x):
        return model(x)
    print(predict(x))
""",
    "a call": """
import tensorflow as tf
def evaluate(model: tf.keras.Model, batches):
    for x in batches:
        run = tf.function(model.call)
#             ^^^^^^^^^^^^^^^^^^^^^^^
        print(run(x))
""",
    "a lambda": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
for x in batches:
    print(tf.function(lambda image: model(image))(x))
#         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
}
GOOD = {
    "made before the loop": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
@tf.function
def predict(x):
    return model(x)
for x in batches:
    print(predict(x))
""",
    "each fold has its own model": """
import tensorflow as tf
for fold in range(5):
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    @tf.function
    def predict(x):
        return model(x)
    for x in batches:
        print(predict(x))
""",
    "each trial has its own optimizer": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
def make_step(optimizer):
    @tf.function
    def step(x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model(x))
        optimizer.apply_gradients(zip(tape.gradient(loss, model.weights), model.weights))
    return step
for rate in rates:
    step = make_step(tf.keras.optimizers.SGD(rate))
    for x in batches:
        step(x)
""",
    "another function every time": """
import tensorflow as tf
for function in functions:
    fast = tf.function(function)
    fast(x)
""",
    "options are compared": """
import tensorflow as tf
def run(x):
    return x * x
for compiled in (True, False):
    fast = tf.function(run, jit_compile=compiled)
    fast(x)
""",
    "made on first use": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
fast = None
for x in batches:
    if fast is None:
        fast = tf.function(model.call)
    fast(x)
""",
}
