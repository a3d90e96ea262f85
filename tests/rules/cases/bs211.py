"""Further cases of BS211: first what stays silent, and why; then what fires, with marks."""

SILENT = {
    "steps are stacked for the host loop": """
import tensorflow as tf
ds = tf.data.Dataset.range(100).batch(32, drop_remainder=True).batch(steps_per_loop)
""",
    "windows by group": """
import tensorflow as tf
ds = tf.data.Dataset.range(100).batch(4).group_by_window(key, reduce, 8).batch(32)
""",
    "a different dataset": """
import tensorflow as tf
base = tf.data.Dataset.range(100)
train = base.batch(32).prefetch(1)
test = base.batch(64).prefetch(1)
""",
    "a unit test of what tells a repeat": """
import tensorflow as tf
def test_contains_repeat():
    ds = tf.data.Dataset.range(10).batch(5).repeat(5)
    assert contains_repeat(ds)
    assert contains_repeat(ds.batch(5))
""",
}

FIRING = {
    "a unit test that trains": """
import keras
import tensorflow as tf
def test_fit():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(loss="mse")
    model.fit(tf.data.Dataset.from_tensor_slices((x, y)).batch(5).batch(5))
#                                                                 ^^^^^^^^
""",
    "not a unit test": """
import tensorflow as tf
def train_and_test():
    return tf.data.Dataset.range(10).batch(5).batch(5)
#                                             ^^^^^^^^
""",
    "tfds batches when asked to": """
import tensorflow_datasets as tfds
ds = tfds.load("mnist", split="train", batch_size=32)
ds = ds.batch(32)
#       ^^^^^^^^^
""",
}
