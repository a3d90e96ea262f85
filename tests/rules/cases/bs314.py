"""Further cases of BS314: first what stays silent, and why; then what fires, with marks."""

SILENT = {
    "parameters that are returned, or only looked at": """
import tensorflow as tf
def average(gradients, n):
    return [g / n for g in gradients]
def show(gradients):
    for g in gradients:
        print(tf.norm(g))
        tf.debugging.check_numerics(g, "x")
with tf.GradientTape() as tape:
    pass
""",
}

FIRING = {
    "gradients that are a parameter": """
import tensorflow as tf
def apply(grads, model, optimizer):
    [tf.clip_by_norm(g, 1.0) for g in grads]
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
def train(model, optimizer, x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((y - model(x)) ** 2)
    return tape.gradient(loss, model.trainable_variables)
""",
    "an optimizer's own method": """
import tensorflow as tf
class Optimizer(tf.keras.optimizers.SGD):
    def apply_gradients(self, grads_and_vars):
        for grad, var in grads_and_vars:
            tf.clip_by_value(grad, -1.0, 1.0)
#           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        return super().apply_gradients(grads_and_vars)
with tf.GradientTape() as tape:
    pass
""",
    "a helper that divides": """
import tensorflow as tf
def average(gradients, n):
    for i in range(len(gradients)):
        gradients[i] / n
#       ^^^^^^^^^^^^^^^^
    return gradients
with tf.GradientTape() as tape:
    pass
""",
}
