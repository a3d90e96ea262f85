"""A program without the functions that no fact can hang on: nobody has to parse or execute those.

Most code of a project that trains something does other things. What a function names is told from its text, which is
far cheaper than a syntax tree: words in strings and comments count as names, so that rather too much is kept.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from bslint.analysis.apis import GRADIENT_NAMES, KERAS_HOOKS, TELLING_NAMES
from bslint.syntax.rows import split_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_Definition: TypeAlias = "ast.FunctionDef | ast.AsyncFunctionDef"
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
_WORD: Final = re.compile(r"[^\W\d]\w*")
# What a call may leave behind for others: attributes and global names.
_LASTING: Final = re.compile(r"\.\s*[^\W\d]\w*[^=\n(]*=(?!=)|\b(?:global|nonlocal|setattr)\b")
# A comment; a string, long or short, so that none is taken for another.
_TOKEN: Final = re.compile(
    r"(?P<comment>#[^\r\n]*)|(?P<long>(\"{3}|'{3})(?:\\.|[^\\])*?\3)|([\"'])(?:\\.|[^\\\r\n])*?\4", re.DOTALL
)
# Words that only tell something as a method, as a decorator or where they are called (unit tests of TensorFlow 1 call
# `self.evaluate`); batch sizes, where they cut.
_BATCH_SIZE: Final = "batch_size"
_COMMON: Final = frozenset(name for name in TELLING_NAMES if name.islower() and "_" not in name) - GRADIENT_NAMES
_USED: Final = re.compile(r"(?!(?<=self)\.evaluate\b)[.@]\s*(\w+)|(?<![.\w])(\w+)\s*\(")
_CUT: Final = re.compile(r"\b(?:for|while)\b.*\[[^\]]*:", re.DOTALL)
_LETTER: Final = re.compile(r"[^\r\n]")
# Smaller texts are not worth the trouble.
_SHORT: Final = 12_000


class _Part(msgspec.Struct, eq=False):
    """A function, or what stands outside of all functions of a module or class.

    Args:
        names: all that it names.
        name: its name, empty for what stands outside.
        owner: the class that it is a method of.
        rows: the numbers of its body's rows, none when it has to stay.
        lasting: whether it may leave something behind.
        telling: whether it names something of which facts are made.
    """

    names: frozenset[str]
    name: str = ""
    owner: str = ""
    rows: range = range(0)
    lasting: bool = False
    telling: bool = False


def outlined(text: str) -> str:
    """The same text with blanks in the place of such functions' bodies: what is left stands where it stood.

    Args:
        text: the source of a module; one that does not parse is left as it is.
    """
    if len(text) < _SHORT:
        return text
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text
    rows = split_rows(text)
    parts = [*_parts(tree.body, split_rows(_TOKEN.sub(_silent, text)), "")]
    kept = _kept(parts)
    for part in parts:
        if part.rows and id(part) not in kept:
            _blank(rows, part.rows)
    return "".join(rows)


def _silent(token: re.Match[str]) -> str:
    """Nothing in the place of comments and long strings, most of which are documentation."""
    return _LETTER.sub(" ", token[0]) if token["comment"] or token["long"] else token[0]


def _parts(body: Sequence[ast.stmt], rows: Sequence[str], owner: str) -> Iterator[_Part]:
    for statement in body:
        first, last = _first_row(statement), statement.end_lineno or statement.lineno
        if isinstance(statement, _FUNCTIONS):
            inside = _body(statement, rows)
            header = _words(rows[first : inside.start if inside else last])
            yield _Part(header - {statement.name})
            if inside:
                yield _function(statement.name, owner, inside, "".join(rows[first : inside.stop]))
        elif isinstance(statement, ast.ClassDef) and not owner:
            start = _first_row(statement.body[0])
            yield _Part(_words(rows[first:start]) - {statement.name})
            yield from _parts(statement.body, rows, statement.name)
        else:
            yield _Part(_words(rows[first:last]))


def _function(name: str, owner: str, body: range, source: str) -> _Part:
    names = frozenset(_WORD.findall(source))
    lasting = _LASTING.search(source) is not None
    return _Part(names, name, owner, body, lasting, _is_telling(names, source))


def _is_telling(names: frozenset[str], source: str) -> bool:
    found = names & TELLING_NAMES
    if found - _COMMON - {_BATCH_SIZE}:
        return True
    if found and any(one in found or other in found for one, other in _USED.findall(source)):
        return True
    return _BATCH_SIZE in found and _CUT.search(source) is not None


def _first_row(statement: ast.stmt) -> int:
    """The number of a statement's first row, decorators included, from 0."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(one.lineno for one in decorators)]) - 1


def _body(function: _Definition, rows: Sequence[str]) -> range:
    """The rows of a function's body, none when they are not rows of its own."""
    first = _first_row(function.body[0])
    alone = first >= function.lineno and not rows[first][: len(rows[first]) - len(rows[first].lstrip())].strip()
    return range(first, function.end_lineno or first) if alone and not rows[first - 1].endswith("\\\n") else range(0)


def _words(rows: Iterable[str]) -> frozenset[str]:
    return frozenset(_WORD.findall("".join(rows)))


def _kept(parts: Sequence[_Part]) -> set[int]:
    """The functions that name something of which facts are made, lead to one that does, or are led to by one."""
    kept = {id(part) for part in parts if not part.rows}
    waiting = [part for part in parts if part.rows]
    found = [part for part in waiting if part.telling]
    while found:
        kept.update(map(id, found))
        waiting = [part for part in waiting if id(part) not in kept]
        wanted = frozenset(name for part in found for name in (part.name, part.owner) if not _is_special(name))
        found = [part for part in waiting if not wanted.isdisjoint(part.names)]
    named = frozenset[str]().union(*(part.names for part in parts if id(part) in kept))
    owners = {part.owner for part in parts if id(part) in kept}
    while found := [part for part in waiting if _is_reached(part, named, owners)]:
        kept.update(map(id, found))
        waiting = [part for part in waiting if id(part) not in kept]
        named = named.union(*(part.names for part in found))
        owners.update(part.owner for part in found)
    return kept


def _is_reached(part: _Part, named: frozenset[str], owners: set[str]) -> bool:
    """Whether what is kept may call a function, or see what it leaves behind."""
    if part.owner and part.owner not in owners and part.owner not in named:
        return False
    return part.name in named or (bool(part.owner) and (_is_special(part.name) or part.lasting))


def _is_special(name: str) -> bool:
    """Whether Python or Keras calls a method of that name by itself."""
    return not name or name in KERAS_HOOKS or (name.startswith("__") and name.endswith("__"))


def _blank(rows: list[str], body: range) -> None:
    first = body.start
    indent = len(rows[first]) - len(rows[first].lstrip())
    width = len(rows[first].rstrip("\r\n"))
    if width < indent + len("pass"):
        return
    rows[first] = f"{rows[first][:indent]}pass{_LETTER.sub(' ', rows[first][indent + len('pass') :])}"
    for number in body[1:]:
        rows[number] = _LETTER.sub(" ", rows[number])
