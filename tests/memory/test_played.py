"""A CPU's allocator hands out pieces whole: tensors cost more than their bytes, small pieces do not."""

import pytest

from bslint.memory.played import allocated, peak
from bslint.memory.tape import Primitive, Tape

MIB = 2**20


def tape(elements):
    made = Tape()
    made.run(Primitive(elements, forward="new"), [made.source()], 4)
    return made


@pytest.mark.parametrize(("batch", "mib"), [(64, 64), (78, 128), (128, 128)])
def test_a_tensor_gets_the_whole_of_a_free_piece(batch, mib):
    assert peak(tape(MIB // 4), batch, frozenset(), 0) == mib * MIB


def test_what_a_loop_makes_is_small_pieces():
    assert peak(tape(MIB // 4), 78, {0}, 0) == 78 * MIB


def test_the_input_is_there_but_does_not_count():
    assert peak(tape(MIB // 4), 64, frozenset(), 40 * MIB) == 64 * MIB


def test_what_lasts():
    assert allocated([3 * MIB]) == 4 * MIB
