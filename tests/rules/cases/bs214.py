"""Further cases of BS214: first what stays silent, and why; then what fires, with marks."""

SILENT = {
    "parallel calls by position": """
import tensorflow as tf
files = tf.data.Dataset.list_files("train-*.tfrecord")
ds = files.interleave(tf.data.TFRecordDataset, 4, 1, tf.data.AUTOTUNE)
ds = ds.shuffle(1000)
""",
    "the old parallel interleave": """
import tensorflow as tf
files = tf.data.Dataset.list_files("train-*.tfrecord")
ds = files.apply(tf.data.experimental.parallel_interleave(tf.data.TFRecordDataset, cycle_length=4))
ds = ds.shuffle(1000)
""",
    "a list of one file": """
import tensorflow as tf
ds = tf.data.TFRecordDataset(["train.tfrecord"])
ds = ds.shuffle(1000)
""",
    "interleave over something else than files": """
import tensorflow as tf
ds = tf.data.Dataset.range(4).interleave(lambda i: tf.data.Dataset.range(i))
ds = ds.shuffle(1000)
""",
    "a unit test": """
import tensorflow as tf
def test_round_trip(folder):
    assert len(list(tf.data.TFRecordDataset([f"{folder}/a", f"{folder}/b"]))) == 2
""",
    "an interleave over one file": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(["a.tfrecord"]).interleave(tf.data.TFRecordDataset)
""",
    "a path without a pattern": """
import os
import tensorflow as tf
ds = tf.data.TextLineDataset(os.path.join(folder, "train.txt"))
""",
    "arguments that may hold it": """
import tensorflow as tf
ds = tf.data.TFRecordDataset(["a", "b"], **options)
""",
    "only predictions": """
import glob
import tensorflow as tf
model = tf.keras.models.load_model("m")
model.predict(tf.data.TFRecordDataset(sorted(glob.glob("test-*"))).map(parse).batch(32))
""",
}
FIRING = {
    "a list of many names": """
import tensorflow as tf
names = [f"part-{i:05d}.tfrecord" for i in range(100)]
ds = tf.data.TFRecordDataset(names)
#            ^^^^^^^^^^^^^^^^^^^^^^
ds = ds.shuffle(1000)
""",
    "a sorted listing": """
import tensorflow as tf
files = sorted(tf.io.gfile.glob("gs://bucket/train*.tfrec"))
ds = tf.data.TFRecordDataset(files).map(parse).batch(32)
#            ^^^^^^^^^^^^^^^^^^^^^^
ds = ds.shuffle(1000)
""",
    "a data set of names": """
import tensorflow as tf
ds = tf.data.TFRecordDataset(tf.data.Dataset.list_files("train-*.tfrecord"))
#            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
ds = ds.shuffle(1000)
""",
}
