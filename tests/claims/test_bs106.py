"""BS106 fractional-steps: which numbers of steps Keras takes, and what a wrong one costs."""

import math
import warnings

import pytest

np = pytest.importorskip("numpy", reason="the claims need NumPy")
tf = pytest.importorskip("tensorflow", reason="the claims are run against TensorFlow")

pytestmark = pytest.mark.tensorflow

FLOATS = {
    "a / b, even": 10 / 5,
    "a / b, odd": 10 / 4,
    "a // b of a float": 10 // 5.0,
    "round(…, 1)": round(2.04, 1),
    "float": float(2),
    "np.ceil": np.ceil(10 / 5),
    "np.floor": np.floor(10 / 5),
    "np.round": np.round(10 / 5),
    "np.rint": np.rint(10 / 5),
    "np.trunc": np.trunc(10 / 5),
    "np.float64": np.float64(2),
}
INTEGERS = {
    "a // b": 10 // 5,
    "int": int(10 / 5),
    "round": round(10 / 5),
    "math.ceil": math.ceil(10 / 5),
    "math.floor": math.floor(10 / 5),
    "math.trunc": math.trunc(10 / 5),
    "np.ceil(…).astype(int)": np.ceil(10 / 5).astype(int),
    "int(np.ceil(…))": int(np.ceil(10 / 5)),
    "np.int64": np.int64(2),
    "integer tensor": tf.constant(2),
}
each_float = pytest.mark.parametrize("steps", FLOATS.values(), ids=FLOATS.keys())


def generator(arrays):
    while True:
        yield arrays


@each_float
def test_float_steps_per_epoch_raise(model, pairs, steps):
    """BS106: a float `steps_per_epoch` is a `TypeError`, even when the division comes out even."""
    with pytest.raises(TypeError):
        model.fit(pairs.batch(5).repeat(), steps_per_epoch=steps, verbose=0)


@pytest.mark.parametrize("steps", INTEGERS.values(), ids=INTEGERS.keys())
def test_integer_steps_per_epoch_run(model, pairs, steps_of, steps):
    """BS106: whatever yields an integer (Python, NumPy, tensor) is a number of steps."""
    assert steps_of(model, pairs.batch(5).repeat(), steps_per_epoch=steps) == ([2], 0)


def test_float_tensor_steps_raise(model, pairs):
    """BS106: a float tensor as a number of steps raises too, though with another error."""
    with pytest.raises((TypeError, AttributeError)):
        model.fit(pairs.batch(5).repeat(), steps_per_epoch=tf.math.ceil(10 / 5), verbose=0)


def test_float_steps_raise_for_every_kind_of_data(model, arrays, pairs):
    """BS106: float steps raise for arrays and generators as for datasets."""
    with pytest.raises(TypeError):
        model.fit(*arrays, batch_size=5, steps_per_epoch=10 / 5, verbose=0)
    with pytest.raises(TypeError):
        model.fit(generator(arrays), steps_per_epoch=10 / 5, verbose=0)
    with pytest.raises(TypeError):
        model.fit(pairs.batch(5), steps_per_epoch=10 / 5, verbose=0)


def test_float_steps_raise_in_evaluate_and_predict(model, pairs):
    """BS106: a float `steps` is a `TypeError` in `evaluate` and in `predict`."""
    endless = pairs.batch(5).repeat()

    with pytest.raises(TypeError):
        model.evaluate(endless, steps=10 / 5, verbose=0)
    with pytest.raises(TypeError):
        model.predict(endless.map(lambda x, y: x), steps=10 / 5, verbose=0)


def test_float_steps_per_epoch_raise_before_the_first_step(model, pairs):
    """BS106: a float `steps_per_epoch` raises before anything has been trained."""
    with pytest.raises(TypeError):
        model.fit(pairs.batch(5).repeat(), steps_per_epoch=10 / 5, verbose=0)

    assert int(model.optimizer.iterations) == 0


