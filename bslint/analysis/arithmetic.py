"""Operators on abstract values: folded when both sides are known, kept as expressions otherwise."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import libcst as cst

from bslint.analysis import containers, shapes, symbolic
from bslint.analysis.values import (
    Api,
    Choice,
    Class,
    Dataset,
    Expr,
    Function,
    Items,
    Key,
    Known,
    LayerOutput,
    Object,
    Value,
)
from bslint.analysis.values import (
    kind_of as kind_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from bslint.analysis.interpreter import Interpreter

OPERATORS: dict[type, str] = {
    cst.Add: "+",
    cst.Subtract: "-",
    cst.Multiply: "*",
    cst.Divide: "/",
    cst.FloorDivide: "//",
    cst.Modulo: "%",
    cst.Power: "**",
    cst.MatrixMultiply: "@",
    cst.LeftShift: "<<",
    cst.RightShift: ">>",
    cst.BitAnd: "&",
    cst.BitOr: "|",
    cst.BitXor: "^",
    cst.AddAssign: "+",
    cst.SubtractAssign: "-",
    cst.MultiplyAssign: "*",
    cst.DivideAssign: "/",
    cst.FloorDivideAssign: "//",
    cst.ModuloAssign: "%",
    cst.PowerAssign: "**",
    cst.MatrixMultiplyAssign: "@",
    cst.LeftShiftAssign: "<<",
    cst.RightShiftAssign: ">>",
    cst.BitAndAssign: "&",
    cst.BitOrAssign: "|",
    cst.BitXorAssign: "^",
}
UNARY: dict[type, str] = {cst.Minus: "-", cst.Plus: "+", cst.Not: "not", cst.BitInvert: "~"}
COMPARISONS: dict[type, str] = {
    cst.Equal: "==",
    cst.NotEqual: "!=",
    cst.LessThan: "<",
    cst.LessThanEqual: "<=",
    cst.GreaterThan: ">",
    cst.GreaterThanEqual: ">=",
    cst.In: "in",
    cst.NotIn: "not in",
    cst.Is: "is",
    cst.IsNot: "is not",
}

_NEGATED = {"!=": "==", "not in": "in", "is not": "is", ">=": "<", ">": "<="}

_FOLD: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    "in": lambda a, b: a in b,
    "is": lambda a, b: a is b if a is None or b is None or isinstance(a, bool) else a == b,
}

_NUMBERS = (int, float, bool)
# Objects that the analysis makes itself.
_MADE = frozenset(("list", "dict", "range", "generator", "super", "strategy scope"))
_ORDERS = frozenset(("==", "<", "<="))
# Folding stays cheap: no huge powers, no megabyte strings.
_LIMIT = 10**18
_LONGEST = 2_000

_COMBINED = {"+": containers.concatenated, "*": containers.repeated, "|": containers.merged}


def expression(
    it: Interpreter, op: str, operands: tuple[Value, ...], node: cst.CSTNode | None, kind: str | None = None
) -> Expr:
    """An operation that can't be folded."""
    keys: list[Key] = [
        ("#", it.uid(operand.key)) if isinstance(operand, (Expr, Items, Choice)) else operand.key
        for operand in operands
    ]
    return Expr(("expr", op, *keys), op, operands, node, kind)


def binary(it: Interpreter, op: str, left: Value, right: Value, node: cst.CSTNode) -> Value:
    """`left op right`."""
    if op == "+" and isinstance(left, Items) and symbolic.is_symbolic(right):
        return Items(left.items, node, complete=False)  # a tuple, and those of several tensors that a slice leaves
    if it.building and (symbolic.is_operand(it, left) or symbolic.is_operand(it, right)):
        return symbolic.operation(it, op, (left, right), node)
    if isinstance(left, Known) and isinstance(right, Known):
        folded = _fold(op, left.value, right.value)
        if folded is not None:
            return Known(folded[0], node, made=_division(op, left, right))
    combine = _COMBINED.get(op)
    combined = combine(it, left, right, node) if combine is not None else None
    if combined is not None:
        return combined
    made = expression(it, op, (left, right), node, _kind(op, left, right))
    made.array = shapes.operation(op, left, right)
    return made


