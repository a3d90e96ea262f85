"""Abstract values: what the interpreter knows about an expression.

A value is immutable; what changes over time (variables, attributes, the contents of lists) lives in the `Store`.
Every value has a `key` by which equal knowledge compares equal, and an `origin`, the syntax node where it was
written, so that a finding can point at the literal and at its use.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    import libcst as cst

    from bslint.analysis.arguments import Arguments
    from bslint.analysis.conduct import Conduct
    from bslint.analysis.store import Scope

Key: TypeAlias = Hashable
Guard: TypeAlias = frozenset[tuple[Key, bool]]
Sizes: TypeAlias = "tuple[int | None, ...]"

NO_GUARD: Guard = frozenset()

# Longer labels are cut short.
_MAX_LABEL = 120


class Composite(tuple[Key, ...]):
    """A key made of several keys, which may share parts: a network of twenty residual blocks has a million paths.

    The hash is computed once, and equal keys remember that they are equal.
    """

    _hash: int | None = None
    _same: Composite | None = None

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = tuple.__hash__(self)
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Composite) or hash(self) != hash(other):
            return False
        one, two = self._first(), other._first()
        if one is not two:
            if not tuple.__eq__(one, two):
                return False
            two._same = one
        return True

    def __ne__(self, other: object) -> bool:
        return not self == other

    def _first(self) -> Composite:
        """The key that stands for all that are known to be equal."""
        key = self
        while key._same is not None:
            key = key._same
        return key


class Array(msgspec.Struct, frozen=True):
    """What is known of an array or tensor.

    Args:
        shape: its sizes, None where one is not known; None when not even their number is.
        dtype: its type, such as `float32`; empty when it is not known.
        data: the data set of `keras.datasets` that it is cut from.
    """

    shape: Sizes | None
    dtype: str = ""
    data: str = ""


class Value:
    """Base of all abstract values."""

    __slots__ = ("key", "origin")

    key: Key
    origin: cst.CSTNode | None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.key!r})"


class Known(Value):
    """A Python literal: number, string, bytes, bool, None or Ellipsis.

    `label` is the name of the first variable, option or parameter that held it, `made` the operation that gave it,
    where it is a number that comes from a division.
    """

    __slots__ = ("label", "made", "value")

    def __init__(
        self,
        value: Any,
        origin: cst.CSTNode | None = None,
        label: str = "",
        made: tuple[str, tuple[Value, ...]] | None = None,
    ) -> None:
        self.value = value
        self.label = label
        self.made = made
        self.key = ("known", type(value), value)
        self.origin = origin

    def __repr__(self) -> str:
        return f"Known({self.value!r})"


def labelled(value: Known, label: str) -> Known:
    """The same literal, held by a variable, option or parameter."""
    return Known(value.value, value.origin, label, value.made)


class Symbol(Value):
    """A value that is not known, but is the same wherever its key is the same.

    Args:
        key: identity, for example the parameter or the call that produced it.
        label: how the program names it, for messages: `len(x_train)`.
        kind: what is known of its type: "int", "float", "bool", "tensor", "array", or None.
        base: the value that this is an attribute, element or result of.
        attribute: name of the attribute of `base`, if it is one.
        array: its shape and type, when it is known to be an array or tensor.
    """

    __slots__ = ("array", "attribute", "base", "kind", "label")

    def __init__(
        self,
        key: Key,
        label: str = "?",
        origin: cst.CSTNode | None = None,
        *,
        kind: str | None = None,
        base: Value | None = None,
        attribute: str | None = None,
        array: Array | None = None,
    ) -> None:
        self.key = key
        self.label = label if len(label) <= _MAX_LABEL else f"{label[:_MAX_LABEL]}…"
        self.origin = origin
        self.kind = kind
        self.base = base
        self.attribute = attribute
        self.array = array

    def __repr__(self) -> str:
        return f"Symbol({self.label})"


class Expr(Value):
    """An operation on values of which at least one is not known: `len(x) // 32`.

    `op` is a Python operator (`+`, `//`, `<`, `not`, `and`, …) or the canonical name of a function (`len`, `int`,
    `math.ceil`, `numpy.ceil`).
    """

    __slots__ = ("array", "kind", "op", "operands")

    def __init__(
        self, key: Key, op: str, operands: tuple[Value, ...], origin: cst.CSTNode | None = None, kind: str | None = None
    ) -> None:
        self.array: Array | None = None
        self.op = op
        self.operands = operands
        self.key = key
        self.origin = origin
        self.kind = kind

    def __repr__(self) -> str:
        return f"Expr({self.op}, {', '.join(map(repr, self.operands))})"


class Items(Value):
    """An immutable sequence: a tuple, or the contents of a list at one moment.

    `complete` is False when there may be more items than those listed.
    """

    __slots__ = ("complete", "items")

    def __init__(self, items: tuple[Value, ...], origin: cst.CSTNode | None = None, *, complete: bool = True) -> None:
        self.items = items
        self.complete = complete
        self.key = Composite(("items", complete, *(item.key for item in items)))
        self.origin = origin


class Mapping(Value):
    """The contents of a dict at one moment, by literal key."""

    __slots__ = ("complete", "items")

    def __init__(self, items: dict[Key, Value], origin: cst.CSTNode | None = None, *, complete: bool = True) -> None:
        self.items = items
        self.complete = complete
        self.key = Composite(("mapping", complete, *((name, value.key) for name, value in items.items())))
        self.origin = origin


class Api(Value):
    """A module, class, function or constant of a library, by its canonical name: `tf.data.Dataset.range`."""

    __slots__ = ("name",)

    def __init__(self, name: str, origin: cst.CSTNode | None = None) -> None:
        self.name = name
        self.key = ("api", name)
        self.origin = origin

    def __repr__(self) -> str:
        return f"Api({self.name})"


class Class(Value):
    """A class written in the program; its body's names live in `scope`."""

    __slots__ = ("bases", "name", "node", "scope")

    def __init__(self, node: cst.ClassDef, bases: tuple[Value, ...], scope: Scope) -> None:
        self.node = node
        self.name = node.name.value
        self.bases = bases
        self.scope = scope
        self.key = ("class", id(node), scope.uid)
        self.origin = node

    def ancestry(self) -> Iterator[Value]:
        """The class and its bases, nearest first (depth first; enough for the single inheritance of real models)."""
        pending: list[Value] = [self]
        seen: set[Key] = set()
        while pending:
            one = pending.pop()
            if one.key not in seen:
                seen.add(one.key)
                yield one
                pending.extend(reversed(one.bases if isinstance(one, Class) else ()))

    def defines(self, *names: str) -> bool:
        """Whether the body of the class itself defines a method of one of these names."""
        defined = (getattr(one, "name", None) for one in self.node.body.body)
        return any(getattr(name, "value", None) in names for name in defined)

    def external_bases(self) -> tuple[str, ...]:
        """Canonical names of the library classes that this class derives from."""
        return tuple(base.name for base in self.ancestry() if isinstance(base, Api))


