"""Further cases of BS403: first what stays silent, and why; then what fires, with marks."""

SILENT = {
    "what a function out of sight returns may be smaller": """
import tensorflow as tf
from lib import batch_size_now, shrink
model = tf.keras.models.load_model("m")
while True:
    try:
        model.fit(data, batch_size=batch_size_now())
        break
    except tf.errors.ResourceExhaustedError:
        print("again")
while True:
    try:
        model.fit(data, batch_size=64)
        break
    except tf.errors.ResourceExhaustedError:
        data = shrink(data)
""",
    "a method halves the batch": """
import tensorflow as tf
class Trainer:
    def __init__(self):
        self.size = 64
        self.model = tf.keras.models.load_model("m")
    def shrink(self):
        self.size //= 2
    def run(self):
        while True:
            try:
                self.model.fit(x, y, batch_size=self.size)
                return
            except tf.errors.ResourceExhaustedError:
                self.shrink()
Trainer().run()
""",
    "the loop halves the batch and keeps a flag": """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

bs = 64
model = keras.models.load_model("m.h5")
done = False
while not done:
    try:
        model.fit(x, y, batch_size=bs)
        done = True
    except tf.errors.ResourceExhaustedError:
        bs = bs // 2
""",
    "the function calls itself with half the batch": """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

def train(model: keras.Model, bs):
    try:
        return model.fit(x, y, batch_size=bs)
    except tf.errors.ResourceExhaustedError:
        return train(model, bs // 2)
train(keras.models.load_model("m"), 64)
""",
    "an attribute of a configuration shrinks": """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

class Cfg: batch_size = 64
cfg = Cfg()
model = keras.models.load_model("m")
for attempt in range(5):
    try:
        model.fit(x, y, batch_size=cfg.batch_size)
        break
    except tf.errors.ResourceExhaustedError:
        cfg.batch_size //= 2
""",
    "an entry of a dict shrinks": """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

cfg = {"batch_size": 64}
model = keras.models.load_model("m")
for attempt in range(5):
    try:
        model.fit(x, y, batch_size=cfg["batch_size"])
        break
    except tf.errors.ResourceExhaustedError:
        cfg["batch_size"] //= 2
""",
    "the model shrinks": """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

def build(units):
    m = keras.Sequential([keras.Input((8,)), layers.Dense(units), layers.Dense(1)])
    m.compile("adam", "mse")
    return m
units = 512
while True:
    try:
        model = build(units)
        model.fit(x, y, batch_size=64)
        break
    except tf.errors.ResourceExhaustedError as e:
        units //= 2
""",
    "what follows the handler may free memory": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
oom = False
while True:
    if oom:
        model.trainable = False
    try:
        model.fit(x, y, batch_size=64)
        break
    except tf.errors.ResourceExhaustedError:
        oom = True
done = False
while not done:
    oom = False
    try:
        model.fit(x, y, batch_size=64)
        done = True
    except tf.errors.ResourceExhaustedError:
        oom = True
    if oom:
        make_room()
""",
    "the loop goes on when training succeeds as well": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
for part in range(30):
    failed = False
    try:
        model.fit(x, y, batch_size=64)
    except tf.errors.ResourceExhaustedError:
        failed = True
    if failed:
        print("part", part, "failed")
going = True
while going:
    try:
        model.fit(x, y, batch_size=64)
    except tf.errors.ResourceExhaustedError:
        going = False
""",
    "the loop ends when training fails": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
for part in range(30):
    failed = False
    try:
        model.fit(x, y, batch_size=64)
    except tf.errors.ResourceExhaustedError:
        failed = True
    if failed:
        break
""",
}

FIRING = {
    "flags": """
import tensorflow as tf
model = tf.keras.models.load_model("m")
for attempt in range(3):
    try:
        model.fit(x, y, batch_size=64)
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    except tf.errors.ResourceExhaustedError:
        print("again")
        continue
    break
while True:
    oom = False
    try:
        model.fit(x, y, batch_size=64)
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    except tf.errors.ResourceExhaustedError as error:
        print(error)
        oom = True
    if not oom:
        break
tries, done = 0, False
while tries < 5 and not done:
    try:
        model.fit(x, y, batch_size=64)
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        done = True
    except tf.errors.ResourceExhaustedError:
        done = False
        tries += 1
retry = True
while retry:
    try:
        model.fit(x, y, batch_size=64)
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    except tf.errors.ResourceExhaustedError:
        pass
    else:
        retry = False
def train():
    oom = True
    while oom:
        try:
            oom = False
            model.fit(x, y, batch_size=64)
#           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        except tf.errors.ResourceExhaustedError:
            oom = True
    return model
def attempts():
    for attempt in range(3):
        try:
            history = model.fit(x, y, batch_size=64)
#                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        except tf.errors.ResourceExhaustedError:
            continue
        return history
""",
    "a method calls itself": """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

class T:
    def __init__(self): self.bs = 64; self.model = keras.models.load_model("m")
    def train(self):
        try:
            self.model.fit(x, y, batch_size=self.bs)
        except tf.errors.ResourceExhaustedError:
            self.bs //= 2
            self.train()
    def train_same(self):
        try:
            self.model.fit(x, y, batch_size=self.bs)
        except tf.errors.ResourceExhaustedError:
            self.train_same()
#           ^^^^^^^^^^^^^^^^^
T().train(); T().train_same()
""",
    "a dataset again": """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

ds = tf.data.Dataset.from_tensor_slices((x, y))
model = keras.models.load_model("m")
try:
    model.fit(ds.batch(64))
except tf.errors.ResourceExhaustedError:
    model.fit(ds.batch(16))
try:
    model.fit(train_ds, epochs=5)
except tf.errors.ResourceExhaustedError:
    import gc; gc.collect()
    model.fit(train_ds, epochs=5)
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "a model that is built alike": """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

def build():
    m = keras.Sequential([keras.Input((8,)), layers.Dense(64), layers.Dense(1)])
    m.compile("adam", "mse")
    return m
BATCH = 512
for attempt in range(3):
    try:
        model = build()
        model.fit(x, y, batch_size=BATCH)
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        break
    except tf.errors.ResourceExhaustedError as e:
        print("OOM", e)
        keras.backend.clear_session()
""",
}
