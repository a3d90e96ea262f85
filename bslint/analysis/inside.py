"""The layers inside one of `keras.applications`, which no program lists: their classes and names, as Keras has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bslint.analysis import settings
from bslint.analysis.values import Items, Known, Object, Value, is_none, known_int
from bslint.memory.network import UNREAD

if TYPE_CHECKING:
    from bslint.analysis.interpreter import Interpreter
    from bslint.memory.network import Network

_INPUT = "keras.layers.InputLayer"


class Inner(NamedTuple):
    """A layer of an application: its class, its name, and whether the others up to it all lead to it."""

    kind: str
    name: str
    ends: bool


def listed(it: Interpreter, owner: Object) -> tuple[Inner, ...] | None:
    """The layers of an application in the order of Keras's `layers`, None when they are not known."""
    if owner.key not in it.applications:
        it.applications[owner.key] = _listed(it, owner)
    return it.applications[owner.key]


def _listed(it: Interpreter, owner: Object) -> tuple[Inner, ...] | None:
    from bslint.memory.applications import application

    kind, config, missing = settings.configuration(it, owner, owner.call) if owner.call is not None else ("", {}, [])
    config.pop("freezing", None)
    if not kind or any(not one.number for one in missing):
        return None
    network = application(kind, config)
    return _of(network) if network is not None else None


def _of(network: Network) -> tuple[Inner, ...]:
    needed: list[set[int]] = []
    found: list[Inner] = []
    places: set[int] = set()
    for place, step in enumerate(network.steps):
        needed.append({place}.union(*(needed[source] for source in step.inputs)))
        if step.layer is not None or place == 0:
            places.add(place)
            found.append(Inner(step.kind if place else _INPUT, step.name, places <= needed[place]))
    return tuple(found)


def numbers(it: Interpreter, owner: Object, which: Value) -> list[int] | None:
    """The numbers of the layers that are meant: all for None, one for a number or a name, some for a slice."""
    known = listed(it, owner)
    if known is None:
        return None
    every = range(len(known))
    if is_none(which):
        return list(every)
    if isinstance(which, Items):
        bounds = [settings.literal(it, one) for one in which.items]
        plain = all(bound is None or type(bound) is int for bound in bounds) and UNREAD not in bounds
        return list(every[slice(*bounds)]) if len(bounds) == 3 and plain else None
    at = known_int(which)
    if at is not None:
        return [every[at]] if -len(known) <= at < len(known) else None
    named = [number for number in every if isinstance(which, Known) and known[number].name == which.value]
    return named if len(named) == 1 else None


def one(it: Interpreter, owner: Object, which: Value) -> Inner | None:
    """The layer that is meant, None when that are several or it is not known."""
    found = numbers(it, owner, which) if not is_none(which) and not isinstance(which, Items) else None
    known = listed(it, owner)
    return known[found[0]] if found and known is not None else None
