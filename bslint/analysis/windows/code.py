"""Statements compiled to closures.

Those with a body are Python generators, so that a generator of the program is one.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Any, Final, TypeAlias

import libcst as cst

from bslint.analysis import arithmetic, calls
from bslint.analysis.values import Value
from bslint.analysis.windows.machine import Event, Machine, RaisedError
from bslint.analysis.windows.values import (
    INDEX,
    Array,
    Cell,
    Closure,
    Derived,
    Drawn,
    Element,
    EndError,
    Frame,
    Shape,
    Tape,
    Unknown,
    worst,
)
from bslint.syntax.walk import children

Signal: TypeAlias = "str | None"
Run: TypeAlias = Callable[[Machine, Frame], Any]
Steps: TypeAlias = Generator[Any, None, Signal]

NEXT: Final = None
BREAK: Final = "break"
CONTINUE: Final = "continue"
RETURN: Final = "return"


class Code:
    """The closures of a nest, made when they are first run and shared by all runs.

    Args:
        watch: identities of expressions (or statements) whose evaluation is recorded in `Machine.events`.
    """

    def __init__(self, watch: Iterable[int] = ()) -> None:
        self.watch = frozenset(watch)
        self.testing = False
        self._expressions: dict[int, Run] = {}
        self._bodies: dict[int, Run] = {}
        self._generators: dict[int, bool] = {}
        self._told: dict[int, tuple[bool, bool, list[str]]] = {}
        self.nodes: dict[int, cst.CSTNode] = {}

    def expression(self, node: cst.BaseExpression) -> Run:
        """The closure of an expression."""
        found = self._expressions.get(id(node))
        if found is None:
            from bslint.analysis.windows.expressions import compiled

            found = compiled(self, node)
            if id(node) in self.watch:
                found = _watched(node, found)
            self._expressions[id(node)] = found
            self.nodes[id(node)] = node
        return found

    def body(self, suite: cst.BaseSuite | cst.Else | cst.Finally) -> Run:
        """The closure of a block."""
        if isinstance(suite, (cst.Else, cst.Finally)):
            return self.body(suite.body)
        found = self._bodies.get(id(suite))
        if found is None:
            found = self._bodies[id(suite)] = self._later(suite.body)
            self.nodes[id(suite)] = suite
        return found

    def _later(self, nodes: Sequence[cst.CSTNode]) -> Run:
        """The closure of a block that is made when it is first run: many branches never are."""
        made: Run | None = None

        def run(m: Machine, f: Frame) -> Any:
            nonlocal made
            if made is None:
                made = self.block(nodes)
            return made(m, f)

        return run

    def told(self, node: cst.If, branches: Sequence[cst.CSTNode]) -> tuple[bool, bool, list[str]]:
        """Of the branches of an `if`: whether one leaves, whether one does more than log, and what they assign."""
        found = self._told.get(id(node))
        if found is None:
            changed = [name for one in branches for name in assigned(one)]
            found = self._told[id(node)] = (any(map(leaving, branches)), any(map(_trains, branches)), changed)
        return found

    def generates(self, node: cst.CSTNode) -> bool:
        """Whether a function is a generator."""
        if id(node) not in self._generators:
            self._generators[id(node)] = any(map(_contains_yield, children(node)))
        return self._generators[id(node)]

    def block(self, nodes: Sequence[cst.CSTNode]) -> Run:
        """The closure of statements in order."""
        lines: list[cst.CSTNode] = []
        for node in nodes:
            lines.extend(node.body if isinstance(node, cst.SimpleStatementLine) else (node,))
        steps = [(isinstance(one, _STEPPED) or _yields(one), self.statement(one)) for one in lines]

        def run(m: Machine, f: Frame) -> Steps:
            for compound, step in steps:
                m.step()
                signal = (yield from step(m, f)) if compound else step(m, f)
                if signal is not None:
                    return signal  # type: ignore[no-any-return]
            return NEXT

        return run

    def statement(self, node: cst.CSTNode) -> Run:
        """The closure of one statement."""
        self.nodes[id(node)] = node
        made = _STATEMENTS.get(type(node))
        run: Run = made(self, node) if made is not None else _nothing
        return _watched(node, run) if id(node) in self.watch and not isinstance(node, _STEPPED) else run


def _watched(node: cst.CSTNode, run: Run) -> Run:
    def watched(m: Machine, f: Frame) -> Any:
        value = run(m, f)
        number = m.number(value) if isinstance(value, (Cell, Value)) else value
        m.events.append(Event(node, number, m.moment()))
        return value

    return watched


def drain(steps: Iterator[Any]) -> Signal:
    """Run steps that yield nothing of interest to their end."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def _nothing(m: Machine, f: Frame) -> Signal:
    return NEXT


