"""Python's own functions and those of math, NumPy and functools; methods of lists and dicts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import libcst as cst

from bslint.analysis import arithmetic, attributes, calls, containers, flow, keras, models, symbolic, texts
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
    Object,
    Partial,
    Symbol,
    Value,
    alternatives,
    known_int,
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
    "chr": chr,
    "ord": ord,
    "numpy.ceil": lambda value: float(math.ceil(value)),
    "numpy.floor": lambda value: float(math.floor(value)),
    "numpy.round": lambda value: float(round(value)),
}
_KINDS = {"int": "int", "round": "int", "float": "float", "bool": "bool", "str": "str", "math.sqrt": "float"}
_LITERAL_TYPES: dict[str, type] = {"int": int, "float": float, "str": str, "bytes": bytes, "bool": bool}
_CONTAINER_TYPES = frozenset(("list", "tuple", "dict"))
_DATASET_TYPES = frozenset(("tf.data.Dataset", "collections.abc.Iterable", "typing.Iterable"))
_NEVER = frozenset(("sys.exit", "exit", "quit", "os._exit", "os.abort"))
# Builtins that look at their arguments and keep nothing.
_HARMLESS = frozenset("print repr id hash isinstance issubclass hasattr callable open input format dir".split())


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
    truth = arithmetic.truth(it, value) if name == "bool" else None
    if truth is not None:
        return Known(truth, node)
    if isinstance(value, Known) and count == 1 and name in _FOLDED:
        try:
            folded = _FOLDED[name](value.value)
        except (TypeError, ValueError, ArithmeticError):
            return it.unknown(node)
        divided = value.made is not None or name == "float"
        return Known(folded, node, made=(name, (value,)) if divided else None)
    if arithmetic.kind_of(value) in {"tensor", "array"} or _is_array(value):
        return it.unknown(node, f"{name}({text(value)})", kind=_KINDS.get(name) or "array")
    kind = "float" if name in FLOAT_FUNCTIONS else "int" if name in INT_FUNCTIONS else _KINDS.get(name)
    return arithmetic.expression(it, name, (value,), node, kind if count == 1 else None)


def _is_array(value: Value) -> bool:
    return isinstance(value, Object) and any(
        name.startswith(("numpy.", "tf.", "jax.", "keras.")) for name in value.types()
    )


def _len(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    if not arguments.positional:
        return None
    return it.lift(lambda one: _length(it, one, node), arguments.positional[0].value)


def _length(it: Interpreter, value: Value, node: cst.CSTNode) -> Value:
    held = containers.sequence(it, value)
    if held is not None and held.complete:
        return Known(len(held.items), node)
    if isinstance(value, Known) and isinstance(value.value, (str, bytes)):
        return Known(len(value.value), node)
    own = attributes.special(it, value, "__len__", [], node)
    if own is not None:
        return own
    return arithmetic.expression(it, "len", (value,), node, "int")


def _extreme(name: str) -> Handler:
    fold: Callable[..., Any] = max if name == "max" else min

    def handler(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
        values = [argument.value for argument in arguments.positional]
        held = containers.sequence(it, values[0]) if len(values) == 1 else None
        if held is not None and held.complete:
            values = list(held.items)
        if len(values) < 2 or arguments.keywords or arguments.open:
            return it.unknown(node, f"{name}(…)")
        if all(isinstance(value, Known) and isinstance(value.value, (int, float)) for value in values):
            literals = [value for value in values if isinstance(value, Known)]
            divided = any(value.made is not None for value in literals)
            made = (name, tuple[Value, ...](values)) if divided else None
            return Known(fold(value.value for value in literals), node, made=made)
        kinds = {arithmetic.kind_of(value) for value in values}
        return arithmetic.expression(it, name, tuple(values), node, kinds.pop() if len(kinds) == 1 else None)

    return handler


def _quantifier(name: str) -> Handler:
    """`all(…)` and `any(…)` of known tests."""
    decisive = name == "any"

    def handler(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
        value = arguments.value("", 0)
        items = containers.sequence(it, value) if value is not None else None
        outcomes = [arithmetic.truth(it, one) for one in items.items] if items is not None else []
        if decisive in outcomes:
            return Known(decisive, node)
        if items is None or not items.complete or None in outcomes:
            return it.unknown(node, f"{name}(…)", kind="bool")
        return Known(not decisive, node)

    return handler


def _range(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    return it.make("range", node, arguments)


def _enumerate(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    if not arguments.positional:
        return None
    return it.lift(lambda one: _enumerated(it, one, arguments, node), arguments.positional[0].value)


def _enumerated(it: Interpreter, value: Value, arguments: Arguments, node: cst.CSTNode) -> Value:
    items = containers.sequence(it, value)
    start = arguments.value("start", 1)
    first = known_int(start) if start is not None else 0
    if items is not None and first is not None and not arguments.open:
        pairs = tuple(Items((Known(i, node), one)) for i, one in enumerate(items.items, first))
        return it.new_list(Items(pairs, node, complete=items.complete), node)
    return DatasetIterator((value,), "enumerate", node)


def _zip(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    values = [argument.value for argument in arguments.positional]
    sequences = [containers.sequence(it, value) for value in values]
    if values and all(sequence is not None and sequence.complete for sequence in sequences) and not arguments.open:
        rows = zip(*(sequence.items for sequence in sequences if sequence is not None), strict=False)
        return it.new_list(Items(tuple(Items(row) for row in rows), node), node)
    turned = bool(arguments.unpacked) and (arguments.open or len(values) == 1)
    if turned and not any(isinstance(one, Dataset) for value in values for one in alternatives(value)):
        return it.unknown(node, "zip(…)")
    return DatasetIterator(tuple(values), "zip", node) if values else None


def _next(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    if not arguments.positional:
        return None
    value = arguments.positional[0].value
    for one in alternatives(value):
        if isinstance(one, DatasetIterator):
            _drawn(it, one)
    return calls.iterated(it, value, node)


def _drawn(it: Interpreter, iterator: DatasetIterator) -> None:
    """`next(iterator)`: in a loop it feeds the loop, elsewhere it is a look at the first element."""
    if it.loops:
        it.loops[-1].consumed.append(iterator)
    else:
        it.peeked.update(id(one.stage) for one in iterator.datasets if isinstance(one, Dataset))


def _getattr(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    base, name, default = (arguments.value("", position) for position in range(3))
    if base is None or not (isinstance(name, Known) and isinstance(name.value, str)):
        return it.unknown(node)
    attribute: str = name.value

    def read(one: Value) -> Value:
        found = attributes.get(it, one, attribute, node)
        absent = isinstance(found, Symbol) and found.attribute == attribute and attributes.is_closed(one)
        return default if absent and default is not None else found

    return it.lift(read, base)


def _setattr(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    base, name, value = (arguments.value("", position) for position in range(3))
    if base is not None and value is not None and isinstance(name, Known):
        for one in alternatives(base):
            attributes.put(it, one, str(name.value), value, node)
    return NONE


def _vars(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    base = arguments.value("object", 0)
    return attributes.as_dict(it, base, node) if base is not None else it.unknown(node)


def _type(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    value = arguments.value("object", 0)
    if isinstance(value, Object) and isinstance(value.type, Class) and len(arguments.positional) == 1:
        return value.type
    return it.unknown(node, "type(…)")


def _copy(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    """`copy.deepcopy(value)`, `dataclasses.replace(value, name=…)`."""
    value = arguments.positional[0].value if arguments.positional else None
    return it.lift(lambda one: _copied(it, one, arguments, node), value) if value is not None else None


def _copied(it: Interpreter, value: Value, arguments: Arguments, node: cst.CSTNode) -> Value:
    items, entries = it.contents(value), it.mapping(value)
    if isinstance(value, Object) and items is not None:
        return it.new_list(items, node)
    if entries is not None:
        return it.new_dict(entries, node)
    if not attributes.is_closed(value) or not isinstance(value, Object):
        return value if isinstance(value, Dataset) else it.unknown(node, base=value)
    made = it.make(value.type, node, value.call)
    for name, held in it.fields(value):
        it.set_field(made, name, held)
    for name, argument in arguments.keywords.items():
        it.set_field(made, name, argument.value)
    return made


def _isinstance(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    """`isinstance(value, types)`: decided for datasets, literals and objects whose class is in sight."""
    value, types = arguments.value("", 0), arguments.value("", 1)
    if value is None or types is None:
        return it.unknown(node, "isinstance(…)", kind="bool")
    held = it.contents(types)
    wanted = held.items if held is not None and held.complete else (types,)

    def test(one: Value) -> Value:
        outcomes = {_is_a(it, one, type_) for type_ in wanted}
        if None in outcomes and True not in outcomes:
            key = ("isinstance", one.key, it.uid(*(type_.key for type_ in wanted)))
            return Symbol(key, "isinstance(…)", node, kind="bool")
        return Known(True in outcomes, node)

    return it.lift(test, value)


def _is_a(it: Interpreter, value: Value, type_: Value) -> bool | None:
    """Whether a value is an instance of a type; None when that is not known."""
    name = type_.name if isinstance(type_, Api) else None
    if isinstance(value, Dataset):
        return name in _DATASET_TYPES if name is not None else None
    if isinstance(value, Known) and (name in _LITERAL_TYPES or isinstance(type_, Class)):
        return name is not None and isinstance(value.value, _LITERAL_TYPES[name])
    if isinstance(value, (Known, Items)) or it.contents(value) is not None or it.mapping(value) is not None:
        kind = "tuple" if isinstance(value, Items) else value.type if isinstance(value, Object) else None
        return (
            name == kind
            if name in _CONTAINER_TYPES or name in _LITERAL_TYPES
            else False
            if name in _DATASET_TYPES
            else None
        )
    if isinstance(value, Object) and name is not None and models.is_part(value):
        kind = models.class_of(it, value)
        return keras.is_kind(Object(value.key, kind, None, value.origin), name) if kind is not None else None
    if isinstance(value, Object) and name is not None and models.is_listed(value):
        found = keras.is_kind(value, name)
        if found is not None:
            return found
    if isinstance(value, Object) and isinstance(value.type, Class):
        if any(one.key == type_.key for one in value.type.ancestry()):
            return True
        abstract = name is not None and name.startswith(("collections.", "typing.", "object"))
        return False if attributes.is_closed(value) and isinstance(type_, (Api, Class)) and not abstract else None
    return None


def _partial(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    from bslint.analysis.arguments import Arguments as Given

    if not arguments.positional:
        return None
    function, *rest = arguments.positional
    return Partial(function.value, Given(arguments.node, rest, dict(arguments.keywords), arguments.open), node)


def _reduce(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    """`functools.reduce(f, items, start)`: over a sequence of unknown length, whether it adds up what is in it."""
    from bslint.analysis.arguments import Argument
    from bslint.analysis.arguments import Arguments as Given

    if len(arguments.positional) < 2 or arguments.open:
        return None
    function, iterable, *start = (argument.value for argument in arguments.positional)
    known = calls.unrolled(it, iterable)
    if not known:
        return _folded(it, function, iterable, node)
    result, *rest = (*start, *known)
    for number, value in enumerate(rest):
        given = Given(node, [Argument(result, None), Argument(value, None)])
        with it.in_round(node, number):
            result = it.lift(lambda callee, given=given: calls.call(it, callee, given, node), function)
    return result


def _folded(it: Interpreter, function: Value, iterable: Value, node: cst.CSTNode) -> Value:
    """What is left of a sequence of unknown length; `sum of` tells when that is its sum."""
    from bslint.analysis.arguments import Argument, Arguments

    pair = [it.unknown(node, "?"), calls.iterated(it, iterable, node)]
    given = Arguments(node, [Argument(one, None) for one in pair])
    result = it.lift(lambda callee: calls.call(it, callee, given, node), function)
    made = it.unknown(node, "reduce(…)", base=result)
    if flow.adds(it, result, pair):
        it.set_field(made, "sum of", iterable)
    return made


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
    if name == "call" and isinstance(receiver, Object):
        own = keras.as_base(it, receiver)
        if own is not None:
            return keras.call_instance(it, own, arguments, node)
    if name == "__init__":
        if isinstance(receiver, Object) and receiver.types():
            now = symbolic.arguments_now(it, arguments)
            it.set_field(receiver, "super().__init__", Object(("super call", id(node)), "super call", now, node))
        return NONE
    return library.method(it, receiver, name, arguments, node) if receiver is not None else None


def method(it: Interpreter, receiver: Object, name: str, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    """The value of a method of a builtin object, None for any other receiver."""
    if receiver.type == "super":
        return _call_super(it, receiver, name, arguments, node)
    return containers.method(it, receiver, name, arguments, node)


_FUNCTIONS: dict[str, Handler] = {
    "len": _len,
    "min": _extreme("min"),
    "max": _extreme("max"),
    "list": containers.listed("list"),
    "tuple": containers.listed("tuple"),
    "set": containers.listed("set"),
    "frozenset": containers.listed("frozenset"),
    "dict": containers.dictionary,
    "collections.OrderedDict": containers.dictionary,
    "collections.defaultdict": containers.default_dictionary,
    "sorted": containers.sorted_,
    "map": containers.mapped,
    "sum": containers.total,
    "any": _quantifier("any"),
    "all": _quantifier("all"),
    "range": _range,
    "collections.namedtuple": texts.namedtuple,
    "enumerate": _enumerate,
    "zip": _zip,
    "next": _next,
    "getattr": _getattr,
    "setattr": _setattr,
    "vars": _vars,
    "isinstance": _isinstance,
    "type": _type,
    "copy.copy": _copy,
    "copy.deepcopy": _copy,
    "dataclasses.replace": _copy,
    "functools.partial": _partial,
    "functools.reduce": _reduce,
    "super": _super,
}

__all__ = ["Api", "Dataset", "call", "method"]
