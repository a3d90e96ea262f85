"""A shuffle buffer of decoded samples is larger than the host's memory.

## What it does
Finds `shuffle(n)` behind the decoding of samples where `n` samples of the shape that flows there need more than
`host-memory` (8 GiB unless it is set). Shapes are followed from arrays, decoders, `tf.image.resize`, `set_shape` and
the functions given to `map`. What a `cache` in memory or the slices of an array hold anyway costs nothing more, and a
number of batches says little where nobody knows how many there are: both are silent.

## Why is this bad?
`shuffle` holds `n` elements at the same time. Encoded, an image is some tens of kilobytes; decoded to 256×256×3 float32
it is 768 KiB, and 23,000 of them are 16.8 GiB: the machine swaps, or the process is killed while the buffer fills.

## Example
```python
import tensorflow as tf


def load(path):
    image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
    return tf.image.resize(image, (256, 256))


ds = tf.data.Dataset.list_files("train/*.jpg").map(load).shuffle(23000).batch(32)
```

## Use instead
```python
import tensorflow as tf


def load(path):
    image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
    return tf.image.resize(image, (256, 256))


ds = tf.data.Dataset.list_files("train/*.jpg").shuffle(23000).map(load).batch(32)
```

## References
- [TensorFlow: `tf.data.Dataset.shuffle`](https://www.tensorflow.org/api_docs/python/tf/data/Dataset#shuffle)
"""

from collections.abc import Iterator

from bslint.analysis.facts import Pipeline
from bslint.analysis.lengths import Length, counts
from bslint.analysis.numbers import number
from bslint.analysis.pipelines import batches, count_argument, describe, evidence
from bslint.analysis.shapes import describe as written
from bslint.analysis.shapes import element_bytes, least_bytes
from bslint.analysis.values import Stage
from bslint.quantity import read_size, show_size
from bslint.rule import DATASETS, SHUFFLED, Context, Finding, link, literal, rule

# Steps that hand on the tensors that they get.
_PASSING = frozenset("filter prefetch repeat shard shuffle shuffle_and_repeat skip take with_options".split())
_SLICES = frozenset(("tf.data.Dataset.from_tensor_slices", "tf.data.Dataset.from_tensors"))


@rule("BS215", "oversized-shuffle-buffer", "warning", literals=[SHUFFLED], reach=[DATASETS])
def check(pipeline: Pipeline, context: Context) -> Iterator[Finding]:
    """Judge every shuffle of one chain."""
    limit = read_size(context.settings.host_memory)
    held = counts(pipeline.stages)
    for position, stage in enumerate(pipeline.stages[1:]):
        if stage.op in {"shuffle", "shuffle_and_repeat"}:
            needed = _needed(stage, held[position].elements)
            if needed is not None and needed[0] * needed[1] > limit:
                yield _finding(pipeline, stage, needed[0], needed[1], limit)


def _needed(stage: Stage, before: Length) -> tuple[int, int] | None:
    """How many elements the buffer will hold, and the bytes of each; None when that is not known."""
    given = count_argument(stage)
    size = number(given.value) if given is not None else None
    each = least_bytes(stage.parent.element) if stage.parent is not None else None
    if size is None or each is None or _is_held(stage.parent) or (before.high is None and _is_batched(stage)):
        return None
    return (size if before.high is None else min(size, before.high)), each


def _is_held(stage: Stage | None) -> bool:
    """Whether the elements that leave a step are in memory anyway: then the buffer only refers to them."""
    while stage is not None and stage.op in _PASSING:
        stage = stage.parent
    if stage is None or stage.call is None:
        return False
    return stage.op in _SLICES or (stage.op == "cache" and not stage.call.positional and not stage.call.keywords)


def _is_batched(stage: Stage) -> bool:
    return any(map(batches, stage.chain()))


def _finding(pipeline: Pipeline, stage: Stage, elements: int, each: int, limit: int) -> Finding:
    batched = _is_batched(stage)
    what = "batches" if batched else "decoded samples"
    given = count_argument(stage)
    element = stage.parent.element if stage.parent is not None else None
    total = f"{'' if element_bytes(element) is not None else 'at least '}{show_size(elements * each)}"
    return Finding(
        at=[link(stage.node), *(literal(given.value) if given is not None else ())],
        message=f"`{describe(stage)}` can hold {elements:,} {what} of {written(element)}: {total} of host memory, more "
        f"than the {show_size(limit)} of `host-memory`",
        help="shuffle the file names or encoded records before they are decoded, or use a smaller buffer",
        evidence=evidence(pipeline.stages)
        | {"elements": elements, "element_bytes": each, "buffer_bytes": elements * each, "host_memory_bytes": limit},
    )


BAD = {
    "decoded images": """
import tensorflow as tf

def load(path):
    image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
    return tf.image.resize(image, (256, 256))

ds = tf.data.Dataset.list_files("train/*.jpg").map(load).shuffle(23000).batch(32)
#                                                        ^^^^^^^^^^^^^^
""",
    "a shape that is set": """
import tensorflow as tf

class Data:
    def parse(self, record):
        image = tf.io.decode_raw(record, tf.float32)
        image.set_shape([512 * 512 * 3])
        return image, 1

    def make(self, files):
        ds = tf.data.TFRecordDataset(files, num_parallel_reads=4).map(self.parse)
        return ds.shuffle(buffer_size=5000).repeat().batch(8)
#                 ^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "batches": """
import keras
ds = keras.utils.image_dataset_from_directory("images", batch_size=64)
ds = ds.take(1000).shuffle(1000)
#                  ^^^^^^^^^^^^^
model.fit(ds)
""",
}
GOOD = {
    "shuffled before they are decoded": """
import tensorflow as tf

def load(path):
    image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
    return tf.image.resize(image, (256, 256))

ds = tf.data.Dataset.list_files("train/*.jpg").shuffle(23000).map(load).batch(32)
""",
    "a buffer that fits": """
import tensorflow as tf
ds = tf.data.Dataset.list_files("train/*.jpg")
ds = ds.map(lambda path: tf.image.resize(tf.io.decode_jpeg(tf.io.read_file(path), channels=3), (256, 256)))
ds = ds.shuffle(1000)
""",
    "a size that is not known": """
import tensorflow as tf
ds = tf.data.Dataset.list_files("train/*.jpg")
ds = ds.map(lambda path: tf.io.decode_jpeg(tf.io.read_file(path), channels=3)).shuffle(100000)
""",
    "no more than there is": """
import tensorflow as tf
(x_train, y_train), _ = tf.keras.datasets.cifar10.load_data()
ds = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(10000000)
""",
    "a cache in memory holds the batches already": """
import tensorflow as tf
ds = tf.keras.utils.image_dataset_from_directory("images", image_size=(180, 180), batch_size=32)
ds = ds.take(1000).cache().shuffle(1000).prefetch(tf.data.AUTOTUNE)
""",
    "slices of an array": """
import numpy as np
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(np.zeros((20000, 256, 256, 3), "float32")).shuffle(20000)
""",
    "nobody knows how many batches there are": """
import tensorflow as tf
ds = tf.keras.utils.image_dataset_from_directory("images", image_size=(180, 180), batch_size=32)
ds = ds.map(lambda x, y: (x / 255, y)).shuffle(1000).prefetch(tf.data.AUTOTUNE)
""",
    "encoded records": """
import tensorflow as tf
ds = tf.data.TFRecordDataset("train.tfrecord").shuffle(1000000)
""",
}
