"""A few lines of plain Python that count the micro-batches of each update when they are run.

The test that decides stands in them as in the program; its counters take the values that they have there.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import libcst as cst

from bslint.analysis import arithmetic
from bslint.syntax.walk import children

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bslint.analysis.windows.machine import Event

_SIGNS = {
    "equal": "==",
    "not_equal": "!=",
    "greater_equal": ">=",
    "greater": ">",
    "less": "<",
    "less_equal": "<=",
}
_CONVERTING = frozenset(("cast", "constant", "int", "convert_to_tensor", "bool"))


def leaves(test: cst.CSTNode) -> tuple[cst.CSTNode, ...]:
    """The variables and attributes in a test."""
    return tuple(_leaves(_condition(test)))


def _leaves(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    if isinstance(node, (cst.Name, cst.Attribute)):
        yield node
        return
    for child in node.args if isinstance(node, cst.Call) else children(node):
        yield from _leaves(child)


def _condition(test: cst.CSTNode) -> cst.CSTNode:
    """The first argument of `tf.cond(test, then, otherwise)`, or the test of an `if`."""
    if isinstance(test, cst.Call) and _last(test.func) == "cond" and test.args:
        return test.args[0].value
    return test


def _last(node: cst.CSTNode) -> str:
    while isinstance(node, cst.Attribute):
        node = node.attr
    return node.value if isinstance(node, cst.Name) else ""


def snippet(test: cst.CSTNode, events: Sequence[Event], size: int, *, before: bool) -> str:
    """The snippet, empty when the test is no plain arithmetic.

    Args:
        test: the test that decides whether the sum is applied, or the `tf.cond` with it.
        events: the evaluations of its variables in the order in which they happened.
        size: the number of micro-batches that an update should have.
        before: whether a micro-batch is added before the test.
    """
    condition, values = _text(_condition(test)), _values(test, events)
    if condition is None or values is None:
        return ""
    varying = {name: held for name, held in values.items() if len(set(held)) > 1}
    fixed = [f"{name} = {held[0]}" for name, held in values.items() if name not in varying]
    if not varying or len({len(held) for held in varying.values()}) != 1:
        return ""
    each = [_written(held) for held in varying.values()]
    counters = each[0] if len(each) == 1 else f"zip({', '.join(each)})"
    count = ["    added, terms = added + 1, terms + 1"]
    lines = [
        *fixed,
        "added = terms = 0",
        f"for {', '.join(varying)} in {counters}:",
        *(count if before else ()),
        f"    if {condition}:",
        f'        print(f"update after {{added}} micro-batches: {{terms}} of {size} in the sum")',
        "        terms = 0",
        *(() if before else count),
    ]
    return "\n".join(lines)


def _values(test: cst.CSTNode, events: Sequence[Event]) -> dict[str, list[int]] | None:
    """What the variables of the test hold each time that it is made; None when that is no integer."""
    nodes = {id(one): _last(one) for one in leaves(test)}
    written = {cst.Module([]).code_for_node(one) for one in leaves(test)}
    if len(set(nodes.values())) != len(written):
        return None
    first = {name: node for node, name in reversed(nodes.items())}
    values: dict[str, list[int]] = {name: [] for name in nodes.values()}
    for event in events:
        name = nodes.get(id(event.node))
        if name is None or first[name] != id(event.node):
            continue
        if type(event.value) is not int:
            return None
        values[name].append(event.value)
    return values if all(values.values()) else None


def _written(numbers: list[int]) -> str:
    """Numbers as a `range` where they are one."""
    steps = {two - one for one, two in pairwise(numbers)}
    step = next(iter(steps)) if len(steps) == 1 else 0
    if step == 1:
        return f"range({numbers[0]}, {numbers[-1] + 1})" if numbers[0] else f"range({numbers[-1] + 1})"
    return str(numbers)


def _text(node: cst.CSTNode, *, inside: bool = False) -> str | None:
    """Arithmetic as plain Python writes it: `self.step` as `step`, `tf.equal(a, b)` as `a == b`; None for all else."""
    if isinstance(node, (cst.Name, cst.Attribute)):
        return _last(node)
    if isinstance(node, cst.Integer):
        return node.value
    if isinstance(node, cst.Call):
        return _text_of_call(_last(node.func), [arg.value for arg in node.args], inside=inside)
    if isinstance(node, cst.UnaryOperation):
        operand = _text(node.expression, inside=True)
        sign = arithmetic.UNARY.get(type(node.operator))
        return f"{sign} {operand}" if operand and sign == "not" else f"{sign}{operand}" if operand and sign else None
    parts = _parts(node)
    compared = isinstance(node, cst.Comparison)
    texts = [
        _text(one, inside=not (compared and isinstance(one, cst.BinaryOperation)))
        if isinstance(one, cst.CSTNode)
        else one
        for one in parts
    ]
    joined = " ".join(text for text in texts if text) if texts and all(texts) else None
    return f"({joined})" if joined and inside else joined


def _text_of_call(name: str, given: Sequence[cst.CSTNode], *, inside: bool) -> str | None:
    if name in _SIGNS and len(given) == 2:
        left, right = (_text(one, inside=True) for one in given)
        joined = f"{left} {_SIGNS[name]} {right}" if left and right else None
        return f"({joined})" if joined and inside else joined
    return _text(given[0], inside=inside) if name in _CONVERTING and given else None


def _parts(node: cst.CSTNode) -> Sequence[cst.CSTNode | str | None]:
    """Operands and operators in order."""
    if isinstance(node, cst.BinaryOperation):
        return node.left, arithmetic.OPERATORS.get(type(node.operator)), node.right
    if isinstance(node, cst.BooleanOperation):
        return node.left, "and" if isinstance(node.operator, cst.And) else "or", node.right
    if isinstance(node, cst.Comparison):
        pairs = ((arithmetic.COMPARISONS.get(type(one.operator)), one.comparator) for one in node.comparisons)
        return node.left, *(part for pair in pairs for part in pair)
    return ()
