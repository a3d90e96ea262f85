"""BS104 batch-size-with-dataset: who reads `batch_size` when the data is already batched."""

import warnings

import pytest

tf = pytest.importorskip("tensorflow", reason="the claims are run against TensorFlow")
keras = pytest.importorskip("keras", reason="the claims are run against Keras")

pytestmark = pytest.mark.tensorflow


def batches(arrays, times=2):
    x, y = arrays
    for _ in range(times):
        yield x[:5], y[:5]


def py_dataset(arrays):
    x, y = arrays

    class Halves(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return x[5 * index : 5 * index + 5], y[5 * index : 5 * index + 5]

    return Halves()


@pytest.mark.parametrize("batch_size", [1, 7, 2.5, "many"])
def test_fit_ignores_batch_size_with_a_dataset(model, pairs, steps_of, batch_size):
    """BS104: `fit` ignores `batch_size` when the data is a `Dataset`, whatever its value."""
    assert steps_of(model, pairs.batch(5), batch_size=batch_size) == ([2], 0)


def test_fit_says_nothing_about_the_ignored_batch_size(model, pairs):
    """BS104: Keras 3 neither raises nor warns about a `batch_size` that it ignores."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(pairs.batch(5), batch_size=1, shuffle=False, verbose=0)

    assert not [warning for warning in caught if "batch" in str(warning.message)]


def test_fit_ignores_batch_size_with_a_generator(model, arrays, steps_of):
    """BS104: `fit` ignores `batch_size` when the data is a Python generator."""
    assert steps_of(model, batches(arrays), batch_size=1) == ([2], 0)


def test_fit_ignores_batch_size_with_a_py_dataset(model, arrays, steps_of):
    """BS104: `fit` ignores `batch_size` when the data is a Keras `PyDataset`."""
    assert steps_of(model, py_dataset(arrays), batch_size=1) == ([2], 0)


def test_fit_ignores_batch_size_with_an_image_iterator(arrays, steps_of):
    """BS104: what `ImageDataGenerator.flow` returns is a `PyDataset`, with its own batches of 32."""
    images = tf.keras.preprocessing.image.ImageDataGenerator().flow(tf.zeros([40, 4, 4, 3]).numpy(), [0] * 40)
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)

    assert isinstance(images, keras.utils.PyDataset)
    assert steps_of(model, images, batch_size=1) == ([2], 0)


def test_fit_ignores_batch_size_with_a_torch_loader(model, arrays, steps_of):
    """BS104: `fit` ignores `batch_size` when the data is a torch `DataLoader`."""
    torch = pytest.importorskip("torch", reason="a torch DataLoader needs torch")
    tensors = torch.utils.data.TensorDataset(*map(torch.tensor, arrays))
    loader = torch.utils.data.DataLoader(tensors, batch_size=5)

    assert steps_of(model, loader, batch_size=1) == ([2], 0)


def test_sequence_is_py_dataset():
    """BS104: `keras.utils.Sequence` is the same class as `keras.utils.PyDataset` in Keras 3."""
    assert keras.utils.Sequence is keras.utils.PyDataset


def test_evaluate_ignores_batch_size_with_a_dataset(model, pairs, arrays):
    """BS104: `evaluate` ignores `batch_size` when the data is a `Dataset` or a generator."""
    steps = []
    count = keras.callbacks.LambdaCallback()
    count.on_test_batch_end = lambda batch, logs=None: steps.append(batch)

    model.evaluate(pairs.batch(5), batch_size=1, verbose=0, callbacks=[count])
    model.evaluate(batches(arrays), batch_size=1, verbose=0, callbacks=[count])

    assert steps == [0, 1, 0, 1]


def test_predict_ignores_batch_size_with_a_dataset(model, pairs):
    """BS104: `predict` ignores `batch_size` when the data is a `Dataset`."""
    steps = []
    count = keras.callbacks.LambdaCallback()
    count.on_predict_batch_end = lambda batch, logs=None: steps.append(batch)

    model.predict(pairs.map(lambda x, y: x).batch(5), batch_size=1, verbose=0, callbacks=[count])

    assert steps == [0, 1]


def test_validation_batch_size_is_ignored_with_a_dataset(model, pairs, steps_of):
    """BS104: `fit` ignores `validation_batch_size` when `validation_data` is a `Dataset`."""
    data = pairs.batch(5)

    assert steps_of(model, data, validation_data=data, validation_batch_size=1) == ([2], 2)


def test_batch_size_reaches_validation_arrays_beside_a_dataset(model, arrays, pairs, steps_of):
    """BS104: with a `Dataset` for training, `batch_size` still cuts the *arrays* of `validation_data`.

    So it is not ignored there, and dropping it would validate in batches of 32.
    """
    data = pairs.batch(5)

    assert steps_of(model, data, batch_size=1, validation_data=arrays) == ([2], 10)
    assert steps_of(model, data, validation_data=arrays) == ([2], 1)


def test_validation_batch_size_wins_over_batch_size(model, arrays, pairs, steps_of):
    """BS104: `validation_batch_size` decides for validation arrays, so `batch_size` beside it has no reader."""
    data = pairs.batch(5)

    assert steps_of(model, data, batch_size=1, validation_batch_size=5, validation_data=arrays) == ([2], 2)


def test_batch_size_beside_arrays_ignores_validation_dataset(model, arrays, pairs, steps_of):
    """BS104: arrays for training use `batch_size`; a `Dataset` for validation keeps its own batches."""
    assert steps_of(model, *arrays, batch_size=2, validation_data=pairs.batch(5)) == ([5], 2)


def test_tensors_count_as_arrays(model, arrays, steps_of):
    """BS104: TensorFlow tensors are arrays to `fit`: `batch_size` counts."""
    assert steps_of(model, *map(tf.constant, arrays), batch_size=2) == ([5], 0)


def test_fit_takes_no_dataset_iterator(model, pairs):
    """BS104: `fit` refuses `iter(dataset)`: an iterator of a `Dataset` is not a generator."""
    with pytest.raises(ValueError, match="Unrecognized data type"):
        model.fit(iter(pairs.batch(5)), batch_size=1, verbose=0)


def test_train_on_batch_has_no_batch_size(model, arrays):
    """BS104: `train_on_batch` takes no `batch_size`: its whole argument is the batch."""
    with pytest.raises(TypeError, match="batch_size"):
        model.train_on_batch(*arrays, batch_size=5)


@pytest.mark.parametrize("kind", ["dataset", "generator"])
def test_keras_2_ignores_batch_size_too(arrays, pairs, kind):
    """BS104: the legacy `tf_keras` (Keras 2) ignores `batch_size` with a dataset or generator just as silently."""
    keras_2 = pytest.importorskip("tf_keras", reason="Keras 2 needs tf_keras")
    model = keras_2.Sequential([keras_2.layers.Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse", run_eagerly=True)

    model.fit(pairs.batch(5) if kind == "dataset" else batches(arrays), batch_size=1, verbose=0)

    assert int(model.optimizer.iterations) == 2
