"""`batch_size` is given to a Keras call whose data is batched already.

## What it does
Finds `fit`, `evaluate` and `predict` calls that get a `tf.data.Dataset`, a generator, a Keras `Sequence`/`PyDataset`
or a PyTorch `DataLoader` and a `batch_size` as well; and `validation_batch_size` beside a dataset in
`validation_data`.

## Why is this bad?
Such data brings its own batches. Keras ignores the argument without a word: the training runs at the dataset's batch
size, whatever the argument says, and tuning the argument changes nothing. (Old versions of tf.keras raised a
`ValueError`.)

`fit` also takes `batch_size` for validation data in arrays when `validation_batch_size` is not given; then it has an
effect, and the rule is silent.

## Example
```python
import tensorflow as tf

train_ds = tf.data.Dataset.from_tensor_slices(tf.zeros((64, 4))).batch(16).prefetch(1)
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
model.fit(train_ds, batch_size=32)
```

## Use instead
```python
import tensorflow as tf

train_ds = tf.data.Dataset.from_tensor_slices(tf.zeros((64, 4))).batch(32).prefetch(1)
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
model.fit(train_ds)
```

## Fix safety
The fix drops the argument. It is safe: Keras does not read it.

## References
- [Keras: `Model.fit`](https://keras.io/api/models/model_training_apis/#fit-method)
"""

from collections.abc import Iterator

from bslint.analysis.arguments import Argument
from bslint.analysis.facts import Run
from bslint.analysis.values import Class, Dataset, DatasetIterator, Object, Value, alternatives, is_none
from bslint.diagnostic import Fix
from bslint.edits import Editor
from bslint.rule import DATASETS, Context, Finding, rule

_GENERATORS = (
    "keras.preprocessing.image.ImageDataGenerator.flow",
    "keras.utils.Sequence",
    "torch.utils.data.DataLoader",
)


@rule(
    "BS104",
    "batch-size-with-dataset",
    "warning",
    literals=[("batch_size",), (".fit(", ".evaluate(", ".predict(")],
    reach=[(*DATASETS, "yield", "Sequence", "PyDataset", "DataLoader", "ImageDataGenerator")],
)
def check(run: Run, context: Context) -> Iterator[Finding]:
    """Judge one Keras call."""
    if run.call is None or run.method not in {"fit", "evaluate", "predict"}:
        return
    pairs = [("batch_size", run.data)]
    if run.method == "fit":
        validation = run.argument("validation_data")
        pairs.append(("validation_batch_size", validation.value if validation else None))
    for name, data in pairs:
        given = run.argument(name)
        kind = _batched(data)
        if (
            given is not None
            and kind
            and not is_none(given.value)
            and not (name == "batch_size" and _batches_validation(run))
        ):
            yield _finding(run, name, given, kind)


def _batches_validation(run: Run) -> bool:
    """Whether `fit` takes `batch_size` for the validation data: arrays without a `validation_batch_size`."""
    if run.method != "fit":
        return False
    data, size = (run.argument(name) for name in ("validation_data", "validation_batch_size"))
    return data is not None and not _batched(data.value) and size is None


def _finding(run: Run, name: str, given: Argument, kind: str) -> Finding:
    def fix(editor: Editor) -> Fix | None:
        if given.node is None:
            return None
        change = editor.remove_argument(run.node, given.node)
        return editor.fix(f"Remove `{name}`", "safe", [change]) if change else None

    return Finding(
        at=[place for place in (given.node, run.node) if place is not None],
        message=f"`{name}` has no effect: {kind} brings its own batches, and Keras silently ignores the argument",
        help=f"remove `{name}`, and set the batch size where the data is batched",
        fix=fix,
    )


def _batched(data: Value | None) -> str:
    """What the data is, in words, when every alternative brings its own batches."""
    kinds = {_kind(one) for one in alternatives(data)}
    return kinds.pop() if len(kinds) == 1 else "the data" if kinds and "" not in kinds else ""


def _kind(data: Value) -> str:
    if isinstance(data, (Dataset, DatasetIterator)):
        return "a `tf.data.Dataset`"
    if not isinstance(data, Object):
        return ""
    if data.type == "generator":
        return "a generator"
    if any(name.startswith(_GENERATORS) for name in data.types()):
        return "a PyTorch `DataLoader`" if "torch" in data.types()[0] else "a Keras data generator"
    return "a Keras data generator" if isinstance(data.type, Class) and "keras.utils.Sequence" in data.types() else ""


BAD = {
    "dataset": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(32).prefetch(1)
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
model.fit(ds, batch_size=64, epochs=3)
#             ^^^^^^^^^^^^^
""",
    "validation data": """
import tensorflow as tf
val = tf.data.Dataset.from_tensor_slices(x).batch(32)
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
model.fit(a, b, validation_data=val, validation_batch_size=64)
#                                    ^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "generator function": """
import keras
def batches():
    while True:
        yield x, y
model = keras.Sequential([keras.layers.Dense(1)])
model.predict(batches(), batch_size=16, steps=3)
#                        ^^^^^^^^^^^^^
""",
}
FIXED = {
    "dataset": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(32).prefetch(1)
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
model.fit(ds, epochs=3)
""",
}
GOOD = {
    "it batches the validation data": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(32).prefetch(1)
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
model.fit(ds, batch_size=64, validation_data=(a, b))
""",
    "an array is batched by fit": """
import keras
model = keras.Sequential([keras.layers.Dense(1)])
model.fit(x_train, y_train, batch_size=64)
""",
    "None is no batch size": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(32).prefetch(1)
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
model.fit(ds, batch_size=None)
""",
    "the data may be an array": """
import tensorflow as tf
data = tf.data.Dataset.from_tensor_slices(x).batch(32).prefetch(1) if streaming else x
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
model.fit(data, batch_size=64)
""",
}
