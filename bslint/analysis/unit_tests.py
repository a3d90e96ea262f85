"""Which files hold unit tests, or what only these need."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import libcst as cst

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WORDS = re.compile("[a-z]+")
_TESTS = frozenset(("test", "tests", "testing", "mock", "mocks", "conftest"))
_HELPERS = frozenset(("util", "utils", "helper", "helpers", "mock", "mocks", "conftest"))
_TRAINING = frozenset(("train", "training", "fit"))
_FRAMEWORKS = frozenset(("unittest", "pytest", "absltest", "parameterized", "TestCase"))


def are_in(path: str, blocks: Sequence[cst.Module | str]) -> bool:
    """Whether a file is one of unit tests, or of helpers for them.

    By its name alone only helpers are: scripts of all kinds are called `test.py`.
    """
    words = set(_WORDS.findall(Path(path).stem.lower()))
    if not words & _TESTS:
        return False
    return bool(words & _HELPERS) or any(name in _FRAMEWORKS for block in blocks for name in _names(block))


def is_one(name: str) -> bool:
    """Whether a function of this name is a unit test, or makes what one needs; `train_and_test` is neither."""
    words = name.lower().split("_")
    return words[0].startswith("test") or ("test" in words and not _TRAINING.intersection(words))


def _names(block: cst.Module | str) -> Iterator[str]:
    """The last names of what a block imports, and of the bases of its classes."""
    for statement in block.body if isinstance(block, cst.Module) else ():
        if isinstance(statement, cst.ClassDef):
            yield from (_last(base.value) for base in statement.bases)
        for line in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
            if isinstance(line, (cst.Import, cst.ImportFrom)) and not isinstance(line.names, cst.ImportStar):
                yield from (_last(alias.name) for alias in line.names)
            if isinstance(line, cst.ImportFrom) and line.module is not None:
                yield _last(line.module)


def _last(node: cst.BaseExpression) -> str:
    found = node.attr if isinstance(node, cst.Attribute) else node
    return found.value if isinstance(found, cst.Name) else ""
