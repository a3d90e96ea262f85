"""Arrays and tensors that have another shape every time: each shape is a trace of the `tf.function` that gets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bslint.analysis import flow
from bslint.analysis.apis import BATCHING
from bslint.analysis.elements import KEEPING
from bslint.analysis.values import (
    Composite,
    Dataset,
    Items,
    Key,
    Known,
    Object,
    Stage,
    Symbol,
    Value,
    array_of,
    is_none,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from bslint.analysis.facts import Loop
    from bslint.analysis.interpreter import Interpreter

# Functions and methods whose result is as long as their argument.
_LASTING = frozenset(
    "cast constant convert_to_tensor array asarray astype expand_dims identity ascontiguousarray float32 int32".split()
)
_DEEPEST = 8


def cut_to_length(it: Interpreter, value: Value, changing: Callable[[Value], Loop | None]) -> Loop | None:
    """The loop in every iteration of which a slice has another length, None when there is none.

    Args:
        it: the interpreter.
        value: what may be a slice.
        changing: the loop that changes a number.
    """
    for _ in range(_DEEPEST):
        cuts = _cuts(it, value)
        found = next((loop for one in cuts if (loop := _growing(one, changing)) is not None), None)
        if found is not None:
            return found
        inner = _before(it, value)
        if inner is None:
            return None
        value = inner
    return None


def _growing(bounds: Items, changing: Callable[[Value], Loop | None]) -> Loop | None:
    """One end of a slice moves, the other is written down."""
    lower, upper, step = bounds.items
    for moving, still in ((lower, upper), (upper, lower)):
        if isinstance(still, Known) and is_none(step) and not isinstance(moving, Known):
            return changing(moving)
    return None


def _cuts(it: Interpreter, value: Value) -> list[Items]:
    """The slices along the axes of `x[a:b, c:d]`."""
    held = it.field(value, "cuts") if isinstance(value, Symbol) else None
    return [one for one in held.items if isinstance(one, Items) and len(one.items) == 3] if held is not None else []  # type: ignore[attr-defined]


def _before(it: Interpreter, value: Value) -> Value | None:
    """What a value is a copy of, or all of but a few at its ends."""
    if isinstance(value, Symbol) and isinstance(value.key, (tuple, Composite)) and value.key[0] == "slice":
        return value.base if all(_keeps_most(one) for one in _cuts(it, value)) else None
    name, given, receiver = flow.arguments_of(it, value)
    if name in _LASTING:
        return receiver if receiver is not None else next(iter(given), None)
    return None


def _keeps_most(bounds: Items) -> bool:
    """`x[1:]`, `x[:-1]`."""
    lower, upper, step = bounds.items
    start = lower.value if isinstance(lower, Known) else -1
    stop = upper.value if isinstance(upper, Known) else 1
    return is_none(step) and (start is None or start >= 0) and (stop is None or stop < 0)


def padded(it: Interpreter, value: Value) -> tuple[Stage, Key] | None:
    """The step that pads every batch to its own longest sample, when a value is (of) such a batch, and that batch."""
    for _ in range(_DEEPEST):
        inner = _before(it, value)
        if inner is None:
            break
        value = inner
    path: list[Key] = []
    batch: Key = None
    while isinstance(value, Symbol) and isinstance(value.key, (tuple, Composite)) and value.base is not None:
        if value.key[0] == "part of":
            path.append(value.key[-1])
        elif value.key[0] == "element of":
            batch = value.key
        else:
            return None
        value = value.base
    if not isinstance(value, Dataset) or batch is None or len(path) > 1:
        return None
    for stage in reversed(value.stage.chain()):
        if stage.op in BATCHING:
            return (stage, batch) if _pads_to_longest(it, stage, path[0] if path else None) else None
        if stage.op not in KEEPING:
            return None
    return None


def _pads_to_longest(it: Interpreter, stage: Stage, position: Key) -> bool:
    """Whether this part of its batches is as long as their longest sample."""
    if stage.call is None or stage.call.open:
        return False
    if stage.op == "bucket_by_sequence_length":
        told = stage.call.value("pad_to_bucket_boundary", 6)
        if isinstance(told, Known) and not told.value:
            told = None
        return told is None and is_none(stage.call.value("padded_shapes", 4)) and not _is_fixed(stage, position)
    if stage.op != "padded_batch":
        return False
    given = stage.call.value("padded_shapes", 1)
    return not _is_fixed(stage, position) if is_none(given) else given is not None and _is_open(it, given, position)


def _is_fixed(stage: Stage, position: Key) -> bool:
    """Whether the samples are known to be equally long, or to be numbers; of a second part one must know that not."""
    element = stage.parent.element if stage.parent is not None else None
    if isinstance(element, Items) and type(position) is int and position < len(element.items):
        element = element.items[position]
    described = array_of(element) if element is not None else None
    if described is None or described.shape is None:
        return position not in {None, 0}
    return None not in described.shape


def _is_open(it: Interpreter, given: Value, position: Key) -> bool:
    """Whether `padded_shapes` leaves a size of this part open."""
    held = it.contents(given)
    items = held.items if held is not None and held.complete else ()
    if any(it.contents(one) is not None for one in items):
        if type(position) is not int or position >= len(items):
            return False
        return _is_open(it, items[position], None)
    if isinstance(given, Object) and str(given.type).endswith("TensorShape") and given.call is not None:
        return any(_is_open(it, one, None) for one in given.call.values())
    return any(isinstance(one, Known) and one.value in {None, -1} for one in items)
