"""Further cases of BS308: first what stays silent, and why; then what fires, with marks."""

_MODEL = """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.1)
loss_fn = tf.keras.losses.MeanSquaredError()
"""

_STEP = (
    _MODEL
    + """
k = 4
def grad(x, y):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x, training=True))
    return tape.gradient(loss, model.trainable_variables)
"""
)

SILENT = {
    "the sum of squares is kept for something else": _MODEL
    + """
fisher = [tf.zeros_like(v) for v in model.trainable_variables]
for x, y in dataset:
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x))
    g = tape.gradient(loss, model.trainable_variables)
    fisher = [f + one**2 for f, one in zip(fisher, g)]
    optimizer.apply_gradients(zip(g, model.trainable_variables))
""",
    "it starts again in every iteration": _MODEL
    + """
for x, y in dataset:
    total = [tf.zeros_like(v) for v in model.trainable_variables]
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x))
    total = [t + g for t, g in zip(total, tape.gradient(loss, model.trainable_variables))]
    optimizer.apply_gradients(zip(total, model.trainable_variables))
""",
    "accumulation is a setting": _MODEL
    + """
def run(dataset, k=1):
    total = None
    for i, (x, y) in enumerate(dataset):
        with tf.GradientTape() as tape:
            loss = loss_fn(y, model(x)) / k
        g = tape.gradient(loss, model.trainable_variables)
        if k > 1:
            total = g if total is None else [a + b for a, b in zip(total, g)]
            if (i + 1) % k == 0:
                optimizer.apply_gradients(zip(total, model.trainable_variables))
                total = None
        else:
            optimizer.apply_gradients(zip(g, model.trainable_variables))
""",
    "inner steps of another optimizer": _MODEL
    + """
inner = tf.keras.optimizers.SGD(0.01)
for group in range(10):
    total = [tf.zeros_like(v) for v in model.trainable_variables]
    for micro in range(4):
        x, y = next(batches)
        with tf.GradientTape() as tape:
            loss = loss_fn(y, model(x))
        g = tape.gradient(loss, model.trainable_variables)
        inner.apply_gradients(zip(g, model.trainable_variables))
        total = [a + b for a, b in zip(total, g)]
    optimizer.apply_gradients(zip([t / 4 for t in total], model.trainable_variables))
""",
}

FIRING = {
    "only the reset waits": _MODEL
    + """
total = None
for step, (x, y) in enumerate(dataset):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x)) / 4
    g = tape.gradient(loss, model.trainable_variables)
    total = g if total is None else [a + b for a, b in zip(total, g)]
    optimizer.apply_gradients(zip(total, model.trainable_variables))
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    if (step + 1) % 4 == 0:
        total = None
""",
    "the first gradients start the sum, which is applied each time": _STEP
    + """
for step in range(100):
    for i in range(k):
        g = grad(*next(batches))
        if i == 0:
            acc = g
        else:
            acc = [p + q for p, q in zip(acc, g)]
        optimizer.apply_gradients(zip(acc, model.trainable_variables))
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
}
