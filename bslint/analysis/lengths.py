"""How many elements, and samples, a pipeline yields after each of its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bslint.analysis.numbers import number, size_key
from bslint.analysis.pipelines import batch_size, batches, count_argument, source_of
from bslint.analysis.values import Choice, Dataset, Key, Known, Stage, Value, alternatives, is_none

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import libcst as cst


class Length(msgspec.Struct, frozen=True):
    """A number of elements.

    Args:
        low: at least so many.
        high: at most so many; None when no limit is known.
        endless: there are certainly infinitely many.
        values: identities (`numbers.size_key`) of values that are known to equal it: `len(x)`.
    """

    low: int = 0
    high: int | None = None
    endless: bool = False
    values: frozenset[Key] = frozenset()

    @property
    def known(self) -> int | None:
        """The number, when it is known."""
        return self.low if self.low == self.high and not self.endless else None

    def equals(self, value: Value) -> bool:
        """Whether a value is certainly this number."""
        exact = number(value)
        return (exact is not None and exact == self.known) or size_key(value) in self.values


class Count(msgspec.Struct, frozen=True):
    """What a chain of steps yields.

    Args:
        elements: how many elements.
        samples: how many samples: the elements with batches looked through.
        batch: how many samples a full element holds; None when that is not known.
    """

    elements: Length
    samples: Length
    batch: int | None = 1


UNKNOWN = Length()
_ENDLESS = Length(endless=True)
# Positions of `drop_remainder` where it is not the second argument.
_DROP_POSITIONS = {"padded_batch": 3, "map_and_batch": 3}
# Steps that change nothing about how many elements there are.
_KEEPING = frozenset(
    "cache enumerate experimental_distribute_dataset fingerprint map map_with_legacy_function prefetch scan shuffle "
    "snapshot with_options copy_to_device".split()
)
# Steps that leave elements out; of infinitely many infinitely many are left, or the search for one never ends.
_SIFTING = frozenset("filter filter_with_legacy_function ignore_errors unique rejection_resample".split())


def counts(stages: Sequence[Stage]) -> tuple[Count, ...]:
    """What each step of a chain yields."""
    found: list[Count] = []
    for stage in stages:
        found.append(_step(stage, found[-1]) if stage.parent is not None and found else _source(stage))
    return tuple(found)


def count(stages: Sequence[Stage]) -> Count:
    """What a chain of steps yields at its end."""
    return counts(stages)[-1]


def length(stages: Sequence[Stage]) -> Length:
    """How many elements a chain of steps yields at its end."""
    return count(stages).elements


def ends_before(stages: Sequence[Stage], node: cst.CSTNode) -> bool:
    """Whether the data of a chain may end in front of the step that a node makes."""
    found = counts(stages)
    return any(
        stage.node is node and position and not found[position - 1].elements.endless
        for position, stage in enumerate(stages)
    )


def _source(stage: Stage) -> Count:
    source = source_of(stage)
    if source is not None and source.endless and not _is_given(stage, "num_epochs"):
        return Count(_ENDLESS, _ENDLESS, _full(stage) if batches(stage) else 1)
    if source is not None and batches(stage):
        return Count(UNKNOWN, UNKNOWN, _full(stage))
    if stage.op == "tf.data.Dataset.zip":
        return Count(UNKNOWN, UNKNOWN)
    values = frozenset(_length_key(stage, value) for value in stage.data)
    held = Length(stage.count or 0, stage.count, values=values)
    return Count(held, UNKNOWN, None) if source is None or source.whole else Count(held, held)


def _length_key(stage: Stage, value: Value) -> Key:
    """The identity of the number of elements that a source makes of a value."""
    return size_key(value) if stage.op == "tf.data.Dataset.range" else ("len", value.key)


def _is_given(stage: Stage, name: str) -> bool:
    return stage.call is not None and (stage.call.open or not is_none(stage.call.value(name)))


def _full(stage: Stage) -> int | None:
    size = number(batch_size(stage))
    return size if size is not None and size > 0 else None


def _step(stage: Stage, before: Count) -> Count:
    if stage.op in _KEEPING or (before.elements.endless and stage.op in _SIFTING):
        return before
    if stage.op in _SIFTING or stage.op == "take_while":
        return Count(_at_most(before.elements), _at_most(before.samples), before.batch)
    handler = _STEPS.get(stage.op)
    if handler is not None:
        return handler(stage, before)
    endless = _ENDLESS if before.elements.endless and stage.op in {"window", "interleave", "flat_map"} else UNKNOWN
    return Count(endless, endless, None)


def _limited(stage: Stage, before: Count) -> Count:
    """`take`, `skip` and `repeat`."""
    given = count_argument(stage)
    return _counted(stage.op, before, given.value if given is not None else None)


def _shuffled_and_repeated(stage: Stage, before: Count) -> Count:
    return _counted("repeat", before, stage.call.value("count", 1) if stage.call is not None else None)


def _unbatched(stage: Stage, before: Count) -> Count:
    return Count(before.samples, before.samples) if before.batch not in {1, None} else Count(UNKNOWN, UNKNOWN, None)


def _asserted(stage: Stage, before: Count) -> Count:
    known = number(stage.call.value("expected_cardinality", 0)) if stage.call is not None else None
    return _exactly(known, before.batch)


def _exactly(known: int | None, batch: int | None) -> Count:
    if known is None:
        return Count(UNKNOWN, UNKNOWN, batch)
    if known == -1:
        return Count(_ENDLESS, _ENDLESS, batch)
    samples = Length(known, known) if batch == 1 else UNKNOWN
    return Count(Length(known, known), samples, batch)


def _at_most(length: Length) -> Length:
    """Some of the elements."""
    return Length(0, length.high)


def _bounds(value: Value | None) -> tuple[int, int] | None:
    """The least and the greatest number that a count may be; None when it may be anything."""
    found = [number(one) for one in alternatives(value)]
    known = [one for one in found if one is not None]
    return (min(known), max(known)) if known and len(known) == len(found) else None


def _counted(op: str, before: Count, value: Value | None) -> Count:
    bounds = _bounds(value)
    if op == "repeat" and is_none(value):
        bounds = (-1, -1)
    if bounds is None:
        return _count_unknown(op, before, value)
    low, high = bounds
    if min(bounds) < 0 < max(bounds) + 1:
        return Count(UNKNOWN, UNKNOWN, before.batch)
    if low < 0:
        return _negative(op, before)
    if op == "repeat":
        return Count(_times(before.elements, low, high), _times(before.samples, low, high), before.batch)
    change = _taken if op == "take" else _skipped
    samples = change(before.samples, low * before.batch, high * before.batch) if before.batch is not None else UNKNOWN
    return Count(change(before.elements, low, high), samples, before.batch)


def _count_unknown(op: str, before: Count, value: Value | None) -> Count:
    """A step with a count that is not known: fewer elements, or (for `repeat`) more."""
    if op == "repeat":
        endless = before.elements.endless
        left = _ENDLESS if endless else Length(0, None)
        return Count(left, left, before.batch)
    if before.elements.endless and op == "skip":
        return before
    equal = (
        frozenset((size_key(value),)) if op == "take" and value is not None and before.elements.endless else frozenset()
    )
    elements = Length(0, before.elements.high, values=equal)
    return Count(
        elements, Length(0, before.samples.high, values=equal if before.batch == 1 else frozenset()), before.batch
    )


def _negative(op: str, before: Count) -> Count:
    """`take(-1)` takes everything, `skip(-1)` leaves nothing, `repeat(-1)` never ends."""
    if op == "take":
        return before
    if op == "skip":
        return Count(Length(0, 0), Length(0, 0), before.batch)
    empty = before.elements.high == 0
    left = Length(0, 0) if empty else _ENDLESS
    return Count(left, left, before.batch)


def _times(length: Length, low: int, high: int) -> Length:
    if low == high == 1 or (length.endless and low > 0):
        return length
    if length.endless:
        return UNKNOWN
    return Length(length.low * low, length.high * high if length.high is not None else None)


def _taken(length: Length, low: int, high: int) -> Length:
    if length.endless:
        return Length(low, high)
    if length.high is not None and low >= length.high:
        return length
    return Length(min(length.low, low), high if length.high is None else min(length.high, high))


def _skipped(length: Length, low: int, high: int) -> Length:
    if length.endless or low == high == 0:
        return length
    return Length(max(length.low - high, 0), max(length.high - low, 0) if length.high is not None else None)


def _batched(stage: Stage, before: Count) -> Count:
    sizes = _bounds(batch_size(stage))
    dropping = drops(stage)
    full = sizes[0] * before.batch if sizes is not None and sizes[0] == sizes[1] and before.batch is not None else None
    if before.elements.endless:
        return Count(_ENDLESS, _ENDLESS, full)
    if sizes is None or sizes[0] < 1:
        samples = before.samples if dropping is False else _at_most(before.samples)
        high = before.elements.high
        return Count(Length(min(before.elements.low, 1) if dropping is False else 0, high), samples, full)
    least, most = sizes
    elements = before.elements
    low = elements.low // most if dropping is not False else -(-elements.low // most)
    high = None if elements.high is None else elements.high // least if dropping else -(-elements.high // least)
    if dropping is False:
        samples = before.samples
    elif full is not None and elements.known is not None and dropping:
        samples = Length(elements.known // least * full, elements.known // least * full)
    else:
        samples = _at_most(before.samples)
    return Count(Length(low, high), samples, full)


def drops(stage: Stage) -> bool | None:
    """Whether a batching step drops a last, smaller batch; None when that is not known."""
    if stage.call is None or stage.call.open:
        return None
    if _always_drops(stage):
        return True
    given = stage.call.value("drop_remainder", _DROP_POSITIONS.get(stage.op, 1))
    values = {one.value if isinstance(one, Known) else None for one in alternatives(given)} or {False}
    return bool(values.pop()) if len(values) == 1 and None not in values else None


def _always_drops(stage: Stage) -> bool:
    """`apply(tf.data.experimental.batch_and_drop_remainder(…))`."""
    name = getattr(getattr(stage.call.node, "func", None), "attr", None) if stage.call is not None else None
    return getattr(name, "value", "").endswith("and_drop_remainder")


def _sharded(stage: Stage, before: Count) -> Count:
    shards = number(stage.call.value("num_shards", 0)) if stage.call is not None else None
    if shards == 1 or before.elements.endless:
        return before
    if not shards or shards < 1:
        return Count(_at_most(before.elements), _at_most(before.samples), before.batch)

    def part(length: Length) -> Length:
        return Length(length.low // shards, -(-length.high // shards) if length.high is not None else None)

    return Count(part(before.elements), part(before.samples) if before.batch == 1 else UNKNOWN, before.batch)


def _with_others(stage: Stage, before: Count) -> Count:
    others = [one for value in stage.inputs for one in alternatives(value)]
    if (
        not others
        or not all(isinstance(one, Dataset) for one in others)
        or any(isinstance(one, Choice) for one in stage.inputs)
    ):
        return Count(UNKNOWN, UNKNOWN, None)
    found = [before, *(count(one.stage.chain()) for one in others if isinstance(one, Dataset))]
    per = {one.batch for one in found}
    batch = per.pop() if len(per) == 1 else None
    join = _JOINS[stage.op]
    return Count(join([one.elements for one in found]), join([one.samples for one in found]), batch)


def _sum(lengths: Sequence[Length]) -> Length:
    if any(one.endless for one in lengths):
        return _ENDLESS
    highs = [one.high for one in lengths if one.high is not None]
    return Length(sum(one.low for one in lengths), sum(highs) if len(highs) == len(lengths) else None)


def _sampled(lengths: Sequence[Length]) -> Length:
    """Some of each: endless for certain only when all are."""
    return _ENDLESS if all(one.endless for one in lengths) else UNKNOWN


def _shortest(lengths: Sequence[Length]) -> Length:
    finite = [one for one in lengths if not one.endless]
    if len(finite) < 2:
        return finite[0] if finite else _ENDLESS
    highs = [one.high for one in finite if one.high is not None]
    same = frozenset.intersection(*(one.values for one in finite))
    return Length(min(one.low for one in finite), min(highs, default=None), values=same)


_JOINS = {"zip": _shortest, "concatenate": _sum, "sample_from_datasets": _sampled}
_STEPS: dict[str, Callable[[Stage, Count], Count]] = {
    **dict.fromkeys(("take", "skip", "repeat"), _limited),
    **dict.fromkeys(("batch", "padded_batch", "ragged_batch", "map_and_batch"), _batched),
    **dict.fromkeys(_JOINS, _with_others),
    "unbatch": _unbatched,
    "shard": _sharded,
    "assert_cardinality": _asserted,
    "shuffle_and_repeat": _shuffled_and_repeated,
}
