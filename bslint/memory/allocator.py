"""TensorFlow's best-fit-with-coalescing allocator, played on numbers.

After tensorflow/core/framework/bfc_allocator: blocks of 256 bytes, the smallest free chunk that fits, split when at
least half of it (or 128 MiB) would be left over, joined with free neighbours when it comes back, regions that double.
"""

from __future__ import annotations

import bisect
from typing import TypeAlias

_GRANULARITY = 256
_FIRST_REGION = 2 << 20
_LARGEST_WASTE = 128 << 20
# Regions lie apart, so that chunks of two of them never look like neighbours.
_GAP = 1 << 40

Chunk: TypeAlias = "tuple[int, int]"


class FullError(Exception):
    """No piece that is free is large enough, and there is no room for another region."""


class Allocator:
    """Hands out chunks `(address, bytes)`; `in_use` and `peak` are bytes.

    Args:
        limit: bytes of all regions together; None for no limit.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self.in_use = 0
        self.peak = 0
        self._free: list[tuple[int, int]] = []  # (bytes, address), sorted
        self._starts: dict[int, int] = {}  # address: bytes
        self._ends: dict[int, int] = {}  # address behind: address
        self._region = _FIRST_REGION
        self._next = 0
        self._reserved = 0

    def take(self, size: int) -> Chunk:
        """Allocate at least so many bytes.

        Raises:
            FullError: there is no room.
        """
        size = max(_GRANULARITY, -(-size // _GRANULARITY) * _GRANULARITY)
        place = bisect.bisect_left(self._free, (size, -1))
        if place == len(self._free):
            self._extend(size)
            place = bisect.bisect_left(self._free, (size, -1))
        found, address = self._free.pop(place)
        del self._starts[address], self._ends[address + found]
        if found >= 2 * size or found - size >= _LARGEST_WASTE:
            self._put(address + size, found - size)
            found = size
        self.in_use += found
        self.peak = max(self.peak, self.in_use)
        return address, found

    def give(self, chunk: Chunk) -> None:
        """Take back a chunk."""
        address, size = chunk
        self.in_use -= size
        if address + size in self._starts:
            size += self._drop(address + size)
        if address in self._ends:
            before = self._ends[address]
            size += self._drop(before)
            address = before
        self._put(address, size)

    def _extend(self, size: int) -> None:
        grown = self._region < size
        while self._region < size:
            self._region *= 2
        length = self._region if self.limit is None else min(self._region, self.limit - self._reserved)
        if length < size:
            raise FullError
        self._put(self._next, length)
        self._reserved += length
        self._next += length + _GAP
        if not grown:
            self._region *= 2

    def _put(self, address: int, size: int) -> None:
        bisect.insort(self._free, (size, address))
        self._starts[address] = size
        self._ends[address + size] = address

    def _drop(self, address: int) -> int:
        size = self._starts.pop(address)
        del self._ends[address + size]
        self._free.pop(bisect.bisect_left(self._free, (size, address)))
        return size
