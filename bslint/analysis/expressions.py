"""What expressions evaluate to."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING, Any

import libcst as cst

from bslint.analysis import (
    accumulation,
    arithmetic,
    attributes,
    calls,
    configs,
    containers,
    iterations,
    keeping,
    keras,
    models,
    names,
    shapes,
    symbolic,
    tapes,
)
from bslint.analysis.arguments import Argument, Arguments
from bslint.analysis.containers import MAX_ITEMS
from bslint.analysis.values import (
    NONE,
    Api,
    Choice,
    Class,
    Composite,
    Dataset,
    Function,
    Items,
    Known,
    Mapping,
    Method,
    Object,
    Partial,
    Symbol,
    Value,
    array_of,
    grouped,
    is_known,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bslint.analysis.interpreter import Flow, Interpreter
    from bslint.analysis.values import Guard

# Python itself reads no longer numbers.
_LONGEST_NUMBER = 4_300


def evaluate(it: Interpreter, node: cst.BaseExpression) -> Value:
    """The value of an expression."""
    handler = _EXPRESSIONS.get(type(node))
    value = handler(it, node) if handler else it.unknown(node)
    if it.notes is not None:
        _note(it.notes, node, value)
    return value


def _note(notes: dict[int, Value | None], node: cst.CSTNode, value: Value) -> None:
    """Keep what an expression was every time that it was evaluated; None where that differed."""
    before = notes.setdefault(id(node), value)
    if before is not None and before.key != value.key:
        notes[id(node)] = None


def _name(it: Interpreter, node: cst.Name) -> Value:
    name = node.value
    constant = _CONSTANTS.get(name)
    if constant is not None:
        return Known(constant[0], node)
    value = it.lookup(name, it.frame.scope)
    if value is not None:
        return value
    if it.loops:
        it.missed.append(name)
    return calls.builtin(it, name, node)


def _integer(it: Interpreter, node: cst.Integer) -> Value:
    return Known(int(node.value, 0), node) if len(node.value) < _LONGEST_NUMBER else it.unknown(node, kind="int")


def _ellipsis(it: Interpreter, node: cst.Ellipsis) -> Value:
    return Known(..., node)


def _number(it: Interpreter, node: cst.Float | cst.Imaginary) -> Value:
    # `literal_eval` compiles: twenty times slower.
    return Known(float(node.value) if isinstance(node, cst.Float) else ast.literal_eval(node.value), node)


def _string(it: Interpreter, node: cst.SimpleString | cst.ConcatenatedString) -> Value:
    if isinstance(node, cst.SimpleString) and node.value[0] in "\"'" and "\\" not in node.value:
        quotes = 3 if node.value[:3] in {'"""', "'''"} else 1
        return Known(node.value[quotes:-quotes], node)
    value = node.evaluated_value
    return Known(value, node) if isinstance(value, (str, bytes)) else it.unknown(node, kind="str")


def _formatted(it: Interpreter, node: cst.FormattedString) -> Value:
    texts: list[str] | None = []
    for part in node.parts:
        text = _formatted_part(it, part)
        texts = [*texts, text] if texts is not None and text is not None else None
    return Known("".join(texts), node) if texts is not None else it.unknown(node, kind="str")


def _formatted_part(it: Interpreter, part: cst.BaseFormattedStringContent) -> str | None:
    if isinstance(part, cst.FormattedStringText):
        return part.value if "\\" not in part.value and "{{" not in part.value else None
    if not isinstance(part, cst.FormattedStringExpression):
        return None
    value = it.evaluate(part.expression)
    plain = part.format_spec is None and part.conversion is None
    return str(value.value) if plain and isinstance(value, Known) and is_known(value, int, str) else None


def elements(it: Interpreter, nodes: Iterable[cst.BaseElement]) -> Items:
    """The items of a list, tuple or set display, stars unpacked."""
    items: list[Value] = []
    complete = True
    for element in nodes:
        if len(items) >= MAX_ITEMS:
            return Items(tuple(items), complete=False)
        value = it.evaluate(element.value)
        if isinstance(element, cst.StarredElement):
            inner = it.contents(value)
            items.extend(inner.items if inner else ())
            complete = complete and inner is not None and inner.complete
        else:
            items.append(value)
    return Items(tuple(items), complete=complete)


def _tuple(it: Interpreter, node: cst.Tuple) -> Value:
    items = elements(it, node.elements)
    return Items(items.items, node, complete=items.complete)


def _list(it: Interpreter, node: cst.List | cst.Set) -> Value:
    return it.new_list(elements(it, node.elements), node)


