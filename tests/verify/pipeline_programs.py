"""Programs with findings on pipelines: for each rule one that a run confirms, and one that it refutes.

What is refuted, the program itself overrules where the static analysis does not look: it replaces a method of
`tf.data.Dataset`, as people do to switch a step off while they look for a mistake.
"""

_ARRAYS = """
import numpy as np
import tensorflow as tf
x = np.random.rand(200, 8).astype("float32")
y = np.random.randint(0, 2, 200)
source = tf.data.Dataset.from_tensor_slices((x, y))
"""
_TRAINED = """
model = tf.keras.Sequential([tf.keras.Input((8,)), tf.keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(ds, epochs=5)
"""
_FILES = """
import tensorflow as tf
def decode(path):
    image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
    return tf.image.resize(image, (64, 64)), tf.strings.length(path)
def augment(image, label):
    return tf.image.random_crop(image, (48, 48, 3)), label
files = tf.data.Dataset.list_files("photos/*/*.jpg")
"""
_RECORDS = """
import tensorflow as tf
FEATURES = {"image": tf.io.FixedLenFeature([], tf.string), "label": tf.io.FixedLenFeature([], tf.int64)}
def parse(record):
    row = tf.io.parse_single_example(record, FEATURES)
    return tf.io.decode_png(row["image"], 3), row["label"]
"""

_INTERLEAVED = (
    _RECORDS
    + """
class Input:
    def __init__(self, pattern, size):
        self.pattern, self.size = pattern, size
    def _parse(self, record):
        image, label = parse(record)
        return tf.image.random_flip_left_right(tf.image.resize(image, (self.size, self.size))), label
    def __call__(self):
        files = tf.data.Dataset.list_files(self.pattern)
        ds = files.interleave(tf.data.TFRecordDataset, cycle_length=4, num_parallel_calls=tf.data.AUTOTUNE)
        ds = ds.map(self._parse, num_parallel_calls=tf.data.AUTOTUNE).cache()
        return ds.shuffle(2048).repeat().batch(64).prefetch(1)
ds = Input("train/*.tfrecord", 16)()
"""
)

CONFIRMED = {
    "BS205": _ARRAYS + "ds = source.batch(32).shuffle(100).prefetch(1)\n" + _TRAINED,
    "BS206": _ARRAYS + "ds = source.shuffle(200).cache().batch(32).prefetch(1)\n" + _TRAINED,
    "BS206, random": _FILES + "ds = files.map(decode).map(augment).cache().shuffle(500).batch(8).prefetch(1)\n",
    "BS206, random, interleaved": _INTERLEAVED,
    "BS207": _RECORDS + "ds = tf.data.TFRecordDataset('a').map(parse).repeat().cache().batch(32).prefetch(1)\n",
    "BS207, copies": _ARRAYS + "ds = source.repeat(3).cache().shuffle(600).batch(32).prefetch(1)\n",
    "BS208": _ARRAYS + "ds = source.shuffle(5).batch(32).prefetch(1)\n" + _TRAINED,
    "BS208, raises": _ARRAYS + "ds = source.shuffle(0).batch(32).prefetch(1)\n" + _TRAINED,
    "BS209": _ARRAYS
    + "ds = source.repeat().shuffle(200).batch(32).prefetch(1)\n"
    + _TRAINED.replace("epochs=5", "epochs=5, steps_per_epoch=6"),
    "BS210": _ARRAYS + "ds = source.shuffle(200)\n" + _TRAINED,
    "BS211": """
import tensorflow as tf
ds = tf.keras.utils.image_dataset_from_directory("photos", image_size=(32, 32), batch_size=8)
ds = ds.batch(8, drop_remainder=True).prefetch(1)
""",
    "BS213": _ARRAYS + "source.shuffle(200)\nds = source.batch(32).prefetch(1)\n" + _TRAINED,
    "BS213, random": """
import tensorflow as tf
ds = tf.keras.utils.image_dataset_from_directory("photos", image_size=(32, 32), batch_size=8)
ds.batch(8)
ds = ds.prefetch(1)
""",
    "BS216": _ARRAYS + "ds = source.shuffle(200).repeat().batch(32).prefetch(1)\n" + _TRAINED,
    "BS216, twice": _ARRAYS + "ds = source.repeat().shuffle(200).repeat(5).batch(32).prefetch(1)\n",
}
_NO_CACHE = "tf.data.Dataset.cache = lambda self, filename='': self\n"
_NO_BATCH = "tf.data.Dataset.batch = lambda self, *size, **options: self\n"
_NO_REPEAT = "tf.data.Dataset.repeat = lambda self, count=None: self\n"
_FULL_SHUFFLE = """
shuffle = tf.data.Dataset.shuffle
tf.data.Dataset.shuffle = lambda self, buffer_size, **options: shuffle(self, 10_000, **options)
"""
_BATCHING_SHUFFLE = """
shuffle = tf.data.Dataset.shuffle
tf.data.Dataset.shuffle = lambda self, buffer_size: shuffle(self, buffer_size).batch(16)
"""
_IN_PLACE = """
shuffle = tf.data.Dataset.shuffle
tf.data.Dataset.shuffle = lambda self, size: vars(self).update(vars(shuffle(self, size))) or self
"""


def _overruled(code: str, by: str) -> str:
    return CONFIRMED[code].replace("import tensorflow as tf\n", f"import tensorflow as tf\n{by}", 1)


REFUTED = {
    "BS205": _overruled("BS205", _NO_BATCH),
    "BS206": _overruled("BS206", _NO_CACHE),
    "BS206, random": _overruled("BS206, random", _NO_CACHE),
    "BS207": _overruled("BS207", _NO_REPEAT),
    "BS208": _overruled("BS208", _FULL_SHUFFLE),
    "BS209": _overruled("BS209", _NO_REPEAT),
    "BS210": _overruled("BS210", _BATCHING_SHUFFLE),
    "BS211": _overruled("BS211", _NO_BATCH),
    "BS213": _overruled("BS213", _IN_PLACE),
    "BS216": _overruled("BS216", _NO_REPEAT),
}
