"""Expressions compiled to closures over integers and windows."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import libcst as cst

from bslint.analysis import arithmetic, attributes
from bslint.analysis import expressions as abstract
from bslint.analysis.values import Api, Class, Function, Known, Method, Object, Value
from bslint.analysis.windows.code import Code, Run, target
from bslint.analysis.windows.entry import KEEPING_ATTRIBUTES
from bslint.analysis.windows.library import call
from bslint.analysis.windows.values import (
    DATA,
    ENDLESS,
    INDEX,
    Array,
    Bound,
    Bounds,
    Cell,
    Closure,
    Derived,
    Drawn,
    Element,
    Frame,
    Root,
    Shape,
    Stream,
    Unknown,
    derived,
    windows_in,
    worst,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bslint.analysis.windows.machine import Machine

_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "<<": lambda a, b: a << b if b < 64 else INDEX,
    ">>": operator.rshift,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "**": lambda a, b: a**b if abs(a) < 10**6 and 0 <= b < 20 else INDEX,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compiled(code: Code, node: cst.BaseExpression) -> Run:
    """The closure of an expression."""
    made = _EXPRESSIONS.get(type(node))
    return made(code, node) if made is not None else lambda m, f: DATA


def _constant(value: Any) -> Run:
    return lambda m, f: value


def _name(code: Code, node: cst.Name) -> Run:
    name = node.value
    if name in {"None", "True", "False"}:
        return _constant({"None": None, "True": True, "False": False}[name])

    def run(m: Machine, f: Frame) -> Any:
        try:
            return f.lookup(name)
        except KeyError:
            return INDEX

    return run


def _integer(code: Code, node: cst.Integer) -> Run:
    return _constant(int(node.value, 0) if len(node.value) < 100 else INDEX)


def _float(code: Code, node: cst.Float) -> Run:
    return _constant(float(node.value.replace("_", "")))


def _string(code: Code, node: cst.SimpleString | cst.ConcatenatedString) -> Run:
    value = node.evaluated_value
    return _constant(value if isinstance(value, str) else DATA)


def _sequence(code: Code, node: cst.Tuple | cst.List | cst.Set) -> Run:
    parts = [(code.expression(one.value), isinstance(one, cst.StarredElement)) for one in node.elements]
    kind = tuple if isinstance(node, cst.Tuple) else list

    def run(m: Machine, f: Frame) -> Any:
        held: list[Any] = []
        for part, starred in parts:
            value = part(m, f)
            held.extend(m.iterate(value, node)) if starred else held.append(value)
        return kind(held)

    return run


def _dict(code: Code, node: cst.Dict) -> Run:
    pairs = [
        (code.expression(one.key), code.expression(one.value))
        for one in node.elements
        if isinstance(one, cst.DictElement)
    ]

    def run(m: Machine, f: Frame) -> Any:
        held: dict[Any, Any] = {}
        for number, (key, value) in enumerate(pairs):
            name = key(m, f)
            held[name if isinstance(name, (int, str)) else ("?", number)] = value(m, f)
        return held

    return run


# Operators


def operate(m: Machine, op: str, left: Any, right: Any, node: cst.CSTNode) -> Any:
    """`left op right`."""
    if not (isinstance(left, (int, float)) and isinstance(right, (int, float))):
        if isinstance(left, (list, tuple, str)) and type(left) is type(right) and op in {"+", "==", "!="}:
            return _BINARY[op](left, right)
        if _carries(left) or _carries(right) or windows_in(left) or windows_in(right):
            return _on_windows(m, op, left, right, node)
        one, two = m.number(left), m.number(right)
        if isinstance(one, Unknown) or isinstance(two, Unknown):
            return _on_arrays(m, op, left, right) or worst(one, two)
        left, right = one, two
    function = _BINARY.get(op)
    if function is None:
        return INDEX
    try:
        return function(left, right)
    except (TypeError, ValueError, ArithmeticError):
        return INDEX


def _carries(value: Any) -> bool:
    return isinstance(value, (Derived, Element, Array))


def _on_arrays(m: Machine, op: str, left: Any, right: Any) -> Any:
    """`images / 255`: the same samples."""
    if op not in {"+", "-", "*", "/", "//"}:
        return None
    for side, other in ((left, right), (right, left)):
        if isinstance(side, Drawn) and isinstance(m.number(other), (int, float)):
            return side
        if (
            isinstance(side, Value)
            and not isinstance(side, (Function, Class))
            and isinstance(m.number(other), (int, float))
        ):
            return m.array(side)
    return None


def _on_windows(m: Machine, op: str, left: Any, right: Any, node: cst.CSTNode) -> Any:
    if op == "+" and isinstance(left, Array) and isinstance(right, Array) and left.root is right.root:
        return _twice(m, left) if left.root.indices and left.node is None else derived((left, right))
    for side, other in ((left, right), (right, left)):
        if isinstance(side, Array) and side.root.indices and side.space is None and op in {"+", "-"}:
            number = m.number(other)
            if type(number) is int:
                number = number if op == "+" else -number
                moved = range(side.positions.start + number, side.positions.stop + number, side.positions.step)
                return Array(side.root, moved, None, None, side.node, side.moment)
        if isinstance(side, Array) and isinstance(m.number(other), (int, float)):
            return side
    m.meet((left, right), node)
    return derived((left, right))


def _twice(m: Machine, array: Array) -> Array:
    """`list(indices) + list(indices)`: windows may go around."""
    root = Root(("twice", array.root.key), 2 * len(array), indices=True)
    m.unclear.add(root.key)
    return Array(root, range(root.length), array.space)


def _binary(code: Code, node: cst.BinaryOperation) -> Run:
    left, right = code.expression(node.left), code.expression(node.right)
    op = arithmetic.OPERATORS.get(type(node.operator), "?")
    if op == "%" and not code.testing:

        def modulo(m: Machine, f: Frame) -> Any:
            one = left(m, f)
            value = operate(m, op, one, right(m, f), node)
            if isinstance(value, int) and value != one:
                m.wrapped = True
            return value

        return modulo

    def run(m: Machine, f: Frame) -> Any:
        return operate(m, op, left(m, f), right(m, f), node)

    return run


def _unary(code: Code, node: cst.UnaryOperation) -> Run:
    value = code.expression(node.expression)
    op = arithmetic.UNARY.get(type(node.operator), "?")

    def run(m: Machine, f: Frame) -> Any:
        held = value(m, f)
        if op == "not":
            outcome = m.truth(held)
            return worst(held) if outcome is None else not outcome
        if _carries(held):
            return held
        number = m.number(held)
        if isinstance(number, Unknown):
            return number
        return -number if op == "-" else +number if op == "+" else ~number if isinstance(number, int) else INDEX

    return run


def _boolean(code: Code, node: cst.BooleanOperation) -> Run:
    left, right = code.expression(node.left), code.expression(node.right)
    decisive = isinstance(node.operator, cst.Or)

    def run(m: Machine, f: Frame) -> Any:
        one = left(m, f)
        outcome = m.truth(one)
        if outcome is decisive:
            return one
        two = right(m, f)
        if outcome is None:
            settled = m.truth(two)
            return two if settled is decisive else worst(one, two)
        return two

    return run


def _comparison(code: Code, node: cst.Comparison) -> Run:
    testing, code.testing = code.testing, True
    first = code.expression(node.left)
    rest = [
        (arithmetic.COMPARISONS.get(type(one.operator), "?"), code.expression(one.comparator))
        for one in node.comparisons
    ]
    code.testing = testing

    def run(m: Machine, f: Frame) -> Any:
        left = first(m, f)
        result: Any = True
        for op, comparator in rest:
            right = comparator(m, f)
            result = _compare(m, op, left, right, node)
            if result is not True:
                return result
            left = right
        return result

    return run


def _compare(m: Machine, op: str, left: Any, right: Any, node: cst.CSTNode) -> Any:
    if op in {"is not", "not in"}:
        outcome = _compare(m, op.replace("not", "").strip(), left, right, node)
        return outcome if isinstance(outcome, Unknown) else not outcome
    if left is None or right is None:
        if op in {"is", "=="} or op == "!=":
            same = _is_none(m, left if right is None else right)
            return same if isinstance(same, Unknown) or op != "!=" else not same
        return INDEX
    if op == "is":
        return left is right if isinstance(left, (bool, int)) else m.flag()
    if op == "in":
        return _contained(m, left, right)
    if isinstance(left, (str, bool)) != isinstance(right, (str, bool)):
        known = isinstance(left, (int, float, str)) and isinstance(right, (int, float, str))
        if known or isinstance(left, str) or isinstance(right, str):
            if known:
                return bool(_BINARY[op](left, right)) if op in {"==", "!="} else INDEX
            return m.flag() if op != "!=" else not m.flag()
    return operate(m, op, left, right, node)


def _is_none(m: Machine, value: Any) -> Any:
    if value is None:
        return True
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Value) and not isinstance(value, (Object, Function, Class, Method)):
        return not m.flag()
    return False


def _contained(m: Machine, left: Any, right: Any) -> Any:
    if isinstance(right, (list, tuple, range, dict)) and isinstance(left, (int, str)):
        return left in right
    return worst(left, right) if isinstance(left, Unknown) or isinstance(right, Unknown) else m.flag()


def _conditional(code: Code, node: cst.IfExp) -> Run:
    testing, code.testing = code.testing, True
    test = code.expression(node.test)
    code.testing = testing
    then, otherwise = code.expression(node.body), code.expression(node.orelse)

    def run(m: Machine, f: Frame) -> Any:
        held = test(m, f)
        outcome = m.truth(held)
        if outcome is None:
            return derived((then(m, f), otherwise(m, f), held))
        return then(m, f) if outcome else otherwise(m, f)

    return run


def _named(code: Code, node: cst.NamedExpr) -> Run:
    value, put = code.expression(node.value), target(code, node.target)

    def run(m: Machine, f: Frame) -> Any:
        held = value(m, f)
        put(m, f, held)
        return held

    return run


# Functions and comprehensions


def defaults(code: Code, params: cst.Parameters) -> dict[str, Run]:
    """The defaults of parameters."""
    every = (*params.posonly_params, *params.params, *params.kwonly_params)
    return {one.name.value: code.expression(one.default) for one in every if one.default is not None}


def _lambda(code: Code, node: cst.Lambda) -> Run:
    evaluated = defaults(code, node.params)

    def run(m: Machine, f: Frame) -> Any:
        return Closure(node, f, {name: value(m, f) for name, value in evaluated.items()})

    return run


def _comprehension(code: Code, node: cst.ListComp | cst.SetComp | cst.GeneratorExp) -> Run:
    element = code.expression(node.elt)
    produce = _clause(code, node.for_in, element)
    single = node.for_in.inner_for_in is None and not node.for_in.ifs
    iterable, put = code.expression(node.for_in.iter), target(code, node.for_in.target)

    def run(m: Machine, f: Frame) -> Any:
        inner = Frame(f)
        source = iterable(m, f)
        if single and isinstance(source, Array):
            put(m, inner, Element(source))
            made = element(m, inner)
            return made.window if isinstance(made, Element) else derived((made, source))
        values = produce(m, inner, m.iterate(source, node))
        return Stream(values) if isinstance(node, cst.GeneratorExp) else list(values)

    return run


def _dict_comprehension(code: Code, node: cst.DictComp) -> Run:
    key, value = code.expression(node.key), code.expression(node.value)
    produce = _clause(code, node.for_in, lambda m, f: (key(m, f), value(m, f)))

    def run(m: Machine, f: Frame) -> Any:
        pairs = list(produce(m, Frame(f), None))
        return {name: held for name, held in pairs if isinstance(name, (int, str))}

    return run


def _clause(
    code: Code, clause: cst.CompFor, element: Run
) -> Callable[[Machine, Frame, Iterator[Any] | None], Iterator[Any]]:
    iterable, put = code.expression(clause.iter), target(code, clause.target)
    tests = [code.expression(one.test) for one in clause.ifs]
    inner = _clause(code, clause.inner_for_in, element) if clause.inner_for_in is not None else None

    def produce(m: Machine, f: Frame, values: Iterator[Any] | None) -> Iterator[Any]:
        entry = m.loop(clause)
        for value in values if values is not None else m.iterate(iterable(m, f), clause):
            entry[1] += 1
            m.tick()
            put(m, f, value)
            m.loops.append(entry)
            held = list(inner(m, f, None)) if inner is not None else None
            passed = all(m.truth(test(m, f)) is not False for test in tests)
            made = [element(m, f)] if held is None and passed else held or []
            m.loops.pop()
            yield from made

    return produce


# Attributes


def _attribute(code: Code, node: cst.Attribute) -> Run:
    base, name = code.expression(node.value), node.attr.value

    def run(m: Machine, f: Frame) -> Any:
        return attribute(m, base(m, f), name, node)

    return run


def attribute(m: Machine, value: Any, name: str, node: cst.CSTNode) -> Any:
    """The value of `value.name`."""
    if isinstance(value, Value):
        return _of_value(m, value, name, node)
    if isinstance(value, Drawn):
        return _of_drawn(m, value, name)
    if isinstance(value, (Array, Derived, Element)):
        if name == "shape" and not isinstance(value, Element):
            return Shape(value)
        if name == "size" and isinstance(value, Array):
            return m.entry.measured(value)
        if name in KEEPING_ATTRIBUTES:
            return value
        return Bound(value, name)
    return Bound(value, name)


def _of_drawn(m: Machine, value: Drawn, name: str) -> Any:
    array = m.array(value) if name in {"shape", "size"} else None
    if array is not None:
        return Shape(array) if name == "shape" else m.entry.measured(array)
    return value if name in KEEPING_ATTRIBUTES else Bound(value, name)


def _of_value(m: Machine, value: Value, name: str, node: cst.CSTNode) -> Any:
    stored = m.attributes.get((value.key, name), m)
    if stored is not m:
        return stored
    if name == "iterations" and isinstance(value, Object) and m.it.field(value, name) is None:
        return m.attributes.setdefault((value.key, name), Cell(0))
    if isinstance(value, Object) and isinstance(value.type, Class) and m.it.field(value, name) is None:
        found = attributes.of_class(m.it, value.type, name)
        if isinstance(found, Function):
            made = Method(value, name, found, node)
            is_property = {"property", "functools.cached_property"} & set(found.decorators)
            if "staticmethod" in found.decorators:
                return found
            return call(m, made, [], {}, node) if is_property else made
    found = m.entry.convert(attributes.get(m.it, value, name, node))
    if isinstance(value, Api):
        m.attributes[(value.key, name)] = found
    return found


# Subscripts


def _subscript(code: Code, node: cst.Subscript) -> Run:
    base = code.expression(node.value)
    parts: list[tuple[Run | None, ...]] = []
    for axis, element in enumerate(node.slice):
        part = element.slice
        bounds = (part.lower, part.upper, part.step) if isinstance(part, cst.Slice) else (part.value,)  # type: ignore[attr-defined]
        if axis > 0 and all(one is None or _is_literal(one) for one in bounds):
            bounds = (None,)  # the same columns of every window
        parts.append(tuple(code.expression(one) if one is not None else None for one in bounds))

    def run(m: Machine, f: Frame) -> Any:
        held = base(m, f)
        given = [tuple(one(m, f) if one is not None else None for one in part) for part in parts]
        return (
            _item(m, held, given[0][0], node)
            if len(given) == 1 and len(given[0]) == 1
            else _sliced(m, held, given, node)
        )

    return run


def _sliced(m: Machine, base: Any, given: list[tuple[Any, ...]], node: cst.CSTNode) -> Any:
    moving = [axis for axis, part in enumerate(given) if not _whole(part)]
    if isinstance(base, (list, tuple, str, range)) and len(given) == 1:
        bounds = [one if one is None else m.number(one) for one in given[0]]
        if all(one is None or type(one) is int for one in bounds) and bounds[2] != 0:
            return base[slice(*bounds)]
        return worst(*bounds, INDEX)
    if not moving:
        return base
    axis = moving[0]
    cuttable = isinstance(base, Drawn) or not isinstance(base, (Unknown, Shape))
    array = m.array(base, axis) if cuttable else None
    if array is None or len(moving) > 1 or len(given[axis]) == 1 or array.root.axis != axis:
        return _picked(m, array, base, given, axis)
    lower, upper, step = given[axis]
    return cut(m, array, lower, upper, step, node)


def _is_literal(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Integer) or (isinstance(node, cst.UnaryOperation) and _is_literal(node.expression))


def _whole(part: tuple[Any, ...]) -> bool:
    """Whether one part of a subscript keeps a whole axis, or adds one: `:`, `...`, `None`."""
    if len(part) == 1:
        return part[0] is None or part[0] is ...
    return part[1] is None and part[2] is None and (part[0] is None or (type(part[0]) is int and part[0] == 0))


def _picked(m: Machine, array: Array | None, base: Any, given: list[tuple[Any, ...]], axis: int) -> Any:
    """A subscript that is no window: several axes move, or an index picks one."""
    if array is not None and axis > 0 and len(given[axis]) == 1 and isinstance(given[axis][0], int):
        return base
    if array is not None:
        m.unclear.add(array.root.key)
    return derived((base, *(one for part in given for one in part)), keeps_length=False)


def cut(m: Machine, array: Array, lower: Any, upper: Any, step: Any, node: cst.CSTNode) -> Any:
    """`array[lower:upper:step]`, a window."""
    bounds = [one if one is None else m.number(one) for one in (lower, upper, step)]
    if any(not (one is None or type(one) is int) for one in bounds) or bounds[2] == 0:
        m.unclear.add(array.root.key)
        return worst(*bounds, *([INDEX] if any(isinstance(one, float) for one in bounds) else []))
    start, stop, _ = bounds
    if len(array) >= ENDLESS // 2 and any(one is not None and one < 0 for one in (start, stop)):
        m.unclear.add(array.root.key)
        return INDEX
    positions = array.positions[slice(*bounds)]
    first, last, stride = array.positions.start, array.positions.stop, array.positions.step
    plain = stride == 1 and bounds[2] in {None, 1} and (start is None or start >= 0) and (stop is None or stop >= 0)
    raw = (first + (start or 0), first + stop if stop is not None else last) if plain else None
    parent = array if array.node is not None else None
    return m.cut(Array(array.root, positions, array.space, raw, node, parent=parent))


def _item(m: Machine, base: Any, index: Any, node: cst.CSTNode) -> Any:
    if isinstance(index, Bounds):
        return _sliced(m, base, [(index.start, index.stop, index.step)], node)
    if isinstance(base, (list, tuple, str, range)):
        at = m.number(index)
        return base[at] if type(at) is int and -len(base) <= at < len(base) else worst(at, INDEX)
    if isinstance(base, dict):
        return base[index] if isinstance(index, (int, str)) and index in base else INDEX
    if isinstance(base, Shape):
        at = m.number(index)
        return size(m, base, at) if type(at) is int else worst(at, INDEX)
    if index is None or index is ...:
        return base
    if isinstance(base, Drawn):
        return _item_of_drawn(m, base, index)
    return _item_of_array(m, base, index, node)


def _item_of_array(m: Machine, base: Any, index: Any, node: cst.CSTNode) -> Any:
    if isinstance(base, (Unknown, Stream, Bound, Closure, Cell)):
        return derived((index,), keeps_length=False) if windows_in(index) else worst(base, index)
    if isinstance(index, (Array, Element)):
        return gathered(m, base, index)
    if isinstance(base, Value):
        return _item_of_value(m, base, index, node)
    if isinstance(base, Array) and base.root.indices and base.space is None:
        at = m.number(index)
        return base.positions[at] if type(at) is int and -len(base) <= at < len(base) else worst(at, INDEX)
    return derived((base, index), keeps_length=False)


def _item_of_drawn(m: Machine, base: Drawn, index: Any) -> Any:
    if isinstance(index, (Array, Element)):
        return gathered(m, base, index)
    if isinstance(index, (int, str)):
        return base.part(index)
    return derived((index,), keeps_length=False) if windows_in(index) else worst(base, index)


def _item_of_value(m: Machine, base: Value, index: Any, node: cst.CSTNode) -> Any:
    if isinstance(base, Object) and isinstance(base.type, Class):
        found = attributes.of_class(m.it, base.type, "__getitem__")
        if isinstance(found, Function):
            return call(m, Method(base, "__getitem__", found, node), [index], {}, node)
    if isinstance(index, (int, str)):
        return m.entry.convert(abstract.item(m.it, base, Known(index), node))
    if isinstance(index, (Unknown, Derived)):
        m.unclear.add((base.key, 0))
        return worst(index)
    return derived((index,), keeps_length=False)


def gathered(m: Machine, base: Any, index: Array | Element) -> Any:
    """`x[idx[a:b]]`: the window of `x` through the indices."""
    window = index.window if isinstance(index, Element) else index
    array = m.array(base)
    if array is None or array.space is not array.root.space:
        return derived((base, index))
    root = array.root
    if array.node is not None:  # the indices count within the part that is passed on
        root = Root(("part", id(array.node), root.key), len(array), symbol=root.symbol)
    space = window.space if window.root.indices else window.root.key
    made = Array(root, window.positions, space, window.raw, window.node, window.moment)
    m.windows.append(made)
    return Element(made) if isinstance(index, Element) else made


def size(m: Machine, shape: Shape, axis: int) -> Any:
    """`shape[axis]`."""
    held = shape.of
    if isinstance(held, Array):
        return m.entry.measured(held) if axis == held.root.axis else DATA
    return held.length if axis == 0 and held.length is not None else DATA


def _call(code: Code, node: cst.Call) -> Run:
    function = code.expression(node.func)
    given = [
        (code.expression(arg.value), arg.star, arg.keyword.value if arg.keyword is not None else None)
        for arg in node.args
    ]

    def run(m: Machine, f: Frame) -> Any:
        callee = function(m, f)
        positional: list[Any] = []
        keywords: dict[str, Any] = {}
        for value, star, keyword in given:
            held = value(m, f)
            if star == "*":
                positional.extend(m.iterate(held, node))
            elif star == "**":
                keywords.update(
                    {key: one for key, one in held.items() if isinstance(key, str)} if isinstance(held, dict) else {}
                )
            elif keyword is not None:
                keywords[keyword] = held
            else:
                positional.append(held)
        return call(m, callee, positional, keywords, node)

    return run


_EXPRESSIONS: dict[type, Callable[[Code, Any], Run]] = {
    cst.Name: _name,
    cst.Integer: _integer,
    cst.Float: _float,
    cst.SimpleString: _string,
    cst.ConcatenatedString: _string,
    cst.Ellipsis: lambda code, node: _constant(...),
    cst.Tuple: _sequence,
    cst.List: _sequence,
    cst.Set: _sequence,
    cst.Dict: _dict,
    cst.BinaryOperation: _binary,
    cst.UnaryOperation: _unary,
    cst.BooleanOperation: _boolean,
    cst.Comparison: _comparison,
    cst.IfExp: _conditional,
    cst.NamedExpr: _named,
    cst.Lambda: _lambda,
    cst.ListComp: _comprehension,
    cst.SetComp: _comprehension,
    cst.GeneratorExp: _comprehension,
    cst.DictComp: _dict_comprehension,
    cst.Attribute: _attribute,
    cst.Subscript: _subscript,
    cst.Call: _call,
    cst.Await: lambda code, node: code.expression(node.expression),
}
