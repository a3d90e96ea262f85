"""A function takes a batch size, does not use it, and batches or trains with another.

## What it does
Finds functions, methods and constructors with a parameter `batch_size` that their body never reads (or overwrites
first), while they batch data, train or run a model, or while the class around a constructor does.

## Why is this bad?
Callers set a batch size and it changes nothing: the training runs at another one, such as the 32 that `fit` takes when
it is not told. A search over batch sizes then compares runs that are all the same, and lowering the batch against an
out-of-memory error does not help.

## Example
```python
import tensorflow as tf


def train(model, images, labels, batch_size=64):
    model.compile(optimizer="adam", loss="mse")
    model.fit(images, labels, epochs=5)


train(tf.keras.Sequential([tf.keras.layers.Dense(1)]), x_train, y_train, batch_size=16)
```

## Use instead
```python
import tensorflow as tf


def train(model, images, labels, batch_size=64):
    model.compile(optimizer="adam", loss="mse")
    model.fit(images, labels, epochs=5, batch_size=batch_size)


train(tf.keras.Sequential([tf.keras.layers.Dense(1)]), x_train, y_train, batch_size=16)
```

## References
- [Keras: `Model.fit`](https://keras.io/api/models/model_training_apis/#fit-method)
- [TensorFlow: `Dataset.batch`](https://www.tensorflow.org/api_docs/python/tf/data/Dataset#batch)
"""

import re
from collections.abc import Iterator

from bslint.analysis.facts import Run, UnreadParameter
from bslint.analysis.pipelines import describe
from bslint.analysis.values import is_none, text
from bslint.rule import BATCHES, DATASETS, RUNS, SEQUENCES, Context, Finding, Place, rule

# A function with a parameter called so; the last row of its header ends in a colon.
_PARAMETER = re.compile(
    rb"\bdef\b[^(\n]*\((?:(?!\)\s*(?:->[^\n]*)?:\s*(?:#[^\n]*)?\n).)*?[(,*\s]\w*batch_?s(?:ize|z)\s*[,:=)]",
    re.IGNORECASE | re.DOTALL,
)


@rule(
    "BS111",
    "unused-batch-size",
    "warning",
    literals=[("atch_s", "atchs", "atchS", "atch_S", "ATCH_S", "ATCHS"), (_PARAMETER,)],
    reach=[(*BATCHES, *RUNS, *SEQUENCES), (*DATASETS, *RUNS, *SEQUENCES)],
)
def check(parameter: UnreadParameter, context: Context) -> Iterator[Finding]:
    """Judge a parameter that is never read."""
    if parameter.given:
        return
    name = parameter.node.name.value
    happens, at = _something_else(parameter)
    owner = f"`{parameter.owner.name}`" if parameter.owner is not None and _constructs(parameter) else None
    who = owner or f"`{parameter.function.name}`"
    unused = "overwrites it before it is read" if parameter.overwritten is not None else "never uses it"
    related = [(at, "this happens without it")] if at is not None else []
    if parameter.overwritten is not None:
        related.append((parameter.overwritten, "it is overwritten here"))
    yield Finding(
        at=parameter.node.name,
        message=f"{who} takes `{name}` and {unused}: {happens}, whatever the caller asks for",
        help=f"use `{name}` there, or remove the parameter",
        related=related,
        evidence={"kind": "parameter", "name": name, "function": parameter.function.name, "row": at},
    )


def _constructs(parameter: UnreadParameter) -> bool:
    return parameter.function.name == "__init__"


def _something_else(parameter: UnreadParameter) -> "tuple[str, Place | None]":
    """What batches or runs in its place, in words, and where."""
    fit = next((run for run in parameter.runs if run.method.startswith("fit")), None)
    if fit is not None and fit.batch_size is not None and not is_none(fit.batch_size.value):
        return f"`fit` gets {_sized(fit)}", fit.node
    if parameter.batches:
        step = parameter.batches[-1]
        return f"`{describe(step)}` makes the batches", step.node
    run = fit or next(iter(parameter.runs), None)
    if run is None:
        return "the batches are made without it", None
    if run.method == "loop":
        return "the loop trains on batches that are made without it", run.node
    if any(feed.kind in {"dataset", "generator", "keras"} for feed in run.feeds):
        return f"`{run.method}` takes the batches as they are made", run.node
    if fit is not None and run.batch_size is None and run.call is not None and not run.call.open:
        return "`fit` is called without it (arrays are then batched by 32)", run.node
    return f"`{run.method}` is called without it", run.node


