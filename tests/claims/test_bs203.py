"""BS203 prefetch-buffer-too-large: what the buffer of a prefetch counts."""

import pytest

tf = pytest.importorskip("tensorflow", reason="the claims are run against TensorFlow")

pytestmark = pytest.mark.tensorflow


@pytest.mark.parametrize(("batch", "size"), [(4, 1), (4, 3), (8, 8), (2, 32)])
def test_prefetch_after_batch_holds_that_many_batches(pulled, batch, size):
    """BS203: after `batch`, `prefetch(n)` holds n *batches*, beside the one the consumer has."""
    reached = (size + 1) * batch

    assert pulled(lambda ds: ds.batch(batch).prefetch(size), reached=reached) == reached


def test_prefetch_before_batch_holds_samples(pulled, options):
    """BS203: before `batch`, `prefetch(n)` holds n samples."""
    off = options(inject_prefetch=False)

    assert pulled(lambda ds: ds.prefetch(32).batch(4).with_options(off), reached=36) == 36


def test_prefetch_counts_the_elements_at_its_place(pulled, options):
    """BS203: between two batches, `prefetch(n)` counts the elements there: batches of the first."""
    off = options(inject_prefetch=False)

    assert pulled(lambda ds: ds.batch(2).prefetch(5).batch(3).with_options(off), reached=16) == 16


def test_unbatch_makes_prefetch_count_samples_again(pulled, options):
    """BS203: after `unbatch`, `prefetch(n)` counts samples, rounded up to the batch they came from."""
    off = options(inject_prefetch=False)

    assert pulled(lambda ds: ds.batch(4).unbatch().prefetch(6).with_options(off), reached=8) == 8


@pytest.mark.parametrize("kind", ["image", "text", "csv"])
def test_prefetch_after_a_loader_counts_its_batches(load, kind):
    """BS203: what a loader yields is a batch, so that `prefetch(n)` after it counts batches."""
    first = tf.nest.flatten(next(iter(load(kind, batch_size=8).prefetch(2))))[0]

    assert first.shape[0] == 8


def test_autotune_starts_small(pulled):
    """BS203: `prefetch(AUTOTUNE)` holds few batches while nobody waits for them."""
    assert 8 <= pulled(lambda ds: ds.batch(4).prefetch(tf.data.AUTOTUNE), reached=8) <= 4 * 8


def test_prefetch_is_bounded_by_the_data(producer, settled):
    """BS203: a buffer larger than the data holds all of the data, and no more."""
    source = producer(20)
    iterator = iter(source.dataset().batch(4).prefetch(1000))
    next(iterator)

    assert settled(20, lambda: source.pulled) == 20


def test_prefetch_across_repeat_goes_on_into_the_next_epoch(producer, settled):
    """BS203: behind `repeat`, the buffer goes on into the next epoch instead of stopping at the end of the data."""
    source = producer(8)
    iterator = iter(source.dataset().batch(4).repeat().prefetch(10))
    next(iterator)

    assert settled(44, lambda: source.pulled) == 44
