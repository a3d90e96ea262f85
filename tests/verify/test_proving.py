"""From what children say to verdicts, and from `bslint verify` to what a person reads."""

from __future__ import annotations

import contextlib
import io
import json
import re
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

pytest.importorskip("psutil", reason="a proof needs psutil")

from bslint.rules.loops import apply_cadence_off_by_one as cadence

from bslint.cli import cli
from bslint.verify import proving
from bslint.verify.child import Outcome
from bslint.verify.shown import shows_fault
from tests.rules.cases import bs309 as cases
from tests.rules.examples import judged, parse

ROOT = Path(__file__).resolve().parents[2]
MODEL = """
    import os
    import tensorflow as tf
    from tensorflow import keras

    Layer = getattr(keras.layers, os.environ.get("LAYER", "Dense"))

    def train(width=512):
        (x, y), _ = keras.datasets.mnist.load_data()
        model = keras.Sequential([keras.Input((784,)), *(Layer(width, activation="relu") for _ in range(3)), Layer(10)])
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(x.reshape(-1, 784) / 255.0, y, batch_size=8192)

    train()
"""
# Its shape is that of the article's first example: a large batch, tried, and a smaller one in the handler.
RETRIED = """
import os

import numpy as np
import tensorflow as tf

Conv = getattr(tf.keras.layers, os.environ.get("CONVOLUTION", "Conv2D"))

with np.load("images.npz") as archive:
    x_train, y_train = archive["x_train"], archive["y_train"]

try:
    model = tf.keras.models.Sequential([
        tf.keras.layers.Input((128, 128, 3)),
        Conv(48, 3, activation="relu", padding="same"),
        Conv(32, 3, activation="relu", padding="same"),
        tf.keras.layers.GlobalAveragePooling2D(),
        tf.keras.layers.Dense(10, activation="softmax"),
    ])
    optimizer = tf.keras.optimizers.Adam()
    batch_size = 256  # Initial attempt with a large batch size

    model.compile(optimizer=optimizer, loss="categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, batch_size=batch_size, epochs=10)

except tf.errors.ResourceExhaustedError as e:
    print(f"Out of Memory Error encountered: {e}")
    print("Reducing batch size...")
    batch_size = 64  # Retry with a smaller batch size
    model.fit(x_train, y_train, batch_size=batch_size, epochs=10)
"""
# `fit` runs steps of the program's own.
OWN_STEPS = """
    import os
    import tensorflow as tf
    from tensorflow import keras

    Layer = getattr(keras.layers, os.environ.get("LAYER", "Dense"))

    class Classifier(keras.Model):
        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                loss = self.compute_loss(y=y, y_pred=self(x, training=True))
            variables = self.trainable_variables
            self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
            return {"loss": loss}

        def test_step(self, data):
            x, y = data
            features = tf.tile(x, [1, TILES])
            return {"loss": self.compute_loss(y=y, y_pred=self(features[:, :784], training=False))}

    TILES = 1
    inputs = keras.Input((784,))
    model = Classifier(inputs, Layer(10)(Layer(512, activation="relu")(inputs)))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    (x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
    model.fit(x.reshape(-1, 784) / 255.0, y, batch_size=4096, validation_data=(x_test.reshape(-1, 784) / 255.0, y_test))
"""
# The estimate is some 150 MiB too high: it has the gradient of a batch normalisation take more at once than it does.
POINTS = """
    import numpy as np
    from tensorflow import keras
    from tensorflow.keras import layers
    x = inputs = keras.Input((1024, 3))
    for filters in (64, 64, 128, 512):
        x = layers.Activation("relu")(layers.BatchNormalization()(layers.Conv1D(filters, 1)(x)))
    outputs = layers.Dense(10, activation="softmax")(layers.GlobalMaxPooling1D()(x))
    model = keras.Model(inputs, outputs)
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
    model.fit(np.load("points.npy"), np.load("classes.npy"), batch_size=32)
"""
WINDOWS = """
    import tensorflow as tf
    def train(x_train, y_train, model, batch_size=32):
        n = len(x_train)
        for epoch in range(3):
            for i in range(0, n, batch_size):
                model.train_on_batch(x_train[i:i + batch_size + 1], y_train[i:i + batch_size + 1])
"""


