"""Suppression comments: what they say, which findings they silence, which of them silence nothing.

`# bslint: ignore[BS201] reason` and `# noqa: BS201` silence findings of the statement they stand in; the former also
those of the statement right below when it stands alone. `# bslint: file-ignore[BS2]`, `# flake8: noqa` and
`# ruff: noqa` are for the whole file. `noqa` is read as ruff reads it, with one exception: after a `noqa` without a
colon listed codes are just those codes, never everything.
"""

from __future__ import annotations

import io
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Literal

import msgspec

from bslint.diagnostic import Diagnostic, Edit, Fix, Position
from bslint.syntax.rows import split_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from tokenize import TokenInfo

    from bslint.source import Block, Source

Kind = Literal["ignore", "file-ignore", "noqa", "file-noqa"]

UNUSED_CODE = "BS002"
UNUSED_NAME = "unused-ignore"

# Findings about the file itself: nothing in the file silences them.
_FILE_CODES = ("invalid-syntax", "io-error")


class Comment(msgspec.Struct, frozen=True):
    """One suppression comment.

    Args:
        kind: what it is.
        items: the codes, prefixes and names that it lists; none in a `noqa` for everything.
        cell: the notebook cell that it is in.
        row: its row.
        start: column of its `#`.
        end: column after its last character.
        below: if it stands alone, the first row under it that is not a comment.
        inside: columns between its brackets; None if it can't be edited.
        removal: takes it away; None if it can't be edited.
        problem: why it does not say what it seems to say.
    """

    kind: Kind
    items: tuple[str, ...]
    cell: int | None
    row: int
    start: int
    end: int
    below: int | None = None
    inside: tuple[int, int] | None = None
    removal: Edit | None = None
    problem: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """What comments make of diagnostics.

    Args:
        kept: what no comment silences.
        suppressed: what a comment silences.
        unused: findings about `bslint: ignore` comments that silence nothing.
        warnings: comments that can't mean what they say, each as `row: text`, in a notebook `cell N:row: text`.
    """

    kept: tuple[Diagnostic, ...]
    suppressed: tuple[Diagnostic, ...]
    unused: tuple[Diagnostic, ...]
    warnings: tuple[str, ...]


# Reading comments

_HINT = re.compile(r"noqa|bslint:", re.IGNORECASE)
_BSLINT = re.compile(r"#\s*bslint:\s*(?P<word>[\w-]*)\s*(?:\[(?P<items>[^]\[#]*)\])?")
_NOQA = re.compile(r"#\s*(?P<tool>(?:ruff|flake8)\s*:\s*)?(?i:noqa)(?P<rest>.*)", re.DOTALL)
_CODES = re.compile(r"[\s,]*[A-Z]+[0-9]+(?:[\s,]*[A-Z]+[0-9]+)*")
_CODE = re.compile(r"[A-Z]+[0-9]+")
_OURS = re.compile(r"\bBS[0-9]+", re.IGNORECASE)
# Another remark in the same comment: `# bslint: ignore[BS201] see #7  # type: ignore` has one of them.
_NEXT = re.compile(r"\s+#\s*[A-Za-z]")


def read(source: Source) -> tuple[Comment, ...]:
    """Returns the suppression comments of a file."""
    return tuple(comment for program in source.programs for block in program.blocks for comment in parse(block))


def parse(block: Block) -> tuple[Comment, ...]:
    """Returns the suppression comments of a block; only real comments count, never what a string says."""
    lowered = block.text.lower()
    if "noqa" not in lowered and "bslint:" not in lowered:
        return ()
    import tokenize

    tokens = [token for token in _tokens(block.text) if token.type == tokenize.COMMENT]
    texts = split_rows(block.text)
    alone = {row for row, column in (token.start for token in tokens) if not texts[row - 1][:column].strip()}
    rows = split_rows(block.original)
    comments: list[Comment] = []
    for token in tokens:
        if _HINT.search(token.string):
            below = _below(token.start[0], alone) if token.start[0] in alone else None
            site = _Site(block, rows, token.start[0], token.start[1], token.string, below)
            comments += _bslint_comments(site)
            comments += _noqa_comments(site)
    return tuple(comments)


