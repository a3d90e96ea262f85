"""The number of steps is computed with one batch size, and the data comes in batches of another.

## What it does
Finds `steps_per_epoch`, `validation_steps` and `steps` that divide a number of samples by a batch size while the
pipeline or generator uses a different one, both known. The defaults of Keras count: the generators of
`ImageDataGenerator` and the `*_dataset_from_directory` loaders make batches of 32, `TimeseriesGenerator` of 128.
It also finds steps that divide by the batch size twice: `len(generator) // batch_size`, where `len` counts batches
already.

## Why is this bad?
The steps no longer cover the data. With a divisor that is too large, an epoch sees only a part of it, and validation
scores only a part; with one that is too small, a finite dataset runs out in the middle of the epoch, and a repeated
one is read several times.

## Example
```python
import tensorflow as tf

train_ds = tf.data.Dataset.from_tensor_slices(tf.zeros((640, 4))).repeat().batch(64).prefetch(1)
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
model.fit(train_ds, epochs=5, steps_per_epoch=640 // 32)
```

## Use instead
```python
import tensorflow as tf

batch_size = 64
train_ds = tf.data.Dataset.from_tensor_slices(tf.zeros((640, 4))).repeat().batch(batch_size).prefetch(1)
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
model.fit(train_ds, epochs=5, steps_per_epoch=640 // batch_size)
```

## References
- [Keras: `Model.fit`](https://keras.io/api/models/model_training_apis/#fit-method)
- [TensorFlow: `ImageDataGenerator`](https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/image/ImageDataGenerator)
"""

import re
from collections.abc import Iterator

from bslint.analysis.arguments import Argument
from bslint.analysis.divisions import Division, divisions
from bslint.analysis.facts import Feed, Run
from bslint.analysis.feeds import counted_batches
from bslint.analysis.values import Known, Value, alternatives
from bslint.rule import DIVISIONS, TRAINS, Context, Finding, rule

# Literals that divide for other reasons than batches: a tenth of the data.
_SHARES = frozenset((10, 100, 1000))
_SMALLEST = 8
_EPOCHS = {"steps_per_epoch": "an epoch", "validation_steps": "validation"}
# An argument of that name, or one that is given by its position.
_STEPS = ("steps_per_epoch", "validation_steps", "fit_generator(", re.compile(rb"steps(?<!\wsteps)[\"']?\s*[=:\]]"))


@rule(
    "BS105",
    "inconsistent-steps",
    "error",
    literals=[
        ("steps", "fit_generator("),
        _STEPS,
        (*TRAINS, ".evaluate(", ".predict(", "_generator("),
        DIVISIONS,
    ],
)
def check(run: Run, context: Context) -> Iterator[Finding]:
    """Judge one Keras call."""
    for name, feeds in (
        ("steps_per_epoch", run.feeds),
        ("validation_steps", run.validation),
        ("steps", run.feeds if not run.method.startswith("fit") else ()),
    ):
        given = run.argument(name) if feeds else None
        if given is None:
            continue
        counted = [_counted(one) for one in alternatives(given.value)]
        drawn = [_size(feed) for feed in feeds]
        divisors = {value for value, _ in filter(None, counted)}
        again = _again(given.value, run)
        if again is not None:
            yield _twice(run, name, given, again)
            continue
        if None in counted or None in drawn or divisors & set(drawn):
            continue
        for pair in counted[:1]:
            if pair is not None:
                yield _finding(run, name, given, feeds[0], *pair)


def _counted(steps: Value) -> tuple[int, Division] | None:
    """The batch size that a number of steps is computed with, when it is only one."""
    found = divisions(steps)
    number = _number(found[0].divisor) if len(found) == 1 else None
    return (number, found[0]) if number is not None and _is_batch_size(found[0].divisor, number) else None


def _again(steps: Value, run: Run) -> Division | None:
    """The division by the batch size of a number that is one of batches already."""
    found = divisions(steps)
    feeds = (*run.feeds, *run.validation)
    sizes = {feed.batch_size.key for feed in feeds if feed.batch_size is not None}
    if not found or found[0].divisor.key not in sizes or _number(found[0].divisor) == 1:
        return None
    made = counted_batches(found[0].dividend)
    counted = made is not None and made in {feed.node for feed in feeds}
    divided = len(found) == 2 and found[1].divisor.key == found[0].divisor.key and found[1].at is not found[0].at
    return found[0] if counted or divided else None


