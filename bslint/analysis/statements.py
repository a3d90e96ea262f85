"""What statements do: assignments, branches, loops, handlers, definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import libcst as cst

from bslint.analysis import (
    accumulation,
    arithmetic,
    attributes,
    calls,
    containers,
    expressions,
    flow,
    handlers,
    imports,
    keeping,
    loops,
    patterns,
    retries,
    tapes,
)
from bslint.analysis.apis import EXPECTING_ERRORS
from bslint.analysis.facts import Discarded
from bslint.analysis.values import (
    NONE,
    Api,
    Class,
    Dataset,
    Items,
    Key,
    Known,
    Mapping,
    Method,
    Object,
    ProjectModule,
    Symbol,
    Value,
    alternatives,
    labelled,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bslint.analysis.interpreter import Flow, Interpreter


def run(it: Interpreter, body: Sequence[cst.CSTNode]) -> Flow:
    """Execute statements in order until control leaves."""
    following = it.frame.following
    flow: Flow = "next"
    last = len(body) - 1
    for position, node in enumerate(body):
        following.append(position < last)
        flow = execute(it, node)
        following.pop()
        if flow != "next":
            break
    return flow


def execute(it: Interpreter, node: cst.CSTNode) -> Flow:
    """Execute one statement."""
    it.tick()
    handler = _STATEMENTS.get(type(node))
    if handler is None:
        return "next"
    flow: Flow = handler(it, node)
    return flow


def block(it: Interpreter, body: cst.BaseSuite) -> Flow:
    """Execute the body of a compound statement."""
    return run(it, body.body)


def _line(it: Interpreter, node: cst.SimpleStatementLine) -> Flow:
    return run(it, node.body)


def _expression(it: Interpreter, node: cst.Expr) -> Flow:
    value = it.evaluate(node.value)
    if isinstance(node.value, (cst.Call, cst.BinaryOperation, cst.ListComp)) and not it.muted:
        gradients = accumulation.dropped(it, value) if it.tapes.gradients else ()
        parameters = _parameters(it, value) if it.frame.function is not None else ()
        held = it.contents(value) if gradients or parameters else None
        item = held.items[0] if held is not None and held.items else None
        shown = it.display is node
        it.effects.discarded.append(
            Discarded(value, node.value, _receiver(it, node.value), shown, _smoke(it), gradients, parameters, item)
        )
    return "exit" if isinstance(value, Symbol) and value.kind == "never" else "next"


def _parameters(it: Interpreter, value: Value) -> tuple[Symbol, ...]:
    """The parameters that a value is made from, as far as nothing but arithmetic and elements of them lead to it."""
    found = flow.trace(it, value, lambda one: one if isinstance(one, Symbol) and _is_parameter(one) else None)
    return tuple(dict.fromkeys(hit.found for hit in found if hit.clear))


def _is_parameter(value: Symbol) -> bool:
    return isinstance(value.key, tuple) and value.key[0] == "parameter"


def _smoke(it: Interpreter) -> bool:
    """Whether this statement ends a unit test."""
    return it.in_test and not any(it.frame.following)


def _receiver(it: Interpreter, node: cst.BaseExpression) -> str | None:
    """The local variable at the start of a chain of calls on a dataset: `ds` in `ds.map(f).batch(2)`."""
    while isinstance(node, (cst.Call, cst.Attribute)):
        node = node.func if isinstance(node, cst.Call) else node.value
    if not isinstance(node, cst.Name):
        return None
    scope = it.frame.scope
    held = it.store.get((scope.outer.get(node.value, scope).uid, node.value))
    return node.value if any(isinstance(one, Dataset) for one in alternatives(held)) else None


def _assign(it: Interpreter, node: cst.Assign) -> Flow:
    value = it.evaluate(node.value)
    for target in node.targets:
        accumulation.assigned(it, target.target, value, node)
        assign(it, target.target, value)
    return "next"


def _annotated(it: Interpreter, node: cst.AnnAssign) -> Flow:
    if node.value is not None:
        value = it.evaluate(node.value)
        accumulation.assigned(it, node.target, value, node)
        assign(it, node.target, value)
    elif isinstance(node.target, cst.Name) and it.frame.scope.kind == "class":
        it.bind(node.target.value, calls.annotated(it, node.annotation.annotation, node.target, node.target.value))
    return "next"


def _augmented(it: Interpreter, node: cst.AugAssign) -> Flow:
    old = it.evaluate(node.target)
    value = it.evaluate(node.value)
    if it.loops:
        keeping.added(it, old, value, node)
    op = arithmetic.OPERATORS.get(type(node.operator), "?")
    items = it.contents(old)
    if op == "+" and isinstance(old, Object) and items is not None:
        containers.extend(it, old, items, containers.sequence(it, value) or Items((), complete=False))
        return "next"
    result = it.lift(lambda a, b: arithmetic.binary(it, op, a, b, node), old, value)
    accumulation.augmented(it, node.target, op, value, result, node)
    assign(it, node.target, result)
    return "next"


def assign(it: Interpreter, target: cst.BaseExpression, value: Value) -> None:
    """Bind a target to a value: a name, an attribute, an item, or a pattern of them."""
    if isinstance(target, cst.Name):
        it.bind(target.value, _named(value, target))
    elif isinstance(target, cst.Attribute):
        owner = it.evaluate(target.value)
        for one in alternatives(owner):
            attributes.put(it, one, target.attr.value, value, target)
    elif isinstance(target, cst.Subscript):
        _assign_item(it, target, value)
    elif isinstance(target, (cst.Tuple, cst.List)):
        _unpack(it, target.elements, value, target)


def target_names(target: cst.BaseExpression) -> list[str]:
    """The variables that a target binds."""
    if isinstance(target, cst.Name):
        return [target.value]
    if isinstance(target, (cst.Tuple, cst.List)):
        return [name for element in target.elements for name in target_names(element.value)]
    return []


def _index(it: Interpreter, target: cst.Subscript, owner: Value) -> Value:
    """The index of `x[index]`; unknown for slices."""
    single = target.slice[0].slice if len(target.slice) == 1 else None
    if single is None and it.mapping(owner) is not None:
        return expressions.whole_index(it, target) or it.unknown(target)
    return it.evaluate(single.value) if isinstance(single, cst.Index) else it.unknown(target)


def _named(value: Value, target: cst.Name) -> Value:
    """A literal or an unknown value takes the name of the first variable that holds it."""
    if isinstance(value, Known) and not value.label and value.origin is not None:
        return labelled(value, target.value)
    if isinstance(value, Symbol) and value.label == "?":
        return Symbol(
            value.key,
            target.value,
            value.origin,
            kind=value.kind,
            base=value.base,
            attribute=value.attribute,
            array=value.array,
        )
    return value


def _assign_item(it: Interpreter, target: cst.Subscript, value: Value) -> None:
    owner = it.evaluate(target.value)
    index = _index(it, target, owner)
    for one in alternatives(owner):
        if it.loops:
            keeping.stored(it, one, value)
        entries, items = it.mapping(one), it.contents(one)
        if entries is not None:
            _assign_entry(it, one, entries, index, value)
        elif items is not None and isinstance(one, Object):
            _assign_element(it, one, items, index, value)
        elif isinstance(one, Symbol) and isinstance(index, Known):
            it.set_field(one, f"[{it.uid(index.key)}]", value)
        else:
            attributes.special(it, one, "__setitem__", [index, value], target)


def _assign_entry(it: Interpreter, owner: Value, entries: Mapping, index: Value, value: Value) -> None:
    """`d[key] = value`; an unknown key may be any of the old ones, or a new one."""
    if isinstance(index, Known):
        it.set_field(owner, "{}", Mapping({**entries.items, index.value: value}, complete=entries.complete))
        return
    it.escape(value)
    changed: dict[Key, Value] = {}
    for name, old in entries.items.items():
        this = ("key", index.key, name)
        changed[name] = it.join([(frozenset({(this, True)}), value), (frozenset({(this, False)}), old)]) or old
    it.set_field(owner, "{}", Mapping(changed, complete=False))


def _assign_element(it: Interpreter, owner: Object, items: Items, index: Value, value: Value) -> None:
    if isinstance(index, Known) and type(index.value) is int and -len(items.items) <= index.value < len(items.items):
        changed = list(items.items)
        changed[index.value] = value
        it.set_field(owner, "[]", Items(tuple(changed), complete=items.complete))
    else:
        it.escape(value)
        it.set_field(owner, "[]", Items((), complete=False))


def _unpack(it: Interpreter, targets: Sequence[cst.BaseElement], value: Value, node: cst.CSTNode) -> None:
    star = next((i for i, element in enumerate(targets) if isinstance(element, cst.StarredElement)), None)
    if star is not None:
        _unpack_star(it, targets, star, value, node)
        return
    for position, element in enumerate(targets):
        part = it.lift(lambda one, position=position: calls.part(it, one, position, len(targets), node), value)
        assign(it, element.value, part)


def _unpack_star(
    it: Interpreter, targets: Sequence[cst.BaseElement], star: int, value: Value, node: cst.CSTNode
) -> None:
    """`a, *b, c = value`."""
    items = containers.sequence(it, value)
    after = len(targets) - star - 1
    if items is not None and items.complete and len(items.items) >= star + after:
        rest = len(items.items) - after
        middle = it.new_list(Items(items.items[star:rest]), targets[star])
        parts = [*items.items[:star], middle, *items.items[rest:]]
    else:
        parts = [calls.part(it, value, position, len(targets), node) for position in range(star)]
        parts += [it.unknown(element) for element in targets[star:]]
    for element, part in zip(targets, parts, strict=True):
        assign(it, element.value, part)


def _return(it: Interpreter, node: cst.Return) -> Flow:
    value = it.evaluate(node.value) if node.value is not None else NONE
    if it.tapes.made:
        tapes.share(it, value)
    calls.leave(it, value)
    retries.leaving(it)
    return "return"


def _raise(it: Interpreter, node: cst.Raise) -> Flow:
    if node.exc is not None:
        it.evaluate(node.exc)
    return "raise"


def _assert(it: Interpreter, node: cst.Assert) -> Flow:
    test = it.evaluate(node.test)
    if arithmetic.truth(it, test) is None:
        it.path = {**it.path, **dict(arithmetic.assumptions(it, test, True))}
    return "next"


def _delete(it: Interpreter, node: cst.Del) -> Flow:
    targets = (
        [element.value for element in node.target.elements] if isinstance(node.target, cst.Tuple) else [node.target]
    )
    for target in targets:
        if isinstance(target, cst.Name):
            it.unbind(target.value)
        elif isinstance(target, cst.Attribute):
            for one in alternatives(it.evaluate(target.value)):
                attributes.drop(it, one, target.attr.value)
        elif isinstance(target, cst.Subscript):
            owner = it.evaluate(target.value)
            index = _index(it, target, owner)
            for one in alternatives(owner):
                containers.delete(it, one, index, target)
    return "next"


def _global(it: Interpreter, node: cst.Global) -> Flow:
    for name in node.names:
        it.frame.scope.outer[name.name.value] = it.frame.scope.module()
    return "next"


def _nonlocal(it: Interpreter, node: cst.Nonlocal) -> Flow:
    for name in node.names:
        scope = it.frame.scope.parent
        while scope is not None and it.store.get((scope.uid, name.name.value)) is None:
            scope = scope.parent
        if scope is not None:
            it.frame.scope.outer[name.name.value] = scope
    return "next"


def _if(it: Interpreter, node: cst.If) -> Flow:
    test = it.evaluate(node.test)
    outcome = arithmetic.truth(it, test)
    accumulation.tested(it, test, node.test)
    outer, it.tests = it.tests, (*it.tests, node.test)

    def otherwise() -> Flow:
        if isinstance(node.orelse, cst.If):
            return execute(it, node.orelse)
        return block(it, node.orelse.body) if node.orelse is not None else "next"

    if outcome is not None:
        flow = block(it, node.body) if outcome else otherwise()
    else:
        flow = it.branch(
            [
                (arithmetic.assumptions(it, test, True), lambda: block(it, node.body)),
                (arithmetic.assumptions(it, test, False), otherwise),
            ]
        )
    it.tests = outer
    return flow


def _with(it: Interpreter, node: cst.With) -> Flow:
    strategies, recording, stopped = len(it.strategies), len(it.tapes.open), it.tapes.stopped
    muted, devices = it.muted, len(it.devices)
    suppresses = False
    for entry in node.items:
        manager = it.evaluate(entry.item)
        expects = _expects_error(manager)
        it.muted += expects
        suppresses = suppresses or expects or (isinstance(manager, Object) and manager.type == "contextlib.suppress")
        entered = calls.entered(it, manager, entry)
        tapes.opened(it, manager, node)
        if isinstance(manager, Object) and manager.type == "tf.device":
            it.devices.append(manager)
        if entry.asname is not None:
            assign(it, entry.asname.name, entered)
    flow = block(it, node.body)
    del it.strategies[strategies:]
    del it.devices[devices:]
    for tape in it.tapes.open[recording:]:
        tapes.closed(it, tape)
    del it.tapes.open[recording:]
    it.tapes.stopped = stopped
    it.muted = muted
    return "next" if flow == "raise" and suppresses else flow


def _expects_error(manager: Value) -> bool:
    """`with pytest.raises(...)`: what happens inside is meant to be wrong."""
    callee = manager.base if isinstance(manager, Symbol) else None
    if isinstance(callee, (Symbol, Method)):
        name = callee.attribute if isinstance(callee, Symbol) else callee.name
        return name in EXPECTING_ERRORS
    if isinstance(callee, Api):
        return callee.name.rpartition(".")[2] in EXPECTING_ERRORS
    return (
        isinstance(manager, Object)
        and isinstance(manager.type, str)
        and manager.type.rpartition(".")[2] in EXPECTING_ERRORS
    )


def _function(it: Interpreter, node: cst.FunctionDef) -> Flow:
    it.bind(node.name.value, calls.decorated(it, node))
    return "next"


def _class(it: Interpreter, node: cst.ClassDef) -> Flow:
    bases = tuple(it.evaluate(arg.value) for arg in node.bases if arg.star == "")
    scope = it.scope("class", it.frame.scope, node)
    made = Class(node, tuple(option for base in bases for option in alternatives(base)), scope)
    for decorator in node.decorators:
        it.evaluate(decorator.decorator)
    it.bind(node.name.value, made)
    with it.inside(scope):
        block(it, node.body)
    it.classes.append(made)
    return "next"


def _import(it: Interpreter, node: cst.Import) -> Flow:
    imports.plain(it, node)
    return "next"


def _import_from(it: Interpreter, node: cst.ImportFrom) -> Flow:
    imports.from_module(it, node)
    return "next"


def _pass(it: Interpreter, node: cst.CSTNode) -> Flow:
    return "next"


def _break(it: Interpreter, node: cst.Break) -> Flow:
    loops.leave(it, "break")
    return "break"


def _continue(it: Interpreter, node: cst.Continue) -> Flow:
    loops.leave(it, "continue")
    return "continue"


_STATEMENTS: dict[type, Callable[[Interpreter, Any], Flow]] = {
    cst.SimpleStatementLine: _line,
    cst.Expr: _expression,
    cst.Assign: _assign,
    cst.AnnAssign: _annotated,
    cst.AugAssign: _augmented,
    cst.Return: _return,
    cst.Raise: _raise,
    cst.Assert: _assert,
    cst.Del: _delete,
    cst.Global: _global,
    cst.Nonlocal: _nonlocal,
    cst.If: _if,
    cst.For: loops.for_loop,
    cst.While: loops.while_loop,
    cst.Try: handlers.try_statement,
    cst.TryStar: handlers.try_statement,
    cst.With: _with,
    cst.Match: patterns.match_statement,
    cst.FunctionDef: _function,
    cst.ClassDef: _class,
    cst.Import: _import,
    cst.ImportFrom: _import_from,
    cst.Pass: _pass,
    cst.Break: _break,
    cst.Continue: _continue,
}

__all__ = ["Dataset", "ProjectModule", "assign", "block", "execute", "expressions", "run"]
