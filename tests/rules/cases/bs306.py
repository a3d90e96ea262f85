"""Further cases of BS306: first what stays silent, and why; then what fires, with marks."""

_MODEL = """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.1)
loss_fn = tf.keras.losses.MeanSquaredError()
"""

_STEP = (
    _MODEL
    + """
k = 4
def grad(x, y):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x, training=True))
    return tape.gradient(loss, model.trainable_variables)
"""
)

SILENT = {
    "the mean is computed and dropped, which BS314 reports": """
import tensorflow as tf
k = 8
model = tf.keras.Sequential([tf.keras.layers.Dense(10)])
optimizer = tf.keras.optimizers.Adam()
loss_fn = tf.keras.losses.MeanSquaredError()
for step in range(1000):
    total = [tf.zeros_like(v) for v in model.trainable_variables]
    for _ in range(k):
        x, y = next(batches)
        with tf.GradientTape() as tape:
            loss = loss_fn(y, model(x, training=True))
        total = [t + g for t, g in zip(total, tape.gradient(loss, model.trainable_variables))]
    for t in total:
        t / k
    optimizer.apply_gradients(zip(total, model.trainable_variables))
""",
    "one micro-batch": _MODEL
    + """
for step in range(100):
    total = [tf.zeros_like(v) for v in model.trainable_variables]
    for micro in range(1):
        x, y = next(batches)
        with tf.GradientTape() as tape:
            loss = loss_fn(y, model(x))
        total = [t + g for t, g in zip(total, tape.gradient(loss, model.trainable_variables))]
    optimizer.apply_gradients(zip(total, model.trainable_variables))
""",
    "the learning rate is divided": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
k = 4
optimizer = tf.keras.optimizers.SGD(0.1 / k)
loss_fn = tf.keras.losses.MeanSquaredError()
for step in range(100):
    total = [tf.zeros_like(v) for v in model.trainable_variables]
    for micro in range(k):
        x, y = next(batches)
        with tf.GradientTape() as tape:
            loss = loss_fn(y, model(x))
        total = [t + g for t, g in zip(total, tape.gradient(loss, model.trainable_variables))]
    optimizer.apply_gradients(zip(total, model.trainable_variables))
""",
    "the gradients are divided as they are added": _MODEL
    + """
sums = [tf.Variable(tf.zeros_like(v)) for v in model.trainable_variables]
for step, (x, y) in enumerate(dataset):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x))
    for total, g in zip(sums, tape.gradient(loss, model.trainable_variables)):
        total.assign_add(g / 4)
    if (step + 1) % 4 == 0:
        optimizer.apply_gradients(zip(sums, model.trainable_variables))
        for total in sums:
            total.assign(tf.zeros_like(total))
""",
    "the sum is divided in place": _MODEL
    + """
for step in range(100):
    total = [tf.zeros_like(v) for v in model.trainable_variables]
    for micro in range(4):
        x, y = next(batches)
        with tf.GradientTape() as tape:
            loss = loss_fn(y, model(x))
        gradients = tape.gradient(loss, model.trainable_variables)
        for i in range(len(total)):
            total[i] += gradients[i]
    for i in range(len(total)):
        total[i] /= 4
    optimizer.apply_gradients(zip(total, model.trainable_variables))
""",
    "divided by a counter": _MODEL
    + """
batches = iter(dataset)
while True:
    total, seen = None, 0
    while seen < 4:
        x, y = next(batches)
        with tf.GradientTape() as tape:
            loss = loss_fn(y, model(x))
        g = tape.gradient(loss, model.trainable_variables)
        total = g if total is None else [tf.add(a, b) for a, b in zip(total, g)]
        seen += 1
    total = [t / seen for t in total]
    optimizer.apply_gradients(zip(total, model.trainable_variables))
""",
    "kept in lists and averaged": _MODEL
    + """
