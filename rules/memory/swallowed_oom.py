"""An out-of-memory error in training is caught and passed over.

## What it does
Finds `except Exception`, `except BaseException` and bare `except` around a training, or a training step written by
hand, whose body neither raises again nor stops, so that the program goes on.

## Why is this bad?
An out-of-memory error is an `Exception` like any other. It is printed, or not even that, and the program goes on with
a model that was trained for a part of an epoch or not at all: it is evaluated, saved and deployed, and the job ends
with exit status 0.

## Example
```python
import tensorflow as tf

model = tf.keras.models.load_model("model.keras")
try:
    model.fit(images, labels)
except Exception as error:
    print(error)
model.save("trained.keras")
```

## Use instead
```python
import tensorflow as tf

model = tf.keras.models.load_model("model.keras")
try:
    model.fit(images, labels)
except Exception as error:
    print(error)
    raise
model.save("trained.keras")
```

## References
- [TensorFlow: `tf.errors.ResourceExhaustedError`](https://www.tensorflow.org/api_docs/python/tf/errors/ResourceExhaustedError)
- [Python: handling exceptions](https://docs.python.org/3/tutorial/errors.html#handling-exceptions)
"""

from collections.abc import Iterator

from bslint.analysis.facts import OomHandler
from bslint.rule import CATCHES, TRAINS, Context, Finding, Span, rule


@rule(
    "BS402",
    "swallowed-oom",
    "warning",
    literals=[("except",), CATCHES],
    reach=[TRAINS],
)
def check(handler: OomHandler, context: Context) -> Iterator[Finding]:
    """Judge one handler."""
    if not handler.broad or handler.sibling or not handler.attempts or handler.retry_calls or handler.in_test:
        return
    if handler.exit not in {"falls-through", "continue"} or handler.records:
        return
    if not (handler.used_after or _trains_again(handler)) or not _same_model(handler):
        return
    yield Finding(
        at=Span(handler.node, handler.node.whitespace_before_colon),
        message="an out-of-memory error in this training is caught here and passed over: the program goes on with a "
        "half-trained model",
        help="raise again, or catch `tf.errors.ResourceExhaustedError` on its own and stop",
        related=[(handler.attempts[0], "this training may run out of memory")],
    )


def _trains_again(handler: OomHandler) -> bool:
    """Whether a loop around the `try` goes on with the same model."""
    return handler.loop is not None


def _same_model(handler: OomHandler) -> bool:
    """Whether the loop around trains one model: a fresh model in every iteration is another configuration or fold."""
    if handler.loop is None:
        return True
    made = {model.key for model in handler.loop.models}
    return bool(handler.models()) and not made & handler.models()


BAD = {
    "printed and saved": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
try:
    model.fit(x, y)
except Exception as error:
^^^^^^^^^^^^^^^^^^^^^^^^^
    print(error)
model.save("trained")
""",
    "passed over in the epoch loop": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
for epoch in range(10):
    try:
        model.fit(x, y)
    except:
#   ^^^^^^
        pass
""",
}
GOOD = {
    "raised again": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
try:
    model.fit(x, y)
except Exception as error:
    print(error)
    raise
model.save("trained")
""",
    "the program stops": """
import sys
import tensorflow as tf
model = tf.keras.models.load_model("m")
try:
    model.fit(x, y)
except Exception as error:
    sys.exit(str(error))
model.save("trained")
""",
    "an earlier handler takes the out-of-memory error": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
try:
    model.fit(x, y)
except tf.errors.ResourceExhaustedError:
    raise
except Exception as error:
    print(error)
model.save("trained")
""",
    "a unit test that wants the error": """
import tensorflow as tf
def test_wrong_shapes():
    model = tf.keras.models.load_model("m")
    try:
        model.fit(x, y)
    except:
        pass
    model.fit(x, z)
""",
    "the next configuration is tried": """
import tensorflow as tf
for units in sizes:
    model = tf.keras.Sequential([tf.keras.layers.Dense(units)])
    try:
        model.fit(x, y)
    except Exception as error:
        print(error)
""",
    "a bad score is recorded": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
try:
    model.fit(x, y)
    score = model.evaluate(a, b)
except Exception:
    score = float("inf")
print(score)
""",
    "nothing uses the model after it": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
try:
    model.fit(x, y)
    model.save("trained")
except Exception as error:
    print(error)
print("bye")
""",
    "the author looks whether it worked": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
history = None
try:
    history = model.fit(x, y)
except Exception as error:
    print(error)
if history is None:
    raise SystemExit(1)
model.save("trained")
""",
}
