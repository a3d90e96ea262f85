"""Further cases of BS202: first what stays silent, and why; then what fires, with marks."""

SILENT = {
    "a batch of one only adds an axis": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("f").map(parse).prefetch(1).batch(1)
""",
    "an element behind the prefetch becomes many": """
import tensorflow as tf
orders = tf.data.Dataset.range(10).map(permutation).prefetch(1)
ds = orders.flat_map(tf.data.Dataset.from_tensor_slices)
""",
    "applied to the device": """
import tensorflow as tf
ds = tf.data.Dataset.range(9).prefetch(1).batch(2).apply(tf.data.experimental.prefetch_to_device("gpu:0"))
""",
    "a queue's prefetch": """
import tensorflow as tf
reader.prefetch(2).map(parse)
""",
}

FIRING = {
    "a zipped dataset of its own": """
import tensorflow as tf
images = tf.data.TFRecordDataset("a").map(parse).batch(8).prefetch(1)
masks = tf.data.TFRecordDataset("b").prefetch(1).map(parse).batch(8)
#                                    ^^^^^^^^^^^
ds = tf.data.Dataset.zip((images, masks))
""",
}
