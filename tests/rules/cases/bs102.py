"""Further cases of BS102: first what stays silent, and why; then what fires, with marks."""

_NET = """
import keras
import tensorflow as tf
from keras import layers

def net():
    inputs = keras.Input((256, 256, 3))
    x = inputs
    for filters in (64, 128, 256):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    return keras.Model(inputs, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)))
"""

SILENT = {
    "a loop over a distributed dataset, of as many replicas as there are devices": """
import tensorflow as tf
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = tf.keras.applications.ResNet50(weights=None)
    optimizer = tf.keras.optimizers.SGD(0.1)
dataset = tf.data.TFRecordDataset("a").map(parse, num_parallel_calls=4).batch(512).prefetch(1)
def step(x, y):
    with tf.GradientTape() as tape:
        losses = tf.keras.losses.sparse_categorical_crossentropy(y, model(x, training=True))
        loss = tf.nn.compute_average_loss(losses, global_batch_size=512)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
for x, y in strategy.experimental_distribute_dataset(dataset):
    strategy.run(step, args=(x, y))
""",
    "the size of the input is a name from another package": """
import tensorflow as tf
from sizes import SAMPLES
inputs = tf.keras.Input(shape=(SAMPLES, 1))
model = tf.keras.Model(inputs, tf.keras.layers.Conv1D(4, 3)(inputs))
model.compile("adam", "mse")
model.fit(x, y, batch_size=4096)
""",
    "the batch size comes from outside": _NET
    + """
import os
model = net()
model.compile("adam", "mse")
model.fit(x, y, batch_size=int(os.environ["BATCH"]))
""",
    "prediction keeps no activations": _NET
    + """
model = net()
model.compile("adam", "mse")
model.predict(x, batch_size=2048)
""",
    "replicas that nobody has counted": """
import tensorflow as tf
with tf.distribute.MirroredStrategy().scope():
    model = tf.keras.applications.ResNet50(weights=None, classes=10)
    model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=1024)
""",
    "it fits": _NET
    + """
model = net()
model.compile("adam", "mse")
model.fit(x, y, batch_size=16)
""",
    "the optimizer is not known": _NET
    + """
from optimizers import Ours
model = net()
model.compile(Ours(), "mse")
model.fit(x, y, batch_size=2048)
""",
    "the model is loaded": """
import keras
keras.models.load_model("m.keras").fit(x, y, batch_size=2048)
""",
    "the shape of the input is not known": """
import keras
from keras import layers
model = keras.Sequential([layers.Conv2D(64, 3, padding="same"), layers.GlobalAveragePooling2D(), layers.Dense(10)])
model.compile("adam", "mse")
model.fit(x, y, batch_size=4096)
""",
    "frozen layers keep nothing": """
import keras
base = keras.applications.ResNet50(include_top=False, pooling="avg", input_shape=(224, 224, 3))
base.trainable = False
model = keras.Sequential([base, keras.layers.Dense(10)])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=128)
""",
    "one of two batch sizes": _NET
    + """
import sys
model = net()
model.compile("adam", "mse")
model.fit(x, y, batch_size=2048 if sys.argv[1:] else 8)
""",
    "a TPU": _NET
    + """
strategy = tf.distribute.TPUStrategy(resolver)
with strategy.scope():
    model = net()
    model.compile("adam", "mse")
model.fit(x, y, batch_size=1024)
""",
    "shared by replicas": _NET
    + """
strategy = tf.distribute.MirroredStrategy(["GPU:0", "GPU:1", "GPU:2", "GPU:3"])
with strategy.scope():
    model = net()
    model.compile("adam", "mse")
model.fit(x, y, batch_size=64)
""",
    "a unit test": _NET
    + """
def test_it_trains():
    model = net()
    model.compile("adam", "mse")
    model.fit(x, y, batch_size=2048)
""",
}

FIRING = {
    "a network of keras.applications": """
import keras
model = keras.applications.ResNet50(weights=None, classes=10)
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=1024)
#                          ^^^^
""",
    "a helper builds it in a loop": _NET
    + """
model = net()
model.compile("adam", "mse")
model.fit(x, y, batch_size=2048)
#                          ^^^^
""",
    "a function's default": _NET
    + """
def train(batch_size=1024):
#                    ^^^^
    model = net()
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
    model.fit(tf.data.Dataset.from_tensor_slices((x, y)).batch(batch_size), epochs=3)
train()
""",
    "texts padded to one length": """
from keras import Sequential
from keras.datasets import imdb
from keras.layers import LSTM, Dense, Embedding
from keras.preprocessing import sequence
(x, y), _ = imdb.load_data(num_words=20000)
x = sequence.pad_sequences(x, maxlen=500)
model = Sequential()
model.add(Embedding(20000, 128))
model.add(LSTM(512, return_sequences=True))
model.add(LSTM(512))
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="adam")
model.fit(x, y, batch_size=4096, epochs=15)
#                          ^^^^
""",
    "a step written by hand": _NET
    + """
model = net()
optimizer = keras.optimizers.Adam()
ds = tf.data.Dataset.from_tensor_slices((x, y)).batch(512).prefetch(1)
#                                                     ^^^

@tf.function
def step(images, labels):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(keras.losses.mse(labels, model(images, training=True)))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))

for images, labels in ds:
    step(images, labels)
""",
    "each replica has more than it can hold": _NET
    + """
strategy = tf.distribute.MirroredStrategy(["GPU:0", "GPU:1"])
with strategy.scope():
    model = net()
    model.compile("adam", "mse")
model.fit(x, y, batch_size=1024)
#                          ^^^^
""",
    "the batch size of fit that nobody wrote": """
import keras
from keras import layers
model = keras.Sequential([keras.Input((128, 256, 256, 1)), layers.Conv3D(64, 3, padding="same"), layers.Conv3D(64, 3, padding="same"), layers.GlobalAveragePooling3D(), layers.Dense(2)])
model.compile("adam", "mse")
history = model.fit(x, y)
#         ^^^^^^^^^^^^^^^
""",
}