def _dict(it: Interpreter, node: cst.Dict) -> Value:
    entries: dict[Any, Value] = {}
    complete = len(node.elements) <= MAX_ITEMS
    for element in node.elements[:MAX_ITEMS]:
        value = it.evaluate(element.value)
        if isinstance(element, cst.DictElement):
            key = it.evaluate(element.key)
            if isinstance(key, Known):
                entries[key.value] = value
            else:
                complete = False
        else:
            inner = it.mapping(value)
            entries.update(inner.items if inner else {})
            complete = complete and inner is not None and inner.complete
    return it.new_dict(Mapping(entries, node, complete=complete), node)


def _attribute(it: Interpreter, node: cst.Attribute) -> Value:
    base = it.evaluate(node.value)
    return it.lift(lambda value: attributes.get(it, value, node.attr.value, node), base)


def _subscript(it: Interpreter, node: cst.Subscript) -> Value:
    base = it.evaluate(node.value)
    if len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Index):
        index = it.evaluate(node.slice[0].slice.value)
        return it.lift(lambda value, at: item(it, value, at, node), base, index)
    if it.mapping(base) is not None and (key := whole_index(it, node)) is not None:
        return item(it, base, key, node)
    bounds: list[Value] = []
    for part in node.slice:
        if isinstance(part.slice, cst.Slice):
            bounds.append(_slice(it, part.slice))
        elif isinstance(part.slice, cst.Index):
            bounds.append(it.evaluate(part.slice.value))
    return it.lift(lambda value: _sliced(it, value, bounds, node), base)


def whole_index(it: Interpreter, node: cst.Subscript) -> Known | None:
    """The tuple in `x[i, j]`, None when it is a single index, has a slice or is not known."""
    values = [it.evaluate(part.slice.value) for part in node.slice if isinstance(part.slice, cst.Index)]
    if len(node.slice) < 2 or len(values) < len(node.slice):
        return None
    known = [value.value for value in values if isinstance(value, Known)]
    return Known(tuple(known), node) if len(known) == len(values) else None


def _slice(it: Interpreter, node: cst.Slice) -> Items:
    bounds = tuple(it.evaluate(bound) if bound is not None else NONE for bound in (node.lower, node.upper, node.step))
    return Items(bounds, node)


def _sliced(it: Interpreter, base: Value, bounds: list[Value], node: cst.CSTNode) -> Value:
    """`x[a:b]`: exact for known sequences, else a symbol that remembers what was cut and where."""
    if symbolic.is_operand(it, base) or models.is_list(base):
        return models.indexed(it, base, bounds, node)
    window = _window(bounds[0]) if len(bounds) == 1 else None
    items = it.contents(base)
    if window is not None and items is not None and items.complete:
        cut = Items(items.items[window], node)
        return it.new_list(cut, node) if isinstance(base, Object) else cut
    if window is not None and isinstance(base, Known) and isinstance(base.value, (str, bytes)):
        return Known(base.value[window], node)
    it.cuts += 1
    for loop in it.loops:
        loop.cuts.append(node)
    key = Composite(("slice", base.key, *(bound.key for bound in bounds)))
    array = shapes.cut(array_of(base), bounds)
    made = Symbol(key, f"{grouped(base)}[…]", node, kind="array", base=base, array=array)
    if len(bounds) == 1:
        it.set_field(made, "cut", bounds[0])
    if bounds:
        it.set_field(made, "head", bounds[0])
        it.set_field(made, "cuts", Items(tuple(bounds)))
    return made


def _window(bounds: Value) -> slice | None:
    """A slice of which everything is known."""
    parts = bounds.items if isinstance(bounds, Items) else ()
    numbers: list[Any] = [part.value if isinstance(part, Known) else part for part in parts]
    if len(numbers) != 3 or not all(number is None or type(number) is int for number in numbers) or numbers[2] == 0:
        return None
    return slice(*numbers)


def item(it: Interpreter, base: Value, index: Value, node: cst.CSTNode) -> Value:
    """The value of `base[index]`."""
    if symbolic.is_operand(it, base) or models.is_list(base):
        return models.indexed(it, base, [index], node)
    stored = it.field(base, f"[{it.uid(index.key)}]") if not isinstance(base, Items) else None
    if stored is not None:
        return stored
    if isinstance(index, Known):
        items = it.contents(base)
        if items is not None and type(index.value) is int:
            return _at(items, index.value) or _unknown_item(base, index, node)
        entries = it.mapping(base)
        if entries is not None:
            return entries.items.get(index.value) or it.field(base, "other") or _unknown_item(base, index, node)
        if isinstance(base, Known) and isinstance(base.value, str) and type(index.value) is int:
            letter = base.value[index.value :][:1]
            return Known(letter, node) if letter else _unknown_item(base, index, node)
    if isinstance(base, Api):
        generic = base if arithmetic.is_class_name(base.name) else _unknown_item(base, index, node)
        return configs.flag_holder(it, base.name, index, node) or generic
    if isinstance(base, Object) and base.type in {"dict", "list"}:
        return _any_item(it, base, index, node)
    return attributes.special(it, base, "__getitem__", [index], node) or _picked(it, base, index, node)


