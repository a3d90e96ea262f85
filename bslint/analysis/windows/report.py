"""From verdicts to facts: the program's own names, the witness, the snippet."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

import libcst as cst

from bslint.analysis import facts
from bslint.analysis.values import Api, Expr, Known, Method, Object, Symbol, Value
from bslint.analysis.windows.code import Code, assigned
from bslint.analysis.windows.entry import axis_of
from bslint.analysis.windows.execute import Nest, entry_state, trials
from bslint.analysis.windows.feeds import feed_of
from bslint.analysis.windows.judge import Shown, Verdict, verdicts
from bslint.analysis.windows.replay import replay
from bslint.analysis.windows.values import ENDLESS, Array
from bslint.syntax.walk import used_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bslint.analysis.interpreter import Interpreter
    from bslint.analysis.windows.levels import Site
    from bslint.analysis.windows.machine import Machine


def examine(it: Interpreter, node: cst.For | cst.While, mark: int) -> None:
    """Run the outermost loop of a nest that trains by hand on windows, and record what that shows.

    Args:
        it: the interpreter, at the end of the loop.
        node: the loop.
        mark: when it was entered.
    """
    with entry_state(it, mark):
        _examine(it, node, node)


def examine_feed(it: Interpreter, data: Value | None, node: cst.CSTNode) -> None:
    """Take the batches that a call of `fit` trains on, where the program itself makes them, and record what that shows.

    Args:
        it: the interpreter, at the call.
        data: what the call is given.
        node: the call.
    """
    feed = feed_of(it, data, node)
    if feed is not None:
        with entry_state(it, it.store.mark()):
            _examine(it, feed, node)


def _examine(it: Interpreter, nest: Nest, root: cst.CSTNode) -> None:
    code = Code()
    for runs in trials(it, nest, code):
        for verdict in verdicts(
            runs, lambda loop: _is_driven(it, code, loop), lambda site, loop: _is_forgotten(code, site, loop)
        ):
            it.effects.windows.append(_fact(it, root, code, verdict))


def _is_driven(it: Interpreter, code: Code, loop: int) -> bool:
    """Whether the number of iterations is computed from a number of samples, told from how it is written."""
    node = code.nodes.get(loop)
    header = node.iter if isinstance(node, cst.For) else node.test if isinstance(node, cst.While) else None
    return header is not None and any(_counts_samples(it, one, 3) for one in _parts(header))


def _is_forgotten(code: Code, site: Site, loop: int) -> bool:
    """Whether a slice starts at a variable that is set in a loop around the given one, as for a pass, and not in it."""
    name = _start(site.node)
    around = takewhile(lambda level: level.loop != loop, site.levels)
    inside = code.nodes.get(loop)
    if name is None or inside is None or name in assigned(inside):
        return False
    return any(
        name in assigned(node.body)
        for level in around
        if isinstance(node := code.nodes.get(level.loop), (cst.For, cst.While))
    )


def _start(node: cst.CSTNode) -> str | None:
    """The variable that a slice like `x[start : start + 32]` starts at."""
    part = node.slice[0].slice if isinstance(node, cst.Subscript) else None
    if (
        not isinstance(part, cst.Slice)
        or not isinstance(part.lower, cst.Name)
        or not isinstance(part.upper, cst.BinaryOperation)
    ):
        return None
    return part.lower.value if part.lower.value in used_names(part.upper) else None


def _parts(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    yield node
    for child in node.children:
        yield from _parts(child)


def _counts_samples(it: Interpreter, node: cst.CSTNode, depth: int) -> bool:
    if isinstance(node, (cst.FloorDivide, cst.Divide)):
        return True
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "len":
        return True
    if isinstance(node, cst.Attribute) and node.attr.value == "shape":
        return True
    value = it.lookup(node.value, it.frame.scope) if isinstance(node, cst.Name) and depth else None
    origin = value.origin if isinstance(value, Known) else None
    if origin is not None and any(_counts_samples(it, one, depth - 1) for one in _parts(origin)):
        return True
    return value is not None and _is_of_samples(value)


def _is_of_samples(value: Value) -> bool:
    """Whether a number is a length, or a quotient."""
    if isinstance(value, Known):
        return value.made is not None and value.made[0] in {"/", "//"}
    if isinstance(value, Expr):
        return value.op in {"len", "/", "//"} or any(map(_is_of_samples, value.operands))
    return isinstance(value, Symbol) and axis_of(value) is not None


def _fact(it: Interpreter, root: cst.CSTNode, code: Code, verdict: Verdict) -> facts.Windows:
    shown, machine = verdict.shown, verdict.trial.machine
    site = shown.site
    loop = code.nodes.get(shown.loop)
    windows = tuple(_window(one, site, shown) for one in shown.windows)
    length = site.root.length if site.root.length < ENDLESS // 2 else None
    array = _written(site.node)
    assignment = {f"len({array})": length} if length is not None else {}
    assignment.update(_numbers(verdict, root, code))
    fact = facts.Windows(
        fault=shown.kind,
        node=site.node,
        array=array,
        cause=shown.cause,
        loop=loop,
        assignment=assignment,
        windows=windows,
        sample=shown.sample,
        count=shown.count,
        beyond=shown.beyond,
        others=tuple(other.node for other in verdict.others),
        replay="",
        batch=site.width,
        accumulates=bool(machine.updates) and len(machine.gradients) > len(machine.updates),
        length=length,
        repair=_repair(verdict, code, array),
        seed=_seed(shown, machine),
    )
    return replay(fact, root, [code.nodes.get(level.loop) for level in site.levels])


def _seed(shown: Shown, machine: Machine) -> cst.CSTNode | None:
    """The call that makes every draw the same."""
    space = shown.windows[0].space
    return machine.sown.get(space[2]) if shown.cause == "seeded" and isinstance(space, tuple) else None


def _repair(verdict: Verdict, code: Code, array: str) -> str:
    """The start that reads every sample once in two loops over `range(…)`: batches outside, micro-batches inside."""
    shown = verdict.shown
    site = shown.site
    nodes = [code.nodes.get(level.loop) for level in site.levels if level.trips > 1]
    loops = [node for node in nodes if isinstance(node, cst.For) and isinstance(node.target, cst.Name)]
    if len(loops) < 2 or loops != nodes or (shown.loop and loops[-2] is not code.nodes.get(shown.loop)):
        return ""
    outer, inner = loops[-2:]
    times = inner.iter
    if not (isinstance(times, cst.Call) and len(times.args) == 1 and isinstance(times.func, cst.Name)):
        return ""
    if times.func.value != "range":
        return ""
    count = cst.Module([]).code_for_node(times.args[0].value)
    numbers = _numbers(verdict, outer, code)
    size = next((name for name, value in numbers.items() if value == site.width and name != count), str(site.width))
    if not count.replace(".", "").replace("_", "").isalnum():
        count = f"({count})"
    names = [loop.target.value for loop in (outer, inner) if isinstance(loop.target, cst.Name)]
    return (
        f"start at ({names[0]} * {count} + {names[1]}) * {size} and run the outer loop over "
        f"range(len({array}) // ({size} * {count}))"
    )


def _window(window: Array, site: Site, shown: Shown) -> facts.Window:
    return facts.Window(*window.raw, len(window), _iteration(window, site, shown), _written(window.node))


def _iteration(window: Array, site: Site, shown: Shown) -> dict[str, int]:
    """The loop variables that tell an iteration: those that differ between the windows of the slice."""
    moment = window.moment
    if moment is None:
        return {}
    varying: dict[str, set[int]] = {}
    for read in site.reads:
        if read.window.moment is not None:
            for pairs in read.window.moment.variables:
                for name, value in pairs:
                    varying.setdefault(name, set()).add(value)
    first = site.first_moving if shown.cause != "outer" and shown.kind != "still" else 0
    found: dict[str, int] = {}
    for depth, pairs in enumerate(moment.variables):
        repeats = depth < len(site.levels) and site.levels[depth].repeats and moment.loops[depth][0] != shown.loop
        if depth < first or repeats:
            continue
        chosen = {name: value for name, value in pairs if len(varying.get(name, ())) > 1}
        if not chosen and depth < len(site.levels) and site.levels[depth].trips > 1:
            chosen = {"iteration": moment.loops[depth][1]}
        found.update(chosen)
    return found


def _written(node: cst.CSTNode | None) -> str:
    """The array of a slice, as the program writes it; of a draw out of `len(x)` numbers, `x`."""
    value = node
    if isinstance(node, cst.Subscript):
        value = node.value
    elif isinstance(node, cst.Call) and node.args:
        value = node.args[0].value
        if (
            isinstance(value, cst.Call)
            and isinstance(value.func, cst.Name)
            and value.func.value == "len"
            and value.args
        ):
            value = value.args[0].value
    text = cst.Module([]).code_for_node(value) if value is not None else "?"
    return text if len(text) <= 40 and "\n" not in text else "the array"


def _numbers(verdict: Verdict, root: cst.CSTNode, code: Code) -> dict[str, int]:
    """What the names hold that the windows are computed from."""
    machine = verdict.trial.machine
    wanted = _names(verdict.shown.site.node)
    for level in verdict.shown.site.levels:
        node = code.nodes.get(level.loop)
        if isinstance(node, cst.For):
            wanted |= _names(node.iter)
        elif isinstance(node, cst.While):
            wanted |= _names(node.test)
    assigns = [one for node in code.nodes.values() if isinstance(node, (cst.Assign, cst.AugAssign)) for one in [node]]
    for _ in range(4):
        for one in assigns:
            targets = one.targets if isinstance(one, cst.Assign) else [one]
            if any(isinstance(each.target, cst.Name) and each.target.value in wanted for each in targets):
                wanted |= _names(one.value)
    repeated = {
        name
        for depth, level in enumerate(verdict.shown.site.levels[: verdict.shown.site.first_moving])
        if level.loop != verdict.shown.loop
        for node in [code.nodes.get(level.loop)]
        if isinstance(node, cst.For)
        for name in _names(node.iter)
    } - _names(verdict.shown.site.node)
    found: dict[str, int] = {}
    counted = machine.entry.counts
    for name, value in machine.names.items():
        if isinstance(value, (Symbol, Object, Method, Api)) and value.key not in counted:
            continue
        number = machine.number(value) if isinstance(value, (int, Value)) and not isinstance(value, bool) else None
        if name in wanted and name not in repeated and type(number) is int:
            found[name] = number
    settings = [name for name in wanted - repeated if "." in name]
    found.update(
        {name: number for label, number in counted.values() for name in settings if f".{label}".endswith(f".{name}")}
    )
    return found


def _names(node: cst.CSTNode) -> set[str]:
    """The variables, and the attributes as they are written, in an expression."""
    found = {one.value for one in _parts(node) if isinstance(one, cst.Name)}
    return found | {cst.Module([]).code_for_node(one) for one in _parts(node) if isinstance(one, cst.Attribute)}
