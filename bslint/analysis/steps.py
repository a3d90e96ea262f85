"""The steps of a network, as they are put together: what each gives, what could not be read of them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bslint.analysis import keras, models, settings, symbolic
from bslint.analysis.arguments import Arguments
from bslint.analysis.values import (
    Class,
    Expr,
    Items,
    Key,
    LayerOutput,
    Mapping,
    Object,
    Symbol,
    Value,
    alternatives,
    array_of,
    is_none,
    text,
)
from bslint.memory.network import UNREAD, Network, Step, needed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import libcst as cst

    from bslint.analysis.interpreter import Interpreter
    from bslint.memory.network import Shape

_INPUTS = ("inputs", "query", "value", "key", "sequences")
_NUMBERS = frozenset(("int", "float", "bool", "str"))
# Functions whose first arguments are tensors: one that is not known could be a weight.
_OF_TENSORS = frozenset(
    "matmul dot batch_dot einsum tensordot add subtract multiply divide maximum minimum where gather embedding_lookup "
    "concat concatenate stack conv1d conv2d conv3d bias_add".split()
)


class Steps:
    """Puts steps together.

    Args:
        it: the interpreter.
    """

    def __init__(self, it: Interpreter) -> None:
        self.it = it
        self.steps: list[Step] = []
        self.shapes: list[Any] = []
        self.unread: dict[str, None] = {}
        self.open: set[str] = set()  # of what is unread, that which leaves only a number or a name open
        self.names: dict[Key, str] = {}
        self._places: dict[Key, int] = {}
        self._made: dict[Key, LayerOutput] = {}
        self._kept: set[int] = set()
        self._numbers: dict[Key, int] = {}
        self._weights: dict[Key, int] = {}
        self._frozen = 0

    def miss(self, what: str) -> None:
        """Note what could not be read."""
        self.unread[what] = None

    @contextmanager
    def frozen(self, yes: bool) -> Iterator[None]:
        """What is called inside is not trained."""
        self._frozen += yes
        try:
            yield
        finally:
            self._frozen -= yes

    # Steps

    def configured(self, layer: Object, given: Arguments) -> tuple[str, dict[str, Any]]:
        """The kind and the config of a step."""
        kind, config, missing = settings.configuration(self.it, layer, given)
        self._miss_all(missing)
        return kind, config

    def _miss_all(self, missing: Iterable[settings.Miss]) -> None:
        for one in missing:
            self.miss(one.words)
            if one.number:
                self.open.add(one.words)

    def number(self, made: Object) -> int:
        """The number of a layer or weight: the same for all its calls."""
        return self._numbers.setdefault(made.key, len(self._numbers) + 1)

    def append(self, key: Key, step: Step, node: cst.CSTNode) -> LayerOutput:
        """Append a step; the same call of the same layer is the same step."""
        known = self._made.get(key)
        if known is not None:
            return known
        self._places[key] = len(self.steps)
        self.steps.append(step)
        self.shapes.append(_shapes(step, [self.shapes[place] for place in step.inputs]))
        if self.shapes[-1] is None and all(self.shapes[place] is not None for place in step.inputs):
            self._no_shape(step)
        made = LayerOutput(key, Object(("settled", key), "settled"), Arguments(node), node, symbolic=True)
        self._made[key] = made
        return made

    def _no_shape(self, step: Step) -> None:
        """Note that the shape of what a step gives could not be worked out."""
        if not self.unread and step.kind not in {"keras.Input"} and not step.kind.startswith(models.APPLICATIONS):
            name = step.kind.rpartition(".")[2] if step.kind.startswith("keras.layers.") else step.kind
            self.miss(f"the shape of what `{name}` gives could not be worked out")

    def source(self, shape: Any, dtype: str | None, node: cst.CSTNode, name: str = "") -> LayerOutput:
        """An input tensor of a known shape per sample."""
        config = {"shape": shape, **({"dtype": dtype} if dtype else {})}
        key = ("source", len(self.steps))
        return self.append(key, Step("keras.Input", config, name=name, origin=node), node)

    def argument(self, value: Any) -> Any:
        """A layer that is an argument is a step without inputs."""
        if isinstance(value, tuple):
            return tuple(self.argument(one) for one in value)
        if not isinstance(value, Object):
            return value
        if isinstance(value.type, Class) or keras.is_model(value):
            self.miss(f"the inside of a wrapped `{settings.name_of(value)}` is not known")
            return UNREAD
        node = value.call.node if value.call is not None else self.it.frames[0].node
        kind, config = self.configured(value, Arguments(node))  # type: ignore[arg-type]
        number = self.number(value)
        inner = {name: self.argument(one) for name, one in config.items()}
        return Step(
            kind,
            inner,
            (),
            number,
            settings.own_name(value),
            not self._frozen,
            settings.policy(self.it, value),
            value.origin,
        )

    def inputs(self, kind: str, layer: Object, given: Arguments) -> Iterator[int]:
        """The steps whose results flow in."""
        for name, value in settings.tensors(kind, given):
            yield from self._flat(value, name, layer)

    def _flat(self, value: Value, name: str, layer: Object, *, among: bool = False) -> Iterator[int]:
        """The steps behind one argument; `among`: it is one of several tensors."""
        shape = _constant(value)
        if isinstance(value, (Items, Mapping)):
            for one in value.items.values() if isinstance(value, Mapping) else value.items:
                yield from self._flat(one, name, layer, among=True)
        elif isinstance(value, LayerOutput) and value.key in self._places:
            yield self._places[value.key]
        elif isinstance(value, Object) and symbolic.is_weight(value):
            yield self.weight(value)
        elif shape is not None:
            yield self._constant(value, shape)
        else:
            self._missed(value, name, layer, among=among)

    def _missed(self, value: Value, name: str, layer: Object, *, among: bool) -> None:
        """Note that an argument is not known, where it has to be."""
        known = settings.name_of(layer)
        if any(isinstance(one, LayerOutput) for one in alternatives(value)):
            open_test = len(alternatives(value)) > 1
            self.miss(
                f"what flows into `{known}` {'depends on a test that' if open_test else ''} is not known".replace(
                    "  ", " "
                )
            )
        elif keras.is_layer(layer):
            if not is_none(value) and (name in _INPUTS or among):
                self.miss(f"what flows into `{known}` is not known")
        elif among and isinstance(value, Object):
            self.miss(f"an operand of `{known}` is not known: `{text(value)}`")
        elif isinstance(value, (Symbol, Expr)) and value.key != symbolic.BATCH and value.kind not in _NUMBERS:
            if isinstance(value, Symbol) and value.key and isinstance(value.key, tuple) and value.key[0] == "length":
                return
            if among or "." not in known_kind(layer) or known.rpartition(".")[2] in _OF_TENSORS:
                self.miss(f"an operand of `{known}` is not known: `{text(value)}`")

    def _constant(self, value: Value, shape: Shape) -> int:
        """The step that gives a tensor that does not depend on the data."""
        place = self._weights.get(value.key)
        if place is None:
            place = self._weights[value.key] = self._source(Step("constant", {"shape": shape}, origin=value.origin))
        return place

    def _source(self, step: Step) -> int:
        self.steps.append(step)
        self.shapes.append(_shapes(step, []))
        return len(self.steps) - 1

    # Weights made by hand

    def weight(self, made: Object) -> int:
        """The step that gives a weight which the program makes itself."""
        place = self._weights.get(made.key)
        if place is None:
            config, missing = settings.weight(self.it, made)
            self._miss_all(missing)
            number = self.number(made)
            trained = not self._frozen and config.pop("trainable", True) is not False
            step = Step("keras.Variable", config, (), number, settings.own_name(made), trained, None, made.origin)
            place = self._weights[made.key] = self._source(step)
        return place

    def held_weights(self, layer: Object) -> Iterator[Object]:
        """The weights that a layer of the program keeps in its attributes."""
        for _, held in self.it.fields(layer):
            items = self.it.contents(held)
            for one in (held, *(items.items if items is not None else ())):
                if isinstance(one, Object) and symbolic.is_weight(one):
                    yield one

    # The whole

    def shape_at(self, value: Value) -> Any:
        """The shape per sample of a settled tensor; a list of them for several."""
        place = self._places.get(value.key)
        return self.shapes[place] if place is not None else None

    def keep(self, outputs: Value) -> None:
        """What leads to settled outputs belongs to the network, whether or not they are used."""
        self._kept.update(self._places[one.key] for one in leaves(outputs) if one.key in self._places)

    def finish(self, outputs: Value) -> Network:
        """The network that leads to settled outputs."""
        places = [place for one in leaves(outputs) if (place := self._place(one)) is not None]
        if not places:
            self.miss("what it returns is not known")
        left = needed(self.steps, (*places, *self._kept))
        renamed = {old: new for new, old in enumerate(left)}
        steps = []
        for old in left:
            step = self.steps[old]
            steps.append(_with_inputs(step, tuple(renamed[place] for place in step.inputs)))
        kept = tuple(renamed[place] for place in sorted(self._kept))
        return Network(tuple(steps), tuple(renamed[place] for place in places), tuple(self.unread), kept)

    def _place(self, value: Value) -> int | None:
        if isinstance(value, LayerOutput):
            place = self._places.get(value.key)
            if place is not None:
                return place
        if not is_none(value):
            self.miss("one of its outputs is not known")
        return None


def _constant(value: Value) -> Shape | None:
    """The shape of a tensor that does not depend on the data; None for anything else, and for numbers."""
    array = array_of(value) if isinstance(value, (Object, Symbol)) else None
    if array is None or not array.shape or None in array.shape:
        return None
    return tuple(array.shape)


def flows(it: Interpreter, value: Value) -> bool:
    """Whether an argument is a tensor, or holds one, rather than says how."""
    return symbolic.carries(it, value) or symbolic.is_weight(value) or _constant(value) is not None


def known_kind(layer: Object) -> str:
    """The canonical name of a function, or an operator."""
    return layer.type if isinstance(layer.type, str) else layer.type.name


def leaves(value: Value) -> Iterator[Value]:
    """The single values in a value of several."""
    if isinstance(value, (Items, Mapping)):
        for one in value.items.values() if isinstance(value, Mapping) else value.items:
            yield from leaves(one)
    else:
        yield value


def _with_inputs(step: Step, inputs: tuple[int, ...]) -> Step:
    return Step(step.kind, step.config, inputs, step.layer, step.name, step.trainable, step.policy, step.origin)


def _shapes(step: Step, inputs: list[Any]) -> Any:
    from bslint.memory import layers

    return layers.shapes(step, inputs)
