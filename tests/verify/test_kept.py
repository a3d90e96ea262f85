"""Answers of earlier runs: when they are used, when a child is asked again, what is never kept."""

from __future__ import annotations

import json
from textwrap import dedent

import pytest
from click.testing import CliRunner

pytest.importorskip("psutil", reason="a proof needs psutil")

from bslint.cli import cli
from bslint.verify import device, kept, proving
from bslint.verify.child import Outcome

MODEL = """
    import os
    import tensorflow as tf
    from layers import width
    Layer = getattr(tf.keras.layers, os.environ.get("LAYER", "Dense"))
    model = tf.keras.Sequential([tf.keras.Input((784,)), Layer(width), Layer(10)])
    model.compile("adam", "mse")
    (x, y), _ = tf.keras.datasets.mnist.load_data()
    model.fit(x, y, batch_size=8192)
"""
FITS = Outcome("result", {"outcome": "fits", "peak_bytes": 1 << 28, "limit_bytes": 1 << 29}, 0, "", 2.0)
TIMEOUT = Outcome("timeout", {}, -9, "", 120.0)
BROKEN = Outcome("result", {"outcome": "error", "reason": "E"}, 0, "", 1.0)


@pytest.fixture
def verify(tmp_path, monkeypatch):
    """Give `verify(…)`: how many children a run asks, and the verdict; their answer is `verify.answer`."""
    (tmp_path / "layers.py").write_text("width = 64\n")
    (tmp_path / "train.py").write_text(dedent(MODEL))
    asked = []
    monkeypatch.setattr(proving, "run", lambda request, *_, **__: asked.append(request) or call.answer)

    def call(*options):
        before = len(asked)
        arguments = ["verify", "--isolated", "--cache-dir", str(tmp_path / "cache"), "--output-format", "json"]
        done = CliRunner().invoke(cli, [*arguments, *options, str(tmp_path / "train.py")], standalone_mode=False)
        [found] = json.loads(done.stdout)
        return len(asked) - before, found["verification"]

    call.answer = FITS
    return call


def test_the_same_question_is_not_asked_again(verify):
    first = verify("--memory", "512MiB")
    assert (first[0], first[1]["status"]) == (2, "refuted")
    assert verify("--memory", "512MiB") == (0, first[1])


@pytest.mark.parametrize(
    "options", [("--memory", "256MiB"), ("--steps", "5"), ("--device", "cpu"), ("--no-cache",)], ids=str
)
def test_another_question_is_asked(verify, options):
    verify("--memory", "512MiB")
    assert verify(*(("--memory", "512MiB") if "--memory" not in options else ()), *options)[0] == 2


def test_a_file_that_the_recipe_imports_counts(verify, tmp_path):
    verify()
    (tmp_path / "layers.py").write_text("width = 65\n")
    assert verify()[0] == 2


def test_a_file_that_it_does_not_import_does_not_count(verify, tmp_path):
    verify()
    (tmp_path / "other.py").write_text("width = 65\n")
    assert verify()[0] == 0


def test_what_an_import_imports_counts(verify, tmp_path):
    (tmp_path / "layers.py").write_text("from sizes.dense import width\n")
    (tmp_path / "sizes").mkdir()
    (tmp_path / "sizes" / "dense.py").write_text("width = 64\n")
    verify()
    assert verify()[0] == 0
    (tmp_path / "sizes" / "dense.py").write_text("width = 65\n")
    assert verify()[0] == 2


@pytest.mark.parametrize("answer", [TIMEOUT, BROKEN], ids=["timeout", "error"])
def test_what_may_be_another_answer_next_time_is_not_kept(verify, answer):
    verify.answer = answer
    assert verify()[1]["status"] == "inconclusive"
    verify.answer = FITS
    assert verify()[1]["status"] == "refuted"


@pytest.mark.parametrize(
    ("items", "lasting"),
    [([{"outcome": "observed"}], True), ([{"outcome": "observed"}, {"outcome": "error", "reason": "E"}], False)],
)
def test_one_broken_pipeline_is_enough(items, lasting):
    assert kept.is_lasting(Outcome("result", {"outcome": "observed", "items": items}, 0, "", 1.0)) is lasting


def test_another_tensorflow_is_asked(verify, monkeypatch):
    verify()
    monkeypatch.setattr(kept, "environment", lambda python: b"TensorFlow of tomorrow")
    assert verify()[0] == 2


def test_another_card_is_asked(verify, monkeypatch):
    verify()
    monkeypatch.setattr(device, "cards", lambda: ["Model: Tesla T4"])
    assert verify()[0] == 2


def test_a_python_that_does_not_answer_keeps_nothing(verify, monkeypatch):
    monkeypatch.setattr(kept, "environment", lambda python: None)
    assert [verify()[0], verify()[0]] == [2, 2]


def test_the_environment_is_a_pythons_own():
    kept.environment.cache_clear()
    found = kept.environment(proving.sys.executable)
    assert proving.sys.version.encode() in found
    assert kept.environment("/nowhere/python") is None


def test_a_broken_file_counts_as_absent(verify, tmp_path):
    verify()
    for file in (tmp_path / "cache").rglob("verdict-*.msgpack"):
        file.write_bytes(b"broken")
    assert verify()[0] == 2


def test_clean_removes_them(verify, tmp_path):
    verify()
    assert list((tmp_path / "cache").rglob("verdict-*.msgpack"))
    CliRunner().invoke(cli, ["clean", "--cache-dir", str(tmp_path / "cache")], standalone_mode=False)
    assert not (tmp_path / "cache").exists()
