"""Builds fixes: replacing, inserting and deleting the text of nodes in one block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import libcst as cst

from bslint.diagnostic import Applicability, Edit, Fix, Position

if TYPE_CHECKING:
    from bslint.syntax.positions import Positions

Change: TypeAlias = tuple[int, int, str]


class Editor:
    """The text of one block, and edits of it in terms of its nodes.

    A change is `(start, end, content)` in character offsets of the block.

    Args:
        positions: where the nodes of the block stand.
        row: row of the file (or cell) at which the block starts.
        indent: characters that were cut from the left of every row.
    """

    def __init__(self, positions: Positions, row: int = 1, indent: int = 0) -> None:
        self._positions = positions
        self._row = row
        self._indent = indent

    def has(self, node: cst.CSTNode) -> bool:
        """Whether the node stands in this block."""
        return id(node) in self._positions.spans

    def start(self, node: cst.CSTNode) -> int:
        """Offset of a node's first character."""
        return self._positions.spans[id(node)][0]

    def end(self, node: cst.CSTNode) -> int:
        """Offset after a node's last character."""
        return self._positions.spans[id(node)][1]

    def text(self, node: cst.CSTNode) -> str:
        """A node as it is written."""
        return self._positions.text[self.start(node) : self.end(node)]

    def between(self, start: int, end: int) -> str:
        """A stretch of the block."""
        return self._positions.text[start:end]

    def replace(self, node: cst.CSTNode, content: str) -> Change:
        """Write something else in the place of a node."""
        return (self.start(node), self.end(node), content)

    def insert_after(self, node: cst.CSTNode, content: str) -> Change:
        """Write something behind a node."""
        return (self.end(node), self.end(node), content)

    def insert_before(self, node: cst.CSTNode, content: str) -> Change:
        """Write something in front of a node."""
        return (self.start(node), self.start(node), content)

    def link(self, call: cst.CSTNode) -> tuple[int, int]:
        """The span of one link of a chain of calls: from the dot, and the line break before it, to the parenthesis."""
        if isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute):
            return (self._outer_end(call.func.value), self.end(call))
        return (self.start(call), self.end(call))

    def _outer_end(self, node: cst.BaseExpression) -> int:
        """Where an expression ends with the parentheses around it."""
        end = self.end(node)
        for _ in node.rpar:
            end = self._positions.text.index(")", end) + 1
        return end

    def remove_argument(self, call: cst.CSTNode, argument: cst.Arg) -> Change | None:
        """Take an argument out of a call with one of the commas around it; None when a comment would go with it."""
        if not isinstance(call, cst.Call) or all(one is not argument for one in call.args):
            return None
        position = next(i for i, one in enumerate(call.args) if one is argument)
        if position > 0:
            start, end = self._value_end(call.args[position - 1]), self._value_end(argument)
        elif len(call.args) > 1:
            start, end = self.start(argument), self.start(call.args[1])
        else:
            start, end = self.start(argument), self._value_end(argument)
        return None if "#" in self.between(start, end) else (start, end, "")

    def _value_end(self, argument: cst.Arg) -> int:
        return self._outer_end(argument.value)

    def add_import(self, statement: str) -> Change:
        """Write an import in front of the first one of the block, or at its start."""
        first = self._positions.first_import
        return (first, first, f"{statement}{self._positions.newline}")

    def fix(self, message: str, applicability: Applicability, changes: Sequence[Change]) -> Fix | None:
        """The fix that makes the changes; None when one of them would take a comment away."""
        if any("#" in self.between(start, end) and "#" not in content for start, end, content in changes):
            return None
        edits = tuple(
            Edit(content, self._position(start), self._position(end)) for start, end, content in sorted(changes)
        )
        return Fix(applicability, message, edits)

    def _position(self, offset: int) -> Position:
        row, column = self._positions.place(offset)
        return Position(row + self._row - 1, column + self._indent)
