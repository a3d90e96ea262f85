"""Facts about hand-written training: tapes, gradients, losses, accumulators, updates and labels.

They say what happens and where; nothing in here judges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    import libcst as cst

    from bslint.analysis.facts import Layer, Loop, Model
    from bslint.analysis.repetition import Clause
    from bslint.analysis.values import Key, Object, Value

Reduction: TypeAlias = Literal["mean", "sum", "unknown"]
# The loops around an event, outermost first, each with the number of its iteration.
Where: TypeAlias = "tuple[tuple[Loop, int], ...]"


class Loss(msgspec.Struct, frozen=True, eq=False):
    """How the target of a gradient call is computed.

    Args:
        value: the target.
        reduction: whether it is a mean over the samples of the batch, a sum, or not known.
        factors: what it is multiplied with or divided by on its way; None for a factor that is not a value.
        reduced: the call that takes the mean or the sum, when there is one.
    """

    value: Value
    reduction: Reduction = "unknown"
    factors: tuple[Value | None, ...] = ()
    reduced: cst.CSTNode | None = None


class Tape(msgspec.Struct, eq=False):
    """One `tf.GradientTape`, from where it is opened.

    Args:
        value: the tape object.
        node: the call that makes it.
        persistent: whether it is certainly persistent; None when that is not known.
        statement: the `with` statement that records on it, None when there is none.
        outer: the tapes that are recording when it starts to, outermost first.
        where: the loops around it.
        gradients: the calls that differentiate on it, in order.
        calls: what out of sight is called while it records: callee, call, and what it is given.
        tail: the statements of its block from the first gradient on, when they can leave the block.
        shared: it is handed to code out of sight, kept, or returned: more gradients may be taken from it.
        clause: the comprehension that opens it for each of its elements.
    """

    value: Object
    node: cst.CSTNode
    persistent: bool | None
    statement: cst.With | None = None
    outer: tuple[Tape, ...] = ()
    where: Where = ()
    gradients: list[Gradient] = msgspec.field(default_factory=list)
    calls: list[tuple[Value, cst.CSTNode, tuple[Value, ...]]] = msgspec.field(default_factory=list)
    tail: tuple[cst.CSTNode, ...] = ()
    shared: bool = False
    clause: Clause | None = None


class Gradient(msgspec.Struct, frozen=True, eq=False):
    """One `tape.gradient(target, sources)`.

    Args:
        node: the call.
        method: `gradient`, `jacobian` or `batch_jacobian`.
        tape: the tape; None when it is not in sight.
        loss: the target.
        sources: what it is differentiated by.
        inside: it happens while its own tape records.
        stopped: it happens in a `with tape.stop_recording()`.
        nested: another tape records while it happens.
        earlier: the gradients that its target depends on.
        forwards: the calls, of the models whose variables are among the sources, that lead to the target.
        inputs: whatever the target is computed from.
        direct: the target may use variables themselves, such as those in the `losses` that a model keeps.
        models: what is known of the models whose variables are among the sources.
        trained: the identities of those models, and of those that are parameters.
        judged: the calls, recorded by the tape, that are given what the models returned.
        where: the loops around it.
        repeated: a comprehension takes it several times.
    """

    node: cst.CSTNode
    method: str
    tape: Tape | None
    loss: Loss
    sources: Value | None
    inside: bool = False
    stopped: bool = False
    nested: bool = False
    earlier: tuple[Gradient, ...] = ()
    forwards: tuple[Forward, ...] = ()
    inputs: frozenset[Key] = frozenset()
    direct: bool = False
    models: tuple[Model, ...] = ()
    where: Where = ()
    repeated: bool = False
    trained: frozenset[Key] = frozenset()
    judged: frozenset[cst.CSTNode] = frozenset()


class Forward(msgspec.Struct, frozen=True, eq=False):
    """One call of a model.

    Args:
        node: the call.
        model: what is called.
        recorded: the tapes that were recording.
        inputs: what it is called on.
        training: the `training` argument.
    """

    node: cst.CSTNode
    model: Value
    recorded: tuple[Tape, ...]
    inputs: tuple[Value, ...] = ()
    training: Value | None = None


class Test(msgspec.Struct, frozen=True, eq=False):
    """One condition under which something happens."""

    node: cst.CSTNode | None
    value: Value
    outcome: bool


class Addition(msgspec.Struct, frozen=True, eq=False):
    """Gradients are added to an accumulator.

    Args:
        node: the statement or call.
        gradient: the gradient that is added.
        factors: what the gradient is multiplied with or divided by before it is added.
        where: the loops around it.
        collected: the gradients are kept in a list and summed later.
    """

    node: cst.CSTNode
    gradient: Gradient
    factors: tuple[Value | None, ...]
    where: Where
    collected: bool = False


class Update(msgspec.Struct, frozen=True, eq=False):
    """An optimizer changes weights.

    Args:
        node: the call.
        optimizer: the optimizer, None when the weights are changed by hand.
        where: the loops around it.
        sums: whether it uses the accumulator.
        gradients: the gradients that it uses directly.
        factors: what the sum is multiplied with or divided by on its way to the update.
        clear: whether everything on that way is understood.
        same_iteration: it happens in the iteration that adds to the accumulator.
        tests: the conditions that the addition does not share.
        repeats: the innermost loop that repeats both the additions and the update.
        rate: the learning rate, as far as it is known.
    """

    node: cst.CSTNode
    optimizer: Value | None
    where: Where
    sums: bool
    gradients: tuple[Gradient, ...] = ()
    factors: tuple[Value | None, ...] = ()
    clear: bool = True
    same_iteration: bool = False
    tests: tuple[Test, ...] = ()
    repeats: Loop | None = None
    rate: Value | None = None


class Assignment(msgspec.Struct, frozen=True, eq=False):
    """The accumulator gets a new value.

    Args:
        node: the statement or call.
        value: the new value; None when it is emptied.
        where: the loops around it.
        initial: it happens before the first iteration only: outside all loops, in `__init__` or in `build`.
        lazily: it only happens while the accumulator is empty (`if acc is None: …`).
        tests: the conditions that the addition does not share.
    """

    node: cst.CSTNode
    value: Value | None
    where: Where
    initial: bool
    lazily: bool
    tests: tuple[Test, ...] = ()


class Cadence(msgspec.Struct, frozen=True, eq=False):
    """After how many micro-batches the weights are updated, in one run of the loop on integers.

    Args:
        size: the number of micro-batches that an update should have.
        total: how many micro-batches there were in the first pass over the data.
        counts: how many of them went into each update of that pass, in order.
        left: how many were not in an update when the pass was over.
        carried: how many micro-batches went into the first update of the next pass, those that were left included;
            None when there was no next pass or nothing was left.
        settled: whether the loop ran to its end, or to its second pass.
        replay: a few lines of plain Python that show the counts; empty when there are none.
    """

    size: int
    total: int
    counts: tuple[int, ...]
    left: int
    carried: int | None
    settled: bool
    replay: str = ""

    def evidence(self) -> dict[str, object]:
        """The numbers, and what shows them when it is run."""
        witness = {"group": self.size, "micro_batches": self.total, "updates_of": list(self.counts)}
        return {"witness": witness, **({"replay": self.replay} if self.replay else {})}


class Schedule(msgspec.Struct, frozen=True, eq=False):
    """A learning-rate schedule whose length is the number of micro-batches.

    Args:
        node: the call that makes it.
        at: its number of steps, as written.
        steps: that number.
        epoch: it is the number of micro-batches of one pass of the outermost loop, not of all.
    """

    node: cst.CSTNode
    at: cst.CSTNode
    steps: Value
    epoch: bool


class Accumulation(msgspec.Struct, frozen=True, eq=False):
    """Gradients of several micro-batches are added up, and the sum is applied.

    Args:
        name: the accumulator as the program writes it.
        loop: the loop whose iterations are the micro-batches; None when some other code calls the step.
        clause: the comprehension whose elements are the micro-batches, in place of the loop.
        additions: where gradients are added.
        updates: the updates that use the sum, and those in the micro-batch loop that use the gradients alone.
        assignments: where the accumulator gets a new value, its start included.
        escapes: unknown code gets the accumulator and may reset it.
        scaled: the sum is scaled, clipped or cast where it is kept.
        dropped: the sum is scaled, and the result is dropped.
        count: the number of micro-batches per update, as far as it is known.
        models: the models whose gradients are added.
        normalisations: their batch normalisations that learn.
        cadences: after how many micro-batches the sum is applied, with whole groups and with a broken one.
        schedule: the learning-rate schedule of an update that counts micro-batches, if it does.
    """

    name: str
    loop: Loop | None
    additions: tuple[Addition, ...]
    updates: tuple[Update, ...]
    assignments: tuple[Assignment, ...]
    escapes: bool
    scaled: bool
    dropped: bool
    count: Value | None
    models: tuple[Model, ...] = ()
    normalisations: tuple[Layer, ...] = ()
    cadences: tuple[Cadence, ...] = ()
    schedule: Schedule | None = None
    clause: Clause | None = None

    @property
    def resets(self) -> tuple[Assignment, ...]:
        """The assignments that start the accumulator again between two updates."""
        return tuple(one for one in self.assignments if not one.initial and not one.lazily)

    @property
    def applied(self) -> tuple[Update, ...]:
        """The updates that use the sum."""
        return tuple(update for update in self.updates if update.sums)


class Labels(msgspec.Struct, frozen=True, eq=False):
    """Labels that a training step reads and that its loss does not use.

    Args:
        name: the variable.
        node: where it is bound.
        features: the variable with the features.
        looks: where the variable is read to compute a metric or to print; nothing else reads it.
        gradient: the gradient of the loss, which is a reduction of one model's outputs on the features.
    """

    name: str
    node: cst.CSTNode
    features: str
    looks: Sequence[cst.CSTNode]
    gradient: Gradient