def _tokens(text: str) -> list[TokenInfo]:
    """Returns the tokens of `text`, up to where it is no Python any more."""
    import tokenize

    tokens: list[TokenInfo] = []
    try:
        # The default of StringIO would leave a lone CR, which ends a row too, to a tokenizer that doesn't know it.
        for token in tokenize.generate_tokens(io.StringIO(text, newline=None).readline):
            tokens.append(token)  # noqa: PERF402 - keep what comes before an error
    except (tokenize.TokenError, SyntaxError, ValueError):
        pass
    return tokens


def _below(row: int, alone: Collection[int]) -> int:
    while row in alone:
        row += 1
    return row


class _Site(msgspec.Struct, frozen=True):
    """A comment token: its row and column in the block's text (1-based, 0-based), its text, the row below."""

    block: Block
    rows: Sequence[str]
    row: int
    column: int
    text: str
    below: int | None

    @property
    def file_row(self) -> int:
        return self.row + self.block.row - 1

    @property
    def file_below(self) -> int | None:
        return None if self.below is None else self.below + self.block.row - 1

    def file_column(self, offset: int) -> int:
        """Returns the column of the character at `offset` of the comment."""
        return self.column + offset + self.block.indent + 1

    @property
    def original(self) -> str:
        """The row as it stands in the file, without its line end."""
        return self.rows[self.row - 1].rstrip("\r\n") if self.row <= len(self.rows) else ""

    @property
    def editable(self) -> bool:
        """Whether the file has at this place what was tokenised (magics are masked)."""
        return self.original[self.file_column(0) - 1 :] == self.text


def _bslint_comments(site: _Site) -> list[Comment]:
    comments = []
    for match in _BSLINT.finditer(site.text):
        word, listed = match["word"], match["items"] or ""
        items = tuple(item for item in re.split(r"[\s,]+", listed) if item)
        following = _NEXT.search(site.text, match.end())
        end = following.start() if following else len(site.text.rstrip())
        problem = ""
        if word not in ("ignore", "file-ignore"):
            problem = f"`# bslint: {word}` is unknown: write `# bslint: ignore[CODE]` or `# bslint: file-ignore[CODE]`"
        elif not items:
            problem = f"`# bslint: {word}` silences nothing without codes: write `# bslint: {word}[CODE]`"
        inside = (site.file_column(match.start("items")), site.file_column(match.end("items")))
        comments.append(
            Comment(
                kind="file-ignore" if word == "file-ignore" else "ignore",
                items=() if problem else items,
                cell=site.block.cell,
                row=site.file_row,
                start=site.file_column(match.start()),
                end=site.file_column(end),
                below=site.file_below,
                inside=inside if site.editable and items else None,
                removal=_removal(site, match.start(), end),
                problem=problem,
            )
        )
    return comments


def _removal(site: _Site, start: int, end: int) -> Edit | None:
    """Returns the edit that takes the comment from `start` to `end` of the token away, and its row if that is all."""
    if not site.editable:
        return None
    row, text = site.file_row, site.original
    before, after = text[: site.file_column(start) - 1], text[site.file_column(end) - 1 :]
    if before.strip():
        return Edit("", Position(row, len(before.rstrip()) + 1), Position(row, len(text) - len(after.rstrip()) + 1))
    if after.strip():
        return Edit("", Position(row, len(before) + 1), Position(row, len(text) - len(after.lstrip()) + 1))
    ended = site.rows[site.row - 1] != text
    return Edit("", Position(row, 1), Position(row + 1, 1) if ended else Position(row, len(text) + 1))


def _noqa_comments(site: _Site) -> list[Comment]:
    match = _NOQA.search(site.text)
    if not match:
        return []
    codes, problem = _noqa_codes(match["rest"])
    # Like ruff: for the whole file only on a row of its own.
    if match["tool"] and site.below is None:
        codes, problem = None, "a `noqa` for the whole file silences nothing unless it stands on its own line"
    ours = bool(_OURS.search(match["rest"]))
    if codes is None and not ours:
        return []
    return [
        Comment(
            kind="file-noqa" if match["tool"] else "noqa",
            items=codes or (),
            cell=site.block.cell,
            row=site.file_row,
            start=site.file_column(match.start()),
            end=site.file_column(len(site.text)),
            problem=problem if ours else "",
        )
    ]


