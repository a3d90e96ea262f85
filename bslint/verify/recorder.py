"""What a program really does to its datasets: every call of a `tf.data` method is kept. Runs in the child.

From the calls the same pipeline can be put together once more over numbers, so that each sample can be told from every
other wherever shuffles, batches, caches and repeats have put it.
"""

from __future__ import annotations

import inspect
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import tensorflow as tf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MADE = "_bslint_made"
_SOURCES = ("from_tensor_slices", "from_tensors", "from_generator", "range", "random", "counter")
_NAMES = frozenset(
    "batch bucket_by_sequence_length cache concatenate enumerate filter flat_map group_by_window ignore_errors "
    "interleave map padded_batch prefetch ragged_batch rebatch rejection_resample repeat scan shard shuffle skip "
    "snapshot sparse_batch take take_while unbatch unique window with_options".split()
)
# Steps that are the same over numbers as over samples, and those that leave order and number of the samples alone.
_AS_THEY_ARE = frozenset("shuffle repeat take skip shard unbatch with_options".split())
_OPENING = frozenset(("flat_map", "interleave"))
_NOTHING = frozenset("map filter ignore_errors prefetch enumerate snapshot".split())
# The methods as TensorFlow has them: a program may put others in their place.
_RANGE, _COUNTER = tf.data.Dataset.range, tf.data.Dataset.counter
_PLAIN = {name: inspect.getattr_static(tf.data.Dataset, name) for name in _NAMES if hasattr(tf.data.Dataset, name)}
# Of a file, or whatever else a nested dataset is made from, so many samples are made.
NESTED = 16
# What is added to the numbers of a dataset that is appended to another.
_OTHER = 10**9
# A source of which nobody knows how many samples it has is asked for so many.
_COUNTED = 5_000


class NotFollowedError(Exception):
    """A pipeline has a step that can't be repeated over numbers; the message names it."""


class Made(NamedTuple):
    """How a dataset came about: the method, its arguments, the dataset in front of it, and the recipe's line."""

    op: str
    arguments: dict[str, Any]
    parent: Any
    line: int | None


def made(dataset: Any) -> Made | None:
    """How a dataset came about; None for one that no method made."""
    return getattr(dataset, _MADE, None)


def chain(dataset: Any) -> list[Any]:
    """The datasets that a dataset was made from step by step, source first."""
    found = [dataset]
    # A program that changes a dataset in place makes it its own parent.
    while (step := made(found[-1])) is not None and not any(one is step.parent for one in (*found, None)):
        found.append(step.parent)
    return found[::-1]


def nested(dataset: Any) -> int:
    """How many samples are made, at most, of one element of a dataset's source."""
    inside = [one for one in chain(dataset) if (step := made(one)) is not None and step.op in _OPENING]
    return int(NESTED ** min(2, len(inside)))


def source(dataset: Any, name: str) -> Any:
    """Mark a dataset as one that samples come from."""
    setattr(dataset, _MADE, Made(name, {}, None, _line()))
    return dataset


@contextmanager
def recorded(*, functions: bool) -> Iterator[None]:
    """Datasets that are made in here can be asked how.

    Args:
        functions: whether the functions that are given to `map` and `filter` are used; a step without is left out.
    """
    owner = tf.data.Dataset
    before = {name: inspect.getattr_static(owner, name) for name in (*_NAMES, *_SOURCES, "zip") if hasattr(owner, name)}
    try:
        for name, original in before.items():
            if name in _NAMES:
                setattr(owner, name, _recording(name, original, functions=functions))
            else:
                setattr(owner, name, staticmethod(_making(name, original.__func__)))
        yield
    finally:
        for name, original in before.items():
            setattr(owner, name, original)


def _recording(name: str, original: Any, *, functions: bool) -> Callable[..., Any]:
    signature = inspect.signature(original)

    def method(self: Any, *given: Any, **named: Any) -> Any:
        arguments = dict(signature.bind(self, *given, **named).arguments)
        left_out = not functions and name in {"map", "filter"}
        result = take(self, -1) if left_out else original(self, *given, **named)
        del arguments[next(iter(arguments))]
        setattr(result, _MADE, Made(name, arguments, self, _line()))
        return result

    take = inspect.getattr_static(tf.data.Dataset, "take")
    return method


def _making(name: str, original: Any) -> Callable[..., Any]:
    def function(*given: Any, **named: Any) -> Any:
        result = original(*given, **named)
        parent = next((one for one in tf.nest.flatten([given, named]) if isinstance(one, tf.data.Dataset)), None)
        setattr(result, _MADE, Made(name, {}, parent, _line()))
        return result

    return function


def _line() -> int | None:
    """The line of the recipe that is being executed."""
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename != "recipe.py":
        frame = frame.f_back
    return frame.f_lineno if frame is not None else None


def plain(dataset: Any, name: str, /, *given: Any, **named: Any) -> Any:
    """Call a method of a dataset that nobody has replaced."""
    return _PLAIN[name](dataset, *given, **named)


def numbered(dataset: Any) -> Any:
    """The pipeline of a dataset over the numbers 0, 1, 2, … instead of its samples.

    Args:
        dataset: made inside `recorded`.

    Raises:
        NotFollowedError: a step is in the way.
    """
    step = made(dataset)
    if step is None:
        if dataset._inputs():
            raise NotFollowedError(f"samples can't be followed through a `{type(dataset).__name__}`")
        return _range(size(dataset))
    if step.parent is None:
        return _range(size(dataset))
    base = numbered(step.parent)
    if step.op == "zip" or step.op in _NOTHING:
        return base
    if step.op == "concatenate":
        other = numbered(step.arguments["dataset"])
        return plain(base, "concatenate", plain(other, "map", lambda number: number + _OTHER))
    if step.op in _AS_THEY_ARE:
        return plain(base, step.op, **step.arguments)
    if step.op in {"batch", "padded_batch", "ragged_batch"}:
        return plain(base, "batch", step.arguments["batch_size"], step.arguments.get("drop_remainder", False))
    if step.op == "cache":
        return plain(base, "cache")
    if step.op in _OPENING:
        kept = {name: value for name, value in step.arguments.items() if name != "map_func"}
        return plain(base, step.op, _nested, **kept)
    raise NotFollowedError(f"samples can't be followed through `{step.op}`")


def _nested(number: Any) -> Any:
    first = tf.reshape(number, [-1])[0] * NESTED
    return plain(_range(NESTED), "map", lambda place: first + place)


def _range(length: int | None) -> Any:
    return _RANGE(length) if length is not None else _COUNTER()


def size(dataset: Any) -> int | None:
    """The number of a dataset's elements; None for one without an end."""
    count = int(dataset.cardinality())
    if count == tf.data.INFINITE_CARDINALITY:
        return None
    if count == tf.data.UNKNOWN_CARDINALITY:
        counted = sum(1 for _ in plain(dataset, "take", _COUNTED))
        return counted if counted < _COUNTED else None
    return count
