"""Keras: models, layers, training calls, tapes and optimizers."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

import msgspec

from bslint.analysis import (
    accumulation,
    attributes,
    calls,
    feeds,
    models,
    normalization,
    replicas,
    single,
    symbolic,
    tapes,
    tracing,
)
from bslint.analysis.apis import (
    FIT_PARAMETERS,
    KERAS_KEYWORDS,
    MODEL_CLASSES,
    MODEL_LIBRARIES,
    MODEL_MAKERS,
    TRAINABLE_ATTRIBUTES,
    TRAINING_METHODS,
    UPDATE_METHODS,
)
from bslint.analysis.arguments import Arguments
from bslint.analysis.facts import Evaluation, Model, Run, Training
from bslint.analysis.repetition import Build
from bslint.analysis.values import (
    NONE,
    Api,
    Class,
    Dataset,
    Function,
    Items,
    Known,
    Method,
    Object,
    Symbol,
    Value,
    alternatives,
    is_none,
)

if TYPE_CHECKING:
    import libcst as cst

    from bslint.analysis.interpreter import Interpreter

_POLICIES = frozenset(
    (
        "keras.mixed_precision.set_global_policy",
        "keras.mixed_precision.set_dtype_policy",
        "keras.mixed_precision.experimental.set_policy",
        "keras.config.set_dtype_policy",
        "keras.config.set_floatx",
        "keras.backend.set_floatx",
    )
)
# What tells Keras's `fit` from others where both are given, and all that it takes.
_FIT_TOGETHER = frozenset(("batch_size", "epochs"))
_FIT_KEYWORDS = frozenset((*FIT_PARAMETERS["fit"], "workers", "use_multiprocessing", "max_queue_size"))
# Methods of a layer that make a weight of it.
_OWN_WEIGHTS = frozenset(("add_weight", "add_variable"))


def call(it: Interpreter, name: str, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    """Calls that need more than a new object of that class, None for any other name."""
    if name in {"tf.function", "tf.recompute_grad", "tf.autograph.experimental.do_not_convert"}:
        return _transformed(it, name, arguments, node)
    if name.rpartition(".")[2] in {"DistributedGradientTape", "DistributedGradientTapeV2"}:
        return tapes.distributed(it, arguments)
    if name == "keras.utils.custom_object_scope":
        return it.make(name, node, arguments)
    if _makes_model(name):
        return model(it, name, arguments, node)
    if name == "keras.Input":
        return symbolic.output(it, it.make(name, node, symbolic.arguments_now(it, arguments)), Arguments(node), node)
    if name in _POLICIES:
        given = arguments.value("policy", 0) or arguments.value("dtype_policy") or arguments.value("value")
        it.set_field(Api("keras"), "policy", given if given is not None else it.unknown(node))
        return NONE
    if name == "keras.activations.get":
        return it.lift(lambda one: _activation(it, one, node), arguments.value("identifier", 0) or NONE)
    if name.startswith("keras.layers.") and name.rpartition(".")[2][:1].isupper():
        return layer(it, name, arguments, node)
    return None


def _activation(it: Interpreter, value: Value, node: cst.CSTNode) -> Value:
    """`keras.activations.get(…)`."""
    if isinstance(value, Known):
        name = value.value if isinstance(value.value, str) else "linear" if value.value is None else None
        return Api(f"keras.activations.{name}", node) if name is not None else it.unknown(node)
    return value if isinstance(value, (Api, Function, Object)) else it.unknown(node)


def layer(it: Interpreter, name: str, arguments: Arguments, node: cst.CSTNode) -> Object:
    """A new layer of Keras."""
    for value in arguments.values():
        calls.enter_callback(it, value, node)
    made = it.make(name, node, symbolic.arguments_now(it, arguments))
    _remember_layer(it, made)
    return made


def _remember_layer(it: Interpreter, made: Object) -> None:
    it.building += 1
    policy = it.field(Api("keras"), "policy")
    if policy is not None:
        it.set_field(made, "dtype policy", policy)


def _transformed(it: Interpreter, name: str, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`tf.function(f)` and its like: the same function, or a decorator."""
    function = arguments.value("func", 0) or arguments.value("f", 0)
    if function is None:
        return it.make(name, node, arguments)
    if name == tracing.TRACED:
        return it.lift(lambda one: _traced(it, one, arguments, node), function)
    if isinstance(function, Function):
        return Function(function.node, function.scope, function.defaults, (*function.decorators, name))
    return function


def _traced(it: Interpreter, function: Value, arguments: Arguments, node: cst.CSTNode) -> Value:
    tracing.made(it, function, node, node)
    return tracing.traced(function, arguments)


