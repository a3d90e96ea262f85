"""`cache` after `shuffle` or after a random augmentation replays the first epoch for ever.

## What it does
Finds a `cache` behind a random augmentation, or behind a `shuffle` when nothing shuffles after the cache.

## Why is this bad?
From the second epoch on the cache replays what the first one put into it: steps in front of it never run again. A
shuffle in front of it mixes once, then every epoch has the same order and the same batches. A random crop or flip in
front of it is drawn once per sample: the model never sees another variant, and the augmentation does nothing but change
the data set. Where only the shuffle is replayed that a directory loader does by default, this is information.

## Example
```python
import tensorflow as tf

ds = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(1000).cache().batch(32).prefetch(1)
```

## Use instead
```python
import tensorflow as tf

ds = tf.data.Dataset.from_tensor_slices((images, labels)).cache().shuffle(1000).batch(32).prefetch(1)
```

## Fix safety
The fix moves the cache in front of the random step. The model then sees other data than before, and the cache holds
what that step gets instead of what it makes, so it is unsafe.

## References
- [TensorFlow: `tf.data.Dataset.cache`](https://www.tensorflow.org/api_docs/python/tf/data/Dataset#cache)
- [TensorFlow: better performance with the tf.data API](https://www.tensorflow.org/guide/data_performance#caching)
"""

from collections.abc import Iterator, Sequence

from bslint.analysis.conduct import Deed
from bslint.analysis.facts import Pipeline, Training
from bslint.analysis.guards import together
from bslint.analysis.pipelines import count_argument, evidence, held_out, shuffles, source_of
from bslint.analysis.values import Dataset, Known, Stage, alternatives, known_int
from bslint.diagnostic import Fix
from bslint.edits import Editor
from bslint.rule import CACHED, DATASETS, Context, Finding, link, rule

_AUGMENTING = frozenset(("map", "interleave", "flat_map", "map_and_batch", "parallel_interleave"))
# Behind these, what was shuffled is not what is cached: files instead of samples, or a subset that has to stay fixed.
_CHANGING = frozenset("interleave flat_map parallel_interleave take skip shard filter group_by_window window".split())


@rule("BS206", "cache-after-shuffle", "warning", literals=[CACHED], reach=[DATASETS])
def check(pipeline: Pipeline, context: Context) -> Iterator[Finding]:
    """Judge one chain of steps."""
    stages = pipeline.stages
    if pipeline.nested or pipeline.only_looked_at or (not pipeline.trainings and held_out(stages)):
        return
    position = next((i for i, stage in enumerate(stages) if stage.op == "cache" and stage.call is not None), None)
    if position is None or _is_small(stages[:position]) or not _replays(pipeline, stages[position]):
        return
    cache = stages[position]
    shuffle = _shuffled(stages[:position])
    frozen = list(_augmentations(stages[:position], cache))
    if frozen:
        stage, deed = min(frozen, key=lambda one: stages.index(one[0]))
        shuffled = [shuffle] if shuffle is not None and shuffle.parent is not None else []
        yield _frozen(pipeline, cache, stage, deed, min([stage, *shuffled], key=stages.index))
    elif shuffle is not None and _never_shuffled_again(pipeline, position, shuffle):
        yield _replayed(pipeline, cache, shuffle)


def _is_small(stages: Sequence[Stage]) -> bool:
    """Whether one element is repeated: a dry run."""
    given = [count_argument(stage) for stage in stages if stage.op == "take"]
    return any(one is not None and known_int(one.value) == 1 for one in given)


def _replays(pipeline: Pipeline, cache: Stage) -> bool:
    """Whether the cache is ever read again: not when each training is known to take one epoch of it."""
    return not pipeline.trainings or not all(_reads_once(run, cache) for run in pipeline.trainings)


def _reads_once(run: Training, cache: Stage) -> bool:
    if run.method == "loop":
        return bool(cache.loops) or run.loop is None or len(run.loop.nest()) == 1
    epochs = run.argument("epochs")
    return run.call is not None and not run.call.open and (epochs is None or known_int(epochs.value) == 1)


def _augmentations(stages: Sequence[Stage], cache: Stage) -> Iterator[tuple[Stage, Deed]]:
    """The steps that draw random numbers on a way that leads to the cache."""
    for stage in reversed(stages):
        if stage.op == "take" or _repeats(stage):
            return  # so many samples, kept as they were drawn
        if stage.op in _AUGMENTING and stage.conduct is not None:
            for deed in stage.conduct.of_kind("random"):
                if together(deed.guard, cache.guard):
                    yield stage, deed