def _noqa_codes(rest: str) -> tuple[tuple[str, ...] | None, str]:
    """Returns the codes after `noqa` (none: everything; None: it means nothing) and what is wrong with them."""
    listed = re.sub(r"\A\s*:", "", rest)
    colon = listed != rest
    if not colon and not re.match(r"\s|#|\Z", rest):
        return None, "`noqa` must be followed by a colon and codes: write `# noqa: BS201`"
    match = _CODES.match(listed)
    if match and re.match(r"[\s,#]|\Z", listed[match.end() :]):
        codes = tuple(_CODE.findall(match[0]))
        return codes, "" if colon else f"write `# noqa: {', '.join(codes)}`, with a colon; other tools silence all here"
    if colon or _OURS.match(listed.lstrip()):
        return None, "codes after `noqa` are separated by commas and in upper case: write `# noqa: BS201`"
    return (), ""


# Applying them


def apply(
    diagnostics: Sequence[Diagnostic],
    comments: Sequence[Comment],
    *,
    filename: str,
    rules: Mapping[str, str],
    enabled: Collection[str],
    url: str | None = None,
) -> Outcome:
    """Separates what the comments of a file silence from what they don't.

    Args:
        diagnostics: the findings in the file.
        comments: all suppression comments of the file.
        filename: the file's name, as in its diagnostics.
        rules: code and name of every known rule.
        enabled: codes of the rules that ran on the file; a comment for another rule is never called unused.
        url: the page of `unused-ignore`.
    """
    matcher = _Matcher(comments, {**rules, UNUSED_CODE: UNUSED_NAME})
    kept: list[Diagnostic] = []
    suppressed: list[Diagnostic] = []
    for diagnostic in diagnostics:
        (suppressed if matcher.silences(diagnostic) else kept).append(diagnostic)
    unused: list[Diagnostic] = []
    # Where the file could not be read, findings that a comment is for may be missing.
    if UNUSED_CODE in enabled and not any(diagnostic.code in _FILE_CODES for diagnostic in diagnostics):
        for number, comment in enumerate(comments):
            items = matcher.unused_items(number, enabled)
            found = _unused(filename, comment, items, url) if items else None
            if found and not matcher.silences(found, by_others_than=number):
                unused.append(found)
    return Outcome(tuple(kept), tuple(suppressed), tuple(unused), tuple(_warnings(comments, matcher.names)))


class _Matcher:
    """Which comments silence which diagnostics; remembers what each of them did."""

    def __init__(self, comments: Sequence[Comment], names: Mapping[str, str]) -> None:
        self.comments = comments
        self.names = names
        self._used: set[tuple[int, str]] = set()

    def silences(self, diagnostic: Diagnostic, by_others_than: int = -1) -> bool:
        """Whether a comment silences `diagnostic`; an item of comment `by_others_than` must be the very code."""
        if diagnostic.code in _FILE_CODES:
            return False
        silenced = False
        for number, comment in enumerate(self.comments):
            if (comment.problem and not comment.items) or not covers(comment, diagnostic):
                continue
            silenced = silenced or not comment.items
            for item in comment.items:
                if number == by_others_than and item not in (UNUSED_CODE, UNUSED_NAME):
                    continue
                if self._selects(comment, item, diagnostic.code):
                    self._used.add((number, item))
                    silenced = True
        return silenced

    def _selects(self, comment: Comment, item: str, code: str) -> bool:
        if comment.kind in ("noqa", "file-noqa"):
            return item == code
        return selects(item, code, self.names.get(code, ""))

    def unused_items(self, number: int, enabled: Collection[str]) -> tuple[str, ...]:
        """Returns the items of a `bslint: ignore` whose rules all ran and found nothing for it to silence."""
        comment = self.comments[number]
        if comment.kind not in ("ignore", "file-ignore"):
            return ()
        items = []
        for item in comment.items:
            codes = [code for code, name in self.names.items() if selects(item, code, name)]
            ran = codes and all(code in enabled for code in codes)
            if ran and (number, item) not in self._used and codes != [UNUSED_CODE]:
                items.append(item)
        return tuple(items)


