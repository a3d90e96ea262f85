"""Attributes: what `base.name` is, what assigning it changes, and Python's special methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bslint.analysis import calls, configs, feeds, keras, names, normalization, symbolic, tapes
from bslint.analysis.arguments import Argument, Arguments
from bslint.analysis.values import (
    Api,
    Class,
    Dataset,
    DatasetIterator,
    Function,
    Items,
    Key,
    Known,
    LayerOutput,
    Mapping,
    Method,
    Object,
    ProjectModule,
    Symbol,
    Value,
    grouped,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import libcst as cst

    from bslint.analysis.interpreter import Interpreter

# Objects that have the attributes they were given, and no others.
_NAMESPACES = frozenset(("argparse.Namespace", "types.SimpleNamespace"))


def get(it: Interpreter, base: Value, name: str, node: cst.CSTNode) -> Value:
    """The value of `base.name`."""
    if it.watched:
        it.touch(base)
    stored = it.field(base, name)
    if stored is not None:
        return stored
    if name == "__name__" and isinstance(base, Api) and base.name.startswith("keras.layers."):
        return Known(base.name.rpartition(".")[2], node)
    if isinstance(base, Api):
        flag = configs.flag(it, base.name, name, node)
        return flag if flag is not None else Api(names.child(base.name, name), node)
    if name == "__name__" and isinstance(base, (Function, Class)):
        return Known(base.name, node)
    if isinstance(base, Object):
        return _of_object(it, base, name, node)
    if isinstance(base, Class):
        return _of_class(it, base, name, node)
    if isinstance(base, ProjectModule):
        return it.project.member(it, base, name) or _unknown(base, name, node)
    if isinstance(base, Dataset) and name == "element_spec":
        it.peeked.add(id(base.stage))
    return _of_data(it, base, name, node)


def _of_data(it: Interpreter, base: Value, name: str, node: cst.CSTNode) -> Value:
    """An attribute of a dataset, tensor or tuple, or of something that is not known."""
    found: Value | None = None
    if isinstance(base, LayerOutput):
        found = symbolic.attribute(it, base, name, node) or Method(base, name, None, node)
    elif isinstance(base, (Dataset, DatasetIterator, Function)):
        found = Method(base, name, None, node)
    elif isinstance(base, Items):
        found = symbolic.of_shape(it, base, name, node)
    return found if found is not None else _unknown(base, name, node)


def _unknown(base: Value, name: str, node: cst.CSTNode) -> Symbol:
    label = f"{grouped(base)}.{name}"
    return Symbol(("attribute of", base.key, name), label, node, base=base, attribute=name)


def _of_object(it: Interpreter, base: Object, name: str, node: cst.CSTNode) -> Value:
    if name == "__dict__":
        return as_dict(it, base, node) or _unknown(base, name, node)
    if isinstance(base.type, Class):
        if name == "__class__":
            return base.type
        found = of_class(it, base.type, name)
        if isinstance(found, Function):
            return bound(it, base, name, found, node)
        if found is not None:
            return found
        external = base.type.external_bases()
        if not external or name.startswith("__"):
            return _unknown(base, name, node)
    if base.type in _NAMESPACES:
        return _unknown(base, name, node)
    counted = feeds.attribute(base, name, node)
    found = counted if counted is not None else keras.attribute(it, base, name, node)
    return found if found is not None else Method(base, name, None, node)


def _of_class(it: Interpreter, base: Class, name: str, node: cst.CSTNode) -> Value:
    found = of_class(it, base, name)
    if isinstance(found, Function) and "classmethod" in found.decorators:
        return Method(base, name, found, node)
    return found if found is not None else _unknown(base, name, node)


def of_class(it: Interpreter, owner: Class, name: str) -> Value | None:
    """What a class or its bases in the program define under a name."""
    for ancestor in owner.ancestry():
        if isinstance(ancestor, Class):
            found = it.store.get((ancestor.scope.uid, name))
            if found is not None:
                return it.refine(found)
    return None


def bound(it: Interpreter, receiver: Object, name: str, function: Function, node: cst.CSTNode) -> Value:
    """A function of a class, seen through an instance: static, of the class, property, or bound."""
    if "staticmethod" in function.decorators:
        return function
    if {"property", "functools.cached_property"} & set(function.decorators):
        return calls.enter(it, function, Arguments(node), node, receiver)
    owner = receiver.type if "classmethod" in function.decorators and isinstance(receiver.type, Class) else receiver
    return Method(owner, name, function, node)


def special(it: Interpreter, value: Value, name: str, given: Sequence[Value], node: cst.CSTNode) -> Value | None:
    """The result of a special method like `__getitem__` of an instance, None when its class has none in the program."""
    function = of_class(it, value.type, name) if isinstance(value, Object) and isinstance(value.type, Class) else None
    if not isinstance(function, Function):
        return None
    return calls.enter(it, function, Arguments(node, [Argument(one, None) for one in given]), node, value)


def is_closed(value: Value) -> bool:
    """Whether a value has only those attributes that the program gives it."""
    if not isinstance(value, Object):
        return False
    if isinstance(value.type, Class):
        return all(isinstance(one, Class) for one in value.type.ancestry())
    return value.type in _NAMESPACES


def as_dict(it: Interpreter, value: Value, node: cst.CSTNode) -> Object | None:
    """`vars(value)`."""
    if not isinstance(value, Object) or value.type in {"list", "dict"}:
        return None
    entries: dict[Key, Value] = {name: held for name, held in it.fields(value) if name.isidentifier()}
    made = it.new_dict(Mapping(entries, node, complete=is_closed(value)), node)
    it.set_field(made, "attributes of", value)
    return made


def put(it: Interpreter, owner: Value, name: str, value: Value, node: cst.CSTNode) -> None:
    """`owner.name = value`."""
    if isinstance(value, Dataset):
        value.stage.names.add(name)
    if isinstance(owner, Class):
        it.store.set((owner.scope.uid, name), value)
    elif isinstance(owner, ProjectModule):
        it.project.member(it, owner, name)
        it.store.set((owner.scope.uid, name), value)
    else:
        found = of_class(it, owner.type, name) if isinstance(owner, Object) and isinstance(owner.type, Class) else None
        setter = it.field(found, "fset") if found is not None else None
        if isinstance(setter, Function):
            calls.enter(it, setter, Arguments(node, [Argument(value, None)]), node, owner)
        else:
            it.set_field(owner, name, value)
            if it.tapes.made:
                tapes.share(it, value)
            if name == "trainable":
                normalization.changed(it, owner, value)
                keras.set_trainable(it, owner, value)


def clear(it: Interpreter, owner: Object) -> None:
    """Forget what an instance of an earlier round of a loop was given."""
    for name, _ in it.fields(owner):
        drop(it, owner, name)


def drop(it: Interpreter, owner: Value, name: str) -> None:
    """`del owner.name`."""
    it.store.set(("attribute", owner.key, name), None)
