"""Further cases of BS309: first what stays silent, and why; then what fires, with marks."""

SILENT = {
    "a `train_step` that counts before its `tf.cond`": """
import tensorflow as tf
class CustomTrainStep(tf.keras.Model):
    def __init__(self, n_gradients, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.n_gradients = tf.constant(n_gradients, dtype=tf.int32)
        self.n_acum_step = tf.Variable(0, dtype=tf.int32, trainable=False)
        self.total = [tf.Variable(tf.zeros_like(v), trainable=False) for v in self.trainable_variables]
    def train_step(self, data):
        self.n_acum_step.assign_add(1)
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x=x, y=y, y_pred=self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        for i in range(len(self.total)):
            self.total[i].assign_add(gradients[i] / tf.cast(self.n_gradients, tf.float32))
        tf.cond(tf.equal(self.n_acum_step, self.n_gradients), self.apply_total, lambda: None)
        return {"loss": loss}
    def apply_total(self):
        self.optimizer.apply_gradients(zip(self.total, self.trainable_variables))
        self.n_acum_step.assign(0)
        for i in range(len(self.total)):
            self.total[i].assign(tf.zeros_like(self.trainable_variables[i]))
inputs = tf.keras.Input((28, 28))
model = CustomTrainStep(10, inputs=inputs, outputs=tf.keras.layers.Dense(10)(tf.keras.layers.Flatten()(inputs)))
model.compile(loss="mse", optimizer="adam")
model.fit(x, y, batch_size=6)
""",
    "a `train_step` that counts before its `if`": """
import tensorflow as tf
class CustomTrainStep(tf.keras.Model):
    def __init__(self, n_gradients, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.n_gradients = tf.constant(n_gradients, dtype=tf.int32)
        self.n_acum_step = tf.Variable(0, dtype=tf.int32, trainable=False)
        self.total = [tf.Variable(tf.zeros_like(v), trainable=False) for v in self.trainable_variables]
    def train_step(self, data):
        self.n_acum_step.assign_add(1)
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x=x, y=y, y_pred=self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        for i in range(len(self.total)):
            self.total[i].assign_add(gradients[i] / tf.cast(self.n_gradients, tf.float32))
        if self.n_acum_step >= 10:
            self.apply_total()
        return {"loss": loss}
    def apply_total(self):
        self.optimizer.apply_gradients(zip(self.total, self.trainable_variables))
        self.n_acum_step.assign(0)
        for i in range(len(self.total)):
            self.total[i].assign(tf.zeros_like(self.trainable_variables[i]))
inputs = tf.keras.Input((28, 28))
model = CustomTrainStep(10, inputs=inputs, outputs=tf.keras.layers.Dense(10)(tf.keras.layers.Flatten()(inputs)))
model.compile(loss="mse", optimizer="adam")
model.fit(x, y, batch_size=6)
""",
    "tf.data counts from one": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.1)
dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(4)
total = None
for step, (a, b) in dataset.enumerate(start=1):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(a) - b)) / 8
    gradients = tape.gradient(loss, model.trainable_variables)
    total = gradients if total is None else [t + g for t, g in zip(total, gradients)]
    if step % 8 == 0:
        optimizer.apply_gradients(zip(total, model.trainable_variables))
        total = None
""",
    "who counts is out of sight": """
import tensorflow as tf
from batches import numbered
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.1)
total = None
for step, a, b in numbered(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(a) - b)) / 8
    gradients = tape.gradient(loss, model.trainable_variables)
    total = gradients if total is None else [t + g for t, g in zip(total, gradients)]
    if step % 8 == 0:
        optimizer.apply_gradients(zip(total, model.trainable_variables))
        total = None
""",
    "the counter is advanced first": """
import tensorflow as tf
def train(model, optimizer, dataset, k):
    total, seen = None, tf.Variable(0)
    for x, y in dataset:
        seen.assign_add(1)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x, training=True))) / k
        gradients = tape.gradient(loss, model.trainable_variables)
        total = gradients if total is None else [t + g for t, g in zip(total, gradients)]
        if tf.equal(seen % k, 0):
            optimizer.apply_gradients(zip(total, model.trainable_variables))
            total = None
""",
    "nothing says how many there should be": """
import tensorflow as tf
from helpers import due
def train(model, optimizer, dataset):
    total = None
    for step, (x, y) in enumerate(dataset):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x, training=True)))
        gradients = tape.gradient(loss, model.trainable_variables)
        total = gradients if total is None else [t + g for t, g in zip(total, gradients)]
        if due(step):
            optimizer.apply_gradients(zip(total, model.trainable_variables))
            total = None
""",
    "the last of each group": """
