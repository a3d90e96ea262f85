"""What a piece of code names, and how it is left, found without libcst's visitors, which look at every space."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import libcst as cst

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPACE = frozenset(
    [
        "leading_lines",
        "lines_after_decorators",
        "trailing_whitespace",
        "header",
        "footer",
        "indent",
        "lpar",
        "rpar",
        "comma",
        "dot",
        "lbracket",
        "rbracket",
        "lbrace",
        "rbrace",
        "equal",
        "colon",
        "semicolon",
        "operator",
        "encoding",
        "default_indent",
        "default_newline",
        "has_trailing_newline",
    ]
)

_LEAVES = frozenset((str, bool, type(None), cst.MaybeSentinel))


def used_names(node: cst.CSTNode) -> frozenset[str]:
    """All variables and attributes that stand in a piece of code."""
    found: set[str] = set()
    pending: list[Any] = [node]
    while pending:
        one = pending.pop()
        # Exact types: libcst's nodes are abstract base classes, whose `isinstance` is slow.
        type_: Any = type(one)
        if type_ is cst.Name:
            found.add(one.value)
        elif type_ is list or type_ is tuple:
            pending.extend(one)
        else:
            for name in parts(type_):
                part = getattr(one, name)
                if type(part) not in _LEAVES:
                    pending.append(part)
    return frozenset(found)


def descendants(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """A node and the nodes in it that mean something."""
    pending: list[Any] = [node]
    while pending:
        one = pending.pop()
        type_: Any = type(one)
        if type_ is list or type_ is tuple:
            pending.extend(one)
            continue
        yield one
        for name in parts(type_):
            part = getattr(one, name)
            if type(part) not in _LEAVES:
                pending.append(part)


def children(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The nodes directly in a node that mean something."""
    for name in parts(type(node)):
        part = getattr(node, name)
        type_: Any = type(part)
        if type_ is list or type_ is tuple:
            yield from part
        elif type_ not in _LEAVES:
            yield part


def called_names(node: cst.CSTNode) -> frozenset[str]:
    """The last names of everything that a piece of code calls; `?` for a callee without a name."""
    calls = [one.func for one in descendants(node) if type(one) is cst.Call]
    return frozenset(
        func.attr.value if isinstance(func, cst.Attribute) else func.value if isinstance(func, cst.Name) else "?"
        for func in calls
    )


def contains(node: cst.CSTNode, wanted: cst.CSTNode) -> bool:
    """Whether a node is, or stands in, another."""
    return any(one is wanted for one in descendants(node))


_DEFINITIONS = frozenset((cst.FunctionDef, cst.ClassDef, cst.Lambda))
_EXITS = frozenset((cst.Return, cst.Raise, cst.Yield))
_STOPS = frozenset("exit quit _exit abort".split())


def leaves(loop: cst.For | cst.While) -> bool:
    """Whether something in a loop's body leaves it: `break`, `return`, `raise`, `yield`, or the end of the program."""
    pending: list[tuple[object, bool]] = [(loop.body, False)]
    while pending:
        one, inner = pending.pop()
        type_: Any = type(one)
        if type_ in _EXITS or (type_ is cst.Break and not inner):
            return True
        if type_ is cst.Call and not _STOPS.isdisjoint(used_names(one.func)):  # type: ignore[attr-defined]
            return True
        if type_ is list or type_ is tuple:
            pending.extend((part, inner) for part in one)  # type: ignore[attr-defined]
        elif type_ not in _DEFINITIONS:
            inside = inner or type_ is cst.For or type_ is cst.While
            pending.extend((getattr(one, name), inside) for name in parts(type_))
    return False


@cache
def parts(type_: Any) -> tuple[str, ...]:
    """The fields of a node in which names can stand; none for what is not a node."""
    names = getattr(type_, "__dataclass_fields__", ())  # with `__slots__` among them
    return tuple(name for name in names if name not in _SPACE and not name.startswith(("whitespace", "_")))
