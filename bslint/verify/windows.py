"""Recipes for windows: the program's own loop, and what its windows hang on, over numbered samples."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from bslint.verify.recipe import Loop, NoRecipeError, Place, head, place_of, until
from bslint.verify.slices import (
    READ,
    SAMPLES,
    STEPS,
    TURNED,
    Slice,
    bound,
    changers,
    missing,
    modules_of,
    names_in,
    of_program,
    parents_of,
    targets_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bslint.verify.slices import Statements

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_INSIDE = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_CONTROL = (ast.Break, ast.Continue, ast.Return, ast.Raise)
_LENGTH = re.compile(r"len\((.+)\)")


class About(NamedTuple):
    """What a finding says of its windows.

    Args:
        place: of the window.
        arrays: the array that is cut there, and the one that is to be cut in the same way.
        variables: of the loops between whose turns the fault is.
        loop: what the loop at fault goes over, or its test.
        is_still: the fault is that turns of this loop read the same.
        numbers: `len(x)` and names, for what the program does not say.
    """

    place: Place
    arrays: tuple[str, ...]
    variables: frozenset[str]
    loop: Place | None
    is_still: bool
    numbers: Mapping[str, int]


class Cut(NamedTuple):
    """A loop over windows: the program, and how many loops are around the one whose turns make a pass."""

    source: str
    outside: int | None


def windows(text: str, about: About) -> Cut:
    """Cut a loop over windows out of a program.

    Raises:
        NoRecipeError: the windows are not made by loops around them.
    """
    return _Cutter(text, about).cut()


class _Cutter:
    def __init__(self, text: str, about: About) -> None:
        self.tree = ast.parse(text)
        self.numbers = about.numbers
        self.changers = changers(self.tree)
        self.parents = parents_of(self.tree)
        self.modules = modules_of(self.tree)
        slices = (one for one in ast.walk(self.tree) if isinstance(one, ast.Subscript))
        window = next((one for one in slices if place_of(one) == about.place), None)
        if window is None:
            raise NoRecipeError("what reads the samples is no slice")
        around = self._around(window)
        self.function = next((one for one in around if isinstance(one, _FUNCTIONS)), None)
        self.loops: list[Loop] = [one for one in reversed(around) if isinstance(one, ast.For | ast.While)]
        if not self.loops:
            raise NoRecipeError("no loop is around the window in its function")
        self.outside = self._outside(about)
        self.read = [window, *self._partners(window, about.arrays)]
        if len(self.read) < len(about.arrays):
            raise NoRecipeError("the other window is not in the same loop")

    def _outside(self, about: About) -> int | None:
        """How many loops are around the outermost one that a fault needs; None where that can't be told."""
        found = [place for place, one in enumerate(self.loops) if place_of(head(one)) == about.loop]
        if found and about.is_still:
            return found[0]
        targets = [targets_of(one) if isinstance(one, ast.For) else set() for one in self.loops]
        found += [place for place, names in enumerate(targets) if names & about.variables]
        return min(found, default=None)

    def cut(self) -> Cut:
        for number, window in enumerate(self.read):
            self._record(number, window)
        root = self.loops[0]
        for depth, loop in enumerate(self.loops):
            loop.body.insert(0, _call(TURNED, ast.Constant(depth)))
        root.body = _without_contexts(root.body)
        self._leave_out_what_only_stops(root)
        function = self.function
        if function is None:
            return self._finished(until(self.tree.body, root, root))
        body = until(function.body, root, root)
        cut = Slice(body, (), self.modules, self._stand_in, sources=False, changers=self.changers)
        function.body, function.decorator_list, function.returns = cut.kept, [], None
        # Beside the program's own classes, so that a method needs no instance.
        made = ast.fix_missing_locations(function)
        outside = [one for one in self.tree.body if not any(each is function for each in ast.walk(one))]
        entry = ast.Assign([ast.Name(STEPS, ast.Store())], self._entry(function))
        return self._finished([*outside, made, entry])

    def _around(self, node: ast.AST) -> list[ast.AST]:
        """What is around a node, up to the function that it is in."""
        found: list[ast.AST] = []
        outer = self.parents.get(node)
        while outer is not None and not isinstance(outer, (ast.Module, ast.ClassDef)):
            if isinstance(outer, _INSIDE):
                raise NoRecipeError("the window is made inside a lambda or a comprehension")
            found.append(outer)
            if isinstance(outer, _FUNCTIONS):
                break
            outer = self.parents.get(outer)
        return found

    def _partners(self, window: ast.Subscript, arrays: tuple[str, ...]) -> list[ast.Subscript]:
        """The slices of the other arrays in the same loop."""
        found = []
        for array in arrays[1:]:
            for one in ast.walk(self.loops[-1]):
                if isinstance(one, ast.Subscript) and one is not window and ast.unparse(one.value) == array:
                    found.append(one)
                    break
        return found

    def _record(self, number: int, window: ast.Subscript) -> None:
        """Put a statement in front of the one that reads a window, which keeps what is read."""
        node: ast.AST = window
        while not isinstance(node, ast.stmt):
            node = self.parents[node]
        if isinstance(node, ast.While):
            raise NoRecipeError("the window is in the test of a loop")
        for block in (getattr(self.parents[node], name, ()) for name in ("body", "orelse", "finalbody")):
            if isinstance(block, list) and node in block:
                block.insert(block.index(node), _call(READ, ast.Constant(number), window, window.value))
                return
        raise NoRecipeError("the window is in no block of statements")

    def _leave_out_what_only_stops(self, root: ast.For | ast.While) -> None:
        """Drop tests that only results of the training decide: a loss that is small enough."""
        tests = [
            one
            for one in ast.walk(root)
            if isinstance(one, ast.If)
            and any(isinstance(each, _CONTROL) for part in one.body for each in ast.walk(part))
        ]
        kept = [(one, list(one.body), list(one.orelse)) for one in tests]
        for one in tests:
            one.body, one.orelse = _without_control(one.body) or [ast.Pass()], _without_control(one.orelse)
        cut = Slice([root], (), self.modules, self._stand_in, sources=False, changers=self.changers)
        known = cut.needed.union(*map(bound, cut.kept))
        for one, body, orelse in kept:
            if names_in(one.test) <= known | self.modules:
                one.body, one.orelse = body, orelse

    def _entry(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.expr:
        """The call of a function with numbered samples, or the finding's numbers, for its parameters."""
        given = [*function.args.posonlyargs, *function.args.args]
        needed = len(given) - len(function.args.defaults)
        keywords = [
            ast.keyword(one.arg, self._stand_in(one.arg))
            for place, one in enumerate([*given, *function.args.kwonlyargs])
            if place < needed
            or one.arg in self.numbers
            or (place >= len(given) and not self._has_default(function, one))
        ]
        return ast.Call(ast.Name(function.name, ast.Load()), [], keywords)

    def _has_default(self, function: ast.FunctionDef | ast.AsyncFunctionDef, parameter: ast.arg) -> bool:
        place = function.args.kwonlyargs.index(parameter)
        return function.args.kw_defaults[place] is not None

    def _stand_in(self, name: str) -> ast.expr:
        return ast.Call(ast.Name(SAMPLES, ast.Load()), [ast.Constant(name)], [])

    def _finished(self, body: Statements) -> Cut:
        options = {"modules": self.modules, "stand_in": self._stand_in, "changers": self.changers}
        cut = of_program(body, (STEPS,), sources=False, **options)
        absent: Statements = [
            ast.Assign([ast.Name(name, ast.Store())], self._stand_in(name))
            for name in sorted((missing(cut) | cut.lost) - {STEPS})
        ]
        made = ast.fix_missing_locations(ast.Module([*absent, *cut.kept], []))
        return Cut(ast.unparse(made) + "\n", self.outside)


def _call(name: str, *arguments: ast.expr) -> ast.stmt:
    return ast.Expr(ast.Call(ast.Name(name, ast.Load()), list(arguments), []))


def _without_contexts(statements: Statements) -> Statements:
    """A block in which what tapes, devices and strategies are around stands by itself."""
    found: Statements = []
    for one in statements:
        for name in ("body", "orelse", "finalbody"):
            inner = getattr(one, name, None)
            if isinstance(inner, list) and not isinstance(one, (*_FUNCTIONS, ast.ClassDef)):
                setattr(one, name, _without_contexts(inner))
        found += one.body if isinstance(one, (ast.With, ast.AsyncWith)) else [one]
    return found


def _without_control(statements: Statements) -> Statements:
    return [one for one in statements if not any(isinstance(each, _CONTROL) for each in ast.walk(one))]


def lengths(numbers: Mapping[str, int]) -> dict[str, int]:
    """Samples in arrays, by the name of the array: those of `len(x)`."""
    return {match[1]: number for name, number in numbers.items() if (match := _LENGTH.fullmatch(name))}
