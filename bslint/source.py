"""A file as programs: Python modules, notebooks and the Python blocks of Markdown pages.

A *program* is a list of blocks that run one after the other in one namespace: a whole module, the code cells of a
notebook, the fenced blocks of a Markdown page that belong together. Every block's text is Python: notebook magics are
masked line by line, so that rows stay those of the cell.

Rows end at LF, CRLF or CR and nowhere else (never `str.splitlines`): a form feed does not start a row.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal

import msgspec

from bslint.syntax.rows import ROW_END, split_rows

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator

Kind = Literal["python", "notebook", "markdown"]

_KINDS: dict[str, Kind] = {".ipynb": "notebook", ".md": "markdown", ".markdown": "markdown"}


class Block(msgspec.Struct, frozen=True):
    """A stretch of Python in a file.

    Args:
        text: Python source. Rows correspond one to one to rows of the cell or file, starting at `row`.
        original: the same stretch as it stands in the file, unmasked, uncut; what excerpts show and edits change.
        cell: 1-based index among all cells of a notebook, else None.
        row: row in the file (or cell) of the text's first row.
        indent: number of code points that were cut from the left of each row (indented Markdown fences).
    """

    text: str
    original: str
    cell: int | None = None
    row: int = 1
    indent: int = 0


class Program(msgspec.Struct, frozen=True):
    """Blocks that share one namespace, in the order in which they run."""

    blocks: tuple[Block, ...]


class SourceError(Exception):
    """The file can't be read as programs; `row` and `column` say where."""

    def __init__(self, message: str, row: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.row = row
        self.column = column


class Source(msgspec.Struct, frozen=True):
    """A file's text and its programs.

    Args:
        path: the file's name, as the caller gave it.
        kind: how the text was taken apart.
        text: the whole file decoded, without its byte order mark, line endings as they are.
        programs: what there is to lint; empty where the file holds no Python.
        encoding: name of the codec that decoded the text.
        bom: whether the file begins with a UTF-8 byte order mark.
    """

    path: str
    kind: Kind
    text: str
    programs: tuple[Program, ...]
    encoding: str = "utf-8"
    bom: bool = False


def read(path: str, data: bytes) -> Source:
    """Takes a file's bytes apart into programs.

    Args:
        path: the file's name; its suffix decides how `data` is read (`.ipynb`, `.md`, `.markdown`, else Python).
        data: the file's bytes.

    Raises:
        SourceError: the bytes are no text in the declared encoding, hold a NUL, or are no notebook.
    """
    kind = _KINDS.get(PurePath(path).suffix.lower(), "python")
    encoding = _declared_encoding(data) if kind == "python" else "utf-8"
    text = _decode(data, encoding)
    programs: tuple[Program, ...]
    if kind == "notebook":
        programs = _notebook_programs(text)
    elif kind == "markdown":
        programs = _markdown_programs(text)
    else:
        programs = (Program((Block(text, text),)),)
    return Source(path, kind, text, programs, encoding, data.startswith(_BOM))


def encode(source: Source, text: str) -> bytes:
    """The bytes of `text` in the encoding of `source`, with its byte order mark.

    Raises:
        SourceError: `text` holds a character that the encoding lacks.
    """
    try:
        body = text.encode(source.encoding)
    except UnicodeEncodeError as error:
        message = f"{text[error.start]!a} can't be written in this file's encoding, {source.encoding}"
        raise SourceError(message, *_place(text, error.start)) from error
    return _BOM + body if source.bom else body


# Bytes to text

_BOM = b"\xef\xbb\xbf"
# The necessary condition of PEP 263: most files declare nothing, and are spared tokenize.
_COOKIE = re.compile(rb"(?:[ \t\f]*(?:#[^\r\n]*)?(?:\r\n|\r|\n))?[ \t\f]*#[^\r\n]*coding[:=]")


def _declared_encoding(data: bytes) -> str:
    body = data.removeprefix(_BOM)
    cookie = _COOKIE.match(body)
    if not cookie:
        return "utf-8"
    import tokenize

    rows = [row + b"\n" for row in re.split(rb"\r\n|\r|\n", data, maxsplit=2)[:2]]
    try:
        encoding, _ = tokenize.detect_encoding(iter(rows).__next__)
    except SyntaxError as error:
        raise SourceError(error.msg, len(ROW_END.split(cookie[0].decode("latin-1")))) from error
    return "utf-8" if encoding == "utf-8-sig" else encoding


def _decode(data: bytes, encoding: str) -> str:
    body = data.removeprefix(_BOM)
    try:
        text = body.decode(encoding)
        if encoding != "utf-8":
            text.encode("utf-8")  # some codecs (utf-7, unicode_escape) yield lone surrogates, which no parser takes
    except UnicodeDecodeError as error:
        before = ""
        with suppress(UnicodeError):  # not every codec can skip errors
            before = body[: error.start].decode(encoding, "ignore")
        raise SourceError(f"the file is not valid {encoding}: {error.reason}", *_place(before, len(before))) from error
    except (UnicodeError, LookupError) as error:
        raise SourceError(f"the file can't be decoded as {encoding}") from error
    if "\0" in text:
        raise SourceError("the file holds a NUL character", *_place(text, text.index("\0")))
    return text


def _place(text: str, offset: int) -> tuple[int, int]:
    """Row and column, both 1-based, of a code point."""
    rows = ROW_END.split(text[:offset])
    return len(rows), len(rows[-1]) + 1


# Notebooks


def _notebook_programs(text: str) -> tuple[Program, ...]:
    import json

    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"not a notebook: {error}") from error
    cells = _cells(notebook)
    metadata = _at(notebook, "metadata")
    if not _is_python(_at(metadata, "language_info", "name") or _at(metadata, "kernelspec", "language")):
        return ()
    blocks = tuple(
        _cell_block(number, cell)
        for number, cell in enumerate(cells, start=1)
        if _at(cell, "cell_type") == "code"
        and _is_python(_at(cell, "language") or _at(cell, "metadata", "vscode", "languageId"))
    )
    return (Program(blocks),) if blocks else ()


