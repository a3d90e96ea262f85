"""tf.data: sources, transformations, iterators; distribution strategies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bslint.analysis import calls, effects, elements, pipeline_options, replicas
from bslint.analysis.apis import APPLIED, ITERATORS, PEEKS, SOURCES, TRANSFORMATIONS
from bslint.analysis.arguments import Argument, Arguments
from bslint.analysis.values import (
    Dataset,
    DatasetIterator,
    Expr,
    Function,
    Items,
    Key,
    Known,
    Mapping,
    Method,
    Object,
    Partial,
    Stage,
    Symbol,
    Value,
    alternatives,
    is_none,
)

if TYPE_CHECKING:
    import libcst as cst

    from bslint.analysis.conduct import Conduct
    from bslint.analysis.interpreter import Interpreter

_COMBINING = frozenset(("zip", "sample_from_datasets", "choose_from_datasets"))
_SPLITS = ("train", "test", "validation")
# Transformations that call a function on each element.
_APPLYING = frozenset(
    ["map", "filter", "flat_map", "interleave", "scan", "take_while", "map_and_batch", "parallel_interleave"]
)
# Results of these functions are datasets that flow on inside the transformation.
_NESTING = frozenset(("flat_map", "interleave", "parallel_interleave", "group_by_window"))


def call(it: Interpreter, name: str, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    """The dataset that a source makes, None for any other API."""
    if name == "keras.utils.split_dataset":
        return _halves(it, arguments, node)
    if name not in SOURCES:
        if name == "tf.distribute.get_replica_context":
            replicas.asked(it)
        if name.startswith("tf.data.Dataset."):
            return _unbound(it, name, arguments, node)
        return None
    if name == "tfds.load":
        return _tfds(it, name, arguments, node)
    last = name.rpartition(".")[2]
    if last in _COMBINING:
        return combined(it, last, arguments, node)
    made = Dataset(it.stage(name, node, arguments, None), node)
    elements.of_source(it, made.stage)
    _enter_generator(it, name, arguments, node)
    subset = arguments.value("subset")
    if isinstance(subset, Known) and subset.value == "both":
        other = Dataset(it.stage(name, node, arguments, None, (Known("validation"),)), node)
        return Items((made, other), node)
    return made


def _halves(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    """`keras.utils.split_dataset`: two datasets that end with a prefetch."""
    given = arguments.value("dataset", 0)
    if not isinstance(given, Dataset):
        return None
    halves = (Known("left"), Known("right"))
    return Items(tuple(Dataset(it.stage("prefetch", node, None, given.stage, (half,)), node) for half in halves), node)


def _enter_generator(it: Interpreter, name: str, arguments: Arguments, node: cst.CSTNode) -> None:
    if name.endswith(".from_generator"):
        for function in alternatives(arguments.value("generator", 0)):
            if isinstance(function, (Function, Method, Partial)):
                calls.call(it, function, Arguments(node), node)


def _unbound(it: Interpreter, name: str, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    """`tf.data.Dataset.batch(ds, 32)`."""
    transformation = name.rpartition(".")[2]
    if transformation not in TRANSFORMATIONS or not arguments.positional:
        return None
    first = arguments.positional[0].value
    if not isinstance(first, Dataset):
        return None
    rest = Arguments(arguments.node, arguments.positional[1:], arguments.keywords, arguments.open)
    return method(it, first, transformation, rest, node)


def combined(it: Interpreter, op: str, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`zip`, `sample_from_datasets`, `choose_from_datasets`: the first dataset's chain goes on, the others flow in."""
    parts = list(_parts(it, op, arguments))
    datasets = [part for part in parts if isinstance(part, Dataset)]
    if not datasets or len(datasets) < len(parts):
        return Dataset(it.stage(f"tf.data.Dataset.{op}", node, arguments, None, tuple(parts)), node)
    made = it.stage(op, node, arguments, datasets[0].stage, tuple(datasets[1:]))
    elements.of_step(it, made)
    return Dataset(made, node)


def _parts(it: Interpreter, op: str, arguments: Arguments) -> tuple[Value, ...]:
    values = [argument.value for argument in arguments.positional]
    values.extend(argument.value for name, argument in arguments.keywords.items() if name == "datasets")
    if op == "zip" and len(values) > 1:
        return tuple(values)
    for value in values[:1]:
        items = it.contents(value)
        if items is not None and items.complete:
            return items.items
    return tuple(values[:1])


