"""Applications inside a network are opened."""

import pytest

from bslint.memory.estimate import prepare
from bslint.memory.network import Network, Plan, Step

A = "keras.applications."
IMAGE = Step("keras.Input", {"shape": (64, 64, 3)})


def backbone(trainable=True, **config):
    given = {"include_top": False, "weights": None, **config}
    return Step(A + "VGG16", given, (0,), layer=1, name="vgg", trainable=trainable, origin="here")


def head(*inputs, layer=2):
    return Step("keras.layers.GlobalAveragePooling2D", {}, inputs, layer=layer)


def needs(*steps, outputs=None):
    network = Network(steps, outputs or (len(steps) - 1,))
    return prepare(Plan(network, 1, "keras.optimizers.SGD", loss="mse"))


def test_layers_stand_in_place_of_the_application():
    found = needs(IMAGE, backbone(), head(1))

    assert found.partial == ()
    assert found.parameters.total == 14_714_688
    assert found.layers[-1].shape == (512,)
    assert {layer.step.origin for layer in found.layers[1:-1]} == {"here"}
    assert [layer.step.name for layer in found.layers[1:3]] == ["block1_conv1", "block1_conv2"]


def test_two_calls_share_their_weights():
    once = needs(IMAGE, backbone(), head(1))
    twice = needs(IMAGE, IMAGE, backbone(), Step(**_of(backbone(), (1,))), head(2), head(3), outputs=(4, 5))

    assert twice.partial == ()
    assert twice.parameters == once.parameters


def _of(step, inputs):
    return {name: getattr(step, name) for name in step.__struct_fields__} | {"inputs": inputs}


@pytest.mark.parametrize(
    ("config", "trainable", "trained"),
    [
        pytest.param({}, True, 14_714_688, id="all"),
        pytest.param({}, False, 0, id="a frozen application"),
        pytest.param({"freezing": ((slice(None, -4, None), False),)}, True, 7_079_424, id="thawed from a layer on"),
        pytest.param({"freezing": ((slice(None), False), (-2, True))}, True, 2_359_808, id="one layer, by its number"),
        pytest.param({"freezing": ((slice(None), False), ("block1_conv1", True))}, True, 1_792, id="by its name"),
        pytest.param({"freezing": ((99, False),)}, True, 14_714_688, id="no such layer"),
    ],
)
def test_some_layers_are_not_trained(config, trainable, trained):
    found = needs(IMAGE, backbone(trainable, **config), head(1)).parameters

    assert (found.trainable, found.total) == (trained, 14_714_688)


def test_a_layer_inside_is_taken_out_and_what_follows_it_goes():
    found = needs(IMAGE, backbone(), Step("part", {"layer": "block2_pool"}, (1,)), head(2))

    assert found.partial == ()
    assert found.layers[-1].shape == (128,)
    assert found.parameters.total == 260_160


def test_what_the_program_takes_out_belongs_to_the_network_though_nothing_uses_it():
    unused = Step("part", {"layer": "block3_pool"}, (1,))
    steps = (IMAGE, backbone(), unused, Step("part", {"layer": "block2_pool"}, (1,)), head(3))
    found = prepare(Plan(Network(steps, (4,), kept=(2,)), 1, "keras.optimizers.SGD", loss="mse"))
    without = needs(IMAGE, backbone(), Step("part", {"layer": "block2_pool"}, (1,)), head(2))

    assert found.parameters.total == 1_735_488
    assert found.breakdown(8).activations == without.breakdown(8).activations


def test_what_flows_into_a_layer_inside():
    found = needs(IMAGE, backbone(), Step("part's input", {"layer": "block2_pool"}, (1,)), head(2))

    assert found.layers[-2].step.name == "block2_conv2"


@pytest.mark.parametrize("kind", ["keras.applications.Unheard", "keras.applications.VGG16"])
def test_what_has_no_table_stays_and_is_told(kind):
    step = Step(kind, {"nonsense": 1}, (0,), layer=1)

    assert any(kind.rpartition(".")[2] in what for what in needs(IMAGE, step).partial)
