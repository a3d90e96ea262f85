"""The memory of a graph while TensorFlow's executor runs it: which buffers are alive when. Runs in the child.

A buffer lives until its last reader is done; operations that run in place take over the buffer of their input. The
order is the executor's own. On a CPU every thread of its pool runs what it made ready last, and takes from another one
what that one made ready first; cheap operations run at once. On a GPU launching a kernel is cheap, and one thread runs
all of them, first in, first out.
"""

from __future__ import annotations

import collections
import heapq
from typing import TYPE_CHECKING

from bslint.verify import kernels, loops
from bslint.verify.graph import LOOPS, rounded

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from bslint.memory.allocator import Allocator, Chunk
    from bslint.verify.graph import Graph, Node, Tensor

_ASSIGNS = frozenset(("AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp"))
# The worst error of a trace that benchmarks/calibration publishes, for the zoo.
ERROR_BAND = 0.13
# The spread of how long an operation takes, as that of its logarithm: of 0, 0.3, 0.5 and 0.6 the one with the smallest
# errors on most sets of benchmarks/calibration; profiles of a busy machine showed more, 1 to 3.6.
_UNEVEN = 0.6
# What more operations than so many wait for lets them go in any order: `graph.h` keeps so many edges in theirs, and
# beyond that by their addresses, which are others in each process.
_IN_ORDER = 64
_CALLS = frozenset(("PartitionedCall", "StatefulPartitionedCall"))


class Buffer:
    """Bytes, in equal pieces, that are alive while they have readers; `outside` are those of variables and inputs."""

    __slots__ = ("chunks", "name", "outside", "pieces", "readers", "size")

    def __init__(self, size: int, name: str, pieces: int = 1, *, outside: bool = False) -> None:
        self.size = size
        self.pieces = pieces
        self.name = name
        self.outside = outside
        self.readers = 0
        self.chunks: list[Chunk] = []


class Machine:
    """What runs a graph.

    Args:
        threads: of the executor's pool; 0 for a device that takes its operations from one queue, as a GPU does.
        scratch: whether the scratch space of a CPU's convolutions counts.
        last_cache: bytes of a CPU's last cache, which that of 3D convolutions hangs on; 0 where that is not known.
    """

    def __init__(self, threads: int, *, scratch: bool, last_cache: int = 0) -> None:
        self.threads = threads
        self.scratch = scratch
        self.last_cache = last_cache


class _Worker:
    """A thread with what it runs next, and the operations that wait in its queue."""

    def __init__(self) -> None:
        self.inline: collections.deque[Node] = collections.deque()
        self.queue: collections.deque[Node] = collections.deque()
        self.busy = False


