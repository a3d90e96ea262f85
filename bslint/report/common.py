"""What several formats need: paths, rows of text, the identity of a finding, JSON."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bslint.baseline import Entry, identify
from bslint.diagnostic import Diagnostic, Edit, Position, Related
from bslint.report.evidence import evidence_lines
from bslint.report.notebook import file_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bslint.report import Report

TOOL = "bslint"
TOOL_URL = "https://bslint.readthedocs.io/"

# Codes of findings about the file itself, not about the code in it: they have no rule.
FILE_CODES = ("invalid-syntax", "io-error")

_NEWLINE = re.compile(r"\r\n|\r|\n")


class Span(msgspec.Struct, frozen=True):
    """A range in a file; `exact` is false where only the row is known (notebooks)."""

    start: Position
    end: Position
    exact: bool = True


@lru_cache(maxsize=64)
def rows(text: str) -> tuple[str, ...]:
    """Returns the rows of `text` without their line ends; only what ends a row in Python ends one here."""
    return tuple(_NEWLINE.split(text))


def row_text(report: Report, place: Diagnostic | Related, row: int) -> str:
    """Returns a row of the file or cell that `place` is in, or "" where its text is not known."""
    text = report.sources.get((place.filename, place.cell), "")
    found = rows(text)
    return found[row - 1] if 1 <= row <= len(found) else ""


def edited(text: str, edits: Iterable[Edit], start: int = 0, end: int | None = None) -> str:
    """Returns `text` from offset `start` to `end` with `edits`, which lie between them, carried out."""
    parts = []
    for edit in sorted(edits, key=lambda each: (each.location, each.end_location)):
        parts += [text[start : offset(text, edit.location)], edit.content]
        start = offset(text, edit.end_location)
    return "".join([*parts, text[start:end]])


def offset(text: str, position: Position) -> int:
    """Returns the offset of `position` in `text`, at most its length."""
    starts = _row_starts(text)
    return min(starts[position.row - 1] + position.column - 1, len(text)) if position.row <= len(starts) else len(text)


@lru_cache(maxsize=64)
def _row_starts(text: str) -> tuple[int, ...]:
    return (0, *(match.end() for match in _NEWLINE.finditer(text)))


def relative(filename: str, root: Path) -> str:
    """Returns `filename` relative to `root` if it lies below it, with forward slashes."""
    try:
        return Path(filename).relative_to(root).as_posix()
    except ValueError:
        return filename


def place(diagnostic: Diagnostic | Related) -> str:
    """Returns `row:column`, in a notebook `cell N:row:column`."""
    cell = f"cell {diagnostic.cell}:" if diagnostic.cell is not None else ""
    return f"{cell}{diagnostic.location.row}:{diagnostic.location.column}"


def span(report: Report, place: Diagnostic | Related) -> Span:
    """Returns where `place` is in its file.

    Only rows are translated for a notebook: how a row of a cell is indented and escaped in the file is nothing that a
    column could say.
    """
    if place.cell is None:
        return Span(place.location, place.end_location)
    raw = report.sources.get((place.filename, None))
    row = file_row(raw, place.cell, place.location.row) if raw is not None else None
    position = Position(row or 1, 1)
    return Span(position, position, exact=False)


def identities(report: Report, root: Path) -> list[Entry]:
    """Returns what each finding is known by, whatever its row: its path (relative to `root`), code and text."""
    return identify(
        report.diagnostics,
        lambda found: relative(found.filename, root),
        lambda found: row_text(report, found, found.location.row),
    )


def fingerprint(identity: Entry) -> str:
    """Returns a hash that stays when the finding's row moves, and that no other finding of the run has."""
    text = "|".join((identity.path, identity.code, identity.line, str(identity.ordinal)))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def headline(diagnostic: Diagnostic) -> str:
    """Returns code and message as ruff puts them: a code that is no rule's is followed by a colon."""
    colon = ":" if diagnostic.code in FILE_CODES else ""
    return f"{diagnostic.code}{colon} {diagnostic.said}"


def advice(diagnostic: Diagnostic) -> str:
    """Returns what to do about a finding: its help, else what its fix does."""
    return diagnostic.help or (diagnostic.fix.message if diagnostic.fix else "")


def explained(report: Report, diagnostic: Diagnostic) -> Iterator[str]:
    """Yields the other places of a finding as lines of text, for formats that have no room for them.

    There is a line for each place that its rule names, and one for the steps of its pipeline.
    """
    for related in diagnostic.related:
        yield f"note: {relative(related.filename, report.root)}:{place(related)}: {related.message}"
    chain = (diagnostic.evidence or {}).get("steps", ()) if diagnostic.chain else ()
    if chain:
        yield "steps: " + " ".join(dict(evidence_lines({"steps": chain}))["steps"].split("\n"))


def dumps(value: object, indent: int = 0) -> str:
    """Returns `value` as JSON, on one line if `indent` is 0."""
    try:
        data = msgspec.json.encode(value)
    except (UnicodeEncodeError, OverflowError):
        return _dumps_anything(value, indent)
    return (msgspec.json.format(data, indent=indent) if indent else data).decode()


def _dumps_anything(value: object, indent: int) -> str:
    """Returns `value` as JSON even if it holds lone surrogates or integers of more than 64 bits."""
    import json

    separators = None if indent else (",", ":")
    return json.dumps(msgspec.to_builtins(value), indent=indent or None, separators=separators)