def _sized(run: Run) -> str:
    size = text(run.batch_size.value) if run.batch_size is not None else "?"
    return f"`batch_size={size}`" if size != "?" else "another one"


BAD = {
    "fit without it": """
import keras
def train(model: keras.Model, x, y, epochs=5, batch_size=64):
#                                             ^^^^^^^^^^
    model.fit(x, y, epochs=epochs)
""",
    "another number": """
import tensorflow as tf
def make_dataset(files, batch_size, shuffle=True):
#                       ^^^^^^^^^^
    ds = tf.data.TFRecordDataset(files)
    if shuffle:
        ds = ds.shuffle(1000)
    return ds.batch(32).prefetch(tf.data.AUTOTUNE)
""",
    "a constructor that stores another number": """
import keras
class Slides(keras.utils.Sequence):
    def __init__(self, paths, batch_size=8):
#                             ^^^^^^^^^^
        self.paths = paths
        self.batch_size = 16
    def __len__(self):
        return len(self.paths) // self.batch_size
    def __getitem__(self, index):
        return load(self.paths[index * self.batch_size : (index + 1) * self.batch_size])
""",
    "overwritten": """
import tensorflow as tf
def make_dataset(x, batch_size=32):
#                   ^^^^^^^^^^
    batch_size = 64
    return tf.data.Dataset.from_tensor_slices(x).batch(batch_size)
""",
    "a generator that training draws from": """
import keras
import numpy as np
def batches(x, y, batch_size):
#                 ^^^^^^^^^^
    while True:
        chosen = np.random.randint(0, len(x), 32)
        yield x[chosen], y[chosen]
keras.models.load_model("m").fit(batches(x, y, 128), steps_per_epoch=100)
""",
}
GOOD = {
    "it is used": """
import keras
def train(model: keras.Model, x, y, batch_size=64):
    model.fit(x, y, batch_size=batch_size)
""",
    "it is passed on": """
import tensorflow as tf
def train(model, x, batch_size=64):
    model.fit(tf.data.Dataset.from_tensor_slices(x).apply(batched(batch_size)))
""",
    "nothing in it batches or trains": """
import keras
def build_model(units, batch_size=32):
    return keras.Sequential([keras.layers.Dense(units)])
""",
    "all arguments are forwarded": """
import keras
def train(model: keras.Model, x, y, epochs=5, batch_size=64):
    arguments = dict(locals())
    del arguments["model"]
    model.fit(**arguments)
""",
    "it overrides a method": """
import tensorflow as tf
class Loader:
    def load(self, batch_size):
        return tf.data.Dataset.range(9).batch(batch_size)
class Whole(Loader):
    def load(self, batch_size):
        return tf.data.Dataset.range(9).batch(9)
""",
    "an abstract method": """
import abc
import keras
class Base(abc.ABC):
    @abc.abstractmethod
    def train(self, model: keras.Model, x, batch_size):
        model.fit(x)
""",
    "a closure uses it": """
import tensorflow as tf
def input_fn_of(x, batch_size):
    def input_fn():
        return tf.data.Dataset.from_tensor_slices(x).batch(batch_size)
    return input_fn
""",
    "whoever calls it chooses the parameters": """
import keras
def fit_quickly(model: keras.Model, x, batch_size):
    model.fit(x, batch_size=32)
TRAINERS = {"quick": fit_quickly}
""",
    "deleted on purpose": """
import keras
def train(model: keras.Model, x, batch_size=None):
    del batch_size  # the data is batched
    model.fit(x)
""",
}
