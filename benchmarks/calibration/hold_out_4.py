"""The fourth hold-out: models of kinds that the other sets lack, written down before any estimate of them was seen."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from benchmarks.calibration.cases import Case, application


def squeeze_excite() -> keras.Model:
    """An 18-layer residual network with squeeze-and-excitation, on 64×64 images."""

    def unit(x: Any, filters: int, stride: int) -> Any:
        y = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(x)
        y = layers.ReLU()(layers.BatchNormalization()(y))
        y = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same", use_bias=False)(y))
        gate = layers.GlobalAveragePooling2D(keepdims=True)(y)
        gate = layers.Dense(filters, activation="sigmoid")(layers.Dense(filters // 16, activation="relu")(gate))
        y = layers.Multiply()([y, gate])
        if stride > 1:
            x = layers.BatchNormalization()(layers.Conv2D(filters, 1, strides=stride, use_bias=False)(x))
        return layers.ReLU()(layers.Add()([x, y]))

    inputs = keras.Input((64, 64, 3))
    x = layers.Conv2D(64, 3, padding="same", use_bias=False)(inputs)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for filters in (64, 128, 256, 512):
        for place in range(2):
            x = unit(x, filters, 2 if place == 0 and filters > 64 else 1)
    return keras.Model(inputs, layers.Dense(200, activation="softmax")(layers.GlobalAveragePooling2D()(x)))


def temporal_cnn() -> keras.Model:
    """Residual blocks of dilated causal convolutions over a multivariate series."""
    x = inputs = keras.Input((1000, 12))
    for level in range(6):
        y = x
        for _ in range(2):
            y = layers.Conv1D(64, 3, padding="causal", dilation_rate=2**level)(y)
            y = layers.SpatialDropout1D(0.1)(layers.Activation("relu")(layers.BatchNormalization()(y)))
        x = layers.Activation("relu")(layers.Add()([y, x if level else layers.Conv1D(64, 1)(x)]))
    return keras.Model(inputs, layers.Dense(5, activation="softmax")(layers.GlobalAveragePooling1D()(x)))


def text_encoder() -> keras.Model:
    """A text encoder on tokens and segments with dropout everywhere, and a pooled head."""
    tokens, segments = keras.Input((128,), dtype="int32"), keras.Input((128,), dtype="int32")
    x = layers.Add()([layers.Embedding(30000, 256)(tokens), layers.Embedding(1000, 256)(segments)])
    x = layers.Dropout(0.1)(layers.LayerNormalization(epsilon=1e-12)(x))
    for _ in range(4):
        y = layers.MultiHeadAttention(4, 64, dropout=0.1)(x, x)
        x = layers.LayerNormalization(epsilon=1e-12)(layers.Add()([x, layers.Dropout(0.1)(y)]))
        y = layers.Dense(256)(layers.Dense(1024, activation="gelu")(x))
        x = layers.LayerNormalization(epsilon=1e-12)(layers.Add()([x, layers.Dropout(0.1)(y)]))
    x = layers.Dense(256, activation="tanh")(layers.GlobalMaxPooling1D()(x))
    return keras.Model([tokens, segments], layers.Dense(2, activation="softmax")(layers.Dropout(0.1)(x)))


def image_pairs() -> keras.Model:
    """Two images through one encoder, and their squared difference."""
    encoder = keras.Sequential([keras.Input((105, 105, 1))])
    for filters, size in ((64, 10), (128, 7), (128, 4)):
        encoder.add(layers.Conv2D(filters, size, activation="relu"))
        encoder.add(layers.MaxPooling2D())
    encoder.add(layers.Conv2D(256, 4, activation="relu"))
    encoder.add(layers.Flatten())
    encoder.add(layers.Dense(1024, activation="sigmoid"))
    left, right = keras.Input((105, 105, 1)), keras.Input((105, 105, 1))
    difference = layers.Subtract()([encoder(left), encoder(right)])
    squared = layers.Multiply()([difference, difference])
    return keras.Model([left, right], layers.Dense(2, activation="softmax")(squared))


def denoiser() -> keras.Model:
    """A denoising autoencoder: pooling down, nearest-neighbour upsampling up."""
    x = inputs = keras.Input((96, 96, 3))
    for filters in (32, 64, 128):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(padding="same")(x)
    for filters in (128, 64, 32):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.UpSampling2D()(x)
    return keras.Model(inputs, layers.Conv2D(3, 3, padding="same", activation="sigmoid")(x))


def discriminator() -> keras.Model:
    """The discriminator of a DCGAN on 64×64 images."""
    x = inputs = keras.Input((64, 64, 3))
    for filters in (64, 128, 256, 512):
        x = layers.Conv2D(filters, 5, strides=2, padding="same")(x)
        x = layers.Dropout(0.3)(layers.LeakyReLU(0.2)(x))
    return keras.Model(inputs, layers.Dense(2, activation="softmax")(layers.Flatten()(x)))


def speech() -> keras.Model:
    """Keywords from one second of raw audio, by plain 1D convolutions."""
    inputs = keras.Input((16000, 1))
    x = layers.Conv1D(64, 80, strides=4, padding="same")(inputs)
    x = layers.MaxPooling1D(4)(layers.Activation("relu")(layers.BatchNormalization()(x)))
    for filters in (64, 128, 256):
        x = layers.Conv1D(filters, 3, padding="same")(x)
        x = layers.MaxPooling1D(4)(layers.Activation("relu")(layers.BatchNormalization()(x)))
    return keras.Model(inputs, layers.Dense(35, activation="softmax")(layers.GlobalAveragePooling1D()(x)))


def moving_digits() -> keras.Model:
    """The next frames of a video of 40×40 pixels by convolutional LSTMs."""
    x = inputs = keras.Input((10, 40, 40, 1))
    for size in (5, 3):
        x = layers.ConvLSTM2D(32, size, padding="same", return_sequences=True)(x)
        x = layers.BatchNormalization()(x)
    return keras.Model(inputs, layers.Conv3D(1, 3, padding="same", activation="sigmoid")(x))


def two_towers() -> keras.Model:
    """Retrieval: a history of items on one side, an item on the other."""
    history, user, item = (keras.Input(shape, dtype="int32") for shape in ((50,), (1,), (1,)))
    items = layers.Embedding(40000, 64)
    query = layers.Concatenate()(
        [layers.GlobalAveragePooling1D()(items(history)), layers.Flatten()(layers.Embedding(10000, 64)(user))]
    )
    query = layers.Dense(64)(layers.Dense(256, activation="relu")(query))
    candidate = layers.Dense(64)(layers.Dense(256, activation="relu")(layers.Flatten()(items(item))))
    score = layers.Dot(axes=1, normalize=True)([query, candidate])
    return keras.Model([history, user, item], layers.Dense(2, activation="softmax")(score))


def attention_unet() -> keras.Model:
    """Segmentation of 96×96 images with gates on the skips."""

    def block(x: Any, filters: int) -> Any:
        for _ in range(2):
            x = layers.Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer="he_normal")(x)
        return x

    x = inputs = keras.Input((96, 96, 1))
    skips = []
    for filters in (32, 64, 128):
        x = block(x, filters)
        skips.append(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Dropout(0.5)(block(x, 256))
    for filters in (128, 64, 32):
        skip = skips.pop()
        x = layers.Conv2D(filters, 2, padding="same", activation="relu")(layers.UpSampling2D()(x))
        gate = layers.Add()([layers.Conv2D(filters // 2, 1)(skip), layers.Conv2D(filters // 2, 1)(x)])
        gate = layers.Conv2D(1, 1, activation="sigmoid")(layers.Activation("relu")(gate))
        x = block(layers.Concatenate()([layers.Multiply()([skip, gate]), x]), filters)
    return keras.Model(inputs, layers.Conv2D(2, 1, activation="softmax")(x))


def inception() -> keras.Model:
    """Inception modules as in GoogLeNet, on 128×128 images."""

    def module(x: Any, a: int, b: tuple[int, int], c: tuple[int, int], d: int) -> Any:
        parts = [layers.Conv2D(a, 1, activation="relu")(x)]
        for (narrow, wide), size in ((b, 3), (c, 5)):
            y = layers.Conv2D(narrow, 1, activation="relu")(x)
            parts.append(layers.Conv2D(wide, size, padding="same", activation="relu")(y))
        y = layers.MaxPooling2D(3, strides=1, padding="same")(x)
        parts.append(layers.Conv2D(d, 1, activation="relu")(y))
        return layers.Concatenate()(parts)

    inputs = keras.Input((128, 128, 3))
    x = layers.Conv2D(64, 7, strides=2, padding="same", activation="relu")(inputs)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = layers.Conv2D(192, 3, padding="same", activation="relu")(layers.Conv2D(64, 1, activation="relu")(x))
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = module(x, 64, (96, 128), (16, 32), 32)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(module(x, 128, (128, 192), (32, 96), 64))
    x = module(module(x, 192, (96, 208), (16, 48), 64), 160, (112, 224), (24, 64), 64)
    x = layers.Dropout(0.4)(layers.AveragePooling2D(8)(x))
    return keras.Model(inputs, layers.Dense(100, activation="softmax")(layers.Flatten()(x)))


def heart_signal() -> keras.Model:
    """Depthwise-separable 1D convolutions with swish on a signal of 12 leads."""
    inputs = keras.Input((2500, 12))
    x = layers.Conv1D(32, 7, strides=2, padding="same", activation="swish")(inputs)
    for filters in (64, 128, 256):
        y = layers.DepthwiseConv1D(7, padding="same", use_bias=False)(x)
        y = layers.Activation("swish")(layers.BatchNormalization()(y))
        y = layers.BatchNormalization()(layers.Conv1D(filters, 1, use_bias=False)(y))
        y = layers.Activation("swish")(y)
        x = layers.AveragePooling1D(2)(layers.SeparableConv1D(filters, 5, padding="same", activation="swish")(y))
    return keras.Model(inputs, layers.Dense(5, activation="softmax")(layers.GlobalMaxPooling1D()(x)))


def reviews() -> keras.Model:
    """Sentiment: a bidirectional LSTM with attention over its steps."""
    inputs = keras.Input((160,), dtype="int32")
    x = layers.Bidirectional(layers.LSTM(64, return_sequences=True))(layers.Embedding(20000, 100)(inputs))
    x = layers.Concatenate()([x, layers.Attention()([x, x])])
    x = layers.Dense(64, activation="relu")(layers.GlobalAveragePooling1D()(x))
    return keras.Model(inputs, layers.Dense(2, activation="softmax")(layers.Dropout(0.4)(x)))


def text_lines() -> keras.Model:
    """Text recognition: convolutions, then two bidirectional LSTMs over the columns."""
    x = inputs = keras.Input((128, 32, 1))
    for filters in (32, 64):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer="he_normal")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Dense(64, activation="relu")(layers.Reshape((32, 512))(x))
    x = layers.Dropout(0.2)(x)
    x = layers.Bidirectional(layers.LSTM(128, return_sequences=True, dropout=0.25))(x)
    x = layers.Bidirectional(layers.LSTM(64, return_sequences=True, dropout=0.25))(x)
    return keras.Model(inputs, layers.Dense(80, activation="softmax")(x))


def sequence_to_sequence() -> keras.Model:
    """A GRU that reads, a GRU that writes from its state."""
    source, target = keras.Input((40,), dtype="int32"), keras.Input((40,), dtype="int32")
    _, state = layers.GRU(256, return_state=True)(layers.Embedding(8000, 128)(source))
    x = layers.Embedding(8000, 128)(target)
    x = layers.GRU(256, return_sequences=True)(x, initial_state=state)
    return keras.Model([source, target], layers.Dense(8000, activation="softmax")(x))


def mixed_table() -> keras.Model:
    """Embedded categories and numbers, with batch normalisation and dropout."""
    numbers = keras.Input((30,))
    categories = [keras.Input((1,), dtype="int32") for _ in range(8)]
    parts = [layers.Flatten()(layers.Embedding(2000, 16)(each)) for each in categories]
    x = layers.Concatenate()([*parts, layers.BatchNormalization()(numbers)])
    for units in (512, 256, 128):
        x = layers.Dense(units, use_bias=False)(x)
        x = layers.Dropout(0.3)(layers.Activation("relu")(layers.BatchNormalization()(x)))
    return keras.Model([numbers, *categories], layers.Dense(2, activation="softmax")(x))


def video() -> keras.Model:
    """A small convolutional network on each of 8 frames, then an LSTM."""
    x = inputs = keras.Input((8, 48, 48, 3))
    for filters in (16, 32, 64):
        x = layers.TimeDistributed(layers.Conv2D(filters, 3, padding="same", activation="relu"))(x)
        x = layers.TimeDistributed(layers.MaxPooling2D())(x)
    x = layers.TimeDistributed(layers.GlobalAveragePooling2D())(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(layers.LSTM(64)(x)))


def wide_resnet() -> keras.Model:
    """A wide residual network that normalises groups before each convolution, on 32×32 images."""

    def unit(x: Any, filters: int, stride: int) -> Any:
        y = layers.Activation("silu")(layers.GroupNormalization(8)(x))
        if x.shape[-1] != filters:
            x = layers.Conv2D(filters, 1, strides=stride)(y)
        y = layers.Conv2D(filters, 3, strides=stride, padding="same")(y)
        y = layers.Activation("silu")(layers.GroupNormalization(8)(y))
        return layers.Add()([x, layers.Conv2D(filters, 3, padding="same")(y)])

    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(16, 3, padding="same")(inputs)
    for filters, stride in ((64, 1), (128, 2), (256, 2)):
        for place in range(2):
            x = unit(x, filters, stride if place == 0 else 1)
    x = layers.GlobalAveragePooling2D()(layers.Activation("silu")(layers.GroupNormalization(8)(x)))
    return keras.Model(inputs, layers.Dense(100, activation="softmax")(x))


def fine_tuned() -> keras.Model:
    """A MobileNetV2 of which the last thirty layers are trained, under a new head."""
    base = keras.applications.MobileNetV2(weights=None, include_top=False, input_shape=(160, 160, 3))
    for layer in base.layers[:-30]:
        layer.trainable = False
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(base.output))
    return keras.Model(base.input, layers.Dense(5, activation="softmax")(x))


HOLD_OUT_4: dict[str, Case] = {
    "squeeze_excite": Case(squeeze_excite, "momentum", (16, 64)),
    "temporal_cnn": Case(temporal_cnn, "adam", (32, 128)),
    "text_encoder": Case(text_encoder, "adamw", (16, 32)),
    "image_pairs": Case(image_pairs, "adam", (16, 64)),
    "denoiser": Case(denoiser, "adam", (32, 128), "mse"),
    "discriminator": Case(discriminator, "adam", (64, 256)),
    "speech": Case(speech, "adam", (16, 64)),
    "moving_digits": Case(moving_digits, "adam", (4, 8), "mse"),
    "two_towers": Case(two_towers, "adam", (512, 4096)),
    "attention_unet": Case(attention_unet, "adam", (8, 32)),
    "inception": Case(inception, "momentum", (8, 32)),
    "heart_signal": Case(heart_signal, "adam", (32, 128)),
    "reviews": Case(reviews, "adam", (32, 128)),
    "text_lines": Case(text_lines, "adam", (16, 64)),
    "sequence_to_sequence": Case(sequence_to_sequence, "rmsprop", (16, 64)),
    "mixed_table": Case(mixed_table, "adam", (1024, 8192)),
    "video": Case(video, "adam", (4, 16)),
    "wide_resnet": Case(wide_resnet, "adamw", (16, 64)),
    "fine_tuned": Case(fine_tuned, "rmsprop", (8, 32)),
    "efficientnetb3": Case(application("EfficientNetB3", 300), "adam", (4,)),
    "densenet201": Case(application("DenseNet201", 160), "adam", (8,)),
    "convnextsmall": Case(application("ConvNeXtSmall", 160), "adamw", (4,)),
}
