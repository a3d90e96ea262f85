"""Measure what a training step needs: the allocator's peak on a CPU, in a process per configuration.

    python -m benchmarks.calibration.measure --out records.jsonl [--modes function,jit] [MODEL ...]

TensorFlow's allocator keeps statistics on a CPU only with `TF_CPU_ALLOCATOR_USE_BFC=1` and without oneDNN. A record has
bytes: `base` before the first step (weights, optimizer slots, input), `peaks` of each step. The first step is left out
of comparisons. Modes: `function` (a `tf.function` step), `eager`, `graph` (`train_on_batch`, jit off), `jit` (XLA).
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
from pathlib import Path

MODES = ("function", "eager", "graph", "jit")


def main() -> None:
    """Measure each configuration that the file of records does not have yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--modes", default="function")
    parser.add_argument("--batches", help="batch sizes instead of the model's own, with commas")
    parser.add_argument("--policy", default="float32")
    parser.add_argument("--timeout", type=int, default=900)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(options.models[0], int(options.batches), options.modes, options.policy)))
        return
    from benchmarks.calibration.models import CASES as cases  # noqa: N811

    lines = options.out.read_text().splitlines() if options.out.exists() else []
    known = {key(json.loads(line)) for line in lines}
    for name in options.models or cases:
        batches = [int(size) for size in options.batches.split(",")] if options.batches else cases[name].batches
        for mode in options.modes.split(","):
            for batch in batches:
                if (name, batch, mode, options.policy) in known:
                    continue
                record = in_child(name, batch, mode, options.policy, options.timeout)
                print(name, batch, mode, record[:200], flush=True)
                if record.startswith("{"):
                    with options.out.open("a") as file:
                        file.write(record + "\n")


def key(record: dict[str, object]) -> tuple[object, ...]:
    """What tells a configuration from the others."""
    return record["name"], record["batch"], record["mode"], record["policy"]


def in_child(name: str, batch: int, mode: str, policy: str, timeout: int) -> str:
    """The record of one configuration, or the last line of what went wrong."""
    environment = {
        **os.environ,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_CPU_ALLOCATOR_USE_BFC": "1",
        "TF_ENABLE_ONEDNN_OPTS": "0",
    }
    command = [sys.executable, "-m", "benchmarks.calibration.measure", "--child", name, "--out", os.devnull]
    command += ["--modes", mode, "--batches", str(batch), "--policy", policy]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return "timeout"
    return (done.stdout.strip() or done.stderr.strip() or "nothing").splitlines()[-1]


def measure(name: str, batch: int, mode: str, policy: str) -> dict[str, object]:
    """Train for three steps and read the allocator's peak of each."""
    import keras
    import numpy as np
    import tensorflow as tf

    from benchmarks.calibration.cases import OPTIMIZERS
    from benchmarks.calibration.models import CASES, PARTS

    keras.mixed_precision.set_global_policy(policy)
    case = CASES[name]
    model, optimizer = case.build(), OPTIMIZERS[case.optimizer]()
    optimizer.build(model.trainable_variables)
    rng = np.random.default_rng(0)
    x = [
        rng.integers(0, 1000, (batch, *tensor.shape[1:])).astype("int32")
        if tensor.dtype == "int32"
        else rng.random((batch, *tensor.shape[1:]), dtype="float32")
        for tensor in model.inputs
    ]
    if case.loss == "mse":
        loss = keras.losses.MeanSquaredError()
        y = rng.random((batch, *model.output_shape[1:]), dtype="float32")
    else:
        loss = keras.losses.SparseCategoricalCrossentropy()
        y = rng.integers(0, model.output_shape[-1], (batch, *model.output_shape[1:-1])).astype("int32")

    variables = model.trainable_variables
    values = [variable.value for variable in variables]

    def step(x, y):  # noqa: ANN001, ANN202
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
        optimizer.apply(tape.gradient(value, values), variables)
        return value

    if mode in ("function", "eager"):
        # a reversed tensor is the allocator's own; one made from an array may be the array's memory
        images, labels = tf.nest.map_structure(lambda array: tf.reverse(tf.constant(array), [0]), (x, y))
        call = tf.function(step) if mode == "function" else step
        run = lambda: float(call(images, labels))  # noqa: E731
    else:
        model.compile(optimizer, loss, jit_compile=mode == "jit")
        run = lambda: model.train_on_batch(x, y)  # noqa: E731
    gc.collect()
    statistics = tf.config.experimental
    base = statistics.get_memory_info("CPU:0")["current"]
    peaks = []
    for _ in range(3):
        statistics.reset_memory_stats("CPU:0")
        run()
        peaks.append(statistics.get_memory_info("CPU:0")["peak"])
    return {
        "part": next(part for part, cases in PARTS.items() if name in cases),
        "name": name,
        "optimizer": case.optimizer,
        "loss": case.loss,
        "batch": batch,
        "mode": mode,
        "policy": policy,
        "base": base,
        "peaks": peaks,
        "last_cache": int(subprocess.check_output(["getconf", "LEVEL3_CACHE_SIZE"])),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }


if __name__ == "__main__":
    main()
