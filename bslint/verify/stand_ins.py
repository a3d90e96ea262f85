"""Synthetic samples in the place of what a program reads: arrays, records, folders of files. Runs in the child."""

from __future__ import annotations

import glob
import importlib
import inspect
import sys
import types
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from bslint.verify import recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# What arrays of which nothing is known are made of, in the order in which it is tried.
KINDS = ("images", "rows", "files", "pairs", "numbers")
_SIDE = 32
# So many images are different ones.
_IMAGES = 512
_FEATURES = 8
_CLASSES = 2
# What `keras.datasets` has: the shape and type of a sample, the shape of its label, the number of classes.
_KERAS = {
    "mnist": ((28, 28), "uint8", (), 10),
    "fashion_mnist": ((28, 28), "uint8", (), 10),
    "cifar10": ((32, 32, 3), "uint8", (1,), 10),
    "cifar100": ((32, 32, 3), "uint8", (1,), 100),
    "boston_housing": ((13,), "float64", (), 0),
    "california_housing": ((8,), "float32", (), 0),
}
_TEXTS = ("imdb", "reuters")
_LABELS = ("label", "target", "class", "answer")
_TABLES = ("read_csv", "read_json", "read_parquet", "read_pickle", "read_excel", "read_table")
_LOADERS = ("image_dataset_from_directory", "text_dataset_from_directory")


class NoStandInError(Exception):
    """What a program reads has no synthetic counterpart; the message names it."""


