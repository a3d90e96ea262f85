"""Compare the estimate with what was measured, the zoo and the hold-out apart.

    python -m benchmarks.calibration.compare [--runs function,graph,jit,eager] [--markdown]

Prints per model the mean and the worst error in per cent of what was measured, and both over all configurations.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from benchmarks.calibration.networks import network
from bslint.memory import scratch
from bslint.memory.estimate import prepare
from bslint.memory.network import Network, Plan

RECORDS = Path(__file__).with_name("records.jsonl")
# Of the machine that records without `last_cache` were measured on.
LAST_CACHE = 384 * 2**20
_OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    "adam": ("keras.optimizers.Adam", {}),
    "adamw": ("keras.optimizers.AdamW", {}),
    "momentum": ("keras.optimizers.SGD", {"momentum": 0.9}),
    "rmsprop": ("keras.optimizers.RMSprop", {}),
    "sgd": ("keras.optimizers.SGD", {}),
}


class Comparison(NamedTuple):
    """One configuration, measured and estimated.

    Args:
        record: the record of the measurement.
        measured: bytes.
        estimated: bytes.
    """

    record: dict[str, Any]
    measured: int
    estimated: int

    @property
    def error(self) -> float:
        """In per cent of what was measured."""
        return 100 * (self.estimated / self.measured - 1)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", default="function")
    parser.add_argument("--policy", default="float32")
    options = parser.parse_args()
    for run in options.runs.split(","):
        for part in ("zoo", "development", "hold-out", "hold-out 3", "hold-out 4", "hold-out 5"):
            rows = [
                row for row in compare(part) if row.record["mode"] == run and row.record["policy"] == options.policy
            ]
            if rows:
                show(f"{part}, {run}, {options.policy}", rows)


def show(title: str, rows: list[Comparison]) -> None:
    """Print one table."""
    print(f"\n{title}")
    names = dict.fromkeys(row.record["name"] for row in rows)
    for name in names:
        own = [row for row in rows if row.record["name"] == name]
        errors = [row.error for row in own]
        sizes = "/".join(str(row.record["batch"]) for row in own)
        print(f"  {name:18} {sizes:14} {' '.join(f'{error:+6.1f}' for error in errors)}")
    mean, worst = summary(rows)
    print(f"  {len(rows)} configurations: mean {mean:.1f} %, worst {worst:.1f} %")


def summary(rows: list[Comparison]) -> tuple[float, float]:
    """The mean and the worst error, in per cent."""
    errors = [abs(row.error) for row in rows]
    return statistics.mean(errors), max(errors)


def compare(part: str) -> list[Comparison]:
    """Every record of the zoo, of the development set or of the hold-out with its estimate."""
    result = []
    for record in records():
        if record["part"] == part:
            needs = prepare(plan(network(record["name"]), record), gpu=False)
            if needs.partial:
                raise ValueError(f"{record['name']}: {needs.partial}")
            with patch.object(scratch, "LAST_CACHE", record.get("last_cache", LAST_CACHE) // 4):
                result.append(Comparison(record, measured(record), needs.total(record["batch"])))
    return result


def records() -> list[dict[str, Any]]:
    """All measurements."""
    return [json.loads(line) for line in RECORDS.read_text().splitlines()]


def measured(record: dict[str, Any]) -> int:
    """The allocator's peak; the first step, which allocates the slots, is left out.

    In records of the study that precedes this folder the input was at times an array's own memory, which the
    allocator does not count: there it is added.
    """
    return round(statistics.median(record["peaks"][1:])) + int(record.get("uncounted_input", 0))


def plan(network: Network, record: dict[str, Any]) -> Plan:
    """The training that was measured."""
    optimizer, arguments = _OPTIMIZERS[record["optimizer"]]
    run = record["mode"]
    return Plan(
        network=network,
        batch_size=record["batch"],
        optimizer=optimizer,
        optimizer_config=arguments,
        loss="mean_squared_error" if record["loss"] == "mse" else "sparse_categorical_crossentropy",
        mode="eager" if run == "eager" else "function" if run == "function" else "compiled",
        jit=run == "jit",
        policy=record["policy"],
    )


if __name__ == "__main__":
    main()
