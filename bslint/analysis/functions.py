"""Python's own functions and those of math, NumPy and functools; methods of lists and dicts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import libcst as cst

from bslint.analysis import arithmetic, calls
from bslint.analysis.apis import FLOAT_FUNCTIONS, INT_FUNCTIONS
from bslint.analysis.values import (
    NONE,
    Api,
    Class,
    Dataset,
    DatasetIterator,
    Function,
    Items,
    Known,
    Mapping,
    Object,
    Partial,
    Symbol,
    Value,
    alternatives,
    text,
)

if TYPE_CHECKING:
    from bslint.analysis.arguments import Arguments
    from bslint.analysis.interpreter import Interpreter

Handler = Callable[["Interpreter", "Arguments", cst.CSTNode], "Value | None"]

_FOLDED: dict[str, Callable[[Any], Any]] = {
    "int": int,
    "float": float,
    "bool": bool,
    "str": str,
    "abs": abs,
    "round": round,
    "math.ceil": math.ceil,
    "math.floor": math.floor,
    "math.trunc": math.trunc,
    "math.sqrt": math.sqrt,
    "numpy.ceil": lambda value: float(math.ceil(value)),
    "numpy.floor": lambda value: float(math.floor(value)),
    "numpy.round": lambda value: float(round(value)),
}
_KINDS = {"int": "int", "round": "int", "float": "float", "bool": "bool", "str": "str", "math.sqrt": "float"}
_NEVER = frozenset(("sys.exit", "exit", "quit", "os._exit", "os.abort"))
# Builtins that look at their arguments and keep nothing.
_HARMLESS = frozenset(
    "print type repr id hash isinstance issubclass hasattr callable sorted sum any all open input format vars dir".split()
)


def call(it: Interpreter, name: str, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    """The value of a call of one of these functions, None for any other name."""
    if name in _NEVER:
        return Symbol(("never", id(node)), f"{name}(…)", node, kind="never")
    handler = _FUNCTIONS.get(name)
    if handler is not None:
        return handler(it, arguments, node)
    if name in _FOLDED or name in INT_FUNCTIONS or name in FLOAT_FUNCTIONS:
        return _number_function(it, name, arguments, node)
    if name in _HARMLESS:
        return it.unknown(node, f"{name}(…)", kind="bool" if name in {"isinstance", "hasattr", "callable"} else None)
    return None


def _number_function(it: Interpreter, name: str, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    if not arguments.positional or arguments.keywords or arguments.open:
        return None
    value = arguments.positional[0].value
    return it.lift(lambda one: _number(it, name, one, len(arguments.positional), node), value)


def _number(it: Interpreter, name: str, value: Value, count: int, node: cst.CSTNode) -> Value:
    if isinstance(value, Known) and count == 1 and name in _FOLDED:
        try:
            return Known(_FOLDED[name](value.value), node)
        except (TypeError, ValueError, ArithmeticError):
            return it.unknown(node)
    if arithmetic.kind_of(value) in {"tensor", "array"} or _is_array(value):
        return it.unknown(node, f"{name}({text(value)})", kind=_KINDS.get(name) or "array")
    kind = "float" if name in FLOAT_FUNCTIONS else "int" if name in INT_FUNCTIONS else _KINDS.get(name)
    return arithmetic.expression(it, name, (value,), node, kind if count == 1 else None)


def _is_array(value: Value) -> bool:
    return isinstance(value, Object) and any(name.startswith(("numpy.", "tf.", "jax.", "keras.")) for name in value.types())


def _len(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    if not arguments.positional:
        return None
    return it.lift(lambda one: _length(it, one, node), arguments.positional[0].value)


def _length(it: Interpreter, value: Value, node: cst.CSTNode) -> Value:
    held = it.contents(value) or it.mapping(value)
    if held is not None and held.complete:
        return Known(len(held.items), node)
    if isinstance(value, Known) and isinstance(value.value, (str, bytes)):
        return Known(len(value.value), node)
    return arithmetic.expression(it, "len", (value,), node, "int")


def _extreme(name: str) -> Handler:
    fold: Callable[..., Any] = max if name == "max" else min

    def handler(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
        values = [argument.value for argument in arguments.positional]
        if len(values) < 2 or arguments.keywords:
            return it.unknown(node, f"{name}(…)")
        if all(isinstance(value, Known) and isinstance(value.value, (int, float)) for value in values):
            return Known(fold(value.value for value in values if isinstance(value, Known)), node)
        kinds = {arithmetic.kind_of(value) for value in values}
        return arithmetic.expression(it, name, tuple(values), node, kinds.pop() if len(kinds) == 1 else None)

    return handler


def _sequence(type_: str) -> Handler:
    def handler(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
        if not arguments.positional:
            empty = Items((), node)
            return empty if type_ == "tuple" else it.new_list(empty, node)
        value = arguments.positional[0].value
        items = it.contents(value)
        if items is None:
            it.escape(value)
            return it.unknown(node, f"{type_}({text(value)})", base=value)
        return Items(items.items, node, complete=items.complete) if type_ == "tuple" else it.new_list(items, node)

    return handler


def _dict(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    entries: dict[Any, Value] = {}
    complete = not arguments.open
    if arguments.positional:
        inner = it.mapping(arguments.positional[0].value)
        entries.update(inner.items if inner else {})
        complete = complete and inner is not None and inner.complete
    entries.update({name: argument.value for name, argument in arguments.keywords.items()})
    return it.new_dict(Mapping(entries, node, complete=complete), node)


def _range(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    return it.make("range", node, arguments)


def _enumerate(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    if not arguments.positional:
        return None
    return it.lift(lambda one: _enumerated(it, one, arguments, node), arguments.positional[0].value)


def _enumerated(it: Interpreter, value: Value, arguments: Arguments, node: cst.CSTNode) -> Value:
    items = it.contents(value)
    if items is not None and len(arguments.positional) == 1 and not arguments.keywords:
        pairs = tuple(Items((Known(i, node), one)) for i, one in enumerate(items.items))
        return it.new_list(Items(pairs, node, complete=items.complete), node)
    return DatasetIterator((value,), "enumerate", node)


def _zip(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    values = [argument.value for argument in arguments.positional]
    sequences = [it.contents(value) for value in values]
    if values and all(sequence is not None and sequence.complete for sequence in sequences) and not arguments.open:
        rows = zip(*(sequence.items for sequence in sequences if sequence is not None), strict=False)
        return it.new_list(Items(tuple(Items(row) for row in rows), node), node)
    return DatasetIterator(tuple(values), "zip", node) if values else None


def _next(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    if not arguments.positional:
        return None
    value = arguments.positional[0].value
    for one in alternatives(value):
        if isinstance(one, DatasetIterator) and it.loops:
            it.loops[-1].consumed.append(one)
    return calls.iterated(it, value, node)


def _getattr(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    from bslint.analysis import expressions

    base, name = arguments.value("object", 0), arguments.value("name", 1)
    if base is None or not (isinstance(name, Known) and isinstance(name.value, str)):
        return it.unknown(node)
    attribute: str = name.value
    return it.lift(lambda one: expressions.attribute(it, one, attribute, node), base)


def _setattr(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    base, name, value = (arguments.value("", position) for position in range(3))
    if base is not None and value is not None and isinstance(name, Known):
        it.set_field(base, str(name.value), value)
    return NONE


def _partial(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    from bslint.analysis.arguments import Arguments as Given

    if not arguments.positional:
        return None
    function, *rest = arguments.positional
    return Partial(function.value, Given(arguments.node, rest, dict(arguments.keywords), arguments.open), node)


def _super(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    """`super()`: the instance, seen through the bases of the class whose method runs."""
    function = it.frame.function
    if function is None or not function.node.params.params:
        return None
    receiver = it.lookup(function.node.params.params[0].name.value, it.frame.scope)
    if not isinstance(receiver, Object) or not isinstance(receiver.type, Class):
        return None
    classes = list(receiver.type.ancestry())
    start = next((i for i, one in enumerate(classes) if isinstance(one, Class) and one.scope is function.scope), 0)
    seen = Object(("super", receiver.key, start), "super", None, node)
    it.set_field(seen, "receiver", receiver)
    it.set_field(seen, "bases", Items(tuple(classes[start + 1 :])))
    return seen


def _call_super(it: Interpreter, seen: Object, name: str, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    from bslint.analysis import library

    receiver, bases = it.field(seen, "receiver"), it.field(seen, "bases")
    for base in bases.items if isinstance(bases, Items) else ():
        found = it.store.get((base.scope.uid, name)) if isinstance(base, Class) else None
        if isinstance(found, Function):
            return calls.enter(it, found, arguments, node, receiver)
    if name == "__init__":
        if isinstance(receiver, Object) and receiver.types():
            it.set_field(receiver, "super().__init__", Object(("super call", id(node)), "super call", arguments, node))
        return NONE
    return library.method(it, receiver, name, arguments, node) if receiver is not None else None


# Methods of lists, dicts and iterators


def method(it: Interpreter, receiver: Object, name: str, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    """The value of a method of a builtin container, None for any other receiver."""
    if receiver.type == "super":
        return _call_super(it, receiver, name, arguments, node)
    if receiver.type == "list":
        return _list_method(it, receiver, name, arguments, node)
    if receiver.type == "dict":
        return _dict_method(it, receiver, name, arguments, node)
    return None


def _list_method(it: Interpreter, receiver: Object, name: str, arguments: Arguments, node: cst.CSTNode) -> Value:
    items = it.contents(receiver) or Items((), complete=False)
    given = arguments.positional[0].value if arguments.positional else None
    if name == "append" and given is not None:
        grown = (*items.items, given)
        it.set_field(receiver, "[]", Items(grown[:200], complete=items.complete and len(grown) <= 200 and not it.grows(receiver)))
        return NONE
    if name == "extend" and given is not None:
        more = it.contents(given)
        grown = (*items.items, *(more.items if more else ()))
        complete = items.complete and more is not None and more.complete and not it.grows(receiver)
        it.set_field(receiver, "[]", Items(grown[:200], complete=complete and len(grown) <= 200))
        return NONE
    if name == "copy":
        return it.new_list(items, node)
    if name == "pop" and items.items and items.complete and not arguments.positional:
        it.set_field(receiver, "[]", Items(items.items[:-1]))
        return items.items[-1]
    if name in {"index", "count"}:
        return it.unknown(node, kind="int")
    it.forget(receiver)
    return it.unknown(node, base=receiver)


def _dict_method(it: Interpreter, receiver: Object, name: str, arguments: Arguments, node: cst.CSTNode) -> Value:
    entries = it.mapping(receiver) or Mapping({}, complete=False)
    if name in {"get", "pop", "setdefault"} and arguments.positional:
        key = arguments.positional[0].value
        default = arguments.positional[1].value if len(arguments.positional) > 1 else NONE
        if isinstance(key, Known):
            found = entries.items.get(key.value)
            if found is not None:
                return found
            return default if entries.complete else it.unknown(node)
        return it.unknown(node, base=receiver)
    if name in {"items", "values", "keys"} and entries.complete:
        rows = tuple(_row(name, key, value, node) for key, value in entries.items.items())
        return it.new_list(Items(rows, node), node)
    if name == "update":
        return _update(it, receiver, entries, arguments)
    if name == "copy":
        return it.new_dict(entries, node)
    it.forget(receiver)
    return it.unknown(node, base=receiver)


def _row(name: str, key: Any, value: Value, node: cst.CSTNode) -> Value:  # noqa: ANN401
    known = Known(key, node)
    return Items((known, value)) if name == "items" else value if name == "values" else known


def _update(it: Interpreter, receiver: Object, entries: Mapping, arguments: Arguments) -> Value:
    changed = dict(entries.items)
    complete = entries.complete and not arguments.open
    for argument in arguments.positional:
        inner = it.mapping(argument.value)
        changed.update(inner.items if inner else {})
        complete = complete and inner is not None and inner.complete
    changed.update({key: argument.value for key, argument in arguments.keywords.items()})
    it.set_field(receiver, "{}", Mapping(changed, complete=complete))
    return NONE


_FUNCTIONS: dict[str, Handler] = {
    "len": _len,
    "min": _extreme("min"),
    "max": _extreme("max"),
    "list": _sequence("list"),
    "tuple": _sequence("tuple"),
    "set": _sequence("list"),
    "dict": _dict,
    "range": _range,
    "enumerate": _enumerate,
    "zip": _zip,
    "next": _next,
    "getattr": _getattr,
    "setattr": _setattr,
    "functools.partial": _partial,
    "super": _super,
}

__all__ = ["Api", "Dataset", "call", "method"]
