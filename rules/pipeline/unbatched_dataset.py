"""A dataset of single samples is given to `fit`.

## What it does
Finds pipelines that reach `fit` (as data or as `validation_data`) and batch nowhere, where the elements are known to be
single samples: their label is a scalar, they have as many axes as one sample of the model's input, or they are rows of
a table or of a split that come through unchanged.

## Why is this bad?
`fit` takes every element of a dataset for a batch. Most models then raise an error about a missing axis. Others train,
and take the first axis of one sample (the rows of an image, the steps of a sequence) for the batch.

## Example
```python
import tensorflow as tf

(x_train, y_train), _ = tf.keras.datasets.mnist.load_data()
model = tf.keras.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense(10)])
model.compile(loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(60000))
```

## Use instead
```python
import tensorflow as tf

(x_train, y_train), _ = tf.keras.datasets.mnist.load_data()
model = tf.keras.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense(10)])
model.compile(loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
ds = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(60000)
model.fit(ds.batch(32).prefetch(tf.data.AUTOTUNE))
```

## Fix safety
The fix adds `.batch(32)` in front of a last `prefetch`, or at the end. It is unsafe: 32 is only the size that Keras
uses for arrays; which one suits the model and the device is not known.

## References
- [Keras: `Model.fit`](https://keras.io/api/models/model_training_apis/#fit-method)
- [TensorFlow: `tf.data.Dataset.batch`](https://www.tensorflow.org/api_docs/python/tf/data/Dataset#batch)
"""

from collections.abc import Iterator

from bslint.analysis.facts import Training
from bslint.analysis.inputs import input_shape
from bslint.analysis.pipelines import evidence
from bslint.analysis.samples import sample_reason
from bslint.analysis.values import Class, Dataset, Object, Stage, alternatives
from bslint.diagnostic import Fix
from bslint.edits import Editor
from bslint.rule import DATASETS, Context, Finding, link, rule


@rule("BS210", "unbatched-dataset", "error", literals=[(".fit(",)], reach=[DATASETS])
def check(training: Training, context: Context) -> Iterator[Finding]:
    """Judge the data and the validation data of one `fit`."""
    if training.method != "fit" or training.in_test or _takes_samples(training):
        return
    validation = training.argument("validation_data")
    shape = input_shape(training.model)
    sample = len(shape) if shape is not None else None
    for value in (training.data, validation.value if validation is not None else None):
        datasets = alternatives(value)
        reasons = [sample_reason(one, sample) if isinstance(one, Dataset) else "" for one in datasets]
        if reasons and all(reasons):
            chains = [one.stage.chain() for one in datasets if isinstance(one, Dataset)]
            yield _finding(max(chains, key=len), training, reasons[0], single=len(chains) == 1)


def _takes_samples(training: Training) -> bool:
    """Whether the model may be made for single samples: it has a training step of its own."""
    model = training.model.value if training.model is not None else None
    owner = model.type if isinstance(model, Object) else None
    return isinstance(owner, Class) and any(
        isinstance(one, Class) and one.defines("train_step", "call", "fit", "make_train_function")
        for one in owner.ancestry()
    )


def _finding(stages: tuple[Stage, ...], training: Training, reason: str, *, single: bool) -> Finding:
    last = stages[-1]

    def fix(editor: Editor) -> Fix | None:
        if not single or not editor.has(last.node):
            return None
        if last.op == "prefetch" and last.parent is not None:
            start = editor.link(last.node)[0]
            changes = [(start, start, ".batch(32)")]
        else:
            changes = [editor.append_link(last.node, ".batch(32)")]
        return editor.fix("Batch by 32", "unsafe", changes)

    return Finding(
        at=[link(last.node), training.node],
        message=f"this dataset reaches `fit` and nothing batches it ({reason}): `fit` takes every element for a batch, "
        "and raises, or trains with the first axis of a sample as the batch",
        help="add `.batch(…)` with the batch size that is meant",
        related=[(training.node, "`fit` takes it here")],
        evidence=evidence(stages),
        fix=fix,
        subject=last,
    )


BAD = {
    "arrays with scalar labels": """
import tensorflow as tf
(x_train, y_train), _ = tf.keras.datasets.mnist.load_data()
model = tf.keras.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense(10)])
model.fit(tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(60000))
#                                                                ^^^^^^^^^^^^^^
""",
    "rows of a table": """
import pandas as pd
import tensorflow as tf
df = pd.read_csv("cars.csv")
y = df.pop("price")
ds = tf.data.Dataset.from_tensor_slices((df.values, y.values)).shuffle(1000).prefetch(1)
#                                                                            ^^^^^^^^^^^
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
model.fit(ds, epochs=3)
""",
    "a function that keeps the label": """
import tensorflow as tf

def load(path, label):
    image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
    return tf.image.resize(image, (64, 64)), tf.cast(label, tf.int32)

ds = tf.data.Dataset.from_tensor_slices((["a.jpg", "b.jpg"], [0, 1])).map(load).cache()
#                                                                               ^^^^^^^
model = tf.keras.applications.MobileNetV2(weights=None)
model.fit(ds)
""",
    "validation data, of the shape of the model's input": """
import numpy as np
import tensorflow as tf
train = tf.data.Dataset.from_tensor_slices((x, y)).batch(32).prefetch(1)
valid = tf.data.Dataset.from_tensor_slices((np.zeros((50, 3)), np.zeros((50, 1))))
#                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(1)])
model.fit(train, validation_data=valid)
""",
}
FIXED = {
    "arrays with scalar labels": """
import tensorflow as tf
(x_train, y_train), _ = tf.keras.datasets.mnist.load_data()
model = tf.keras.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense(10)])
model.fit(tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(60000).batch(32))
""",
    "rows of a table": """
import pandas as pd
import tensorflow as tf
df = pd.read_csv("cars.csv")
y = df.pop("price")
ds = tf.data.Dataset.from_tensor_slices((df.values, y.values)).shuffle(1000).batch(32).prefetch(1)
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
model.fit(ds, epochs=3)
""",
}
GOOD = {
    "arrays of unknown content may hold batches": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000)
tf.keras.models.load_model("m").fit(ds)
""",
    "batched": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices((x, y)).batch(32).prefetch(1)
tf.keras.models.load_model("m").fit(ds)
""",
    "a generator may yield batches": """
import tensorflow as tf
ds = tf.data.Dataset.from_generator(generate, output_types=(tf.float32, tf.int32))
tf.keras.models.load_model("m").fit(ds, steps_per_epoch=10)
""",
    "one element is a whole batch": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensors((x, y)).repeat()
tf.keras.models.load_model("m").fit(ds, steps_per_epoch=10)
""",
    "a function that adds the axis": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices((x, y)).map(lambda a, b: (tf.expand_dims(a, 0), tf.expand_dims(b, 0)))
tf.keras.models.load_model("m").fit(ds)
""",
    "the loader batches": """
import keras
keras.models.load_model("m").fit(keras.utils.image_dataset_from_directory("images").cache())
""",
    "a model with a training step of its own": """
import tensorflow as tf

class Model(tf.keras.Model):
    def train_step(self, data):
        return {}

Model().fit(tf.data.Dataset.from_tensor_slices((x, y)))
""",
}
