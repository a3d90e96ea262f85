"""Many files are read one at a time.

## What it does
Finds `interleave` over files without `num_parallel_calls`, readers such as `TFRecordDataset` that are given several
files without `num_parallel_reads`, and `files.flat_map(tf.data.TFRecordDataset)`, where the records are shuffled or
repeated, or something trains on them: what converts or lists records may need their order.

## Why is this bad?
One file is opened and read after the other by a single thread, and everything behind waits for it. Over a network
(buckets, shared disks) most of that time is latency that reading several files at once would hide. TensorFlow makes
`map` parallel by itself, but not these.

## Example
```python
import tensorflow as tf

files = tf.data.Dataset.list_files("train-*.tfrecord")
ds = files.interleave(tf.data.TFRecordDataset, cycle_length=4).shuffle(10000)
```

## Use instead
```python
import tensorflow as tf

files = tf.data.Dataset.list_files("train-*.tfrecord")
ds = files.interleave(tf.data.TFRecordDataset, cycle_length=4, num_parallel_calls=tf.data.AUTOTUNE).shuffle(10000)
```

## Fix safety
The fix adds the argument. It is safe for an `interleave` with a `cycle_length`: the elements and their order stay the
same. It is unsafe elsewhere: the records come in another order, because the number of files that take turns changes.
A `flat_map` gets no fix.

## References
- [TensorFlow: parallelizing data extraction](https://www.tensorflow.org/guide/data_performance#parallelizing_data_extraction)
"""

from collections.abc import Iterator

from bslint.analysis.arguments import Arguments
from bslint.analysis.facts import Pipeline
from bslint.analysis.pipelines import evidence
from bslint.analysis.values import Api, Dataset, Stage, alternatives
from bslint.diagnostic import Fix
from bslint.edits import Editor
from bslint.rule import Context, Finding, link, rule

# Readers of files, with the position of `num_parallel_reads`.
_READERS = {
    "tf.data.TFRecordDataset": 3,
    "tf.data.TextLineDataset": 3,
    "tf.data.FixedLengthRecordDataset": 6,
}
_MIXING = frozenset(("shuffle", "repeat", "shuffle_and_repeat"))


@rule(
    "BS214",
    "sequential-read",
    "warning",
    literals=[("interleave(", "RecordDataset", "LineDataset")],
    reach=[("RecordDataset", "LineDataset")],
)
def check(pipeline: Pipeline, context: Context) -> Iterator[Finding]:
    """Judge the steps that read files."""
    if pipeline.in_test or pipeline.nested or pipeline.only_looked_at or not _is_for_training(pipeline):
        return
    for stage in pipeline.stages:
        call = stage.call
        if call is None or call.open or call.node is not stage.node:
            continue
        if (
            stage.op in _READERS
            and stage.files == "several"
            and call.get("num_parallel_reads", _READERS[stage.op]) is None
        ):
            yield _finding(pipeline, stage, call, context, "several files", "num_parallel_reads")
        elif stage.op == "interleave" and _reads(stage) and call.get("num_parallel_calls", 3) is None:
            yield _finding(pipeline, stage, call, context, "the files", "num_parallel_calls")
        elif stage.op == "flat_map" and _reads(stage) and pipeline.source.files != "one":
            yield _finding(pipeline, stage, call, context, "the files", "")


def _is_for_training(pipeline: Pipeline) -> bool:
    """Whether something trains on the samples, or their order plays no part: conversions and listings need theirs."""
    return bool(pipeline.trainings) or any(stage.op in _MIXING for stage in pipeline.stages[1:])


def _reads(stage: Stage) -> bool:
    """Whether the function of a step makes a reader of files of each element, and the elements are many."""
    function = stage.call.value("map_func", 0) if stage.call is not None else None
    made = alternatives(stage.result)
    by_api = isinstance(function, Api) and function.name in _READERS
    by_function = bool(made) and all(isinstance(one, Dataset) and _is_reader(one) for one in made)
    source = stage.chain()[0]
    return (by_api or by_function) and not (source.count is not None and source.count < 2)


def _is_reader(dataset: Dataset) -> bool:
    """Whether a dataset reads one file after the other, and nothing in it works in parallel."""
    source = dataset.stage.chain()[0]
    return source.op in _READERS


