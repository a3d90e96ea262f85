"""A training that ran out of memory is started again with the same batch size, model and device.

## What it does
Finds retries after a `ResourceExhaustedError` in which nothing is smaller: in the handler, by a function that calls
itself with the same arguments, and in a loop that goes on until the training succeeds.

## Why is this bad?
The memory of a step is set by the batch, the model and the optimizer. The same step needs the same memory and fails
again: in a loop for ever, in a handler with an error that nobody catches. `clear_session()` and `gc.collect()` give
back what the failed attempt held, but the first attempt had as much.

## Example
```python
import tensorflow as tf

model = tf.keras.models.load_model("model.keras")
while True:
    try:
        model.fit(images, labels, batch_size=256)
        break
    except tf.errors.ResourceExhaustedError:
        print("out of memory, trying again")
```

## Use instead
```python
import tensorflow as tf

batch_size = 256
while batch_size >= 8:
    model = tf.keras.models.load_model("model.keras")
    try:
        model.fit(images, labels, batch_size=batch_size)
        break
    except tf.errors.ResourceExhaustedError:
        batch_size //= 2
```

## References
- [TensorFlow: `tf.errors.ResourceExhaustedError`](https://www.tensorflow.org/api_docs/python/tf/errors/ResourceExhaustedError)
"""

from collections.abc import Iterator

from bslint.analysis.arguments import Argument
from bslint.analysis.facts import OomHandler
from bslint.analysis.values import known_int
from bslint.rule import TRAINS, Context, Finding, rule


@rule(
    "BS403",
    "oom-retry-same-batch",
    "error",
    literals=[("except",), ("ResourceExhausted", "OpError")],
    reach=[TRAINS],
)
def check(handler: OomHandler, context: Context) -> Iterator[Finding]:
    """Judge one handler."""
    if handler.broad or handler.sibling or any(run.in_test for run in handler.runs):
        return
    for attempt, call in handler.repeats:
        again = "the loop tries it again" if call is attempt.node else "it is tried again here"
        size = f" ({number})" if (number := _number(attempt.batch_size)) is not None else ""
        yield Finding(
            at=call,
            message=f"when this training runs out of memory, {again} with the same batch size{size}, model and device: "
            "it needs the same memory and fails again",
            help="make something smaller before the next attempt: halve the batch size (and raise the error below a "
            "smallest one), or accumulate gradients over micro-batches",
            related=[
                *([(attempt.node, "the first attempt")] if call is not attempt.node else ()),
                (handler.node, "the out-of-memory error is caught here"),
            ],
            evidence={"kind": "oom-retry", "attempt": attempt.node, "handler": handler.node, "retry": call},
        )


def _number(size: Argument | None) -> int | None:
    return known_int(size.value) if size is not None else None


BAD = {
    "in the handler": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
try:
    model.fit(x, y, batch_size=128)
except tf.errors.ResourceExhaustedError:
    tf.keras.backend.clear_session()
    model.fit(x, y, batch_size=128)
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "a loop until it succeeds": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
for attempt in range(5):
    try:
        model.fit(x, y, batch_size=64)
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        break
    except tf.errors.ResourceExhaustedError:
        print("attempt", attempt, "failed")
""",
    "a flag tells that it has to be tried again": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
done = False
while not done:
    oom = False
    try:
        model.fit(x, y, batch_size=64)
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        done = True
    except tf.errors.ResourceExhaustedError:
        oom = True
    if oom:
        tf.keras.backend.clear_session()
""",
    "the function calls itself": """
import tensorflow as tf
def train(model: tf.keras.Model, size):
    try:
        model.fit(x, y, batch_size=size)
    except tf.errors.ResourceExhaustedError:
        return train(model, size)
#              ^^^^^^^^^^^^^^^^^^
""",
}
GOOD = {
    "a flag tells to halve the batch": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
size, oom = 128, True
while oom:
    oom = False
    try:
        model.fit(x, y, batch_size=size)
    except tf.errors.ResourceExhaustedError:
        oom = True
    if oom:
        size //= 2
""",
    "a smaller batch": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
try:
    model.fit(x, y, batch_size=128)
except tf.errors.ResourceExhaustedError:
    model.fit(x, y, batch_size=32)
""",
    "the loop halves the batch": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
size = 128
while True:
    try:
        model.fit(x, y, batch_size=size)
        break
    except tf.errors.ResourceExhaustedError:
        size //= 2
""",
    "sizes are tried in turn": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
for size in sizes:
    try:
        model.fit(x, y, batch_size=size)
        break
    except tf.errors.ResourceExhaustedError:
        continue
""",
    "on the processor": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
try:
    model.fit(x, y, batch_size=128)
except tf.errors.ResourceExhaustedError:
    with tf.device("/CPU:0"):
        model.fit(x, y, batch_size=128)
""",
    "another model": """
import tensorflow as tf
model = tf.keras.models.load_model("large")
small = tf.keras.models.load_model("small")
try:
    model.fit(x, y, batch_size=128)
except tf.errors.ResourceExhaustedError:
    small.fit(x, y, batch_size=128)
""",
    "less of the model is trained": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
try:
    model.fit(x, y, batch_size=128)
except tf.errors.ResourceExhaustedError:
    model.layers[0].trainable = False
    model.fit(x, y, batch_size=128)
""",
    "the next epoch is tried": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
for epoch in range(5):
    try:
        model.fit(x, y, batch_size=64)
    except tf.errors.ResourceExhaustedError:
        print("epoch", epoch, "failed")
""",
    "raised again": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
while True:
    try:
        model.fit(x, y, batch_size=64)
        break
    except tf.errors.ResourceExhaustedError:
        raise
""",
}
