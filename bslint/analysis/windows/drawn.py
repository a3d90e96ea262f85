"""What comes from out of sight: elements of datasets and iterators, what loaders and samplers give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bslint.analysis import elements, lengths, pipelines
from bslint.analysis.values import Dataset, DatasetIterator
from bslint.analysis.windows.values import Drawn

if TYPE_CHECKING:
    from collections.abc import Iterator

    import libcst as cst

    from bslint.analysis.values import Stage
    from bslint.analysis.windows.machine import Machine

# Sources that end, so that their last batch may be short; a generator may go on for ever.
_GENERATED = frozenset(("tf.data.Dataset.from_generator", "tf.data.Dataset.random"))


def drawn(m: Machine, node: cst.CSTNode, number: int = 0) -> Drawn:
    """Something new: what a call in this iteration of the loops around gives, or the next element of an iterable."""
    return Drawn((id(node), number, tuple(m.calls), tuple((loop[0], loop[1]) for loop in m.loops)))


def elements_of(m: Machine, value: Any, node: cst.CSTNode) -> Iterator[Any]:
    """Some elements of an iterable out of sight; of a dataset the last one is a short batch where there is one."""
    count = m.entry.assignment.elements
    data = _dataset(value) or _dataset(_iterable(m, node))
    last = _last_batch(data.stage) if data is not None else None
    for number in range(count):
        made = _batch(m, data, node, number)
        if number == count - 1 and last is not None:
            made.length = last
        numbered = isinstance(value, DatasetIterator) and value.wrapper == "enumerate"
        yield (number, made) if numbered else made


def _iterable(m: Machine, node: cst.CSTNode) -> Any:
    """What the analysis knows of the iterable of a loop: a pipeline may be built in its first line."""
    return next((loop.iterable for loop in reversed(m.it.effects.loops) if loop.node is node), None)


def next_of(m: Machine, value: Any, node: cst.CSTNode) -> Drawn:
    """`next(iterator)`."""
    return _batch(m, _dataset(value), node, 0)


def _dataset(value: Any) -> Dataset | None:
    """The dataset that an iterable takes its elements from."""
    if isinstance(value, DatasetIterator) and len(value.datasets) == 1:
        value = value.datasets[0]
    return value if isinstance(value, Dataset) else None


def _batch(m: Machine, data: Dataset | None, node: cst.CSTNode, number: int) -> Drawn:
    made = drawn(m, node, number)
    stage = _batching(data.stage) if data is not None else None
    if stage is not None:
        made.samples = True
        made.length = lengths.count(stage.chain()).batch
    return made


def _batching(stage: Stage) -> Stage | None:
    """The step that makes the batches which a chain yields, None when something changes them afterwards."""
    last: Stage | None = stage
    while last is not None and last.parent is not None and last.op in elements.KEEPING:
        last = last.parent
    return last if last is not None and pipelines.batches(last) else None


def _last_batch(stage: Stage) -> int | None:
    """The length of a short last batch: the known one, or half of a batch where any length is ordinary."""
    batching = _batching(stage)
    chain = batching.chain() if batching is not None else ()
    if batching is None or chain[0].op in _GENERATED or pipelines.source_of(chain[0]) is None:
        return None
    counts = lengths.counts(chain)
    batch = counts[-1].batch
    if batch is None or lengths.drops(batching) is not False or len(chain) < 2:
        return None
    before = counts[-2].elements
    if before.endless:
        return None
    return before.known % batch or None if before.known is not None else max(batch // 2, 1)
