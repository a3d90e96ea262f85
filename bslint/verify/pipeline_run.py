"""A pipeline run: the program's own pipeline over synthetic samples, watched for two epochs. Runs in the child."""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from bslint.verify import recorder, worker
from bslint.verify.recorder import NotFollowedError, chain, made, nested, numbered, plain, size
from bslint.verify.stand_ins import KINDS, StandIns
from bslint.verify.trial import words

if TYPE_CHECKING:
    from collections.abc import Callable

# Elements are counted, and numbers reported, up to so many; so often an epoch's samples are waited for before a
# pipeline counts as endless.
_MOST = 20_000
_ROUNDS = 4
# Elements that are compared around a statement.
_LOOKED_AT = 256
# Nothing special is around the recipe when it is built.
surroundings = nullcontext


def pipelines(_: object, request: dict[str, Any], __: object, say: Callable[[str], None]) -> dict[str, Any]:
    """Run pipelines one after the other.

    Returns:
        `outcome` (`observed`) and `items`: what `observe` gives for each of `items` in the request, with its `seconds`.
    """
    folder = Path.cwd()
    items = []
    for number, item in enumerate(request["items"]):
        own = folder / str(number)
        own.mkdir()
        os.chdir(own)
        say(f"pipeline {number + 1} of {len(request['items'])}")
        began = time.monotonic()
        try:
            seen = observe(item)
        except Exception as error:
            seen = worker.failure(error)
        items.append({**seen, "seconds": round(time.monotonic() - began, 2)})
    return {"outcome": "observed", "items": items}


def observe(request: dict[str, Any]) -> dict[str, Any]:
    """Run the program that makes a dataset on synthetic samples, and look at what comes out.

    Args:
        request: `pipeline`, a program that binds `bslint_dataset` (or `bslint_before`, `bslint_dataset` and
            `bslint_after`, looks at the variable around a statement); `samples`, how many there are to be; `compare`,
            whether two epochs of the samples themselves are compared.

    Returns:
        `outcome` (`observed`), `elements` (shape and type of each part of an element), `epochs` (the numbers of the
        samples in each element, of two epochs), …
    """
    failure: Exception | None = None
    guessed = True
    # Without the functions of the maps nothing hangs on what the samples are.
    for kind, functions in (*((kind, True) for kind in KINDS), (KINDS[0], False)):
        if functions and not guessed:
            continue
        stand_ins = StandIns(int(request["samples"]), kind, tables="pandas" in request["pipeline"])
        try:
            with recorder.recorded(functions=functions), stand_ins.installed():
                seen = _observed(request, stand_ins, functions=functions)
                return {**seen, "failure": f"{type(failure).__name__}: {words(failure)}"} if failure else seen
        except NotFollowedError:
            raise
        except Exception as error:
            if _is_of_buffer(error):
                return {"outcome": "raised", "reason": words(error)}
            failure = failure or error
            guessed = stand_ins.guessed
    raise failure or NotFollowedError("nothing was tried")


def _is_of_buffer(error: Exception) -> bool:
    """Whether `shuffle` refuses its buffer."""
    return isinstance(error, tf.errors.InvalidArgumentError) and "buffer_size must be greater than zero" in str(error)


def _observed(request: dict[str, Any], stand_ins: StandIns, *, functions: bool) -> dict[str, Any]:
    namespace = worker.executed(request["pipeline"], {"bslint_stand_in": stand_ins.named, "bslint_look": _Look})
    dataset = namespace["bslint_dataset"]
    if not isinstance(dataset, tf.data.Dataset):
        raise NotFollowedError(f"it is no `tf.data.Dataset` here, but a `{type(dataset).__name__}`")
    if "bslint_before" in namespace:
        before, after = namespace["bslint_before"], namespace["bslint_after"]
        looked = {"unchanged": before.is_like(after), "changes": _differs(dataset, before)}
        return {"outcome": "observed", "functions": functions, **looked}
    samples = (size(chain(dataset)[0]) or stand_ins.samples) * nested(dataset)
    found = {
        "outcome": "observed",
        "functions": functions,
        "stand_ins": stand_ins.told,
        "steps": [_step(one) for one in chain(dataset)],
        **_numbers(dataset, samples),
    }
    if found["outcome"] == "raised":
        return found
    found["elements"] = _first(dataset)
    if request.get("compare"):
        found |= _contents(dataset)
    return found


