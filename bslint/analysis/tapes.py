"""Tapes: what they record, where they are open, and the gradients that are taken from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bslint.analysis import flow, losses, replicas
from bslint.analysis.apis import TAPES, TRAINABLE_ATTRIBUTES
from bslint.analysis.gradients import Forward, Gradient, Labels, Tape, Where
from bslint.analysis.values import Class, Key, LayerOutput, Method, Object, Symbol, Value, alternatives, is_known
from bslint.syntax.walk import called_names, contains

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import libcst as cst

    from bslint.analysis.arguments import Arguments
    from bslint.analysis.interpreter import Interpreter


# Attributes of attributes of a parameter that are followed.
_DEEPEST = 4


class Tapes(msgspec.Struct, eq=False):
    """What is known of tapes while a program is executed.

    Args:
        open: the tapes that record now, outermost first.
        stopped: how many `stop_recording` blocks are open.
        made: all tapes, by the identity of their value.
        gradients: every gradient value.
        forwards: every call of a model or of something out of sight, by the identity of its result.
        labels: labels that a loss does not use, by the gradient call.
    """

    open: list[Tape] = msgspec.field(default_factory=list)
    stopped: int = 0
    made: dict[Key, Tape] = msgspec.field(default_factory=dict)
    facts: list[Tape] = msgspec.field(default_factory=list)
    gradients: dict[Key, Gradient] = msgspec.field(default_factory=dict)
    forwards: dict[Key, Forward] = msgspec.field(default_factory=dict)
    labels: dict[int, Labels] = msgspec.field(default_factory=dict)


def where(it: Interpreter) -> Where:
    """The loops around what happens now, each with the number of its iteration."""
    return tuple((loop, loop.iteration) for loop in it.loops)


def is_tape(value: Value | None) -> bool:
    """Whether a value is a gradient tape."""
    return isinstance(value, Object) and not TAPES.isdisjoint(value.types())


def opened(it: Interpreter, manager: Value, statement: cst.With | None) -> Tape | None:
    """A `with` statement starts to record on a tape."""
    if isinstance(manager, Object) and manager.type == "tape.stop_recording":
        it.tapes.stopped += 1
    found = next((one for one in alternatives(manager) if is_tape(one)), None)
    if not isinstance(found, Object) or found.origin is None:
        return None
    tape = _tape(it, found, found.origin, statement)
    it.tapes.open.append(tape)
    return tape


def _tape(it: Interpreter, value: Object, node: cst.CSTNode, statement: cst.With | None) -> Tape:
    clause = it.clauses[-1] if it.clauses and it.clauses[-1].loops == len(it.loops) else None
    tape = Tape(value, node, _persistent(value), statement, tuple(it.tapes.open), where(it), clause=clause)
    it.tapes.made[value.key] = tape
    if not it.muted:
        it.tapes.facts.append(tape)
    return tape


def _persistent(value: Object) -> bool | None:
    if value.call is None or value.call.open:
        return None
    given = value.call.value("persistent", 0)
    if given is None:
        return False
    return bool(given.value) if is_known(given, bool, int) else None  # type: ignore[attr-defined]


def called(it: Interpreter, callee: Value, result: Value, arguments: Arguments, node: cst.CSTNode) -> None:
    """Something out of sight is called: remember what its result is made from."""
    if isinstance(result, (Symbol, Object)):
        it.flows[result.key] = (callee, *arguments.values(), *arguments.unpacked)
    tapes = it.tapes
    if tapes.made:
        for value in arguments.values():
            share(it, value)
    recorded = () if tapes.stopped else tuple(tapes.open)
    for tape in recorded:
        tape.calls.append((callee, node, tuple(arguments.values())))
    if isinstance(result, LayerOutput) or isinstance(callee, Symbol):
        tapes.forwards[result.key] = Forward(
            node, callee, recorded, tuple(arguments.values()), arguments.value("training")
        )


def share(it: Interpreter, value: Value) -> None:
    """A value leaves what is in sight: if it is a tape, more gradients may be taken from it."""
    held = it.contents(value)
    for one in held.items if held is not None else alternatives(value):
        tape = it.tapes.made.get(one.key)
        if tape is not None:
            tape.shared = True


def distributed(it: Interpreter, arguments: Arguments) -> Value | None:
    """`hvd.DistributedGradientTape(tape)` is the tape."""
    return next((value for value in arguments.values() if is_tape(value)), None)


def gradient(it: Interpreter, receiver: Object, method: str, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`tape.gradient(target, sources)`."""
    from bslint.analysis import keras, labels

    target, sources = arguments.value("target", 0), arguments.value("sources", 1)
    result = Symbol(("gradients", *it.site(node)), "gradients", node, kind="gradient", base=sources)
    tape = it.tapes.made.get(receiver.key)
    if it.muted or target is None:
        return result
    traced = any(frame.function is not None and "tf.function" in frame.function.decorators for frame in it.frames)
    for loop in it.loops:
        loop.gradients.append(node)
        loop.traced = loop.traced or traced
    replicas.differentiated(it, target, node)
    differentiated = _differentiated(it, sources)
    models = frozenset(key for model in differentiated for key in _parts(it, model))
    described = tuple(
        keras.describe(it, one) for one in differentiated if isinstance(one, Object) and keras.is_model(one)
    )
    origins = list(flow.ancestors(it, target))
    inputs = frozenset(one.key for one in origins)
    forwards = [call for key, call in it.tapes.forwards.items() if key in inputs]
    earlier = [it.tapes.gradients[one.key] for one in origins if one.key in it.tapes.gradients]
    made = Gradient(
        node=node,
        method=method,
        tape=tape,
        loss=losses.describe(it, target),
        sources=sources,
        inside=tape is not None and tape in it.tapes.open,
        stopped=bool(it.tapes.stopped),
        nested=any(other is not tape for other in it.tapes.open),
        earlier=tuple(earlier),
        forwards=tuple(one for one in forwards if is_forward(one, models)),
        inputs=inputs,
        direct=any(_is_weight(one, models) for one in origins),
        models=described,
        where=where(it),
        repeated=bool(it.clauses),
        trained=frozenset(one.key for one in differentiated if isinstance(one, Object) or is_given(one)),
        judged=_judged(it, tape, forwards) if tape is not None and forwards else frozenset(),
    )
    it.tapes.gradients[result.key] = made
    call = labels.bare(it, target, made.forwards)
    found = labels.of(it, call, made) if call is not None else None
    if found is not None:
        it.tapes.labels[id(made.node)] = found
    if tape is not None:
        tape.gradients.append(made)
    return result


