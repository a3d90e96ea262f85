"""A batch size is the result of `/`.

## What it does
Finds batch sizes that come from a true division: in `fit`, `evaluate` and `predict`, in `batch` and `padded_batch`,
in the directory loaders, and as the buffer size of `shuffle`.

## Why is this bad?
In Python 3 `/` always gives a float, `256 / 8` is `32.0`. TensorFlow and Keras want an integer and raise a
`TypeError`. (`tf.data` cuts NumPy's floats down to an integer instead, so `np.ceil(…)` is only reported for `fit`,
`evaluate` and `predict`.)

## Example
```python
import tensorflow as tf

global_batch = 256
ds = tf.data.Dataset.range(10_000).batch(global_batch / 8).prefetch(1)
```

## Use instead
```python
import tensorflow as tf

global_batch = 256
ds = tf.data.Dataset.range(10_000).batch(global_batch // 8).prefetch(1)
```

## Fix safety
The fix writes `//`. It is safe where both sides are integers and the division stands in the call itself; elsewhere
other code may want the float.

## References
- [Python: `//` and `/`](https://docs.python.org/3/reference/expressions.html#binary-arithmetic-operations)
"""

from collections.abc import Iterator

from bslint.analysis.arguments import Argument
from bslint.analysis.facts import Pipeline, Run
from bslint.analysis.numbers import Quotient, quotient
from bslint.analysis.pipelines import batches, count_argument, shuffles
from bslint.analysis.values import Dataset, alternatives
from bslint.diagnostic import Fix
from bslint.edits import Editor
from bslint.rule import BATCHED, DATASETS, FRACTIONS, SHUFFLED, Context, Finding, Place, rule

_RUNS = (".fit(", ".evaluate(", ".predict(")
_CALLS = (*_RUNS, *BATCHED, *SHUFFLED, "_dataset_from_")


@rule(
    "BS109",
    "fractional-batch-size",
    "error",
    literals=[FRACTIONS, ("batch_size", *BATCHED, *SHUFFLED), _CALLS],
    reach=[(*DATASETS, *_RUNS)],
)
def check(fact: Run | Pipeline, context: Context) -> Iterator[Finding]:
    """Judge the batch sizes of a Keras call or of a pipeline."""
    if isinstance(fact, Pipeline):
        for stage in fact.stages:
            if batches(stage) or (shuffles(stage) and stage.op == "shuffle"):
                yield from _judge(count_argument(stage), stage.node, f"`{stage.op.rpartition('.')[2]}`", in_numpy=False)
    elif fact.method in {"fit", "evaluate", "predict"} and not _is_dataset(fact):
        yield from _judge(fact.batch_size, fact.node, f"`{fact.method}`")


def _is_dataset(run: Run) -> bool:
    """Whether the data brings its own batches, so that the argument is not read at all."""
    return any(isinstance(one, Dataset) for one in alternatives(run.data))


def _judge(given: Argument | None, call: Place, where: str, *, in_numpy: bool = True) -> Iterator[Finding]:
    found = quotient(given.value) if given is not None else None
    if given is None or found is None or (found.numpy and not in_numpy):
        return
    what = "the buffer size" if where == "`shuffle`" else "the batch size"
    yield Finding(
        at=[place for place in (given.node, call) if place is not None],
        message=f"{what} is a float: {found.reason} gives a float even when it divides evenly, "
        f"and {where} raises a TypeError for it",
        help="divide with `//`",
        related=[(found.at, "the division")],
        fix=lambda editor: _fix(editor, given, found),
    )


def _fix(editor: Editor, given: Argument, found: Quotient) -> Fix | None:
    if found.operator is None or found.division is None or not editor.has(found.operator):
        return None
    direct = given.node is not None and given.node.value is found.division
    safe = direct and found.integers
    return editor.fix("Divide with `//`", "safe" if safe else "unsafe", [editor.replace(found.operator, "//")])


BAD = {
    "known integers in batch": """
import tensorflow as tf
ds = tf.data.Dataset.range(1000).batch(256 / 8)
#                                      ^^^^^^^
""",
    "half a batch in fit": """
import keras
model = keras.Sequential([keras.layers.Dense(1)])
model.fit(x, y, batch_size=size / 2)
#               ^^^^^^^^^^^^^^^^^^^
""",
    "a shuffle buffer": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).shuffle(len(x) / 10).batch(4)
#                                                  ^^^^^^^^^^^
""",
    "a directory loader": """
import keras
ds = keras.utils.image_dataset_from_directory("images", batch_size=64 / 2)
#                                                       ^^^^^^^^^^^^^^^^^
""",
}
FIXED = {
    "known integers in batch": """
import tensorflow as tf
ds = tf.data.Dataset.range(1000).batch(256 // 8)
""",
}
GOOD = {
    "int makes an int": """
import tensorflow as tf
ds = tf.data.Dataset.range(1000).batch(int(256 / 8))
""",
    "floor division": """
import keras
model = keras.Sequential([keras.layers.Dense(1)])
model.fit(x, y, batch_size=size // 2)
""",
    "tf.data cuts NumPy's floats": """
import numpy as np
import tensorflow as tf
ds = tf.data.Dataset.range(1000).batch(np.ceil(n / 8))
""",
    "not a dataset's batch": """
import tensorflow as tf
frame.batch(10 / 2)
""",
}
