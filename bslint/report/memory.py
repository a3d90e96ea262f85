"""What `bslint memory` tells of a training: the objects of its JSON, which `memory.schema.json` describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from bslint.diagnostic import Position  # noqa: TC001 - msgspec reads the annotations
from bslint.memory.estimate import LARGEST_BATCH, Breakdown
from bslint.memory.remedies import Remedy  # noqa: TC001
from bslint.memory.trainings import Demand, Point  # noqa: TC001

if TYPE_CHECKING:
    from collections.abc import Callable


class Limit(msgspec.Struct, frozen=True):
    """A device and its memory."""

    name: str
    bytes: int


class Layer(msgspec.Struct, frozen=True, rename={"kind": "class"}):
    """One layer, or one function of tensors; `row` is where it is written, None where that is in another file."""

    name: str
    kind: str
    row: int | None
    output_shape: list[int | None]
    parameters: int
    retained_bytes: int | None


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One training at one batch size; bytes throughout.

    What could not be read stands in `partial`; sums are then of what could be. `notes` help to read the figures.
    """

    filename: str
    cell: int | None
    location: Position
    model: str
    depth: Literal["static", "traced"] = "static"
    run_mode: str
    batch_size: int | None
    parameters: int
    total_bytes: int | None
    breakdown: Breakdown | None
    error_band: float
    partial: list[str]
    notes: list[str] = []
    device: Limit
    fits: bool | None
    largest_batch_size: int | None
    layers: list[Layer]
    curve: list[Point]
    remedies: list[Remedy]


class Place(msgspec.Struct, frozen=True):
    """A row of a file, or of a notebook's cell."""

    cell: int | None
    row: int


class Entry(msgspec.Struct, frozen=True):
    """An account, and what the reports for people show beside it.

    Args:
        account: what the JSON has.
        demand: the estimate, for other devices and batch sizes.
        places: where the numbers were read, by what they are.
        layers: where each layer is written.
        traced: the account of the same training by a trace.
        untraced: why there is none, if one was asked for.
    """

    account: Account
    demand: Demand
    places: dict[str, Place]
    layers: list[Place | None]
    traced: Account | None = None
    untraced: str = ""

    @property
    def depths(self) -> list[Account]:
        """The accounts that are known."""
        return [self.account, self.traced] if self.traced is not None else [self.account]


# The parts of a sum as people call them.
PARTS = {
    "weights": "weights",
    "gradients": "gradients",
    "optimizer": "optimizer slots",
    "input": "input",
    "activations": "activations",
    "workspace": "workspace",
    "device_allowance": "device, not measured here",
}
RUNS = {"jit": "compiled with XLA", "graph": "a graph without XLA", "eager": "eager"}


def several(reasons: list[str], most: int = 4) -> str:
    """The first few of some reasons."""
    more = f" and {len(reasons) - most} more" if len(reasons) > most else ""
    return "; ".join(reasons[:most]) + more


def size_of(account: Account) -> str:
    """The batch size in words."""
    if account.batch_size is None:
        return "a batch size that is not known"
    return f"a batch of {account.batch_size}"


def sum_of(account: Account) -> str:
    """What the last row of the parts is."""
    return "of what could be read" if account.partial else "total"


def shape_of(layer: Layer) -> str:
    """`112×112×64`."""
    return "×".join("?" if length is None else str(length) for length in layer.output_shape) or "one number"


def told_by(account: Account) -> str:
    """What says so, and how far it may be off."""
    if account.depth == "static":
        return "read from the source" if account.partial else f"read from the source, within {account.error_band:.0%}"
    return "; ".join([f"traced, within {account.error_band:.0%}", *account.notes])


def largest_of(account: Account) -> str:
    """The largest batch that an account lets fit."""
    if account.largest_batch_size is None:
        return "no verdict"
    return f"at most {account.largest_batch_size:,} fit" if account.largest_batch_size else "none fits"


def verdict(account: Account, shown: Callable[[int], str]) -> str:
    """Whether it fits, in words; `shown` writes a number of bytes."""
    if account.partial:
        return f"no verdict, as this could not be read: {several(account.partial)}"
    device = f"{account.device.name} ({shown(account.device.bytes)})"
    most = account.largest_batch_size or 0
    at_most = f"at most {most} samples fit" if most else "not even one sample fits"
    if most >= LARGEST_BATCH:
        at_most = f"more than {LARGEST_BATCH} samples fit"
    if account.fits is None:
        return f"on {device} {at_most}"
    return f"{'fits' if account.fits else 'does not fit'} {device}; {at_most}"