def _finding(pipeline: Pipeline, stage: Stage, call: Arguments, context: Context, what: str, argument: str) -> Finding:
    safe = stage.op == "interleave" and call.get("cycle_length", 1) is not None

    def fix(editor: Editor) -> Fix | None:
        autotune = context.names.autotune()
        args = getattr(call.node, "args", ())
        if autotune is None or not args or not argument:
            return None
        change = editor.insert_after(args[-1].value, f", {argument}={autotune}")
        return editor.fix("Read several files at once", "safe" if safe else "unsafe", [change])

    name = stage.op.rpartition(".")[2]
    how = f"`{argument}=tf.data.AUTOTUNE`" if argument else "`interleave(…, num_parallel_calls=tf.data.AUTOTUNE)`"
    return Finding(
        at=link(stage.node),
        message=f"`{name}` reads {what} one at a time, on one thread: the pipeline waits for every open and every read",
        help=f"add {how}" if argument else f"use {how} instead",
        evidence=evidence(pipeline.stages),
        fix=fix,
    )


BAD = {
    "interleave": """
import tensorflow as tf
files = tf.data.Dataset.list_files("train-*.tfrecord")
ds = files.interleave(tf.data.TFRecordDataset, cycle_length=4)
#          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
ds = ds.shuffle(1000)
""",
    "interleave of a function": """
import tensorflow as tf
files = tf.data.Dataset.list_files("train-*.tfrecord")
ds = files.interleave(lambda name: tf.data.TFRecordDataset(name).map(parse))
#          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
ds = ds.shuffle(1000)
""",
    "a list of files": """
import tensorflow as tf
ds = tf.data.TFRecordDataset(["a.tfrecord", "b.tfrecord"], compression_type="GZIP")
#            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
ds = ds.shuffle(1000)
""",
    "files found by a pattern": """
import glob
import tensorflow as tf
ds = tf.data.TextLineDataset(glob.glob("data/*.txt"))
#            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
ds = ds.shuffle(1000)
""",
    "flat_map": """
import tensorflow as tf
ds = tf.data.Dataset.list_files("train-*.tfrecord").flat_map(tf.data.TFRecordDataset)
#                                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
ds = ds.shuffle(1000)
""",
}
FIXED = {
    "interleave": """
import tensorflow as tf
files = tf.data.Dataset.list_files("train-*.tfrecord")
ds = files.interleave(tf.data.TFRecordDataset, cycle_length=4, num_parallel_calls=tf.data.AUTOTUNE)
ds = ds.shuffle(1000)
""",
    "a list of files": """
import tensorflow as tf
ds = tf.data.TFRecordDataset(["a.tfrecord", "b.tfrecord"], compression_type="GZIP", num_parallel_reads=tf.data.AUTOTUNE)
ds = ds.shuffle(1000)
""",
}
GOOD = {
    "parallel calls": """
import tensorflow as tf
files = tf.data.Dataset.list_files("train-*.tfrecord")
ds = files.interleave(tf.data.TFRecordDataset, num_parallel_calls=tf.data.AUTOTUNE)
ds = ds.shuffle(1000)
""",
    "parallel reads": """
import tensorflow as tf
ds = tf.data.TFRecordDataset(["a.tfrecord", "b.tfrecord"], num_parallel_reads=4)
ds = ds.shuffle(1000)
""",
    "one file": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("train.tfrecord")
ds = ds.shuffle(1000)
""",
    "files that are not known": """
import tensorflow as tf
def load(files):
    return tf.data.TFRecordDataset(files)
""",
    "inside an interleave that is parallel": """
import tensorflow as tf
shards = tf.data.Dataset.range(4)
ds = shards.interleave(lambda i: tf.data.TFRecordDataset(["a", "b"]), num_parallel_calls=4)
ds = ds.shuffle(1000)
""",
    "a conversion, which may need the order": """
import tensorflow as tf
files = tf.data.Dataset.list_files("train-*.tfrecord", shuffle=False)
for record in files.interleave(tf.data.TFRecordDataset, cycle_length=1).map(parse):
    convert(record)
""",
    "evaluation": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
model.predict(tf.data.TFRecordDataset(["a.tfrecord", "b.tfrecord"]).map(parse).batch(32))
""",
}
