"""The arithmetic of the estimate."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bslint.memory.devices import GIB, Device, device
from bslint.memory.estimate import Needs, prepare
from bslint.memory.network import UNREAD, Network, Plan, Step
from bslint.memory.optimizers import slots
from bslint.memory.remedies import remedies

ADAM = "keras.optimizers.Adam"


def layer(name, *inputs, number=None, **config):
    return Step("keras.layers." + name, config, inputs, number, name.lower())


def chain(shape, *layers, **input_config):
    """A network of layers one after the other, each a (name, arguments)."""
    steps = [Step("keras.Input", {"shape": shape, **input_config})]
    for number, (name, config) in enumerate(layers):
        steps.append(Step("keras.layers." + name, config, (number,), number, f"{name.lower()}_{number}"))
    return Network(tuple(steps), (len(steps) - 1,))


def dense(units, **config):
    return "Dense", {"units": units, **config}


def convolution(filters, **config):
    return "Conv2D", {"filters": filters, "kernel_size": 3, "padding": "same", **config}


MLP = chain((784,), dense(512, activation="relu"), ("Dropout", {"rate": 0.2}), dense(10, activation="softmax"))
CNN = chain(
    (64, 64, 3),
    convolution(32, use_bias=False),
    ("BatchNormalization", {}),
    ("ReLU", {}),
    ("MaxPooling2D", {}),
    convolution(64, activation="relu"),
    ("GlobalAveragePooling2D", {}),
    dense(10, activation="softmax"),
)
LOSS = "sparse_categorical_crossentropy"


def plan(network=CNN, **changes):
    return msgspec.structs.replace(Plan(network, 32, ADAM, loss=LOSS), **changes)


RUNS = [{"mode": "function"}, {"mode": "compiled", "jit": True}, {"mode": "compiled", "jit": False}, {"mode": "eager"}]


@pytest.mark.parametrize("run", RUNS, ids=str)
@given(batch=st.integers(1, 5000), more=st.integers(1, 5000))
@settings(max_examples=30, deadline=None)
def test_more_samples_never_need_less(run, batch, more):
    needs = prepare(plan(**run))

    assert needs.total(batch) <= needs.total(batch + more)


@pytest.mark.parametrize("run", RUNS, ids=str)
@pytest.mark.parametrize("network", [MLP, CNN], ids=["mlp", "cnn"])
@given(batch=st.integers(1, 5000))
@settings(max_examples=20, deadline=None)
def test_the_parts_sum_to_the_total_and_none_is_negative(run, network, batch):
    needs = prepare(plan(network, **run), allowance=17)
    parts = msgspec.structs.asdict(needs.breakdown(batch))

    assert sum(parts.values()) == needs.total(batch)
    assert min(parts.values()) >= 0
    assert parts["device_allowance"] == 17


@given(limit=st.integers(2**20, 2**36))
@settings(max_examples=50, deadline=None)
def test_the_largest_batch_fits_and_the_next_does_not(limit):
    needs = prepare(plan())
    largest = needs.largest(limit)

    assert largest == 0 or needs.total(largest) <= limit
    assert needs.total(largest + 1) > limit


def test_labels_of_an_unknown_loss_are_not_overrated():
    known, unknown, dense = (prepare(plan(MLP, loss=loss)).input.slope for loss in (LOSS, None, "mse"))

    assert known == unknown == dense - 9 * 4


def test_a_margin_makes_the_largest_batch_smaller():
    needs = prepare(plan())

    assert needs.largest(2 * GIB, margin=0.2) < needs.largest(2 * GIB)


def test_weights_gradients_and_slots_of_a_known_model():
    parts = prepare(plan(MLP)).breakdown(1)
    parameters = 784 * 512 + 512 + 512 * 10 + 10

    assert prepare(plan(MLP)).parameters == (parameters, 0)
    assert parts.weights == 4 * parameters
    assert parts.optimizer == 2 * parts.weights
    assert parts.gradients == parts.weights
    assert parts.input == 4 * 784 + 4


def test_a_shared_layer_counts_once():
    steps = (
        Step("keras.Input", {"shape": (8,)}),
        Step("keras.Input", {"shape": (8,)}),
        layer("Dense", 0, number=1, units=8),
        layer("Dense", 1, number=1, units=8),
        layer("Add", 2, 3, number=2),
    )

    assert prepare(plan(Network(steps, (4,)))).parameters.total == 72


def test_weights_that_a_program_makes_itself():
    steps = (
        Step("keras.Input", {"shape": (9, 8)}),
        Step("keras.Variable", {"shape": (8, 16)}, (), 1),
        Step("@", {}, (0, 1)),
        Step("constant", {"shape": (16,)}),
        Step("+", {}, (2, 3)),
    )
    needs = prepare(plan(Network(steps, (4,)), mode="function"))

    assert needs.partial == ()
    assert needs.parameters == (128, 0)
    assert needs.gradients == 4 * 128


def test_frozen_layers_keep_nothing():
    steps = tuple(msgspec.structs.replace(step, trainable=at > 5) for at, step in enumerate(CNN.steps))
    trained, frozen = prepare(plan()), prepare(plan(Network(steps, CNN.outputs)))

    assert frozen.total(256) < trained.total(256) / 2
    assert (
        sum(each.retained.at(256) for each in frozen.layers)
        < sum(each.retained.at(256) for each in trained.layers) / 20
    )
    assert frozen.parameters.trainable == 64 * 10 + 10


def test_the_first_trained_layer_alone_keeps_its_input():
    """The gradient of a frozen convolution's input needs its weights only."""
    steps = tuple(msgspec.structs.replace(step, trainable=at in {1, 7}) for at, step in enumerate(CNN.steps))
    some, every = prepare(plan(Network(steps, CNN.outputs))), prepare(plan())

    assert some.total(256) < every.total(256)


