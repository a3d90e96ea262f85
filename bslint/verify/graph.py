"""A TensorFlow graph as plain data: what its execution allocates hangs on no more than this. Runs in the child."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_GRANULARITY = 256
# Handles, lists and strings: their bytes are not the graph's to tell.
_UNSIZED = frozenset(("resource", "variant", "string"))
# What is read of an operation besides its inputs: names of functions, and what loops and kernels hang on.
_FUNCTIONS = ("body", "f", "then_branch")
_ATTRIBUTES = ("parallel_iterations",)
LOOPS = frozenset(("While", "StatelessWhile"))


class Tensor:
    """A result of a node.

    Args:
        node: what makes it.
        dtype: its type's name: `float32`.
        shape: None where it is not known.
        width: bytes of an element.
    """

    __slots__ = ("dtype", "node", "shape", "size", "width")

    def __init__(self, node: Node, dtype: str, shape: tuple[int, ...] | None, width: int) -> None:
        self.node = node
        self.dtype = dtype
        self.shape = shape
        self.width = width
        self.size = 0 if dtype in _UNSIZED else None if shape is None else rounded(math.prod(shape) * width)


class Node:
    """An operation.

    Args:
        name: as in the graph.
        kind: `Conv2D`.
        inputs: what it reads.
        controls: what has to be done before it.
    """

    __slots__ = ("attributes", "controls", "inputs", "kind", "name", "outputs")

    def __init__(self, name: str, kind: str, inputs: list[Tensor], controls: list[Node]) -> None:
        self.name = name
        self.kind = kind
        self.inputs = inputs
        self.controls = controls
        self.outputs: list[Tensor] = []
        self.attributes: dict[str, Any] = {}


class Graph:
    """Nodes in an order in which they could run.

    Args:
        nodes: all that have to run.
        inputs: what the graph is given.
        outputs: what is fetched.
        function: finds the body of a function by its name.
    """

    def __init__(
        self, nodes: list[Node], inputs: list[Tensor], outputs: list[Tensor], function: Callable[[str], Graph]
    ) -> None:
        self.nodes = nodes
        self.inputs = inputs
        self.outputs = outputs
        self.function = function


def rounded(size: int) -> int:
    """Bytes as the allocator hands them out."""
    return -(-size // _GRANULARITY) * _GRANULARITY


def read(graph: Any, inputs: Iterable[Any], outputs: Iterable[Any], controls: Iterable[Any], library: Any) -> Graph:
    """What has to run for some results.

    Args:
        graph: a TensorFlow graph.
        inputs: tensors that it is given.
        outputs: tensors that are fetched.
        controls: operations that have to run.
        library: the graphs that may have its functions.
    """
    bodies: dict[str, Graph] = {}

    def function(name: str) -> Graph:
        if name not in bodies:
            body = _function(name, (*library, graph))
            ends = [*body.outputs] if hasattr(body, "outputs") else []
            begins = [*body.inputs] if hasattr(body, "inputs") else []
            bodies[name] = read(body, begins, ends, getattr(body, "control_outputs", ()), (*library, graph))
        return bodies[name]

    fetched = list(outputs)
    made: dict[str, Node] = {}
    for operation in _needed(graph, [tensor.op for tensor in fetched] + list(controls)):
        before = [made[one.op.name].outputs[one.value_index] for one in operation.inputs]
        node = Node(operation.name, operation.type, before, [made[one.name] for one in operation.control_inputs])
        node.outputs = [Tensor(node, one.dtype.name, _shape(one), one.dtype.size) for one in operation.outputs]
        node.attributes = _attributes(operation)
        made[operation.name] = node

    def tensor(one: Any) -> Tensor | None:
        node = made.get(one.op.name)
        return node.outputs[one.value_index] if node is not None else None

    given = [found if (found := tensor(one)) is not None else _unread(one) for one in inputs]
    return Graph(list(made.values()), given, [found for one in fetched if (found := tensor(one))], function)


def _needed(graph: Any, pending: list[Any]) -> list[Any]:
    needed = set()
    while pending:
        operation = pending.pop()
        if operation not in needed:
            needed.add(operation)
            pending.extend(tensor.op for tensor in operation.inputs)
            pending.extend(operation.control_inputs)
    return _sorted([one for one in graph.get_operations() if one in needed])


def _sorted(operations: list[Any]) -> list[Any]:
    """In the graph's order, and what an operation reads before it."""
    done: set[Any] = set()
    result: list[Any] = []
    for first in operations:
        pending = [first]
        while pending:
            operation = pending[-1]
            before = [tensor.op for tensor in operation.inputs] + list(operation.control_inputs)
            left = [one for one in before if one not in done]
            if left:
                pending.extend(left)
                continue
            pending.pop()
            if operation not in done:
                done.add(operation)
                result.append(operation)
    return result


def _unread(tensor: Any) -> Tensor:
    """An input that nothing reads."""
    node = Node(tensor.op.name, tensor.op.type, [], [])
    return Tensor(node, tensor.dtype.name, _shape(tensor), tensor.dtype.size)


def _shape(tensor: Any) -> tuple[int, ...] | None:
    return tuple(tensor.shape.as_list()) if tensor.shape.is_fully_defined() else None


def _attributes(operation: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    definition = operation.node_def.attr
    for name in _FUNCTIONS:
        if name in definition:
            found[name] = definition[name].func.name
    for name in _ATTRIBUTES:
        if name in definition:
            found[name] = operation.get_attr(name)
    if "_XlaMustCompile" in definition:
        found["xla"] = definition["_XlaMustCompile"].b
    if operation.type == "Const":
        result = operation.outputs[0]
        if result.dtype.name in {"int32", "int64"} and result.shape.num_elements() == 1:
            found["value"] = _number(operation)
    return found


def _number(operation: Any) -> int:
    from tensorflow.python.framework import tensor_util

    return int(tensor_util.MakeNdarray(operation.get_attr("value")).item())


def _function(name: str, holders: Iterable[Any]) -> Any:
    from tensorflow.python.framework import function_def_to_graph

    for holder in holders:
        try:
            found = holder._get_function(name)
        except (AttributeError, KeyError, ValueError):
            continue
        if found is None:
            continue
        if hasattr(found, "graph"):
            return found.graph
        definition = found.function_def if hasattr(found, "function_def") else found.definition
        return function_def_to_graph.function_def_to_graph(definition)
    raise LookupError(f"the graph has no function {name}")
