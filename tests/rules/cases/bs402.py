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
}
