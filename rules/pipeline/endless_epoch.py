"""A data set without an end is given to something that waits for its end.

## What it does
Finds endless datasets (`repeat()`, `repeat(-1)`, sources that never end) that are given to `fit` without
`steps_per_epoch`, as validation data without `validation_steps`, to `evaluate` or `predict` without `steps`, or to a
training loop that nothing leaves; and a `repeat` behind an endless one.

## Why is this bad?
An epoch ends when the data does. With endless data the first one goes on for ever: no validation, no checkpoint at the
end of an epoch, no second epoch, and nothing says so (Keras 2 refused to start). A `repeat` behind an endless `repeat`
never comes to its second round: it has no effect.

## Example
```python
import tensorflow as tf

ds = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000).repeat().batch(32).prefetch(1)
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
model.fit(ds, epochs=10)
```

## Use instead
```python
import tensorflow as tf

ds = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000).repeat().batch(32).prefetch(1)
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
model.fit(ds, epochs=10, steps_per_epoch=len(x) // 32)
```

## Fix safety
There is a fix for a `repeat` behind an endless one only: it drops the second. It is safe: the elements and their order
stay the same.

## References
- [Keras: `Model.fit`](https://keras.io/api/models/model_training_apis/#fit-method)
- [TensorFlow: `tf.data.Dataset.repeat`](https://www.tensorflow.org/api_docs/python/tf/data/Dataset#repeat)
"""

from collections.abc import Iterator, Sequence
from functools import partial

from bslint.analysis.facts import Pipeline, Run
from bslint.analysis.lengths import counts, ends_before, length
from bslint.analysis.pipelines import count_argument, evidence
from bslint.analysis.values import (
    Dataset,
    DatasetIterator,
    Object,
    Stage,
    Value,
    alternatives,
    is_none,
    known_int,
)
from bslint.diagnostic import Fix
from bslint.edits import Editor
from bslint.rule import DATASETS, REPEATED, TRAINS, Context, Finding, link, rule

_REPEATING = frozenset(("repeat", "shuffle_and_repeat"))
# The argument that ends an epoch of each method, and what goes on for ever without it.
_STEPS = {"fit": "steps_per_epoch", "evaluate": "steps", "predict": "steps"}
_EPOCHS = {"fit": "the first epoch", "evaluate": "the evaluation", "predict": "the prediction"}
_ENDLESS = ("repeat", "make_csv_dataset", "make_batched_features_dataset", "counter(", "Counter(", "Dataset.random(")


@rule(
    "BS216",
    "endless-epoch",
    "error",
    literals=[(*REPEATED, *TRAINS, ".evaluate(", ".predict(")],
    reach=[DATASETS, _ENDLESS],
)
def check(fact: Pipeline | Run, context: Context) -> Iterator[Finding]:
    """Judge the repeats of a chain, and what waits for the end of endless data."""
    if isinstance(fact, Pipeline):
        yield from _repeated(fact)
    elif fact.method == "loop":
        yield from _loop(fact)
    elif fact.method in _STEPS and fact.call is not None and not fact.call.open:
        yield from _run(fact)


def _endless(value: Value | None) -> Sequence[Stage]:
    """The steps of a dataset that certainly has no end, whichever of several it is; none for any other value."""
    chains = [one.stage.chain() if isinstance(one, Dataset) else () for one in alternatives(value)]
    return max(chains, key=len) if chains and all(stages and length(stages).endless for stages in chains) else ()


def _repeat(stages: Sequence[Stage]) -> Stage:
    """The step that makes a chain endless."""
    found = counts(stages)
    return next(stage for stage, one in zip(stages, found, strict=True) if one.elements.endless)


def _run(run: Run) -> Iterator[Finding]:
    if _may_stop(run):
        return
    steps, stages = _STEPS[run.method], _endless(run.data)
    if stages and _missing(run, steps):
        yield _waits(
            run, stages, f"`{run.method}` gets endless data and no `{steps}`: {_EPOCHS[run.method]} never ends", steps
        )
    validation = run.argument("validation_data") if run.method == "fit" else None
    stages = _endless(validation.value if validation is not None else None)
    if stages and _missing(run, "validation_steps"):
        told = "the validation data is endless and there is no `validation_steps`: the first validation never ends"
        yield _waits(run, stages, told, "validation_steps")


