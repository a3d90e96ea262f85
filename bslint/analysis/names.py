"""Canonical API names: the many import paths of one TensorFlow or Keras object become one name.

`tensorflow.keras.X`, `tf.keras.X`, `tensorflow.python.keras.X`, `tf_keras.X` and `keras.X` are `keras.X`; everything
else of TensorFlow starts with `tf.`; TensorFlow Datasets with `tfds.`; NumPy with `numpy.`.
"""

from __future__ import annotations

import builtins
from functools import lru_cache

# Longest first: the first prefix that fits is replaced, once per round.
_PREFIXES: tuple[tuple[str, str], ...] = (
    ("tensorflow.compat.v1.keras", "keras"),
    ("tensorflow.compat.v2.keras", "keras"),
    ("tensorflow.python.keras.api.keras", "keras"),
    ("tensorflow.python.keras", "keras"),
    ("tensorflow.contrib.keras", "keras"),
    ("tensorflow.keras", "keras"),
    ("tensorflow.contrib.data", "tf.data.experimental"),
    ("tensorflow.compat.v1", "tf"),
    ("tensorflow.compat.v2", "tf"),
    ("tensorflow.python.data.ops.dataset_ops", "tf.data"),
    ("tensorflow.python.data", "tf.data"),
    ("tensorflow", "tf"),
    ("tensorflow_datasets.public_api", "tfds"),
    ("tensorflow_datasets", "tfds"),
    ("keras._tf_keras.keras", "keras"),
    ("keras.api", "keras"),
    ("keras.src", "keras"),
    ("keras.python.keras", "keras"),
    ("keras_preprocessing", "keras.preprocessing"),
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
    "keras.legacy.preprocessing": "keras.preprocessing",
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

# What a star import from these modules binds; every other capitalised name may come from `keras.layers`.
_EXPORTS: dict[str, frozenset[str]] = {
    "keras": frozenset(
        [
            "Model",
            "Sequential",
            "Input",
            "activations",
            "applications",
            "backend",
            "callbacks",
            "constraints",
            "datasets",
            "initializers",
            "layers",
            "losses",
            "metrics",
            "models",
            "optimizers",
            "preprocessing",
            "regularizers",
            "utils",
        ]
    ),
    "keras.models": frozenset(
        ["Model", "Sequential", "Functional", "load_model", "save_model", "clone_model", "model_from_json"]
    ),
    "keras.optimizers": frozenset(
        ["Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lion", "Nadam", "Optimizer", "RMSprop", "SGD"]
    ),
    "keras.callbacks": frozenset(
        [
            "BackupAndRestore",
            "CSVLogger",
            "Callback",
            "CallbackList",
            "EarlyStopping",
            "History",
            "LambdaCallback",
            "LearningRateScheduler",
            "ModelCheckpoint",
            "ProgbarLogger",
            "ReduceLROnPlateau",
            "RemoteMonitor",
            "TensorBoard",
            "TerminateOnNaN",
        ]
    ),
    "keras.utils": frozenset(
        [
            "Sequence",
            "PyDataset",
            "to_categorical",
            "plot_model",
            "get_file",
            "image_dataset_from_directory",
            "text_dataset_from_directory",
            "timeseries_dataset_from_array",
            "audio_dataset_from_directory",
        ]
    ),
    "keras.preprocessing.image": frozenset(["ImageDataGenerator", "load_img", "img_to_array", "array_to_img"]),
}
# The functional interface of the merging layers.
_MERGING = frozenset("add average concatenate dot maximum minimum multiply subtract".split())
_NO_LAYERS = frozenset[str]().union(*_EXPORTS.values()) - {"Input"}

_SUBMODULES = ("layers", "optimizers", "losses", "metrics", "callbacks", "regularizers", "initializers")


@lru_cache(maxsize=4096)
def canonical(name: str) -> str:
    """The one name of a library object, given any of its import paths.

    Args:
        name: dotted path as imported, for example `tensorflow.compat.v1.keras.layers.Dense`.
    """
    if name.startswith("tf."):
        name = f"tensorflow{name[2:]}"
    for prefix, replacement in _PREFIXES:
        if name == prefix or name.startswith(f"{prefix}."):
            name = replacement + name[len(prefix) :]
            break
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


def star_member(module: str, name: str) -> str | None:
    """The canonical name of what `from module import *` binds as `name`, None when it binds no such name.

    Args:
        module: canonical name of a library's module.
        name: the variable.
    """
    if module in _EXPORTS:
        return child(module, name) if name in _EXPORTS[module] else None
    if module == "keras.layers" and name in _MERGING:
        return child(module, name)
    library = module.partition(".")[0]
    if library == "keras" and name in _NO_LAYERS:
        return None
    if library in {"keras", "tfds"} and name[:1].isupper():
        return child(module, name)
    return child(module, name) if module == "tf" and not hasattr(builtins, name) else None


def child(name: str, attribute: str) -> str:
    """The canonical name of an attribute of a library object."""
    return canonical(f"{name}.{attribute}")


def is_familiar(name: str) -> bool:
    """Whether a name belongs to Python itself, TensorFlow, Keras or NumPy: libraries that don't change what they get."""
    head, _, rest = name.partition(".")
    return not rest or head in _FAMILIAR


_FAMILIAR = frozenset(
    "tf keras numpy math time sys os logging functools itertools operator collections copy gc".split()
)
