"""What the machine computes with: integers are Python's own, arrays are the positions that were cut from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import libcst as cst

    from bslint.analysis.values import Function, Key

# Why a value is not known. `data`: it depends on samples, weights or chance that no index depends on; `random`: an
# index drawn at random; `index`: a function of indices that is out of sight. Only the last makes a test undecidable.
Reason: TypeAlias = Literal["data", "random", "index"]
_WORST: Final = ("data", "random", "index")

# Containers are searched for windows so deep, and so many of their items.
_DEPTH: Final = 4
_HELD: Final = 50
# The length of an array whose length nothing asks for.
ENDLESS: Final = 10**12


class EndError(Exception):
    """The run can't go on: something that decides it is not known, or its budget is used up."""


class Unknown:
    """A value that is not known."""

    __slots__ = ("reason",)

    def __init__(self, reason: Reason) -> None:
        self.reason = reason

    def __repr__(self) -> str:
        return f"Unknown({self.reason})"


class Drawn(Unknown):
    """Something that comes from out of sight, another one every time: an element of a dataset, what a loader gave.

    Args:
        key: what tells it from others.
        samples: whether its parts certainly are batches of samples.
        length: the number of samples in it, None when that is not known.
    """

    __slots__ = ("key", "length", "parts", "samples")

    def __init__(self, key: Key, *, samples: bool = False, length: int | None = None) -> None:
        super().__init__("data")
        self.key = key
        self.samples = samples
        self.length = length
        self.parts: dict[int | str, Drawn] = {}

    def part(self, name: int | str) -> Drawn:
        """The features, the labels, …: as many samples."""
        found = self.parts.get(name)
        if found is None:
            found = Drawn(("part of", self.key, name), samples=self.samples, length=self.length)
            self.parts[name] = found
        return found


DATA: Final = Unknown("data")
RANDOM: Final = Unknown("random")
INDEX: Final = Unknown("index")
UNKNOWNS: Final = {"data": DATA, "random": RANDOM, "index": INDEX}


def worst(*values: object) -> Unknown:
    """The unknown value that an operation on these gives."""
    reasons = [value.reason for value in values if isinstance(value, Unknown)]
    return UNKNOWNS[max(reasons, key=_WORST.index)] if reasons else DATA


class Root:
    """An array as it is before the loops: its identity, how the program calls it, its length.

    `space` is the order into which the loops have shuffled it, None for its own; `samples` tells that its first axis
    certainly counts samples, and is no time axis; `count` is the number which is its length where the program does not
    tell it, if it is a number at all.
    """

    __slots__ = ("axis", "count", "indices", "key", "label", "length", "samples", "space", "symbol")

    def __init__(
        self, key: Key, length: int, *, symbol: Key | None = None, indices: bool = False, axis: int = 0, label: str = ""
    ) -> None:
        self.key = key
        self.length = length
        self.symbol = symbol
        self.indices = indices
        self.axis = axis
        self.label = label
        self.space: Key | None = None
        self.samples = False
        self.count: Key | None = None


class Moment(msgspec.Struct, frozen=True, eq=False):
    """Where in the nest something happened.

    Args:
        loops: for every loop around, outermost first: its node's identity and the number of the iteration.
        variables: for each of them, the integers that its targets held.
        calls: the calls of the program's functions that led here.
        serial: the number of loop iterations begun before.
    """

    loops: tuple[tuple[int, int], ...]
    variables: tuple[tuple[tuple[str, int], ...], ...]
    calls: tuple[int, ...]
    serial: int


class Array:
    """An array, or a window of one: the positions of `root` that it holds.

    Args:
        root: the array that it is cut from.
        positions: which of its samples.
        space: the permutation that the positions go through, None for none.
        raw: the bounds as they were before Python cut them to the array's length.
        node: the slice that cut it, None for the whole array.
        moment: when it was cut.
        parent: the window that it is cut from, None when that is the whole array.
    """

    __slots__ = ("moment", "node", "parent", "positions", "raw", "root", "space")

    def __init__(
        self,
        root: Root,
        positions: range,
        space: Key | None = None,
        raw: tuple[int, int] | None = None,
        node: cst.CSTNode | None = None,
        moment: Moment | None = None,
        parent: Array | None = None,
    ) -> None:
        self.root = root
        self.positions = positions
        self.space = space
        self.raw = raw or (positions.start, positions.stop)
        self.node = node
        self.moment = moment
        self.parent = parent

    def __len__(self) -> int:
        return len(self.positions)

    def __repr__(self) -> str:
        return f"Array({self.root.label}[{self.positions.start}:{self.positions.stop}])"


class Derived:
    """Something computed from windows: a batch after preprocessing, a prediction, a loss, gradients.

    Args:
        windows: the windows that flow in.
        length: its number of samples, None when that is not known.
        predicted: whether a model's output flows in.
        graded: whether a gradient flows in.
    """

    __slots__ = ("graded", "length", "predicted", "windows")

    def __init__(
        self, windows: tuple[Array, ...], length: int | None = None, *, predicted: bool = False, graded: bool = False
    ) -> None:
        self.windows = windows
        self.length = length
        self.predicted = predicted
        self.graded = graded