import tensorflow as tf
def train(model, optimizer, dataset, k):
    total = None
    for step, (x, y) in enumerate(dataset):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x, training=True))) / k
        gradients = tape.gradient(loss, model.trainable_variables)
        total = gradients if total is None else [t + g for t, g in zip(total, gradients)]
        if step % k == k - 1:
            optimizer.apply_gradients(zip(total, model.trainable_variables))
            total = None
""",
    "applied before the next is added": """
import tensorflow as tf
def train(model, optimizer, dataset, k):
    total, step = None, 0
    for x, y in dataset:
        if step and step % k == 0:
            optimizer.apply_gradients(zip(total, model.trainable_variables))
            total = None
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x, training=True))) / k
        gradients = tape.gradient(loss, model.trainable_variables)
        total = gradients if total is None else [t + g for t, g in zip(total, gradients)]
        step += 1
""",
    "a list of an instance that is never emptied": """
import tensorflow as tf
loss_fn = tf.keras.losses.MeanSquaredError()
class Accumulator:
    def __init__(self, model, opt, k):
        self.model, self.opt, self.k = model, opt, k
        self.buffer = []
    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = loss_fn(y, self.model(x, training=True))
        self.buffer.append(tape.gradient(loss, self.model.trainable_variables))
        if len(self.buffer) % self.k == 0:
            mean = [tf.reduce_mean(tf.stack(g), 0) for g in zip(*self.buffer)]
            self.opt.apply_gradients(zip(mean, self.model.trainable_variables))
    def fit(self, ds):
        for x, y in ds:
            self.step(x, y)
""",
    "a list of an instance": """
import tensorflow as tf
loss_fn = tf.keras.losses.MeanSquaredError()
def mean_of(parts):
    return [tf.reduce_mean(tf.stack(g), 0) for g in zip(*parts)]
class T:
    def __init__(self, model, opt, k):
        self.model, self.opt, self.k = model, opt, k
        self.parts = []
    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = loss_fn(y, self.model(x, training=True))
        self.parts.append(tape.gradient(loss, self.model.trainable_variables))
        if len(self.parts) >= self.k:
            self.opt.apply_gradients(zip(mean_of(self.parts), self.model.trainable_variables))
            self.parts.clear()
""",
}

FIRING = {
    "a counter that never starts again": """
import tensorflow as tf
K = 4
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
opt = tf.keras.optimizers.Adam()
ds = tf.data.Dataset.load('d').batch(8).prefetch(1)
acc = [tf.zeros_like(v) for v in model.trainable_variables]
n = 0
for x, y in ds:
    with tf.GradientTape() as t:
        loss = tf.reduce_mean((model(x) - y) ** 2) / K
    acc = [a + g for a, g in zip(acc, t.gradient(loss, model.trainable_variables))]
    n += 1
    if n >= K:
#      ^^^^^^
        opt.apply_gradients(zip(acc, model.trainable_variables))
        acc = [tf.zeros_like(v) for v in model.trainable_variables]
""",
    "more than the group": """
import tensorflow as tf
K = 8
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
opt = tf.keras.optimizers.Adam()
ds = tf.data.Dataset.load('d').batch(8).prefetch(1)
acc = [tf.zeros_like(v) for v in model.trainable_variables]
n = 0
for x, y in ds:
    with tf.GradientTape() as t:
        loss = tf.reduce_mean((model(x) - y) ** 2) / K
    acc = [a + g for a, g in zip(acc, t.gradient(loss, model.trainable_variables))]
    n += 1
    if n > K:
#      ^^^^^
        opt.apply_gradients(zip(acc, model.trainable_variables))
        acc = [tf.zeros_like(v) for v in model.trainable_variables]
        n = 0
""",
    "a `train_step` that starts to count from one": """
