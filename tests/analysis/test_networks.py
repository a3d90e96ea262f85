"""Models: program in, steps out."""

from textwrap import dedent

import pytest

from bslint.analysis.facts import Training
from bslint.analysis.plans import plan
from bslint.memory.network import Network, Plan, Step
from tests.analysis.programs import see

PRELUDE = (
    "import keras; import numpy as np; import tensorflow as tf; from keras import layers, Input, Model, Sequential\n"
)


def planned(program: str) -> Plan:
    """The plan of the last training in a program."""
    seen = see(program, prelude=PRELUDE)
    found = plan([fact for fact in seen.facts.facts if isinstance(fact, Training)][-1])
    assert found is not None
    return found


def network(program: str) -> Network:
    """The network of a program's `model`."""
    return planned(dedent(program) + "\nmodel.compile('adam', 'mse')\nmodel.fit(data, batch_size=8)\n").network


def written(network: Network) -> list[str]:
    """The steps, a row each: what flows in, the kind, its config; an asterisk for what is not trained."""
    rows = [f"{' '.join(map(str, step.inputs))} {_step(step)}".strip() for step in network.steps]
    return [*rows, f"-> {' '.join(map(str, network.outputs))}", *(f"? {what}" for what in network.unread)]


def _step(step: Step) -> str:
    config = ", ".join(
        f"{name}={_step(value) if isinstance(value, Step) else repr(value)}" for name, value in step.config.items()
    )
    return f"{step.kind.rpartition('.')[2]}({config}){'' if step.trainable else '*'}"