def selects(item: str, code: str, name: str) -> bool:
    """Whether an item of a comment (a code, a prefix of it, a name, `ALL`) stands for a rule."""
    letters = code.rstrip("0123456789")
    return item in (name, "ALL") or (len(item) >= len(letters) and code.startswith(item))


def covers(comment: Comment, diagnostic: Diagnostic) -> bool:
    """Whether `diagnostic` is where `comment` reaches, whatever codes it lists."""
    if comment.kind in ("file-ignore", "file-noqa"):
        return True
    if comment.cell != diagnostic.cell:
        return False
    first, last = _statement(diagnostic)
    end_row = diagnostic.end_location.row - (diagnostic.end_location.column == 1)
    within = first <= comment.row <= last or diagnostic.location.row <= comment.row <= end_row
    return within or (comment.kind == "ignore" and comment.below == first)


def _statement(diagnostic: Diagnostic) -> tuple[int, int]:
    """Returns the first and last row on which a comment for `diagnostic` may stand."""
    first, last = diagnostic.statement
    return (first, last) if first else (diagnostic.location.row, diagnostic.location.row)


def _unused(filename: str, comment: Comment, items: tuple[str, ...], url: str | None) -> Diagnostic:
    """Returns the finding about a comment whose `items` silence nothing."""
    listed = ", ".join(f"`{item}`" for item in items)
    where = "in this file" if comment.kind == "file-ignore" else "here"
    return Diagnostic(
        filename=filename,
        cell=comment.cell,
        location=Position(comment.row, comment.start),
        end_location=Position(comment.row, comment.end),
        code=UNUSED_CODE,
        name=UNUSED_NAME,
        severity="warning",
        message=f"{listed} {'silences' if len(items) == 1 else 'silence'} nothing {where}",
        help="remove it, so that it hides no finding to come",
        fix=_unused_fix(comment, items, listed),
        noqa_row=comment.row,
        url=url,
        statement=(comment.row, comment.row),
    )


def _unused_fix(comment: Comment, items: tuple[str, ...], listed: str) -> Fix | None:
    if comment.inside is None or comment.removal is None:
        return None
    rest = [item for item in comment.items if item not in items]
    if not rest:
        return Fix("safe", "Remove the comment", (comment.removal,))
    start, end = (Position(comment.row, column) for column in comment.inside)
    return Fix("safe", f"Remove {listed} from the comment", (Edit(", ".join(rest), start, end),))


def _warnings(comments: Iterable[Comment], names: Mapping[str, str]) -> Iterable[str]:
    for comment in comments:
        cell = f"cell {comment.cell}:" if comment.cell is not None else ""
        place = f"{cell}{comment.row}"
        if comment.problem:
            yield f"{place}: {comment.problem}"
        for item in comment.items:
            if text := _item_problem(comment, item, names):
                yield f"{place}: {text}"


def _item_problem(comment: Comment, item: str, names: Mapping[str, str]) -> str:
    """Returns what is wrong with an item of a comment; foreign codes in a `noqa` are none of our business."""
    if comment.kind in ("noqa", "file-noqa"):
        return f"unknown code `{item}` in `noqa`" if _OURS.match(item) and item not in names else ""
    if any(selects(item, code, name) for code, name in names.items()):
        return ""
    if _CODE.fullmatch(item) and not _OURS.match(item):
        return f"`{item}` is no rule of bslint: its own tool reads `# noqa: {item}`"
    return f"unknown rule `{item}` in `bslint: {comment.kind}`"


# Writing them


def add_ignores(block: Block, diagnostics: Iterable[Diagnostic]) -> str:
    """Returns the block's original text with comments that silence `diagnostics`; others' are left alone."""
    rows = split_rows(block.original)
    for edit in sorted(ignore_edits(block, diagnostics), key=lambda each: each.location, reverse=True):
        index = edit.location.row - block.row
        row = rows[index]
        rows[index] = row[: edit.location.column - 1] + edit.content + row[edit.end_location.column - 1 :]
    return "".join(rows)


