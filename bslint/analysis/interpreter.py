"""The abstract interpreter: its state, branches and joins.

How expressions, statements and calls are understood lives in the modules of those names, what library calls mean in
`library`. They all work on one `Interpreter`.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec

from bslint.analysis import containers, expressions, statements, unit_tests
from bslint.analysis.accumulation import Ledger
from bslint.analysis.apis import BATCHING, SOURCES
from bslint.analysis.guards import consistent
from bslint.analysis.repetition import Clause
from bslint.analysis.store import Scope, ScopeKind, Store
from bslint.analysis.tapes import Tapes
from bslint.analysis.values import (
    NO_GUARD,
    Array,
    Choice,
    Class,
    Dataset,
    Function,
    Guard,
    Items,
    Key,
    Late,
    Mapping,
    Method,
    Moment,
    Object,
    Stage,
    Symbol,
    Value,
    guarded,
    is_none,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import libcst as cst

    from bslint.analysis import effects, inside, loops, networks, readings
    from bslint.analysis.arguments import Arguments
    from bslint.analysis.facts import Discarded, Loop, OomHandler, ReplicaRun, Run, Windows
    from bslint.analysis.project import Project
    from bslint.analysis.repetition import Kept, TracedCall, TracedFunction
    from bslint.memory.network import Shape

Flow: TypeAlias = Literal["next", "return", "raise", "exit", "break", "continue", "mixed"]
Assumptions: TypeAlias = tuple[tuple[Key, bool], ...]

# Alternatives that a value may have before it counts as unknown. Pipelines are built over many optional steps
# (`if shuffle: …`, `if augment: …`), each of which doubles their number.
MAX_ALTERNATIVES: Final = 4
MAX_PIPELINES: Final = 16
MAX_DEPTH: Final = 8
# While a model is read: its layers are called by layers that are called by layers.
MAX_READING_DEPTH: Final = 24
# Statements executed per program, and per call of one function with everything it calls.
PROGRAM_BUDGET: Final = 20_000
CALL_BUDGET: Final = 3_000


class Exit(msgspec.Struct):
    """One way out of a function or out of a loop's body: under which tests, with what value, after which writes."""

    guard: Guard
    value: Value
    changes: dict[Key, Value | None]


class Frame(msgspec.Struct, eq=False):
    """A function (or module) that is being executed."""

    function: Function | None
    scope: Scope
    mark: int
    path: dict[Key, bool]
    node: cst.CSTNode | None = None
    returns: list[Exit] = msgspec.field(default_factory=list)
    yields: list[Value] = msgspec.field(default_factory=list)
    following: list[bool] = msgspec.field(default_factory=list)
    spent: int = 0
    given: tuple[Key, ...] = ()


class Effects(msgspec.Struct, eq=False):
    """What happens while a stretch of code runs, in order. Handlers and loops read slices of these lists."""

    runs: list[Run] = msgspec.field(default_factory=list)
    loops: list[Loop] = msgspec.field(default_factory=list)
    handlers: list[OomHandler] = msgspec.field(default_factory=list)
    discarded: list[Discarded] = msgspec.field(default_factory=list)
    recursions: list[tuple[Function, cst.CSTNode, tuple[Key, ...]]] = msgspec.field(default_factory=list)
    models: list[tuple[Value, cst.CSTNode]] = msgspec.field(default_factory=list)
    updates: list[cst.CSTNode] = msgspec.field(default_factory=list)
    windows: list[Windows] = msgspec.field(default_factory=list)
    replicas: list[ReplicaRun] = msgspec.field(default_factory=list)
    traced: list[TracedFunction] = msgspec.field(default_factory=list)
    traced_calls: list[TracedCall] = msgspec.field(default_factory=list)
    kept: list[Kept] = msgspec.field(default_factory=list)
    emptied: set[Key] = msgspec.field(default_factory=set)


