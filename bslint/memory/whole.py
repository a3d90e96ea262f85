"""Tensors without a batch axis: weights that a program makes itself, and constants.

Their shapes are marked `Whole`. Together with a batch of samples they give a batch; among themselves they stay whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bslint.memory.call import UnknownError, broadcast, unread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bslint.memory.call import Outputs
    from bslint.memory.network import Shape, Step

# Steps that have no inputs and no batch axis.
KINDS = frozenset(("keras.Variable", "constant"))
_ELEMENTWISE = frozenset(
    "+ - * / // % ** < <= > >= == != & | ^ add subtract sub multiply mul divide div true_divide pow power "
    "maximum minimum squared_difference where bias_add add_n".split()
)
_PRODUCTS = frozenset("@ matmul dot".split())
_LOOKUPS = frozenset("gather embedding_lookup take".split())
_SPREADING = frozenset("tile repeat broadcast_to".split())


class Whole(tuple["int | None", ...]):
    """A shape that is not one of a sample: it has no batch axis."""

    __slots__ = ()


def declared(step: Step) -> Whole:
    """The shape of a weight or constant."""
    shape = step.config.get("shape")
    if not isinstance(shape, tuple) or unread(shape):
        raise UnknownError
    return Whole(shape)


def combined(
    step: Step, inputs: Sequence[Outputs | None], plain: Callable[[Sequence[Outputs | None]], Outputs]
) -> Outputs:
    """The shape of what a step gives that has whole tensors among its inputs.

    Args:
        step: the step.
        inputs: the shapes that flow in.
        plain: the shape that the step gives for inputs of samples.
    """
    shapes: list[Shape] = []
    for shape in inputs:
        if shape is None or isinstance(shape, list):
            raise UnknownError
        shapes.append(shape)
    name = step.kind.rpartition(".")[2]
    if step.kind.startswith("keras.layers.") or len(shapes) == 1:
        return _among_themselves(step, name, shapes, plain)
    if name in _ELEMENTWISE:
        return _elementwise(shapes)
    if name in _PRODUCTS and len(shapes) == 2:
        return _product(step.config, shapes[0], shapes[1])
    if name == "tensordot" and len(shapes) == 2:
        return _tensordot(step.config, shapes[0], shapes[1])
    if name in _LOOKUPS and len(shapes) == 2:
        return _lookup(shapes[0], shapes[1])
    if name == "einsum":
        return _einsum(step.config, shapes)
    raise UnknownError


def _among_themselves(
    step: Step, name: str, shapes: list[Shape], plain: Callable[[Sequence[Outputs | None]], Outputs]
) -> Outputs:
    """Only whole tensors: their first axis takes the place of the batch."""
    first = shapes[0]
    if not all(isinstance(shape, Whole) for shape in shapes) or not first:
        raise UnknownError
    if name in _SPREADING:
        return _spread(step.config, name, first)
    if name == "slice":
        leading = step.config.get("size", step.config.get("shape"))
        first = (_leading(leading, first[0]), *first[1:])
    if name == "expand_dims" and step.config.get("axis") == 0:
        return Whole((1, *first))
    if name == "[]":
        index = step.config.get("index")
        leading = index[0] if isinstance(index, tuple) and index else index
        if leading is None:
            return Whole((1, *first))
        if leading != slice(None):
            raise UnknownError
    result = plain([tuple(shape[1:]) for shape in shapes])
    if isinstance(result, list):
        raise UnknownError
    return Whole((first[0], *result))


def _leading(size: Any, length: int | None) -> int | None:
    """How many rows a slice takes of so many."""
    part = size[0] if isinstance(size, tuple) and size else None
    return length if part == -1 else None if unread(part) else part


def _spread(config: dict[str, Any], name: str, shape: Shape) -> Shape:
    """A weight repeated for each sample: `tf.tile(w, [batch, 1, 1])`, `tf.repeat(w, batch, axis=0)`."""
    target = config.get("multiples", config.get("repeats", config.get("shape")))
    if name == "broadcast_to" and isinstance(target, tuple) and target and (target[0] is None or unread(target[0])):
        return tuple(None if unread(length) else length for length in target[1:])
    if shape[0] != 1:
        raise UnknownError
    if name == "repeat":
        if config.get("axis") != 0:
            raise UnknownError
        return tuple(shape[1:])
    if not isinstance(target, tuple) or len(target) != len(shape) or not (target[0] is None or unread(target[0])):
        raise UnknownError
    return tuple(
        None if length is None else length * count for length, count in zip(shape[1:], target[1:], strict=True)
    )


def _elementwise(shapes: list[Shape]) -> Shape:
    if all(isinstance(shape, Whole) for shape in shapes):
        return Whole(broadcast(shapes))
    rank = max(len(shape) for shape in shapes if not isinstance(shape, Whole))
    fitted: list[Shape] = []
    for shape in shapes:
        if isinstance(shape, Whole) and len(shape) > rank:
            if len(shape) != rank + 1 or shape[0] != 1:
                raise UnknownError
            fitted.append(tuple(shape[1:]))
        else:
            fitted.append(tuple(shape))
    return broadcast(fitted)


def _product(config: dict[str, Any], left: Shape, right: Shape) -> Shape:
    if config.get("transpose_b") and len(right) == 2:
        right = Whole(reversed(right)) if isinstance(right, Whole) else right
    if not isinstance(right, Whole) or len(right) != 2 or not left or config.get("transpose_a"):
        raise UnknownError
    if None not in {left[-1], right[0]} and left[-1] != right[0]:
        raise UnknownError
    result = (*left[:-1], right[1])
    return Whole(result) if isinstance(left, Whole) else result


def _tensordot(config: dict[str, Any], left: Shape, right: Shape) -> Shape:
    axes = config.get("axes")
    rank = len(left) + (not isinstance(left, Whole))
    last = (rank - 1, -1)
    contracts = axes == 1 or (
        isinstance(axes, tuple)
        and len(axes) == 2
        and axes[0] in (*last, *((one,) for one in last))
        and axes[1] in (0, (0,))
    )
    if not contracts or not isinstance(right, Whole) or not right or not left or left[-1] != right[0]:
        raise UnknownError
    result = (*left[:-1], *right[1:])
    return Whole(result) if isinstance(left, Whole) else result


def _lookup(table: Shape, positions: Shape) -> Shape:
    if not isinstance(table, Whole) or not table:
        raise UnknownError
    result = (*positions, *table[1:])
    return Whole(result) if isinstance(positions, Whole) else result


def _einsum(config: dict[str, Any], shapes: list[Shape]) -> Shape:
    equation = str(config.get("equation", config.get("subscripts"))).replace(" ", "")
    inputs, _, output = equation.partition("->")
    sides = inputs.split(",")
    if len(sides) != len(shapes) or "." in equation or not output:
        raise UnknownError
    lengths: dict[str, int | None] = {}
    batch = {letters[0] for letters, shape in zip(sides, shapes, strict=True) if not isinstance(shape, Whole)}
    if batch != {output[0]}:
        raise UnknownError
    for letters, shape in zip(sides, shapes, strict=True):
        names = letters if isinstance(shape, Whole) else letters[1:]
        if len(names) != len(shape):
            raise UnknownError
        lengths.update(zip(names, shape, strict=True))
    return tuple(lengths[letter] for letter in output[1:])
