"""What each Keras optimizer keeps beside the weights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from bslint.memory.call import Call, UnknownError, elements
from bslint.memory.tape import Update

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bslint.memory.network import Shape

# Copies of each trained weight, from `build` of Keras 3.15's optimizers.
_SLOTS = {
    "Adadelta": 2,
    "Adagrad": 1,
    "Adam": 2,
    "AdamW": 2,
    "Adamax": 2,
    "Ftrl": 2,
    "Lamb": 2,
    "Lion": 1,
    "Nadam": 2,
    "RMSprop": 1,
    "SGD": 0,
    "ScheduleFreeAdamW": 2,
}
# From `update_step` of Keras 3.15's optimizers: copies of a weight that are made before its gradient is there, and the
# operations after that.
_UPDATES = {
    "Adadelta": Update(3, chains=((4, ()), (7, ()))),
    "Adagrad": Update(0, chains=((2, ()), (5, ()))),
    "Adamax": Update(1, chains=((3, ()), (3, ()), (3, (0, 1)))),
    "Lion": Update(2, chains=((4, ()), (3, ()))),
    "RMSprop": Update(1, chains=((4, ()), (6, ()))),
    "SGD": Update(0, chains=((2, ()),)),
}
_ADAM = Update(0, chains=((3, ()), (4, ()), (2, (0,)), (4, (1, 2))))
LEANER = ("Adafactor", "Lion", "SGD")
"""Optimizers that keep less than Adam, the one most alike first."""


def slots(optimizer: str, config: dict[str, Any], trained: Sequence[Shape]) -> int | None:
    """Elements that the optimizer keeps for these weights.

    Args:
        optimizer: canonical name of its class, or a name as `compile` takes it (`"adam"`).
        config: its arguments by name.
        trained: the shapes of the trained weights.

    Returns:
        The number of elements, in the weights' own type; None when the optimizer or an argument is not known.
    """
    name = name_of(optimizer)
    call = Call(name or "", config, ())
    total = sum(elements(shape) for shape in trained)
    try:
        extra = call.flag("use_ema") + (call.get("gradient_accumulation_steps") is not None)
        if name == "LossScaleOptimizer" or name is None:
            return None
        if name == "Adafactor":
            return total * (1 + extra) + sum(_factors(shape) for shape in trained)
        if name == "Muon":
            return total * (1 + extra) + sum(elements(shape) for shape in trained if not 1 < len(shape) < 4)
        return total * (_SLOTS[name] + _optional(name, call) + extra)
    except (UnknownError, KeyError, TypeError):
        return None


def update(optimizer: str, config: dict[str, Any]) -> Update:
    """How the optimizer updates a weight in a graph."""
    name = name_of(optimizer) or ""
    call = Call(name, config, ())
    found = _UPDATES.get(name, _ADAM)
    try:
        early = found.early + (_optional(name, call) if name in {"SGD", "RMSprop"} else 0) + call.flag("use_ema")
        decay = call.get("weight_decay", 0.004 if name in {"AdamW", "ScheduleFreeAdamW"} else None)
    except UnknownError:
        return found
    return found._replace(early=early, renewed=bool(decay))


def waits(config: dict[str, Any]) -> bool:
    """Whether an optimizer of these arguments updates no weight before it has all gradients."""
    return any(config.get(name) is not None for name in ("global_clipnorm", "gradient_accumulation_steps"))


def _optional(name: str, call: Call) -> int:
    if name in {"Adam", "AdamW"}:
        return int(call.flag("amsgrad"))
    if name == "SGD":
        return int(bool(call.get("momentum", 0.0)))
    if name == "RMSprop":
        return int(bool(call.get("momentum", 0.0))) + call.flag("centered")
    return 0


def _factors(shape: Shape) -> int:
    if len(shape) < 2:
        return 0
    lengths = [length or 0 for length in shape]
    return math.prod(lengths[:-1]) + math.prod([*lengths[:-2], lengths[-1]])


def name_of(optimizer: str) -> str | None:
    """The class of an optimizer given by canonical name or as a string; None for one that is not Keras's."""
    short = optimizer.rpartition(".")[2]
    for name in (*_SLOTS, "Adafactor", "Muon", "LossScaleOptimizer"):
        if short.lower() == name.lower():
            return name
    return None
