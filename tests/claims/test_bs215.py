"""BS215 oversized-shuffle-buffer: what a shuffle buffer holds, and the shapes that are followed to know its size."""

import subprocess
import sys

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow", reason="the claims are run against TensorFlow")
keras = pytest.importorskip("keras", reason="the claims are run against Keras")

from bslint.analysis.facts import Pipeline  # noqa: E402
from bslint.analysis.shapes import tensors  # noqa: E402
from bslint.analysis.values import array_of  # noqa: E402
from tests.analysis.programs import see  # noqa: E402

pytestmark = pytest.mark.tensorflow


def test_the_buffer_is_filled_before_the_first_element(pulled):
    """BS215: before the first element comes out, `shuffle(n)` has taken n elements in."""
    assert pulled(lambda ds: ds.shuffle(100), reached=100) >= 100


@pytest.mark.parametrize("held", [True, False], ids=["behind a cache", "alone"])
def test_a_shuffle_of_what_a_cache_holds_needs_no_memory_of_its_own(held):
    """BS215: the buffer refers to the tensors of a `cache` in memory, and holds those of a `map` itself."""
    program = f"""
import resource
import tensorflow as tf

def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

ds = tf.data.Dataset.range(200).map(lambda i: tf.fill([1024, 1024], tf.cast(i, tf.float32)))
for _ in ds.take(2):
    pass
before = most()
ds = ds{".cache()" if held else ""}
for _ in ds:
    pass
held = most() - before
for _ in ds.shuffle(200):
    pass
print(held, most() - before)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    alone, shuffled = map(int, run.stdout.split()[-2:])

    # 800 MiB, less what starting TensorFlow took for a moment and gave back.
    assert (shuffled - alone > 300) is not held


JPEG = "tf.io.decode_jpeg(tf.io.read_file(p), channels=3)"
SHAPES = {
    "resize": f"FILES.map(lambda p: tf.image.resize({JPEG}, (64, 32)))",
    "nearest": f"FILES.map(lambda p: tf.image.resize({JPEG}, [64, 32], method='nearest'))",
    "pad": f"FILES.map(lambda p: tf.image.resize_with_pad({JPEG}, 20, 30))",
    "crop or pad": f"FILES.map(lambda p: tf.image.resize_with_crop_or_pad({JPEG}, 20, 30))",
    "random crop": f"FILES.map(lambda p: tf.image.random_crop({JPEG}, (20, 30, 3)))",
    "box": f"FILES.map(lambda p: tf.image.crop_to_bounding_box({JPEG}, 0, 0, 20, 30))",
    "types": f"FILES.map(lambda p: tf.image.convert_image_dtype(tf.image.resize({JPEG}, (8, 8)), tf.float16))",
    "cast and divide": f"FILES.map(lambda p: tf.cast(tf.image.resize({JPEG}, (8, 8)), tf.float32) / 255.0)",
    "grey": f"FILES.map(lambda p: tf.image.rgb_to_grayscale(tf.image.resize({JPEG}, (8, 8))))",
    "one hot": "tf.data.Dataset.range(5).map(lambda i: tf.one_hot(i, 7))",
    "raw": "FILES.map(lambda p: tf.reshape(tf.io.decode_raw(tf.io.read_file(p), tf.uint8), (4, 4, 3)))",
    "arrays": "tf.data.Dataset.from_tensor_slices((np.zeros((5, 2)), {'a': np.ones(5, 'uint8')}))",
    "normalised arrays": "tf.data.Dataset.from_tensor_slices((np.zeros((5, 2), 'uint8') / 255.0)[..., np.newaxis])",
    "batches": "tf.data.Dataset.from_tensor_slices(np.zeros((6, 2), 'float32')).batch(3, drop_remainder=True)",
    "unbatched": "tf.data.Dataset.from_tensor_slices(np.zeros((6, 2), 'float32')).batch(3).unbatch()",
    "zip": "tf.data.Dataset.zip((tf.data.Dataset.range(3), tf.data.Dataset.range(3).enumerate()))",
    "numbers": "tf.data.Dataset.from_tensor_slices([1, 2, 3])",
    "one column": "tf.data.Dataset.from_tensor_slices(np.zeros((5, 2))).map(lambda x: x[0])",
    "stacked": "tf.data.Dataset.from_tensor_slices(np.zeros((5, 2))).map(lambda x: tf.stack([x, x]))",
    "expanded": "tf.data.Dataset.from_tensor_slices(np.zeros((5, 2))).map(lambda x: tf.expand_dims(x, -1))",
    "a generator's types": "tf.data.Dataset.from_generator(list, (tf.float32, tf.int32), ([None, 5], ()))",
    "a generator's shapes": "tf.data.Dataset.from_generator(list, tf.uint8, tf.TensorShape([3, None]))",
    "a list of the function": "tf.data.Dataset.range(3).map(lambda i: [i, i])",
}


@pytest.mark.parametrize("expression", SHAPES.values(), ids=SHAPES)
def test_shapes_are_what_tensorflow_says(expression):
    """BS215: the shapes and types that are followed are those of the dataset's `element_spec`."""
    program = f"ds = {expression.replace('FILES', 'tf.data.Dataset.list_files(chr(42))')}.prefetch(1)"
    found = [fact for fact in see(program).facts.facts if isinstance(fact, Pipeline)]
    known = [array_of(one) for one in tensors(max(found, key=lambda fact: len(fact.stages)).stages[-1].element)]
    files = tf.data.Dataset.from_tensor_slices(["a.jpg"])

    spec = eval(expression, {"tf": tf, "np": np, "FILES": files}).element_spec

    expected = [(tuple(one.shape), one.dtype.name) for one in tf.nest.flatten(spec)]
    assert [(one.shape, one.dtype) for one in known if one is not None] == expected
