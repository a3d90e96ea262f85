"""Linted programs as proofs need them: their text, what their expressions are, what their findings are about."""

from __future__ import annotations

import ast
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import libcst as cst
import msgspec

from bslint.analysis.analyse import Facts, analyse
from bslint.analysis.loops import drawn
from bslint.analysis.values import Array, Items, Known, Stage, Value, array_of
from bslint.check import Locator, diagnostic_of
from bslint.rule import Context
from bslint.syntax.parse import parse
from bslint.syntax.positions import Positions
from bslint.verify.recipe import NoRecipeError, Place, Recipe, loop, pipeline, recipe
from bslint.verify.slices import STAND_IN
from bslint.verify.windows import About, windows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bslint.analysis.facts import Run, Windows
    from bslint.config import Configuration, Settings
    from bslint.diagnostic import Diagnostic
    from bslint.rule import Finding, Rule
    from bslint.source import Program, Source
    from bslint.verify.windows import Cut


class Provable(msgspec.Struct, frozen=True):
    """A finding and the fact that it is about."""

    diagnostic: Diagnostic
    finding: Finding
    program: ReadProgram
    settings: Settings


class ReadProgram:
    """One program of a file, analysed with notes.

    Args:
        source: the file.
        program: one of its programs.
    """

    def __init__(self, source: Source, program: Program) -> None:
        self.source = source
        self._trees = [(block, parse(block.text)) for block in program.blocks]
        blocks = [tree if tree is not None else block.text for block, tree in self._trees]
        self.facts: Facts = analyse(blocks, source.path, notebook=source.kind == "notebook", with_notes=True)
        self._texts: list[str] = []
        self._spans: dict[int, Place] = {}
        self._known: dict[Place, str] = {}
        self._arrays: dict[str, Array | None] = {}
        self._join()

    def provable(self, rules: Sequence[Rule], configuration: Configuration) -> Iterator[Provable]:
        """The findings of these rules."""
        context = Context(configuration.settings, self.facts.names, self.source.path)
        locator = self.locator
        for rule in rules:
            for fact in self.facts.facts:
                if isinstance(fact, rule.fact):
                    for finding in rule.check(fact, context):
                        made = diagnostic_of(rule, finding, locator)
                        if made is not None:
                            yield Provable(made, finding, self, configuration.settings)

    @property
    def locator(self) -> Locator:
        """Finds places in the program."""
        return Locator(self.source.path, self._trees)

    def folders(self) -> list[str]:
        """Folders from which the program can import files of its project: its own first."""
        from bslint.analysis.project import Project

        own = Path(self.source.path).parent
        return [str(own), *(str(root) for root in Project(self.source.path).roots if root != own)]

    def pipeline(self, stage: Stage, *, statement: bool = False) -> Recipe:
        """The program that makes a dataset, with synthetic samples in the place of files.

        Args:
            stage: the dataset's last step.
            statement: whether it is made by a statement that drops it.

        Raises:
            NoRecipeError: the way to it can't be followed.
        """
        nodes = [*(node for node in stage.calls if isinstance(node, cst.Call)), stage.node]
        places = [self._spans.get(id(node)) for node in nodes]
        if places[-1] is None:
            raise NoRecipeError("the pipeline is made in another file, or is not made here")
        way = [place for place in places if place is not None]
        return pipeline("".join(self._texts), way, self._known.get, self._stand_in, statement=statement)

    def _stand_in(self, name: str) -> ast.expr:
        """A call that makes synthetic samples for a variable, with what is known of their shape."""
        array = self._arrays.get(name)
        known = [name] if array is None or array.shape is None else [name, array.shape, array.dtype]
        arguments: list[ast.expr] = [ast.parse(repr(one), mode="eval").body for one in known]
        return ast.Call(ast.Name(STAND_IN, ast.Load()), arguments, [])

    def recipe(self, run: Run) -> Recipe:
        """The program that builds the model of a run.

        Raises:
            NoRecipeError: the way to the run can't be followed.
        """
        if not isinstance(run.node, cst.Call):
            return self._loop(run)
        nodes = [*(node for node in run.calls if isinstance(node, cst.Call)), run.node]
        places = [self._spans.get(id(node)) for node in nodes]
        # Calls in other files are followed by the import of those files.
        way = [place for place in places if place is not None]
        if places[-1] is None:
            raise NoRecipeError("the training is in another file")
        return recipe("".join(self._texts), way, self._known.get)

    def _loop(self, run: Run) -> Recipe:
        own = run.node
        if not isinstance(own, cst.For | cst.While):
            raise NoRecipeError("the training is not a loop over its data")
        over = drawn(run.loop.iterable) if run.loop is not None else ()
        nodes = [*(node for node in run.calls if isinstance(node, cst.Call)), _head(own)]
        places = [self._spans.get(id(node)) for node in nodes]
        if places[-1] is None:
            raise NoRecipeError("the training is in another file")
        way = [place for place in places if place]
        draws = not any(one is run.data for one in over)
        return loop("".join(self._texts), way, self._known.get, self._stand_in, draws=draws)

    def windows(self, fact: Windows) -> Cut:
        """The loop whose windows a finding is about, over numbered samples.

        Raises:
            NoRecipeError: it can't be cut out of the program.
        """
        place = self._spans.get(id(fact.node))
        if place is None:
            raise NoRecipeError("the windows are made in another file")
        others = [one.array for one in fact.windows if one.array != fact.array] if fact.fault == "misaligned" else []
        variables = frozenset(name for one in fact.windows for name in one.at)
        over = _head(fact.loop) if isinstance(fact.loop, cst.For | cst.While) else None
        loop = self._spans.get(id(over))
        arrays = (fact.array, *others[:1])
        about = About(place, arrays, variables, loop, fact.fault == "still", fact.assignment)
        return windows("".join(self._texts), about)

    def _join(self) -> None:
        """One text of all blocks, the places of the calls in it, and literals for what is known."""
        row = 0
        for block, tree in self._trees:
            if tree is None:
                continue
            text = block.text if block.text.endswith("\n") else f"{block.text}\n"
            self._texts.append(text)
            positions = Positions(tree, block.text)
            rows = _Rows(block.text, row)
            for node, value in _noted(tree, self.facts.notes):
                start, end = positions.spans.get(id(node), (0, 0))
                place = (*rows.place(start), *rows.place(end))
                if isinstance(node, cst.BaseExpression):
                    self._spans[id(node)] = place
                if isinstance(node, cst.Name):
                    self._note_array(node.value, array_of(value))
                literal = written(value)
                if literal is not None:
                    self._known[place] = literal
            row += text.count("\n")

    def _note_array(self, name: str, array: Array | None) -> None:
        """Keep what is known of a variable as an array; None where it is several."""
        if self._arrays.setdefault(name, array) != array:
            self._arrays[name] = None


