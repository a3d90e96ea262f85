"""Hand-written training loops: what is cut out of a program, and trials of the loop as it stands."""

from __future__ import annotations

import json
from textwrap import dedent

import pytest
from click.testing import CliRunner

pytest.importorskip("psutil", reason="a proof needs psutil")

from bslint.cli import cli
from bslint.verify import proving
from bslint.verify.child import Outcome

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


def test_a_loop_that_draws_by_hand_has_no_recipe(tmp_path):
    drawn = "batches = iter(data)\n        while seen < 100:\n            images, labels = next(batches)\n"
    program = dedent(LOOP).replace("for number, (images, labels) in enumerate(data.prefetch(1)):\n", drawn)
    shown = verify(program.replace("number % 100", "seen % 100"), tmp_path, "--show-recipe")
    assert "# no recipe: the training is a loop that draws its batches by hand" in shown


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
