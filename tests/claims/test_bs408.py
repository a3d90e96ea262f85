"""BS408 retrace-per-step: which arguments make `tf.function` trace again."""

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow", reason="the claims are run against TensorFlow")

pytestmark = pytest.mark.tensorflow


def traces(arguments, **options):
    """How often a function is traced for these arguments."""
    seen = []

    @tf.function(**options)
    def step(number):
        seen.append(1)
        return number

    for argument in arguments:
        step(argument)
    return len(seen)


def test_every_python_number_is_a_trace():
    """BS408: one trace for each value of a Python number, integer or not."""
    assert traces(range(10)) == 10
    assert traces([i / 10 for i in range(10)]) == 10


def test_reduce_retracing_does_not_help():
    """BS408: with `reduce_retracing=True` numbers stay numbers."""
    assert traces(range(10), reduce_retracing=True) == 10


def test_tensors_share_one_trace():
    """BS408: tensors, NumPy's scalars and the numbers of `Dataset.enumerate()` and `tf.range` share one."""
    assert traces(map(tf.constant, range(10))) == 1
    assert traces(tf.range(10)) == 1
    assert traces(np.arange(10)) == 1
    assert traces(number for number, _ in tf.data.Dataset.range(10).enumerate()) == 1


def test_a_signature_makes_tensors():
    """BS408: an `input_signature` turns numbers into tensors."""
    assert traces(map(float, range(10)), input_signature=[tf.TensorSpec([], tf.float32)]) == 1


def test_flags_have_two_traces():
    """BS408: a flag has two values, and two traces."""
    assert traces(number == 0 for number in range(10)) == 2


def growing(sizes=range(1, 20)):
    """Arrays that get longer."""
    data = np.zeros((50, 2), np.float32)
    return [data[:size] for size in sizes]


def sentences():
    """Sequences of 1 to 40 tokens."""
    return tf.data.Dataset.from_generator(
        lambda: ([1] * length for length in range(1, 41)), output_signature=tf.TensorSpec([None], tf.int32)
    )


def test_every_shape_is_a_trace():
    """BS408: arrays and tensors are traced once for each shape."""
    assert traces(growing()) == 19
    assert traces(map(tf.constant, growing())) == 19


def test_reduce_retracing_leaves_sizes_open():
    """BS408: with `reduce_retracing=True` the second shape is the last that is traced; a signature needs one trace."""
    assert traces(map(tf.constant, growing()), reduce_retracing=True) == 2
    assert traces(growing(), input_signature=[tf.TensorSpec([None, 2])]) == 1


def test_a_smaller_last_batch_is_one_more_trace():
    """BS408: only the last batch differs: two traces."""
    data = np.zeros((50, 2), np.float32)
    assert traces(data[start : start + 8] for start in range(0, 50, 8)) == 2


def test_padded_batches_have_their_own_lengths():
    """BS408: `padded_batch` pads each batch to its longest sample, unless it is told a length."""
    assert traces(sentences().padded_batch(4)) == 10
    assert traces(sentences().padded_batch(4, padded_shapes=[None])) == 10
    assert traces(sentences().padded_batch(4, padded_shapes=[40])) == 1


def test_buckets_pad_to_the_longest_sample_too():
    """BS408: the batches of a bucket have their own lengths, unless they are padded to its boundary."""

    def bucketed(**options):
        return sentences().bucket_by_sequence_length(lambda one: tf.shape(one)[0], [11, 21, 31, 41], [4] * 5, **options)

    assert traces(bucketed()) > 8
    assert traces(bucketed(pad_to_bucket_boundary=True, drop_remainder=True)) == 4


def test_ragged_batches_share_a_trace():
    """BS408: a ragged batch leaves the length open."""
    assert traces(sentences().ragged_batch(4)) == 1