def _makes_model(name: str) -> bool:
    return name in MODEL_CLASSES or name in MODEL_MAKERS or (name.startswith(MODEL_LIBRARIES) and _is_class_call(name))


def _is_class_call(name: str) -> bool:
    """`keras.applications.ResNet50` but not `keras.applications.resnet.preprocess_input`."""
    last = name.rpartition(".")[2]
    return last[:1].isupper() or last == "from_preset"


def model(it: Interpreter, name: str, arguments: Arguments, node: cst.CSTNode) -> Object:
    """A new Keras model."""
    made = it.make(name, node, symbolic.arguments_now(it, arguments))
    it.remember(made)
    _remember_model(it, made, node)
    if name == "keras.Sequential":
        layers = arguments.value("layers", 0)
        items = it.contents(layers) if layers is not None else Items(())
        it.set_field(made, "stack", items if items is not None else Items((), complete=False))
    return made


def _makes_batches(it: Interpreter, data: Object) -> bool:
    """Whether data is a generator of the program, or an instance of one of its classes."""
    return data.key in it.generators or isinstance(data.type, Class)


def _remember_model(it: Interpreter, made: Object, node: cst.CSTNode) -> None:
    it.effects.models.append((made, node))
    loops = tuple(loop.node for loop in reversed(it.loops))
    for loop in it.loops:
        loop.models.append(made)
        place = it.frames[loop.depth].node if len(it.frames) > loop.depth else None
        loop.builds.append(Build(made, node, place or node, loops))
    if it.strategies:
        it.set_field(made, "strategy", it.strategies[-1])


def instantiated(it: Interpreter, made: Object, node: cst.CSTNode) -> None:
    """A class of the program that derives from `keras.Model` is a model."""
    if is_model(made):
        _remember_model(it, made, node)
    if is_layer(made):
        _remember_layer(it, made)


def is_model(value: Value | None) -> TypeGuard[Object]:
    """Whether a value is a Keras model."""
    return isinstance(value, Object) and any(_makes_model(name) for name in value.types())


def is_layer(value: Value) -> bool:
    """Whether a value is a Keras layer or model: something that is called on tensors."""
    return is_model(value) or (isinstance(value, Object) and any(map(_is_layer_class, value.types())))


def _is_layer_class(name: str) -> bool:
    """`keras.layers.Dense`, but not `keras.layers.TextVectorization.vocabulary_size`."""
    return name.startswith("keras.layers.") and name.rpartition(".")[2][:1].isupper()


# Classes of layers that others of Keras derive from.
_GENERAL = frozenset(
    ("keras.layers.Wrapper", "keras.layers.RNN", "keras.layers.InputLayer", "keras.Sequential", "keras.Model")
)


def is_kind(value: Object, name: str) -> bool | None:
    """Whether a layer or model is of a class of Keras; None when that is not known."""
    if name == "keras.layers.Layer" or name in value.types():
        return True
    if name == "keras.Model" and is_model(value):
        return True
    if name in {"keras.Model", "keras.Sequential"} and isinstance(value.type, str):
        return False if value.type.startswith("keras.layers.") else None
    if not name.startswith("keras.layers.") or name in _GENERAL or not isinstance(value.type, str):
        return None
    shipped = ("keras.layers.", "keras.Sequential", "keras.Model", "keras.Input")
    return False if value.type.startswith(shipped) else None


def as_base(it: Interpreter, value: Object) -> Object | None:
    """A layer of the program as the layer of Keras that its class derives from, None where that has nothing to say."""
    base = next((name for name in value.types() if name.startswith("keras.layers.")), None)
    if base in {None, "keras.layers.Layer"} or not isinstance(value.type, Class):
        return None
    made = it.field(value, "super().__init__")
    own = attributes.of_class(it, value.type, "__init__")
    call = made.call if isinstance(made, Object) else value.call if own is None else None
    seen = Object(("as base", value.key), str(base), call, value.origin)
    trained = it.field(value, "trainable")
    if trained is not None:
        it.set_field(seen, "trainable", trained)
    return seen


def call_instance(it: Interpreter, callee: Object, arguments: Arguments, node: cst.CSTNode) -> Value:
    """A layer or model on a tensor; anything else is unknown."""
    if is_layer(callee):
        if it.loops and is_model(callee) and not it.muted:
            given = arguments.positional[0].value if arguments.positional else None
            described = describe(it, callee, arguments.value("training"), given)
            for loop in it.loops:
                loop.called.append(described)
        return models.outputs(it, callee, symbolic.output(it, callee, arguments, node), node)
    if symbolic.takes(it, arguments):
        return symbolic.output(it, callee, arguments, node)
    for value in arguments.values():
        it.escape(value)
    return it.unknown(node, base=callee)


