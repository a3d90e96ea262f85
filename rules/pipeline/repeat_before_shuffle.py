"""`repeat` before `shuffle` blurs the epochs.

## What it does
Finds a `shuffle` of samples behind an endless `repeat`, or behind one of several rounds.

## Why is this bad?
The shuffle then draws from more than one round of the data: some samples come twice before others came once, and no
epoch sees each sample exactly once. In front of the repeat, every round is shuffled anew and complete. It costs little
where a training counts steps only. It is a warning where `fit` counts epochs with `steps_per_epoch`, and the shuffle's
buffer does not hold the data.

## Example
```python
import tensorflow as tf

ds = tf.data.Dataset.from_tensor_slices((images, labels)).repeat().shuffle(1000).batch(32).prefetch(1)
```

## Use instead
```python
import tensorflow as tf

ds = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(1000).repeat().batch(32).prefetch(1)
```

## Fix safety
The fix moves the shuffle in front of the repeat. The samples then come in another order, so it is unsafe.

## References
- [TensorFlow: training workflows](https://www.tensorflow.org/guide/data#training_workflows)
- [TensorFlow: `tf.data.Dataset.shuffle`](https://www.tensorflow.org/api_docs/python/tf/data/Dataset#shuffle)
"""

from collections.abc import Iterator, Sequence

from bslint.analysis.facts import Pipeline, Training
from bslint.analysis.lengths import counts
from bslint.analysis.numbers import number
from bslint.analysis.pipelines import REGROUPING, batches, count_argument, evidence, held_out
from bslint.analysis.values import Stage, is_none, known_int
from bslint.diagnostic import Fix
from bslint.edits import Editor
from bslint.rule import DATASETS, REPEATED, SHUFFLED, Context, Finding, link, rule


@rule(
    "BS209",
    "repeat-before-shuffle",
    "info",
    literals=[SHUFFLED, REPEATED],
    reach=[DATASETS],
)
def check(pipeline: Pipeline, context: Context) -> Iterator[Finding]:
    """Judge one chain of steps."""
    stages = pipeline.stages
    if pipeline.only_looked_at or (pipeline.trainings and not any(map(_counts_epochs, pipeline.trainings))):
        return
    if pipeline.in_test or (not pipeline.trainings and held_out(stages)):
        return
    repeat = next((i for i, stage in enumerate(stages) if stage.op == "repeat" and _is_many(stage)), None)
    if repeat is None or _are_batches(stages[:repeat]):
        return
    position = next((i for i, stage in enumerate(stages) if i > repeat and stage.op == "shuffle"), None)
    if position is not None and not any(map(batches, stages[repeat:position])) and not _of_files(stages[position:]):
        yield _finding(pipeline, repeat, position)


def _are_batches(stages: Sequence[Stage]) -> bool:
    """Whether the elements that leave a chain are batches: those that a later step took apart count no more."""
    regrouped = max((i for i, stage in enumerate(stages) if stage.op in REGROUPING), default=-1)
    return any(map(batches, stages[regrouped + 1 :]))


def _of_files(stages: Sequence[Stage]) -> bool:
    """Whether what is shuffled are files, whose samples are read behind it."""
    return any(stage.op in {"interleave", "flat_map", "parallel_interleave"} for stage in stages)


def _counts_epochs(run: Training) -> bool:
    """Whether a training has several epochs; a hand-written loop over endless data counts its steps."""
    epochs = run.argument("epochs") if run.method == "fit" else None
    return run.method == "fit" and epochs is not None and known_int(epochs.value) != 1


def _is_many(repeat: Stage) -> bool:
    """Whether a repeat certainly goes over the data more than once."""
    given = count_argument(repeat)
    times = number(given.value) if given is not None else None
    return given is None or is_none(given.value) or (times is not None and (times > 1 or times < 0))


def _finding(pipeline: Pipeline, repeat: int, position: int) -> Finding:
    stages = pipeline.stages
    shuffle = stages[position]
    given = count_argument(shuffle)
    buffer = number(given.value) if given is not None else None
    held = counts(stages[:repeat])[-1].elements.known if repeat else None
    counted = any(_counts_epochs(run) and _has_steps(run) for run in pipeline.trainings)
    small = buffer is not None and held is not None and buffer < held
    sizes = f": it holds {buffer} of {held} samples" if small else ""
    return Finding(
        at=[link(shuffle.node), link(stages[repeat].node)],
        message="`shuffle` behind `repeat` mixes the epochs: some samples come twice before others came once" + sizes,
        help="shuffle before repeating: `.shuffle(…).repeat(…)`",
        related=[(link(stages[repeat].node), "the samples are repeated here")],
        evidence={**evidence(stages), "buffer": buffer, "samples": held},
        fix=lambda editor: _fix(editor, pipeline, stages[repeat:position], shuffle),
        severity="warning" if counted and small else None,
        subject=shuffle,
    )


def _has_steps(run: Training) -> bool:
    steps = run.argument("steps_per_epoch")
    return steps is not None and not is_none(steps.value)


def _fix(editor: Editor, pipeline: Pipeline, between: Sequence[Stage], shuffle: Stage) -> Fix | None:
    """Move the shuffle in front of the repeat."""
    changes = None if pipeline.is_shared(between) else editor.move_link(shuffle.node, between[0].node)
    return editor.fix("Shuffle before `repeat`", "unsafe", changes) if changes else None


BAD = {
    "repeat, then shuffle": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").map(parse).repeat().shuffle(1000).batch(32)
#                                                     ^^^^^^^^^^^^^
""",
    "several rounds, in statements": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x)
ds = ds.repeat(10)
ds = ds.shuffle(1000, seed=3)
#       ^^^^^^^^^^^^^^^^^^^^^
ds = ds.batch(32)
""",
    "epochs are counted, and the buffer does not hold the data": """
import tensorflow as tf
(x, y), _ = tf.keras.datasets.mnist.load_data()
ds = tf.data.Dataset.from_tensor_slices((x, y)).repeat().shuffle(1024).batch(64)
#                                                        ^^^^^^^^^^^^^
tf.keras.models.load_model("m").fit(ds, epochs=10, steps_per_epoch=937)
""",
}
FIXED = {
    "repeat, then shuffle": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").map(parse).shuffle(1000).repeat().batch(32)
""",
    "several rounds, in statements": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x)
ds = ds.shuffle(1000, seed=3)
ds = ds.repeat(10)
ds = ds.batch(32)
""",
}
GOOD = {
    "shuffle, then repeat": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").map(parse).shuffle(1000).repeat().batch(32)
""",
    "once": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").repeat(1).shuffle(1000).batch(32)
""",
    "how often is not known": """
import tensorflow as tf
def load(epochs):
    return tf.data.TFRecordDataset("f").repeat(epochs).shuffle(1000).batch(32)
""",
    "training counts steps": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").repeat().shuffle(1000).batch(32)
tf.keras.models.load_model("m").fit(ds, steps_per_epoch=100000)
""",
    "only evaluated": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").repeat().shuffle(1000).batch(32)
tf.keras.models.load_model("m").evaluate(ds, steps=100)
""",
    "batches are shuffled, which is another matter": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").repeat().batch(32).shuffle(10)
""",
    "not a dataset": """
import tensorflow as tf
frame.repeat(3).shuffle(9)
""",
}