class Table(np.ndarray):
    """An array that stands for a table, too: its columns and methods give the same samples."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self

    def __call__(self, *_: Any, **__: Any) -> Any:
        """Whatever a method of a table is asked, it gives the table."""
        return self

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str) and any(word in key.lower() for word in _LABELS):
            return (np.arange(len(self)) % _CLASSES).view(Table)
        if isinstance(key, str) or (isinstance(key, list) and key and all(isinstance(one, str) for one in key)):
            return self
        return super().__getitem__(key)


class StandIns:
    """Makes synthetic samples.

    Args:
        samples: how many.
        kind: one of `KINDS`.
        tables: whether pandas reads some.
    """

    def __init__(self, samples: int, kind: str, *, tables: bool = False) -> None:
        self.tables = tables
        self.samples = samples
        self.kind = kind
        self.told: dict[str, str] = {}
        self.guessed = False

    def named(self, name: str, shape: tuple[int | None, ...] | None = None, dtype: str = "") -> Any:
        """The samples that a variable of the program stands for.

        Args:
            name: the variable.
            shape: as far as it is known; the first axis is always the samples.
            dtype: its type, empty where it is not known.
        """
        if shape is not None:
            sample = tuple(_FEATURES if length is None else length for length in shape[1:])
            return self._kept(name, self._array(sample, dtype or ("float32" if sample else "int64")))
        self.guessed = True
        if name == "y" or name.startswith("y_") or any(word in name.lower() for word in _LABELS):
            return self._kept(name, self._array((), "int64"))
        if self.kind == "pairs":
            self.told[name] = f"{self.samples} pairs of a file and a class"
            return [(file, number % _CLASSES) for number, file in enumerate(self.files("png"))]
        if self.kind == "files":
            return self._kept(name, np.array(self.files("png")))
        sample, dtype = {"images": ((_SIDE, _SIDE, 3), "uint8"), "rows": ((_FEATURES,), "float32")}.get(
            self.kind, ((), "int64")
        )
        return self._kept(name, self._array(sample, dtype))

    def _kept(self, name: str, array: Any) -> Any:
        self.told[name] = f"{'files' if array.dtype.kind == 'U' else array.dtype}, {tuple(array.shape)}"
        return array.view(Table)

    def _array(self, sample: tuple[int, ...], dtype: str, classes: int = _CLASSES) -> Any:
        """Samples of which no two are the same, as far as the type allows."""
        if dtype in {"str", "string", "object"}:
            return np.array([f"sample {number}" for number in range(self.samples)], dtype=object)
        if not sample and dtype.startswith("int"):
            return (np.arange(self.samples) % classes).astype(dtype)
        generator = np.random.default_rng(0)
        if dtype.startswith(("int", "uint")):
            return generator.integers(0, 255, (self.samples, *sample)).astype(dtype)
        return generator.random((self.samples, *sample), dtype="float32").astype(dtype)

    # Files

    def files(self, suffix: str) -> list[str]:
        """As many files as there are samples, each a small image, in folders by class."""
        folder = Path("files").absolute()
        names = [folder / f"class_{n % _CLASSES}" / f"{n:05}.{suffix}" for n in range(self.samples)]
        if not folder.exists():
            for number, name in enumerate(names):
                name.parent.mkdir(parents=True, exist_ok=True)
                name.write_bytes(_png(number % _IMAGES) if suffix != "txt" else b"sample %d" % number)
        return [str(name) for name in names]

    def folder(self, suffix: str, classes: Any) -> str:
        """The folder of such files, in folders of these names."""
        names = list(classes) if classes else [f"class_{number}" for number in range(_CLASSES)]
        folder = Path(f"folder_{suffix}").absolute()
        for number in range(self.samples) if not folder.exists() else ():
            name = folder / names[number % len(names)] / f"{number:05}.{suffix}"
            name.parent.mkdir(parents=True, exist_ok=True)
            name.write_bytes(_png(number % _IMAGES) if suffix != "txt" else b"sample %d" % number)
        return str(folder)

    # Sources

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Inside, synthetic samples take the place of files, downloads and records."""
        before = [(owner, name, inspect.getattr_static(owner, name)) for owner, name, _ in self._replaced()]
        known = sys.modules.get("tensorflow_datasets")
        sys.modules["tensorflow_datasets"] = _module("tensorflow_datasets", load=self._tfds)
        for owner, name, made in self._replaced():
            setattr(owner, name, made)
        try:
            yield
        finally:
            for owner, name, original in before:
                setattr(owner, name, original)
            del sys.modules["tensorflow_datasets"]
            if known is not None:
                sys.modules["tensorflow_datasets"] = known

    def _replaced(self) -> list[tuple[Any, str, Any]]:
        """Modules, names in them, and what is to take their place."""
        import keras

        found: list[tuple[Any, str, Any]] = [
            (getattr(keras.datasets, name), "load_data", self._keras_data(name))
            for name in (*_KERAS, *_TEXTS)
            if hasattr(keras.datasets, name)
        ]
        found += [
            (module, name, self._loader(name, getattr(module, name)))
            for module in {id(one): one for one in (keras.utils, keras.preprocessing, *_legacy(keras))}.values()
            for name in _LOADERS
            if hasattr(module, name)
        ]
        found += [(np, name, self._read("the data")) for name in ("load", "loadtxt", "genfromtxt")]
        if self.tables:
            pandas = importlib.import_module("pandas")
            found += [(pandas, name, self._read("the table")) for name in _TABLES]
        return [
            *found,
            (glob, "glob", lambda pattern, *_, **__: self.files(_suffix(pattern))),
            (tf.data, "TFRecordDataset", self._records),
            (tf.data, "TextLineDataset", self._records),
            (tf.data.Dataset, "list_files", staticmethod(self._listed(tf.data.Dataset.list_files))),
            (tf.io, "parse_single_example", _parsed),
            (tf.io, "parse_example", _parsed),
        ]

    def _read(self, name: str) -> Callable[..., Any]:
        return lambda *_, **__: self.named(name)

    def _keras_data(self, name: str) -> Callable[..., Any]:
        def load_data(*_: Any, **__: Any) -> Any:
            self.told[f"keras.datasets.{name}"] = f"{self.samples} samples"
            if name in _TEXTS:
                texts = np.empty(self.samples, dtype=object)
                for number in range(self.samples):
                    texts[number] = [1, 2, 3 + number % 100]
                return ((texts, self._array((), "int64")),) * 2
            sample, dtype, label, classes = _KERAS[name]
            labels = self._array((), "int64", classes) if classes else self._array((1,), "float32")[:, 0]
            return ((self._array(sample, dtype), labels.reshape((self.samples, *label))),) * 2

        return load_data

    def _loader(self, name: str, original: Any) -> Callable[..., Any]:
        def load(directory: Any = None, *given: Any, **named: Any) -> Any:
            self.told[name] = f"{self.samples} files"
            suffix = "txt" if name.startswith("text") else "png"
            return original(self.folder(suffix, named.get("class_names")), *given, **named)

        return load

    def _records(self, filenames: Any = None, *_: Any, **__: Any) -> Any:
        self.told["records"] = f"{self.samples}"
        # Inside of `interleave` it is one file of many.
        count = self.samples if tf.executing_eagerly() else recorder.NESTED
        with_numbers = [b"%d" % number for number in range(count)]
        return recorder.source(tf.data.Dataset.from_tensor_slices(with_numbers), "records")

    def _listed(self, original: Any) -> Callable[..., Any]:
        def list_files(file_pattern: Any, *given: Any, **named: Any) -> Any:
            pattern = str(file_pattern[0] if isinstance(file_pattern, (list, tuple)) else file_pattern)
            return original(self.files(_suffix(pattern)), *given, **named)

        return list_files

    def _tfds(self, name: str, split: Any = None, **options: Any) -> Any:
        self.told[f"tfds {name}"] = f"{self.samples} samples"

        def one(_: Any) -> Any:
            made = {"image": self._array((_SIDE, _SIDE, 3), "uint8"), "label": self._array((), "int64")}
            found = tf.data.Dataset.from_tensor_slices(
                (made["image"], made["label"]) if options.get("as_supervised") else made
            )
            if options.get("shuffle_files"):
                found = found.shuffle(self.samples)
            return found.batch(options["batch_size"]) if options.get("batch_size") else found

        made: Any = {each: one(each) for each in ("train", "test")} if split is None else None
        if made is None:
            made = [one(each) for each in split] if isinstance(split, (list, tuple)) else one(split)
        return (made, self._info()) if options.get("with_info") else made

    def _info(self) -> Any:
        """What `with_info` tells."""
        part = types.SimpleNamespace(num_examples=self.samples)
        label = types.SimpleNamespace(num_classes=_CLASSES, names=[f"class_{number}" for number in range(_CLASSES)])
        image = types.SimpleNamespace(shape=(_SIDE, _SIDE, 3))
        return types.SimpleNamespace(
            splits=dict.fromkeys(("train", "test", "validation"), part), features={"label": label, "image": image}
        )


