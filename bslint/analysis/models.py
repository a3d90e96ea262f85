"""The parts of Keras models: their layers, inputs and outputs, and which of them are trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bslint.analysis import attributes, inside, keras, symbolic
from bslint.analysis.arguments import Arguments
from bslint.analysis.facts import Layer
from bslint.analysis.values import (
    NONE,
    Api,
    Class,
    Expr,
    Items,
    Key,
    Known,
    LayerOutput,
    Mapping,
    Object,
    Symbol,
    Value,
    alternatives,
    is_none,
    known_int,
)

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    import libcst as cst

    from bslint.analysis.interpreter import Interpreter

APPLICATIONS = "keras.applications."
# The layers of a model that are not listed in the program: all, some (`[:-4]`), or one of them.
_LIST = "layers of a model"
_PART = "layer of a model"


def is_application(value: Value) -> bool:
    """Whether a value is one of `keras.applications`."""
    if not isinstance(value, Object) or not isinstance(value.type, str) or not value.type.startswith(APPLICATIONS):
        return False
    return value.type[len(APPLICATIONS)].isupper()


def is_list(value: Value) -> bool:
    """Whether a value stands for the layers of a model that are not listed in the program."""
    return isinstance(value, Object) and value.type == _LIST


def is_part(value: Value) -> bool:
    """Whether a value stands for one of the layers of a model, or each of some, that are not listed in the program."""
    return isinstance(value, Object) and value.type == _PART


def class_of(it: Interpreter, part: Object) -> str | None:
    """The class of a layer inside an application; None when it is not known, or stands for several."""
    it.identified += 1
    found = _inner(it, part)
    return found.kind if found is not None else None


def _inner(it: Interpreter, part: Object) -> inside.Inner | None:
    owner, which = it.field(part, "model"), it.field(part, "which")
    return inside.one(it, owner, which) if isinstance(owner, Object) and which is not None else None


def attribute(it: Interpreter, base: Object, name: str, node: cst.CSTNode) -> Value | None:
    """`model.layers`, `model.input`, `layer.output`, …; None for what is not known."""
    if is_part(base):
        return _of_part(it, base, name, node)
    if name == "layers":
        return _layers(it, base, node)
    if name in {"input", "inputs", "output", "outputs"}:
        found = _end(it, base, name.rstrip("s"), node)
        if found is None or not name.endswith("s"):
            return found
        return found if it.contents(found) is not None else Items((found,), node)
    if name in {"input_shape", "output_shape"}:
        found = _end(it, base, name.partition("_")[0], node)
        return symbolic.dimensions(it, found, node) if isinstance(found, LayerOutput) else None
    if name == "name" and base.call is not None:
        return base.call.value("name")
    if name == "trainable":
        return Known(True, node) if base.call is None else base.call.value("trainable") or Known(True, node)
    return None


def _layers(it: Interpreter, base: Object, node: cst.CSTNode) -> Value | None:
    if is_application(base):
        return _listed(it, base, NONE, node)
    found = _spread(it, base, node) if ends(it, base) is not None else parts(it, base)
    if not keras.is_model(base):
        return None
    if found is None:
        return Symbol(("attribute of", base.key, "layers"), "model.layers", node, base=base, attribute="layers")
    return it.new_list(Items(tuple(found), node), node)


def _spread(it: Interpreter, base: Object, node: cst.CSTNode) -> list[Value] | None:
    """The layers of a functional model; what is built on the own input of an application has its layers one by one."""
    functional = ends(it, base)
    listed = _as_listed(functional[1]) if functional is not None else None
    if functional is None or listed is None:
        return parts(it, base)
    tensors = order(functional[1], ())
    whole = [tensor for tensor in tensors if _from_own_input(it, tensor)]
    if not whole:
        return parts(it, base)
    owner, source = whole[0].layer, whole[0].inputs
    taken = [tensor for tensor in tensors if tensor.layer.type in {"part", "part's input"}]
    if len(whole) > 1 or len(taken) > 1 or not isinstance(source, LayerOutput):
        return None
    rest = [one for one in listed if one.key not in {source.layer.key, owner.key} and is_listed(one)]
    if [one.key for one in listed[:2]] != [source.layer.key, owner.key]:
        return None
    last: Value = taken[0].call.positional[1].value if taken else Known(-1)
    numbers, known = inside.numbers(it, owner, last), inside.listed(it, owner)
    if not numbers or known is None or not known[numbers[0]].ends or (taken and taken[0].layer.type != "part"):
        return None
    return [*(_one(it, owner, Known(number), node) for number in range(numbers[0] + 1)), *rest]


def _from_own_input(it: Interpreter, tensor: LayerOutput) -> bool:
    """Whether a tensor is the output of an application on the input that it made for itself, or was made with."""
    given, owner = tensor.inputs, tensor.layer
    if not is_application(owner) or not isinstance(given, LayerOutput):
        return False
    own = owner.call.value("input_tensor", 2) if owner.call is not None else None
    return it.field(given.layer, "model") is owner or (own is not None and own.key == given.key)


def _listed(it: Interpreter, owner: Object, which: Value, node: cst.CSTNode) -> Object:
    made = Object(("layers of", owner.key, it.uid(which.key)), _LIST, None, node)
    it.set_field(made, "model", owner)
    it.set_field(made, "which", which)
    return made


def _of_part(it: Interpreter, base: Object, name: str, node: cst.CSTNode) -> Value | None:
    if name in {"name", "__class__"}:
        it.identified += 1
        found = _inner(it, base)
        if found is None:
            return it.unknown(node, f"layer.{name}")
        return Known(found.name, node) if name == "name" else Api(found.kind, node)
    owner, which = it.field(base, "model"), it.field(base, "which")
    if name in {"output", "input"} and isinstance(owner, Object) and which is not None:
        whole = _end(it, owner, "output", node)
        if isinstance(whole, LayerOutput):
            kind = "part" if name == "output" else "part's input"
            operator = Object(("operator", kind, whole.key, it.uid(which.key)), kind, None, node)
            return symbolic.output(it, operator, _given(node, whole, which), node)
    return None


def _given(node: cst.CSTNode, *values: Value) -> Arguments:
    from bslint.analysis.arguments import Argument

    return Arguments(node, [Argument(value, None) for value in values])


def indexed(it: Interpreter, base: Value, bounds: Sequence[Value], node: cst.CSTNode) -> Value:
    """`x[…]` of a tensor without data, or of the layers of a model."""
    if isinstance(base, LayerOutput) or symbolic.is_operand(it, base):
        return symbolic.operation(it, "[]", [base, *bounds], node)
    owner = it.field(base, "model")
    if not isinstance(owner, Object) or len(bounds) != 1 or not is_none(it.field(base, "which")):
        return it.unknown(node, base=base)
    if isinstance(bounds[0], Items):
        return _listed(it, owner, bounds[0], node)
    return _one(it, owner, bounds[0], node)


def _one(it: Interpreter, owner: Object, which: Value, node: cst.CSTNode) -> Object:
    made = Object(("layer of", owner.key, it.uid(which.key)), _PART, None, node)
    it.set_field(made, "model", owner)
    it.set_field(made, "which", which)
    return made


def element(it: Interpreter, base: Value, node: cst.CSTNode) -> Value:
    """Each of the layers that a list stands for."""
    owner, which = it.field(base, "model"), it.field(base, "which")
    return _one(it, owner, which, node) if isinstance(owner, Object) and which is not None else it.unknown(node)


def inner(it: Interpreter, base: Value, node: cst.CSTNode) -> list[Value] | None:
    """The layers that a list stands for, one by one; None when they are not known."""
    if not is_list(base):
        return None
    owner, which = it.field(base, "model"), it.field(base, "which")
    if not isinstance(owner, Object) or which is None:
        return None
    numbers = inside.numbers(it, owner, which)
    return None if numbers is None else [_one(it, owner, Known(number), node) for number in numbers]


def get_layer(it: Interpreter, owner: Object, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    """`model.get_layer(name)`, `model.get_layer(index=-1)`."""
    name, index = arguments.value("name", 0), arguments.value("index", 1)
    which = name if name is not None and not is_none(name) else index
    if which is None:
        return None
    if is_application(owner):
        return _one(it, owner, which, node)
    found = parts(it, owner)
    at = known_int(which)
    if found is None or not isinstance(which, Known):
        return None
    if at is not None:
        return found[at] if -len(found) <= at < len(found) else None
    named = [one for one in found if isinstance(one, Object) and _is_named(one, which)]
    return named[0] if len(named) == 1 else None


def _is_named(layer: Object, name: Known) -> bool:
    given = layer.call.value("name") if layer.call is not None else None
    if given is None and is_application(layer) and isinstance(layer.type, str):
        return bool(layer.type.rpartition(".")[2].lower() == name.value)
    return isinstance(given, Known) and given.value == name.value


def layers_of(it: Interpreter, base: Object) -> tuple[Layer, ...]:
    """The layers and models right in a model, as far as they are known."""
    functional = ends(it, base)
    if functional is not None:
        tensors = order(functional[1], (), through=True)
        found = {one.layer.key: Layer(_kind(one.layer), one.layer, one.training) for one in tensors}
        return tuple(one for one in found.values() if keras.is_layer(one.value) or one.name == "keras.Input")
    if is_sequential(base) and not _calls_itself(it, base):
        held = it.field(base, "stack")
        items = held.items if isinstance(held, Items) else ()
        return tuple(Layer(_kind(one), one) for one in items if isinstance(one, Object) and one.types())
    return tuple(Layer(_kind(one), one) for one in dict.fromkeys(_attributes(it, base)) if isinstance(one, Object))


def _calls_itself(it: Interpreter, base: Object) -> bool:
    return isinstance(base.type, Class) and attributes.of_class(it, base.type, "call") is not None


def _kind(layer: Object) -> str:
    return "?" if isinstance(layer.type, Class) else layer.type


def entry(it: Interpreter, base: Object) -> Object | None:
    """The layer, or the `Input`, that the data goes into; None when there are several or none is known."""
    functional = ends(it, base)
    if functional is not None:
        found = {one.layer.key: one.layer for one in order(functional[1], ()) if one.layer.type == "keras.Input"}
        return next(iter(found.values())) if len(found) == 1 else None
    held = it.field(base, "stack")
    first = held.items[0] if isinstance(held, Items) and held.items else None
    first = first.layer if isinstance(first, LayerOutput) else first
    return first if isinstance(first, Object) else None


def is_partly_frozen(it: Interpreter, base: Object) -> bool:
    """Whether some of the layers of an application may be frozen."""
    held = it.field(base, "freezing of parts")
    if not isinstance(held, Items):
        return held is not None
    return any(not isinstance(pair, Items) or not _is_true(pair.items[-1]) for pair in held.items)


def _is_true(value: Value) -> bool:
    return isinstance(value, Known) and bool(value.value)


# The ends of a model


def _end(it: Interpreter, base: Object, name: str, node: cst.CSTNode) -> Value | None:
    """The input or output of a model; of a layer, those of its only call."""
    functional = ends(it, base)
    if functional is not None:
        return functional[name == "output"]
    if is_application(base):
        given = base.call.value("input_tensor", 2) if base.call is not None else None
        source = given if isinstance(given, LayerOutput) else source_of(it, base, node)
        return source if name == "input" else symbolic.output(it, base, _given(node, source), node)
    if is_sequential(base):
        chain = _chain(it, base, node)
        return chain[-1 if name == "output" else 0] if chain else None
    called = it.field(base, "its output")
    if not isinstance(called, LayerOutput):
        return None
    return called if name == "output" else called.inputs


def source_of(it: Interpreter, owner: Object, node: cst.CSTNode) -> LayerOutput:
    """The input tensor that a model makes for itself."""
    made = Object(("input of", owner.key), "keras.Input", None, node)
    it.set_field(made, "model", owner)
    return symbolic.output(it, made, Arguments(node), node)


def _chain(it: Interpreter, base: Object, node: cst.CSTNode) -> list[Value]:
    """The input of a sequential model, and the output of each of its layers."""
    held = it.field(base, "stack")
    if not isinstance(held, Items) or not held.complete:
        return []
    first = held.items[0] if held.items else None
    is_input = isinstance(first, LayerOutput) and first.layer.type == "keras.Input"
    value: Value = first if is_input and first is not None else source_of(it, base, node)
    chain = [value]
    for layer in held.items[is_input:]:
        if not isinstance(layer, Object):
            return []
        value = symbolic.output(it, layer, _given(node, value), node)
        chain.append(value)
    return chain


def is_sequential(value: Object) -> bool:
    """Whether a value is a `Sequential`, also of a class of the program."""
    return "keras.Sequential" in value.types()


def ends(it: Interpreter, base: Object) -> tuple[Value, Value] | None:
    """The inputs and outputs of a functional model, None for any other."""
    call = base.call if base.type == "keras.Model" else None
    if isinstance(base.type, Class) and keras.is_model(base):
        made = it.field(base, "super().__init__")
        call = made.call if isinstance(made, Object) else None
    inputs, outputs = (call.value("inputs", 0), call.value("outputs", 1)) if call is not None else (None, None)
    return (inputs, outputs) if inputs is not None and outputs is not None else None


def outputs(it: Interpreter, base: Object, called: LayerOutput, node: cst.CSTNode) -> Value:
    """What a call of a layer or model gives: a list where a functional model has several outputs."""
    functional = ends(it, base) if called.symbolic else None
    held = functional[1] if functional is not None else None
    if not isinstance(held, Items) or not held.complete or len(held.items) < 2:
        return called
    each = (symbolic.operation(it, "[]", [called, Known(place)], node) for place in range(len(held.items)))
    return it.new_list(Items(tuple(each), node), node)


def parts(it: Interpreter, base: Object) -> list[Value] | None:
    """The layers directly in a model or layer, None when they are not all known."""
    if base.call is not None and is_wrapper(base):
        return [one for one in base.call.values() if keras.is_layer(one)]
    functional = ends(it, base)
    if functional is not None:
        listed = _as_listed(functional[1])
        return [one for one in listed if is_listed(one)] if listed is not None else None
    if is_sequential(base):
        held = it.field(base, "stack")
        if not isinstance(held, Items) or not held.complete:
            return None
        return [one for one in held.items if isinstance(one, Object)]
    if isinstance(base.type, Class):
        return list(dict.fromkeys(_attributes(it, base)))
    return [] if isinstance(base.type, str) and base.type.startswith("keras.layers.") else None


def is_listed(value: Value) -> bool:
    """Whether a value is what a model lists under `layers`: a layer, a model or an input."""
    return keras.is_layer(value) or (isinstance(value, Object) and value.type in {"keras.Input", _PART})


def _as_listed(outputs: Value) -> list[Object] | None:
    """The layers of a functional model in the order in which Keras lists them; None when a test decides on them.

    First those that are furthest from the outputs; of those equally far, the one that is first met on the way back.
    """
    tensors = order(outputs, ())
    depths: dict[Key, int] = {}
    furthest: dict[Key, int] = {}
    for tensor in reversed(tensors):
        depth = max(depths.get(tensor.key, 0), furthest.get(tensor.layer.key, 0))
        furthest[tensor.layer.key] = depth
        for one in _flows(tensor):
            depths[one.key] = max(depths.get(one.key, 0), depth + 1)
    met = {key: place for place, key in enumerate(_met(outputs))}
    layers = {tensor.layer.key: tensor.layer for tensor in tensors}
    if layers.keys() != met.keys():
        return None
    return sorted(layers.values(), key=lambda layer: (-furthest[layer.key], met[layer.key]))


def _met(outputs: Value) -> list[Key]:
    """The layers in the order in which they are met on the way back from the outputs."""
    found: dict[Key, None] = {}
    seen: set[Key] = set()
    pending = [outputs]
    while pending:
        value = pending.pop()
        if isinstance(value, LayerOutput):
            if value.key not in seen:
                seen.add(value.key)
                found[value.layer.key] = None
                pending.extend(reversed(list(value.call.values())))
        elif isinstance(value, (Items, Mapping)):
            held = value.items.values() if isinstance(value, Mapping) else value.items
            pending.extend(reversed(list(held)))
    return list(found)


def _flows(tensor: LayerOutput) -> Iterator[LayerOutput]:
    """The tensors that flow into a call."""
    pending = list(tensor.call.values())
    while pending:
        value = pending.pop()
        if isinstance(value, LayerOutput):
            yield value
        elif isinstance(value, (Items, Mapping)):
            pending.extend(value.items.values() if isinstance(value, Mapping) else value.items)


def is_wrapper(base: Object) -> bool:
    """Whether a layer holds another one."""
    return base.type in {
        "keras.layers.TimeDistributed",
        "keras.layers.Bidirectional",
        "keras.layers.SpectralNormalization",
        "keras.layers.Wrapper",
    }


def _attributes(it: Interpreter, base: Object) -> Iterator[Value]:
    for name, held in it.fields(base):
        if not name.isidentifier():
            continue
        items, entries = it.contents(held), it.mapping(held)
        for one in (held, *(items.items if items else ()), *(entries.items.values() if entries else ())):
            if keras.is_layer(one):
                yield one


def order(value: Value, known: Container[object], *, through: bool = False) -> list[LayerOutput]:
    """The tensors that lead to a value, each after those that flow into it.

    Args:
        value: a tensor, or several.
        known: keys of tensors that are given: what leads to them does not count.
        through: whether to go on behind operations that are not known.
    """
    found: dict[object, LayerOutput] = {}
    pending: list[tuple[Value, bool]] = [(value, False)]
    opened: set[object] = set()
    while pending:
        one, done = pending.pop()
        if isinstance(one, LayerOutput):
            if one.key in known or one.key in found:
                continue
            if done:
                found[one.key] = one
            elif one.key not in opened:
                opened.add(one.key)
                pending.append((one, True))
                pending.extend((inner, False) for inner in reversed(list(one.call.values())))
        elif isinstance(one, (Items, Mapping)):
            held = one.items.values() if isinstance(one, Mapping) else one.items
            pending.extend((inner, False) for inner in reversed(list(held)))
        elif len(alternatives(one)) > 1:
            pending.extend((inner, False) for inner in alternatives(one))
        elif through and one.key not in opened:
            opened.add(one.key)
            pending.extend((inner, False) for inner in _behind(one))
    return list(found.values())


def _behind(value: Value) -> tuple[Value, ...]:
    """What a value that is no layer's output was computed from."""
    if isinstance(value, Expr):
        return value.operands
    if isinstance(value, Object) and value.call is not None:
        return tuple(value.call.values())
    return (value.base,) if isinstance(value, Symbol) and value.base is not None else ()


# Which are trained


def set_trainable(it: Interpreter, owner: Object, value: Value) -> None:
    """`owner.trainable = value` holds for everything in it, as it is now."""
    it.building += 1
    pending, seen = [owner], {owner.key}
    while pending:
        one = pending.pop()
        if is_part(one):
            _set_part(it, one, value)
            continue
        it.set_field(one, "trainable", value)
        if is_application(one):
            it.set_field(one, "freezing of parts", Items(()))
        for inner in (parts(it, one) or ()) if not is_application(one) else ():
            if isinstance(inner, Object) and inner.key not in seen:
                seen.add(inner.key)
                pending.append(inner)


def _set_part(it: Interpreter, part: Object, value: Value) -> None:
    """A layer, or each of some, of a model whose layers are not listed in the program."""
    owner, which = it.field(part, "model"), it.field(part, "which")
    if owner is None or which is None:
        return
    it.set_field(part, "trainable", value)
    held = it.field(owner, "freezing of parts")
    before = held.items if isinstance(held, Items) else ()
    rest = () if held is None or isinstance(held, Items) else (held,)
    it.set_field(owner, "freezing of parts", Items((*before, *rest, Items((which, value)))))
