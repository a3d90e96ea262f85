"""The traced depth of the memory estimate: each training's model is built in a child, and its step traced."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import msgspec
import psutil

from bslint.memory.estimate import Breakdown
from bslint.memory.trainings import Point
from bslint.report.memory import Account, Entry, Layer
from bslint.verify.child import Limits, run
from bslint.verify.recipe import NoRecipeError
from bslint.verify.schedule import ERROR_BAND
from bslint.verify.slices import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from bslint.analysis.facts import Run
    from bslint.memory.trainings import Demand
    from bslint.verify.child import Outcome
    from bslint.verify.programs import ReadProgram

# Seconds, and of the memory that is free the part, that a child gets.
_SECONDS, _SHARE = 600.0, 0.8
# Where to begin to look for the largest batch, if the program's own is not known.
_FIRST_BATCH = 32
# How the program runs its step, where that is not what is traced.
_OTHER_RUNS = {
    "jit": "traced is a graph without XLA; on a GPU Keras compiles this model with XLA, which needs another amount",
    "eager": "traced is a graph; the program runs eagerly, which needs more",
}


class Traced(msgspec.Struct, frozen=True, kw_only=True):
    """What a trace of a training's step says; bytes are those of the step, without the device's own.

    Args:
        peaks: bytes by batch size, of every batch that was traced.
        largest: the largest batch that fits.
        parts: what is there before and after a step: weights, optimizer, input.
        layers: bytes that are alive at the peak, by layer.
        about: class, output shape and parameters of the layers.
        parameters: of the model.
        notes: what one has to know to read the figures.
        comparable: whether the program runs its step as it was traced.
    """

    peaks: dict[int, int]
    largest: int
    parts: dict[str, int]
    parameters: int
    layers: dict[str, int]
    about: dict[str, dict[str, Any]]
    notes: tuple[str, ...]
    comparable: bool


class NotTracedError(Exception):
    """A training has no trace; the message says why."""


def trace(program: ReadProgram, training: Run, demand: Demand, batch: int | None, say: Callable[[str], None]) -> Traced:
    """Trace a training's step.

    Args:
        program: where the training stands.
        training: what is to be traced.
        demand: the static estimate.
        batch: samples; None where that is not known.
        say: is told each part of the work.

    Raises:
        NotTracedError: there is no recipe for the model, or it can't be traced.
    """
    try:
        recipe = program.recipe(training)
    except NoRecipeError as error:
        raise NotTracedError(str(error)) from error
    if recipe.missing:
        raise NotTracedError(f"what builds the model needs {', '.join(recipe.missing)}")
    device = demand.device
    request = {
        "method": "trace",
        "source": recipe.source,
        "path": program.folders(),
        "model": MODEL,
        "batch_size": batch or _FIRST_BATCH,
        "device": "cpu",
        "for_gpu": True,
        "memory": device.bytes - device.allowance,
    }
    room = int(psutil.virtual_memory().available * _SHARE)
    outcome = run(request, Limits(_SECONDS, room), python=sys.executable, progress=say)
    if outcome.ending != "result" or outcome.result.get("outcome") == "error":
        raise NotTracedError(_failure(outcome))
    return _read(outcome.result, demand)


def _failure(outcome: Outcome) -> str:
    endings = {
        "result": str(outcome.result.get("reason")),
        "timeout": f"it did not end within {_SECONDS:.0f} s",
        "memory": "building the model took all memory of this machine",
    }
    return endings.get(outcome.ending, "the child that builds the model died")


def _read(result: dict[str, Any], demand: Demand) -> Traced:
    notes = [f"TensorFlow {result['tensorflow']}, a step in a graph as on a GPU; the error was measured on a CPU"]
    other = _OTHER_RUNS.get(demand.needs.run)
    if other is not None:
        notes.append(other)
    if result.get("approximate"):
        notes.append(result["approximate"])
    if result["left_out"]:
        notes.append(f"random weights instead of {', '.join(result['left_out'])}")
    return Traced(
        peaks=dict(result["curve"]),
        largest=result["largest_batch_size"],
        parts=result["parts"],
        parameters=result["parameters"],
        layers=result["layers"],
        about=result["about_layers"],
        notes=tuple(notes),
        comparable=other is None,
    )


def account(entry: Entry, found: Traced) -> Account:
    """The account of a trace, beside the static one of the same training."""
    static, device = entry.account, entry.demand.device
    batch = static.batch_size
    peak = found.peaks.get(batch) if batch is not None else None
    total = peak + device.allowance if peak is not None else None
    return msgspec.structs.replace(
        static,
        depth="traced",
        run_mode="compiled" if static.run_mode == "compiled" else "function",
        parameters=found.parameters,
        total_bytes=total,
        breakdown=_breakdown(found, peak, device.allowance) if peak is not None else None,
        error_band=ERROR_BAND,
        partial=[],
        notes=list(found.notes),
        fits=total <= device.bytes if found.comparable and total is not None else None,
        largest_batch_size=found.largest if found.comparable else None,
        layers=[_layer(found, name, size) for name, size in found.layers.items()],
        curve=[Point(size, needed + device.allowance) for size, needed in sorted(found.peaks.items())],
        remedies=[],
    )


def _breakdown(found: Traced, peak: int, allowance: int) -> Breakdown:
    return Breakdown(
        **found.parts,
        gradients=0,
        activations=max(peak - sum(found.parts.values()), 0),
        workspace=0,
        device_allowance=allowance,
    )


def _layer(found: Traced, name: str, size: int) -> Layer:
    about = found.about.get(name, {"class": "", "output_shape": [], "parameters": 0})
    return Layer(name, about["class"], None, about["output_shape"], about["parameters"], size)
