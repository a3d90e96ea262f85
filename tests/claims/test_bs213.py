"""BS213 discarded-transformation: which methods leave their dataset alone."""

import inspect

import pytest

tf = pytest.importorskip("tensorflow", reason="the claims are run against TensorFlow")

pytestmark = pytest.mark.tensorflow

TRANSFORMATIONS = {
    "apply": lambda ds: ds.apply(lambda inner: inner.batch(2)),
    "batch": lambda ds: ds.batch(2),
    "bucket_by_sequence_length": lambda ds: ds.bucket_by_sequence_length(lambda x: 1, [2], [2, 2]),
    "cache": lambda ds: ds.cache(),
    "concatenate": lambda ds: ds.concatenate(ds),
    "enumerate": lambda ds: ds.enumerate(),
    "filter": lambda ds: ds.filter(lambda x: x > 3),
    "flat_map": lambda ds: ds.flat_map(tf.data.Dataset.from_tensors),
    "group_by_window": lambda ds: ds.group_by_window(lambda x: x, lambda key, group: group.batch(2), window_size=2),
    "ignore_errors": lambda ds: ds.ignore_errors(),
    "interleave": lambda ds: ds.interleave(tf.data.Dataset.from_tensors),
    "map": lambda ds: ds.map(lambda x: x + 1),
    "padded_batch": lambda ds: ds.padded_batch(2),
    "prefetch": lambda ds: ds.prefetch(2),
    "ragged_batch": lambda ds: ds.ragged_batch(2),
    "rebatch": lambda ds: ds.batch(2).rebatch(3),
    "rejection_resample": lambda ds: ds.rejection_resample(lambda x: tf.cast(x % 2, tf.int32), [0.5, 0.5], [0.5, 0.5]),
    "repeat": lambda ds: ds.repeat(2),
    "scan": lambda ds: ds.scan(tf.constant(0, tf.int64), lambda state, x: (state + x, state + x)),
    "shard": lambda ds: ds.shard(2, 0),
    "shuffle": lambda ds: ds.shuffle(8),
    "skip": lambda ds: ds.skip(1),
    "snapshot": lambda ds: ds.snapshot("/nowhere"),
    "sparse_batch": lambda ds: ds.map(lambda x: x[None]).sparse_batch(2, [1]),
    "take": lambda ds: ds.take(1),
    "take_while": lambda ds: ds.take_while(lambda x: x < 3),
    "unbatch": lambda ds: ds.batch(2).unbatch(),
    "unique": lambda ds: ds.unique(),
    "window": lambda ds: ds.window(2),
    "with_options": lambda ds: ds.with_options(tf.data.Options()),
}
WITH_AN_EFFECT = {"save", "reduce"}
READERS = {
    "as_numpy_iterator",
    "cardinality",
    "element_spec",
    "fingerprint",
    "get_single_element",
    "options",
}


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_transformation_returns_a_new_dataset(name):
    """BS213: every transformation returns another dataset and leaves its own as it was."""
    data = tf.data.Dataset.range(8)

    returned = TRANSFORMATIONS[name](data)

    assert isinstance(returned, tf.data.Dataset)
    assert returned is not data
    assert [int(x) for x in data] == list(range(8))
    assert data.element_spec == tf.TensorSpec((), tf.int64)


def test_every_method_is_known():
    """BS213: the methods of `Dataset` are those transformations, readers, and two that do something: none is new."""
    static = {n for n in dir(tf.data.Dataset) if isinstance(inspect.getattr_static(tf.data.Dataset, n), staticmethod)}
    methods = {name for name in dir(tf.data.Dataset) if not name.startswith("_")} - static

    assert methods == set(TRANSFORMATIONS) | WITH_AN_EFFECT | READERS


def test_discarded_options_change_nothing(options):
    """BS213: `dataset.with_options(…)` as a statement sets no option."""
    data = tf.data.Dataset.range(8)
    data.with_options(options(autotune=False))

    assert data.options().autotune.enabled is None


def test_discarded_map_never_runs():
    """BS213: a discarded `map` traces its function and never runs it on an element."""
    traced, ran = [], []

    def stage(x):
        traced.append(x)
        return tf.py_function(lambda y: ran.append(y) or y, [x], tf.int64)

    data = tf.data.Dataset.range(8)
    data.map(stage)
    list(data)

    assert traced
    assert not ran


def test_save_has_an_effect(tmp_path):
    """BS213: `save` as a statement is no discarded transformation: it writes."""
    tf.data.Dataset.range(4).save(str(tmp_path / "saved"))

    assert [int(x) for x in tf.data.Dataset.load(str(tmp_path / "saved"))] == [0, 1, 2, 3]


def test_reduce_runs_the_pipeline():
    """BS213: `reduce` as a statement is no discarded transformation: it runs the pipeline and what happens in it."""
    ran = []
    data = tf.data.Dataset.range(4).map(lambda x: tf.py_function(lambda y: ran.append(int(y)) or y, [x], tf.int64))

    data.reduce(tf.constant(0, tf.int64), lambda total, x: total)

    assert ran == [0, 1, 2, 3]


def test_iterating_again_starts_again():
    """BS213: a dataset is no iterator: iterating it again starts from its first element."""
    data = tf.data.Dataset.range(3)

    assert int(next(iter(data))) == int(next(iter(data))) == 0


def test_assigning_the_result_is_the_fix():
    """BS213: `ds = ds.batch(…)` batches."""
    data = tf.data.Dataset.range(8)
    data = data.batch(4)

    assert len(data) == 2


def test_attributes_of_a_loader_are_lost_by_a_transformation(load):
    """BS213: `class_names` belongs to the dataset that the loader returned, not to what is made of it.

    So the fix `ds = ds.prefetch(…)` can break a later `ds.class_names`.
    """
    data = load("image", batch_size=8)

    assert data.class_names == ["a", "b"]
    assert not hasattr(data.prefetch(2), "class_names")