class Object(Value):
    """An instance: of a library class (`type` is its canonical name) or of a class of the program.

    Lists and dicts are objects of type `list` and `dict`. Attributes and contents live in the store under this key.
    `call` is the call that made it, with its arguments; `array` is what is known of it as an array.
    """

    __slots__ = ("array", "call", "type")

    def __init__(
        self, key: Key, type_: str | Class, call: Arguments | None = None, origin: cst.CSTNode | None = None
    ) -> None:
        self.array: Array | None = None
        self.key = key
        self.type = type_
        self.call = call
        self.origin = origin

    def types(self) -> tuple[str, ...]:
        """Canonical names of the library classes that this is an instance of."""
        return (self.type,) if isinstance(self.type, str) else self.type.external_bases()

    def __repr__(self) -> str:
        return f"Object({self.type if isinstance(self.type, str) else self.type.name})"


class Function(Value):
    """A function or lambda of the program, with the scope that it closes over and its evaluated defaults."""

    __slots__ = ("decorators", "defaults", "name", "node", "scope")

    def __init__(
        self,
        node: cst.FunctionDef | cst.Lambda,
        scope: Scope,
        defaults: dict[str, Value],
        decorators: tuple[str, ...] = (),
    ) -> None:
        name = getattr(node, "name", None)
        self.node = node
        self.name: str = name.value if name is not None else "<lambda>"
        self.scope = scope
        self.defaults = defaults
        self.decorators = decorators
        self.key = ("function", id(node), scope.uid)
        self.origin = node

    def __repr__(self) -> str:
        return f"Function({self.name})"


class Method(Value):
    """A function bound to its receiver, or (with a name only) a method of a library object."""

    __slots__ = ("function", "name", "receiver")

    def __init__(self, receiver: Value, name: str, function: Function | None, origin: cst.CSTNode | None) -> None:
        self.receiver = receiver
        self.name = name
        self.function = function
        self.key = Composite(("method", receiver.key, name, function.key if function else None))
        self.origin = origin


class Partial(Value):
    """`functools.partial(function, ...)`."""

    __slots__ = ("arguments", "function")

    def __init__(self, function: Value, arguments: Arguments, origin: cst.CSTNode | None) -> None:
        self.function = function
        self.arguments = arguments
        self.key = Composite(("partial", function.key, *arguments.keys()))
        self.origin = origin


class ProjectModule(Value):
    """Another file of the linted project; its names live in `scope`."""

    __slots__ = ("path", "scope")

    def __init__(self, path: str, scope: Scope, origin: cst.CSTNode | None = None) -> None:
        self.path = path
        self.scope = scope
        self.key = ("project", path)
        self.origin = origin


