"""`try` statements: flow through handlers, and the facts about those that catch an out-of-memory error."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import libcst as cst

from bslint.analysis import containers, retries
from bslint.analysis.apis import BROAD_ERRORS, OOM_ERRORS
from bslint.analysis.facts import Exit, OomHandler, Training
from bslint.analysis.values import Api, Function, Guard, Key, Symbol, Value, alternatives

if TYPE_CHECKING:
    from bslint.analysis.interpreter import Flow, Interpreter
    from bslint.analysis.store import Scope

Changes: TypeAlias = dict[Key, Value | None]

_EXITS: dict[str, Exit] = {
    "raise": "raise",
    "return": "return",
    "exit": "exit",
    "break": "break",
    "continue": "continue",
    "mixed": "return",
}


class Steps(NamedTuple):
    """Training steps that are written by hand.

    Args:
        updates: the updates of weights.
        calls: the calls that lead to them from the function that is being executed, or the updates themselves.
        models: the identities of the models whose gradients are taken.
    """

    updates: tuple[cst.CSTNode, ...]
    calls: tuple[cst.CSTNode, ...]
    models: frozenset[Key]


def _steps(it: Interpreter, first_update: int, first_gradient: int) -> Steps:
    """The steps since then."""
    depth = len(it.frames)
    events = [update.event for update in it.ledger.updates[first_update:]]
    calls = (event.frames[depth].node if len(event.frames) > depth else None for event in events)
    gradients = [*it.tapes.gradients.values()][first_gradient:]
    gradients += [hit.found for update in it.ledger.updates[first_update:] for hit in update.gradients]
    return Steps(
        tuple(dict.fromkeys(event.node for event in events)),
        tuple(dict.fromkeys(call or event.node for call, event in zip(calls, events, strict=True))),
        frozenset(key for one in gradients for key in one.trained),
    )


def try_statement(it: Interpreter, node: cst.Try | cst.TryStar) -> Flow:
    """A `try` statement: body and else, or one of the handlers; then finally."""
    handlers: list[cst.ExceptHandler | cst.ExceptStarHandler] = [*node.handlers]
    caught = [_caught(it, handler) for handler in handlers]
    before = it.store.mark()
    path = it.path
    first_run, first_return = len(it.effects.runs), len(it.frame.returns)
    first_update, first_gradient = len(it.ledger.updates), len(it.tapes.gradients)
    it.trying += bool(handlers)
    flow = it.run(node.body.body)
    it.trying -= bool(handlers)
    runs = [run for run in it.effects.runs[first_run:] if isinstance(run, Training)]
    steps = _steps(it, first_update, first_gradient)
    body_changes = it.store.changes(before)
    ends: list[tuple[Guard, Changes]] = []
    if flow == "next" and node.orelse is not None:
        flow = it.run(node.orelse.body.body)
    if flow == "next":
        passed = frozenset((retries.raised(it, handler), False) for handler in handlers)
        ends.append((passed, it.store.changes(before)))
    flows = {flow}
    retries.left(it, flow, handlers)
    it.store.rollback(before)
    it.path = path
    for position, handler in enumerate(handlers):
        if "ImportError" in caught[position] and ends:
            continue
        _enter_handler(it, body_changes, node, runs)
        name = handler.name.name if handler.name is not None else None
        if name is not None:
            it.assign(name, it.unknown(handler, kind="exception"))
        ended = _handle(it, node, handler, caught, position, runs, steps)
        if isinstance(name, cst.Name):
            it.unbind(name.value)
        flows.add(ended)
        if ended == "next":
            guard = frozenset({(retries.raised(it, handler), True)})
            ends.append((guard, it.store.changes(before)))
        it.store.rollback(before)
        it.path = path
    if ends:
        it.merge(ends)
    result: Flow = "next" if ends else flows.pop() if len(flows) == 1 else "mixed"
    if node.finalbody is not None:
        final = _finally(it, node.finalbody, first_return)
        result = final if final != "next" else result
    return result


def _finally(it: Interpreter, node: cst.Finally, first_return: int) -> Flow:
    """Run a `finally`; a `return` in it wins over those of its statement."""
    earlier = len(it.frame.returns)
    flow = it.run(node.body.body)
    if flow == "return":
        del it.frame.returns[first_return:earlier]
    return flow


def _enter_handler(it: Interpreter, body_changes: Changes, node: cst.CSTNode, runs: list[Training]) -> None:
    """The body may have stopped anywhere: what it wrote may or may not be there; the result of a training is not."""
    key = ("stopped", id(node), it.context)
    trainings = {id(run.node) for run in runs}
    for name, after in body_changes.items():
        if isinstance(after, Symbol) and isinstance(after.key, tuple) and after.key[1] in trainings:
            continue
        early, late = frozenset({(key, True)}), frozenset({(key, False)})
        it.store.set(name, containers.join_stored(it, name, [(late, after), (early, it.store.get(name))], node))


def _caught(it: Interpreter, handler: cst.ExceptHandler | cst.ExceptStarHandler) -> frozenset[str]:
    """Canonical names of the exceptions that a handler catches; `BaseException` for a bare `except`."""
    if handler.type is None:
        return frozenset({"BaseException"})
    value = it.evaluate(handler.type)
    items = it.contents(value)
    values = items.items if items is not None else (value,)
    return frozenset(_error_name(one) for item in values for one in alternatives(item))


def _error_name(value: Value) -> str:
    if not isinstance(value, Api):
        return "?"
    return "ImportError" if value.name == "ModuleNotFoundError" else value.name


def _handle(
    it: Interpreter,
    node: cst.Try | cst.TryStar,
    handler: cst.ExceptHandler | cst.ExceptStarHandler,
    caught: list[frozenset[str]],
    position: int,
    runs: list[Training],
    steps: Steps,
) -> Flow:
    first_run, first_recursion = len(it.effects.runs), len(it.effects.recursions)
    first_update, first_gradient = len(it.ledger.updates), len(it.tapes.gradients)
    mark = it.store.mark()
    flow = it.run(handler.body.body)
    names = caught[position]
    if it.muted or not names & (OOM_ERRORS | BROAD_ERRORS):
        return flow
    depth = len(it.frames)
    trained = tuple(run for run in it.effects.runs[first_run:] if isinstance(run, Training))
    recursions = it.effects.recursions[first_recursion:]
    changes = it.store.changes(mark)
    records = any(_lasts(it, key) for key in changes)
    retries.handled(it, handler, changes, node.body)
    it.effects.handlers.append(
        OomHandler(
            node=handler,
            statement=node,
            broad=bool(names & BROAD_ERRORS),
            runs=tuple(runs),
            retries=trained,
            retry_calls=(
                *((run.calls[depth] if len(run.calls) > depth else None) or run.node for run in trained),
                *(call for function, call, _ in recursions if _same(function, it.frame.function)),
            ),
            exit=_EXITS.get(flow, "falls-through"),
            sibling=any(earlier & OOM_ERRORS for earlier in caught[:position]),
            loop=it.loops[-1] if it.loops else None,
            records=records,
            steps=steps.updates,
            stepped=steps.models,
            again=_again(steps, _steps(it, first_update, first_gradient)),
            in_test=it.in_test,
        )
    )
    retries.in_handler(it, it.effects.handlers[-1], depth)
    if not records:
        retries.by_recursion(it, it.effects.handlers[-1], recursions)
    _watch(it, it.effects.handlers[-1])
    return flow


def _again(steps: Steps, later: Steps) -> tuple[cst.CSTNode, ...]:
    """The calls by which a handler trains a model again whose step failed."""
    return later.calls if steps.models & later.models else ()


def _lasts(it: Interpreter, key: Key) -> bool:
    """Whether what is stored under a key outlives the handler: no variable of a function that it called."""
    scope: Scope | None = it.frame.scope
    visible: set[Key] = {"attribute"}
    while scope is not None:
        visible.add(scope.uid)
        scope = scope.parent
    return isinstance(key, tuple) and key[0] in visible


def _watch(it: Interpreter, handler: OomHandler) -> None:
    """From now on, uses of what the `try` body trains tell that the program goes on with it."""
    results = {("site", *it.site(run.node)) for run in handler.runs}
    guard = frozenset({(retries.raised(it, handler.node), True)})
    it.watched.append((handler, guard, handler.models() | results))


def _same(one: Function, other: Function | None) -> bool:
    return other is not None and one.node is other.node
