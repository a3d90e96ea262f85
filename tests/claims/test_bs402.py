"""BS402 swallowed-oom: which handlers catch an out-of-memory error, and what the script goes on with."""

import pytest

tf = pytest.importorskip("tensorflow", reason="the claims are run against TensorFlow")
keras = pytest.importorskip("keras", reason="the claims are run against Keras")

pytestmark = pytest.mark.tensorflow

OutOfMemory = tf.errors.ResourceExhaustedError


@pytest.mark.parametrize(
    "kinds",
    [Exception, BaseException, tf.errors.OpError, OutOfMemory, (ValueError, OutOfMemory)],
    ids=["Exception", "BaseException", "OpError", "ResourceExhaustedError", "tuple"],
)
def test_handlers_that_catch_it(out_of_memory, kinds):
    """BS402: `except Exception` and `except tf.errors.OpError` catch an out-of-memory error."""
    caught = None
    try:
        out_of_memory()
    except kinds as error:
        caught = type(error)

    assert caught is OutOfMemory


def test_bare_except_catches_it(out_of_memory):
    """BS402: a bare `except` catches an out-of-memory error."""
    caught = False
    try:
        out_of_memory()
    except:  # noqa: E722
        caught = True

    assert caught


@pytest.mark.parametrize(
    "kind",
    [RuntimeError, MemoryError, ValueError, OSError, tf.errors.InternalError, tf.errors.InvalidArgumentError],
    ids=lambda kind: kind.__name__,
)
def test_handlers_that_do_not_catch_it(out_of_memory, kind):
    """BS402: `except RuntimeError` and `except MemoryError` let an out-of-memory error pass."""

    def guarded():
        try:
            out_of_memory()
        except kind:
            return "it was caught"

    with pytest.raises(OutOfMemory):
        guarded()


def test_earlier_handler_takes_it(out_of_memory):
    """BS402: with a handler for `ResourceExhaustedError` before `except Exception`, the latter never sees it."""
    taken = None
    try:
        out_of_memory()
    except OutOfMemory:
        taken = "its own"
    except Exception:
        taken = "broad"

    assert taken == "its own"


def test_later_handler_never_sees_it(out_of_memory):
    """BS402: a handler for `ResourceExhaustedError` after `except Exception` never runs."""
    taken = None
    try:
        out_of_memory()
    except Exception:
        taken = "broad"
    except OutOfMemory:
        taken = "its own"

    assert taken == "broad"


@pytest.fixture
def interrupted(out_of_memory):
    """A model whose `fit` of three epochs ran out of memory in the second one, the error swallowed."""
    seen = []

    def batches():
        seen.append(None)
        for _ in range(3):
            yield tf.ones([2, 3]), tf.ones([2, 1])
        if len(seen) == 2:
            out_of_memory()

    spec = (tf.TensorSpec((2, 3)), tf.TensorSpec((2, 1)))
    data = tf.data.Dataset.from_generator(batches, output_signature=spec).prefetch(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse", jit_compile=False)
    error = None
    try:
        model.fit(data, epochs=3, verbose=0)
    except Exception as swallowed:
        error = swallowed
    assert error is not None
    return model


def test_swallowed_error_leaves_a_half_trained_model(interrupted):
    """BS402: after a swallowed error the model keeps what it learned so far, and the script goes on with that."""
    assert interrupted.history.epoch == [0]
    assert int(interrupted.optimizer.iterations) >= 6
    assert float(tf.reduce_sum(interrupted.weights[0])) != 0


def test_half_trained_model_evaluates_and_saves(interrupted, tmp_path):
    """BS402: nothing marks the model as unfinished: it predicts, evaluates and saves."""
    interrupted.evaluate(tf.ones([2, 3]), tf.ones([2, 1]), verbose=0)
    interrupted.save(tmp_path / "model.keras")

    assert (tmp_path / "model.keras").exists()


def test_history_is_not_returned(out_of_memory, model):
    """BS402: a failed `fit` returns nothing, so `history = model.fit(…)` leaves the name as it was."""

    def batches():
        out_of_memory()
        yield tf.ones([2, 3]), tf.ones([2, 1])

    history = None
    try:
        history = model.fit(batches(), verbose=0)
    except Exception:
        assert history is None
    assert history is None


def test_an_error_in_a_generator_keeps_its_kind(out_of_memory, model):
    """BS402: out of memory in a generator that `fit` reads first comes out as `ResourceExhaustedError`."""

    def batches():
        out_of_memory()
        yield tf.ones([2, 3]), tf.ones([2, 1])

    with pytest.raises(OutOfMemory):
        model.fit(batches(), verbose=0)
