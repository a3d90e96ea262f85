"""Further cases of BS201: first what stays silent, and why; then what fires, with marks."""

SILENT = {
    "so does a distributed dataset": """
import tensorflow as tf
strategy = tf.distribute.MirroredStrategy()
ds = strategy.experimental_distribute_dataset(tf.data.Dataset.from_tensor_slices(x).batch(32))
for batch in ds:
    with tf.GradientTape() as tape:
        loss = loss_fn(model(batch))
    optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
""",
    "a unit test": """
import tensorflow as tf
def test_fit():
    ds = tf.data.Dataset.from_tensor_slices(x).batch(2)
    tf.keras.models.load_model("m").fit(ds)
""",
    "prefetched in the call": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(32)
tf.keras.models.load_model("m").fit(ds.prefetch(1))
""",
    "prefetched on one path": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(32)
if fast:
    ds = ds.prefetch(1)
tf.keras.models.load_model("m").fit(ds)
""",
    "the loop only looks": """
import tensorflow as tf
for batch in tf.data.Dataset.from_tensor_slices(x).batch(32):
    print(batch.shape)
""",
    "the element may be anything": """
import tensorflow as tf
def train(ds):
    tf.keras.models.load_model("m").fit(ds.batch(32))
""",
    "one of the zipped datasets is unknown": """
import tensorflow as tf
ds = tf.data.Dataset.zip((tf.data.Dataset.range(3).batch(2), other))
tf.keras.models.load_model("m").fit(ds)
""",
    "one element is the whole data": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensors((x, y)).repeat().batch(1)
tf.keras.models.load_model("m").fit(ds, steps_per_epoch=3)
""",
}

FIRING = {
    "a trainer class": """
import tensorflow as tf
class Trainer:
    def __init__(self):
        self.model = tf.keras.models.load_model("m")
        self.load()
    def load(self):
        self.ds = tf.data.Dataset.from_tensor_slices(x).batch(32)
#                                                       ^^^^^^^^^
    def run(self):
        self.model.fit(self.ds, epochs=3)
""",
    "a train step as a tf.function": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
optimizer = tf.keras.optimizers.Adam()
@tf.function
def train_step(images):
    with tf.GradientTape() as tape:
        loss = loss_fn(model(images))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
ds = tf.data.Dataset.from_tensor_slices(x).shuffle(10).batch(32)
#                                                      ^^^^^^^^^
for epoch in range(10):
    for step, images in enumerate(ds):
        train_step(images)
""",
    "an iterator": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
optimizer = tf.keras.optimizers.Adam()
batches = iter(tf.data.Dataset.from_tensor_slices(x).repeat().batch(32))
#                                                             ^^^^^^^^^
for step in range(1000):
    images = next(batches)
    with tf.GradientTape() as tape:
        loss = loss_fn(model(images))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
""",
    "a chain of rows with comments": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
ds = (
    tf.data.TFRecordDataset("train")
    .map(parse, num_parallel_calls=tf.data.AUTOTUNE)  # decode
    .batch(32)  # batches
#    ^^^^^^^^^
)
model.fit(ds)
""",
    "a chain of rows with something behind it": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
model.fit(
    tf.data.TFRecordDataset("train")
    .map(parse, num_parallel_calls=tf.data.AUTOTUNE)
    .batch(32),
#    ^^^^^^^^^
    epochs=2,
)
""",
    "rows joined by backslashes": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
ds = tf.data.TFRecordDataset("train") \\
    .batch(32)
#    ^^^^^^^^^
model.fit(ds)
""",
}

FIXED = {
    "a chain of rows with comments": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
ds = (
    tf.data.TFRecordDataset("train")
    .map(parse, num_parallel_calls=tf.data.AUTOTUNE)  # decode
    .batch(32)  # batches
    .prefetch(tf.data.AUTOTUNE)
)
model.fit(ds)
""",
    "a chain of rows with something behind it": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
model.fit(
    tf.data.TFRecordDataset("train")
    .map(parse, num_parallel_calls=tf.data.AUTOTUNE)
    .batch(32)
    .prefetch(tf.data.AUTOTUNE),
    epochs=2,
)
""",
    "rows joined by backslashes": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
ds = tf.data.TFRecordDataset("train") \\
    .batch(32).prefetch(tf.data.AUTOTUNE)
model.fit(ds)
""",
}
