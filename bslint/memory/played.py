"""The operations of a step with TensorFlow's allocator under them, as it is on a CPU.

There it hands out free pieces whole that are up to twice as large as asked. That matters for whole tensors; what is
many small pieces (the time steps of loops, what a kernel takes meanwhile) is counted as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bslint.memory.allocator import Allocator
from bslint.memory.tape import is_free

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from bslint.memory.allocator import Chunk
    from bslint.memory.tape import Buffer, Operation, Tape

# The allocator finds its pieces in the first step.
_STEPS = 2


def allocated(sizes: Iterable[int]) -> int:
    """The bytes in use after allocations of these sizes in this order."""
    allocator = Allocator()
    for size in sizes:
        allocator.take(size)
    return allocator.in_use


def peak(tape: Tape, batch: int, loops: Container[int], entering: int) -> int:
    """The most bytes that the operations of a step have allocated at one moment, above those of its input.

    Args:
        tape: the operations.
        batch: the batch size.
        loops: the steps of the network that are loops.
        entering: bytes of the input.
    """
    allocator = Allocator()
    if entering:
        allocator.take(entering)
    base = allocator.in_use
    for _ in range(_STEPS):
        allocator.peak = base
        _Step(allocator, batch, loops).run(tape.operations)
    return allocator.peak - base


class _Step:
    """One step.

    Args:
        allocator: where it gets its memory.
        batch: the batch size.
        loops: the steps of the network that are loops.
    """

    def __init__(self, allocator: Allocator, batch: int, loops: Container[int]) -> None:
        self._allocator = allocator
        self._batch = batch
        self._loops = loops
        self._held: dict[int, Chunk | int] = {}
        self._taken: set[int] = set()

    def run(self, operations: list[Operation]) -> None:
        """All operations in their order; then nothing is left."""
        ends: dict[int, list[Buffer]] = {}
        for position, operation in enumerate(operations):
            for place, buffer in enumerate(operation.writes):
                self._make(operation, position, place, buffer)
                ends.setdefault(max(buffer.last, position), []).append(buffer)
            scratch = operation.scratch(self._batch) if operation.scratch is not None else 0
            meanwhile = operation.temporary.at(self._batch) + scratch
            self._count(meanwhile)
            self._count(-meanwhile)
            for buffer in ends.pop(position, ()):
                self._drop(buffer)
        for left in ends.values():
            for buffer in left:
                self._drop(buffer)

    def _make(self, operation: Operation, position: int, place: int, buffer: Buffer) -> None:
        source, size = operation.reuse, buffer.size.at(self._batch)
        whole = place == 0 and operation.step not in self._loops
        if place == 0 and source is not None and is_free(source, buffer, position, self._taken):
            self._taken.add(id(source))
            if id(source) in self._held:
                self._held[id(buffer)] = self._held.pop(id(source))
        elif size > 0 and whole:
            self._held[id(buffer)] = self._allocator.take(size)
        elif size > 0:
            self._held[id(buffer)] = size
            self._count(size)

    def _count(self, size: int) -> None:
        self._allocator.in_use += size
        self._allocator.peak = max(self._allocator.peak, self._allocator.in_use)

    def _drop(self, buffer: Buffer) -> None:
        held = self._held.pop(id(buffer), 0)
        if isinstance(held, int):
            self._count(-held)
        else:
            self._allocator.give(held)
