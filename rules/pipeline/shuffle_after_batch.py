"""`shuffle` after `batch` moves whole batches.

## What it does
Finds `shuffle` on a dataset that is batched already, where no samples were shuffled before.

## Why is this bad?
The elements that are shuffled are batches: which samples share a batch never changes, in no epoch. Neighbours in the
file stay together for ever, often with one label, and the gradient of each batch stays as biased as the order of the
data.

## Example
```python
import tensorflow as tf

ds = tf.data.Dataset.from_tensor_slices((images, labels)).batch(32).shuffle(1000).prefetch(1)
```

## Use instead
```python
import tensorflow as tf

ds = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(1000).batch(32).prefetch(1)
```

## Fix safety
The fix moves the shuffle in front of the batch. It changes the order of the samples, and its buffer then counts
samples instead of batches, so it is unsafe.

## References
- [TensorFlow: `tf.data.Dataset.shuffle`](https://www.tensorflow.org/api_docs/python/tf/data/Dataset#shuffle)
"""

import itertools
from collections.abc import Iterator

from bslint.analysis.facts import Pipeline
from bslint.analysis.pipelines import (
    REGROUPING,
    batch_size,
    batches,
    evidence,
    sequence_like,
    shuffles,
    source_of,
)
from bslint.analysis.values import Stage, known_int
from bslint.diagnostic import Fix
from bslint.edits import Editor
from bslint.rule import DATASETS, SHUFFLED, Context, Finding, link, rule

# So few samples with a `map` behind them are pairs and short sequences, not batches.
_PAIRS = 8


@rule("BS205", "shuffle-after-batch", "warning", literals=[SHUFFLED, ("batch", "_dataset_from_")], reach=[DATASETS])
def check(pipeline: Pipeline, context: Context) -> Iterator[Finding]:
    """Judge one chain of steps."""
    if pipeline.only_looked_at:
        return
    for position, stage in enumerate(pipeline.stages):
        if shuffles(stage):
            batch = _batched_by(pipeline.stages, position)
            if batch is not None and not any(_samples_shuffled(one, stage) for one in pipeline.variants):
                yield _finding(pipeline, batch, stage)
            return


def _samples_shuffled(stages: tuple[Stage, ...], shuffle: Stage) -> bool:
    """Whether on another path through the program samples are shuffled before the same call."""
    before = itertools.takewhile(lambda stage: stage.node is not shuffle.node, stages)
    return any(map(shuffles, before))


def _batched_by(stages: tuple[Stage, ...], position: int) -> Stage | None:
    """The step that batched samples before the shuffle at `position`; None when they are not training batches."""
    batch = next((stage for stage in stages[:position] if batches(stage)), None)
    if batch is None or sequence_like(batch):
        return None
    between = stages[stages.index(batch) : position]
    if any(stage.op in REGROUPING for stage in between):
        return None
    size = known_int(batch_size(batch))
    mapped = any(stage.op == "map" for stage in between)
    if size == 1 or (size is not None and size < _PAIRS and mapped):
        return None
    # What is batched again behind the shuffle was a sequence, not a batch.
    return None if any(map(batches, stages[position + 1 :])) else batch


def _finding(pipeline: Pipeline, batch: Stage, shuffle: Stage) -> Finding:
    loader = source_of(batch) is not None
    return Finding(
        at=[link(shuffle.node), link(batch.node)],
        message="`shuffle` after `batch` moves whole batches: the same samples share a batch in every epoch",
        help="shuffle in the loader (`shuffle=True`), or load with `batch_size=None`, shuffle, then batch"
        if loader
        else "shuffle before batching: `.shuffle(…).batch(…)`",
        related=[(link(batch.node), "the samples are batched here")],
        evidence=evidence(pipeline.stages),
        fix=None if loader else lambda editor: _fix(editor, batch, shuffle),
        subject=shuffle,
    )


def _fix(editor: Editor, batch: Stage, shuffle: Stage) -> Fix | None:
    """Move the shuffle in front of the batch when both are written in one expression."""
    start, end = editor.link(shuffle.node)
    batch_start, batch_end = editor.link(batch.node)
    if not editor.start(shuffle.node) <= batch_start < batch_end <= start:
        return None
    changes = [(batch_start, batch_start, editor.between(start, end)), (start, end, "")]
    return editor.fix("Shuffle before batching", "unsafe", changes)


BAD = {
    "batch, then shuffle": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices((x, y)).batch(32).shuffle(1000).prefetch(1)
#                                                         ^^^^^^^^^^^^^
""",
    "in another statement": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").map(parse)
ds = ds.batch(32)
ds = ds.shuffle(buffer_size=100)
#       ^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "a loader that batches, told not to shuffle": """
import keras
ds = keras.utils.image_dataset_from_directory("images", shuffle=False)
ds = ds.shuffle(100)
#       ^^^^^^^^^^^^
""",
}
FIXED = {
    "batch, then shuffle": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000).batch(32).prefetch(1)
""",
}
GOOD = {
    "the samples were shuffled before": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).shuffle(1000).batch(32).shuffle(10)
""",
    "the loader shuffles by default": """
import keras
ds = keras.utils.image_dataset_from_directory("images").shuffle(10)
""",
    "the first batch builds sequences": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(ids).batch(seq_length + 1, drop_remainder=True).map(split)
ds = ds.shuffle(100).batch(64)
""",
    "unbatched between": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(32).unbatch().shuffle(100).batch(8)
""",
    "only evaluated": """
import tensorflow as tf
test = tf.data.TFRecordDataset("b").batch(32).shuffle(100)
tf.keras.models.load_model("m").evaluate(test)
""",
    "another path shuffles the samples": """
import tensorflow as tf
def make(samples, groups):
    ds = tf.data.Dataset.from_tensor_slices(x)
    if samples is not None:
        ds = ds.shuffle(samples)
    ds = ds.batch(32)
    if groups is not None:
        ds = ds.shuffle(groups)
    return ds
""",
    "pairs are made of two neighbours": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(2).map(to_transition).shuffle(100)
""",
    "batches of one": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(1).shuffle(100)
""",
}
