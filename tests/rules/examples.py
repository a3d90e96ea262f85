"""Examples with marks: a row of carets under a row of code says where a finding is expected."""

from __future__ import annotations

import re
from pathlib import Path

from bslint.config import Configuration, Settings
from bslint.diagnostic import Diagnostic
from bslint.fix import apply
from bslint.lint import lint_bytes
from bslint.registry import rules
from bslint.suppress import UNUSED_CODE

_MARK = re.compile(r"^#?\s*(\^+)\s*$")

Expected = tuple[int, int, int]


def parse(example: str) -> tuple[str, list[Expected]]:
    """The code without its marks, and `(row, column, end column)` of every mark."""
    rows: list[str] = []
    expected: list[Expected] = []
    for row in example.lstrip("\n").splitlines():
        mark = _MARK.match(row)
        if mark:
            expected.append((len(rows), mark.start(1) + 1, mark.end(1) + 1))
        else:
            rows.append(row)
    return "\n".join(rows) + "\n", expected


def judged(program: str, code: str) -> list[Diagnostic]:
    """The findings of one rule; the one about suppression comments needs the others to have run."""
    return [one for one in (lint(program) if code == UNUSED_CODE else lint(program, code)) if one.code == code]


def lint(code: str, *codes: str, path: str = "/nowhere/example.py", **settings: object) -> list[Diagnostic]:
    """The findings of some rules (all when none are named) in a program."""
    configuration = Configuration(Settings(select=("ALL",), **settings), Path("/nowhere"))
    result = lint_bytes(path, code.encode(), configuration, codes=frozenset(codes or rules()))
    assert result.errors == []
    return result.diagnostics


def places(diagnostics: list[Diagnostic]) -> list[Expected]:
    """Row, column and end column of each finding, a finding over several rows up to the end of its first."""
    return [
        (
            one.location.row,
            one.location.column,
            one.end_location.column if one.end_location.row == one.location.row else -1,
        )
        for one in diagnostics
    ]


def fixed(program: str, code: str, *, unsafe: bool = True) -> str:
    """The program after the fixes of one rule."""
    found = judged(program, code)
    fixes = [one.fix for one in found if one.fix is not None]
    return apply(program, fixes, unsafe=unsafe)[0]
