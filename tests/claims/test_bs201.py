"""BS201 missing-prefetch: when TensorFlow prefetches by itself, and when it doesn't.

Two ways to see it without a clock: the names of the stages that run after optimisation, and how many elements the
source has given away while the consumer holds one.
"""

import pytest

tf = pytest.importorskip("tensorflow", reason="the claims are run against TensorFlow")
keras = pytest.importorskip("keras", reason="the claims are run against Keras")

pytestmark = pytest.mark.tensorflow

BATCH = 4
OFF = [
    {"inject_prefetch": False},
    {"apply_default_optimizations": False},
    {"autotune": False},
    {"autotune": False, "inject_prefetch": True},
]
names = ",".join


def test_default_optimisations_append_a_prefetch(stages):
    """BS201: with default options, TensorFlow appends a prefetch to a pipeline that ends in `batch`."""
    assert stages(tf.data.Dataset.range(100).batch(BATCH)) == ["Prefetch", "BatchV2", "Range"]


def test_injected_prefetch_runs_ahead(pulled):
    """BS201: with default options, the next batch is made while the consumer holds one."""
    assert pulled(lambda ds: ds.batch(BATCH), reached=2 * BATCH) >= 2 * BATCH


@pytest.mark.parametrize("settings", OFF, ids=names)
def test_options_switch_the_injection_off(pulled, options, settings):
    """BS201: no prefetch is injected with injection, default optimisations or autotune switched off.

    Without autotune, an explicit `inject_prefetch = True` changes nothing.
    """
    assert pulled(lambda ds: ds.batch(BATCH).with_options(options(**settings))) == BATCH


def test_explicit_injection_needs_no_default_optimisations(pulled, options):
    """BS201: `inject_prefetch = True` injects even when the default optimisations are off."""
    chosen = options(apply_default_optimizations=False, inject_prefetch=True)

    assert pulled(lambda ds: ds.batch(BATCH).with_options(chosen), reached=2 * BATCH) >= 2 * BATCH


@pytest.mark.parametrize("settings", OFF[:3], ids=names)
def test_explicit_prefetch_works_whatever_the_options(pulled, options, settings):
    """BS201: `prefetch(n)` in the code prefetches with any options."""
    build = lambda ds: ds.batch(BATCH).prefetch(2).with_options(options(**settings))  # noqa: E731

    assert pulled(build, reached=3 * BATCH) == 3 * BATCH


def test_options_count_wherever_they_stand(pulled, options):
    """BS201: options count for the whole pipeline, also when set before its last transformations."""
    assert pulled(lambda ds: ds.with_options(options(inject_prefetch=False)).batch(BATCH)) == BATCH


def test_later_options_win(pulled, options):
    """BS201: of two settings of the same option, the later one in the chain counts."""

    def build(ds):
        return ds.with_options(options(inject_prefetch=False)).batch(BATCH).with_options(options(inject_prefetch=True))

    assert pulled(build, reached=2 * BATCH) >= 2 * BATCH


def test_options_of_a_dataset_are_read_only():
    """BS201: options are changed by `with_options` only: writing to `dataset.options()` raises."""
    with pytest.raises(ValueError, match="no effect"):
        tf.data.Dataset.range(3).options().autotune.enabled = False


@pytest.mark.parametrize("name", ["autotune", "autotune_buffers", "map_vectorization", "hoist_random_uniform"])
def test_optimisation_options_of_older_versions_are_gone(name):
    """BS201: the optimisation options that older TensorFlow had raise `AttributeError` when set."""
    with pytest.raises(AttributeError):
        setattr(tf.data.Options().experimental_optimization, name, False)


def test_prefetch_is_not_injected_twice(stages):
    """BS201: a pipeline that ends in `prefetch` gets no second one."""
    assert stages(tf.data.Dataset.range(100).batch(BATCH).prefetch(2)) == ["Prefetch", "BatchV2", "Range"]


@pytest.mark.parametrize("size", [tf.data.AUTOTUNE, -1, None, 1], ids=["AUTOTUNE", "-1", "None", "1"])
def test_prefetch_sizes_that_prefetch(pulled, options, size):
    """BS201: `prefetch` takes AUTOTUNE, which is -1 and what None means, or a number of elements."""
    build = lambda ds: ds.batch(BATCH).prefetch(size).with_options(options(inject_prefetch=False))  # noqa: E731

    assert pulled(build, reached=2 * BATCH) >= 2 * BATCH


