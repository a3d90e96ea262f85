"""The number of classes where a program counts them in its data: it hardly changes what a step needs."""

from __future__ import annotations

import ast
import re

# So many.
CLASSES = 10
_NUMBER = re.compile(
    r"(?i)(num|n|nb|no|number|count)_?(of_)?(class|label|categor)\w*|class_?(num|count)|(output|out)_?classes"
)
_NAMES = re.compile(r"(?i)class|label|categor|unique\(y|set\(y")
_TARGETS = re.compile(r"(?i)y|y_?\w{0,8}|(train_|test_)?(label|target)s?(_\w+)?|one_?hot\w*")


class Counted(ast.NodeTransformer):
    """Writes a number where a program counts classes: `info.features["label"].num_classes`, `len(class_names)`.

    Args:
        names: variables that only the data give; those that count classes get the number, too.
    """

    def __init__(self, names: frozenset[str]) -> None:
        self.names = {name for name in names if _NUMBER.fullmatch(name)}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """`num_classes`, where only the data give it."""
        return _number(node) if node.id in self.names and isinstance(node.ctx, ast.Load) else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """`info.features["label"].num_classes`."""
        if isinstance(node.ctx, ast.Load) and _NUMBER.fullmatch(node.attr) and not _is_own(node):
            return _number(node)
        self.generic_visit(node)
        return node

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        """`build(num_classes=labels[1].shape[1])`."""
        if (
            node.arg is not None
            and _NUMBER.fullmatch(node.arg)
            and not isinstance(node.value, (ast.Constant, ast.Name))
        ):
            node.value = _number(node.value)
        self.generic_visit(node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """`len(class_names)`."""
        if isinstance(node.func, ast.Name) and node.func.id == "len" and len(node.args) == 1:
            counted = node.args[0]
            if not isinstance(counted, (ast.List, ast.Tuple)) and _NAMES.search(ast.unparse(counted)):
                return _number(node)
        self.generic_visit(node)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """`y_train.shape[1]`: the length of a vector for one sample."""
        shape = node.value
        array = shape.value if isinstance(shape, ast.Attribute) and shape.attr == "shape" else None
        of_targets = isinstance(array, ast.Name) and _TARGETS.fullmatch(array.id) is not None
        if of_targets and ast.unparse(node.slice) in {"1", "-1"}:
            return _number(node)
        self.generic_visit(node)
        return node


def _is_own(node: ast.Attribute) -> bool:
    """Attributes of the program's own objects and settings have their values."""
    return isinstance(node.value, ast.Name) and node.value.id in {"self", "cls", "args", "config", "cfg", "FLAGS", "hp"}


def _number(node: ast.expr) -> ast.expr:
    return ast.copy_location(ast.Constant(CLASSES), node)
