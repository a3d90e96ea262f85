"""Calls: binding arguments, entering functions of the program, making instances, iterating."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

import libcst as cst

from bslint.analysis import (
    arrays,
    attributes,
    cadence,
    configs,
    containers,
    effects,
    expressions,
    imports,
    keeping,
    keras,
    library,
    models,
    symbolic,
    texts,
    tracing,
)
from bslint.analysis.apis import KEEPING_DECORATORS, KEEPING_PREFIXES
from bslint.analysis.arguments import Argument, Arguments
from bslint.analysis.values import (
    NONE,
    Api,
    Class,
    Dataset,
    DatasetIterator,
    Function,
    Items,
    Known,
    LayerOutput,
    Method,
    Object,
    Partial,
    ProjectModule,
    Symbol,
    Value,
    alternatives,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bslint.analysis.interpreter import Interpreter

_BUILTINS = frozenset(dir(builtins))
# What these decorate is called with its defaults when the command line says nothing.
_COMMAND_LINES = ("click.", "typer.")


def builtin(it: Interpreter, name: str, node: cst.CSTNode) -> Value:
    """A name that the program does not bind: a builtin, a star import's, or unknown."""
    module = it.frame.scope.module()
    late = it.project.late(it, module, name)
    if late is not None:
        return late
    if name == "__name__":
        return Known(it.project.module_name(module), node)
    return Api(name, node) if name in _BUILTINS else Symbol(("global", name), name, node)


# Definitions


def define(
    it: Interpreter, node: cst.FunctionDef | cst.Lambda, params: cst.Parameters, decorators: tuple[str, ...]
) -> Function:
    """The function that a `def` or `lambda` makes, its defaults evaluated."""
    defaults = {
        param.name.value: it.evaluate(param.default)
        for param in (*params.posonly_params, *params.params, *params.kwonly_params)
        if param.default is not None
    }
    function = Function(node, it.frame.scope, defaults, decorators)
    it.born(function)
    if isinstance(node, cst.FunctionDef):
        it.defined.append(function)
    return function


def decorated(it: Interpreter, node: cst.FunctionDef) -> Value:
    """The value bound by a function definition: decorators that keep the function are looked through."""
    values = [it.evaluate(decorator.decorator) for decorator in node.decorators]
    names = tuple(_decorator_name(value) for value in values)
    function = define(it, node, node.params, names)
    result: Value = function
    for value, name, decorator in zip(reversed(values), reversed(names), reversed(node.decorators), strict=True):
        if name == tracing.TRACED:
            tracing.made(it, function, decorator.decorator, decorator.decorator)
            if tracing.has_options(value):
                result = tracing.traced(function, value.call if isinstance(value, Object) else None)
        library.option_defaults(it, function, value)
        if name in KEEPING_DECORATORS or name.startswith(KEEPING_PREFIXES):
            if isinstance(result, Function) and result is not function and name not in result.decorators:
                result = Function(result.node, result.scope, result.defaults, (*result.decorators, name))
            continue
        if isinstance(value, Method) and value.name in _ACCESSORS and isinstance(value.receiver, Function):
            it.set_field(value.receiver, _ACCESSORS[value.name], function)
            result = value.receiver
        elif isinstance(value, (Function, Class, Partial)) or (
            isinstance(value, Method) and value.function is not None
        ):
            result = call(it, value, Arguments(node, [Argument(result, None)]), node)
        else:
            result = Symbol(("decorated", id(node), it.context), node.name.value, node)
    return result


def _decorator_name(value: Value) -> str:
    """Canonical name of a decorator, or of the call that made it."""
    if isinstance(value, Api):
        return value.name
    if isinstance(value, Object):
        return value.types()[0] if value.types() else "?"
    if isinstance(value, Method):
        receiver = _decorator_name(value.receiver)
        return f"{receiver}.{value.name}"
    return "?"


# The methods of a property, and where it keeps what they are given.
_ACCESSORS = {"getter": "fget", "setter": "fset", "deleter": "fdel"}


# Calls


def call(it: Interpreter, callee: Value, arguments: Arguments, node: cst.CSTNode) -> Value:
    """The value of a call whose callee is not a choice."""
    if isinstance(callee, Function):
        return enter(it, callee, arguments, node)
    if isinstance(callee, Method):
        return _call_method(it, callee, arguments, node)
    if isinstance(callee, Api):
        return library.call(it, callee.name, arguments, node)
    if isinstance(callee, Class):
        return instantiate(it, callee, arguments, node)
    if isinstance(callee, Partial):
        return call(it, callee.function, _merged(callee.arguments, arguments), node)
    if isinstance(callee, Object):
        return _call_object(it, callee, arguments, node)
    return unknown_call(it, callee, arguments, node)