for step in range(100):
    kept = []
    for micro in range(4):
        x, y = next(batches)
        with tf.GradientTape() as tape:
            loss = loss_fn(y, model(x))
        kept.append(tape.gradient(loss, model.trainable_variables))
    mean = [tf.reduce_mean(tf.stack(one), axis=0) for one in zip(*kept)]
    optimizer.apply_gradients(zip(mean, model.trainable_variables))
""",
    "unknown code may average": _MODEL
    + """
from helpers import finish
for step in range(100):
    total = [tf.zeros_like(v) for v in model.trainable_variables]
    for micro in range(4):
        x, y = next(batches)
        with tf.GradientTape() as tape:
            loss = loss_fn(y, model(x))
        total = [t + g for t, g in zip(total, tape.gradient(loss, model.trainable_variables))]
    optimizer.apply_gradients(zip(finish(total), model.trainable_variables))
""",
    "the loss is not known": _MODEL
    + """
from losses import objective
for step in range(100):
    total = [tf.zeros_like(v) for v in model.trainable_variables]
    for micro in range(4):
        x, y = next(batches)
        with tf.GradientTape() as tape:
            loss = objective(y, model(x))
        total = [t + g for t, g in zip(total, tape.gradient(loss, model.trainable_variables))]
    optimizer.apply_gradients(zip(total, model.trainable_variables))
""",
    "momentum by hand": _MODEL
    + """
velocity = [tf.zeros_like(v) for v in model.trainable_variables]
for x, y in dataset:
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x))
    velocity = [0.9 * v + g for v, g in zip(velocity, tape.gradient(loss, model.trainable_variables))]
    optimizer.apply_gradients(zip(velocity, model.trainable_variables))
""",
    "the losses of one batch": _MODEL
    + """
for x, y in dataset:
    with tf.GradientTape(persistent=True) as tape:
        output = model(x)
        losses = [loss_fn(y[:, i], output[:, i]) for i in range(3)]
    total = [tf.zeros_like(v) for v in model.trainable_variables]
    for i in range(3):
        total = [t + g for t, g in zip(total, tape.gradient(losses[i], model.trainable_variables))]
    optimizer.apply_gradients(zip(total, model.trainable_variables))
""",
    "a batch size divides the summed loss": _MODEL
    + """
for step in range(100):
    total = [tf.zeros_like(v) for v in model.trainable_variables]
    for micro in range(4):
        x, y = next(batches)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(y - model(x))) / 128
        total = [t + g for t, g in zip(total, tape.gradient(loss, model.trainable_variables))]
    optimizer.apply_gradients(zip(total, model.trainable_variables))
""",
    "gradients of a vector are those of its sum": _MODEL
    + """
for step in range(100):
    total = [tf.zeros_like(v) for v in model.trainable_variables]
    for micro in range(4):
        x, y = next(batches)
        with tf.GradientTape() as tape:
            loss = tf.keras.losses.mean_squared_error(y, model(x))
        total = [t + g for t, g in zip(total, tape.gradient(loss, model.trainable_variables))]
    optimizer.apply_gradients(zip(total, model.trainable_variables))
""",
    "collected, then the mean": _STEP
    + """
for step in range(100):
    collected = []
    for _ in range(k):
        x, y = next(batches)
        collected.append(grad(x, y))
    summed = [tf.reduce_mean(tf.stack(gs), axis=0) for gs in zip(*collected)]
    optimizer.apply_gradients(zip(summed, model.trainable_variables))
""",
    "collected, divided by their number": _STEP
    + """
for step in range(100):
    collected = []
    for _ in range(k):
        x, y = next(batches)
        collected.append(grad(x, y))
    summed = [tf.add_n(gs) / len(gs) for gs in zip(*collected)]
    optimizer.apply_gradients(zip(summed, model.trainable_variables))
""",
    "collected in parts": _STEP
    + """
for step in range(100):
    collected = []
    for _ in range(k):
        x, y = next(batches)
        collected.append([g / k for g in grad(x, y)])
    summed = [tf.add_n(gs) for gs in zip(*collected)]
    optimizer.apply_gradients(zip(summed, model.trainable_variables))
