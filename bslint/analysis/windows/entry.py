"""What the program's values are when a loop nest is entered: numbers under an assignment, arrays with a length."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any

import msgspec

from bslint.analysis import flow
from bslint.analysis.interpreter import consistent
from bslint.analysis.values import (
    Api,
    Choice,
    Class,
    Composite,
    Expr,
    Items,
    Key,
    Known,
    Method,
    Object,
    Symbol,
    Value,
    array_of,
    text,
)
from bslint.analysis.windows.values import DATA, ENDLESS, INDEX, RANDOM, Array, Cell, Drawn, Root, Unknown, worst

if TYPE_CHECKING:
    from collections.abc import Callable

    from bslint.analysis.interpreter import Interpreter
    from bslint.analysis.values import Function

# Functions and methods that give an array of as many samples as their first argument, in the same order.
KEEPING = frozenset(
    [
        "array",
        "asarray",
        "ascontiguousarray",
        "float32",
        "float64",
        "astype",
        "copy",
        "cast",
        "convert_to_tensor",
        "constant",
        "expand_dims",
        "identity",
        "to_categorical",
        "one_hot",
        "reshape",
        "clip",
        "abs",
        "sqrt",
        "log",
        "exp",
        "square",
        "normalize",
        "fillna",
        "to_numpy",
        "numpy",
        "squeeze",
        "round",
        "stop_gradient",
        "preprocess_input",
        "float32",
        "int32",
        "int64",
        "asanyarray",
        "map",
        "fit_transform",
        "transform",
        "flip",
        "standardize",
        "pad_sequences",
        "as_matrix",
        "toarray",
        "todense",
        "contiguous",
        "detach",
        "cpu",
        "nan_to_num",
        "one_hot_encode",
        "argmax",
        "tolist",
        "list",
        "tuple",
    ]
)
KEEPING_ATTRIBUTES = frozenset(["values", "iloc", "data", "array", "flat"])
SHUFFLES = frozenset(["permutation", "shuffle", "permuted"])
DRAWS = frozenset("randint choice integers sample random uniform normal random_sample".split())
_SHAPED = frozenset(
    [
        "zeros",
        "ones",
        "empty",
        "full",
        "normal",
        "uniform",
        "random",
        "random_sample",
        "randint",
        "truncated_normal",
        "fill",
    ]
)
_OPERATIONS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "min": min,
    "max": max,
    "int": int,
    "float": float,
    "abs": abs,
    "round": round,
    "bool": bool,
    "math.ceil": math.ceil,
    "math.floor": math.floor,
    "math.trunc": math.trunc,
    "numpy.ceil": lambda value: float(math.ceil(value)),
    "numpy.floor": lambda value: float(math.floor(value)),
    "numpy.round": lambda value: float(round(value)),
    "numpy.floor_divide": operator.floordiv,
    "numpy.divide": operator.truediv,
    "numpy.true_divide": operator.truediv,
}
# What is made of a number of samples when it is divided into batches.
_PORTIONS = frozenset("/ // int math.ceil math.floor numpy.ceil numpy.floor".split())
# What symbols stand for numbers: those of the caller, another module, the command line, a call before the loops.
_FREE = frozenset(
    ("parameter", "global", "attribute of", "item of", "part of", "unparsed", "flag", "import", "site", "read")
)
# Libraries whose attributes and results are arrays, or numbers that the machine knows when it can.
_COMPUTING = frozenset("tf keras numpy math random scipy pandas sklearn jax torch cv2 h5py time secrets".split())
# Methods of settings: what they give is the same every time, and a number where one is used.
READINGS = frozenset("get getint getfloat getenv pop int value_of".split())


class Assignment(msgspec.Struct, eq=False):
    """What the unknown numbers are in one run.

    Args:
        length: the length of every array whose length the program asks for and does not say.
        counts: the values of the other unknown numbers, in the order of their first use; the last one repeats.
        flags: how tests come out that nothing in sight decides.
        elements: how many elements an iterable out of sight has.
        given: the values of some of the unknown numbers.
    """

    length: int = 4096
    counts: tuple[int, ...] = (5, 3, 7, 2)
    flags: bool = True
    elements: int = 2
    given: dict[Key, int] = msgspec.field(default_factory=dict)


class Entry:
    """The values at the entry of a nest, under one assignment.

    Args:
        it: the interpreter.
        assignment: what unknown numbers are.
        resume: starts a generator of the program that was called before.
    """

    def __init__(
        self, it: Interpreter, assignment: Assignment, resume: Callable[[Function, dict[str, Any]], Any]
    ) -> None:
        self.it = it
        self.resume = resume
        self.assignment = assignment
        self.counts: dict[Key, tuple[str, int]] = {}
        self.asked: dict[Key, int] = {}
        self.flagged = False
        self._heap: dict[Key, Any] = {}
        self._roots: dict[Key, Root] = {}
        self._path = dict(it.path)

    def convert(self, value: Value) -> Any:
        """A value of the analysis as one of the machine; those that mean nothing to it stay what they are."""
        if isinstance(value, Known):
            return value.value
        if isinstance(value, Choice):
            return self.convert(self._picked(value))
        if isinstance(value, Items):
            return tuple(map(self.convert, value.items)) if value.complete else INDEX
        if isinstance(value, Object) and isinstance(value.type, str):
            if value.key not in self._heap:
                self._heap[value.key] = self._object(value, value.type)
            return self._heap[value.key]
        return value

    def _picked(self, value: Choice) -> Value:
        for guard, one in value.alternatives:
            if consistent(guard, self._path):
                self._path.update(guard)
                return one
        return value.alternatives[0][1]

    def _object(self, value: Object, type_: str) -> Any:
        items, entries = self.it.contents(value), self.it.mapping(value)
        if items is not None:
            return list(map(self.convert, items.items)) if items.complete else value
        if entries is not None:
            return {name: self.convert(one) for name, one in entries.items.items()} if entries.complete else value
        if type_ == "range":
            return self._range(value)
        if value.key in self.it.generators:
            function, bound = self.it.generators[value.key]
            return self.resume(function, {name: self.convert(one) for name, one in bound.items()})
        if value.call is None:
            return value
        first = value.call.positional[0].value if value.call.positional else value.call.value("initial_value")
        if type_ == "tf.Variable" and first is not None:
            start = self.number(first)
            if isinstance(start, Unknown) and self._is_window(first):
                return Cell(DATA)  # what it holds at the entry is no window of the nest; what is assigned may be one
            return value if isinstance(start, Unknown) else Cell(start)
        return self._indices(value, type_, first) or value

    def _is_window(self, value: Value) -> bool:
        base = self._base(value)
        return isinstance(base, Symbol) and isinstance(base.key, (tuple, Composite)) and base.key[0] == "slice"

    def _range(self, value: Object) -> Any:
        bounds = [self.number(argument.value) for argument in value.call.positional] if value.call else []
        if not bounds or not all(type(bound) is int for bound in bounds) or (len(bounds) == 3 and bounds[2] == 0):
            return worst(*bounds, INDEX)
        return range(*bounds)

    def _indices(self, value: Object, type_: str, first: Value | None) -> Array | None:
        """Arrays of indices made before the loops: `np.arange(n)`, `np.random.permutation(n)`."""
        if type_ in {"numpy.arange", "tf.range"}:
            positions = self._range(value)
            return naturals(positions) if isinstance(positions, range) else None
        if type_.rpartition(".")[2] not in SHUFFLES or first is None:
            return None
        inner = self.convert(first)
        if isinstance(inner, (int, float, Expr)) or (isinstance(inner, Symbol) and inner.kind == "int"):
            count = self.number(first)
            return permuted(int(count), value.key, inner) if isinstance(count, (int, float)) else None
        if isinstance(inner, Array) and inner.root.indices:
            return permuted(len(inner), value.key)
        return None

    # Numbers

    def number(self, value: Any) -> Any:
        """An int or float, or why there is none."""
        if isinstance(value, Known):
            return value.value if isinstance(value.value, (int, float)) else INDEX
        if isinstance(value, Choice):
            return self.number(self._picked(value))
        if isinstance(value, Expr):
            return self._expression(value)
        if isinstance(value, Symbol):
            return self._symbol(value)
        if isinstance(value, Object):
            return self._number_object(value)
        return self._free(value) if _is_elsewhere(value) else INDEX

    def _expression(self, value: Expr) -> Any:
        if value.op == "len":
            return self.length(value.operands[0])
        operation = _OPERATIONS.get(value.op)
        if operation is None:
            return INDEX
        operands = [self.number(operand) for operand in value.operands]
        if any(isinstance(operand, Unknown) for operand in operands):
            return worst(*operands)
        if value.op == "-" and len(operands) == 1:
            return -operands[0]
        try:
            return operation(*operands)
        except (TypeError, ValueError, ArithmeticError):
            return INDEX

    def _number_object(self, value: Object) -> Any:
        converted = self.convert(value)
        if isinstance(converted, Cell):
            return converted.value
        if not isinstance(value.type, str) or value.call is None:
            return INDEX
        if _is_elsewhere(value):
            return self._free(value)
        last = value.type.rpartition(".")[2]
        first = value.call.positional[0].value if value.call.positional else None
        if last in {"cast", "constant", "int32", "int64", "convert_to_tensor"} and first is not None:
            return self.number(first)
        if last in {"size", "shape"}:
            return INDEX
        return RANDOM if ".random." in value.type or value.type.startswith("random.") else INDEX

    def _symbol(self, value: Symbol) -> Any:
        axis = axis_of(value)
        if axis is not None:
            return self.length(axis[0], axis[1])
        if value.kind in {"tensor", "array", "gradient", "str", "never"}:
            return DATA
        kind = value.key[0] if isinstance(value.key, tuple) and value.key else None
        if kind == "site" and isinstance(value.base, Method) and value.base.name in DRAWS:
            return RANDOM
        return self._free(value) if kind in _FREE or value.key in self.counts else INDEX

    def _free(self, value: Value) -> int:
        """A number that nothing in sight tells: it is the same wherever it is the same value."""
        if ("number", value.key) in self.asked:
            return self.assignment.length
        if value.key not in self.counts:
            counts = self.assignment.counts
            number = self.assignment.given.get(value.key, counts[min(len(self.counts), len(counts) - 1)])
            self.counts[value.key] = (text(value), number)
        return self.counts[value.key][1]

    def bounds(self, value: Any) -> None:
        """A number out of sight is where a range ends that goes by batches: it counts samples, in later runs."""
        while isinstance(value, Expr) and value.op in _PORTIONS:
            value = value.operands[0]
        if isinstance(value, Value) and value.key in self.counts:
            self.asked[("number", value.key)] = self.assignment.length

    def counts_numbers(self) -> bool:
        """Whether any number out of sight is taken for a number of samples."""
        return any(isinstance(key, tuple) and key[0] == "number" for key in self.asked)

    def counts_samples(self, key: Key) -> bool:
        """Whether a number out of sight is taken for a number of samples."""
        return ("number", key) in self.asked

    # Arrays

    def length(self, value: Value, axis: int = 0) -> Any:
        """The length of an array that the program asks for."""
        base = self._base(value)
        known = self._known_length(base, axis)
        if known is not None:
            return known
        key = (base.key, axis)
        self.asked[key] = self.assignment.length
        if key in self._roots:
            self._roots[key].length = self.assignment.length
        return self.asked[key]

    def array(self, value: Any, axis: int = 0) -> Array | None:
        """A value that is sliced, as an array; None when it can't be one."""
        if isinstance(value, Array):
            return value
        if isinstance(value, Drawn):
            return self._drawn(value, axis)
        if not isinstance(value, (Symbol, Object, Expr)) and not _is_elsewhere(value):
            return None
        base = self._base(value)
        key = (base.key, axis)
        if key not in self._roots:
            known = self._known_length(base, axis)
            length = known if known is not None else self.asked.get(key, ENDLESS)
            root = self._roots[key] = Root(key, length, symbol=None if known is not None else key, axis=axis)
            described = array_of(base)
            root.samples = described is not None and bool(described.data)
        root = self._roots[key]
        return Array(root, range(root.length), root.space)

    def _drawn(self, value: Drawn, axis: int) -> Array:
        """Something from out of sight that is sliced."""
        key = (value.key, axis)
        if key not in self._roots:
            known = value.length if axis == 0 else None
            length = known if known is not None else self.asked.get(key, ENDLESS)
            root = self._roots[key] = Root(key, length, symbol=None if known is not None else key, axis=axis)
            root.samples = value.samples and axis == 0
        root = self._roots[key]
        return Array(root, range(root.length), root.space)

    def measured(self, array: Array) -> int:
        """The length of an array of the machine that the program asks for."""
        symbol = array.root.symbol
        if symbol is None or array.root.length < ENDLESS // 2:
            return len(array)
        self.asked[symbol] = self.assignment.length
        if symbol in self._roots:
            self._roots[symbol].length = self.assignment.length
        return min(len(array), self.assignment.length)

    def will_ask(self, keys: dict[Key, int]) -> None:
        """Lengths that an earlier run asked for: they hold from the beginning."""
        self.asked = dict.fromkeys(keys, self.assignment.length)

    def _base(self, value: Value) -> Value:
        """The array that has the same samples: `x` of `x.astype("float32") / 255`."""
        for _ in range(12):
            inner = self._kept(value)
            if inner is None:
                break
            value = self._picked(inner) if isinstance(inner, Choice) else inner
        return value

    def _kept(self, value: Value) -> Value | None:
        if isinstance(value, Choice):
            return self._picked(value)
        if isinstance(value, Expr) and value.op in {"+", "-", "*", "/", "//"}:
            return next((one for one in value.operands if not isinstance(one, Known)), None)
        if isinstance(value, Symbol) and isinstance(value.base, Symbol) and value.base.attribute in KEEPING:
            return value.base.base
        if isinstance(value, Symbol) and value.attribute in KEEPING_ATTRIBUTES:
            return value.base
        if not isinstance(value, Object) or not isinstance(value.type, str):
            return None
        name, given, receiver = flow.arguments_of(self.it, value)
        first = receiver if receiver is not None else next(iter(given), None)
        return first if name in KEEPING and first is not None and _is_array(first) else None

    def _known_length(self, base: Value, axis: int) -> int | None:
        """The length that is written where an array is made, or that its source is known to have."""
        described = array_of(base)
        shape = described.shape if described is not None and described.shape is not None else ()
        if axis < len(shape) and shape[axis] is not None:
            return shape[axis]
        if not isinstance(base, Object) or not isinstance(base.type, str) or base.call is None:
            items = self.it.contents(base)
            return len(items.items) if items is not None and items.complete and axis == 0 else None
        last = base.type.rpartition(".")[2]
        if last in {"rand", "randn"}:
            sizes: tuple[Value, ...] = tuple(argument.value for argument in base.call.positional)
        elif last in _SHAPED and base.type.startswith(("numpy.", "tf.")):
            given = base.call.value("size") or base.call.value("shape")
            if given is None and not (
                base.type.startswith("numpy.random.") and last in {"normal", "uniform", "randint"}
            ):
                given = base.call.value("shape", 0)
            held = self.it.contents(given) if given is not None else None
            sizes = held.items if held is not None else (given,) if given is not None else ()
        else:
            return None
        size = self.number(sizes[axis]) if axis < len(sizes) else None
        return size if type(size) is int and size >= 0 else None


