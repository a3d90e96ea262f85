"""Models of real style: what is read in them has exactly the parameters that Keras gives them, or says what is not known."""

from typing import Any

import pytest

from bslint.analysis.interpreter import Interpreter
from bslint.analysis.values import Value
from tests.analysis.programs import see
from tests.memory import zoo

PROGRAMS = dict(zoo.programs())
# What is not read in these, and why; all others are read completely.
UNREAD = {
    "larq: quantised layers of another library": "what `larq.layers.QuantConv2D` gives is not known",
    "keras-tuner: a hypermodel": "its list of layers is built out of sight",
}


@pytest.mark.parametrize("name", UNREAD)
def test_what_is_not_read_says_why(name: str) -> None:
    plan = zoo.read(PROGRAMS[name])
    assert plan is not None
    assert UNREAD[name] in plan.network.unread


@pytest.mark.tensorflow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [name for name in PROGRAMS if name not in UNREAD])
def test_parameters_are_those_of_keras(name: str) -> None:
    pytest.importorskip("tensorflow")
    plan = zoo.read(PROGRAMS[name])
    assert plan is not None
    assert plan.network.unread == ()
    if any(step.kind.startswith("keras.applications.") for step in plan.network.steps):
        pytest.skip("applications are expanded elsewhere")
    assert zoo.count(plan.network) == zoo.truth(PROGRAMS[name])


def test_what_a_method_of_a_layer_gives_is_no_layer() -> None:
    plan = zoo.read(COUNTED)

    assert plan is not None
    assert plan.network.unread == ("the `input_dim` of an `Embedding` is not known",)


@pytest.mark.tensorflow
@pytest.mark.filterwarnings("ignore")
def test_layers_are_listed_in_the_order_of_keras() -> None:
    pytest.importorskip("tensorflow")
    names: list[list[str]] = []

    def write(value: Value, it: Interpreter) -> str:
        items = it.contents(value)
        assert items is not None
        names.append([one.call.value("name").value for one in items.items])
        return ""

    see(BRANCHED + "show(model.layers)\n", prelude="from marks import show\n", write=write)
    space: dict[str, Any] = {}
    exec(BRANCHED, space)
    assert names == [[layer.name for layer in space["model"].layers]]


COUNTED = """
import keras
from keras import layers
words = layers.TextVectorization(output_sequence_length=20)
words.adapt(texts)
model = keras.Sequential([keras.Input((20,)), layers.Embedding(words.vocabulary_size(), 16), layers.Dense(1)])
model.compile("adam", "mse")
model.fit(words(texts), labels)
"""
BRANCHED = """
import keras
from keras import layers
a, b = keras.Input((32, 32, 3), name="a"), keras.Input((32, 32, 4), name="b")
skips = []
x = a
for depth, count in enumerate([4, 8]):
    x = layers.Conv2D(count, 3, padding="same", name=f"down{depth}")(x)
    skips.append(x)
    x = layers.MaxPooling2D(2, name=f"pool{depth}")(x)
for depth, count in reversed(list(enumerate([4, 8]))):
    x = layers.Conv2DTranspose(count, 2, strides=2, padding="same", name=f"up{depth}")(x)
    x = layers.Concatenate(name=f"join{depth}")([x, skips[depth]])
shared = layers.Dense(3, name="shared")
y = layers.Add(name="sum")([shared(layers.Conv2D(4, 1, name="last")(x)), shared(b)])
model = keras.Model([a, b], [y, layers.Conv2D(1, 1, name="head")(x)])
"""