def _picked(it: Interpreter, base: Value, index: Value, node: cst.CSTNode) -> Symbol:
    """`x[order[a:b]]` has as many rows as `order[a:b]`."""
    made = _unknown_item(base, index, node)
    it.set_field(made, "head", index)
    cut = it.field(index, "cut") if isinstance(index, Symbol) else None
    if cut is not None:
        it.set_field(made, "cut", cut)
    return made


def _at(items: Items, index: int) -> Value | None:
    if not items.complete and index < 0:
        return None
    try:
        return items.items[index]
    except IndexError:
        return None


def _any_item(it: Interpreter, base: Object, index: Value, node: cst.CSTNode) -> Value:
    """An entry under an unknown key: one of those there are, when there are few."""
    entries, items = it.mapping(base), it.contents(base)
    values = list(entries.items.values()) if entries else list(items.items) if items else []
    complete = entries.complete if entries else bool(items and items.complete)
    if not values or not complete or len(values) > 4:
        return _unknown_item(base, index, node)
    key = ("item", base.key, index.key)
    joined = it.join([(frozenset((((*key, position), True),)), value) for position, value in enumerate(values)])
    return joined or _unknown_item(base, index, node)


def _unknown_item(base: Value, index: Value, node: cst.CSTNode) -> Symbol:
    key = Composite(("item of", base.key, index.key))
    array = shapes.cut(array_of(base), (index,))
    return Symbol(key, f"{grouped(base)}[{text(index)}]", node, base=base, array=array)


def _binary(it: Interpreter, node: cst.BinaryOperation) -> Value:
    left, right = it.evaluate(node.left), it.evaluate(node.right)
    op = arithmetic.OPERATORS.get(type(node.operator), "?")
    return it.lift(lambda a, b: arithmetic.binary(it, op, a, b, node), left, right)


def _unary(it: Interpreter, node: cst.UnaryOperation) -> Value:
    op = arithmetic.UNARY.get(type(node.operator), "?")
    return it.lift(lambda value: arithmetic.unary(it, op, value, node), it.evaluate(node.expression))


def _boolean(it: Interpreter, node: cst.BooleanOperation) -> Value:
    left = it.evaluate(node.left)
    op = "and" if isinstance(node.operator, cst.And) else "or"
    outcome = truth(it, left)
    if outcome is not None:
        return it.evaluate(node.right) if outcome == (op == "and") else left
    before = it.path
    it.path = {**before, **dict(assumptions(it, left, op == "and"))}
    right = it.evaluate(node.right)
    it.path = before
    return it.lift(lambda a, b: arithmetic.boolean(it, op, a, b, node), left, right)


def _comparison(it: Interpreter, node: cst.Comparison) -> Value:
    left = it.evaluate(node.left)
    outcome: Value | None = None
    for target in node.comparisons:
        right = it.evaluate(target.comparator)
        op = arithmetic.COMPARISONS.get(type(target.operator), "?")
        value = it.lift(lambda a, b, op=op: arithmetic.compare(it, op, a, b, node), left, right)
        outcome = value if outcome is None else arithmetic.boolean(it, "and", outcome, value, node)
        left = right
    return outcome if outcome is not None else it.unknown(node)


def _conditional(it: Interpreter, node: cst.IfExp) -> Value:
    test = it.evaluate(node.test)
    outcome = truth(it, test)
    if outcome is not None:
        return it.evaluate(node.body if outcome else node.orelse)
    return choose(it, test, lambda: it.evaluate(node.body), lambda: it.evaluate(node.orelse), node)


def choose(
    it: Interpreter, test: Value, then: Callable[[], Value], otherwise: Callable[[], Value], node: cst.CSTNode
) -> Value:
    """The value of a conditional expression whose test is open."""
    before = it.path
    outcomes = []
    for wanted, branch in ((True, then), (False, otherwise)):
        passed = assumptions(it, test, wanted)
        it.path = {**before, **dict(passed)}
        outcomes.append((frozenset(passed), branch()))
        it.path = before
    return it.join(outcomes, node) or it.unknown(node)


