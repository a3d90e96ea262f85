"""Whether the largest batch that a trace finds really runs, and 1.2 × that size does not: needs TensorFlow.

    python -m benchmarks.calibration.largest [MODEL ...]

For each model of the zoo a CPU is given as much memory as the table below says. The traced depth finds the largest
batch for it; then two trial steps are taken as `bslint verify` takes them, each in a child of its own.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bslint.verify import child
from bslint.verify.child import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

_MIB = 1 << 20
_ROOT = Path(__file__).parents[2]
_LIMITS = Limits(600, 12 << 30)
# MiB: small, so that a trial takes seconds, and so that at least five samples fit.
MEMORY = {
    "mlp": 320,
    "mobilenetv2": 512,
    "resnet50": 900,
    "lstm": 128,
    "transformer": 400,
    "unet": 512,
    "vgg16": 3000,
    "densenet121": 900,
    "inceptionv3": 800,
    "efficientnetb0": 640,
    "convnexttiny": 2000,
    "gru_stack": 96,
}
_SOURCE = """
import keras
from benchmarks.calibration.cases import OPTIMIZERS
from benchmarks.calibration.models import CASES
model = CASES[{name!r}].build()
model.compile(OPTIMIZERS[CASES[{name!r}].optimizer](), "sparse_categorical_crossentropy", jit_compile=False)
"""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*")
    print("| model | memory, MiB | largest batch | traced, MiB | it runs | 1.2 × | that runs |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in parser.parse_args().models or MEMORY:
        print(f"| {' | '.join(map(str, row(name)))} |", flush=True)


def row(name: str) -> Iterator[Any]:
    """What is told of a model."""
    yield name
    yield MEMORY[name]
    found = run("trace", name, 8)
    largest = found["largest_batch_size"]
    yield largest
    yield round(dict(found["curve"])[largest] / _MIB) if largest else "–"
    yield told(name, largest) if largest else "–"
    larger = math.ceil(largest * 1.2)
    yield larger
    yield told(name, larger)


def told(name: str, batch: int) -> str:
    """Whether a batch runs, and what was measured."""
    tried = run("trial-step", name, batch)
    if tried.get("outcome") == "fits":
        return f"yes, {tried['peak_bytes'] / _MIB:.0f} MiB"
    return "no" if tried.get("outcome") == "out-of-memory" else str(tried)[:200]


def run(method: str, name: str, batch: int) -> dict[str, Any]:
    """A child's result."""
    request = {
        "method": method,
        "source": _SOURCE.format(name=name),
        "path": [str(_ROOT)],
        "model": "model",
        "batch_size": batch,
        "device": "cpu",
        "memory": MEMORY[name] * _MIB,
    }
    outcome = child.run(request, _LIMITS)
    return outcome.result or {"outcome": outcome.ending, "output": outcome.output[-200:]}


if __name__ == "__main__":
    main()
