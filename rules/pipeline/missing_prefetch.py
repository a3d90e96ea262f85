"""A batched pipeline feeds training and nothing prefetches.

## What it does
Finds `tf.data` pipelines that reach `fit` or a hand-written training loop without a `prefetch` at their end.

## Why is this bad?
Without a prefetch the input pipeline and the training take turns: while the pipeline makes the next batch the
accelerator waits. TensorFlow 2.12 and later add a prefetch by themselves when their default optimisations are on:
measured on 2.21, a run took 1.1 s either way, and 2.2 s with the optimisations off. So this is a warning where that
can't be counted on (the project's requirements, or `target-tensorflow`, allow an older TensorFlow or don't say, or the
pipeline's options switch it off), and otherwise information; so it is where the last step is a parallel `map` or
`batch`, which works ahead by itself.

## Example
```python
import tensorflow as tf

ds = tf.data.Dataset.from_tensor_slices(images).shuffle(1000).batch(32)
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
model.fit(ds)
```

## Use instead
```python
import tensorflow as tf

ds = tf.data.Dataset.from_tensor_slices(images).shuffle(1000).batch(32).prefetch(tf.data.AUTOTUNE)
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
model.fit(ds)
```

## Fix safety
The fix appends `.prefetch(tf.data.AUTOTUNE)` with the file's own name for it. It is safe: the elements and their
order stay the same.

## References
- [TensorFlow: better performance with the tf.data API](https://www.tensorflow.org/guide/data_performance#prefetching)
"""

from collections.abc import Iterator

from bslint.analysis.facts import Training
from bslint.analysis.pipelines import batches, evidence, optimised, runs_ahead, source_of, visible
from bslint.analysis.values import Dataset, Stage, alternatives
from bslint.diagnostic import Fix
from bslint.edits import Editor
from bslint.rule import BATCHED, DATASETS, TRAINS, Context, Finding, link, rule

_BATCHES = (*BATCHED, "_dataset_from_", "make_csv_dataset", "map_and_batch")
_FREE = frozenset(
    ("take", "skip", "repeat", "with_options", "enumerate", "shard", "ignore_errors", "assert_cardinality")
)


@rule(
    "BS201",
    "missing-prefetch",
    "warning",
    literals=[(*_BATCHES, *TRAINS)],
    reach=[DATASETS, _BATCHES, TRAINS],
)
def check(training: Training, context: Context) -> Iterator[Finding]:
    """Judge the pipelines of one training: all that it may be given must lack a prefetch."""
    datasets = [
        _pipeline(one.stage, training) if isinstance(one, Dataset) else () for one in alternatives(training.data)
    ]
    if training.in_test or not datasets or not all(stages and _lacks_prefetch(stages) for stages in datasets):
        return
    longest = max(datasets, key=len)
    yield _finding(longest, training, context, several=len({id(stages[-1].node) for stages in datasets}) > 1)


def _pipeline(stage: Stage, training: Training) -> tuple[Stage, ...]:
    """The steps that a person writes; none where a strategy adds a prefetch by itself."""
    by_fit = training.strategy is not None and training.method != "loop"
    return () if by_fit or "distribute" in stage.op else stage.chain()


def _lacks_prefetch(stages: tuple[Stage, ...]) -> bool:
    source = source_of(stages[0])
    if not visible(stages) or any(stage.op in {"prefetch", "copy_to_device"} for stage in stages):
        return False
    if source is None or source.whole or not any(map(batches, stages)):
        return False
    return not source.prefetches or any(stage.op not in _FREE for stage in stages[1:])