def _module(name: str, **given: Any) -> types.ModuleType:
    made = types.ModuleType(name)
    vars(made).update(given)
    return made


def _suffix(pattern: Any) -> str:
    return Path(str(pattern)).suffix.lstrip(".*?") or "png"


def _legacy(keras: Any) -> list[Any]:
    return [one for one in (getattr(keras.preprocessing, "image", None), getattr(tf.keras, "utils", None)) if one]


@lru_cache(maxsize=_IMAGES)
def _png(number: int) -> bytes:
    image = np.random.default_rng(number).integers(0, 255, (_SIDE, _SIDE, 3)).astype("uint8")
    return bytes(tf.io.encode_png(image).numpy())


def _parsed(serialized: Any, features: Any, *_: Any, **__: Any) -> dict[str, Any]:
    """What `parse_single_example` and `parse_example` give, whatever the records hold."""
    records = tf.convert_to_tensor(serialized)
    return {name: _feature(name, feature, tf.shape(records)) for name, feature in features.items()}


def _feature(name: str, feature: Any, records: Any) -> Any:
    if isinstance(feature, tf.io.FixedLenFeature):
        shape = [feature.shape] if isinstance(feature.shape, int) else list(feature.shape)
        one = _png(1) if feature.dtype == tf.string else 1
        return tf.fill(tf.concat([records, tf.constant(shape, tf.int32)], 0), tf.constant(one, feature.dtype))
    if isinstance(feature, tf.io.VarLenFeature):
        one = _png(1) if feature.dtype == tf.string else 1
        return tf.sparse.from_dense(tf.fill(tf.concat([records, [4]], 0), tf.constant(one, feature.dtype)))
    raise NoStandInError(f"the feature `{name}` is a {type(feature).__name__}, of which no synthetic one is made")