class Element:
    """One sample of a window, or one index out of a window of indices: `for i in idx[a:b]`."""

    __slots__ = ("window",)

    def __init__(self, window: Array) -> None:
        self.window = window


class Shape:
    """`x.shape`: only the length of the axis that is cut counts."""

    __slots__ = ("of",)

    def __init__(self, of: Array | Derived) -> None:
        self.of = of


class Cell:
    """A `tf.Variable` that holds a number, an iterator, or anything else with one place that changes."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class Closure:
    """A function defined, or bound to a receiver, while the machine runs."""

    __slots__ = ("defaults", "frame", "function", "given", "keywords", "node", "receiver")

    def __init__(
        self,
        node: cst.FunctionDef | cst.Lambda,
        frame: Frame,
        defaults: dict[str, Any],
        function: Function | None = None,
        receiver: Any = None,
        given: tuple[Any, ...] = (),
        keywords: dict[str, Any] | None = None,
    ) -> None:
        self.node = node
        self.frame = frame
        self.defaults = defaults
        self.function = function
        self.receiver = receiver
        self.given = given
        self.keywords = keywords or {}


class Bound:
    """A method of something that is not of the program: `x.astype`, `tape.gradient`."""

    __slots__ = ("name", "receiver")

    def __init__(self, receiver: Any, name: str) -> None:
        self.receiver = receiver
        self.name = name


class Bounds:
    """`slice(a, b)`."""

    __slots__ = ("start", "step", "stop")

    def __init__(self, start: Any, stop: Any, step: Any) -> None:
        self.start = start
        self.stop = stop
        self.step = step


class Tape:
    """A gradient tape, and the windows that calls received while it was open."""

    __slots__ = ("touched",)

    def __init__(self) -> None:
        self.touched: list[Array] = []


class Generator:
    """A generator of random numbers that the loops make."""

    __slots__ = ("key",)

    def __init__(self, key: Key) -> None:
        self.key = key


class Stream:
    """An iterator: a generator of the program, `iter(…)`, `enumerate(…)`, `zip(…)`."""

    __slots__ = ("iterator",)

    def __init__(self, iterator: Iterator[Any]) -> None:
        self.iterator = iterator


class Frame:
    """The variables of a function, of a module, or of a comprehension."""

    __slots__ = ("calls", "outer", "parent", "result", "variables")

    def __init__(self, parent: Frame | None) -> None:
        self.variables: dict[str, Any] = {}
        self.parent = parent
        self.outer: dict[str, Frame] = {}
        self.result: Any = None

    def lookup(self, name: str) -> Any:
        """The value of a name; raises KeyError when nothing binds it."""
        frame: Frame | None = self.outer.get(name, self) if self.outer else self
        while frame is not None and type(frame) is Frame:
            if name in frame.variables:
                return frame.variables[name]
            frame = frame.parent
        if frame is None:
            raise KeyError(name)
        return frame.lookup(name)  # a namespace of the analysis

    def bind(self, name: str, value: Any) -> None:
        """Assign a variable."""
        (self.outer.get(name, self) if self.outer else self).variables[name] = value


def windows_in(value: Any, depth: int = 0) -> tuple[Array, ...]:
    """The windows that a value holds or was computed from."""
    if isinstance(value, Derived):
        return value.windows
    if isinstance(value, Array):
        return (value,) if value.node is not None else ()
    if isinstance(value, Element):
        return windows_in(value.window)
    if isinstance(value, Cell):
        return windows_in(value.value)
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)) and depth < _DEPTH:
        found = [window for one in value[:_HELD] for window in windows_in(one, depth + 1)]
        return tuple(dict.fromkeys(found)) if found else ()
    return ()


def is_predicted(value: Any) -> bool:
    """Whether a model's output flows into a value."""
    if isinstance(value, (list, tuple)):
        return any(map(is_predicted, value[:_HELD]))
    return isinstance(value, Derived) and value.predicted


def is_graded(value: Any) -> bool:
    """Whether a gradient flows into a value."""
    if isinstance(value, (list, tuple)):
        return any(map(is_graded, value[:_HELD]))
    return isinstance(value, Derived) and value.graded


def derived(values: Iterable[Any], *, keeps_length: bool = True, predicted: bool = False) -> Any:
    """What an operation out of sight makes of these."""
    values = list(values)
    seen = [flowing for value in values if (flowing := windows_in(value))]
    predicted = predicted or any(map(is_predicted, values))
    graded = any(map(is_graded, values))
    if not seen and not predicted and not graded:
        return worst(*values)
    lengths = {length for value in values if (length := length_of(value)) is not None} if keeps_length else set()
    windows = seen[0] if len(seen) == 1 else tuple(dict.fromkeys(window for one in seen for window in one))
    length = lengths.pop() if len(lengths) == 1 else None
    return Derived(windows, length, predicted=predicted, graded=graded)


def length_of(value: Any) -> int | None:
    """The number of samples in a value."""
    if isinstance(value, Array):
        return len(value)
    return value.length if isinstance(value, Derived) else None