class Late(Value):
    """A name imported from another file of the project, not looked at yet."""

    __slots__ = ("module", "name")

    def __init__(self, module: ProjectModule, name: str, origin: cst.CSTNode | None) -> None:
        self.module = module
        self.name = name
        self.key = ("late", module.path, name)
        self.origin = origin


class Stage(msgspec.Struct, eq=False):
    """One step of an input pipeline: its source or a transformation.

    Args:
        op: method name (`batch`), or for a source the canonical name of what made it.
        node: the call (or the parameter) that makes the step.
        call: its arguments; None for a parameter.
        parent: the step before it; None for a source.
        inputs: further datasets that flow in (`zip`, `concatenate`).
        loops: nodes of the loops in which the step is built, outermost first.
        guard: the tests that were passed on the way to it.
        conduct: what the function that it is given does; None for a step without one.
        options: what `with_options` sets, by the option's name: `experimental_optimization.map_parallelization`.
        data: for a source of known data the values whose first axis it yields (`x` and `y` of `from_tensor_slices`).
        count: how many elements a source yields, when that is known.
        element: one of its elements: a tensor, or a tuple (`Items`) or dict (`Mapping`) of them; None when unknown.
        result: what the function that it is given returns.
        files: how many files a source reads, as far as that is known.
        in_test: a unit test makes it.
        names: the variables and attributes that hold the dataset, and the functions in which it is made.
        calls: the calls of the program's own functions that led here, outermost first.
    """

    op: str
    node: cst.CSTNode
    call: Arguments | None
    parent: Stage | None
    inputs: tuple[Value, ...] = ()
    loops: tuple[cst.CSTNode, ...] = ()
    guard: Guard = NO_GUARD
    conduct: Conduct | None = None
    options: dict[str, Value] = msgspec.field(default_factory=dict)
    data: tuple[Value, ...] = ()
    count: int | None = None
    element: Value | None = None
    result: Value | None = None
    files: Literal["one", "several", "unknown"] = "unknown"
    in_test: bool = False
    names: set[str] = msgspec.field(default_factory=set)
    calls: tuple[cst.CSTNode | None, ...] = ()

    def chain(self) -> tuple[Stage, ...]:
        """All steps from the source to this one."""
        steps: list[Stage] = []
        stage: Stage | None = self
        while stage is not None:
            steps.append(stage)
            stage = stage.parent
        return tuple(reversed(steps))


class Dataset(Value):
    """A `tf.data.Dataset`: its last step."""

    __slots__ = ("stage",)

    def __init__(self, stage: Stage, origin: cst.CSTNode | None = None) -> None:
        self.stage = stage
        self.key = ("dataset", id(stage))
        self.origin = origin


class DatasetIterator(Value):
    """`iter(ds)` and wrappers around a dataset that yield its elements (`enumerate`, `tqdm`, `zip`).

    `wrapper` is `iter`, `enumerate` or `zip`.
    """

    __slots__ = ("datasets", "wrapper")

    def __init__(self, datasets: tuple[Value, ...], wrapper: str, origin: cst.CSTNode | None) -> None:
        self.datasets = datasets
        self.wrapper = wrapper
        self.key = Composite(("iterator", wrapper, *(dataset.key for dataset in datasets)))
        self.origin = origin


class LayerOutput(Value):
    """A tensor that a Keras layer or model returns, or a function or operator on such tensors.

    Args:
        key: see `Interpreter.output`.
        layer: the layer or model; for a function an object of its canonical name, for an operator of its sign.
        call: what it was called with; lists and dicts as they were at that moment.
        symbolic: it flows from a `keras.Input`: no data is there yet.
    """

    __slots__ = ("call", "layer", "symbolic")

    def __init__(
        self, key: Key, layer: Object, call: Arguments, origin: cst.CSTNode | None, *, symbolic: bool = False
    ) -> None:
        self.key = key
        self.layer = layer
        self.call = call
        self.origin = origin
        self.symbolic = symbolic

    @property
    def training(self) -> Value | None:
        """The argument of that name in the call."""
        return self.call.value("training")

    @property
    def inputs(self) -> Value | None:
        """What flows in first."""
        return self.call.positional[0].value if self.call.positional else self.call.value("inputs")


class Moment(Value):
    """The state of the program at one moment, to read it later as it was.

    Args:
        state: what the store held.
        path: the tests passed.
        module: the namespace of the linted file.
        cut: whether a budget was used up before, so that something may be missing.
    """

    __slots__ = ("cut", "module", "path", "state")

    def __init__(
        self, key: Key, state: dict[Key, Value], path: dict[Key, bool], module: Scope, *, cut: bool = False
    ) -> None:
        self.key = key
        self.cut = cut
        self.state = state
        self.path = path
        self.module = module
        self.origin = None