def truth(it: Interpreter, value: Value) -> bool | None:
    """Whether a value is true: True, False, or None for "can't be decided"."""
    return arithmetic.truth(it, value)


def assumptions(it: Interpreter, test: Value, wanted: bool) -> tuple[tuple[Any, bool], ...]:
    """What is known when a test comes out as wanted."""
    return arithmetic.assumptions(it, test, wanted)


def _lambda(it: Interpreter, node: cst.Lambda) -> Value:
    return calls.define(it, node, node.params, ())


def _named(it: Interpreter, node: cst.NamedExpr) -> Value:
    value = it.evaluate(node.value)
    if isinstance(node.target, cst.Name):
        it.bind(node.target.value, value)
    return value


def _await(it: Interpreter, node: cst.Await) -> Value:
    return it.evaluate(node.expression)


def _yield(it: Interpreter, node: cst.Yield) -> Value:
    if isinstance(node.value, cst.From):
        inner = calls.iterated(it, it.evaluate(node.value.item), node)
        it.frame.yields.append(inner)
    elif node.value is not None:
        value = it.evaluate(node.value)
        it.escape(value)
        if it.loops:
            keeping.put(it, None, (value,), node)
        it.frame.yields.append(value)
    else:
        it.frame.yields.append(NONE)
    return it.unknown(node)


def _call(it: Interpreter, node: cst.Call) -> Value:
    function = it.evaluate(node.func)
    arguments = _arguments(it, node)
    if it.watched:
        for value in arguments.values():
            it.touch(value)
    function = it.refine(function)
    if isinstance(function, Choice) and any(_may_change(one) for _, one in function.alternatives):
        return _call_either(it, function, arguments, node)
    return it.lift(lambda callee: _called(it, callee, arguments, node), function)


def _called(it: Interpreter, callee: Value, arguments: Arguments, node: cst.Call) -> Value:
    result = calls.call(it, callee, arguments, node)
    name, receiver = _method(callee)
    if receiver is not None and name in accumulation.IN_PLACE:
        accumulation.mutated(it, receiver, name, arguments, node)
        if it.tapes.gradients and accumulation.descends(it, name, arguments):
            keras.updated(it, node, None, arguments)
    if not (isinstance(callee, (Function, Class, Partial)) or (isinstance(callee, Method) and callee.function)):
        tapes.called(it, callee, result, arguments, node)
        if it.tapes.gradients and not (isinstance(callee, Api) and names.is_familiar(callee.name)):
            accumulation.escaped(it, name, arguments, node)
    return result


def _method(callee: Value) -> tuple[str, Value | None]:
    """The name and the receiver of a method of something out of sight."""
    if isinstance(callee, Method):
        return callee.name, callee.receiver if callee.function is None else None
    if isinstance(callee, Symbol):
        return callee.attribute or "", callee.base
    return "", None


def _may_change(callee: Value) -> bool:
    """Whether a call may change variables or contents: library functions and methods of datasets don't."""
    if isinstance(callee, Method):
        return not isinstance(callee.receiver, Dataset)
    return isinstance(callee, (Function, Class, Partial, Object))


def _call_either(it: Interpreter, function: Choice, arguments: Arguments, node: cst.Call) -> Value:
    """Call one of several: what they change may or may not have happened."""
    outcomes: list[tuple[Guard, Value]] = []

    def attempt(guard: Guard, callee: Value) -> Flow:
        value = _called(it, callee, arguments, node)
        if isinstance(value, Symbol) and value.kind == "never":
            return "exit"
        outcomes.append((guard, value))
        return "next"

    it.branch([(tuple(guard), partial(attempt, guard, callee)) for guard, callee in function.alternatives])
    return it.join(outcomes, node) or it.unknown(node, kind="never")


def _arguments(it: Interpreter, node: cst.Call) -> Arguments:
    arguments = Arguments(node)
    for arg in node.args:
        value = it.evaluate(arg.value)
        if arg.star == "*":
            items = it.contents(value)
            arguments.unpacked += (value,)
            if items is None or not items.complete:
                arguments.open = True
            for inner in items.items if items else ():
                arguments.positional.append(Argument(inner, None))
        elif arg.star == "**":
            entries = it.mapping(value)
            if entries is None or not entries.complete:
                arguments.open = True
            for name, inner in entries.items.items() if entries else ():
                arguments.keywords[str(name)] = Argument(inner, None)
        elif arg.keyword is not None:
            arguments.keywords[arg.keyword.value] = Argument(value, arg)
        else:
            arguments.positional.append(Argument(value, arg))
    return arguments


