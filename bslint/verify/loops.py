"""Loops of a graph: the results that they grow by an element in every turn. Runs in the child."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bslint.verify import kernels
from bslint.verify.graph import LOOPS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bslint.verify.graph import Graph, Node, Tensor

# Smaller sums that a loop carries are counters and states, not gradients of weights.
_CARRIED = 32 << 10
_DEPTH = 3


class Result(NamedTuple):
    """What a loop makes.

    Args:
        size: bytes of its own.
        pieces: in so many equal parts, each allocated by itself.
        given: it is what the loop was given at this place.
        like: its elements are those of an earlier result.
    """

    size: int
    pieces: int = 1
    given: int | None = None
    like: int | None = None


class Loop:
    """A loop's results, and the memory that its turns hold together.

    Args:
        node: the loop.
        plan: the graph that it is in.
        threads: of the machine.

    Attributes:
        body: what runs in every turn.
        results: what it makes.
        carried: bytes of each of the sums that turns running side by side hold.
    """

    def __init__(self, node: Node, plan: Graph, threads: int) -> None:
        self.body = plan.function(node.attributes["body"])
        self.results: list[Result] = []
        self._turns = _turns(node, plan)
        listed: dict[Tensor, int] = {}
        summed: list[Tensor] = []
        for place, result in enumerate(node.outputs):
            ended = self.body.outputs[place]
            root = _origin(ended)
            if result.dtype == "resource" or root.node.kind == "Placeholder":
                self.results.append(Result(0, given=place))
            elif result.dtype == "variant":
                self.results.append(self._list(_element(root), place, listed))
            else:
                if root.node.kind in {"AddV2", "AddN"} and (ended.size or 0) >= _CARRIED:
                    summed.append(ended)
                self.results.append(Result(ended.size or 0))
        together = max(1, min(node.attributes["parallel_iterations"], self._behind(self._turns, summed, threads)))
        self.carried = [one.size or 0 for one in summed] * together

    def _list(self, element: Tensor | None, place: int, listed: dict[Tensor, int]) -> Result:
        """A list that grows by an element in every turn; many lists may hold the same elements."""
        first = self._first(element) if element is not None else None
        if element is None or first is None:
            return Result(0)
        if first in listed:
            return Result(0, like=listed[first])
        if first.node.kind == "TensorListGetItem" and (given := self._given(first.node.inputs[0])) is not None:
            return Result(0, given=given)
        listed[first] = place
        return Result(self._turns * (element.size or 0), self._turns)

    def _given(self, tensor: Tensor) -> int | None:
        """Where a loop was given what is the same in every turn."""
        place = next((place for place, one in enumerate(self.body.inputs) if one is tensor), None)
        return place if place is not None and _origin(self.body.outputs[place]) is tensor else None

    def _behind(self, turns: int, summed: list[Tensor], threads: int) -> int:
        """How many turns the sums fall behind: nothing waits for them, and other threads work on them."""
        if threads < 2:  # one does all in turn
            return 0
        state = [one for one in self.body.outputs if one not in summed]
        chain = _needed(state)
        alone = sum(kernels.seconds(node) for node in _needed(summed) - chain)
        others = sum(kernels.seconds(node) for node in chain)
        return round(turns * max(0.0, 1 - others * (threads - 1) / alone)) if alone else 0

    def _first(self, tensor: Tensor, depth: int = 0) -> Tensor | None:
        """Where an element comes from; None for what is the same in every turn."""
        # A weight that is read in every turn is one buffer, however many lists it is put in.
        while (tensor.node.kind in kernels.ALIASES or tensor.node.kind == "ReadVariableOp") and tensor.node.inputs:
            tensor = tensor.node.inputs[0]
        place = next((place for place, one in enumerate(self.body.inputs) if one is tensor), None)
        if place is None or depth > _DEPTH:
            return tensor
        if tensor.dtype == "resource" or _origin(self.body.outputs[place]) is tensor:
            return None
        return self._first(self.body.outputs[place], depth + 1)


def _needed(tensors: list[Tensor]) -> set[Node]:
    """What makes some tensors."""
    pending = [tensor.node for tensor in tensors]
    found: set[Node] = set()
    while pending:
        node = pending.pop()
        if node not in found:
            found.add(node)
            pending += [tensor.node for tensor in node.inputs] + node.controls
    return found


def _turns(node: Node, plan: Graph) -> int:
    """How often a loop runs: the largest constant that it is given, or for a backward loop its forward one."""
    found = max(_constants(node), default=0)
    if not found:
        others = (one for one in plan.nodes if one.kind in LOOPS and one is not node)
        found = max((number for loop in others for number in _constants(loop)), default=0)
    return found or 1


def _origin(tensor: Tensor) -> Tensor:
    while tensor.node.kind == "Identity":
        tensor = tensor.node.inputs[0]
    return tensor


def _element(tensor: Tensor) -> Tensor | None:
    """What a loop adds to a list in every turn."""
    if tensor.node.kind == "TensorListPushBack":
        return tensor.node.inputs[1]
    return tensor.node.inputs[2] if tensor.node.kind == "TensorListSetItem" else None


def _constants(node: Node) -> Iterator[int]:
    for tensor in node.inputs:
        if tensor.dtype == "int32" and tensor.shape == () and (value := tensor.node.attributes.get("value")):
            yield value
