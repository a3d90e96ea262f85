"""What a training step needs, from the network and the plan alone.

    needs = prepare(plan)
    needs.total(64), needs.breakdown(64), needs.largest(16 * 2**30)

The sum is of one device and one replica: weights, optimizer slots and input stay; the peak over the step's operations
comes on top (`tape.py`). Sizes are bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from bslint.memory import layers as table
from bslint.memory import whole
from bslint.memory.call import UnknownError, elements
from bslint.memory.expansion import expanded
from bslint.memory.layers import Parameters
from bslint.memory.lowering import Tensor, lower
from bslint.memory.network import Plan, Shape, Step, leading
from bslint.memory.optimizers import slots, update, waits
from bslint.memory.played import allocated, peak
from bslint.memory.tape import Moment, Size, Tape, highest, moments, retained

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bslint.memory.call import Outputs
    from bslint.memory.network import Network

Run: TypeAlias = Literal["graph", "jit", "eager"]

# MEASURED by benchmarks/calibration (zoo): what the allocator takes above the sum of what is live, as pieces are handed
# out whole. For a graph on a CPU it is played instead.
ALLOCATOR = {"graph": 1.06, "jit": 1.0, "eager": 1.2}
# MEASURED by benchmarks/calibration (zoo): XLA keeps less of the activations, but writes updated weights beside the
# old ones.
XLA_GRAPH, XLA_ACTIVATIONS = 0.9, 0.75
# MEASURED by benchmarks/calibration (zoo): what loops of recurrent layers keep, against a graph.
LOOPS = {"graph": 1.0, "jit": 1.0, "eager": 2.8}
# The worst errors that benchmarks/calibration publishes, by run.
ERROR_BANDS: dict[str, float] = {"graph": 0.2, "jit": 0.45, "eager": 0.3}
HALF_BAND = 0.3
LARGEST_BATCH = 2**24
# What `Needs.partial` says where the optimizer's slots are not known.
OPTIMIZER = "the optimizer"

_HALF = frozenset(("mixed_float16", "mixed_bfloat16", "float16", "bfloat16"))
_BYTES = {
    "float64": 8,
    "int64": 8,
    "float16": 2,
    "bfloat16": 2,
    "int16": 2,
    "uint16": 2,
    "uint8": 1,
    "int8": 1,
    "bool": 1,
}
_INPUTS = frozenset(("keras.Input", "keras.layers.InputLayer"))
# Layers whose tensors are as many pieces as there are time steps.
_LOOPS = frozenset(
    f"keras.layers.{name}"
    for name in "LSTM GRU SimpleRNN RNN Bidirectional ConvLSTM1D ConvLSTM2D ConvLSTM3D TimeDistributed".split()
)


class Layer(msgspec.Struct, frozen=True, eq=False):
    """One step of the network and what was worked out about it.

    Args:
        step: the step.
        shape: the shape of its output per sample.
        parameters: of its weights, those of a shared layer counted where it is first called.
        retained: bytes that it keeps for the backward pass, by batch size.
    """

    step: Step
    shape: Outputs
    parameters: Parameters
    retained: Size


class Breakdown(msgspec.Struct, frozen=True):
    """The parts of the sum, in bytes."""

    weights: int
    gradients: int
    optimizer: int
    input: int
    activations: int
    workspace: int
    device_allowance: int

    @property
    def total(self) -> int:
        """Their sum."""
        parts: tuple[int, ...] = msgspec.structs.astuple(self)
        return sum(parts)


class Needs(msgspec.Struct, eq=False):
    """What a training needs, for any batch size.

    Args:
        plan: the training.
        run: how its step is run: a graph, XLA, or eagerly.
        layers: the steps in order; those that could not be worked out are left out.
        partial: what could not be worked out, in words; the sums are then too small.
        weights: bytes of the weights.
        optimizer: bytes of the optimizer's slots.
        updated: bytes of weights and slots that a step changes.
        gradients: bytes of all gradients of weights.
        largest_gradient: bytes of the largest one.
        input: bytes of a batch, by batch size.
        moments: the moments that may be the highest.
        cpu: whether scratch of CPU kernels counts.
        played: the operations of a graph on a CPU, whose allocator makes a difference.
        loops: positions of the steps that are loops.
        allowance: bytes of the device's allowance.
    """

    plan: Plan
    run: Run
    layers: tuple[Layer, ...] = ()
    partial: tuple[str, ...] = ()
    weights: int = 0
    optimizer: int = 0
    updated: int = 0
    gradients: int = 0
    largest_gradient: int = 0
    input: Size = Size(0)
    moments: tuple[Moment, ...] = ()
    cpu: bool = False
    played: Tape | None = None
    loops: frozenset[int] = frozenset()
    allowance: int = 0

    @property
    def waits(self) -> bool:
        """Whether no weight is updated before all gradients are there."""
        return self.run != "graph" or _waits(self.plan)

    @property
    def parameters(self) -> Parameters:
        """Of all layers, as Keras counts them."""
        return Parameters(
            sum(layer.parameters.trainable for layer in self.layers),
            sum(layer.parameters.non_trainable for layer in self.layers),
        )

    @property
    def error_band(self) -> float:
        """How far the estimate may be off, as a fraction: the worst published error of its kind."""
        return max(ERROR_BANDS[self.run], HALF_BAND if self.plan.policy in _HALF else 0)

    def total(self, batch: int) -> int:
        """Bytes at a batch size."""
        return self.breakdown(batch).total

    def breakdown(self, batch: int) -> Breakdown:
        """The parts at a batch size; they sum to the total."""
        high, activations, gradients = 0, 0, 0
        if self.moments:
            moment = max(self.moments, key=lambda each: each.at(batch, cpu=self.cpu))
            high = round(moment.at(batch, cpu=self.cpu) * ALLOCATOR[self.run])
            if self.played is not None:
                high = peak(self.played, batch, self.loops, self.input.at(batch))
            activations, gradients = (min(part.at(batch), high) for part in moment.parts)
        # where the optimizer waits for the last gradient, all of them are there, and it needs the largest once more
        every = self.gradients + self.largest_gradient if self.waits else 0
        if every > high:
            high, activations, gradients = every, 0, self.gradients
        if self.run == "jit":
            beside = self.updated + XLA_ACTIVATIONS * max(high - gradients, 0)
            high = max(round(XLA_GRAPH * high), round(beside))
            activations = min(activations, high)
        gradients = min(gradients, high - activations)
        workspace = high - activations - gradients
        if (self.plan.replicas or 1) > 1:
            workspace += self.gradients  # packed for the exchange between replicas
        if self.plan.accumulates:
            gradients += self.gradients
        return Breakdown(
            weights=self.weights,
            gradients=gradients,
            optimizer=self.optimizer,
            input=self.input.at(batch),
            activations=activations,
            workspace=workspace,
            device_allowance=self.allowance,
        )

    def largest(self, limit: int, margin: float = 0.0) -> int:
        """The largest batch whose estimate and margin, a fraction of it, stay within a limit; 0 when none does."""

        def fits(batch: int) -> bool:
            return self.total(batch) * (1 + margin) <= limit

        if not fits(1):
            return 0
        low, high = 1, 2
        while high <= LARGEST_BATCH and fits(high):
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if fits(middle) else (low, middle)
        return low

    def curve(self, largest: int) -> list[tuple[int, int]]:
        """Batch sizes and totals: the powers of two up to twice a batch size."""
        sizes = [1]
        while sizes[-1] < 2 * largest and sizes[-1] < LARGEST_BATCH:
            sizes.append(sizes[-1] * 2)
        return [(size, self.total(size)) for size in sizes]


def prepare(plan: Plan, *, gpu: bool = True, allowance: int = 0) -> Needs:
    """Work a training out, for all batch sizes at once.

    Args:
        plan: the training.
        gpu: whether it runs on a GPU; on a CPU the scratch of its kernels counts.
        allowance: bytes that the device needs for itself.
    """
    network = expanded(plan.network)
    plan = msgspec.structs.replace(plan, network=network)
    outputs, partial = _shapes(network)
    run = _run(plan, gpu)
    found = [table.weights(step, [outputs[place] for place in step.inputs]) for step in network.steps]
    partial += [
        f"the weights of {_title(step)}"
        for step, shape, weights in zip(network.steps, outputs, found, strict=True)
        if shape is not None and weights is None
    ]
    tape = None
    if not partial:
        try:
            tape = _record(plan, outputs, run, gpu)
        except UnknownError as error:
            partial.append(f"what `{error}` keeps in memory")
    counted: set[int] = set()
    rows: list[Layer] = []
    trained: list[Shape] = []
    every: list[Shape] = []
    kept = retained(tape) if tape is not None else {}
    for place, (step, shape, weights) in enumerate(zip(network.steps, outputs, found, strict=True)):
        if shape is None or weights is None:
            continue
        own = Parameters(0, 0)
        if step.layer is None or step.layer not in counted:
            own = table.parameters(step, [outputs[at] for at in step.inputs]) or own
            trained += weights.trained if step.trainable else ()
            every += (*weights.trained, *weights.kept)
        if step.layer is not None:
            counted.add(step.layer)
        rows.append(Layer(step, shape, own, kept.get(place, Size(0))))
    return _needs(plan, run, rows, partial, trained, every, tape, outputs, gpu, allowance)


def _needs(
    plan: Plan,
    run: Run,
    rows: list[Layer],
    partial: list[str],
    trained: list[Shape],
    every: list[Shape],
    tape: Tape | None,
    outputs: Sequence[Outputs | None],
    gpu: bool,
    allowance: int,
) -> Needs:
    width = 2 if plan.policy in {"float16", "bfloat16"} else 4
    kept = slots(plan.optimizer or "", plan.optimizer_config, trained)
    if plan.optimizer is None or kept is None:
        partial = [*partial, OPTIMIZER]
        kept = 0
    sizes = [width * elements(shape) for shape in trained]
    weights = [width * elements(shape) for shape in every]
    copies = kept // max(sum(sizes) // width, 1)
    optimizer = width * kept
    total = sum(weights)
    if not gpu:
        optimizer = allocated([*weights, *sizes * copies]) - allocated(weights) if copies else optimizer
        total = allocated(weights)
    return Needs(
        plan=plan,
        run=run,
        layers=tuple(rows),
        partial=tuple(dict.fromkeys((*plan.network.unread, *plan.unread, *partial))),
        weights=total,
        optimizer=optimizer,
        updated=sum(sizes) + width * kept,
        gradients=sum(sizes),
        largest_gradient=max(sizes, default=0),
        input=_input(plan, outputs),
        moments=tuple(highest(moments(tape))) if tape is not None else (),
        cpu=not gpu,
        played=tape if run == "graph" and not gpu else None,
        loops=frozenset(place for place, step in enumerate(plan.network.steps) if step.kind in _LOOPS),
        allowance=allowance,
    )


def _shapes(network: Network) -> tuple[list[Outputs | None], list[str]]:
    """The shape of each step's output, and in words the first steps whose shape is not known."""
    outputs: list[Outputs | None] = []
    partial: list[str] = []
    for step in network.steps:
        inputs = [outputs[place] for place in step.inputs]
        shape = _readable(table.shapes(step, inputs))
        if shape is None and None not in inputs:
            partial.append(f"the output shape of {_title(step)}")
        elif shape is not None and not isinstance(shape, list) and None in shape:
            partial.append(f"a length of the output of {_title(step)}")
        outputs.append(shape)
    return outputs, partial


