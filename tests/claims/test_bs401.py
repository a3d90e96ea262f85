"""BS401 oom-retry-in-handler: what an out-of-memory error leaves behind while it is being handled."""

import gc
import time
import weakref

import pytest

np = pytest.importorskip("numpy", reason="the claims need NumPy")
tf = pytest.importorskip("tensorflow", reason="the claims are run against TensorFlow")
keras = pytest.importorskip("keras", reason="the claims are run against Keras")

pytestmark = pytest.mark.tensorflow

OutOfMemory = tf.errors.ResourceExhaustedError


@pytest.fixture
def no_collection():
    """Switch the cyclic collector off: what dies meanwhile dies by reference counts."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_error_is_no_runtime_error_and_no_memory_error():
    """BS401: `ResourceExhaustedError` is an `OpError`, hence an `Exception`; no `RuntimeError`, no `MemoryError`."""
    assert issubclass(OutOfMemory, tf.errors.OpError)
    assert issubclass(OutOfMemory, Exception)
    assert not issubclass(OutOfMemory, (RuntimeError, MemoryError, ValueError, OSError, tf.errors.InternalError))


def test_an_allocation_beyond_memory_raises_it(out_of_memory):
    """BS401: an allocation that can't be served raises `ResourceExhaustedError` and names it OOM."""
    with pytest.raises(OutOfMemory, match="OOM when allocating"):
        out_of_memory()


def test_fit_raises_it(card):
    """BS401: training beyond the device's memory raises `ResourceExhaustedError` out of `model.fit`, unwrapped."""
    assert card["fit"]["kinds"][:3] == ["ResourceExhaustedError", "OpError", "Exception"]


def test_layer_raises_it(out_of_memory):
    """BS401: raised inside a layer, it stays a `ResourceExhaustedError`, whatever Keras adds to its message."""
    layer = keras.layers.Lambda(lambda x: out_of_memory())

    with pytest.raises(OutOfMemory):
        layer(tf.zeros([1, 1]))


def test_sibling_handlers_do_not_catch_what_a_handler_raises(out_of_memory):
    """BS401: an error raised inside an `except` block is not caught by the other `except` blocks of its `try`."""
    caught_by_sibling = False

    def train():
        nonlocal caught_by_sibling
        try:
            out_of_memory()
        except OutOfMemory:
            out_of_memory()
        except Exception:
            caught_by_sibling = True

    with pytest.raises(OutOfMemory) as second:
        train()

    assert not caught_by_sibling
    assert isinstance(second.value.__context__, OutOfMemory)


def make_model(spoil):
    """Two dense layers with `spoil` between them, compiled as `fit` compiles them, without XLA."""

    class Spoil(keras.layers.Layer):
        def call(self, x):
            return spoil(x)

    made = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), Spoil(), keras.layers.Dense(1)])
    made.compile("sgd", "mse", jit_compile=False)
    return made


def pause():
    """Wait in the graph, so that what doesn't depend on this has run."""
    return tf.py_function(lambda: time.sleep(0.5), [], [])


def fail(model):
    with pytest.raises(OutOfMemory):
        model.fit(np.ones((4, 3), "float32"), np.ones((4, 1), "float32"), batch_size=4, verbose=0)


def test_failed_backward_pass_leaves_half_a_step(out_of_memory):
    """BS401: when a compiled step fails in its backward pass, the layers behind that place have been updated.

    The layers before it have not, and the optimizer has counted the step.
    """

    @tf.custom_gradient
    def spoil(x):
        def gradient(upstream):
            with tf.control_dependencies([upstream, pause()]):
                return upstream + tf.reduce_sum(out_of_memory(upstream[0, 0]))

        return tf.identity(x), gradient

    model = make_model(spoil)
    before = [w.numpy() for w in model.trainable_weights]
    fail(model)
    changed = [bool((w.numpy() != b).any()) for w, b in zip(model.trainable_weights, before, strict=True)]

    assert changed == [False, False, True, True]
    assert int(model.optimizer.iterations) == 1


