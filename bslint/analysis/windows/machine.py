"""The state of one run: the loops it is in, what was cut, what was trained on, what was updated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from bslint.analysis import arithmetic, calls
from bslint.analysis.values import Class, Key, Object, Value
from bslint.analysis.windows.drawn import elements_of
from bslint.analysis.windows.entry import Assignment, Entry
from bslint.analysis.windows.values import (
    DATA,
    INDEX,
    Array,
    Cell,
    Derived,
    Drawn,
    Element,
    EndError,
    Frame,
    Moment,
    Shape,
    Stream,
    Tape,
    Unknown,
    is_graded,
    is_predicted,
    windows_in,
    worst,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import libcst as cst

    from bslint.analysis.interpreter import Interpreter
    from bslint.analysis.store import Scope
    from bslint.analysis.values import Function
    from bslint.analysis.windows.code import Code

# Iterations of loops in one run. What is not over by then is judged by what it did so far.
RUN_BUDGET: Final = 1_000
# Statements for one iteration: a step may call long functions.
_STATEMENTS: Final = 15
# Iterations after which a nest that goes around its data has shown enough.
_AROUND: Final = 200
# Iterations after which a nest that cuts nothing will not do so later; twice as many for one that trains on nothing.
_BARREN: Final = 60
# Iterations of a loop inside another, after which it is seen to repeat.
_ROUNDS: Final = 7


class Read(msgspec.Struct, frozen=True, eq=False):
    """A window that a step of training received.

    Args:
        window: the window; its `moment` says when it was cut.
        moment: when it was received.
        sink: the call that received it: of `tape.gradient`, `train_on_batch`, `minimize`.
    """

    window: Array
    moment: Moment
    sink: cst.CSTNode


class Event(msgspec.Struct, frozen=True, eq=False):
    """A watched node was evaluated; where its value is a number, or a variable that holds one, that number is kept."""

    node: cst.CSTNode
    value: Any
    moment: Moment


class RaisedError(Exception):
    """The program raises an exception."""


class Base(Frame):
    """A namespace of the analysis: what the nest assigns in it, and what it holds at the entry."""

    __slots__ = ("machine", "scope")

    def __init__(self, machine: Machine, scope: Scope, parent: Frame | None) -> None:
        super().__init__(parent)
        self.machine = machine
        self.scope = scope

    def lookup(self, name: str) -> Any:
        """The value of a name, taken from the analysis when the nest has not assigned it."""
        frame: Frame | None = self.outer.get(name, self) if self.outer else self
        while frame is not None:
            if name in frame.variables:
                return frame.variables[name]
            frame = frame.parent
        machine = self.machine
        key = (self.scope.uid, name)
        if key not in machine.entries:
            machine.entries[key] = machine.names[name] = machine.entered(name, self.scope)
        return machine.entries[key]


class Machine:
    """Runs a compiled nest under one assignment.

    Args:
        it: the interpreter, in the state in which the nest is entered.
        code: the closures of the nest.
        node: its outermost loop.
        assignment: what unknown numbers are.
        asked: the lengths that an earlier run asked for.
    """

    def __init__(
        self,
        it: Interpreter,
        code: Code,
        node: cst.CSTNode,
        assignment: Assignment,
        asked: dict[Key, int] | None = None,
    ) -> None:
        self.it = it
        self.code = code
        self.node = node
        self.entry = Entry(it, assignment, self._resume)
        if asked:
            self.entry.will_ask(asked)
        self.loops: list[list[Any]] = []
        self.calls: list[int] = []
        self.tapes: list[Tape] = []
        self.strands: list[int] = []
        self.attributes: dict[tuple[Key, str], Any] = {}
        self.names: dict[str, Any] = {}
        self.entries: dict[tuple[int, str], Any] = {}
        self.windows: list[Array] = []
        self.reads: dict[int, Read] = {}
        self.pairs: list[tuple[Array, Array, cst.CSTNode]] = []
        self.updates: list[Moment] = []
        self.gradients: list[Moment] = []
        self.events: list[Event] = []
        self.unclear: set[Key] = set()
        self.wrapped = False
        self.seeded = False
        self.differentiates_steps = False
        self.streams: dict[Key, list[float]] = {}
        self.sown: dict[Key, cst.CSTNode] = {}
        self.complete = False
        self.ticks = 0
        self.statements = 0
        self.made = 0
        self.running: dict[int, set[int]] = {}
        self.settles = False
        self.budget = RUN_BUDGET
        self._log: list[tuple[int, tuple[int, int]]] = []
        self._bases: dict[int, Base] = {}

    def _resume(self, function: Function, bound: dict[str, Any]) -> Any:
        from bslint.analysis.windows.library import generator

        return generator(self, function, bound)

    def in_passing(self, node: cst.CSTNode) -> bool:
        """Whether a slice is cut by a generator whose last pass is not over: nobody asks it for more."""
        return any(id(node) in cut for cut in self.running.values())

    # Names and attributes

    def base(self, scope: Scope) -> Base:
        """The frame of a namespace of the analysis."""
        found = self._bases.get(scope.uid)
        if found is None:
            parent = scope.parent
            while parent is not None and parent.kind == "class":
                parent = parent.parent
            found = Base(self, scope, self.base(parent) if parent is not None else None)
            self._bases[scope.uid] = found
            for name, outer in scope.outer.items():
                found.outer[name] = self.base(outer)
        return found

    def entered(self, name: str, scope: Scope) -> Any:
        """What a name holds at the entry of the nest."""
        value = self.it.lookup(name, scope)
        if value is None:
            late = self.it.project.late(self.it, scope.module(), name)
            value = self.it.settled(late) if late is not None else None
        if value is None:
            value = calls.builtin(self.it, name, self.node)
        return self.entry.convert(value)

    # Time

    def tick(self) -> None:
        """Begin an iteration of a loop."""
        self.ticks += 1
        if self.ticks > self.budget or (self.wrapped and self.ticks > _AROUND) or self._is_barren():
            raise EndError

    def step(self) -> None:
        """Execute a statement."""
        self.statements += 1
        if self.statements > self.budget * _STATEMENTS or self._is_barren():
            raise EndError

    def _is_barren(self) -> bool:
        """Whether windows are looked for, and none was cut, or trained on, in so long a time that none will be."""
        if self.reads or not self.settles:
            return False
        patience = 2 * _BARREN if self.windows else _BARREN
        return self.ticks > patience or self.statements > patience * _STATEMENTS

    def moment(self) -> Moment:
        """Now."""
        return Moment(
            tuple((entry[0], entry[1]) for entry in self.loops),
            tuple(entry[2] for entry in self.loops),
            tuple(self.calls),
            self.ticks,
        )

    def settled(self, entry: list[Any]) -> bool:
        """Whether a loop, at the end of an iteration, only repeats: further iterations would show nothing new."""
        if not self.settles:
            return False
        before, start = entry[3], entry[4]
        entry[3], entry[4] = self._log[start:], len(self._log)
        enough = entry[1] > 0 if entry[0] == id(self.node) else entry[1] >= _ROUNDS
        return enough and bool(entry[3]) and entry[3] == before

    def loop(self, node: cst.CSTNode) -> list[Any]:
        """A loop begins: its identity, iteration and variables; what it read last, and how much was read."""
        return [id(node), -1, (), None, len(self._log)]

    # What is recorded

    def cut(self, window: Array) -> Array:
        """A window was cut."""
        window.moment = self.moment()
        self.windows.append(window)
        if self.strands:
            self.running[self.strands[-1]].add(id(window.node))
        return window

    def read(self, value: Any, sink: cst.CSTNode) -> None:
        """A step of training receives everything that a value was computed from."""
        for window in windows_in(value):
            if id(window) not in self.reads:
                self.reads[id(window)] = Read(window, self.moment(), sink)
                self._log.append((id(window.node), window.raw))

    def touch(self, values: Iterable[Any]) -> None:
        """A call receives values; under a tape it may be the model, or the loss."""
        if self.tapes:
            for value in values:
                self.tapes[-1].touched.extend(windows_in(value))

    def meet(self, values: Iterable[Any], node: cst.CSTNode) -> None:
        """Labels meet predictions: what windows they come from."""
        values = list(values)
        labels = [value for value in values if not is_predicted(value)]
        for value in values if labels else ():
            if is_predicted(value) and len(features := windows_in(value)) == 1:
                for label in labels:
                    for window in windows_in(label):
                        if window.root is not features[0].root:
                            self.pairs.append((window, features[0], node))

    # Values

    def number(self, value: Any) -> Any:
        """A value as a number, or why it is none."""
        if isinstance(value, (int, float)):
            return value
        if isinstance(value, Cell):
            return self.number(value.value)
        if isinstance(value, Value):
            return self.entry.number(value)
        return value if isinstance(value, Unknown) else DATA

    def array(self, value: Any, axis: int = 0) -> Array | None:
        """A value as an array, None when it can't be one."""
        if isinstance(value, Derived) and len(value.windows) == 1 and value.length == len(value.windows[0]):
            return value.windows[0]
        return self.entry.array(value, axis)

    def truth(self, value: Any) -> bool | None:
        """Whether a value is true; None when samples or weights decide."""
        if isinstance(value, (Unknown, Derived, Element)):
            return None
        if isinstance(value, Cell):
            return self.truth(value.value)
        if isinstance(value, Array):
            return len(value) > 0
        if isinstance(value, Value):
            decided = arithmetic.truth(self.it, value)
            return decided if decided is not None else self.flag()
        return bool(value)

    def flag(self) -> bool:
        """A test that nothing in sight decides: a setting of the run."""
        self.entry.flagged = True
        return self.entry.assignment.flags

    def length(self, value: Any) -> Any:
        """`len(value)`."""
        if isinstance(value, Array):
            return self.entry.measured(value)
        if isinstance(value, (str, list, tuple, dict, range, set)):
            return len(value)
        if isinstance(value, Derived):
            return value.length if value.length is not None else DATA
        if isinstance(value, Drawn) and (array := self.array(value)) is not None:
            return self.entry.measured(array)
        if isinstance(value, Shape):
            return DATA
        return self.entry.length(value) if isinstance(value, Value) else worst(value, INDEX)

    def iterate(self, value: Any, node: cst.CSTNode) -> Iterator[Any]:
        """The elements of an iterable; of one out of sight, some unknown elements."""
        if isinstance(value, Stream):
            return value.iterator
        if isinstance(value, (list, tuple, range, dict, set)):
            return iter(list(value)) if isinstance(value, (dict, set)) else iter(value)
        if isinstance(value, Array) and value.root.indices and value.space is None:
            return iter(value.positions)
        if isinstance(value, Array):
            return iter([Element(value)] * self.entry.assignment.elements)
        if is_graded(value):
            return iter([Derived((), graded=True)] * self.entry.assignment.elements)
        if isinstance(value, Object) and isinstance(value.type, Class):
            from bslint.analysis.windows.library import iterated

            made = iterated(self, value, value.type, node)
            if made is not None:
                return made
        return elements_of(self, value, node)

    def instance(self, type_: Any, node: cst.CSTNode) -> Object:
        """A new instance of a class of the program."""
        self.made += 1
        return Object(("machine", self.made), type_, None, node)
