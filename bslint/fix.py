"""Fixes: which of them go together, their edits carried out, and the file written.

Nothing here knows a rule: `repair` is handed the function that lints.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from bisect import bisect_right
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from bslint.source import SourceError, encode, read
from bslint.syntax.rows import ROW_END

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bslint.diagnostic import Diagnostic, Edit, Fix, Position
    from bslint.source import Block, Source

# Real files settle after two or three rounds; a fix that is still at work after this many undoes or repeats itself.
MAX_ROUNDS = 20

_BARE_LF = re.compile(r"(?<!\r)\n")


class Linted(Protocol):
    """What a round needs of a linted file."""

    @property
    def diagnostics(self) -> Sequence[Diagnostic]:
        """The findings."""


_Linted = TypeVar("_Linted", bound=Linted)


@dataclass(frozen=True, slots=True)
class Repair(Generic[_Linted]):
    """A file after its fixes.

    Args:
        data: its bytes; those it had if nothing was fixed.
        result: what linting `data` gave.
        fixed: number of findings repaired, by code.
        errors: fixes that could not be kept, and why.
    """

    data: bytes
    result: _Linted
    fixed: Counter[str] = field(default_factory=Counter)
    errors: tuple[str, ...] = ()


class _Change(NamedTuple):
    """Replace the text between two offsets."""

    start: int
    end: int
    content: str


def apply(text: str, fixes: Iterable[Fix], unsafe: bool = False, blocks: Sequence[Block] = ()) -> tuple[str, list[Fix]]:
    """Carries out the fixes that don't get in each other's way.

    A fix is carried out as a whole or not at all. One that overlaps or touches an earlier one is left for the next
    round, unless they share the very same edit (the import that both need). Line ends become those of the row.

    Args:
        text: a file, or a cell of a notebook.
        fixes: fixes whose positions are places in `text`.
        unsafe: whether to carry out unsafe fixes as well.
        blocks: the Python in `text`, where it is indented there.

    Returns:
        The new text, and the fixes that are in it.
    """
    layout = _Layout(text, blocks)
    taken: set[_Change] = set()
    applied = []
    for fix in sorted(fixes, key=_precedence):
        if fix.applicability != "safe" and not unsafe:
            continue
        changes = [layout.change(edit) for edit in fix.edits]
        new = set(changes) - taken
        if not _overlap(changes) and not any(_touch(one, other) for one in new for other in taken):
            taken |= new
            applied.append(fix)
    return layout.changed(taken), applied


def _precedence(fix: Fix) -> tuple[list[Position], bool]:
    return sorted(edit.location for edit in fix.edits), fix.applicability != "safe"


def _overlap(changes: Iterable[_Change]) -> bool:
    """Whether a fix contradicts itself: its edits overlap, or insert different things at one place."""
    ordered = sorted(set(changes))
    return any(
        one.end > other.start or (one.start, one.end) == (other.start, other.end) for one, other in pairwise(ordered)
    )


def _touch(one: _Change, other: _Change) -> bool:
    return one.start <= other.end and other.start <= one.end


class _Layout:
    """A text with the offsets of its rows."""

    def __init__(self, text: str, blocks: Sequence[Block]) -> None:
        self._text = text
        self._ends = [(match.start(), match[0]) for match in ROW_END.finditer(text)]
        self._starts = [0, *(start + len(end) for start, end in self._ends)]
        self._indented = [block for block in blocks if block.indent]
        self._first_rows = [block.row for block in self._indented]

    def change(self, edit: Edit) -> _Change:
        """An edit in offsets, its content in the manner of the text around it."""
        row = edit.location.row
        content = _BARE_LF.sub(self._newline(row) + self._indent(edit.location), edit.content)
        return _Change(self._offset(edit.location), self._offset(edit.end_location), content)

    def changed(self, changes: Iterable[_Change]) -> str:
        """The text with changes that don't overlap."""
        parts = []
        done = 0
        for change in sorted(changes):
            parts += [self._text[done : change.start], change.content]
            done = change.end
        return "".join([*parts, self._text[done:]])

    def _offset(self, position: Position) -> int:
        if position.row > len(self._starts):
            return len(self._text)
        return min(self._starts[position.row - 1] + position.column - 1, len(self._text))

    def _newline(self, row: int) -> str:
        """What ends a row; the last one ends as the first one does."""
        if not self._ends:
            return "\n"
        return self._ends[row - 1][1] if row <= len(self._ends) else self._ends[0][1]

    def _indent(self, position: Position) -> str:
        """What further rows of an edit need on their left, which the rule that made it did not see."""
        number = bisect_right(self._first_rows, position.row) - 1
        if number < 0 or position.column <= self._indented[number].indent:
            return ""
        start = self._offset(position) - position.column + 1
        margin = self._text[start : start + self._indented[number].indent]
        return margin if margin.isspace() else " " * len(margin)