def test_float_validation_steps_raise_after_the_first_epoch(model, pairs):
    """BS106: a float `validation_steps` raises only once the first epoch has been trained."""
    data = pairs.batch(5)

    with pytest.raises(TypeError):
        model.fit(data, epochs=3, validation_data=data.repeat(), validation_steps=10 / 5, verbose=0)

    assert int(model.optimizer.iterations) == 2


def test_float_validation_steps_without_validation_data_are_unread(model, pairs, steps_of):
    """BS106: a float `validation_steps` is no error where nothing is validated."""
    assert steps_of(model, pairs.batch(5), validation_steps=10 / 5) == ([2], 0)


def test_floor_of_steps_leaves_a_short_second_epoch(model, pairs, steps_of):
    """BS106: on a finite dataset, `a // b` steps of an odd division leave one batch, and that is the next epoch.

    Ten samples in batches of four are three steps; `10 // 4` is two, so every second epoch trains on a single batch
    and Keras warns that the data ran out.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        steps = steps_of(model, pairs.batch(4), steps_per_epoch=10 // 4, epochs=4)

    assert steps == ([2, 1, 2, 1], 0)
    assert any("ran out of data" in str(warning.message) for warning in caught)


def test_floor_of_steps_leaves_a_short_second_epoch_of_arrays(model, arrays, steps_of):
    """BS106: `a // b` steps of an odd division do the same to arrays."""
    assert steps_of(model, *arrays, batch_size=4, steps_per_epoch=10 // 4, epochs=4) == ([2, 1, 2, 1], 0)


def test_ceiling_of_steps_is_every_batch_of_a_finite_dataset(model, pairs, steps_of):
    """BS106: `math.ceil(a / b)` steps are all the batches of a finite dataset, in every epoch, without a warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        steps = steps_of(model, pairs.batch(4), steps_per_epoch=math.ceil(10 / 4), epochs=4)

    assert steps == ([3, 3, 3, 3], 0)
    assert not [warning for warning in caught if "ran out of data" in str(warning.message)]


def test_floor_of_steps_is_every_batch_where_the_remainder_is_dropped(model, pairs, steps_of):
    """BS106: with `drop_remainder=True`, `a // b` steps are all the batches, and `math.ceil` is one too many.

    One too many trains the same steps, with a warning in every epoch.
    """
    data = pairs.batch(4, drop_remainder=True)

    assert steps_of(model, data, steps_per_epoch=10 // 4, epochs=3) == ([2, 2, 2], 0)
    with pytest.warns(UserWarning, match="ran out of data"):
        assert steps_of(model, data, steps_per_epoch=math.ceil(10 / 4), epochs=3) == ([2, 2, 2], 0)


def test_no_steps_are_needed_for_a_finite_dataset(model, pairs, steps_of):
    """BS106: a finite dataset needs no `steps_per_epoch`: an epoch is all of its batches."""
    assert steps_of(model, pairs.batch(4), epochs=2) == ([3, 3], 0)


def test_any_steps_suit_a_repeated_dataset(model, pairs, steps_of):
    """BS106: a repeated dataset gives every epoch its steps, floor or ceiling."""
    endless = pairs.batch(4).repeat()

    assert steps_of(model, endless, steps_per_epoch=10 // 4, epochs=2) == ([2, 2], 0)
    assert steps_of(model, endless, steps_per_epoch=math.ceil(10 / 4), epochs=2) == ([3, 3], 0)


@pytest.mark.parametrize(("steps", "trained"), [(10 / 5, 2), (10 / 4, 3)])
def test_keras_2_takes_float_steps(pairs, steps, trained):
    """BS106: the legacy `tf_keras` (Keras 2) takes float steps, and rounds them up."""
    keras_2 = pytest.importorskip("tf_keras", reason="Keras 2 needs tf_keras")
    model = keras_2.Sequential([keras_2.layers.Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse", run_eagerly=True)

    model.fit(pairs.batch(5).repeat(), steps_per_epoch=steps, verbose=0)

    assert int(model.optimizer.iterations) == trained