""",
    "collected, then applied one after the other": _STEP
    + """
for step in range(100):
    collected = []
    for _ in range(k):
        x, y = next(batches)
        collected.append(grad(x, y))
    for grads in collected:
        optimizer.apply_gradients(zip(grads, model.trainable_variables))
""",
    "collected, divided as they are summed": _STEP
    + """
for step in range(100):
    collected = []
    for _ in range(k):
        x, y = next(batches)
        collected.append(grad(x, y))
    optimizer.apply_gradients(zip([sum(gs) / float(k) for gs in zip(*collected)], model.trainable_variables))
""",
    "collected, the mean by index": _STEP
    + """
import numpy as np
for step in range(100):
    collected = []
    for _ in range(k):
        x, y = next(batches)
        collected.append(grad(x, y))
    summed = [np.mean([g[i] for g in collected], axis=0) for i in range(len(model.trainable_variables))]
    optimizer.apply_gradients(zip(summed, model.trainable_variables))
""",
    "collected for their norms, which are summed": _STEP
    + """
for step in range(100):
    collected = []
    norms = []
    for _ in range(k):
        x, y = next(batches)
        g = grad(x, y)
        collected.append(g)
        norms.append(tf.linalg.global_norm(g))
        optimizer.apply_gradients(zip(g, model.trainable_variables))
    print(tf.add_n(norms))
""",
    "parts of the variables, one gradient each": _STEP
    + """
for step in range(100):
    grads_and_vars = []
    x, y = next(batches)
    for layer in model.layers:
        with tf.GradientTape() as tape:
            loss = loss_fn(y, model(x, training=True))
        grads_and_vars.extend(zip(tape.gradient(loss, layer.trainable_variables), layer.trainable_variables))
    optimizer.apply_gradients(grads_and_vars)
""",
    "the mean of towers": """
import tensorflow as tf
def average_gradients(tower_grads):
    average = []
    for grad_and_vars in zip(*tower_grads):
        grads = [tf.expand_dims(g, 0) for g, _ in grad_and_vars]
        grad = tf.reduce_mean(tf.concat(grads, 0), 0)
        average.append((grad, grad_and_vars[0][1]))
    return average
def train(model, opt, loss_fn, shards):
    for xs, ys in shards:
        towers = []
        for x, y in zip(tf.split(xs, 4), tf.split(ys, 4)):
            with tf.GradientTape() as tape:
                loss = loss_fn(y, model(x, training=True))
            grads = tape.gradient(loss, model.trainable_variables)
            towers.append(list(zip(grads, model.trainable_variables)))
        opt.apply_gradients(average_gradients(towers))
""",
    "the gradients of several losses of a batch": """
import tensorflow as tf
model = tf.keras.applications.MobileNetV2(weights=None, classes=100)
optimizer = tf.keras.optimizers.SGD(0.1)
cce = tf.keras.losses.SparseCategoricalCrossentropy()
mse = tf.keras.losses.MeanSquaredError()
for images, labels, targets in ds:
    with tf.GradientTape(persistent=True) as tape:
        out = model(images, training=True)
        l1 = cce(labels, out)
        l2 = mse(targets, out)
    grads = [tape.gradient(l, model.trainable_variables) for l in (l1, l2)]
    del tape
    total = [tf.add_n(list(g)) for g in zip(*grads)]
    optimizer.apply_gradients(zip(total, model.trainable_variables))
""",
    "a sum over tasks that is collected": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(40, "relu"), tf.keras.layers.Dense(1)])
opt = tf.keras.optimizers.Adam()
mse = tf.keras.losses.MeanSquaredError()
for it in range(1000):
    task_grads = []
    for task in sample_tasks(4):
        with tf.GradientTape() as tape:
            loss = mse(task.y, model(task.x, training=True))
        task_grads.append(tape.gradient(loss, model.trainable_variables))
    meta = [tf.add_n(list(g)) for g in zip(*task_grads)]
    opt.apply_gradients(zip(meta, model.trainable_variables))
""",
    "momentum that decays": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(64, "relu"), tf.keras.layers.Dense(1)])
