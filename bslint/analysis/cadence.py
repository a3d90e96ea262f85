"""After how many micro-batches an optimizer updates: found by running a loop, or a step many times, on integers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from bslint.analysis import recount, sums
from bslint.analysis.gradients import Cadence
from bslint.analysis.microbatches import cadence_test
from bslint.analysis.values import known_int

if TYPE_CHECKING:
    from collections.abc import Callable

    import libcst as cst

    from bslint.analysis.gradients import Accumulation
    from bslint.analysis.interpreter import Interpreter
    from bslint.analysis.values import Function, Key, Value
    from bslint.analysis.windows import Machine

    Runner: TypeAlias = Callable[..., Machine]

# Values of numbers that the program does not tell: two different ones, so that no accident passes for a rule.
_SIZES = (3, 4)
# Larger groups are not run: three of them would take too long.
_LARGEST = 100
_LONGEST = 2_000


def examine(it: Interpreter, node: cst.For | cst.While, mark: int) -> None:
    """Run the outermost loop of a nest that accumulates gradients, and note after how many micro-batches it updates.

    Args:
        it: the interpreter, at the end of the loop.
        node: the loop.
        mark: when it was entered.
    """
    from bslint.analysis.windows import entry_state, run

    for home in _open(it):
        found = sums.accumulation(it, home)
        if found is None or found.loop is None or found.additions[0].where[0][0].node is not node:
            continue
        if _is_tested(found):
            with entry_state(it, mark):
                it.ledger.cadences[home] = tuple(_runs(found, partial(run, it, node, budget=_LONGEST)))


def examine_step(it: Interpreter, function: Function, bound: dict[str, Value]) -> None:
    """Run a step that adds to a sum of gradients and applies it every few calls, such as a `train_step`.

    Args:
        it: the interpreter, at the end of the step.
        function: the step.
        bound: its arguments.
    """
    from bslint.analysis.windows import entry_state, run_step

    for home in _open(it):
        found = sums.accumulation(it, home) if _steps(it, home) else None
        if found is not None and found.loop is None and _is_tested(found):
            with entry_state(it, it.frame.mark):
                it.ledger.cadences[home] = tuple(_runs(found, partial(run_step, it, function, bound, budget=_LONGEST)))


def _open(it: Interpreter) -> list[Key]:
    """The sums without a cadence so far: what a later call starts from is known less exactly."""
    return [home for home in it.ledger.events if home not in it.ledger.cadences]


def _steps(it: Interpreter, home: Key) -> bool:
    """Whether this call of a function adds to a sum, and applies it."""
    added = any(one.kind in {"add", "collect"} and it.frame in one.frames for one in it.ledger.events[home])
    return added and any(
        it.frame in one.event.frames and any(hit.found == home for hit in one.sums) for one in it.ledger.updates
    )


def _is_tested(found: Accumulation) -> bool:
    return any(one.same_iteration and one.tests for one in found.applied)


def _runs(found: Accumulation, run: Runner) -> list[Cadence]:
    """The cadence with whole groups, and with a broken one; for two values of an unknown number of micro-batches."""
    from bslint.analysis.windows import Assignment

    made: list[Cadence] = []
    count = found.count
    if count is None:
        return made
    for size in (known,) if (known := known_int(count)) is not None else _SIZES:
        for elements in (3 * size, 2 * size + 1) if 1 < size <= _LARGEST else ():
            cadences: list[Cadence] = []
            for flags in (True, False):
                assignment = Assignment(
                    elements * elements, (elements,), flags=flags, elements=elements, given={count.key: size}
                )
                machine = run(assignment, watch=list(map(id, _watched(found))))
                if machine.number(count) == size:
                    made_here = _cadence(machine, found, size)
                    cadences.append(msgspec.structs.replace(made_here, replay=_replay(machine, found, size)))
                if not machine.entry.flagged:
                    break
            # Where a test that nothing in sight decides matters, nothing is known.
            if len({one.counts for one in cadences}) == 1:
                made.append(cadences[0])
    return made


def _watched(found: Accumulation) -> list[cst.CSTNode]:
    """The calls that take a gradient, those that apply the sum, and the variables that decide when."""
    test = cadence_test(found)
    watched = [one.gradient.node for one in found.additions] + [one.node for one in found.applied]
    return [*watched, *(recount.leaves(test.node) if test is not None and test.node is not None else ())]


def _replay(machine: Machine, found: Accumulation, size: int) -> str:
    """Plain Python that counts the micro-batches of each update of the first pass."""
    test, gradients = cadence_test(found), {id(one.gradient.node) for one in found.additions}
    depth = _depth(found)
    first = [event for event in machine.events if event.moment.loops[:depth] == machine.events[0].moment.loops[:depth]]
    if test is None or test.node is None or not first:
        return ""
    return recount.snippet(test.node, first, size, before=id(first[0].node) in gradients)


def _depth(found: Accumulation) -> int:
    """The number of loops around the one over the micro-batches."""
    return next((i for i, (loop, _) in enumerate(found.additions[0].where) if loop is found.loop), 0)


def _cadence(machine: Machine, found: Accumulation, size: int) -> Cadence:
    """Count the micro-batches of each update in the first pass over them."""
    gradients = {id(one.gradient.node) for one in found.additions}
    depth = _depth(found)
    updates = {id(one.node) for one in found.applied}
    first: tuple[tuple[int, int], ...] | None = None
    counts: list[int] = []
    waiting: set[tuple[tuple[int, int], ...]] = set()
    total = left = 0
    for event in machine.events:
        around = event.moment.loops[:depth]
        first = around if first is None else first
        if around != first and not left:
            left = len(waiting)
            if not left:
                return Cadence(size, total, tuple(counts), 0, None, settled=True)
        if id(event.node) in gradients:
            waiting.add(event.moment.loops[: depth + 1])
            total += around == first
        elif id(event.node) not in updates:
            continue
        elif waiting and around != first:
            return Cadence(size, total, tuple(counts), left, len(waiting), settled=True)
        elif waiting:
            counts.append(len(waiting))
            waiting.clear()
    settled = machine.complete and found.loop is not None
    return Cadence(size, total, tuple(counts), left or len(waiting), None, settled=settled)
