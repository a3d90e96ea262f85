"""Further cases of BS209: first what stays silent, and why; then what fires, with marks."""

SILENT = {
    "file names are shuffled": """
import tensorflow as tf
files = tf.data.Dataset.from_tensor_slices(names).repeat().shuffle(100)
ds = files.interleave(tf.data.TFRecordDataset, num_parallel_calls=4).batch(32)
""",
    "test data, told by its name": """
import tensorflow as tf
test_data = tf.data.TFRecordDataset("f").repeat().shuffle(1000).batch(32)
""",
    "steps by hand": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
optimizer = tf.keras.optimizers.Adam()
batches = iter(tf.data.Dataset.from_tensor_slices(x).repeat().shuffle(100).batch(32))
for step in range(1000):
    images = next(batches)
    with tf.GradientTape() as tape:
        loss = loss_fn(model(images))
    optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
""",
    "both at once": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").apply(tf.data.experimental.shuffle_and_repeat(1000)).batch(32)
ds = ds.repeat(1)
""",
    "one epoch": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").repeat(10).shuffle(1000).batch(32)
tf.keras.models.load_model("m").fit(ds, epochs=1)
""",
}

FIRING = {
    "sequences that were cut and taken apart": """
import tensorflow as tf
chars = tf.data.Dataset.from_tensor_slices(ids).batch(201, drop_remainder=True)
ds = chars.flat_map(lambda chunk: tf.data.Dataset.from_tensor_slices(chunk))
ds = ds.repeat().shuffle(1024).batch(64).prefetch(1)
#                ^^^^^^^^^^^^^
""",
    "in a helper, with a map between": """
import tensorflow as tf
def load(files, training=False):
    ds = tf.data.TFRecordDataset(files)
    if training:
        ds = ds.repeat()
    ds = ds.map(parse, num_parallel_calls=4)
    if training:
        ds = ds.shuffle(10000)
#               ^^^^^^^^^^^^^^
    return ds.batch(32)
""",
    "steps for each epoch": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").repeat().shuffle(1000).batch(32)
#                                          ^^^^^^^^^^^^^
tf.keras.models.load_model("m").fit(ds, epochs=20, steps_per_epoch=100)
""",
}
