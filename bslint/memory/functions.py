"""Functions on tensors and operators, as people use them inside functional models and `call`.

The kind is the function's canonical name (`tf.nn.relu`, `keras.ops.reshape`) or the operator (`+`, `[]`, `@`). Tensors
are inputs, in the order in which they are given; other arguments are in the config by parameter name. An axis counts in
the full shape, the batch being axis 0; a shape argument (of `reshape`) has the batch in front, as it is written.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from bslint.memory.call import (
    Call,
    Outputs,
    Row,
    Table,
    UnknownError,
    axes_of,
    axis_of,
    broadcast,
    known,
    positive,
    same,
    unread,
)
from bslint.memory.merging import joined
from bslint.memory.reshaping import fill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bslint.memory.network import Shape

_SAME = (
    "abs acos acosh asin asinh atan atanh cast convert_to_tensor ceil clip clip_by_norm clip_by_value cos cosh cumprod "
    "cumsum digamma elu erf erfc exp expm1 flip floor gelu identity is_finite is_nan isfinite isnan l2_normalize "
    "l2normalize leaky_relu lgamma log log1p log_sigmoid log_softmax logical_not mish negative nan_to_num "
    "normalize ones_like reciprocal relu relu6 reverse rint roll round rsqrt selu sigmoid sign silu sin "
    "sinh softmax softplus softsign sqrt square stop_gradient swish tan tanh zeros_like hard_sigmoid hard_silu "
    "hard_swish hard_tanh celu linear exponential dropout experimental_dropout random_flip_left_right "
    "random_flip_up_down adjust_brightness adjust_contrast per_image_standardization sort argsort "
    "tanh_shrink soft_shrink hard_shrink squareplus sparsemax"
).split()
_BROADCAST = (
    "add add_n bias_add subtract sub multiply mul divide div divide_no_nan true_divide floor_divide floordiv mod "
    "floormod pow power maximum minimum squared_difference where equal not_equal greater greater_equal less less_equal "
    "logical_and logical_or logical_xor atan2 arctan2"
).split()
_OPERATORS = "+ - * / // % ** < <= > >= == != & | ^".split()
_REDUCE = (
    "reduce_mean reduce_sum reduce_max reduce_min reduce_prod reduce_std reduce_variance reduce_all reduce_any "
    "reduce_logsumexp mean sum max min prod std var logsumexp amax amin any all"
).split()


def _first(call: Call, *names: str) -> Any:
    """The first of several parameter names that is given: TensorFlow and Keras name them differently."""
    for name in names:
        if name in call.config:
            return call.get(name)
    return None


def _broadcast(call: Call) -> Shape:
    return broadcast(call.inputs)


def _reduce(call: Call) -> Shape:
    axis, shape = _first(call, "axis", "reduction_indices"), call.input
    keep = bool(_first(call, "keepdims", "keep_dims"))
    if axis is None:
        raise UnknownError  # the batch is reduced too: what is left is no tensor per sample
    places = axes_of(axis, len(shape))
    if keep:
        return tuple(1 if place in places else length for place, length in enumerate(shape))
    return tuple(length for place, length in enumerate(shape) if place not in places)


def _arg(call: Call) -> Shape:
    place = axis_of(_first(call, "axis", "dimension"), len(call.input))
    if call.flag("keepdims"):
        return (*call.input[:place], 1, *call.input[place + 1 :])
    return (*call.input[:place], *call.input[place + 1 :])


def _concat(call: Call) -> Shape:
    axis = call.get("axis", 0 if call.kind != "concatenate" else -1)
    return joined(call.inputs, axis_of(axis, len(call.input)))


def _stack(call: Call) -> Shape:
    shape, axis = broadcast(call.inputs), call.get("axis", 0)
    place = axis_of(axis, len(shape) + 1)
    return (*shape[:place], len(call.inputs), *shape[place:])


def _reshape(call: Call) -> Shape:
    for name in ("shape", "newshape"):
        if name in call.config:
            target = call.config[name]
            break
    else:
        raise UnknownError
    if not isinstance(target, (list, tuple)) or unread(list(target[1:])):
        raise UnknownError
    first, rest = target[0] if target else 0, target[1:]
    if not unread(first) and first not in {-1, None}:
        raise UnknownError  # a fixed batch, or the batch merged with another axis
    lengths = fill(list(rest), call.input)
    if -1 in rest and first == -1:
        raise UnknownError
    return lengths


def _transpose(call: Call) -> Shape:
    perm = _first(call, "perm", "axes")
    if perm is None or list(perm)[:1] != [0] or sorted(perm) != list(range(len(call.input) + 1)):
        raise UnknownError
    return tuple(call.input[axis - 1] for axis in perm[1:])


def _expand(call: Call) -> Shape:
    axis, shape = _first(call, "axis", "dim"), call.input
    place = axis_of(axis, len(shape) + 1)
    return (*shape[:place], 1, *shape[place:])


def _squeeze(call: Call) -> Shape:
    axis, shape = _first(call, "axis", "squeeze_dims"), call.input
    places = [place for place, length in enumerate(shape) if length == 1]
    if axis is None:
        if None in shape:
            raise UnknownError
    else:
        wanted = axes_of(axis, len(shape))
        if not set(wanted) <= set(places):
            raise UnknownError
        places = list(wanted)
    return tuple(length for place, length in enumerate(shape) if place not in places)


def _matmul(call: Call) -> Shape:
    if len(call.inputs) != 2:
        raise UnknownError
    left, right = call.inputs
    if call.flag("transpose_a"):
        left = (*left[:-2], left[-1], left[-2])
    if call.flag("transpose_b"):
        right = (*right[:-2], right[-1], right[-2])
    if len(left) < 2 or len(right) < 2 or (None not in {left[-1], right[-2]} and left[-1] != right[-2]):
        raise UnknownError
    return (*broadcast([left[:-2], right[:-2]]), left[-2], right[-1])


def _einsum(call: Call) -> Shape:
    inputs, _, output = str(_first(call, "equation", "subscripts")).replace(" ", "").partition("->")
    lengths: dict[str, int | None] = {}
    sides = inputs.split(",")
    if len(sides) != len(call.inputs) or "." in inputs or not output:
        raise UnknownError
    for letters, shape in zip(sides, call.inputs, strict=True):
        lengths.update(zip(letters[1:], shape, strict=True))
    if any(letters[0] != output[0] for letters in sides):
        raise UnknownError
    return tuple(lengths[letter] for letter in output[1:])


def _split(call: Call) -> Outputs:
    sizes = _first(call, "num_or_size_splits", "indices_or_sections", "num_split")
    place = axis_of(call.get("axis", 0), len(call.input))
    whole = known(call.input[place])
    if isinstance(sizes, int):
        if whole % sizes:
            raise UnknownError
        parts = [whole // sizes] * sizes
    elif "indices_or_sections" in call.config:
        edges = [0, *sizes, whole]
        parts = [end - start for start, end in itertools.pairwise(edges)]
    else:
        parts = list(sizes)
        if -1 in parts:
            parts[parts.index(-1)] = whole - sum(parts) - 1
        if sum(parts) != whole:
            raise UnknownError
    return [(*call.input[:place], positive(part), *call.input[place + 1 :]) for part in parts]


def _unstack(call: Call) -> Outputs:
    place = axis_of(call.get("axis", 0), len(call.input))
    rest = (*call.input[:place], *call.input[place + 1 :])
    return [rest] * known(call.input[place])


def _length(length: int | None, part: slice) -> int | None:
    if unread([part.start, part.stop, part.step]):
        raise UnknownError
    if part == slice(None):
        return length
    if length is None:
        return None
    return positive(len(range(*part.indices(length))))


def _item(call: Call) -> Shape:
    index = call.config.get("index")
    parts = list(index) if isinstance(index, tuple) else [index]
    if unread(parts) and any(unread(part) for part in parts[:1]):
        raise UnknownError
    if Ellipsis in parts:
        place = parts.index(Ellipsis)
        rank = sum(part is not None for part in parts) - 1
        parts[place : place + 1] = [slice(None)] * (len(call.input) + 1 - rank)
    if not parts or not isinstance(parts[0], slice):
        raise UnknownError  # a sample of the batch is taken out
    result: list[int | None] = []
    rest = list(call.input)
    for part in parts[1:]:
        if part is None:
            result.append(1)
            continue
        length = rest.pop(0)
        if isinstance(part, slice):
            result.append(_length(length, part))
        elif isinstance(part, bool) or not isinstance(part, int):
            raise UnknownError
    return (*result, *rest)


def _slice(call: Call) -> Shape:
    size = call.config.get("size", call.config.get("shape"))
    if not isinstance(size, tuple) or len(size) != len(call.input) + 1:
        raise UnknownError
    return tuple(
        length if part == -1 else None if unread(part) else part
        for length, part in zip(call.input, size[1:], strict=True)
    )


def _pad(call: Call) -> Shape:
    widths = _first(call, "paddings", "pad_width")
    if len(widths) != len(call.input) + 1 or tuple(widths[0]) != (0, 0):
        raise UnknownError
    return tuple(
        None if length is None else length + sum(width) for length, width in zip(call.input, widths[1:], strict=True)
    )


def _tile(call: Call) -> Shape:
    counts = _first(call, "multiples", "repeats")
    if len(counts) != len(call.input) + 1 or counts[0] != 1:
        raise UnknownError
    return tuple(
        None if length is None else length * count for length, count in zip(call.input, counts[1:], strict=True)
    )


def _broadcast_to(call: Call) -> Shape:
    target = call.config.get("shape")
    if not isinstance(target, tuple) or len(target) < 2:
        raise UnknownError
    return broadcast([call.input, tuple(None if unread(length) else length for length in target[1:])])


def _repeat(call: Call) -> Shape:
    place = axis_of(call.get("axis"), len(call.input))
    length = call.input[place]
    grown = None if length is None else length * call.whole("repeats")
    return (*call.input[:place], grown, *call.input[place + 1 :])


def _resize(call: Call) -> Shape:
    size = call.get("size")
    if len(call.input) != 3 or len(size) != 2:
        raise UnknownError
    return (*size, call.input[-1])


def _to_space(call: Call) -> Shape:
    height, width, channels = call.input
    block = call.whole("block_size")
    if channels is None or channels % (block * block):
        raise UnknownError
    return (
        height * block if height is not None else None,
        width * block if width is not None else None,
        channels // (block * block),
    )


def _one_hot(call: Call) -> Shape:
    if call.get("axis", -1) != -1:
        raise UnknownError
    depth = _first(call, "depth", "num_classes")
    return (*call.input, Call(call.kind, {"depth": depth}, ()).whole("depth"))


def _flatten(call: Call) -> Shape:
    return fill([-1], call.input)


def _scale(call: Call) -> Shape:
    """A broadcast with constants whose shapes the step names (`scale` of `keras.applications`)."""
    return broadcast([*call.inputs, *(tuple(shape) for shape in call.config.get("constants", ()))])


def _permuted(names: Sequence[str], row: Row) -> Table:
    return dict.fromkeys(names, row)


OPERATORS: Table = {
    **_permuted(_OPERATORS, Row(_broadcast)),
    "~": Row(same),
    "@": Row(_matmul),
    "[]": Row(_item),
}
FUNCTIONS: Table = {
    **_permuted(_SAME, Row(same)),
    **_permuted(_BROADCAST, Row(_broadcast)),
    **_permuted(_REDUCE, Row(_reduce)),
    **_permuted(("argmax", "argmin", "arg_max", "arg_min"), Row(_arg)),
    **_permuted(("concat", "concatenate"), Row(_concat)),
    "stack": Row(_stack),
    "reshape": Row(_reshape),
    **_permuted(("transpose", "permute_dimensions"), Row(_transpose)),
    "expand_dims": Row(_expand),
    "squeeze": Row(_squeeze),
    "matmul": Row(_matmul),
    "einsum": Row(_einsum),
    **_permuted(("split", "split_v"), Row(_split)),
    **_permuted(("unstack", "unbind"), Row(_unstack)),
    "slice": Row(_slice),
    "pad": Row(_pad),
    "tile": Row(_tile),
    "broadcast_to": Row(_broadcast_to),
    "repeat": Row(_repeat),
    **_permuted(("resize", "resize_bilinear", "resize_nearest_neighbor"), Row(_resize)),
    "one_hot": Row(_one_hot),
    "depth_to_space": Row(_to_space),
    **_permuted(("flatten", "batch_flatten"), Row(_flatten)),
    "scale": Row(_scale),
}
MODULES = frozenset(
    (
        "tf tf.nn tf.math tf.linalg tf.image tf.signal keras.ops keras.ops.nn keras.ops.numpy keras.ops.image "
        "keras.activations keras.backend tf.sparse numpy"
    ).split()
)
