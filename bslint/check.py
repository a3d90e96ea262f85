"""Runs rules over the facts of one program and turns their findings into diagnostics.

This is the part of linting that needs libcst; `lint` only imports it for files that could have findings.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import libcst as cst

from bslint.analysis.analyse import Facts, analyse
from bslint.analysis.outline import outlined
from bslint.analysis.pipelines import Step
from bslint.diagnostic import Diagnostic, Fix, Position, Related
from bslint.edits import Editor
from bslint.rule import Context, Finding, Place, Rule, Span, link
from bslint.source import Block
from bslint.syntax.parse import parse
from bslint.syntax.positions import Positions

if TYPE_CHECKING:
    from bslint.analysis.project import Fragment
    from bslint.config import Configuration
    from bslint.source import Program, Source


def run(
    source: Source, program: Program, selected: Sequence[Rule], configuration: Configuration
) -> tuple[list[Diagnostic], list[str]]:
    """Lint one program.

    Returns:
        Its diagnostics, and internal errors of rules with their tracebacks.
    """
    trees = _parsed(program, source.kind)
    blocks = [tree if tree is not None else block.text for tree, block in zip(trees, program.blocks, strict=True)]
    facts = analyse(blocks, source.path, notebook=source.kind == "notebook")
    context = Context(configuration.settings, facts.names, source.path)
    locator = Locator(source.path, list(zip(program.blocks, trees, strict=True)), facts.fragments)
    diagnostics: list[Diagnostic] = []
    errors: list[str] = []
    for rule in selected:
        try:
            for finding in _findings(rule, facts, context):
                made = diagnostic_of(rule, finding, locator)
                if made is not None:
                    diagnostics.append(made)
        except Exception:
            import traceback

            errors.append(f"{source.path}: internal error in {rule.code} ({rule.name})\n{traceback.format_exc()}")
    return diagnostics, errors


def _parsed(program: Program, kind: str) -> list[cst.Module | None]:
    """The trees of the blocks; of a module, without what no fact can hang on."""
    if kind == "python":
        return [parse(outlined(block.text)) for block in program.blocks]
    return [parse(block.text) for block in program.blocks]


def _findings(rule: Rule, facts: Facts, context: Context) -> Iterator[Finding]:
    for fact in facts.facts:
        if isinstance(fact, rule.fact):
            yield from rule.check(fact, context)


class Located:
    """A place in the linted file, or in another of its project."""

    def __init__(self, path: str, block: Block, positions: Positions, start: int, end: int) -> None:
        self.path = path
        self.block = block
        self.positions = positions
        self.start = start
        self.end = end

    def position(self, offset: int) -> Position:
        """Row and column in the file or cell."""
        row, column = self.positions.place(offset)
        return Position(row + self.block.row - 1, column + self.block.indent)

    @property
    def statement(self) -> tuple[int, int]:
        """First and last row of the statement's header."""
        first, last = self.positions.statement(self.start, self.end)
        return first + self.block.row - 1, last + self.block.row - 1


class Locator:
    """Finds syntax nodes in the blocks of a program; positions are computed when the first finding asks."""

    def __init__(
        self, path: str, blocks: Sequence[tuple[Block, cst.Module | None]], fragments: Sequence[Fragment] = ()
    ) -> None:
        self.path = path
        self._blocks = blocks
        self._positions: list[tuple[Block, Positions]] | None = None
        self._fragments = fragments
        self._elsewhere: dict[int, Positions] = {}

    def find(self, place: Place) -> Located | None:
        """Where a place stands; None when it is in another file."""
        if self._positions is None:
            self._positions = [(block, Positions(tree, block.text)) for block, tree in self._blocks if tree is not None]
        for block, positions in self._positions:
            span = _span(positions, place)
            if span is not None:
                return Located(self.path, block, positions, *span)
        return None

    def find_anywhere(self, place: Place) -> Located | None:
        """Where a place stands, in whichever file of the project."""
        found = self.find(place)
        if found is not None:
            return found
        for number, fragment in enumerate(self._fragments):
            positions = self._elsewhere.get(number)
            if positions is None:
                positions = self._elsewhere[number] = Positions(fragment.tree, fragment.text)
            span = _span(positions, place)
            if span is not None:
                block = Block(fragment.text, fragment.text, row=fragment.row)
                return Located(fragment.path, block, positions, *span)
        return None


def _span(positions: Positions, place: Place) -> tuple[int, int] | None:
    first, last = (place.first, place.last) if isinstance(place, Span) else (place, place)
    start, end = positions.spans.get(id(first)), positions.spans.get(id(last))
    return (start[0], end[1]) if start is not None and end is not None else None


def diagnostic_of(rule: Rule, finding: Finding, locator: Locator) -> Diagnostic | None:
    """The diagnostic of a finding; None when it belongs to another file."""
    places = finding.at if isinstance(finding.at, Sequence) else (finding.at,)
    found = next((located for place in places if (located := locator.find(place)) is not None), None)
    if found is None:
        return None
    location = found.position(found.start)
    return Diagnostic(
        filename=locator.path,
        cell=found.block.cell,
        location=location,
        end_location=found.position(found.end),
        code=rule.code,
        name=rule.name,
        severity=finding.severity or rule.severity,
        message=finding.message,
        help=finding.help,
        fix=_fix(finding, found),
        noqa_row=location.row,
        url=rule.url,
        evidence=_plain(finding.evidence, locator) if finding.evidence is not None else None,
        related=tuple(_places(finding.related, locator)),
        chain=tuple(_places(_steps(finding), locator)),
        statement=found.statement,
    )


def _fix(finding: Finding, found: Located) -> Fix | None:
    if finding.fix is None:
        return None
    try:
        return finding.fix(Editor(found.positions, found.block.row, found.block.indent))
    except KeyError:  # a node of another cell or file: nothing that this block's edits could change
        return None


def _places(places: Iterable[tuple[Place, str]], locator: Locator) -> Iterator[Related]:
    for place, message in places:
        located = locator.find_anywhere(place)
        if located is not None:
            start, end = located.position(located.start), located.position(located.end)
            yield Related(message, located.path, located.block.cell, start, end)


def _steps(finding: Finding) -> Iterator[tuple[Place, str]]:
    """The steps of the pipeline that a finding is about."""
    for value in (finding.evidence or {}).values():
        for step in value if isinstance(value, list) else ():
            if isinstance(step, Step):
                yield link(step.node), step.name


def _plain(value: Any, locator: Locator) -> Any:
    """Evidence as JSON: syntax nodes become rows."""
    if isinstance(value, cst.CSTNode):
        located = locator.find(value)
        return located.position(located.start).row if located is not None else None
    if isinstance(value, Step):
        return _step(value, locator)
    if isinstance(value, dict):
        return {key: _plain(inner, locator) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner, locator) for inner in value]
    return value


def _step(step: Step, locator: Locator) -> dict[str, Any]:
    """A step with its row, and with its cell or the other file that it stands in, as seen from the linted one."""
    located = locator.find_anywhere(link(step.node))
    if located is None:
        return {"step": step.name, "row": None}
    found = {"step": step.name, "row": located.position(located.start).row}
    if located.block.cell is not None:
        return {**found, "cell": located.block.cell}
    if located.path != locator.path:
        return {**found, "file": _from(locator.path, located.path)}
    return found


def _from(path: str, other: str) -> str:
    try:
        return Path(os.path.relpath(other, Path(path).parent)).as_posix()
    except ValueError:  # another drive
        return other
