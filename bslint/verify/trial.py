"""A trial: some training steps and an evaluation on synthetic data, with the allocator watched. Runs in the child."""

from __future__ import annotations

import re
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from bslint.verify import synthetic

if TYPE_CHECKING:
    from collections.abc import Callable

    from bslint.verify.device import Device

_NO_MEMORY = ("RESOURCE_EXHAUSTED", "ResourceExhausted", "out of memory", "OUT_OF_MEMORY", "OOM when allocating")


# Where in a graph and on which device an error happened, which only TensorFlow's own people can read; colours.
_ADDRESS = re.compile(r"\{\{[^}]*\}\}|\[Op:\w+\]( name:.*)?|\x1b\[\d*m| on /job:\S+( by allocator \S+)?")
# Nothing special is around the recipe when it is built.
surroundings = nullcontext


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the device, or the host, had no memory left."""
    if isinstance(error, MemoryError):
        return True
    if type(error).__name__ == "ResourceExhaustedError":
        return True
    return type(error).__module__.split(".")[0] in {"tensorflow", "jaxlib", "keras"} and any(
        words in str(error) for words in _NO_MEMORY
    )


def words(error: BaseException) -> str:
    """The part of an error's text that says what happened: TensorFlow puts a traceback in front of it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # AutoGraph puts the places in the user's code first.
    first = lines[-1 if lines[:1] == ["in user code:"] else 0] if lines else ""
    telling = next((line for line in lines if any(sign in line for sign in _NO_MEMORY)), first)
    return _ADDRESS.sub("", telling).strip()[:500]


def trial(
    namespace: dict[str, Any], request: dict[str, Any], device: Device, say: Callable[[str], None]
) -> dict[str, Any]:
    """Train the recipe's model for some steps.

    Args:
        namespace: the recipe's names after it was executed.
        request: `model` (an expression), `batch_size`, `steps`, `shapes` and `has_targets` (null where that is not
            known); or for a training loop `loop`, a program that runs it over `bslint_batches(data)`.
        device: whose allocator is read.
        say: is told each part of the work.

    Returns:
        `outcome` (`fits` or `out-of-memory`), `peak_bytes` (the median of the steps after the first), `step_seconds`, …
    """
    batch, steps = int(request["batch_size"]), int(request.get("steps", 3))
    peaks: list[int] = []
    seconds: list[float] = []
    try:
        if request.get("loop"):
            from bslint.verify.by_hand import run

            measured = run(request, device, say)
            return {"outcome": "fits", "peak_bytes": _median(measured.peaks[1:]), "step_seconds": measured.seconds}
        model = eval(request["model"], namespace)
        x = synthetic.inputs(model, batch, request.get("shapes"))
        step, evaluate = _compiled(model, x, device, has_targets=request.get("has_targets"))
        for number in range(max(2, steps)):
            say(f"step {number + 1}")
            device.reset()
            began = time.monotonic()
            step()
            seconds.append(round(time.monotonic() - began, 3))
            peaks.append(device.peak())
        say("an evaluation batch")
        evaluate()
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        return {"outcome": "out-of-memory", "step_seconds": seconds, "reason": words(error)}
    return {"outcome": "fits", "peak_bytes": _median(peaks[1:]), "step_seconds": seconds}


def _compiled(
    model: Any, x: Any, device: Device, *, has_targets: bool | None
) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Steps as `fit` takes them."""
    if device.limit is not None and not device.is_gpu:
        # XLA on a CPU allocates past the limit.
        model.jit_compile = False
    own = _is_own(model, "train_step")
    if has_targets is None:
        has_targets = not own or getattr(model, "loss", None) is not None
    if not has_targets:
        return _steps(model, x)
    outputs = model(_first(x), training=False)
    y = synthetic.targets(model, _for_batch(outputs, x), getattr(model, "loss", None))
    if own:
        return _steps(model, (x, y))
    return (lambda: model.train_on_batch(x, y)), (lambda: model.test_on_batch(x, y))


def _is_own(model: Any, method: str) -> bool:
    """Whether the program, and not Keras, says how a model takes a step."""
    module = getattr(type(model), method).__module__
    return module.split(".")[0] not in {"keras", "tf_keras", "tensorflow", "keras_core"}


def _steps(model: Any, data: Any) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Steps on data as `fit` hands them over; `train_on_batch` would put weights of the samples beside them."""

    def step() -> Any:
        model.make_train_function()
        return model.train_function(iter([data]))

    def evaluate() -> Any:
        if not _is_own(model, "test_step") and not isinstance(data, tuple):
            return None  # Keras' own would compare outputs with targets that there are not
        model.make_test_function()
        return model.test_function(iter([data]))

    return step, evaluate


def _first(x: Any) -> Any:
    """The first sample of a batch, which tells the shapes of outputs for little memory."""
    import tensorflow as tf

    return tf.nest.map_structure(lambda one: one[:1], x)


def _for_batch(outputs: Any, x: Any) -> Any:
    """The shapes of the outputs of one sample, for the whole batch."""
    import tensorflow as tf

    batch = len(tf.nest.flatten(x)[0])
    return tf.nest.map_structure(lambda one: synthetic.Like((batch, *one.shape[1:])), outputs)


def _median(values: list[int]) -> int:
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else 0
