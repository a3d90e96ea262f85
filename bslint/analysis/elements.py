"""What flows through a pipeline: one element of each step with the shapes that are known, and how many a source has."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from bslint.analysis import arrays, files, shapes
from bslint.analysis.apis import BATCHING
from bslint.analysis.arguments import Argument, Arguments
from bslint.analysis.numbers import number
from bslint.analysis.pipelines import batch_size, batches
from bslint.analysis.values import (
    Array,
    Choice,
    Dataset,
    Function,
    Items,
    Key,
    Known,
    LayerOutput,
    Mapping,
    Object,
    Stage,
    Symbol,
    Value,
    array_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import libcst as cst

    from bslint.analysis.interpreter import Interpreter

Change: TypeAlias = "Callable[[Array], Array | None]"

# Steps whose elements are those of the step before.
KEEPING = frozenset(
    "cache concatenate filter ignore_errors prefetch repeat shard shuffle skip snapshot take take_while with_options "
    "unique assert_cardinality copy_to_device shuffle_and_repeat rejection_resample".split()
)
_SLICES = "tf.data.Dataset.from_tensor_slices"
_CHANNELS = {"rgb": 3, "grayscale": 1, "rgba": 4}
# Deeper structures are not looked into.
_DEEPEST = 5


def of_source(it: Interpreter, stage: Stage) -> None:
    """Fill in what a source yields."""
    if stage.call is None or stage.element is not None or stage.data:
        return
    first = stage.call.value("tensors", 0)
    if stage.op == _SLICES and first is not None:
        stage.data = tuple(_leaves(it, first))
        stage.count = next((size for one in stage.data if (size := shapes.length(it, one)) is not None), None)
        stage.element = _mapped(it, first, stage, lambda array: shapes.cut(array, (Known(0),)))
    elif stage.op == "tf.data.Dataset.from_tensors" and first is not None:
        stage.count, stage.element = 1, _settled(it, first, 0)
    elif stage.op == "tf.data.Dataset.range":
        stage.count = shapes.span(stage.call)
        stage.data = (stage.call.positional[0].value,) if len(stage.call.positional) == 1 else ()
        stage.element = _tensor(stage, Array((), "int64"))
    elif stage.op in _TEXTS:
        stage.element = _tensor(stage, Array((), "string"))
        stage.files = files.many(it, stage.call.value(_TEXTS[stage.op], 0))
    elif stage.op == "tf.data.Dataset.from_generator":
        stage.element = _declared(it, stage)
    elif stage.op == "keras.utils.image_dataset_from_directory":
        stage.element = _images(it, stage)


# Sources of strings, with the parameter that takes the files.
_TEXTS = {
    "tf.data.Dataset.list_files": "file_pattern",
    "tf.data.TFRecordDataset": "filenames",
    "tf.data.TextLineDataset": "filenames",
    "tf.data.FixedLengthRecordDataset": "filenames",
}


def of_tfds(it: Interpreter, stage: Stage) -> None:
    """Fill in an element of a well-known data set of TensorFlow Datasets."""
    call = stage.call
    name = call.value("name", 0) if call is not None and stage.op == "tfds.load" else None
    known = _TFDS.get(name.value.partition(":")[0]) if isinstance(name, Known) and isinstance(name.value, str) else None
    if call is None or call.open or known is None or batches(stage) or "batch_size" in call.keywords:
        return
    first, array = known
    parts: dict[Key, Value] = {
        first: _tensor(stage, array, (first,)),
        "label": _tensor(stage, Array((), "int64"), ("label",)),
    }
    given = call.value("as_supervised")
    if given is None or (isinstance(given, Known) and not given.value):
        stage.element = Mapping(parts, complete=False)
    elif isinstance(given, Known):
        stage.element = Items(tuple(parts.values()))


_GREY, _SMALL, _PHOTO = (Array(shape, "uint8") for shape in ((28, 28, 1), (32, 32, 3), (None, None, 3)))
_TEXT = Array((), "string")
# Data sets whose elements are one feature and one label.
_TFDS: dict[str, tuple[str, Array]] = {
    **dict.fromkeys(("mnist", "fashion_mnist", "kmnist"), ("image", _GREY)),
    **dict.fromkeys(("cifar10", "svhn_cropped"), ("image", _SMALL)),
    **dict.fromkeys(
        "cats_vs_dogs tf_flowers horses_or_humans rock_paper_scissors beans food101 oxford_flowers102 stanford_dogs "
        "malaria imagenette colorectal_histology eurosat uc_merced caltech101".split(),
        ("image", _PHOTO),
    ),
    **dict.fromkeys(("imdb_reviews", "yelp_polarity_reviews"), ("text", _TEXT)),
}


def of_step(it: Interpreter, stage: Stage) -> None:
    """Fill in what a transformation yields."""
    before, result = stage.parent.element if stage.parent is not None else None, stage.result
    if stage.element is not None:
        return
    if stage.op == "map":
        stage.element = _settled(it, result, 0) if result is not None else None
    elif stage.op in {"interleave", "flat_map"}:
        stage.element = result.stage.element if isinstance(result, Dataset) else None
    elif before is None:
        return
    elif stage.op in KEEPING:
        stage.element = before
    elif stage.op == "unbatch":
        stage.element = _mapped(it, before, stage, lambda array: shapes.cut(array, (Known(0),)))
    elif stage.op in BATCHING:
        size = number(batch_size(stage))
        stage.element = _mapped(it, before, stage, lambda array: _batched(array, size))
    elif stage.op == "enumerate":
        stage.element = Items((_tensor(stage, Array((), "int64")), before))
    elif stage.op == "zip":
        others = [one.stage.element if isinstance(one, Dataset) else None for one in stage.inputs]
        known = [one for one in others if one is not None]
        stage.element = Items((before, *known)) if len(known) == len(others) else None


def arguments_of(
    it: Interpreter, stage: Stage | None, function: Function, node: cst.CSTNode, bound: int = 0
) -> Arguments:
    """The arguments with which a transformation calls a function; none when nothing is known of them.

    Args:
        it: the interpreter.
        stage: the step whose elements the function gets.
        function: the function.
        node: the call of the transformation.
        bound: how many of its parameters are bound already (`self`).
    """
    params = function.node.params
    names = [param.name.value for param in (*params.posonly_params, *params.params)][bound:]
    element = stage.element if stage is not None else None
    given = element.items if isinstance(element, Items) else (element,) if element is not None else ()
    if len(given) > len(names):
        return Arguments(node)
    named = [_named(it, value, label, node) for value, label in zip(given, names, strict=False)]
    return Arguments(node, [Argument(value, None) for value in named])


def _named(it: Interpreter, value: Value, label: str, node: cst.CSTNode) -> Value:
    """An element as the parameter of a function: a tensor of its own."""
    if isinstance(value, Mapping):
        return it.new_dict(value, node)
    if not isinstance(value, (Symbol, Object)):
        return value
    key = ("argument", label, value.key, *it.site(node))
    return Symbol(key, label, node, kind="tensor", base=value, array=array_of(value))


# Structures


def _leaves(it: Interpreter, value: Value, depth: int = 0) -> list[Value]:
    """The arrays of a structure: the items of tuples and the entries of dicts; a list is an array."""
    entries = it.mapping(value)
    inner = value.items if isinstance(value, Items) else tuple(entries.items.values()) if entries is not None else None
    if inner is None:
        return [value]
    return [leaf for one in inner for leaf in _leaves(it, one, depth + 1)] if depth < _DEEPEST else []


def _mapped(it: Interpreter, value: Value, stage: Stage, change: Change, path: tuple[Key, ...] = ()) -> Value | None:
    """A structure with its arrays changed; None when nothing is known of it."""
    entries = value if isinstance(value, Mapping) else it.mapping(value)
    if len(path) > _DEEPEST or isinstance(value, Choice):
        return None
    if isinstance(value, Items):
        parts = [_mapped(it, one, stage, change, (*path, i)) for i, one in enumerate(value.items)]
        known = tuple(one for one in parts if one is not None)
        return Items(known, complete=value.complete) if len(known) == len(parts) else None
    if entries is not None:
        found = {name: _mapped(it, one, stage, change, (*path, name)) for name, one in entries.items.items()}
        kept = {name: one for name, one in found.items() if one is not None}
        return Mapping(kept, complete=entries.complete) if len(kept) == len(found) else None
    array = _converted(it, value)
    return _tensor(stage, change(array) if array is not None else None, path, value)


def _converted(it: Interpreter, value: Value) -> Array | None:
    """A value as the tensor that it becomes: of lists of numbers TensorFlow makes 32-bit ones."""
    array = shapes.content(it, value)
    if array is None or array_of(value) is not None or array.dtype not in {"int64", "float64"}:
        return array
    return Array(array.shape, array.dtype.replace("64", "32"), array.data)


def _tensor(stage: Stage, array: Array | None, path: tuple[Key, ...] = (), base: Value | None = None) -> Symbol:
    return Symbol(("element", id(stage), path), "?", stage.node, kind="tensor", base=base, array=array)


def _batched(array: Array, size: int | None) -> Array:
    return Array((size, *array.shape) if array.shape is not None else None, array.dtype, array.data)


def _settled(it: Interpreter, value: Value, depth: int) -> Value | None:
    """What a function returns, with its dicts and lists as they are now: later code may change them."""
    entries = it.mapping(value)
    if depth > _DEEPEST or isinstance(value, LayerOutput):
        return None
    if isinstance(value, Choice):
        kinds = {type(one) for _, one in value.alternatives}
        return value if not kinds & {Items, Mapping} and array_of(value) is not None else None
    if isinstance(value, Items):
        parts = [_settled(it, one, depth + 1) for one in value.items]
        known = tuple(one for one in parts if one is not None)
        return Items(known, complete=value.complete) if len(known) == len(parts) else None
    if entries is not None:
        found = {name: _settled(it, one, depth + 1) for name, one in entries.items.items()}
        kept = {name: one for name, one in found.items() if one is not None}
        return Mapping(kept, complete=entries.complete) if len(kept) == len(found) else None
    items = it.contents(value)
    return _settled(it, Items(items.items, complete=items.complete), depth + 1) if items is not None else value


# Sources


def _declared(it: Interpreter, stage: Stage) -> Value | None:
    """The element that `from_generator(…, output_signature=…)` declares, or `output_types` with `output_shapes`."""
    call = stage.call
    if call is None:
        return None
    given = call.value("output_signature", 4)
    if given is not None:
        return _specified(it, given, stage, ())
    types, sizes = call.value("output_types", 1), call.value("output_shapes", 2)
    return _typed(it, types, sizes, stage, ()) if types is not None and sizes is not None else None


def _typed(it: Interpreter, types: Value, sizes: Value, stage: Stage, path: tuple[Key, ...]) -> Value | None:
    """A structure of types beside one of shapes."""
    if isinstance(types, Items):
        parallel = sizes.items if isinstance(sizes, Items) else ()
        if not types.complete or len(parallel) != len(types.items):
            return None
        pairs = enumerate(zip(types.items, parallel, strict=True))
        parts = [_typed(it, one, shape, stage, (*path, i)) for i, (one, shape) in pairs]
        known = tuple(one for one in parts if one is not None)
        return Items(known) if len(known) == len(parts) else None
    dtype = arrays.dtype_of(types)
    shaped = (
        sizes.call.value("dims", 0)
        if isinstance(sizes, Object) and sizes.type == "tf.TensorShape" and sizes.call
        else sizes
    )
    return _tensor(stage, Array(shapes.sizes(it, shaped), dtype), path) if dtype else None


def _specified(it: Interpreter, value: Value, stage: Stage, path: tuple[Key, ...]) -> Value | None:
    entries = it.mapping(value)
    if isinstance(value, Items):
        parts = [_specified(it, one, stage, (*path, i)) for i, one in enumerate(value.items)]
        known = tuple(one for one in parts if one is not None)
        return Items(known) if len(known) == len(parts) and value.complete else None
    if entries is not None:
        found = {name: _specified(it, one, stage, (*path, name)) for name, one in entries.items.items()}
        kept = {name: one for name, one in found.items() if one is not None}
        return Mapping(kept) if len(kept) == len(found) and entries.complete else None
    if not isinstance(value, Object) or value.type != "tf.TensorSpec" or value.call is None:
        return None
    dtype = arrays.dtype_of(value.call.value("dtype", 1))
    return _tensor(stage, Array(shapes.sizes(it, value.call.value("shape", 0)), dtype or "float32"), path)


def _images(it: Interpreter, stage: Stage) -> Value | None:
    """A batch of `image_dataset_from_directory`."""
    call = stage.call
    if call is None or call.open:
        return None
    size, mode = call.value("image_size", 6), call.value("color_mode", 4)
    plain = shapes.sizes(it, size) if size is not None else (256, 256)
    depth = _CHANNELS.get(mode.value) if isinstance(mode, Known) else 3 if mode is None else None
    if plain is None or len(plain) != 2:
        return None
    given = call.get("batch_size", 5)
    batch = (
        ()
        if given is not None and isinstance(given.value, Known) and given.value.value is None
        else (number(batch_size(stage)),)
    )
    images = _tensor(stage, Array((*batch, *plain, depth), "float32"), (0,))
    labels, kind = call.value("labels", 1), call.value("label_mode", 2)
    if any(isinstance(one, Known) and one.value is None for one in (labels, kind)):
        return images
    plain_labels = kind is None or (isinstance(kind, Known) and kind.value == "int")
    return Items((images, _tensor(stage, Array(batch, "int32") if plain_labels else None, (1,))))
