"""Predictions or gradients of every step are kept in a list over a whole training run.

## What it does
Finds the outputs of a model and gradients that a training loop appends to a list which nothing empties, also inside
tuples.

## Why is this bad?
A tensor in a list keeps its memory, on the device where the model runs. Gradients are as large as the model,
predictions grow with the batch: after some hundred steps the list needs more than the training. Losses are harmless:
in TensorFlow 2 a scalar holds no graph.

## Example
```python
import tensorflow as tf

model = tf.keras.models.load_model("model.keras")
optimizer = tf.keras.optimizers.Adam()
history = []
for epoch in range(10):
    for x, y in batches:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x, training=True)))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        history.append(gradients)
```

## Use instead
```python
import tensorflow as tf

model = tf.keras.models.load_model("model.keras")
optimizer = tf.keras.optimizers.Adam()
history = []
for epoch in range(10):
    for x, y in batches:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x, training=True)))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        history.append(float(tf.linalg.global_norm(gradients)))
```

## References
- [TensorFlow: `tf.Tensor`](https://www.tensorflow.org/api_docs/python/tf/Tensor)
"""

from collections.abc import Iterator

from bslint.analysis.facts import Training
from bslint.analysis.repetition import Kept
from bslint.rule import TRAINS, Context, Finding, link, rule

NAMES = {"output": "the predictions", "gradient": "the gradients"}


@rule("BS406", "tensor-history", "info", literals=[(".append(",), ("for ", "while ")], reach=[TRAINS])
def check(kept: Kept, context: Context) -> Iterator[Finding]:
    """Judge one list."""
    if not kept.tensors or not kept.loops or kept.emptied or kept.in_test:
        return
    outermost = kept.loops[-1]
    if outermost.parent is not None or not (
        outermost.trains or any(isinstance(run, Training) for run in outermost.runs)
    ):
        return
    if outermost.models:
        return  # each of its rounds is a training of its own: a fold, a step of a walk forward
    what = " and ".join(NAMES[kind] for kind in kept.tensors)
    yield Finding(
        at=link(kept.node),
        message=f"{what} of every step are kept in a list for the whole training: the memory that they take grows from "
        "step to step",
        help="keep numbers (`float(…)`), or the arrays of a few steps on the host (`.numpy()`), or empty the list in "
        "every epoch",
        related=[(outermost.node, "the list outlives this loop")],
        evidence={"kind": "history", "loop": outermost.node, "holds": list(kept.tensors)},
    )


_STEP = """
import tensorflow as tf
model = tf.keras.models.load_model("m")
optimizer = tf.keras.optimizers.Adam()
history = []
for epoch in range(10):
    epochs = []
    for x, y in batches:
        with tf.GradientTape() as tape:
            prediction = model(x, training=True)
            loss = tf.reduce_mean(tf.square(y - prediction))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
"""
BAD = {
    "predictions": _STEP
    + """        history.append(prediction)
#               ^^^^^^^^^^^^^^^^^^
""",
    "gradients in a tuple": _STEP
    + """        history.append((loss, gradients))
#               ^^^^^^^^^^^^^^^^^^^^^^^^^
""",
}
GOOD = {
    "scalar losses": _STEP
    + """        history.append(loss)
""",
    "arrays on the host": _STEP
    + """        history.append(prediction.numpy())
""",
    "the list of an epoch": _STEP
    + """        epochs.append(prediction)
""",
    "emptied in every epoch": _STEP
    + """        history.append(prediction)
    history.clear()
""",
    "means": _STEP
    + """        history.append(tf.reduce_mean(prediction))
""",
    "an evaluation needs all of them": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
model.fit(a, b)
predictions = []
for x in batches:
    predictions.append(model(x, training=False))
""",
    "a new model for each fold": """
import tensorflow as tf
predictions = []
for train, test in folds:
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(x[train], y[train])
    predictions.append(model(x[test]))
""",
}
