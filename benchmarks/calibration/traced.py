"""Compare the traced depth with what was measured: needs TensorFlow, runs no step.

    python -m benchmarks.calibration.traced [--parts zoo,development] [MODEL ...]

Builds each model in a graph of its own, where it gets no weights, traces a step at every batch size of the records and
prints bytes measured and traced, per model the errors, per part their mean and the worst. Where a configuration was
measured more than once (`again.jsonl`) the mean counts: two processes differ by up to a tenth.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.calibration.compare import LAST_CACHE, Comparison, measured, records, show

if TYPE_CHECKING:
    from collections.abc import Iterator

AGAIN = Path(__file__).with_name("again.jsonl")
_MIB = 1 << 20
# Of the machines that the records were measured on.
_THREADS = 2


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--parts", default="zoo,development,hold-out,hold-out 3,hold-out 4,hold-out 5")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for part in options.parts.split(","):
        rows = list(compare(part, options.models))
        if rows:
            show(f"{part}, traced", rows)


def compare(part: str, models: list[str]) -> Iterator[Comparison]:
    """Every record of a `tf.function` step with its traced peak."""
    again: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for one in map(json.loads, AGAIN.read_text().splitlines()):
        again[_key(one)].append(measured(one))
    chosen = [one for one in records() if one["part"] == part and (one["name"] in models or not models)]
    for record in chosen:
        if record["mode"] == "function" and record["policy"] == "float32":
            mean = round(statistics.mean((measured(record), *again[_key(record)])))
            row = Comparison(record, mean, traced(record))
            sizes = f"{row.measured / _MIB:9.1f}{row.estimated / _MIB:9.1f} MiB"
            print(f"  {record['name']:18}{record['batch']:6}{sizes}{row.error:+7.1f} %", flush=True)
            yield row


def _key(record: dict[str, Any]) -> tuple[str, int]:
    return record["name"], record["batch"]


def traced(record: dict[str, Any]) -> int:
    """The peak of a record's model at its batch size."""
    import keras

    from benchmarks.calibration.cases import OPTIMIZERS
    from benchmarks.calibration.models import CASES
    from bslint.verify.schedule import Machine
    from bslint.verify.trace import Step, surroundings

    keras.utils.clear_session()
    case = CASES[record["name"]]
    loss = keras.losses.MeanSquaredError() if case.loss == "mse" else keras.losses.SparseCategoricalCrossentropy()
    with surroundings():
        model = case.build()
        model.compile(OPTIMIZERS[case.optimizer](), loss)
        machine = Machine(_THREADS, scratch=True, last_cache=record.get("last_cache", LAST_CACHE))
        return Step(model, machine=machine).peak(record["batch"])


if __name__ == "__main__":
    main()
