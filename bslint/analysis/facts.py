"""Facts: what a program does with datasets, models and loops. Rules subscribe to them by type.

A fact never judges. Everything in it is an abstract value (see `values`) or a syntax node that a finding may point at.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from bslint.analysis.apis import FIT_PARAMETERS
from bslint.analysis.gradients import Accumulation, Gradient, Labels, Tape
from bslint.analysis.repetition import Build, Clause, Kept, TracedCall, TracedFunction

if TYPE_CHECKING:
    from collections.abc import Iterable

    import libcst as cst

    from bslint.analysis.arguments import Argument, Arguments
    from bslint.analysis.readings import Reading
    from bslint.analysis.values import Api, Class, Function, Key, Object, Stage, Symbol, Value
    from bslint.memory.network import Network

Exit: TypeAlias = Literal["raise", "return", "exit", "break", "continue", "falls-through"]


class Layer(msgspec.Struct, frozen=True, eq=False):
    """One layer of a model: its class (canonical name or the program's class name) and the call that makes it.

    `training` is the argument of that name where the layer is called in a functional model.
    """

    name: str
    value: Object
    training: Value | None = None


class Model(msgspec.Struct, frozen=True, eq=False, dict=True):
    """What the source tells of a model at one moment. It is read when it is asked for.

    Args:
        value: the model object.
        strategy: the distribution strategy under whose scope it was built, None for none.
        reading: reads it; None when nothing of it is in sight.
        note: what is known of a model that is not in sight, in words.
        normalizations: the batch normalisation layers that learn and use the statistics of the batch when it trains,
            and the networks of `keras.applications` that have some.
        training: the argument of that name where the model was called.
        entry: the layer, or the `Input`, that the data goes into; None when there are several or none is known.
    """

    value: Value
    strategy: Value | None = None
    reading: Reading | None = None
    note: str = ""
    normalizations: tuple[Layer, ...] = ()
    training: Value | None = None
    entry: Object | None = None

    @property
    def network(self) -> Network | None:
        """Its steps, None when nothing of it is in sight."""
        return self.reading.network if self.reading is not None else None

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The layers found, in the order in which they are called."""
        return self.reading.layers if self.reading is not None else ()

    @property
    def complete(self) -> bool:
        """Whether these are all of them, and the flow between them is known; some of their numbers may be open."""
        return self.reading is not None and self.reading.complete

    @property
    def unreadable(self) -> str:
        """What could not be read, in words; empty when nothing."""
        return self.note if self.network is None else next(iter(self.network.unread), "")

    @property
    def input_known(self) -> bool:
        """Whether the shapes of its inputs are known."""
        return self.reading is not None and self.reading.input_known

    @property
    def readable(self) -> bool:
        """Whether its layers and its input are known."""
        return self.complete and self.input_known


class Loop(msgspec.Struct, eq=False):
    """A `for` or `while` loop and what its body does while it runs.

    Args:
        node: the loop statement.
        parent: the loop around it, in the order of execution (through calls).
        iterable: what a `for` iterates over.
        gradients: calls of `tape.gradient` in it.
        updates: optimizer updates in it (`apply_gradients`, `minimize`, …).
        runs: Keras runs in it (`fit`, `train_on_batch`, `predict`, …).
        consumed: datasets that its body draws from with `next(iterator)`.
        models: models that its body makes.
        called: models that its body calls.
        cuts: slices of arrays in it.
        fed: calls of `train_on_batch` of something out of sight.
        iteration: which execution of its body, of all bodies, is under way.
        entered: functions of the program that its body calls.
        traced: its gradients are taken in a `tf.function`.
        optimizers: what updates weights in it.
        left: of a loop that trains: whether its body, or an exception that is caught around it, may leave it.
        count: how often its body runs, at most; None when that is not known.
        variants: it goes through functions or classes: every iteration does something else.
        builds: models that its body makes, and where.
        cleared: calls in it that give back what earlier models hold: `clear_session`, a child process.
        made: identities of what its body makes, and of what it iterates over.
        kept: identities of what its body puts into containers that are older than the loop, or out of sight.
        mark: the moment in the store at which it starts.
        path: the tests that were passed on the way to it.
        tests: the number of `if` statements around it.
        depth: how many functions were being executed around it.
        in_test: it runs in a unit test.
        retries: it goes on when an attempt fails, and ends when one succeeds.
    """

    node: cst.CSTNode
    parent: Loop | None
    iterable: Value | None = None
    gradients: list[cst.CSTNode] = msgspec.field(default_factory=list)
    updates: list[cst.CSTNode] = msgspec.field(default_factory=list)
    runs: list[Run] = msgspec.field(default_factory=list)
    consumed: list[Value] = msgspec.field(default_factory=list)
    models: list[Value] = msgspec.field(default_factory=list)
    called: list[Model] = msgspec.field(default_factory=list)
    cuts: list[cst.CSTNode] = msgspec.field(default_factory=list)
    fed: list[cst.CSTNode] = msgspec.field(default_factory=list)
    iteration: int = 0
    entered: list[cst.CSTNode] = msgspec.field(default_factory=list)
    traced: bool = False
    optimizers: list[Value] = msgspec.field(default_factory=list)
    left: bool = False
    count: int | None = None
    variants: bool = False
    builds: list[Build] = msgspec.field(default_factory=list)
    cleared: list[cst.CSTNode] = msgspec.field(default_factory=list)
    made: set[Key] = msgspec.field(default_factory=set)
    kept: set[Key] = msgspec.field(default_factory=set)
    mark: int = 0
    path: dict[Key, bool] = msgspec.field(default_factory=dict)
    tests: int = 0
    depth: int = 0
    in_test: bool = False
    retries: bool = False

    @property
    def trains(self) -> bool:
        """Whether its body trains by hand: it updates weights from gradients."""
        return bool(self.updates)

    def nest(self) -> tuple[Loop, ...]:
        """This loop and those around it, innermost first."""
        loops: list[Loop] = []
        loop: Loop | None = self
        while loop is not None:
            loops.append(loop)
            loop = loop.parent
        return tuple(loops)


class Feed(msgspec.Struct, frozen=True, eq=False):
    """The batches that a run draws from one of the things that its data may be.

    Args:
        kind: a `tf.data` pipeline, a Keras data generator (`flow_from_directory`, a `Sequence`), a Python generator,
            arrays that Keras cuts itself, or something unknown.
        data: the data.
        batch_size: samples in one batch; None when it is not known.
        node: where the batches are made.
    """

    kind: Literal["dataset", "keras", "generator", "arrays", "unknown"]
    data: Value
    batch_size: Value | None = None
    node: cst.CSTNode | None = None


class Run(msgspec.Struct, frozen=True, eq=False):
    """A Keras call that runs a model over data: `fit`, `evaluate`, `predict`, `train_on_batch` and others.

    Args:
        method: the method's name.
        node: the call.
        call: its arguments.
        model: the model, None when the receiver is not known.
        data: the first argument (or the dataset of a loop).
        feeds: the batches in the data, one for each thing that it may be.
        validation: the same of `validation_data`.
        batch_size: the `batch_size` argument as given.
        loop: the innermost loop around the call.
        calls: the calls of the program's own functions that led here, outermost first.
        in_test: it happens in a unit test.
        strategy: the distribution strategy in force, None for none.
        callbacks: the callbacks it is given, None when they are not known.
        device: the innermost `tf.device` around the call.
        clauses: the comprehensions around the call, innermost first.
        single: its data is certainly one sample.
        fed_back: its data come from the iteration before of the loop around.
    """

    method: str
    node: cst.CSTNode
    call: Arguments | None
    model: Model | None
    data: Value | None
    batch_size: Argument | None = None
    feeds: tuple[Feed, ...] = ()
    validation: tuple[Feed, ...] = ()
    loop: Loop | None = None
    strategy: Value | None = None
    calls: tuple[cst.CSTNode | None, ...] = ()
    in_test: bool = False
    callbacks: tuple[Value, ...] | None = ()
    device: Value | None = None
    clauses: tuple[Clause, ...] = ()
    single: bool = False
    fed_back: bool = False

    def argument(self, name: str) -> Argument | None:
        """An argument of the call by its name, wherever its position puts it."""
        if self.call is None:
            return None
        parameters = FIT_PARAMETERS.get(self.method, ())
        return self.call.get(name, parameters.index(name) if name in parameters else None)


class Training(Run, frozen=True, eq=False):
    """A run that updates weights.

    `method` is `fit`, `fit_generator`, `train_on_batch`, or `loop` (a hand-written loop over a dataset) or
    `experimental_distribute_dataset`.
    """


class Evaluation(Run, frozen=True, eq=False):
    """A run that does not update weights: `evaluate`, `predict` and others."""


class Pipeline(msgspec.Struct, frozen=True, eq=False):
    """One chain of dataset steps, as far as it is built in this program.

    Every chain that no further step extends is a pipeline.

    Args:
        stages: its steps, source first.
        trainings: trainings that draw from it, or from one of its earlier steps.
        evaluations: evaluations, predictions and validations that draw from it.
        nested: it is the result of a function given to `interleave` or `flat_map`.
        shared: identities of its earlier steps that are used for something else as well.
        variants: the chains of the same last call on other paths through the program.
        peeked: it is only looked at: its elements are printed or compared, nothing is known to train on it.
        rebuilt: the loop that trains on it and builds it anew every time, from its source on and from the same values.
    """

    stages: tuple[Stage, ...]
    trainings: tuple[Training, ...] = ()
    evaluations: tuple[Run, ...] = ()
    nested: bool = False
    shared: frozenset[int] = frozenset()
    variants: tuple[tuple[Stage, ...], ...] = ()
    peeked: bool = False
    rebuilt: Loop | None = None

    @property
    def only_looked_at(self) -> bool:
        """Whether all its known uses are evaluations, looks and unit tests: nothing trains on it."""
        return not self.trainings and (bool(self.evaluations) or self.is_sample)

    @property
    def is_sample(self) -> bool:
        """Whether it is only made to be looked at, by a person or a unit test; no model is known to get it."""
        return not self.trainings and (self.peeked or (self.in_test and not self.evaluations))

    @property
    def in_test(self) -> bool:
        """Whether a unit test makes it, with a little data and no training in mind."""
        return self.stages[-1].in_test

    def is_shared(self, stages: Iterable[Stage]) -> bool:
        """Whether one of its steps is used for something else as well."""
        return any(id(stage) in self.shared for stage in stages)

    @property
    def source(self) -> Stage:
        """The first step."""
        return self.stages[0]


class Discarded(msgspec.Struct, frozen=True, eq=False):
    """A statement that computes a value and drops it.

    Args:
        target: the local variable with the dataset that the expression starts from, when there is one.
        displayed: a notebook shows the value.
        smoke: it is the last thing that a unit test does.
        gradients: the gradients that it is computed from.
        parameters: the parameters, of functions that nobody is seen to call, that it is computed from.
        item: what stands for the items of a list that is dropped.
    """

    value: Value
    node: cst.CSTNode
    target: str | None
    displayed: bool = False
    smoke: bool = False
    gradients: tuple[Gradient, ...] = ()
    parameters: tuple[Symbol, ...] = ()
    item: Value | None = None


class OomHandler(msgspec.Struct, eq=False):
    """An `except` clause that catches a ResourceExhaustedError raised in its `try` body.

    Args:
        node: the handler.
        statement: its `try` statement.
        broad: it catches everything (`except:`, `Exception`, `BaseException`).
        runs: trainings that happen in the `try` body: an out-of-memory error may come from them.
        steps: updates of weights that are written by hand in the `try` body, or in what it calls.
        stepped: identities of the models whose gradients are taken there.
        again: the calls in the handler that make a step by hand with one of these models, or update it.
        in_test: a unit test is being executed.
        retries: trainings that happen in the handler itself.
        retry_calls: the calls in the handler that train again, or that start the function around the `try` again.
        exit: how the handler's body ends.
        sibling: an earlier handler of the same `try` catches a ResourceExhaustedError first.
        loop: the innermost loop around the `try`.
        used_after: the program goes on after the handler and uses what was trained: the model, or the history.
        records: the handler assigns or stores something (a flag, a bad score, a smaller batch).
        repeats: the trainings of the `try` body that are started again with the same data, batch size, model and
            device: the first attempt, and the call that repeats it.
    """

    node: cst.ExceptHandler | cst.ExceptStarHandler
    statement: cst.Try | cst.TryStar
    broad: bool
    runs: tuple[Training, ...]
    retries: tuple[Training, ...]
    retry_calls: tuple[cst.CSTNode, ...]
    exit: Exit
    sibling: bool
    loop: Loop | None
    records: bool
    steps: tuple[cst.CSTNode, ...] = ()
    stepped: frozenset[Key] = frozenset()
    again: tuple[cst.CSTNode, ...] = ()
    in_test: bool = False
    used_after: bool = False
    repeats: list[tuple[Training, cst.CSTNode]] = msgspec.field(default_factory=list)

    @property
    def attempts(self) -> tuple[cst.CSTNode, ...]:
        """What trains in the `try` body, with Keras or by hand, and may run out of memory."""
        return (*(run.node for run in self.runs), *(self.steps if self.stepped else ()))

    def models(self) -> frozenset[Key]:
        """Identities of the models that train in the `try` body."""
        called = (model for run in self.runs if run.loop is not None for model in run.loop.called)
        described = (run.model for run in self.runs if run.model is not None)
        return self.stepped.union(model.value.key for model in (*described, *called))


WindowFault: TypeAlias = Literal["overlap", "gap", "empty", "still", "misaligned"]


class Window(msgspec.Struct, frozen=True):
    """One window that a training step received, in one run of its loops.

    Args:
        start: its first sample.
        stop: the sample behind its last one, as the program computed it.
        samples: how many samples it has after Python cut it to the array's length.
        at: the loop variables that tell the iteration.
        array: the array, as the program writes it.
    """

    start: int
    stop: int
    samples: int
    at: dict[str, int]
    array: str


class Windows(msgspec.Struct, frozen=True, eq=False):
    """What running the index arithmetic of a loop nest showed of one slice that feeds a training step.

    Args:
        fault: two iterations of a pass read the same sample (`overlap`); samples are never read (`gap`); a window
            starts behind the last sample (`empty`); it does not move (`still`);
            labels and features differ (`misaligned`).
        node: the slice.
        array: the array that it cuts, as the program writes it.
        cause: what the arithmetic lacks. `overlap`: `outer` (a loop over batches does not move the window), `stride`
            (a loop advances by less than it reads), `end` (one sample too many). `gap`: `inner`, `head`, `tail`.
            `still`: `accumulated` (gradients of the same samples are added up), `seeded` (the generator is seeded with
            the same number before each draw), `batches`. `misaligned`: `windows`,
            `shuffled` (only one of the two goes through the permutation), `apart` (each has one of its own), `lengths`
            (one is longer).
        loop: the loop at fault.
        assignment: the numbers of the run: lengths, and what names hold.
        windows: the windows that show it.
        sample: the sample that is read twice, or the first that is never read.
        count: samples that are never read, or windows that are empty.
        beyond: overlapping windows also run past the end.
        others: slices with the same fault and the same cause.
        replay: a few lines of plain Python that show the windows.
        batch: samples in an ordinary window.
        accumulates: gradients of several windows are added up before an update.
        length: the number of samples, None when nothing depends on it.
        repair: index arithmetic that reads every sample once, where the loops are plain enough to write it.
        seed: the call that seeds the generator, where that is the cause.
    """

    fault: WindowFault
    node: cst.CSTNode
    array: str
    cause: str
    loop: cst.CSTNode | None
    assignment: dict[str, int]
    windows: tuple[Window, ...]
    sample: int
    count: int
    beyond: bool
    others: tuple[cst.CSTNode, ...]
    replay: str
    batch: int
    accumulates: bool
    length: int | None
    repair: str = ""
    seed: cst.CSTNode | None = None

    def witness(self) -> dict[str, Any]:
        """The numbers of the run and the windows, as evidence."""
        found: dict[str, Any] = dict(self.assignment)
        if self.fault in {"overlap", "gap"}:
            found["sample"] = self.sample
        found["reads"] = [
            {**window.at, "window": f"{window.array}[{window.start}:{window.stop}]"} for window in self.windows
        ]
        return found

    def evidence(self) -> dict[str, Any]:
        """What lets a person check it."""
        return {"kind": "window", "witness": self.witness(), "replay": self.replay}

    def numbers(self) -> str:
        """The numbers of the run in words: `with len(x)=768, batch_size=32 `."""
        numbers = ", ".join(f"{name}={value}" for name, value in self.assignment.items())
        return f"with {numbers} " if numbers else ""

    def moment(self, window: Window) -> str:
        """The iteration in which a window is read, in words."""
        at = ", ".join(f"{name}={value}" for name, value in window.at.items())
        return f"at ({at})" if at else f"by {window.array}[{window.start}:{window.stop}]"


class ReplicaRun(msgspec.Struct, eq=False):
    """A step that `strategy.run` executes on every replica.

    Args:
        node: the call of `run`.
        strategy: the strategy, when it is known.
        inputs: what every replica is given.
        losses: what is differentiated in the step, and where.
        updates: the calls in it that apply those gradients as they are, neither scaled nor averaged.
        aware: the step asks which replica it is, and may divide the work itself.
    """

    node: cst.CSTNode
    strategy: Value | None
    inputs: tuple[Value, ...]
    losses: list[tuple[Value, cst.CSTNode]] = msgspec.field(default_factory=list)
    updates: list[cst.CSTNode] = msgspec.field(default_factory=list)
    aware: bool = False


class UnreadParameter(msgspec.Struct, frozen=True, eq=False):
    """A batch size that a function takes, while its body never reads that parameter.

    Args:
        function: the function.
        node: the parameter.
        owner: the class whose method it is.
        overwritten: the assignment that replaces what was given, if there is one.
        given: why the signature is not the function's own to choose, in words; empty when it is.
        runs: runs of models in it, in what it calls, and over what it yields; for `__init__` in all of the class.
        batches: steps that batch samples there.
        yields_batches: it belongs to a Keras `Sequence`, whose items are batches.
    """

    function: Function
    node: cst.Param
    owner: Class | None
    overwritten: cst.CSTNode | None
    given: str
    runs: tuple[Run, ...]
    batches: tuple[Stage, ...]
    yields_batches: bool = False


class UsedNames(msgspec.Struct, frozen=True, eq=False):
    """How the program names the APIs that fixes write: module-level names with one meaning."""

    bindings: dict[str, Api]

    def spell(self, name: str) -> str | None:
        """The shortest way in which the program can write a canonical API name, None when it can't."""
        spellings = [
            alias + name[len(api.name) :]
            for alias, api in self.bindings.items()
            if name == api.name or name.startswith(f"{api.name}.")
        ]
        return min(spellings, key=lambda spelling: (spelling.count("."), spelling), default=None)

    def autotune(self) -> str | None:
        """How the program can write `tf.data.AUTOTUNE`; the old name where it uses that one."""
        old = self.spell("tf.data.experimental.AUTOTUNE")
        new = self.spell("tf.data.AUTOTUNE")
        return old if old is not None and "." not in old else new


FACT_TYPES: tuple[type, ...] = (
    Pipeline,
    Training,
    Evaluation,
    Run,
    Loop,
    OomHandler,
    Discarded,
    Windows,
    Tape,
    Gradient,
    Accumulation,
    Labels,
    UnreadParameter,
    ReplicaRun,
    TracedFunction,
    TracedCall,
    Kept,
)  # fmt: skip
Fact: TypeAlias = (
    Pipeline
    | Training
    | Evaluation
    | Run
    | Loop
    | OomHandler
    | Discarded
    | Windows
    | Tape
    | Gradient
    | Accumulation
    | Labels
    | UnreadParameter
    | ReplicaRun
    | TracedFunction
    | TracedCall
    | Kept
)
