"""Where nodes stand in the text: character offsets of all nodes of a module, from one run of its code generator.

libcst's own `PositionProvider` costs two to three parses; counting characters while the tokens go by costs a fraction
of one, and is only done for files with findings.
"""

from __future__ import annotations

from bisect import bisect_right
from contextlib import contextmanager
from typing import TYPE_CHECKING

import libcst as cst
from libcst._nodes.internal import CodegenState

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADED = (
    cst.If,
    cst.Else,
    cst.For,
    cst.While,
    cst.Try,
    cst.TryStar,
    cst.ExceptHandler,
    cst.ExceptStarHandler,
    cst.Finally,
    cst.With,
    cst.FunctionDef,
    cst.ClassDef,
    cst.MatchCase,
)


class _Recorder(CodegenState):
    """Counts characters, and keeps the span of every node without the whitespace around it."""

    def __init__(self, tree: cst.Module) -> None:
        super().__init__(default_indent=tree.default_indent, default_newline=tree.default_newline)
        self.offset = 0
        self.starts: list[int] = []
        self.spans: dict[int, tuple[int, int]] = {}
        self.headers: list[tuple[int, int]] = []

    def add_indent_tokens(self) -> None:
        self.offset += sum(map(len, self.indent_tokens))

    def add_token(self, value: str) -> None:
        self.offset += len(value)

    def pop_trailing_newline(self) -> None:
        pass

    def before_codegen(self, node: cst.CSTNode) -> None:
        self.starts.append(self.offset)

    def after_codegen(self, node: cst.CSTNode) -> None:
        start = self.starts.pop()
        self.spans.setdefault(id(node), (start, self.offset))
        if isinstance(node, cst.SimpleStatementLine):
            self.headers.append(self.spans[id(node)])
        elif isinstance(node, _HEADED):
            self.headers.append((self.spans[id(node)][0], self.spans[id(node.body)][0]))

    @contextmanager
    def record_syntactic_position(
        self, node: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> Iterator[None]:
        start = self.offset
        yield
        end = self.offset
        if start_node is not None:
            start = self.spans[id(start_node)][0]
        if end_node is not None:
            end = self.spans[id(end_node)][1]
        self.spans[id(node)] = (start, end)


class Positions:
    """Offsets, rows and columns of the nodes of one module.

    Args:
        tree: the module.
        text: the text that it was parsed from.
    """

    def __init__(self, tree: cst.Module, text: str) -> None:
        recorder = _Recorder(tree)
        tree._codegen(recorder)
        self.text = text
        self.spans = recorder.spans
        self.newline = tree.default_newline
        self.first_import = self._import_offset(tree)
        self._headers = recorder.headers
        self._rows = _row_starts(text)

    def _import_offset(self, tree: cst.Module) -> int:
        """Where an import may be added: in front of the first import that is not of `__future__`."""
        for line in tree.body:
            small = line.body[0] if isinstance(line, cst.SimpleStatementLine) else None
            future = (
                isinstance(small, cst.ImportFrom)
                and isinstance(small.module, cst.Name)
                and (small.module.value == "__future__")
            )
            docstring = isinstance(small, cst.Expr) and isinstance(
                small.value, (cst.SimpleString, cst.ConcatenatedString)
            )
            if not future and not docstring:
                return self.spans[id(line)][0]
        return len(self.text)

    def place(self, offset: int) -> tuple[int, int]:
        """1-based row and column of a character."""
        row = bisect_right(self._rows, offset)
        return row, offset - self._rows[row - 1] + 1

    def statement(self, start: int, end: int) -> tuple[int, int]:
        """First and last row of the header of the statement around a span."""
        around = [header for header in self._headers if header[0] <= start <= header[1]]
        first, last = max(around, default=(start, end))
        return self.place(first)[0], self.place(max(last, min(end, last)))[0]


def _row_starts(text: str) -> list[int]:
    """Offsets at which rows begin; rows end as Python ends them: LF, CRLF or CR."""
    starts = [0]
    for offset, character in enumerate(text):
        if character == "\n" or (character == "\r" and text[offset + 1 : offset + 2] != "\n"):
            starts.append(offset + 1)
    return starts
