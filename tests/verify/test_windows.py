"""Loops over windows, cut out of programs and run over numbered samples."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner

pytest.importorskip("psutil", reason="a proof needs psutil")
pytest.importorskip("numpy", reason="samples are numbered with NumPy")

from bslint.analysis.facts import Windows
from bslint.cli import cli
from bslint.config import Resolver
from bslint.registry import rules
from bslint.source import read
from bslint.verify import proving, window_run
from bslint.verify.programs import ReadProgram
from tests.analysis.test_windows import PRELUDE, WRONG
from tests.rules.cases import bs301, bs303
from tests.rules.examples import parse
from tests.verify.window_programs import CONFIRMED, REFUTED

CODES = ["BS301", "BS302", "BS303", "BS304", "BS305"]
# Loops that can't be cut out, or run: for them the snippet has to do.
BY_SNIPPET = {
    "through a function and a class", "half a batch on", "the generator is the loop", "a session trains",
    "an operation is run", "seeded with a default that no step changes",
}  # fmt: skip


@pytest.mark.parametrize(
    ("status", "code"), [("confirmed", code) for code in CODES] + [("refuted", code) for code in CODES]
)
def test_programs(status, code, tmp_path):
    program = {"confirmed": CONFIRMED, "refuted": REFUTED}[status][code]
    (tmp_path / "train.py").write_text(program)
    arguments = ["verify", "--isolated", "--no-cache", "--select", "BS3", "--output-format", "json", str(tmp_path)]
    done = CliRunner().invoke(cli, arguments, standalone_mode=False)
    [found] = json.loads(done.stdout)
    proof = found["verification"]
    assert (found["code"], proof["status"], proof["method"]) == (code, status, "window-replay")
    assert proof["reason"].startswith("the program's own loop, run over numbered samples: ")
    assert done.return_value == (1 if status == "confirmed" else 0)
    assert found["severity"] == ("error" if status == "confirmed" else "info")


def test_junit_skips_what_is_refuted(tmp_path):
    (tmp_path / "wrong.py").write_text(CONFIRMED["BS304"])
    (tmp_path / "right.py").write_text(REFUTED["BS304"])
    arguments = ["verify", "--isolated", "--no-cache", "--select", "BS3", "--output-format", "junit", str(tmp_path)]
    shown = CliRunner().invoke(cli, arguments, standalone_mode=False).stdout
    assert 'tests="2" skipped="1" errors="0" failures="1"' in shown
    assert shown.count("<skipped ") == shown.count("<failure ") == 1


def provable(text):
    selected = [rules()[code] for code in CODES]
    configuration = Resolver(selected, isolated=True, overrides={}, config=None).for_file(Path("train.py").absolute())
    source = read("train.py", text.encode())
    return [each for one in source.programs for each in ReadProgram(source, one).provable(selected, configuration)]


def _examples():
    for code in CODES:
        yield from sys.modules[rules()[code].check.__module__].BAD.items()
    for cases in (bs301, bs303):
        yield from cases.FIRING.items()


PROGRAMS = {name: parse(text)[0] for name, text in _examples()}
PROGRAMS |= {name: PRELUDE + dedent(text) for name, (_, text) in WRONG.items()}


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_fault_is_refuted(name, tmp_path, monkeypatch):
    """What the machine of the analysis sees, the loop itself shows; or it can't be run, and the snippet does."""
    monkeypatch.chdir(tmp_path)
    for each in provable(PROGRAMS[name]):
        if name in BY_SNIPPET or not isinstance(each.finding.subject, Windows):
            continue
        request = proving._loop(each)
        monkeypatch.setattr(window_run.Samples, "guessed", False)
        assert window_run.observe(request)


def observe(loop, fault, outside=None, **numbers):
    known = {"numbers": numbers, "lengths": {"x": 96, "y": 96}}
    return window_run.observe({"loop": dedent(loop), "fault": fault, "outside": outside, **known})


@pytest.mark.parametrize(
    ("fault", "window", "shown"),
    [
        ("overlap", "x[i:i + 33]", "sample 32 is read in turn 0 and again in turn 1"),
        ("overlap", "x[i:i + 32]", None),
        ("gap", "x[i:i + 30]", "6 of 96 samples are never read: 30, 31, 62, 63, 94, 95"),
        ("gap", "x[i:i + 32]", None),
        ("empty", "x[i + 32:i + 64]", "a read in turn 2 gets no sample"),
        ("empty", "x[i:i + 32]", None),
        ("still", "x[0:32]", "3 reads get the same 32 samples"),
        ("still", "x[i:i + 32]", None),
    ],
)
def test_faults(fault, window, shown, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    loop = f"""
        x = bslint_samples("x")
        for turn, i in enumerate(range(0, len(x), 32)):
            bslint_turned(0)
            bslint_read(0, {window}, x)
    """
    assert observe(loop, fault, 0) == shown


def test_a_pass_is_told_from_the_loop_around_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    loop = """
        x = bslint_samples("x")
        for epoch in range(3):
            bslint_turned(0)
            for i in range(0, len(x), 32):
                bslint_turned(1)
                bslint_read(0, x[i:i + 32], x)
    """
    assert observe(loop, "overlap") is None
    assert observe(loop, "overlap", 1) is None
    assert observe(loop, "overlap", 0) == "sample 0 is read in turn (0, 0) and again in turn (1, 0)"


def test_samples_stay_themselves(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    loop = """
        import numpy as np
        x = (bslint_samples("x").astype("float32") / 255.0).reshape(-1, 28, 28, 1)
        order = np.arange(len(x))[::-1]
        x, y = x[order], bslint_samples("table")["label"].to_numpy()[order]
        for i in range(0, x.shape[0], size):
            bslint_turned(0)
            bslint_read(0, x[i:i + 32, :], x)
            bslint_read(1, y[i:i + 32], y)
    """
    assert observe(loop.replace("size", "bslint_samples('size')"), "misaligned", 0, size=32) is None


def test_nothing_is_refuted_with_numbers_that_were_made_up(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(window_run.Samples, "guessed", False)
    loop = """
        x = bslint_samples("x")
        for i in range(bslint_samples("steps")):
            bslint_turned(0)
            bslint_read(0, x[i * 32:i * 32 + {}], x)
    """
    assert observe(loop.replace("{}", "33"), "overlap", 0)
    with pytest.raises(LookupError, match="made up"):
        observe(loop.replace("{}", "32"), "overlap", 0)


def test_an_endless_loop_is_left(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    loop = """
        x = bslint_samples("x")
        while True:
            bslint_turned(0)
            bslint_read(0, x[0:32], x)
    """
    assert observe(loop, "still", 0).endswith(" reads get the same 32 samples")


def test_a_loop_that_stops_when_the_loss_is_small_still_runs():
    program = """
        import numpy as np
        import tensorflow as tf
        model = tf.keras.Sequential([tf.keras.Input((8,)), tf.keras.layers.Dense(1)])
        model.compile("adam", "mse")
        x, y = np.load("x.npy"), np.load("y.npy")
        for epoch in range(10):
            for i in range(0, len(x), 32):
                if i > 5000:
                    break
                with tf.device("/GPU:0"):
                    loss = model.train_on_batch(x[i:i + 33], y[i:i + 33])
                if loss < 0.1:
                    break
    """
    [found, *_] = provable(dedent(program))
    loop = proving._loop(found)["loop"]
    assert "if i > 5000:" in loop
    assert not any(word in loop for word in ("tensorflow", "loss", "tf.", "model"))
    assert "bslint_read(0, x[i:i + 33], x)" in loop
