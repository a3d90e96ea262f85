"""Further cases of BS401: first what stays silent, and why; then what fires, with marks."""

SILENT = {
    "an earlier handler takes the out-of-memory error": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
try:
    model.fit(x, y)
except tf.errors.ResourceExhaustedError:
    raise
except Exception:
    model.fit(x, z)
""",
    "only evaluated in the handler": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
try:
    model.fit(x, y)
except tf.errors.ResourceExhaustedError:
    model.evaluate(a, b)
""",
    "a step by hand, after the handler": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.1)
loss_fn = tf.keras.losses.MeanSquaredError()
def step(x, y):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x, training=True))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
    return loss
for x, y in batches:
    failed = False
    try:
        loss = step(x, y)
    except tf.errors.ResourceExhaustedError:
        failed = True
    if failed:
        half = len(x) // 2
        loss = step(x[:half], y[:half])
""",
    "a step by hand that raises again": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.1)
loss_fn = tf.keras.losses.MeanSquaredError()
def step(x, y):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x, training=True))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
    return loss
for x, y in batches:
    try:
        loss = step(x, y)
    except tf.errors.ResourceExhaustedError:
        print("skipped")
        raise
""",
    "a smaller batch in the next round": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.1)
loss_fn = tf.keras.losses.MeanSquaredError()
def step(x, y):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x, training=True))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
    return loss
size = 64
while size:
    try:
        for x, y in dataset.batch(size):
            step(x, y)
        break
    except tf.errors.ResourceExhaustedError:
        size //= 2
""",
}

FIRING = {
    "through a helper": """
import tensorflow as tf
def train(size):
    model = tf.keras.models.load_model("m")
    model.fit(x, y, batch_size=size)
try:
    train(64)
except tf.errors.ResourceExhaustedError:
    train(32)
#   ^^^^^^^^^
""",
    "a step by hand, halved": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.1)
loss_fn = tf.keras.losses.MeanSquaredError()
def step(x, y):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x, training=True))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
    return loss
for x, y in batches:
    try:
        loss = step(x, y)
    except tf.errors.ResourceExhaustedError:
        half = len(x) // 2
        loss = step(x[:half], y[:half])
#              ^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "a training by hand that calls itself": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.1)
loss_fn = tf.keras.losses.MeanSquaredError()
def step(x, y):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x, training=True))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
    return loss
def train(size):
    try:
        for x, y in dataset.batch(size):
            step(x, y)
    except tf.errors.ResourceExhaustedError:
        train(size // 2)
#       ^^^^^^^^^^^^^^^^
train(64)
""",
    "a step by hand for each part": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.1)
loss_fn = tf.keras.losses.MeanSquaredError()
def step(x, y):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x, training=True))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
    return loss
for x, y in batches:
    try:
        loss = step(x, y)
    except Exception:
        for part in tf.split(x, 2):
            loss = step(part, y)
#                  ^^^^^^^^^^^^^
""",
}
