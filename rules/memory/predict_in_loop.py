"""`model.predict` is called on one sample after another.

## What it does
Finds `predict` on a batch of one sample in a loop of more than ten iterations.

## Why is this bad?
`predict` is made for large inputs: every call builds a data adapter, a dataset and callbacks, which takes tens
of milliseconds whatever the model does. On a small model 72 ms were measured where `model(x, training=False)`
took 1.6 ms.
One `predict` over all samples is faster still, because the device works on whole batches.

## Example
```python
import numpy as np
import tensorflow as tf

model = tf.keras.models.load_model("model.keras")
images = np.load("images.npy")
for image in images:
    print(model.predict(image[np.newaxis, ...]))
```

## Use instead
```python
import numpy as np
import tensorflow as tf

model = tf.keras.models.load_model("model.keras")
images = np.load("images.npy")
for scores in model.predict(images, batch_size=32):
    print(scores)
```

## References
- [Keras: what is the difference between `predict()` and `__call__()`](https://keras.io/getting_started/faq/#whats-the-difference-between-model-methods-predict-and-call)
"""

from collections.abc import Iterator

from bslint.analysis.facts import Evaluation, Loop, Training
from bslint.rule import Context, Finding, Place, link, rule

# So few calls cost less than a second.
FEW = 10


@rule("BS405", "predict-in-loop", "warning", literals=[(".predict(",), ("for ", "while ")])
def check(run: Evaluation, context: Context) -> Iterator[Finding]:
    """Judge one call of `predict`."""
    if run.method != "predict" or not run.single or run.in_test or run.model is None:
        return
    place = _repeated(run)
    if place is None:
        return
    carried = run.fed_back
    help_ = (
        "call the model itself in the loop: `model(x, training=False)`; where an input does not depend on the output "
        "before, stack the inputs and predict them in one call"
        if carried
        else "call the model itself, `model(x, training=False)`, or stack the inputs and predict them in one call"
    )
    yield Finding(
        at=link(run.node),
        message=(
            "the loop predicts step by step, each input from what the step before left, with `predict` on one sample: "
            if carried
            else "`predict` is called on one sample in every iteration: "
        )
        + "each call sets up a data pipeline and callbacks, which takes far longer than the model",
        help=help_,
        related=[(place, "the loop")],
        evidence={"kind": "predict-in-loop", "loop": place},
    )


def _repeated(run: Evaluation) -> "Place | None":
    """The loop that calls it many times; one that trains does something else with most of its time."""
    for clause in run.clauses:
        if clause.count is None or clause.count > FEW:
            return clause.node
    for loop in run.loop.nest() if run.loop is not None else ():
        if _trains(loop) and not _steps(loop, run):
            return None
        if loop.count is None or loop.count > FEW:
            return loop.node
    return None


def _trains(loop: Loop) -> bool:
    return loop.trains or any(isinstance(one, Training) for one in loop.runs)


def _steps(loop: Loop, run: Evaluation) -> bool:
    """Whether the loop walks through an environment, and trains on what it finds there."""
    return loop is run.loop and run.fed_back


BAD = {
    "one image after another": """
import numpy as np
import tensorflow as tf
model = tf.keras.models.load_model("m")
for image in images:
    print(model.predict(np.expand_dims(image, axis=0)))
#               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "a window of one": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
scores = [model.predict(x[i:i + 1]) for i in range(len(x))]
#               ^^^^^^^^^^^^^^^^^^^
""",
    "text, letter by letter": """
import numpy as np
import tensorflow as tf
model = tf.keras.models.load_model("m")
text = "start"
for i in range(400):
    window = np.array([[letters[c] for c in text[-40:]]])
    text += names[int(np.argmax(model.predict(window)))]
#                                     ^^^^^^^^^^^^^^^
""",
}
GOOD = {
    "batches of unknown size": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
for batch in batches:
    print(model.predict(batch))
""",
    "once per epoch": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
for epoch in range(100):
    model.fit(x, y)
    print(model.predict(sample[None]))
""",
    "a handful of plots": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
for i in range(9):
    show(model.predict(x[i:i + 1]))
""",
    "some chosen at random": """
import numpy as np
import tensorflow as tf
model = tf.keras.models.load_model("m")
for i in np.random.choice(len(x), size=5):
    show(model.predict(x[i:i + 1]))
""",
    "scikit-learn": """
import tensorflow as tf
from sklearn.svm import SVC
model = SVC()
for row in rows:
    print(model.predict(row.reshape(1, -1)))
""",
    "the model is called": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
for row in rows:
    print(model(row[None], training=False))
""",
    "a file holds many samples": """
import numpy as np
import tensorflow as tf
model = tf.keras.models.load_model("m")
for path in paths:
    volume = np.load(path)
    print(model.predict(volume[np.newaxis]))
""",
    "one call": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
print(model.predict(x[None]))
""",
}