class Choice(Value):
    """One of several values, after a branch that could not be decided.

    Each alternative carries its guard: which tests went which way. Alternatives with contradicting guards never meet.
    """

    __slots__ = ("alternatives",)

    def __init__(self, alternatives: tuple[tuple[Guard, Value], ...]) -> None:
        self.alternatives = alternatives
        self.key = Composite(("choice", frozenset((guard, value.key) for guard, value in alternatives)))
        self.origin = alternatives[0][1].origin

    def __repr__(self) -> str:
        return f"Choice({', '.join(repr(value) for _, value in self.alternatives)})"


NONE = Known(None)


def alternatives(value: Value | None) -> tuple[Value, ...]:
    """The values that this may be: itself, or the alternatives of a `Choice`."""
    if value is None:
        return ()
    if isinstance(value, Choice):
        return tuple(alternative for _, alternative in value.alternatives)
    return (value,)


def guarded(value: Value) -> tuple[tuple[Guard, Value], ...]:
    """Alternatives with their guards."""
    return value.alternatives if isinstance(value, Choice) else ((NO_GUARD, value),)


def is_known(value: Value | None, *types: type) -> bool:
    """Whether the value is a literal of exactly one of these types (bool is not int)."""
    return isinstance(value, Known) and type(value.value) in types


def known_int(value: Value | None) -> int | None:
    """The integer, if it is one and known (never a bool)."""
    return value.value if isinstance(value, Known) and type(value.value) is int else None


def is_none(value: Value | None) -> bool:
    """Whether the value is known to be None (or is absent)."""
    return value is None or (isinstance(value, Known) and value.value is None)


# Of a comparison and its opposite, values hold only the first.
_OPPOSITES = {"==": "!=", "<": ">=", "<=": ">", "in": "not in", "is": "is not"}
# Deeper expressions are cut short in messages.
_MAX_NESTING = 5


def kind_of(value: Value) -> str | None:
    """What is known of a value's type: "int", "float", "bool", "str", "tensor", "array", or None."""
    if isinstance(value, Known):
        return type(value.value).__name__
    if isinstance(value, (Expr, Symbol)):
        return value.kind
    return None


def array_of(value: Value | None) -> Array | None:
    """What is known of a value as an array or tensor: a number is one without axes."""
    if isinstance(value, (Object, Symbol, Expr)):
        return value.array
    if isinstance(value, Known):
        return Array((), _SCALARS[type(value.value)]) if type(value.value) in _SCALARS else None
    if isinstance(value, Choice):
        found = {array_of(one) for _, one in value.alternatives}
        return _common(found)
    return None


_SCALARS = {int: "int64", float: "float64", bool: "bool"}


def _common(arrays: set[Array | None]) -> Array | None:
    """What several arrays have in common."""
    known = [array for array in arrays if array is not None]
    if len(known) < len(arrays) or not known:
        return None
    first, *others = known
    shape = first.shape
    for other in others:
        if shape is None or other.shape is None or len(shape) != len(other.shape):
            shape = None
        else:
            shape = tuple(a if a == b else None for a, b in zip(shape, other.shape, strict=True))
    dtypes = {array.dtype for array in known}
    return Array(shape, first.dtype if len(dtypes) == 1 else "", first.data)


def text(value: Value | None, depth: int = 0) -> str:
    """The value as the program would write it, for messages."""
    if isinstance(value, Known):
        return repr(value.value)
    if isinstance(value, Symbol):
        return value.label
    if isinstance(value, Expr):
        return _expression_text(value, depth + 1) if depth < _MAX_NESTING else "…"
    if isinstance(value, Api):
        return value.name
    return "?"


def _expression_text(value: Expr, depth: int) -> str:
    if _is_function(value):
        return f"{value.op}({', '.join(text(operand, depth) for operand in value.operands)})"
    inner = value.operands[0]
    if value.op == "not" and isinstance(inner, Expr) and inner.op in _OPPOSITES:
        return f" {_OPPOSITES[inner.op]} ".join(grouped(operand, depth) for operand in inner.operands)
    parts = [grouped(operand, depth) for operand in value.operands]
    if len(parts) == 1:
        return f"{value.op} {parts[0]}" if value.op == "not" else f"{value.op}{parts[0]}"
    return f" {value.op} ".join(parts)


def grouped(value: Value, depth: int = 0) -> str:
    """The value as an operand, or in front of a dot or bracket."""
    plain = text(value, depth)
    return f"({plain})" if isinstance(value, Expr) and not _is_function(value) and plain != "…" else plain


def _is_function(value: Expr) -> bool:
    """Whether an expression is written `op(…)`: `len`, `math.ceil`."""
    return value.op.replace(".", "").replace("_", "").isalnum() and value.op not in {"and", "or", "not", "in", "is"}
