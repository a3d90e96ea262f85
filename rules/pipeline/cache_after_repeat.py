"""`cache` after an endless `repeat` is never complete.

## What it does
Finds a `cache` behind `repeat()` (or behind a source that never ends), and behind `repeat(n)`.

## Why is this bad?
A cache is used from the second pass over its input on. An endless input has no second pass: the cache never answers,
every sample is read and decoded again, and each epoch adds one more copy of the data to host memory until the process
is killed. After `repeat(n)` it ends, but holds n copies of each sample.

## Example
```python
import tensorflow as tf

ds = tf.data.TFRecordDataset("train.tfrecord").map(decode).repeat().cache().batch(32).prefetch(1)
```

## Use instead
```python
import tensorflow as tf

ds = tf.data.TFRecordDataset("train.tfrecord").map(decode).cache().repeat().batch(32).prefetch(1)
```

## Fix safety
The fix moves the cache in front of the repeat. What stands between the two then comes after the cache and runs in every
epoch, so it is unsafe.

## References
- [TensorFlow: `tf.data.Dataset.cache`](https://www.tensorflow.org/api_docs/python/tf/data/Dataset#cache)
"""

from collections.abc import Iterator

from bslint.analysis.facts import Pipeline
from bslint.analysis.lengths import counts
from bslint.analysis.pipelines import count_argument, evidence, source_of
from bslint.analysis.values import Stage, known_int
from bslint.diagnostic import Fix
from bslint.edits import Editor
from bslint.rule import CACHED, DATASETS, Context, Finding, link, rule

_REPEATING = frozenset(("repeat", "shuffle_and_repeat"))


@rule("BS207", "cache-after-repeat", "error", literals=[CACHED], reach=[DATASETS])
def check(pipeline: Pipeline, context: Context) -> Iterator[Finding]:
    """Judge one chain of steps."""
    if pipeline.nested:
        return
    stages = pipeline.stages
    for position, stage in enumerate(stages):
        if stage.op == "cache" and position and stage.call is not None:
            if counts(stages[:position])[-1].elements.endless:
                yield _endless(pipeline, stage, _repeat(stages[:position]))
            elif (repeat := _several(stages[:position])) is not None:
                yield _copies(pipeline, stage, repeat)
            return


def _repeat(stages: tuple[Stage, ...]) -> Stage:
    """The step that makes a chain endless: the last one that repeats, else its source."""
    return next((stage for stage in reversed(stages) if stage.op in _REPEATING), stages[0])


def _several(stages: tuple[Stage, ...]) -> Stage | None:
    """A `repeat(n)`, n known and more than one, of a whole data set."""
    source = source_of(stages[0])
    if (source is not None and source.whole) or any(stage.op == "take" for stage in stages):
        return None
    for stage in stages:
        given = count_argument(stage) if stage.op == "repeat" else None
        times = known_int(given.value) if given is not None else None
        if times is not None and times > 1:
            return stage
    return None


def _endless(pipeline: Pipeline, cache: Stage, repeat: Stage) -> Finding:
    repeats = repeat.op in _REPEATING
    return Finding(
        at=[link(cache.node), link(repeat.node)],
        message=f"`cache` behind an endless {'`repeat`' if repeats else 'source'} is never complete: "
        "nothing is ever read from it, and it grows with every epoch",
        help="cache before repeating: `.cache().repeat()`" if repeats else "give the source an end (`num_epochs=1`)",
        related=[(link(repeat.node), "from here on the data never ends")],
        evidence=evidence(pipeline.stages),
        fix=(lambda editor: _fix(editor, pipeline, cache, repeat)) if repeats else None,
        subject=cache,
    )


def _copies(pipeline: Pipeline, cache: Stage, repeat: Stage) -> Finding:
    given = count_argument(repeat)
    times = known_int(given.value) if given is not None else None
    return Finding(
        at=[link(cache.node), link(repeat.node)],
        message=f"`cache` after `repeat({times})` holds {times} copies of each sample",
        help=f"cache before repeating: `.cache().repeat({times})`",
        related=[(link(repeat.node), "the samples are repeated here")],
        evidence={**evidence(pipeline.stages), "copies": times},
        fix=lambda editor: _fix(editor, pipeline, cache, repeat),
        severity="warning",
        subject=cache,
    )


def _fix(editor: Editor, pipeline: Pipeline, cache: Stage, repeat: Stage) -> Fix | None:
    """Move the cache in front of the repeat."""
    stages = pipeline.stages
    if repeat.op != "repeat" or pipeline.is_shared(stages[stages.index(repeat) : stages.index(cache)]):
        return None
    changes = editor.move_link(cache.node, repeat.node)
    return editor.fix("Cache before `repeat`", "unsafe", changes) if changes else None


BAD = {
    "repeat, then cache": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").map(decode).repeat().cache().batch(32)
#                                                      ^^^^^^^
""",
    "to a file, in other statements": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").repeat(-1)
ds = ds.map(decode)
ds = ds.cache("/tmp/cache")
#       ^^^^^^^^^^^^^^^^^^^
""",
    "a source without an end": """
import tensorflow as tf
ds = tf.data.experimental.make_csv_dataset("a.csv", 32).cache()
#                                                       ^^^^^^^
""",
    "several copies": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).repeat(10).cache().batch(32)
#                                                     ^^^^^^^
""",
}
FIXED = {
    "repeat, then cache": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").map(decode).cache().repeat().batch(32)
""",
    "several copies": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).cache().repeat(10).batch(32)
""",
}
GOOD = {
    "cache, then repeat": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").map(decode).cache().repeat().batch(32)
""",
    "a bounded take between": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").repeat().take(1000).cache().batch(32)
""",
    "on another path": """
import tensorflow as tf
def load(training):
    ds = tf.data.TFRecordDataset("f")
    if training:
        ds = ds.repeat()
    else:
        ds = ds.cache()
    return ds.batch(32)
""",
    "once": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").repeat(1).cache().batch(32)
""",
    "how often is not known": """
import tensorflow as tf
def load(epochs):
    return tf.data.TFRecordDataset("f").repeat(epochs).cache().batch(32)
""",
    "the source ends": """
import tensorflow as tf
ds = tf.data.experimental.make_csv_dataset("a.csv", 32, num_epochs=1).cache()
""",
    "not a dataset": """
import tensorflow as tf
frame.repeat().cache()
""",
}