def _is_elsewhere(value: Any) -> bool:
    """Whether a value is that of a module, a file or a call out of sight: `settings.SIZE`, `parse().size`, `load()`."""
    if isinstance(value, Method):
        owner = value.receiver
        inherited = isinstance(owner, Object) and isinstance(owner.type, Class)  # by a class that is not in sight
        return value.function is None and (inherited or _is_elsewhere(owner))
    name = value.name if isinstance(value, Api) else value.type if isinstance(value, Object) else None
    return isinstance(name, str) and "." in name and name.partition(".")[0] not in _COMPUTING


def _is_array(value: Value) -> bool:
    return not (isinstance(value, (Known, Items)) or (isinstance(value, Object) and value.type in {"list", "dict"}))


def axis_of(value: Symbol) -> tuple[Value, int] | None:
    """The array and axis whose length this is: `x.shape[0]`, `n, d = x.shape`, `tf.shape(x)[0]`."""
    key, base = value.key, value.base
    if not isinstance(key, tuple) or key[0] not in {"item of", "part of"} or base is None:
        return None
    axis = key[-1]
    if isinstance(axis, tuple) and axis[:2] == ("known", int):
        axis = axis[2]
    measured = _measured(base) if type(axis) is int and axis >= 0 else None
    return (measured, axis) if measured is not None else None


