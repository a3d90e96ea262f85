"""Trains an image classifier from TFRecord files, first its head and then the whole network.

This is the script of 300 rows on which bslint's start is measured; see `startup.py`. It has no findings.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CLASSES = 120
CHANNELS = 3
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)

FEATURES = {
    "image/encoded": tf.io.FixedLenFeature([], tf.string),
    "image/class/label": tf.io.FixedLenFeature([], tf.int64),
    "image/filename": tf.io.FixedLenFeature([], tf.string, default_value=""),
}


@dataclass(frozen=True)
class Settings:
    """What can be chosen on the command line."""

    data: Path
    output: Path
    image_size: int = 224
    batch_size: int = 64
    head_epochs: int = 4
    epochs: int = 40
    learning_rate: float = 3e-4
    weight_decay: float = 1e-5
    dropout: float = 0.2
    label_smoothing: float = 0.1
    examples: int = 12_000
    seed: int = 17
    mixed_precision: bool = False


def parse_arguments() -> Settings:
    """The settings that were given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--output", type=Path, default=Path("runs"))
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--head-epochs", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--learning-rate", type=float, default=3e-4)
    parser.add_argument("--weight-decay", type=float, default=1e-5)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--label-smoothing", type=float, default=0.1)
    parser.add_argument("--examples", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--mixed-precision", action="store_true")
    return Settings(**vars(parser.parse_args()))


# Data


def decode(record: tf.Tensor, size: int) -> tuple[tf.Tensor, tf.Tensor]:
    """An image and its label from a serialized example."""
    example = tf.io.parse_single_example(record, FEATURES)
    image = tf.io.decode_jpeg(example["image/encoded"], channels=CHANNELS)
    image = tf.image.resize(tf.cast(image, tf.float32), (size, size)) / 255.0
    image = (image - tf.constant(MEAN)) / tf.constant(DEVIATION)
    label = tf.one_hot(tf.cast(example["image/class/label"], tf.int32), CLASSES)
    return image, label


def augment(image: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """A random variant of an image."""
    image = tf.image.random_flip_left_right(image)
    image = tf.image.random_brightness(image, 0.2)
    image = tf.image.random_contrast(image, 0.8, 1.2)
    return image, label


def shards(folder: Path, split: str) -> list[str]:
    """The files of a split."""
    files = sorted(str(file) for file in folder.glob(f"{split}-*.tfrecord"))
    if not files:
        raise SystemExit(f"no files of split {split} in {folder}")
    return files


def training_data(settings: Settings) -> tf.data.Dataset:
    """Shuffled, augmented batches."""
    files = tf.data.Dataset.from_tensor_slices(shards(settings.data, "train"))
    files = files.shuffle(256, seed=settings.seed)
    ds = files.interleave(
        tf.data.TFRecordDataset, cycle_length=8, num_parallel_calls=tf.data.AUTOTUNE, deterministic=False
    )
    ds = ds.map(lambda record: decode(record, settings.image_size), num_parallel_calls=tf.data.AUTOTUNE)
    ds = ds.map(augment, num_parallel_calls=tf.data.AUTOTUNE)
    ds = ds.shuffle(8 * settings.batch_size).batch(settings.batch_size)
    return ds.prefetch(tf.data.AUTOTUNE)


def evaluation_data(settings: Settings, split: str) -> tf.data.Dataset:
    """Batches in their order."""
    ds = tf.data.TFRecordDataset(shards(settings.data, split), num_parallel_reads=tf.data.AUTOTUNE)
    ds = ds.map(lambda record: decode(record, settings.image_size), num_parallel_calls=tf.data.AUTOTUNE)
    return ds.batch(settings.batch_size).prefetch(tf.data.AUTOTUNE)


# Model


def squeeze_excite(inputs: tf.Tensor, ratio: int = 4) -> tf.Tensor:
    """Weighs the channels by what they hold."""
    channels = inputs.shape[-1]
    weights = layers.GlobalAveragePooling2D(keepdims=True)(inputs)
    weights = layers.Conv2D(channels // ratio, 1, activation="relu")(weights)
    weights = layers.Conv2D(channels, 1, activation="sigmoid")(weights)
    return layers.Multiply()([inputs, weights])


def residual(inputs: tf.Tensor, filters: int, strides: int = 1) -> tf.Tensor:
    """Two convolutions beside a shortcut."""
    outputs = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(inputs)
    outputs = layers.BatchNormalization()(outputs)
    outputs = layers.Activation("relu")(outputs)
    outputs = layers.Conv2D(filters, 3, padding="same", use_bias=False)(outputs)
    outputs = layers.BatchNormalization()(outputs)
    outputs = squeeze_excite(outputs)
    if strides != 1 or inputs.shape[-1] != filters:
        inputs = layers.Conv2D(filters, 1, strides=strides, use_bias=False)(inputs)
        inputs = layers.BatchNormalization()(inputs)
    return layers.Activation("relu")(layers.Add()([inputs, outputs]))


def backbone(size: int) -> keras.Model:
    """The part that turns an image into features."""
    inputs = keras.Input((size, size, CHANNELS))
    outputs = layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False)(inputs)
    outputs = layers.BatchNormalization()(outputs)
    outputs = layers.Activation("relu")(outputs)
    for filters, blocks in ((64, 2), (128, 3), (256, 4), (512, 2)):
        for block in range(blocks):
            outputs = residual(outputs, filters, strides=2 if block == 0 else 1)
    return keras.Model(inputs, outputs, name="backbone")


def build_model(settings: Settings) -> keras.Model:
    """Backbone and head."""
    features = backbone(settings.image_size)
    inputs = keras.Input(features.input_shape[1:])
    outputs = features(inputs)
    outputs = layers.GlobalAveragePooling2D()(outputs)
    outputs = layers.Dropout(settings.dropout)(outputs)
    outputs = layers.Dense(CLASSES, activation="softmax", dtype="float32")(outputs)
    return keras.Model(inputs, outputs, name="classifier")


class WarmUpCosine(keras.optimizers.schedules.LearningRateSchedule):
    """Rises linearly, then falls along a cosine."""

    def __init__(self, peak: float, warm_up: int, total: int) -> None:
        super().__init__()
        self.peak = peak
        self.warm_up = warm_up
        self.total = total

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """The learning rate of a step."""
        step = tf.cast(step, tf.float32)
        rising = self.peak * step / self.warm_up
        progress = (step - self.warm_up) / (self.total - self.warm_up)
        falling = 0.5 * self.peak * (1.0 + tf.cos(math.pi * tf.minimum(progress, 1.0)))
        return tf.where(step < self.warm_up, rising, falling)

    def get_config(self) -> dict[str, float]:
        """What makes an equal schedule."""
        return {"peak": self.peak, "warm_up": self.warm_up, "total": self.total}


def compile_model(model: keras.Model, settings: Settings, epochs: int, peak: float) -> None:
    """Prepares a phase of the training."""
    total = epochs * settings.examples // settings.batch_size
    schedule = WarmUpCosine(peak, total // 10, total)
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=settings.weight_decay, clipnorm=1.0)
    model.compile(
        optimizer=optimizer,
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=settings.label_smoothing),
        metrics=["accuracy", keras.metrics.TopKCategoricalAccuracy(5, name="top5")],
    )


# Training


class Throughput(keras.callbacks.Callback):
    """Prints how many images each epoch took in per second."""

    def __init__(self, examples: int) -> None:
        super().__init__()
        self.examples = examples
        self.started = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Starts the clock."""
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Reads the clock."""
        seconds = time.perf_counter() - self.started
        print(f"epoch {epoch}: {self.examples / seconds:.0f} images/s")


def callbacks(settings: Settings, phase: str) -> list[keras.callbacks.Callback]:
    """What watches a phase of the training."""
    folder = settings.output / phase
    folder.mkdir(parents=True, exist_ok=True)
    return [
        Throughput(settings.examples),
        keras.callbacks.CSVLogger(str(folder / "history.csv")),
        keras.callbacks.ModelCheckpoint(str(folder / "best.keras"), monitor="val_accuracy", save_best_only=True),
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=8, restore_best_weights=True),
        keras.callbacks.TerminateOnNaN(),
    ]


