"""Where a value comes from: one step back, and all the way to the gradients in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

import msgspec

from bslint.analysis.values import (
    Api,
    Choice,
    DatasetIterator,
    Expr,
    Items,
    Key,
    Known,
    LayerOutput,
    Method,
    Object,
    Symbol,
    Value,
    alternatives,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    from bslint.analysis.interpreter import Interpreter

Factors: TypeAlias = "tuple[Value | None, ...]"
T = TypeVar("T")

# Values that a walk looks at before it gives up.
_BUDGET = 400

_LIBRARIES = ("tf.", "keras.", "numpy.", "jax.", "copy.", "builtins.")
# Functions whose result is, for what we ask, their argument: the same gradients in another shape or type, or clipped.
_KEEPING = frozenset(
    "identity cast convert_to_tensor clip_by_value clip_by_norm clip_by_global_norm clip clip_by_average_norm reshape "
    "squeeze expand_dims transpose flatten pack_sequence_as asarray array stack copy deepcopy list tuple IndexedSlices "
    "numpy value read_value values items get_unscaled_gradients get_scaled_loss scale_loss ensure_shape stop_gradient "
    "to_dense get_weights to_tensor where enumerate zip reversed sorted filter aggregate_gradients".split()
)
_ADDING = frozenset("add add_n subtract accumulate_n sum".split())
_DIVIDING = frozenset("divide truediv divide_no_nan div realdiv true_divide div_no_nan".split())
_MULTIPLYING = frozenset("multiply scalar_mul mul".split())
SCALING = _DIVIDING | _MULTIPLYING
_AVERAGING = frozenset("reduce_mean mean".split())
# Functions that add up, or average, what is in a list: the second need an axis.
_LISTS_ONLY = frozenset(("add_n", "accumulate_n"))
_TOTALS = frozenset(("sum", "reduce_sum", *_LISTS_ONLY, *_AVERAGING))
# Functions that only take the shape or the type of their argument.
_BLANK = frozenset("zeros_like ones_like shape size rank zeros ones range len print norm global_norm is_nan".split())


class Hit(msgspec.Struct, Generic[T], frozen=True):
    """Something that a value was made from, and what happened to it on the way.

    Args:
        found: what was found.
        factors: what it was multiplied with or divided by; None for the number of values of a mean.
        clear: whether all steps are understood, and leave sums of it sums.
        summed: whether the elements of a collection of unknown length were added up, or averaged, on the way.
    """

    found: T
    factors: Factors
    clear: bool
    summed: bool = False


class Step(msgspec.Struct, frozen=True):
    """One step back: a value that another was made from, by what factor, whether linearly, and as a sum of elements."""

    value: Value
    factors: Factors = ()
    linear: bool = True
    sums: bool = False


def arguments_of(it: Interpreter, value: Value) -> tuple[str, tuple[Value, ...], Value | None]:
    """The function that made a value, by its last name; its arguments; and the receiver of a method."""
    flow = it.flows.get(value.key)
    if flow is not None:
        callee, given = flow[0], flow[1:]
        if isinstance(callee, Method):
            return callee.name, given, callee.receiver
        if isinstance(callee, Symbol):
            return callee.attribute or "?", given, callee.base
        if isinstance(callee, Api):
            return _last(callee.name), given, None
        return "?", given, callee
    if isinstance(value, Object) and value.call is not None and isinstance(value.type, str):
        return _last(value.type), tuple(value.call.values()), None
    return "", (), None


def _last(name: str) -> str:
    owner, _, last = name.rpartition(".")
    return last if not owner or name.startswith(_LIBRARIES) else "?"


def steps(it: Interpreter, value: Value) -> Sequence[Step]:
    """What a value was directly made from."""
    if isinstance(value, Choice):
        return [Step(one) for one in alternatives(value)]
    if isinstance(value, (Items, DatasetIterator)):
        return [Step(one) for one in (value.items if isinstance(value, Items) else value.datasets)]
    if isinstance(value, Expr):
        return _operands(value)
    if isinstance(value, (LayerOutput, Method)):
        inner = value.inputs if isinstance(value, LayerOutput) else value.receiver
        return [Step(inner, (), False)] if inner is not None else ()
    return _of_object(it, value) if isinstance(value, (Symbol, Object)) else ()


def _of_object(it: Interpreter, value: Symbol | Object) -> Sequence[Step]:
    """The contents of a container, or what went into the call that made the value."""
    held = it.contents(value) or it.mapping(value)
    if held is not None:
        return [Step(one) for one in (held.items if isinstance(held, Items) else held.items.values())]
    folded = it.field(value, "sum of")
    if folded is not None:
        return [Step(folded, sums=True)]
    name, given, receiver = arguments_of(it, value)
    if name in _TOTALS and given and _is_over_elements(it, value, name, given[0]):
        return [Step(given[0], (None,) if name in _AVERAGING else (), sums=True)]
    if name:
        return _of_call(name, given, receiver)
    if isinstance(value, Symbol) and value.base is not None:
        return [Step(value.base, (), value.attribute in {None, "values"})]
    return ()


def _is_over_elements(it: Interpreter, value: Symbol | Object, name: str, given: Value) -> bool:
    """Whether a call adds up or averages the elements of one collection: not what is written side by side."""
    held = it.contents(given)
    if held is not None and held.complete and len(held.items) > 1:
        return False
    call = value.call if isinstance(value, Object) else None
    if name in _LISTS_ONLY or call is None:
        return call is None or len(call.positional) + len(call.keywords) == 1
    axis = call.value("axis", 1)
    return isinstance(axis, Known) and axis.value == 0


def _operands(value: Expr) -> Sequence[Step]:
    if value.op in {"+", "-"}:
        return [Step(one) for one in value.operands]
    if value.op == "*" and len(value.operands) == 2:
        left, right = value.operands
        return [Step(left, (right,)), Step(right, (left,))]
    if value.op == "/" and len(value.operands) == 2:
        left, right = value.operands
        return [Step(left, (right,)), Step(right, (), False)]
    return [Step(one, (), False) for one in value.operands]


def _of_call(name: str, given: tuple[Value, ...], receiver: Value | None) -> Sequence[Step]:
    sides = (*given, *((receiver,) if receiver is not None else ()))
    if name in _BLANK:
        return ()
    if name in _KEEPING or name in _ADDING:
        return [Step(one) for one in sides]
    if name in _AVERAGING:
        return [Step(one, (None,)) for one in sides]
    if name in _DIVIDING and len(given) > 1:
        return [Step(given[0], (given[1],)), Step(given[1], (), False)]
    if name in _MULTIPLYING and len(given) > 1:
        return [Step(given[0], (given[1],)), Step(given[1], (given[0],))]
    return [Step(one, (), False) for one in sides]


def trace(it: Interpreter, value: Value, find: Callable[[Value], T | None]) -> list[Hit[T]]:
    """Everything of some kind that a value was made from."""
    hits: list[Hit[T]] = []
    pending: list[tuple[Value, Factors, bool, bool]] = [(value, (), True, False)]
    seen: set[tuple[Key, int, bool, bool]] = set()
    for _ in range(_BUDGET):
        if not pending:
            break
        one, factors, clear, summed = pending.pop()
        mark = (one.key, len(factors), clear, summed)
        if mark in seen:
            continue
        seen.add(mark)
        found = find(one)
        if found is not None:
            hits.append(Hit(found, factors, clear, summed))
            continue
        pending.extend(
            (step.value, (*factors, *step.factors), clear and step.linear, summed or step.sums)
            for step in steps(it, one)
        )
    return hits


def ancestors(it: Interpreter, value: Value) -> Iterator[Value]:
    """A value and everything that it was made from, as far as a walk goes."""
    pending, seen = [value], set()
    for _ in range(_BUDGET):
        if not pending:
            return
        one = pending.pop()
        if one.key not in seen:
            seen.add(one.key)
            yield one
            pending.extend(step.value for step in steps(it, one))


def reaches(it: Interpreter, value: Value, keys: frozenset[Key]) -> bool:
    """Whether a value is, unscaled, one of these or an element of one of these."""
    hits = trace(it, value, lambda one: True if one.key in keys else None)
    return any(hit.clear and not hit.factors for hit in hits)


def sums(it: Interpreter, value: Value, known: Container[Key] = ()) -> Iterator[tuple[Value, ...]]:
    """The operands of every addition that a value is made by, as far as nothing but additions and copies lead to it.

    How the `known` values among those that it is made from were made themselves is not asked.
    """
    pending: list[Value] = [value]
    first = {value.key, *(one.key for one in alternatives(value))}
    seen: set[Key] = set()
    for _ in range(_BUDGET):
        if not pending:
            return
        one = pending.pop()
        if one.key in seen:
            continue
        seen.add(one.key)
        if one.key in known and one.key not in first:
            continue
        operands = _added(it, one)
        if operands:
            yield operands
        pending.extend(step.value for step in steps(it, one) if step.linear)


def adds(it: Interpreter, value: Value, pair: Sequence[Value]) -> bool:
    """Whether a value is the sum of two others, or a list of the sums of their elements."""
    sides = [frozenset((one.key,)) for one in pair]
    return any(
        all(any(reaches(it, operand, side) for operand in operands) for side in sides) for operands in sums(it, value)
    )


def _added(it: Interpreter, value: Value) -> tuple[Value, ...]:
    if isinstance(value, Expr):
        return value.operands if value.op == "+" and len(value.operands) == 2 else ()
    if not isinstance(value, (Symbol, Object)) or it.contents(value) is not None:
        return ()
    name, given, _ = arguments_of(it, value)
    if name not in {"add", "add_n", "accumulate_n", "sum"}:
        return ()
    items = it.contents(given[0]) if len(given) == 1 else None
    return items.items if items is not None else given
