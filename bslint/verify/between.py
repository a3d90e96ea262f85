"""Steps of batch sizes that were not traced, from two that were: each length lies on a line. In the child."""

from __future__ import annotations

from typing import NamedTuple

from bslint.verify.graph import Graph, Node, Tensor

_CALLED = ("body", "f")


class Line(NamedTuple):
    """Two batch sizes that were traced, and one that lies on the line through them."""

    first: int
    second: int
    batch: int

    def at(self, first: int, second: int) -> int:
        """A length, from what it was in both; where it is no whole number, the next one."""
        return first - (first - second) * (self.batch - self.first) // (self.second - self.first)


class UnlikeError(Exception):
    """The graphs differ in more than their lengths: their sizes let TensorFlow rewrite them in other ways."""


def between(first: Graph, second: Graph, line: Line) -> Graph:
    """The graph of a batch size.

    Args:
        first: the graph of the line's first batch size.
        second: that of its second one.
        line: says which batch size is wanted.

    Raises:
        UnlikeError: one graph does not follow from the other.
    """
    if len(first.nodes) != len(second.nodes):
        raise UnlikeError
    made: dict[Node, Node] = {}
    bodies: dict[str, Graph] = {}
    for one, other in zip(first.nodes, second.nodes):
        made[one] = _node(one, other, line, made)
        for name in _CALLED:
            if name in one.attributes and one.attributes[name] not in bodies:
                body, same = first.function(one.attributes[name]), second.function(other.attributes[name])
                bodies[one.attributes[name]] = between(body, same, line)

    def tensor(one: Tensor, other: Tensor) -> Tensor:
        node = made.get(one.node)
        return node.outputs[one.node.outputs.index(one)] if node is not None else _tensor(one.node, one, other, line)

    inputs = [tensor(*pair) for pair in zip(first.inputs, second.inputs)]
    outputs = [tensor(*pair) for pair in zip(first.outputs, second.outputs)]
    return Graph(list(made.values()), inputs, outputs, bodies.__getitem__)


def _node(one: Node, other: Node, line: Line, made: dict[Node, Node]) -> Node:
    if (one.name, one.kind, len(one.outputs)) != (other.name, other.kind, len(other.outputs)):
        raise UnlikeError
    if [tensor.node.name for tensor in one.inputs] != [tensor.node.name for tensor in other.inputs]:
        raise UnlikeError
    inputs = [made[tensor.node].outputs[tensor.node.outputs.index(tensor)] for tensor in one.inputs]
    node = Node(one.name, one.kind, inputs, [made[before] for before in one.controls])
    node.outputs = [_tensor(node, *pair, line) for pair in zip(one.outputs, other.outputs)]
    node.attributes = dict(one.attributes)
    if "value" in one.attributes:
        node.attributes["value"] = line.at(one.attributes["value"], other.attributes["value"])
    return node


def _tensor(node: Node, one: Tensor, other: Tensor, line: Line) -> Tensor:
    if one.shape is None or other.shape is None:
        return Tensor(node, one.dtype, None, one.width)
    if len(one.shape) != len(other.shape):
        raise UnlikeError
    return Tensor(node, one.dtype, tuple(map(line.at, one.shape, other.shape)), one.width)
