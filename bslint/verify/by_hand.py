"""A trial of a hand-written training loop: it runs as it stands, over some synthetic batches. Runs in the child."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any

from bslint.verify import worker
from bslint.verify.stand_ins import StandIns
from bslint.verify.trial import is_out_of_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bslint.verify.device import Device

# Samples of the data set that tells what a batch is like.
_SAMPLES = 64


class UnknownBatchError(Exception):
    """What a loop goes over does not tell what its batches are like."""


class Drawn:
    """An iterator over one batch, for programs that draw by hand.

    TensorFlow's own would need room for copies, and takes the process with it when there is none.
    """

    def __init__(self, element_spec: Any, batch: Any) -> None:
        self.element_spec = element_spec
        self._batch = batch

    def __iter__(self) -> Drawn:
        return self

    def __next__(self) -> Any:
        return self._batch

    def get_next(self) -> Any:
        """As TensorFlow's iterators have it."""
        return self._batch

    def get_next_as_optional(self) -> Any:
        """As TensorFlow's iterators have it."""
        import tensorflow as tf

        return tf.experimental.Optional.from_value(self._batch)


class Batches:
    """Gives a loop its batches, and measures what it does with each.

    Args:
        size: samples in a batch.
        steps: how many batches.
        device: whose allocator is read.
        say: is told of each step.

    Attributes:
        peaks: bytes, of every step.
        seconds: of every step.
        evaluates: the steps are done, and the evaluation runs.
    """

    def __init__(self, size: int, steps: int, device: Device, say: Callable[[str], None]) -> None:
        self.size = size
        self.steps = steps
        self.device = device
        self.say = say
        self.peaks: list[int] = []
        self.seconds: list[float] = []
        self.evaluates = False
        self._began: float | None = None
        self._known = False

    def over(self, data: Any) -> Iterator[Any]:
        """Batches like those of a data set: what a loop over it goes over instead."""
        batch = self._like(data, self.size)
        while not self.turn():
            yield batch

    def turn(self) -> bool:
        """A loop begins a turn; whether it has run often enough."""
        self.end()
        if len(self.peaks) == self.steps:
            return True
        self.say(f"step {len(self.peaks) + 1}")
        self.device.reset()
        self._began = time.monotonic()
        return False

    def turns(self, numbers: Iterable[Any]) -> Iterator[Any]:
        """What a loop goes over that draws its batches itself, and further numbers where that hangs on real data."""
        for number in itertools.chain(numbers, itertools.count()):
            if self.turn():
                return
            yield number

    def end(self) -> None:
        """The step that runs ends here."""
        if self._began is not None:
            self.seconds.append(round(time.monotonic() - self._began, 3))
            self.peaks.append(self.device.peak())
            self._began = None

    def iterator(self, data: Any) -> Iterator[Any]:
        """What draws such batches without end; of what is no data set, its own iterator."""
        return Drawn(data.element_spec, self._like(data, self.size)) if hasattr(data, "element_spec") else iter(data)

    def evaluation(self, data: Any) -> Iterator[Any]:
        """One batch like those of the data that a loop behind the training goes over; none where it is no data set."""
        self.end()
        self.evaluates = True
        if hasattr(data, "element_spec"):
            self.say("an evaluation batch")
            yield self._like(data, _batch_size(data) or self.size)

    def _like(self, data: Any, size: int) -> Any:
        import tensorflow as tf

        if not hasattr(data, "element_spec"):
            raise UnknownBatchError(f"the loop goes over a `{type(data).__name__}`, which does not tell its batches")
        self._known = True
        specs = tf.nest.flatten(data.element_spec)
        if any(spec.shape.rank is None or None in spec.shape[1:] for spec in specs):
            specs = tf.nest.flatten(next(iter(data)))
        parts = [_tensor(spec, size) for spec in specs]
        return tf.nest.pack_sequence_as(data.element_spec, parts)

    def finish(self) -> None:
        """The program has ended.

        Raises:
            UnknownBatchError: the loop did not run over synthetic batches.
        """
        self.end()
        if not self.peaks:
            raise UnknownBatchError("the loop was not reached")
        if not self._known:
            raise UnknownBatchError("the loop draws from what is no data set, which does not tell its batches")


def _tensor(spec: Any, size: int) -> Any:
    import tensorflow as tf

    shape = [size, *spec.shape[1:]] if spec.shape.rank else []
    if spec.dtype.is_floating:
        return tf.cast(tf.random.uniform(shape), spec.dtype)
    return tf.fill(shape, "sample") if spec.dtype == tf.string else tf.zeros(shape, spec.dtype)


def _batch_size(data: Any) -> int | None:
    """Samples in the batches of a data set, as the step that made them says."""
    while data is not None:
        size = getattr(data, "_batch_size", None)
        if size is not None:
            return int(size)
        data = getattr(data, "_input_dataset", None)
    return None


def run(request: dict[str, Any], device: Device, say: Callable[[str], None]) -> Batches:
    """Run a program with a training loop.

    Args:
        request: `loop`, the program; `batch_size`, `steps`.
        device: whose allocator is read.
        say: is told of each step.
    """
    batches = Batches(int(request["batch_size"]), max(2, int(request.get("steps", 3))), device, say)
    stand_ins = StandIns(_SAMPLES, "images", tables="pandas" in request["loop"])
    given = {
        "bslint_stand_in": stand_ins.named,
        "bslint_batches": batches.over,
        "bslint_iterator": batches.iterator,
        "bslint_turn": batches.turn,
        "bslint_turns": batches.turns,
        "bslint_evaluation": batches.evaluation,
    }
    with stand_ins.installed():
        try:
            worker.executed(request["loop"], given)
        except Exception as error:
            # Its steps have been measured; that the evaluation has other mistakes says nothing of them.
            if not batches.evaluates or is_out_of_memory(error):
                raise
    batches.finish()
    return batches