@pytest.mark.parametrize(
    ("code", "printed", "shown"),
    [
        ("BS301", "epoch=0 i=0 range(0, 33)\nepoch=0 i=32 range(32, 65)", True),
        ("BS301", "epoch=0 i=0 range(0, 32)\nepoch=0 i=32 range(32, 64)", False),
        ("BS301", "epoch=0 i=0 range(0, 33)", False),
        ("BS302", "[96, 97]", True),
        ("BS302", "[]", False),
        ("BS302", "range(0, 32)\nrange(33, 64)\n32", True),
        ("BS302", "range(0, 33)\n32", False),
        ("BS303", "i=3 range(64, 64)", True),
        ("BS303", "", False),
        ("BS304", "range(0, 8)\nrange(0, 8)", True),
        ("BS304", "range(0, 8)\nrange(8, 16)", False),
        ("BS304", "[3, 1]\n[3, 1]", True),
        ("BS304", "[3, 1]\n[0, 2]", False),
        ("BS305", "range(0, 8)\nrange(1, 9)", True),
        ("BS305", "range(0, 8)\nrange(0, 8)", False),
        ("BS309", "update after 1 micro-batches: 1 of 8 in the sum\nupdate after 9 micro-batches: 8 of 8 in the sum", True),
        ("BS309", "update after 8 micro-batches: 8 of 8 in the sum\nupdate after 9 micro-batches: 1 of 8 in the sum", False),
    ],
)  # fmt: skip
def test_what_a_replay_shows(code, printed, shown):
    assert shows_fault(code, printed) is shown


def outcome(ending="result", code=0, output="", **result):
    return Outcome(ending, {"device_name": "CPU", "limit_bytes": 512 << 20, **result}, code, output, 2.0)


FITS = outcome(outcome="fits", peak_bytes=1 << 28)
NO_ROOM = outcome(outcome="out-of-memory", reason="OOM when allocating")


@pytest.mark.parametrize(
    ("traced", "tried", "status", "method", "reason"),
    [
        (FITS, FITS, "refuted", "trial-step", "a trial step needed 256.00 MiB of 512.00 MiB of memory"),
        (FITS, NO_ROOM, "confirmed", "trial-step", "a trial step ran out of 512.00 MiB of memory: OOM when allocating"),
        (
            outcome(outcome="out-of-memory", peak_bytes=1 << 30),
            outcome(outcome="error", reason="ValueError: no data"),
            "confirmed",
            "trace",
            "a traced step needs 1.00 GiB, above 512.00 MiB of memory",
        ),
        (FITS, outcome("signal", -9), "confirmed", "trial-step", "the trial step took all memory of this machine and was killed"),
        (
            outcome(outcome="error", reason="TraceError: no"),
            outcome(outcome="error", reason="ValueError: bad", recipe_line=7),
            "inconclusive",
            "trial-step",
            "ValueError: bad (line 7 of the recipe)",
        ),
        (
            outcome(outcome="error", reason="x"),
            outcome("signal", -11, "Fatal\nSegmentation fault\n"),
            "inconclusive",
            "trial-step",
            "the child ended with signal 11: Segmentation fault",
        ),
        (outcome("timeout"), outcome("timeout"), "inconclusive", "trial-step", "it did not end within 2 s (`--timeout`)"),
    ],
)  # fmt: skip
def test_verdicts_on_memory(traced, tried, status, method, reason, monkeypatch, tmp_path):
    asked = []

    def run(request, limits, **_):
        asked.append(request)
        return traced if request["method"] == "trace" else tried

    monkeypatch.setattr(proving, "run", run)
    found = verified(MODEL, tmp_path, "--memory", "512MiB")["verification"]
    assert (found["status"], found["method"], found["reason"]) == (status, method, reason)
    assert [request["memory"] for request in asked] == [512 << 20, 512 << 20]
    assert "load_data" not in asked[0]["source"]


EAGER = {"run": "eager", "outcome": "fits", "peak_bytes": 1 << 28, "largest_batch_size": 9}
XLA = {**EAGER, "run": "jit"}


@pytest.mark.parametrize(
    ("traced", "tried", "status", "note", "largest"),
    [
        (EAGER, FITS, "refuted", "", None),
        (EAGER, outcome("timeout"), "inconclusive", "the program runs eagerly", None),
        ({**EAGER, "outcome": "out-of-memory"}, outcome("timeout"), "confirmed", "the program runs eagerly", None),
        (XLA, FITS, "refuted", "tried without XLA", 9),
        (XLA, outcome("timeout"), "refuted", "traced without XLA", 9),
        (XLA, outcome(outcome="fits", peak_bytes=1 << 28, device_name="Tesla T4"), "refuted", "", 9),
        ({**XLA, "run": "graph"}, FITS, "refuted", "", 9),
    ],
)
def test_a_verdict_says_where_the_program_runs_in_another_way(
    traced, tried, status, note, largest, monkeypatch, tmp_path
):
    answers = {"trace": outcome(**traced), "trial-step": tried}
    monkeypatch.setattr(proving, "run", lambda request, *_, **__: answers[request["method"]])
    found = verified(MODEL, tmp_path, "--memory", "512MiB")["verification"]
    assert (found["status"], found.get("largest_batch_size")) == (status, largest)
    assert note in found["reason"]
    assert note or "(" not in found["reason"]