class Interpreter:
    """Executes a program on abstract values and collects what it does.

    Args:
        project: reads the other files of the program's project.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self.store = Store()
        self.path: dict[Key, bool] = {}
        self.frames: list[Frame] = []
        self.loops: list[Loop] = []
        self.strategies: list[Value] = []
        self.devices: list[Value] = []
        self.clauses: list[Clause] = []
        self.replicas: list[ReplicaRun] = []
        self.of_tests = False
        self.effects = Effects()
        self.context = 0
        self.round = 0
        self.steps = 0
        self.counted = 0
        self.muted = 0
        self.stages: dict[Key, Stage] = {}
        self.nested: set[int] = set()
        self.peeked: set[int] = set()
        self.watched: list[tuple[OomHandler, Guard, frozenset[Key]]] = []
        self.flags: dict[str, Value] = {}
        self.traces: list[effects.Trace] = []
        self.flows: dict[Key, tuple[Value, ...]] = {}
        self.again: set[int] = set()
        self.relieved: set[int] = set()
        self.tests: tuple[cst.CSTNode, ...] = ()
        self.tapes = Tapes()
        self.ledger = Ledger()
        self.defined: list[Function] = []
        self.classes: list[Class] = []
        self.instances: dict[int, Object] = {}
        self.entered: set[int] = set()
        self.activity: dict[int, list[Run | Stage]] = {}
        self.generators: dict[Key, tuple[Function, dict[str, Value]]] = {}
        self.passes: list[loops.Pass] = []
        self.repeating = 0
        self.identified = 0  # counts how often the class or the name of a layer of an application was looked at
        self.applications: dict[Key, tuple[inside.Inner, ...] | None] = {}
        self.building = 0  # counts the layers, and the tensors without data, that were made so far
        self.cut = False  # something was not executed because a budget was used up
        self.deepest = MAX_DEPTH
        self.trying = 0
        self.thorough = False
        # What expressions were found to be, by their nodes; only kept for those who cut programs apart.
        self.notes: dict[int, Value | None] | None = None
        self.splits = False  # arrays are cut by functions of libraries, or by generators of the program
        self.missed: list[str] = []  # the names that were read in loops before they were bound
        self.cuts = 0  # counts the slices of arrays so far
        self.iterations = 0
        self.reader: networks.Reader | None = None  # what reads a model just now
        self.live: networks.Reader | None = None  # what reads shapes while the program is executed
        self.readings: dict[Key, readings.Reading] = {}
        self.known_shapes: dict[Key, Shape | None] = {}
        self.display: cst.CSTNode | None = None
        self._depths: dict[Key, int] = {}
        self._uids: dict[Key, int] = {}

    # Identity

    def uid(self, *parts: Key) -> int:
        """A small number that is the same for the same parts."""
        return self._uids.setdefault(parts, len(self._uids) + 1)

    def site(self, node: cst.CSTNode) -> tuple[Key, ...]:
        """The identity of what a node makes here: the node, the calls and the rounds of loops that led to it."""
        return (id(node), self.context, self.round)

    def unknown(
        self,
        node: cst.CSTNode,
        label: str = "?",
        kind: str | None = None,
        base: Value | None = None,
        array: Array | None = None,
    ) -> Symbol:
        """The unknown value of a node."""
        key: Key = ("site", *self.site(node))
        return Symbol(key if array is None else (key, array), label, node, kind=kind, base=base, array=array)

    def make(
        self, type_: str | Class, node: cst.CSTNode, call: Arguments | None = None, array: Array | None = None
    ) -> Object:
        """A new object, identified by its class and where it is made, and for an array by its shape."""
        class_ = type_ if isinstance(type_, str) else type_.key
        key: Key = ("object", class_, *self.site(node))
        made = Object(key if array is None else (key, array), type_, call, node)
        made.array = array
        self.born(made)
        return made

    def born(self, value: Value) -> None:
        """The loops around make this value."""
        for loop in self.loops:
            loop.made.add(value.key)

    def scope(self, kind: ScopeKind, parent: Scope | None, node: cst.CSTNode | str) -> Scope:
        """The namespace of a module, of a class body, or of one call of a function."""
        identity = node if isinstance(node, str) else id(node)
        return Scope(self.uid("scope", identity, parent.uid if parent else 0, self.context, self.round), kind, parent)

    # Names

    @property
    def frame(self) -> Frame:
        """The innermost function that is being executed."""
        return self.frames[-1]

    def lookup(self, name: str, scope: Scope) -> Value | None:
        """The value of a name as seen from a scope; None when it is not bound."""
        target: Scope | None = scope.outer.get(name, scope)
        start = target
        while target is not None:
            if target.kind != "class" or target is start:
                value = self.store.get((target.uid, name))
                if value is not None:
                    return self.settled(value)
            target = target.parent
        return None

    def bind(self, name: str, value: Value) -> None:
        """Assign a variable in the current scope."""
        if isinstance(value, Dataset):
            value.stage.names.add(name)
        scope = self.frame.scope
        self.store.set((scope.outer.get(name, scope).uid, name), value)

    def unbind(self, name: str) -> None:
        """Delete a variable of the current scope."""
        scope = self.frame.scope
        self.store.set((scope.outer.get(name, scope).uid, name), None)

    # Attributes and contents

    def field(self, owner: Value, name: str) -> Value | None:
        """What was stored in an attribute of a value; `[]` and `{}` are the contents of lists and dicts."""
        value = self.store.get(("attribute", owner.key, name))
        return self.refine(value) if value is not None else None

    def set_field(self, owner: Value, name: str, value: Value) -> None:
        """Assign an attribute, or the contents of a list or dict."""
        self.store.set(("attribute", owner.key, name), value)

    def contents(self, value: Value) -> Items | None:
        """The items of a tuple or list, None for anything else."""
        if isinstance(value, Items):
            return value
        if isinstance(value, Object) and value.type == "list":
            items = self.field(value, "[]")
            return items if isinstance(items, Items) else None
        return None

    def mapping(self, value: Value) -> Mapping | None:
        """The entries of a dict, None for anything else."""
        if isinstance(value, Object) and value.type == "dict":
            entries = self.field(value, "{}")
            return entries if isinstance(entries, Mapping) else None
        return None

    def new_list(self, items: Items, node: cst.CSTNode) -> Object:
        """A list object with these contents."""
        made = self.make("list", node)
        self.remember(made)
        self.set_field(made, "[]", items)
        return made

    def remember(self, made: Object) -> None:
        """Note in which loops something is made that can grow."""
        self._depths[made.key] = self.repeating

    def grows(self, value: Object) -> bool:
        """Whether a list that is appended to now gets an unknown number of items: it is older than the loop around."""
        return self._depths.get(value.key, 0) < self.repeating

    def fields(self, owner: Value) -> list[tuple[str, Value]]:
        """All attributes stored for a value."""
        return self.store.attributes(owner.key)

    def new_dict(self, entries: Mapping, node: cst.CSTNode) -> Object:
        """A dict object with these entries."""
        made = self.make("dict", node)
        self.set_field(made, "{}", entries)
        return made

    def settled(self, value: Value) -> Value:
        """A stored value as it is now: imported names looked up, alternatives narrowed."""
        return self.project.resolve(self, value) if isinstance(value, Late) else self.refine(value)

    # Choices

    def refine(self, value: Value) -> Value:
        """Drop the alternatives that contradict the tests passed on the way here."""
        if not isinstance(value, Choice):
            return value
        path = self.path
        left = [(guard, item) for guard, item in value.alternatives if consistent(guard, path)]
        if len(left) == len(value.alternatives) or not left:
            return value
        return left[0][1] if len(left) == 1 else Choice(tuple(left))

    def join(self, candidates: Sequence[tuple[Guard, Value | None]], node: cst.CSTNode | None = None) -> Value | None:
        """One value for several ways of getting here; a way on which the name is not bound does not count."""
        merged: dict[Key, tuple[Guard, Value]] = {}
        for guard, candidate in candidates:
            if candidate is None:
                continue
            for inner, value in guarded(candidate):
                if inner and guard and not consistent(inner, dict(guard)):
                    continue
                both = guard | inner
                seen = merged.get(value.key)
                merged[value.key] = (both if seen is None else seen[0] & both, value if seen is None else seen[1])
        if not merged:
            return None
        if len(merged) == 1:
            return next(iter(merged.values()))[1]
        values = [value for _, value in merged.values()]
        if len(values) > (MAX_PIPELINES if all(map(_of_pipelines, values)) else MAX_ALTERNATIVES):
            return Symbol(("many", self.uid(*(value.key for value in values))), "?", node or values[0].origin)
        return Choice(tuple(merged.values()))

    def lift(self, function: Callable[..., Value], *values: Value) -> Value:
        """Apply a function to every consistent combination of alternatives."""
        for position, value in enumerate(values):
            if isinstance(value, Choice):
                outcomes: list[tuple[Guard, Value | None]] = []
                before = self.path
                for guard, alternative in value.alternatives:
                    if not consistent(guard, before):
                        continue
                    self.path = {**before, **dict(guard)}
                    rest = (*values[:position], alternative, *map(self.refine, values[position + 1 :]))
                    outcomes.append((guard, self.lift(function, *rest)))
                self.path = before
                joined = self.join(outcomes)
                if joined is not None:
                    return joined
                return function(*values[:position], value.alternatives[0][1], *values[position + 1 :])
        return function(*values)

    # Branches

    def branch(self, branches: Sequence[tuple[Assumptions, Callable[[], Flow]]]) -> Flow:
        """Run every branch from the present state and go on with what the surviving ones have in common.

        Returns:
            How control leaves: "next" when at least one branch goes on.
        """
        before = self.path
        ends: list[tuple[Guard, dict[Key, Value | None]]] = []
        flows: set[Flow] = set()
        for assumptions, body in branches:
            mark = self.store.mark()
            self.path = {**before, **dict(assumptions)}
            flow = body()
            if flow == "next":
                ends.append((frozenset(assumptions), self.store.changes(mark)))
            flows.add(flow)
            self.store.rollback(mark)
        self.path = {**before, **dict(ends[0][0])} if len(ends) == 1 else before
        self.merge(ends)
        if ends:
            return "next"
        return flows.pop() if len(flows) == 1 else "mixed"

    def merge(self, ends: Sequence[tuple[Guard, dict[Key, Value | None]]]) -> None:
        """Write the join of several sets of changes, each made from the present state."""
        if len(ends) == 1:
            for key, value in ends[0][1].items():
                self.store.set(key, value)
            return
        keys = dict.fromkeys(key for _, changes in ends for key in changes)
        joined = {
            key: containers.join_stored(
                self, key, [(guard, changes.get(key, self.store.get(key))) for guard, changes in ends]
            )
            for key in keys
        }
        for key, value in joined.items():
            self.store.set(key, value)

    def delta(self, since: dict[Key, bool]) -> Guard:
        """The tests passed since an earlier path."""
        return frozenset((key, value) for key, value in self.path.items() if key not in since)

    # Execution

    def evaluate(self, node: cst.BaseExpression) -> Value:
        """The value of an expression."""
        return expressions.evaluate(self, node)

    def run(self, body: Sequence[cst.CSTNode]) -> Flow:
        """Execute statements in order."""
        return statements.run(self, body)

    def assign(self, target: cst.BaseExpression, value: Value) -> None:
        """Bind a target to a value."""
        statements.assign(self, target, value)

    def run_module(self, tree: cst.Module, scope: Scope) -> Flow:
        """Execute a module (or a notebook cell) in its namespace."""
        self.frames.append(Frame(None, scope, self.store.mark(), self.path))
        passes, self.passes = self.passes, []
        flow = self.run(tree.body)
        self.passes = passes
        self.path = self.frames.pop().path
        return flow

    @contextmanager
    def inside(self, scope: Scope) -> Iterator[None]:
        """Run a class body: names are bound in its scope."""
        outer = self.frame
        self.frames.append(Frame(outer.function, scope, outer.mark, outer.path, outer.node, outer.returns))
        try:
            yield
        finally:
            outer.spent += self.frames.pop().spent

    @contextmanager
    def comprehension(self, clause: cst.CompFor, count: int | None, iterable: Value) -> Iterator[None]:
        """The targets of a comprehension are local to it."""
        names = [(self.frame.scope.uid, name) for name in statements.target_names(clause.target)]
        before = [(name, self.store.get(name)) for name in names]
        self.repeating += 1
        self.clauses.append(Clause(clause, count, iterable, len(self.loops)))
        try:
            yield
        finally:
            self.clauses.pop()
            self.repeating -= 1
            for name, value in before:
                self.store.set(name, value)

    @property
    def in_test(self) -> bool:
        """Whether a unit test is being executed: functions are called `test_…` or `…_test`, or the file has tests."""
        if self.of_tests:
            return True
        return any(unit_tests.is_one(frame.function.name) for frame in self.frames if frame.function is not None)

    def touch(self, value: Value) -> None:
        """The program uses a value: handlers that went on with a half-trained model want to know."""
        for handler, guard, keys in self.watched:
            if value.key in keys and consistent(guard, self.path):
                handler.used_after = True

    def happened(self, what: Run | Stage, *others: Function) -> None:
        """Something batches or runs: the functions that are being executed did it."""
        for function in (*(frame.function for frame in self.frames), *others):
            if function is not None:
                self.activity.setdefault(id(function.node), []).append(what)

    def tick(self) -> None:
        """Count one statement."""
        self.steps += 1
        self.frame.spent += 1

    @property
    def exhausted(self) -> bool:
        """Whether calls should no longer be entered: the budget of the program or of this call is used up."""
        used_up = self.steps > PROGRAM_BUDGET or (
            self.frame.function is not None and self.frame.spent > CALL_BUDGET and self.deepest == MAX_DEPTH
        )
        self.cut = self.cut or used_up
        return used_up

    @contextmanager
    def called_from(self, node: cst.CSTNode) -> Iterator[None]:
        """Everything made inside is told apart from what the same code makes when called from elsewhere."""
        before = self.context
        self.context = self.uid("context", before, id(node))
        try:
            yield
        finally:
            self.context = before

    @contextmanager
    def in_round(self, node: cst.CSTNode, number: int) -> Iterator[None]:
        """Everything made inside is told apart from what other rounds of an unrolled loop make."""
        before = self.round
        self.round = self.uid("round", before, id(node), number)
        try:
            yield
        finally:
            self.round = before

    @contextmanager
    def elsewhere(self, scope: Scope) -> Iterator[None]:
        """Another file is executed: where it is imported plays no part."""
        before = self.context, self.round, self.path, self.loops, self.strategies, self.repeating, self.muted
        self.context, self.round, self.path = self.uid("file", scope.uid), 0, {}
        self.loops, self.strategies, self.repeating, self.muted = [], [], 0, 0
        try:
            yield
        finally:
            self.context, self.round, self.path, self.loops, self.strategies, self.repeating, self.muted = before

    def moment(self) -> Moment:
        """The present state, to come back to it."""
        module = self.frames[0].scope.module()
        key = ("moment", self.uid("moments", len(self._uids)))
        return Moment(key, self.store.snapshot(), self.path, module, cut=self.cut)

    @contextmanager
    def aside(self, moment: Moment) -> Iterator[None]:
        """What is executed inside happens at that moment, and leaves no trace."""
        held = {name: getattr(self, name) for name in _STATE}
        contents = self.store.exchange(dict(moment.state))
        defined, classes = len(self.defined), len(self.classes)
        self.path, self.frames = dict(moment.path), [Frame(None, moment.module, 0, dict(moment.path))]
        self.loops, self.strategies, self.passes, self.watched = [], [], [], []
        self.effects, self.entered, self.peeked, self.nested = Effects(), set(), set(), set()
        self.context, self.round, self.steps, self.repeating, self.muted = 0, 0, 0, 0, 1
        self.cut, self.deepest, self.traces = moment.cut, MAX_READING_DEPTH, []
        try:
            yield
        finally:
            for name, value in held.items():
                setattr(self, name, value)
            self.store.restore(contents)
            del self.defined[defined:], self.classes[classes:]

    # Pipelines

    def stage(
        self, op: str, node: cst.CSTNode, call: Arguments | None, parent: Stage | None, inputs: tuple[Value, ...] = ()
    ) -> Stage:
        """The step that a call makes; the same call with the same arguments makes the same step."""
        keys = call.keys() if call else ()
        key = (op, id(node), self.context, id(parent), keys, tuple(value.key for value in inputs))
        found = self.stages.get(key)
        if found is None:
            loops = tuple(loop.node for loop in reversed(self.loops))
            calls = tuple(frame.node for frame in self.frames)
            path = frozenset(self.path.items())
            found = Stage(op, node, call, parent, inputs, loops, path, in_test=self.in_test, calls=calls)
            found.names.update(frame.function.name for frame in self.frames if frame.function is not None)
            if not self.muted:
                self.stages[key] = found
                if op in BATCHING or (op in SOURCES and SOURCES[op].batch is not None):
                    self.happened(found)
        return found

    def escape(self, value: Value) -> None:
        """Unknown code receives this value: it may change lists and dicts."""
        pending, seen = [value], set()
        while pending:
            for _, item in guarded(pending.pop()):
                if isinstance(item, Items) and id(item) not in seen:
                    seen.add(id(item))
                    pending.extend(item.items)
                elif isinstance(item, Object) and item.type in {"list", "dict"}:
                    self.forget(item)

    def forget(self, value: Object) -> None:
        """Unknown code may have changed this list or dict."""
        entries, items = self.mapping(value), self.contents(value)
        if items is not None and items.complete:
            self.set_field(value, "[]", Items(items.items, items.origin, complete=False))
        elif entries is not None and entries.complete:
            self.set_field(value, "{}", Mapping(dict(entries.items), entries.origin, complete=False))


# What an interpreter that executes something aside comes back to.
_STATE: Final = (
    "path", "frames", "loops", "strategies", "passes", "watched", "effects", "entered", "peeked", "nested", "context",
    "round", "steps", "repeating", "muted", "cut", "deepest", "traces", "trying",
)  # fmt: skip


def _of_pipelines(value: Value) -> bool:
    """Whether a value is a dataset, a method of one, a tuple of them, or None."""
    if isinstance(value, Items):
        return all(map(_of_pipelines, value.items))
    return isinstance(value.receiver if isinstance(value, Method) else value, Dataset) or is_none(value)


__all__ = ["NO_GUARD", "Assumptions", "Effects", "Exit", "Flow", "Frame", "Interpreter", "consistent"]
