"""`tf.function`: where one is made, and which Python numbers it is called with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst
import msgspec

from bslint.analysis import retracing
from bslint.analysis.repetition import TracedCall, TracedFunction
from bslint.analysis.values import (
    Api,
    Dataset,
    DatasetIterator,
    Expr,
    Function,
    Items,
    Known,
    LayerOutput,
    Method,
    Object,
    Symbol,
    Value,
    alternatives,
)
from bslint.syntax.walk import descendants, used_names

if TYPE_CHECKING:
    from bslint.analysis.arguments import Arguments
    from bslint.analysis.facts import Loop
    from bslint.analysis.interpreter import Interpreter
    from bslint.analysis.store import Scope
    from bslint.analysis.values import Key

TRACED = "tf.function"
# With these, Python numbers become tensors (or may).
_CONVERTING = ("input_signature", "experimental_follow_type_hints")
_SIGNED = "tf.function(input_signature)"
# With these, sizes that change become open.
_RELAXING = ("reduce_retracing", "experimental_relax_shapes")
_RELAXED = "tf.function(reduce_retracing)"
_REMEMBERING = frozenset(("functools.lru_cache", "functools.cache", "functools.cached_property"))
_DATA = ("tf.", "numpy.", "keras.ops.", "range", "list", "dict")
_ARITHMETIC = frozenset(("+", "-", "*", "/", "**"))


def traced(value: Value, arguments: Arguments | None) -> Value:
    """The function that `tf.function(value, …)` gives."""
    if isinstance(value, Method) and value.function is not None:
        inner = traced(value.function, arguments)
        return Method(value.receiver, value.name, inner if isinstance(inner, Function) else None, value.origin)
    if not isinstance(value, Function):
        return value
    names = (*value.decorators, TRACED, *(_options(arguments) if arguments is not None else ()))
    return Function(value.node, value.scope, value.defaults, names)


def _options(arguments: Arguments) -> tuple[str, ...]:
    """Whether `tf.function(…)` says what tensors the function takes, or that their sizes may change."""
    if arguments.open:
        return (_SIGNED, _RELAXED)
    signed = any(arguments.value(name) is not None for name in _CONVERTING)
    relaxing = [arguments.value(name) for name in _RELAXING]
    relaxed = any(one is not None and not (isinstance(one, Known) and not one.value) for one in relaxing)
    return (*((_SIGNED,) if signed else ()), *((_RELAXED,) if relaxed else ()))


def has_options(decorator: Value) -> bool:
    """Whether `@tf.function(…)` says something of the tensors that the function takes."""
    call = decorator.call if isinstance(decorator, Object) else None
    return call is not None and bool(_options(call))


def made(it: Interpreter, value: Value, node: cst.CSTNode, options: cst.CSTNode) -> None:
    """A `tf.function` is made: remember it when a loop does so.

    Args:
        it: the interpreter.
        value: the Python function.
        node: what makes it.
        options: the decorator or the call: its names count as names that the function closes over.
    """
    if not it.loops or it.muted:
        return
    loop = it.loops[-1]
    function = value.function if isinstance(value, Method) else value
    if not isinstance(function, Function) and not isinstance(value, Method):
        return
    names = used_names(options)
    if isinstance(function, Function) and function.key in loop.made:
        names |= used_names(function.node) - _own_names(function.node)
    frames = [frame.function for frame in it.frames if frame.function is not None]
    if any(TRACED in one.decorators for one in frames):
        return
    remembered = any(_REMEMBERING & set(one.decorators) for one in frames)
    name = function.name if isinstance(function, Function) else getattr(value, "name", "?")
    it.effects.traced.append(
        TracedFunction(
            node,
            name,
            loop,
            guarded=remembered or len(it.tests) > loop.tests or bool(it.delta(loop.path)),
            bound=tuple(sorted(one for one in names if one != name and _is_bound(it, one, loop, options_of(options)))),
            in_test=it.in_test,
        )
    )


def _own_names(node: cst.CSTNode) -> set[str]:
    """The parameters and variables of a function."""
    own: set[str] = set()
    for one in descendants(node):
        if isinstance(one, cst.Param):
            own.add(one.name.value)
        elif isinstance(one, (cst.AssignTarget, cst.For, cst.CompFor)) and isinstance(one.target, cst.Name):
            own.add(one.target.value)
    return own


def options_of(node: cst.CSTNode) -> frozenset[str]:
    """The names in the options of `tf.function(…, jit_compile=flag)`."""
    given = node.args if isinstance(node, cst.Call) else ()
    return frozenset[str]().union(*(used_names(arg.value) for arg in given if arg.keyword is not None))


def _is_bound(it: Interpreter, name: str, loop: Loop, options: frozenset[str]) -> bool:
    """Whether a name stands for something that the iteration made, data apart, or for an option that it sets."""
    scope = it.frame.scope
    owner = next((one for one in _scopes(scope) if it.store.get((one.uid, name)) is not None), None)
    if owner is None or (owner.uid, name) not in it.store.changes(loop.mark):
        return False
    return name in options or any(not _is_older(it, one, loop) for one in alternatives(it.store.get((owner.uid, name))))


def _scopes(scope: Scope | None) -> list[Scope]:
    found: list[Scope] = []
    while scope is not None:
        found.append(scope)
        scope = scope.parent
    return found


def _is_older(it: Interpreter, value: Value, loop: Loop) -> bool:
    """Whether a value is data, or is older than the loop."""
    if isinstance(value, Known):
        return value.key not in loop.made  # an item of a short list: variants are compared
    if isinstance(value, (Expr, Api, LayerOutput, Dataset, DatasetIterator, Items)):
        return True
    if isinstance(value, Symbol):
        numeric = value.kind in {"int", "float", "bool", "str", "tensor", "array", "gradient"}
        return numeric or isinstance(value.base, (Dataset, DatasetIterator)) or value.array is not None
    if isinstance(value, Method):
        return _is_older(it, value.receiver, loop)
    if value.key not in loop.made:
        return True
    return isinstance(value, Object) and isinstance(value.type, str) and value.type.startswith(_DATA)


def called(it: Interpreter, function: Function, bound: dict[str, Value], arguments: Arguments) -> None:
    """A function of the program is called: remember a traced one that gets something which makes it trace again."""
    if it.muted or not it.loops or TRACED not in function.decorators or _SIGNED in function.decorators:
        return
    if any(frame.function is not None and TRACED in frame.function.decorators for frame in it.frames):
        return
    nodes = {
        argument.value.key: argument.node
        for argument in (*arguments.positional, *arguments.keywords.values())
        if argument.node is not None
    }
    resized = _RELAXED in function.decorators
    for parameter, value in bound.items():
        node = nodes.get(value.key)
        if node is None:
            continue
        made = TracedCall(arguments.node, function.name, parameter, value, node, it.loops[-1], it.in_test)
        if (loop := changing(it, value)) is not None:
            it.effects.traced_calls.append(msgspec.structs.replace(made, loop=loop))
        elif not resized and (found := _resized(it, value, made)) is not None:
            it.effects.traced_calls.append(found)
            resized = True


def _resized(it: Interpreter, value: Value, made: TracedCall) -> TracedCall | None:
    """A call with an array or a batch whose shape is another one every time."""
    loop = retracing.cut_to_length(it, value, lambda one: changing(it, one))
    if loop is not None:
        return msgspec.structs.replace(made, loop=loop, changes="length")
    stage, batch = retracing.padded(it, value) or (None, None)
    loop = next((loop for loop in reversed(it.loops) if batch in loop.made), None)
    if stage is None or loop is None:
        return None
    return msgspec.structs.replace(made, loop=loop, changes="padding", padding=stage.node)


def changing(it: Interpreter, value: Value) -> Loop | None:
    """The loop in every iteration of which this Python number is another one, None when it is none."""
    if isinstance(value, Expr):
        if value.op not in _ARITHMETIC or value.kind not in {"int", "float"}:
            return None
        found = [changing(it, one) for one in value.operands]
        plain = all(isinstance(one, Known) or loop is not None for one, loop in zip(value.operands, found, strict=True))
        return next((loop for loop in found if loop is not None), None) if plain else None
    if not isinstance(value, Symbol) or value.kind not in {"int", "float"}:
        return None
    for loop in reversed(it.loops):
        if value.origin is loop.node and value.kind == "int" and not isinstance(loop.node, cst.While):
            return loop
        if isinstance(value.key, tuple) and value.key[:2] == ("varies", id(loop.node)):
            return loop if _advances(loop, value.key[2]) else None
    return None


def _advances(loop: Loop, key: Key) -> bool:
    """Whether the loop adds to a variable or attribute, rather than setting it to something."""
    name = key[-1] if isinstance(key, tuple) else None
    for body in (loop.node, *loop.entered):
        for one in descendants(body):
            if isinstance(one, cst.AugAssign) and _name(one.target) == name:
                return True
            if isinstance(one, cst.Assign) and _name(one.targets[0].target) == name and name in used_names(one.value):
                return True
    return False


def _name(target: cst.CSTNode) -> str | None:
    if isinstance(target, cst.Attribute):
        target = target.attr
    return target.value if isinstance(target, cst.Name) else None