def test_runs_differ():
    totals = {str(run): prepare(plan(**run)).total(256) for run in RUNS}

    assert totals[str(RUNS[3])] > totals[str(RUNS[0])]
    assert prepare(plan()).run == "jit"
    assert prepare(plan(), gpu=False).run == "graph"
    assert prepare(plan(replicas=2)).run == "graph"
    assert prepare(plan(chain((9, 4), ("LSTM", {"units": 3}), dense(1)))).run == "graph"


def test_replicas_and_accumulation_by_hand_need_the_gradients_again():
    clipped = {"global_clipnorm": 1.0}  # all gradients have to be there
    one, gradients = prepare(plan(MLP, mode="function", optimizer_config=clipped)), 4 * 407050
    two, sums = (prepare(plan(MLP, mode="function", **c)) for c in ({"replicas": 2}, {"accumulates": True}))

    assert two.total(8) - one.total(8) == gradients
    assert sums.total(8) - one.total(8) == gradients


WIDE = chain((784,), *[dense(2048, activation="relu")] * 4, dense(10, activation="softmax"))
WEIGHTS = 4 * (784 * 2048 + 3 * 2048**2 + 2048 * 10 + 4 * 2048 + 10)


def graph(optimizer, network=WIDE, **config):
    return prepare(plan(network, mode="function", optimizer="keras.optimizers." + optimizer, optimizer_config=config))


@pytest.mark.parametrize(
    ("optimizer", "config", "least"),
    [("SGD", {"momentum": 0.9}, 0.4), ("RMSprop", {}, 0.8), ("SGD", {"weight_decay": 0.01}, 0.3)],
    ids=str,
)
def test_what_an_optimizer_makes_of_the_weights_at_the_start_of_a_step_is_there_at_its_peak(optimizer, config, least):
    needs, plain = graph(optimizer, **config), graph("SGD")

    assert needs.total(8) - needs.optimizer - (plain.total(8) - plain.optimizer) > least * WEIGHTS


def test_a_weight_is_updated_when_its_gradient_is_there():
    assert graph("SGD").total(8) < graph("SGD", global_clipnorm=1.0).total(8) - 0.4 * WEIGHTS


def test_a_shared_layer_is_updated_once_after_the_last_of_its_gradients():
    def twins(number):
        steps = (
            Step("keras.Input", {"shape": (4096,)}),
            Step("keras.Input", {"shape": (4096,)}),
            layer("Dense", 0, number=1, units=4096, use_bias=False),
            layer("Dense", 1, number=number, units=4096, use_bias=False),
            layer("Add", 2, 3, number=3),
            layer("Dense", 4, number=4, units=1),
        )
        return graph("SGD", Network(steps, (5,)))

    weight = 4 * 4096**2
    apart, shared = twins(2), twins(1)

    assert apart.weights - shared.weights == weight
    assert shared.total(1) - shared.weights > 2 * weight  # both gradients wait for each other


def test_the_gradients_of_a_tensor_that_several_read_wait_for_each_other():
    def branches(count):
        convolutions = [layer("Conv2D", 1, number=n + 1, filters=8, kernel_size=1) for n in range(count)]
        steps = (
            Step("keras.Input", {"shape": (64, 64, 3)}),
            layer("Conv2D", 0, number=0, filters=64, kernel_size=1),
            *convolutions,
            layer("Concatenate", *range(2, 2 + count), number=9),
        )
        return graph("SGD", Network(steps, (2 + count,)))

    tensor = 4 * 64 * 64 * 64
    two, four = (branches(count).total(100) for count in (2, 4))

    assert four - two > 2 * 100 * tensor


def test_layers_for_each_time_step_take_a_gradient_as_large_as_the_sequence_for_each():
    def distributed(length):
        inner = Step("keras.layers.Dense", {"units": 10})
        return graph("SGD", chain((length, 256), dense(256), ("TimeDistributed", {"layer": inner})))

    short, long = distributed(20).total(64), distributed(40).total(64)

    assert short > 20 * 20 * 256 * 4 * 64
    assert long > 3 * short  # it grows with the square


