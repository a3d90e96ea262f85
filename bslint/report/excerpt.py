"""A stretch of source with the place marked in it, in the manner of rustc."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bslint.diagnostic import Position
from bslint.report.screen import Paint, layout

if TYPE_CHECKING:
    from collections.abc import Sequence

# Screen columns that a row of an excerpt takes at most, and how many of them stand before the marked place.
MAX_WIDTH = 120
LEAD = 40
# Rows of a marked place that are shown at most.
MAX_ROWS = 8
ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Mark:
    """How to mark a place: the sign under it, its style, and how many rows around it are shown."""

    sign: str
    style: str
    context: int


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame around excerpts: `margin` is the width of the row numbers."""

    margin: int
    paint: Paint

    def row(self, content: str, number: int | None = None) -> str:
        """Returns a line of the frame; `number` is the row that it shows."""
        label = "" if number is None else str(number)
        return f"{self.paint(f'{label:>{self.margin}} |', 'frame')} {content}".rstrip(" ")

    def elision(self) -> str:
        """Returns the line that stands for rows left out."""
        return self.paint(f"{'':>{self.margin - 1}}...", "frame")


@dataclass(frozen=True, slots=True)
class _View:
    """The screen columns of the source that are shown."""

    left: int

    def cut(self, row: str) -> str:
        """Returns what is shown of a row."""
        cells, columns = layout(row.rstrip())
        if not self.left and columns[-1] <= MAX_WIDTH:
            return "".join(cells)
        first = bisect_left(columns, self.left)
        head = ELLIPSIS if self.left else ""
        last = len(cells)
        if columns[-1] > self.left + MAX_WIDTH:
            last = bisect_right(columns, self.left + MAX_WIDTH - 1) - 1
        tail = ELLIPSIS if last < len(cells) else ""
        pad = " " * (columns[first] - self.left) if first < len(columns) else ""
        return head + pad + "".join(cells[first:last]) + tail

    def column(self, row: str, index: int) -> int:
        """Returns where on the screen the character at `index` begins."""
        columns = layout(row)[1]
        column = columns[min(index, len(columns) - 1)] - self.left
        return max(0, min(column, MAX_WIDTH)) + (1 if self.left else 0)


def excerpt(rows: Sequence[str], start: Position, end: Position, mark: Mark, frame: Frame) -> list[str]:
    """Returns the lines that show the place from `start` up to `end`, or none if it isn't in `rows`."""
    if not 1 <= start.row <= len(rows):
        return []
    start, end = _within(rows, start, end)
    before = _context(rows, range(max(1, start.row - mark.context), start.row))
    after = _context(rows, range(end.row + 1, min(len(rows), end.row + mark.context) + 1))
    view = _View(_left(rows[start.row - 1], start, end))
    marked = _single(rows, start, end, mark, frame, view)
    indent = ""
    if end.row > start.row:
        view, indent = _View(0), "  "
        marked = _several(rows, start, end, mark, frame)
    return [
        *(frame.row(indent + view.cut(rows[number - 1]), number) for number in before),
        *marked,
        *(frame.row(indent + view.cut(rows[number - 1]), number) for number in after),
    ]


def _within(rows: Sequence[str], start: Position, end: Position) -> tuple[Position, Position]:
    """Returns the place cut to what exists; an end at the beginning of a row is the end of the row before."""
    if end.row > len(rows) or (end.column <= 1 and end.row > start.row):
        row = min(end.row - 1, len(rows)) if end.column <= 1 else len(rows)
        end = Position(row, len(rows[row - 1].rstrip()) + 1)
    return start, max(start, end)


def _context(rows: Sequence[str], numbers: Sequence[int]) -> list[int]:
    """Returns the numbers of the context rows without blank ones at either end."""
    full = [number for number in numbers if rows[number - 1].strip()]
    return list(range(full[0], full[-1] + 1)) if full else []


def _left(row: str, start: Position, end: Position) -> int:
    """Returns the first screen column to show of a row, so that the marked place is in sight."""
    columns = layout(row)[1]
    begin = columns[min(start.column - 1, len(columns) - 1)]
    finish = columns[-1] if end.row > start.row else columns[min(end.column - 1, len(columns) - 1)]
    return 0 if finish <= MAX_WIDTH - 1 else max(0, begin - LEAD)


def _single(rows: Sequence[str], start: Position, end: Position, mark: Mark, frame: Frame, view: _View) -> list[str]:
    """Returns the row of `start` and the signs under it."""
    row = rows[start.row - 1]
    begin = view.column(row, start.column - 1)
    finish = view.column(row, end.column - 1 if end.row == start.row else len(row.rstrip()))
    signs = frame.paint(mark.sign * max(1, finish - begin), mark.style)
    return [frame.row(view.cut(row), start.row), frame.row(" " * begin + signs)]


def _several(rows: Sequence[str], start: Position, end: Position, mark: Mark, frame: Frame) -> list[str]:
    """Returns the rows of a place of several rows, with a bar at their left."""
    view = _View(0)
    bar = frame.paint("|", mark.style)
    first = rows[start.row - 1]
    opening = view.column(first, start.column - 1)
    if first[: start.column - 1].strip():
        signs = frame.paint("_" * (opening + 1) + mark.sign, mark.style)
        lines = [frame.row(f"  {view.cut(first)}", start.row), frame.row(f" {signs}")]
    else:
        lines = [frame.row(f"{frame.paint('/', mark.style)} {view.cut(first)}", start.row)]
    for number in _elided(range(start.row + 1, end.row + 1)):
        line = f"{bar} {view.cut(rows[number - 1])}" if number else ""
        lines.append(frame.row(line, number) if number else frame.elision())
    closing = view.column(rows[end.row - 1], max(0, end.column - 2))
    return [*lines, frame.row(bar + frame.paint("_" * (closing + 1) + mark.sign, mark.style))]


def _elided(numbers: Sequence[int]) -> list[int]:
    """Returns row numbers with 0 in place of the middle ones if there are too many."""
    if len(numbers) < MAX_ROWS:
        return list(numbers)
    half = MAX_ROWS // 2 - 1
    return [*numbers[:half], 0, *numbers[-half:]]
