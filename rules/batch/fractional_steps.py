"""A number of steps is the result of `/`.

## What it does
Finds `steps_per_epoch`, `validation_steps` and `steps` whose value comes from a true division, or from `np.ceil`,
`np.floor` or `np.round`, which give floats too.

## Why is this bad?
In Python 3 `/` always gives a float, `1000 / 10` is `100.0`. Keras 3 raises a `TypeError` for a float number of
steps, even when the division comes out even.

## Example
```python
import keras

model = keras.Sequential([keras.layers.Dense(1)])
model.fit(batches, steps_per_epoch=len(x_train) / 32)
```

## Use instead
```python
import keras

model = keras.Sequential([keras.layers.Dense(1)])
model.fit(batches, steps_per_epoch=len(x_train) // 32)
```

## Fix safety
The fix writes `a // b` when the data is batched with `drop_remainder=True`, else `math.ceil(a / b)`: on finite data
`//` would leave the last batch over for the next epoch. Whether it should count is yours to say, so the fix is
unsafe.

## References
- [Keras: `Model.fit`](https://keras.io/api/models/model_training_apis/#fit-method)
- [Python: `//` and `/`](https://docs.python.org/3/reference/expressions.html#binary-arithmetic-operations)
"""

from collections.abc import Iterator

from bslint.analysis.arguments import Argument
from bslint.analysis.facts import Run
from bslint.analysis.numbers import Quotient, quotient
from bslint.analysis.pipelines import batches
from bslint.analysis.values import Dataset, Known, alternatives, text
from bslint.diagnostic import Fix
from bslint.edits import Change, Editor
from bslint.rule import FRACTIONS, Context, Finding, rule


@rule(
    "BS106",
    "fractional-steps",
    "error",
    literals=[("steps",), FRACTIONS, (".fit(", ".evaluate(", ".predict(")],
)
def check(run: Run, context: Context) -> Iterator[Finding]:
    """Judge one Keras call."""
    if run.call is None or run.method not in {"fit", "evaluate", "predict"}:
        return
    for name in ("steps_per_epoch", "validation_steps", "steps"):
        given = run.argument(name) if name in _PARAMETERS[run.method] else None
        found = quotient(given.value) if given is not None else None
        if given is not None and found is not None:
            yield _finding(run, name, given, found, context)


_PARAMETERS = {"fit": ("steps_per_epoch", "validation_steps"), "evaluate": ("steps",), "predict": ("steps",)}


def _finding(run: Run, name: str, given: Argument, found: Quotient, context: Context) -> Finding:
    def fix(editor: Editor) -> Fix | None:
        if found.division is None or not editor.has(found.division):
            return None
        if found.operator is not None and _drops_remainder(run):
            return editor.fix("Divide with `//`", "unsafe", [editor.replace(found.operator, "//")])
        changes = _rounded_up(editor, found, context)
        return editor.fix("Round up with `math.ceil`", "unsafe", changes) if changes else None

    return Finding(
        at=[place for place in (given.node, run.node) if place is not None],
        message=f"`{name}` is a float: {found.reason} gives a float even when it divides evenly, "
        "and Keras 3 raises a TypeError for it",
        help="divide with `//`, or round up with `math.ceil(…)`",
        related=[(found.at, f"{text(found.value)} is computed here")] if found.at is not given.node else [],
        fix=fix,
    )


def _drops_remainder(run: Run) -> bool:
    """Whether the data is batched with `drop_remainder=True`: then the last, incomplete batch is no step."""
    stages = [stage for one in alternatives(run.data) if isinstance(one, Dataset) for stage in one.stage.chain()]
    given = [stage.call.value("drop_remainder", 1) for stage in stages if batches(stage) and stage.call is not None]
    return any(isinstance(value, Known) and value.value is True for value in given)


def _rounded_up(editor: Editor, found: Quotient, context: Context) -> list[Change] | None:
    if found.division is None:
        return None
    module = context.names.spell("math")
    changes = [editor.replace(found.division, f"{module or 'math'}.ceil({editor.text(found.division)})")]
    if module is None:
        changes.append(editor.add_import("import math"))
    return changes


BAD = {
    "division of lengths": """
import keras
model = keras.Sequential([keras.layers.Dense(1)])
model.fit(batches, steps_per_epoch=len(x) / 32)
#                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "through a variable": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(32, drop_remainder=True).prefetch(1)
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
steps = len(x) / 32
model.fit(ds, validation_steps=steps)
#             ^^^^^^^^^^^^^^^^^^^^^^
""",
    "np.ceil gives a float": """
import keras
import numpy as np
model = keras.Sequential([keras.layers.Dense(1)])
model.evaluate(batches, steps=np.ceil(n / 32))
#                       ^^^^^^^^^^^^^^^^^^^^^
""",
    "even when it divides evenly": """
import keras
model = keras.Sequential([keras.layers.Dense(1)])
model.predict(batches, steps=1000 / 10)
#                      ^^^^^^^^^^^^^^^
""",
}
FIXED = {
    "division of lengths": """
import math
import keras
model = keras.Sequential([keras.layers.Dense(1)])
model.fit(batches, steps_per_epoch=math.ceil(len(x) / 32))
""",
    "through a variable": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(32, drop_remainder=True).prefetch(1)
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
steps = len(x) // 32
model.fit(ds, validation_steps=steps)
""",
}
GOOD = {
    "int makes an int": """
import keras
model = keras.Sequential([keras.layers.Dense(1)])
model.fit(batches, steps_per_epoch=int(len(x) / 32), validation_steps=round(n / 8))
""",
    "math.ceil gives an int": """
import math
import keras
model = keras.Sequential([keras.layers.Dense(1)])
model.fit(batches, steps_per_epoch=math.ceil(len(x) / 32))
""",
    "converted with astype": """
import keras
import numpy as np
model = keras.Sequential([keras.layers.Dense(1)])
model.fit(batches, steps_per_epoch=np.ceil(n / 32).astype(int))
""",
    "floor division": """
import keras
model = keras.Sequential([keras.layers.Dense(1)])
model.fit(batches, steps_per_epoch=len(x) // 32)
""",
}
