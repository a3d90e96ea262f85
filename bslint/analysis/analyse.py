"""One program in, its facts out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from bslint.analysis import calls
from bslint.analysis.arguments import Arguments
from bslint.analysis.facts import Fact, Pipeline, Training, UsedNames
from bslint.analysis.interpreter import PROGRAM_BUDGET, Frame, Interpreter
from bslint.analysis.project import Project
from bslint.analysis.store import Scope
from bslint.analysis.values import Api, Class, Dataset, Function, Object, Stage, Symbol, alternatives

if TYPE_CHECKING:
    from bslint.analysis.values import Value

_BINDING = re.compile(r"^[ \t]*(?:([A-Za-z_]\w*)\s*(?::[^=\n]+)?=(?!=)|(?:def|class)\s+([A-Za-z_]\w*))", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that rules may ask of one program."""

    facts: tuple[Fact, ...]
    names: UsedNames
    read: tuple[str, ...]
    exhausted: bool


def analyse(blocks: Sequence[cst.Module | str], path: str, *, notebook: bool = False) -> Facts:
    """Interpret a program.

    Args:
        blocks: the parsed blocks in order; the text of one that does not parse, whose names become unknown.
        path: the file, for imports of its siblings.
        notebook: whether the last expression of a block is displayed.
    """
    it = Interpreter(Project(path))
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
    _enter_uncalled(it, scope, [block for block in blocks if not isinstance(block, str)])
    return Facts(_collect(it), _names(it, scope), it.project.read, it.steps > PROGRAM_BUDGET)


def _forget_names(it: Interpreter, text: str) -> None:
    """What a block that does not parse would have bound is unknown."""
    for match in _BINDING.finditer(text):
        name = match[1] or match[2]
        it.bind(name, Symbol(("unparsed", name), name))


def _last_expression(tree: cst.Module) -> cst.CSTNode | None:
    last = tree.body[-1] if tree.body else None
    return last.body[-1] if isinstance(last, cst.SimpleStatementLine) else None


def _enter_uncalled(it: Interpreter, scope: Scope, trees: Sequence[cst.Module]) -> None:
    """Execute what nothing called: first the classes and functions that no other code names, then the rest."""
    own = {id(node) for tree in trees for node in tree.body}
    called = _called_names(it)
    for wanted in (True, False):
        for owner in list(it.classes):
            if (owner.name not in called) is wanted:
                _enter_class(it, owner, scope)
        for function in list(it.defined):
            if (function.name not in called) is wanted and function.scope.kind != "class":
                _enter_function(it, function, scope)
    del own


def _called_names(it: Interpreter) -> set[str]:
    """Names of functions that were entered, or are handed around: they are not entry points."""
    return {function.name for function in it.defined if id(function.node) in it.entered}


def _enter_function(it: Interpreter, function: Function, scope: Scope) -> None:
    if id(function.node) in it.entered or function.scope.module() is not scope:
        return
    frame = Frame(None, scope, it.store.mark(), {})
    it.frames.append(frame)
    it.path = {}
    calls.enter_unbound(it, function, function.node)
    it.frames.pop()
    it.store.rollback(frame.mark)


def _enter_class(it: Interpreter, owner: Class, scope: Scope) -> None:
    """Make an instance if there is none and call the methods that nothing called, in the order of definition."""
    if owner.scope.module() is not scope:
        return
    methods = [
        function
        for function in it.defined
        if function.scope is owner.scope and id(function.node) not in it.entered and function.name != "__init__"
    ]
    instance = it.instances.get(id(owner.node))
    if not methods and instance is not None:
        return
    frame = Frame(None, scope, it.store.mark(), {})
    it.frames.append(frame)
    it.path = {}
    made: Value = instance or calls.instantiate(it, owner, Arguments(owner.node), owner.node)
    for function in methods:
        if id(function.node) not in it.entered:
            bound = calls.bind_method(it, made, function.name, function, function.node)
            if id(function.node) not in it.entered:
                calls.call(it, bound, Arguments(function.node), function.node)
    it.frames.pop()
    it.store.rollback(frame.mark)


def _collect(it: Interpreter) -> tuple[Fact, ...]:
    effects = it.effects
    return (*_pipelines(it), *effects.runs, *effects.loops, *effects.handlers, *effects.discarded)


def _pipelines(it: Interpreter) -> list[Pipeline]:
    """The chains that no further step extends."""
    stages = list(it.stages.values())
    extended = {id(stage.parent) for stage in stages if stage.parent is not None}
    for stage in stages:
        extended.update(id(one.stage) for value in stage.inputs for one in alternatives(value) if isinstance(one, Dataset))
    trainings: dict[int, list[Training]] = {}
    for run in it.effects.runs:
        if isinstance(run, Training):
            for one in alternatives(run.data):
                if isinstance(one, Dataset):
                    trainings.setdefault(id(one.stage), []).append(run)
    return [_pipeline(it, stage, trainings) for stage in stages if id(stage) not in extended]


def _pipeline(it: Interpreter, leaf: Stage, trainings: dict[int, list[Training]]) -> Pipeline:
    chain = leaf.chain()
    fed = tuple(run for stage in chain for run in trainings.get(id(stage), ()))
    return Pipeline(chain, fed, nested=any(id(stage) in it.nested for stage in chain))


def _names(it: Interpreter, scope: Scope) -> UsedNames:
    return UsedNames({name: value for name, value in it.store.names(scope.uid).items() if isinstance(value, Api)})


__all__ = ["Facts", "Object", "analyse"]
