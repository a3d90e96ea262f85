"""Recipes: programs in, the smallest program that builds the model out."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from bslint.verify.recipe import NoRecipeError, Place, Recipe, recipe


def places(text: str, *beginnings: str) -> list[Place]:
    """Where the first calls stand that begin so."""
    found = []
    for beginning in beginnings:
        node = next(
            one
            for one in ast.walk(ast.parse(text))
            if isinstance(one, ast.Call) and ast.unparse(one).startswith(beginning)
        )
        found.append((node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0))
    return found


def cut(program: str, *way: str, known: dict[str, str] | None = None) -> Recipe:
    text = dedent(program)
    lines = text.splitlines()

    def literal(place: Place) -> str | None:
        row, start, last, end = place
        return (known or {}).get(lines[row - 1][start:end]) if row == last else None

    return recipe(text, places(text, *way), literal)


def shown(program: str, *way: str, known: dict[str, str] | None = None) -> str:
    made = cut(program, *way, known=known)
    assert made.missing == ()
    compile(made.source, "recipe", "exec")
    return "\n".join(line for line in made.source.splitlines() if line and "__future__" not in line)


def same(made: str, wanted: str) -> bool:
    return ast.dump(ast.parse(made)) == ast.dump(ast.parse(dedent(wanted)))


CASES = {
    "data, drawing and training are left out": (
        """
        import numpy as np
        import matplotlib.pyplot as plt
        from tensorflow import keras
        (x, y), _ = keras.datasets.mnist.load_data()
        x = x / 255.0
        plt.imshow(x[0])
        model = keras.Sequential()
        model.add(keras.layers.Dense(3))
        model.summary()
        model.compile("adam", "mse")
        history = model.fit(x, y, batch_size=512)
        plt.plot(history.history["loss"])
        """,
        ["model.fit"],
        """
        from tensorflow import keras
        model = keras.Sequential()
        model.add(keras.layers.Dense(3))
        model.compile("adam", "mse")
        bslint_model = model
        """,
    ),
    "a function with the arguments that it needs": (
        """
        import keras
        def unused(): pass
        def train(x, y, width, epochs):
            model = keras.Sequential([keras.layers.Dense(width)])
            model.compile("sgd", "mse")
            model.fit(x, y, epochs=epochs)
            return model
        train(*load(), width=3, epochs=2) if False else train(a, b, 8, epochs=2)
        """,
        ["train(a", "model.fit"],
        """
        import keras
        def train(x, y, width, epochs):
            model = keras.Sequential([keras.layers.Dense(width)])
            model.compile("sgd", "mse")
            return model
        bslint_model = train(None, None, 8, epochs=None)
        """,
    ),
    "what functions read is bound behind them": (
        """
        import keras
        class Net(keras.Model):
            def __init__(self):
                self.dense = keras.layers.Dense(width())
        def width():
            return DEPTH * 2
        DEPTH = 4
        model = Net()
        model.fit(x)
        """,
        ["model.fit"],
        """
        import keras
        class Net(keras.Model):
            def __init__(self):
                self.dense = keras.layers.Dense(width())
        def width():
            return DEPTH * 2
        DEPTH = 4
        model = Net()
        bslint_model = model
        """,
    ),
    "classes that the data count": (
        """
        import keras, tensorflow_datasets as tfds
        data, info = tfds.load("cifar10", with_info=True)
        count = info.features["label"].num_classes
        model = keras.Sequential([keras.layers.Dense(count), keras.layers.Dense(len(data.class_names))])
        model.add(keras.layers.Dense(y_train.shape[1]))
        model.fit(data)
        """,
        ["model.fit"],
        """
        import keras
        count = 10
        model = keras.Sequential([keras.layers.Dense(count), keras.layers.Dense(10)])
        model.add(keras.layers.Dense(10))
        bslint_model = model
        """,
    ),
    "functions that read data": (
        """
        import keras
        import numpy as np
        def load(name):
            with np.load(name) as archive:
                return archive["x"], archive["y"]
        def both():
            return load("train.npz"), load("test.npz")
        train, test = both()
        def build(width, num_classes):
            return keras.Sequential([keras.layers.Dense(width), keras.layers.Dense(num_classes)])
        model = build(3, num_classes=train[1].shape[1])
        model.fit(*train)
        """,
        ["model.fit"],
        """
        import keras
        def build(width, num_classes):
            return keras.Sequential([keras.layers.Dense(width), keras.layers.Dense(num_classes)])
        model = build(3, num_classes=10)
        bslint_model = model
        """,
    ),
    "frozen parts": (
        """
        import keras
        model = build = keras.Sequential([keras.layers.Dense(1), keras.layers.Dense(2)])
        base = model.layers[0]
        base.trainable = False
        for layer in model.layers[:-1]:
            layer.trainable = False
        model.compile("sgd", "mse")
        model.fit(x)
        """,
        ["model.fit"],
        """
        import keras
        model = build = keras.Sequential([keras.layers.Dense(1), keras.layers.Dense(2)])
        base = model.layers[0]
        base.trainable = False
        for layer in model.layers[:-1]:
            layer.trainable = False
        model.compile("sgd", "mse")
        bslint_model = model
        """,
    ),
    "a strategy, a policy, folds": (
        """
        import tensorflow as tf
        from sklearn.model_selection import KFold
        tf.keras.mixed_precision.set_global_policy("mixed_float16")
        strategy = tf.distribute.MirroredStrategy()
        for fold, (a, b) in enumerate(KFold(5).split(x)):
            print("fold", fold)
            with strategy.scope():
                model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
                model.compile("adam", "mse")
            model.fit(x[a], y[a])
        """,
        ["model.fit"],
        """
        import tensorflow as tf
        tf.keras.mixed_precision.set_global_policy("mixed_float16")
        strategy = tf.distribute.MirroredStrategy()
        with strategy.scope():
            model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
            model.compile("adam", "mse")
        bslint_model = model
        """,
    ),
    "a loop over configurations begins": (
        """
        import keras
        for width in [8, 16]:
            model = keras.Sequential([keras.layers.Dense(width)])
            model.compile("adam", "mse")
            model.fit(x)
        """,
        ["model.fit"],
        """
        import keras
        for width in [8, 16]:
            model = keras.Sequential([keras.layers.Dense(width)])
            model.compile("adam", "mse")
            bslint_model = model
            break
        """,
    ),
    "a class": (
        """
        import keras
        class Trainer:
            def __init__(self, width):
                self.width = width
                self.data = keras.datasets.mnist.load_data()
                self.model = self.build()
            def build(self):
                model = keras.Sequential([keras.layers.Dense(self.width)])
                model.compile("sgd", "mse")
                return model
            def draw(self): plt.show()
            def train(self, epochs):
                self.model.fit(self.data, epochs=epochs)
        if __name__ == "__main__":
            trainer = Trainer(3)
            trainer.train(4)
        """,
        ["trainer.train", "self.model.fit"],
        """
        import keras
        class Trainer:
            def __init__(self, width):
                self.width = width
                self.model = self.build()
            def build(self):
                model = keras.Sequential([keras.layers.Dense(self.width)])
                model.compile("sgd", "mse")
                return model
            def train(self, epochs):
                return self.model
        trainer = Trainer(3)
        bslint_model = trainer.train(None)
        """,
    ),
    "training in a constructor": (
        """
        import keras
        class Run:
            def __init__(self, n):
                model = keras.Sequential([keras.layers.Dense(n)])
                model.fit(x)
        Run(2)
        """,
        ["Run(2)", "model.fit"],
        """
        import keras
        class Run:
            def __init__(self, n):
                model = keras.Sequential([keras.layers.Dense(n)])
                self.bslint_model = model
        bslint_model = Run(2).bslint_model
        """,
    ),
    "a function that a library starts": (
        """
        import keras
        from absl import app
        def main(argv):
            model = keras.Sequential([keras.layers.Dense(1)])
            model.fit(x)
        app.run(main)
        """,
        ["app.run", "model.fit"],
        """
        import keras
        def main(argv):
            model = keras.Sequential([keras.layers.Dense(1)])
            return model
        bslint_model = main(None)
        """,
    ),
    "a schedule that hangs on the data": (
        """
        import keras
        paths = list_images("photos")
        steps = len(paths) // 32
        schedule = keras.optimizers.schedules.CosineDecay(1e-3, steps)
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(schedule, beta_1=0.8), "mse")
        model.fit(load(paths))
        """,
        ["model.fit"],
        """
        import keras
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(0.001, beta_1=0.8), "mse")
        bslint_model = model
        """,
    ),
    "a function that would read files when it is called": (
        """
        import keras
        def classes(folder="x"):
            return len(__import__("os").listdir(folder)) if folder == "x" else 3
        model = keras.Sequential([keras.layers.Dense(classes("y"))])
        model.fit(x)
        """,
        ["model.fit"],
        """
        import keras
        def classes(folder="x"):
            return len(__import__("os").listdir(folder)) if folder == "x" else 3
        model = keras.Sequential([keras.layers.Dense(classes("y"))])
        bslint_model = model
        """,
    ),
    "imports that may fail": (
        """
        try:
            import keras
        except ImportError:
            from tensorflow import keras
        model = keras.Sequential([keras.layers.Dense(1)])
        model.fit(x)
        """,
        ["model.fit"],
        """
        try:
            import keras
        except ImportError:
            from tensorflow import keras
        model = keras.Sequential([keras.layers.Dense(1)])
        bslint_model = model
        """,
    ),
}


@pytest.mark.parametrize(("program", "way", "wanted"), CASES.values(), ids=CASES)
def test_recipes(program, way, wanted):
    made = shown(program, *way)
    assert same(made, wanted), made


def test_what_is_known_stands_as_a_literal():
    made = shown(
        """
        import keras
        (x, y), _ = keras.datasets.mnist.load_data()
        args = parse()
        def build(shape, n):
            return keras.Sequential([keras.Input(shape), keras.layers.Dense(n)])
        model = build(x.shape[1:], args.classes)
        model.compile("adam", "mse")
        model.fit(x, y)
        """,
        "model.fit",
        known={
            'model.compile("adam", "mse")': "None",
            "x.shape[1:]": "(28, 28)",
            "args.classes": "10",
            "shape": "(1,)",
            "n": "2",
        },
    )
    assert "model = build((28, 28), 10)" in made
    assert "keras.Input(shape), keras.layers.Dense(n)" in made
    assert "model.compile('adam', 'mse')" in made
    assert "load_data" not in made
    assert "parse" not in made


@pytest.mark.parametrize(
    ("program", "way", "absent"),
    [
        ("import keras\nx = load()\nmodel = keras.Model(x)\nmodel.fit(1)", ["model.fit"], ("`load`",)),
        ("import keras\nx = np.load('f')\nmodel = keras.Model(x)\nmodel.fit(1)", ["model.fit"], ("`x`",)),
        ("def train(model, x):\n    model.fit(x)", ["model.fit"], ("the parameter `model` of `train`",)),
        ("def train(model, x, n=3):\n    model = wrap(n)\n    model.fit(x)", ["model.fit"], ("`wrap`",)),
        (
            "class T:\n    def __init__(self, model): self.model = model\n    def fit(self, x): self.model.fit(x)",
            ["self.model.fit"],
            ("the parameter `model` of `__init__`",),
        ),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(program, way, absent):
    assert cut(program, *way).missing == absent


def test_training_elsewhere_has_no_recipe():
    with pytest.raises(NoRecipeError, match="in another file"):
        recipe("x = 1\n", [(3, 0, 3, 9)], lambda _: None)


def test_a_nested_function_that_nothing_calls():
    program = "def outer():\n    def inner():\n        model.fit(x)\n    return inner"
    with pytest.raises(NoRecipeError, match="inside another function"):
        cut(program, "model.fit")


def test_classes_are_only_counted_where_nothing_else_tells():
    program = """
        import keras
        labels = ["a", "b", "c"]
        model = keras.Sequential([keras.layers.Dense(len(labels))])
        model.fit(x)
    """
    made = cut(program, "model.fit")
    assert (made.missing, made.note) == ((), "")
    assert "len(labels)" in made.source
    counted = cut(program.replace('["a", "b", "c"]', "keras.datasets.mnist.load_data()[1]"), "model.fit")
    assert (counted.missing, counted.note) == ((), "with 10 classes, since only the data tell how many")
    size = cut(program.replace("len(labels)", "x.shape[1]"), "model.fit")
    assert size.missing == ("`x`",)
