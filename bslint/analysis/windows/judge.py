"""What the runs of a nest show: windows that overlap, leave samples out, are empty, stand still or disagree."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from bslint.analysis.windows.values import ENDLESS, Array

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bslint.analysis.values import Key
    from bslint.analysis.windows.execute import Trial
    from bslint.analysis.windows.levels import Bounds, Level, Site
    from bslint.analysis.windows.machine import Machine, Read

Kind: TypeAlias = Literal["overlap", "gap", "empty", "still", "misaligned"]


class Shown(msgspec.Struct, frozen=True, eq=False):
    """What one run shows of one slice.

    Args:
        kind: what is wrong.
        site: the slice.
        windows: the windows that show it.
        sample: the sample that is read twice, or never.
        count: of a gap, how many samples are never read; of empty windows, how many there are.
        cause: what the arithmetic lacks, see `facts.Windows`.
        loop: the identity of the loop that is at fault, 0 for none.
        beyond: whether windows also start behind the last sample.
    """

    kind: Kind
    site: Site
    windows: tuple[Array, ...] = ()
    sample: int = 0
    count: int = 0
    cause: str = ""
    loop: int = 0
    beyond: bool = False


class Verdict(msgspec.Struct, frozen=True, eq=False):
    """What all runs agree on, with the smallest of them."""

    shown: Shown
    trial: Trial
    others: tuple[Site, ...] = ()


def verdicts(
    trials: Sequence[Trial], driven: Callable[[int], bool], forgotten: Callable[[Site, int], bool]
) -> list[Verdict]:
    """What is wrong with the windows of a nest, one verdict for each cause.

    Args:
        trials: its runs.
        driven: whether the number of iterations of a loop, told by its identity, is computed from a number of samples.
        forgotten: whether a slice starts at a variable that is set around a loop, told by its identity, not in it.
    """
    ordered = sorted(trials, key=lambda trial: trial.length)
    found: dict[int, Verdict] = {}
    for site in ordered[0].sites:
        verdict = _verdict(site, ordered, driven, forgotten)
        if verdict is not None:
            found[id(site.node)] = verdict
    for pair in _misaligned(ordered):
        label, feature = pair.shown.windows
        for one in (label,) if pair.shown.cause == "lengths" else (label, feature):
            found.pop(id(one.node), None)
        found[id(pair.shown.site.node)] = pair
    return _by_cause(list(found.values()))


def _by_cause(found: list[Verdict]) -> list[Verdict]:
    """Slices of one array, or features and labels, that are cut in the same wrong way are one finding."""
    kept: list[Verdict] = []
    places: dict[Key, int] = {}
    for verdict in found:
        keys = _causes(verdict.shown)
        place = next((places[key] for key in keys if key in places), len(kept))
        places.update(dict.fromkeys(keys, place))
        if place == len(kept):
            kept.append(verdict)
            continue
        old = kept[place]
        better = _bounds_known(verdict) and not _bounds_known(old)
        first, second = (verdict, old) if better else (old, verdict)
        kept[place] = msgspec.structs.replace(first, others=(*old.others, second.shown.site))
    return kept


def _causes(shown: Shown) -> tuple[Key, ...]:
    """What tells one cause from another: where it shows, and in which array or by which window."""
    site = shown.site
    if shown.kind == "misaligned":
        return ((shown.kind, id(site.node)),)
    cause = (shown.kind, shown.cause, tuple(level.loop for level in site.levels))
    first = shown.windows[0].raw if shown.windows else None
    return ((*cause, "window", first), (*cause, "array", site.root.key))


def _bounds_known(verdict: Verdict) -> bool:
    return verdict.shown.site.root.length < ENDLESS // 2


def _same(site: Site, sites: Sequence[Site]) -> Site | None:
    """The same slice in another run."""
    loops = [level.loop for level in site.levels]
    return next(
        (
            one
            for one in sites
            if one.node is site.node and one.root.key == site.root.key and [level.loop for level in one.levels] == loops
        ),
        None,
    )


def _verdict(
    site: Site, trials: Sequence[Trial], driven: Callable[[int], bool], forgotten: Callable[[Site, int], bool]
) -> Verdict | None:
    found = [(trial, one) for trial in trials if (one := _same(site, trial.sites)) is not None]
    by_length = _driven_loops(found)

    def is_driven(loop: int) -> bool:
        return loop in by_length or driven(loop)

    def ends(loop: int) -> bool:
        return loop in by_length or (site.root.symbol is None and driven(loop))

    def advances(loop: int) -> bool:
        return is_driven(loop) or forgotten(site, loop)

    told = {_still: advances, _overlap: is_driven, _empty: ends, _gap: ends}
    for judge in (_still, _overlap, _empty, _gap):
        shown = [(trial, judge(one, trial, told[judge])) for trial, one in found]
        certain = [(trial, one) for trial, one in shown if one is not None]
        if judge is _empty:
            enough = bool(certain)
        elif judge is _gap:
            enough = bool(certain) and all(one is not None for trial, one in shown if trial.whole)
        else:
            enough = bool(certain) and len(certain) == len(shown)
        if enough:
            smallest, first = certain[0]
            beyond = judge is _overlap and any(_empty(each, run, ends) for run, each in found)
            return Verdict(msgspec.structs.replace(first, beyond=beyond), smallest)
    return None


def _driven_loops(found: Sequence[tuple[Trial, Site]]) -> set[int]:
    """Loops that run more often for more samples."""
    trips: dict[tuple[object, int], set[tuple[int, int]]] = {}
    for trial, site in found:
        other = _same(site, trial.other)
        for length, one in ((trial.length, site), (trial.other_length, other)):
            for level in one.levels if one is not None else ():
                key = (trial.machine.entry.assignment.counts, level.loop)
                if level.finished:
                    trips.setdefault(key, set()).add((length, level.trips))
    return {
        loop
        for (_, loop), seen in trips.items()
        if len({count for _, count in seen}) > 1 and max(seen)[1] > min(seen)[1]
    }


# One slice in one run


def _still(site: Site, trial: Trial, driven: Callable[[int], bool]) -> Shown | None:
    """The window does not move in a loop that should move it."""
    machine = trial.machine
    if site.first_moving < len(site.levels) and not _accumulates_still(site, machine):
        return None
    for depth in range(len(site.levels) - 1, -1, -1):
        level = site.levels[depth]
        if level.moves:
            return None
        if not level.repeats or _others_move(site, trial, level):
            continue
        accumulates, still = _accumulates(machine, level.loop), site.first_moving == len(site.levels)
        seeded = still and _is_seeded(site)
        if accumulates or (still and (seeded or driven(level.loop))):
            first, second = _two_rounds(site, depth)
            if _spaces((first, second)) > 1:
                return None
            cause = "seeded" if seeded else "accumulated" if accumulates else "batches"
            return Shown("still", site, (first.window, second.window), cause=cause, loop=level.loop)
        if not still:
            return None
    return None


def _is_seeded(site: Site) -> bool:
    """Whether samples are chosen by draws that a seed makes the same every time."""
    return not site.root.indices and all(_kind(read.window.space) == "seeded" for read in site.reads)


def _accumulates_still(site: Site, machine: Machine) -> bool:
    inner = [level for level in site.levels[site.first_moving + 1 :] if level.repeats]
    return any(_accumulates(machine, level.loop) for level in inner)


def _accumulates(machine: Machine, loop: int) -> bool:
    """Whether gradients are taken in a loop and the update comes behind it.

    Where a loss hangs on earlier gradients they make steps of their own, which are differentiated in turn.
    """
    if machine.differentiates_steps:
        return False
    inside = any(loop == one for moment in machine.gradients for one, _ in moment.loops)
    updated = any(loop == one for moment in machine.updates for one, _ in moment.loops)
    return inside and not updated and bool(machine.updates)


def _others_move(site: Site, trial: Trial, level: Level) -> bool:
    """Whether the same loop moves another window: this one is a fixed part of the data, or compared with it."""
    return any(
        other.moves and other.loop == level.loop for one in trial.sites if one is not site for other in one.levels
    )


def _two_rounds(site: Site, depth: int) -> tuple[Read, Read]:
    first = site.reads[0]
    loops = first.window.moment.loops if first.window.moment else ()
    for read in site.reads[1:]:
        moment = read.window.moment
        if moment is not None and moment.loops[:depth] == loops[:depth] and moment.loops[depth] != loops[depth]:
            return first, read
    return first, site.reads[-1]


def _spaces(reads: Sequence[Read]) -> int:
    return len({read.window.space for read in reads})


def _overlap(site: Site, trial: Trial, driven: Callable[[int], bool]) -> Shown | None:
    """Two iterations of one pass read the same sample."""
    depth = site.first_moving
    if trial.machine.wrapped or depth >= len(site.levels) or site.stacked:
        return None
    for outer in range(depth):
        level = site.levels[outer]
        if level.repeats and driven(level.loop) and not _others_move(site, trial, level):
            first, second = _two_rounds(site, outer)
            if _spaces((first, second)) == 1 and first.window.positions:
                start = first.window.positions.start
                return Shown("overlap", site, (first.window, second.window), start, cause="outer", loop=level.loop)
    reads = site.one_pass()
    if _spaces(reads) > 1:
        return None
    moving = [level for level in site.levels[depth:] if level.moves and level.trips > 1]
    if len(moving) > 1 or (moving and any(level.trips > 1 for level in site.levels[depth + 1 :])):
        return _nested_overlap(site, reads, depth) or _inner_overlap(site, trial, reads)
    return _single_overlap(site, trial, reads, driven)


def _nested_overlap(site: Site, reads: Sequence[Read], depth: int) -> Shown | None:
    if not _goes_forward(reads, depth):
        return None
    ordered = sorted(
        (read for read in reads if read.window.positions and read.window.positions.step == 1),
        key=lambda read: (read.window.positions.start, read.window.moment.serial if read.window.moment else 0),
    )
    best: tuple[Read, Read] | None = None
    for one, two in pairwise(ordered):
        overlaps = two.window.positions.start < one.window.positions.stop and _differ(one, two, depth)
        if overlaps and (best is None or _later(two, one) < _later(best[1], best[0])):
            best = (one, two)
    if best is None:
        return None
    one, two = sorted(best, key=lambda read: read.window.moment.serial if read.window.moment else 0)
    start = max(one.window.positions.start, two.window.positions.start)
    return Shown("overlap", site, (one.window, two.window), start, cause="stride", loop=site.levels[depth].loop)


def _goes_forward(reads: Sequence[Read], depth: int) -> bool:
    """Whether every iteration of a loop starts behind the one before: those that go back to the start are passes."""
    starts: dict[Key, int] = {}
    for read in reads:
        group = read.window.moment.loops[: depth + 1] if read.window.moment is not None else None
        start = read.window.raw[0]
        starts[group] = min(starts.get(group, start), start)
    return all(one < two for one, two in pairwise(starts.values()))


def _inner_overlap(site: Site, trial: Trial, reads: Sequence[Read]) -> Shown | None:
    """Micro-batches whose gradients are added up share samples."""
    level = site.levels[-1]
    if (
        not level.moves
        or not _accumulates(trial.machine, level.loop)
        or not _has_partner(site, trial)
        or site.root.axis
    ):
        return None
    for one, two in pairwise(reads):
        (start, stop), (after, _) = one.window.raw, two.window.raw
        together = one.window.parent is two.window.parent and not _differ(one, two, len(site.levels) - 2)
        if together and start < after < stop:
            return Shown("overlap", site, (one.window, two.window), after, cause="stride", loop=level.loop)
    return None


def _differ(one: Read, two: Read, depth: int) -> bool:
    a, b = one.window.moment, two.window.moment
    if one.window.parent is not two.window.parent:
        return False  # parts that overlap are chosen so: a walk forward, folds
    return a is not None and b is not None and a.loops[: depth + 1] != b.loops[: depth + 1]


def _later(one: Read, two: Read) -> int:
    a, b = one.window.moment, two.window.moment
    return max(a.serial if a else 0, b.serial if b else 0)


def _single_overlap(site: Site, trial: Trial, reads: Sequence[Read], driven: Callable[[int], bool]) -> Shown | None:
    """One loop moves the window: it reads one sample too many, or advances by one sample instead of one batch."""
    raw = [read.window.raw for read in reads]
    count = next((i for i in range(1, len(raw)) if raw[i][0] <= raw[i - 1][0]), len(raw))
    ordinary = raw[: count - 1] if _ends_early(raw[:count]) else raw[:count]
    steps = {two[0] - one[0] for one, two in pairwise(ordinary)}
    widths = {end - start for start, end in raw[:count]}
    if count < 2 or len(steps) != 1 or len(widths) != 1:
        return None
    step, width = steps.pop(), widths.pop()
    level = site.levels[site.first_moving]
    labelled = _has_partner(site, trial) and site.root.axis == 0
    if width == step + 1 and step > 1 and labelled:
        cause = "end"
    elif (
        _strides_short(site, step, width, labelled=labelled)
        or (labelled and step < width and _accumulates(trial.machine, level.loop))
        or (step == 1 and width > 1 and driven(level.loop) and abs(count * width - site.root.length) <= width)
    ):
        cause = "stride"
    else:
        return None
    first, second = reads[0].window, reads[1].window
    if second.positions.start >= first.positions.stop:
        return None
    return Shown("overlap", site, (first, second), second.positions.start, cause=cause, loop=level.loop)


def _ends_early(raw: Sequence[Bounds]) -> bool:
    """Whether the last window is moved back, so that it is as wide as the others."""
    return len(raw) > 2 and raw[-1][0] - raw[-2][0] < raw[-2][0] - raw[-3][0]


def _strides_short(site: Site, step: int, width: int, *, labelled: bool) -> bool:
    """Whether windows over samples, and not over the time of a series, advance by less than they read."""
    if site.root.samples and labelled:
        return step < width
    return 1 < step < width and (site.root.samples or site.reads[0].window.space is not None)


def _has_partner(site: Site, trial: Trial) -> bool:
    """Whether another array is cut by the same windows: labels, so that samples are what the slice counts."""
    windows = [read.window.raw for read in site.reads[:20]]
    return any(
        one is not site and one.root.key != site.root.key and [read.window.raw for read in one.reads[:20]] == windows
        for one in trial.sites
    )


def _bounded(site: Site, trial: Trial, driven: Callable[[int], bool]) -> bool:
    """Whether the loops that move the window run as often as the array is long."""
    root, entry = site.root, trial.machine.entry
    if root.length >= ENDLESS // 2:
        return False
    if root.count is not None and trial.length and not entry.counts_samples(root.count):
        return False
    if root.count is None and root.symbol is not None and entry.counts_numbers():
        return False  # the program does not say that these numbers and its length are the same
    if any(driven(level.loop) for level in site.levels):
        return True
    return trial.settled and site.root.symbol is None


def _empty(site: Site, trial: Trial, driven: Callable[[int], bool]) -> Shown | None:
    """Windows start behind the last sample."""
    if not _bounded(site, trial, driven) or site.first_moving == len(site.levels):
        return None
    if not any(len(read.window) for read in site.reads):
        return None  # these numbers leave nothing of any window: they are not what the program is run with
    empty = [read.window for read in site.reads if read.window.raw[0] >= site.root.length and not len(read.window)]
    return Shown("empty", site, (empty[0],), count=len(empty), cause="end") if empty else None


def _gap(site: Site, trial: Trial, driven: Callable[[int], bool]) -> Shown | None:
    """Samples that no window reads."""
    machine, length = trial.machine, site.root.length
    if (
        machine.wrapped
        or not machine.complete
        or machine.in_passing(site.node)
        or site.root.key in machine.unclear
        or site.first_moving == len(site.levels)
        or site.stacked
        or not _bounded(site, trial, driven)
        or length > 1_000_000
        or _spaces(site.one_pass()) > 1
    ):
        return None
    if len({read.window.raw[0] for read in site.reads}) == 1:
        return None  # windows that only grow
    covered = bytearray(length)
    around = tuple(level.loop for level in site.levels[: site.first_moving])
    for window in machine.windows:
        positions = window.positions
        if window.root.key == site.root.key and positions and _is_within(window, around):
            covered[positions.start : positions.stop : positions.step] = b"\1" * len(positions)
    first, last = covered.find(1), covered.rfind(1)
    inner = covered.find(0, first, last)
    batch, group = site.width, site.width * site.group
    reads = site.one_pass()
    if inner >= 0:
        hole = covered.find(1, inner) - inner
        if hole < batch or site.group > 1 or _accumulates(machine, site.levels[site.first_moving].loop):
            return Shown("gap", site, _around(reads, inner), inner, covered.count(0, first, last), cause="inner")
        return None
    if first in {1, batch, group} and first < length:
        return Shown("gap", site, (reads[0].window,), 0, first, cause="head")
    if not trial.whole:
        return None
    left = length - 1 - last
    unit = group if site.group > 1 and left >= group else site.batch
    if unit <= left < 2 * unit and first == 0:
        return Shown("gap", site, (reads[-1].window,), last + 1, left, cause="tail")
    return None


def _is_within(window: Array, loops: tuple[int, ...]) -> bool:
    """Whether a window is cut in these loops: what other loops read is another training's business."""
    moment = window.moment
    return moment is not None and tuple(loop for loop, _ in moment.loops[: len(loops)]) == loops