def _division(op: str, *operands: Known) -> tuple[str, tuple[Value, ...]] | None:
    """How a number was made, if there is a division in it."""
    divided = op in {"/", "//"} or any(operand.made is not None for operand in operands)
    return (op, operands) if divided and op in {"/", "//", "+", "-", "*"} else None


def _fold(op: str, left: Any, right: Any) -> tuple[Any] | None:
    function = _FOLD.get(op)
    if function is None or not _cheap(op, left, right):
        return None
    try:
        return (function(left, right),)
    except (TypeError, ValueError, ArithmeticError):
        return None


def _cheap(op: str, left: Any, right: Any) -> bool:
    if op in {"**", "<<"}:
        return isinstance(left, _NUMBERS) and isinstance(right, _NUMBERS) and abs(left) < 10**6 and abs(right) < 20
    if op == "*" and not (isinstance(left, _NUMBERS) and isinstance(right, _NUMBERS)):
        text, times = (right, left) if isinstance(left, int) else (left, right)
        return isinstance(text, (str, bytes)) and isinstance(times, int) and len(text) * times <= _LONGEST
    if op == "%" and not isinstance(left, _NUMBERS):
        return False
    return all(
        abs(side) < _LIMIT
        if isinstance(side, _NUMBERS)
        else not isinstance(side, (str, bytes)) or len(side) <= _LONGEST
        for side in (left, right)
    )


def _kind(op: str, left: Value, right: Value) -> str | None:
    kinds = {kind_of(left), kind_of(right)}
    if kinds & {"tensor", "array", "str"}:
        return None
    if op == "/":
        return "float"
    if "float" in kinds and op in {"+", "-", "*", "//", "**", "%"}:
        return "float"
    if kinds == {"int"} and op in {"+", "-", "*", "//", "%", "<<", ">>", "&", "|", "^"}:
        return "int"
    return None


def unary(it: Interpreter, op: str, value: Value, node: cst.CSTNode) -> Value:
    """`op value`."""
    if op == "not":
        outcome = truth(it, value)
        if outcome is not None:
            return Known(not outcome, node)
        if isinstance(value, Expr) and value.op == "not" and kind_of(value.operands[0]) == "bool":
            return value.operands[0]
        return expression(it, "not", (value,), node, "bool")
    if isinstance(value, Known) and isinstance(value.value, _NUMBERS):
        if op == "-":
            return Known(-value.value, node, made=_division("-", value))
        if op == "+":
            return Known(+value.value, node)
        if op == "~" and isinstance(value.value, int):
            return Known(-value.value - 1, node)
    if symbolic.is_operand(it, value):
        return symbolic.operation(it, op, (value,), node)
    return expression(it, op, (value,), node, kind_of(value))


def boolean(it: Interpreter, op: str, left: Value, right: Value, node: cst.CSTNode) -> Value:
    """`left and right`, `left or right`, both evaluated."""
    outcome = truth(it, left)
    if outcome is not None:
        return right if outcome == (op == "and") else left
    settled = truth(it, right)
    if settled is not None and isinstance(right, Known) and isinstance(right.value, bool) and kind_of(left) == "bool":
        return left if settled == (op == "and") else right
    if _is_fallback(op, right):
        sides = {True: left, False: right} if op == "or" else {True: right, False: left}
        joined = it.join([(frozenset(assumptions(it, left, wanted)), side) for wanted, side in sides.items()], node)
        if joined is not None:
            return joined
    return expression(it, op, (left, right), node, kind_of(right) if kind_of(left) == kind_of(right) else None)


def _is_fallback(op: str, right: Value) -> bool:
    """Whether `left or right` gives a value rather than tests something: `n or 32`, `callbacks or []`."""
    if isinstance(right, (Dataset, Object, Items, Function, Class)):
        return True
    return op == "or" and kind_of(right) not in {None, "bool"}


def compare(it: Interpreter, op: str, left: Value, right: Value, node: cst.CSTNode) -> Value:
    """`left op right` for a comparison."""
    if op in _NEGATED:
        inner = compare(it, _NEGATED[op], left, right, node)
        return unary(it, "not", inner, node)
    if op == "==" and isinstance(left, Known) and not isinstance(right, Known):
        left, right = right, left
    if isinstance(left, Known) and isinstance(right, Known):
        folded = _fold(op, left.value, right.value)
        if folded is not None:
            return Known(folded[0], node)
    decided = _identity(op, left, right) if op in {"is", "=="} else _membership(it, left, right) if op == "in" else None
    if decided is not None:
        return Known(decided, node)
    if op in _ORDERS and (symbolic.is_symbolic(left) or symbolic.is_symbolic(right)):
        return symbolic.operation(it, op, (left, right), node)
    return expression(it, op, (left, right), node, "bool")


