"""The loops around a slice: which of them move its window, which repeat it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from bslint.analysis.windows.values import Root

if TYPE_CHECKING:
    import libcst as cst

    from bslint.analysis.values import Key
    from bslint.analysis.windows.machine import Machine, Read
    from bslint.analysis.windows.values import Array

Bounds = tuple[int, int]


# A batch is cut into so many parts at most; what is longer is a part of the data.
_PARTS = 16


class Level(msgspec.Struct, frozen=True):
    """One loop around a slice.

    Args:
        loop: the identity of its node.
        trips: how often it ran, the first time.
        moves: whether the windows of its iterations differ.
        repeats: whether it ran more than once, with the same windows every time.
        finished: whether that first time it ran to its end.
    """

    loop: int
    trips: int
    moves: bool
    repeats: bool
    finished: bool


class Site(msgspec.Struct, frozen=True, eq=False):
    """One slice of one array, with the windows that it cut and that reached the training.

    Args:
        node: the slice.
        root: the array.
        levels: the loops around it, outermost first.
        reads: its windows in order.
    """

    node: cst.CSTNode
    root: Root
    levels: tuple[Level, ...]
    reads: tuple[Read, ...]

    @property
    def width(self) -> int:
        """Samples in an ordinary window."""
        widths = Counter(read.window.raw[1] - read.window.raw[0] for read in self.reads)
        return max(widths.most_common(1)[0][0], 1)

    @property
    def batch(self) -> int:
        """Samples in an ordinary window, or in the one that it is cut from: in `batch[:half]`, those of the batch."""
        width = self.width
        parents = (read.window.parent for read in self.reads)
        around = {parent.raw[1] - parent.raw[0] for parent in parents if parent is not None}
        return max((one for one in around if width < one <= _PARTS * width), default=width)

    @property
    def stacked(self) -> bool:
        """Whether one step receives several of its windows: each of them is a sample, such as a piece of a series."""
        steps = Counter((id(read.sink), read.moment.serial) for read in self.reads)
        return max(steps.values()) > 1

    @property
    def first_moving(self) -> int:
        """The outermost level that moves the window; the number of levels when none does."""
        return next((i for i, level in enumerate(self.levels) if level.moves), len(self.levels))

    @property
    def group(self) -> int:
        """Windows in one iteration of the outermost loop that moves them."""
        depth = self.first_moving + 1
        first = self.reads[0].window.moment
        if depth > len(self.levels) or first is None:
            return 1
        prefix = first.loops[:depth]
        return max(sum(1 for read in self.reads if _loops(read)[:depth] == prefix), 1)

    def one_pass(self) -> tuple[Read, ...]:
        """The windows of the first pass: those of one iteration of the loops that only repeat."""
        depth = self.first_moving
        if depth >= len(self.levels):
            return self.reads
        prefix = _loops(self.reads[0])[:depth]
        return tuple(read for read in self.reads if _loops(read)[:depth] == prefix)


def _loops(read: Read) -> tuple[tuple[int, int], ...]:
    return read.window.moment.loops if read.window.moment is not None else ()


def bounds(window: Array) -> Bounds:
    """The positions of a window as two numbers."""
    return window.positions.start, window.positions.stop


def rebase(machine: Machine) -> None:
    """Windows of a part that never changes (`x[:split]`, cut once and handed on) count within that part."""
    parts: dict[int, set[Bounds]] = {}
    for window in machine.windows:
        parts.setdefault(id(window.node), set()).add(window.raw)
    roots: dict[Key, Root] = {}
    for window in machine.windows:
        parent = window.parent
        if parent is None or len(parts[id(parent.node)]) > 1 or parent.positions.step != 1:
            continue
        key = ("part", id(parent.node), parent.root.key)
        root = roots.setdefault(key, Root(key, len(parent), symbol=parent.root.symbol, axis=parent.root.axis))
        start = parent.positions.start
        positions = window.positions
        window.positions = range(positions.start - start, positions.stop - start, positions.step)
        window.raw = (window.raw[0] - start, window.raw[1] - start)
        window.root, window.parent = root, None


def sites(machine: Machine) -> tuple[Site, ...]:
    """The slices whose windows reached the training."""
    grouped: dict[Key, list[Read]] = {}
    for read in machine.reads.values():
        window, moment = read.window, read.window.moment
        if moment is not None and window.node is not None and moment.loops:
            key = (id(window.node), window.root.key, moment.calls, tuple(loop for loop, _ in moment.loops))
            grouped.setdefault(key, []).append(read)
    order = {id(window): number for number, window in enumerate(machine.windows)}
    made = []
    for reads in grouped.values():
        ordered = tuple(sorted(reads, key=lambda read: order.get(id(read.window), 0)))
        node = ordered[0].window.node
        if node is not None:
            complete = machine.complete and not machine.in_passing(node)
            made.append(Site(node, ordered[0].window.root, _levels(ordered, complete), ordered))
    return tuple(sorted(made, key=lambda site: order.get(id(site.reads[0].window), 0)))


def _levels(reads: tuple[Read, ...], complete: bool) -> tuple[Level, ...]:
    first = _loops(reads[0])
    return tuple(_level(reads, depth, first, complete) for depth in range(len(first)))


def _level(reads: tuple[Read, ...], depth: int, first: tuple[tuple[int, int], ...], complete: bool) -> Level:
    rounds: dict[Key, dict[int, list[Bounds]]] = {}
    for read in reads:
        loops = _loops(read)
        rounds.setdefault(loops[:depth], {}).setdefault(loops[depth][1], []).append(read.window.raw)
    moves = repeats = False
    groups = list(rounds.values())
    for number, group in enumerate(groups):
        windows = list(group.values())
        if not complete and number == len(groups) - 1:
            windows = windows[:-1]  # the last iteration was not finished
        if len(windows) > 1:
            same = all(one == windows[0] for one in windows)
            moves, repeats = moves or not same, repeats or same
    finished = complete or len(groups) > 1
    return Level(first[depth][0], len(groups[0]), moves, repeats and not moves, finished)
