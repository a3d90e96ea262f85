"""A few lines of plain Python that show the windows of a witness when they are run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst
import msgspec

from bslint.syntax.walk import children

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bslint.analysis.facts import Windows

_FUNCTIONS = frozenset(("len", "min", "max", "range", "int", "abs"))


def replay(fact: Windows, root: cst.CSTNode, loops: Sequence[cst.CSTNode | None]) -> Windows:
    """The fact with its snippet: the program's own loops where they are plain arithmetic, else the windows."""
    if fact.cause == "seeded":
        text = _draws(fact)
    elif fact.cause in {"shuffled", "apart"}:
        text = _orders(fact)
    else:
        text = _own_loops(fact, root, loops) or _plain_windows(fact)
    return msgspec.structs.replace(fact, replay=text)


def _draws(fact: Windows) -> str:
    """The same seed before every draw, with Python's own generator."""
    one = fact.windows[0]
    lines = [
        "import random",
        "for iteration in range(3):",
        "    random.seed(0)  # or any other number that stays the same",
        f"    print(random.sample(range({max(2 * one.stop, fact.length or 0)}), {one.stop})[{one.start}:{one.stop}])",
    ]
    return "\n".join(lines)


def _orders(fact: Windows) -> str:
    """The samples of two slices in orders of their own, with Python's own generator."""
    count = max(fact.length or 0, *(2 * one.stop for one in fact.windows))
    labels, features = (f"[{one.start}:{one.stop}]" for one in fact.windows)
    shuffled = f"random.sample(samples, {count})"
    other = shuffled if fact.cause == "apart" else "samples"
    lines = ["import random", f"samples = range({count})", f"print({shuffled}{labels})", f"print([*{other}{features}])"]
    return "\n".join(lines)


def _plain_windows(fact: Windows) -> str:
    lengths = {one.array: max(one.stop for one in fact.windows) for one in fact.windows}
    lines = [f"{_variable(array)} = range({fact.length or length})" for array, length in lengths.items()]
    for one in fact.windows:
        at = ", ".join(f"{name}={value}" for name, value in one.at.items())
        lines.append(f"print({_variable(one.array)}[{one.start}:{one.stop}])" + (f"  # {at}" if at else ""))
    if fact.fault == "gap":
        lines.append(f"print({_variable(fact.array)}[{fact.sample}])  # in no window")
    return "\n".join(lines)


def _variable(array: str) -> str:
    name = array.rpartition(".")[2]
    return name if name.isidentifier() else "x"


def _own_loops(fact: Windows, root: cst.CSTNode, loops: Sequence[cst.CSTNode | None]) -> str:
    """The loops and the slice as they stand in the program, over a `range` of samples."""
    node = fact.node
    if fact.fault in {"still", "misaligned"} or not isinstance(node, cst.Subscript) or not fact.array.isidentifier():
        return ""
    known = {fact.array, *(name for name in fact.assignment if name.isidentifier())}
    needed = _needed(node, loops)
    if needed & _counted(root):
        return ""
    lines: list[str] = []
    variables: list[str] = []
    for loop in loops:
        if not isinstance(loop, cst.For) or not isinstance(loop.target, cst.Name):
            return ""
        iterable = _unwrapped(loop.iter)
        if not _is_range(iterable) or not _plain(iterable, known):
            if lines:
                return ""
            continue  # a loop around that only repeats
        lines.append(f"{'    ' * len(lines)}for {loop.target.value} in {_text(iterable)}:")
        known.add(loop.target.value)
        variables.append(loop.target.value)
        for name, value in _assignments(loop):
            if name in needed and _plain(value, known):
                lines.append(f"{'    ' * len(variables)}{name} = {_text(value)}")
                known.add(name)
    if not variables or not _plain(node, known):
        return ""
    return "\n".join(_with_prints(fact, lines, variables, _text(node)))


def _needed(node: cst.CSTNode, loops: Sequence[cst.CSTNode | None]) -> set[str]:
    """The variables that the bounds of a slice are computed from."""
    needed = _named(node)
    assignments = [pair for loop in loops if isinstance(loop, cst.For) for pair in _assignments(loop)]
    for _ in range(4):
        needed |= {one for name, value in assignments if name in needed for one in _named(value)}
    return needed


def _counted(node: cst.CSTNode) -> set[str]:
    """The variables that a statement counts up, or takes from elsewhere."""
    names = {node.target.value} if isinstance(node, cst.AugAssign) and isinstance(node.target, cst.Name) else set()
    return names.union(*(_counted(child) for child in children(node)))


def _named(node: cst.CSTNode) -> set[str]:
    names = {node.value} if isinstance(node, cst.Name) else set()
    return names.union(*(_named(child) for child in children(node)))


def _with_prints(fact: Windows, lines: list[str], variables: list[str], window: str) -> list[str]:
    names = [name for name in fact.assignment if name.isidentifier()]
    length = fact.length or max(one.stop for one in fact.windows)
    values = ", ".join(str(fact.assignment[name]) for name in names)
    head = [f"{', '.join([fact.array, *names])} = {', '.join([f'range({length})', *([values] if values else [])])}"]
    indent = "    " * len(variables)
    shown = " ".join(f"{{{name}=}}" for name in variables)
    if fact.fault == "gap":
        return [
            f"{head[0]}",
            "read = set()",
            *lines,
            f"{indent}read.update({window})",
            f"print(sorted(set({fact.array}) - read))",
        ]
    test = f"{fact.sample} in" if fact.fault == "overlap" else "not"
    return [*head, *lines, f"{indent}window = {window}", f'{indent}if {test} window: print(f"{shown} {{window}}")']


def _text(node: cst.CSTNode) -> str:
    return " ".join(cst.Module([]).code_for_node(node).split())


def _unwrapped(node: cst.BaseExpression) -> cst.BaseExpression:
    """`range(…)` inside `tqdm(…)`."""
    while isinstance(node, cst.Call) and not _is_range(node) and node.args and isinstance(node.args[0].value, cst.Call):
        node = node.args[0].value
    return node


def _is_range(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "range"


def _assignments(loop: cst.For) -> list[tuple[str, cst.BaseExpression]]:
    """The plain assignments in the body of a loop, also inside `with`."""
    found = []
    pending = list(loop.body.body)
    while pending:
        line = pending.pop(0)
        if isinstance(line, cst.With):
            pending[:0] = list(line.body.body)
        for one in line.body if isinstance(line, cst.SimpleStatementLine) else ():
            target = one.targets[0].target if isinstance(one, cst.Assign) and len(one.targets) == 1 else None
            if isinstance(one, cst.Assign) and isinstance(target, cst.Name):
                found.append((target.value, one.value))
    return found


def _plain(node: cst.CSTNode, known: set[str]) -> bool:
    """Whether an expression is arithmetic on known names that plain Python can compute."""
    if isinstance(node, cst.Name):
        return node.value in known
    if isinstance(node, cst.Call):
        named = isinstance(node.func, cst.Name) and node.func.value in _FUNCTIONS
        return named and all(arg.keyword is None and not arg.star and _plain(arg.value, known) for arg in node.args)
    if isinstance(node, cst.Integer):
        return True
    if isinstance(
        node, (cst.BinaryOperation, cst.UnaryOperation, cst.Subscript, cst.SubscriptElement, cst.Slice, cst.Index)
    ):
        return all(_plain(child, known) for child in children(node) if isinstance(child, _PARTS))
    return False


_PARTS = (cst.BaseExpression, cst.SubscriptElement, cst.BaseSlice)