def _finding(stages: tuple[Stage, ...], training: Training, context: Context, *, several: bool) -> Finding:
    last = stages[-1]
    data = training.call.get("x", 0) if several and training.call is not None else None
    # Where paths meet, the training call is the one place behind all of them.
    end = data.node.value if data is not None and data.node is not None else None if several else last.node

    def fix(editor: Editor) -> Fix | None:
        autotune = context.names.autotune()
        if autotune is None or end is None or not editor.has(end):
            return None
        change = editor.append_link(end, f".prefetch({autotune})")
        return editor.fix("Prefetch at the end of the pipeline", "safe", [change])

    switched_off = not optimised(stages, "inject_prefetch")
    injected = not switched_off and context.tensorflow_from(2, 12)
    ahead = runs_ahead(last)
    return Finding(
        at=[link(last.node), training.node],
        message="this pipeline feeds training and nothing prefetches: "
        + _consequence(last, injected, ahead, switched_off),
        help="append `.prefetch(tf.data.AUTOTUNE)` as the last step",
        related=[(training.node, "the pipeline is consumed here")],
        evidence=evidence(stages),
        fix=fix,
        severity="info" if injected or ahead else None,
    )


def _consequence(last: Stage, injected: bool, ahead: bool, switched_off: bool) -> str:
    if ahead:
        return f"only its parallel `{last.op}` runs ahead of the training, and only so far"
    waits = "the accelerator waits while the next batch is made"
    if switched_off:
        return f"{waits}, and the pipeline's options keep TensorFlow from adding a prefetch by itself"
    if injected:
        return (
            f"{waits}, unless your TensorFlow adds a prefetch by itself, which it does with its default optimisations"
        )
    return f"{waits} (TensorFlow 2.12 and later may add a prefetch by themselves)"


BAD = {
    "fit": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).shuffle(100).batch(32)
#                                                       ^^^^^^^^^
tf.keras.models.load_model("m").fit(ds)
""",
    "several statements and a function": """
import tensorflow as tf
from tensorflow.data import AUTOTUNE

def pipeline(files):
    ds = tf.data.TFRecordDataset(files)
    ds = ds.map(parse, num_parallel_calls=AUTOTUNE)
    return ds.batch(32).repeat()
#                       ^^^^^^^^

model = tf.keras.models.load_model("m")
model.fit(pipeline("a.tfrecord"), steps_per_epoch=10)
""",
    "a hand-written loop": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices((x, y)).batch(32)
#                                               ^^^^^^^^^
model = tf.keras.models.load_model("m")
optimizer = tf.keras.optimizers.Adam()
for images, labels in ds:
    with tf.GradientTape() as tape:
        loss = loss_fn(labels, model(images, training=True))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
""",
}
FIXED = {
    "fit": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).shuffle(100).batch(32).prefetch(tf.data.AUTOTUNE)
tf.keras.models.load_model("m").fit(ds)
""",
    "several statements and a function": """
import tensorflow as tf
from tensorflow.data import AUTOTUNE

def pipeline(files):
    ds = tf.data.TFRecordDataset(files)
    ds = ds.map(parse, num_parallel_calls=AUTOTUNE)
    return ds.batch(32).repeat().prefetch(AUTOTUNE)

model = tf.keras.models.load_model("m")
model.fit(pipeline("a.tfrecord"), steps_per_epoch=10)
""",
}
GOOD = {
    "prefetched": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(32).prefetch(2)
tf.keras.models.load_model("m").fit(ds)
""",
    "only evaluated": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(32)
tf.keras.models.load_model("m").evaluate(ds)
""",
    "validation data": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(32)
tf.keras.models.load_model("m").fit(x, y, validation_data=ds)
""",
    "the prefetch may be out of sight": """
import tensorflow as tf
from helpers import finish
ds = finish(tf.data.Dataset.from_tensor_slices(x).batch(32))
tf.keras.models.load_model("m").fit(ds)
""",
    "the dataset comes from a caller": """
import tensorflow as tf
def train(ds: tf.data.Dataset):
    tf.keras.models.load_model("m").fit(ds.batch(32))
""",
    "a strategy prefetches by itself": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(32)
with tf.distribute.MirroredStrategy().scope():
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
model.fit(ds)
""",
    "the loader prefetches by itself": """
import keras
ds = keras.utils.image_dataset_from_directory("images")
keras.models.load_model("m").fit(ds)
""",
}
