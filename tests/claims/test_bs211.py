"""BS211 double-batch: what a second batch does, and which calls batch."""

import pytest

tf = pytest.importorskip("tensorflow", reason="the claims are run against TensorFlow")
keras = pytest.importorskip("keras", reason="the claims are run against Keras")

pytestmark = pytest.mark.tensorflow

range_ = tf.data.Dataset.range


def shape(data):
    """Give the shape of the first component of the first element."""
    return tuple(tf.nest.flatten(next(iter(data)))[0].shape)


def test_second_batch_adds_an_axis():
    """BS211: batching twice gives one axis more: an element holds batch × batch samples."""
    assert shape(range_(100).batch(4).batch(4)) == (4, 4)
    assert shape(tf.data.Dataset.from_tensor_slices(tf.zeros([64, 3])).batch(8).batch(2)) == (2, 8, 3)


def test_second_batch_of_an_odd_division_raises():
    """BS211: where the last batch is shorter, the second batch cannot stack it, and raises while training."""
    with pytest.raises(tf.errors.InvalidArgumentError):
        list(range_(10).batch(4).batch(4))


@pytest.mark.parametrize(
    "first",
    [
        lambda ds: ds.batch(4),
        lambda ds: ds.padded_batch(4),
        lambda ds: ds.batch(4).rebatch(4),
        lambda ds: ds.apply(tf.data.experimental.map_and_batch(lambda x: x, 4)),
        lambda ds: ds.group_by_window(lambda x: x % 2, lambda key, group: group.batch(4), window_size=4),
    ],
    ids=["batch", "padded_batch", "rebatch", "map_and_batch", "group_by_window"],
)
def test_transformations_that_batch(first):
    """BS211: `batch`, `padded_batch`, `rebatch`, `map_and_batch` and grouped batches batch."""
    assert shape(first(range_(16))) == (4,)
    assert shape(first(range_(16)).batch(2)) == (2, 4)


def test_ragged_batch_batches():
    """BS211: `ragged_batch` batches, and a second batch adds an axis."""
    rows = range_(16).map(lambda x: tf.zeros([x % 3]))

    assert shape(rows.ragged_batch(4))[0] == 4
    assert rows.ragged_batch(4).batch(2).element_spec.shape.rank == rows.ragged_batch(4).element_spec.shape.rank + 1


def test_bucket_by_sequence_length_batches():
    """BS211: `bucket_by_sequence_length` batches."""
    rows = range_(16).map(lambda x: tf.zeros([x % 3 + 1]))

    assert rows.bucket_by_sequence_length(lambda x: tf.shape(x)[0], [10], [4, 4]).element_spec.shape.rank == 2


@pytest.mark.parametrize(("kind", "samples"), [("image", 32), ("text", 32), ("audio", 32), ("timeseries", 128)])
def test_loaders_batch_by_default(load, kind, samples):
    """BS211: the Keras loaders batch by default: files by 32, time series by 128."""
    assert shape(load(kind))[0] == samples


@pytest.mark.parametrize("kind", ["image", "text", "audio", "timeseries"])
def test_batch_after_a_loader_adds_an_axis(load, kind):
    """BS211: `batch` behind a Keras loader batches its batches."""
    data = load(kind, batch_size=8)

    assert shape(data.batch(2)) == (2, *shape(data))


@pytest.mark.parametrize("kind", ["image", "text", "audio", "timeseries"])
def test_loader_without_batch_size_yields_samples(load, kind):
    """BS211: `batch_size=None` makes a Keras loader yield single samples."""
    assert shape(load(kind, batch_size=None).batch(2)) == (2, *shape(load(kind, batch_size=8))[1:])


@pytest.mark.parametrize("kind", ["csv", "features"])
def test_row_loaders_batch(load, kind):
    """BS211: `make_csv_dataset` and `make_batched_features_dataset` batch; their batch size has no default."""
    assert shape(load(kind, batch_size=4)) == (4,)
    assert shape(load(kind, batch_size=4).batch(2)) == (2, 4)
    with pytest.raises(TypeError, match="batch_size"):
        load(kind)


def test_csv_dataset_does_not_batch(data):
    """BS211: `CsvDataset` yields single rows."""
    rows = tf.data.experimental.CsvDataset(str(data / "rows.csv"), [tf.int32, tf.int32], header=True)

    assert shape(rows) == ()


def test_unbatch_between_undoes_the_first():
    """BS211: `unbatch` between two batches leaves one."""
    assert shape(range_(16).batch(4).unbatch().batch(2)) == (2,)


def test_rebatch_adds_no_axis():
    """BS211: `rebatch` cuts batches anew and adds no axis."""
    assert shape(range_(16).batch(4).rebatch(2)) == (2,)


@pytest.mark.parametrize(
    "windows",
    [
        lambda ds: ds.window(4).flat_map(lambda window: window.batch(4)),
        lambda ds: ds.window(4).interleave(lambda window: window.batch(4)),
        lambda ds: ds.window(4).map(lambda window: window.batch(4).get_single_element()),
    ],
    ids=["flat_map", "interleave", "get_single_element"],
)
def test_batch_of_windows_is_a_batch_of_sequences(windows):
    """BS211: a batch inside a function over windows builds a sequence, and the batch after it batches sequences."""
    assert shape(windows(range_(16))) == (4,)
    assert shape(windows(range_(16)).batch(2)) == (2, 4)


def test_batch_before_flat_map_is_taken_apart():
    """BS211: `flat_map` into slices takes a batch apart again."""
    assert shape(range_(16).batch(4).flat_map(tf.data.Dataset.from_tensor_slices).batch(2)) == (2,)


def test_from_tensors_is_one_whole_element():
    """BS211: `from_tensors` keeps a batch as one element, so that `batch` adds an axis to it."""
    assert shape(tf.data.Dataset.from_tensors(tf.zeros([8, 3])).batch(1)) == (1, 8, 3)


def test_generator_of_batches_is_batched():
    """BS211: a `from_generator` that yields batches is batched: `batch` behind it adds an axis."""
    spec = tf.TensorSpec((None, 3), tf.float32)
    data = tf.data.Dataset.from_generator(lambda: iter([tf.zeros([8, 3])] * 4), output_signature=spec)

    assert shape(data.batch(2)) == (2, 8, 3)


def test_double_batch_is_refused_by_a_model_that_knows_its_input(model, pairs):
    """BS211: a model with a fixed input shape refuses a dataset that was batched twice."""
    with pytest.raises(ValueError, match=r"[Ii]nput"):
        model.fit(pairs.batch(5).batch(2), verbose=0)


def test_double_batch_trains_silently_where_layers_take_any_rank(pairs, steps_of):
    """BS211: dense layers without a fixed input train on batches of batches without a word, in fewer steps."""
    loose = keras.Sequential([keras.layers.Dense(1)])
    loose.compile("sgd", "mse", run_eagerly=True)

    assert steps_of(loose, pairs.batch(5).batch(2)) == ([1], 0)


def test_dropping_the_second_batch_leaves_the_first(pairs):
    """BS211: without the second `batch`, elements hold as many samples as the first says."""
    assert shape(pairs.batch(5)) == (5, 3)
