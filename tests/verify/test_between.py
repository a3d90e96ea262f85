"""A step of a batch size that was not traced: the same as if it had been."""

from __future__ import annotations

import pytest

pytest.importorskip("tensorflow", reason="graphs are TensorFlow's")

import keras

from bslint.verify.between import Line, UnlikeError, between
from bslint.verify.trace import Step, surroundings

pytestmark = pytest.mark.tensorflow


def convolutions() -> list[keras.layers.Layer]:
    shape = keras.Input((15, 15, 3))
    return [shape, keras.layers.Conv2D(4, 3, strides=2), keras.layers.BatchNormalization(), keras.layers.Flatten()]


def recurrent() -> list[keras.layers.Layer]:
    return [keras.Input((12, 5)), keras.layers.GRU(7)]


def attentive() -> list[keras.layers.Layer]:
    return [keras.Input((12, 8)), keras.layers.Reshape((8, 12)), keras.layers.Dropout(0.5), keras.layers.Flatten()]


def step(layers: list[keras.layers.Layer]) -> Step:
    model = keras.Sequential([*layers, keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return Step(model)


def told(graph):
    """Everything that a schedule reads of a graph."""
    return [
        (
            node.name,
            node.kind,
            [(one.dtype, one.shape, one.size) for one in node.outputs],
            node.attributes.get("value"),
            sorted(node.attributes),
        )
        for node in graph.nodes
    ]


@pytest.mark.parametrize("layers", [convolutions, recurrent, attentive])
def test_a_batch_between_two_is_as_if_it_were_traced(layers):
    with surroundings():
        made = step(layers())
        first, second, own = (made.graph(made.traced(batch)) for batch in (4, 64, 19))
    found = between(first, second, Line(4, 64, 19))
    assert told(found) == told(own)
    assert [one.shape for one in found.outputs] == [one.shape for one in own.outputs]
    assert told(found) != told(first)
    for one, other in zip(found.nodes, own.nodes, strict=True):
        if "body" in one.attributes:
            bodies = found.function(one.attributes["body"]), own.function(other.attributes["body"])
            assert told(bodies[0]) == told(bodies[1])


def test_the_peak_is_the_same():
    with surroundings():
        ends, alone = step(convolutions()), step(convolutions())
        ends.peak(8)
        ends.peak(512)
        assert ends.peak(100) == alone.peak(100)


def test_graphs_of_other_models_are_not_alike():
    with surroundings():
        made, other = step(convolutions()), step(recurrent())
        graphs = made.graph(made.traced(4)), other.graph(other.traced(8))
    with pytest.raises(UnlikeError):
        between(*graphs, Line(4, 8, 6))