opt = tf.keras.optimizers.SGD()
mse = tf.keras.losses.MeanSquaredError()
velocity = [tf.zeros_like(v) for v in model.trainable_variables]
for x, y in ds:
    with tf.GradientTape() as tape:
        loss = mse(y, model(x, training=True))
    grads = tape.gradient(loss, model.trainable_variables)
    velocity = [0.9 * v + g for v, g in zip(velocity, grads)]
    opt.apply_gradients(zip(velocity, model.trainable_variables))
""",
}

FIRING = {
    "a step that sets and adds in two branches": """
import tensorflow as tf
class Learner:
    def __init__(self, model, k=4):
        self.model, self.k = model, k
        self.optimizer = tf.keras.optimizers.AdamW(3e-5)
        self.loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.total, self.count = None, 0
    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = self.loss(y, self.model(x, training=True))
        gradients = tape.gradient(loss, self.model.trainable_variables)
        if self.total is None:
            self.total = gradients
        else:
            self.total = [a + g for a, g in zip(self.total, gradients)]
        self.count += 1
        if self.count == self.k:
            self.optimizer.apply_gradients(zip(self.total, self.model.trainable_variables))
#           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            self.total, self.count = None, 0
        return loss
learner = Learner(tf.keras.Sequential([tf.keras.layers.Dense(2)]))
for epoch in range(3):
    for x, y in data.batch(16):
        learner.step(x, y)
""",
    "a train_step override": """
import tensorflow as tf
class Accumulating(tf.keras.Model):
    def __init__(self, k, **kwargs):
        super().__init__(**kwargs)
        self.k = k
        self.seen = tf.Variable(0, trainable=False)
        self.sums = [tf.Variable(tf.zeros_like(v), trainable=False) for v in self.trainable_variables]
    def train_step(self, data):
        x, y = data
        self.seen.assign_add(1)
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        for total, g in zip(self.sums, tape.gradient(loss, self.trainable_variables)):
            total.assign_add(g)
        tf.cond(tf.equal(self.seen % self.k, 0), self.apply_sums, lambda: None)
        return {"loss": loss}
    def apply_sums(self):
        self.optimizer.apply_gradients(zip(self.sums, self.trainable_variables))
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        for total in self.sums:
            total.assign(tf.zeros_like(total))
""",
    "clipped by its norm": _MODEL
    + """
total = None
for step, (x, y) in enumerate(dataset):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x)) + 0.01 * tf.add_n(model.losses)
    g = tape.gradient(loss, model.trainable_variables)
    total = g if total is None else [a + b for a, b in zip(total, g)]
    if (step + 1) % 4 != 0:
        continue
    clipped, _ = tf.clip_by_global_norm(total, 1.0)
    optimizer.apply_gradients(zip(clipped, model.trainable_variables))
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    total = None
""",
    "map_structure": _MODEL
    + """
for step in range(100):
    total = tf.nest.map_structure(tf.zeros_like, model.trainable_variables)
    for micro in range(4):
        x, y = next(batches)
        with tf.GradientTape() as tape:
            loss = loss_fn(y, model(x))
        total = tf.nest.map_structure(lambda t, g: t + g, total, tape.gradient(loss, model.trainable_variables))
    optimizer.apply_gradients(zip(total, model.trainable_variables))
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "a counter in the instance": """
import tensorflow as tf
class Trainer:
    def __init__(self, model, k=4):
        self.model, self.k, self.count, self.total = model, k, 0, None
        self.optimizer = tf.keras.optimizers.Adam()
        self.loss_fn = tf.keras.losses.MeanSquaredError()
    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = self.loss_fn(y, self.model(x, training=True))
        g = tape.gradient(loss, self.model.trainable_variables)
        if self.total is None:
            self.total = g
        else:
            self.total = [a + b for a, b in zip(self.total, g)]
        self.count += 1
        if self.count % self.k == 0:
            self.optimizer.apply_gradients(zip(self.total, self.model.trainable_variables))
#           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            self.total = None
""",
    "collected, summed by add_n over a zip": _STEP
    + """
for step in range(100):
    collected = []
    for _ in range(k):
        x, y = next(batches)
        collected.append(grad(x, y))
    summed = [tf.add_n(gs) for gs in zip(*collected)]
    optimizer.apply_gradients(zip(summed, model.trainable_variables))
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "collected, stacked and reduced": _STEP
    + """
