"""The allocator: what it hands out never overlaps, and comes back whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bslint.memory.allocator import Allocator, FullError

SIZES = st.integers(1, 5_000_000)


def test_blocks_are_rounded():
    allocator = Allocator()
    allocator.take(1)
    assert allocator.in_use == 256
    allocator.take(257)
    assert allocator.in_use == 768


def test_a_chunk_that_is_hardly_too_large_is_not_split():
    allocator = Allocator()
    left, _ = allocator.take(1 << 18), allocator.take(1 << 10)
    allocator.give(left)
    assert allocator.take(200_000)[1] == 1 << 18


def test_neighbours_are_joined():
    allocator = Allocator()
    chunks = [allocator.take(1 << 19) for _ in range(4)]  # a region of 2 MiB, full
    for chunk in chunks:
        allocator.give(chunk)
    assert allocator.take(1 << 21)[0] == chunks[0][0]


def test_a_limit_is_for_all_regions():
    allocator = Allocator(5 << 20)
    first = allocator.take(2 << 20)  # a region of its own; the next one would have 4 MiB, and gets what is left
    allocator.take(1 << 20)
    allocator.take(2 << 20)
    with pytest.raises(FullError):
        allocator.take(1 << 20)
    allocator.give(first)
    with pytest.raises(FullError):  # regions never join
        allocator.take(3 << 20)
    allocator.take(2 << 20)


@given(st.lists(st.tuples(SIZES, st.booleans()), max_size=60))
def test_chunks_never_overlap(requests):
    allocator = Allocator()
    held: list[tuple[int, int]] = []
    for size, release in requests:
        if release and held:
            allocator.give(held.pop(size % len(held)))
        else:
            address, found = allocator.take(size)
            assert found >= size
            assert all(address + found <= other or other + length <= address for other, length in held)
            held.append((address, found))
        assert allocator.in_use == sum(length for _, length in held) <= allocator.peak


@given(st.lists(SIZES, min_size=1, max_size=40))
def test_what_comes_back_can_be_had_again(sizes):
    allocator = Allocator()
    for chunk in [allocator.take(size) for size in sizes]:
        allocator.give(chunk)
    assert allocator.in_use == 0
    free = list(allocator._free)
    for chunk in [allocator.take(size) for size in sizes]:
        allocator.give(chunk)
    assert allocator._free == free
