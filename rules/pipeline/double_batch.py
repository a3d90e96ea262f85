"""A dataset is batched twice.

## What it does
Finds a second `batch` on samples that are batched already: by an earlier `batch`, or by a loader that batches by
itself, such as `image_dataset_from_directory`.

## Why is this bad?
The result has one axis too many: with 32 and 32 the model gets tensors of shape `(32, 32, …)`. Either it raises, or
it trains on 1,024 samples at once with the wrong axis as the batch, and runs out of memory.

## Example
```python
import keras

ds = keras.utils.image_dataset_from_directory("images", image_size=(224, 224))
ds = ds.batch(32)
```

## Use instead
```python
import keras

ds = keras.utils.image_dataset_from_directory("images", image_size=(224, 224), batch_size=32)
```

## Fix safety
The fix drops the second `batch`. It is safe: without it the elements are the batches that the first one made.

## References
- [TensorFlow: `tf.data.Dataset.batch`](https://www.tensorflow.org/api_docs/python/tf/data/Dataset#batch)
- [Keras: image data loading](https://keras.io/api/data_loading/image/)
"""

from collections.abc import Iterator

from bslint.analysis.facts import Pipeline
from bslint.analysis.pipelines import REGROUPING, batch_size, batches, describe, evidence, sequence_like, source_of
from bslint.analysis.values import Stage, known_int, text
from bslint.diagnostic import Fix
from bslint.edits import Editor
from bslint.rule import BATCHED, DATASETS, Context, Finding, link, rule


@rule("BS211", "double-batch", "error", literals=[BATCHED], reach=[DATASETS])
def check(pipeline: Pipeline, context: Context) -> Iterator[Finding]:
    """Judge one chain of steps."""
    if pipeline.is_sample:
        return
    first: Stage | None = None
    between: list[Stage] = []
    for stage in pipeline.stages:
        if stage.op in REGROUPING:
            first, between = None, []
        elif first is not None and stage.op in {"batch", "padded_batch"}:
            if _is_mistake(first, between, stage):
                yield _finding(pipeline, first, stage)
            return
        elif batches(stage):
            first = stage
        elif first is not None:
            between.append(stage)


def _is_mistake(first: Stage, between: list[Stage], second: Stage) -> bool:
    """Whether the first batch made batches of samples: not sequences, nor groups that a map takes apart."""
    if known_int(batch_size(first)) == 1 or known_int(batch_size(second)) == 1:
        return False
    if source_of(first) is not None:
        return not first.op.endswith("timeseries_dataset_from_array") and not sequence_like(second)
    if sequence_like(first) or sequence_like(second):
        return False
    if any(stage.op in {"map", "apply"} for stage in between):
        sizes = batch_size(first), batch_size(second)
        return sizes[0] is not None and sizes[1] is not None and sizes[0].key == sizes[1].key
    return True


def _finding(pipeline: Pipeline, first: Stage, second: Stage) -> Finding:
    sizes = batch_size(first), batch_size(second)
    numbers = known_int(sizes[0]), known_int(sizes[1])
    shape = f"({text(sizes[1])}, {text(sizes[0])}, …)"
    samples = f", {numbers[0] * numbers[1]:,} samples at once" if numbers[0] and numbers[1] else ""

    def fix(editor: Editor) -> Fix | None:
        return editor.fix("Drop the second `batch`", "safe", [editor.drop_link(second.node)])

    return Finding(
        at=[link(second.node), link(first.node)],
        message=f"batched twice: `{describe(first)}` has made batches already, so this gives elements of shape "
        f"{shape}{samples}",
        help="batch once: drop this `batch`, or set the batch size in the loader",
        related=[(link(first.node), "the first batch")],
        evidence=evidence(pipeline.stages),
        fix=fix,
        subject=second,
    )


BAD = {
    "twice in one chain": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(32).cache().batch(32).prefetch(1)
#                                                            ^^^^^^^^^
""",
    "the loader batches by itself": """
import keras
ds = keras.utils.image_dataset_from_directory("images")
ds = ds.map(lambda x, y: (x / 255.0, y)).batch(64)
#                                        ^^^^^^^^^
""",
    "a statement of its own": """
import keras
ds = keras.utils.image_dataset_from_directory("images")
ds = ds.batch(64)
#       ^^^^^^^^^
print(ds)
""",
    "once in a helper, once outside": """
import tensorflow as tf
def load(files):
    return tf.data.TFRecordDataset(files).map(parse).batch(16)
train = load("a").shuffle(10).batch(16).prefetch(1)
#                             ^^^^^^^^^
""",
}
FIXED = {
    "twice in one chain": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(32).cache().prefetch(1)
""",
    "a statement of its own": """
import keras
ds = keras.utils.image_dataset_from_directory("images")
print(ds)
""",
}
GOOD = {
    "the loader was told not to batch": """
import keras
ds = keras.utils.image_dataset_from_directory("images", batch_size=None).batch(64)
""",
    "the first batch builds sequences": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(ids).batch(seq_length + 1, drop_remainder=True).map(split).batch(64)
""",
    "windows are batched": """
import tensorflow as tf
ds = tf.data.Dataset.range(100).window(5, shift=1).flat_map(lambda w: w.batch(5)).batch(32)
""",
    "unbatched between": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(32).map(f).unbatch().batch(8)
""",
    "one or the other": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x)
if drop:
    ds = ds.batch(32, drop_remainder=True)
else:
    ds = ds.batch(32)
""",
    "only looked at": """
import tensorflow as tf
ds = tf.data.Dataset.range(12).batch(2).batch(3)
print(next(iter(ds)))
""",
    "one guards the other": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x)
if early:
    ds = ds.batch(32)
ds = ds.map(f)
if not early:
    ds = ds.batch(32)
""",
}