for step in range(100):
    collected = []
    for _ in range(k):
        x, y = next(batches)
        collected.append(grad(x, y))
    summed = [tf.reduce_sum(tf.stack(gs), axis=0) for gs in zip(*collected)]
    optimizer.apply_gradients(zip(summed, model.trainable_variables))
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "collected, summed by index": _STEP
    + """
for step in range(100):
    collected = []
    for _ in range(k):
        x, y = next(batches)
        collected.append(grad(x, y))
    summed = [tf.add_n([g[i] for g in collected]) for i in range(len(model.trainable_variables))]
    optimizer.apply_gradients(zip(summed, model.trainable_variables))
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "collected by a comprehension, summed by NumPy": _STEP
    + """
import numpy as np
for step in range(100):
    collected = [grad(*next(batches)) for _ in range(k)]
    summed = [np.sum(gs, axis=0) for gs in zip(*collected)]
    optimizer.apply_gradients(zip(summed, model.trainable_variables))
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "collected until there are k": _STEP
    + """
collected = []
for step, (x, y) in enumerate(dataset):
    collected.append(grad(x, y))
    if len(collected) == k:
        total = [tf.add_n(list(gs)) for gs in zip(*collected)]
        optimizer.apply_gradients(zip(total, model.trainable_variables))
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        collected = []
""",
    "sums put into a list": _STEP
    + """
for step in range(100):
    collected = []
    for _ in range(k):
        x, y = next(batches)
        collected.append(grad(x, y))
    summed = []
    for gs in zip(*collected):
        summed.append(tf.reduce_sum(gs, axis=0))
    optimizer.apply_gradients(zip(summed, model.trainable_variables))
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "collected, then added one after the other": _STEP
    + """
for step in range(100):
    collected = []
    for _ in range(k):
        x, y = next(batches)
        collected.append(grad(x, y))
    total = collected[0]
    for other in collected[1:]:
        total = [t + g for t, g in zip(total, other)]
    optimizer.apply_gradients(zip(total, model.trainable_variables))
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "a list for each variable": _STEP
    + """
for step in range(100):
    per_var = [[] for _ in model.trainable_variables]
    for _ in range(k):
        x, y = next(batches)
        for bucket, g in zip(per_var, grad(x, y)):
            bucket.append(g)
    optimizer.apply_gradients((tf.add_n(b), v) for b, v in zip(per_var, model.trainable_variables))
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "summed by a function, cleared": _STEP
    + """
def combine(all_grads):
    return [tf.math.add_n(g) for g in zip(*all_grads)]
def train(data):
    grads = []
    for i, (x, y) in enumerate(data):
        grads.append(grad(x, y))
        if (i + 1) % k == 0:
            optimizer.apply_gradients(zip(combine(grads), model.trainable_variables))
#           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            grads.clear()
train(dataset)
""",
    "summed by map_structure": _STEP
    + """
for step in range(100):
    collected = []
    for _ in range(k):
        x, y = next(batches)
        collected.append(grad(x, y))
    summed = tf.nest.map_structure(lambda *gs: tf.add_n(gs), *collected)
    optimizer.apply_gradients(zip(summed, model.trainable_variables))
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "summed by functools.reduce": _STEP
    + """
from functools import reduce
for step in range(100):
    collected = []
    for _ in range(k):
        x, y = next(batches)
        collected.append(grad(x, y))
    summed = reduce(lambda a, b: [p + q for p, q in zip(a, b)], collected)
    optimizer.apply_gradients(zip(summed, model.trainable_variables))
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "the first gradients start the sum": _STEP
    + """
