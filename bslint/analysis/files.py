"""How many files a source reads: what patterns, listings and parts of them are known to give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import libcst as cst

from bslint.analysis import flow, shapes
from bslint.analysis.values import Dataset, Expr, Items, Known, Object, Symbol, Value, alternatives, known_int

if TYPE_CHECKING:
    from bslint.analysis.interpreter import Interpreter

Files: TypeAlias = Literal["one", "several", "unknown"]

_LISTING = frozenset(("glob.glob", "tf.io.gfile.glob", "tf.gfile.Glob", "glob.iglob", "tf.io.matching_files"))
_WILD = frozenset("*?[")
# Deeper expressions are not looked into.
_DEEPEST = 5


def many(it: Interpreter, value: Value | None) -> Files:
    """How many files a source is given."""
    found = {_count(it, one) for one in alternatives(value)}
    return found.pop() if len(found) == 1 else "unknown"


def _count(it: Interpreter, value: Value) -> Files:
    if isinstance(value, Known) and isinstance(value.value, str):
        return "several" if _WILD.intersection(value.value) else "one"
    if isinstance(value, Object) and value.type in _LISTING and value.call is not None:
        pattern = value.call.value("", 0)
        return many(it, pattern) if isinstance(pattern, Known) else "several"
    if isinstance(value, Dataset):
        return value.stage.chain()[0].files
    if isinstance(value, Symbol) and value.base is not None and _is_part(it, value):
        return many(it, value.base)
    if isinstance(value.origin, cst.ListComp) or _is_wild(it, value):
        return "several"
    count = shapes.length(it, value)
    return "unknown" if count is None else "several" if count > 1 else "one"


def _is_part(it: Interpreter, value: Symbol) -> bool:
    """Whether a value has the items of another, or many of them: `sorted(x)`, `x[:-2]`, a half of `x`."""
    if value.label.startswith(("sorted(", "list(")):
        return True
    cut = it.field(value, "cut")
    stop = known_int(cut.items[1]) if isinstance(cut, Items) and len(cut.items) > 1 else None
    return value.kind == "array" and stop != 1


def _is_wild(it: Interpreter, value: Value, depth: int = 0) -> bool:
    """Whether a text that is put together has a wildcard in a part that is known: `os.path.join(folder, "*.rec")`."""
    if depth > _DEEPEST:
        return False
    if isinstance(value, Known):
        return isinstance(value.value, str) and bool(_WILD.intersection(value.value))
    if isinstance(value.origin, cst.FormattedString):
        texts = (part.value for part in value.origin.parts if isinstance(part, cst.FormattedStringText))
        return any(map(_WILD.intersection, texts))
    if isinstance(value, Expr):
        return any(_is_wild(it, one, depth + 1) for one in value.operands)
    if isinstance(value, Object):
        joined = value.call.values() if value.type == "os.path.join" and value.call is not None else ()
        return any(_is_wild(it, one, depth + 1) for one in joined)
    name, _, receiver = flow.arguments_of(it, value)
    return name == "format" and receiver is not None and _is_wild(it, receiver, depth + 1)
