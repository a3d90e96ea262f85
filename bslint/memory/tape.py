"""What a training step allocates, in the order in which it happens: forward, backward, update.

Layers are lowered (`lowering.py`) to operations on buffers. An operation that the gradient passes through says what its
backward pass reads; from this follows what is retained, for how long, and which operations work in place. Sizes are
bytes as a line in the batch size: `slope` per sample and `fixed`. As nothing here depends on the batch size, the peak
is a maximum of lines, worked out once for all batch sizes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, TypeAlias

import msgspec

Reuse: TypeAlias = Literal["new", "reuse", "alias"]
Scratch: TypeAlias = Callable[[int], int]
"""Bytes of scratch that a kernel takes while it runs, by batch size."""


# Updates of weights of fewer bytes are not followed operation by operation.
SMALL_UPDATE = 2**17


class Size(NamedTuple):
    """Bytes by batch size: `slope` × batch size + `fixed`."""

    slope: float
    fixed: float = 0.0

    def at(self, batch: int) -> int:
        """The bytes at a batch size."""
        return round(self.slope * batch + self.fixed)


class Buffer(msgspec.Struct, eq=False):
    """A piece of memory.

    Args:
        size: its bytes.
        owner: position of the step that it belongs to, for the report by layer.
        part: what it counts as: `activations`, `gradients` or `workspace`.
        flows: whether a gradient has to flow through it.
        last: the last operation that reads it.
    """

    size: Size
    owner: int
    part: str
    flows: bool = False
    last: int = -1


class Operation(msgspec.Struct, eq=False):
    """One operation: what it reads, what it writes, what it takes while it runs.

    Args:
        reads: the buffers that have to be there.
        writes: the buffers that it makes.
        reuse: a buffer that the first one it makes may take over, when nobody reads it later.
        temporary: what it takes besides, until it is done.
        scratch: what its kernel takes on a CPU.
        step: position of the step.
        backward: whether it belongs to the backward pass.
    """

    reads: tuple[Buffer, ...]
    writes: tuple[Buffer, ...]
    reuse: Buffer | None
    temporary: Size
    scratch: Scratch | None
    step: int
    backward: bool


class Primitive(NamedTuple):
    """How one operation of a layer behaves in the forward and in the backward pass.

    Args:
        size: elements of its output per sample.
        saves: what the backward pass reads: `i` the inputs, `o` the output, `w` the inputs for the weights' gradient.
        extra: further elements per sample that are made and saved for the backward pass.
        bits: elements per sample saved as booleans.
        forward: whether the output is new memory, may take over the input's, or is the input itself.
        backward: the same of the gradient.
        temporaries: elements per sample taken meanwhile, by the forward and the backward pass.
        weights: elements of its trained weights, each.
        scratch: what kernels take on a CPU: forward, gradient of the weights, gradient of the input.
        eager: `saves` without graph optimisation, where additions and reductions keep their inputs too.
        fixed: elements, whatever the batch, taken by the backward pass.
        rows: elements per sample of the gradient of its weights, where that is some rows of them.
        late: whether the gradient of its weights is there after that of its input.
        same: names the operation, when two of it on the same input are one in an optimised graph.
    """

    size: int
    saves: str = ""
    extra: int = 0
    bits: int = 0
    forward: Reuse = "reuse"
    backward: Reuse = "reuse"
    temporaries: tuple[float, float] = (0, 0)
    weights: tuple[int, ...] = ()
    scratch: tuple[Scratch | None, Scratch | None, Scratch | None] = (None, None, None)
    eager: str | None = None
    eager_extra: int = 0
    fixed: float = 0
    rows: int = 0
    late: bool = False
    same: str = ""


class Update(NamedTuple):
    """How an optimizer updates a weight in a graph, where that starts as soon as its gradient is there.

    Args:
        early: copies of the weight that need no gradient and are made when the step starts (`momentum * m`).
        renewed: whether the weight is written anew when the step starts (weight decay), while the old one is in use.
        chains: operations one after the other, the first of which makes a tensor that the others change in place; each
            with the places of the chains that have to end before.
    """

    early: int = 0
    renewed: bool = False
    chains: tuple[tuple[int, tuple[int, ...]], ...] = ()


class Weights(msgspec.Struct, eq=False):
    """The weights of one operation of a layer, which all calls of the layer share.

    Args:
        size: their bytes.
        early: what is made of them when the step starts, until they are updated.
        old: the weights as they were before the step, where they are written anew.
        gradients: their gradients, one for each call.
        calls: calls whose gradients are yet to come.
    """

    size: Size
    early: Buffer | None
    old: tuple[Buffer, ...]
    gradients: list[Buffer]
    calls: int = 0


class Tape:
    """Records the operations of the forward pass, then adds those of the backward pass.

    Args:
        eager: whether operations run one by one, without graph optimisation.
        jit: whether XLA compiles them.
        loops: how many times as much recurrent loops keep as they do in a graph.
        update: how weights are updated one by one; None where all gradients have to be there first.
    """

    def __init__(
        self, *, eager: bool = False, jit: bool = False, loops: float = 1, update: Update | None = None
    ) -> None:
        self.eager = eager
        self.jit = jit
        self.loops = loops
        self.update = update
        self.operations: list[Operation] = []
        self.step = 0
        self._layer: object = None
        self._made = 0
        self._weights: dict[tuple[object, int], Weights] = {}
        self._starts: list[Operation] = []
        self._done: dict[tuple[str, tuple[int, ...], int], Buffer] = {}
        self._pending: list[Callable[[], None]] = []
        self._gradients: dict[int, list[Buffer]] = {}
        self.weight_gradients: list[Buffer] = []

    def begin(self, step: int, layer: object) -> None:
        """The operations that follow belong to this step, a call of this layer."""
        self.step = step
        self._layer = ("step", step) if layer is None else layer
        self._made = 0

    def source(self, *, flows: bool = False) -> Buffer:
        """The model's input, or a weight, whose memory is counted elsewhere."""
        return Buffer(Size(0, 0), self.step, "input", flows)

    def run(self, primitive: Primitive, inputs: Sequence[Buffer], width: int, *, trainable: bool = True) -> Buffer:
        """Record an operation on the inputs; elements are `width` bytes each."""
        flows = any(buffer.flows for buffer in inputs) or (trainable and bool(primitive.weights))
        if primitive.forward == "alias" and not primitive.weights:
            return inputs[0]
        known = (primitive.same, tuple(id(buffer) for buffer in inputs), width)
        if primitive.same and not self.eager and known in self._done:
            return self._done[known]
        output = Buffer(Size(primitive.size * width), self.step, "activations", flows)
        self._done[known] = output
        extra = primitive.extra + (primitive.eager_extra if self.eager else 0)
        saved = Buffer(Size(extra * width + primitive.bits), self.step, "activations")
        reuse = inputs[0] if primitive.forward == "reuse" and inputs and not self.eager else None
        held = self._held(primitive) if trainable and primitive.weights else None
        reads = (*inputs, *held.old) if held is not None else tuple(inputs)
        temporary = Size(primitive.temporaries[0] * width)
        self._add(reads, (output, saved), reuse, temporary, primitive.scratch[0], False)
        if flows:
            step = self.step
            inputs = tuple(inputs)
            self._pending.append(lambda: self._reverse(primitive, inputs, output, saved, width, step, held))
        return output

    def _held(self, primitive: Primitive) -> Weights:
        """The weights of an operation, the same for each call of the layer."""
        key = self._layer, self._made
        self._made += 1
        if key not in self._weights:
            self._weights[key] = self._started(Size(0, 4 * sum(primitive.weights)))
        held = self._weights[key]
        held.calls += 1
        return held

    def _started(self, size: Size) -> Weights:
        update = self.update or Update()
        early = Buffer(Size(0, update.early * size.fixed), self.step, "workspace") if update.early else None
        old = (Buffer(size, self.step, "workspace"),) if update.renewed else ()
        made = (*((early,) if early is not None else ()), *old)
        if made:
            self._starts.append(Operation((), made, None, Size(0), None, self.step, False))
        return Weights(size, early, old, [])

    def _add(
        self,
        reads: tuple[Buffer, ...],
        writes: tuple[Buffer, ...],
        reuse: Buffer | None,
        temporary: Size,
        scratch: Scratch | None,
        backward: bool,
    ) -> None:
        position = len(self.operations)
        for buffer in (*reads, *writes):
            buffer.last = position
        self.operations.append(Operation(reads, writes, reuse, temporary, scratch, self.step, backward))

    def _reverse(
        self,
        primitive: Primitive,
        inputs: tuple[Buffer, ...],
        output: Buffer,
        saved: Buffer,
        width: int,
        step: int,
        held: Weights | None,
    ) -> None:
        self.step = step
        gradient = self._gradient(output)
        if held is not None:
            held.calls -= 1
        if gradient is not None:
            saves = primitive.eager if self.eager and primitive.eager is not None else primitive.saves
            reads = (gradient, saved, *(inputs if "i" in saves else ()), *((output,) if "o" in saves else ()))
            temporary = Size(primitive.temporaries[1] * width, primitive.fixed * width)
            passing = (*reads, *held.old) if held is not None else reads
            if primitive.late:
                self._pass(primitive, inputs, gradient, passing, temporary)
            if held is not None:
                if primitive.rows and self.update is not None:
                    made: tuple[Buffer, ...] = (Buffer(Size(primitive.rows * width), step, "gradients"),)
                else:
                    made = tuple(Buffer(Size(0, size * 4), step, "gradients") for size in primitive.weights)
                held.gradients += made
                read = (*reads, *inputs) if "w" in saves else reads
                self._add(read, made, gradient if primitive.rows else None, temporary, primitive.scratch[1], True)
            if not primitive.late:
                self._pass(primitive, inputs, gradient, passing, temporary)
        if held is not None and not held.calls:
            self._update(held)

    def _pass(
        self,
        primitive: Primitive,
        inputs: tuple[Buffer, ...],
        gradient: Buffer,
        reads: tuple[Buffer, ...],
        temporary: Size,
    ) -> None:
        """The gradients of an operation's inputs."""
        wanted = [buffer for buffer in inputs if buffer.flows]
        for place, buffer in enumerate(wanted):
            if primitive.backward == "alias" and buffer.size == gradient.size:
                self._accumulate(buffer, gradient)
                continue
            result = Buffer(buffer.size, self.step, "workspace")
            last = place == len(wanted) - 1
            reuse = gradient if primitive.backward != "new" and last and not self.eager else None
            # the kernel of the weights' gradient runs beside it
            self._add(reads, (result,), reuse, temporary, both(*primitive.scratch[1:]), True)
            self._accumulate(buffer, result)

    def _update(self, held: Weights) -> None:
        """The optimizer's operations on weights whose gradients are there."""
        if not held.gradients:
            return
        if self.update is None:
            self.weight_gradients += held.gradients
            # the update needs as much again
            largest = max(held.gradients, key=lambda buffer: buffer.size.fixed)
            self._add((largest,), (), None, largest.size, None, True)
            return
        early = (held.early,) if held.early is not None else ()
        if held.gradients[0].size.slope:
            held.gradients = [self._dense(held.gradients, held.size)]
        self._add((*held.gradients, *early), (), None, Size(0), None, True)
        if held.size.fixed < SMALL_UPDATE:
            return
        ends: list[Buffer] = []
        for number, (count, waits) in enumerate(self.update.chains, 1):
            before = (*held.gradients, *early) if not waits else tuple(ends[place] for place in waits)
            reuse = held.gradients[0] if not waits else None
            for place in range(count):
                last = place == count - 1
                made = Buffer(Size(0) if last else held.size, self.step, "workspace")
                # what is written is a copy while an operation still reads the old weights
                copy = held.size if last and number == len(self.update.chains) else Size(0)
                self._add(before, (made,), reuse, copy, None, True)
                before, reuse = (made,), made
            ends.append(made)

    def _gradient(self, output: Buffer) -> Buffer | None:
        """The gradient of a tensor: what comes from each operation that read it is added when all of it is there."""
        found = self._gradients.pop(id(output), [])
        if len(found) < 2:
            return found[0] if found else None
        total = Buffer(output.size, self.step, "workspace")
        self._add(tuple(found), (total,), None if self.eager else found[0], Size(0), None, True)
        return total

    def _accumulate(self, buffer: Buffer, gradient: Buffer) -> None:
        self._gradients.setdefault(id(buffer), []).append(gradient)

    def hold(self, buffers: Sequence[Buffer]) -> None:
        """Keep these buffers up to this point."""
        self._add(tuple(buffers), (), None, Size(0), None, False)

    def backward(self, outputs: Sequence[Buffer]) -> None:
        """Add the backward pass from these outputs, whose gradients take their place in memory."""
        for output in outputs:
            if output.flows:
                gradient = Buffer(output.size, output.owner, "workspace")
                self._add((output,), (gradient,), None if self.eager else output, Size(0), None, True)
                self._accumulate(output, gradient)
        for reverse in reversed(self._pending):
            reverse()
        if not self.eager and not self.jit:
            self.operations = in_order([*self._starts, *self.operations])
            for position, operation in enumerate(self.operations):
                for buffer in (*operation.reads, *operation.writes):
                    buffer.last = position
        end = len(self.operations)
        for buffer in self.weight_gradients:
            buffer.last = end

    def _dense(self, rows: list[Buffer], size: Size) -> Buffer:
        """The gradient of a whole table from those of its rows, which are joined and squared."""
        joined = rows[0]
        if len(rows) > 1:
            joined = Buffer(Size(sum(one.size.slope for one in rows)), self.step, "gradients")
            self._add(tuple(rows), (joined,), None, Size(0), None, True)
        whole = Buffer(size, self.step, "gradients")
        self._add((joined,), (whole,), None, joined.size, None, True)
        return whole


