"""The one place that chooses the device of a proof and reads its allocator. Runs in the child.

A CPU is made to count and to limit memory like a GPU: TensorFlow's best-fit-with-coalescing allocator does both, when
it is switched on before TensorFlow starts and oneDNN, which allocates on its own, is off.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

MIB = 1 << 20


class DeviceError(Exception):
    """The device that was asked for is not there."""


def cards() -> list[str]:
    """The GPUs of this machine as its driver names them, without asking TensorFlow."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    found = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
    return [f"{hidden}: {file.read_text()}" for file in found] if hidden not in {"", "-1"} else []


def uses_card(wanted: str) -> bool:
    """Whether a proof would run on a GPU."""
    return wanted.startswith("gpu") or (wanted == "auto" and bool(cards()))


def prepare(wanted: str) -> None:
    """Set the environment that TensorFlow reads when it is imported.

    Args:
        wanted: `auto` (a GPU if there is one), `cpu` or `gpu:N`.
    """
    os.environ["TF_CPU_ALLOCATOR_USE_BFC"] = "1"
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
    if wanted == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"


def choose(wanted: str, limit: int | None, stand_in: int | None = None) -> Device:
    """Choose a device after TensorFlow was imported and before it has done anything.

    Args:
        wanted: as for `prepare`.
        limit: bytes that the device is to have; None for what it has.
        stand_in: bytes that a CPU is to have where no limit is given: it stands in for a GPU.

    Raises:
        DeviceError: no such device.
    """
    import tensorflow as tf

    cards = tf.config.list_physical_devices("GPU")
    if wanted != "cpu" and cards:
        number = int(wanted.partition(":")[2] or 0)
        if number >= len(cards):
            raise DeviceError(f"there is no {wanted}: TensorFlow sees {len(cards)} GPU(s)")
        return _card(tf, cards[number], limit)
    if wanted.startswith("gpu"):
        raise DeviceError("TensorFlow sees no GPU")
    limit = stand_in if limit is None else limit
    if limit is not None:
        # Read when the allocator is made, on first use.
        os.environ["TF_CPU_BFC_MEM_LIMIT_IN_MB"] = str(max(1, limit // MIB))
    return Device("CPU:0", "CPU", limit)


def _card(tf: Any, card: Any, limit: int | None) -> Device:
    tf.config.set_visible_devices(card, "GPU")
    details = tf.config.experimental.get_device_details(card)
    if limit is not None:
        parts = [tf.config.LogicalDeviceConfiguration(memory_limit=max(1, limit // MIB))]
        tf.config.set_logical_device_configuration(card, parts)
    else:
        tf.config.experimental.set_memory_growth(card, True)
    return Device("GPU:0", str(details.get("device_name", "GPU")), limit)


class Device:
    """A device whose allocator can be asked.

    Args:
        name: as TensorFlow calls it: `GPU:0`.
        title: as a person calls it: `Tesla T4`.
        limit: bytes that it is limited to, None for what it has.
    """

    def __init__(self, name: str, title: str, limit: int | None) -> None:
        self.name = name
        self.title = title
        self.limit = limit

    @property
    def is_gpu(self) -> bool:
        """Whether it is a GPU."""
        return self.name.startswith("GPU")

    def reset(self) -> None:
        """Begin to look for a new peak."""
        import tensorflow as tf

        tf.config.experimental.reset_memory_stats(self.name)

    def peak(self) -> int:
        """The most bytes that were allocated at one moment since the last `reset`."""
        import tensorflow as tf

        return int(tf.config.experimental.get_memory_info(self.name)["peak"])

    def current(self) -> int:
        """Bytes that are allocated now."""
        import tensorflow as tf

        return int(tf.config.experimental.get_memory_info(self.name)["current"])