def _call_method(it: Interpreter, callee: Method, arguments: Arguments, node: cst.CSTNode) -> Value:
    if callee.function is not None:
        return enter(it, callee.function, arguments, node, callee.receiver)
    if it.traces:
        effects.method_called(it, callee.receiver, callee.name, node)
    return library.method(it, callee.receiver, callee.name, arguments, node)


def _merged(first: Arguments, second: Arguments) -> Arguments:
    return Arguments(
        second.node,
        [*first.positional, *second.positional],
        {**first.keywords, **second.keywords},
        first.open or second.open,
    )


def unknown_call(it: Interpreter, callee: Value, arguments: Arguments, node: cst.CSTNode) -> Value:
    """A call of something unknown: it may change the lists and dicts that it gets."""
    if it.traces:
        effects.unknown_called(it, callee, node)
    base, name = (callee.base, callee.attribute) if isinstance(callee, Symbol) else (None, None)
    if isinstance(base, Known) and name is not None:
        known = texts.method(it, base, name, arguments, node)
        if known is not None:
            return known
    array = arrays.of_method(it, base, name, arguments) if base is not None and name is not None else None
    if it.loops:
        library.cleared(it, name or text(callee), node)
        if name in keeping.ADDING:
            keeping.put(it, None, tuple(arguments.values()), node)
    for value in arguments.values():
        it.escape(value)
        enter_callback(it, value, node)
    if base is not None and name is not None:
        known = library.duck_call(it, base, name, arguments, node)
        if known is not None:
            return known
    return it.unknown(node, f"{text(callee)}(…)", base=callee, array=array)


def enter_callback(it: Interpreter, value: Value, node: cst.CSTNode) -> None:
    """A local function handed to unknown code may be called by it, with what we can't know."""
    if isinstance(value, Function) and isinstance(value.node, cst.Lambda):
        enter_unbound(it, value, node)


def _call_object(it: Interpreter, callee: Object, arguments: Arguments, node: cst.CSTNode) -> Value:
    if isinstance(callee.type, Class):
        function = attributes.of_class(it, callee.type, "__call__")
        if isinstance(function, Function):
            return enter(it, function, arguments, node, callee)
    return library.call_instance(it, callee, arguments, node)


def instantiate(it: Interpreter, owner: Class, arguments: Arguments, node: cst.CSTNode) -> Value:
    """A new instance of a class of the program, its `__init__` executed."""
    made = it.make(owner, node, arguments)
    if it.repeating:
        attributes.clear(it, made)
    it.instances[id(owner.node)] = made
    init = attributes.of_class(it, owner, "__init__")
    if isinstance(init, Function):
        enter(it, init, arguments, node, made)
    else:
        with it.called_from(node):
            _bind_fields(it, owner, made, arguments)
        attributes.special(it, made, "__post_init__", [], node)
    library.instantiated(it, made, node)
    return made


def _bind_fields(it: Interpreter, owner: Class, made: Object, arguments: Arguments) -> None:
    """Dataclass-style fields: annotated names of the class body, given by position or keyword."""
    names = [
        name
        for ancestor in reversed(list(owner.ancestry()))
        for name in (
            _annotated_names(ancestor.node) if isinstance(ancestor, Class) else texts.fields_of(it, ancestor) or ()
        )
    ]
    for position, name in enumerate(dict.fromkeys(names)):
        given = arguments.get(name, position)
        value = given.value if given is not None else _field_default(it, attributes.of_class(it, owner, name))
        if value is not None:
            it.set_field(made, name, value)


def _annotated_names(node: cst.ClassDef) -> list[str]:
    return [
        small.target.value
        for line in node.body.body
        if isinstance(line, cst.SimpleStatementLine)
        for small in line.body
        if isinstance(small, cst.AnnAssign)
        and isinstance(small.target, cst.Name)
        and imports.dotted(_subscripted(small.annotation.annotation)).rpartition(".")[2] != "ClassVar"
    ]


def _subscripted(node: cst.BaseExpression) -> cst.BaseExpression:
    return node.value if isinstance(node, cst.Subscript) else node