def _is_batch_size(divisor: Value, number: int) -> bool:
    """Whether a divisor is meant as a batch size: by its name, or as a literal that looks like one."""
    label = divisor.label.lower() if isinstance(divisor, Known) else ""
    if label:
        return "batch" in label or label == "bs"
    return number >= _SMALLEST and number not in _SHARES


def _size(feed: Feed) -> int | None:
    sizes = {_number(one) for one in alternatives(feed.batch_size)}
    return sizes.pop() if len(sizes) == 1 else None


def _number(value: Value) -> int | None:
    if not isinstance(value, Known) or type(value.value) not in {int, float} or value.value <= 0:
        return None
    return int(value.value) if value.value == int(value.value) else None


def _twice(run: Run, name: str, given: Argument, division: Division) -> Finding:
    """Steps that are divided by the batch size although they count batches."""
    size = _number(division.divisor)
    part = f"only {1 / size:.1%} of" if size is not None else "only a small part of"
    return Finding(
        at=[place for place in (given.node, run.node) if place is not None],
        message=f"`{name}` divides a number of batches by the batch size: {_EPOCHS.get(name, f'`{run.method}`')} "
        f"asks for {part} the data",
        help=f"the number of batches is the number of steps: without `{name}` Keras takes it by itself",
        related=[(division.at, "a number of batches is divided here")] if division.at is not None else [],
        evidence={"kind": "steps", "argument": name, "divisor": size, "batch_size": size},
    )


def _finding(run: Run, name: str, given: Argument, feed: Feed, divisor: int, division: Division) -> Finding:
    size = _size(feed) or 1
    epoch = _EPOCHS.get(name, f"`{run.method}`")
    part = f"{size / divisor:.3g} times" if size > divisor else f"only {size / divisor:.0%} of"
    related = [(feed.node, f"the batches of {size} are made here")] if feed.node is not None else []
    if division.at is not None:
        related.append((division.at, f"the steps are counted in batches of {divisor} here"))
    return Finding(
        at=[place for place in (given.node, run.node) if place is not None],
        message=f"`{name}` counts batches of {divisor}, but the data comes in batches of {size}: "
        f"{epoch} asks for {part} the data",
        help="use one variable for the batch size of the data and of the steps",
        related=related,
        evidence={"kind": "steps", "argument": name, "divisor": divisor, "batch_size": size},
    )


BAD = {
    "a pipeline": """
import tensorflow as tf
BATCH_SIZE = 32
ds = tf.data.Dataset.from_tensor_slices(x).repeat().batch(64).prefetch(1)
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
model.fit(ds, steps_per_epoch=len(x) // BATCH_SIZE)
#             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "the default of a generator": """
import tensorflow as tf
from tensorflow.keras.preprocessing.image import ImageDataGenerator
train = ImageDataGenerator(rescale=1 / 255).flow_from_directory("train", target_size=(150, 150))
model = tf.keras.models.load_model("m")
model.fit(train, steps_per_epoch=2000 // 20, epochs=30)
#                ^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "a number of batches": """
import tensorflow as tf
from tensorflow.keras.preprocessing.image import ImageDataGenerator
batch_size = 32
train = ImageDataGenerator(rescale=1 / 255).flow_from_directory("train", target_size=(150, 150), batch_size=batch_size)
tf.keras.models.load_model("m").fit(train, steps_per_epoch=len(train) // batch_size, epochs=30)
#                                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
}
GOOD = {
    "the number of samples, before they are batched": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x)
steps = len(ds) // 64
ds = ds.repeat().batch(64).prefetch(1)
tf.keras.models.load_model("m").fit(ds, steps_per_epoch=steps)
""",
    "the same batch size": """
import tensorflow as tf
batch_size = 64
ds = tf.data.Dataset.from_tensor_slices(x).repeat().batch(batch_size).prefetch(1)
tf.keras.models.load_model("m").fit(ds, steps_per_epoch=len(x) // batch_size)
""",
    "a plain number is chosen freely": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).repeat().batch(64).prefetch(1)
tf.keras.models.load_model("m").fit(ds, steps_per_epoch=100)
""",
    "the batch size of the data is not known": """
import tensorflow as tf
ds = make_dataset(x).prefetch(1)
tf.keras.models.load_model("m").fit(ds, steps_per_epoch=len(x) // 32)
""",
    "what the generator counts": """
import tensorflow as tf
from tensorflow.keras.preprocessing.image import ImageDataGenerator
train = ImageDataGenerator(rescale=1 / 255).flow_from_directory("train", target_size=(150, 150), batch_size=20)
tf.keras.models.load_model("m").fit(train, steps_per_epoch=train.samples // train.batch_size)
""",
}
