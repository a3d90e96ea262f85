"""Questions about numbers that several rules ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

import msgspec

from bslint.analysis.apis import FLOAT_FUNCTIONS
from bslint.analysis.values import Expr, Known, Value, alternatives, kind_of

if TYPE_CHECKING:
    import libcst as cst


class Quotient(msgspec.Struct, frozen=True):
    """A number that is a float because of how it was computed.

    Args:
        value: the number.
        reason: what makes it a float, in words.
        at: where that happens.
        division: the division, when the number is nothing but that division.
        integers: whether both of its sides are certainly integers.
        numpy: whether it is a float of NumPy's.
    """

    value: Value
    reason: str
    at: cst.CSTNode
    division: cst.BinaryOperation | None
    integers: bool
    numpy: bool = False

    @property
    def operator(self) -> cst.CSTNode | None:
        """The `/` itself."""
        return self.division.operator if self.division is not None else None


_ARITHMETIC = "arithmetic with a float"


def quotient(value: Value | None) -> Quotient | None:
    """How a value comes to be a float; None when it is not known to be one, or is written as one."""
    for one in alternatives(value):
        found = _quotient(one)
        if found is not None:
            return found
    return None


def _quotient(value: Value) -> Quotient | None:
    node = value.origin
    if isinstance(value, Known):
        return _folded(value, node) if type(value.value) is float else None
    if not isinstance(value, Expr) or node is None:
        return None
    if value.op in {"max", "min"}:
        return next((found for operand in value.operands if (found := _quotient(operand)) is not None), None)
    if value.kind != "float":
        return None
    if value.op == "/" and _is_operation(node):
        integers = all(kind_of(operand) == "int" for operand in value.operands)
        return Quotient(value, "`/`", node, node, integers)
    if value.op in FLOAT_FUNCTIONS:
        return Quotient(value, f"`{value.op.replace('numpy', 'np')}`", node, None, False, numpy=True)
    inner = next((found for operand in value.operands if (found := _quotient(operand)) is not None), None)
    if inner is not None:
        return Quotient(value, inner.reason, inner.at, None, False, inner.numpy)
    return Quotient(value, _ARITHMETIC, node, None, False) if _is_operation(node) else None


def _folded(value: Known, node: cst.CSTNode | None) -> Quotient | None:
    """A known float: where it was computed tells how."""
    if _is_operation(node) and type(node.operator).__name__ == "Divide":
        integers = all(type(side).__name__ == "Integer" for side in (node.left, node.right))
        return Quotient(value, "`/`", node, node, integers)
    if _is_operation(node):
        return Quotient(value, _ARITHMETIC, node, None, False)
    function = getattr(node, "func", None)
    name = getattr(function, "attr", None)
    if node is None or name is None:
        return None
    in_math = getattr(getattr(function, "value", None), "value", None) == "math"
    return Quotient(value, f"`{'math' if in_math else 'np'}.{name.value}`", node, None, False, numpy=not in_math)


def _is_operation(node: cst.CSTNode | None) -> TypeGuard[cst.BinaryOperation]:
    """Told by name: rules, and so this module, are loaded before it is known whether libcst is needed."""
    return type(node).__name__ == "BinaryOperation"
