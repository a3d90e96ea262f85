"""Rows of a text: they end at LF, CRLF or CR and nowhere else, as Python's do (never `str.splitlines`)."""

from __future__ import annotations

import re
from typing import Final

ROW_END: Final = re.compile(r"\r\n|\r|\n")
_ROW: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def split_rows(text: str) -> list[str]:
    """The rows of a text with their ends."""
    return _ROW.findall(text)
