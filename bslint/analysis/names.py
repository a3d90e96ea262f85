"""Canonical API names: the many import paths of one TensorFlow or Keras object become one name.

`tensorflow.keras.X`, `tf.keras.X`, `tensorflow.python.keras.X`, `tf_keras.X` and `keras.X` are `keras.X`; everything else
of TensorFlow starts with `tf.`; TensorFlow Datasets with `tfds.`; NumPy with `numpy.`.
"""

from __future__ import annotations

from functools import lru_cache

# Longest first: the first prefix that fits is replaced, once per round.
_PREFIXES: tuple[tuple[str, str], ...] = (
    ("tensorflow.compat.v1.keras", "keras"),
    ("tensorflow.compat.v2.keras", "keras"),
    ("tensorflow.python.keras.api.keras", "keras"),
    ("tensorflow.python.keras", "keras"),
    ("tensorflow.contrib.keras", "keras"),
    ("tensorflow.keras", "keras"),
    ("tensorflow.compat.v1", "tf"),
    ("tensorflow.compat.v2", "tf"),
    ("tensorflow.compat", "tf"),
    ("tensorflow.python.data.ops.dataset_ops", "tf.data"),
    ("tensorflow.python.data", "tf.data"),
    ("tensorflow", "tf"),
    ("tensorflow_datasets.public_api", "tfds"),
    ("tensorflow_datasets", "tfds"),
    ("keras._tf_keras.keras", "keras"),
    ("keras.api", "keras"),
    ("keras.src", "keras"),
    ("keras.python.keras", "keras"),
    ("tf_keras.src", "keras"),
    ("tf_keras", "keras"),
    ("keras_core", "keras"),
)

_ALIASES: dict[str, str] = {
    "keras.models.Model": "keras.Model",
    "keras.models.Sequential": "keras.Sequential",
    "keras.models.Functional": "keras.Model",
    "keras.engine.training.Model": "keras.Model",
    "keras.engine.Model": "keras.Model",
    "keras.layers.Input": "keras.Input",
    "keras.engine.Input": "keras.Input",
    "keras.preprocessing.image_dataset_from_directory": "keras.utils.image_dataset_from_directory",
    "keras.preprocessing.image.image_dataset_from_directory": "keras.utils.image_dataset_from_directory",
    "keras.preprocessing.text_dataset_from_directory": "keras.utils.text_dataset_from_directory",
    "keras.preprocessing.text.text_dataset_from_directory": "keras.utils.text_dataset_from_directory",
    "keras.preprocessing.timeseries_dataset_from_array": "keras.utils.timeseries_dataset_from_array",
    "keras.preprocessing.timeseries.timeseries_dataset_from_array": "keras.utils.timeseries_dataset_from_array",
    "keras.preprocessing.sequence.timeseries_dataset_from_array": "keras.utils.timeseries_dataset_from_array",
    "keras.preprocessing.audio_dataset_from_directory": "keras.utils.audio_dataset_from_directory",
    "keras.utils.data_utils.Sequence": "keras.utils.Sequence",
    "keras.utils.PyDataset": "keras.utils.Sequence",
    "keras.utils.all_utils.Sequence": "keras.utils.Sequence",
    "tf.contrib.distribute.MirroredStrategy": "tf.distribute.MirroredStrategy",
    "tf.distribute.experimental.TPUStrategy": "tf.distribute.TPUStrategy",
    "tf.distribute.experimental.MultiWorkerMirroredStrategy": "tf.distribute.MultiWorkerMirroredStrategy",
    "tf.python.framework.errors_impl.ResourceExhaustedError": "tf.errors.ResourceExhaustedError",
    "tf.python.framework.errors.ResourceExhaustedError": "tf.errors.ResourceExhaustedError",
    "tf.errors_impl.ResourceExhaustedError": "tf.errors.ResourceExhaustedError",
    "tf.data.experimental.TFRecordDataset": "tf.data.TFRecordDataset",
    "tf.data.experimental.save": "tf.data.Dataset.save",
    "tf.data.experimental.load": "tf.data.Dataset.load",
    "tf.data.DatasetV2": "tf.data.Dataset",
    "tf.data.DatasetV1": "tf.data.Dataset",
    "tf.app.flags": "absl.flags",
    "tf.flags": "absl.flags",
    "tf.python.platform.flags": "absl.flags",
    "tf.app.run": "absl.app.run",
    "np": "numpy",
}

_SUBMODULES = ("layers", "optimizers", "losses", "metrics", "callbacks", "regularizers", "initializers")


@lru_cache(maxsize=4096)
def canonical(name: str) -> str:
    """The one name of a library object, given any of its import paths.

    Args:
        name: dotted path as imported, for example `tensorflow.compat.v1.keras.layers.Dense`.
    """
    for prefix, replacement in _PREFIXES:
        if name == prefix or name.startswith(f"{prefix}."):
            name = replacement + name[len(prefix) :]
            break
    if name.startswith("tf.keras"):
        name = name[3:]
    if name.startswith("keras."):
        name = _flat_keras(name)
    return _longest_alias(name)


def _flat_keras(name: str) -> str:
    """Drop the implementation modules: `keras.layers.convolutional.Conv2D` is `keras.layers.Conv2D`."""
    parts = name.split(".")
    if len(parts) > 3 and parts[1] in _SUBMODULES and parts[-1][:1].isupper():
        return ".".join((*parts[:2], parts[-1]))
    if len(parts) > 3 and parts[1] == "applications" and not parts[-1][:1].isupper():
        return name
    if len(parts) > 3 and parts[1] == "applications":
        return f"keras.applications.{parts[-1]}"
    return name


def _longest_alias(name: str) -> str:
    head, tail = name, ""
    while head:
        if head in _ALIASES:
            return _ALIASES[head] + tail
        head, dot, last = head.rpartition(".")
        tail = dot + last + tail if dot else tail
        if not dot:
            break
    return name


def child(name: str, attribute: str) -> str:
    """The canonical name of an attribute of a library object."""
    return canonical(f"{name}.{attribute}")