def test_half_precision_needs_less_for_activations():
    assert prepare(plan(policy="mixed_float16")).total(512) < 0.6 * prepare(plan()).total(512)


def test_half_precision_without_xla_gains_nothing_under_batch_normalisation():
    """Keras widens the input of a normalisation to float32, and its gradient needs it."""
    half, single = (prepare(plan(policy=policy, mode="function")) for policy in ("mixed_float16", "float32"))

    assert 0.7 * single.total(512) < half.total(512) <= 1.001 * single.total(512)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"optimizer": None}, "optimizer"),
        ({"optimizer": "mine.Optimizer"}, "optimizer"),
        ({"optimizer_config": {"amsgrad": UNREAD}}, "optimizer"),
        ({"network": chain((8,), ("Mine", {}))}, "Mine"),
        ({"network": chain((8,), dense(UNREAD))}, "dense_0"),
        ({"network": chain((None, 3), ("Flatten", {}), dense(4))}, "flatten_0"),
        ({"network": Network(MLP.steps, MLP.outputs, ("a callback",))}, "a callback"),
        ({"unread": ("the strategy",)}, "the strategy"),
    ],
)
def test_what_is_not_known_is_named(changes, word):
    needs = prepare(plan(**changes))

    assert any(word in reason for reason in needs.partial)
    assert remedies(needs, 32, device("T4")) == []


def test_an_empty_network_needs_nothing():
    needs = prepare(plan(Network((), ())))

    assert isinstance(needs, Needs)
    assert needs.total(8) == 0


SHAPES = [(3, 3, 8, 16), (16,), (20, 10)]
TOTAL = 3 * 3 * 8 * 16 + 16 + 200


@pytest.mark.parametrize(
    ("name", "config", "expected"),
    [
        ("SGD", {}, 0),
        ("sgd", {"momentum": 0.0}, 0),
        ("keras.optimizers.SGD", {"momentum": 0.9}, TOTAL),
        ("Adam", {}, 2 * TOTAL),
        ("Adam", {"amsgrad": True}, 3 * TOTAL),
        ("AdamW", {"use_ema": True}, 3 * TOTAL),
        ("RMSprop", {}, TOTAL),
        ("RMSprop", {"momentum": 0.9, "centered": True}, 3 * TOTAL),
        ("Adagrad", {}, TOTAL),
        ("Adadelta", {}, 2 * TOTAL),
        ("Adamax", {}, 2 * TOTAL),
        ("Nadam", {}, 2 * TOTAL),
        ("Ftrl", {}, 2 * TOTAL),
        ("Lion", {}, TOTAL),
        ("Lamb", {}, 2 * TOTAL),
        ("Adafactor", {}, TOTAL + 3 * 3 * 8 + 3 * 3 * 16 + 20 + 10),
        ("ScheduleFreeAdamW", {}, 2 * TOTAL),
        ("Adam", {"gradient_accumulation_steps": 4}, 3 * TOTAL),
        ("Mine", {}, None),
        ("Adam", {"amsgrad": UNREAD}, None),
    ],
)
def test_slots(name, config, expected):
    assert slots(name, config, SHAPES) == expected


@pytest.mark.tensorflow
def test_slots_are_those_of_keras():
    pytest.importorskip("tensorflow", reason="the table is compared with Keras")
    keras = pytest.importorskip("keras")
    names = (
        "SGD Adam AdamW RMSprop Adagrad Adadelta Adamax Nadam Ftrl Lion Lamb Adafactor Muon ScheduleFreeAdamW".split()
    )
    for name in names:
        for config in ({}, {"use_ema": True}, {"gradient_accumulation_steps": 2}):
            variables = [keras.Variable(keras.ops.zeros(shape)) for shape in SHAPES]
            optimizer = getattr(keras.optimizers, name)(**config)
            optimizer.build(variables)
            own = sum(size(variable.shape) for variable in optimizer.variables if tuple(variable.shape) != ())
            assert slots(name, config, SHAPES) == own, (name, config)


def size(shape):
    product = 1
    for length in shape:
        product *= length
    return product


def test_remedies_say_what_fits():
    needs = prepare(plan(mode="function"))
    small = Device("small", needs.total(128) + 2**24)
    found = remedies(needs, 1024, small)

    assert found == sorted(found, key=lambda remedy: not remedy.fits)
    assert all(remedy.total_bytes < needs.total(1024) for remedy in found)
    assert all(remedy.fits == (remedy.total_bytes <= small.bytes) for remedy in found)
    changes = {remedy.change: remedy for remedy in found}
    assert changes["batch of 128 with gradient_accumulation_steps=8"].fits
    assert {"frozen backbone", "input of 32×32", "Adafactor instead of Adam"} <= set(changes)