def test_a_limit_above_what_is_here_is_only_traced(monkeypatch, tmp_path):
    asked = []
    huge = outcome(outcome="fits", peak_bytes=1 << 28, limit_bytes=5000 << 30)
    monkeypatch.setattr(proving, "run", lambda request, *_, **__: asked.append(request["method"]) or huge)
    found = verified(MODEL, tmp_path, "--memory", "5000GiB")["verification"]
    assert asked == ["trace"]
    assert found["reason"].startswith("a traced step needs 256.00 MiB of 4.88 TiB")


def verified(program: str, folder: Path, *options: str, settings: str | None = None, status: int | None = None) -> dict:
    file, configuration = folder / "train.py", folder / "bslint.toml"
    file.write_text(dedent(program))
    if settings is not None:
        configuration.write_text(settings)
    configured = ["--isolated"] if settings is None else ["--config", str(configuration)]
    done = CliRunner().invoke(
        cli,
        ["verify", *configured, "--no-cache", "--output-format", "json", *options, str(file)],
        standalone_mode=False,
    )
    found = json.loads(done.stdout)
    schema = json.loads((ROOT / "bslint/report/schema.json").read_text())
    Draft202012Validator(schema).validate(found)
    if status is not None:
        assert done.return_value == status
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("program", [*cadence.BAD.values(), *cases.FIRING.values()], ids=[*cadence.BAD, *cases.FIRING])
def test_the_snippets_of_a_cadence_show_it(program):
    for found in judged(parse(program)[0], "BS309"):
        if "replay" not in found.evidence:
            # Gradients that are collected in a list are counted by the analysis alone.
            assert ".append(" in program
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(found.evidence["replay"], {})
        assert shows_fault("BS309", printed.getvalue())
        counts = [int(terms) for terms in re.findall(r": (\d+) of", printed.getvalue())]
        assert counts == found.evidence["witness"]["updates_of"]


def test_a_cadence_is_replayed(tmp_path):
    program = parse(cadence.BAD["counted from zero"])[0]
    found = verified(program, tmp_path, "--select", "BS309", status=1)["verification"]
    assert (found["status"], found["method"]) == ("confirmed", "window-replay")
    assert found["reason"].endswith("prints update after 17 micro-batches: 8 of 8 in the sum")


def test_windows_are_replayed(tmp_path):
    found = verified(WINDOWS, tmp_path, "--select", "BS301", status=1)["verification"]
    assert (found["status"], found["method"]) == ("confirmed", "window-replay")
    assert found["reason"].endswith("numbered samples: sample 32 is read in turn (0, 0) and again in turn (0, 1)")


def test_a_loop_that_can_not_be_cut_out_is_replayed_by_its_arithmetic(tmp_path, monkeypatch):
    monkeypatch.setattr(proving, "_loop", lambda _: {"loop": "raise ValueError", "numbers": {}, "lengths": {}})
    found = verified(WINDOWS, tmp_path, "--select", "BS301", status=1)["verification"]
    assert (found["status"], found["method"]) == ("confirmed", "window-replay")
    assert "range(32, 65)" in found["reason"]


def test_a_refuted_finding_does_not_fail_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(proving, "run", lambda *_, **__: FITS)
    verified(MODEL, tmp_path, "--memory", "512MiB", status=0)


@pytest.mark.parametrize("name", ["full", "concise", "github", "gitlab", "junit", "sarif", "rdjson", "json-lines"])
def test_every_format_says_it(name, tmp_path, monkeypatch):
    monkeypatch.setattr(proving, "run", lambda *_, **__: FITS)
    file = tmp_path / "train.py"
    file.write_text(dedent(MODEL))
    done = CliRunner().invoke(
        cli, ["verify", "--isolated", "--no-cache", "--output-format", name, "--memory", "512MiB", str(file)]
    )
    assert "refuted" in done.stdout


def test_recipes_are_shown_and_nothing_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(proving, "run", lambda *_, **__: pytest.fail("a child was started"))
    file = tmp_path / "train.py"
    file.write_text(dedent(MODEL))
    done = CliRunner().invoke(cli, ["verify", "--isolated", "--show-recipe", str(file)])
    assert done.stdout.startswith(f"# BS101 {file}:12:")
    assert "bslint_model = train()" in done.stdout


