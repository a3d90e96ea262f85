"""A `tf.function` is called with a Python number, or with data of a shape, that is another one in every iteration.

## What it does
Finds calls of a `tf.function` in a loop that pass the loop's variable, a counter, or a number computed from it; a slice
that gets longer or shorter with every iteration; or the batches of a `padded_batch` that pads each batch to its own
longest sample.

## Why is this bad?
A tensor argument is data; a Python number is part of the program, and so is the shape of a tensor. `tf.function`
traces the function again for every number and every shape that it has not seen: a graph per step, which all stay in
memory, and tracing takes far longer than a step. For shapes `reduce_retracing=True` helps: the second trace leaves the
size open, and is the last. For numbers it does not: they stay numbers.

A last batch that is smaller is one more trace, and no finding.

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
    what, related, advice = _WORDS[call.changes]
    each = f"{count} times, once for each {what}" if count is not None else f"once for each {what}"
    yield Finding(
        at=call.argument,
        message=f"{_subject(call)}: the function is traced {each}",
        help=advice,
        related=[(call.padding or call.loop.node, related)],
        evidence={
            "kind": "trace",
            "function": call.name,
            "parameter": call.parameter,
            "changes": call.changes,
            "iterations": count,
        },
    )


def _subject(call: TracedCall) -> str:
    whose = f"`{call.parameter}` of the `tf.function` `{call.name}`"
    if call.changes == "number":
        return f"{whose} is a Python number that changes in every iteration"
    if call.changes == "length":
        return f"{whose} is a slice that has another length in every iteration"
    return f"{whose} is a batch that is as long as its longest sample"


_SIZES = "leave the size open: `tf.function(reduce_retracing=True)`, or an `input_signature` with None there"
_WORDS = {
    "number": (
        "number",
        "the number changes with this loop",
        "pass a tensor: `tf.constant(…)`, `tf.range`, or a `tf.Variable` that counts",
    ),
    "length": ("length", "the length changes with this loop", _SIZES),
    "padding": ("length", "every batch is padded to its own length here", f"{_SIZES}; or pad to one length"),
}


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
    "windows that grow": """
import tensorflow as tf
@tf.function
def step(x, y):
    return x * y
for n in range(1, len(x)):
    step(x[:n], y[:n])
#        ^^^^^
""",
    "batches padded to their longest sample": """
import tensorflow as tf
@tf.function
def step(tokens, labels):
    return tokens
sentences = tf.data.TFRecordDataset("f").map(parse).shuffle(1000).padded_batch(64, ([None], [])).prefetch(2)
for tokens, labels in sentences:
    step(tokens, labels)
#        ^^^^^^
""",
}
GOOD = {
    "only the last batch differs": """
import tensorflow as tf
@tf.function
def step(x):
    return x
for i in range(0, len(x), 32):
    step(x[i : i + 32])
for x in tf.data.TFRecordDataset("f").map(parse).batch(32):
    step(x)
""",
    "sizes are left open": """
import tensorflow as tf
@tf.function(reduce_retracing=True)
def step(x):
    return x
@tf.function(input_signature=[tf.TensorSpec([None, None])])
def signed(x):
    return x
for n in range(1, len(x)):
    step(x[:n])
for x in tf.data.TFRecordDataset("f").map(parse).padded_batch(32):
    signed(x)
""",
    "padded to one length": """
import tensorflow as tf
@tf.function
def step(x):
    return x
for x in tf.data.TFRecordDataset("f").map(parse).padded_batch(32, padded_shapes=[128]):
    step(x)
""",
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
}