# Statements whose closures are generators: there may be a `yield` inside.
_STEPPED = (cst.If, cst.For, cst.While, cst.With, cst.Try, cst.TryStar)


def _yields(node: cst.CSTNode) -> bool:
    """Whether a simple statement is a `yield`."""
    value = getattr(node, "value", None)
    return isinstance(node, (cst.Expr, cst.Assign)) and isinstance(value, cst.Yield)


def _contains_yield(node: cst.CSTNode) -> bool:
    if isinstance(node, (cst.FunctionDef, cst.Lambda, cst.ClassDef)):
        return False
    return isinstance(node, cst.Yield) or any(map(_contains_yield, children(node)))


# Simple statements


def _expression(code: Code, node: cst.Expr) -> Run:
    if isinstance(node.value, cst.Yield):
        return _yield(code, node.value)
    value = code.expression(node.value)

    def run(m: Machine, f: Frame) -> Signal:
        value(m, f)
        return NEXT

    return run


def _yield(code: Code, node: cst.Yield) -> Run:
    if isinstance(node.value, cst.From):
        source = code.expression(node.value.item)

        def run_all(m: Machine, f: Frame) -> Steps:
            yield from m.iterate(source(m, f), node)
            return NEXT

        return run_all
    value = code.expression(node.value) if node.value is not None else None

    def run(m: Machine, f: Frame) -> Steps:
        yield value(m, f) if value is not None else None
        return NEXT

    return run


def _assign(code: Code, node: cst.Assign) -> Run:
    if isinstance(node.value, cst.Yield):
        return _yield(code, node.value)
    value = code.expression(node.value)
    targets = [target(code, one.target) for one in node.targets]

    def run(m: Machine, f: Frame) -> Signal:
        held = value(m, f)
        for put in targets:
            put(m, f, held)
        return NEXT

    return run


def _annotated(code: Code, node: cst.AnnAssign) -> Run:
    if node.value is None:
        return _nothing
    value, put = code.expression(node.value), target(code, node.target)

    def run(m: Machine, f: Frame) -> Signal:
        put(m, f, value(m, f))
        return NEXT

    return run


def _augmented(code: Code, node: cst.AugAssign) -> Run:
    from bslint.analysis.windows.expressions import operate

    old, value, put = code.expression(node.target), code.expression(node.value), target(code, node.target)
    op = arithmetic.OPERATORS.get(type(node.operator), "?")

    def run(m: Machine, f: Frame) -> Signal:
        left, right = old(m, f), value(m, f)
        if isinstance(left, list) and op == "+":
            left.extend(m.iterate(right, node))
        else:
            put(m, f, operate(m, op, left, right, node))
        return NEXT

    return run


Put: TypeAlias = Callable[[Machine, Frame, Any], None]


def target(code: Code, node: cst.BaseExpression) -> Put:
    """The closure that assigns to a target."""
    if isinstance(node, cst.Name):
        name = node.value

        def put_name(m: Machine, f: Frame, value: Any) -> None:
            f.bind(name, value)

        return put_name
    if isinstance(node, (cst.Tuple, cst.List)):
        return _unpacking(code, node)
    if isinstance(node, cst.Attribute):
        owner, attribute = code.expression(node.value), node.attr.value

        def put_attribute(m: Machine, f: Frame, value: Any) -> None:
            held = owner(m, f)
            if isinstance(held, Value):
                m.attributes[(held.key, attribute)] = value

        return put_attribute
    if isinstance(node, cst.Subscript):
        return _put_item(code, node)
    return lambda m, f, value: None


def _put_item(code: Code, node: cst.Subscript) -> Put:
    owner = code.expression(node.value)
    single = node.slice[0].slice if len(node.slice) == 1 else None
    index = code.expression(single.value) if isinstance(single, cst.Index) else None

    def put(m: Machine, f: Frame, value: Any) -> None:
        held = owner(m, f)
        at = index(m, f) if index is not None else INDEX
        if isinstance(held, list):
            if isinstance(at, int) and -len(held) <= at < len(held):
                held[at] = value
            else:
                held[:] = [worst(value, INDEX)] * len(held)
        elif isinstance(held, dict) and isinstance(at, (int, str)):
            held[at] = value

    return put


def _unpacking(code: Code, node: cst.Tuple | cst.List) -> Put:
    puts = [target(code, element.value) for element in node.elements]
    star = next((i for i, element in enumerate(node.elements) if isinstance(element, cst.StarredElement)), None)
    count = len(puts)

    def put(m: Machine, f: Frame, value: Any) -> None:
        parts = _parts(m, value, count, star, node)
        for one, part in zip(puts, parts, strict=True):
            one(m, f, part)

    return put


