"""A `tf.function` is called with a Python number that is another one in every iteration.

## What it does
Finds calls of a `tf.function` in a loop that pass the loop's variable, a counter, or a number computed from it.

## Why is this bad?
A tensor argument is data; a Python number is part of the program. `tf.function` traces the function again for every
number that it has not seen: a graph per step, which all stay in memory, and tracing takes far longer than a step.
`reduce_retracing=True` does not help: numbers stay numbers.

## Example
```python
import tensorflow as tf


@tf.function
def train_step(x, step):
    tf.summary.scalar("mean", tf.reduce_mean(x), step=step)


for step in range(1000):
    train_step(x, step)
```

## Use instead
```python
import tensorflow as tf


@tf.function
def train_step(x, step):
    tf.summary.scalar("mean", tf.reduce_mean(x), step=step)


for step in tf.range(1000, dtype=tf.int64):
    train_step(x, step)
```

## References
- [TensorFlow: better performance with tf.function](https://www.tensorflow.org/guide/function#rules_of_tracing)
"""

from collections.abc import Iterator

from bslint.analysis.repetition import TracedCall
from bslint.rule import TRACES, Context, Finding, rule

# TensorFlow itself warns from the fifth retracing on.
FEW = 4


@rule("BS408", "retrace-per-step", "warning", literals=[("for ", "while ")], reach=[TRACES])
def check(call: TracedCall, context: Context) -> Iterator[Finding]:
    """Judge one call."""
    count = call.loop.count
    if call.in_test or (count is not None and count <= FEW):
        return
    times = f"{count} times" if count is not None else "once per iteration"
    yield Finding(
        at=call.argument,
        message=f"`{call.parameter}` of the `tf.function` `{call.name}` is a Python number that changes in every "
        f"iteration: the function is traced {times}, once for each number",
        help="pass a tensor: `tf.constant(…)`, `tf.range`, or a `tf.Variable` that counts",
        related=[(call.loop.node, "the number changes with this loop")],
        evidence={"kind": "trace", "function": call.name, "parameter": call.parameter, "iterations": count},
    )


BAD = {
    "a loop variable": """
import tensorflow as tf
@tf.function
def step(x, number):
    return x * number
for number in range(100):
    step(x, number)
#           ^^^^^^
""",
    "a counter": """
import tensorflow as tf
@tf.function
def step(x, number):
    return x * number
count = 0
for x in batches:
    step(x, count)
#           ^^^^^
    count += 1
""",
    "the epoch, passed on": """
import tensorflow as tf
def step(x, rate):
    return x * rate
fast = tf.function(step)
for epoch in range(30):
    for x in batches:
        fast(x, 1 / (epoch + 1))
#               ^^^^^^^^^^^^^^^
""",
}
GOOD = {
    "a tensor": """
import tensorflow as tf
@tf.function
def step(x, number):
    return x * number
for number in range(100):
    step(x, tf.constant(number))
""",
    "numbers of a dataset": """
import tensorflow as tf
@tf.function
def step(x, number):
    return x * tf.cast(number, tf.float32)
for number, x in dataset.enumerate():
    step(x, number)
""",
    "numbers of tf.range": """
import tensorflow as tf
@tf.function
def step(x, number):
    return x * number
for number in tf.range(100):
    step(x, number)
""",
    "a flag has two values": """
import tensorflow as tf
@tf.function
def step(x, first):
    return x
for number in range(100):
    step(x, number == 0)
""",
    "the signature makes tensors of numbers": """
import tensorflow as tf
@tf.function(input_signature=[tf.TensorSpec([]), tf.TensorSpec([])])
def step(x, number):
    return x * number
for number in range(100):
    step(x, float(number))
for number in range(100):
    step(x, number)
""",
    "a handful of traces": """
import tensorflow as tf
@tf.function
def step(x, number):
    return x * number
for number in range(3):
    step(x, number)
""",
    "not traced": """
import tensorflow as tf
def step(x, number):
    return x * number
for number in range(100):
    step(x, number)
""",
    "a Python loop inside another trace": """
import tensorflow as tf
@tf.function
def step(x, number):
    return x * number
@tf.function
def steps(x):
    for number in range(100):
        x = step(x, number)
    return x
""",
}
