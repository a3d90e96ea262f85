"""A dataset transformation is called and its result dropped.

## What it does
Finds statements such as `ds.batch(32)` or `ds.map(parse)` whose result is not assigned, returned or passed on.

## Why is this bad?
Datasets are immutable: a transformation returns a new dataset and leaves the old one as it was. As a statement it
does nothing, and the training goes on without the batch, the shuffle or the prefetch that the author believes to be
there.

## Example
```python
import tensorflow as tf

ds = tf.data.Dataset.from_tensor_slices(images)
ds.shuffle(1000)
```

## Use instead
```python
import tensorflow as tf

ds = tf.data.Dataset.from_tensor_slices(images)
ds = ds.shuffle(1000)
```

## Fix safety
The fix assigns the result to the variable whose method was called. It is safe for plain variables: it does what the
statement says.

## References
- [TensorFlow: `tf.data.Dataset`](https://www.tensorflow.org/api_docs/python/tf/data/Dataset)
"""

import re
from collections.abc import Iterator

from bslint.analysis.apis import TRANSFORMATIONS
from bslint.analysis.facts import Discarded
from bslint.analysis.values import Dataset, alternatives
from bslint.diagnostic import Fix
from bslint.edits import Editor
from bslint.rule import DATASETS, Context, Finding, link, rule

# What people write at the end of a notebook cell to look at a dataset.
_LOOKS = frozenset(("take", "skip", "enumerate"))


# Plain words are found in a fraction of the time: most files end here.
_CALLS = tuple(f".{name}(" for name in sorted(TRANSFORMATIONS))
# A row that starts with a transformation, or goes on with one.
_STATEMENT = re.compile(
    rb"^[ \t]*\(?(?:[A-Za-z_][\w.]*(?:[\[(][^\n=]*)?)?\.(?:%s)\(" % "|".join(sorted(TRANSFORMATIONS)).encode(),
    re.MULTILINE,
)


@rule(
    "BS213",
    "discarded-transformation",
    "error",
    literals=[_CALLS, (_STATEMENT,)],
    reach=[DATASETS],
)
def check(statement: Discarded, context: Context) -> Iterator[Finding]:
    """Judge one expression statement."""
    values = alternatives(statement.value)
    stages = [value.stage for value in values if isinstance(value, Dataset)]
    if not stages or len(stages) < len(values):
        return
    op = stages[-1].op
    made_here = all(stage.node is statement.node and stage.op in TRANSFORMATIONS for stage in stages)
    if not made_here or statement.smoke or (statement.displayed and op in _LOOKS):
        return
    target = statement.target

    def fix(editor: Editor) -> Fix | None:
        if target is None:
            return None
        return editor.fix(
            f"Assign the result to `{target}`", "safe", [editor.insert_before(statement.node, f"{target} = ")]
        )

    yield Finding(
        at=link(statement.node),
        message=f"the result of `{op}` is dropped: datasets are immutable, so this statement does nothing",
        help=f"assign it: `{target or 'ds'} = …`",
        fix=fix if target is not None else None,
        subject=stages[-1],
    )


BAD = {
    "a statement": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x)
ds.batch(32)
#  ^^^^^^^^^
""",
    "a chain": """
import tensorflow as tf
def make():
    ds = tf.data.TFRecordDataset("f")
    ds.map(parse).shuffle(100)
#                 ^^^^^^^^^^^^
    return ds
""",
    "an attribute": """
import tensorflow as tf
class Data:
    def __init__(self):
        self.ds = tf.data.Dataset.range(3)
        self.ds.repeat()
#               ^^^^^^^^
""",
}
FIXED = {
    "a statement": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x)
ds = ds.batch(32)
""",
}
GOOD = {
    "assigned": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x)
ds = ds.batch(32)
""",
    "a test that only wants no error": """
import tensorflow as tf
def test_map_traces():
    ds = tf.data.Dataset.range(3)
    ds.map(layer)
""",
    "not a dataset": """
import tensorflow as tf
queue.batch(32)
frame.map(parse)
""",
    "an error is expected": """
import pytest
import tensorflow as tf
ds = tf.data.Dataset.range(3)
with pytest.raises(ValueError):
    ds.batch(0)
""",
}
