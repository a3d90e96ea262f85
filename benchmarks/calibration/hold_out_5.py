"""The fifth hold-out, written down when the traced depth was done: no estimate of these models was seen before."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from benchmarks.calibration.cases import Case, application


def generator() -> keras.Model:
    """The generator of a DCGAN: from noise to 64×64 pixels by transposed convolutions."""
    inputs = keras.Input((128,))
    x = layers.Reshape((8, 8, 256))(layers.Dense(8 * 8 * 256, use_bias=False)(inputs))
    for filters in (256, 128, 64):
        x = layers.LeakyReLU(0.2)(layers.BatchNormalization()(x))
        x = layers.Conv2DTranspose(filters, 4, strides=2, padding="same", use_bias=False)(x)
    x = layers.LeakyReLU(0.2)(layers.BatchNormalization()(x))
    return keras.Model(inputs, layers.Conv2D(3, 5, padding="same", activation="tanh")(x))


def resnext() -> keras.Model:
    """Residual blocks with grouped convolutions, on 64×64 images."""

    def unit(x: Any, filters: int, stride: int) -> Any:
        y = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(filters, 1, use_bias=False)(x)))
        y = layers.Conv2D(filters, 3, strides=stride, padding="same", groups=8, use_bias=False)(y)
        y = layers.ReLU()(layers.BatchNormalization()(y))
        y = layers.BatchNormalization()(layers.Conv2D(2 * filters, 1, use_bias=False)(y))
        x = layers.BatchNormalization()(layers.Conv2D(2 * filters, 1, strides=stride, use_bias=False)(x))
        return layers.ReLU()(layers.Add()([x, y]))

    inputs = keras.Input((64, 64, 3))
    x = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(32, 3, padding="same", use_bias=False)(inputs)))
    for filters, stride in ((32, 1), (64, 2), (128, 2)):
        x = unit(x, filters, stride)
    return keras.Model(inputs, layers.Dense(50, activation="softmax")(layers.GlobalAveragePooling2D()(x)))


def characters() -> keras.Model:
    """The next character of a text by two stacked LSTMs."""
    inputs = keras.Input((80,), dtype="int32")
    x = layers.Embedding(1000, 48)(inputs)
    for _ in range(2):
        x = layers.Dropout(0.2)(layers.LSTM(192, return_sequences=True)(x))
    return keras.Model(inputs, layers.Dense(1000, activation="softmax")(x))


def sound_events() -> keras.Model:
    """Events in a spectrogram: convolutions, a bidirectional GRU, a decision for each frame."""
    x = inputs = keras.Input((120, 40, 1))
    for filters, pool in ((32, 5), (64, 4), (64, 2)):
        x = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same")(x)))
        x = layers.Dropout(0.3)(layers.MaxPooling2D((1, pool))(x))
    x = layers.Bidirectional(layers.GRU(64, return_sequences=True))(layers.Reshape((120, 64))(x))
    x = layers.TimeDistributed(layers.Dense(32, activation="relu"))(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def factorisation() -> keras.Model:
    """Clicks from twelve embedded columns: products of pairs beside a deep network."""
    columns = [keras.Input((1,), dtype="int32") for _ in range(12)]
    parts = [layers.Embedding(4000, 24)(column) for column in columns]
    fields = layers.Concatenate(axis=1)(parts)
    pairs = layers.Flatten()(layers.Dot(axes=2)([fields, fields]))
    x = layers.Flatten()(fields)
    for units in (400, 400, 400):
        x = layers.Dropout(0.5)(layers.Dense(units, activation="relu")(x))
    return keras.Model(columns, layers.Dense(2, activation="softmax")(layers.Concatenate()([pairs, x])))


def point_cloud() -> keras.Model:
    """A point network: the same small network on 1024 points, and the maximum over them."""
    inputs = keras.Input((1024, 3))
    x = inputs
    for filters in (64, 64, 128, 512):
        x = layers.Activation("relu")(layers.BatchNormalization()(layers.Conv1D(filters, 1)(x)))
    x = layers.GlobalMaxPooling1D()(x)
    for units in (256, 128):
        x = layers.Dropout(0.3)(layers.Activation("relu")(layers.BatchNormalization()(layers.Dense(units)(x))))
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def patches() -> keras.Model:
    """A small vision transformer with learned places and pre-normalised blocks."""
    inputs = keras.Input((72, 72, 3))
    x = layers.Reshape((144, 96))(layers.Conv2D(96, 6, strides=6)(inputs))
    for _ in range(5):
        y = layers.LayerNormalization(epsilon=1e-6)(x)
        x = layers.Add()([x, layers.MultiHeadAttention(6, 32, dropout=0.1)(y, y)])
        y = layers.Dropout(0.1)(layers.Dense(192, activation="gelu")(layers.LayerNormalization(epsilon=1e-6)(x)))
        x = layers.Add()([x, layers.Dropout(0.1)(layers.Dense(96)(y))])
    x = layers.Dropout(0.5)(layers.Flatten()(layers.LayerNormalization(epsilon=1e-6)(x)))
    return keras.Model(inputs, layers.Dense(100, activation="softmax")(layers.Dense(256, activation="gelu")(x)))


def plain_cnn() -> keras.Model:
    """Pairs of convolutions with batch normalisation and dropout on 32×32 images."""
    x = inputs = keras.Input((32, 32, 3))
    for filters in (64, 128, 256):
        for _ in range(2):
            x = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same", activation="elu")(x))
        x = layers.Dropout(0.3)(layers.MaxPooling2D()(x))
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(layers.Flatten()(x)))


def anomalies() -> keras.Model:
    """Reconstruction of windows of a series: an LSTM reads, its state is repeated, an LSTM writes."""
    inputs = keras.Input((60, 8))
    x = layers.RepeatVector(60)(layers.LSTM(128)(inputs))
    x = layers.LSTM(128, return_sequences=True)(layers.Dropout(0.2)(x))
    return keras.Model(inputs, layers.TimeDistributed(layers.Dense(8))(x))


HOLD_OUT_5: dict[str, Case] = {
    "generator": Case(generator, "adam", (32,), "mse"),
    "resnext": Case(resnext, "momentum", (16,)),
    "characters": Case(characters, "adam", (64,)),
    "sound_events": Case(sound_events, "adam", (32,)),
    "factorisation": Case(factorisation, "adam", (4096,)),
    "point_cloud": Case(point_cloud, "adam", (32,)),
    "patches": Case(patches, "adamw", (32,)),
    "plain_cnn": Case(plain_cnn, "rmsprop", (64,)),
    "anomalies": Case(anomalies, "adam", (256,), "mse"),
    "mobilenetv2_small": Case(application("MobileNetV2", 128), "adam", (16,)),
}
