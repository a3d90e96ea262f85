"""Further cases of BS402: first what stays silent, and why; then what fires, with marks."""

_STEP = """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD()
def step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((y - model(x)) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
"""
SILENT = {
    "a step by hand that stops the loop": f"""{_STEP}for x, y in batches:
    try:
        step(x, y)
    except Exception as error:
        print(error)
        raise
""",
    "a step by hand that nothing follows": f"""{_STEP}try:
    for x, y in batches:
        step(x, y)
except Exception as error:
    print(error)
""",
    "a gradient that changes no weights": f"""{_STEP}for x in images:
    try:
        with tf.GradientTape() as tape:
            tape.watch(x)
            score = model(x)
        shown.append(tape.gradient(score, x))
    except Exception:
        continue
""",
    "only the data is read": f"""{_STEP}for name in names:
    try:
        x, y = load(name)
    except Exception:
        continue
    step(x, y)
""",
    "the function gives up": """
import tensorflow as tf
def train(model: tf.keras.Model):
    try:
        model.fit(x, y)
    except Exception as error:
        print(error)
        return None
    model.save("trained")
""",
    "nothing trains": """
import tensorflow as tf
try:
    model = tf.keras.models.load_model("m")
except Exception:
    print("no model")
model.fit(x, y)
""",
    "another error": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
try:
    model.fit(x, y)
except KeyboardInterrupt:
    print("stopped")
model.save("trained")
""",
    "a step by hand with a parameter, raised again": """
import tensorflow as tf
def train(model, dataset, optimizer, loss_fn):
    for x, y in dataset:
        try:
            with tf.GradientTape() as tape:
                loss = loss_fn(y, model(x, training=True))
            grads = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(grads, model.trainable_variables))
        except Exception as e:
            print("step failed", e)
            raise
""",
    "a model that something out of sight makes for each configuration": """
import tensorflow as tf
def train(make_model, configs, dataset, optimizer, loss_fn):
    for config in configs:
        model = make_model(config)
        try:
            for x, y in dataset:
                with tf.GradientTape() as tape:
                    loss = loss_fn(y, model(x, training=True))
                grads = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(grads, model.trainable_variables))
        except Exception as e:
            print("config failed", e)
""",
}

FIRING = {
    "a step by hand": f"""{_STEP}for x, y in batches:
    try:
        step(x, y)
    except Exception as error:
#   ^^^^^^^^^^^^^^^^^^^^^^^^^
        print(error)
""",
    "loops around steps by hand": f"""{_STEP}try:
    for epoch in range(10):
        for x, y in batches:
            step(x, y)
except Exception as error:
^^^^^^^^^^^^^^^^^^^^^^^^^
    print(error)
model.save("trained.keras")
""",
    "evaluated all the same": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
try:
    model.fit(x, y)
except Exception:
^^^^^^^^^^^^^^^^
    pass
model.evaluate(a, b)
""",
    "a step by hand with a model that is a parameter": """
import tensorflow as tf
def train(model, dataset, optimizer, loss_fn):
    for x, y in dataset:
        try:
            with tf.GradientTape() as tape:
                loss = loss_fn(y, model(x, training=True))
            grads = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(grads, model.trainable_variables))
        except Exception as e:
#       ^^^^^^^^^^^^^^^^^^^^^
            print("step failed", e)
    model.save("m.keras")
""",
    "a step by hand with a model that is an attribute": """
import tensorflow as tf
class Trainer:
    def __init__(self, model, optimizer):
        self.model = model
        self.optimizer = optimizer
    @tf.function
    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.keras.losses.mse(y, self.model(x, training=True)))
        grads = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.model.trainable_variables))
    def run(self, data):
        for x, y in data:
            try:
                self.step(x, y)
            except:
#           ^^^^^^
                continue
""",
}
