"""A baseline: today's findings, accepted, so that only new ones are reported.

A finding is known again by its file, its code, the text of its row and how many like it come before: it survives
everything that moves code up or down in a file.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from bslint.diagnostic import Diagnostic

VERSION = 1


class Entry(msgspec.Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """One finding, without its position: the `ordinal`-th one with this path, code and row text, from 1."""

    path: str
    code: str
    line: str
    ordinal: int


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Baseline:
    """Accepted findings; their paths are relative to `folder`."""

    folder: Path
    entries: tuple[Entry, ...]


class BaselineError(Exception):
    """The baseline file can't be used."""


def identify(
    diagnostics: Iterable[Diagnostic],
    path_of: Callable[[Diagnostic], str],
    line_of: Callable[[Diagnostic], str],
) -> list[Entry]:
    """Returns the entry of each diagnostic, in the same order."""
    seen: Counter[tuple[str, str, str]] = Counter()
    entries = []
    for diagnostic in diagnostics:
        key = (path_of(diagnostic), diagnostic.code, line_of(diagnostic).strip())
        seen[key] += 1
        entries.append(Entry(*key, seen[key]))
    return entries


def dump(diagnostics: Sequence[Diagnostic], folder: Path, line_of: Callable[[Diagnostic], str]) -> str:
    """Returns the text of a baseline file in `folder` that accepts `diagnostics` (sorted).

    `line_of` gives the text of the row on which a diagnostic starts.
    """
    entries = sorted(identify(diagnostics, lambda found: _path(found.filename, folder), line_of))
    data = {"version": VERSION, "entries": [msgspec.to_builtins(entry) for entry in entries]}
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def write(file: Path, diagnostics: Sequence[Diagnostic], line_of: Callable[[Diagnostic], str]) -> None:
    """Writes a baseline that accepts `diagnostics` (sorted) to `file`."""
    text = dump(diagnostics, _folder(file), line_of)
    file.write_text(text, encoding="utf-8", errors="surrogateescape", newline="\n")


def load(file: Path) -> Baseline:
    """Reads a baseline file.

    Raises:
        BaselineError: the file can't be read or is no baseline.
    """
    try:
        text = file.read_text(encoding="utf-8", errors="surrogateescape")
        content = msgspec.convert(json.loads(text), _File)
    except OSError as error:
        raise BaselineError(f"cannot read the baseline {file}: {error.strerror}") from error
    except (ValueError, msgspec.ValidationError) as error:
        raise BaselineError(f"{file} is no baseline of bslint: {error}") from error
    if content.version != VERSION:
        raise BaselineError(f"{file} is a baseline of version {content.version}; this bslint reads version {VERSION}")
    return Baseline(_folder(file), content.entries)


def match(
    diagnostics: Sequence[Diagnostic],
    baseline: Baseline,
    line_of: Callable[[Diagnostic], str],
    *,
    checked: Collection[str] | None = None,
    enabled: Collection[str] | None = None,
) -> tuple[list[Diagnostic], list[Entry]]:
    """Separates new diagnostics from accepted ones.

    Args:
        diagnostics: what was found, sorted.
        baseline: what is accepted.
        line_of: gives the text of the row on which a diagnostic starts.
        checked: names of the files that were read in this run; entries of other files can't be stale. All if None.
        enabled: codes of the rules that ran; entries of other rules can't be stale. All if None.

    Returns:
        The diagnostics that the baseline doesn't have, and its entries that no longer occur.
    """
    found = identify(diagnostics, lambda diagnostic: _path(diagnostic.filename, baseline.folder), line_of)
    accepted, occurring = set(baseline.entries), set(found)
    paths = None if checked is None else {_path(name, baseline.folder) for name in checked}
    new = [diagnostic for diagnostic, entry in zip(diagnostics, found, strict=True) if entry not in accepted]
    stale = [
        entry
        for entry in baseline.entries
        if entry not in occurring
        and (paths is None or entry.path in paths)
        and (enabled is None or entry.code in enabled)
    ]
    return new, stale


def _folder(file: Path) -> Path:
    return file.absolute().parent


def _path(filename: str, folder: Path) -> str:
    """Returns `filename` relative to `folder`, with forward slashes; standard input stays `-`."""
    if filename == "-":
        return filename
    try:
        return Path(os.path.relpath(filename, folder)).as_posix()
    except ValueError:  # another drive on Windows
        return Path(filename).as_posix()