def _missing(run: Run, name: str) -> bool:
    given = run.argument(name)
    return given is None or is_none(given.value)


def _may_stop(run: Run) -> bool:
    """Whether a callback of the program may stop the training within an epoch."""
    return run.callbacks is None or not all(map(_of_keras, run.callbacks))


def _of_keras(value: Value) -> bool:
    return isinstance(value, Object) and isinstance(value.type, str) and value.type.startswith("keras.callbacks.")


def _loop(run: Run) -> Iterator[Finding]:
    """A `for` loop over endless data that nothing leaves."""
    loop = run.loop
    stages = _endless(run.data) if loop and not loop.left and _is_over(loop.iterable, run.data) else ()
    if stages:
        yield _waits(run, stages, "this loop goes over endless data and nothing leaves it: it never ends", "take(…)")


def _is_over(iterable: Value | None, data: Value | None) -> bool:
    """Whether a loop runs as long as its data: it has no other end, as `zip(range(n), ds)` has."""
    if isinstance(iterable, DatasetIterator):
        return iterable.wrapper != "zip" and any(_is_over(one, data) for one in iterable.datasets)
    return iterable is not None and data is not None and iterable.key == data.key


def _waits(run: Run, stages: Sequence[Stage], message: str, missing: str) -> Finding:
    repeat = _repeat(stages)
    what = f"pass `{missing}`, or drop the `repeat`" if repeat.op in _REPEATING else f"pass `{missing}`"
    return Finding(
        at=[getattr(run.node, "iter", None) or link(run.node), link(repeat.node)],
        message=message,
        help="leave it with `break`, or loop over `ds.take(steps)`" if run.method == "loop" else what,
        related=[(link(repeat.node), "from here on the data never ends")],
        evidence=evidence(stages),
        subject=stages[-1],
    )


def _repeated(pipeline: Pipeline) -> Iterator[Finding]:
    """A repeat behind an endless one."""
    stages = pipeline.stages
    found = counts(stages)
    for position, stage in enumerate(stages):
        if stage.op == "repeat" and position and found[position - 1].elements.endless and _goes_on(stage):
            if any(ends_before(other, stage.node) for other in pipeline.variants):
                return
            first = _repeat(stages[:position])
            yield Finding(
                at=link(stage.node),
                message="this `repeat` has no effect: the data in front of it never ends",
                help="drop one of the two, or bound the first with `repeat(n)`"
                if first.op in _REPEATING
                else "drop the `repeat`, or give the source an end (`num_epochs=1`)",
                related=[(link(first.node), "from here on the data never ends")],
                evidence=evidence(stages),
                fix=partial(_fix, repeat=stage),
                severity="warning",
                subject=stage,
            )
            return


def _goes_on(stage: Stage) -> bool:
    """Whether a repeat certainly repeats: `repeat(0)` would end everything."""
    given = count_argument(stage)
    return given is None or is_none(given.value) or known_int(given.value) not in {None, 0}


def _fix(editor: Editor, repeat: Stage) -> Fix | None:
    return editor.fix("Drop the second `repeat`", "safe", [editor.drop_link(repeat.node)])


BAD = {
    "no steps": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices((x, y)).repeat().batch(32)
model = tf.keras.models.load_model("m")
model.fit(ds, epochs=10)
#     ^^^^^^^^^^^^^^^^^^
""",
    "repeated twice": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("a").repeat()
ds = ds.shuffle(100).repeat(10).batch(32)
#                    ^^^^^^^^^^
""",
}
FIXED = {
    "repeated twice": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("a").repeat()
ds = ds.shuffle(100).batch(32)
""",
}
GOOD = {
    "steps given": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices((x, y)).repeat().batch(32)
tf.keras.models.load_model("m").fit(ds, epochs=10, steps_per_epoch=len(x) // 32)
""",
    "a take behind it": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices((x, y)).repeat().batch(32).take(1000)
tf.keras.models.load_model("m").fit(ds)
""",
}
