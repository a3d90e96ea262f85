"""Hand-written training loops: what is cut out of a program, and trials of the loop as it stands."""

from __future__ import annotations

import json
from textwrap import dedent

import pytest
from click.testing import CliRunner

pytest.importorskip("psutil", reason="a proof needs psutil")

from bslint.cli import cli
from bslint.config import Resolver
from bslint.registry import rules
from bslint.source import read
from bslint.verify import proving
from bslint.verify.child import Outcome
from bslint.verify.programs import ReadProgram

LOOP = """
    import os
    import tensorflow as tf

    Layer = getattr(tf.keras.layers, os.environ.get("LAYER", "Dense"))
    BATCH = 4096

    def build(width):
        return tf.keras.Sequential([tf.keras.Input((784,)), Layer(width, activation="relu"), Layer(10)])

    @tf.function
    def train_step(model, optimizer, loss_of, images, labels):
        with tf.GradientTape() as tape:
            loss = loss_of(labels, model(images, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        return loss

    def train(folder, width=512, epochs=5):
        (x, y), _ = tf.keras.datasets.mnist.load_data()
        model = build(width)
        optimizer = tf.keras.optimizers.Adam(tf.keras.optimizers.schedules.CosineDecay(1e-3, len(x) // BATCH * epochs))
        loss_of = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        data = tf.data.Dataset.from_tensor_slices((x.reshape(-1, 784).astype("float32") / 255.0, y)).batch(BATCH)
        seen = 0
        for epoch in range(epochs):
            for number, (images, labels) in enumerate(data.prefetch(1)):
                loss = train_step(model, optimizer, loss_of, images, labels)
                seen += 1
                if number % 100 == 0:
                    print(epoch, float(loss))
                    model.save_weights(folder)
            model.evaluate(data)
        model.save(folder)

    if __name__ == "__main__":
        train("out")
"""


def verify(program, folder, *options):
    file = folder / "train.py"
    file.write_text(dedent(program))
    arguments = ["verify", "--isolated", "--no-cache", "--select", "BS1", *options, str(file)]
    return CliRunner().invoke(cli, arguments, standalone_mode=False).stdout


def test_the_loop_runs_over_synthetic_batches(tmp_path):
    shown = verify(LOOP, tmp_path, "--show-recipe")
    assert "for number, (images, labels) in enumerate(bslint_batches(data.prefetch(1))):" in shown
    assert "loss = train_step(model, optimizer, loss_of, images, labels)" in shown
    assert "seen = 0" in shown
    assert "# missing" not in shown
    assert not any(word in shown for word in ("print(", "save", "evaluate", "'out'"))
    compile(shown, "recipe.py", "exec")


OVER = """\
            for number, (images, labels) in enumerate(data.prefetch(1)):
                loss = train_step(model, optimizer, loss_of, images, labels)
"""
DRAWN = {
    "next": """\
            batches = iter(data.repeat())
            for number in range(len(x) // BATCH):
                images, labels = next(batches)
                loss = train_step(model, optimizer, loss_of, images, labels)
""",
    "while": """\
            batches, number = iter(data.repeat()), 0
            while number < 1000:
                images, labels = next(batches)
                loss = train_step(model, optimizer, loss_of, images, labels)
                number += 1
""",
    "until it is empty": """\
            batches, number = iter(data), 0
            while True:
                try:
                    images, labels = batches.get_next()
                except (StopIteration, tf.errors.OutOfRangeError):
                    break
                loss = train_step(model, optimizer, loss_of, images, labels)
""",
    "taken": """\
            for number, (images, labels) in enumerate(data.repeat().take(1000)):
                loss = train_step(model, optimizer, loss_of, images, labels)
""",
    "zipped": """\
            for number, ((images, _), (_, labels)) in enumerate(zip(data, data)):
                loss = train_step(model, optimizer, loss_of, images, labels)
""",
    "replicas": """\
            def of_replica(images, labels):
                return train_step(model, optimizer, loss_of, images, labels)
            for number, batch in enumerate(strategy.experimental_distribute_dataset(data)):
                loss = strategy.run(of_replica, args=batch)
""",
}
EVALUATED = """\
            for images, labels in data.take(5):
                test_step(accuracy, model, images, labels)
"""


def drawing(name):
    """The loop with its batches drawn in another way, and an evaluation behind it."""
    program = dedent(LOOP.replace(OVER, DRAWN[name]).replace("            model.evaluate(data)\n", EVALUATED))
    assert OVER not in program
    program = program.replace(
        "    seen = 0\n", "    accuracy = tf.keras.metrics.SparseCategoricalAccuracy()\n    seen = 0\n"
    )
    if name == "replicas":
        program = program.replace("BATCH = 4096\n", "BATCH = 4096\nstrategy = tf.distribute.MirroredStrategy()\n")
        program = program.replace("@tf.function\n", "").replace(
            "    model = build", "    with strategy.scope():\n      model = build"
        )
        program = program.replace("    optimizer =", "      optimizer =")
    test_step = """
        def test_step(accuracy, model, images, labels):
            accuracy.update_state(labels, model(images, training=False))

        def train(folder"""
    return program.replace("\ndef train(folder", dedent(test_step))