@pytest.mark.parametrize("settings", [{}, {"inject_prefetch": False}], ids=["default", "inject_prefetch=False"])
def test_prefetch_of_zero_prefetches_nothing(pulled, options, settings):
    """BS201: `prefetch(0)` prefetches nothing, and with default options it keeps TensorFlow from doing it."""
    assert pulled(lambda ds: ds.batch(BATCH).prefetch(0).with_options(options(**settings))) == BATCH


def test_negative_prefetch_raises():
    """BS201: a negative size other than -1 raises."""
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.data.Dataset.range(3).prefetch(-2)


@pytest.mark.parametrize(
    "transform",
    [
        lambda ds: ds.apply(lambda inner: inner.prefetch(1)),
        lambda ds: ds.apply(tf.data.experimental.prefetch_to_device("/CPU:0")),
    ],
    ids=["apply(prefetch)", "prefetch_to_device"],
)
def test_applied_prefetch_prefetches(pulled, options, transform):
    """BS201: `apply` of a function that prefetches, and `prefetch_to_device`, prefetch."""
    build = lambda ds: transform(ds.batch(BATCH).with_options(options(inject_prefetch=False)))  # noqa: E731

    assert pulled(build, reached=2 * BATCH) >= 2 * BATCH


def test_copy_to_device_does_not_prefetch(pulled, options):
    """BS201: `copy_to_device` alone prefetches nothing."""
    copy = tf.data.experimental.copy_to_device("/CPU:0")

    assert pulled(lambda ds: ds.batch(BATCH).with_options(options(inject_prefetch=False)).apply(copy)) == BATCH


@pytest.mark.parametrize(
    "transform",
    [
        lambda ds: ds.batch(BATCH).map(lambda x: x + 1, num_parallel_calls=2),
        lambda ds: ds.batch(BATCH, num_parallel_calls=2),
        lambda ds: ds.batch(BATCH).map(lambda x: x + 1),
    ],
    ids=["parallel map", "parallel batch", "stateless map"],
)
def test_parallel_last_stage_runs_ahead_itself(pulled, options, transform):
    """BS201: a parallel `map` or `batch` at the end runs ahead without any prefetch.

    A stateless `map` counts: the default optimisations make it parallel.
    """
    build = lambda ds: transform(ds).with_options(options(inject_prefetch=False))  # noqa: E731

    assert pulled(build, reached=2 * BATCH) >= 2 * BATCH


def test_no_prefetch_is_injected_behind_a_parallel_map(stages):
    """BS201: TensorFlow injects nothing behind a parallel `map`, which runs ahead itself."""
    assert stages(tf.data.Dataset.range(9).map(lambda x: x + 1, num_parallel_calls=2)) == ["ParallelMapV2", "Range"]


def test_sequential_last_map_runs_ahead_nowhere(pulled, options):
    """BS201: a `map` that stays sequential at the end runs nothing ahead."""
    chosen = options(inject_prefetch=False, map_parallelization=False)

    assert pulled(lambda ds: ds.batch(BATCH).map(lambda x: x + 1).with_options(chosen)) == BATCH


def test_from_tensors_has_nothing_to_prefetch():
    """BS201: `from_tensors` is one element: there is no next one to make meanwhile."""
    assert int(tf.data.Dataset.from_tensors([1, 2, 3]).cardinality()) == 1


def test_fit_does_not_prefetch_a_dataset_by_itself(model, producer, options, settled):
    """BS201: `fit` without a strategy adds no prefetch of its own to a `Dataset`."""
    source, seen = producer(40), []
    data = source.dataset().batch(BATCH).map(lambda n: (tf.zeros([BATCH, 3]), tf.zeros([BATCH, 1])))
    data = data.with_options(options(apply_default_optimizations=False))
    watch = keras.callbacks.LambdaCallback()
    watch.on_train_batch_end = lambda batch, logs=None: seen.append(settled(0, lambda: source.pulled))

    model.fit(data.take(3), verbose=0, callbacks=[watch])

    assert seen == [BATCH, 2 * BATCH, 3 * BATCH]