def _parts(m: Machine, value: Any, count: int, star: int | None, node: cst.CSTNode) -> list[Any]:
    if isinstance(value, (list, tuple, range)):
        held = list(value)
        if star is not None and len(held) >= count - 1:
            rest = len(held) - (count - star - 1)
            return [*held[:star], held[star:rest], *held[rest:]]
        return held if len(held) == count else [INDEX] * count
    if isinstance(value, Shape):
        return [_size(m, value, axis) for axis in range(count)]
    if isinstance(value, Value):
        return [m.entry.convert(calls.part(m.it, value, position, count, node)) for position in range(count)]
    if isinstance(value, Drawn):
        return [value.part(position) for position in range(count)]
    if isinstance(value, (Array, Element)):
        return [Element(value) if isinstance(value, Array) else value] * count
    return [value if isinstance(value, (Derived, Unknown)) else INDEX] * count


def _size(m: Machine, shape: Shape, axis: int) -> Any:
    from bslint.analysis.windows.expressions import size

    return size(m, shape, axis)


def _return(code: Code, node: cst.Return) -> Run:
    value = code.expression(node.value) if node.value is not None else None

    def run(m: Machine, f: Frame) -> Signal:
        f.result = value(m, f) if value is not None else None
        return RETURN

    return run


def _raise(code: Code, node: cst.Raise) -> Run:
    def run(m: Machine, f: Frame) -> Signal:
        raise RaisedError

    return run


def _global(code: Code, node: cst.Global | cst.Nonlocal) -> Run:
    names = [one.name.value for one in node.names]
    outermost = isinstance(node, cst.Global)

    def run(m: Machine, f: Frame) -> Signal:
        for name in names:
            frame = f.parent
            while frame is not None and frame.parent is not None and (outermost or name not in frame.variables):
                frame = frame.parent
            if frame is not None:
                f.outer[name] = frame
        return NEXT

    return run


def _function(code: Code, node: cst.FunctionDef) -> Run:
    from bslint.analysis.windows.expressions import defaults

    evaluated = defaults(code, node.params)
    name = node.name.value

    def run(m: Machine, f: Frame) -> Signal:
        f.bind(name, Closure(node, f, {key: value(m, f) for key, value in evaluated.items()}))
        return NEXT

    return run


# Compound statements


def _if(code: Code, node: cst.If) -> Run:
    testing, code.testing = code.testing, True
    test = code.expression(node.test)
    code.testing = testing
    then = code.body(node.body)
    otherwise: Run | None = None
    if isinstance(node.orelse, cst.If):
        otherwise = code.statement(node.orelse)
    elif node.orelse is not None:
        otherwise = code.body(node.orelse)
    branches = [node.body, *([node.orelse] if node.orelse is not None else [])]

    def run(m: Machine, f: Frame) -> Steps:
        held = test(m, f)
        outcome = m.truth(held)
        if outcome is None:
            leaves, serious, changed = code.told(node, branches)
            if isinstance(held, Unknown) and held.reason == "index" and (leaves or serious):
                raise EndError
            if not serious:
                for name in [] if leaves else changed:
                    f.bind(name, worst(held))
                return NEXT
            outcome = m.flag()
        if outcome:
            return (yield from then(m, f))  # type: ignore[no-any-return]
        return (yield from otherwise(m, f)) if otherwise is not None else NEXT

    return run


def _for(code: Code, node: cst.For) -> Run:
    iterable, put, body = code.expression(node.iter), target(code, node.target), code.body(node.body)
    otherwise = code.body(node.orelse) if node.orelse is not None else None
    names = _names(node.target)

    def run(m: Machine, f: Frame) -> Steps:
        entry = m.loop(node)
        for value in m.iterate(iterable(m, f), node):
            entry[1] += 1
            m.tick()
            put(m, f, value)
            entry[2] = _integers(f, names)
            m.loops.append(entry)
            signal = yield from body(m, f)
            m.loops.pop()
            if signal == BREAK or m.settled(entry):
                return NEXT
            if signal == RETURN:
                return RETURN
        return (yield from otherwise(m, f)) if otherwise is not None else NEXT

    return run