for step in range(100):
    for i in range(k):
        g = grad(*next(batches))
        if i == 0:
            acc = g
        else:
            acc = [p + q for p, q in zip(acc, g)]
    optimizer.apply_gradients(zip(acc, model.trainable_variables))
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "the first gradients start a list that is added to": _STEP
    + """
for step in range(100):
    for i in range(k):
        g = grad(*next(batches))
        if i == 0:
            acc = list(g)
        else:
            for j in range(len(acc)):
                acc[j] += g[j]
    optimizer.apply_gradients(zip(acc, model.trainable_variables))
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "a dict of sums": _STEP
    + """
for step in range(100):
    acc = {}
    for i in range(k):
        g = grad(*next(batches))
        for v, dv in zip(model.trainable_variables, g):
            if v.ref() in acc:
                acc[v.ref()] += dv
            else:
                acc[v.ref()] = dv
    optimizer.apply_gradients([(acc[v.ref()], v) for v in model.trainable_variables])
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "started by the first of every k steps": _STEP
    + """
for step, (x, y) in enumerate(dataset):
    g = grad(x, y)
    if step % k == 0:
        acc = g
    else:
        acc = [tf.add(p, q) for p, q in zip(acc, g)]
    if (step + 1) % k == 0:
        optimizer.apply_gradients(zip(acc, model.trainable_variables))
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "a list of None": _STEP
    + """
for step in range(100):
    acc = [None] * len(model.trainable_variables)
    for _ in range(k):
        g = grad(*next(batches))
        for j, gj in enumerate(g):
            acc[j] = gj if acc[j] is None else acc[j] + gj
    optimizer.apply_gradients(zip(acc, model.trainable_variables))
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "a loop over tf.range": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(64, "relu"), tf.keras.layers.Dense(1)])
opt = tf.keras.optimizers.SGD()
mse = tf.keras.losses.MeanSquaredError()
@tf.function
def train_step(x, y):
    n = 8
    size = tf.shape(x)[0] // n
    acc = [tf.zeros_like(v) for v in model.trainable_variables]
    for i in tf.range(n):
        xb = x[i * size:(i + 1) * size]
        yb = y[i * size:(i + 1) * size]
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(yb - model(xb, training=True)))
        grads = tape.gradient(loss, model.trainable_variables)
        acc = [a + g for a, g in zip(acc, grads)]
    opt.apply_gradients(zip(acc, model.trainable_variables))
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
for x, y in ds:
    train_step(x, y)
""",
    "summed by a function, with the variables": """
import tensorflow as tf
def sum_gradients(parts):
    out = []
    for grad_and_vars in zip(*parts):
        grad = tf.add_n([g for g, _ in grad_and_vars])
        out.append((grad, grad_and_vars[0][1]))
    return out
loss_fn = tf.keras.losses.MeanSquaredError()
def train(model, opt, batches):
    for xs, ys in batches:
        parts = []
        for x, y in zip(tf.split(xs, 4), tf.split(ys, 4)):
            with tf.GradientTape() as tape:
                loss = loss_fn(y, model(x, training=True))
            grads = tape.gradient(loss, model.trainable_variables)
            parts.append(list(zip(grads, model.trainable_variables)))
        opt.apply_gradients(sum_gradients(parts))
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
    "kept in a list of an instance": """
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
            self.flush()
    def flush(self):
        total = [tf.math.add_n(list(g)) for g in zip(*self.buffer)]
        self.opt.apply_gradients(zip(total, self.model.trainable_variables))
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        self.buffer = []
    def fit(self, ds):
        for x, y in ds:
            self.step(x, y)
""",
}