def _differs(dataset: Any, before: _Look) -> bool:
    """Whether a dataset certainly gives something else than was seen; one that raises does."""
    try:
        return _Look(dataset).is_like(before) is False
    except tf.errors.InvalidArgumentError:
        return True


def _step(dataset: Any) -> dict[str, Any]:
    step = made(dataset)
    if step is None:
        return {"op": type(dataset).__name__}
    plain = {name: int(value) for name, value in step.arguments.items() if _is_integer(value)}
    return {"op": step.op, "line": step.line, **plain}


def _is_integer(value: Any) -> bool:
    if isinstance(value, tf.Tensor):
        return bool(tf.executing_eagerly()) and value.dtype.is_integer and value.shape.rank == 0
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _first(dataset: Any) -> list[Any]:
    """Shape and type of the parts of the first element."""
    for element in plain(dataset, "take", 1):
        return [[list(part.shape), getattr(part.dtype, "name", "")] for part in tf.nest.flatten(element)]
    return []


def _numbers(dataset: Any, samples: int) -> dict[str, Any]:
    """The samples in two epochs, by their numbers; the same in front of the last step."""
    over = numbered(dataset)
    try:
        one, ended = _epoch(over, samples)
    except tf.errors.InvalidArgumentError as error:
        return {"outcome": "raised", "reason": words(error)}
    parent = chain(dataset)[-2] if len(chain(dataset)) > 1 else dataset
    before, _ = _epoch(numbered(parent), samples)
    other, _ = _epoch(over, samples)
    return {
        "epochs": [one, other],
        "ended": ended,
        "endless": int(over.cardinality()) == tf.data.INFINITE_CARDINALITY,
        "before": before,
        "axes": over.element_spec.shape.rank,
    }


def _epoch(dataset: Any, samples: int) -> tuple[list[Any], bool]:
    """The elements of one epoch, and whether it ended: after so many it is not waited for."""
    most = min(_MOST, _ROUNDS * samples)
    found: list[Any] = []
    drawn = 0
    for element in dataset.as_numpy_iterator():
        found.append(element.tolist())
        drawn += max(1, int(element.size))
        if drawn >= most and _has_more(dataset, len(found)):
            return found, False
    return found, True


def _has_more(dataset: Any, drawn: int) -> bool:
    """Whether a dataset whose end was not reached goes on for ever, or far beyond what was drawn."""
    count = int(dataset.cardinality())
    return count == tf.data.INFINITE_CARDINALITY or count < 0 or count > drawn


def _contents(dataset: Any) -> dict[str, Any]:
    """Prints of the samples of two epochs, as they come out of a pipeline's cache and as they go into it."""
    steps = chain(dataset)
    cached = next((place for place, one in enumerate(steps) if (made(one) or ("",))[0] == "cache"), 0)
    return {"contents": _two(steps[cached or -1]), "uncached": _two(steps[cached - 1])}


def _two(dataset: Any) -> list[list[str]] | None:
    """Two epochs, each in an order that does not depend on the pipeline's; None for one that is too long."""
    over = numbered(dataset)
    if int(over.cardinality()) == tf.data.INFINITE_CARDINALITY:
        return None
    for _ in range(over.element_spec.shape.rank):
        dataset = plain(dataset, "unbatch")
    epochs = [sorted(_print(element) for element in plain(dataset, "take", _MOST)) for _ in range(2)]
    return None if len(epochs[0]) == _MOST else epochs


def _print(element: Any) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for part in tf.nest.flatten(element):
        digest.update(np.asarray(part).tobytes() if part.dtype != tf.string else repr(np.asarray(part)).encode())
    return digest.hexdigest()


class _Look:
    """What a dataset is and gives: its steps as TensorFlow has them, its elements drawn twice."""

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset
        self.steps = dataset._variant_tensor
        self.spec = repr(dataset.element_spec)
        draws = [[_print(element) for element in plain(dataset, "take", _LOOKED_AT)] for _ in range(2)]
        self.drawn = draws[0]
        self.ordered = draws[0] == draws[1]

    def is_like(self, other: _Look) -> bool | None:
        """Whether two datasets give the same; None where that can't be seen, because their order is random."""
        if self.dataset is other.dataset and self.steps is other.steps:
            return True
        if self.spec != other.spec or self.ordered != other.ordered:
            return False
        return self.drawn == other.drawn if self.ordered else None