def _readable(shape: Outputs | None) -> Outputs | None:
    """The shape, None where one of its lengths was not read."""
    if isinstance(shape, tuple) and not all(length is None or isinstance(length, int) for length in shape):
        return None
    return shape


def _title(step: Step) -> str:
    short = step.kind.removeprefix("keras.layers.")
    return f"`{step.name}` ({short})" if step.name else f"`{short}`"


def _run(plan: Plan, gpu: bool) -> Run:
    """How the step runs: Keras compiles with XLA on a GPU what XLA supports, unless it is told or distributed."""
    if plan.mode == "eager":
        return "eager"
    able = not gpu or all(table.jit(step) for step in plan.network.steps)
    if plan.jit is not None:
        return "jit" if plan.jit and able else "graph"
    chosen = plan.mode == "compiled" and gpu and able and plan.replicas == 1
    return "jit" if chosen else "graph"


def _record(plan: Plan, outputs: Sequence[Outputs | None], run: Run, gpu: bool) -> Tape:
    """The operations of one training step."""
    tape = Tape(
        eager=run == "eager",
        jit=run == "jit",
        loops=LOOPS[run],
        update=update(plan.optimizer or "", plan.optimizer_config) if run == "graph" and not _waits(plan) else None,
    )
    tensors: list[Tensor | list[Tensor]] = []
    # A graph leaves out what leads to no output.
    run_steps = leading(plan.network.steps, plan.network.outputs) if run != "eager" else range(len(plan.network.steps))
    for place, step in enumerate(plan.network.steps):
        tape.begin(place, step.layer)
        shape = outputs[place]
        if place not in run_steps:
            tensors.append([])
            continue
        if step.kind in _INPUTS:
            tensors.append(Tensor(tape.source(), _single(shape)))
            continue
        if step.kind in whole.KINDS:  # its memory, and its gradient's, is counted with the weights
            tensors.append(Tensor(tape.source(flows=step.trainable and step.kind == "keras.Variable"), _single(shape)))
            continue
        inputs = [tensors[at] for at in step.inputs]
        if step.kind == "[]" and isinstance(inputs[0], list):
            tensors.append(inputs[0][step.config["index"]])
            continue
        plain = [tensor for tensor in inputs if not isinstance(tensor, list)]
        if len(plain) != len(inputs):
            raise UnknownError(step.kind)
        width = 2 if (step.policy or plan.policy) in _HALF else 4
        first = shape[0] if isinstance(shape, list) else shape
        try:
            logits = run == "graph" and place in plan.network.outputs and "crossentropy" in (plan.loss or "").lower()
            buffer = lower(tape, _unactivated(step) if logits else step, plain, _single(first), width, gpu=gpu)
        except UnknownError as error:
            raise UnknownError(step.kind) from error
        if isinstance(shape, list):
            tensors.append([Tensor(buffer, each) for each in shape])
        else:
            tensors.append(Tensor(buffer, shape or ()))
    if run == "eager":  # a functional model holds the output of each layer until its call returns
        tape.hold([tensor.buffer for tensor in tensors if not isinstance(tensor, list)])
    ends = [tensors[place] for place in plan.network.outputs]
    tape.backward([tensor.buffer for tensor in ends if not isinstance(tensor, list)])
    return tape


