"""Scratch that TensorFlow's kernels take on a CPU while they compute gradients.

Convolutions: from the sources of TensorFlow 2.21 (`conv_grad_filter_ops.cc`, `conv_grad_input_ops.h`,
`conv_grad_ops_3d.cc`): images are unrolled in groups that fill 30 MiB (in 3D the processor's last cache, unless that is
more than 25 times what all the operands take). A GPU has other workspaces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

# Grappler takes a CPU for a device of 256 MiB; where it expects to need more than four fifths of that, it adds many
# tensors up as they come instead of when all are there (`memory_optimizer.cc`). In eager mode the tape does so from
# 128 MiB on (`tape.h`).
CROWDED = 256 * 2**20 * 4 // 5
EAGER_SUM = 128 * 2**20
# MEASURED by benchmarks/calibration (tagger): the part of them that is there at the same time even so; it differs from
# step to step, 0.3 to 0.7.
WAITING = 0.5
WORKING_SET = 30 * 2**20 // 4
# The last cache of the machine that most records were measured on, as its kernel reports it; the others say theirs.
LAST_CACHE = 384 * 2**20 // 4
SMALLEST_UNIT = 256 * 2**10 // 4
OVERHEAD = 25
THREADS = 2


class Convolution(NamedTuple):
    """The sizes that decide a convolution's scratch, in elements.

    Args:
        places: spatial positions of the output.
        window: elements under the kernel, input channels included.
        channels: output channels.
        image: elements of the input per sample.
        rank: spatial axes.
        last_cache: elements that the processor's last cache holds; 0 for `LAST_CACHE`.
    """

    places: int
    window: int
    channels: int
    image: int
    rank: int = 2
    last_cache: int = 0

    def _group(self) -> int:
        return -(-((self.last_cache or LAST_CACHE) if self.rank == 3 else WORKING_SET) // max(self._unit(), 1))

    def _unit(self) -> int:
        return self.places * self.window + self.places * self.channels + self.window * self.channels

    def _bytes(self, group: int, batch: int) -> int:
        column = group * self.places * self.window
        operands = batch * (self.image + self.places * self.channels) + self.window * self.channels
        return 0 if self.rank == 3 and column // max(operands, 1) > OVERHEAD else 4 * column

    def weights(self, batch: int) -> int:
        """Bytes while the gradient of the kernel is computed."""
        return self._bytes(self._group(), batch)

    def input(self, batch: int) -> int:
        """Bytes while the gradient of the input is computed."""
        alone = batch == 1 or (self.rank < 3 and self._unit() // THREADS >= SMALLEST_UNIT)
        return self._bytes(1 if alone else self._group(), batch)


def dense_kernel(kernel: int, groups: int) -> Callable[[int], int]:
    """What XLA, which runs grouped convolutions, takes on a CPU: it spreads the kernel over all groups, with a mask."""
    size = 2 * 4 * kernel * groups
    return lambda _: size


def summed(every: int) -> Callable[[int], int]:
    """What the terms of a sum of many tensors take until they are added up, of so many bytes per sample in all."""
    return lambda batch: every * batch if every * batch <= CROWDED else round(WAITING * every * batch)


def summed_eagerly(every: int) -> Callable[[int], int]:
    """The same in eager mode."""
    return lambda batch: min(every * batch, EAGER_SUM)
