"""Pipeline runs: what a child that ran a pipeline over synthetic samples saw, and what that says of the findings."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("psutil", reason="a proof needs psutil")

from bslint.config import Resolver
from bslint.registry import rules
from bslint.source import read
from bslint.verify import pipelines, proving
from bslint.verify.child import Limits, run
from bslint.verify.programs import ReadProgram
from tests.verify.pipeline_programs import CONFIRMED, REFUTED


def seen(epochs, **others):
    known = {
        "outcome": "observed", "functions": True, "axes": 1, "ended": True, "endless": False, "before": [],
        "elements": [[[4, 8], "float32"]], "mixes": None, "epochs": epochs,
    }  # fmt: skip
    return {**known, **others}


SAME = [[[0, 1], [2, 3]], [[2, 3], [0, 1]]]
OTHER = [[[0, 1], [2, 3]], [[0, 2], [1, 3]]]
ENDLESS = {"ended": False, "endless": True}


@pytest.mark.parametrize(
    ("code", "observed", "status", "words"),
    [
        ("BS205", seen(SAME), "confirmed", "the same 2 batches"),
        ("BS205", seen(OTHER), "refuted", "are not those of the first"),
        ("BS205", seen([[0, 1], [1, 0]], axes=0), "refuted", "single samples"),
        ("BS205", seen([[[0, 1]], [[0, 1]]]), "inconclusive", "too few"),
        ("BS205", seen(SAME, before=SAME[0], **ENDLESS), "confirmed", "as they went in"),
        ("BS205", seen(OTHER, before=SAME[0], **ENDLESS), "inconclusive", "has no end"),
        ("BS206", seen(SAME, contents=None, uncached=[["a"], ["b"]]), "inconclusive", "too long"),
        ("BS207", seen([[0, 1, 0], []], ended=False), "inconclusive", "may end later"),
        ("BS208", seen([[1, 0, 1, 0], []], before=[0, 1, 0, 1], mixes=8), "confirmed", "more than 1 places early"),
        ("BS211", seen([[], []], axes=2), "inconclusive", "too few"),
        ("BS206", seen([[1, 0], [1, 0]]), "confirmed", "the order of the first, although it was shuffled"),
        ("BS206", seen([[1, 0], [0, 1]]), "refuted", "another order"),
        ("BS206", seen([[[1, 0], [1, 0]], []], **ENDLESS), "confirmed", "the order of the first"),
        ("BS206", seen([[[1, 0], [0, 1]], []], **ENDLESS), "refuted", "another order"),
        ("BS206", seen([[], []]), "inconclusive", "too few"),
        ("BS206", seen(SAME, contents=[["a"], ["a"]], uncached=[["a"], ["b"]]), "confirmed", "drawn anew"),
        ("BS206", seen(SAME, contents=[["a"], ["b"]], uncached=[["a"], ["b"]]), "refuted", "other samples"),
        ("BS206", seen(SAME, contents=[["a"], ["a"]], uncached=[["a"], ["a"]]), "refuted", "nothing random"),
        ("BS207", seen([[0, 1, 0, 1], []], **ENDLESS), "confirmed", "never complete"),
        ("BS207", seen([[0, 1, 0, 1], []]), "confirmed", "2 copies of each of 2"),
        ("BS207", seen([[0, 1], []]), "refuted", "each of them once"),
        ("BS208", seen([[0, 1, 2], []], before=[0, 1, 2]), "confirmed", "in the order in which they went in"),
        ("BS208", seen([[1, 0, 2], []], before=[0, 1, 2], mixes=8), "confirmed", "more than 1 places early"),
        ("BS208", seen([[2, 0, 1], []], before=[0, 1, 2], mixes=2), "refuted", "2 places early"),
        ("BS209", seen([[0, 0, 1, 1], []], before=[0, 1], **ENDLESS), "confirmed", "1 came again before"),
        ("BS209", seen([[0, 1, 1, 0], []], before=[0, 1], **ENDLESS), "refuted", "once before one came again"),
        ("BS209", seen([[1, 0], []], before=[0, 1]), "refuted", "nothing is repeated"),
        ("BS210", seen([[0, 1], []], axes=0), "confirmed", "one sample of shape (4, 8)"),
        ("BS210", seen(SAME), "refuted", "holds 2 samples"),
        ("BS211", seen([[[[0, 1], [2, 3]]], []], axes=2, elements=[[[2, 2, 8], ""]]), "confirmed", "2 × 2 samples"),
        ("BS211", seen([[[[0, 1], [2, 3]]], []], axes=2), "refuted", "takes the first batch apart"),
        ("BS211", seen(SAME), "refuted", "batched once"),
        ("BS213", seen(SAME, unchanged=True, changes=True), "confirmed", "before and behind the statement"),
        ("BS213", seen(SAME, unchanged=None, changes=True), "inconclusive", "random order"),
        ("BS213", seen(SAME, unchanged=False, changes=True), "refuted", "other elements behind"),
        ("BS216", seen([[0, 1, 0], []], **ENDLESS), "confirmed", "no end was in sight"),
        ("BS216", seen([[0, 1, 0], []], ended=False), "inconclusive", "may end later"),
        ("BS216", seen([[0, 1], []]), "refuted", "ends after 2"),
        ("BS208", {"outcome": "raised", "reason": "no buffer"}, "confirmed", "raises: no buffer"),
        ("BS205", {"outcome": "raised", "reason": "no buffer"}, "inconclusive", "raises: no buffer"),
        ("BS205", {"outcome": "error", "reason": "E", "recipe_line": 3}, "inconclusive", "E (line 3 of the recipe)"),
        ("BS210", seen([[0], [0]], axes=0, functions=False), "inconclusive", "t be run on synthetic samples"),
        ("BS205", seen(SAME, functions=False), "confirmed", "t be run on synthetic samples"),
    ],
)  # fmt: skip
def test_what_a_run_says(code, observed, status, words):
    found = pipelines.answer(code, {"mixes": None}, observed)
    assert found.status == status, found
    assert words in found.reason


def provable(name, text):
    """The finding of a program that a run is to judge."""
    rule = rules()[name[:5]]
    configuration = Resolver([rule], isolated=True, overrides={}, config=None).for_file(Path("train.py").absolute())
    [program] = read("train.py", text.encode()).programs
    return next(iter(ReadProgram(read("train.py", text.encode()), program).provable([rule], configuration)))


PROGRAMS = [("confirmed", *one) for one in CONFIRMED.items()] + [("refuted", *one) for one in REFUTED.items()]


@pytest.mark.parametrize(("_", "name", "text"), PROGRAMS, ids=[f"{name}: {status}" for status, name, _ in PROGRAMS])
def test_every_program_has_a_pipeline_to_run(_, name, text):
    item = proving._item(provable(name, text))
    assert isinstance(item, dict), item
    assert "bslint_dataset" in item["pipeline"]
    assert "fit" not in item["pipeline"]
    compile(item["pipeline"], "recipe.py", "exec")


@pytest.fixture(scope="module")
def ran():
    """What one child saw of all programs."""
    pytest.importorskip("tensorflow", reason="pipelines are run with TensorFlow")
    items = [proving._item(provable(name, text)) for _, name, text in PROGRAMS]
    request = {"method": "pipeline-run", "source": "", "path": [], "device": "cpu", "items": items}
    outcome = run(request, Limits(300, 8 << 30), python=sys.executable)
    assert outcome.ending == "result", outcome
    return list(zip(items, outcome.result["items"], strict=True))


@pytest.mark.tensorflow
@pytest.mark.parametrize("place", range(len(PROGRAMS)), ids=[f"{name}: {status}" for status, name, _ in PROGRAMS])
def test_runs(place, ran):
    status, name, _ = PROGRAMS[place]
    found = pipelines.answer(name[:5], *ran[place])
    assert found.status == status, (found, ran[place])