def _around(reads: Sequence[Read], sample: int) -> tuple[Array, ...]:
    before = [read.window for read in reads if read.window.positions and read.window.positions.stop <= sample]
    after = [read.window for read in reads if read.window.positions and read.window.positions.start > sample]
    found = [
        *([max(before, key=lambda window: window.positions.stop)] if before else []),
        *([min(after, key=lambda window: window.positions.start)] if after else []),
    ]
    return tuple(found)


# Two slices


def _misaligned(trials: Sequence[Trial]) -> Iterator[Verdict]:
    """Labels and features of one step come from different samples."""
    nodes: dict[tuple[int, int], None] = {}
    for label, feature, _ in trials[0].machine.pairs:
        nodes.setdefault((id(label.node), id(feature.node)), None)
    for key in nodes:
        shown = [(trial, _disagreement(trial, key)) for trial in trials]
        certain = [(trial, one) for trial, one in shown if one is not None]
        if certain and len(certain) == len(shown):
            trial, one = certain[0]
            features = tuple(site for site in trial.sites if site.node is one.windows[1].node)
            yield Verdict(one, trial, features[:1])


def _drawn_apart(one: Key, other: Key) -> bool:
    """Whether two orders are different draws of one generator."""
    drawn = {"shuffled", "reordered"}
    if not isinstance(one, tuple) or not isinstance(other, tuple) or one == other:
        return False
    return _kind(one) in drawn and _kind(other) in drawn and one[2] == other[2]