def _shuffled(stages: Sequence[Stage]) -> Stage | None:
    """The step that shuffles, every epoch anew, the samples that are cached."""
    for stage in reversed(stages):
        if stage.op in _CHANGING or _repeats(stage):
            return None
        if shuffles(stage):
            return stage if _reshuffles(stage) else None
    return None


def _repeats(stage: Stage) -> bool:
    """Whether several epochs are cached, each with an order and samples of its own."""
    given = count_argument(stage)
    return stage.op == "repeat" and not (given is not None and known_int(given.value) == 1)


def _reshuffles(stage: Stage) -> bool:
    source = source_of(stage)
    if stage.call is None or stage.call.open or (source is not None and source.files):
        return False
    if source is not None:
        subset = stage.call.value("subset")
        told = subset is None or (isinstance(subset, Known) and subset.value in {"training", "both"})
        return told and not stage.inputs  # the other half of "both"
    given = stage.call.value("reshuffle_each_iteration", 2)
    return given is None or (isinstance(given, Known) and given.value is not False)


def _never_shuffled_again(pipeline: Pipeline, position: int, shuffle: Stage) -> bool:
    """Whether what trains on the cached samples gets them in the cached order."""
    cache, after = pipeline.stages[position], pipeline.stages[position + 1 :]
    if any(_shuffles_behind(other, cache) for other in pipeline.variants):
        return False
    if pipeline.trainings:
        return any(_draws(run, cache) for run in pipeline.trainings)
    unused = source_of(shuffle) is not None or pipeline.is_shared(pipeline.stages[position:])
    return not unused and not any(map(shuffles, after))


def _shuffles_behind(stages: Sequence[Stage], cache: Stage) -> bool:
    at = next((i for i, stage in enumerate(stages) if stage.node is cache.node), len(stages))
    return any(map(shuffles, stages[at:]))


def _draws(run: Training, cache: Stage) -> bool:
    """Whether a training draws from a cache with nothing that shuffles between."""
    chains = [one.stage.chain() for one in alternatives(run.data) if isinstance(one, Dataset)]
    return any(cache in one and not any(map(shuffles, one[one.index(cache) :])) for one in chains)


def _frozen(pipeline: Pipeline, cache: Stage, stage: Stage, deed: Deed, first: Stage) -> Finding:
    return Finding(
        at=[link(cache.node), link(stage.node)],
        message=f"`cache` keeps what `{deed.name}` drew in the first epoch: later epochs get the same samples again",
        help=f"cache before the random step: `.cache().{stage.op}(…)`",
        related=[(deed.node, "random numbers are drawn here"), (link(stage.node), f"in this `{stage.op}`")],
        evidence={**evidence(pipeline.stages), "random": deed.name},
        fix=lambda editor: _fix(editor, pipeline, cache, first),
        subject=pipeline.stages[-1],
    )


def _replayed(pipeline: Pipeline, cache: Stage, shuffle: Stage) -> Finding:
    loader = source_of(shuffle)
    by_default = loader is not None and shuffle.call is not None and not shuffle.call.get("shuffle", loader.shuffle)
    return Finding(
        at=[link(cache.node), link(shuffle.node)],
        message="`cache` replays the order of the first epoch for ever: what shuffled is not run again",
        help="shuffle after the cache: `.cache().shuffle(…)`",
        related=[(link(shuffle.node), "shuffled here, in the first epoch only")],
        evidence=evidence(pipeline.stages),
        fix=None if loader else lambda editor: _fix(editor, pipeline, cache, shuffle),
        severity="info" if by_default else None,
        subject=pipeline.stages[-1],
    )


def _fix(editor: Editor, pipeline: Pipeline, cache: Stage, stage: Stage) -> Fix | None:
    """Move the cache in front of the random step."""
    between = pipeline.stages[pipeline.stages.index(stage) : pipeline.stages.index(cache)]
    if pipeline.is_shared(between):
        return None
    changes = editor.move_link(cache.node, stage.node)
    return editor.fix(f"Cache before `{stage.op}`", "unsafe", changes) if changes else None


BAD = {
    "shuffle, then cache": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").map(parse).shuffle(1000).cache().batch(32).prefetch(1)
#                                                          ^^^^^^^
""",
}
FIXED = {
    "shuffle, then cache": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").map(parse).cache().shuffle(1000).batch(32).prefetch(1)
""",
}
GOOD = {
    "cache, then shuffle": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").map(parse).cache().shuffle(1000).batch(32)
""",
}
