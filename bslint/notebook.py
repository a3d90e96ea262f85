"""New code in the cells of a notebook, with every other byte of the file left as it is.

A notebook that is decoded and encoded again comes out different: indentation, escapes, the order of keys and the form
of `source` are up to the program that wrote it. So the text of a cell is replaced where it stands.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DECODER = json.JSONDecoder()
_GAP = re.compile(r"[ \t\r\n,:]*")
_ROW = re.compile(r"[^\n]*\n|[^\n]+")
# An escape of something that is not ASCII; the backslashes before it pair up.
_ESCAPED = re.compile(r"(?<!\\)(?:\\\\)*\\u(?!00[0-7])")


class _Member(NamedTuple):
    """A member of a JSON object or array (key ""): its value, and where that stands."""

    key: str
    value: Any
    start: int
    end: int


def replace_sources(raw: str, texts: Mapping[int, str]) -> str:
    """The notebook `raw` with other code in some of its cells.

    Args:
        raw: the text of the file.
        texts: new code by number of the cell, from 1, among all cells.

    Raises:
        ValueError: `raw` is no notebook or has no such cell.
        IndexError: the same.
    """
    cells = list(_cells(raw, raw.index("{")))
    parts = []
    done = 0
    for number in sorted(texts):
        source = _source(raw, cells[number - 1])
        parts += [raw[done : source.start], _written(raw, source, texts[number])]
        done = source.end
    return "".join([*parts, raw[done:]])


def _cells(raw: str, notebook: int) -> Iterator[int]:
    """Offsets of the cells of the notebook, or worksheet of one (third format), that begins at an offset."""
    members = {member.key: member for member in _members(raw, notebook)}
    if "cells" in members:
        yield from (cell.start for cell in _members(raw, members["cells"].start))
    elif "worksheets" in members:
        for sheet in _members(raw, members["worksheets"].start):
            yield from _cells(raw, sheet.start)


def _source(raw: str, cell: int) -> _Member:
    members = {member.key: member for member in _members(raw, cell)}
    found = members.get("source") or members.get("input")
    if found is None:
        raise ValueError("the cell has no source")
    return found


def _members(raw: str, start: int) -> Iterator[_Member]:
    """The members of the object or array that opens at offset `start`."""
    keyed = raw[start] == "{"
    at = _skip(raw, start + 1)
    while raw[at] not in "]}":
        key = ""
        if keyed:
            key, at = _DECODER.raw_decode(raw, at)
            at = _skip(raw, at)
        value, end = _DECODER.raw_decode(raw, at)
        yield _Member(key, value, at, end)
        at = _skip(raw, end)


def _skip(raw: str, at: int) -> int:
    match = _GAP.match(raw, at)
    return match.end() if match else at


def _written(raw: str, source: _Member, text: str) -> str:
    """The JSON of `text` in the form in which `source` stands: one string, or a list with a string for each row."""
    ascii_only = raw.isascii() and _ESCAPED.search(raw) is not None
    if isinstance(source.value, str):
        return json.dumps(text, ensure_ascii=ascii_only)
    members = list(_members(raw, source.start))
    tokens = {member.value: raw[member.start : member.end] for member in members}
    if source.key == "input":  # the third format allows rows without their line ends
        tokens.update({f"{value}\n": token for value, token in tokens.items() if not value.endswith("\n")})
    rows = [tokens.get(row) or json.dumps(row, ensure_ascii=ascii_only) for row in _ROW.findall(text)]
    opening, separator, closing = _gaps(raw, source, members)
    return f"[{opening}{separator.join(rows)}{closing}]" if rows else "[]"


def _gaps(raw: str, source: _Member, members: list[_Member]) -> tuple[str, str, str]:
    """What stands before, between and after the members of a list."""
    if not members:
        return "", ", ", ""
    opening = raw[source.start + 1 : members[0].start]
    closing = raw[members[-1].end : source.end - 1]
    if len(members) > 1:
        return opening, raw[members[0].end : members[1].start], closing
    return opening, f",{opening or ' '}", closing