NETWORKS = {
    "a list": (
        "model = Sequential([Input((8,)), layers.Dense(4, 'relu'), layers.Dense(1)])",
        ["Input(shape=(8,))", "0 Dense(units=4, activation='relu')", "1 Dense(units=1)", "-> 2"],
    ),
    "added, a shape on the first layer, one taken away": (
        """
        model = Sequential()
        model.add(layers.Conv2D(4, 3, input_shape=(8, 8, 3)))
        model.add(layers.Dense(1))
        model.pop()
        model.add(layers.Flatten())
        """,
        ["Input(shape=(8, 8, 3))", "0 Conv2D(filters=4, kernel_size=3)", "1 Flatten()", "-> 2"],
    ),
    "a width and a length": (
        "model = Sequential([layers.LSTM(4, input_dim=3, input_length=7)])",
        ["Input(shape=(7, 3))", "0 LSTM(units=4)", "-> 1"],
    ),
    "built by hand": (
        """
        model = Sequential([layers.Dense(1)])
        model.build((None, 5))
        """,
        ["Input(shape=(5,))", "0 Dense(units=1)", "-> 1"],
    ),
    "fed with arrays": (
        """
        data = np.zeros((100, 6))
        model = Sequential([layers.Dense(1)])
        """,
        ["Input(shape=(6,))", "0 Dense(units=1)", "-> 1"],
    ),
    "fed with batches": (
        """
        data = tf.data.Dataset.from_tensor_slices((np.zeros((100, 6)), np.zeros(100))).batch(4)
        model = Sequential([layers.Dense(1)])
        """,
        ["Input(shape=(6,))", "0 Dense(units=1)", "-> 1"],
    ),
    "fed from a folder": (
        """
        from keras.preprocessing.image import ImageDataGenerator
        data = ImageDataGenerator().flow_from_directory("d", target_size=(32, 32), batch_size=4)
        model = Sequential([layers.Flatten()])
        """,
        ["Input(shape=(32, 32, 3))", "0 Flatten()", "-> 1"],
    ),
    "an input that nobody knows": (
        "model = Sequential([layers.Dense(1)])",
        ["Input(shape=None)", "0 Dense(units=1)", "-> 1", "? the shape of its input is not written down"],
    ),
    "functional, with a loop and a residual": (
        """
        a = Input((8,))
        x = a
        for n in range(2):
            y = layers.Dense(8)(x)
            x = layers.Add()([x, y])
        model = Model(a, x)
        """,
        ["Input(shape=(8,))", "0 Dense(units=8)", "0 1 Add()", "2 Dense(units=8)", "2 3 Add()", "-> 4"],
    ),
    "a while loop on a shape": (
        """
        a = Input((32, 32, 3))
        x = a
        while x.shape[1] > 8:
            x = layers.Conv2D(4, 3, 2, padding="same")(x)
        model = Model(a, x)
        """,
        [
            "Input(shape=(32, 32, 3))",
            "0 Conv2D(filters=4, kernel_size=3, strides=2, padding='same')",
            "1 Conv2D(filters=4, kernel_size=3, strides=2, padding='same')",
            "-> 2",
        ],
    ),
    "a loop of unknown length": (
        """
        a = Input((8,))
        x = a
        for _ in range(count):
            x = layers.Dense(8)(x)
        model = Model(a, x)
        """,
        None,
    ),
    "an unknown number of layers": (
        """
        model = Sequential([Input((8,))])
        for _ in range(count):
            model.add(layers.Dense(8))
        """,
        None,
    ),
    "an unknown test": (
        """
        a = Input((8,))
        x = layers.Dense(4)(a)
        if flag:
            x = layers.Dropout(0.5)(x)
        model = Model(a, layers.Dense(1)(x))
        """,
        None,
    ),
    "operators, functions, slices": (
        """
        a = Input((8, 4))
        x = keras.ops.relu(a[:, 0] * 2 + 1)
        model = Model(a, x)
        """,
        [
            "Input(shape=(8, 4))",
            "0 [](index=(slice(None, None, None), 0))",
            "1 *(right=2)",
            "2 +(right=1)",
            "3 relu()",
            "-> 4",
        ],
    ),
    "several inputs and outputs": (
        """
        a, b = Input((2,), name="a"), Input((3,))
        c = layers.concatenate([a, b], axis=-1)
        model = Model(inputs=[a, b], outputs=dict(one=layers.Dense(1)(c), two=layers.Dense(2)(c)))
        """,
        [
            "Input(shape=(2,))",
            "Input(shape=(3,))",
            "0 1 Concatenate(axis=-1)",
            "2 Dense(units=1)",
            "2 Dense(units=2)",
            "-> 3 4",
        ],
    ),
    "states": (
        """
        a = Input((5, 3))
        x, h, c = layers.LSTM(4, return_state=True)(a)
        model = Model(a, layers.Dense(1)(h))
        """,
        ["Input(shape=(5, 3))", "0 LSTM(units=4, return_state=True)", "1 [](index=1)", "2 Dense(units=1)", "-> 3"],
    ),
    "attention by keyword": (
        """
        a, b = Input((5, 8)), Input((7, 8))
        x, scores = layers.MultiHeadAttention(2, 4)(value=b, query=a, attention_mask=mask, return_attention_scores=True)
        model = Model([a, b], x)
        """,
        [
            "Input(shape=(5, 8))",
            "Input(shape=(7, 8))",
            "0 1 MultiHeadAttention(num_heads=2, key_dim=4, return_attention_scores=True)",
            "2 [](index=0)",
            "-> 3",
        ],
    ),
    "wrappers": (
        "model = Sequential([Input((5, 3)), layers.Bidirectional(layers.LSTM(4)), layers.Dense(1)])",
        ["Input(shape=(5, 3))", "0 Bidirectional(layer=LSTM(units=4))", "1 Dense(units=1)", "-> 2"],
    ),
    "a nested model, shared": (
        """
        inner = Sequential([Input((4,)), layers.Dense(3)])
        a, b = Input((4,)), Input((4,))
        model = Model([a, b], layers.Subtract()([inner(a), inner(b)]))
        """,
        ["Input(shape=(4,))", "Input(shape=(4,))", "0 Dense(units=3)", "1 Dense(units=3)", "2 3 Subtract()", "-> 4"],
    ),
    "a functional model in a sequential one": (
        """
        a = Input((4,))
        inner = Model(a, layers.Dense(3)(a))
        model = Sequential([inner, layers.Dense(2)])
        """,
        ["Input(shape=(4,))", "0 Dense(units=3)", "1 Dense(units=2)", "-> 2"],
    ),
    "a model of some layers of another": (
        """
        base = Sequential([Input((4,)), layers.Dense(3, name="cut"), layers.Dense(2)])
        model = Model(base.input, base.get_layer("cut").output)
        """,
        ["Input(shape=(4,))", "0 Dense(units=3)", "-> 1"],
    ),
    "an application": (
        """
        base = keras.applications.ResNet50(False, input_shape=(64, 64, 3), weights=None, pooling="avg")
        model = Model(base.input, layers.Dense(2)(base.output))
        """,
        [
            "Input(shape=(64, 64, 3))",
            "0 ResNet50(include_top=False, input_shape=(64, 64, 3), weights=None, pooling='avg')",
            "1 Dense(units=2)",
            "-> 2",
        ],
    ),
    "features of an application": (
        """
        base = keras.applications.ResNet50(include_top=False, input_shape=(64, 64, 3))
        model = Model(base.input, [base.get_layer(name).output for name in ("conv1_relu", "conv2_block3_out")])
        """,
        [
            "Input(shape=(64, 64, 3))",
            "0 ResNet50(include_top=False, input_shape=(64, 64, 3))",
            "1 part(layer='conv1_relu')",
            "1 part(layer='conv2_block3_out')",
            "-> 2 3",
        ],
    ),
    "an application thawed from a layer on": (
        """
        base = keras.applications.VGG16(include_top=False, input_shape=(64, 64, 3))
        base.trainable = True
        for layer in base.layers[:-4]: layer.trainable = False
        base.layers[0].trainable = True
        model = Sequential([base, layers.Flatten()])
        """,
        [
            "Input(shape=(64, 64, 3))",
            "0 VGG16(include_top=False, input_shape=(64, 64, 3), freezing=((slice(None, -4, None), False), (0, True)))",
            "1 Flatten()",
            "-> 2",
        ],
    ),
    "an application thawed by a test": (
        """
        base = keras.applications.VGG16(include_top=False, input_shape=(64, 64, 3))
        for layer in base.layers:
            if layer.count_params() > 1000: layer.trainable = False
        model = Sequential([base])
        """,
        None,
    ),
    "frozen layers": (
        """
        model = Sequential([Input((8,)), layers.Dense(4, trainable=False), layers.Dense(3), layers.Dense(2), layers.Dense(1)])
        for layer in model.layers[:-2]: layer.trainable = False
        """,
        ["Input(shape=(8,))", "0 Dense(units=4)*", "1 Dense(units=3)*", "2 Dense(units=2)", "3 Dense(units=1)", "-> 4"],
    ),
    "a frozen model in another": (
        """
        base = Sequential([layers.Dense(4), layers.Dense(3)])
        base.trainable = False
        base.layers[-1].trainable = True
        model = Sequential([Input((8,)), base, layers.Dense(1)])
        """,
        ["Input(shape=(8,))", "0 Dense(units=4)*", "1 Dense(units=3)*", "2 Dense(units=1)", "-> 3"],
    ),
    "a subclass": (
        """
        class Net(Model):
            def __init__(self, units):
                super().__init__()
                self.stack = [layers.Dense(units), layers.Dropout(0.5)]
                self.head = Sequential([layers.Dense(2), layers.Dense(1)])
            def call(self, x, training=None):
                for layer in self.stack:
                    x = layer(x)
                return self.head(x)
        model = Net(7)
        model.build((None, 5))
        """,
        [
            "Input(shape=(5,))",
            "0 Dense(units=7)",
            "1 Dropout(rate=0.5)",
            "2 Dense(units=2)",
            "3 Dense(units=1)",
            "-> 4",
        ],
    ),
    "a layer of the program, with weights": (
        """
        class Scale(layers.Layer):
            def build(self, shape):
                self.w = self.add_weight(shape=(shape[-1], 2), trainable=False)
            def call(self, x):
                return tf.matmul(x, self.w)
        a = Input((6, 5))
        model = Model(a, Scale()(a))
        """,
        ["Input(shape=(6, 5))", "Variable(shape=(5, 2))*", "0 1 matmul()", "-> 2"],
    ),
    "a layer of the program derived from one of Keras's": (
        """
        class Narrow(layers.Dense):
            def __init__(self, **kwargs): super().__init__(3, **kwargs)
            def call(self, x): return super().call(x) * 2
        a = Input((6,))
        model = Model(a, Narrow(name="n")(a))
        """,
        ["Input(shape=(6,))", "0 Dense(units=3)", "1 *(right=2)", "-> 2"],
    ),
    "activations that are layers or functions": (
        """
        def double(x): return x * 2
        model = Sequential([Input((6,)), layers.Dense(3, activation=layers.PReLU()), layers.Dense(2, activation=double)])
        """,
        [
            "Input(shape=(6,))",
            "0 Dense(units=3, activation=None)",
            "1 PReLU()",
            "2 Dense(units=2, activation=None)",
            "3 *(right=2)",
            "-> 4",
        ],
    ),
    "a lambda": (
        "model = Sequential([Input((6, 5)), layers.Lambda(lambda x: x[:, -1, :])])",
        ["Input(shape=(6, 5))", "0 [](index=(slice(None, None, None), -1, slice(None, None, None)))", "-> 1"],
    ),
    "positions": (
        """
        class Positions(layers.Layer):
            def __init__(self):
                super().__init__()
                self.table = layers.Embedding(10, 4)
            def call(self, x):
                return x + self.table(tf.range(start=0, limit=tf.shape(x)[1], delta=1))
        a = Input((10, 4))
        model = Model(a, Positions()(a))
        """,
        ["Input(shape=(10, 4))", "constant(shape=(10,))", "1 Embedding(input_dim=10, output_dim=4)", "0 2 +()", "-> 3"],
    ),
    "a layer of another library": (
        """
        import tensorflow_hub as hub
        model = Sequential([hub.KerasLayer("url", input_shape=(4,)), layers.Dense(1)])
        """,
        [
            "Input(shape=(4,))",
            "0 KerasLayer()",
            "1 Dense(units=1)",
            "-> 2",
            "? what `tensorflow_hub.KerasLayer` gives is not known",
        ],
    ),
    "a width that nobody knows": (
        "model = Sequential([Input((8,)), layers.Dense(classes)])",
        ["Input(shape=(8,))", "0 Dense(units=?)", "-> 1", "? the `units` of a `Dense` is not known"],
    ),
    "an operand that nobody knows": (
        """
        a = Input((8,))
        model = Model(a, layers.Dense(1)(a + mystery))
        """,
        None,
    ),
    "Keras 1": (
        "model = Sequential([layers.Convolution2D(8, 3, 3, border_mode='same', input_shape=(8, 8, 1))])",
        None,
    ),
}


