"""Tensors without data: what functions and operators give on the outputs of Keras layers, and their attributes.

Nothing is computed here: every result remembers what was called on what, and `networks` reads it when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bslint.analysis.arguments import Argument, Arguments
from bslint.analysis.values import (
    NONE,
    Items,
    Known,
    LayerOutput,
    Mapping,
    Method,
    Object,
    Symbol,
    Value,
    alternatives,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import libcst as cst

    from bslint.analysis.interpreter import Interpreter
    from bslint.memory.network import Shape

_LIBRARIES = ("tf.", "keras.")
_WEIGHTS = (".add_weight", ".add_variable", "tf.Variable", "keras.Variable")
# How deep lists of lists are looked into.
_DEPTH = 4
_SHAPES = frozenset(
    ("keras.backend.int_shape", "keras.backend.shape", "keras.ops.shape", "tf.shape", "tf.compat.shape")
)
_RANKS = frozenset(("keras.backend.ndim", "keras.ops.ndim", "tf.rank"))
_SETTINGS = {
    "keras.backend.image_data_format": "channels_last",
    "keras.config.image_data_format": "channels_last",
    "keras.backend.image_dim_ordering": "tf",
    "keras.backend.backend": "tensorflow",
    "keras.config.backend": "tensorflow",
}
# The functional interface of old Keras: `add([x, y])` is `Add()([x, y])`.
_INTERFACE = {
    f"keras.layers.{name.lower()}": f"keras.layers.{name}"
    for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot")
}
_ATTRIBUTES = frozenset(("shape", "_keras_shape", "ndim"))


def is_symbolic(value: Value | None) -> bool:
    """Whether a value is a tensor without data."""
    return isinstance(value, LayerOutput) and value.symbolic


def carries(it: Interpreter, value: Value, depth: int = 0) -> bool:
    """Whether a value is, or holds, a tensor without data."""
    for one in alternatives(value):
        if isinstance(one, LayerOutput):
            if one.symbolic:
                return True
        elif it.reader is not None and is_weight(one):
            return True
        elif depth < _DEPTH:
            held = it.contents(one) or it.mapping(one) or (one if isinstance(one, Mapping) else None)
            parts = held.items.values() if isinstance(held, Mapping) else held.items if held is not None else ()
            if any(carries(it, part, depth + 1) for part in parts):
                return True
    return False


def is_weight(value: Value) -> bool:
    """Whether a value is a weight that the program makes itself."""
    return isinstance(value, Object) and isinstance(value.type, str) and value.type.endswith(_WEIGHTS)


def is_operand(it: Interpreter, value: Value) -> bool:
    """Whether operators on a value belong to the model: on a tensor without data, in a layer also on its weights."""
    return is_symbolic(value) or (it.reader is not None and is_weight(value))


def takes(it: Interpreter, arguments: Arguments) -> bool:
    """Whether a call is given tensors without data."""
    return it.building > 0 and any(carries(it, value) for value in arguments.values())


def frozen(it: Interpreter, value: Value, depth: int = 0) -> Value:
    """A value as it is now: lists and dicts can change later."""
    items = it.contents(value) if depth < _DEPTH else None
    if items is not None:
        parts = tuple(frozen(it, one, depth + 1) for one in items.items)
        return Items(parts, value.origin, complete=items.complete)
    entries = it.mapping(value) if depth < _DEPTH else None
    if entries is not None:
        held = {name: frozen(it, one, depth + 1) for name, one in entries.items.items()}
        return Mapping(held, value.origin, complete=entries.complete)
    return value


def arguments_now(it: Interpreter, given: Arguments) -> Arguments:
    """The arguments of a call as they are now."""
    return Arguments(
        given.node,
        [Argument(frozen(it, one.value), one.node) for one in given.positional],
        {name: Argument(frozen(it, one.value), one.node) for name, one in given.keywords.items()},
        given.open,
    )


def output(it: Interpreter, layer: Object, given: Arguments, node: cst.CSTNode) -> LayerOutput:
    """What a layer, model, function or operator returns."""
    now = arguments_now(it, given)
    symbolic = layer.type == "keras.Input" or any(carries(it, value) for value in now.values())
    if symbolic:
        it.building += 1
    key = ("output", it.uid("output", layer.key, *now.keys()))
    made = LayerOutput(key, layer, now, node, symbolic=symbolic)
    if symbolic and layer.type != "keras.Input":
        it.set_field(layer, "its output", made)
    return made


def operation(it: Interpreter, sign: str, operands: Sequence[Value], node: cst.CSTNode) -> LayerOutput:
    """`x + y`, `-x`, `x[1:]`."""
    operator = Object(("operator", sign, *it.site(node)), sign, None, node)
    return output(it, operator, Arguments(node, [Argument(one, None) for one in operands]), node)


def call(it: Interpreter, name: str, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    """The value of a library function on tensors without data; None for any other call."""
    setting = _SETTINGS.get(name)
    if setting is not None:
        return Known(setting, node)
    last = name.rpartition(".")[2]
    if not name.startswith(_LIBRARIES) or last[:1].isupper() or not takes(it, arguments):
        return None
    first = next(arguments.values(), None)
    if name in _SHAPES and isinstance(first, LayerOutput):
        return dimensions(it, first, node, counted=name != "keras.backend.int_shape")
    if name in _RANKS and isinstance(first, LayerOutput):
        return attribute(it, first, "ndim", node)
    if name == "keras.backend.is_keras_tensor":
        return Known(True, node)
    layer = _INTERFACE.get(name)
    if layer is not None:
        inputs, *rest = arguments.positional or [Argument(arguments.value("inputs") or NONE, None)]
        keywords = {key: one for key, one in arguments.keywords.items() if key != "inputs"}
        made = it.make(layer, node, Arguments(node, rest, keywords, arguments.open))
        return output(it, made, Arguments(node, [inputs]), node)
    return output(it, it.make(name, node), arguments, node)


# Attributes and methods


def attribute(it: Interpreter, base: LayerOutput, name: str, node: cst.CSTNode) -> Value | None:
    """`x.shape`, `x.ndim`; None for what is a method, or not known."""
    if not base.symbolic or name not in _ATTRIBUTES:
        return None
    shape = dimensions(it, base, node)
    if name != "ndim":
        return shape
    return Known(len(shape.items), node) if isinstance(shape, Items) else _unknown(base, name, node)


def method(it: Interpreter, receiver: LayerOutput, name: str, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    """`x.get_shape()`, `x.set_shape(…)`; None for any other method."""
    if not receiver.symbolic:
        return None
    if name == "get_shape":
        return dimensions(it, receiver, node)
    return NONE if name == "set_shape" else None


def dimensions(it: Interpreter, base: LayerOutput, node: cst.CSTNode, *, counted: bool = False) -> Value:
    """The shape of a tensor, batch axis first: None where a length is not known.

    Args:
        it: the interpreter.
        base: the tensor.
        node: where the shape is asked for.
        counted: whether unknown lengths are numbers that are known when data comes (`tf.shape`), instead of None.
    """
    shape = shape_of(it, base)
    if shape is None:
        return _unknown(base, "shape", node)
    lengths: list[Value] = [
        Known(length, node) if length is not None else _length(base, axis, node) if counted else NONE
        for axis, length in enumerate(shape, 1)
    ]
    return Items((batch(node) if counted else NONE, *lengths), node)


def shape_of(it: Interpreter, value: Value) -> Shape | None:
    """The shape of a tensor per sample, None when it is not known."""
    from bslint.analysis import networks

    return networks.shape_of(it, value)


BATCH = ("size of the batch",)


def batch(node: cst.CSTNode) -> Symbol:
    """The number of samples in a batch, known only when data comes."""
    return Symbol(BATCH, "batch size", node, kind="tensor")


def _length(base: LayerOutput, axis: int, node: cst.CSTNode) -> Symbol:
    return Symbol(("length", base.key, axis), f"tf.shape(…)[{axis}]", node, kind="tensor")


def _unknown(base: LayerOutput, name: str, node: cst.CSTNode) -> Symbol:
    return Symbol(("attribute of", base.key, name), f"….{name}", node, base=base, attribute=name)


def of_shape(it: Interpreter, base: Items, name: str, node: cst.CSTNode) -> Value | None:
    """What a `TensorShape` has that a tuple has not."""
    if name in {"rank", "ndims"}:
        return Known(len(base.items), node)
    return Method(base, name, None, node) if name == "as_list" else None


def lifted(
    it: Interpreter, sign: str, operands: Sequence[Value], node: cst.CSTNode, otherwise: Callable[[], Value]
) -> Value:
    """An operation, of tensors without data or of anything else."""
    if it.building and any(map(is_symbolic, operands)):
        return operation(it, sign, operands, node)
    return otherwise()
