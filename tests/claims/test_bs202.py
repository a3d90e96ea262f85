"""BS202 prefetch-not-last: what a prefetch covers, and what may follow it."""

import pytest

tf = pytest.importorskip("tensorflow", reason="the claims are run against TensorFlow")

pytestmark = pytest.mark.tensorflow


def counted(calls):
    """A map function that counts its runs; being stateful, it is never made parallel."""

    def count(x):
        calls[0] += 1
        return x

    def stage(x):
        y = tf.py_function(count, [x], tf.int64)
        y.set_shape([])
        return y

    return stage


def run(producer, settled, build, reached, elements=1):
    """Take some elements and tell how far the source and the counted map have come."""
    source, calls = producer(1000), [0]
    iterator = iter(build(source.dataset(), counted(calls)))
    for _ in range(elements):
        next(iterator)
    return settled(reached, lambda: source.pulled), settled(0, lambda: calls[0])


def test_prefetch_covers_what_stands_before_it(producer, settled, options):
    """BS202: what stands before `prefetch` runs ahead of the consumer."""
    off = options(inject_prefetch=False)

    assert run(producer, settled, lambda ds, f: ds.map(f).prefetch(4).with_options(off), 5) == (5, 5)


def test_map_after_prefetch_is_not_overlapped(producer, settled, options):
    """BS202: a sequential `map` after `prefetch` runs when the consumer asks, and no earlier."""
    off = options(inject_prefetch=False)

    assert run(producer, settled, lambda ds, f: ds.prefetch(4).map(f).with_options(off), 5) == (5, 1)


def test_batch_after_prefetch_is_not_overlapped(producer, settled, options):
    """BS202: before `batch`, `prefetch(n)` holds n samples, and the batch is put together when asked for."""
    off = options(inject_prefetch=False)

    assert run(producer, settled, lambda ds, f: ds.prefetch(3).batch(4).with_options(off), 7) == (7, 0)


def test_default_optimisations_overlap_what_follows_prefetch(producer, settled, stages):
    """BS202: with default options, TensorFlow appends a prefetch of its own, so the `map` runs ahead all the same."""
    _, calls = run(producer, settled, lambda ds, f: ds.prefetch(4).map(f), 6)

    assert calls >= 2
    ends_in_batch = tf.data.Dataset.range(100).prefetch(4).batch(4)
    assert stages(ends_in_batch) == ["Prefetch", "BatchV2", "Prefetch", "Range"]


def test_stateless_map_after_prefetch_becomes_parallel(stages):
    """BS202: with default options, a stateless `map` after `prefetch` is made parallel, and runs ahead itself."""
    assert stages(tf.data.Dataset.range(9).prefetch(2).map(lambda x: x + 1)) == ["ParallelMapV2", "Prefetch", "Range"]


def test_cache_after_prefetch_never_prefetches_again(producer, settled, options):
    """BS202: behind `cache`, the second epoch comes from memory: the prefetch before it is not even started."""
    source = producer(8)
    data = source.dataset().batch(2).prefetch(2).cache().with_options(options(inject_prefetch=False))
    assert len(list(data)) == 4

    iterator = iter(data)
    next(iterator)

    assert settled(0, lambda: source.pulled) == 8


def test_cache_after_prefetch_is_not_overlapped(stages, options):
    """BS202: with injection off, a pipeline `prefetch → cache` has no prefetch between cache and consumer."""
    data = tf.data.Dataset.range(8).batch(2).prefetch(2).cache()

    assert stages(data)[0] == "Prefetch"
    assert stages(data.with_options(options(inject_prefetch=False)))[0] == "MemoryCache"


@pytest.mark.parametrize(
    "follow",
    [
        lambda ds, off: ds.take(50),
        lambda ds, off: ds.repeat(),
        lambda ds, off: ds.enumerate(),
        lambda ds, off: ds.with_options(off),
        lambda ds, off: ds.take(50).repeat(2).enumerate(),
    ],
    ids=["take", "repeat", "enumerate", "with_options", "all"],
)
def test_harmless_after_prefetch(pulled, options, follow):
    """BS202: `take`, `repeat`, `enumerate` and `with_options` after `prefetch` leave it running ahead."""
    off = options(inject_prefetch=False)

    assert pulled(lambda ds: follow(ds.batch(4).prefetch(3), off).with_options(off), reached=16) == 16


def test_skip_after_prefetch_is_harmless(pulled, options):
    """BS202: `skip` after `prefetch` leaves it running ahead."""
    off = options(inject_prefetch=False)

    assert pulled(lambda ds: ds.batch(4).prefetch(3).skip(2).with_options(off), reached=24) == 24


def test_prefetch_to_device_after_prefetch_is_harmless(pulled, options):
    """BS202: `prefetch_to_device` after `prefetch` is another prefetch."""
    to_device = tf.data.experimental.prefetch_to_device("/CPU:0")
    build = lambda ds: ds.batch(4).prefetch(3).with_options(options(inject_prefetch=False)).apply(to_device)  # noqa: E731

    assert pulled(build, reached=16) >= 16


@pytest.mark.parametrize(
    ("early", "late"),
    [
        (lambda ds: ds.prefetch(2).cache(), lambda ds: ds.cache().prefetch(2)),
        (lambda ds: ds.prefetch(2).map(lambda x: x + 1), lambda ds: ds.map(lambda x: x + 1).prefetch(2)),
        (lambda ds: ds.prefetch(2).batch(3), lambda ds: ds.batch(3).prefetch(2)),
        (lambda ds: ds.prefetch(2).shuffle(5, seed=1), lambda ds: ds.shuffle(5, seed=1).prefetch(2)),
        (lambda ds: ds.prefetch(2).repeat(2).batch(3), lambda ds: ds.repeat(2).batch(3).prefetch(2)),
    ],
    ids=["cache", "map", "batch", "shuffle", "repeat+batch"],
)
def test_moving_prefetch_to_the_end_keeps_the_elements(early, late):
    """BS202: moving `prefetch` to the end changes no element and no order."""
    tf.random.set_seed(0)
    first = [x.tolist() for x in early(tf.data.Dataset.range(10)).as_numpy_iterator()]
    tf.random.set_seed(0)
    second = [x.tolist() for x in late(tf.data.Dataset.range(10)).as_numpy_iterator()]

    assert first == second


def test_prefetch_in_an_interleave_function_is_its_own(pulled, options):
    """BS202: a `prefetch` inside an `interleave` function buffers each inner dataset, not the pipeline."""
    off = options(inject_prefetch=False)
    inner = lambda x: tf.data.Dataset.from_tensors(x).repeat(3).prefetch(2)  # noqa: E731

    assert pulled(lambda ds: ds.interleave(inner, cycle_length=2).with_options(off)) <= 2