@pytest.mark.parametrize(("program", "expected"), [pytest.param(*case, id=name) for name, case in NETWORKS.items()])
def test_networks(program: str, expected: list[str] | None) -> None:
    found = network(program)
    if expected is None:
        assert found.unread
    else:
        assert written(found) == expected


def test_the_layers_of_a_model_that_a_test_decides_are_not_listed() -> None:
    found = network("""
        a = Input((8,))
        x = layers.Dense(4)(a)
        if flag: x = layers.Dense(4)(x)
        model = Model(a, layers.Dense(1)(x))
        for layer in model.layers: layer.trainable = False
    """)
    assert found.unread


def test_shared_layers_are_one() -> None:
    found = network("""
        dense = layers.Dense(4)
        a = Input((4,))
        model = Model(a, dense(dense(layers.Dense(4)(a))))
    """)
    assert [step.layer for step in found.steps[1:]] == [
        found.steps[1].layer,
        found.steps[2].layer,
        found.steps[2].layer,
    ]
    assert found.steps[1].layer != found.steps[2].layer


def test_names_and_policies() -> None:
    found = network("""
        class Net(Model):
            def __init__(self):
                super().__init__()
                self.head = layers.Dense(4, dtype="float32")
            def call(self, x): return layers.Activation("relu", name="last")(self.head(x))
        model = Net()
        model.build((None, 3))
    """)
    assert [(step.name, step.policy) for step in found.steps] == [("", None), ("head", "float32"), ("last", None)]


