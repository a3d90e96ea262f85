"""Whether a training that ran out of memory is started again just as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import libcst as cst

from bslint.analysis import arithmetic, flow
from bslint.analysis.imports import dotted
from bslint.analysis.values import Known, Symbol, Value, is_none
from bslint.syntax.walk import contains, descendants, used_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bslint.analysis.facts import Loop, Model, OomHandler, Run
    from bslint.analysis.interpreter import Flow, Interpreter
    from bslint.analysis.values import Function, Key

Recursion: TypeAlias = "tuple[Function, cst.CSTNode, tuple[Key, ...]]"

# What a handler that names one of these does may leave more memory than there was: to the model, on the device, or
# because another program ends.
_RELIEVING = frozenset(
    "trainable compile sleep wait set_memory_growth set_logical_device_configuration set_virtual_device_configuration "
    "set_visible_devices set_global_policy set_policy mixed_precision recompute_grad run_eagerly set_jit jit_compile "
    "per_process_gpu_memory_fraction allow_growth resize environ kill terminate set_synchronous_execution "
    "gradient_accumulation_steps".split()
)

# Calls that leave as much memory in use as there was, after the failed attempt itself is gone.
_HARMLESS = frozenset(
    "print collect clear_session reset_default_graph info warning warn error debug exception critical log write format "
    "append str repr len type flush print_exc format_exc time next range".split()
)


def raised(it: Interpreter, handler: cst.CSTNode) -> Key:
    """The test whether the exception that a handler catches was raised."""
    return ("raised", id(handler), it.context)


def leaving(it: Interpreter) -> None:
    """The innermost loop is left here: an attempt that failed does not lead here, one that succeeded does."""
    for handler in it.effects.handlers if it.loops and it.passes else ():
        if handler.loop is not it.loops[-1]:
            continue
        always = handler.exit == "continue" and not it.delta(it.passes[-1].path)
        if always or it.path.get(raised(it, handler.node)) is False:
            it.again.add(id(handler.node))


def tested(it: Interpreter, node: cst.While) -> None:
    """The body of a `while` is over: its test may tell an attempt that succeeded from one that failed."""
    before = it.path
    for handler in it.effects.handlers:
        if handler.loop is it.loops[-1]:
            it.muted += 1
            it.path = {**before, raised(it, handler.node): False}
            if arithmetic.truth(it, it.evaluate(node.test)) is False:
                it.again.add(id(handler.node))
            it.path = before
            it.muted -= 1


def left(it: Interpreter, flow: Flow, handlers: Sequence[cst.CSTNode]) -> None:
    """A `try` that leaves its loop when it succeeds, and goes on with the loop when it fails, retries."""
    if flow in {"break", "return"}:
        it.again.update(map(id, handlers))
        for loop in it.loops[-1:]:
            loop.retries = True


def handled(it: Interpreter, handler: cst.CSTNode, changes: Iterable[Key], body: cst.CSTNode) -> None:
    """An out-of-memory error was handled: its loop retries, and what the handler sets may be a smaller batch."""
    for loop in it.loops[-1:]:
        loop.retries = True
    written = [key for key in changes if isinstance(key, tuple)]
    names = {key[1] for key in written if key[0] != "attribute"}
    if any(key[0] == "attribute" and key[2] not in {"[]", "{}"} for key in written) or names & _read_names(body):
        it.relieved.add(id(handler))


def _read_names(body: cst.CSTNode) -> set[str]:
    """The names that a block reads; a flag that it only sets is none."""
    nodes = list(descendants(body))
    targets = {id(one.target) for one in nodes if isinstance(one, cst.AssignTarget)}
    return {one.value for one in nodes if isinstance(one, cst.Name) and id(one) not in targets}


def in_handler(it: Interpreter, handler: OomHandler, depth: int) -> None:
    """The handler itself trains again."""
    if relieves(it, handler):
        return
    for retry in handler.retries:
        attempt = next((run for run in handler.runs if _same(it, run, retry)), None)
        if attempt is not None:
            call = retry.calls[depth] if len(retry.calls) > depth else None
            handler.repeats.append((attempt, call or retry.node))


def by_recursion(it: Interpreter, handler: OomHandler, recursions: list[Recursion]) -> None:
    """The handler calls the function around it with the arguments that the function got."""
    function = it.frame.function
    if function is None or not handler.runs or relieves(it, handler):
        return
    for callee, node, given in recursions:
        if callee.node is function.node and given == it.frame.given:
            handler.repeats.append((handler.runs[0], node))


def by_loop(it: Interpreter, loop: Loop) -> None:
    """A loop has ended that is left when its `try` succeeds, and goes on when it fails."""
    for handler in it.effects.handlers:
        if handler.loop is not loop or id(handler.node) not in it.again or handler.retries or handler.repeats:
            continue
        if handler.exit not in {"falls-through", "continue"}:
            continue
        runs = [run for run in loop.runs if any(run.node is one.node for one in handler.runs)]
        if id(handler.node) in it.relieved or loop.count in {0, 1} or relieves(it, handler):
            continue
        if any(_may_relieve(one) for one in _before_next(loop, handler)):
            continue
        if len({id(run.node) for run in runs}) != 1:
            continue
        first = runs[0]
        if all(_same(it, first, run) for run in runs) and not _moves(it, runs[-1], loop):
            handler.repeats.append((handler.runs[0], first.node))


def _before_next(loop: Loop, handler: OomHandler) -> Iterator[cst.CSTNode]:
    """The statements of a loop that only a failed attempt may be followed by."""
    body = loop.node.body.body  # type: ignore[attr-defined]
    at = next((i for i, one in enumerate(body) if contains(one, handler.statement)), len(body))
    yield from (one for one in body[:at] if isinstance(one, cst.If))
    if handler.exit == "falls-through":
        yield from body[at + 1 :]


def _may_relieve(node: cst.CSTNode) -> bool:
    """Whether a statement may leave more memory than there was, as far as the names in it tell."""
    calls = (dotted(one.func).rpartition(".")[2] for one in descendants(node) if isinstance(one, cst.Call))
    return bool(_RELIEVING & used_names(node)) or any(name not in _HARMLESS for name in calls)


def relieves(it: Interpreter, handler: OomHandler) -> bool:
    """Whether something in the handler may leave more memory than the first attempt had."""
    return bool(_RELIEVING & used_names(handler.node))


def _same(it: Interpreter, one: Run, other: Run) -> bool:
    """Whether two runs need the same memory on the same device."""
    if one.model is None or other.model is None or one.method != other.method:
        return False
    if _key(one.data) != _key(other.data) or _key(one.strategy) != _key(other.strategy):
        return False
    if _device(one) != _device(other) or not _alike(one.model, other.model):
        return False
    sizes = [run.batch_size.value if run.batch_size is not None else None for run in (one, other)]
    return _key(sizes[0]) == _key(sizes[1]) and not any(run.call is None or run.call.open for run in (one, other))


def _key(value: Value | None) -> Key:
    return None if is_none(value) else value.key  # type: ignore[union-attr]


def _device(run: Run) -> Key:
    call = getattr(run.device, "call", None)
    return call.keys() if call is not None else None


def _alike(one: Model, other: Model) -> bool:
    """Whether two models are one, or are built alike."""
    if one.complete and other.complete:
        return _layers(one) == _layers(other)
    return one.value.key == other.value.key


def _layers(model: Model) -> tuple[Key, ...]:
    calls = ((layer.name, layer.value.call) for layer in model.layers)
    return tuple((name, call.keys() if call is not None else ()) for name, call in calls)


def _moves(it: Interpreter, run: Run, loop: Loop) -> bool:
    """Whether what the run depends on is another one in every pass."""
    model = run.model
    size = run.batch_size.value if run.batch_size is not None else None
    values = [value for value in (run.data, size) if value is not None]
    if model is not None and model.value.key in loop.made:
        if not model.complete:
            return True
        values += [value for layer in model.layers if layer.value.call for value in layer.value.call.values()]
    return any(_is_new(it, one, loop) for value in values for one in flow.ancestors(it, value))


def _is_new(it: Interpreter, value: Value, loop: Loop) -> bool:
    if isinstance(value, Known):
        return value.label != "" and value.key in loop.made
    if isinstance(value, Symbol) and value.origin is not None and type(value.origin).__name__ == "Call":
        return contains(loop.node, value.origin)  # whatever a function out of sight returns this time
    varies = isinstance(value.key, tuple) and value.key[:2] == ("varies", id(loop.node))
    return varies or value.key in loop.made