def test_failed_forward_pass_counts_a_step(out_of_memory):
    """BS401: when a compiled step fails in its forward pass, no weight has moved, yet the optimizer counted a step."""

    def spoil(x):
        with tf.control_dependencies([pause()]):
            return x + tf.reduce_sum(out_of_memory(x[0, 0]))

    model = make_model(spoil)
    before = [w.numpy() for w in model.trainable_weights]
    fail(model)

    assert all((w.numpy() == b).all() for w, b in zip(model.trainable_weights, before, strict=True))
    assert int(model.optimizer.iterations) == 1


def test_end_of_the_data_counts_a_step():
    """BS401: reading past the end of a dataset of unknown length fails a compiled step, which the optimizer counts.

    So an epoch of n batches moves `optimizer.iterations` by n + 1.
    """

    def batches():
        for _ in range(2):
            yield tf.ones([5, 3]), tf.ones([5, 1])
        time.sleep(0.5)

    spec = (tf.TensorSpec((5, 3)), tf.TensorSpec((5, 1)))
    model = make_model(tf.identity)
    model.fit(tf.data.Dataset.from_generator(batches, output_signature=spec), epochs=2, verbose=0)

    assert int(model.optimizer.iterations) == 2 * (2 + 1)


def test_eager_step_that_fails_before_the_update_leaves_the_model(out_of_memory):
    """BS401: in an eager loop, a step that fails before the update has changed neither model nor optimizer."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.SGD()
    optimizer.build(model.trainable_variables)
    before = [w.numpy() for w in model.trainable_weights]

    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(tf.ones([2, 3]))) + tf.reduce_sum(out_of_memory())
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)

    with pytest.raises(OutOfMemory):
        step()

    assert all((w.numpy() == b).all() for w, b in zip(model.trainable_weights, before, strict=True))
    assert int(optimizer.iterations) == 0


def failing_forward(out_of_memory, watched, through=lambda x: x):
    """Hold an activation in this frame, and run out of memory."""
    activation = tf.ones([8])
    watched.append(weakref.ref(activation))
    through(activation)
    out_of_memory()


def test_handler_keeps_the_tensors_of_failed_frames(out_of_memory, no_collection):
    """BS401: while the handler runs, the traceback keeps the tensors of the failed frames; leaving it frees them."""
    watched = []
    try:
        failing_forward(out_of_memory, watched)
    except OutOfMemory:
        inside = watched[0]() is not None

    assert inside
    assert watched[0]() is None


def test_bare_handler_keeps_them_too(out_of_memory, no_collection):
    """BS401: a handler without `as error` keeps them no less: the interpreter holds the error being handled."""
    watched = []
    try:
        failing_forward(out_of_memory, watched)
    except Exception:
        assert watched[0]() is not None

    assert watched[0]() is None


def test_a_kept_error_keeps_them_for_good(out_of_memory, no_collection):
    """BS401: an error that is stored outside its handler keeps the tensors after it."""
    watched, last = [], None
    try:
        failing_forward(out_of_memory, watched)
    except OutOfMemory as error:
        last = error

    assert watched[0]() is not None
    last.__traceback__ = None
    assert watched[0]() is None


def test_keras_frames_outlive_the_handler(out_of_memory, no_collection):
    """BS401: an error that went through a Keras layer is part of a reference cycle.

    Leaving the handler does not free the tensors of its frames: `gc.collect()` does.
    """
    watched = []
    layer = keras.layers.Lambda(lambda x: failing_forward(out_of_memory, watched) or x)
    try:
        layer(tf.zeros([1, 1]))
    except OutOfMemory:
        inside = watched[0]() is not None

    assert inside
    assert watched[0]() is not None
    gc.collect()
    assert watched[0]() is None


def test_compiled_fit_keeps_no_activations_in_the_handler(card):
    """BS401: after a failed compiled `fit`, the handler holds next to nothing of the device's memory.

    The activations belonged to the graph's run, not to Python frames: a step takes tens of MiB here.
    """
    held = card["fit"]["inside"] - card["fit"]["before"]

    assert held < 10 < card["peaks"][-1] - card["fit"]["before"]


def test_fresh_model_and_smaller_batch_run_after_the_handler(card):
    """BS401: after the handler, a fresh model trains with a smaller batch in the same process."""
    assert card["steps of the smaller batch"] == 1


def test_memory_is_back_once_cycles_are_collected(card):
    """BS401: after the handler and a collection, the device holds what it held before the failed step."""
    assert card["fit"]["collected"] == pytest.approx(card["fit"]["before"], abs=1)
