"""Text on a screen: how wide it is, and how to show what no screen should be sent."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

# Paints a text in a style; one that paints nothing returns the text.
Paint = Callable[[str, str], str]

TAB = 4

_STYLES = {
    "error": "1;31",
    "warning": "1;33",
    "info": "1;36",
    "frame": "1;34",
    "strong": "1",
    "added": "32",
    "removed": "31",
}


def plain(text: str, style: str) -> str:
    """Paints nothing."""
    return text


def ansi(text: str, style: str) -> str:
    """Paints with ANSI escape sequences."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if text else text


def printable(text: str) -> str:
    """Returns `text` on one line, with visible signs in place of control and direction characters."""
    return text if text.isprintable() else "".join(_shown(character) for character in text)


def layout(row: str) -> tuple[list[str], list[int]]:
    """Returns what to print for each character of a row, and on which screen column each begins (and the row ends)."""
    cells: list[str] = []
    columns = [0]
    for character in row:
        at = columns[-1]
        cells.append(" " * (TAB - at % TAB) if character == "\t" else _shown(character))
        columns.append(at + sum(_width(each) for each in cells[-1]))
    return cells, columns


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    if character.isspace():
        return " "
    if ord(character) < 0x20:
        return chr(0x2400 + ord(character))
    # A zero-width joiner belongs to the emoji around it.
    return character if character == "\u200d" else "\ufffd"


def _width(character: str) -> int:
    if character.isascii():
        return 1
    if character == "\u200d" or unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