import tensorflow as tf
class CustomTrainStep(tf.keras.Model):
    def __init__(self, n_gradients, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.n_gradients = tf.constant(n_gradients, dtype=tf.int32)
        self.n_acum_step = tf.Variable(1, dtype=tf.int32, trainable=False)
        self.total = [tf.Variable(tf.zeros_like(v), trainable=False) for v in self.trainable_variables]
    def train_step(self, data):
        self.n_acum_step.assign_add(1)
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x=x, y=y, y_pred=self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        for i in range(len(self.total)):
            self.total[i].assign_add(gradients[i] / tf.cast(self.n_gradients, tf.float32))
        tf.cond(tf.equal(self.n_acum_step, self.n_gradients), self.apply_total, lambda: None)
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        return {"loss": loss}
    def apply_total(self):
        self.optimizer.apply_gradients(zip(self.total, self.trainable_variables))
        self.n_acum_step.assign(0)
        for i in range(len(self.total)):
            self.total[i].assign(tf.zeros_like(self.trainable_variables[i]))
inputs = tf.keras.Input((28, 28))
model = CustomTrainStep(10, inputs=inputs, outputs=tf.keras.layers.Dense(10)(tf.keras.layers.Flatten()(inputs)))
model.compile(loss="mse", optimizer="adam")
model.fit(x, y, batch_size=6)
""",
    "a `train_step` that counts behind its test": """
import tensorflow as tf
class Accumulating(tf.keras.Model):
    def __init__(self, k, **options):
        super().__init__(**options)
        self.k = k
        self.counter = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.total = [tf.Variable(tf.zeros_like(v), trainable=False) for v in self.trainable_variables]
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x=x, y=y, y_pred=self(x, training=True)) / self.k
        for total, gradient in zip(self.total, tape.gradient(loss, self.trainable_variables)):
            total.assign_add(gradient)
        if self.counter % self.k == 0:
#          ^^^^^^^^^^^^^^^^^^^^^^^^^^
            self.optimizer.apply_gradients(zip(self.total, self.trainable_variables))
            for total in self.total:
                total.assign(tf.zeros_like(total))
        self.counter.assign_add(1)
        return {"loss": loss * self.k}
""",
    "tf.data counts from zero": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.1)
dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(4)
total = None
for step, (a, b) in dataset.enumerate():
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(a) - b)) / 8
    gradients = tape.gradient(loss, model.trainable_variables)
    total = gradients if total is None else [t + g for t, g in zip(total, gradients)]
    if step % 8 == 0:
#      ^^^^^^^^^^^^^
        optimizer.apply_gradients(zip(total, model.trainable_variables))
        total = None
""",
    "one too many": """
import tensorflow as tf
def train(model, optimizer, dataset, k):
    total, seen = None, 0
    for x, y in dataset:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x, training=True))) / k
        gradients = tape.gradient(loss, model.trainable_variables)
        total = gradients if total is None else [t + g for t, g in zip(total, gradients)]
        seen += 1
        if seen > k:
#          ^^^^^^^^
            optimizer.apply_gradients(zip(total, model.trainable_variables))
            total, seen = None, 0
""",
    "the counter is advanced too late": """
import tensorflow as tf
def train(model, optimizer, dataset, k):
    total, seen = None, tf.Variable(0)
    for x, y in dataset:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x, training=True))) / k
        gradients = tape.gradient(loss, model.trainable_variables)
        total = gradients if total is None else [t + g for t, g in zip(total, gradients)]
        if seen % k == 0:
#          ^^^^^^^^^^^^^
            optimizer.apply_gradients(zip(total, model.trainable_variables))
            total = None
        seen.assign_add(1)
""",
    "the first test is true, and empties the sum": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.1)
loss_fn = tf.keras.losses.MeanSquaredError()
total, n = None, 0
for x, y in dataset:
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x, training=True)) / 4
    gradients = tape.gradient(loss, model.trainable_variables)
    total = gradients if total is None else [t + g for t, g in zip(total, gradients)]
    if n % 4 == 0:
#      ^^^^^^^^^^
        optimizer.apply_gradients(zip(total, model.trainable_variables))
        total = None
    n += 1
""",
    "a list of an instance": """
import tensorflow as tf
loss_fn = tf.keras.losses.MeanSquaredError()
def mean_of(parts):
    return [tf.reduce_mean(tf.stack(g), 0) for g in zip(*parts)]
class T:
    def __init__(self, model, opt, k):
        self.model, self.opt, self.k = model, opt, k
        self.parts = []
    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = loss_fn(y, self.model(x, training=True))
        self.parts.append(tape.gradient(loss, self.model.trainable_variables))
        if len(self.parts) > self.k:
#          ^^^^^^^^^^^^^^^^^^^^^^^^
            self.opt.apply_gradients(zip(mean_of(self.parts), self.model.trainable_variables))
            self.parts = []
""",
    "a list that is collected": """
import tensorflow as tf
loss_fn = tf.keras.losses.MeanSquaredError()
def mean_of(parts):
    return [tf.reduce_mean(tf.stack(g), 0) for g in zip(*parts)]
def train(model, opt, ds, k=4):
    parts = []
    for i, (x, y) in enumerate(ds):
        with tf.GradientTape() as tape:
            loss = loss_fn(y, model(x, training=True))
        parts.append(tape.gradient(loss, model.trainable_variables))
        if len(parts) > k:
#          ^^^^^^^^^^^^^^
            opt.apply_gradients(zip(mean_of(parts), model.trainable_variables))
            parts = []
""",
}
