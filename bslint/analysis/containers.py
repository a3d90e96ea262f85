"""Lists, tuples and dicts: their contents, what their methods do to them, and the functions that make them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from bslint.analysis import keeping, texts
from bslint.analysis.values import (
    NONE,
    Guard,
    Items,
    Key,
    Known,
    Mapping,
    Object,
    Symbol,
    Value,
    alternatives,
    known_int,
    text,
)

if TYPE_CHECKING:
    import libcst as cst

    from bslint.analysis.arguments import Arguments
    from bslint.analysis.interpreter import Interpreter

Candidates: TypeAlias = Sequence[tuple[Guard, Value | None]]

# Longer lists and dicts are data, not configuration: their tails stay unknown.
MAX_ITEMS = 200
# A loop over this many known items is executed item by item.
MAX_UNROLLED = 8


def sequence(it: Interpreter, value: Value) -> Items | None:
    """What iterating over a value gives, item by item; None when that is not known."""
    items = it.contents(value)
    if items is not None:
        return items
    entries = it.mapping(value)
    if entries is not None:
        return Items(tuple(Known(key, value.origin) for key in entries.items), complete=entries.complete)
    if isinstance(value, Known) and isinstance(value.value, str) and len(value.value) <= MAX_UNROLLED:
        return Items(tuple(Known(letter, value.origin) for letter in value.value))
    from bslint.analysis import models  # it knows of layers, and so of this module

    if models.is_list(value) and value.origin is not None:
        it.identified += 1
        layers = models.inner(it, value, value.origin)
        return Items(tuple(layers), value.origin) if layers is not None else None
    return texts.unpacked(it, value) or _range(value)


def _range(value: Value) -> Items | None:
    if not (isinstance(value, Object) and value.type == "range" and value.call is not None and not value.call.open):
        return None
    bounds = [known_int(argument.value) for argument in value.call.positional]
    numbers = [bound for bound in bounds if bound is not None]
    if not 0 < len(numbers) == len(bounds) < 4 or numbers[2:] == [0]:
        return None
    steps = range(*numbers)
    return Items(tuple(Known(step, value.origin) for step in steps)) if len(steps) <= MAX_ITEMS else None


# After branches


def join_stored(it: Interpreter, key: Key, candidates: Candidates, node: cst.CSTNode | None = None) -> Value | None:
    """One value for several ways of getting here; the contents of a list or dict are joined entry by entry."""
    if isinstance(key, tuple) and key[0] == "attribute":
        found = [(guard, value) for guard, value in candidates if value is not None]
        if key[2] in _UNTIL_SET and len(found) < len(candidates):
            return it.join([(guard, value or _UNTIL_SET[key[2]]) for guard, value in candidates], node)
        if key[2] == "{}" and all(isinstance(value, Mapping) for _, value in found):
            return _joined_entries(it, cast("list[tuple[Guard, Mapping]]", found), node)
        if key[2] == "[]" and all(isinstance(value, Items) for _, value in found):
            return _joined_items(it, cast("list[tuple[Guard, Items]]", found), node)
    return it.join(candidates, node)


# What these attributes of layers are until they are set.
_UNTIL_SET: dict[Key, Value] = {"trainable": Known(True), "freezing of parts": Items(())}


def _joined_entries(it: Interpreter, found: list[tuple[Guard, Mapping]], node: cst.CSTNode | None) -> Mapping:
    entries: dict[Key, Value] = {}
    for name in dict.fromkeys(name for _, value in found for name in value.items):
        absent = Symbol(("absent", name))
        entries[name] = it.join([(guard, value.items.get(name, absent)) for guard, value in found], node) or absent
    return Mapping(entries, complete=all(value.complete for _, value in found))


def _joined_items(it: Interpreter, found: list[tuple[Guard, Items]], node: cst.CSTNode | None) -> Items:
    shortest = min(len(value.items) for _, value in found)
    rows = [it.join([(guard, value.items[row]) for guard, value in found], node) for row in range(shortest)]
    complete = all(value.complete and len(value.items) == shortest for _, value in found)
    return Items(tuple(row for row in rows if row is not None), complete=complete)


def may_be_absent(entry: Value) -> bool:
    """Whether a dict has this entry on some paths only."""
    return any(_is_absent(one) for one in alternatives(entry))


def _is_absent(value: Value) -> bool:
    return isinstance(value, Symbol) and isinstance(value.key, tuple) and value.key[0] == "absent"


# Functions that make them


def listed(type_: str) -> Callable[[Interpreter, Arguments, cst.CSTNode], Value]:
    """`list(…)`, `tuple(…)`, `set(…)`."""

    def handler(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value:
        value = arguments.positional[0].value if arguments.positional else Items((), node)
        items = sequence(it, value)
        if items is None:
            it.escape(value)
            return it.unknown(node, f"{type_}({text(value)})", base=value)
        return Items(items.items, node, complete=items.complete) if type_ == "tuple" else it.new_list(items, node)

    return handler


def dictionary(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`dict(…)`."""
    changed, complete = _updated(it, Mapping({}), arguments)
    return it.new_dict(Mapping(changed, node, complete=complete), node)


