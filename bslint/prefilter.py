"""Decides from bytes alone that a file can have no finding."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bslint.rule import Literal, Literals, Rule

Needle: TypeAlias = "tuple[Literals, Literals]"

_LIBRARIES = (b"tensorflow", b"keras")
_IMPORT = re.compile(rb"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import\b|import[ \t]+([.\w]+))", re.MULTILINE)
# Comments, and strings of all kinds, so that none is taken for another.
_TOKEN = re.compile(
    rb"(?P<comment>#[^\r\n]*)"
    rb"|[rRuUbBfF]{0,2}(?P<long>(\"{3}|'{3})(?:\\.|[^\\])*?\3)"
    rb"|([\"'])(?:\\.|[^\\\n])*?\4",
    re.DOTALL,
)
_LINE_END = (b"", b"\n", b"\r", b"#", b";")


@lru_cache(maxsize=64)
def needles(rules: Sequence[Rule]) -> frozenset[Needle]:
    """What a file must contain, and what must be in its reach, for one of the rules to speak."""
    return frozenset((rule.literals, rule.reach) for rule in rules)


def may_have_findings(data: bytes, wanted: frozenset[Needle]) -> bool:
    """Whether a file of this content has the words of some rule; what is in its reach is not asked."""
    return bool(_hits(data, wanted)[0])


def in_reach(data: bytes, wanted: frozenset[Needle], imported: Callable[[], Sequence[bytes]]) -> bool:
    """Whether for some rule the file has the words, and it or a file that it imports has what the rule is about.

    Args:
        data: the file.
        wanted: what the rules need.
        imported: reads the files of the same project that it imports; only called when the file itself does not decide.
    """
    hits, words = _hits(data, wanted)
    if any(words.all_of(reach) for reach in hits):
        return True
    contents = (words, *map(_words, imported())) if hits else ()
    return any(all(any(content.any_of(group) for content in contents) for group in reach) for reach in hits)


def code(data: bytes) -> bytes:
    """The content of a Python file without comments and docstrings, whose words lead to nothing.

    Nor do slashes in strings: they divide nothing.
    """
    kept: list[bytes] = []
    position = 0
    for match in _TOKEN.finditer(data):
        start, end = match.span()
        if match["comment"] is not None or (match["long"] is not None and _stands_alone(data, start, end)):
            kept.append(data[position:start])
        elif data.find(b"/", start, end) >= 0:
            kept.append(data[position:start] + match[0].replace(b"/", b""))
        else:
            continue
        position = end
    return b"".join((*kept, data[position:]))


def _stands_alone(data: bytes, start: int, end: int) -> bool:
    """Whether nothing else is on the rows of a string."""
    while start and data[start - 1 : start] in b" \t":
        start -= 1
    while data[end : end + 1] in (b" ", b"\t"):
        end += 1
    return data[start - 1 : start] in (b"", b"\n", b"\r") and data[end : end + 1] in _LINE_END


class _Words:
    """The words of a file; each is looked for once, for all the rules that want it."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._found: dict[Literal, bool] = {}

    def all_of(self, groups: Literals) -> bool:
        return all(map(self.any_of, groups))

    def any_of(self, group: Sequence[Literal]) -> bool:
        return any(map(self._occurs, group))

    def _occurs(self, literal: Literal) -> bool:
        found = self._found.get(literal)
        if found is None:
            found = literal in self._data if isinstance(literal, bytes) else literal.search(self._data) is not None
            self._found[literal] = found
        return found


_words = lru_cache(maxsize=1024)(_Words)  # many files import the same ones


@lru_cache(maxsize=4)  # one file is asked about several times in a row
def _hits(data: bytes, wanted: frozenset[Needle]) -> tuple[list[Literals], _Words]:
    """What must be in reach for each of the rules whose words the file has."""
    words = _Words(data)
    return [reach for literals, reach in wanted if words.all_of(literals)], words


def mentions_tensorflow(data: bytes) -> bool:
    """Whether the file names TensorFlow or Keras."""
    return any(library in data for library in _LIBRARIES)


def imports(data: bytes) -> list[str]:
    """Dotted names of the modules that a file may import, relative ones with their dots."""
    return [(match[1] or match[2]).decode() for match in _IMPORT.finditer(data)]
