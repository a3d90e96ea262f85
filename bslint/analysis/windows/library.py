"""Calls: functions of the program are entered, those of libraries that make or cut indices are known by name."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import libcst as cst

from bslint.analysis import attributes, keras, library
from bslint.analysis.apis import FIT_PARAMETERS, SEEDING, TRANSPARENT_ITERABLES, UPDATE_METHODS
from bslint.analysis.values import Api, Class, Dataset, Expr, Function, Method, Object, Partial, Symbol, Value
from bslint.analysis.windows import draws
from bslint.analysis.windows.code import drain
from bslint.analysis.windows.drawn import drawn, next_of
from bslint.analysis.windows.entry import DRAWS, KEEPING, READINGS, SHUFFLES, naturals
from bslint.analysis.windows.machine import RaisedError
from bslint.analysis.windows.values import (
    DATA,
    INDEX,
    Array,
    Bound,
    Bounds,
    Cell,
    Closure,
    Derived,
    Drawn,
    Element,
    EndError,
    Frame,
    Shape,
    Stream,
    Tape,
    Unknown,
    derived,
    is_graded,
    windows_in,
    worst,
)

if TYPE_CHECKING:
    from bslint.analysis.windows.machine import Machine

Given = Sequence[Any]
Keywords = dict[str, Any]

_MAX_DEPTH = 12
# Functions whose result is another array every time.
_LOADERS = frozenset(
    "numpy.load numpy.loadtxt numpy.genfromtxt numpy.fromfile numpy.memmap pandas.read_csv joblib.load".split()
)
_TAPES = frozenset(("tf.GradientTape", "tf.autodiff.GradientTape"))


def call(m: Machine, callee: Any, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
    """The value of a call."""
    handler = _CALLEES.get(type(callee))
    if handler is not None:
        return handler(m, callee, given, keywords, node)
    if isinstance(callee, Symbol) and callee.attribute is not None and callee.base is not None:
        return method(m, callee.base, callee.attribute, given, keywords, node)
    return opaque(m, given, keywords, node, predicted="training" in keywords or bool(m.tapes))


def _call_function(m: Machine, callee: Function, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
    return enter(m, _closure(m, callee), given, keywords, node)


def _call_method(m: Machine, callee: Method, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
    receiver = m.entry.convert(callee.receiver)
    if callee.function is not None:
        return enter(m, _closure(m, callee.function, receiver), given, keywords, node)
    return method(m, receiver, callee.name, given, keywords, node)


def _call_partial(m: Machine, callee: Partial, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
    first = [m.entry.convert(argument.value) for argument in callee.arguments.positional]
    named = {name: m.entry.convert(argument.value) for name, argument in callee.arguments.keywords.items()}
    return call(m, m.entry.convert(callee.function), [*first, *given], {**named, **keywords}, node)


def opaque(m: Machine, given: Given, keywords: Keywords, node: cst.CSTNode, *, predicted: bool = False) -> Any:
    """A call of something out of sight."""
    values = [*given, *keywords.values()]
    m.touch(values)
    m.meet(values, node)
    if any(map(windows_in, values)):
        return derived(values, predicted=predicted)
    if any(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
        return INDEX
    made = derived(values)
    return drawn(m, node) if made is DATA and not predicted and not m.tapes else made


def _closure(m: Machine, made: Function, receiver: Any = None) -> Closure:
    scope = made.scope
    while scope.kind == "class" and scope.parent is not None:
        scope = scope.parent
    found = {name: m.entry.convert(value) for name, value in made.defaults.items()}
    return Closure(made.node, m.base(scope), found, made, receiver)


def enter(m: Machine, closure: Closure, given: Given, keywords: Keywords, node: cst.CSTNode) -> Any:
    """Run a function of the program."""
    body = closure.node.body
    if len(m.calls) >= _MAX_DEPTH:
        return opaque(m, given, keywords, node)
    frame = Frame(closure.frame)
    _bind(frame, closure, [*([closure.receiver] if closure.receiver is not None else []), *given], keywords)
    if isinstance(closure.node, cst.Lambda):
        return m.code.expression(closure.node.body)(m, frame)
    run = m.code.body(body)  # type: ignore[arg-type]
    if m.code.generates(closure.node):
        return Stream(_strand(m, run(m, frame), list(m.loops)))
    m.calls.append(id(node))
    tapes = len(m.tapes)
    depth = len(m.loops)
    drain(run(m, frame))
    del m.loops[depth:], m.tapes[tapes:]
    m.calls.pop()
    return frame.result


def _bind(frame: Frame, closure: Closure, given: list[Any], keywords: Keywords) -> None:
    params = closure.node.params
    positional = [*params.posonly_params, *params.params]
    left = dict(keywords)
    for position, param in enumerate(positional):
        name = param.name.value
        if position < len(given):
            frame.variables[name] = given[position]
        else:
            frame.variables[name] = left.pop(name) if name in left else closure.defaults.get(name, INDEX)
    for param in params.kwonly_params:
        name = param.name.value
        frame.variables[name] = left.pop(name) if name in left else closure.defaults.get(name, INDEX)
    if isinstance(params.star_arg, cst.Param):
        frame.variables[params.star_arg.name.value] = tuple(given[len(positional) :])
    if params.star_kwarg is not None:
        frame.variables[params.star_kwarg.name.value] = left


def repeat(m: Machine, function: Function, bound: dict[str, Value], times: int) -> None:
    """Call a function with the same arguments again and again, as if in a loop."""
    entry = m.loop(function.node)
    for _ in range(times):
        entry[1] += 1
        m.tick()
        m.loops.append(entry)
        closure = _closure(m, function)
        frame = Frame(closure.frame)
        frame.variables.update({name: m.entry.convert(value) for name, value in bound.items()})
        drain(m.code.body(closure.node.body)(m, frame))  # type: ignore[arg-type]
        del m.loops[:], m.tapes[:]


def generator(m: Machine, function: Function, bound: dict[str, Any]) -> Stream:
    """A generator of the program that was called with these arguments before."""
    closure = _closure(m, function)
    frame = Frame(closure.frame)
    frame.variables.update(bound)
    return Stream(_strand(m, m.code.body(closure.node.body)(m, frame), []))  # type: ignore[arg-type]


def _strand(m: Machine, steps: Iterator[Any], around: list[list[Any]]) -> Iterator[Any]:
    """A generator of the program: its loops, and those in which it is made, are around what it does.

    The loops of its consumer are not: they may take some batches of one pass, or of many.
    """
    m.made += 1
    number, own = m.made, list[list[Any]]()
    m.running[number] = set()
    while True:
        consumer, m.loops = m.loops, [*around, *own]
        m.strands.append(number)
        try:
            value = next(steps)
        except StopIteration:
            del m.running[number]
            return
        finally:
            own = m.loops[len(around) :]
            m.loops = consumer
            m.strands.pop()
        yield value


def iterated(m: Machine, value: Object, owner: Class, node: cst.CSTNode) -> Iterator[Any] | None:
    """The elements of an instance of a class of the program: what its methods give; None when it has none for that."""
    start, advance, item = (attributes.of_class(m.it, owner, name) for name in ("__iter__", "__next__", "__getitem__"))
    if isinstance(start, Function):
        source = enter(m, _closure(m, start, value), [], {}, node)
        if source is not value:
            return m.iterate(source, node)
    if isinstance(start, Function) and isinstance(advance, Function):
        return _until_raised(lambda: enter(m, _closure(m, advance, value), [], {}, node))
    if isinstance(item, Function):
        length = _len(m, [value], {}, node)
        bound = Method(value, "__getitem__", item, node)
        return (call(m, bound, [index], {}, node) for index in range(length)) if type(length) is int else None
    return None


def _until_raised(advance: Callable[[], Any]) -> Iterator[Any]:
    while True:
        try:
            value = advance()
        except RaisedError:
            return
        yield value


def _instance(m: Machine, owner: Class, given: Given, keywords: Keywords, node: cst.CSTNode) -> Any:
    made = m.instance(owner, node)
    init = attributes.of_class(m.it, owner, "__init__")
    if isinstance(init, Function):
        enter(m, _closure(m, init, made), given, keywords, node)
    return made


def _object(m: Machine, callee: Object, given: Given, keywords: Keywords, node: cst.CSTNode) -> Any:
    if keras.is_model(callee):
        m.touch([*given, *keywords.values()])
        return derived([*given, *keywords.values()], predicted=True)
    if isinstance(callee.type, Class):
        found = attributes.of_class(m.it, callee.type, "__call__")
        if isinstance(found, Function):
            return enter(m, _closure(m, found, callee), given, keywords, node)
    return opaque(m, given, keywords, node, predicted=callee.types()[:1] == ("keras.layers",))


# Methods


def method(m: Machine, receiver: Any, name: str, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
    """`receiver.name(…)` for a receiver that is not of the program."""
    if isinstance(receiver, Tape) or name == "gradient":
        return _gradient(m, receiver, name, given, keywords, node)
    if _updates(receiver, name):
        return _update(m, name, given, keywords, node)
    if isinstance(receiver, list):
        return _list_method(m, receiver, name, given, node)
    if isinstance(receiver, dict):
        return _dict_method(receiver, name, given)
    if isinstance(receiver, Cell):
        return _cell_method(m, receiver, name, given)
    if name in {"run", "experimental_run_v2"}:
        return _run(m, receiver, given, keywords, node)
    if name == "assign_sub" and any(isinstance(one, Derived) for one in given):
        m.updates.append(m.moment())
    if name in SHUFFLES and given:
        return draws.shuffled(m, name, given, keywords, getattr(receiver, "key", None))
    if name in SEEDING:
        draws.seed(m, name, getattr(receiver, "key", None), given, keywords, node)
    return _library_method(m, receiver, name, given, keywords, node)


def _library_method(
    m: Machine, receiver: Any, name: str, given: list[Any], keywords: Keywords, node: cst.CSTNode
) -> Any:
    if name == "enumerate" and isinstance(receiver, Dataset):
        return _enumerate(m, [receiver, *given], keywords, node)
    if name in DRAWS and not isinstance(receiver, (Array, Derived, Element)):
        return draws.indices(m, name, given, keywords, getattr(receiver, "key", None), node)
    if name in READINGS and isinstance(receiver, Value) and _literals(given):
        return Symbol(("read", receiver.key, name, *given), f"{name}(…)", node)
    return _array_method(m, receiver, name, given, keywords, node)


def _literals(given: Given) -> bool:
    """Whether arguments are the name of a setting, and perhaps its default."""
    return (
        bool(given) and isinstance(given[0], str) and all(one is None or isinstance(one, (str, int)) for one in given)
    )


def _run(m: Machine, receiver: Any, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
    """`strategy.run(step, args=…)`, `session.run(fetches, feed_dict=…)`, `train_op.run(feed_dict=…)`."""
    if given and isinstance(given[0], (Function, Closure, Method)):
        handed = given[1] if len(given) > 1 else keywords.get("args", ())
        return call(m, given[0], list(handed) if isinstance(handed, (list, tuple)) else [handed], {}, node)
    if _fetches_update(m, receiver) or _fetches_update(m, given[0] if given else keywords.get("fetches")):
        m.read([*given, *keywords.values()], node)
        m.gradients.append(m.moment())
        m.updates.append(m.moment())
    return opaque(m, [receiver, *given], keywords, node)


def _fetches_update(m: Machine, fetched: Any) -> bool:
    """Whether `session.run(…)` is asked for what `optimizer.minimize(loss)` gave."""
    if isinstance(fetched, (list, tuple, dict)):
        return any(_fetches_update(m, one) for one in (fetched.values() if isinstance(fetched, dict) else fetched))
    return isinstance(fetched, Value) and library.is_update(m.it, fetched)


def _updates(receiver: Any, name: str) -> bool:
    """Whether a method trains."""
    if name == "apply" and isinstance(receiver, Object):
        return any(one.startswith("keras.optimizers.") for one in receiver.types())
    return name in UPDATE_METHODS or name == "train_on_batch"


def _gradient(m: Machine, tape: Any, name: str, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
    if name not in {"gradient", "jacobian", "batch_jacobian"}:
        return tape if name == "__enter__" else None
    loss = given[0] if given else keywords.get("target")
    seen = windows_in(loss) or (tuple(dict.fromkeys(tape.touched)) if isinstance(tape, Tape) else ())
    m.gradients.append(m.moment())
    m.differentiates_steps = m.differentiates_steps or is_graded(loss)
    for window in seen:
        m.read(window, node)
    return Derived(seen, predicted=True, graded=True)


def _update(m: Machine, name: str, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
    values = [*given, *keywords.values()]
    if name == "train_on_batch":
        m.read(values, node)
        if len(given) > 1:
            m.meet([derived([given[0]], predicted=True), given[1]], node)
    if name == "minimize" and values and isinstance(values[0], (Closure, Function)):
        tape = Tape()
        m.tapes.append(tape)
        loss = call(m, values[0], [], {}, node)
        m.tapes.pop()
        m.read(windows_in(loss) or tape.touched, node)
    m.updates.append(m.moment())
    for (key, attribute), cell in m.attributes.items():
        if attribute == "iterations" and isinstance(cell, Cell) and key is not None and isinstance(cell.value, int):
            cell.value += 1
    return DATA


def _list_method(m: Machine, receiver: list[Any], name: str, given: list[Any], node: cst.CSTNode) -> Any:
    if name == "append" and given:
        receiver.append(given[0])
    elif name == "extend" and given:
        receiver.extend(m.iterate(given[0], node))
    elif name == "clear":
        receiver.clear()
    elif name == "pop" and receiver:
        at = m.number(given[0]) if given else -1
        return receiver.pop(at) if type(at) is int and -len(receiver) <= at < len(receiver) else INDEX
    elif name == "insert" and len(given) > 1 and isinstance(given[0], int):
        receiver.insert(given[0], given[1])
    elif name == "reverse":
        receiver.reverse()
    elif name == "copy":
        return list(receiver)
    elif name in {"sort", "append", "clear"}:
        return None
    else:
        return INDEX
    return None


def _dict_method(receiver: dict[Any, Any], name: str, given: list[Any]) -> Any:
    if name in {"get", "pop", "setdefault"} and given and isinstance(given[0], (int, str)):
        return receiver.get(given[0], given[1] if len(given) > 1 else None)
    if name == "items":
        return list(receiver.items())
    if name in {"values", "keys"}:
        return list(receiver.values() if name == "values" else receiver)
    return INDEX


def _cell_method(m: Machine, receiver: Cell, name: str, given: list[Any]) -> Any:
    if name == "assign" and given and windows_in(given[0]):
        receiver.value = given[0]
    elif name in {"assign", "assign_add", "assign_sub"}:
        number = m.number(given[0]) if given else 1
        old = receiver.value
        if isinstance(number, Unknown) or isinstance(old, Unknown):
            receiver.value = worst(number, old)
        else:
            receiver.value = number if name == "assign" else old + (number if name == "assign_add" else -number)
    return receiver.value


def _array_method(m: Machine, receiver: Any, name: str, given: Given, keywords: Keywords, node: cst.CSTNode) -> Any:
    held = receiver if isinstance(receiver, (Array, Derived, Element)) else None
    if name in KEEPING and (held is not None or isinstance(receiver, (Value, Drawn))):
        return receiver if isinstance(receiver, Drawn) else held or m.array(receiver) or receiver
    if name == "get_shape":
        shaped = held if isinstance(held, (Array, Derived)) else m.array(receiver)
        return Shape(shaped) if shaped is not None else DATA
    if name == "__len__":
        return m.length(receiver)
    predicted = "training" in keywords or (bool(m.tapes) and name in {"call", "forward", "apply", "predict"})
    return opaque(m, [receiver, *given], keywords, node, predicted=predicted)


# Functions of libraries


def function(m: Machine, name: str, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
    """`name(…)` for a function or class of a library."""
    if name in TRANSPARENT_ITERABLES:
        return _transparent(m, name, given, keywords, node)
    if name in _TAPES:
        return Tape()
    handler = _FUNCTIONS.get(name)
    if handler is not None:
        return handler(m, given, keywords, node)
    owner, _, last = name.rpartition(".")
    if (last in SHUFFLES or name in {"tf.random.shuffle", "sklearn.utils.shuffle"}) and given:
        return draws.shuffled(m, "permutation" if owner in draws.OF_ARRAYS else last, given, keywords, owner)
    if last in SEEDING:
        return draws.seed(m, last, owner, given, keywords, node)
    if owner in {"random", "numpy.random", "tf.random"}:
        return draws.indices(m, last, given, keywords, owner, node)
    if last in READINGS and _literals(given):
        return Symbol(("read", name, *given), f"{last}(…)", node)
    return _made(m, name, given, keywords, node)


def _made(m: Machine, name: str, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
    """What a function or class of a library makes of its arguments."""
    owner, _, last = name.rpartition(".")
    if last in KEEPING and given and isinstance(given[0], (Array, Derived, Drawn)):
        return given[0]
    if name in _LOADERS:
        m.made += 1
        return Symbol(("loaded", m.made), last, node, kind="array")
    if name == "tf.Variable":
        start = given[0] if given else keywords.get("initial_value")
        return Cell(start if windows_in(start) else m.number(start))
    if FIT_PARAMETERS.get(last) or last == "minimize":
        return method(m, Api(owner), last, given, keywords, node)
    if name.startswith(("tf.", "keras.", "numpy.")) and last in {
        "cast",
        "constant",
        "int32",
        "int64",
        "convert_to_tensor",
    }:
        return m.number(given[0]) if given else DATA
    return opaque(m, given, keywords, node)


def _transparent(m: Machine, name: str, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
    iterable = given[0] if given else keywords.get("iterable", DATA)
    if name == "reversed":
        return list(iterable)[::-1] if isinstance(iterable, (list, tuple, range)) else DATA
    if name == "iter":
        return iterable if isinstance(iterable, (Unknown, Value)) else Stream(m.iterate(iterable, node))
    return iterable


def _cond(m: Machine, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
    """`tf.cond(test, then, otherwise)`."""
    test, *branches = (
        given[at] if len(given) > at else keywords.get(name) for at, name in enumerate(("pred", "true_fn", "false_fn"))
    )
    outcome = m.truth(test)
    if outcome is None:
        if isinstance(test, Unknown) and test.reason == "index":
            raise EndError
        outcome = m.flag()
    branch = branches[0 if outcome else 1]
    return call(m, branch, [], {}, node) if branch is not None else None


def _plain(operation: Callable[..., Any]) -> Callable[..., Any]:
    """A function of numbers."""

    def run(m: Machine, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
        if given and isinstance(given[0], (Array, Derived)):
            return opaque(m, given, keywords, node)
        numbers = [m.number(one) for one in given]
        if not numbers or any(isinstance(one, Unknown) for one in numbers):
            return worst(*numbers)
        try:
            return operation(*numbers)
        except (TypeError, ValueError, ArithmeticError):
            return INDEX

    return run


def _extreme(operation: Callable[..., Any]) -> Callable[..., Any]:
    def run(m: Machine, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
        values = list(given[0]) if len(given) == 1 and isinstance(given[0], (list, tuple, range)) else given
        return _plain(lambda *numbers: operation(numbers))(m, values, {}, node) if values else INDEX

    return run


def _len(m: Machine, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
    held = given[0] if given else DATA
    if isinstance(held, Object) and isinstance(held.type, Class):
        found = attributes.of_class(m.it, held.type, "__len__")
        if isinstance(found, Function):
            return enter(m, _closure(m, found, held), [], {}, node)
    return m.length(held)


def _range(m: Machine, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
    bounds = [
        m.number(one) for one in (*given, *(keywords[name] for name in ("start", "limit", "stop") if name in keywords))
    ]
    if (
        not bounds
        or len(bounds) > 3
        or not all(type(one) is int for one in bounds)
        or (len(bounds) == 3 and not bounds[2])
    ):
        return worst(*bounds, INDEX)
    if given and (len(bounds) == 3 or isinstance(given[-1], Expr)):
        m.entry.bounds(given[min(len(given), 2) - 1])
    return range(*bounds)


def _arange(m: Machine, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
    positions = _range(m, given, {}, node)
    return naturals(positions) if isinstance(positions, range) else positions


def _enumerate(m: Machine, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
    start = m.number(given[1] if len(given) > 1 else keywords.get("start", 0))
    if not given or type(start) is not int:
        return INDEX
    return Stream((number, value) for number, value in enumerate(m.iterate(given[0], node), start))


def _zip(m: Machine, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
    if given and all(isinstance(one, (list, tuple, range)) for one in given):
        return list(zip(*given, strict=False))
    return Stream(zip(*(m.iterate(one, node) for one in given), strict=False)) if given else []


def _next(m: Machine, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
    if given and isinstance(given[0], Stream):
        try:
            return next(given[0].iterator)
        except StopIteration:
            if len(given) > 1:
                return given[1]
            raise RaisedError from None
    return next_of(m, given[0] if given else None, node)


def _listed(kind: type) -> Callable[..., Any]:
    def run(m: Machine, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
        if not given:
            return kind()
        held = given[0]
        if isinstance(held, range) and kind is list:
            return naturals(held)
        if isinstance(held, (list, tuple, range, Stream, dict)):
            return kind(m.iterate(held, node))
        return held if isinstance(held, (Array, Derived, Value)) else worst(held)

    return run


def _slice(m: Machine, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
    """`tf.slice(x, begin, size)`."""
    from bslint.analysis.windows.expressions import cut

    begin, count = (
        given[at] if len(given) > at else keywords.get(name, INDEX) for at, name in ((1, "begin"), (2, "size"))
    )
    held = m.array(given[0]) if given else None
    if (
        held is None
        or not isinstance(begin, (list, tuple))
        or not isinstance(count, (list, tuple))
        or not begin
        or not count
    ):
        return derived(given)
    start, length = m.number(begin[0]), m.number(count[0])
    if any(one != 0 for one in begin[1:]):
        return derived(given)
    end = (
        INDEX if isinstance(start, Unknown) or isinstance(length, Unknown) else None if length == -1 else start + length
    )
    return cut(m, held, start, end, None, node)


def _gather(m: Machine, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
    """`tf.gather(x, indices)`, `np.take(x, indices)`."""
    from bslint.analysis.windows.expressions import gathered

    values = [*given, *(keywords[name] for name in ("params", "indices", "a") if name in keywords)]
    if len(values) > 1 and isinstance(values[1], range):
        values[1] = m.cut(Array(naturals(values[1]).root, values[1], None, None, node))
    if len(values) > 1 and isinstance(values[1], (Array, Element)):
        return gathered(m, values[0], values[1])
    if len(values) > 1 and isinstance(values[1], Unknown) and (array := m.array(values[0])) is not None:
        m.unclear.add(array.root.key)
    return derived(values, keeps_length=False)


def _split(m: Machine, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
    """`np.array_split(x, n)`, `np.split(x, n)`, `tf.split(x, n)`."""
    axis = m.number(given[2] if len(given) > 2 else keywords.get("axis", 0))
    if given and axis != 0:
        return derived(given[:1], keeps_length=axis is not INDEX)
    held, count = m.array(given[0]) if given else None, m.number(given[1]) if len(given) > 1 else INDEX
    if held is None or type(count) is not int or not 0 < count <= len(held) or count > 2_000 or len(held) > 10**9:
        return worst(count, INDEX) if given else INDEX
    size, more = divmod(len(held), count)
    ends = [0]
    for part in range(count):
        ends.append(ends[-1] + size + (part < more))
    return [
        m.cut(Array(held.root, held.positions[start:stop], held.space, None, node))
        for start, stop in itertools.pairwise(ends)
    ]


def _shape(m: Machine, given: list[Any], keywords: Keywords, node: cst.CSTNode) -> Any:
    held = given[0] if given else DATA
    if isinstance(held, (Array, Derived)):
        return Shape(held)
    array = m.array(held) if isinstance(held, (Value, Drawn)) else None
    if array is not None:
        m.length(held)
        return Shape(m.array(held) or array)
    return worst(held)


_CALLEES: dict[type, Callable[..., Any]] = {
    Closure: lambda m, callee, given, keywords, node: enter(m, callee, given, keywords, node),
    Function: _call_function,
    Method: _call_method,
    Api: lambda m, callee, given, keywords, node: function(m, callee.name, given, keywords, node),
    Partial: _call_partial,
    Class: _instance,
    Bound: lambda m, callee, given, keywords, node: method(m, callee.receiver, callee.name, given, keywords, node),
    Object: _object,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "len": _len,
    "range": _range,
    "tf.range": _arange,
    "numpy.arange": _arange,
    "enumerate": _enumerate,
    "zip": _zip,
    "next": _next,
    "list": _listed(list),
    "tuple": _listed(tuple),
    "sorted": _listed(list),
    "min": _extreme(min),
    "max": _extreme(max),
    "numpy.minimum": _plain(min),
    "numpy.maximum": _plain(max),
    "tf.minimum": _plain(min),
    "tf.maximum": _plain(max),
    "int": _plain(int),
    "float": _plain(float),
    "abs": _plain(abs),
    "round": _plain(round),
    "math.ceil": _plain(math.ceil),
    "math.floor": _plain(math.floor),
    "numpy.ceil": _plain(lambda value: float(math.ceil(value))),
    "numpy.floor": _plain(lambda value: float(math.floor(value))),
    "tf.math.ceil": _plain(lambda value: float(math.ceil(value))),
    "tf.math.floormod": _plain(operator.mod),
    "tf.math.mod": _plain(operator.mod),
    "tf.equal": _plain(operator.eq),
    "tf.math.equal": _plain(operator.eq),
    "tf.not_equal": _plain(operator.ne),
    "tf.greater_equal": _plain(operator.ge),
    "tf.math.greater_equal": _plain(operator.ge),
    "tf.greater": _plain(operator.gt),
    "tf.math.greater": _plain(operator.gt),
    "tf.less": _plain(operator.lt),
    "tf.math.less": _plain(operator.lt),
    "tf.less_equal": _plain(operator.le),
    "tf.math.less_equal": _plain(operator.le),
    "tf.cond": _cond,
    "divmod": _plain(divmod),
    "tf.slice": _slice,
    "tf.gather": _gather,
    "numpy.take": _gather,
    "tf.split": _split,
    "numpy.split": _split,
    "numpy.array_split": _split,
    "tf.shape": _shape,
    "numpy.shape": _shape,
    "tf.size": _len,
    "numpy.size": _len,
    "slice": lambda m, given, keywords, node: Bounds(*([None, *given][:3] if len(given) < 2 else [*given, None][:3])),
    "isinstance": lambda m, given, keywords, node: m.flag(),
    "print": lambda m, given, keywords, node: None,
}