def _comprehension(it: Interpreter, node: cst.ListComp | cst.SetComp | cst.GeneratorExp) -> Value:
    taped = len(it.tapes.made)
    results = _generate(it, node.for_in, lambda: it.evaluate(node.elt))
    if len(it.tapes.made) > taped + 1:  # gradients of micro-batches are told as those of a loop are
        results = Items(results.items[:1], complete=False)
    made = it.new_list(results, node)
    clause = node.for_in
    source = it.evaluate(clause.iter) if isinstance(clause.iter, cst.Name) and not clause.ifs else None
    cut = it.field(source, "cut") if isinstance(source, Symbol) and clause.inner_for_in is None else None
    if cut is not None:
        it.set_field(made, "cut", cut)
    return made


def _dict_comprehension(it: Interpreter, node: cst.DictComp) -> Value:
    entries: dict[Any, Value] = {}

    def add() -> Value:
        key, value = it.evaluate(node.key), it.evaluate(node.value)
        if isinstance(key, Known):
            entries[key.value] = value
        return value

    complete = _generate(it, node.for_in, add).complete
    return it.new_dict(Mapping(entries, node, complete=complete), node)


def _generate(it: Interpreter, clause: cst.CompFor, produce: Callable[[], Value]) -> Items:
    """The items of a comprehension: all of them over a short known sequence, else one that stands for all."""
    iterable = it.evaluate(clause.iter)
    known = models.inner(it, iterable, clause) or calls.unrolled(it, iterable)
    with it.comprehension(clause, iterations.at_most(it, iterable), iterable):
        if known is not None:
            return _generate_all(it, clause, known, produce)
        built, steps = it.building, it.steps
        made = _generated(it, clause, calls.iterated(it, iterable, clause), produce)
        items = containers.sequence(it, iterable)
        # Item by item too where that makes layers, or costs next to nothing.
        if items is not None and items.complete and (it.building > built or it.steps == steps):
            return _generate_all(it, clause, list(items.items), produce)
    return Items(made.items[:MAX_ITEMS], complete=False)


def _generate_all(it: Interpreter, clause: cst.CompFor, known: list[Value], produce: Callable[[], Value]) -> Items:
    results: list[Value] = []
    complete = True
    certain = not clause.ifs
    it.repeating -= certain  # what is appended to a list in it is appended once for each element
    for number, element in enumerate(known):
        it.tick()
        if it.exhausted:
            complete = False
            break
        with it.in_round(clause, number):
            made = _generated(it, clause, element, produce)
        results.extend(made.items)
        complete = complete and made.complete
    it.repeating += certain
    return Items(tuple(results[:MAX_ITEMS]), complete=complete and len(results) <= MAX_ITEMS)


def _generated(it: Interpreter, clause: cst.CompFor, element: Value, produce: Callable[[], Value]) -> Items:
    """What one element gives."""
    it.assign(clause.target, element)
    outcome = _condition(it, clause)
    if outcome is False:
        return Items(())
    made = _generate(it, clause.inner_for_in, produce) if clause.inner_for_in is not None else Items((produce(),))
    return Items(made.items, complete=made.complete and outcome is True)


def _condition(it: Interpreter, clause: cst.CompFor) -> bool | None:
    outcome: bool | None = True
    for condition in clause.ifs:
        decided = truth(it, it.evaluate(condition.test))
        if decided is False:
            return False
        outcome = outcome if decided else None
    return outcome


_CONSTANTS: dict[str, tuple[Any]] = {"None": (None,), "True": (True,), "False": (False,), "__debug__": (True,)}

_EXPRESSIONS: dict[type, Callable[[Interpreter, Any], Value]] = {
    cst.Name: _name,
    cst.Attribute: _attribute,
    cst.Call: _call,
    cst.Subscript: _subscript,
    cst.Integer: _integer,
    cst.Ellipsis: _ellipsis,
    cst.Float: _number,
    cst.Imaginary: _number,
    cst.SimpleString: _string,
    cst.ConcatenatedString: _string,
    cst.FormattedString: _formatted,
    cst.Tuple: _tuple,
    cst.List: _list,
    cst.Set: _list,
    cst.Dict: _dict,
    cst.ListComp: _comprehension,
    cst.SetComp: _comprehension,
    cst.GeneratorExp: _comprehension,
    cst.DictComp: _dict_comprehension,
    cst.BinaryOperation: _binary,
    cst.UnaryOperation: _unary,
    cst.BooleanOperation: _boolean,
    cst.Comparison: _comparison,
    cst.IfExp: _conditional,
    cst.Lambda: _lambda,
    cst.NamedExpr: _named,
    cst.Await: _await,
    cst.Yield: _yield,
}
