"""BS101 large-batch-size: what a batch size costs."""

import pytest

tf = pytest.importorskip("tensorflow", reason="the claims are run against TensorFlow")

pytestmark = pytest.mark.tensorflow


def test_memory_of_a_training_step_grows_with_the_batch(card):
    """BS101: the memory of a training step grows with its batch size, whatever the model."""
    small, middle, large = card["peaks"]

    assert small < middle < large


def test_batch_size_is_samples_per_step_for_arrays(model, arrays, steps_of):
    """BS101: `fit` on arrays cuts them into batches of `batch_size` samples, the last one shorter."""
    assert steps_of(model, *arrays, batch_size=4) == ([3], 0)


def test_batch_size_beyond_the_data_is_one_whole_batch(model, arrays, steps_of):
    """BS101: a batch size above the number of samples is no error: all of them make one batch."""
    assert steps_of(model, *arrays, batch_size=4096) == ([1], 0)


def test_default_batch_size_of_arrays_is_32(model, steps_of):
    """BS101: `fit`, `evaluate` and `predict` on arrays use batches of 32 when no batch size is given."""
    x, y = tf.zeros([65, 3]), tf.zeros([65, 1])

    assert steps_of(model, x, y, validation_data=(x, y)) == ([3], 3)


def test_steps_without_batch_size_spread_the_arrays(model, arrays, steps_of):
    """BS101: `steps_per_epoch` without `batch_size` cuts arrays into that many batches instead of 32s."""
    assert steps_of(model, *arrays, steps_per_epoch=5) == ([5], 0)
    assert steps_of(model, *arrays, steps_per_epoch=1) == ([1], 0)
