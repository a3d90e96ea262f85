"""Loops: executed once from the entry, and again from what the body left if it changed anything."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import libcst as cst

from bslint.analysis import arithmetic, cadence, containers, feeds, iterations, models, retries
from bslint.analysis.calls import iterated, unrolled
from bslint.analysis.facts import Loop, Training
from bslint.analysis.values import (
    NO_GUARD,
    Choice,
    Dataset,
    DatasetIterator,
    Expr,
    Guard,
    Items,
    Key,
    Known,
    Symbol,
    Value,
    alternatives,
    is_none,
)
from bslint.syntax.walk import leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bslint.analysis.interpreter import Flow, Interpreter

Changes = dict[Key, Value | None]
# Rounds of a `while` loop that builds a model.
_ROUNDS = 64
# Passes over a loop's body after the first.
_LATER_PASSES = 2


class Pass:
    """One execution of a loop's body: the ways out of it."""

    def __init__(self, it: Interpreter) -> None:
        self.mark = it.store.mark()
        self.path = it.path
        self.continues: list[tuple[Guard, Changes]] = []
        self.breaks: list[tuple[Guard, Changes]] = []


def leave(it: Interpreter, how: str) -> None:
    """`break` or `continue`: remember the state for the end of the pass."""
    if not it.passes:
        return
    if how == "break":
        retries.leaving(it)
    current = it.passes[-1]
    ways = current.breaks if how == "break" else current.continues
    ways.append((it.delta(current.path), it.store.changes(current.mark)))


def for_loop(it: Interpreter, node: cst.For) -> Flow:
    """A `for` statement."""
    mark = it.store.mark()
    iterable = it.evaluate(node.iter)
    loop = _open(it, node, iterable)
    known = unrolled(it, iterable, ranges=False) if not it.exhausted else None
    if known is not None:
        probe, identified = Probe(it) if models.is_list(iterable) else None, it.identified
        flow = _unrolled(it, node, known)
        each = models.inner(it, iterable, node) if probe is not None and it.identified > identified else None
        if probe is not None and each is not None:  # what holds for all layers of an application at once does not do
            loop = probe.undo(node, iterable)
            flow = _unrolled(it, node, each)
    else:
        probe = Probe(it)
        flow = _repeated(it, lambda: _iteration(it, node, iterable), node)
        elements = _elements(it, iterable) if probe.only_builds() else None
        if elements is not None:
            loop = probe.undo(node, iterable)
            flow = _unrolled(it, node, elements)
    _close(it, loop, node)
    _run_windows(it, node, loop, mark)
    return flow


def _elements(it: Interpreter, iterable: Value) -> list[Value] | None:
    """All elements of a sequence of known length."""
    items = containers.sequence(it, iterable) if not it.exhausted else None
    return list(items.items) if items is not None and items.complete else None


class Probe:
    """Finds out whether a loop builds a model and trains nothing: such a loop is executed as it is written."""

    def __init__(self, it: Interpreter) -> None:
        self.it = it
        self.mark = it.store.mark()
        self.path = it.path
        self.built = it.building
        effects = it.effects
        self.lists: list[list[Any]] = [effects.runs, effects.updates, effects.loops, effects.handlers]
        self.lists += [effects.discarded, effects.recursions, effects.models]
        for loop in it.loops:
            self.lists += [loop.gradients, loop.updates, loop.runs, loop.consumed, loop.models, loop.called]
        self.lengths = [len(one) for one in self.lists]

    def only_builds(self) -> bool:
        """Whether layers were made since, and nothing was trained."""
        runs, updates = self.lists[:2]
        return self.it.building > self.built and [len(runs), len(updates)] == self.lengths[:2]

    def undo(self, node: cst.For | cst.While, iterable: Value | None) -> Loop:
        """Go back to where the loop starts."""
        it = self.it
        it.store.rollback(self.mark)
        it.path = self.path
        for one, length in zip(self.lists, self.lengths, strict=True):
            del one[length:]
        it.loops.pop()
        return _open(it, node, iterable)