@pytest.mark.parametrize("name", DRAWN)
def test_the_ways_to_draw_batches(name, tmp_path):
    shown = verify(drawing(name), tmp_path, "--show-recipe")
    compile(shown, "recipe.py", "exec")
    assert "# missing" not in shown
    assert ("while not bslint_turn():" in shown) == (name in {"while", "until it is empty"})
    assert ("in bslint_turns(range(" in shown) == (name == "next")
    assert any(f"{word}(data" in shown for word in ("bslint_iterator", "bslint_batches")) or name == "replicas"
    assert "for images, labels in bslint_evaluation(data.take(5)):" in shown


def test_an_evaluation_that_needs_more_than_is_there_is_left_out(tmp_path):
    program = drawing("next").replace("data.take(5)", "held_out")
    shown = verify(program, tmp_path, "--show-recipe")
    assert "# missing" not in shown
    assert "bslint_evaluation" not in shown


def outcome(**result):
    return Outcome("result", {"device_name": "CPU", **result}, 0, "", 2.0)


@pytest.mark.parametrize(
    ("memory", "answer", "status", "words"),
    [
        ("512MiB", {"outcome": "out-of-memory", "reason": "OOM", "limit_bytes": 512 << 20}, "confirmed", "ran out of"),
        ("512MiB", {"outcome": "fits", "peak_bytes": 9 << 20, "limit_bytes": 512 << 20}, "refuted", "9.00 MiB of 512"),
        ("900TiB", {"outcome": "out-of-memory", "reason": "OOM", "limit_bytes": 1 << 30}, "inconclusive", "has free"),
        ("900TiB", {"outcome": "fits", "peak_bytes": 9 << 20, "limit_bytes": 1 << 30}, "refuted", "9.00 MiB"),
        ("512MiB", {"outcome": "error", "reason": "ValueError: x"}, "inconclusive", "ValueError: x"),
    ],
)  # fmt: skip
def test_verdicts(memory, answer, status, words, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(proving, "run", lambda request, *_, **__: asked.append(request) or outcome(**answer))
    [found] = json.loads(verify(LOOP, tmp_path, "--output-format", "json", "--memory", memory))
    assert found["verification"]["status"] == status
    assert words in found["verification"]["reason"]
    [request] = asked
    assert request["memory"] <= 900 << 40
    assert (request["method"], request["batch_size"], request["source"]) == ("trial-step", 4096, "")
    assert "bslint_batches" in request["loop"]


@pytest.mark.tensorflow
@pytest.mark.parametrize(("memory", "status"), [("24MiB", "confirmed"), ("1GiB", "refuted")])
def test_a_loop_is_tried(memory, status, tmp_path):
    pytest.importorskip("tensorflow", reason="loops are tried with TensorFlow")
    options = ("--output-format", "json", "--memory", memory, "--device", "cpu", "--timeout", "300")
    [found] = json.loads(verify(LOOP, tmp_path, *options))
    proof = found["verification"]
    assert (proof["status"], proof["method"]) == (status, "trial-step"), proof
    if status == "refuted":
        assert 20 << 20 < proof["measured"]["peak_bytes"] < 100 << 20


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("name", "memory", "status"),
    [
        ("next", 24 << 20, "confirmed"),
        ("next", 1 << 30, "refuted"),
        ("until it is empty", 1 << 30, "refuted"),
        ("zipped", 1 << 30, "refuted"),
        ("replicas", 1 << 30, "refuted"),
    ],
)
def test_loops_that_draw_are_tried(name, memory, status, tmp_path):
    pytest.importorskip("tensorflow", reason="loops are tried with TensorFlow")
    source = read("train.py", drawing(name).encode())
    configuration = Resolver([rules()["BS101"]], isolated=True, overrides={}, config=None).for_file(tmp_path / "t.py")
    [found] = ReadProgram(source, source.programs[0]).provable([rules()["BS101"]], configuration)
    said = []
    [verdict] = proving.judged([found], proving.Wanted("cpu", memory, 300.0), said.append)
    assert verdict.status == status, verdict
    if status == "refuted":
        assert 20 << 20 < verdict.measured["peak_bytes"] < 100 << 20
        assert said[-4:] == ["step 1", "step 2", "step 3", "an evaluation batch"]