def _cells(notebook: object) -> list[object]:
    """The cells of a notebook, or those of all its worksheets (third format)."""
    if _at(notebook, "cells") is None:
        sheets = _at(notebook, "worksheets")
        groups = [_at(sheet, "cells") for sheet in sheets] if isinstance(sheets, list) else [None]
    else:
        groups = [_at(notebook, "cells")]
    cells: list[object] = []
    for group in groups:
        if not isinstance(group, list):
            raise SourceError("not a notebook: it has no list of cells")
        cells += group
    return cells


def _cell_block(number: int, cell: object) -> Block:
    original = _cell_text(cell)
    if original is None:
        raise SourceError(f"not a notebook: cell {number} has no source text")
    try:
        original.encode()
    except UnicodeEncodeError as error:
        raise SourceError(f"not a notebook: cell {number} holds half of a surrogate pair") from error
    if "\0" in original:
        raise SourceError(f"not a notebook: cell {number} holds a NUL character")
    text, indent = _cut(original, len(original))  # IPython runs a cell that is indented as a whole
    return Block(mask_magics(text), original, number, 1, indent)


def _cell_text(cell: object) -> str | None:
    source = _at(cell, "source")
    if source is None:
        source = _at(cell, "input")
        if isinstance(source, list):  # the third format allows rows without their line ends
            source = [f"{row}\n" if not str(row).endswith("\n") else row for row in source[:-1]] + source[-1:]
    if isinstance(source, list) and all(isinstance(row, str) for row in source):
        return "".join(source)
    return source if isinstance(source, str) else None


