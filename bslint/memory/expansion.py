"""Networks with those of `keras.applications` in them written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from bslint.memory.applications import application
from bslint.memory.layers import shapes
from bslint.memory.network import needed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bslint.memory.call import Outputs
    from bslint.memory.network import Network, Step

_PREFIX = "keras.applications."


def expanded(network: Network) -> Network:
    """The network with the layers of each application in its place, as far as the application is known.

    Of the arguments of such a step `freezing` says which of its layers are trained: pairs of which ones (an index, a
    slice, a name, None for all) and whether, in the order in which they are set.
    """
    if not any(step.kind.startswith(_PREFIX) for step in network.steps):
        return network
    writer = _Writer()
    for step in network.steps:
        writer.write(step)
    outputs = tuple(writer.places[place] for place in network.outputs)
    kept = tuple(writer.places[place] for place in network.kept)
    return _without_unused(msgspec.structs.replace(network, steps=tuple(writer.steps), outputs=outputs, kept=kept))


def _without_unused(network: Network) -> Network:
    """The network without the layers of applications that lead to nothing that is an output or kept."""
    left = needed(network.steps, (*network.outputs, *network.kept))
    places = {old: new for new, old in enumerate(left)}
    steps = (network.steps[old] for old in places)
    return msgspec.structs.replace(
        network,
        steps=tuple(
            msgspec.structs.replace(step, inputs=tuple(places[place] for place in step.inputs)) for step in steps
        ),
        outputs=tuple(places[place] for place in network.outputs),
        kept=tuple(places[place] for place in network.kept),
    )


class _Writer:
    """Writes a network anew.

    Args:
        steps: the steps written.
        places: where each step of the network that is read has its result.
        parts: for each step that is an application, where its layers are; its input first.
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.places: list[int] = []
        self.parts: dict[int, list[int]] = {}
        self._outputs: list[Outputs | None] = []
        self._layers: dict[int | None, int] = {}

    def write(self, step: Step) -> None:
        """Add a step of the network that is read."""
        inputs = tuple(self.places[place] for place in step.inputs)
        if step.kind in {"part", "part's input"}:
            found = self._part(step)
            if found is not None:
                self.places.append(found)
                return
        shape = self._outputs[inputs[0]] if inputs else None
        if step.kind.startswith(_PREFIX) and isinstance(shape, tuple):
            config = {name: value for name, value in step.config.items() if name != "freezing"}
            inner = application(step.kind, config, shape)
            if inner is not None:
                self._inline(step, inner, inputs[0])
                return
        self.places.append(self._add(msgspec.structs.replace(step, inputs=inputs)))

    def _add(self, step: Step) -> int:
        self.steps.append(step)
        self._outputs.append(shapes(step, [self._outputs[place] for place in step.inputs]))
        return len(self.steps) - 1

    def _inline(self, step: Step, inner: Network, start: int) -> None:
        """Write the layers of an application; a second call of it shares their weights."""
        first = self._layers.setdefault(step.layer, -1000 * (len(self._layers) + 1))
        trained = _trained(step, inner)
        at = [start]
        for place, each in enumerate(inner.steps[1:], 1):
            changed = msgspec.structs.replace(
                each,
                inputs=tuple(at[source] for source in each.inputs),
                layer=None if each.layer is None else first - each.layer,
                trainable=trained[place],
                policy=step.policy,
                origin=step.origin,
            )
            at.append(self._add(changed))
        self.parts[len(self.places)] = at
        self.places.append(at[inner.outputs[0]])

    def _part(self, step: Step) -> int | None:
        """Where a layer of an application has its result, or its input."""
        whole = step.inputs[0] if step.inputs else None
        at = self.parts.get(whole) if whole is not None else None
        if at is None:
            return None
        listed = [place for place in at if self.steps[place].layer is not None or place == at[0]]
        which = step.config.get("layer")
        if isinstance(which, str):
            named = [place for place in listed if self.steps[place].name == which]
        else:
            named = listed[which : which + 1 or None] if isinstance(which, int) else []
        if not named:
            return None
        if step.kind == "part":
            return named[0]
        inputs = self.steps[named[0]].inputs
        return inputs[0] if len(inputs) == 1 else None


def _trained(step: Step, inner: Network) -> list[bool]:
    """For each step of an application whether it is trained."""
    result = [step.trainable] * len(inner.steps)
    # the layers as Keras lists them: operations are none
    listed = [place for place, each in enumerate(inner.steps) if each.layer is not None or place == 0]
    for which, value in step.config.get("freezing", ()):
        for place in _chosen(listed, which, inner.steps):
            result[place] = value
    return result


def _chosen(listed: list[int], which: Any, steps: Sequence[Step]) -> list[int]:
    if which is None:
        return listed
    if isinstance(which, slice):
        return listed[which]
    if isinstance(which, str):
        return [place for place in listed if steps[place].name == which]
    return listed[which : which + 1 or None]