def _identity(op: str, left: Value, right: Value) -> bool | None:
    """Objects are not None; a thing is itself."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Known) and one.value is None and _is_something(other):
            return False
    if left.key == right.key and op == "is":
        return True
    return None


def _membership(it: Interpreter, left: Value, right: Value) -> bool | None:
    items = it.contents(right)
    entries = it.mapping(right)
    if not isinstance(left, Known):
        return None
    if items is not None and items.complete and all(isinstance(value, Known) for value in items.items):
        return left.value in [value.value for value in items.items if isinstance(value, Known)]
    if entries is not None and (entries.complete or left.value in entries.items):
        found = entries.items.get(left.value)
        return None if found is not None and containers.may_be_absent(found) else found is not None
    return None


def _is_something(value: Value) -> bool:
    """Whether a value is certainly not None; what a library function returns may be."""
    if isinstance(value, Known):
        return value.value is not None
    if isinstance(value, Object):
        return isinstance(value.type, Class) or value.type in _MADE or is_class_name(value.type)
    return isinstance(value, (Dataset, Class, Function, LayerOutput, Items))


def is_class_name(name: str) -> bool:
    """Whether a canonical name is that of a class: `keras.Model`, not `os.getenv`."""
    return name.rpartition(".")[2][:1].isupper()


def truth(it: Interpreter, value: Value) -> bool | None:
    """Whether a value is true, None when that can't be decided."""
    if isinstance(value, Known):
        return bool(value.value)
    if isinstance(value, Choice):
        outcomes = {truth(it, alternative) for _, alternative in value.alternatives}
        return outcomes.pop() if len(outcomes) == 1 else None
    if isinstance(value, Expr) and value.op == "not":
        inner = truth(it, value.operands[0])
        return None if inner is None else not inner
    if value.key in it.path:
        return it.path[value.key]
    if isinstance(value, Expr) and value.op in {"and", "or"}:
        outcomes = {truth(it, operand) for operand in value.operands}
        decisive = value.op == "or"
        return decisive if decisive in outcomes else None if None in outcomes else not decisive
    if isinstance(value, Api):
        return True if value.name == "typing.TYPE_CHECKING" else None
    if isinstance(value, Items):
        return bool(value.items) if value.complete or value.items else None
    return _object_truth(it, value)


def _object_truth(it: Interpreter, value: Value) -> bool | None:
    if isinstance(value, (Class, Function)):
        return True
    if isinstance(value, Object):
        held = it.contents(value) or it.mapping(value)
        if held is not None:
            return bool(held.items) if held.complete or held.items else None
        return _instance_truth(it, value)
    return None


def _instance_truth(it: Interpreter, value: Object) -> bool | None:
    if isinstance(value.type, Class):
        names = ("__bool__", "__len__")
        own = any(
            it.store.get((one.scope.uid, name))
            for one in value.type.ancestry()
            if isinstance(one, Class)
            for name in names
        )
        return None if own else True
    return True if is_class_name(value.type) and not value.type.startswith(("numpy.", "tf.")) else None


def assumptions(it: Interpreter, test: Value, wanted: bool) -> tuple[tuple[Key, bool], ...]:
    """The atomic tests that are settled when `test` comes out as `wanted`."""
    if isinstance(test, Expr) and test.op == "not":
        return assumptions(it, test.operands[0], not wanted)
    if isinstance(test, Expr) and test.op == ("and" if wanted else "or"):
        return (*(part for operand in test.operands for part in assumptions(it, operand, wanted)), (test.key, wanted))
    if isinstance(test, Choice):
        guards = [guard for guard, value in test.alternatives if truth(it, value) in {wanted, None}]
        settled = frozenset.intersection(*guards) if guards and len(guards) < len(test.alternatives) else None
        if settled:
            return tuple(settled)
    return ((test.key, wanted),)
