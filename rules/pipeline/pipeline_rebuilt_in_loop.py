"""The epoch loop builds the input pipeline anew.

## What it does
Finds pipelines that are built, from their source on and from the same data, inside the loop that trains on them.

## Why is this bad?
Every iteration starts from nothing: arrays are copied into a new dataset, directories are listed and functions traced
again, a `cache` is filled and thrown away, and what autotune has learned is lost. A dataset can be iterated as often
as wanted, and `shuffle` gives another order each time.

## Example
```python
import tensorflow as tf

model = tf.keras.models.load_model("m.keras")
for epoch in range(10):
    ds = tf.data.TFRecordDataset("train.tfrecord").map(parse).cache().batch(32)
    model.fit(ds)
```

## Use instead
```python
import tensorflow as tf

model = tf.keras.models.load_model("m.keras")
ds = tf.data.TFRecordDataset("train.tfrecord").map(parse).cache().batch(32)
for epoch in range(10):
    model.fit(ds)
```

## References
- [TensorFlow: better performance with the tf.data API](https://www.tensorflow.org/guide/data_performance)
"""

from collections.abc import Iterator

from bslint.analysis.facts import Pipeline, Training
from bslint.analysis.numbers import number
from bslint.analysis.pipelines import evidence
from bslint.analysis.values import Stage
from bslint.rule import BATCHED, DATASETS, TRAINS, Context, Finding, link, rule

# Sources that cost nothing to make, or whose state lies elsewhere.
_CHEAP = frozenset(
    f"tf.data.Dataset.{name}"
    for name in "from_generator from_tensors range random counter zip sample_from_datasets".split()
)


@rule(
    "BS212",
    "pipeline-rebuilt-in-loop",
    "warning",
    literals=[("for ", "while "), (*TRAINS, *BATCHED, "Dataset")],
    reach=[DATASETS, TRAINS],
)
def check(pipeline: Pipeline, context: Context) -> Iterator[Finding]:
    """Judge a pipeline that its training loop builds anew."""
    loop = pipeline.rebuilt
    if loop is None or pipeline.source.op in _CHEAP | {"parameter"}:
        return
    training = next((run for run in pipeline.trainings if _one_epoch(run)), None)
    if training is None or training.in_test:
        return
    lost = _lost(pipeline.stages)
    yield Finding(
        at=[link(pipeline.source.node), training.node],
        message="this pipeline is built anew in every iteration of the loop that trains on it, from the same data: "
        f"{lost}",
        help="build the dataset once, in front of the loop; iterating it again starts a new epoch",
        related=[(loop.node, "the loop"), (training.node, "the training")],
        evidence=evidence(pipeline.stages),
    )


def _one_epoch(training: Training) -> bool:
    """Whether a training goes over the data once for each time that it is started."""
    if training.method == "loop":
        return True
    epochs = training.argument("epochs")
    if training.method not in {"fit", "fit_generator"}:
        return False
    return training.call is not None and not training.call.open and (
        epochs is None or number(epochs.value) == 1 or training.argument("initial_epoch") is not None
    )  # fmt: skip


def _lost(stages: tuple[Stage, ...]) -> str:
    """What starts anew, in words."""
    ops = {stage.op for stage in stages}
    if "cache" in ops:
        return "its cache never serves a second epoch"
    if "_dataset_from_" in stages[0].op or stages[0].op.endswith("list_files"):
        return "the directory is listed again, and what autotune has learned is lost"
    return "the data is copied or opened again, functions are traced again, and what autotune has learned is lost"


BAD = {
    "fit once per epoch": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
for epoch in range(10):
    ds = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000).batch(32).prefetch(1)
#                        ^^^^^^^^^^^^^^^^^^^^^^^^^^
    model.fit(ds)
""",
    "a hand-written loop": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
optimizer = tf.keras.optimizers.Adam()

def make(files):
    return tf.data.TFRecordDataset(files).map(parse).batch(32).prefetch(1)
#                  ^^^^^^^^^^^^^^^^^^^^^^

for epoch in range(10):
    for images, labels in make("train.tfrecord"):
        with tf.GradientTape() as tape:
            loss = loss_fn(labels, model(images, training=True))
        optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
""",
    "a function that depends on nothing in the loop": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
for epoch in range(10):
    ds = tf.data.Dataset.list_files("train/*.png").map(lambda path: load(path)).cache().batch(32)
#                        ^^^^^^^^^^^^^^^^^^^^^^^^^
    model.fit(ds, epochs=epoch + 1, initial_epoch=epoch)
""",
}
GOOD = {
    "built once": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
ds = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000).batch(32).prefetch(1)
for epoch in range(10):
    model.fit(ds)
""",
    "other files in every iteration": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
for part in range(10):
    model.fit(tf.data.TFRecordDataset(f"train-{part}.tfrecord").map(parse).batch(32))
""",
    "folds": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
for train, test in KFold(5).split(x):
    model.fit(tf.data.Dataset.from_tensor_slices((x[train], y[train])).batch(32))
""",
    "one model for each trial": """
import tensorflow as tf
for trial in range(10):
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.fit(tf.data.Dataset.from_tensor_slices((x, y)).batch(32))
""",
    "many epochs in each iteration": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
for phase in range(2):
    model.fit(tf.data.Dataset.from_tensor_slices((x, y)).batch(32), epochs=20)
""",
    "data that the loop makes": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
for step in range(10):
    x, y = play(model)
    model.fit(tf.data.Dataset.from_tensor_slices((x, y)).batch(32))
""",
    "light steps on a dataset from outside": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
base = tf.data.Dataset.from_tensor_slices((x, y))
for epoch in range(10):
    model.fit(base.shuffle(1000).batch(32))
""",
    "evaluation": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
for epoch in range(10):
    model.evaluate(tf.data.Dataset.from_tensor_slices((x, y)).batch(32))
""",
}