def while_loop(it: Interpreter, node: cst.While) -> Flow:
    """A `while` statement; its body is taken to run unless the test is known to be false."""
    mark = it.store.mark()
    loop = _open(it, node, None)
    if arithmetic.truth(it, it.evaluate(node.test)) is False:
        flow = _otherwise(it, node)
        it.loops.pop()
        return flow

    def body() -> Flow:
        it.evaluate(node.test)
        flow = it.run(node.body.body)
        if it.effects.handlers and flow == "next":
            retries.tested(it, node)
        return flow

    probe = Probe(it)
    flow = _repeated(it, body, node)
    if probe.only_builds() and node.orelse is None:
        loop = probe.undo(node, None)
        counted = _counted(it, node)
        if counted is None:
            loop = probe.undo(node, None)
        flow = counted or _repeated(it, body, node)
    _close(it, loop, node)
    _run_windows(it, node, loop, mark)
    return flow


def _counted(it: Interpreter, node: cst.While) -> Flow | None:
    """Execute a loop round by round; None when it is not known how many rounds there are."""
    breaks: list[tuple[Guard, Changes]] = []
    start, path = it.store.mark(), it.path
    for number in range(_ROUNDS):
        with it.in_round(node, number):
            test = arithmetic.truth(it, it.evaluate(node.test))
            if test is False:
                return "next"
            flow = _once(it, lambda: it.run(node.body.body), breaks, start, path) if test else "mixed"
        if flow != "next" or breaks or it.exhausted:
            return None
    return None


def _is_endless(node: cst.For | cst.While) -> bool:
    """`while True`: only `break`, `return` and exceptions lead out."""
    test = node.test if isinstance(node, cst.While) else None
    return (isinstance(test, cst.Name) and test.value == "True") or (
        isinstance(test, cst.Integer) and test.value == "1"
    )


def _iteration(it: Interpreter, node: cst.For, iterable: Value) -> Flow:
    element = iterated(it, iterable, node)
    _receives(it, element)
    it.assign(node.target, element)
    return it.run(node.body.body)


def _open(it: Interpreter, node: cst.For | cst.While, iterable: Value | None) -> Loop:
    loop = Loop(
        node,
        it.loops[-1] if it.loops else None,
        iterable,
        count=iterations.at_most(it, iterable),
        variants=iterations.are_functions(it, iterable),
        mark=it.store.mark(),
        path=it.path,
        depth=len(it.frames),
        in_test=it.in_test,
        tests=len(it.tests),
    )
    it.loops.append(loop)
    return loop


def _close(it: Interpreter, loop: Loop, node: cst.For | cst.While) -> None:
    it.loops.pop()
    if it.muted:
        return
    it.effects.loops.append(loop)
    if it.effects.handlers:
        retries.by_loop(it, loop)
    if not loop.trains:
        return
    loop.left = it.trying > 0 or leaves(node)
    strategy = it.strategies[-1] if it.strategies else None
    calls = tuple(frame.node for frame in it.frames)
    for data in (*drawn(loop.iterable), *(one for value in loop.consumed for one in drawn(value))):
        training = Training(
            "loop",
            loop.node,
            None,
            None,
            data,
            feeds=feeds.of(it, data, None, loop.node),
            loop=loop,
            strategy=_shared_by(data) or strategy,
            calls=calls,
            in_test=it.in_test,
        )
        it.effects.runs.append(training)
        it.happened(training)


def _shared_by(data: Value) -> Value | None:
    """The strategy whose replicas share the batches of a distributed dataset."""
    stages = data.stage.chain() if isinstance(data, Dataset) else ()
    return next((stage.inputs[0] for stage in stages if "distribute" in stage.op and stage.inputs), None)


