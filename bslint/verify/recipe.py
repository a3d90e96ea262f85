"""Recipes: the smallest program that builds what a training trains, cut out of the linted program.

The way from the file's first statement to the training is kept, function by function, and of every step on it only what
the model hangs on. What the analysis knows (an option's default, the shape of a data set) stands in it as a literal, so
that the data need not be there.
"""

from __future__ import annotations

import ast
import copy
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from bslint.verify.classes import CLASSES, Counted
from bslint.verify.slices import (
    BATCHES,
    DATASET,
    EVALUATION,
    ITERATOR,
    LOOK,
    MODEL,
    SOURCES,
    STEPS,
    TURN,
    TURNS,
    Slice,
    Statements,
    Whole,
    called,
    is_banned,
    last_of_loop,
    missing,
    modules_of,
    of_program,
    parents_of,
    readers,
    without_banned,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

# First row and column, last row and column; rows from 1, columns in bytes from 0, as `ast` has them.
Place: TypeAlias = tuple[int, int, int, int]
Function: TypeAlias = "ast.FunctionDef | ast.AsyncFunctionDef"
Loop: TypeAlias = "ast.For | ast.While"
Known: TypeAlias = "Callable[[Place], str | None]"
StandIn: TypeAlias = "Callable[[str], ast.expr]"

_KEPT_DECORATORS = frozenset(("staticmethod", "classmethod", "property"))
# Methods that Keras, or Python, calls.
_CALLED_BY_OTHERS = frozenset(
    "call build compute_output_shape compute_loss train_step test_step compile get_config".split()
)
_OPTIMIZERS = frozenset("SGD RMSprop Adam AdamW Adadelta Adagrad Adamax Adafactor Nadam Ftrl Lion Lamb Muon".split())
_RATE = 0.001
_PURE = frozenset("len int float str bool round min max abs math.ceil math.floor math.prod np.prod".split())
# What goes over something else, and gives as many.
_WRAPPERS = frozenset(("enumerate", "tqdm", "track", "progress"))
# What a recipe of a dropped statement binds.
_PARTS = ("bslint_before", DATASET, "bslint_after")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Recipe(msgspec.Struct, frozen=True):
    """A program that builds a model.

    Args:
        source: the program; it binds `bslint_model`.
        missing: what it needs and does not have, in words; empty when it can run.
        note: what stands in it instead of what only the data tell, in words.
    """

    source: str
    missing: tuple[str, ...] = ()
    note: str = ""


class NoRecipeError(Exception):
    """The way from the file's first statement to the training can't be followed; the message says why."""


def recipe(text: str, way: Sequence[Place], known: Known) -> Recipe:
    """Cut the building of a model out of a program.

    Args:
        text: the program.
        way: places of the calls that lead to the training, outermost first; the last is the training call itself.
        known: what the analysis knows of the expression at a place, as a Python literal.

    Raises:
        NoRecipeError: the way can't be followed.
    """
    made = _Cutter(text, way, known)
    found = made.cut(_receiver)
    if not found.missing:
        return found
    counted = _Cutter(text, way, known, counts=frozenset(made.unknown)).cut(_receiver)
    return (
        found
        if counted.missing
        else msgspec.structs.replace(counted, note=f"with {CLASSES} classes, since only the data tell how many")
    )


def pipeline(text: str, way: Sequence[Place], known: Known, stand_in: StandIn, *, statement: bool = False) -> Recipe:
    """Cut the making of a dataset out of a program.

    Args:
        text: the program.
        way: places of the calls that lead to it, outermost first; the last is the call that makes it.
        known: as for `recipe`.
        stand_in: the synthetic samples that a variable is set to which only files or downloads give.
        statement: whether the call is a statement whose result is dropped: the recipe then binds looks at its variable
            before and behind it, too.

    Raises:
        NoRecipeError: the way can't be followed.
    """
    names = _PARTS if statement else (DATASET,)
    return _Cutter(text, way, known, names, stand_in).cut(_around if statement else _itself)


def loop(text: str, way: Sequence[Place], known: Known, stand_in: StandIn, *, draws: bool = False) -> Recipe:
    """Cut a training loop and all that it hangs on out of a program; its batches are synthetic ones.

    The loop over validation data behind it comes along, where nothing that it needs is missing.

    Args:
        text: the program.
        way: places of the calls that lead to it, outermost first; the last is what the loop goes over, or its test.
        known: as for `recipe`.
        stand_in: as for `pipeline`; the program's own data set tells what a batch is like.
        draws: whether the loop draws its batches by hand from what `iter` made.

    Raises:
        NoRecipeError: the way can't be followed.
    """

    def made(*, evaluates: bool) -> Recipe:
        return _Cutter(text, way, known, (STEPS,), stand_in, is_loop=True).cut_loop(draws=draws, evaluates=evaluates)

    with_evaluation = made(evaluates=True)
    return made(evaluates=False) if with_evaluation.missing else with_evaluation


class _Cutter:
    def __init__(
        self,
        text: str,
        way: Sequence[Place],
        known: Known,
        names: tuple[str, ...] = (MODEL,),
        stand_in: StandIn | None = None,
        *,
        is_loop: bool = False,
        counts: frozenset[str] | None = None,
    ) -> None:
        self.unknown: set[str] = set()
        self.names = names
        self.name = names[len(names) // 2]
        self.stand_in = stand_in
        self.tree = ast.parse(text)
        self.modules = modules_of(self.tree)
        self.parents = parents_of(self.tree)
        self.way: list[ast.Call | Loop] = [self._call(place) for place in way[: len(way) - is_loop]]
        if is_loop:
            self.way.append(self._loop(way[-1]))
        self.absent: set[str] = set()
        # Where samples are made up, functions that read them may run. A function on the way is shortened.
        on_the_way = {one.name for call in self.way if (one := self._function(call)) is not None}
        self.readers = readers(self.tree) - on_the_way if stand_in is None else frozenset[str]()
        self._fill_in(known, counts)

    def cut(self, aim: Callable[[ast.Call], ast.expr]) -> Recipe:
        if self.stand_in is not None and self._is_inside_expression(self.way[-1]):
            raise NoRecipeError("the pipeline is made inside a lambda or a comprehension")
        call = self.way[-1]
        if not isinstance(call, ast.Call):
            raise NoRecipeError("the training is a loop")
        return self._back(len(self.way) - 1, aim(call))

    def cut_loop(self, *, draws: bool, evaluates: bool) -> Recipe:
        own = self.way[-1]
        if isinstance(own, ast.Call):
            raise NoRecipeError("the training is not a loop over its data")
        evaluation = self._evaluation(own) if evaluates else None
        if draws:
            _synthetic(self.tree)
        whole = Whole(_repeated(own, draws=draws), evaluation)
        function = self._function(own)
        done = self._assignment(ast.Constant(True))
        if function is None:
            return self._finished([*until(self.tree.body, own, whole), done])
        if function.name == "__init__":
            raise NoRecipeError("the training is in a constructor")
        needed = self._ended(function, until(function.body, own, whole), ())
        before = self.way[-2] if len(self.way) > 1 else None
        if not isinstance(before, ast.Call) or not self._calls(before, function):
            return self._finished([*self.tree.body, self._assignment(self._entry(function, needed))])
        return self._back(len(self.way) - 2, self._passed_on(before, function, needed))

    def _back(self, last: int, target: ast.expr) -> Recipe:
        """From a call on the way back to the first statement of the file."""
        for number in range(last, -1, -1):
            call = self.way[number]
            function = self._function(call)
            if function is None:
                return self._finished(until(self.tree.body, call, self._assignment(target)))
            needed = self._shorten(function, call, target)
            before = self.way[number - 1] if number else None
            if not isinstance(before, ast.Call) or not self._calls(before, function):
                return self._finished([*self.tree.body, self._assignment(self._entry(function, needed))])
            target = self._passed_on(before, function, needed)
        raise NoRecipeError("the training is nowhere in the file")

    # Finding

    def _call(self, place: Place) -> ast.Call:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and place_of(node) == place:
                return node
        raise NoRecipeError("the training, or a call that leads to it, is in another file")

    def _loop(self, place: Place) -> Loop:
        """The loop over what stands at a place, or whose test does."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.For | ast.While) and place_of(head(node)) == place:
                return node
        raise NoRecipeError("the training is in another file")

    def _evaluation(self, own: Loop) -> ast.For | None:
        """The loop behind a training loop that goes over other data, as far as its place tells."""
        blocks: list[Statements] = [getattr(self.parents[own], name, []) for name in ("body", "orelse", "finalbody")]
        block = next((one for one in blocks if own in one), [own])
        for one in block[block.index(own) + 1 :]:
            if isinstance(one, ast.For) and not is_banned(one.iter):
                body = without_banned(copy.deepcopy(one.body))
                return ast.For(one.target, _over(EVALUATION, copy.deepcopy(one.iter)), body, []) if body else None
        return None

    def _function(self, node: ast.AST) -> Function | None:
        """The innermost function around a node."""
        outer = self.parents.get(node)
        while outer is not None:
            if isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef)):
                return outer
            outer = self.parents.get(outer)
        return None

    def _is_inside_expression(self, node: ast.AST) -> bool:
        """Whether variables that only an expression has are around a node."""
        inner = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
        while node in self.parents and not isinstance(node, ast.stmt):
            node = self.parents[node]
            if isinstance(node, inner):
                return True
        return False

    def _owner(self, function: Function) -> ast.ClassDef | None:
        """The class whose method this is."""
        outer = self.parents[function]
        return outer if isinstance(outer, ast.ClassDef) else None

    def _calls(self, call: ast.Call, function: Function) -> bool:
        """Whether a call calls the function by its name, makes an instance of its class, or calls an instance."""
        owner = self._owner(function)
        if owner is not None and function.name == "__call__":
            return True
        wanted = owner.name if owner is not None and function.name == "__init__" else function.name
        return called(call).rpartition(".")[2] == wanted

    # Filling in what is known

    def _fill_in(self, known: Known, counts: frozenset[str] | None) -> None:
        """Write literals for what is known, in the functions on the way and outside of functions."""
        kept = {node for call in self.way for node in self._ancestry(call)}
        on_the_way: set[ast.AST] = {node for node in kept if isinstance(node, _FUNCTIONS)}
        literals = _Literals(known, kept, on_the_way)
        literals.visit(self.tree)
        if counts is not None:
            Counted(counts).visit(self.tree)
        self.parents = parents_of(self.tree)

    def _ancestry(self, node: ast.AST) -> list[ast.AST]:
        found = [node]
        while found[-1] in self.parents:
            found.append(self.parents[found[-1]])
        return found

    # Cutting

    def _shorten(self, function: Function, call: ast.AST, target: ast.expr) -> set[str]:
        """Let a function end where it trains, and return the model; the parameters that it still needs."""
        finish: ast.stmt = ast.Return(target)
        if function.name == "__init__":
            finish = ast.Assign([ast.Attribute(ast.Name("self", ast.Load()), self.name, ast.Store())], target)
        needed = {"self"} if function.name == "__init__" else ()
        return self._ended(function, until(function.body, call, finish), needed)

    def _ended(self, function: Function, body: Statements, needed: Collection[str]) -> set[str]:
        """Let a function have a new, shorter body."""
        cut = Slice(body, needed, self.modules, self.stand_in, readers=self.readers)
        self.absent |= {f"`{name}`" for name in cut.lost}
        self.unknown |= cut.lost
        function.body = cut.kept
        function.decorator_list = [one for one in function.decorator_list if _keeps(one)]
        function.returns = None
        return cut.needed

    def _entry(self, function: Function, needed: set[str]) -> ast.expr:
        """A call of a function that nothing calls, by its defaults."""
        owner = self._owner(function)
        if owner is None and not isinstance(self.parents[function], (ast.Module, ast.If)):
            raise NoRecipeError(f"`{function.name}` is defined inside another function")
        callee: ast.expr = ast.Name(function.name, ast.Load())
        if owner is not None:
            first = next((one for one in owner.body if isinstance(one, _FUNCTIONS) and one.name == "__init__"), None)
            names = {one.arg for one in ast.walk(first) if isinstance(one, ast.arg)} if first is not None else set()
            instance = self._by_default(ast.Name(owner.name, ast.Load()), first, names, bound=True)
            callee = instance if function.name == "__init__" else ast.Attribute(instance, function.name, ast.Load())
            if function.name == "__init__":
                return ast.Attribute(instance, self.name, ast.Load())
        return self._by_default(callee, function, needed, bound=owner is not None)

    def _by_default(self, callee: ast.expr, function: Function | None, needed: set[str], *, bound: bool) -> ast.expr:
        arguments: list[ast.expr] = []
        if function is not None:
            positional = [*function.args.posonlyargs, *function.args.args][int(bound and not _is_static(function)) :]
            required = positional[: len(positional) - len(function.args.defaults)]
            if self.stand_in is not None:
                stand_in = self.stand_in
                arguments = [stand_in(one.arg) if one.arg in needed else ast.Constant(None) for one in required]
            else:
                lacking = [one.arg for one in required if one.arg in needed]
                self.absent |= {f"the parameter `{name}` of `{function.name}`" for name in lacking}
                self.unknown |= set(lacking)
                arguments = [ast.Constant(None) for _ in required]
        return ast.Call(callee, arguments, [])

    def _passed_on(self, call: ast.Call, function: Function, needed: set[str]) -> ast.expr:
        """The call of a shortened function, with None for what it no longer needs."""
        made = copy.deepcopy(call)
        in_class = self._owner(function) is not None and not _is_static(function)
        names = [one.arg for one in (*function.args.posonlyargs, *function.args.args)][int(in_class) :]
        if not any(isinstance(one, ast.Starred) for one in made.args):
            for place, name in zip(range(len(made.args)), names, strict=False):
                if name not in needed:
                    made.args[place] = ast.Constant(None)
        named = {*names, *(one.arg for one in function.args.kwonlyargs)}
        for keyword in made.keywords:
            if keyword.arg in named and keyword.arg not in needed:
                keyword.value = ast.Constant(None)
        return ast.Attribute(made, self.name, ast.Load()) if function.name == "__init__" else made

    def _finished(self, body: Statements) -> Recipe:
        on_the_way = {one.name for call in self.way if (one := self._function(call)) is not None}
        for statement in body:
            if isinstance(statement, ast.ClassDef):
                _prune(statement, on_the_way, SOURCES if self.stand_in is not None else frozenset())
        cut = of_program(body, self.names, modules=self.modules, stand_in=self.stand_in, readers=self.readers)
        self.unknown |= missing(cut) | cut.lost
        absent = self.absent | {f"`{name}`" for name in missing(cut) | cut.lost}
        future = ast.ImportFrom("__future__", [ast.alias("annotations")], 0)
        kept = [one for one in cut.kept if not (isinstance(one, ast.ImportFrom) and one.module == "__future__")]
        made = ast.fix_missing_locations(ast.Module([future, *kept], []))
        return Recipe(ast.unparse(made) + "\n", tuple(sorted(absent)))

    def _assignment(self, target: ast.expr) -> ast.stmt:
        bound: list[ast.expr] = [ast.Name(name, ast.Store()) for name in self.names]
        return ast.Assign([bound[0] if len(bound) == 1 else ast.Tuple(bound, ast.Store())], target)


class _Literals(ast.NodeTransformer):
    """Writes literals for known expressions; the calls on the way, and what is around them, stay as they are."""

    def __init__(self, known: Known, kept: set[ast.AST], functions: set[ast.AST]) -> None:
        self.known = known
        self.kept = kept
        self.functions = functions

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, (*_FUNCTIONS, ast.Lambda)) and node not in self.functions:
            return node
        if isinstance(node, ast.expr) and node not in self.kept and _can_be_known(node):
            literal = self.known(place_of(node)) if not isinstance(getattr(node, "ctx", None), ast.Store) else None
            if literal is not None:
                return ast.copy_location(ast.parse(literal, mode="eval").body, node)
        if isinstance(node, ast.Call):
            # The name of what is called says more than its value.
            if isinstance(node.func, ast.Attribute):
                node.func.value = self.visit(node.func.value)  # type: ignore[assignment]
            node.args = [self.visit(one) for one in node.args]  # type: ignore[misc]
            node.keywords = [self.visit(one) for one in node.keywords]  # type: ignore[misc]
            if called(node).rpartition(".")[2] in _OPTIMIZERS:
                _set_rate(node)
            return node
        return self.generic_visit(node)


def _set_rate(optimizer: ast.Call) -> None:
    """A plain learning rate: schedules hang on the data's length, and no step's memory hangs on them."""
    for keyword in optimizer.keywords:
        if keyword.arg in {"learning_rate", "lr"}:
            keyword.value = ast.Constant(_RATE)
    if optimizer.args and not isinstance(optimizer.args[0], ast.Starred):
        optimizer.args[0] = ast.Constant(_RATE)


def _can_be_known(node: ast.expr) -> bool:
    """Whether a literal may take an expression's place: calls may do more than give their value."""
    if isinstance(node, ast.Call):
        return called(node) in _PURE
    return not isinstance(node, (ast.Constant, ast.Starred))


def place_of(node: ast.expr) -> Place:
    """Where an expression stands."""
    return (node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0)


def _receiver(call: ast.Call) -> ast.expr:
    if not isinstance(call.func, ast.Attribute):
        raise NoRecipeError("the training is not a method call")
    return call.func.value


def _itself(call: ast.Call) -> ast.expr:
    return call


def head(own: Loop) -> ast.expr:
    """What a loop goes over, or its test."""
    return own.iter if isinstance(own, ast.For) else own.test


def _repeated(own: Loop, *, draws: bool) -> Loop:
    """A loop that a proof can run: over synthetic batches, or turn by turn where it draws its batches itself."""
    body = without_banned(own.body) or [ast.Pass()]
    if not draws and isinstance(own, ast.For):
        return ast.For(own.target, _over(BATCHES, own.iter), body, [])
    if isinstance(own, ast.For):
        return ast.For(own.target, _called_with(TURNS, own.iter), body, [])
    return ast.While(ast.UnaryOp(ast.Not(), ast.Call(ast.Name(TURN, ast.Load()), [], [])), body, [])


def _over(function: str, data: ast.expr) -> ast.expr:
    """What a loop goes over, with synthetic batches instead of its data: inside of `enumerate` or a progress bar."""
    if isinstance(data, ast.Call) and data.args:
        name = called(data).rpartition(".")[2]
        if name in _WRAPPERS:
            data.args[0] = _over(function, data.args[0])
            return data
        if name == "zip" and not any(isinstance(one, ast.Starred) for one in data.args):
            data.args = [_over(function, data.args[0]), *(_called_with(ITERATOR, one) for one in data.args[1:])]
            return data
    return _called_with(function, data)


def _called_with(function: str, data: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(function, ast.Load()), [data], [])


def _synthetic(tree: ast.AST) -> None:
    """Let every iterator be one over synthetic batches."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and len(node.args) == 1 and called(node) == "iter":
            node.func = ast.Name(ITERATOR, ast.Load())


def _around(call: ast.Call) -> ast.expr:
    """A look at what a chain of calls starts from, the call, and one more look."""
    start: ast.expr = call
    while isinstance(start, ast.Call) and isinstance(start.func, ast.Attribute):
        start = start.func.value
    if not isinstance(start, (ast.Name, ast.Attribute)):
        raise NoRecipeError("the statement does not start from a variable")
    look = ast.Name(LOOK, ast.Load())
    return ast.Tuple([ast.Call(look, [start], []), call, ast.Call(look, [copy.deepcopy(start)], [])], ast.Load())


def until(statements: Sequence[ast.stmt], node: ast.AST, finish: ast.stmt) -> Statements:
    """The statements up to the one that contains a node, which `finish` takes the place of.

    Raises:
        NoRecipeError: it is in none of them.
    """
    for place, statement in enumerate(statements):
        if any(one is node for one in ast.walk(statement)):
            return [*statements[:place], *_opened(statement, node, finish)]
    raise NoRecipeError("the training is not where it was")


def _opened(statement: ast.stmt, node: ast.AST, finish: ast.stmt) -> Statements:
    blocks = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
    blocks += [handler.body for handler in getattr(statement, "handlers", ())]
    inner = next((block for block in blocks if any(one is node for each in block for one in ast.walk(each))), None)
    if inner is None:
        return [finish]
    body = until(inner, node, finish)
    if isinstance(statement, (ast.With, ast.AsyncWith)):
        return [ast.With(statement.items, body)]
    if isinstance(statement, (ast.For, ast.AsyncFor)) and inner is statement.body:
        return [ast.For(statement.target, statement.iter, [*body, last_of_loop()], [])]
    return body


def _keeps(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Name) and decorator.id in _KEPT_DECORATORS


def _is_static(function: Function) -> bool:
    return any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in function.decorator_list)


def _prune(owner: ast.ClassDef, on_the_way: set[str], allowed: frozenset[str]) -> None:
    """Drop the methods of a class that nothing in the recipe calls, and from its start what a proof must not do."""
    methods = {one.name: one for one in owner.body if isinstance(one, _FUNCTIONS)}
    wanted = {name for name in methods if name.startswith("__") or name in _CALLED_BY_OTHERS or name in on_the_way}
    pending = list(wanted)
    while pending:
        for one in ast.walk(methods[pending.pop()]):
            if isinstance(one, ast.Attribute) and one.attr in methods and one.attr not in wanted:
                wanted.add(one.attr)
                pending.append(one.attr)
    owner.body = [one for one in owner.body if not isinstance(one, _FUNCTIONS) or one.name in wanted]
    first = methods.get("__init__")
    if first is not None and "__init__" not in on_the_way:
        first.body = [one for one in first.body if not is_banned(one, allowed)] or [ast.Pass()]