def _while(code: Code, node: cst.While) -> Run:
    testing, code.testing = code.testing, True
    test = code.expression(node.test)
    code.testing = testing
    body = code.body(node.body)
    names = _names(node.test)

    def run(m: Machine, f: Frame) -> Steps:
        entry = m.loop(node)
        while True:
            held = test(m, f)
            outcome = m.truth(held)
            if isinstance(held, Unknown) and held.reason == "index":
                raise EndError
            if outcome is False or (outcome is None and entry[1] >= 1):
                return NEXT
            entry[1] += 1
            m.tick()
            entry[2] = _integers(f, names)
            m.loops.append(entry)
            signal = yield from body(m, f)
            m.loops.pop()
            if signal == BREAK or m.settled(entry):
                return NEXT
            if signal == RETURN:
                return RETURN

    return run


def _integers(f: Frame, names: Sequence[str]) -> tuple[tuple[str, int], ...]:
    return tuple((name, value) for name in names if type(value := f.variables.get(name)) is int)


def _with(code: Code, node: cst.With) -> Run:
    entries = [
        (code.expression(item.item), target(code, item.asname.name) if item.asname is not None else None)
        for item in node.items
    ]
    body = code.body(node.body)

    def run(m: Machine, f: Frame) -> Steps:
        tapes = len(m.tapes)
        for manager, put in entries:
            held = manager(m, f)
            if isinstance(held, Tape):
                m.tapes.append(held)
            if put is not None:
                put(m, f, held)
        signal = yield from body(m, f)
        del m.tapes[tapes:]
        return signal  # type: ignore[no-any-return]

    return run


def _try(code: Code, node: cst.Try | cst.TryStar) -> Run:
    body = code.body(node.body)
    handlers = [code.body(handler.body) for handler in node.handlers]
    otherwise = code.body(node.orelse) if node.orelse is not None else None
    final = code.body(node.finalbody) if node.finalbody is not None else None

    def run(m: Machine, f: Frame) -> Steps:
        loops, called, tapes = len(m.loops), len(m.calls), len(m.tapes)
        try:
            signal = yield from body(m, f)
        except RaisedError:
            if not handlers:
                raise
            del m.loops[loops:], m.calls[called:], m.tapes[tapes:]
            signal = yield from handlers[0](m, f)
        else:
            if signal is None and otherwise is not None:
                signal = yield from otherwise(m, f)
        if final is not None:
            yield from final(m, f)
        return signal  # type: ignore[no-any-return]

    return run


# What a branch does, told from its text


def leaving(node: cst.CSTNode, loops: int = 0) -> bool:
    """Whether a block leaves the loop or function around it, or raises."""
    if isinstance(node, (cst.Return, cst.Raise)):
        return True
    if isinstance(node, (cst.Break, cst.Continue)):
        return not loops
    if isinstance(node, (cst.FunctionDef, cst.Lambda, cst.ClassDef)):
        return False
    inner = loops + isinstance(node, (cst.For, cst.While))
    return any(leaving(child, inner) for child in children(node))


def assigned(node: cst.CSTNode) -> list[str]:
    """The variables that a block assigns."""
    if isinstance(node, (cst.FunctionDef, cst.Lambda, cst.ClassDef)):
        return []
    found = [name for child in children(node) for name in assigned(child)]
    if isinstance(node, (cst.AssignTarget, cst.AugAssign, cst.AnnAssign, cst.For)):
        found += _names(node.target)
    return found


_SERIOUS = frozenset(("gradient", "apply_gradients", "train_on_batch", "minimize", "GradientTape"))


def _trains(node: cst.CSTNode) -> bool:
    """Whether a block does more than log: it takes gradients, updates, loops or cuts arrays."""
    if isinstance(node, (cst.For, cst.While, cst.Slice)) or (isinstance(node, cst.Name) and node.value in _SERIOUS):
        return True
    return any(map(_trains, children(node)))


def _names(node: cst.CSTNode) -> list[str]:
    """The variables that are named in an expression, without attributes and functions."""
    if isinstance(node, cst.Name):
        return [node.value]
    if isinstance(node, cst.Attribute):
        return []
    inner = node.args if isinstance(node, cst.Call) else children(node)
    return list(dict.fromkeys(name for child in inner for name in _names(child)))


_STATEMENTS: dict[type, Callable[[Code, Any], Run]] = {
    cst.Expr: _expression,
    cst.Assign: _assign,
    cst.AnnAssign: _annotated,
    cst.AugAssign: _augmented,
    cst.Return: _return,
    cst.Raise: _raise,
    cst.Global: _global,
    cst.Nonlocal: _global,
    cst.FunctionDef: _function,
    cst.If: _if,
    cst.For: _for,
    cst.While: _while,
    cst.With: _with,
    cst.Try: _try,
    cst.TryStar: _try,
    cst.Break: lambda code, node: lambda m, f: BREAK,
    cst.Continue: lambda code, node: lambda m, f: CONTINUE,
}
