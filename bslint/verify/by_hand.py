"""A trial of a hand-written training loop: it runs as it stands, over some synthetic batches. Runs in the child."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from bslint.verify import worker
from bslint.verify.stand_ins import StandIns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bslint.verify.device import Device

# Samples of the data set that tells what a batch is like.
_SAMPLES = 64


class UnknownBatchError(Exception):
    """What a loop goes over does not tell what its batches are like."""


class Batches:
    """Gives a loop its batches, and measures what it does with each.

    Args:
        size: samples in a batch.
        steps: how many batches.
        device: whose allocator is read.
        say: is told of each step.
    """

    def __init__(self, size: int, steps: int, device: Device, say: Callable[[str], None]) -> None:
        self.size = size
        self.steps = steps
        self.device = device
        self.say = say
        self.peaks: list[int] = []
        self.seconds: list[float] = []

    def __call__(self, data: Any) -> Iterator[Any]:
        """Batches like those of a data set."""
        batch = self._like(data)
        for number in range(self.steps):
            self.say(f"step {number + 1}")
            self.device.reset()
            began = time.monotonic()
            yield batch
            self.seconds.append(round(time.monotonic() - began, 3))
            self.peaks.append(self.device.peak())

    def _like(self, data: Any) -> Any:
        import tensorflow as tf

        if not isinstance(data, tf.data.Dataset):
            raise UnknownBatchError(f"the loop goes over a `{type(data).__name__}`, which does not tell its batches")
        specs = tf.nest.flatten(data.element_spec)
        if any(spec.shape.rank is None or None in spec.shape[1:] for spec in specs):
            specs = tf.nest.flatten(next(iter(data.take(1))))
        parts = [self._tensor(spec) for spec in specs]
        return tf.nest.pack_sequence_as(data.element_spec, parts)

    def _tensor(self, spec: Any) -> Any:
        import tensorflow as tf

        shape = [self.size, *spec.shape[1:]] if spec.shape.rank else []
        if spec.dtype.is_floating:
            return tf.cast(tf.random.uniform(shape), spec.dtype)
        return tf.fill(shape, "sample") if spec.dtype == tf.string else tf.zeros(shape, spec.dtype)


def run(request: dict[str, Any], device: Device, say: Callable[[str], None]) -> Batches:
    """Run a program with a training loop.

    Args:
        request: `loop`, the program; `batch_size`, `steps`.
        device: whose allocator is read.
        say: is told of each step.
    """
    batches = Batches(int(request["batch_size"]), max(2, int(request.get("steps", 3))), device, say)
    stand_ins = StandIns(_SAMPLES, "images", tables="pandas" in request["loop"])
    with stand_ins.installed():
        worker.executed(request["loop"], {"bslint_stand_in": stand_ins.named, "bslint_batches": batches})
    if not batches.peaks:
        raise UnknownBatchError("the loop was not reached")
    return batches
