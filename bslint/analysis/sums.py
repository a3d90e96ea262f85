"""The accumulations of a program, from what was noted while it was executed."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import libcst as cst

from bslint.analysis import schedules
from bslint.analysis.gradients import Accumulation, Addition, Assignment, Test, Update
from bslint.analysis.values import Choice, Expr, Key, Known, Object, Value, alternatives
from bslint.syntax.walk import used_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bslint.analysis.accumulation import Event
    from bslint.analysis.facts import Loop
    from bslint.analysis.interpreter import Interpreter
    from bslint.analysis.repetition import Clause

Round: TypeAlias = "tuple[Loop, int]"

# What runs before the first step.
_PREPARING = frozenset(("__init__", "build", "compile", "__post_init__", "setup"))


def accumulations(it: Interpreter) -> Iterator[Accumulation]:
    """All accumulations whose sum is applied."""
    for home in it.ledger.events:
        made = accumulation(it, home)
        if made is not None:
            yield made


def accumulation(it: Interpreter, home: Key) -> Accumulation | None:
    """What is known of one accumulator; None when it is none, or its sum is not applied."""
    events = it.ledger.events[home]
    latest = {id(one.node): one for one in events if one.kind in {"add", "collect"}}
    additions = [
        one
        for one in latest.values()
        if _clause(one) is not None or (_is_repeated(one) and not _starts_afresh(one, events))
    ]
    if not additions:
        return None
    first = additions[0]
    clause = _clause(first)
    loop = _micro_loop(first) if clause is None else None
    updates = list(_updates(it, home, first, loop))
    applied = [update for update in updates if update.sums]
    if not applied:
        return None
    return Accumulation(
        name=it.ledger.names.get(home, "the accumulator"),
        loop=loop[0] if loop is not None else None,
        additions=tuple(_addition(one) for one in additions),
        updates=tuple(updates),
        assignments=tuple(_assignments(it, home, applied, first)),
        escapes=any(one.kind == "escape" for one in events),
        scaled=any(one.kind == "scale" for one in events),
        dropped=any(one.kind == "drop" for one in events),
        count=_count(it, loop, applied) if clause is None else _size(clause),
        models=first.models,
        normalisations=first.normalisations if _trains_in(first) else (),
        cadences=it.ledger.cadences.get(home, ()),
        schedule=schedules.of(applied, first.where, loop),
        clause=clause,
    )


def _trains_in(event: Event) -> bool:
    """Whether the model runs as in training, which is what a batch normalisation learns from."""
    calls = event.hits[0].found.forwards
    return any(isinstance(call.training, Known) and bool(call.training.value) for call in calls)


def _addition(event: Event) -> Addition:
    hit = event.hits[0]
    return Addition(event.node, hit.found, hit.factors, event.where, event.kind == "collect")


def _micro_loop(event: Event) -> Round | None:
    """The loop each of whose iterations takes a gradient of its own tape and adds it, with its present iteration.

    None when there is none: some other code calls the step again and again.
    """
    gradient = event.hits[0].found
    taped = gradient.tape.where if gradient.tape is not None else ()
    common: Round | None = None
    for ours, theirs, recorded in zip(event.where, gradient.where, taped, strict=False):
        if not ours == theirs == recorded:
            break
        common = ours
    return common


def _clause(event: Event) -> Clause | None:
    """The comprehension that takes the gradients that an event collects."""
    if event.kind != "collect" or not isinstance(event.node, (cst.Assign, cst.AnnAssign)):
        return None
    tape = event.hits[0].found.tape
    return tape.clause if tape is not None else None


def _size(clause: Clause) -> Value | None:
    """The number of elements of a comprehension."""
    return Known(clause.count) if clause.count is not None else None


def _is_repeated(event: Event) -> bool:
    """Whether a gradient is added more than once: in a loop, or in a function that others call."""
    return event.hits[0].found.tape is not None and bool(event.functions or _micro_loop(event))


def _starts_afresh(event: Event, events: Sequence[Event]) -> bool:
    """Whether every iteration gives the accumulator a new value before it adds to it."""
    loop = _micro_loop(event)
    return any(
        one.kind == "set"
        and one.order < event.order
        and (loop in one.where if loop is not None else _same_call(one, event))
        and set(one.tests) <= set(event.tests)
        and all(event.path.get(key) == outcome for key, outcome in one.path.items())
        for one in events
    )


def _same_call(one: Event, other: Event) -> bool:
    """Whether two events happen in one call of a function."""
    return any(frame.function is not None and frame in other.frames for frame in one.frames)


def _updates(it: Interpreter, home: Key, addition: Event, loop: Round | None) -> Iterator[Update]:
    latest = {(id(one.event.node), *_calls(one.event)): one for one in it.ledger.updates}
    added = {id(hit.found.node) for hit in addition.hits}
    collected = addition.kind == "collect"
    for one in latest.values():
        inside = loop in one.event.where if loop is not None else _same_call(one.event, addition)
        same = inside and _clause(addition) is None
        sums = [hit for hit in one.sums if hit.found == home and (hit.summed or not collected)]
        own = [hit.found for hit in one.gradients if id(hit.found.node) in added]
        if sums or (same and own):
            yield Update(
                node=one.event.node,
                optimizer=one.optimizer,
                where=one.event.where,
                sums=bool(sums),
                gradients=tuple(own),
                factors=max((hit.factors for hit in sums), key=len, default=()),
                clear=all(hit.clear for hit in sums),
                same_iteration=same,
                tests=tuple(_tests(it, one.event, addition)),
                repeats=_common(one.event, addition),
                rate=one.rate,
            )


def _common(one: Event, other: Event) -> Loop | None:
    """The innermost loop around two events."""
    found: Loop | None = None
    for (ours, _), (theirs, _) in zip(one.where, other.where, strict=False):
        if ours.node is not theirs.node:
            break
        found = ours
    return found


def _calls(event: Event) -> tuple[int, ...]:
    """The calls that led to an event."""
    return tuple(id(frame.node) for frame in event.frames)


def _tests(it: Interpreter, event: Event, addition: Event) -> Iterator[Test]:
    for key, outcome in event.path.items():
        if addition.path.get(key) is not outcome and key in it.ledger.tests:
            node, value = it.ledger.tests[key]
            yield Test(node, value, outcome)


def _assignments(it: Interpreter, home: Key, applied: Sequence[Update], addition: Event) -> Iterator[Assignment]:
    name = it.ledger.names.get(home, "").rpartition(".")[2]
    repeated = {id(loop.node) for update in applied if (loop := _group(update)) is not None}
    full = {id(test.node) for update in applied for test in update.tests}
    # `acc = g if acc is None else …` sets it in the first iteration, and adds to it later.
    latest = {id(one.node): one for one in it.ledger.events[home] if one.kind != "collect"}
    for one in latest.values():
        if one.kind != "set":
            continue
        # A function that several loops call assigns in all of them.
        places = (other.where for other in it.ledger.events[home] if other.node is one.node)
        nodes = {id(loop.node) for place in places for loop, _ in place}
        prepares = not one.functions or not _PREPARING.isdisjoint(one.functions)
        initial = not repeated & nodes if repeated else prepares
        lazily = any(name in used_names(test) for test in one.tests if id(test) not in full)
        yield Assignment(one.node, one.value, one.where, initial, lazily, tuple(_tests(it, one, addition)))


def _group(update: Update) -> Loop | None:
    """The loop between whose iterations an accumulator should start again."""
    loop = update.repeats
    each_time = update.same_iteration and not update.tests
    return loop.parent if each_time and loop is not None and loop.parent is not None else loop


def _count(it: Interpreter, loop: Round | None, applied: Sequence[Update]) -> Value | None:
    """The number of micro-batches in an update."""
    tests = [test for update in applied if update.same_iteration for test in update.tests]
    found = next((found for test in tests if (found := _modulus(test.value)) is not None), None)
    found = found or next((found for test in tests if (found := _limit(test)) is not None), None)
    if found is None and loop is not None and any(not update.same_iteration for update in applied):
        return schedules.iterations(loop[0])
    converted = isinstance(found, Object) and found.call is not None and found.type in _CONVERTING
    return found.call.value("value", 0) if converted else found  # type: ignore[union-attr]


_CONVERTING = ("tf.constant", "tf.convert_to_tensor", "tf.cast")
_EQUAL = ("tf.equal", "tf.math.equal")
# Comparisons that hold from a number on.
_REACHED = (*_EQUAL, "tf.greater_equal", "tf.math.greater_equal", "tf.greater", "tf.math.greater")


def _limit(test: Test) -> Value | None:
    """The `k` of a test like `pending == k`, `pending >= k` or `pending > k`."""
    for value in alternatives(test.value):
        outcome = test.outcome
        while isinstance(value, Expr) and value.op == "not":
            value, outcome = value.operands[0], not outcome
        if isinstance(value, Expr) and value.op in ({"=="} if outcome else {"<", "<="}):
            return _fixed(value.operands)
        if outcome and isinstance(value, Object) and value.call is not None and value.type in _REACHED:
            return _fixed(tuple(value.call.values()))
    return None


def _fixed(sides: Sequence[Value]) -> Value | None:
    """The side of a comparison that does not count."""
    still = [one for one in sides if not (isinstance(one, Object) and one.type == "tf.Variable")]
    return still[-1] if still else None


def _modulus(value: Value) -> Value | None:
    """The `k` of a test like `(step + 1) % k == 0`."""
    pending = [value]
    for _ in range(20):
        if not pending:
            return None
        one = pending.pop()
        if isinstance(one, Choice):
            pending.extend(alternatives(one))
        elif isinstance(one, Expr):
            if one.op == "%":
                return one.operands[1]
            pending.extend(one.operands)
        elif isinstance(one, Object) and one.call is not None and one.type in _EQUAL:
            pending.extend(one.call.values())
        elif isinstance(one, Object) and one.call is not None and one.type in {"tf.math.floormod", "tf.math.mod"}:
            return one.call.value("y", 1)
    return None