def _measured(base: Value) -> Value | None:
    """The array whose shape this is."""
    for _ in range(3):
        if isinstance(base, Object) and base.type in {"tf.shape", "numpy.shape"} and base.call and base.call.positional:
            return base.call.positional[0].value
        if isinstance(base, Method):
            return base.receiver if base.name in {"shape", "dims"} else None
        if not isinstance(base, Symbol):
            return None
        if base.attribute in {"shape", "dims"} and base.base is not None:
            return base.base
        inner = base.base
        if base.attribute is None and isinstance(inner, Symbol) and inner.attribute == "get_shape" and inner.base:
            return inner.base
        if inner is None:
            return None
        base = inner.base if isinstance(inner, Symbol) and inner.attribute == "as_list" and inner.base else inner
    return None


def naturals(positions: range) -> Array:
    """The integers of a range as an array of indices."""
    return Array(Root(("naturals",), ENDLESS, indices=True), positions)


def permuted(count: int, key: Key, of: Any = None) -> Array:
    """A permutation of so many indices, asked for with `of`."""
    root = Root(key, count, indices=True)
    root.count = of.key if isinstance(of, Symbol) and axis_of(of) is None else None
    return Array(root, range(max(count, 0)), space=key)


def is_number(value: Any) -> bool:
    """Whether a value of the machine is a number."""
    return isinstance(value, (int, float))
