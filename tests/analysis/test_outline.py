"""What of a program is neither parsed nor executed, and that nothing is lost by it."""

from __future__ import annotations

import ast

import pytest

from bslint.analysis import outline
from bslint.analysis.outline import outlined
from tests.rules.examples import judged, parse, places
from tests.rules.test_cases import _params
from tests.rules.test_examples import _examples

_TRAINS = "def train(model, ds):\n    model.fit(ds.batch(8))\n    log(ds)\n"


@pytest.fixture(autouse=True)
def also_short_ones(monkeypatch):
    monkeypatch.setattr(outline, "_SHORT", 0)


def _left(text: str) -> set[str]:
    """The names of the functions whose bodies are left."""
    functions = [node for node in ast.walk(ast.parse(outlined(text))) if isinstance(node, ast.FunctionDef)]
    return {one.name for one in functions if not isinstance(one.body[0], ast.Pass)}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        pytest.param(
            _TRAINS + "def other(x):\n    return x + 1\n", {"train"}, id="nobody calls it, and it trains nothing"
        ),
        pytest.param(
            _TRAINS + "def log(x):\n    show(x)\ndef show(x):\n    print(x)\n", {"train", "log", "show"}, id="called"
        ),
        pytest.param(_TRAINS + "def main(x):\n    train(x, x)\n", {"train", "main"}, id="calls what trains"),
        pytest.param("def f(x):\n    return x\nprint(f(1))\n", {"f"}, id="called by the module"),
        pytest.param("def f(x):\n    return x\n@f\ndef g(x):\n    return x\n", {"f"}, id="a decorator"),
        pytest.param("def f(x):\n    return x\ndef g(x=f(1)):\n    return x\n", {"f"}, id="in a default"),
        pytest.param("def f(x):\n    # model.fit(x)\n    return x\n", set(), id="a comment trains nothing"),
        pytest.param("def f(x):\n    batch = x\n    return batch\n", set(), id="a variable is no transformation"),
        pytest.param("def f(x):\n    return x.batch(1)\n", {"f"}, id="a transformation"),
        pytest.param("class M(Model):\n    def f(self, x):\n        self.fit(x)\n", {"f"}, id="its own fit"),
        pytest.param("class T(Test):\n    def f(self, x):\n        self.evaluate(x)\n", set(), id="a test of a graph"),
        pytest.param("@tf.function\ndef f(x):\n    return x\n", {"f"}, id="a traced function"),
        pytest.param(
            "def f(x, batch_size):\n    for i in x:\n        step(x[i : i + batch_size])\n", {"f"}, id="cuts batches"
        ),
        pytest.param("def f(x, batch_size):\n    return x\n", set(), id="a batch size alone"),
        pytest.param("def f(x): return x\n", {"f"}, id="a body without rows of its own stays"),
    ],
)
def test_functions_that_lead_to_training_are_left(text, left):
    assert _left(text) == left


def test_methods_that_prepare_training_are_left():
    text = (
        "class Trainer:\n"
        "    def __init__(self):\n        self.size = 8\n"
        "    def configure(self):\n        self.rate = 1\n"
        "    def describe(self):\n        return str(self)\n"
        "    def train(self, ds):\n        self.model.fit(ds.batch(self.size))\n"
        "class Report:\n"
        "    def __init__(self):\n        self.rows = []\n"
        "    def describe(self):\n        return self.rows\n"
    )
    kept = outlined(text)
    assert kept.count("pass") == 3
    assert "self.rate = 1" in kept
    assert "self.size = 8" in kept
    assert "str(self)" not in kept
    assert "self.rows" not in kept


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_what_is_left_stands_where_it_stood(end):
    text = (_TRAINS + 'def f(x):\n    """Sagt é."""\n    y = [\n        1,\n    ]\n    return y\n\n\nz = 1\n').replace(
        "\n", end
    )
    kept = outlined(text)
    assert len(kept) == len(text)
    assert [place for place, letter in enumerate(text) if letter in "\r\n"] == [
        place for place, letter in enumerate(kept) if letter in "\r\n"
    ]
    assert kept.index("z = 1") == text.index("z = 1")
    compile(kept, "program.py", "exec")


def test_a_text_that_does_not_parse_stays():
    assert outlined("def f(:\n") == "def f(:\n"


@pytest.mark.parametrize(("code", "example"), [*_examples("BAD"), *_params("FIRING")])
def test_no_finding_is_lost(code, example):
    program, expected = parse(example)
    assert places(judged(program, code)) == expected
