"""`prefetch` is followed by more work.

## What it does
Finds pipelines in which `prefetch` is followed by `map`, `batch`, `cache`, `shuffle` or other work, and nothing
prefetches after it.

## Why is this bad?
A prefetch lets what stands *before* it run ahead of the training. Work behind it is done while the accelerator waits,
which is what the prefetch was written to avoid. TensorFlow 2.12 and later may hide this by adding a prefetch at the
end when their default optimisations are on; a `cache` behind the prefetch is a waste with every version: from the
second epoch on it replays the cache and never starts the prefetch.

## Example
```python
import tensorflow as tf

ds = tf.data.TFRecordDataset("a.tfrecord").prefetch(tf.data.AUTOTUNE).map(parse).batch(32)
```

## Use instead
```python
import tensorflow as tf

ds = tf.data.TFRecordDataset("a.tfrecord").map(parse).batch(32).prefetch(tf.data.AUTOTUNE)
```

## Fix safety
The fix moves the prefetch to the end of its chain. It is safe: the elements and their order stay the same.

## References
- [TensorFlow: better performance with the tf.data API](https://www.tensorflow.org/guide/data_performance#prefetching)
"""

from collections.abc import Iterator

from bslint.analysis.apis import BATCHING
from bslint.analysis.facts import Pipeline
from bslint.analysis.pipelines import batch_size, batches, count_argument, describe, evidence, is_autotune
from bslint.analysis.values import Stage, known_int
from bslint.diagnostic import Fix
from bslint.edits import Editor
from bslint.rule import DATASETS, Context, Finding, link, rule

_WORK = frozenset(
    "cache map batch padded_batch ragged_batch dense_to_ragged_batch shuffle filter interleave flat_map unbatch window "
    "scan "
    "map_and_batch group_by_window bucket_by_sequence_length shuffle_and_repeat parallel_interleave".split()
)
# Steps that make many elements of one: a prefetch in front of them runs ahead with what is coarser on purpose.
_SPREADING = frozenset(("interleave", "flat_map"))


@rule("BS202", "prefetch-not-last", "warning", literals=[("prefetch(",)], reach=[DATASETS])
def check(pipeline: Pipeline, context: Context) -> Iterator[Finding]:
    """Judge one chain of steps."""
    if pipeline.nested or pipeline.in_test:
        return
    stages = pipeline.stages
    last = max((i for i, stage in enumerate(stages) if stage.op == "prefetch"), default=None)
    if last is None or stages[last].parent is None:
        return
    if any(stage.op == "take" and _counts_one(stage) for stage in stages[last:]):
        return  # one element over and over: a dry run
    behind = [stage for stage in stages[last + 1 :] if stage.op in {*_WORK, "apply"}]
    before_work = stages[last : stages.index(behind[0])] if behind else ()
    # A finished pipeline that is used as it is, with another branch for a look or a statistic.
    if pipeline.only_looked_at or pipeline.is_shared(before_work) or any(stage.op == "apply" for stage in behind):
        return
    work = [stage for stage in stages[last + 1 :] if stage.op in _WORK and not _batches_one(stage)]
    if {stage.op for stage in work} - _SPREADING and not any("distribute" in stage.op for stage in stages[last:]):
        yield _finding(pipeline, stages[last], work, context)


def _batches_one(stage: Stage) -> bool:
    """Whether a step only adds an axis."""
    return stage.op in BATCHING and known_int(batch_size(stage)) == 1


def _counts_one(stage: Stage) -> bool:
    given = count_argument(stage)
    return given is not None and known_int(given.value) == 1


def _finding(pipeline: Pipeline, prefetch: Stage, work: list[Stage], context: Context) -> Finding:
    names = ", ".join(f"`{stage.op}`" for stage in work)
    return Finding(
        at=[link(prefetch.node), *(link(stage.node) for stage in work)],
        message=f"{names} after `prefetch` {'is' if len(work) == 1 else 'are'} not overlapped with training: "
        "a prefetch only runs ahead with what stands before it (TensorFlow 2.12 and later may add another at the end)",
        help="make `prefetch` the last step of the pipeline",
        related=[(link(stage.node), f"`{describe(stage)}` comes after the prefetch") for stage in work],
        evidence=evidence(pipeline.stages),
        fix=lambda editor: _fix(editor, pipeline, prefetch, context),
    )


def _fix(editor: Editor, pipeline: Pipeline, prefetch: Stage, context: Context) -> Fix | None:
    """Move the prefetch behind the last step, when both stand in one expression or in statements of one suite."""
    stages, last = pipeline.stages, pipeline.stages[-1].node
    start, end = editor.link(prefetch.node)
    together = editor.start(last) <= start and end <= editor.end(last)
    if not together and not (not pipeline.shared and editor.same_suite(prefetch.node, last)):
        return None
    argument = count_argument(prefetch)
    buffer = editor.text(argument.node) if argument and argument.node else ""
    counted = known_int(argument.value) if argument else None
    # A count in front of `batch` counts samples: behind it, it would count batches.
    if argument and not is_autotune(argument.value) and _crosses_batch(stages, prefetch):
        buffer = context.names.autotune() or ""
    if not buffer or (counted == 0):
        return None
    changes = [editor.drop_link(prefetch.node), editor.append_link(last, f".prefetch({buffer})")]
    return editor.fix("Move `prefetch` to the end", "safe", changes)


def _crosses_batch(stages: tuple[Stage, ...], prefetch: Stage) -> bool:
    position = stages.index(prefetch)
    return any(map(batches, stages[position + 1 :]))


BAD = {
    "map and batch behind it": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").prefetch(tf.data.AUTOTUNE).map(parse).batch(32)
#                                 ^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "cache behind it, in another statement": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(32).prefetch(1)
#                                                    ^^^^^^^^^^^
ds = ds.cache()
""",
    "a count in front of batch": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).prefetch(1000).batch(32)
#                                          ^^^^^^^^^^^^^^
""",
}
FIXED = {
    "map and batch behind it": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").map(parse).batch(32).prefetch(tf.data.AUTOTUNE)
""",
    "cache behind it, in another statement": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(32)
ds = ds.cache().prefetch(1)
""",
    "a count in front of batch": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(32).prefetch(tf.data.AUTOTUNE)
""",
}
GOOD = {
    "take and repeat do no work": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(32).prefetch(1).take(10).repeat(2)
""",
    "another prefetch ends the chain": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").prefetch(4).map(parse).batch(32).prefetch(1)
""",
    "a side branch of a finished pipeline": """
import tensorflow as tf
train = tf.data.TextLineDataset("f").shuffle(9).batch(64).prefetch(tf.data.AUTOTUNE)
encoder = tf.keras.layers.TextVectorization()
encoder.adapt(train.map(lambda text: text))
model = tf.keras.Sequential([encoder, tf.keras.layers.Dense(1)])
model.fit(train)
""",
    "inside an interleave function": """
import tensorflow as tf
files = tf.data.Dataset.list_files("*.tfrecord")
ds = files.interleave(lambda f: tf.data.TFRecordDataset(f).prefetch(1).map(parse)).batch(32).prefetch(1)
""",
    "one batch over and over": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(32).prefetch(1).take(1).cache().repeat()
""",
    "not a dataset": """
import tensorflow as tf
frame.prefetch(3).map(parse)
""",
}
