"""Where the rows of a notebook's cells stand in the .ipynb file."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from json import JSONDecoder
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_DECODER = JSONDecoder(strict=False)
_GAP = re.compile(r"[\s,:]*")
_NEWLINE = re.compile(r"\r\n|\r|\n")


def file_row(raw: str, cell: int, row: int) -> int | None:
    """Returns the row of the file `raw` on which `row` of a cell stands, or None if that can't be told."""
    cells = _cells(raw)
    found = cells[cell - 1] if 1 <= cell <= len(cells) else ()
    return found[min(row, len(found)) - 1] if found else None


@lru_cache(maxsize=8)
def _cells(raw: str) -> tuple[tuple[int, ...], ...]:
    """Returns, for each cell of a notebook, the file's row of each of its rows."""
    newlines = [match.start() for match in re.finditer("\n", raw)]
    try:
        return tuple(
            tuple(bisect_left(newlines, offset) + 1 for offset in _row_offsets(raw, cell))
            for cell in _cell_offsets(raw, raw.index("{"))
        )
    except (ValueError, IndexError):
        return ()


def _cell_offsets(raw: str, notebook: int) -> Iterator[int]:
    """Yields the offset of each cell of the notebook, or worksheet of one, at offset `notebook`."""
    for key, value, _ in _members(raw, notebook):
        if key == "cells":
            yield from (cell for _, cell, _ in _members(raw, value))
        elif key == "worksheets":
            for _, sheet, _ in _members(raw, value):
                yield from _cell_offsets(raw, sheet)


def _row_offsets(raw: str, cell: int) -> Iterator[int]:
    """Yields the offset of the string in which each row of the cell at offset `cell` begins."""
    begins = True
    for offset, text in _source(raw, cell):
        *whole, last = _NEWLINE.split(text)
        for _ in whole:
            if begins:
                yield offset
            begins = True
        if begins and last:
            yield offset
            begins = False


def _source(raw: str, cell: int) -> Iterator[tuple[int, str]]:
    """Yields the strings of the source of the cell at offset `cell`: one, or one for each row."""
    for key, offset, value in _members(raw, cell):
        if key not in ("source", "input"):
            continue
        if isinstance(value, str):
            yield offset, value
        else:
            for _, part, text in _members(raw, offset):
                # The third format ("input") allows rows without their line ends.
                yield part, f"{text}\n" if key == "input" and not text.endswith("\n") else text


def _members(raw: str, start: int) -> Iterator[tuple[str, int, Any]]:
    """Yields key ("" in an array), offset and value of the members of the object or array that opens at `start`."""
    keyed = raw[start] == "{"
    at = _skip(raw, start + 1)
    while raw[at] not in "]}":
        key = ""
        if keyed:
            key, at = _DECODER.raw_decode(raw, at)
            at = _skip(raw, at)
        value, end = _DECODER.raw_decode(raw, at)
        yield key, at, value
        at = _skip(raw, end)


def _skip(raw: str, at: int) -> int:
    """Returns the offset of the next thing after blanks and separators."""
    match = _GAP.match(raw, at)
    return match.end() if match else at