def _kind(space: Key) -> str:
    """What an order is: a permutation that the nest draws as indices, one that it draws of samples, or another."""
    return str(space[0]) if isinstance(space, tuple) and space else ""


def _of_other_length(site: Site, pairs: Sequence[tuple[Array, Array]]) -> Shown | None:
    """Labels that are more or fewer than their features, where the features are batches that follow one another."""
    batches = list(dict.fromkeys(feature.raw for _, feature in pairs))
    follow = len(batches) > 1 and all(before[1] == after[0] for before, after in pairwise(batches))
    whole = [pair for pair in pairs if all(one.raw == (one.positions.start, one.positions.stop) for one in pair)]
    none = next(
        ((label, feature) for label, feature in pairs if feature.positions and label.raw[1] <= label.raw[0]), None
    )
    if follow and none is not None and none[0].raw[0] < site.root.length:
        return Shown("misaligned", site, none, none[1].positions.start, cause="lengths")
    if not follow or not whole or any(label.raw == feature.raw for label, feature in pairs):
        return None
    return Shown("misaligned", site, whole[0], whole[0][0].positions.start, cause="lengths")


def _of_one_batch(pairs: Sequence[tuple[Array, Array]]) -> bool:
    """Whether labels and features are parts of one element of a dataset, so that each sample has its label."""
    return all(_source(label) == _source(feature) is not None for label, feature in pairs)


