"""The cases of `cases.py`."""

from __future__ import annotations

import pytest

from tests.rules.cases import FIRING, SILENT
from tests.rules.examples import judged, parse, places


def _params(cases: dict[str, dict[str, str]]) -> list[object]:
    return [
        pytest.param(code, program, id=f"{code} {title}")
        for code, programs in cases.items()
        for title, program in programs.items()
    ]


@pytest.mark.parametrize(("code", "example"), _params(SILENT))
def test_silent(code: str, example: str) -> None:
    assert judged(parse(example)[0], code) == []


@pytest.mark.parametrize(("code", "example"), _params(FIRING))
def test_fires(code: str, example: str) -> None:
    program, expected = parse(example)
    assert places(judged(program, code)) == expected != []
