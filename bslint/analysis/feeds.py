"""Feeds: what makes the batches that a run draws, and how many samples are in one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bslint.analysis import flow
from bslint.analysis.apis import GENERATORS, SAMPLE_COUNTS
from bslint.analysis.divisions import divisions
from bslint.analysis.facts import Feed
from bslint.analysis.lengths import count
from bslint.analysis.numbers import number, size_key
from bslint.analysis.pipelines import REGROUPING, batch_size, batches
from bslint.analysis.values import (
    Class,
    Dataset,
    DatasetIterator,
    Expr,
    Items,
    Known,
    Object,
    Stage,
    Symbol,
    Value,
    alternatives,
    array_of,
    is_none,
    known_int,
)

if TYPE_CHECKING:
    import libcst as cst

    from bslint.analysis.arguments import Argument, Arguments
    from bslint.analysis.interpreter import Interpreter

_ARRAYS = ("numpy.", "pandas.", "tf.constant", "tf.convert_to_tensor", "tf.random.", "keras.utils.to_categorical")


def of(it: Interpreter, data: Value | None, given: Argument | None, node: cst.CSTNode) -> tuple[Feed, ...]:
    """The batches in the data of a run.

    Args:
        it: the interpreter.
        data: what the run is given.
        given: its `batch_size`.
        node: the run.
    """
    return tuple(_feed(it, one, given, node) for one in alternatives(data))


def of_validation(
    it: Interpreter, method: str, arguments: Arguments, given: Argument | None, node: cst.CSTNode
) -> tuple[Feed, ...]:
    """The batches in the `validation_data` of a run."""
    if not method.startswith("fit"):
        return ()
    data = arguments.value("validation_data", 7 if method == "fit" else 5)
    size = arguments.get("validation_batch_size", 14 if method == "fit" else None)
    if is_none(data):
        return ()
    return of(it, data, size if size is not None and not is_none(size.value) else given, node)


def _feed(it: Interpreter, data: Value, given: Argument | None, node: cst.CSTNode) -> Feed:
    if isinstance(data, Dataset):
        step = _batching(data.stage)
        return Feed("dataset", data, batch_size(step), step.node) if step is not None else Feed("dataset", data)
    if isinstance(data, DatasetIterator):
        return _of_several(it, data, node)
    if isinstance(data, Object):
        found = _of_object(it, data, node)
        if found is not None:
            return found
    if given is not None and not is_none(given.value):
        return Feed("arrays" if _is_array(it, data) else "unknown", data, given.value, given.node or node)
    return Feed("arrays" if _is_array(it, data) else "unknown", data)


def _batching(stage: Stage) -> Stage | None:
    """The step that makes the batches, when no later step takes them apart."""
    for step in reversed(stage.chain()):
        if batches(step):
            return step
        if step.op in REGROUPING:
            return None
    return None


def _of_several(it: Interpreter, data: DatasetIterator, node: cst.CSTNode) -> Feed:
    """`zip(images, masks)`: batches of one size, or unknown."""
    inner = [feed for one in data.datasets for feed in of(it, one, None, node)]
    sizes = {feed.batch_size.key for feed in inner if feed.batch_size is not None}
    if inner and len(sizes) == 1 and all(feed.batch_size is not None for feed in inner):
        return Feed("generator", data, inner[0].batch_size, inner[0].node)
    return Feed("generator", data)


def _of_object(it: Interpreter, data: Object, node: cst.CSTNode) -> Feed | None:
    if data.type == "generator":
        yielded = it.field(data, "yielded")
        return Feed("generator", data, _rows(it, yielded) if yielded is not None else None, data.origin)
    size = generator_batch_size(data)
    if size is not None and data.call is not None:
        return Feed("keras", data, size, data.call.node)
    if isinstance(data.type, Class) and "keras.utils.Sequence" in data.types():
        return Feed("keras", data, _size_in_length(it, data, node), data.origin)
    return None


def _rows(it: Interpreter, yielded: Value) -> Value | None:
    """The samples in what a generator yields: of an array, of `(x, y)`, or of `x[i : i + n]`."""
    sizes = [_rows_of(it, one) for one in alternatives(yielded)]
    same = {size.key for size in sizes if size is not None}
    return sizes[0] if len(same) == 1 and None not in sizes else None


def _rows_of(it: Interpreter, value: Value) -> Value | None:
    if isinstance(value, Items):
        known = [size for one in value.items if (size := _rows(it, one)) is not None]
        return known[0] if len({size.key for size in known}) == 1 else None
    items = it.contents(value)
    if items is not None:
        first = items.items[0] if items.items and items.complete else None
        return _rows(it, first) if isinstance(first, Symbol) else None
    array = array_of(value)
    if array is not None and array.shape and array.shape[0] is not None:
        return Known(array.shape[0])
    if isinstance(value, Symbol):
        cut = it.field(value, "cut")
        return _width(cut) if isinstance(cut, Items) else None
    return _stacked(it, value) if isinstance(value, Object) else None


def _stacked(it: Interpreter, value: Object) -> Value | None:
    """The rows of `np.array([load(path) for path in paths[i : i + n]])`."""
    name, given, _ = flow.arguments_of(it, value)
    cut = it.field(given[0], "cut") if name in _STACKING and given else None
    return _width(cut) if isinstance(cut, Items) else None


_STACKING = frozenset(("array", "asarray", "stack", "convert_to_tensor", "constant"))


def _width(cut: Items) -> Value | None:
    """The length of `i : i + n`, and of `i * n : (i + 1) * n`."""
    lower, upper, step = cut.items
    if not isinstance(upper, Expr) or not is_none(step):
        return None
    if upper.op == "+":
        rest = [operand for operand in upper.operands if operand.key != lower.key]
        return rest[0] if len(rest) == 1 and known_int(rest[0]) is not None else None
    factors = [known_int(operand) for operand in upper.operands]
    if upper.op == "*" and isinstance(lower, Expr) and lower.op == "*":
        shared = {known_int(operand) for operand in lower.operands} & set(factors) - {None}
        return next(operand for operand in upper.operands if known_int(operand) in shared) if shared else None
    return None


def generator_batch_size(data: Object) -> Value | None:
    """The batch size of one of Keras's own data generators, given or by default; None for any other object."""
    known = GENERATORS.get(data.type) if isinstance(data.type, str) else None
    if known is None or data.call is None:
        return None
    given = data.call.value("batch_size", known.batch)
    if given is not None:
        return given
    return Known(known.batch_size) if not data.call.open else Symbol(("batch size", data.key), "batch_size")


