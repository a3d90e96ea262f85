"""BS109 fractional-batch-size: where a float batch size raises, and where it doesn't."""

import pytest

np = pytest.importorskip("numpy", reason="the claims need NumPy")
tf = pytest.importorskip("tensorflow", reason="the claims are run against TensorFlow")

pytestmark = pytest.mark.tensorflow

EVEN = 8 / 2


def test_division_of_integers_is_a_float():
    """BS109: `/` gives a float even when it comes out even; `//` of integers gives an integer."""
    assert isinstance(8 / 2, float)
    assert isinstance(8 // 2, int)
    assert isinstance(8 // 2.0, float)


@pytest.mark.parametrize("size", [EVEN, 64 / 2, np.float64(4), np.ceil(3.5)], ids=repr)
def test_float_batch_size_raises_in_fit_evaluate_and_predict(model, arrays, size):
    """BS109: a float `batch_size` is a `TypeError` in `fit`, `evaluate` and `predict` on arrays, NumPy's too."""
    x, y = arrays

    with pytest.raises(TypeError):
        model.fit(x, y, batch_size=size, verbose=0)
    with pytest.raises(TypeError):
        model.evaluate(x, y, batch_size=size, verbose=0)
    with pytest.raises(TypeError):
        model.predict(x, batch_size=size, verbose=0)


def test_float_validation_batch_size_raises(model, arrays):
    """BS109: a float `validation_batch_size` is a `TypeError`, once the first epoch has been trained."""
    with pytest.raises(TypeError):
        model.fit(*arrays, batch_size=5, validation_data=arrays, validation_batch_size=EVEN, verbose=0)

    assert int(model.optimizer.iterations) == 2


def test_float_batch_size_beside_a_dataset_does_not_raise(model, pairs, steps_of):
    """BS109: beside a `Dataset` a float `batch_size` is ignored like any other (that is BS104)."""
    assert steps_of(model, pairs.batch(5), batch_size=EVEN) == ([2], 0)


@pytest.mark.parametrize(
    "transform",
    [
        lambda ds: ds.batch(EVEN),
        lambda ds: ds.batch(batch_size=EVEN, drop_remainder=True),
        lambda ds: ds.batch(EVEN, num_parallel_calls=2),
        lambda ds: ds.padded_batch(EVEN),
        lambda ds: ds.ragged_batch(EVEN),
        lambda ds: ds.batch(2).rebatch(EVEN),
        lambda ds: ds.shuffle(EVEN),
        lambda ds: ds.shuffle(buffer_size=EVEN),
        lambda ds: ds.prefetch(EVEN),
        lambda ds: ds.take(EVEN),
        lambda ds: ds.skip(EVEN),
        lambda ds: ds.repeat(EVEN),
        lambda ds: ds.window(EVEN),
        lambda ds: ds.bucket_by_sequence_length(lambda x: 1, [2], [EVEN, EVEN]),
    ],
    ids=[
        "batch",
        "batch(batch_size=)",
        "parallel batch",
        "padded_batch",
        "ragged_batch",
        "rebatch",
        "shuffle",
        "shuffle(buffer_size=)",
        "prefetch",
        "take",
        "skip",
        "repeat",
        "window",
        "bucket_by_sequence_length",
    ],
)
def test_python_float_raises_in_dataset_methods(transform):
    """BS109: a Python float is a `TypeError` as a batch size and as a shuffle buffer of a `Dataset`."""
    with pytest.raises(TypeError):
        transform(tf.data.Dataset.range(10))


@pytest.mark.parametrize("kind", ["image", "text", "audio", "timeseries", "csv", "features"])
def test_python_float_raises_in_loaders(load, kind):
    """BS109: a Python float is a `TypeError` as the `batch_size` of a loader."""
    with pytest.raises(TypeError):
        load(kind, batch_size=EVEN)


@pytest.mark.parametrize("kind", ["image", "text", "audio", "timeseries"])
def test_python_float_raises_in_loaders_that_do_not_shuffle(load, kind):
    """BS109: the same without shuffling, where no buffer is made from the batch size."""
    with pytest.raises(TypeError):
        load(kind, batch_size=EVEN, shuffle=False)


@pytest.mark.parametrize("number", [np.float64(4), np.ceil(3.5), np.float32(4), np.float64(4.5)], ids=repr)
def test_numpy_float_is_truncated_in_dataset_methods(number):
    """BS109: a *NumPy* float does not raise in `Dataset.batch` and `shuffle`: TensorFlow truncates it silently."""
    data = tf.data.Dataset.range(10)

    assert [len(batch) for batch in data.batch(number)] == [4, 4, 2]
    assert len(list(data.shuffle(number))) == 10


def test_float_tensor_raises_in_batch():
    """BS109: a float tensor as a batch size is a `ValueError`."""
    with pytest.raises(ValueError, match="int64"):
        tf.data.Dataset.range(10).batch(tf.constant(4.0))


@pytest.mark.parametrize("size", [8 // 2, int(8 / 2), round(8 / 2), np.int64(4), tf.constant(4, tf.int64)], ids=repr)
def test_integers_are_batch_sizes(size):
    """BS109: whatever yields an integer (Python, NumPy, tensor) is a batch size."""
    assert [len(batch) for batch in tf.data.Dataset.range(10).batch(size)] == [4, 4, 2]