def _head(own: cst.For | cst.While) -> cst.BaseExpression:
    return own.iter if isinstance(own, cst.For) else own.test


class _Rows:
    """Offsets in a text as rows, and columns in bytes as `ast` counts them."""

    def __init__(self, text: str, before: int) -> None:
        self._text = text
        self._before = before
        self._starts = [0, *(place + 1 for place, letter in enumerate(text) if letter == "\n")]

    def place(self, offset: int) -> tuple[int, int]:
        import bisect

        row = bisect.bisect_right(self._starts, offset)
        start = self._starts[row - 1]
        return row + self._before, len(self._text[start:offset].encode())


def _noted(tree: cst.Module, notes: Any) -> Iterator[tuple[cst.CSTNode, Value | None]]:
    from bslint.syntax.walk import descendants

    for node in descendants(tree):
        if id(node) in notes:
            yield node, notes[id(node)]


def written(value: Value | None) -> str | None:
    """A value as a Python literal: numbers, strings, None and tuples of them; None for anything else."""
    if isinstance(value, Known):
        plain = value.value
        if plain is None or type(plain) in {int, bool, str} or (type(plain) is float and math.isfinite(plain)):
            return repr(plain)
    elif isinstance(value, Items) and value.complete:
        parts = [written(item) for item in value.items]
        if None not in parts:
            return f"({', '.join(map(str, parts))}{',' if len(parts) == 1 else ''})"
    return None
