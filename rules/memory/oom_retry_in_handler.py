"""Training is retried inside the handler of an out-of-memory error.

## What it does
Finds `except ResourceExhaustedError` (or a broad `except`) around a training, or a step written by hand, whose body
trains again.

## Why is this bad?
Three things go wrong, in this order of harm. A second out-of-memory error in the handler is caught by nobody: the
other handlers of the same `try` do not apply. The model and the optimizer go on from a half-made step: some weights,
slots and the iteration counter are those of the failed attempt (a step by hand that fails before its update leaves
them as they were). And while the handler runs, the live traceback keeps the frames of the failed call: in eager loops
their activations, so that the retry has less memory than the first attempt. (Keras ties these frames into a reference
cycle, so call `gc.collect()` after the handler.)

## Example
```python
import tensorflow as tf

model = tf.keras.models.load_model("model.keras")
try:
    model.fit(images, labels, batch_size=128)
except tf.errors.ResourceExhaustedError:
    model.fit(images, labels, batch_size=64)
```

## Use instead
```python
import gc

import tensorflow as tf

batch_size = 128
while batch_size >= 8:
    gc.collect()
    model = tf.keras.models.load_model("model.keras")
    try:
        model.fit(images, labels, batch_size=batch_size)
        break
    except tf.errors.ResourceExhaustedError:
        batch_size //= 2
```

## References
- [Python: handling exceptions](https://docs.python.org/3/tutorial/errors.html#handling-exceptions)
- [TensorFlow: `tf.errors.ResourceExhaustedError`](https://www.tensorflow.org/api_docs/python/tf/errors/ResourceExhaustedError)
"""

from collections.abc import Iterator

from bslint.analysis.facts import OomHandler
from bslint.rule import CATCHES, TRAINS, Context, Finding, rule


@rule(
    "BS401",
    "oom-retry-in-handler",
    "warning",
    literals=[("except",), CATCHES],
    reach=[TRAINS],
)
def check(handler: OomHandler, context: Context) -> Iterator[Finding]:
    """Judge one handler."""
    if not handler.attempts or handler.sibling or handler.in_test:
        return
    fresh = _fresh_model(handler)
    if handler.broad and fresh:
        return  # "load or build": another model for whatever reason
    # A step by hand that fails before its update has changed nothing yet.
    step = "the model and optimizer go on from a half-made step, " if handler.runs and not fresh else ""
    for call in dict.fromkeys((*handler.retry_calls, *handler.again)):
        yield Finding(
            at=call,
            message="training is retried inside the handler: a second out-of-memory error here is caught by nobody, "
            f"{step}and the live traceback can keep the failed attempt's tensors",
            help="leave the handler first: lower the batch size there, and retry in a loop, after `gc.collect()`, with "
            "a fresh model",
            related=[
                (handler.attempts[0], "this training may run out of memory"),
                (handler.node, "the handler starts here"),
            ],
            evidence={
                "kind": "oom-retry",
                "attempt": handler.attempts[0],
                "handler": handler.node,
                "retry": call,
            },
        )


def _fresh_model(handler: OomHandler) -> bool:
    """Whether the handler trains another model than the one that failed."""
    retried = {run.model.value.key for run in handler.retries if run.model is not None}
    return bool(retried) and not retried & handler.models()


BAD = {
    "a smaller batch": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
try:
    model.fit(x, y, batch_size=128)
except tf.errors.ResourceExhaustedError as error:
    model.fit(x, y, batch_size=64)
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "a broad handler": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
try:
    model.fit(x, y, batch_size=128)
except Exception:
    model.fit(x, y, batch_size=64)
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "the function calls itself": """
import tensorflow as tf
def train(size):
    model = tf.keras.models.load_model("m")
    try:
        model.fit(x, y, batch_size=size)
    except (tf.errors.ResourceExhaustedError, MemoryError):
        return train(size // 2)
#              ^^^^^^^^^^^^^^^^
train(64)
""",
}
GOOD = {
    "the handler lowers the batch and the loop goes on": """
import tensorflow as tf
size = 128
while True:
    model = tf.keras.models.load_model("m")
    try:
        model.fit(x, y, batch_size=size)
        break
    except tf.errors.ResourceExhaustedError:
        size //= 2
""",
    "the retry comes after the handler": """
import tensorflow as tf
failed = False
model = tf.keras.models.load_model("m")
try:
    model.fit(x, y, batch_size=128)
except tf.errors.ResourceExhaustedError:
    failed = True
if failed:
    model = tf.keras.models.load_model("m")
    model.fit(x, y, batch_size=64)
""",
    "load or build": """
import tensorflow as tf
try:
    model = tf.keras.models.load_model("m")
    model.fit(x, y)
except Exception:
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.fit(x, y)
""",
    "another error": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
try:
    model.fit(x, y, batch_size=128)
except ValueError:
    model.fit(x, z, batch_size=128)
""",
    "nothing trains in the try": """
import tensorflow as tf
try:
    model = tf.keras.models.load_model("m")
except Exception:
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.fit(x, y)
""",
}
