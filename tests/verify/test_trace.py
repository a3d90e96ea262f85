"""Traced and tried peaks: a trace says what a trial then measures."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("tensorflow", reason="proofs are run with TensorFlow")
pytest.importorskip("psutil", reason="a proof needs psutil")

from bslint.verify import child
from bslint.verify.child import Limits

pytestmark = pytest.mark.tensorflow

LIMITS = Limits(seconds=300, memory=6 << 30)
MIB = 1 << 20
DENSE = """
import keras
model = keras.Sequential([keras.Input((512,)), *(keras.layers.Dense(1024, activation="relu") for _ in range(3)), keras.layers.Dense(10)])
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
"""
CONVOLUTIONS = """
import keras
from keras import layers
image = keras.Input((48, 48, 3))
x = image
for filters in (16, 32, 64):
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.MaxPooling2D()(x)
model = keras.Model(image, layers.Dense(5, activation="softmax")(layers.GlobalAveragePooling2D()(x)))
model.compile(keras.optimizers.SGD(momentum=0.9), "categorical_crossentropy", metrics=["accuracy"])
"""
DEEP = """
import keras
from keras import layers
model = keras.Sequential([keras.Input((32, 32, 16)), *(layers.Conv2D(16, 3, padding="same", activation="relu") for _ in range(20)), layers.Flatten(), layers.Dense(2)])
model.compile("sgd", "mse")
"""
SEQUENCE = """
from tensorflow import keras
model = keras.Sequential([
    keras.Input((200,), dtype="int32"), keras.layers.Embedding(20000, 128), keras.layers.LSTM(128), keras.layers.Dense(1, activation="sigmoid"),
])
model.compile("rmsprop", "binary_crossentropy")
"""


def prove(method: str, source: str, batch: int, **more: object) -> dict:
    request = {"method": method, "source": source, "model": "model", "batch_size": batch, "device": "cpu", **more}
    outcome = child.run(request, LIMITS)
    assert outcome.ending == "result", outcome.output
    return outcome.result


@pytest.mark.parametrize(
    ("source", "batch", "error"),
    [(DENSE, 1024, 0.12), (CONVOLUTIONS, 64, 0.12), (CONVOLUTIONS, 512, 0.15), (SEQUENCE, 64, 0.2)],
    ids=["dense", "few convolutions", "many convolutions", "sequence"],
)
def test_a_trace_says_what_a_trial_measures(source, batch, error):
    tried = prove("trial-step", source, batch, memory=2 << 30)
    traced = prove("trace", source, batch, memory=2 << 30, search=False)
    assert (tried["outcome"], traced["outcome"]) == ("fits", "fits")
    assert traced["peak_bytes"] == pytest.approx(tried["peak_bytes"], rel=error)
    assert len(tried["step_seconds"]) == 3


def test_the_largest_batch_runs_and_a_larger_one_does_not():
    limit = 200 * MIB
    traced = prove("trace", DEEP, 1024, memory=limit)
    assert traced["outcome"] == "out-of-memory"
    largest = traced["largest_batch_size"]
    assert prove("trial-step", DEEP, largest, memory=limit)["outcome"] == "fits"
    assert prove("trial-step", DEEP, int(largest * 1.3), memory=limit)["outcome"] == "out-of-memory"


def test_layers_that_are_alive_are_named():
    layers = prove("trace", DEEP, 256)["layers"]
    assert {name.partition("_")[0] for name in layers} <= {"conv2d", "other", "flatten"}
    assert len(layers) > 5


BROKEN_REWRITER = """
from tensorflow.python.grappler import tf_optimizer
del tf_optimizer.OptimizeGraph
"""


def test_other_internals_leave_the_graph_as_it_was_traced():
    whole = prove("trace", CONVOLUTIONS, 64, search=False)
    traced = prove("trace", BROKEN_REWRITER + CONVOLUTIONS, 64, search=False)
    assert "OptimizeGraph" in traced["approximate"]
    assert whole["approximate"] == ""
    assert traced["peak_bytes"] == pytest.approx(whole["peak_bytes"], rel=0.4)


def test_graphs_that_can_not_be_read_are_an_error_that_says_so():
    from bslint.verify.trace import CPU, TraceError, optimised

    graph = SimpleNamespace(outputs=[], control_outputs=[])
    with pytest.raises(TraceError, match=r"TensorFlow 2\.\d+\.\d+ has other internals: .*get_operations"):
        optimised(SimpleNamespace(graph=graph), CPU)


def test_a_model_that_is_not_compiled():
    source = "import keras\nmodel = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])"
    result = prove("trace", source, 8)
    assert (result["outcome"], result["reason"]) == ("error", "TraceError: the model is not compiled")


def test_nothing_is_allocated():
    source = "import keras\nmodel = keras.Sequential([keras.Input((40_000,)), keras.layers.Dense(40_000)])\nmodel.compile('adam', 'mse')"
    result = prove("trace", source, 8, search=False)
    assert result["peak_bytes"] > 3 * 4 * 40_000**2
    assert result["run"] == "jit"