def train(model: keras.Model, settings: Settings) -> None:
    """Trains the head on frozen features, then everything."""
    train_ds = training_data(settings)
    val_ds = evaluation_data(settings, "validation")
    features = model.get_layer("backbone")
    features.trainable = False
    compile_model(model, settings, settings.head_epochs, 10 * settings.learning_rate)
    model.fit(train_ds, validation_data=val_ds, epochs=settings.head_epochs, callbacks=callbacks(settings, "head"))
    features.trainable = True
    compile_model(model, settings, settings.epochs, settings.learning_rate)
    model.fit(train_ds, validation_data=val_ds, epochs=settings.epochs, callbacks=callbacks(settings, "all"))


# Evaluation


def confusion(model: keras.Model, ds: tf.data.Dataset) -> np.ndarray:
    """How often each class was taken for each other one."""
    matrix = np.zeros((CLASSES, CLASSES), np.int64)
    for images, labels in ds:
        predicted = tf.argmax(model(images, training=False), axis=1)
        np.add.at(matrix, (tf.argmax(labels, axis=1).numpy(), predicted.numpy()), 1)
    return matrix


def worst_pairs(matrix: np.ndarray, count: int = 10) -> Iterator[tuple[int, int, int]]:
    """The classes that are mistaken for each other most often."""
    mistakes = matrix.copy()
    np.fill_diagonal(mistakes, 0)
    for flat in np.argsort(mistakes, axis=None)[::-1][:count]:
        row, column = divmod(int(flat), CLASSES)
        yield row, column, int(mistakes[row, column])


def write_report(folder: Path, metrics: dict[str, float], matrix: np.ndarray) -> None:
    """Writes figures as JSON and mistakes as a table."""
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=2), "utf-8")
    with (folder / "mistakes.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["class", "taken for", "times"])
        writer.writerows(worst_pairs(matrix))


def timed(action: Callable[[], None]) -> float:
    """Seconds that an action takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def main() -> None:
    """Trains and evaluates."""
    settings = parse_arguments()
    keras.utils.set_random_seed(settings.seed)
    if settings.mixed_precision:
        keras.mixed_precision.set_global_policy("mixed_float16")
    model = build_model(settings)
    model.summary()
    seconds = timed(lambda: train(model, settings))
    test_ds = evaluation_data(settings, "test")
    metrics = {**model.evaluate(test_ds, return_dict=True), "seconds": seconds, **asdict(settings)}
    write_report(
        settings.output,
        {key: value for key, value in metrics.items() if not isinstance(value, Path)},
        confusion(model, test_ds),
    )
    model.save(settings.output / "model.keras")


if __name__ == "__main__":
    main()
