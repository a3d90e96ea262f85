"""How a model runs its steps: what Keras decides by the devices that it sees is decided for a GPU."""

from __future__ import annotations

import pytest

pytest.importorskip("tensorflow", reason="models are compiled with TensorFlow")

import keras
from keras.src.trainers.trainer import Trainer

from bslint.verify.run_mode import RunModes

pytestmark = pytest.mark.tensorflow


class NoXla(keras.layers.Dense):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.supports_jit = False


@pytest.mark.parametrize(
    ("layer", "options", "expected"),
    [
        (keras.layers.Dense, {}, "jit"),
        (keras.layers.Dense, {"jit_compile": True}, "jit"),
        (keras.layers.Dense, {"jit_compile": False}, "graph"),
        (keras.layers.Dense, {"run_eagerly": True}, "eager"),
        (keras.layers.Dense, {"run_eagerly": True, "jit_compile": False}, "eager"),
        (NoXla, {}, "graph"),
    ],
)
def test_how_a_model_runs(layer, options, expected, monkeypatch):
    monkeypatch.setattr(Trainer, "compile", Trainer.compile)
    modes = RunModes()
    modes.watch()
    model = keras.Sequential([keras.Input((4,)), layer(2)])
    model.compile("adam", "mse", **options)
    assert modes.of(model) == expected
