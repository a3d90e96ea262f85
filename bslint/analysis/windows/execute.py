"""Runs a nest under several assignments: every length that ordinary data can have, every unknown count twice."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from bslint.analysis.windows.code import Code, drain
from bslint.analysis.windows.entry import Assignment
from bslint.analysis.windows.feeds import Feed, take
from bslint.analysis.windows.levels import Site, rebase, sites
from bslint.analysis.windows.library import repeat
from bslint.analysis.windows.machine import RUN_BUDGET, Machine, RaisedError
from bslint.analysis.windows.values import EndError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import libcst as cst

    from bslint.analysis.interpreter import Interpreter
    from bslint.analysis.values import Function, Key, Value

Nest: TypeAlias = "cst.For | cst.While | Feed"

# Values of the unknown numbers in the order of their first use, rising and falling: no two of them keep their order.
_COUNTS = ((3, 4, 5, 6, 7), (9, 8, 6, 3, 2))
# Instead of these where one number divides another and leaves windows of one sample.
_SPARE = (((8, 2, 4, 3, 5), (2, 8, 4, 3, 5)), ((12, 3, 6, 5, 2), (3, 12, 6, 5, 2)))
# Iterations of loops that are run for one file.
FILE_BUDGET = 8_000
_FEW = 2
# Lengths of first runs: the shortest is enough for small batches, and fastest.
_SHORT_PROBE = 48
_PROBES = (_SHORT_PROBE, 512, 1 << 15)
# So many groups of batches show what a loop does.
_GROUPS = 4
# Iterations of a first run, and of one that no other length could make shorter.
_PROBING = 300
_LONG = 4_000


class Trial(msgspec.Struct, frozen=True, eq=False):
    """A nest run under one assignment.

    Args:
        machine: what happened.
        length: the length given to arrays of unknown length; 0 when none was asked for.
        whole: whether that length (or the known one) consists of whole groups of batches.
        sites: the windows that reached the training, by the slice that cut them.
        other: the same of a run with so many samples as `other_length` says, usually more.
        settled: whether other values of the unknown numbers give the same windows in a pass.
    """

    machine: Machine
    length: int
    whole: bool
    sites: tuple[Site, ...]
    other: tuple[Site, ...] = ()
    other_length: int = 0
    settled: bool = False


@contextmanager
def entry_state(it: Interpreter, mark: int) -> Iterator[None]:
    """The state at an earlier mark, for the machine to read; the present one comes back afterwards."""
    changes: dict[Key, Value | None] = it.store.changes(mark)
    it.store.rollback(mark)
    it.muted += 1
    try:
        yield
    finally:
        it.muted -= 1
        it.store.rollback(mark)
        for key, value in changes.items():
            it.store.set(key, value)


def run(
    it: Interpreter,
    node: Nest,
    assignment: Assignment | None = None,
    *,
    code: Code | None = None,
    watch: Iterable[int] = (),
    asked: dict[Key, int] | None = None,
    settles: bool = False,
    budget: int = RUN_BUDGET,
) -> Machine:
    """Run a nest from the present state of the interpreter.

    Args:
        it: the interpreter, in the state in which the nest is entered (see `entry_state`).
        node: the outermost loop, or what `fit` takes its batches from.
        assignment: what unknown numbers are.
        code: the closures of an earlier run of the same nest.
        watch: identities of expressions and statements whose evaluations become `Machine.events`.
        asked: the lengths that an earlier run asked for.
        settles: whether to stop when the outermost loop cuts the same windows again.
        budget: the number of iterations after which the run ends.

    Returns:
        The machine: its windows, reads, updates, gradients and events in order; `complete` when it ran to the end.
    """
    code = code or Code(watch)
    machine = Machine(it, code, node.node if isinstance(node, Feed) else node, assignment or Assignment(), asked)
    machine.settles, machine.budget = settles, budget
    try:
        if isinstance(node, Feed):
            take(machine, node)
        else:
            drain(code.statement(node)(machine, machine.base(it.frame.scope)))
        machine.complete = True
    except (EndError, RaisedError):
        pass
    it.iterations += machine.ticks
    rebase(machine)
    return machine


def run_step(
    it: Interpreter,
    function: Function,
    bound: dict[str, Value],
    assignment: Assignment,
    *,
    watch: Iterable[int],
    budget: int = RUN_BUDGET,
) -> Machine:
    """Run a function again and again, as many times as an iterable out of sight has elements.

    What it is given is one batch, and has few elements itself.

    Args:
        it: the interpreter, in the state in which the function is entered.
        function: the function.
        bound: its arguments.
        assignment: what unknown numbers are.
        watch: identities of expressions and statements whose evaluations become `Machine.events`.
        budget: the number of iterations after which the run ends.
    """
    few = msgspec.structs.replace(assignment, length=_FEW, elements=_FEW)
    machine = Machine(it, Code(watch), function.node, few)
    machine.budget = budget
    try:
        repeat(machine, function, bound, assignment.elements)
        machine.complete = True
    except (EndError, RaisedError):
        pass
    return machine


def trials(it: Interpreter, node: Nest, code: Code) -> list[list[Trial]]:
    """All runs of a nest whose windows are of interest: a list for each way in which open tests may come out."""
    found = []
    for flags in (True, False):
        if it.iterations > FILE_BUDGET:
            break
        runs, flagged = _runs(it, node, code, flags=flags)
        if runs:
            found.append(runs)
        if not flagged:
            break
    return found


def _runs(it: Interpreter, node: Nest, code: Code, *, flags: bool) -> tuple[list[Trial], bool]:
    found: list[Trial] = []
    flagged = settled = False
    first: tuple[Site, ...] = ()
    for ordinary, spare in zip(_COUNTS, _SPARE, strict=True):
        probe, seen = _telling_probe(it, node, code, (ordinary, *spare), flags)
        counts = probe.entry.assignment.counts
        flagged = flagged or probe.entry.flagged
        if not seen:
            break
        if first and _passes(seen) == _passes(first):
            settled = True
            break
        first = seen
        batch = max(site.width for site in seen)
        group = max(batch * max(site.group for site in seen), *(site.batch for site in seen))
        asked = dict(probe.entry.asked)
        if not asked:
            found.append(Trial(probe, 0, _divisible(seen, group), seen))
        probed = probe.entry.assignment.length
        other, shorter = seen, False
        for length in _lengths(batch, group) if asked else ():
            machine = run(it, node, Assignment(length, counts, flags), code=code, asked=asked, settles=True)
            seen = sites(machine)
            shorter = not seen and length == 3 * group
            if shorter:  # too short for one iteration of a loop around
                break
            found.append(Trial(machine, length, length % group == 0, seen, other, probed))
        for length in _lengths(batch, probed) if shorter else ():
            machine = run(it, node, Assignment(length, counts, flags), code=code, asked=asked, settles=True)
            found.append(Trial(machine, length, length % probed == 0, sites(machine)))
        if not probe.entry.counts:
            settled = True
            break
    return [msgspec.structs.replace(trial, settled=settled) for trial in found], flagged


def _telling_probe(
    it: Interpreter, node: Nest, code: Code, choices: Sequence[tuple[int, ...]], flags: bool
) -> tuple[Machine, tuple[Site, ...]]:
    """The first run whose windows have more than one sample; the very first where none has."""
    found: list[tuple[Machine, tuple[Site, ...]]] = []
    for counts in choices:
        machine = _probe(it, node, code, counts, flags)
        found.append((machine, sites(machine)))
        if len(machine.entry.counts) < _FEW or not found[-1][1] or any(site.width > 1 for site in found[-1][1]):
            return found[-1]
    return found[0]


def _probe(it: Interpreter, node: Nest, code: Code, counts: tuple[int, ...], flags: bool) -> Machine:
    asked: dict[Key, int] = {}
    for length in _PROBES:
        machine = run(
            it, node, Assignment(length, counts, flags), code=code, asked=asked, settles=True, budget=_PROBING
        )
        asked = dict(machine.entry.asked)
        if not asked or not (machine.complete or machine.reads) or _shows(machine, length):
            break
        if length > _SHORT_PROBE and (machine.reads or not machine.complete):
            break
    if not asked and not machine.complete:
        return run(it, node, Assignment(length, counts, flags), code=code, settles=True, budget=_LONG)
    return machine


def _shows(machine: Machine, length: int) -> bool:
    """Whether a run of so few samples has several groups of batches."""
    seen = sites(machine) if machine.complete else ()
    return bool(seen) and max(site.batch * site.group for site in seen) * _GROUPS <= length


def _lengths(batch: int, group: int) -> tuple[int, ...]:
    """Whole groups; whole batches but a broken group; a broken batch."""
    lengths = [3 * group]
    if group > batch:
        lengths.append(2 * group + batch)
    if batch > 1:
        lengths.append(2 * group + (batch + 1) // 2)
    return tuple(lengths)


def _passes(seen: tuple[Site, ...]) -> list[tuple[int, list[tuple[int, int]]]]:
    """The windows of one pass."""
    return [(id(site.node), [read.window.raw for read in site.one_pass()]) for site in seen]


def _divisible(seen: tuple[Site, ...], group: int) -> bool:
    return all(site.root.length % group == 0 for site in seen)