class Schedule:
    """A graph that is run again and again.

    Args:
        plan: the graph.
        machine: what runs it.
        allocator: what the buffers are allocated from, None for no allocator.
        variables: bytes of every variable, in the order in which they were made.

    Attributes:
        peak: bytes of the buffers that were alive at the worst moment of any run, without variables and inputs.
        alive: bytes by the operation that made them, at the moment of the snapshot.
        pieces: bytes of every buffer that was alive then.
        unsized: how often an operation's result had no known shape.
    """

    def __init__(
        self, plan: Graph, machine: Machine, *, allocator: Allocator | None = None, variables: Iterable[int] = ()
    ) -> None:
        self.plan = plan
        self.machine = machine
        self.allocator = allocator
        self.peak = 0
        self.alive: dict[str, int] = {}
        self.pieces: list[int] = []
        self.unsized: collections.Counter[str] = collections.Counter()
        self._snapshot: int | None = None
        self._now = 0
        self._live: dict[int, Buffer] = {}
        self._values: dict[Tensor, Buffer] = {}
        self._variables: dict[Tensor, Buffer] = {}
        self._stock: dict[int, list[Chunk]] = collections.defaultdict(list)
        self._scratch: dict[Node, list[Buffer]] = {}
        self._inside: dict[str, list[int]] = {}
        self._waiting, self._followers = _dependencies(plan.nodes)
        self._seconds = {node: kernels.seconds(node) for node in plan.nodes}
        self._uses = collections.Counter(tensor for node in plan.nodes for tensor in node.inputs)
        self._uses.update(plan.outputs)
        if allocator is not None:
            for size in variables:
                self._stock[rounded(size)].append(allocator.take(size))
        # Kernels of constants hold them from the moment that they are made.
        self._constants = {
            node: self._allocate(node.outputs[0].size or 0, node.name) for node in plan.nodes if node.kind == "Const"
        }
        for buffer in self._constants.values():
            buffer.readers += 1

    # The executor

    def run(self, snapshot: int | None = None, uneven: Random | None = None) -> None:
        """Run once.

        Args:
            snapshot: note what is alive when so many bytes are first reached.
            uneven: draws how much longer or shorter than usual operations take: no two steps of a machine are alike.
        """
        self._snapshot = snapshot
        waiting = dict(self._waiting)
        self._workers = [_Worker() for _ in range(max(1, self.machine.threads))]
        for place, node in enumerate(node for node in self.plan.nodes if not waiting[node]):
            self._workers[place % len(self._workers)].queue.append(node)
        clock = 0.0
        running: list[tuple[float, int, Node]] = []
        while True:
            for number, worker in enumerate(self._workers):
                if not worker.busy and (chosen := self._next(worker)) is not None:
                    worker.busy = True
                    self._start(chosen)
                    took = self._seconds[chosen] * (uneven.lognormvariate(0, _UNEVEN) if uneven is not None else 1)
                    heapq.heappush(running, (clock + took, number, chosen))
            if not running:
                break
            clock, number, node = heapq.heappop(running)
            worker = self._workers[number]
            worker.busy = False
            self._finish(node)
            ready = []
            followers = self._followers[node]
            if uneven is not None and len(followers) > _IN_ORDER:
                followers = uneven.sample(followers, len(followers))
            for follower in followers:
                waiting[follower] -= 1
                if not waiting[follower]:
                    ready.append(follower)
            self._schedule(worker, ready)
        for tensor in self.plan.outputs:
            self._release(self._values[tensor])
        self._values.clear()

    def _next(self, worker: _Worker) -> Node | None:
        if worker.inline:
            return worker.inline.popleft()
        if worker.queue:
            return worker.queue.popleft()
        for other in self._workers:
            if other.queue:
                return other.queue.pop()
        return None

    def _schedule(self, worker: _Worker, ready: list[Node]) -> None:
        """Run what is cheap here, and the last of the rest, too, if nothing else is to be run here."""
        if not self.machine.threads:
            worker.inline.extend(ready)
            return
        dear = []
        for node in ready:
            if node.kind in kernels.CHEAP:
                worker.inline.append(node)
            else:
                dear.append(node)
        if dear and not worker.inline:
            worker.inline.append(dear.pop())
        worker.queue.extendleft(dear)

    def _start(self, node: Node) -> None:
        given = [self._values.get(tensor) for tensor in node.inputs]
        made = self._results(node, given)
        for tensor, buffer in zip(node.outputs, made):
            self._values[tensor] = buffer
            buffer.readers += self._uses[tensor]

    def _finish(self, node: Node) -> None:
        for taken in self._scratch.pop(node, ()):
            self._free(taken)
        for tensor in node.inputs:
            if (read := self._values.get(tensor)) is not None:
                self._release(read)
        for tensor in node.outputs:
            buffer = self._values.get(tensor)
            if buffer is not None and buffer.readers == 0 and not buffer.outside and id(buffer) in self._live:
                self._free(buffer)

    # Kernels

    def _results(self, node: Node, given: list[Buffer | None]) -> list[Buffer]:
        kind = node.kind
        if kind in {"Placeholder", "VarHandleOp"}:
            return [Buffer(0, node.name, outside=True) for _ in node.outputs]
        if kind == "Const":
            return [self._constants[node]]
        if kind == "ReadVariableOp":
            return [self._variable(node.inputs[0], node.outputs[0])]
        if kind in _ASSIGNS:
            self._assign(node, given[1])
            return []
        if kind in kernels.ALIASES:
            return [
                (given[place] if place < len(given) else None) or self._allocate(tensor.size or 0, node.name)
                for place, tensor in enumerate(node.outputs)
            ]
        if kind in LOOPS:
            return self._loop(node, given)
        if kind in _CALLS:
            name = node.attributes["f"]
            body, compiled = self.plan.function(name), node.attributes.get("xla")
            self._briefly(node, [kernels.compiled_scratch(body)] if compiled else self._worst(name, body))
            return [self._allocate(tensor.size or 0, node.name) for tensor in node.outputs]
        return self._computed(node, given)

    def _computed(self, node: Node, given: list[Buffer | None]) -> list[Buffer]:
        made: list[Buffer] = []
        for place, tensor in enumerate(node.outputs):
            size = tensor.size
            if size is None:
                self.unsized[node.kind] += 1
            if tensor.dtype == "variant" and node.kind in kernels.LISTS and given[0] is not None:
                made.append(self._allocate(given[0].size, node.name, _elements(node, given[0])))
                continue
            taken = self._taken_over(node, place, given, size) if size else None
            made.append(taken or self._allocate(size or 0, node.name))
        if self.machine.scratch:
            self._briefly(node, [kernels.scratch(node, self.machine.last_cache)])
        return made

    def _taken_over(self, node: Node, output: int, given: list[Buffer | None], size: int) -> Buffer | None:
        """An input's buffer, when this operation is its only reader and runs in place."""
        to, places = kernels.IN_PLACE.get(node.kind, (0, ()))
        for place in places if to == output else ():
            buffer = given[place] if place < len(given) else None
            if buffer is not None and not buffer.outside and buffer.size == size and buffer.readers == 1:
                return buffer
        return None

    def _loop(self, node: Node, given: list[Buffer | None]) -> list[Buffer]:
        plan = loops.Loop(node, self.plan, self.machine.threads)
        made: list[Buffer] = []
        for place, result in enumerate(plan.results):
            kept = given[result.given] if result.given is not None else None
            if result.like is not None:
                kept = made[result.like]
            elif result.pieces > 1 and (before := given[place]) is not None and before.size >= result.size:
                kept = before  # the elements of a list that was given are replaced one by one
            made.append(kept or self._allocate(result.size, f"{node.name}:{place}", result.pieces))
        self._briefly(node, [*self._worst(node.attributes["body"], plan.body), *plan.carried])
        return made

    def _worst(self, name: str, body: Graph) -> list[int]:
        """Bytes of a function's own buffers at its worst moment."""
        if name not in self._inside:
            schedule = Schedule(body, self.machine)
            schedule.run()
            schedule.run(snapshot=schedule.peak)
            self._inside[name] = schedule.pieces
        return self._inside[name]

    # Variables

    def _variable(self, handle: Tensor, value: Tensor) -> Buffer:
        buffer = self._variables.get(handle)
        if buffer is None:
            size = value.size or 0
            buffer = self._variables[handle] = Buffer(size, "variable", outside=True)
            buffer.readers = 1
            buffer.chunks = [self._stock[size].pop()] if self._stock[size] else []
        return buffer

    def _assign(self, node: Node, value: Buffer | None) -> None:
        handle = node.inputs[0]
        held = self._variable(handle, node.inputs[1])
        if node.kind != "AssignVariableOp":
            if held.readers > 1:  # somebody still reads the old value: it is copied first
                self._replace(handle, held, self._allocate(held.size, node.name))
        elif value is not None and not value.outside:
            self._replace(handle, held, value)
        else:
            self._replace(handle, held, self._allocate(node.inputs[1].size or 0, node.name))

    def _replace(self, handle: Tensor, held: Buffer, new: Buffer) -> None:
        """Let a variable have another buffer: the old one lives as long as it has readers."""
        new.readers += 1
        self._withdraw(new)
        self._variables[handle] = new
        held.outside = False
        self._now += held.size
        self._live[id(held)] = held
        self._release(held)

    def _withdraw(self, buffer: Buffer) -> None:
        """A variable's buffer is not of the step."""
        buffer.outside = True
        self._now -= buffer.size
        self._live.pop(id(buffer), None)

    # Buffers

    def _allocate(self, size: int, name: str, pieces: int = 1) -> Buffer:
        buffer = Buffer(size, name, pieces)
        self._now += size
        self._live[id(buffer)] = buffer
        if self.allocator is not None and size:
            buffer.chunks = [self.allocator.take(size // pieces) for _ in range(pieces)]
        self._reached(self._now, name)
        return buffer

    def _briefly(self, node: Node, sizes: list[int]) -> None:
        """Bytes that are needed while an operation runs."""
        self._scratch[node] = [self._allocate(size, node.name) for size in sizes if size > 0]

    def _release(self, buffer: Buffer) -> None:
        buffer.readers -= 1
        if buffer.readers == 0 and not buffer.outside:
            self._free(buffer)

    def _free(self, buffer: Buffer) -> None:
        self._now -= buffer.size
        self._live.pop(id(buffer), None)
        if self.allocator is not None:
            for chunk in buffer.chunks:
                self.allocator.give(chunk)
            buffer.chunks = []

    def _reached(self, total: int, name: str) -> None:
        self.peak = max(self.peak, total)
        if self._snapshot is None or total < self._snapshot or self.alive:
            return
        counted: collections.Counter[str] = collections.Counter()
        for buffer in self._live.values():
            counted[buffer.name] += buffer.size
        self.alive = +counted
        self.pieces = [buffer.size for buffer in self._live.values()]


def _elements(node: Node, given: Buffer) -> int:
    """How many tensors are in a list."""
    shape = node.inputs[0].shape
    return max(1, shape[0]) if node.kind == "TensorListFromTensor" and shape else given.pieces


def _dependencies(nodes: list[Node]) -> tuple[dict[Node, int], dict[Node, list[Node]]]:
    waiting: dict[Node, int] = {}
    followers: dict[Node, list[Node]] = {node: [] for node in nodes}
    for node in nodes:
        before = [*(tensor.node for tensor in node.inputs), *node.controls]
        waiting[node] = len(before)
        for one in before:
            followers[one].append(node)
    return waiting, followers