def in_order(operations: Sequence[Operation]) -> list[Operation]:
    """The operations as TensorFlow's executor runs them: each when what it reads is there, first ready, first run.

    Branches of a network run side by side, forward and backward.
    """
    makers = {id(buffer): place for place, operation in enumerate(operations) for buffer in operation.writes}
    missing: list[int] = []
    readers: dict[int, list[int]] = {}
    for place, operation in enumerate(operations):
        sources = {makers[id(buffer)] for buffer in operation.reads if id(buffer) in makers}
        missing.append(len(sources))
        for source in sources:
            readers.setdefault(source, []).append(place)
    ready = deque(place for place, count in enumerate(missing) if not count)
    result: list[Operation] = []
    while ready:
        place = ready.popleft()
        result.append(operations[place])
        for reader in readers.get(place, ()):
            missing[reader] -= 1
            if not missing[reader]:
                ready.append(reader)
    return result


def both(first: Scratch | None, second: Scratch | None) -> Scratch | None:
    """The scratch of two kernels that run at the same time."""
    if first is None or second is None:
        return second or first
    return lambda batch: first(batch) + second(batch)


class Moment(NamedTuple):
    """What is allocated while one operation runs.

    Args:
        size: bytes by batch size, without scratch.
        parts: of these, the activations and the gradients of the weights; the rest is workspace.
        scratch: the kernel's scratch on a CPU.
        step: position of the step whose operation it is.
    """

    size: Size
    parts: tuple[Size, Size]
    scratch: Scratch | None
    step: int

    def at(self, batch: int, *, cpu: bool) -> float:
        """The bytes at a batch size."""
        scratch = self.scratch(batch) if cpu and self.scratch is not None else 0
        return self.size.slope * batch + self.size.fixed + scratch


