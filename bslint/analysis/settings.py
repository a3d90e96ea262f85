"""How a layer is set up: the arguments of its call, and of the call that made it, as literals by parameter name."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from bslint.analysis import input_shapes, keras, models, steps, symbolic
from bslint.analysis.values import (
    Api,
    Choice,
    Class,
    Function,
    Items,
    Known,
    Mapping,
    Method,
    Object,
    Partial,
    Symbol,
    Value,
)
from bslint.memory.network import UNREAD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bslint.analysis.arguments import Arguments
    from bslint.analysis.interpreter import Interpreter

# Arguments that change neither a shape nor a number of weights, nor what is kept in memory.
_INERT = ("_initializer", "_regularizer", "_constraint", "initializer", "regularizer", "constraint")
_INERT_NAMES = frozenset(
    "name seed dtype trainable weights input_shape batch_input_shape input_dim input_length batch_size autocast "
    "implementation fused renorm renorm_clipping renorm_momentum virtual_batch_size input_dtype noise_shape".split()
)
_NEVER_TELLING = frozenset("name seed dtype trainable".split())
# Arguments that a layer may have without anybody knowing their value.
_LENIENT = frozenset(
    "rate epsilon momentum negative_slope alpha stddev max_value threshold mask_value factor fill_mode fill_value "
    "interpolation value_range mean variance dropout recurrent_dropout classifier_activation height_factor "
    "width_factor offset weights vocabulary mode sparse oov_token stateful model_name x_factor y_factor".split()
)
# Names of arguments in earlier versions of Keras.
_FORMER = {"alpha": ("keras.layers.LeakyReLU", "negative_slope")}
_KEPT_OF_CALLS = ("return_attention_scores",)
_MASKS = frozenset("mask attention_mask query_mask value_mask key_mask training".split())
# What Keras 2 had and Keras 3 has not, or had elsewhere.
_TOLERATED = frozenset(
    "unroll reset_after time_major go_backwards return_state return_sequences use_cudnn ragged sparse".split()
)

Literal = Any


class Miss(NamedTuple):
    """What could not be read.

    Args:
        words: it, in words.
        number: only a number or a name is open: which layers there are is known.
    """

    words: str
    number: bool = False


def name_of(layer: Object) -> str:
    """How a message calls a layer: by its class."""
    return layer.type.rpartition(".")[2] or layer.type if isinstance(layer.type, str) else layer.type.name


def own_name(layer: Object) -> str:
    """The `name` that a layer is given."""
    given = layer.call.value("name") if layer.call is not None else None
    return given.value if isinstance(given, Known) and isinstance(given.value, str) else ""


def is_callable(value: Value | None) -> bool:
    """Whether a value is a function, of the program or of a library."""
    return isinstance(value, (Function, Method, Partial, Api))


def is_trained(it: Interpreter, layer: Object) -> bool | None:
    """Whether a layer is set to be trained, None when that depends on something unknown."""
    value = it.field(layer, "trainable")
    if value is None and layer.call is not None and keras.is_layer(layer):
        value = layer.call.value("trainable")
    if value is None:
        return True
    return bool(value.value) if isinstance(value, Known) else None


def policy(it: Interpreter, layer: Object) -> str | None:
    """The dtype policy that a layer is given, None for the global one."""
    given = layer.call.value("dtype") if layer.call is not None and keras.is_layer(layer) else None
    return policy_name(it, given) if given is not None else None


def policy_name(it: Interpreter, value: Value | None) -> str | None:
    """The name of a dtype, or of a dtype policy."""
    if isinstance(value, Object) and value.call is not None:
        return policy_name(it, value.call.value("name", 0))
    read = literal(it, value) if value is not None else None
    return read if isinstance(read, str) else None


# Literals


def literal(it: Interpreter, value: Value, depth: int = 0) -> Literal:
    """A value as a Python literal; layers and functions of the program stay values, `UNREAD` for what is not known."""
    if isinstance(value, Known):
        return value.value
    if isinstance(value, Symbol) and value.key == symbolic.BATCH:
        return None
    items = it.contents(value)
    if items is not None and depth < 6:
        return tuple(literal(it, one, depth + 1) for one in items.items) if items.complete else UNREAD
    if isinstance(value, Mapping) and depth < 6:
        return {name: literal(it, one, depth + 1) for name, one in value.items.items()}
    if isinstance(value, Api):
        return _api(value.name)
    if isinstance(value, Object) and isinstance(value.type, str) and value.call is not None:
        return _object(it, value, value.type)
    return UNREAD


def _api(name: str) -> Literal:
    owner, _, last = name.rpartition(".")
    if name == "tf.newaxis" or name == "numpy.newaxis":
        return None
    known = {"tf", "tf.nn", "tf.math", "numpy", "keras.activations", "keras.backend", "keras.ops", "tf.dtypes"}
    return last if owner in known else name


def _object(it: Interpreter, value: Object, type_: str) -> Literal:
    call = value.call
    if call is not None and type_ in {"numpy.array", "tf.constant", "tf.TensorShape", "keras.ops.array"}:
        return literal(it, call.value("value", 0) or call.value("object") or value, 1) if call.positional else UNREAD
    return UNREAD


# Configurations


@lru_cache(maxsize=1)
def tables() -> Any:
    """The parameters of Keras's and TensorFlow's functions: a large module, read when it is needed."""
    from bslint.analysis import signatures

    return signatures


def configuration(it: Interpreter, layer: Object, given: Arguments) -> tuple[str, dict[str, Literal], list[Miss]]:
    """The kind of a step, its config, and what of it could not be read."""
    kind = layer.type if isinstance(layer.type, str) else layer.type.name
    if isinstance(layer.type, Class):
        return kind, {}, [Miss(f"the inside of `{kind}` is not known")]
    if kind == "keras.Input":
        return kind, *input_shapes.of_input(it, layer)
    if kind.startswith("keras.layers."):
        return _layer(it, layer, given, kind)
    if models.is_application(layer):
        return _application(it, layer, kind)
    if "." not in kind:
        return kind, *_operator(it, kind, given)
    return _function(it, kind, given)


def _layer(it: Interpreter, layer: Object, given: Arguments, kind: str) -> tuple[str, dict[str, Literal], list[Miss]]:
    from bslint.memory import layers

    names = tables().LAYERS.get(kind)
    if names is None and not layers.is_known(kind):
        return kind, {}, [Miss(f"the inside of `{kind.rpartition('.')[2]}` is not known")]
    config, missing = _arguments(it, layer.call, (names or "").split(), kind)
    for name in _KEPT_OF_CALLS:
        value = given.value(name)
        if isinstance(value, Known):
            config[name] = value.value
    if not layers.is_known(kind):
        missing.append(Miss(f"what a `{kind.rpartition('.')[2]}` gives is not known"))
    return kind, config, missing


def _arguments(
    it: Interpreter, call: Arguments | None, names: list[str], kind: str
) -> tuple[dict[str, Literal], list[Miss]]:
    if call is None:
        return {}, [Miss(f"the arguments of `{kind.rpartition('.')[2]}` are not known")]
    short = kind.rpartition(".")[2]
    config: dict[str, Literal] = {}
    missing = [Miss(f"some arguments of `{short}` are not known", number=True)] if call.open else []
    if len(call.positional) > len(names):
        missing.append(Miss(f"some arguments of `{short}` are not known"))
    pairs = [*zip(names, (one.value for one in call.positional), strict=False)]
    pairs += [(name, one.value) for name, one in call.keywords.items()]
    for name, value in pairs:
        owner, now = _FORMER.get(name, ("", name))
        name = now if owner == kind else name
        if name.endswith(_INERT) or (name in _INERT_NAMES and name not in names) or name in _NEVER_TELLING:
            continue
        if name not in names and name not in _TOLERATED:
            missing.append(Miss(f"`{short}` has no argument `{name}` in current Keras"))
            continue
        read = _value(it, name, value)
        config[name] = read
        if _is_unread(read) and name not in _LENIENT:
            missing.append(Miss(_unknown_argument(short, name, value), number=True))
    return config, missing


def _unknown_argument(short: str, name: str, value: Value) -> str:
    owner = f"an `{short}`" if short[:1] in "AEIOU" else f"a `{short}`"
    if isinstance(value, Choice):
        return f"the `{name}` of {owner} depends on a test that is not known"
    return f"the `{name}` of {owner} is not known"


def _value(it: Interpreter, name: str, value: Value) -> Literal:
    if name == "activation" and isinstance(value, (Function, Method, Partial)):
        return value
    if isinstance(value, Object) and keras.is_layer(value):
        return value
    items = it.contents(value)
    if items is not None and items.items and all(map(keras.is_layer, items.items)):
        return tuple(items.items)
    return literal(it, value)


def _is_unread(value: Literal) -> bool:
    if isinstance(value, tuple):
        return any(map(_is_unread, value))
    return value is UNREAD


def _operator(it: Interpreter, kind: str, given: Arguments) -> tuple[dict[str, Literal], list[Miss]]:
    values = [one.value for one in given.positional]
    if kind == "[]":
        index = tuple(_bound(it, value) for value in values[1:])
        return {"index": index[0] if len(index) == 1 else index}, []
    if kind in {"part", "part's input"}:
        return {"layer": _bound(it, values[1])}, []
    return {
        side: literal(it, value)
        for side, value in zip(("left", "right"), values, strict=False)
        if isinstance(value, Known)
    }, []


def _bound(it: Interpreter, value: Value) -> Literal:
    """An index: a number, a slice, None for a new axis."""
    if isinstance(value, Items):
        bounds = [literal(it, one) for one in value.items]
        return slice(*bounds) if len(bounds) == 3 and not any(map(_is_unread, bounds)) else UNREAD
    return literal(it, value)


def _function(it: Interpreter, kind: str, given: Arguments) -> tuple[str, dict[str, Literal], list[Miss]]:
    from bslint.memory import layers

    if kind.endswith(".preprocess_input"):
        return "keras.ops.multiply", {"scale": kind}, []
    names = tables().FUNCTIONS.get(kind, "").split()
    pairs = [*zip(names, (one.value for one in given.positional), strict=False)]
    pairs += [(name, one.value) for name, one in given.keywords.items()]
    config = {
        name: literal(it, value) for name, value in pairs if name not in _INERT_NAMES and not steps.flows(it, value)
    }
    missing = [] if layers.is_known(kind) else [Miss(f"what `{kind}` gives is not known")]
    return kind, config, missing


def _application(it: Interpreter, layer: Object, kind: str) -> tuple[str, dict[str, Literal], list[Miss]]:
    names = tables().APPLICATIONS.get(kind)
    if names is None:
        return kind, {}, [Miss(f"`{kind}` is not an application of current Keras")]
    config, missing = _arguments(it, layer.call, names.split(), kind)
    config.pop("input_tensor", None)
    missing = [one for one in missing if "`input_tensor`" not in one.words]
    frozen = it.field(layer, "freezing of parts")
    if frozen is not None:
        read = _freezing(it, frozen)
        if read is None:
            missing.append(Miss(f"which layers of `{name_of(layer)}` are trained depends on a test", number=True))
        elif read:
            config["freezing"] = read
    return kind, config, missing


def _freezing(it: Interpreter, held: Value) -> tuple[tuple[Literal, bool], ...] | None:
    """Which layers of an application are set to be trained, in the order in which they are set."""
    if not isinstance(held, Items):
        return None
    found = []
    for one in held.items:
        pair = one.items if isinstance(one, Items) else ()
        if len(pair) != 2 or not isinstance(pair[1], Known):
            return None
        which = _bound(it, pair[0])
        if _is_unread(which):
            return None
        found.append((which, bool(pair[1].value)))
    return tuple(found)


def tensors(kind: str, given: Arguments) -> Iterator[tuple[str, Value]]:
    """The arguments that flow in, in the order of the layer's parameters."""
    names = tables().CALLS.get(kind, "").split()
    pairs = [(names[at] if at < len(names) else "inputs", one.value) for at, one in enumerate(given.positional)]
    pairs += [(name, one.value) for name, one in given.keywords.items()]
    if kind == "keras.layers.MultiHeadAttention":
        order = {name: place for place, name in enumerate(names)}
        pairs.sort(key=lambda pair: order.get(pair[0], 99))
    for name, value in pairs:
        if name not in _MASKS:
            yield name, value


