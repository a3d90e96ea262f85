"""What a measured model is: how it is built, its optimizer, its batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import keras

if TYPE_CHECKING:
    from collections.abc import Callable

OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "adam": lambda: keras.optimizers.Adam(),
    "adamw": lambda: keras.optimizers.AdamW(),
    "momentum": lambda: keras.optimizers.SGD(momentum=0.9),
    "rmsprop": lambda: keras.optimizers.RMSprop(),
    "sgd": lambda: keras.optimizers.SGD(),
}


class Case(NamedTuple):
    """A model with its optimizer and the batches to measure.

    Args:
        build: makes the model.
        optimizer: a key of `OPTIMIZERS`.
        batches: batch sizes.
        loss: `classes` (sparse categorical cross-entropy of a softmax), or `mse` (of the model's own output shape).
    """

    build: Callable[[], keras.Model]
    optimizer: str
    batches: tuple[int, ...]
    loss: str = "classes"


def application(name: str, size: int = 224, **arguments: Any) -> Callable[[], keras.Model]:
    """A model of `keras.applications` without weights, with 1000 classes."""
    return lambda: getattr(keras.applications, name)(
        weights=None, classes=1000, input_shape=(size, size, 3), **arguments
    )
