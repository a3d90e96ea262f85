"""BS306 accumulation-not-averaged: what the sum of the gradients of mean losses does to the step."""

import functools

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow", reason="the claims are run against TensorFlow")
keras = pytest.importorskip("keras", reason="the claims are run against Keras")

pytestmark = pytest.mark.tensorflow

K = 8


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(4 * K, 3)).astype("float32"), rng.normal(size=(4 * K, 1)).astype("float32")


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    made = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    made(np.zeros((1, 3), "float32"))
    return made


def gradient(model, x, y, loss=keras.losses.MeanSquaredError()):  # noqa: B008 - it has no state
    with tf.GradientTape() as tape:
        value = loss(y, model(x, training=True))
    return [one.numpy() for one in tape.gradient(value, model.trainable_variables)]


def summed(model, x, y, **options):
    parts = [gradient(model, x[i : i + 4], y[i : i + 4], **options) for i in range(0, 4 * K, 4)]
    return [sum(one) for one in zip(*parts, strict=True)]


def moved(optimizer, model, gradients):
    before = [v.numpy() for v in model.trainable_variables]
    optimizer.apply_gradients(zip([tf.constant(g) for g in gradients], model.trainable_variables, strict=True))
    return np.concatenate([(v.numpy() - b).ravel() for v, b in zip(model.trainable_variables, before, strict=True)])


def test_sum_of_mean_gradients_is_k_times_that_of_the_large_batch(model, data):
    """BS306: the summed gradients of k micro-batches are k times the gradient of one batch of all their samples."""
    for ours, whole in zip(summed(model, *data), gradient(model, *data), strict=True):
        np.testing.assert_allclose(ours, K * whole, rtol=1e-3, atol=1e-5)


def test_gradients_of_summed_losses_may_be_summed(model, data):
    """BS306: with a loss reduced by a sum, the summed gradients are the gradient of the large batch."""
    loss = keras.losses.MeanSquaredError(reduction="sum")
    for ours, whole in zip(summed(model, *data, loss=loss), gradient(model, *data, loss=loss), strict=True):
        np.testing.assert_allclose(ours, whole, rtol=1e-3, atol=1e-4)


def test_gradient_of_a_vector_is_that_of_its_sum(model, data):
    """BS306: a target that is not reduced counts as its sum, so nothing has to be divided."""
    x, y = data
    with tf.GradientTape(persistent=True) as tape:
        vector = keras.losses.mean_squared_error(y, model(x))
        total = tf.reduce_sum(vector)
    for one, other in zip(
        tape.gradient(vector, model.trainable_variables), tape.gradient(total, model.trainable_variables), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_default_reduction_of_loss_objects_is_a_mean():
    """BS306: Keras's loss objects average over the batch unless they are told otherwise."""
    y, p = np.zeros((4, 1), "float32"), np.full((4, 1), 2.0, "float32")
    assert float(keras.losses.MeanSquaredError()(y, p)) == 4.0
    assert float(keras.losses.MeanSquaredError(reduction="sum")(y, p)) == 16.0


def test_step_of_sgd_is_k_times_as_long(model, data):
    """BS306: SGD moves the weights k times as far with the sum as with the mean."""
    initial = model.get_weights()
    far = moved(keras.optimizers.SGD(0.01), model, summed(model, *data))
    model.set_weights(initial)
    near = moved(keras.optimizers.SGD(0.01), model, gradient(model, *data))
    np.testing.assert_allclose(far, K * near, rtol=1e-2, atol=1e-6)


def test_adam_divides_the_size_out_again(model, data):
    """BS306: Adam's first step is the same with the sum as with the mean, unless the gradients are clipped first."""
    initial = model.get_weights()
    far = moved(keras.optimizers.Adam(0.01), model, summed(model, *data))
    model.set_weights(initial)
    near = moved(keras.optimizers.Adam(0.01), model, gradient(model, *data))
    np.testing.assert_allclose(far, near, rtol=1e-3)


def test_a_limit_that_suits_the_mean_clips_the_sum(model, data):
    """BS306: a norm that the mean keeps below is exceeded by the sum."""
    whole = gradient(model, *data)
    limit = 2 * float(tf.linalg.global_norm(whole))
    assert float(tf.linalg.global_norm(summed(model, *data))) > limit


def test_keras_accumulates_and_averages(model, data):
    """BS306: with `gradient_accumulation_steps=k`, k calls of `apply_gradients` make one step with the mean."""
    x, y = data
    initial = model.get_weights()
    near = moved(keras.optimizers.SGD(0.1), model, gradient(model, x, y))
    model.set_weights(initial)
    optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=K)
    total = 0
    for i in range(0, 4 * K, 4):
        total = total + moved(optimizer, model, gradient(model, x[i : i + 4], y[i : i + 4]))
    np.testing.assert_allclose(total, near, rtol=1e-2, atol=1e-6)


@pytest.mark.parametrize(
    "total",
    [
        lambda parts: [tf.add_n(one) for one in zip(*parts, strict=True)],
        lambda parts: [tf.reduce_sum(tf.stack(one), axis=0) for one in zip(*parts, strict=True)],
        lambda parts: [tf.add_n([part[i] for part in parts]) for i in range(2)],
        lambda parts: [np.sum(one, axis=0) for one in zip(*parts, strict=True)],
        lambda parts: tf.nest.map_structure(lambda *one: tf.add_n(one), *parts),
        lambda parts: functools.reduce(lambda a, b: [p + q for p, q in zip(a, b, strict=True)], parts),
    ],
    ids=["add_n", "reduce_sum", "by index", "NumPy", "map_structure", "reduce"],
)
def test_gradients_that_are_collected_and_summed_are_no_mean_either(model, data, total):
    """BS306: however the collected gradients are summed, the sum is K times the gradient of the large batch."""
    x, y = data
    parts = [gradient(model, x[i : i + 4], y[i : i + 4]) for i in range(0, 4 * K, 4)]
    for one, whole in zip(total(parts), gradient(model, x, y), strict=True):
        np.testing.assert_allclose(np.asarray(one), K * whole, rtol=1e-4, atol=1e-5)