def method(it: Interpreter, receiver: Object, name: str, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    """Methods of models, tapes and optimizers, None for any other receiver or method."""
    if is_model(receiver) and name not in _OWN_WEIGHTS:
        return _model_method(it, receiver, name, arguments, node)
    types = receiver.types()
    if name in _OWN_WEIGHTS and is_layer(receiver):
        return _weight(it, receiver, name, arguments, node)
    if tapes.is_tape(receiver):
        if name in {"gradient", "jacobian", "batch_jacobian"}:
            return tapes.gradient(it, receiver, name, arguments, node)
        if name == "stop_recording":
            return it.make("tape.stop_recording", node)
        return it.unknown(node, base=receiver)
    if name == "adapt":
        it.peeked.update(
            id(one.stage) for value in arguments.values() for one in alternatives(value) if isinstance(one, Dataset)
        )
    if name in UPDATE_METHODS or (name == "apply" and any(one.startswith("keras.optimizers.") for one in types)):
        updated(it, node, receiver, arguments)
        replicas.updated(it, name, arguments, node)
        return it.unknown(node, base=receiver)
    return None


def _weight(it: Interpreter, layer: Object, name: str, arguments: Arguments, node: cst.CSTNode) -> Object:
    """A weight that a layer makes for itself; its shape may be a list."""
    for value in arguments.values():
        calls.enter_callback(it, value, node)
    return it.make(f"{layer.types()[0]}.{name}", node, symbolic.arguments_now(it, arguments))


def updated(it: Interpreter, node: cst.CSTNode, optimizer: Value | None, arguments: Arguments) -> None:
    """An optimizer changes weights."""
    if it.muted:
        return
    accumulation.updated(it, optimizer, arguments.values(), node)
    it.effects.updates.append(node)
    for loop in it.loops:
        loop.updates.append(node)
        if optimizer is not None:
            loop.optimizers.append(optimizer)


def _model_method(
    it: Interpreter, receiver: Object, name: str, arguments: Arguments, node: cst.CSTNode
) -> Value | None:
    if name in FIT_PARAMETERS:
        data = arguments.value(FIT_PARAMETERS[name][0], 0)
        trains = name in TRAINING_METHODS
        described = describe(it, receiver, None, data, trains=trains) if not it.muted else None
        record_run(it, name, described, arguments, node)
        return it.unknown(node, f"{name}(…)")
    if name == "add" and arguments.positional:
        held = it.field(receiver, "stack")
        items = held if isinstance(held, Items) else Items((), complete=False)
        complete = items.complete and not it.grows(receiver)
        it.set_field(receiver, "stack", Items((*items.items, arguments.positional[0].value), complete=complete))
        it.building += 1
        return NONE
    if name == "pop":
        held = it.field(receiver, "stack")
        known = isinstance(held, Items) and held.complete and held.items and not it.grows(receiver)
        left = Items(held.items[:-1]) if isinstance(held, Items) and known else Items((), complete=False)
        it.set_field(receiver, "stack", left)
        return NONE
    if name == "build" and arguments.positional:
        it.set_field(receiver, "built for", symbolic.frozen(it, arguments.positional[0].value))
        return NONE
    if name == "compile":
        attributes.drop(it, receiver, "trained at")
        it.set_field(receiver, "compiled", Object(("compile", id(node)), "compile", arguments, node))
        return NONE
    if name == "get_layer":
        found = models.get_layer(it, receiver, arguments, node)
        if found is not None:
            return found
        return it.unknown(node, "get_layer(…)", base=Method(receiver, name, None, node))
    return None


# Runs


def record_run(it: Interpreter, name: str, described: Model | None, arguments: Arguments, node: cst.CSTNode) -> None:
    """A call that runs a model over data."""
    if it.muted:
        return
    parameters = FIT_PARAMETERS[name]
    data = arguments.value(parameters[0], 0)
    batch_size = arguments.get("batch_size", parameters.index("batch_size") if "batch_size" in parameters else None)
    strategy = described.strategy if described and described.strategy is not None else None
    if strategy is None and it.strategies:
        strategy = it.strategies[-1]
    is_single = name == "predict" and single.is_one(it, data)
    kind = Training if name in TRAINING_METHODS else Evaluation
    run: Run = kind(
        name,
        node,
        arguments,
        described,
        data,
        batch_size,
        feeds.of(it, data, batch_size, node),
        feeds.of_validation(it, name, arguments, batch_size, node),
        loop=it.loops[-1] if it.loops else None,
        strategy=strategy,
        calls=tuple(frame.node for frame in it.frames),
        in_test=it.in_test,
        callbacks=_callbacks(
            it, arguments.value("callbacks", parameters.index("callbacks")) if "callbacks" in parameters else None
        ),
        device=it.devices[-1] if it.devices else None,
        clauses=tuple(reversed(it.clauses)),
        single=is_single,
        fed_back=is_single and single.is_fed_back(it, data),
    )
    it.effects.runs.append(run)
    if kind is Training and not it.muted and isinstance(data, Object) and _makes_batches(it, data):
        from bslint.analysis import windows

        windows.examine_feed(it, data, node)
    it.happened(run, *(it.generators[one.key][0] for one in alternatives(data) if one.key in it.generators))
    for loop in it.loops:
        loop.runs.append(run)
        if described is not None and name == "train_on_batch":
            loop.called.append(msgspec.structs.replace(described, training=Known(True)))
    if name == "train_on_batch":
        updated(it, node, None, arguments)


def _callbacks(it: Interpreter, given: Value | None) -> tuple[Value, ...] | None:
    if given is None or is_none(given):
        return ()
    held = it.contents(given)
    return held.items if held is not None and held.complete else None


def duck_method(it: Interpreter, receiver: Value, name: str, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    """A Keras method of an object that comes from somewhere out of sight.

    It is told by what only Keras has: `compile(optimizer=…, loss=…)`, its keywords of `fit`, a `tf.data.Dataset` as
    data, or `fit(…, batch_size=…, epochs=…)` with no argument that Keras does not take.
    """
    if name == "compile" and {"optimizer", "loss"} & arguments.keywords.keys():
        it.set_field(receiver, "compiled", Object(("compile", id(node)), "compile", arguments, node))
        return NONE
    if name not in FIT_PARAMETERS:
        return None
    data = arguments.value(FIT_PARAMETERS[name][0], 0)
    fed = any(isinstance(one, Dataset) for one in alternatives(data))
    keywords = arguments.keywords.keys()
    told = KERAS_KEYWORDS & keywords or (name == "fit" and _FIT_TOGETHER <= keywords <= _FIT_KEYWORDS)
    if not fed and not told and it.field(receiver, "compiled") is None:
        return None
    label = receiver.label if isinstance(receiver, Symbol) else "?"
    shown = "the model" if "?" in label else f"`{label}`"
    record_run(it, name, Model(receiver, note=f"{shown} comes from somewhere out of sight"), arguments, node)
    return it.unknown(node, f"{name}(…)")


def instance_of(it: Interpreter, name: str, node: cst.CSTNode) -> Value | None:
    """A parameter annotated as a model or a strategy."""
    if name in MODEL_CLASSES:
        made = it.make("keras.Model", node)
        it.set_field(made, "stack", Items((), complete=False))
        return made
    if name.startswith("tf.distribute."):
        return it.make(name, node)
    return None


# Reading models


def describe(
    it: Interpreter,
    value: Object,
    training: Value | None = None,
    given: Value | None = None,
    *,
    trains: bool = False,
) -> Model:
    """What the source tells of a model now.

    Args:
        it: the interpreter.
        value: the model.
        training: the argument of that name where the model is called.
        given: what it is fed with.
        trains: whether it is trained now: from then on it is settled which of its weights are.
    """
    from bslint.analysis import readings  # it knows of models, and so of this module

    return Model(
        value,
        it.field(value, "strategy"),
        readings.reading(it, value, given, trains=trains),
        normalizations=normalization.trained(it, value),
        training=training,
        entry=models.entry(it, value),
    )


def attribute(it: Interpreter, base: Object, name: str, node: cst.CSTNode) -> Value | None:
    """What a layer or model has under a name, None for methods and for anything else."""
    return models.attribute(it, base, name, node) if is_layer(base) or models.is_part(base) else None


def set_trainable(it: Interpreter, owner: Value, value: Value) -> None:
    """`owner.trainable = value` holds for everything in it.

    Of an unknown layer of a model whose layers could not be listed, it leaves unknown which of them are trained.
    """
    if isinstance(owner, Object):
        models.set_trainable(it, owner, value)
        return
    base: Value | None = owner
    while isinstance(base, Symbol) and base.attribute != "layers":
        base = base.base
    if isinstance(base, Symbol) and isinstance(base.base, Object) and is_model(base.base):
        models.set_trainable(it, base.base, Symbol(("trained", base.key), "?", value.origin, kind="bool"))


__all__ = ["TRAINABLE_ATTRIBUTES"]