def moments(tape: Tape) -> list[Moment]:
    """Run the recorded operations over a counter of live bytes."""
    live = {"activations": [0.0, 0.0], "gradients": [0.0, 0.0], "workspace": [0.0, 0.0]}
    activations, gradients, workspace = live.values()
    taken: set[int] = set()
    result: list[Moment] = []
    ends: dict[int, list[Buffer]] = {}

    def count(buffer: Buffer, sign: int) -> None:
        part, (slope, fixed) = live[buffer.part], buffer.size
        part[0] += sign * slope
        part[1] += sign * fixed

    for position, operation in enumerate(tape.operations):
        for place, buffer in enumerate(operation.writes):
            source = operation.reuse
            if place == 0 and source is not None and is_free(source, buffer, position, taken):
                taken.add(id(source))
                count(source, -1)
            count(buffer, 1)
            ends.setdefault(max(buffer.last, position), []).append(buffer)
        extra = operation.temporary
        slope = activations[0] + gradients[0] + workspace[0] + extra.slope
        fixed = activations[1] + gradients[1] + workspace[1] + extra.fixed
        parts = Size(*activations), Size(*gradients)
        result.append(Moment(Size(slope, fixed), parts, operation.scratch, operation.step))
        for buffer in ends.pop(position, ()):
            if id(buffer) not in taken:
                count(buffer, -1)
    return result


def is_free(source: Buffer, buffer: Buffer, position: int, taken: set[int]) -> bool:
    """Whether an operation may write over a buffer: it is the last to read it, and the sizes agree."""
    return source.part != "input" and source.last == position and source.size == buffer.size and id(source) not in taken


def retained(tape: Tape) -> dict[int, Size]:
    """By step, what its operations leave in memory for the backward pass."""
    start = next((place for place, operation in enumerate(tape.operations) if operation.backward), 0)
    result: dict[int, Size] = {}
    for operation in tape.operations[:start]:
        for buffer in operation.writes:
            if buffer.last >= start:
                before = result.get(buffer.owner, Size(0))
                size = buffer.size
                result[buffer.owner] = Size(before.slope + size.slope, before.fixed + size.fixed)
    return result


def highest(every: list[Moment]) -> list[Moment]:
    """The moments that can be the highest at some batch size: the others are below one of them at any."""
    result: list[Moment] = []
    fixed = -1.0
    for moment in sorted(every, key=lambda moment: moment.size, reverse=True):
        if moment.scratch is not None or moment.size.fixed > fixed:
            result.append(moment)
            if moment.size.fixed > fixed:
                fixed = moment.size.fixed
    return result
