"""Every rule's own examples: BAD ones give exactly the marked findings, GOOD ones none, FIXED ones are what fixes make."""

from __future__ import annotations

import re
import sys

import pytest

from bslint.registry import rules
from tests.rules.examples import fixed, judged, parse, places

_FENCE = re.compile(r"^## (Example|Use instead)\n```python\n(.*?)```$", re.MULTILINE | re.DOTALL)


def _examples(kind: str) -> list[object]:
    return [
        pytest.param(rule.code, example, id=f"{rule.code} {title}")
        for rule in rules().values()
        for title, example in getattr(sys.modules[rule.module], kind).items()
    ]


@pytest.mark.parametrize(("code", "example"), _examples("GOOD"))
def test_silent(code: str, example: str) -> None:
    program, expected = parse(example)
    assert expected == []
    assert judged(program, code) == []


@pytest.mark.parametrize(("code", "example"), _examples("BAD"))
def test_fires(code: str, example: str) -> None:
    program, expected = parse(example)
    assert expected
    found = judged(program, code)
    assert [one.code for one in found] == [code] * len(expected)
    assert places(found) == expected
    assert all(one.message and one.help for one in found)


def _fixes() -> list[object]:
    return [
        pytest.param(rule.code, getattr(sys.modules[rule.module], "BAD")[title], after, id=f"{rule.code} {title}")
        for rule in rules().values()
        for title, after in getattr(sys.modules[rule.module], "FIXED", {}).items()
    ]


@pytest.mark.parametrize(("code", "before", "after"), _fixes())
def test_fix(code: str, before: str, after: str) -> None:
    program, _ = parse(before)
    repaired = fixed(program, code)
    assert repaired == after.lstrip("\n")
    assert judged(repaired, code) == []
    assert fixed(repaired, code) == repaired


@pytest.mark.parametrize("code", rules())
def test_the_page_shows_what_the_rule_does(code: str) -> None:
    blocks = dict(_FENCE.findall(rules()[code].doc))
    assert [one.code for one in judged(blocks["Example"], code)] == [code]
    assert judged(blocks["Use instead"], code) == []