def _source(window: Array) -> Key | None:
    key = window.root.key[0] if isinstance(window.root.key, tuple) else None
    return key[1] if isinstance(key, tuple) and key[0] == "part of" else None


def _disagreement(trial: Trial, key: tuple[int, int]) -> Shown | None:
    reads = trial.machine.reads
    pairs = [
        (label, feature)
        for label, feature, _ in trial.machine.pairs
        if (id(label.node), id(feature.node)) == key and id(label) in reads and id(feature) in reads
    ]
    if not pairs or trial.machine.wrapped:
        return None
    site = next((one for one in trial.sites if one.node is pairs[0][0].node), None)
    if site is None or site.root.indices:
        return None
    mixed = next(((a, b) for a, b in pairs if (a.space is None) != (b.space is None)), None)
    if mixed is not None and _kind(mixed[0].space) == "reordered":
        return None  # labels that are themselves put into another order are meant to be wrong: a control experiment
    if mixed is not None and mixed[0].raw == mixed[1].raw:
        return Shown("misaligned", site, mixed, mixed[0].positions.start, cause="shuffled")
    apart = next(((a, b) for a, b in pairs if _drawn_apart(a.space, b.space)), None)
    if apart is not None and not trial.machine.seeded:
        return Shown("misaligned", site, apart, apart[0].positions.start, cause="apart")
    if mixed is not None or (len({label.raw for label, _ in pairs}) == 1 and not _of_one_batch(pairs)):
        return None
    shifts = {label.raw[0] - feature.raw[0] for label, feature in pairs}
    if shifts == {0}:
        return _of_other_length(site, pairs)
    if len(shifts) == 1:
        return None
    worst = next((a, b) for a, b in pairs if a.raw[0] != b.raw[0])
    return Shown("misaligned", site, worst, worst[0].positions.start, cause="windows")