def builder_method(
    it: Interpreter, receiver: Object, name: str, arguments: Arguments, node: cst.CSTNode
) -> Value | None:
    """`tfds.builder("mnist").as_dataset("train")`; None for any other receiver or method."""
    of_tfds = any(one.startswith("tfds.") for one in receiver.types())
    return _tfds(it, "tfds.as_dataset", arguments, node, 0) if of_tfds and name == "as_dataset" else None


def _tfds(it: Interpreter, name: str, arguments: Arguments, node: cst.CSTNode, split_at: int = 1) -> Value:
    """`tfds.load`: a dataset, a tuple for a list of splits, a dict without a split; with its info on request."""
    split = arguments.value("split", split_at)

    def dataset(value: Value) -> Value:
        return _tfds_split(it, name, arguments, node, value)

    loaded: Value
    if arguments.open and split is None:
        loaded = it.unknown(node)
    elif is_none(split):
        entries: dict[Key, Value] = {split: dataset(Known(split)) for split in _SPLITS}
        loaded = it.new_dict(Mapping(entries, node, complete=False), node)
        it.set_field(loaded, "other", dataset(Known("other")))
    else:
        loaded = it.lift(lambda value: _split(it, value, node, name, arguments), split)  # type: ignore[arg-type]
    info = arguments.value("with_info")
    if info is None or (isinstance(info, Known) and not info.value):
        return loaded
    return Items((loaded, it.make("tfds.core.DatasetInfo", node)), node)


def _split(it: Interpreter, split: Value, node: cst.CSTNode, name: str, arguments: Arguments) -> Value:
    items = it.contents(split)
    if items is None:
        return _tfds_split(it, name, arguments, node, split)
    parts = tuple(_tfds_split(it, name, arguments, node, part) for part in items.items)
    return Items(parts, node, complete=items.complete)


def _tfds_split(it: Interpreter, name: str, arguments: Arguments, node: cst.CSTNode, split: Value) -> Dataset:
    stage = it.stage(name, node, arguments, None, (split,))
    elements.of_tfds(it, stage)
    return Dataset(stage, node)


def method(it: Interpreter, receiver: Dataset, name: str, arguments: Arguments, node: cst.CSTNode) -> Value:
    """The value of a dataset's method."""
    if name == "apply":
        return _apply(it, receiver, arguments, node)
    if name in TRANSFORMATIONS:
        return Dataset(_step(it, name, node, arguments, receiver), node)
    if name in ITERATORS:
        return DatasetIterator((receiver,), "iter", node)
    if name in {"cardinality", "__len__"}:
        return it.unknown(node, f"{name}()", kind="tensor", base=receiver)
    if name in PEEKS:
        it.peeked.add(id(receiver.stage))
    return it.unknown(node, f"{name}(…)", base=receiver)


def _step(it: Interpreter, name: str, node: cst.CSTNode, arguments: Arguments, receiver: Dataset) -> Stage:
    """The step that a transformation adds."""
    result, conduct = _enter_functions(it, name, arguments, node, receiver.stage)
    inputs = tuple(value for value in arguments.values() if isinstance(value, Dataset))
    stage = it.stage(name, node, arguments, receiver.stage, inputs)
    stage.conduct = stage.conduct or conduct
    stage.result = stage.result or result
    elements.of_step(it, stage)
    if name == "with_options":
        stage.options = pipeline_options.read(it, arguments.value("options", 0))
    return stage


def iterator_method(
    it: Interpreter, receiver: DatasetIterator, name: str, arguments: Arguments, node: cst.CSTNode
) -> Value:
    """`iterator.get_next()`, `next()`."""
    if name in {"get_next", "next", "__next__", "get_next_as_optional"}:
        if it.loops:
            it.loops[-1].consumed.append(receiver)
        return calls.iterated(it, receiver, node)
    return it.unknown(node, base=receiver)


# The function given to a transformation: its place, and the names that it goes by.
_FUNCTION_NAMES = ("map_func", "predicate", "scan_func", "reduce_func", "key_func", "window_size_func")