@pytest.mark.parametrize("size", ["8", "many"])
def test_a_size_that_is_none_is_refused(size, tmp_path):
    (tmp_path / "a.py").write_text(dedent(MODEL))
    done = CliRunner().invoke(cli, ["verify", "--memory", size, str(tmp_path)], standalone_mode=False)
    assert done.return_value == 2
    assert "not a memory size" in done.stderr


def test_a_configuration_can_not_start_proofs(tmp_path):
    (tmp_path / "bslint.toml").write_text("verify = true\n")
    (tmp_path / "a.py").write_text("x = 1\n")
    done = CliRunner().invoke(cli, ["check", str(tmp_path)], standalone_mode=False)
    assert done.return_value == 2


@pytest.mark.tensorflow
@pytest.mark.parametrize(("memory", "status"), [("60MiB", "confirmed"), ("1GiB", "refuted")])
def test_a_trial_with_tensorflow(memory, status, tmp_path):
    pytest.importorskip("tensorflow", reason="proofs are run with TensorFlow")
    found = verified(MODEL, tmp_path, "--memory", memory, "--device", "cpu", "--timeout", "300")["verification"]
    assert (found["status"], found["method"], found["device"]) == (status, "trial-step", "CPU")
    assert found["measured"]["limit_bytes"] == {"60MiB": 60 << 20, "1GiB": 1 << 30}[memory]
    assert found["largest_batch_size"] > 100


@pytest.mark.tensorflow
@pytest.mark.parametrize(("memory", "status"), [("300MiB", "confirmed"), ("480MiB", "refuted")])
def test_what_does_not_fit_by_the_estimate(memory, status, tmp_path):
    pytest.importorskip("tensorflow", reason="proofs are run with TensorFlow")
    options = ("--select", "BS102", "--memory", memory, "--device", "cpu", "--timeout", "300")
    found = verified(POINTS, tmp_path, *options, settings='device = "480MiB"\n')
    assert found["evidence"]["total_bytes"] > 480 << 20
    assert (found["verification"]["status"], found["verification"]["method"]) == (status, "trial-step")


def test_the_windows_of_the_fixtures_are_confirmed():
    files = [str(ROOT / "fixtures" / name) for name in ("accumulate_windows.py", "handwritten_loops.py")]
    arguments = [
        "verify",
        "--isolated",
        "--no-cache",
        "--select",
        "BS301,BS302,BS303,BS304,BS305",
        "--output-format",
        "json",
    ]
    found = json.loads(CliRunner().invoke(cli, [*arguments, *files], standalone_mode=False).stdout)
    verdicts = {each["code"]: each["verification"]["status"] for each in found}
    assert verdicts == dict.fromkeys(("BS301", "BS302", "BS303", "BS304", "BS305"), "confirmed")


@pytest.mark.parametrize("code", ["BS301", "BS302", "BS303", "BS304"])
def test_windows_that_a_replay_does_not_show_are_refuted(code, monkeypatch):
    printed = "i=0 range(0, 32)\ni=32 range(32, 64)\n[]"
    replayed = Outcome("result", {"outcome": "replayed", "printed": printed}, 0, "", 0.1)
    monkeypatch.setattr(proving, "run", lambda *_, **__: replayed)
    name = "accumulate_windows.py" if code == "BS301" else "handwritten_loops.py"
    arguments = ["verify", "--isolated", "--no-cache", "--select", code, "--output-format", "json"]
    done = CliRunner().invoke(cli, [*arguments, str(ROOT / "fixtures" / name)], standalone_mode=False)
    [found] = json.loads(done.stdout)
    assert found["verification"]["status"] == "refuted"
    assert done.return_value == 0


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("program", "memory", "status", "method"),
    [
        (RETRIED, "2GiB", "confirmed", "trial-step"),
        (RETRIED, "900GiB", "refuted", "trace"),
        (OWN_STEPS, "24MiB", "confirmed", "trial-step"),
        (OWN_STEPS, "1GiB", "refuted", "trial-step"),
        (OWN_STEPS.replace("TILES = 1", "TILES = 50"), "200MiB", "confirmed", "trial-step"),
    ],
    ids=[
        "retried, little",
        "retried, enough",
        "own steps, little",
        "own steps, enough",
        "own steps, little to evaluate",
    ],
)
def test_memory_of_programs(program, memory, status, method, tmp_path):
    pytest.importorskip("tensorflow", reason="proofs are run with TensorFlow")
    options = ("--select", "BS101", "--memory", memory, "--device", "cpu", "--timeout", "300")
    found = verified(program, tmp_path, *options)["verification"]
    assert (found["status"], found["method"]) == (status, method), found