def _run_windows(it: Interpreter, node: cst.For | cst.While, loop: Loop, mark: int) -> None:
    """Run the outermost loop on integers when it trains by hand on slices of arrays."""
    if loop.parent is None and not it.muted and (loop.updates or loop.fed) and (loop.cuts or it.splits):
        from bslint.analysis import windows

        windows.examine(it, node, mark)
    if loop.parent is None and not it.muted and it.ledger.sums and loop.updates and loop.gradients:
        cadence.examine(it, node, mark)


def drawn(iterable: Value | None) -> tuple[Value, ...]:
    """The datasets whose elements a loop receives."""
    found: list[Value] = []
    for value in alternatives(iterable):
        if isinstance(value, Dataset):
            found.append(value)
        elif isinstance(value, DatasetIterator):
            for inner in value.datasets:
                found.extend(drawn(inner))
    return tuple(found)


def _unrolled(it: Interpreter, node: cst.For, elements: list[Value]) -> Flow:
    """Run the body once for every element of a short known sequence."""
    breaks: list[tuple[Guard, Changes]] = []
    start, path = it.store.mark(), it.path
    flow: Flow = "next"
    for number, element in enumerate(elements):
        with it.in_round(node, number):
            flow = _once(it, partial(_with_element, it, node, element), breaks, start, path)
        if flow != "next" or it.exhausted:
            break
    return _joined(it, flow, breaks, start, path, node)


def _receives(it: Interpreter, element: Value) -> None:
    """What a loop iterates over is another one every time."""
    held = element.items if isinstance(element, Items) else (element,)
    it.loops[-1].made.update(one.key for value in (element, *held) for one in alternatives(value))


def _with_element(it: Interpreter, node: cst.For, element: Value) -> Flow:
    _receives(it, element)
    it.assign(node.target, element)
    return it.run(node.body.body)


def _once(
    it: Interpreter, body: Callable[[], Flow], breaks: list[tuple[Guard, Changes]], start: int, path: dict[Key, bool]
) -> Flow:
    """One pass; afterwards the state is what falls through or continues, and breaks are added to `breaks`."""
    it.counted += 1
    it.loops[-1].iteration = it.counted
    current = Pass(it)
    it.passes.append(current)
    flow = body()
    it.passes.pop()
    ends = list(current.continues)
    if flow == "next":
        ends.append((it.delta(current.path), it.store.changes(current.mark)))
    it.path = current.path
    it.store.rollback(current.mark)
    before = it.store.changes(start)
    breaks.extend((guard | it.delta(path), {**before, **changes}) for guard, changes in current.breaks)
    if not ends:
        return "break" if current.breaks or flow in {"break", "mixed"} else flow
    it.merge(ends)
    return "next"


def _joined(
    it: Interpreter,
    flow: Flow,
    breaks: list[tuple[Guard, Changes]],
    start: int,
    path: dict[Key, bool],
    node: cst.For | cst.While,
) -> Flow:
    """The state after the loop: what the last pass and the loop's `else` left, joined with the breaks."""
    if flow == "next":
        flow = "raise" if _is_endless(node) else _otherwise(it, node)
    if not breaks:
        return flow
    ends = list(breaks)
    if flow == "next":
        ends.append((NO_GUARD, it.store.changes(start)))
    it.store.rollback(start)
    it.path = path
    it.merge(ends)
    return "next"


def _repeated(it: Interpreter, body: Callable[[], Flow], node: cst.For | cst.While) -> Flow:
    """Run the body from the entry, and again from the join of the entry with what it left."""
    start, path = it.store.mark(), it.path
    breaks: list[tuple[Guard, Changes]] = []
    it.repeating += 1
    try:
        flow = _passes(it, body, breaks, node, start)
    finally:
        it.repeating -= 1
    return _joined(it, flow, breaks, start, path, node)


