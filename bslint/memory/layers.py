"""The table of layers: for each layer of Keras, and each function on tensors, its output's shape and its weights.

What is not in the table, or has a configuration that the table does not cover, gives None: nothing is guessed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from bslint.memory import (
    attention,
    convolution,
    core,
    functions,
    merging,
    normalisation,
    pooling,
    preprocessing,
    recurrent,
    reshaping,
    whole,
)
from bslint.memory.call import Call, Outputs, Row, Table, UnknownError, Weights
from bslint.memory.network import Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bslint.memory.network import Shape

LAYERS: Table = {
    **core.LAYERS,
    **convolution.LAYERS,
    **pooling.LAYERS,
    **normalisation.LAYERS,
    **recurrent.LAYERS,
    **attention.LAYERS,
    **reshaping.LAYERS,
    **merging.LAYERS,
    **preprocessing.LAYERS,
}
_NAMES = (
    (re.compile(r"^(Separable|)Convolution(?=[123]D)"), r"\1Conv"),
    (re.compile(r"^(Adaptive|Global|)Avg(Pool)"), r"\1Average\2"),
    (re.compile(r"Pool(?=[123]D$)"), "Pooling"),
    (re.compile(r"^GroupQueryAttention$"), "GroupedQueryAttention"),
)
# Errors of arithmetic on arguments that make no sense: the program would raise too.
_NONSENSE = (
    UnknownError,
    TypeError,
    ValueError,
    IndexError,
    KeyError,
    ZeroDivisionError,
    AttributeError,
    OverflowError,
)


class Parameters(NamedTuple):
    """How many parameters a step has: Keras's own count.

    Args:
        trainable: those that are trained; none when the step is frozen.
        non_trainable: the others.
    """

    trainable: int
    non_trainable: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.trainable + self.non_trainable


@lru_cache(maxsize=1024)
def row_of(kind: str) -> tuple[Row, str]:
    """The row of a layer or function, and its name without the module. Raises `UnknownError`."""
    module, _, name = kind.rpartition(".")
    if not module:
        return functions.OPERATORS[name], name
    if kind == "keras.Input":
        return LAYERS["Input"], "Input"
    if module.startswith(("keras.layers", "keras.applications")):
        for pattern, replacement in _NAMES:
            name = pattern.sub(replacement, name)
        if name in LAYERS:
            return LAYERS[name], name
        merged = name.capitalize()
        if merged in merging.LAYERS:  # the functions of Keras's merging layers: `keras.layers.concatenate`
            return LAYERS[merged], merged
    elif module in functions.MODULES and name in functions.FUNCTIONS:
        return functions.FUNCTIONS[name], name
    raise UnknownError(kind)


def is_known(kind: str) -> bool:
    """Whether the table has a layer, a function or an operator of this canonical name."""
    try:
        row_of(kind)
    except _NONSENSE:
        return False
    return True


def shapes(step: Step, inputs: Sequence[Outputs | None]) -> Outputs | None:
    """The shape per sample of what a step gives.

    Args:
        step: the step; its config by parameter name.
        inputs: the shapes that flow in, per sample, in the order of `step.inputs`.

    Returns:
        A shape; a list of shapes for a step that gives several tensors (`tf.split`, `LSTM(return_state=True)`), of
        which a step of kind `[]` with an integer `index` takes one; None when it cannot be worked out.
    """
    try:
        if step.kind == "[]" and inputs and isinstance(inputs[0], list):
            taken: Shape = inputs[0][step.config["index"]]
            return taken
        if step.kind in whole.KINDS:
            return whole.declared(step)
        if any(isinstance(shape, whole.Whole) for shape in inputs):
            return whole.combined(step, inputs, lambda given: _shape(step, given))
        return _shape(step, inputs)
    except _NONSENSE:
        return None


def weights(step: Step, inputs: Sequence[Outputs | None]) -> Weights | None:
    """The shapes of a step's weights, whether or not it is frozen; None when they cannot be worked out."""
    if step.kind == "[]":
        return Weights()
    try:
        if step.kind in whole.KINDS:
            shape = whole.declared(step)
            return Weights((tuple(shape),) if step.kind == "keras.Variable" else ())
        row, call = _called(step, [shape[1:] if isinstance(shape, whole.Whole) else shape for shape in inputs])
        return row.weights(call)
    except _NONSENSE:
        return None


def parameters(step: Step, inputs: Sequence[Outputs | None]) -> Parameters | None:
    """How many parameters a step has; None when that cannot be worked out.

    Steps that share their layer (`step.layer`) share its weights: count them once.
    """
    found = weights(step, inputs)
    if found is None:
        return None
    trained, kept = (sum(_size(shape) for shape in group) for group in found)
    return Parameters(trained, kept) if step.trainable else Parameters(0, trained + kept)


def jit(step: Step) -> bool:
    """Whether Keras lets XLA compile a model that has this step."""
    try:
        row, _ = row_of(step.kind)
    except _NONSENSE:
        return True
    if not row.jit and recurrent.fused(step):
        return False
    return (row.jit or step.kind.endswith(("LSTM", "GRU"))) and all(
        jit(inner) for inner in step.config.values() if isinstance(inner, Step)
    )


def _shape(step: Step, inputs: Sequence[Outputs | None]) -> Outputs:
    row, call = _called(step, inputs)
    return row.shape(call)


def _called(step: Step, inputs: Sequence[Outputs | None]) -> tuple[Row, Call]:
    row, name = row_of(step.kind)
    plain: list[Shape] = []
    for shape in inputs:
        if shape is None or isinstance(shape, list):
            raise UnknownError
        plain.append(tuple(shape))
    return row, Call(name, step.config, tuple(plain))


def _size(shape: Shape) -> int:
    size = 1
    for length in shape:
        if length is None:
            raise UnknownError
        size *= length
    return size
