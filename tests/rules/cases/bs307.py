"""Further cases of BS307: first what stays silent, and why; then what fires, with marks."""

SILENT = {
    "reset every few calls that take one branch": """
import tensorflow as tf
class Trainer(tf.keras.Model):
    def __init__(self, net):
        super().__init__()
        self.net = net
        self.total, self.count = None, 0
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self.net(x, training=True))
        gradients = tape.gradient(loss, self.net.trainable_variables)
        if isinstance(self.optimizer, tuple):
            self.count += 1
            self.total = gradients if self.total is None else [a + b for a, b in zip(self.total, gradients)]
            self.optimizer[0].apply_gradients(zip(self.total, self.net.trainable_variables))
            if self.count % 4 == 0:
                self.total = None
        return {"loss": loss}
""",
    "a step that two loops call": """
import tensorflow as tf
loss_fn = tf.keras.losses.MeanSquaredError()
class Trainer:
    def __init__(self, model, optimizer):
        self.model, self.optimizer = model, optimizer
        self.total, self.count = None, 0
    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = loss_fn(y, self.model(x, training=True)) / 4
        gradients = tape.gradient(loss, self.model.trainable_variables)
        self.count += 1
        self.total = gradients if self.total is None else [a + b for a, b in zip(self.total, gradients)]
        if self.count % 4 == 0:
            self.optimizer.apply_gradients(zip(self.total, self.model.trainable_variables))
            self.total = None
    def fit(self, dataset, shuffled):
        if shuffled is None:
            for x, y in dataset:
                self.step(x, y)
        else:
            for x, y in shuffled:
                self.step(x, y)
""",
    "an instance that empties its list": """
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
        if len(self.buffer) == self.k:
            mean = [tf.reduce_mean(tf.stack(g), 0) for g in zip(*self.buffer)]
            self.opt.apply_gradients(zip(mean, self.model.trainable_variables))
            self.buffer.clear()
    def fit(self, ds):
        for x, y in ds:
            self.step(x, y)
""",
    "emptied in place": """
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
        self.parts += [tape.gradient(loss, self.model.trainable_variables)]
        if len(self.parts) % self.k == 0:
            self.opt.apply_gradients(zip(mean_of(self.parts), self.model.trainable_variables))
            del self.parts[:]
""",
}

FIRING = {
    "a list of gradients": """
import tensorflow as tf
loss_fn = tf.keras.losses.MeanSquaredError()
def train(model, opt, ds, k=4):
    parts = []
    for i, (x, y) in enumerate(ds):
        with tf.GradientTape() as tape:
            loss = loss_fn(y, model(x, training=True)) / k
        parts.append(tape.gradient(loss, model.trainable_variables))
        if (i + 1) % k == 0:
            summed = [tf.add_n(list(g)) for g in zip(*parts)]
            opt.apply_gradients(zip(summed, model.trainable_variables))
#           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "a list of an instance": """
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
#           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    def fit(self, ds):
        for x, y in ds:
            self.step(x, y)
""",
}