def _enter_functions(
    it: Interpreter, name: str, arguments: Arguments, node: cst.CSTNode, before: Stage
) -> tuple[Value | None, Conduct | None]:
    """Execute the functions given to a transformation: pipelines built in them are part of it.

    Returns:
        What the first function returns, and what it does.
    """
    if name not in _APPLYING:
        return None, None
    given = [arguments.positional[0].value] if arguments.positional else []
    given += [arguments.keywords[one].value for one in _FUNCTION_NAMES if one in arguments.keywords]
    returned, conduct = None, None
    for function in given:
        result, seen = effects.watched(it, function, node, before)
        returned, conduct = returned or result, conduct or seen
        if name in _NESTING:
            it.nested.update(id(one.stage) for one in alternatives(result) if isinstance(one, Dataset))
    return returned, conduct


def _apply(it: Interpreter, receiver: Dataset, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`ds.apply(function)`: the function is called on the dataset; old functional forms are steps."""
    function = arguments.value("transformation_func", 0)
    if function is None:
        return it.unknown(node)
    return it.lift(lambda one: _applied(it, receiver, one, node), function)


def _applied(it: Interpreter, receiver: Dataset, function: Value, node: cst.CSTNode) -> Value:
    if isinstance(function, Object) and isinstance(function.type, str) and function.type in APPLIED:
        return Dataset(_step(it, APPLIED[function.type], node, function.call or Arguments(node), receiver), node)
    if isinstance(function, (Function, Method, Partial)):
        return calls.call(it, function, Arguments(node, [Argument(receiver, None)]), node)
    # Whatever the function does, its result is a dataset.
    return Dataset(it.stage("apply", node, None, receiver.stage, (function,)), node)


# Distribution strategies


def is_strategy(value: Value) -> bool:
    """Whether a value is a `tf.distribute` strategy."""
    return isinstance(value, Object) and isinstance(value.type, str) and value.type.startswith("tf.distribute.")


def strategy_method(
    it: Interpreter, receiver: Object, name: str, arguments: Arguments, node: cst.CSTNode
) -> Value | None:
    """Methods of a strategy, None for any other receiver."""
    if not is_strategy(receiver):
        return None
    if name == "scope":
        return strategy_scope(it, receiver, node)
    if name in {"run", "experimental_run_v2", "call_for_each_replica"}:
        return replicas.call(it, receiver, arguments, node)
    if name in {
        "experimental_distribute_dataset",
        "distribute_datasets_from_function",
        "experimental_distribute_datasets_from_function",
        "make_dataset_iterator",
    }:
        return distributed(it, receiver, name, arguments, node)
    return None


def strategy_scope(it: Interpreter, strategy: Value, node: cst.CSTNode) -> Value:
    """`strategy.scope()`."""
    made = Object(("strategy scope", strategy.key), "strategy scope", None, node)
    it.set_field(made, "strategy", strategy)
    return made


def opened(it: Interpreter, manager: Value) -> None:
    """`with strategy.scope():` puts the strategy in force."""
    if isinstance(manager, Object) and manager.type == "strategy scope":
        strategy = it.field(manager, "strategy")
        if strategy is not None:
            it.strategies.append(strategy)


def distributed(it: Interpreter, strategy: Value, name: str, arguments: Arguments, node: cst.CSTNode) -> Value:
    """A distributed dataset: it has the pipeline's steps and prefetches to the devices by itself."""
    given = arguments.value("dataset", 0) or arguments.value("dataset_fn", 0)
    for one in alternatives(given):
        made: Value = one
        if isinstance(one, (Function, Method, Partial)):
            context = Symbol(("input context", id(node)), "context", node)
            made = calls.call(it, one, Arguments(node, [Argument(context, None)]), node)
        for dataset in alternatives(made):
            if isinstance(dataset, Dataset):
                stage = it.stage(name, node, arguments, dataset.stage, (strategy,))
                elements.of_step(it, stage)
                return Dataset(stage, node)
    return it.unknown(node)


def instance_of(it: Interpreter, name: str, node: cst.CSTNode) -> Value | None:
    """A parameter annotated as a dataset."""
    if name == "tf.data.Dataset":
        return Dataset(Stage("parameter", node, None, None), node)
    return None


__all__ = ["Expr"]
