"""Accumulators: what is added to them, when they start again, and which updates use the sum.

While a program is executed, events are noted by the variable or attribute that holds the accumulator; `facts` reads
them at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst
import msgspec

from bslint.analysis import flow
from bslint.analysis.apis import UPDATE_METHODS
from bslint.analysis.gradients import Cadence, Gradient, Where
from bslint.analysis.tapes import where
from bslint.analysis.values import Choice, Expr, Items, Key, Known, Object, Symbol, Value, alternatives
from bslint.syntax.walk import contains

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bslint.analysis.arguments import Arguments
    from bslint.analysis.facts import Layer, Model
    from bslint.analysis.interpreter import Frame, Interpreter

# Methods that change what they are called on.
IN_PLACE: frozenset[str] = frozenset("assign assign_add assign_sub append extend clear pop".split())
_KEEPING = frozenset((*UPDATE_METHODS, *IN_PLACE, "apply", "info", "write", "log", "debug"))
# Functions that make a list of what is in another.
_COPIES = frozenset(("list", "copy", "deepcopy"))
_STEPS_TO_ROOT = 8


class Event(msgspec.Struct, frozen=True, eq=False):
    """Something happens to an accumulator: `kind` is "set", "add", "collect", "scale", "drop" or "escape".

    `hits` are the gradients that are added, `collected` the accumulators that they were taken from.
    """

    kind: str
    node: cst.CSTNode
    order: int
    where: Where
    path: dict[Key, bool]
    tests: tuple[cst.CSTNode, ...]
    frames: tuple[Frame, ...]
    functions: tuple[str, ...]
    value: Value | None = None
    hits: tuple[flow.Hit[Gradient], ...] = ()
    collected: tuple[flow.Hit[Key], ...] = ()
    models: tuple[Model, ...] = ()
    normalisations: tuple[Layer, ...] = ()


class UpdateEvent(msgspec.Struct, frozen=True, eq=False):
    """An optimizer changes weights."""

    event: Event
    optimizer: Value | None
    sums: tuple[flow.Hit[Key], ...]
    gradients: tuple[flow.Hit[Gradient], ...]
    rate: Value | None


class Ledger(msgspec.Struct, eq=False):
    """What was noted while the program ran.

    Args:
        events: by the home of the accumulator: the variable or attribute that first held it.
        names: how the program writes a home.
        homes: the home of what a variable holds, by the identity of the value.
        sums: the values that are sums of gradients, with their home.
        updates: every update of weights.
        tests: the values of the tests that branches were taken on.
        cadences: after how many micro-batches a sum is applied, by its home.
        order: how many events there were.
    """

    events: dict[Key, list[Event]] = msgspec.field(default_factory=dict)
    names: dict[Key, str] = msgspec.field(default_factory=dict)
    homes: dict[Key, Key] = msgspec.field(default_factory=dict)
    sums: dict[Key, Key] = msgspec.field(default_factory=dict)
    updates: list[UpdateEvent] = msgspec.field(default_factory=list)
    tests: dict[Key, tuple[cst.CSTNode, Value]] = msgspec.field(default_factory=dict)
    cadences: dict[Key, tuple[Cadence, ...]] = msgspec.field(default_factory=dict)
    order: int = 0


# Recording


def assigned(it: Interpreter, target: cst.BaseExpression, value: Value, node: cst.CSTNode) -> None:
    """`target = value`, before it takes place."""
    if it.muted:
        return
    if isinstance(target, (cst.Tuple, cst.List)):
        items = it.contents(value)
        for position, element in enumerate(target.elements):
            if not isinstance(element, cst.StarredElement):
                known = items is not None and position < len(items.items)
                assigned(it, element.value, items.items[position] if known else it.unknown(element), node)  # type: ignore[union-attr]
        return
    home, old = _place(it, target)
    if home is None:
        return
    hits = _added(it, old, value) if it.tapes.gradients else ()
    it.ledger.names.setdefault(home, _written(target))
    _note(it, home, "add" if hits else _kind(it, home, value, node), node, value, hits)
    if hits:
        _remember_sum(it, home, value, in_place=isinstance(target, cst.Subscript))
    if not isinstance(target, cst.Subscript):
        _settle(it, home, value)
        each = _of_comprehension(it, value) if it.tapes.gradients else ()
        if each:
            _note(it, home, "collect", node, value, each)
            _remember_sum(it, home, value, in_place=False)


def augmented(
    it: Interpreter, target: cst.BaseExpression, op: str, added: Value, result: Value, node: cst.CSTNode
) -> None:
    """`target += added`."""
    if it.muted:
        return
    home, _ = _place(it, target)
    if home is None:
        return
    if op in {"*", "/"}:
        _note(it, home, "scale", node, result, ())
    hits = _gradients(it, added) if op == "+" and it.tapes.gradients else ()
    it.ledger.names.setdefault(home, _written(target))
    if hits:
        _note(it, home, "add", node, result, hits)
        _remember_sum(it, home, result, in_place=isinstance(target, cst.Subscript))


def mutated(it: Interpreter, receiver: Value, name: str, arguments: Arguments, node: cst.CSTNode) -> None:
    """`accumulator.assign_add(gradient)` and other methods that change their receiver."""
    if it.muted:
        return
    home = root(it, receiver)
    if home is None:
        return
    given = next(arguments.values(), None)
    kind = "set"
    hits: tuple[flow.Hit[Gradient], ...] = ()
    if name in {"assign_add", "append", "extend"}:
        hits = _gradients(it, given) if given is not None else ()
        if not hits:
            return
        kind = "add" if name == "assign_add" else "collect"
    elif name == "assign" and given is not None:
        hits = _added(it, receiver, given)
        kind = "add" if hits else _kind(it, home, given, node)
    elif name in {"assign_sub", "pop"}:
        return
    _note(it, home, kind, node, given, hits)
    if hits:
        _remember_sum(it, home, receiver, in_place=True)


def _of_comprehension(it: Interpreter, value: Value) -> tuple[flow.Hit[Gradient], ...]:
    """The gradients that a comprehension, over a number of elements that is not known, took for each of them."""
    clause = getattr(value.origin, "for_in", None)
    hits = _gradients(it, value) if clause is not None else ()
    tapes = [hit.found.tape for hit in hits]
    each = all(tape is not None and tape.clause is not None and tape.clause.node is clause for tape in tapes)
    return hits if each else ()


def _kind(it: Interpreter, home: Key, value: Value, node: cst.CSTNode) -> str:
    """Whether an accumulator starts again with a value, or only changes: it is scaled, clipped or cast.

    What the statement makes anew is not the sum, though it is made where the variables of the sum were.
    """
    if home not in it.ledger.sums.values():
        return "set"

    def find(one: Value) -> bool | None:
        if it.ledger.sums.get(one.key) != home:
            return None
        made = isinstance(one, (Object, Symbol)) and one.origin is not None and contains(node, one.origin)
        return None if made else True

    return "scale" if flow.trace(it, value, find) else "set"


def descends(it: Interpreter, name: str, arguments: Arguments) -> bool:
    """Whether a method updates weights by hand: `w.assign_sub(rate * gradient)`, `w.assign(w - rate * gradient)`."""
    given = next(arguments.values(), None)
    if it.muted or given is None or not name.startswith("assign"):
        return False
    subtracts = name == "assign_sub" or any(isinstance(one, Expr) and _negates(one) for one in alternatives(given))
    return subtracts and bool(flow.trace(it, given, lambda one: it.tapes.gradients.get(one.key)))


def _negates(value: Expr) -> bool:
    """Whether something is subtracted, or multiplied with a negative factor."""
    first = value.operands[0]
    if value.op in {"*", "/"}:
        return any(isinstance(one, Expr) and _negates(one) for one in value.operands) or (
            isinstance(first, Known) and type(first.value) in {int, float} and first.value < 0
        )
    return value.op == "-"


def escaped(it: Interpreter, method: str, arguments: Arguments, node: cst.CSTNode) -> None:
    """Unknown code gets these values."""
    if it.muted or method in _KEEPING:
        return
    for value in arguments.values():
        for one in alternatives(value):
            home = it.ledger.homes.get(one.key)
            if home is not None:
                _note(it, home, "escape", node, None, ())


def updated(it: Interpreter, optimizer: Value | None, given: Iterable[Value], node: cst.CSTNode) -> None:
    """An optimizer changes weights."""
    if it.muted:
        return
    sums: list[flow.Hit[Key]] = []
    gradients: list[flow.Hit[Gradient]] = []
    for value in given:
        for hit in flow.trace(it, value, lambda one: _sum_or_gradient(it, one)):
            if isinstance(hit.found, Gradient):
                gradients.append(hit)  # type: ignore[arg-type]
            else:
                sums.append(hit)
    sums += [inner for hit in sums for inner in _summed_up(it, hit)]
    event = _event(it, "update", node)
    rate = _rate(it, optimizer) if sums else None
    it.ledger.updates.append(UpdateEvent(event, optimizer, tuple(sums), tuple(gradients), rate))


def _summed_up(it: Interpreter, hit: flow.Hit[Key]) -> Iterable[flow.Hit[Key]]:
    """The collections whose elements were added to an accumulator one by one."""
    for event in it.ledger.events.get(hit.found, ()):
        for inner in event.collected:
            clear = hit.clear and inner.clear
            yield flow.Hit(inner.found, (*hit.factors, *inner.factors), clear, summed=True)


def _rate(it: Interpreter, optimizer: Value | None) -> Value | None:
    """The learning rate of an optimizer."""
    for one in alternatives(optimizer):
        held = it.field(one, "learning_rate") or it.field(one, "lr")
        if held is not None:
            return held
        if isinstance(one, Object) and one.call is not None:
            return one.call.value("learning_rate", 0) or one.call.value("lr")
    return None


def tested(it: Interpreter, test: Value, node: cst.CSTNode) -> None:
    """A branch is taken on a test."""
    pending = [test]
    for _ in range(16):
        if not pending:
            return
        one = pending.pop()
        it.ledger.tests[one.key] = (node, one)
        if isinstance(one, Expr) and one.op in {"and", "or", "not"}:
            pending.extend(one.operands)
        elif isinstance(one, Choice):
            pending.extend(alternatives(one))


def dropped(it: Interpreter, value: Value) -> tuple[Gradient, ...]:
    """The gradients that the value of a statement is computed from, sums of them included."""
    if not it.tapes.gradients:
        return ()
    hits = flow.trace(it, value, lambda one: _sum_or_gradient(it, one))
    found: list[Gradient] = []
    for hit in hits:
        if isinstance(hit.found, Gradient):
            found.append(hit.found)
        else:
            if _scales(it, value) and value.origin is not None and not it.muted:
                _note(it, hit.found, "drop", value.origin, value, ())
            found.extend(inner.found for event in it.ledger.events.get(hit.found, ()) for inner in event.hits)
    return tuple(dict.fromkeys(found))


def _scales(it: Interpreter, value: Value) -> bool:
    """Whether a value is the product or quotient of something, or a list of them."""
    held = it.contents(value)
    if held is not None:
        return any(isinstance(one, Expr) and one.op in {"*", "/"} for one in held.items)
    if isinstance(value, Expr):
        return value.op in {"*", "/"}
    return flow.arguments_of(it, value)[0] in flow.SCALING


def _sum_or_gradient(it: Interpreter, value: Value) -> Key | Gradient | None:
    found = it.ledger.sums.get(value.key)
    return found if found is not None else it.tapes.gradients.get(value.key)


def _event(
    it: Interpreter,
    kind: str,
    node: cst.CSTNode,
    value: Value | None = None,
    hits: tuple[flow.Hit[Gradient], ...] = (),
    collected: tuple[flow.Hit[Key], ...] = (),
) -> Event:
    it.ledger.order += 1
    models = tuple(dict.fromkeys(model for hit in hits for model in hit.found.models))
    return Event(
        kind,
        node,
        it.ledger.order,
        where(it),
        it.path,
        it.tests,
        tuple(it.frames),
        tuple(frame.function.name for frame in it.frames if frame.function is not None),
        value,
        hits,
        collected,
        models,
        tuple(layer for model in models for layer in _normalisations(it, model)),
    )


def _normalisations(it: Interpreter, model: Model) -> Iterable[Layer]:
    """The batch normalisations of a model that learn."""
    if _frozen(it, model.value):
        return ()
    return [
        layer
        for layer in model.layers
        if layer.name == "keras.layers.BatchNormalization" and not _frozen(it, layer.value)
    ]


def _frozen(it: Interpreter, value: Value) -> bool:
    """Whether a layer may be frozen."""
    held = it.field(value, "trainable")
    if held is None and isinstance(value, Object) and value.call is not None:
        held = value.call.value("trainable")
    return held is not None and not (isinstance(held, Known) and held.value)


def _note(
    it: Interpreter, home: Key, kind: str, node: cst.CSTNode, value: Value | None, hits: tuple[flow.Hit[Gradient], ...]
) -> None:
    collected = _collections(it, home, value) if hits and value is not None else ()
    it.ledger.events.setdefault(home, []).append(_event(it, kind, node, value, hits, collected))


def _collections(it: Interpreter, home: Key, value: Value) -> tuple[flow.Hit[Key], ...]:
    """The other accumulators that a value comes from."""

    def find(one: Value) -> Key | None:
        found = it.ledger.sums.get(one.key)
        return found if found != home else None

    return tuple(flow.trace(it, value, find))


def _gradients(it: Interpreter, value: Value) -> tuple[flow.Hit[Gradient], ...]:
    """The gradients that a value is made of, when nothing but scaling, clipping and sums lie between."""
    if not it.tapes.gradients:
        return ()
    hits = flow.trace(it, value, lambda one: it.tapes.gradients.get(one.key))
    return tuple(hits) if hits and all(hit.clear and not _squares(it, hit) for hit in hits) else ()


def _squares(it: Interpreter, hit: flow.Hit[Gradient]) -> bool:
    """Whether a gradient is multiplied with one."""
    factors = [one for one in hit.factors if one is not None]
    return any(flow.trace(it, one, lambda inner: it.tapes.gradients.get(inner.key)) for one in factors)


def _added(it: Interpreter, old: Value | None, value: Value) -> tuple[flow.Hit[Gradient], ...]:
    """The gradients that were added to the old value to get the new one."""
    if old is None:
        return ()
    keys = _identities(it, old)
    for operands in flow.sums(it, value, it.ledger.sums):
        for position, operand in enumerate(operands):
            rest = [*operands[:position], *operands[position + 1 :]]
            hits = [hit for other in rest for hit in _gradients(it, other)]
            if hits and flow.reaches(it, operand, keys):
                return tuple(hits)
    return ()


def _identities(it: Interpreter, value: Value) -> frozenset[Key]:
    """What tells that something is a value, or an element of it."""
    keys: set[Key] = set()
    for one in alternatives(value):
        if isinstance(one, Known) and one.value is None:
            continue
        keys.add(one.key)
        held = it.contents(one)
        keys.update(item.key for item in held.items if not isinstance(item, Known)) if held is not None else None
    return frozenset(keys)


def _remember_sum(it: Interpreter, home: Key, value: Value, *, in_place: bool) -> None:
    """From now on a value is a sum of gradients; so is the container that it was put into."""
    if in_place:
        it.ledger.sums.update({key: home for key, known in it.ledger.homes.items() if known == home})
    for one in alternatives(value):
        if not isinstance(one, Known):
            it.ledger.sums[one.key] = home


def _settle(it: Interpreter, home: Key, value: Value) -> None:
    """A variable now holds this value."""
    for one in alternatives(value):
        if isinstance(one, Object) or _is_new_list(it, one):
            it.ledger.homes.setdefault(one.key, home)
            held = it.contents(one)
            for item in held.items if held is not None else ():
                if isinstance(item, Object):
                    it.ledger.homes.setdefault(item.key, home)


def _is_new_list(it: Interpreter, value: Value) -> bool:
    """Whether a value is a list that is made here, of a length that is not known: `[None] * n`, `list(gradients)`."""
    if isinstance(value, Expr):
        return value.op == "*" and any(it.contents(one) is not None for one in value.operands)
    return flow.arguments_of(it, value)[0] in _COPIES


def root(it: Interpreter, value: Value) -> Key | None:
    """The home of an object, or of the container that it is an element of."""
    for _ in range(_STEPS_TO_ROOT):
        for one in alternatives(value):
            home = it.ledger.homes.get(one.key)
            if home is not None:
                return home
        steps = [step.value for one in alternatives(value) for step in flow.steps(it, one) if step.linear]
        if not isinstance(value, (Symbol, Items, Choice)) or not steps:
            return None
        value = steps[0]
    return None


def _place(it: Interpreter, target: cst.BaseExpression) -> tuple[Key | None, Value | None]:
    """The home that a target stands for, and what it holds."""
    if isinstance(target, cst.Name):
        scope = it.frame.scope
        scope = scope.outer.get(target.value, scope)
        return (scope.uid, target.value), it.lookup(target.value, scope)
    if isinstance(target, cst.Attribute):
        owners = alternatives(it.evaluate(target.value)) if _is_path(target.value) else ()
        if len(owners) != 1:
            return None, None
        name = target.attr.value
        return ("attribute", owners[0].key, name), it.field(owners[0], name)
    if isinstance(target, cst.Subscript) and _is_path(target.value):
        container = it.evaluate(target.value)
        return root(it, container) or _place(it, target.value)[0], container
    return None, None


def _is_path(node: cst.BaseExpression) -> bool:
    """Whether reading an expression a second time does nothing: names and attributes of names."""
    return isinstance(node, cst.Name) or (isinstance(node, cst.Attribute) and _is_path(node.value))


def _written(target: cst.BaseExpression) -> str:
    if isinstance(target, cst.Subscript):
        return _written(target.value)
    if isinstance(target, cst.Attribute):
        return f"{_written(target.value)}.{target.attr.value}"
    return target.value if isinstance(target, cst.Name) else "the accumulator"