def _field_default(it: Interpreter, value: Value | None) -> Value | None:
    """`field(default=…)` and `field(default_factory=…)` stand for what they give."""
    if not (
        isinstance(value, Object)
        and value.call is not None
        and value.type in {"dataclasses.field", "attr.ib", "pydantic.Field", "attrs.field"}
    ):
        return value
    default = value.call.value("default", 0)
    if default is not None:
        return default
    factory = value.call.value("default_factory", 1) or value.call.value("factory")
    return call(it, factory, Arguments(value.call.node), value.call.node) if factory is not None else None


def enter(
    it: Interpreter, function: Function, arguments: Arguments, node: cst.CSTNode, receiver: Value | None = None
) -> Value:
    """Execute a function of the program with abstract arguments; its return value."""
    from bslint.analysis.interpreter import Frame

    if _is_recursion(it, function, arguments):
        bound = _bind(it, function, arguments, receiver)
        it.effects.recursions.append((function, node, tuple(value.key for value in bound.values())))
        effects.note(it, "unknown", function.name, node)
        return it.unknown(node, f"{function.name}(…)")
    it.tick()
    if len(it.frames) > it.deepest or it.exhausted:
        for value in arguments.values():
            it.escape(value)
        effects.note(it, "unknown", function.name, node)
        return it.unknown(node, f"{function.name}(…)")
    it.entered.add(id(function.node))
    cuts, order = it.cuts, it.ledger.order
    for loop in it.loops:
        loop.entered.append(function.node)
    with it.called_from(node):
        scope = it.scope("function", function.scope, function.node)
        frame = Frame(function, scope, it.store.mark(), it.path, node)
        bound = _bind(it, function, arguments, receiver)
        frame.given = tuple(value.key for value in bound.values())
        tracing.called(it, function, bound, arguments)
        it.frames.append(frame)
        for name, value in bound.items():
            it.bind(name, value)
        result = _execute(it, function)
        if it.ledger.order > order and it.ledger.sums and it.ledger.updates and not it.loops and not it.muted:
            cadence.examine_step(it, function, bound)
        it.frames.pop()
        if it.frames:
            it.frame.spent += frame.spent
        it.path = frame.path
    if frame.yields:
        made = it.make("generator", node)
        it.generators[made.key] = (function, bound)
        it.splits = it.splits or it.cuts > cuts
        it.set_field(made, "yielded", it.join([(frozenset(), value) for value in frame.yields]) or it.unknown(node))
        return made
    return result


# Models that are built by a function that calls itself (`hourglass(x, depth - 1)`).
_MAX_RECURSION = 8


def _is_recursion(it: Interpreter, function: Function, arguments: Arguments) -> bool:
    """Whether a function is being executed already; one that builds or freezes models may call itself some times."""
    running = sum(frame.function is not None and frame.function.node is function.node for frame in it.frames)
    if not running:
        return False
    layered = any(keras.is_layer(value) for value in arguments.values())
    return running > _MAX_RECURSION or not (layered or symbolic.takes(it, arguments))


def enter_unbound(it: Interpreter, function: Function, node: cst.CSTNode, receiver: Value | None = None) -> Value:
    """Execute a function with nothing known of its arguments but their defaults."""
    return enter(it, function, Arguments(node), node, receiver)


def _execute(it: Interpreter, function: Function) -> Value:
    """Run the body in the innermost frame and join its ways out."""
    frame = it.frame
    if isinstance(function.node, cst.Lambda):
        return it.evaluate(function.node.body)
    passes, it.passes = it.passes, []
    flow = it.run(function.node.body.body)
    it.passes = passes
    if flow == "next":
        leave(it, NONE)
    exits = frame.returns
    if not exits:
        return it.unknown(function.node, f"{function.name}(…)", kind="never")
    if len(exits) > 1 or flow != "return":
        it.path = frame.path
        it.store.rollback(frame.mark)
        it.merge([(way.guard, way.changes) for way in exits])
    joined = it.join([(way.guard, way.value) for way in exits])
    return joined if joined is not None else NONE


def leave(it: Interpreter, value: Value) -> None:
    """A `return`: remember the value and the state."""
    from bslint.analysis.interpreter import Exit

    frame = it.frame
    it.touch(value)
    frame.returns.append(Exit(it.delta(frame.path), value, it.store.changes(frame.mark)))


