"""Import statements: library names become canonical, names of sibling files are read from those files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from bslint.analysis.names import canonical
from bslint.analysis.values import Api, Value

if TYPE_CHECKING:
    from bslint.analysis.interpreter import Interpreter


def plain(it: Interpreter, node: cst.Import) -> None:
    """`import a.b as c`."""
    for alias in node.names:
        path = dotted(alias.name)
        if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
            it.bind(alias.asname.name.value, _module(it, path, 0, node))
        else:
            root = path.partition(".")[0]
            it.bind(root, _module(it, root, 0, node))
            _submodule(it, path, node)


def from_module(it: Interpreter, node: cst.ImportFrom) -> None:
    """`from a.b import c as d`, relative or absolute, and `from a import *`."""
    path = dotted(node.module) if node.module is not None else ""
    level = len(node.relative)
    if isinstance(node.names, cst.ImportStar):
        it.project.star(it, path, level)
        return
    for alias in node.names:
        name = dotted(alias.name)
        target = alias.asname.name.value if alias.asname and isinstance(alias.asname.name, cst.Name) else name
        it.bind(target, it.project.import_name(it, path, level, name, alias))


def _module(it: Interpreter, path: str, level: int, node: cst.CSTNode) -> Value:
    found = it.project.module(it, path, level)
    return found if found is not None else Api(canonical(path), node)


def _submodule(it: Interpreter, path: str, node: cst.CSTNode) -> None:
    """`import a.b` of a folder `a` that is no package: its file becomes an attribute."""
    parent, _, name = path.rpartition(".")
    module = it.project.module(it, path, 0) if parent and it.project.module(it, parent, 0) is None else None
    if module is not None:
        it.set_field(Api(canonical(parent), node), name, module)


def dotted(node: cst.BaseExpression) -> str:
    """The dotted path of a name or attribute."""
    if isinstance(node, cst.Attribute):
        return f"{dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""