def _at(value: object, *keys: str) -> object:
    """The value under nested keys, None where one is missing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _is_python(language: object) -> bool:
    """Whether code in `language` is Python; what names no language is."""
    return not language or str(language).lower().startswith(("python", "ipython"))


def _cut(text: str, most: int) -> tuple[str, int]:
    """Cuts the same number of blanks, at most `most`, from every row; returns the rest and that number."""
    rows = split_rows(text)
    widths = [len(row) - len(row.lstrip(" \t")) for row in rows if row.strip()]
    indent = min(most, *widths) if widths else 0
    if not indent:
        return text, 0
    return "".join(row[indent:] if row.strip() else row.lstrip(" \t") for row in rows), indent


# Magics

# Cell magics whose body runs as Python in (or as if in) the notebook; the body of any other is not Python.
_PYTHON_CELLS = frozenset(
    ("capture", "debug", "memit", "prun", "python", "python3", "scalene", "snakeviz", "time", "timeit", "wandb")
)
# Only these can start a row that is no Python.
_ESCAPES = "%!?,;/"
_HINT = re.compile(r"(?:\A|[\r\n])[ \t\f]*[%!?,;/]|\?[ \t]*(?:[\r\n]|\Z)|=[ \t]*[%!]")
_CELL_MAGIC = re.compile(r"(?P<lead>(?:[ \t\f]*(?:#[^\r\n]*)?[\r\n])*)[ \t]*%%(?P<name>\w+)[^\r\n]*")
_ROW_TEXT = re.compile(r"(\r?)[^\r\n]+")
_BLANKS = re.compile(r"[ \t\f]*")
_COMMAND = re.compile(r"[^\r\n]*(?:(?<=\\)(?:\r\n|\r|\n)[^\r\n]*)*")
_TIMED = re.compile(r"%(?P<name>time|timeit|prun)(?:[ \t]+--?\w+(?:[ \t]+\d+)?)*[ \t]+(?=\S)")
_TOKEN = re.compile(
    r"""
    (?P<string>\"\"\"[^"\\]*(?:(?:\\[\s\S]|"(?!""))[^"\\]*)*(?:\"\"\"|\\?\Z)
      |'''[^'\\]*(?:(?:\\[\s\S]|'(?!''))[^'\\]*)*(?:'''|\\?\Z)
      |"(?:[^"\\\r\n]|\\(?:\r\n|[\s\S]))*"?
      |'(?:[^'\\\r\n]|\\(?:\r\n|[\s\S]))*'?)
    |(?P<comment>\#[^\r\n]*)
    |(?P<continuation>\\(?:\r\n|\r|\n))
    |(?P<newline>\r\n|\r|\n)
    |(?P<open>[(\[{])
    |(?P<close>[)\]}])
    |(?P<assign>(?<![=!<>:+\-*/%&|^@])=[ \t]*(?=[!%]))
    |(?P<help>\?[ \t]*(?=[\r\n]|\Z))
    """,
    re.VERBOSE,
)


def mask_magics(text: str) -> str:
    """Replaces what only IPython understands by Python with the same rows.

    Line magics, shell commands and help requests become `pass`, or `get_ipython()` where their result is assigned.
    `%time`, `%timeit` and `%prun` keep their statement, in its columns, behind `if 1:`. Cell magics that run Python
    lose their first row, those that don't lose every row.
    """
    if not _HINT.search(text):
        return text
    parts: list[str] = []
    position = 0
    while header := _CELL_MAGIC.match(text, position):
        parts.append(header["lead"] + " " * header["lead"].endswith("\r"))  # or an LF behind the row would join in
        if header["name"] not in _PYTHON_CELLS:
            parts.append(_blank(text[header.end("lead") :]))
            return "".join(parts)
        position = header.end()
    while position < len(text):
        part, position = _masked_line(text, position)
        parts.append(part)
    return "".join(parts)


def _masked_line(text: str, start: int) -> tuple[str, int]:
    """The logical line that begins at offset `start`, masked, and the offset behind it."""
    first = _end(_BLANKS, text, start)
    if first < len(text) and text[first] in _ESCAPES:
        end = _end(_COMMAND, text, first)
        return text[start:first] + _masked_statement(text[first:end]), end
    depth = 0
    for token in _TOKEN.finditer(text, first):
        kind = token.lastgroup
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth = max(0, depth - 1)
        elif depth:
            continue
        elif kind == "newline":
            return text[start : token.end()], token.end()
        elif kind == "help":
            return text[start:first] + "pass" + _blank(text[first : token.end()]), token.end()
        elif kind == "assign":
            end = _end(_COMMAND, text, token.end())
            return text[start : token.end()] + _masked_value(text[token.end() : end]), end
    return text[start:], len(text)


def _masked_statement(command: str) -> str:
    timed = _TIMED.match(command)
    if timed:
        # As wide as what it replaces: "%time f(x)" and "if 1 :f(x)" call f in the same column.
        kept = "if 1".ljust(timed.end() - 1) + ":" + command[timed.end() :]
        if _parsed(kept):
            return kept
    return "pass" + _blank(command)


def _masked_value(command: str) -> str:
    timed = _TIMED.match(command)
    if timed and timed["name"] == "time":  # the only one whose value is that of the expression
        kept = " " * timed.end() + command[timed.end() :]
        if _parsed(f"_ = {kept}"):
            return kept
    return "get_ipython()" + _blank(command)


def _blank(text: str) -> str:
    """`text` without what stands on its rows; a space keeps apart a CR and an LF that were two row ends."""
    return _ROW_TEXT.sub(lambda row: row[1] and row[1] + " ", text)


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    """Where a match of a pattern that may be empty ends."""
    match = pattern.match(text, start)
    return match.end() if match else start


def _parsed(text: str) -> ast.Module | None:
    import ast
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes in a page we only read
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


# Markdown

_FENCE = re.compile(r"(?P<lead>[ \t]*(?:(?:[-*+]|\d+[.)])[ \t]+)?)(?P<fence>`{3,}(?=[^`]*$)|~{3,})(?P<info>.*)")
_PYTHON_INFO = re.compile(r"\s*(?:\{code-(?:block|cell)\}\s*)?\{?\s*\.?i?py(?:thon)?3?(?![\w+.-])", re.IGNORECASE)
_FRAMEWORKS = frozenset({"keras", "tensorflow"})


def _markdown_programs(text: str) -> tuple[Program, ...]:
    programs: list[list[Block]] = []
    for block in _fenced(text):
        tree = _parsed(block.text)
        if tree:
            if not programs or _imports_framework(tree):
                programs.append([])
            programs[-1].append(block)
    return tuple(Program(tuple(blocks)) for blocks in programs)


def _fenced(text: str) -> Iterator[Block]:
    """The Python blocks of a page; one that is never closed ends with the page."""
    rows = split_rows(text)
    opening: re.Match[str] | None = None
    start = 0
    for number, row in enumerate([*rows, ""]):
        if opening is None:
            opening = _FENCE.match(row.rstrip("\r\n"))
            start = number + 1
        elif number == len(rows) or _closes(row.strip(), opening["fence"]):
            if _PYTHON_INFO.match(opening["info"]):
                original = "".join(rows[start:number])
                cut, indent = _cut(original, len(opening["lead"]))
                yield Block(mask_magics(cut), original, None, start + 1, indent)
            opening = None


def _closes(row: str, fence: str) -> bool:
    return len(row) >= len(fence) and set(row) == {fence[0]}


def _imports_framework(tree: ast.Module) -> bool:
    import ast

    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        if any(name.split(".")[0] in _FRAMEWORKS for name in names):
            return True
    return False