@pytest.mark.parametrize("arguments", [{}, {"class_weight": {0: 1.0, 1: 2.0}}], ids=["plain", "class_weight"])
def test_class_weight_makes_fit_prefetch(pairs, arguments):
    """BS201: with `class_weight`, `fit` maps and prefetches the `Dataset` itself; without, it takes it as it is."""
    adapters = pytest.importorskip("keras.src.trainers.data_adapters", reason="Keras moved its data adapters")
    data = pairs.batch(5)

    prepared = adapters.get_data_adapter(data, **arguments).get_tf_dataset()

    assert ("Prefetch" in type(prepared).__name__) == bool(arguments)
    assert (prepared is data) == (not arguments)


def test_fit_prefetches_arrays_generators_and_py_datasets(arrays):
    """BS201: `fit` on arrays, a Python generator or a `PyDataset` prefetches by itself."""
    adapters = pytest.importorskip("keras.src.trainers.data_adapters", reason="Keras moved its data adapters")

    class Once(keras.utils.PyDataset):
        def __len__(self):
            return 1

        def __getitem__(self, index):
            return arrays

    for data in (arrays, (iter_of(arrays),), (Once(),)):
        assert "Prefetch" in type(adapters.get_data_adapter(*data).get_tf_dataset()).__name__


def iter_of(*batches):
    yield from batches


def test_no_strategy_does_not_prefetch(strategies):
    """BS201: without a strategy, `experimental_distribute_dataset` hands the dataset back as it is."""
    assert strategies["none"]["distribute"] == BATCH


@pytest.mark.parametrize("strategy", ["one device", "mirrored 1", "mirrored 2"])
def test_experimental_distribute_dataset_prefetches(strategies, strategy):
    """BS201: `experimental_distribute_dataset` prefetches by itself, with all options off, also on one replica."""
    assert strategies[strategy]["distribute"] > BATCH


@pytest.mark.parametrize("strategy", ["one device", "mirrored 1", "mirrored 2"])
def test_fit_under_a_strategy_prefetches(strategies, strategy):
    """BS201: `fit` of a model made in a strategy's scope prefetches by itself; without a strategy it doesn't.

    One batch more than the step needs is pulled to build the model.
    """
    assert strategies["fit"]["none"] == BATCH
    assert strategies["fit"][strategy] > 2 * BATCH


@pytest.mark.parametrize(("strategy", "replicas"), [("one device", 1), ("mirrored 1", 1), ("mirrored 2", 2)])
def test_distribute_datasets_from_function_prefetches(strategies, strategy, replicas):
    """BS201: `distribute_datasets_from_function` prefetches by itself too: its iterator fills a buffer per replica.

    Only `InputOptions(experimental_per_replica_buffer_size=0)` keeps it from that.
    """
    assert strategies[strategy]["function"] > replicas * BATCH
    assert strategies[strategy]["function, unbuffered"] == replicas * BATCH


@pytest.mark.parametrize("kind", ["image", "text", "csv", "features"])
def test_loaders_that_end_in_prefetch(load, kind):
    """BS201: the image and text loaders, `make_csv_dataset` and `make_batched_features_dataset` end in a prefetch."""
    data = load(kind, batch_size=BATCH)

    assert "Prefetch" in type(data).__name__


@pytest.mark.parametrize("kind", ["audio", "timeseries"])
def test_loaders_that_batch_after_their_prefetch(load, kind, options, stages):
    """BS201: the audio and time-series loaders prefetch *before* they batch, so that their end is not prefetched."""
    names = stages(load(kind, batch_size=BATCH).with_options(options(inject_prefetch=False)))

    assert names[0] == "BatchV2"
    assert names[1] == "Prefetch"


def test_split_dataset_ends_in_prefetch(pairs):
    """BS201: both halves of `keras.utils.split_dataset` end in a prefetch."""
    left, right = keras.utils.split_dataset(pairs, left_size=0.5)

    assert "Prefetch" in type(left).__name__
    assert "Prefetch" in type(right).__name__