def attribute(base: Object, name: str, node: cst.CSTNode) -> Value | None:
    """An attribute of one of Keras's own data generators; None for any other."""
    if base.type not in GENERATORS:
        return None
    if name == "batch_size":
        return generator_batch_size(base)
    if name in SAMPLE_COUNTS:
        return Symbol(("samples of", base.key), f"….{name}", node, kind="int", base=base, attribute=name)
    return None


def _size_in_length(it: Interpreter, data: Object, node: cst.CSTNode) -> Value | None:
    """The batch size of a `Sequence`: what its `__len__` divides by."""
    from bslint.analysis import attributes

    length = attributes.special(it, data, "__len__", [], node)
    found = divisions(length) if length is not None else ()
    return found[0].divisor if len(found) == 1 and known_int(found[0].divisor) is not None else None


def counted_batches(value: Value) -> cst.CSTNode | None:
    """Where the batches are made that a value counts: `len` of a Keras generator, of a pipeline that batches."""
    counted = value.operands[0] if isinstance(value, Expr) and value.op == "len" else None
    if isinstance(counted, Dataset):
        step = _batching(counted.stage)
        return step.node if step is not None else None
    if isinstance(counted, Object) and counted.call is not None and generator_batch_size(counted) is not None:
        return counted.call.node
    return None


def _is_array(it: Interpreter, value: Value) -> bool:
    """Whether a value is certainly an array, a tensor or a list of them."""
    if isinstance(value, Symbol):
        return value.kind == "array"
    return it.contents(value) is not None or (
        isinstance(value, Object) and any(name.startswith(_ARRAYS) for name in value.types())
    )


class Whole(msgspec.Struct, frozen=True, eq=False):
    """A batch that is all of the data.

    Args:
        size: the batch size.
        samples: how many that is, when it is known.
        data: the data set of `keras.datasets` that it comes from; empty for other data.
    """

    size: Value
    samples: int | None
    data: str = ""


def whole_batch(feed: Feed) -> Whole | None:
    """The batch of a feed, when it holds all of the data; None when it does not, or may not."""
    for size in alternatives(feed.batch_size):
        if isinstance(feed.data, Dataset):
            found = _whole_pipeline(feed.data.stage, size)
        else:
            found = _whole_arrays(feed.data, size) if feed.kind in {"arrays", "unknown"} else None
        if found is not None:
            return found
    return None


def _whole_pipeline(stage: Stage, size: Value) -> Whole | None:
    step = _batching(stage)
    if step is None or step.parent is None:
        return None
    chain = step.parent.chain()
    reaching = count(chain)
    known, given = reaching.elements.known, number(size)
    if reaching.batch != 1 or not (
        reaching.elements.equals(size) or (known is not None and given is not None and given >= known)
    ):
        return None
    data = next((array.data for value in chain[0].data if (array := array_of(value)) is not None), "")
    return Whole(size, known, data)


def _whole_arrays(data: Value, size: Value) -> Whole | None:
    value = data.items[0] if isinstance(data, Items) and data.items else data
    known, given = samples_of(value), number(size)
    if size_key(size) != ("len", value.key) and not (known is not None and given is not None and given >= known):
        return None
    array = array_of(value)
    return Whole(size, known, array.data if array is not None else "")


def samples_of(value: Value) -> int | None:
    """The length of an array's first axis, when it is known."""
    array = array_of(value)
    return array.shape[0] if array is not None and array.shape else None
