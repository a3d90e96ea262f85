"""Decides from bytes alone that a file can have no finding."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bslint.rule import Literal, Literals, Rule

Needle: TypeAlias = "tuple[Literals, Literals]"

_LIBRARIES = (b"tensorflow", b"keras")
_IMPORT = re.compile(rb"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import\b|import[ \t]+([.\w]+))", re.MULTILINE)


@lru_cache(maxsize=64)
def needles(rules: Sequence[Rule]) -> frozenset[Needle]:
    """What a file must contain, and what must be in its reach, for one of the rules to speak."""
    return frozenset((rule.literals, rule.reach) for rule in rules)


def may_have_findings(data: bytes, wanted: Iterable[Needle]) -> bool:
    """Whether a file of this content has the words of some rule; what is in its reach is not asked."""
    return any(_has_all(data, literals) for literals, _ in wanted)


def in_reach(data: bytes, wanted: Iterable[Needle], imported: Callable[[], Sequence[bytes]]) -> bool:
    """Whether for some rule the file has the words, and it or a file that it imports has what the rule is about.

    Args:
        data: the file.
        wanted: what the rules need.
        imported: reads the files of the same project that it imports; only called when the file itself does not decide.
    """
    hits = [reach for literals, reach in wanted if _has_all(data, literals)]
    if any(_has_all(data, reach) for reach in hits):
        return True
    contents = (data, *imported()) if hits else ()
    return any(
        all(any(_occurs(literal, content) for content in contents for literal in group) for group in reach)
        for reach in hits
    )


def mentions_tensorflow(data: bytes) -> bool:
    """Whether the file names TensorFlow or Keras."""
    return any(library in data for library in _LIBRARIES)


def imports(data: bytes) -> list[str]:
    """Dotted names of the modules that a file may import, relative ones with their dots."""
    return [(match[1] or match[2]).decode() for match in _IMPORT.finditer(data)]


def _has_all(data: bytes, groups: Literals) -> bool:
    return all(any(_occurs(literal, data) for literal in group) for group in groups)


def _occurs(literal: Literal, data: bytes) -> bool:
    return literal in data if isinstance(literal, bytes) else literal.search(data) is not None