def _bind(it: Interpreter, function: Function, arguments: Arguments, receiver: Value | None) -> dict[str, Value]:
    """The values of all parameters."""
    params = function.node.params
    positional = [*params.posonly_params, *params.params]
    given = [argument.value for argument in arguments.positional]
    if receiver is not None:
        given.insert(0, receiver)
    bound: dict[str, Value] = {}
    for position, param in enumerate(positional):
        name = param.name.value
        if position < len(given):
            bound[name] = _typed(it, param, given[position])
        else:
            bound[name] = _parameter(it, function, param, arguments)
    for param in params.kwonly_params:
        bound[param.name.value] = _parameter(it, function, param, arguments)
    _bind_stars(it, params, arguments, given[len(positional) :], bound)
    return bound


def _bind_stars(
    it: Interpreter, params: cst.Parameters, arguments: Arguments, rest: Sequence[Value], bound: dict[str, Value]
) -> None:
    from bslint.analysis.values import Mapping

    if isinstance(params.star_arg, cst.Param):
        bound[params.star_arg.name.value] = Items(tuple(rest), complete=not arguments.open)
    if params.star_kwarg is not None:
        extra: dict[object, Value] = {
            name: argument.value for name, argument in arguments.keywords.items() if name not in bound
        }
        bound[params.star_kwarg.name.value] = it.new_dict(
            Mapping(extra, complete=not arguments.open), params.star_kwarg
        )


def _parameter(it: Interpreter, function: Function, param: cst.Param, arguments: Arguments) -> Value:
    """A parameter that was not given by position."""
    name = param.name.value
    given = arguments.keywords.get(name)
    if given is not None:
        return _typed(it, param, given.value)
    default = function.defaults.get(name)
    flags_open = arguments.flags_open and not any(one.startswith(_COMMAND_LINES) for one in function.decorators)
    if default is not None and not arguments.open and not (flags_open and _is_flag(default)):
        return configs.named(library.option_value(default), name)
    annotation = param.annotation.annotation if param.annotation is not None else None
    return annotated(it, annotation, param, name)


def _typed(it: Interpreter, param: cst.Param, given: Value) -> Value:
    """What a parameter is given; where that is out of sight, the dataset that it is annotated to be."""
    if param.annotation is None or not isinstance(given, Symbol) or given.kind is not None or given.array is not None:
        return given
    made = annotated(it, param.annotation.annotation, param, param.name.value)
    return made if isinstance(made, Dataset) else given


def _is_flag(default: Value) -> bool:
    """Whether a default chooses a mode rather than gives a number."""
    return isinstance(default, Known) and (
        default.value is None or type(default.value) in {bool, str} or default.value == 0
    )


def annotated(it: Interpreter, annotation: cst.BaseExpression | None, node: cst.CSTNode, name: str) -> Value:
    """An unknown value of an annotated type."""
    if annotation is not None:
        for type_ in _annotation_types(it, annotation):
            if isinstance(type_, Api):
                made = library.instance_of(it, type_.name, node)
                if made is not None:
                    return made
            if isinstance(type_, Class) and _is_dataclass(it, type_):
                return instantiate(it, type_, Arguments(node), node)
    return Symbol(("parameter", id(node), name, it.context), name, node)


def _annotation_types(it: Interpreter, node: cst.BaseExpression) -> list[Value]:
    """The types that an annotation names: through `Optional[…]`, `X | None` and quotes."""
    if isinstance(node, (cst.SimpleString, cst.ConcatenatedString)):
        try:
            return _annotation_types(it, cst.parse_expression(str(node.evaluated_value)))
        except cst.ParserSyntaxError:
            return []
    if isinstance(node, cst.BinaryOperation):
        return [*_annotation_types(it, node.left), *_annotation_types(it, node.right)]
    if isinstance(node, cst.Subscript):
        outer = it.evaluate(node.value)
        index = node.slice[0].slice
        if isinstance(outer, Api) and outer.name == "typing.Optional" and isinstance(index, cst.Index):
            return _annotation_types(it, index.value)
        return []
    return list(alternatives(it.evaluate(node))) if isinstance(node, (cst.Name, cst.Attribute)) else []


def _is_dataclass(it: Interpreter, owner: Class) -> bool:
    return bool(_annotated_names(owner.node)) and bool(owner.node.decorators)


# Contexts, iteration, unpacking