def repair(path: str, data: bytes, lint: Callable[[bytes], _Linted], unsafe: bool = False) -> Repair[_Linted]:
    """Fixes and lints a file in turn until nothing is left to fix.

    Args:
        path: the file's name, which tells its kind.
        data: its bytes.
        lint: lints bytes as the content of this file.
        unsafe: whether to carry out unsafe fixes as well.

    Returns:
        The file as it could be written. A file whose fixes never come to an end is left as it was.
    """
    before = result = lint(data)
    content = data
    fixed: Counter[str] = Counter()
    errors: list[str] = []
    broken: set[str] = set()
    for _ in range(MAX_ROUNDS):
        fixable = [found for found in result.diagnostics if found.fix and found.code not in broken]
        if not any(found.fix and (unsafe or found.fix.applicability == "safe") for found in fixable):
            return Repair(content, result, fixed, tuple(errors))
        content, codes, failed = _round(path, content, fixable, unsafe)
        if not codes and not failed:
            return Repair(content, result, fixed, tuple(errors))
        errors += [f"{path}: internal error: {code}: {reason}; it was not applied" for code, reason in failed.items()]
        broken |= failed.keys()
        fixed += codes
        if codes:
            result = lint(content)
    culprits = ", ".join(sorted(codes))
    errors.append(f"{path}: internal error: the fixes of {culprits} never come to an end; the file was not changed")
    return Repair(data, before, Counter(), tuple(errors))


def _round(
    path: str, data: bytes, found: Sequence[Diagnostic], unsafe: bool
) -> tuple[bytes, Counter[str], dict[str, str]]:
    """One round: the new bytes, the codes of what was fixed, and why the fixes of other codes can't be applied."""
    source = read(path, data)
    problem = ""
    try:
        content, applied = edited(source, found, unsafe)
        problem = _problem(source, content)
    except SourceError as error:
        problem = error.message
    if not problem:
        return content, Counter(one.code for one in applied), {}
    if len({one.code for one in found}) == 1:
        return data, Counter(), {found[0].code: f"its fix does not work: {problem}"}
    failed: dict[str, str] = {}
    for code in dict.fromkeys(one.code for one in found):
        failed |= _round(path, data, [one for one in found if one.code == code], unsafe)[2]
    if not failed:
        failed = {one.code: f"its fix does not go together with others: {problem}" for one in found}
    sound = [one for one in found if one.code not in failed]
    content, codes, others = _round(path, data, sound, unsafe) if sound else (data, Counter[str](), {})
    return content, codes, failed | others


def edited(source: Source, found: Iterable[Diagnostic], unsafe: bool = False) -> tuple[bytes, list[Diagnostic]]:
    """The bytes of a file with fixes carried out, and the findings that these repair.

    Raises:
        SourceError: a fix writes a character that the file's encoding lacks.
    """
    fixable = [one for one in found if one.fix]
    applied: set[int] = set()

    def changed(text: str, cell: int | None, blocks: Sequence[Block]) -> str:
        fixes = [one.fix for one in fixable if one.fix and one.cell == cell]
        new, done = apply(text, fixes, unsafe, blocks)
        applied.update(id(fix) for fix in done)
        return new

    data = rewritten(source, changed)
    return data, [one for one in fixable if id(one.fix) in applied]


def rewritten(source: Source, changed: Callable[[str, int | None, Sequence[Block]], str]) -> bytes:
    """The bytes of a file with its text, or that of each of its cells, changed.

    Args:
        source: the file.
        changed: gives the new text for a text, its cell and the blocks in it.

    Raises:
        SourceError: the new text has a character that the file's encoding lacks.
    """
    blocks = [block for program in source.programs for block in program.blocks]
    if source.kind != "notebook":
        return encode(source, changed(source.text, None, blocks))
    from bslint.notebook import replace_sources

    texts = {block.cell: (block.original, changed(block.original, block.cell, [block])) for block in blocks}
    new = {cell: after for cell, (before, after) in texts.items() if cell is not None and after != before}
    return encode(source, replace_sources(source.text, new) if new else source.text)


def _problem(source: Source, data: bytes) -> str:
    """Why `data` can't take the place of `source`: Python that parsed does no more. Else ""."""
    try:
        after = read(source.path, data)
    except SourceError as error:
        return error.message
    old, new = ([block.text for program in each.programs for block in program.blocks] for each in (source, after))
    if len(old) != len(new):
        return "the code is not found again"
    for text, changed in zip(old, new, strict=True):
        problem = "" if text == changed else _syntax_error(changed)
        if problem and not _syntax_error(text):
            return problem
    return ""


def _syntax_error(text: str) -> str:
    import ast
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            return str(error) or type(error).__name__
    return ""


def write(path: str | Path, data: bytes, expected: bytes | None = None) -> None:
    """Puts `data` in a file at one stroke: whoever reads it sees the old bytes or the new ones.

    The file keeps its permissions; behind a symbolic link it is the target that changes.

    Args:
        path: an existing file.
        data: its new bytes.
        expected: the bytes it is believed to have.

    Raises:
        OSError: the file can't be written, or doesn't have the bytes `expected` any more.
    """
    target = Path(os.path.realpath(path))
    status = target.stat()
    if not os.access(target, os.W_OK):  # the folder's permissions alone would let us replace it
        raise PermissionError("the file is read-only")
    if expected is not None and target.read_bytes() != expected:
        raise OSError("the file was changed by someone else in the meantime")
    handle, name = tempfile.mkstemp(prefix=".bslint-", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        with suppress(OSError, AttributeError):  # only root may give files away; Windows has no owners
            os.chown(temporary, status.st_uid, status.st_gid)
        temporary.chmod(stat.S_IMODE(status.st_mode))
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
