"""What calls into libraries mean. Each family has its module; this one dispatches by canonical name."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from bslint.analysis import (
    accumulation,
    arithmetic,
    arrays,
    calls,
    configs,
    containers,
    datasets,
    effects,
    functions,
    keras,
    replicas,
    symbolic,
    texts,
)
from bslint.analysis.apis import (
    CHILD_PROCESSES,
    CLEARING,
    CUTTING,
    FOREIGN_MODELS,
    SEEDING,
    TRANSPARENT_ITERABLES,
    UPDATE_METHODS,
)
from bslint.analysis.arguments import Arguments
from bslint.analysis.values import (
    Api,
    Dataset,
    DatasetIterator,
    Function,
    Items,
    LayerOutput,
    Mapping,
    Method,
    Object,
    Value,
    alternatives,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import libcst as cst

    from bslint.analysis.interpreter import Flow, Interpreter

# What is fetched from a session is searched so deep.
_MAX_FETCHED = 3
# What functions out of sight that clean up are called.
_CLEARING_NAME = re.compile(r"clear|clean|free_|release|(?:reset|close|end).*(?:session|keras|tf|graph|memory)")


def call(it: Interpreter, name: str, arguments: Arguments, node: cst.CSTNode) -> Value:
    """The value of `name(...)` for a library function or class."""
    if it.traces:
        effects.called(it, name, arguments, node)
    if name in TRANSPARENT_ITERABLES:
        return _transparent(it, name, arguments, node)
    if name in CUTTING:
        it.splits = True
    if it.loops:
        cleared(it, name, node)
        it.splits = it.splits or name.rpartition(".")[2] in SEEDING  # what is drawn may be the same every time
    for family in (symbolic.call, functions.call, datasets.call, configs.call, keras.call, *arrays.FAMILIES):
        found = family(it, name, arguments, node)
        if found is not None:
            return found
    if name in _HIGHER_ORDER:
        return _HIGHER_ORDER[name](it, arguments, node)
    owner, _, last = name.rpartition(".")
    if owner and not _is_foreign(owner):
        found = duck_call(it, Api(owner, node), last, arguments, node)
        if found is not None:
            return found
    array = arrays.of_call(it, name, arguments)
    _hand_over(it, name, arguments, node)
    return it.make(name, node, arguments, array)


def cleared(it: Interpreter, name: str, node: cst.CSTNode) -> None:
    """A call of this name may give back what earlier models of a loop hold."""
    last = name.rpartition(".")[2]
    if name.startswith(CHILD_PROCESSES) or last in CLEARING or _CLEARING_NAME.search(last.lower()):
        for loop in it.loops:
            loop.cleared.append(node)


def _hand_over(it: Interpreter, name: str, arguments: Arguments, node: cst.CSTNode) -> None:
    """A library function gets lists and functions: it may change the former and call the latter."""
    for value in arguments.values():
        if not _leaves_alone(name):
            it.escape(value)
        calls.enter_callback(it, value, node)


def _map_structure(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`tf.nest.map_structure(f, a, b)`, taken as `[f(x, y) for x, y in zip(a, b)]`."""
    mapped = containers.mapped(it, arguments, node)
    return mapped if mapped is not None else it.unknown(node)


