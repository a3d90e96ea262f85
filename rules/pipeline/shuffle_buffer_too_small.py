"""A shuffle buffer is too small to mix the samples.

## What it does
Finds `shuffle(0)` and `shuffle(-1)`, which raise; `shuffle(1)`, which does nothing; buffers smaller than the batch; and
buffers that hold less than a hundredth of a data set of known size.

## Why is this bad?
A shuffle draws each sample from a buffer of the next n: a sample comes at most n places early. With a small
buffer, data that is sorted by class, file or time stays nearly sorted, batches hold one class, and every epoch has
nearly the same batches.

## Example
```python
import tensorflow as tf

(x, y), _ = tf.keras.datasets.cifar10.load_data()
ds = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(100).batch(128).prefetch(1)
```

## Use instead
```python
import tensorflow as tf

(x, y), _ = tf.keras.datasets.cifar10.load_data()
ds = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x)).batch(128).prefetch(1)
```

## References
- [TensorFlow: `tf.data.Dataset.shuffle`](https://www.tensorflow.org/api_docs/python/tf/data/Dataset#shuffle)
"""

from collections.abc import Iterator, Sequence

from bslint.analysis.facts import Pipeline
from bslint.analysis.lengths import Count, counts
from bslint.analysis.numbers import number
from bslint.analysis.pipelines import (
    REGROUPING,
    batch_size,
    batches,
    count_argument,
    evidence,
    held_out,
    is_autotune,
    shuffles,
)
from bslint.analysis.values import Stage
from bslint.rule import DATASETS, SHUFFLED, Context, Finding, link, literal, rule

# A buffer that holds less than this part of the data hardly mixes it.
_PART = 100


@rule("BS208", "shuffle-buffer-too-small", "warning", literals=[SHUFFLED], reach=[DATASETS])
def check(pipeline: Pipeline, context: Context) -> Iterator[Finding]:
    """Judge the first shuffle of one chain of steps."""
    stages = pipeline.stages
    for position, stage in enumerate(stages):
        if stage.op == "shuffle" and stage.call is not None:
            given = count_argument(stage)
            buffer = number(given.value) if given is not None else None
            if given is not None and (buffer == 0 or is_autotune(given.value)):
                yield _raises(stages, stage)
            elif buffer is not None and buffer > 0 and not _is_unimportant(pipeline, position):
                yield from _small(stages, position, buffer)
        if shuffles(stage):
            return


def _is_unimportant(pipeline: Pipeline, position: int) -> bool:
    """Whether the order of the samples plays no part: nothing trains on them, or one element is repeated."""
    stages = pipeline.stages
    given = [count_argument(stage) for stage in stages if stage.op == "take"]
    single = any(one is not None and number(one.value) == 1 for one in given)
    return pipeline.nested or pipeline.only_looked_at or single or (not pipeline.trainings and held_out(stages))


def _raises(stages: Sequence[Stage], shuffle: Stage) -> Finding:
    return Finding(
        at=link(shuffle.node),
        message="`shuffle` needs a buffer of at least 1 sample: this one raises an InvalidArgumentError"
        + (" (it has no automatic size)" if _is_automatic(shuffle) else ""),
        help="pass the number of samples to mix: all of them, where memory allows",
        evidence=evidence(stages),
        severity="error",
        subject=shuffle,
    )


def _is_automatic(shuffle: Stage) -> bool:
    given = count_argument(shuffle)
    return given is not None and is_autotune(given.value)


def _small(stages: Sequence[Stage], position: int, buffer: int) -> Iterator[Finding]:
    """A buffer that hardly mixes."""
    found = counts(stages)
    held = found[position - 1].elements.known if position else None
    if held is not None and buffer >= held:
        return
    batch = _next_batch(stages[position + 1 :])
    if buffer == 1:
        yield _finding(stages, position, "`shuffle(1)` changes nothing: one sample leaves nothing to choose from", 1)
    elif batch is not None and buffer < batch and not _is_batched(found[position - 1]):
        told = f"only {buffer} samples are mixed, fewer than the {batch} of one batch: batches keep nearly their order"
        yield _finding(stages, position, told, batch)
    elif held is not None and buffer * _PART < held:
        told = f"only {buffer} of {held} samples are mixed: data that is sorted stays nearly sorted"
        yield _finding(stages, position, told, buffer)


def _next_batch(stages: Sequence[Stage]) -> int | None:
    """The size of the batches that the shuffled elements are put into."""
    for stage in stages:
        if batches(stage):
            return number(batch_size(stage))
        if stage.op in REGROUPING:
            return None
    return None


def _is_batched(count: Count) -> bool:
    """Whether the elements may be more than single samples."""
    return count.batch != 1


def _finding(stages: Sequence[Stage], position: int, message: str, mixes: int) -> Finding:
    shuffle = stages[position]
    given = count_argument(shuffle)
    batch = next((stage for stage in stages[position + 1 :] if batches(stage)), None)
    return Finding(
        at=[link(shuffle.node), *(literal(given.value) if given is not None else ())],
        message=message,
        help="give `shuffle` as many samples as memory allows, best all of them: shuffle file names or records, "
        "which are small, before decoding",
        related=[(link(batch.node), "batched here")] if batch is not None else (),
        evidence={**evidence(stages), "mixes": mixes},
        subject=shuffle,
    )


BAD = {
    "nothing to choose from": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").shuffle(1).batch(32)
#                                 ^^^^^^^^^^
""",
    "no buffer": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").shuffle(buffer_size=0).batch(32)
#                                 ^^^^^^^^^^^^^^^^^^^^^^
""",
    "no automatic size": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").shuffle(tf.data.AUTOTUNE).batch(32)
#                                 ^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "smaller than the batch": """
import tensorflow as tf
BATCH_SIZE = 64
ds = tf.data.TFRecordDataset("f").map(parse).shuffle(16).map(augment).batch(BATCH_SIZE)
#                                            ^^^^^^^^^^^
""",
    "a hundred of many": """
import tensorflow as tf
(x, y), _ = tf.keras.datasets.mnist.load_data()
ds = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(min(len(x), 100)).batch(32)
#                                               ^^^^^^^^^^^^^^^^^^^^^^^^^
""",
}
GOOD = {
    "all samples": """
import tensorflow as tf
(x, y), _ = tf.keras.datasets.mnist.load_data()
ds = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x)).batch(32)
""",
    "a good part of them": """
import tensorflow as tf
(x, y), _ = tf.keras.datasets.mnist.load_data()
ds = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1024).batch(32)
""",
    "few samples": """
import tensorflow as tf
ds = tf.data.Dataset.range(8).shuffle(8).batch(16)
""",
    "how many there are is not known": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").shuffle(100).batch(32)
""",
    "the samples were shuffled before": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").shuffle(10000).map(parse).shuffle(8).batch(32)
""",
    "file names are shuffled": """
import tensorflow as tf
files = tf.data.Dataset.from_tensor_slices(names).shuffle(10).interleave(tf.data.TFRecordDataset).batch(32)
""",
    "not a dataset": """
import tensorflow as tf
rng.shuffle(1)
""",
}