# Weights made by hand


def weight(it: Interpreter, made: Object) -> tuple[dict[str, Literal], list[Miss]]:
    """The config of a weight that the program makes itself, and what of it could not be read."""
    call = made.call
    by_layer = isinstance(made.type, str) and made.type.endswith((".add_weight", ".add_variable"))
    if call is None:
        return {}, [Miss("the shape of a weight is not known", number=True)]
    shape = _weight_shape(it, call, by_layer=by_layer)
    trained = call.value("trainable", None if by_layer else 1)
    config: dict[str, Literal] = {"shape": shape}
    if isinstance(trained, Known):
        config["trainable"] = bool(trained.value)
    return config, [] if input_shapes.is_shape(shape) and None not in shape else [
        Miss("the shape of a weight is not known", number=True)
    ]


def _weight_shape(it: Interpreter, call: Arguments, *, by_layer: bool) -> Literal:
    if by_layer:
        first = call.positional[0].value if call.positional else None
        named = isinstance(first, Known) and isinstance(first.value, str)
        given = call.value("shape", 1 if named else 0)
        return () if given is None else input_shapes.read_shape(it, given)
    initial = call.value("initial_value", 0) or call.value("initializer")
    declared = call.value("shape", 1)
    if declared is not None and it.contents(declared) is not None:
        return input_shapes.read_shape(it, declared)
    if isinstance(initial, Known):
        return ()
    if isinstance(initial, Object) and initial.call is not None and isinstance(initial.type, str):
        if initial.type.rpartition(".")[2] in {
            "zeros",
            "ones",
            "normal",
            "uniform",
            "truncated_normal",
            "fill",
            "glorot",
        }:
            given = initial.call.value("shape", 0) or initial.call.value("dims", 0)
            return input_shapes.read_shape(it, given) if given is not None else UNREAD
        if not initial.type[:1].isupper() and "Initializer" in initial.type:
            return UNREAD
    return UNREAD
