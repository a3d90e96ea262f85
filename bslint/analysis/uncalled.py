"""What nothing called: functions and methods that other code may call, entered once with what is known of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import libcst as cst

from bslint.analysis import attributes, calls, loops
from bslint.analysis.apis import TELLING_NAMES
from bslint.analysis.arguments import Arguments
from bslint.analysis.interpreter import Frame
from bslint.analysis.values import Class, Function, Object, is_none
from bslint.syntax.walk import used_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bslint.analysis.interpreter import Interpreter
    from bslint.analysis.store import Scope

# Methods that train by hand are called once per step: what they leave in their instance, the next call finds.
_STEPS = frozenset(("GradientTape", "apply_gradients"))
_LATER_CALLS = 2


def enter_all(it: Interpreter, scope: Scope, *, thorough: bool = False) -> None:
    """Execute the functions and classes of a file that nothing called.

    Args:
        it: what has executed the file.
        scope: the file's namespace.
        thorough: whether to execute those too that name nothing that facts are made of.
    """
    it.thorough = thorough
    _enter_since(it, scope, 0, 0)


def _enter_since(it: Interpreter, scope: Scope, functions: int, classes: int) -> None:
    """Enter what was defined since there were so many functions and classes: first what no other of them names."""
    owners = [owner for owner in it.classes[classes:] if owner.scope.module() is scope]
    free = [
        function
        for function in it.defined[functions:]
        if function.scope.kind != "class" and function.scope.module() is scope and not _entered(it, function)
    ]
    bodies = [*(owner.node for owner in owners), *(function.node for function in free)]
    names = {id(body): used_names(body) for body in bodies}
    pending = [owner.node for owner in owners if _methods(it, owner)] + [function.node for function in free]
    named = Counter(name for body in pending for name in names[id(body)])
    telling = set(names) if it.thorough else _telling(bodies, names)
    owners = [owner for owner in owners if id(owner.node) in telling]
    free = [function for function in free if id(function.node) in telling]
    for is_root in (True, False):
        for owner in owners:
            if (named[owner.name] <= 1) is is_root:
                _enter_class(it, owner, scope)
        for function in free:
            if (named[function.name] <= 1) is is_root:
                _enter_function(it, function, scope)


def _telling(
    bodies: Sequence[cst.ClassDef | cst.FunctionDef | cst.Lambda], names: Mapping[int, frozenset[str]]
) -> set[int]:
    """The definitions that name something that facts are made of, or name one that does."""
    telling: set[int] = set()
    wanted = set(TELLING_NAMES)
    while True:
        found = [body for body in bodies if id(body) not in telling and not wanted.isdisjoint(names[id(body)])]
        if not found:
            return telling
        telling.update(map(id, found))
        wanted = {body.name.value for body in found if not isinstance(body, cst.Lambda)}


def _entered(it: Interpreter, function: Function) -> bool:
    return id(function.node) in it.entered


def _methods(it: Interpreter, owner: Class) -> list[Function]:
    """The methods that nothing called, `__init__` apart."""
    return [
        function
        for function in it.defined
        if function.scope is owner.scope and not _entered(it, function) and function.name != "__init__"
    ]


def _enter_function(it: Interpreter, function: Function, scope: Scope) -> None:
    if _entered(it, function):
        return
    functions, classes = len(it.defined), len(it.classes)
    mark = _begin(it, scope)
    calls.enter(it, function, Arguments(function.node, flags_open=True), function.node)
    _enter_since(it, scope, functions, classes)
    _end(it, mark)


def _enter_class(it: Interpreter, owner: Class, scope: Scope) -> None:
    """Make an instance if there is none and call the methods that nothing called, in the order of definition."""
    methods = _methods(it, owner)
    instance = it.instances.get(id(owner.node))
    if not methods and instance is not None:
        return
    functions, classes = len(it.defined), len(it.classes)
    mark = _begin(it, scope)
    made = instance or calls.instantiate(it, owner, Arguments(owner.node, flags_open=True), owner.node)
    if isinstance(made, Object):
        ordered = list(_in_order(methods))
        between = it.store.mark()
        for function in ordered:
            _enter_method(it, made, function)
        steps = bool(_STEPS & used_names(owner.node))
        for _ in range(_LATER_CALLS):
            if not steps or not loops.widen(it, between, owner.node):
                break
            empty = loops.empty(it, it.store.changes(between))
            for function in ordered:
                _call_method(it, made, function)
            steps = any(not is_none(it.store.get(key)) for key in empty)
    _enter_since(it, scope, functions, classes)
    _end(it, mark)


def _in_order(methods: Sequence[Function]) -> Iterable[Function]:
    """First the methods that no other of them names."""
    named = Counter(name for function in methods for name in used_names(function.node))
    return sorted(methods, key=lambda function: named[function.name] > 1)


def _enter_method(it: Interpreter, instance: Object, function: Function) -> None:
    if _entered(it, function):
        return
    _call_method(it, instance, function)


def _call_method(it: Interpreter, instance: Object, function: Function) -> None:
    entered = len(it.entered)
    bound = attributes.bound(it, instance, function.name, function, function.node)
    if len(it.entered) == entered:  # else it was a property, and reading it has called it
        calls.call(it, bound, Arguments(function.node, flags_open=True), function.node)


def _begin(it: Interpreter, scope: Scope) -> int:
    mark = it.store.mark()
    it.frames.append(Frame(None, scope, mark, {}))
    it.path = {}
    return mark


def _end(it: Interpreter, mark: int) -> None:
    it.frames.pop()
    it.store.rollback(mark)
