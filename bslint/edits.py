"""Builds fixes: replacing, inserting and deleting the text of nodes in one block."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING, TypeAlias

from bslint.diagnostic import Applicability, Edit, Fix, Position

if TYPE_CHECKING:
    from collections.abc import Sequence

    import libcst as cst

    from bslint.syntax.positions import Positions

Change: TypeAlias = tuple[int, int, str]


# Words behind which code may not run, or run more than once.
_CONDITIONAL = re.compile(r"\b(?:if|else|lambda|for|and|or)\b")


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
        receiver = getattr(getattr(call, "func", None), "value", None)
        return (self._outer_end(receiver) if receiver is not None else self.start(call), self.end(call))

    def append_link(self, last: cst.CSTNode, content: str) -> Change:
        """Write one more link behind a chain of calls: on a row of its own where the last link has one."""
        dot, text = self._dot(last), self._positions.text
        before, end, indent = text[:dot].rpartition("\n")
        if text[dot] != "." or indent.strip() or not end or before.rstrip("\r").endswith("\\"):
            return self.insert_after(last, content)
        end = "\r\n" if before.endswith("\r") else end
        rows = self._own_rows(dot, self.end(last))
        if rows is None:
            return self.insert_after(last, f"{end}{indent}{content}")
        return (rows[1], rows[1], f"{indent}{content}{end}")

    def drop_link(self, call: cst.CSTNode) -> Change:
        """Take one link out of a chain of calls; a statement `ds = ds.link(…)` goes as a whole."""
        start, end = self.link(call)
        text = self._positions.text
        first = text.rfind("\n", 0, start) + 1
        last = text.find("\n", end) + 1
        nothing_left = last and re.fullmatch(r"[ \t]*(\w+)[ \t]*=[ \t]*\1", text[first:start])
        opens_block = text[:first].rstrip().endswith(":")
        if nothing_left and not opens_block and not text[end:last].strip():
            return (first, last, "")
        return (start, end, "")

    def add_argument(self, call: cst.CSTNode, content: str) -> Change | None:
        """Write a further argument behind those of a call; None for a call without arguments."""
        args: Sequence[cst.Arg] = getattr(call, "args", ())
        if not args:
            return None
        end = self._value_end(args[-1])
        return (end, end, f", {content}")

    def move_link(self, call: cst.CSTNode, target: cst.CSTNode) -> list[Change] | None:
        """Move one link of a chain of calls in front of an earlier one, with its comment where it has rows of its own.

        Both stand in one expression, or in statements `ds = ds.link(…)` of one suite; None where they don't.
        """
        dot, to = self._dot(call), self._dot(target)
        if self.start(call) <= self.start(target) and self.end(target) <= dot:
            rows, before = self._own_rows(dot, self.end(call)), self._own_rows(to, self.end(target))
            if rows is not None and before is not None:
                return self._move(*rows, before[0])
            start, end = self.link(call)
            cut = dot if "#" in self.between(start, dot) else start
            return [(to, to, self.between(dot, end)), (cut, end, "")]
        if self.end(target) >= self.start(call) or not self.same_suite(target, call):
            return None
        statement, first = self._statement(call), self._statement(target)
        if statement is not None and first is not None and statement[0] == first[0]:
            return self._move(*statement[1], first[1][0])
        if _CONDITIONAL.search(self._rows(target)) or _CONDITIONAL.search(self._rows(call)):
            return None
        return [(to, to, self.between(dot, self.end(call))), self.drop_link(call)]

    def _move(self, start: int, end: int, to: int) -> list[Change]:
        return [(to, to, self.between(start, end)), (start, end, "")]

    def _dot(self, call: cst.CSTNode) -> int:
        """Where the dot in front of a method's name stands."""
        name = getattr(getattr(call, "func", None), "attr", None)
        return self._positions.text.rindex(".", 0, self.start(name)) if name is not None else self.start(call)

    def _own_rows(self, start: int, end: int) -> tuple[int, int] | None:
        """The rows of a stretch with nothing else on them than a comment behind it; None when there is more."""
        text = self._positions.text
        first, last = text.rfind("\n", 0, start) + 1, text.find("\n", end) + 1
        alone = not text[first:start].strip() and re.fullmatch(r"\s*(#.*)?\s*", text[end:last])
        return (first, last) if last and alone else None

    def _statement(self, call: cst.CSTNode) -> tuple[str, tuple[int, int]] | None:
        """The rows of a statement `ds = ds.link(…)`, and its variable; None for any other."""
        start, end = self.link(call)
        text = self._positions.text
        first = text.rfind("\n", 0, start) + 1
        assigned = re.fullmatch(r"[ \t]*(\w+)[ \t]*=[ \t]*\1", text[first:start])
        rows = self._own_rows(first, end) if assigned else None
        return (assigned[1], rows) if assigned and rows is not None else None

    def same_suite(self, first: cst.CSTNode, second: cst.CSTNode) -> bool:
        """Whether two nodes stand in statements of one indentation, with no definition and no smaller one between."""
        rows = self._positions.text[self._row_start(first) : self.end(second)].splitlines()
        indents = [len(row) - len(row.lstrip()) for row in rows if row.strip()]
        definitions = any(row.lstrip().startswith(("def ", "class ", "async def ")) for row in rows)
        return bool(indents) and min(indents) == indents[0] == self._indent_of(second) and not definitions

    def _rows(self, node: cst.CSTNode) -> str:
        """The rows on which a node stands."""
        end = self._positions.text.find("\n", self.end(node))
        return self.between(self._row_start(node), end if end >= 0 else self.end(node))

    def _row_start(self, node: cst.CSTNode) -> int:
        return self._positions.text.rfind("\n", 0, self.start(node)) + 1

    def _indent_of(self, node: cst.CSTNode) -> int:
        row = self._positions.text[self._row_start(node) : self.end(node)]
        return len(row) - len(row.lstrip())

    def _outer_end(self, node: cst.BaseExpression) -> int:
        """Where an expression ends with the parentheses around it."""
        end = self.end(node)
        for _ in node.rpar:
            end = self._positions.text.index(")", end) + 1
        return end

    def remove_argument(self, call: cst.CSTNode, argument: cst.Arg) -> Change | None:
        """Take an argument out of a call with one of the commas around it; None when a comment would go with it."""
        args: Sequence[cst.Arg] = getattr(call, "args", ())
        position = next((i for i, one in enumerate(args) if one is argument), None)
        if position is None:
            return None
        if position > 0:
            start, end = self._value_end(args[position - 1]), self._value_end(argument)
        elif len(args) > 1:
            start, end = self.start(argument), self.start(args[1])
        else:
            start, end = self.start(argument), self._value_end(argument)
        comment = "#" in self.between(start, end) or self._has_comment_of_its_own(argument)
        return None if comment else (start, end, "")

    def _has_comment_of_its_own(self, argument: cst.Arg) -> bool:
        """Whether an argument stands alone on its row with a comment behind it."""
        text, start, end = self._positions.text, self.start(argument), self._value_end(argument)
        before, behind = text[self._row_start(argument) : start], text[end : text.find("\n", end)]
        return not before.strip() and "#" in behind

    def _value_end(self, argument: cst.Arg) -> int:
        return self._outer_end(argument.value)

    def dedent(self, statements: Sequence[cst.CSTNode]) -> list[Change] | None:
        """Move statements at the end of a block out of it, with what stands behind them in their rows.

        None when they don't have rows of their own, or hold a string of several rows, which would change.
        """
        text = self._positions.text
        start, end = self._row_start(statements[0]), self.end(statements[-1])
        rows = text[start:end].splitlines(keepends=True)
        before = text[:start].rstrip("\r\n").splitlines()
        inner = len(rows[0]) - len(rows[0].lstrip())
        outer = self._outer_indent(before, inner)
        stays = any(row.strip() and len(row) - len(row.lstrip()) < inner for row in rows)
        if outer is None or stays or text[start : self.start(statements[0])].strip() or '"""' in "".join(rows):
            return None
        return [
            (offset, offset + inner - outer, "")
            for offset, row in zip(accumulate((len(row) for row in rows), initial=start), rows, strict=False)
            if row.strip()
        ]

    @staticmethod
    def _outer_indent(before: Sequence[str], inner: int) -> int | None:
        """The indentation of the block around, from the last row above that is indented less."""
        indents = [len(row) - len(row.lstrip()) for row in before if row.strip()]
        return next((indent for indent in reversed(indents) if indent < inner), None)

    def add_import(self, statement: str) -> Change:
        """Write an import in front of the first one of the block, or at its start."""
        first = self._positions.first_import
        return (first, first, f"{statement}{self._positions.newline}")

    def fix(self, message: str, applicability: Applicability, changes: Sequence[Change]) -> Fix | None:
        """The fix that makes the changes; None when they would take a comment away."""
        written = "".join(content for _, _, content in changes)
        removed = [self.between(start, end) for start, end, content in changes if "#" not in content]
        if any("#" in text and text not in written for text in removed):
            return None
        edits = tuple(
            Edit(content, self._position(start), self._position(end)) for start, end, content in sorted(changes)
        )
        return Fix(applicability, message, edits)

    def _position(self, offset: int) -> Position:
        row, column = self._positions.place(offset)
        return Position(row + self._row - 1, column + self._indent)