def _cond(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`tf.cond(test, then, otherwise)` is an `if`."""
    test = arguments.value("pred", 0) or it.unknown(node)
    branches = [arguments.value(name, position) for name, position in (("true_fn", 1), ("false_fn", 2))]
    accumulation.tested(it, test, node)
    outcomes: list[Value] = []

    def run(branch: Value | None) -> Flow:
        if branch is not None:
            outcomes.append(it.lift(lambda one: calls.call(it, one, Arguments(node), node), branch))
        return "next"

    it.branch(
        [
            (arithmetic.assumptions(it, test, wanted), partial(run, one))
            for wanted, one in zip((True, False), branches, strict=True)
        ]
    )
    return it.unknown(node)


_HIGHER_ORDER: dict[str, Callable[[Interpreter, Arguments, cst.CSTNode], Value]] = {
    "tf.nest.map_structure": _map_structure,
    "keras.tree.map_structure": _map_structure,
    "tree.map_structure": _map_structure,
    "tf.cond": _cond,
}


def _leaves_alone(name: str) -> bool:
    """Whether a library function certainly changes no list or dict that it is given."""
    return name.startswith(("tf.", "keras.", "numpy.")) and not name.endswith(("shuffle", "copyto", "put", "fill"))


def _is_foreign(name: str) -> bool:
    """Whether a library has methods of its own by the names of Keras's."""
    return name.partition(".")[0] in FOREIGN_MODELS


def _transparent(it: Interpreter, name: str, arguments: Arguments, node: cst.CSTNode) -> Value:
    iterable = arguments.value("iterable", 0)
    if iterable is None:
        return it.unknown(node)
    if name == "iter":
        return it.lift(lambda one: DatasetIterator((one,), "iter", node) if isinstance(one, Dataset) else one, iterable)
    if name == "reversed":
        return it.lift(lambda one: _reversed(it, one, node), iterable)
    return iterable


def _reversed(it: Interpreter, value: Value, node: cst.CSTNode) -> Value:
    items = containers.sequence(it, value)
    if items is None or not items.complete:
        return value
    return it.new_list(Items(items.items[::-1], node), node)


def method(it: Interpreter, receiver: Value, name: str, arguments: Arguments, node: cst.CSTNode) -> Value:
    """The value of `receiver.name(...)` for a receiver that is not of the program."""
    if isinstance(receiver, Dataset):
        return datasets.method(it, receiver, name, arguments, node)
    if isinstance(receiver, DatasetIterator):
        return datasets.iterator_method(it, receiver, name, arguments, node)
    if isinstance(receiver, Object):
        return _object_method(it, receiver, name, arguments, node)
    if isinstance(receiver, LayerOutput):
        found = symbolic.method(it, receiver, name, arguments, node)
        if found is not None:
            return found
    if isinstance(receiver, Items) and name == "as_list":
        return receiver
    if isinstance(receiver, Function):
        return _function_method(it, receiver, name, arguments, node)
    return it.unknown(node, f"{name}(…)", base=receiver)


def _object_method(it: Interpreter, receiver: Object, name: str, arguments: Arguments, node: cst.CSTNode) -> Value:
    for family in (
        functions.method,
        texts.of_tuple,
        configs.method,
        keras.method,
        datasets.strategy_method,
        datasets.builder_method,
    ):
        found = family(it, receiver, name, arguments, node)
        if found is not None:
            return found
    types = receiver.types()
    if any(map(_is_foreign, types)):
        _feeds(it, receiver, name, arguments, node)
    else:
        found = duck_call(it, receiver, name, arguments, node)
        if found is not None:
            return found
    qualified = f"{types[0]}.{name}" if types else ""
    array = arrays.of_method(it, receiver, name, arguments) or arrays.of_call(it, qualified, arguments)
    for value in arguments.values():
        it.escape(value)
        calls.enter_callback(it, value, node)
    return it.make(qualified, node, arguments, array) if types else it.unknown(node, base=receiver)


def _function_method(it: Interpreter, receiver: Function, name: str, arguments: Arguments, node: cst.CSTNode) -> Value:
    """Methods of a `tf.function`: its Python function, and traces of it."""
    if name in {"get_concrete_function", "python_function", "__wrapped__"}:
        return receiver
    return it.unknown(node, base=receiver)


def call_instance(it: Interpreter, callee: Object, arguments: Arguments, node: cst.CSTNode) -> Value:
    """The value of `callee(...)`, an instance of a library class."""
    if texts.fields_of(it, callee) is not None:
        return texts.tuple_of(it, callee, arguments, node)
    if it.traces:
        effects.layer_called(it, callee, arguments, node)
    return keras.call_instance(it, callee, arguments, node)


def instantiated(it: Interpreter, made: Object, node: cst.CSTNode) -> None:
    """An instance of a class of the program was made."""
    keras.instantiated(it, made, node)


def duck_call(it: Interpreter, receiver: Value, name: str, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    """A method of something out of sight that only TensorFlow's objects have, or that its arguments give away."""
    if name in UPDATE_METHODS:
        keras.updated(it, node, receiver, arguments)
        replicas.updated(it, name, arguments, node)
        return None
    _feeds(it, receiver, name, arguments, node)
    if name == "scope" and not arguments.positional:
        return datasets.strategy_scope(it, receiver, node)
    if name in {"run", "experimental_run_v2"} and any(isinstance(one, Function) for one in _first(arguments)):
        return replicas.call(it, receiver, arguments, node)
    if name in {"experimental_distribute_dataset", "distribute_datasets_from_function"}:
        return datasets.distributed(it, receiver, name, arguments, node)
    return keras.duck_method(it, receiver, name, arguments, node)


def _feeds(it: Interpreter, receiver: Value, name: str, arguments: Arguments, node: cst.CSTNode) -> None:
    """A call of something out of sight may train on what it is given."""
    if not it.loops:
        return
    updates = name == "run" and (is_update(it, receiver) or _updates_weights(it, arguments))
    if updates or name == "train_on_batch":
        for loop in it.loops:
            loop.fed.append(node)


def _updates_weights(it: Interpreter, arguments: Arguments) -> bool:
    """Whether `session.run(fetches, feed_dict)` is asked for what `optimizer.minimize(loss)` gave."""
    fetched = arguments.value("fetches", 0)
    return fetched is not None and any(is_update(it, one) for one in _fetched(it, fetched))


def is_update(it: Interpreter, value: Value) -> bool:
    """Whether a value is the operation by which an optimizer changes weights, in a graph."""
    return value.origin is not None and any(value.origin is node for node in it.effects.updates)


def _fetched(it: Interpreter, value: Value, depth: int = 0) -> Iterator[Value]:
    for one in alternatives(value):
        yield one
        held = it.contents(one) or it.mapping(one)
        if held is not None and depth < _MAX_FETCHED:
            for inner in held.items.values() if isinstance(held, Mapping) else held.items:
                yield from _fetched(it, inner, depth + 1)


def _first(arguments: Arguments) -> tuple[Value, ...]:
    """What the first argument may be; a bound method of the program counts as its function."""
    found = alternatives(arguments.positional[0].value) if arguments.positional else ()
    return tuple(one.function if isinstance(one, Method) and one.function is not None else one for one in found)


def opened(it: Interpreter, manager: Value) -> None:
    """A `with` statement enters a context."""
    datasets.opened(it, manager)


def option_defaults(it: Interpreter, function: Function, decorator: Value) -> None:
    """`@click.option("--batch-size", default=32)` gives a parameter its value."""
    configs.option_defaults(it, function, decorator)


def option_value(default: Value) -> Value:
    """The value behind a `typer.Option(32)` default."""
    return configs.option_value(default)


def instance_of(it: Interpreter, name: str, node: cst.CSTNode) -> Value | None:
    """An unknown instance of an annotated library type, None when nothing is known of it."""
    return datasets.instance_of(it, name, node) or keras.instance_of(it, name, node)
