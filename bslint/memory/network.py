"""A network and its training as plain data: what the analysis reads from a program, what the estimate works on.

Shapes are per sample: without the batch axis, None where a length is not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Shape: TypeAlias = tuple["int | None", ...]
RunMode: TypeAlias = Literal["compiled", "function", "eager"]

# Steps that are there whether or not anything uses them.
_STANDING = frozenset(("keras.Input", "keras.Variable"))


class Unread:
    """Stands for an argument that is given but could not be read."""

    def __repr__(self) -> str:
        return "?"


UNREAD = Unread()


class Step(msgspec.Struct, frozen=True, eq=False):
    """One call of a layer, or of a function on tensors.

    Args:
        kind: canonical name of the layer class (`keras.layers.Conv2D`), of the function (`tf.nn.relu`), or the
            operator (`+`).
        config: the layer's (or the function's) arguments by parameter name, as literals; defaults are left out; layers
            given as arguments (`Bidirectional(LSTM(64))`) are steps without inputs.
        inputs: positions of the steps whose outputs flow in.
        layer: identity of the layer object: steps of the same layer share their weights. None for functions.
        name: how a person finds it: the layer's `name=`, or the variable that holds it.
        trainable: whether its weights are trained.
        policy: its dtype policy, None for the global one.
        origin: the syntax node where the layer is made; the estimate only hands it through.
    """

    kind: str
    config: dict[str, Any]
    inputs: tuple[int, ...] = ()
    layer: int | None = None
    name: str = ""
    trainable: bool = True
    policy: str | None = None
    origin: Any = None


class Network(msgspec.Struct, frozen=True, eq=False):
    """The steps of a model from its inputs to its outputs, in an order in which they can be run.

    An input is a step of kind `keras.Input` with its `shape` (per sample) and `dtype`. A weight that the program makes
    itself is a step of kind `keras.Variable`, a tensor that does not depend on the data one of kind `constant`; their
    `shape` is the whole shape, without a batch axis. Steps of kind `[]` take something out: an `index` as it is written
    (a number, a slice, None, …, or a tuple of them; the batch is axis 0), or one of several tensors. A step of kind
    `part` takes what the layer `layer` (its name or number) of an application gives, one of kind `part's input` what
    goes into it.

    Args:
        steps: every call, inputs first.
        outputs: positions of the steps whose results the model returns.
        kept: positions of steps that belong to the model, whether or not anything uses their results: the outputs of
            models in it.
        unread: what could not be read, in words; empty when the network is complete.
    """

    steps: tuple[Step, ...]
    outputs: tuple[int, ...]
    unread: tuple[str, ...] = ()
    kept: tuple[int, ...] = ()


def leading(steps: Sequence[Step], ends: Iterable[int]) -> set[int]:
    """The positions of steps that some others hang on, and of these."""
    found: set[int] = set()
    pending = list(ends)
    while pending:
        place = pending.pop()
        if place not in found:
            found.add(place)
            pending.extend(steps[place].inputs)
    return found


def needed(steps: Sequence[Step], ends: Iterable[int]) -> list[int]:
    """The positions of what leads to some steps, and of what is there whether or not anything uses it, in order."""
    return sorted(leading(steps, ends).union(place for place, step in enumerate(steps) if step.kind in _STANDING))


class Plan(msgspec.Struct, frozen=True, eq=False):
    """How a program trains a network.

    Args:
        network: the model.
        batch_size: samples of one step on one replica, None when it is not known.
        optimizer: canonical name of its class (`keras.optimizers.Adam`), None when it is not known.
        optimizer_config: its arguments by name, as literals.
        loss: name of the loss, None when it is not known.
        mode: compiled (`fit`, `train_on_batch`), a `tf.function` step, or an eager loop.
        jit: `jit_compile` as given, None for Keras's own choice.
        policy: the global dtype policy.
        replicas: replicas that share the global batch; None when their number is not known.
        unread: what could not be read of the training, in words.
        accumulates: whether a hand-written loop keeps a sum of gradients beside the gradients; the batch is then the
            micro-batch.
    """

    network: Network
    batch_size: int | None
    optimizer: str | None = None
    optimizer_config: dict[str, Any] = msgspec.field(default_factory=dict)
    loss: str | None = None
    mode: RunMode = "compiled"
    jit: bool | None = None
    policy: str = "float32"
    replicas: int | None = 1
    unread: tuple[str, ...] = ()
    accumulates: bool = False