def _waits(plan: Plan) -> bool:
    """Whether no weight is updated before all gradients are there."""
    return plan.replicas != 1 or plan.accumulates or plan.policy == "mixed_float16" or waits(plan.optimizer_config)


def _unactivated(step: Step) -> Step:
    """An output layer without its softmax or sigmoid: a graph computes a cross-entropy from the logits."""
    if step.config.get("activation") in {"softmax", "sigmoid"}:
        return msgspec.structs.replace(step, config={**step.config, "activation": "linear"})
    return step


def _single(shape: Outputs | None) -> Shape:
    if shape is None or isinstance(shape, list):
        raise UnknownError
    return shape


def _input(plan: Plan, outputs: Sequence[Outputs | None]) -> Size:
    """The bytes of a batch: what flows in, and the labels."""
    size = 0
    for step, shape in zip(plan.network.steps, outputs, strict=True):
        if step.kind in _INPUTS:
            size += _sample(shape) * _BYTES.get(str(step.config.get("dtype") or "float32"), 4)
    loss = (plan.loss or "").rpartition(".")[2].lower()
    for place in plan.network.outputs:
        shape = outputs[place]
        if isinstance(shape, tuple) and shape:
            # where the loss is not known, labels are taken to be classes: never too much
            size += 4 * _sample(shape[:-1] if "sparse" in loss or not loss else shape)
    return Size(size)


def _sample(shape: Outputs | None) -> int:
    if shape is None or isinstance(shape, list) or None in shape:
        return 0
    return elements(shape)
