"""Pipeline runs: what is asked of a flagged pipeline, and what its samples, seen in two epochs, say of the finding."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from bslint.analysis.numbers import number
from bslint.analysis.pipelines import batch_size, batches, count_argument

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bslint.analysis.values import Stage
    from bslint.verify.programs import Provable

# Samples of a run: so many at least, and at most, and so many full batches.
_FEWEST, _MOST, _BATCHES = 64, 20_000, 4
# So many samples are made to fill a batch of batches; for larger ones, two batches have to do.
_FULL = 1024
# Findings that say that a step raises.
_RAISING = frozenset(("BS208", "BS211"))
_OPENING = frozenset(("interleave", "flat_map"))
_FEWEST_FILES, _PER_FILE = 8, 16
# A buffer mixes where a sample can come out this part of the data in front of its place.
_PART = 10


class Answer(NamedTuple):
    """What a run says of a finding."""

    status: Literal["confirmed", "refuted", "inconclusive"]
    reason: str


def item(found: Provable, source: str) -> dict[str, Any]:
    """What the child is asked to run."""
    evidence = found.finding.evidence or {}
    return {
        "pipeline": source,
        "samples": _samples(found.diagnostic.code, found.finding.subject.chain()),
        "compare": "random" in evidence,
        "mixes": evidence.get("mixes"),
    }


def _samples(code: str, stages: Sequence[Stage]) -> int:
    """As few samples as show what the pipeline does: some full batches, and more than is taken, skipped or mixed."""
    per_batch, largest, needed = 1, 1, _FEWEST
    for stage in stages:
        given = count_argument(stage)
        count = number(given.value) if given is not None else None
        if batches(stage):
            size = max(1, number(batch_size(stage)) or 1)
            per_batch, largest = per_batch * size, max(largest, size)
        elif stage.op in {"take", "skip"}:
            needed = max(needed, 2 * (count or 0) * per_batch)
        elif stage.op == "shuffle" and code == "BS208":
            needed = max(needed, _PART * (count or 0))
    if code == "BS211":
        return per_batch if per_batch <= _FULL else 2 * largest
    wanted = max(needed, _BATCHES * per_batch)
    if any(stage.op in _OPENING for stage in stages):
        # Each of them is a file with several samples.
        wanted = max(_FEWEST_FILES, wanted // _PER_FILE)
    return min(_MOST, wanted)


def answer(code: str, asked: dict[str, Any], seen: dict[str, Any]) -> Answer:
    """Judge what a child observed.

    Args:
        code: the finding's rule.
        asked: the item that it was asked for.
        seen: the result of `pipeline_run.observe`.
    """
    if seen["outcome"] not in {"observed", "raised"}:
        line = seen.get("recipe_line")
        return _inconclusive(f"{seen['reason']}{f' (line {line} of the recipe)' if line else ''}")
    if seen["outcome"] == "raised":
        return Answer("confirmed" if code in _RAISING else "inconclusive", f"the pipeline raises: {seen['reason']}")
    status, reason = _JUDGES[code]({**asked, **seen})
    if not seen["functions"]:
        reason += f" (without its maps, which can't be run on synthetic samples: {seen.get('failure')})"
    return Answer(status, reason)


def _flat(element: Any) -> list[int]:
    if not isinstance(element, list):
        return [element]
    return [number for part in element for number in _flat(part)]


def _order(epoch: Sequence[Any]) -> list[int]:
    return [number for element in epoch for number in _flat(element)]


def _two_epochs(seen: dict[str, Any]) -> tuple[list[int], list[int]]:
    """The samples of two epochs in their order: of endless data, as many samples each as there are different ones."""
    first, second = map(_order, seen["epochs"])
    if seen["ended"]:
        return first, second
    different = len(set(first))
    return first[:different], first[different : 2 * different]


def _inconclusive(reason: str) -> Answer:
    return Answer("inconclusive", reason)


# Judges


def _shuffled_batches(seen: dict[str, Any]) -> Answer:
    first, second = ([frozenset(_flat(element)) for element in epoch] for epoch in seen["epochs"])
    if seen["axes"] == 0:
        return Answer("refuted", "what is shuffled are single samples, no batches")
    if len(first) < 2:
        return _inconclusive(f"{len(first)} batch of synthetic samples is too few to compare")
    batches = f"{len(set(first))} batches"
    if not seen["ended"]:
        before = {frozenset(_flat(element)) for element in seen["before"]}
        if not {*first, *second} <= before:
            return _inconclusive("the data has no end, and its batches do not come again soon enough to be compared")
        return Answer("confirmed", f"of endless data {len(first)} batches came out as they went in: only moved")
    if set(first) == set(second):
        return Answer("confirmed", f"two epochs over synthetic samples gave the same {batches}, only in another order")
    return Answer("refuted", f"the {batches} of the second epoch over synthetic samples are not those of the first")


def _replayed(seen: dict[str, Any]) -> Answer:
    if "contents" in seen:
        return _frozen(seen)
    first, second = _two_epochs(seen)
    if len(first) < 2 or len(second) < len(first):
        return _inconclusive("too few samples come out to compare two epochs")
    if first == second:
        shuffled = "" if first == sorted(first) else ", although it was shuffled"
        return Answer(
            "confirmed", f"the second epoch gave {len(first)} synthetic samples in the order of the first{shuffled}"
        )
    return Answer("refuted", "the second epoch gave the synthetic samples in another order than the first")


def _frozen(seen: dict[str, Any]) -> Answer:
    if not seen["functions"]:
        return _inconclusive("what its elements are like hangs on its maps")
    if seen["contents"] is None or seen["uncached"] is None:
        return _inconclusive("an epoch is too long to compare its samples")
    first, second = seen["contents"]
    before, again = seen["uncached"]
    if first != second:
        return Answer("refuted", "the second epoch gave other samples than the first: they were drawn anew")
    if before == again:
        return Answer("refuted", "nothing random is in front of the cache: without it, two epochs are the same, too")
    return Answer(
        "confirmed",
        f"two epochs gave the same {len(first)} samples; in front of the cache they are drawn anew in each",
    )


def _cached_repeats(seen: dict[str, Any]) -> Answer:
    order = _order(seen["epochs"][0])
    if not seen["ended"] and not seen["endless"]:
        return _inconclusive(f"the data had not ended after {len(order)} synthetic samples, and may end later")
    if not seen["ended"]:
        told = f"{len(order)} samples had come from {len(set(order))} synthetic ones, and no end was in sight"
        return Answer("confirmed", f"{told}: the cache is never complete")
    most = max(Counter(order).values(), default=0)
    if most > 1:
        return Answer("confirmed", f"the cache holds {most} copies of each of {len(set(order))} synthetic samples")
    return Answer("refuted", f"the cache is complete after {len(order)} synthetic samples, each of them once")


def _mixed(seen: dict[str, Any]) -> Answer:
    before, after = _order(seen["before"]), _order(seen["epochs"][0])
    places: dict[int, int] = {}
    for place, sample in enumerate(before):
        places.setdefault(sample, place)
    early = max((places.get(sample, 0) - place for place, sample in enumerate(after)), default=0)
    if len(before) < 2:
        return _inconclusive("too few samples come out to see whether they are mixed")
    told = f"of {len(before)} synthetic samples none came out more than {early} places early"
    if early == 0:
        return Answer("confirmed", f"{len(before)} synthetic samples came out in the order in which they went in")
    if early < (seen["mixes"] or len(before) // _PART):
        return Answer("confirmed", told)
    return Answer("refuted", f"of {len(before)} synthetic samples one came out {early} places early: they are mixed")


def _blurred(seen: dict[str, Any]) -> Answer:
    order = _order(seen["epochs"][0])
    if seen["ended"] and len(order) > 1 and len(set(order)) == len(order):
        return Answer("refuted", f"the data ends after {len(order)} samples, each of them once: nothing is repeated")
    different = len({*order, *_order(seen["before"])})
    if different < 2 or len(order) < 2 * different:
        return _inconclusive("too few samples come out to compare two rounds")
    first = order[:different]
    again = different - len(set(first))
    if again:
        told = f"among the first {different} samples {again} came again before as many others came once"
        return Answer("confirmed", told)
    return Answer("refuted", f"each of {different} synthetic samples came once before one came again")


def _batch_axis(seen: dict[str, Any]) -> Answer:
    if seen["axes"]:
        return Answer("refuted", f"an element holds {_size(seen)} samples: it is a batch")
    if not seen["functions"]:
        return _inconclusive("what its elements are like hangs on its maps")
    return Answer("confirmed", f"an element is one sample{_shape(seen)}: nothing has batched it")


def _batched_twice(seen: dict[str, Any]) -> Answer:
    if seen["axes"] < 2:
        return Answer("refuted", f"an element holds {_size(seen)} samples along one axis: it is batched once")
    if not seen["functions"]:
        return _inconclusive("what its elements are like hangs on its maps")
    if not seen["epochs"][0]:
        return _inconclusive("too few samples come out to fill a batch of batches")
    outer = len(seen["epochs"][0][0])
    inner = len(seen["epochs"][0][0][0])
    if any(shape[:2] == [outer, inner] for shape, _ in seen["elements"]):
        return Answer("confirmed", f"an element holds {outer} × {inner} samples{_shape(seen)}")
    return Answer("refuted", f"a function takes the first batch apart: an element is{_shape(seen)}")


def _dropped(seen: dict[str, Any]) -> Answer:
    if seen["unchanged"] is None:
        return _inconclusive("the variable is another dataset behind the statement, and both give a random order")
    if not seen["unchanged"]:
        return Answer("refuted", "the variable gives other elements behind the statement than before it")
    other = ", and the result that is dropped gives others" if seen["changes"] else ""
    return Answer("confirmed", f"the variable gives the same elements before and behind the statement{other}")


def _endless(seen: dict[str, Any]) -> Answer:
    order = _order(seen["epochs"][0])
    if seen["ended"]:
        return Answer("refuted", f"the data ends after {len(order)} synthetic samples")
    if not seen["endless"]:
        return _inconclusive(f"the data had not ended after {len(order)} synthetic samples, and may end later")
    told = f"{len(order)} samples had come from {len(set(order))} synthetic ones, and no end was in sight"
    return Answer("confirmed", told)


def _size(seen: dict[str, Any]) -> int:
    return len(_flat(seen["epochs"][0][0])) if seen["epochs"][0] else 0


def _shape(seen: dict[str, Any]) -> str:
    """The shapes of an element, in words; empty where it has none to speak of."""
    shapes = [f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})" for shape, _ in seen["elements"]]
    return f" of shape {' and '.join(shapes)}" if shapes else ""


_JUDGES: dict[str, Callable[[dict[str, Any]], Answer]] = {
    "BS205": _shuffled_batches,
    "BS206": _replayed,
    "BS207": _cached_repeats,
    "BS208": _mixed,
    "BS209": _blurred,
    "BS210": _batch_axis,
    "BS211": _batched_twice,
    "BS213": _dropped,
    "BS216": _endless,
}
CODES = frozenset(_JUDGES)