def test_what_is_trained_is_settled_at_the_first_fit_after_compile() -> None:
    build = "model = Sequential([Input((4,)), layers.Dense(3), layers.Dense(2)])\n"
    compiled = "model.compile('adam', 'mse')\n"
    frozen, thawed = "model.layers[0].trainable = False\n", "model.layers[0].trainable = True\n"
    fit = "model.fit(x, y)\n"

    def trained(*rows: str) -> list[bool]:
        return [step.trainable for step in planned("".join((build, *rows))).network.steps if step.layer]

    assert trained(compiled, frozen, fit) == [False, True]
    assert trained(frozen, compiled, fit, thawed, fit) == [False, True]
    assert trained(frozen, compiled, fit, thawed, compiled, fit) == [True, True]


MODEL = "model = Sequential([Input((4,)), layers.Dense(3)])\n"
PLANS = {
    "names": (
        "model.compile('rmsprop', 'mse')\nmodel.fit(x, y, 64)",
        {"optimizer": "RMSprop", "loss": "mse", "batch_size": 64},
    ),
    "objects": (
        "model.compile(keras.optimizers.SGD(0.1, momentum=0.9), keras.losses.MeanSquaredError())\nmodel.fit(x, y)",
        {"optimizer": "SGD", "optimizer_config": {"momentum": 0.9}, "loss": "MeanSquaredError", "batch_size": 32},
    ),
    "a scaled optimizer": (
        "o = tf.keras.mixed_precision.LossScaleOptimizer(tf.keras.optimizers.Adam(amsgrad=True))\n"
        "model.compile(optimizer=o, jit_compile=False)\nmodel.fit(x, y)",
        {"optimizer": "Adam", "optimizer_config": {"amsgrad": True}, "jit": False},
    ),
    "an unknown optimizer": (
        "model.compile(o, 'mse')\nmodel.fit(x, y)",
        {"optimizer": None, "unread": ("its optimizer is not known",)},
    ),
    "mixed precision": (
        "keras.mixed_precision.set_global_policy('mixed_float16')\nmodel.compile('adam')\nmodel.fit(x, y)",
        {"policy": "mixed_float16"},
    ),
    "an old policy": (
        "p = tf.keras.mixed_precision.experimental.Policy('mixed_bfloat16')\n"
        "tf.keras.mixed_precision.experimental.set_policy(p)\nmodel.compile('adam')\nmodel.fit(x, y)",
        {"policy": "mixed_bfloat16"},
    ),
    "eagerly": ("model.compile('adam', run_eagerly=True)\nmodel.fit(x, y)", {"mode": "eager"}),
    "replicas": (
        "s = tf.distribute.MirroredStrategy(['/gpu:0', '/gpu:1'])\nwith s.scope():\n"
        "    model = Sequential([Input((4,)), layers.Dense(3)])\n    model.compile('adam')\nmodel.fit(x, y, batch_size=64)",
        {"replicas": 2, "batch_size": 32},
    ),
    "any number of replicas": (
        "s = tf.distribute.MirroredStrategy()\nwith s.scope():\n"
        "    model = Sequential([Input((4,)), layers.Dense(3)])\n    model.compile('adam')\nmodel.fit(x, y, batch_size=64)",
        {"replicas": None, "unread": ("the number of replicas is not known",)},
    ),
    "a loop": (
        """
o = keras.optimizers.Adam()
for x, y in tf.data.Dataset.from_tensor_slices((a, b)).batch(16):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    o.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
""",
        {"mode": "eager", "batch_size": 16, "optimizer": "Adam"},
    ),
    "a traced step": (
        """
o = keras.optimizers.SGD(momentum=0.9)
@tf.function
def step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    o.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
for x, y in tf.data.Dataset.from_tensor_slices((a, b)).batch(16):
    step(x, y)
""",
        {"mode": "function", "batch_size": 16, "optimizer": "SGD", "optimizer_config": {"momentum": 0.9}},
    ),
}


@pytest.mark.parametrize(("program", "expected"), [pytest.param(*case, id=name) for name, case in PLANS.items()])
def test_plans(program: str, expected: dict[str, object]) -> None:
    found = planned(MODEL + program)
    given = {name: getattr(found, name) for name in expected}
    if given.get("optimizer") is not None:
        given["optimizer"] = str(given["optimizer"]).rpartition(".")[2]
    assert given == expected
    assert len(found.network.steps) == 2


def test_residuals_one_after_the_other_are_read_in_time() -> None:
    """Every sum names what it adds, and that what it adds: keys that grew with the sums would double forty times."""
    found = planned("""
x = inputs = keras.Input((4,))
for _ in range(40):
    x = x + layers.Dense(4, use_bias=False)(x)
model = keras.Model(inputs, x)
model.compile("adam", "mse")
model.fit(a, b)
""")

    assert [step.kind for step in found.network.steps] == ["keras.Input", *["keras.layers.Dense", "+"] * 40]
