"""The forward pass runs before the tape that is asked for its gradients.

## What it does
Finds `tape.gradient(loss, model.trainable_variables)` where every call of the model that leads to the loss happened
while that tape was not recording.

## Why is this bad?
A tape knows only what was computed while it recorded. Here it saw the loss being computed from the model's output, but
not the output from the weights: `tape.gradient` returns `None` for every weight, and `apply_gradients` raises
`ValueError: No gradients provided for any variable`.

## Example
```python
import tensorflow as tf

model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.01)
loss_fn = tf.keras.losses.MeanSquaredError()
for x, y in dataset:
    predictions = model(x, training=True)
    with tf.GradientTape() as tape:
        loss = loss_fn(y, predictions)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

## Use instead
```python
import tensorflow as tf

model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.01)
loss_fn = tf.keras.losses.MeanSquaredError()
for x, y in dataset:
    with tf.GradientTape() as tape:
        predictions = model(x, training=True)
        loss = loss_fn(y, predictions)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

## References
- [TensorFlow: introduction to gradients and automatic differentiation](https://www.tensorflow.org/guide/autodiff)
"""

from collections.abc import Iterator

from bslint.analysis.gradients import Gradient, Tape
from bslint.analysis.values import Api, Method, Object, Symbol, Value, text
from bslint.rule import Context, Finding, rule

_LIBRARIES = ("tf.", "keras.", "numpy.", "math.", "logging.", "absl.logging.", "time.")
# Objects none of whose methods runs a model.
_QUIET = ("tf.GradientTape", "logging.")
# Methods that compute a loss from what they are given.
_OF_MODELS = ("compiled_loss", "compute_loss")
_LOSSES = frozenset((*_OF_MODELS, "get_scaled_loss", "scale_loss", "call", "update_state", "result", "numpy"))
_JUDGING = ("loss", "criterion", "objective", "entropy", "mse", "metric", "accuracy", "error")
_BUILTINS = frozenset("print len float int sum zip enumerate range abs min max".split())


@rule(
    "BS312",
    "forward-outside-tape",
    "error",
    literals=[("GradientTape", ".gradient(")],
    reach=[("GradientTape",)],
)
def check(gradient: Gradient, context: Context) -> Iterator[Finding]:
    """Judge one gradient."""
    tape = gradient.tape
    if tape is None or tape.statement is None or gradient.method != "gradient" or gradient.direct:
        return
    calls = gradient.forwards
    if not calls or any(_records(other, tape) for call in calls for other in call.recorded):
        return
    if not all(_harmless(callee) or (node in gradient.judged and _judges(callee)) for callee, node, _ in tape.calls):
        return
    call = calls[0]
    yield Finding(
        at=call.node,
        message=f"the model is called before the tape starts to record: {_gradients_of(call.model)} are None, and "
        "`apply_gradients` raises",
        help="move the call into the `with tf.GradientTape()` block",
        related=[
            (tape.node, "the tape starts to record here"),
            (gradient.node, "the gradients are taken here"),
        ],
        evidence={"kind": "forward-outside-tape", "forward": call.node, "tape": tape.node, "gradient": gradient.node},
    )


def _judges(callee: Value) -> bool:
    """Whether something out of sight that gets the model's outputs is a loss, by its name."""
    return isinstance(callee, Symbol) and any(word in callee.label.lower() for word in _JUDGING)


def _gradients_of(model: Value) -> str:
    name = text(model)
    return f"the gradients of `{name}`" if name != "?" else "its gradients"


def _records(other: Tape, tape: Tape) -> bool:
    """Whether it is the same tape, possibly entered twice."""
    return other.value.key == tape.value.key


def _harmless(callee: Value) -> bool:
    """Whether a call certainly runs no model: a function of the library, a loss, a metric, a method of the tape."""
    if isinstance(callee, Api):
        return callee.name.startswith(_LIBRARIES) or callee.name in _BUILTINS
    if isinstance(callee, Object):
        return isinstance(callee.type, str) and callee.type.startswith(("keras.losses.", "keras.metrics."))
    if isinstance(callee, Method):
        kinds = callee.receiver.types() if isinstance(callee.receiver, Object) else ()
        if any(kind.startswith(_QUIET) for kind in kinds):
            return True
        library = any(kind.startswith(("keras.losses.", "keras.metrics.", "keras.optimizers.")) for kind in kinds)
        return callee.function is None and callee.name in _LOSSES and (library or callee.name in _OF_MODELS)
    return False


BAD = {
    "a train step": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.Adam()
loss_fn = tf.keras.losses.MeanSquaredError()
@tf.function
def train_step(x, y):
    logits = model(x, training=True)
#            ^^^^^^^^^^^^^^^^^^^^^^^
    with tf.GradientTape() as tape:
        loss = loss_fn(y, logits)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
""",
    "the loss as well": """
import tensorflow as tf
def train(model, optimizer, ds):
    for x, y in ds:
        loss = tf.reduce_mean(tf.square(y - model(x)))
#                                           ^^^^^^^^
        with tf.GradientTape() as tape:
            total = loss * 2.0
        optimizer.apply_gradients(zip(tape.gradient(total, model.trainable_weights), model.trainable_weights))
""",
    "a block that watches and logs": """
import logging
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.Adam()
for x, y in batches:
    predicted = model(x, training=True)
#               ^^^^^^^^^^^^^^^^^^^^^^^
    with tf.GradientTape() as tape:
        tape.watch(x)
        logging.info("a step")
        loss = tf.reduce_mean(tf.square(predicted - y))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
""",
}
GOOD = {
    "in the block": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
loss_fn = tf.keras.losses.MeanSquaredError()
def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x, training=True))
    return tape.gradient(loss, model.trainable_variables)
""",
    "targets of another model are computed outside": """
import tensorflow as tf
def learn(q, target, states, following, rewards):
    goal = rewards + 0.99 * tf.reduce_max(target(following), axis=1)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(goal - q(states)))
    return tape.gradient(loss, q.trainable_variables)
""",
    "targets of the same model are computed outside, its values inside": """
import tensorflow as tf
def learn(q, states, following, rewards):
    goal = rewards + 0.99 * tf.reduce_max(q(following), axis=1)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(goal - q(states)))
    return tape.gradient(loss, q.trainable_variables)
""",
    "unknown code in the block may call the model": """
import tensorflow as tf
from losses import objective
def train_step(model, x, y):
    logits = model(x)
    with tf.GradientTape() as tape:
        loss = objective(y, logits)
    return tape.gradient(loss, model.trainable_variables)
""",
    "the sources are not the model's": """
import tensorflow as tf
def saliency(model, head, x):
    features = model(x)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(head(features))
    return tape.gradient(loss, head.trainable_variables)
""",
}