def default_dictionary(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`collections.defaultdict(…)`: it has more entries than those that were put in."""
    return it.new_dict(Mapping({}, node, complete=False), node)


def sorted_(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`sorted(…)` of literals."""
    value = arguments.value("iterable", 0)
    items = sequence(it, value) if value is not None else None
    ordered = _ordered(items, arguments) if items is not None and len(arguments.positional) == 1 else None
    return it.new_list(ordered, node) if ordered is not None else it.unknown(node, "sorted(…)", base=value)


def _ordered(items: Items, arguments: Arguments) -> Items | None:
    backwards = arguments.value("reverse")
    if not items.complete or "key" in arguments.keywords or not (backwards is None or isinstance(backwards, Known)):
        return None
    literals = [item for item in items.items if isinstance(item, Known)]
    if len(literals) < len(items.items):
        return None
    try:
        literals.sort(key=lambda item: item.value, reverse=backwards is not None and bool(backwards.value))
    except TypeError:
        return None
    return Items(tuple(literals))


def mapped(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    """`map(f, …)`: the function is called on each item, or once for all."""
    from bslint.analysis import calls
    from bslint.analysis.arguments import Argument, Arguments

    if arguments.unpacked and arguments.open and len(arguments.positional) > 1:
        return _mapped_over(it, arguments, node)
    if len(arguments.positional) < 2 or arguments.open:
        return None
    function, *iterables = (argument.value for argument in arguments.positional)
    known = [calls.unrolled(it, value) for value in iterables]
    if all(row is not None for row in known):
        rows = list(zip(*(row for row in known if row is not None), strict=False))
    else:
        rows = [tuple(calls.iterated(it, value, node) for value in iterables)]
    results = []
    for number, row in enumerate(rows):
        given = Arguments(node, [Argument(value, None) for value in row])
        with it.in_round(node, number):
            results.append(it.lift(lambda callee, given=given: calls.call(it, callee, given, node), function))
    return it.new_list(Items(tuple(results), node, complete=None not in known), node)


def _mapped_over(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`map(f, *rows)` with an unknown number of rows: the function gets an unknown number of elements."""
    from bslint.analysis import calls
    from bslint.analysis.arguments import Argument, Arguments

    function = arguments.positional[0].value
    row = calls.iterated(it, arguments.unpacked[0], node)
    given = Arguments(node, [Argument(calls.iterated(it, row, node), None)], open=True)
    result = it.lift(lambda callee: calls.call(it, callee, given, node), function)
    return it.new_list(Items((result,), node, complete=False), node)


def total(it: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`sum(…)` of numbers."""
    value = arguments.value("iterable", 0)
    items = sequence(it, value) if value is not None and len(arguments.positional) == 1 else None
    if items is not None and items.complete and not arguments.keywords:
        numbers = [item.value for item in items.items if isinstance(item, Known) and type(item.value) in {int, float}]
        if len(numbers) == len(items.items):
            return Known(sum(numbers), node)
    return it.unknown(node, "sum(…)")


# Methods


def method(it: Interpreter, receiver: Object, name: str, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    """The value of a method of a list or dict, None for any other receiver."""
    if receiver.type == "list":
        return _list_method(it, receiver, name, arguments, node)
    if receiver.type == "dict":
        return _dict_method(it, receiver, name, arguments, node)
    return None


def _list_method(it: Interpreter, receiver: Object, name: str, arguments: Arguments, node: cst.CSTNode) -> Value:
    items = it.contents(receiver) or Items((), complete=False)
    given = arguments.positional[0].value if arguments.positional else None
    if name in {"append", "extend"} and given is not None:
        more = Items((given,)) if name == "append" else sequence(it, given) or Items((), complete=False)
        extend(it, receiver, items, more)
        if it.loops:
            keeping.put(it, receiver, (given,), node)
        return NONE
    keeping.emptied(it, receiver, name)
    if name == "copy":
        return it.new_list(items, node)
    if name in {"index", "count"}:
        return it.unknown(node, kind="int")
    if not items.complete or it.grows(receiver) or name not in _IN_PLACE:
        it.set_field(receiver, "[]", Items((), complete=False))
        return it.unknown(node, base=receiver)
    if name == "sort":
        changed: Items | None = _ordered(items, arguments)
        result: Value = NONE
    else:
        changed, result = _changed(it, name, items, [argument.value for argument in arguments.positional], node)
    it.set_field(receiver, "[]", changed if changed is not None else Items((), complete=False))
    return result


_IN_PLACE = frozenset(["insert", "pop", "remove", "clear", "reverse", "sort"])


def extend(it: Interpreter, receiver: Object, items: Items, more: Items) -> None:
    """Add items at the end of a list; how many is not known where a loop around is older than the list."""
    grown = (*items.items, *more.items)
    complete = items.complete and more.complete and len(grown) <= MAX_ITEMS and not it.grows(receiver)
    it.set_field(receiver, "[]", Items(grown[:MAX_ITEMS], complete=complete))


def _changed(
    it: Interpreter, name: str, items: Items, given: list[Value], node: cst.CSTNode
) -> tuple[Items | None, Value]:
    """The items of a list after one of its methods, None when they are no longer known; and its value."""
    held = list(items.items)
    at = known_int(given[0]) if given else -1
    result: Value = NONE
    if name == "clear":
        held.clear()
    elif name == "reverse":
        held.reverse()
    elif name == "insert" and at is not None and len(given) > 1:
        held.insert(at, given[1])
    elif name == "pop" and at is not None and -len(held) <= at < len(held):
        result = held.pop(at)
    elif name == "remove" and given and given[0].key in [item.key for item in held]:
        held.pop([item.key for item in held].index(given[0].key))
    else:
        return None, it.unknown(node)
    return Items(tuple(held)), result


def delete(it: Interpreter, owner: Value, index: Value, node: cst.CSTNode) -> None:
    """`del owner[index]`."""
    entries, items = it.mapping(owner), it.contents(owner)
    if not isinstance(owner, Object):
        return
    if entries is not None and isinstance(index, Known):
        left = {name: value for name, value in entries.items.items() if name != index.value}
        it.set_field(owner, "{}", Mapping(left, complete=entries.complete))
    elif entries is not None:
        it.forget(owner)
    elif items is not None:
        changed, _ = _changed(it, "pop", items, [index], node)
        complete = items.complete and not it.grows(owner)
        it.set_field(owner, "[]", changed if changed is not None and complete else Items((), complete=False))


def _dict_method(it: Interpreter, receiver: Object, name: str, arguments: Arguments, node: cst.CSTNode) -> Value:
    entries = it.mapping(receiver) or Mapping({}, complete=False)
    if name in {"get", "pop", "setdefault"} and arguments.positional:
        default = arguments.positional[1].value if len(arguments.positional) > 1 else NONE
        return _entry(it, receiver, name, entries, arguments.positional[0].value, default, node)
    if name in {"items", "values", "keys"} and entries.complete:
        rows = tuple(_row(name, key, value, node) for key, value in entries.items.items())
        return it.new_list(Items(rows, node), node)
    if name == "update":
        changed, complete = _updated(it, entries, arguments)
        it.set_field(receiver, "{}", Mapping(changed, complete=complete))
        owner = it.field(receiver, "attributes of")
        for key in changed if owner is not None else ():
            it.set_field(cast("Value", owner), str(key), changed[key])
        return NONE
    if name == "copy":
        return it.new_dict(entries, node)
    if name == "clear":
        it.set_field(receiver, "{}", Mapping({}))
        return NONE
    it.forget(receiver)
    return it.unknown(node, base=receiver)


def _entry(
    it: Interpreter, receiver: Object, name: str, entries: Mapping, key: Value, default: Value, node: cst.CSTNode
) -> Value:
    """`d.get(key, default)`, `d.pop(key, default)`, `d.setdefault(key, default)`."""
    if not isinstance(key, Known):
        if name != "get":
            it.forget(receiver)
        return it.unknown(node, base=receiver)
    found = entries.items.get(key.value)
    if found is None:
        value = default if entries.complete else it.unknown(node)
    else:
        value = it.lift(lambda one: default if _is_absent(one) else one, found)
    if name == "pop":
        left = {other: entry for other, entry in entries.items.items() if other != key.value}
        it.set_field(receiver, "{}", Mapping(left, complete=entries.complete))
    elif name == "setdefault":
        it.set_field(receiver, "{}", Mapping({**entries.items, key.value: value}, complete=entries.complete))
    return value


def _row(name: str, key: Any, value: Value, node: cst.CSTNode) -> Value:
    known = Known(key, node)
    return Items((known, value)) if name == "items" else value if name == "values" else known


def _updated(it: Interpreter, entries: Mapping, arguments: Arguments) -> tuple[dict[Any, Value], bool]:
    """The entries of a dict after `update(…)`, and whether these are all."""
    changed: dict[Any, Value] = dict(entries.items)
    complete = entries.complete and not arguments.open
    for argument in arguments.positional:
        more = it.mapping(argument.value) or _pairs(it, argument.value)
        changed.update(more.items if more is not None else {})
        complete = complete and more is not None and more.complete
    changed.update({name: argument.value for name, argument in arguments.keywords.items()})
    return changed, complete


def _pairs(it: Interpreter, value: Value) -> Mapping | None:
    """The entries that a list of pairs stands for."""
    rows = it.contents(value)
    pairs = [it.contents(row) for row in rows.items] if rows is not None else []
    entries: dict[Key, Value] = {}
    for pair in pairs:
        if pair is None or len(pair.items) != 2 or not isinstance(pair.items[0], Known):
            return None
        entries[pair.items[0].value] = pair.items[1]
    return Mapping(entries, complete=rows.complete) if rows is not None else None


def merged(it: Interpreter, left: Value, right: Value, node: cst.CSTNode) -> Value | None:
    """`{…} | {…}`, None for anything else."""
    one, two = it.mapping(left), it.mapping(right)
    if one is None or two is None:
        return None
    return it.new_dict(Mapping({**one.items, **two.items}, node, complete=one.complete and two.complete), node)


def concatenated(it: Interpreter, left: Value, right: Value, node: cst.CSTNode) -> Value | None:
    """`[…] + […]`, None for anything else."""
    first, second = it.contents(left), it.contents(right)
    if first is None or second is None:
        return None
    together = (*first.items, *second.items)
    complete = first.complete and second.complete and len(together) <= MAX_ITEMS
    return _like(it, left, Items(together[:MAX_ITEMS], node, complete=complete), node)


def repeated(it: Interpreter, left: Value, right: Value, node: cst.CSTNode) -> Value | None:
    """`[…] * n`, None for anything else."""
    for held, times in ((left, known_int(right)), (right, known_int(left))):
        items = it.contents(held)
        if items is not None and times is not None and items.complete and len(items.items) * times <= MAX_ITEMS:
            return _like(it, held, Items(items.items * times, node), node)
    return None


def _like(it: Interpreter, model: Value, items: Items, node: cst.CSTNode) -> Value:
    return it.new_list(items, node) if isinstance(model, Object) else items