def entered(it: Interpreter, manager: Value, node: cst.CSTNode) -> Value:
    """What `with manager as …` binds."""
    strategies = len(it.strategies)
    for one in alternatives(manager):
        library.opened(it, one)
    opened = it.join([(frozenset(), one) for one in it.strategies[strategies:]])
    it.strategies[strategies:] = [opened] if opened is not None else []
    return it.lift(lambda one: _entered(it, one, node), manager)


def _entered(it: Interpreter, manager: Value, node: cst.CSTNode) -> Value:
    if isinstance(manager, Object):
        if manager.type == "generator":
            return it.field(manager, "yielded") or it.unknown(node)
        return attributes.special(it, manager, "__enter__", [], node) or manager
    return it.unknown(node, base=manager)


def iterated(it: Interpreter, value: Value, node: cst.CSTNode) -> Value:
    """One element of an iterable."""
    return it.lift(lambda one: _element(it, one, node), value)


def _element(it: Interpreter, value: Value, node: cst.CSTNode) -> Value:
    if isinstance(value, Dataset):
        return Symbol(("element of", value.key), "batch", node, kind="tensor", base=value)
    if isinstance(value, DatasetIterator):
        inner = tuple(iterated(it, one, node) for one in value.datasets)
        if value.wrapper == "enumerate":
            return Items((it.unknown(node, kind="int"), inner[0]))
        return Items(inner) if value.wrapper == "zip" else inner[0]
    items = it.contents(value)
    if items is not None:
        joined = it.join([(frozenset({(("element", id(node), i), True)}), one) for i, one in enumerate(items.items)])
        return joined if joined is not None and items.complete else _some_element(it, value, node)
    if isinstance(value, Object):
        if value.type == "generator":
            return it.field(value, "yielded") or it.unknown(node)
        if value.type == "range":
            return it.unknown(node, kind="int", base=value)
        if models.is_list(value):
            return models.element(it, value, node)
        return _element_of_instance(it, value, node)
    return _some_element(it, value, node)


def _some_element(it: Interpreter, value: Value, node: cst.CSTNode) -> Symbol:
    """An element of which nothing is known but where it comes from."""
    return Symbol(("element", it.uid(value.key), *it.site(node)), "?", node, base=value)


def _element_of_instance(it: Interpreter, value: Object, node: cst.CSTNode) -> Value:
    iterator = attributes.special(it, value, "__iter__", [], node)
    if iterator is not None and iterator.key != value.key:
        return iterated(it, iterator, node)
    name = "__next__" if iterator is not None else "__getitem__"
    given = [] if iterator is not None else [it.unknown(node, kind="int")]
    return attributes.special(it, value, name, given, node) or it.unknown(node, base=value)


def unrolled(it: Interpreter, iterable: Value, *, ranges: bool = True) -> list[Value] | None:
    """The elements of a short known sequence, None for any other iterable."""
    if models.is_list(iterable):
        return [models.element(it, iterable, iterable.origin)] if iterable.origin is not None else None
    items = containers.sequence(it, iterable) if ranges or not is_range(iterable) else None
    if items is None or not items.complete:
        return None
    short = len(items.items) <= containers.MAX_UNROLLED or all(map(_is_layer, items.items))
    return list(items.items) if short else None


def _is_layer(value: Value) -> bool:
    """Whether a value is a layer, or a pair with one (`enumerate(model.layers)`)."""
    return any(map(models.is_listed, value.items)) if isinstance(value, Items) else models.is_listed(value)


def is_range(value: Value) -> bool:
    """Whether a value is a `range(…)`."""
    return isinstance(value, Object) and value.type == "range"


def part(it: Interpreter, value: Value, position: int, count: int, node: cst.CSTNode) -> Value:
    """The value that a target receives when `value` is unpacked into `count` targets."""
    items = containers.sequence(it, value)
    if items is not None:
        if position < len(items.items) and (items.complete or not isinstance(value, Object)):
            return items.items[position]
        return it.unknown(node)
    if isinstance(value, LayerOutput) and value.symbolic:
        return models.indexed(it, value, [Known(position)], node)
    if isinstance(value, (Symbol, Object, LayerOutput)):
        kind = value.kind if isinstance(value, Symbol) else None
        return Symbol(("part of", value.key, position), "?", node, kind=kind, base=value)
    return Symbol(("part at", *it.site(node), position), "?", node, base=value)


__all__ = ["ProjectModule", "expressions"]