def ignore_edits(block: Block, diagnostics: Iterable[Diagnostic]) -> tuple[Edit, ...]:
    """Returns the edits that add `# bslint: ignore[…]` comments for the diagnostics in a block.

    A comment goes to the end of the last row of the statement's header, or on a row of its own above the statement
    where that row ends within a string or with a backslash. Where neither can be, there is no edit.
    """
    here = [diagnostic for diagnostic in diagnostics if _is_here(diagnostic, block)]
    comments = parse(block)
    matcher = _Matcher(comments, {diagnostic.code: diagnostic.name for diagnostic in here})
    ends, gaps = _free_places(block)
    merged: defaultdict[Comment, set[str]] = defaultdict(set)
    added: defaultdict[tuple[int, bool], set[str]] = defaultdict(set)
    for diagnostic in here:
        if matcher.silences(diagnostic):
            continue
        hosts = (each for each in comments if each.inside and each.kind == "ignore" and covers(each, diagnostic))
        if host := next(hosts, None):
            merged[host].add(diagnostic.code)
        elif place := _place(diagnostic, ends, gaps):
            added[place].add(diagnostic.code)
    edits = [_merge(comment, codes) for comment, codes in merged.items()]
    edits += [_add(block, row, above, codes) for (row, above), codes in added.items()]
    return tuple(sorted(edits, key=lambda each: each.location))


def _is_here(diagnostic: Diagnostic, block: Block) -> bool:
    last = block.row + len(split_rows(block.original))
    known = diagnostic.code not in (*_FILE_CODES, UNUSED_CODE)
    return known and diagnostic.cell == block.cell and block.row <= diagnostic.location.row < last


def _free_places(block: Block) -> tuple[set[int], set[int]]:
    """Returns the rows at whose end a comment may be written, and those above which it may stand alone."""
    import tokenize

    opening = {getattr(tokenize, name, -1) for name in ("FSTRING_START", "TSTRING_START")}
    closing = {getattr(tokenize, name, -1) for name in ("FSTRING_END", "TSTRING_END")}
    masked, original = split_rows(block.text), split_rows(block.original)
    ends, gaps, depth = set(), {block.row}, 0
    for token in _tokens(block.text):
        # Before Python 3.12 a replacement field can't hold a comment.
        depth += (token.type in opening) - (token.type in closing)
        row = token.start[0]
        if token.type not in (tokenize.NEWLINE, tokenize.NL) or depth or row > len(original):
            continue
        # A magic would take a comment as its argument, and goes on after a backslash that is masked.
        if masked[row - 1].strip() == original[row - 1].strip():
            ends.add(block.row + row - 1)
        if not original[row - 1].rstrip().endswith("\\"):
            gaps.add(block.row + row)
    return ends, gaps


def _place(diagnostic: Diagnostic, ends: Collection[int], gaps: Collection[int]) -> tuple[int, bool] | None:
    """Returns the row for a comment and whether it goes above it, or None if there is no place."""
    first, last = _statement(diagnostic)
    if last in ends:
        return last, False
    if first in gaps:
        return first, True
    return next(((row, False) for row in range(first, last) if row in ends), None)


def _merge(comment: Comment, codes: Collection[str]) -> Edit:
    start, end = comment.inside or (0, 0)
    items = [*comment.items, *sorted(codes)]
    return Edit(", ".join(items), Position(comment.row, start), Position(comment.row, end))


def _add(block: Block, row: int, above: bool, codes: Collection[str]) -> Edit:
    """Returns the edit that writes a new comment at the end of `row`, or above it."""
    rows = split_rows(block.original)
    text = rows[row - block.row].rstrip("\r\n")
    comment = f"# bslint: ignore[{', '.join(sorted(codes))}]"
    if above:
        indent = text[: len(text) - len(text.lstrip())]
        newline = rows[0][len(rows[0].rstrip("\r\n")) :] or "\n"
        return Edit(f"{indent}{comment}{newline}", Position(row, 1), Position(row, 1))
    start = len(text.rstrip()) + 1
    return Edit(f"  {comment}", Position(row, start), Position(row, len(text) + 1))