def _passes(
    it: Interpreter, body: Callable[[], Flow], breaks: list[tuple[Guard, Changes]], node: cst.CSTNode, start: int
) -> Flow:
    path, missed = it.path, len(it.missed)
    flow = _once(it, body, breaks, start, path)
    for _ in range(_LATER_PASSES):
        if flow != "next" or it.exhausted:
            return flow
        left = it.store.changes(start)
        it.store.rollback(start)
        changed = {key: value for key, value in left.items() if _differs(it.store.get(key), value)}
        changed.update(_carried(left, set(it.missed[missed:])))
        for key, value in left.items():
            it.store.set(key, _widened(it, key, value, node) if key in changed else value)
        if not changed:
            return flow
        late = empty(it, left)
        flow = _once(it, body, breaks, start, path)
        if not (it.loops[-1].gradients and any(not is_none(it.store.get(key)) for key in late)):
            break
    return flow


def empty(it: Interpreter, keys: Iterable[Key]) -> list[Key]:
    """What is None at the head of a pass that binds it: the pass may show that it is not always."""
    return [key for key in keys if it.store.get(key) is not None and is_none(it.store.get(key))]


def _carried(left: Changes, missed: set[str]) -> Changes:
    """The variables that a later pass reads before it binds them: `if i == 0: total = x`, `else: total = total + x`."""
    return {key: value for key, value in left.items() if isinstance(key, tuple) and key[1] in missed}


def widen(it: Interpreter, start: int, node: cst.CSTNode) -> bool:
    """Go back to a point in time, but with what the code since then left in attributes; whether it left anything."""
    left = {
        key: value for key, value in it.store.changes(start).items() if isinstance(key, tuple) and key[0] == "attribute"
    }
    it.store.rollback(start)
    changed = {key: value for key, value in left.items() if _differs(it.store.get(key), value)}
    for key, value in changed.items():
        it.store.set(key, _widened(it, key, value, node))
    return bool(changed)


def _differs(before: Value | None, after: Value | None) -> bool:
    return before is not None and after is not None and before.key != after.key


def _widened(it: Interpreter, key: Key, after: Value | None, node: cst.CSTNode) -> Value | None:
    """What a variable holds at the head of a later pass.

    Numbers and strings that change become unknown; pipelines and objects may be either.
    """
    before = it.store.get(key)
    if after is None:
        return after
    if before is None:
        return _of_an_earlier_pass(after)
    if all(_scalar(value) for value in (before, after)) or _is_counted(before, after):
        name = key[1] if isinstance(key, tuple) and isinstance(key[1], str) else "?"
        kind = arithmetic.kind_of(before)
        return Symbol(
            ("varies", id(node), key), name, after.origin, kind=kind if kind == arithmetic.kind_of(after) else None
        )
    return containers.join_stored(it, key, [(NO_GUARD, before), (NO_GUARD, _of_an_earlier_pass(after))], node)


def _is_counted(before: Value, after: Value) -> bool:
    """Whether a number may have been counted up or down, which later passes may do again."""
    counted = any(isinstance(one.origin, (cst.AugAssign, cst.BinaryOperation)) for one in alternatives(after))
    return counted and all(
        isinstance(one, Known) and type(one.value) is int for value in (before, after) for one in alternatives(value)
    )


def _of_an_earlier_pass(value: Value) -> Value:
    """The tests of an earlier pass say nothing about this one."""
    if not isinstance(value, Choice):
        return value
    return Choice(tuple((NO_GUARD, one) for _, one in value.alternatives))


def _scalar(value: Value) -> bool:
    return isinstance(value, (Expr, Symbol)) or (isinstance(value, Known) and value.value is not None)


def _otherwise(it: Interpreter, node: cst.For | cst.While) -> Flow:
    """The `else` of the innermost loop; it is no part of the loop."""
    if node.orelse is None:
        return "next"
    loop = it.loops.pop()
    flow = it.run(node.orelse.body.body)
    it.loops.append(loop)
    return flow
