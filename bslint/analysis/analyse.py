"""One program in, its facts out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import libcst as cst
import msgspec

from bslint.analysis import chains, keeping, parameters, sums, uncalled, unit_tests
from bslint.analysis.facts import Fact, Loop, Run, UsedNames
from bslint.analysis.interpreter import PROGRAM_BUDGET, Frame, Interpreter
from bslint.analysis.project import Fragment, Project
from bslint.analysis.store import Scope
from bslint.analysis.values import Api, Symbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bslint.analysis.values import Value

# Where a text binds names: assignments, also of several targets, `def`, `class`, imports, `for`, `with … as`, `:=`.
_BINDING = re.compile(
    r"""(?:^|(?<![=!<>])=(?!=))[ \t]*(?:\([ \t]*)?(\*?[A-Za-z_]\w*(?:[ \t]*,[ \t]*\*?[A-Za-z_]\w*)*)(?:[ \t]*,)?[ \t]*
            (?:\)[ \t]*)?(?=(?::[^=\n]+)?(?:[-+*/%@&|^]|//|\*\*|<<|>>)?=(?!=))
      | \b(?:def|class|as)[ \t]+([A-Za-z_]\w*)
      | ^[ \t]*(?:from\b[^\n]*?\b)?import\b([^\n]*)
      | \bfor\b([^\n]{1,200}?)\bin\b
      | \b([A-Za-z_]\w*)[ \t]*:=""",
    re.MULTILINE | re.VERBOSE,
)
_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*")


class Facts(msgspec.Struct, frozen=True):
    """Everything that rules may ask of one program.

    Args:
        facts: the facts.
        names: how the program names APIs.
        read: other files that were looked into.
        exhausted: the budget of steps ended.
        notes: what its expressions were, when that was asked for.
        fragments: the statements of other files that were executed.
    """

    facts: tuple[Fact, ...]
    names: UsedNames
    read: tuple[str, ...]
    exhausted: bool
    notes: Mapping[int, Value | None] = {}
    fragments: tuple[Fragment, ...] = ()


def analyse(
    blocks: Sequence[cst.Module | str],
    path: str,
    *,
    notebook: bool = False,
    thorough: bool = False,
    with_notes: bool = False,
) -> Facts:
    """Interpret a program.

    Args:
        blocks: the parsed blocks in order; the text of one that does not parse, whose names become unknown.
        path: the file, for imports of its siblings.
        notebook: whether the last expression of a block is displayed.
        thorough: whether uncalled functions are executed even when they name nothing that facts are made of.
        with_notes: whether to keep what expressions were found to be.
    """
    it = Interpreter(Project(path))
    it.notes = {} if with_notes else None
    it.of_tests = unit_tests.are_in(path, blocks)
    scope = Scope(it.uid("module", path), "module")
    for position, block in enumerate(blocks):
        it.frames.append(Frame(None, scope, it.store.mark(), it.path, following=[position < len(blocks) - 1]))
        if isinstance(block, str):
            _forget_names(it, block)
        else:
            it.display = _last_expression(block) if notebook else None
            it.run(block.body)
        it.frames.pop()
        it.path = {}
    uncalled.enter_all(it, scope, thorough=thorough)
    trees = [block for block in blocks if not isinstance(block, str)]
    facts = (*_collect(it), *parameters.unread(it, scope, trees))
    exhausted = it.steps > PROGRAM_BUDGET
    fragments = tuple(it.project.fragments)
    return Facts(facts, _names(it, scope), it.project.read, exhausted, it.notes or {}, fragments)


def _forget_names(it: Interpreter, text: str) -> None:
    """What a block that does not parse would have bound is unknown."""
    for match in _BINDING.finditer(text):
        for name in _NAME.findall(match[match.lastindex or 0]):
            it.bind(name, Symbol(("unparsed", name), name))


def _last_expression(tree: cst.Module) -> cst.CSTNode | None:
    """The statement whose value a notebook displays: a semicolon behind it hides it."""
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, cst.SimpleStatementLine) or isinstance(last.body[-1].semicolon, cst.Semicolon):
        return None
    return last.body[-1]


def _collect(it: Interpreter) -> tuple[Fact, ...]:
    effects = it.effects
    discarded = {(id(one.node), one.value.key): one for one in effects.discarded}
    windows = {(id(one.node), one.fault): one for one in reversed(effects.windows)}
    loops = _distinct_loops(effects.loops)
    replicas = {(id(one.node), *(value.key for value in one.inputs)): one for one in effects.replicas}
    return (
        *chains.pipelines(it),
        *_distinct_runs(effects.runs),
        *loops,
        *effects.handlers,
        *discarded.values(),
        *windows.values(),
        *{id(tape.node): tape for tape in sorted(it.tapes.facts, key=lambda one: len(one.gradients))}.values(),
        *{id(gradient.node): gradient for gradient in it.tapes.gradients.values()}.values(),
        *sums.accumulations(it),
        *replicas.values(),
        *it.tapes.labels.values(),
        *{id(one.node): one for one in effects.traced}.values(),
        *{(id(one.node), one.parameter): one for one in effects.traced_calls}.values(),
        *keeping.distinct(it),
    )


def _distinct_loops(loops: Sequence[Loop]) -> Iterable[Loop]:
    """Loops that differ in something: the body of a loop around them is executed twice."""
    return {
        (
            *(id(one.node) for one in loop.nest()),
            loop.iterable.key if loop.iterable is not None else None,
            *(frozenset(map(id, nodes)) for nodes in (loop.gradients, loop.updates)),
            frozenset(id(run.node) for run in loop.runs),
            frozenset(value.key for value in (*loop.consumed, *loop.models)),
        ): loop
        for loop in loops
    }.values()


def _distinct_runs(runs: Sequence[Run]) -> Iterable[Run]:
    """Runs that differ in something: the body of a loop is executed twice."""
    return {
        (
            id(run.node),
            run.call.keys() if run.call is not None else None,
            *(
                value.key
                for value in (run.data, run.strategy, run.model.value if run.model is not None else None)
                if value is not None
            ),
            *(id(loop.node) for loop in (run.loop.nest() if run.loop is not None else ())),
            *map(id, run.calls),
        ): run
        for run in runs
    }.values()


def _names(it: Interpreter, scope: Scope) -> UsedNames:
    return UsedNames({name: value for name, value in it.store.names(scope.uid).items() if isinstance(value, Api)})


__all__ = ["Facts", "analyse"]