def _judged(it: Interpreter, tape: Tape, forwards: Sequence[Forward]) -> frozenset[cst.CSTNode]:
    """The calls of something out of sight that a tape records and that get what was computed before it started."""
    earlier = [call for call in forwards if tape not in call.recorded]
    results = {key for key, call in it.tapes.forwards.items() if call in earlier}
    return frozenset(
        node
        for callee, node, given in tape.calls
        if results and isinstance(callee, Symbol) and any(one.key in results for one in given)
    )


def is_given(value: Value) -> bool:
    """Whether a value is a parameter of a function that nobody is seen to call, or an attribute of one."""
    for _ in range(_DEEPEST):
        if not isinstance(value, Symbol):
            return isinstance(value, Object) and isinstance(value.type, Class)
        if isinstance(value.key, tuple) and value.key[0] == "parameter":
            return True
        if value.base is None or value.attribute is None:
            return False
        value = value.base
    return False


def _differentiated(it: Interpreter, sources: Value | None) -> tuple[Value, ...]:
    """The models whose variables a gradient is taken by: those of `a.trainable_variables + b.trainable_variables`."""
    found: list[Value] = []
    for one in flow.ancestors(it, sources) if sources is not None else ():
        if isinstance(one, Symbol) and one.attribute in TRAINABLE_ATTRIBUTES and one.base is not None:
            found.append(one.base)
        elif isinstance(one, Method) and one.name in TRAINABLE_ATTRIBUTES:
            found.append(one.receiver)
    return tuple(found)


def _parts(it: Interpreter, model: Value) -> Iterator[Key]:
    """The identities of a model and of what a class of the program keeps in its attributes."""
    yield model.key
    if isinstance(model, Object) and isinstance(model.type, Class):
        for _, held in it.fields(model):
            yield from (one.key for one in alternatives(held) if isinstance(one, (Symbol, Object)))


_WEIGHTS = frozenset(("Variable", "get_variable", "add_weight", "add_variable"))


def _is_weight(value: Value, models: frozenset[Key]) -> bool:
    """Whether a value may be a variable itself, or a penalty on variables: an attribute of a model, not called."""
    if isinstance(value, Object):
        return isinstance(value.type, str) and value.type.rpartition(".")[2] in _WEIGHTS
    if isinstance(value, Method):
        return value.name == "losses"
    return isinstance(value, Symbol) and (
        value.attribute == "losses"
        or (value.attribute is not None and value.base is not None and value.base.key in models)
    )


# What may stand behind a gradient and needs no tape.
_AFTERWARDS = frozenset(
    "gradient apply_gradients apply minimize zip print clip_by_norm clip_by_value clip_by_global_norm update_state "
    "numpy assign_add assign_sub append float int format len enumerate range list".split()
)


def closed(it: Interpreter, tape: Tape) -> None:
    """Its `with` block has ended: find the statements at its end that need no recording."""
    body = tape.statement.body.body if tape.statement is not None else ()
    inside = [gradient.node for gradient in tape.gradients if gradient.inside]
    if not inside or len(getattr(tape.statement, "items", ())) != 1:
        return
    first = next((i for i, one in enumerate(body) if contains(one, inside[0])), 0)
    tail = tuple(body[first:])
    if first and all(called_names(one) <= _AFTERWARDS for one in tail):
        tape.tail = tail


def is_forward(call: Forward, models: frozenset[Key]) -> bool:
    """Whether a call runs one of these models."""
    return call.model.key in models
