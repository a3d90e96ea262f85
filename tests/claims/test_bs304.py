"""BS304 window-never-advances: what accumulating gradients of the same batch is worth."""

import pytest

np = pytest.importorskip("numpy", reason="the claims need NumPy")
tf = pytest.importorskip("tensorflow", reason="the claims are run against TensorFlow")

pytestmark = pytest.mark.tensorflow


def test_the_sum_of_k_gradients_of_one_batch_is_k_times_one():
    """BS304: four gradients of the same samples add up to four times one of them."""
    x, weight = tf.random.normal((8, 3)), tf.Variable(tf.random.normal((3, 1)))

    def gradient():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(x @ weight))
        return tape.gradient(loss, weight)

    total = sum((gradient() for _ in range(3)), gradient())
    np.testing.assert_allclose(total, 4 * gradient(), rtol=1e-5)


def test_a_start_without_the_inner_variable_repeats_the_window():
    """BS304: `x[batch * 2 : batch * 2 + 2]` with 4 micro-batches is 0..1 four times, then 2..3."""
    windows = [range(8)[b * 2 : b * 2 + 2] for b in range(2) for _ in range(4)]

    assert windows == [range(2)] * 4 + [range(2, 4)] * 4


@pytest.mark.parametrize(
    "draw",
    [
        lambda: (np.random.seed(0), np.random.permutation(100)[:8])[1],
        lambda: (np.random.seed(0), np.random.choice(100, 8))[1],
        lambda: np.random.default_rng(0).integers(0, 100, 8),
        lambda: (tf.random.set_seed(0), tf.random.shuffle(tf.range(100))[:8])[1],
    ],
    ids=["permutation", "choice", "generator", "tf.random"],
)
def test_the_same_seed_before_each_draw_gives_the_same_samples(draw):
    """BS304: a batch that is drawn at random stays the same where the generator is seeded before each draw."""
    assert list(draw()) == list(draw())
