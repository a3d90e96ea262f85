"""What a number was divided by on its way: the batch size in a number of steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bslint.analysis.values import Expr, Known, Object, Symbol, Value

if TYPE_CHECKING:
    import libcst as cst


class Division(msgspec.Struct, frozen=True):
    """A division in the making of a number.

    Args:
        divisor: what is divided by.
        at: where.
        dividend: what is divided.
    """

    divisor: Value
    at: cst.CSTNode | None
    dividend: Value


_THROUGH = frozenset(
    (
        "int", "round", "float", "abs", "max", "min", "math.ceil", "math.floor", "math.trunc", "numpy.ceil",
        "numpy.floor", "numpy.round", "numpy.rint", "numpy.trunc", "numpy.around", "+", "-", "*",
    )
)  # fmt: skip
_DIVIDING = frozenset(("/", "//", "numpy.divide", "numpy.true_divide", "numpy.floor_divide"))
_CASTS = ("numpy.int", "numpy.uint", "tf.cast", "tf.math.ceil", "numpy.asarray")
_METHODS = frozenset(("astype", "item", "numpy"))


def divisions(value: Value) -> tuple[Division, ...]:
    """The divisions that a number comes from, outermost first: through `int`, `math.ceil`, `max(1, …)` and sums."""
    op, operands = _operation(value)
    if op in _DIVIDING and len(operands) > 1:
        return (Division(_plain(operands[1]), value.origin, _plain(operands[0])), *divisions(operands[0]))
    if op in _THROUGH:
        return tuple(found for operand in operands for found in divisions(operand))
    return ()


def _operation(value: Value) -> tuple[str, tuple[Value, ...]]:
    if isinstance(value, Expr):
        return value.op, value.operands
    if isinstance(value, Known):
        return value.made or ("", ())
    if isinstance(value, Object) and value.call is not None and any(one.startswith(_CASTS) for one in value.types()):
        return "int", tuple(argument.value for argument in value.call.positional[:1])
    method = value.base if isinstance(value, Symbol) else None
    if isinstance(method, Symbol) and method.attribute in _METHODS and method.base is not None:
        return "int", (method.base,)
    return "", ()


def _plain(value: Value) -> Value:
    """What stands in `float(…)` or `int(…)`."""
    op, operands = _operation(value)
    return _plain(operands[0]) if op in {"float", "int"} and operands else value
