"""Networks: the models of a program, read into steps.

The interpreter remembers what was called on what (`symbolic`). Reading follows that back from a model's outputs, puts
nested models in place, and executes the `call` of layers and models that the program defines.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from bslint.analysis import attributes, calls, input_shapes, keras, models, settings, symbolic
from bslint.analysis.arguments import Argument, Arguments
from bslint.analysis.steps import Steps
from bslint.analysis.values import (
    NONE,
    Class,
    Function,
    Items,
    Key,
    Known,
    LayerOutput,
    Mapping,
    Method,
    Object,
    Value,
    alternatives,
    text,
)
from bslint.memory.network import Shape, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    import libcst as cst

    from bslint.analysis.interpreter import Interpreter

# Steps of one network, and models in models.
MAX_STEPS = 3_000
_MAX_DEPTH = 24
_KNOWN_LIBRARIES = ("tf.", "keras.", "numpy.")


class Reader(Steps):
    """Reads one network.

    Args:
        it: the interpreter; what the model is made of must be in its store.
    """

    def __init__(self, it: Interpreter) -> None:
        super().__init__(it)
        self.layers: dict[Key, Object] = {}
        self._settled: dict[Key, Value] = {}
        self._built: set[Key] = set()
        self._depth = 0

    # Values

    def settle(self, value: Value) -> Value:
        """A value in terms of steps: tensors are outputs of layers of Keras, of functions or operators."""
        for one in models.order(value, self._settled):
            if one.layer.type == "settled":
                continue
            if len(self.steps) > MAX_STEPS:
                self.miss("the model is too large to be read")
                return value
            self._settled[one.key] = self._called(one)
        return self._replaced(value)

    def _replaced(self, value: Value, depth: int = 0) -> Value:
        if isinstance(value, LayerOutput):
            return self._settled.get(value.key, value)
        if depth > 6:
            return value
        if isinstance(value, Items):
            return Items(
                tuple(self._replaced(one, depth + 1) for one in value.items), value.origin, complete=value.complete
            )
        if isinstance(value, Mapping):
            held = {name: self._replaced(one, depth + 1) for name, one in value.items.items()}
            return Mapping(held, value.origin, complete=value.complete)
        options = alternatives(value)
        if len(options) > 1 and any(isinstance(one, LayerOutput) for one in options):
            found = {one.key: one for one in (self._replaced(option, depth + 1) for option in options)}
            return next(iter(found.values())) if len(found) == 1 else value
        return value

    def _called(self, one: LayerOutput) -> Value:
        """What a call gives, its arguments being settled."""
        given = Arguments(
            one.call.node,
            [Argument(self._replaced(argument.value), argument.node) for argument in one.call.positional],
            {
                name: Argument(self._replaced(argument.value), argument.node)
                for name, argument in one.call.keywords.items()
            },
            one.call.open,
        )
        return self.apply(one.layer, given, one.origin or one.call.node)

    def apply(self, layer: Object, given: Arguments, node: cst.CSTNode) -> Value:
        """A layer, model, function or operator on settled values."""
        if self._depth > _MAX_DEPTH:
            self.miss("models are nested too deep")
            return self.it.unknown(node)
        self._depth += 1
        trained = settings.is_trained(self.it, layer) if layer.type != "keras.Input" else True
        if trained is None:
            self.miss(f"whether `{settings.name_of(layer)}` is trained depends on a test")
        try:
            with self.frozen(trained is False):
                return self._applied(layer, given, node)
        finally:
            self._depth -= 1

    def _applied(self, layer: Object, given: Arguments, node: cst.CSTNode) -> Value:
        if layer.type == "[]":
            return self._part(layer, given, node)
        functional = models.ends(self.it, layer)
        if functional is not None:
            return self._replay(layer, functional, given, node)
        if isinstance(layer.type, Class) and keras.is_layer(layer):
            function = attributes.of_class(self.it, layer.type, "call")
            if isinstance(function, Function):
                return self._traced(layer, function, given, node)
            base = keras.as_base(self.it, layer)
            if base is not None:
                return self.step(base, given, node)
        if models.is_sequential(layer):
            return self._chain(layer, given, node)
        if layer.type == "keras.layers.Lambda":
            return self._lambda(layer, given, node)
        return self.step(layer, given, node)

    def _chain(self, model: Object, given: Arguments, node: cst.CSTNode) -> Value:
        value = given.positional[0].value if given.positional else given.value("inputs") or NONE
        layers = self.stack(model)
        for layer in layers:
            value = self.apply(layer, Arguments(node, [Argument(value, None)]), layer.origin or node)
        return value

    def stack(self, model: Object) -> list[Object]:
        """The layers of a sequential model, its input apart."""
        held = self.it.field(model, "stack")
        items = held if isinstance(held, Items) else Items((), complete=False)
        if not items.complete:
            self.miss("its list of layers is built out of sight")
        found: list[Object] = []
        for one in items.items:
            if isinstance(one, Object) and keras.is_layer(one):
                if one.type != "keras.layers.InputLayer":
                    found.append(one)
            elif isinstance(one, Object) and one.type not in {"list", "dict"}:
                found.append(one)
            elif not (isinstance(one, LayerOutput) and one.layer.type == "keras.Input"):
                self.miss(
                    f"one of its layers is not known: `{text(one)}`"
                    if text(one) != "?"
                    else "one of its layers is not known"
                )
        return found

    def _replay(self, model: Object, ends: tuple[Value, Value], given: Arguments, node: cst.CSTNode) -> Value:
        """A functional model on other tensors."""
        value = given.positional[0].value if given.positional else given.value("inputs") or NONE
        given_to = dict(input_shapes.paired(ends[0], value))
        if not given_to:
            self.miss("how the inputs of a model are given is not known")
            return self.it.unknown(node)
        before, self._settled = self._settled, given_to
        try:
            outputs = self.settle(ends[1])
        finally:
            self._settled = before
        self.keep(outputs)
        return outputs

    def _traced(self, layer: Object, function: Function, given: Arguments, node: cst.CSTNode) -> Value:
        """A layer of the program: its `build` and its `call` are executed."""
        it = self.it
        names = {param.name.value for param in function.node.params.params}
        keywords = dict(given.keywords)
        if "training" in names and "training" not in keywords and len(given.positional) < 2:
            keywords["training"] = Argument(Known(True), None)
        positional = [Argument(self._thawed(one.value, node), one.node) for one in given.positional]
        call = Arguments(given.node, positional, keywords, given.open)
        if isinstance(layer.type, Class):
            self.names.update({held.key: name for name, held in it.fields(layer) if isinstance(held, Object)})
        with self._inside(layer):
            self._build(layer, given, node)
            self.names.update({held.key: name for name, held in it.fields(layer) if isinstance(held, Object)})
            result = calls.enter(it, function, call, node, layer)
            found = symbolic.frozen(it, result)
            settled = self.settle(found)
        for weight in self.held_weights(layer):
            self.weight(weight)
        return settled

    def _thawed(self, value: Value, node: cst.CSTNode) -> Value:
        """A dict that the program may look into."""
        return self.it.new_dict(value, node) if isinstance(value, Mapping) else value

    def _build(self, layer: Object, given: Arguments, node: cst.CSTNode) -> None:
        if layer.key in self._built or not isinstance(layer.type, Class):
            return
        self._built.add(layer.key)
        build = attributes.of_class(self.it, layer.type, "build")
        if isinstance(build, Function):
            shapes = [self._dimensions(argument.value, node) for argument in given.positional[:1]]
            calls.enter(self.it, build, Arguments(node, [Argument(one, None) for one in shapes]), node, layer)

    def _dimensions(self, value: Value, node: cst.CSTNode) -> Value:
        """The shape of a tensor, or of each of several, as `build` gets it."""
        if isinstance(value, Items):
            return Items(tuple(self._dimensions(one, node) for one in value.items))
        if isinstance(value, Mapping):
            return self.it.new_dict(
                Mapping({name: self._dimensions(one, node) for name, one in value.items.items()}), node
            )
        return symbolic.dimensions(self.it, value, node) if isinstance(value, LayerOutput) else self.it.unknown(node)

    @contextmanager
    def _inside(self, layer: Object) -> Iterator[None]:
        """What a layer makes is the same whenever it is called."""
        it = self.it
        with it.aside(it.moment()) if it.reader is None else nullcontext():
            before, it.context, outer = it.context, it.uid("reading", layer.key), it.reader
            it.reader, it.round, held = self, 0, it.round
            try:
                yield
            finally:
                it.context, it.reader, it.round = before, outer, held
                if outer is None:
                    self._built.clear()

    def _lambda(self, layer: Object, given: Arguments, node: cst.CSTNode) -> Value:
        function = layer.call.value("function", 0) if layer.call is not None else None
        more = layer.call.value("arguments", 3) if layer.call is not None else None
        keywords = (
            {str(name): Argument(one, None) for name, one in more.items.items()} if isinstance(more, Mapping) else {}
        )
        return self._function(function, Arguments(node, list(given.positional), keywords), layer, node)

    def _function(self, function: Value | None, given: Arguments, layer: Object, node: cst.CSTNode) -> Value:
        """A function of the program, or of a library, on settled values."""
        if not isinstance(function, (Function, Method)) and not settings.is_callable(function):
            self.miss(f"the function of a `{settings.name_of(layer)}` is not known")
            return self.it.unknown(node)
        with self._inside(layer):
            result = calls.call(self.it, function, given, node)  # type: ignore[arg-type]
            return self.settle(symbolic.frozen(self.it, result))

    def _part(self, layer: Object, given: Arguments, node: cst.CSTNode) -> Value:
        base, *bounds = (argument.value for argument in given.positional)
        if isinstance(base, (Items, Mapping)) and len(bounds) == 1:
            held = input_shapes.picked(self.it, base, bounds[0])
            if held is not None:
                return held
            self.miss("which of several tensors is used is not known")
            return self.it.unknown(node)
        return self.step(layer, given, node)

    # Steps

    def step(self, layer: Object, given: Arguments, node: cst.CSTNode) -> Value:
        """Append the step that calls a layer of Keras, a function or an operator."""
        kind, config = self.configured(layer, given)
        inputs = tuple(self.inputs(kind, layer, given))
        activation = config.get("activation")
        after = activation if isinstance(activation, Value) else None
        if after is not None:
            config = {name: value for name, value in config.items() if name != "activation"} | {"activation": None}
        config = {name: self.argument(value) for name, value in config.items()}
        # a number: keys in keys grow beyond measure
        key = ("step", self.it.uid("step", layer.key, inputs, *given.keys()))
        number = self.number(layer) if keras.is_layer(layer) else None
        step = Step(
            kind,
            config,
            inputs,
            number,
            settings.own_name(layer) or self.names.get(layer.key, ""),
            not self._frozen,
            settings.policy(self.it, layer),
            layer.origin or node,
        )
        if number is not None or ("." in kind and not kind.startswith(_KNOWN_LIBRARIES)):
            self.layers[layer.key] = layer
        value = self._settled[key] = self.append(key, step, node)
        return self._activated(after, value, layer, node) if after is not None else value

    def _activated(self, activation: Value, value: Value, layer: Object, node: cst.CSTNode) -> Value:
        """An activation that is a layer or a function of the program is a step of its own."""
        given = Arguments(node, [Argument(value, None)])
        if isinstance(activation, Object) and keras.is_layer(activation):
            return self.apply(activation, given, node)
        return self._function(activation, given, layer, node)

    # The whole

    def given(self, key: Key, value: LayerOutput) -> None:
        """From now on, the tensor of this key is that value."""
        self._settled[key] = value

    def shape(self, value: Value) -> Any:
        """The shape per sample of a tensor; a list of them for several."""
        return self.shape_at(self.settle(value))


def shape_of(it: Interpreter, value: Value) -> Shape | None:
    """The shape of a tensor per sample as far as it is known now, None when it is not."""
    shapes = {_shape_of(it, one) for one in alternatives(value)}
    return shapes.pop() if len(shapes) == 1 else None


def _shape_of(it: Interpreter, value: Value) -> Shape | None:
    if not isinstance(value, LayerOutput):
        return None
    if value.key in it.known_shapes:
        return it.known_shapes[value.key]
    if it.reader is not None:
        shape = it.reader.shape(value)
    else:
        it.live = it.live or Reader(it)
        shape = it.live.shape(value)
    found = it.known_shapes[value.key] = tuple(shape) if isinstance(shape, tuple) else None
    return found
