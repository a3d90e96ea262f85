"""BS205 shuffle-after-batch: which samples meet in a batch, epoch after epoch."""

import pytest

tf = pytest.importorskip("tensorflow", reason="the claims are run against TensorFlow")

pytestmark = pytest.mark.tensorflow

SAMPLES = 24


def epochs(data, count=4):
    """Give, for each epoch, the set of its batches, a batch being the set of its samples."""
    return [{frozenset(tf.reshape(batch, [-1]).numpy().tolist()) for batch in data} for _ in range(count)]


def orders(data, count=4):
    """Give, for each epoch, its batches in their order."""
    return [[tuple(tf.reshape(batch, [-1]).numpy().tolist()) for batch in data] for _ in range(count)]


def test_shuffle_after_batch_keeps_the_batches():
    """BS205: after `batch`, `shuffle` moves whole batches: the same samples meet in every epoch."""
    data = tf.data.Dataset.range(SAMPLES).batch(4).shuffle(100)

    assert all(epoch == epochs(data, 1)[0] for epoch in epochs(data))
    assert len({tuple(order) for order in orders(data, 6)}) > 1


def test_shuffle_before_batch_mixes_the_batches():
    """BS205: before `batch`, `shuffle` makes other batches in every epoch."""
    first, *rest = epochs(tf.data.Dataset.range(SAMPLES).shuffle(100).batch(4))

    assert any(epoch != first for epoch in rest)


def test_two_shuffles_mix_the_batches():
    """BS205: with a shuffle of samples before `batch`, one after it does no harm."""
    first, *rest = epochs(tf.data.Dataset.range(SAMPLES).shuffle(100).batch(4).shuffle(100))

    assert any(epoch != first for epoch in rest)


def test_shuffle_of_samples_without_reshuffling_keeps_the_batches():
    """BS205: with `reshuffle_each_iteration=False`, a shuffle before `batch` keeps its batches for ever, too."""
    data = tf.data.Dataset.range(SAMPLES).shuffle(100, reshuffle_each_iteration=False).batch(4)

    assert all(epoch == epochs(data, 1)[0] for epoch in epochs(data))


def test_shuffle_reshuffles_by_default():
    """BS205: `shuffle` gives another order in every epoch unless told otherwise, a seed notwithstanding."""
    assert len({tuple(order) for order in orders(tf.data.Dataset.range(SAMPLES).shuffle(100, seed=1))}) > 1


def test_unbatch_between_lets_shuffle_mix():
    """BS205: `unbatch` before the shuffle gives it samples again."""
    first, *rest = epochs(tf.data.Dataset.range(SAMPLES).batch(4).unbatch().shuffle(100).batch(4))

    assert any(epoch != first for epoch in rest)


def test_batches_of_one_are_samples():
    """BS205: with a batch size of one, shuffling batches is shuffling samples."""
    first, *rest = orders(tf.data.Dataset.range(SAMPLES).batch(1).shuffle(100))

    assert any(order != first for order in rest)


@pytest.mark.parametrize("kind", ["image", "text", "audio"])
def test_directory_loaders_shuffle_files_before_they_batch(load, kind):
    """BS205: the directory loaders shuffle files by default, so that every epoch has other batches."""
    data = load(kind, batch_size=8).map(lambda x, y: first_of(x))

    first, *rest = epochs(data)

    assert any(epoch != first for epoch in rest)


@pytest.mark.parametrize("kind", ["image", "text", "audio"])
def test_shuffle_after_an_unshuffled_loader_keeps_the_batches(load, kind):
    """BS205: with `shuffle=False` in the loader, a `shuffle` behind it moves whole batches of neighbours."""
    data = load(kind, batch_size=8, shuffle=False).map(lambda x, y: first_of(x)).shuffle(100)

    assert all(epoch == epochs(data, 1)[0] for epoch in epochs(data))


def first_of(x):
    """One number for each sample of a batch: a pixel, a wave's amplitude, or the text itself."""
    if x.dtype == tf.string:
        return tf.strings.to_number(x)
    return tf.reshape(x, [tf.shape(x)[0], -1])[:, 0]


def test_time_series_loader_does_not_shuffle_by_default(load):
    """BS205: `timeseries_dataset_from_array` does not shuffle by default, so a `shuffle` behind it moves batches."""
    data = load("timeseries", batch_size=64).shuffle(100)

    assert all(epoch == epochs(data, 1)[0] for epoch in epochs(data))


def test_time_series_loader_shuffles_windows_when_asked(load):
    """BS205: with `shuffle=True`, `timeseries_dataset_from_array` mixes windows before it batches."""
    first, *rest = epochs(load("timeseries", batch_size=64, shuffle=True).map(lambda x: x[:, 0]))

    assert any(epoch != first for epoch in rest)


@pytest.mark.parametrize("kind", ["csv", "features"])
def test_row_loaders_shuffle_rows_by_default(load, kind):
    """BS205: `make_csv_dataset` and `make_batched_features_dataset` shuffle rows before they batch, by default."""
    first, *rest = epochs(load(kind, batch_size=8, num_epochs=1).map(lambda row: row["a"]))

    assert any(epoch != first for epoch in rest)


@pytest.mark.parametrize("kind", ["csv", "features"])
def test_shuffle_after_an_unshuffled_row_loader_keeps_the_batches(load, kind):
    """BS205: with `shuffle=False` in the loader of rows, a `shuffle` behind it moves whole batches."""
    data = load(kind, batch_size=8, num_epochs=1, shuffle=False).map(lambda row: row["a"]).shuffle(100)

    assert all(epoch == epochs(data, 1)[0] for epoch in epochs(data))


def test_list_files_shuffles_by_default(data):
    """BS205: `list_files` gives another order of files in every epoch, unless `shuffle=False`."""
    pattern = str(data / "text" / "*" / "*.txt")

    shuffled = [tuple(name.numpy() for name in tf.data.Dataset.list_files(pattern)) for _ in range(3)]
    listed = [tuple(name.numpy() for name in tf.data.Dataset.list_files(pattern, shuffle=False)) for _ in range(3)]

    assert len(set(shuffled)) > 1
    assert len(set(listed)) == 1


def test_shuffle_after_windows_moves_windows():
    """BS205: where the first batch builds sequences, `shuffle` moves sequences, and batches differ between epochs."""
    windows = tf.data.Dataset.range(SAMPLES).window(4, drop_remainder=True).flat_map(lambda w: w.batch(4))

    first, *rest = epochs(windows.shuffle(100).batch(3))

    assert any(epoch != first for epoch in rest)


def test_swap_of_shuffle_and_batch_shuffles_fewer_samples():
    """BS205: swapping alone makes the same buffer count samples instead of batches.

    A buffer of six batches of four held 24 samples; the same six hold six, so the first batch of any epoch has no
    sample beyond the ninth.
    """
    data = tf.data.Dataset.range(SAMPLES).shuffle(6).batch(4)

    assert max(max(order[0]) for order in orders(data, 8)) < 9
