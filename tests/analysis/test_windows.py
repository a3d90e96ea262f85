"""Loops over windows: what running them shows. Correct loops in many styles show nothing."""

from __future__ import annotations

import contextlib
import io

import pytest

from bslint.analysis.facts import Windows
from bslint.verify.shown import shows_fault
from tests.analysis.programs import see

CODES = {"overlap": "BS301", "gap": "BS302", "empty": "BS303", "still": "BS304", "misaligned": "BS305"}
PRELUDE = """\
import numpy as np
import tensorflow as tf
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(8), keras.layers.Dense(1)])
optimizer = keras.optimizers.Adam()
loss_fn = keras.losses.MeanSquaredError()


def train_step(xb, yb):
    with tf.GradientTape() as tape:
        pred = model(xb, training=True)
        loss = loss_fn(yb, pred)
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
    return loss


"""


def windows(program: str) -> list[Windows]:
    """What is wrong with the windows of a program."""
    return [fact for fact in see(program, prelude=PRELUDE).facts.facts if isinstance(fact, Windows)]


def run(snippet: str) -> str:
    """What a snippet prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(snippet, {})
    return printed.getvalue()


SILENT = {
    "np range stride": """
for epoch in range(5):
    for i in range(0, len(x_train), 32):
        loss = train_step(x_train[i:i+32], y_train[i:i+32])
""",
    "steps floor": """
bs = 64
steps = len(x_train) // bs
for epoch in range(5):
    for step in range(steps):
        xb = x_train[step*bs:(step+1)*bs]
        yb = y_train[step*bs:(step+1)*bs]
        train_step(xb, yb)
""",
    "ceil": """
n = x_train.shape[0]
bs = 64
for epoch in range(5):
    for step in range(int(np.ceil(n / bs))):
        s = step * bs
        e = min(s + bs, n)
        train_step(x_train[s:e], y_train[s:e])
""",
    "perm": """
n = len(x_train)
for epoch in range(5):
    idx = np.random.permutation(n)
    for start in range(0, n, bs):
        b = idx[start:start+bs]
        train_step(x_train[b], y_train[b])
""",
    "perm list comp": """
import random
idx = list(range(len(x_train)))
for epoch in range(5):
    random.shuffle(idx)
    for start in range(0, len(idx), 16):
        b = idx[start:start+16]
        xb = np.array([x_train[i] for i in b])
        yb = np.array([y_train[i] for i in b])
        train_step(xb, yb)
""",
    "while": """
def fit(x, y, batch_size, epochs):
    n = len(x)
    for e in range(epochs):
        start = 0
        while start < n:
            end = start + batch_size
            train_step(x[start:end], y[start:end])
            start = end
fit(a, b, 32, 10)
""",
    "while uncalled": """
def fit(x, y, batch_size=32, epochs=3):
    for e in range(epochs):
        i = 0
        while i + batch_size <= x.shape[0]:
            train_step(x[i:i+batch_size], y[i:i+batch_size])
            i += batch_size
""",
    "class counter": """
class Feeder:
    def __init__(self, x, y, bs):
        self.x, self.y, self.bs = x, y, bs
        self.pos = 0
    def next_batch(self):
        if self.pos + self.bs > len(self.x):
            self.pos = 0
        xb = self.x[self.pos:self.pos+self.bs]
        yb = self.y[self.pos:self.pos+self.bs]
        self.pos += self.bs
        return xb, yb
feeder = Feeder(x_train, y_train, 32)
for step in range(10000):
    xb, yb = feeder.next_batch()
    train_step(xb, yb)
""",
    "generator": """
def batches(x, y, bs):
    n = len(x)
    idx = np.arange(n)
    np.random.shuffle(idx)
    for i in range(0, n - bs + 1, bs):
        j = idx[i:i+bs]
        yield x[j], y[j]
for epoch in range(10):
    for xb, yb in batches(x_train, y_train, 32):
        train_step(xb, yb)
""",
    "generator endless": """
def batches(x, y, bs):
    while True:
        for i in range(0, len(x), bs):
            yield x[i:i+bs], y[i:i+bs]
gen = batches(x_train, y_train, 32)
for epoch in range(10):
    for step in range(len(x_train)//32):
        xb, yb = next(gen)
        train_step(xb, yb)
""",
    "train_on_batch": """
model.compile(optimizer="adam", loss="mse")
for epoch in range(10):
    for i in range(len(X)//32):
        model.train_on_batch(X[i*32:(i+1)*32], Y[i*32:(i+1)*32])
""",
    "accumulate right": """
batch_size=32; accumulation_steps=8
for epoch in range(epochs):
    for batch in range(len(x_train)//(batch_size*accumulation_steps)):
        acc = [tf.zeros_like(v) for v in model.trainable_variables]
        for i in range(accumulation_steps):
            start = (batch*accumulation_steps+i)*batch_size
            with tf.GradientTape() as tape:
                loss = loss_fn(y_train[start:start+batch_size], model(x_train[start:start+batch_size], training=True))/accumulation_steps
            g = tape.gradient(loss, model.trainable_variables)
            acc = [a+b for a,b in zip(acc,g)]
        optimizer.apply_gradients(zip(acc, model.trainable_variables))
""",
    "accumulate by modulo": """
for epoch in range(epochs):
    acc = [tf.zeros_like(v) for v in model.trainable_variables]
    for step in range(len(x)//bs):
        with tf.GradientTape() as tape:
            loss = loss_fn(y[step*bs:(step+1)*bs], model(x[step*bs:(step+1)*bs], training=True))
        g = tape.gradient(loss, model.trainable_variables)
        acc = [a+b for a,b in zip(acc,g)]
        if (step+1) % k == 0:
            optimizer.apply_gradients(zip(acc, model.trainable_variables))
            acc = [tf.zeros_like(v) for v in model.trainable_variables]
""",
    "window in window": """
big=256; micro=32
for epoch in range(5):
    for i in range(0, len(x), big):
        xb, yb = x[i:i+big], y[i:i+big]
        for j in range(0, len(xb), micro):
            train_step(xb[j:j+micro], yb[j:j+micro])
""",
    "timeseries sliding": """
for epoch in range(5):
    for i in range(len(series)-window):
        xb = series[i:i+window][None, :, None]
        yb = series[i+window:i+window+1]
        train_step(xb, yb)
""",
    "timeseries build": """
X, Y = [], []
for i in range(len(series)-60):
    X.append(series[i:i+60]); Y.append(series[i+60])
X=np.array(X); Y=np.array(Y)
for epoch in range(3):
    for i in range(0, len(X), 32):
        train_step(X[i:i+32], Y[i:i+32])
""",
    "tf.range": """
@tf.function
def train_epoch(x, y, bs):
    n = tf.shape(x)[0]
    for i in tf.range(0, n, bs):
        train_step(x[i:i+bs], y[i:i+bs])
for e in range(10):
    train_epoch(x_train, y_train, 32)
""",
    "tf.slice": """
for e in range(10):
    for i in range(len(x)//32):
        xb = tf.slice(x, [i*32, 0], [32, -1])
        yb = tf.slice(y, [i*32, 0], [32, -1])
        train_step(xb, yb)
""",
    "tf gather": """
n = tf.shape(x)[0]
for e in range(10):
    order = tf.random.shuffle(tf.range(n))
    for i in range(0, n, 32):
        sel = order[i:i+32]
        train_step(tf.gather(x, sel), tf.gather(y, sel))
""",
    "array_split": """
for e in range(10):
    p = np.random.permutation(len(x))
    for b in np.array_split(p, len(x)//32):
        train_step(x[b], y[b])
""",
    "random sampling": """
for step in range(1000):
    i = np.random.randint(0, len(x)-32)
    train_step(x[i:i+32], y[i:i+32])
""",
    "random choice": """
for step in range(1000):
    idx = np.random.choice(len(x), 32)
    train_step(x[idx], y[idx])
""",
    "permutation prefix": """
for step in range(1000):
    idx = np.random.permutation(len(x))[:32]
    train_step(x[idx], y[idx])
""",
    "offset modulo": """
for step in range(3001):
    offset = (step * batch_size) % (train_labels.shape[0] - batch_size)
    train_step(train_dataset[offset:(offset + batch_size), :], train_labels[offset:(offset + batch_size), :])
""",
    "break guard": """
for e in range(10):
    for i in range(len(x)//bs + 1):
        xb = x[i*bs:(i+1)*bs]
        if len(xb) == 0:
            break
        train_step(xb, y[i*bs:(i+1)*bs])
""",
    "continue guard": """
for e in range(10):
    for i in range(len(x)//bs + 1):
        xb = x[i*bs:(i+1)*bs]
        if xb.shape[0] < bs:
            continue
        train_step(xb, y[i*bs:(i+1)*bs])
""",
    "eval loop": """
for e in range(10):
    for i in range(0, len(x), 32):
        train_step(x[i:i+32], y[i:i+32])
    accs=[]
    for i in range(len(xv)):
        p = model(xv[i:i+10], training=False)
        accs.append(p)
""",
    "early stop": """
best = 1e9
for e in range(100):
    for i in range(0, len(x), 32):
        loss = train_step(x[i:i+32], y[i:i+32])
        if np.isnan(loss): break
    if loss < best:
        best = loss; wait = 0
    else:
        wait += 1
        if wait > 5: break
""",
    "split on purpose": """
n_train = int(0.8*len(x))
for e in range(10):
    for i in range(0, n_train, 32):
        train_step(x[i:i+32], y[i:i+32])
""",
    "val offset": """
for e in range(10):
    for i in range(0, len(x) - n_val, 32):
        train_step(x[n_val+i:n_val+i+32], y[n_val+i:n_val+i+32])
""",
    "full batch": """
for e in range(1000):
    train_step(x, y)
    if e % 10 == 0: print(e)
""",
    "first thousand": """
for e in range(1000):
    train_step(x[:1000], y[:1000])
""",
    "overfit one batch": """
for step in range(200):
    loss = train_step(x_train[:8], y_train[:8])
""",
    "gan": """
half = batch_size // 2
for epoch in range(epochs):
    idx = np.random.randint(0, x.shape[0], half)
    noise = np.random.normal(0, 1, (half, 100))
    d.train_on_batch(x[idx], np.ones((half,1)))
    d.train_on_batch(g.predict(noise), np.zeros((half,1)))
    loss = gan.train_on_batch(noise, valid)
""",
    "gan windows": """
for epoch in range(epochs):
    for b in range(int(X_train.shape[0] / BATCH_SIZE)):
        noise = np.random.uniform(-1, 1, size=(BATCH_SIZE, 100))
        image_batch = X_train[b*BATCH_SIZE:(b+1)*BATCH_SIZE]
        generated = g.predict(noise)
        X = np.concatenate((image_batch, generated))
        yy = [1]*BATCH_SIZE + [0]*BATCH_SIZE
        d_loss = d.train_on_batch(X, yy)
""",
    "language chunks": """
for e in range(3):
    for i in range(0, len(ids)-seq-1, seq):
        chunk = ids[i:i+seq+1]
        train_step(chunk[:-1], chunk[1:])
""",
    "language shift": """
for e in range(3):
    for i in range(0, len(ids)-seq-1, seq):
        train_step(ids[i:i+seq], ids[i+1:i+seq+1])
""",
    "walk forward": """
for t in range(100, len(x), 10):
    model.fit(x[:t], y[:t], epochs=1)
    model.evaluate(x[t:t+10], y[t:t+10])
""",
    "pinn": """
for it in range(10000):
    with tf.GradientTape() as tape:
        u = model(xb[:100])
        f = model(xf[:1000])
        loss = tf.reduce_mean(tf.square(u-ub[:100])) + tf.reduce_mean(tf.square(f))
    g = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(g, model.trainable_variables))
""",
    "columns": """
m = X.shape[1]
for e in range(10):
    for k in range(m // 64):
        xb = X[:, k*64:(k+1)*64]; yb = Y[:, k*64:(k+1)*64]
        train_step(xb, yb)
""",
    "minibatch list": """
def random_mini_batches(X, Y, size=64):
    m = X.shape[0]
    perm = list(np.random.permutation(m))
    sX = X[perm]; sY = Y[perm]
    out = []
    full = m // size
    for k in range(full):
        out.append((sX[k*size:(k+1)*size], sY[k*size:(k+1)*size]))
    if m % size != 0:
        out.append((sX[full*size:m], sY[full*size:m]))
    return out
for e in range(10):
    for xb, yb in random_mini_batches(x_train, y_train):
        train_step(xb, yb)
""",
    "index pairs": """
ranges = [(s, min(s+32, len(x))) for s in range(0, len(x), 32)]
for e in range(10):
    for s, t in ranges:
        train_step(x[s:t], y[s:t])
""",
    "zip ranges": """
for e in range(10):
    for s, t in zip(range(0, len(x), 32), range(32, len(x)+1, 32)):
        train_step(x[s:t], y[s:t])
""",
    "enumerate": """
for e in range(10):
    for step, s in enumerate(tqdm(range(0, len(x), 32))):
        train_step(x[s:s+32], y[s:s+32])
""",
    "bptt": """
for e in range(3):
    for b in range(len(x)//bs):
        for t in range(0, T, 10):
            train_step(x[b*bs:(b+1)*bs, t:t+10], y[b*bs:(b+1)*bs, t:t+10])
""",
    "n critic": """
for e in range(3):
    for b in range(len(x)//bs):
        for _ in range(5):
            train_step(x[b*bs:(b+1)*bs], y[b*bs:(b+1)*bs])
""",
    "sgd one by one": """
for e in range(3):
    for i in range(len(x)):
        train_step(x[i:i+1], y[i:i+1])
""",
    "reversed": """
for e in range(3):
    for i in reversed(range(0, len(x), 32)):
        train_step(x[i:i+32], y[i:i+32])
""",
    "folds": """
for train, test in KFold(5).split(x):
    xt, yt = x[train], y[train]
    for e in range(3):
        for i in range(0, len(xt), 32):
            train_step(xt[i:i+32], yt[i:i+32])
""",
    "known arrays": """
x = np.random.rand(1000, 10); y = np.random.rand(1000, 1)
for e in range(3):
    for i in range(1000//32):
        train_step(x[i*32:(i+1)*32], y[i*32:(i+1)*32])
""",
    "drop last len(x)-bs+1": """
for i in range(0, len(x) - bs + 1, bs):
    train_step(x[i:i+bs], y[i:i+bs])
""",
    "strategy": """
strategy = tf.distribute.MirroredStrategy()
for e in range(3):
    for i in range(0, len(x), 32):
        strategy.run(train_step, args=(x[i:i+32], y[i:i+32]))
""",
    "tf variable counter": """
step = tf.Variable(0)
for e in range(3):
    step.assign(0)
    for _ in range(len(x)//32):
        s = int(step.numpy()) * 32
        train_step(x[s:s+32], y[s:s+32])
        step.assign_add(1)
""",
    "minimize": """
for e in range(3):
    for i in range(0, len(x), 32):
        xb, yb = x[i:i+32], y[i:i+32]
        optimizer.minimize(lambda: loss_fn(yb, model(xb)), model.trainable_variables)
""",
    "shuffle inplace": """
for e in range(3):
    p = np.random.permutation(len(x))
    x = x[p]; y = y[p]
    for i in range(0, len(x), 32):
        train_step(x[i:i+32], y[i:i+32])
""",
    "semi supervised": """
for e in range(3):
    for i in range(len(xu)//64):
        j = i % (len(xl)//16)
        with tf.GradientTape() as tape:
            l = loss_fn(yl[j*16:(j+1)*16], model(xl[j*16:(j+1)*16])) + tf.reduce_mean(model(xu[i*64:(i+1)*64]))
        g = tape.gradient(l, model.trainable_variables)
        optimizer.apply_gradients(zip(g, model.trainable_variables))
""",
    "fgsm attack": """
for i in range(0, len(x), 32):
    xb = tf.convert_to_tensor(x[i:i+32])
    for k in range(10):
        with tf.GradientTape() as tape:
            tape.watch(xb)
            l = loss_fn(y[i:i+32], model(xb))
        g = tape.gradient(l, xb)
        xb = xb + 0.01*tf.sign(g)
""",
    "shuffled in place from the same state": """
for epoch in range(5):
    state = np.random.get_state()
    np.random.shuffle(x)
    np.random.set_state(state)
    np.random.shuffle(y)
    for i in range(0, len(x), 32):
        train_step(x[i:i+32], y[i:i+32])
""",
    "shuffled in place every time": """
for i in range(len(x) // 32):
    np.random.shuffle(x)
    train_step(x[:32], x[:32])
""",
    "shuffled together": """
from sklearn.utils import shuffle
for epoch in range(5):
    x, y = shuffle(x, y)
    for i in range(0, len(x), 32):
        train_step(x[i:i+32], y[i:i+32])
""",
    "parameters shuffled together under new names": """
from sklearn.utils import shuffle
def train(x, y, size, epochs):
    for epoch in range(epochs):
        xs, ys = shuffle(x, y)
        for i in range(0, len(xs), size):
            train_step(xs[i:i + size], ys[i:i + size])
""",
    "generator made before the loops": """
def batches(x, y, bs):
    while True:
        order = np.random.permutation(len(x))
        for b in range(len(x) // bs):
            sel = order[b * bs:(b + 1) * bs]
            yield x[sel], y[sel]
x, y = np.load("x.npy"), np.load("y.npy")
source = batches(x, y, 32)
for epoch in range(10):
    for step in range(100):
        train_step(*next(source))
""",
    "generator of epochs": """
def batches(x, y, size, epochs):
    count = int((len(x) - 1) / size) + 1
    for epoch in range(epochs):
        order = np.random.permutation(np.arange(len(x)))
        for b in range(count):
            end = min((b + 1) * size, len(x))
            yield x[order][b * size:end], y[order][b * size:end]
for xb, yb in batches(np.load("x.npy"), np.load("y.npy"), 64, 200):
    train_step(xb, yb)
""",
    "generator that is left early": """
def batches(x, y, bs):
    for b in range(0, len(x), bs):
        yield x[b:b + bs], y[b:b + bs]
for step, (xb, yb) in enumerate(batches(x, y, 32)):
    if step == 10:
        break
    train_step(xb, yb)
""",
    "growing windows": """
for n in range(1, len(x)):
    train_step(x[:n], y[:n])
""",
    "series with overlapping windows and targets": """
for t in range(0, len(series) - 100, 50):
    train_step(series[t:t + 100], labels[t:t + 100])
""",
    "the start of every file": """
for path in paths:
    data = np.load(path)
    train_step(data[:32, :-1], data[:32, -1])
""",
    "pieces of a series are stacked": """
data = np.load('series.npy'); w, bs = 24, 32
model = tf.keras.Sequential([tf.keras.layers.LSTM(8), tf.keras.layers.Dense(1)])
model.compile('adam', 'mse')
for ep in range(5):
    for s in range(0, len(data) - w - bs, bs):
        xb = np.array([data[j:j + w] for j in range(s, s + bs)])
        yb = np.array([data[j + w] for j in range(s, s + bs)])
        model.train_on_batch(xb, yb)
""",
    "pieces of a series are appended": """
data = np.load('series.npy'); w, bs = 24, 32
model = tf.keras.Sequential([tf.keras.layers.LSTM(8), tf.keras.layers.Dense(1)])
model.compile('adam', 'mse')
for ep in range(5):
    for s in range(0, len(data) - w - bs, bs):
        xb, yb = [], []
        for j in range(s, s + bs):
            xb.append(data[j:j + w])
            yb.append(data[j + w])
        model.train_on_batch(np.array(xb), np.array(yb))
""",
    "pieces of a text, every few characters": """
text = np.load('ids.npy')
model = tf.keras.Sequential([tf.keras.layers.Embedding(100, 8), tf.keras.layers.LSTM(8, return_sequences=True), tf.keras.layers.Dense(100)])
opt = tf.keras.optimizers.Adam()
ce = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
seq, step = 40, 3
for ep in range(5):
    for b in range(0, len(text) - seq - 1, step * 16):
        x = np.stack([text[i:i + seq] for i in range(b, b + step * 16, step)])
        y = np.stack([text[i + 1:i + seq + 1] for i in range(b, b + step * 16, step)])
        with tf.GradientTape() as t:
            loss = ce(y, model(x))
        opt.apply_gradients(zip(t.gradient(loss, model.trainable_variables), model.trainable_variables))
""",
    "pieces of a series from a generator": """
def gen(data, w, bs):
    i = w
    while 1:
        if i + bs >= len(data):
            i = w
        rows = np.arange(i, min(i + bs, len(data)))
        i += len(rows)
        samples = np.zeros((len(rows), w, data.shape[-1]))
        targets = np.zeros((len(rows),))
        for j, row in enumerate(rows):
            samples[j] = data[rows[j] - w:rows[j]]
            targets[j] = data[rows[j] + 6][1]
        yield samples, targets
data = np.load('series.npy')
model = tf.keras.Sequential([tf.keras.layers.LSTM(8), tf.keras.layers.Dense(1)])
model.compile('adam', 'mse')
g = gen(data, 24, 32)
for step in range(1000):
    x, y = next(g)
    model.train_on_batch(x, y)
""",
    "halves of batches of a known data set": """
(x, y), _ = keras.datasets.mnist.load_data()
for epoch in range(10):
    for i in range(len(x) // 64):
        batch = x[i * 64:(i + 1) * 64]
        train_step(batch[:32], batch[:32])
        train_step(batch[32:], batch[32:])
""",
    "critic steps cut from a batch": """
n = len(x) // (64 * 5)
for epoch in range(10):
    for i in range(n):
        mini = x[i * 64 * 5:(i + 1) * 64 * 5]
        for j in range(5):
            real = mini[j * 64:(j + 1) * 64]
            train_step(real, real)
""",
    "labels in a random order as a control": """
for trial in range(100):
    control = np.random.permutation(y)
    for i in range(0, len(x), 32):
        train_step(x[i:i + 32], control[i:i + 32])
""",
    "pairs of two orders": """
def pairs(x, bs):
    while True:
        a, b = np.random.permutation(len(x)), np.random.permutation(len(x))
        for i in range(0, len(x) - bs + 1, bs):
            yield x[a[i:i + bs]], x[b[i:i + bs]]
for one, two in pairs(np.load("x.npy"), 32):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(one) - model(two)) ** 2)
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
""",
    "generators of one seed": """
one, two = np.random.RandomState(1), np.random.RandomState(1)
for epoch in range(10):
    one.shuffle(x)
    two.shuffle(y)
    for i in range(0, len(x), 32):
        train_step(x[i:i + 32], y[i:i + 32])
""",
    "columns split": """
data = np.load("d.npy")
for i in range(0, len(data), 32):
    xb, yb = tf.split(model(data[i:i + 32]), 2, axis=1)
    train_step(xb, yb)
""",
    "a session evaluates": """
image, label = tf.placeholder(tf.float32), tf.placeholder(tf.int64)
error = tf.reduce_mean(image)
train = tf.train.AdamOptimizer(1e-3).minimize(error)
with tf.Session() as sess:
    for i in range(len(x) // 100):
        sess.run(error, feed_dict={image: x[i:i + 100], label: y[i:i + 100]})
""",
}

WRONG = {
    "missing stride": (
        "overlap",
        """
for e in range(3):
    for i in range(len(x)//32):
        train_step(x[i:i+32], y[i:i+32])
""",
    ),
    "end+1": (
        "overlap",
        """
for e in range(3):
    for i in range(0, len(x), bs):
        train_step(x[i:i+bs+1], y[i:i+bs+1])
""",
    ),
    "inner only": (
        "overlap",
        """
for e in range(3):
    for b in range(len(x)//(32*4)):
        acc = None
        for i in range(4):
            with tf.GradientTape() as tape:
                loss = loss_fn(y[i*32:(i+1)*32], model(x[i*32:(i+1)*32]))
            g = tape.gradient(loss, model.trainable_variables)
            acc = g if acc is None else [a+b_ for a,b_ in zip(acc,g)]
        optimizer.apply_gradients(zip(acc, model.trainable_variables))
""",
    ),
    "outer only": (
        "still",
        """
for e in range(3):
    for b in range(len(x)//(32*4)):
        acc = None
        for i in range(4):
            with tf.GradientTape() as tape:
                loss = loss_fn(y[b*32:(b+1)*32], model(x[b*32:(b+1)*32]))
            g = tape.gradient(loss, model.trainable_variables)
            acc = g if acc is None else [a+b_ for a,b_ in zip(acc,g)]
        optimizer.apply_gradients(zip(acc, model.trainable_variables))
""",
    ),
    "never": (
        "still",
        """
for e in range(3):
    for i in range(len(x)//32):
        train_step(x[0:32], y[0:32])
""",
    ),
    "start never advances": (
        "still",
        """
start = 0
for e in range(3):
    for i in range(len(x)//32):
        train_step(x[start:start+32], y[start:start+32])
""",
    ),
    "plus one": (
        "empty",
        """
for e in range(3):
    for i in range(len(x)//32 + 1):
        train_step(x[i*32:(i+1)*32], y[i*32:(i+1)*32])
""",
    ),
    "one-based": (
        "empty",
        """
for e in range(3):
    for i in range(1, len(x)//32 + 1):
        train_step(x[i*32:(i+1)*32], y[i*32:(i+1)*32])
""",
    ),
    "end-1": (
        "gap",
        """
for e in range(3):
    for i in range(0, len(x), bs):
        train_step(x[i:i+bs-1], y[i:i+bs-1])
""",
    ),
    "last full": (
        "gap",
        """
for e in range(3):
    for i in range(0, len(x)-bs, bs):
        train_step(x[i:i+bs], y[i:i+bs])
""",
    ),
    "steps-1": (
        "gap",
        """
steps = len(x)//32
for e in range(3):
    for i in range(steps-1):
        train_step(x[i*32:(i+1)*32], y[i*32:(i+1)*32])
""",
    ),
    "misaligned y": (
        "misaligned",
        """
for e in range(3):
    for i in range(len(x)//32):
        train_step(x[i*32:(i+1)*32], y[i:i+32])
""",
    ),
    "y not permuted": (
        "misaligned",
        """
for e in range(3):
    idx = np.random.permutation(len(x))
    for i in range(0, len(x), 32):
        train_step(x[idx[i:i+32]], y[i:i+32])
""",
    ),
    "counter not reset": (
        "empty",
        """
step = 0
for e in range(epochs):
    for _ in range(len(x)//32):
        train_step(x[step*32:(step+1)*32], y[step*32:(step+1)*32])
        step += 1
""",
    ),
    "big stride": (
        "empty",
        """
for e in range(3):
    for b in range(len(x)//32):
        for i in range(4):
            s = (b*4+i)*32
            train_step(x[s:s+32], y[s:s+32])
""",
    ),
    "known": (
        "overlap",
        """
x = np.random.rand(1000, 10); y = np.random.rand(1000, 1)
batch_size=32; acc=4
for e in range(3):
    for b in range(1000//batch_size):
        for i in range(acc):
            s = b*batch_size + i*batch_size
            train_step(x[s:s+batch_size], y[s:s+batch_size])
""",
    ),
    "while stuck": (
        "still",
        """
for e in range(3):
    i = 0
    for _ in range(len(x)//32):
        xb = x[i:i+32]; yb = y[i:i+32]
        train_step(xb, yb)
""",
    ),
    "class": (
        "empty",
        """
class Trainer:
    def __init__(self, model, x, y, bs=32):
        self.model = model; self.x = x; self.y = y; self.bs = bs
        self.opt = keras.optimizers.SGD()
    def train(self, epochs=5):
        n = len(self.x)
        steps = n // self.bs + 1
        for e in range(epochs):
            for s in range(steps):
                lo = s * self.bs
                hi = lo + self.bs
                self.step(self.x[lo:hi], self.y[lo:hi])
    def step(self, xb, yb):
        with tf.GradientTape() as tape:
            l = loss_fn(yb, self.model(xb, training=True))
        g = tape.gradient(l, self.model.trainable_variables)
        self.opt.apply_gradients(zip(g, self.model.trainable_variables))
""",
    ),
    "generator": (
        "overlap",
        """
def batches(x, y, bs):
    for i in range(0, len(x)-bs, bs//2):
        yield x[i*2:i*2+bs*2+1], y[i*2:i*2+bs*2+1]
for e in range(5):
    for i in range(0, len(x), 64):
        train_step(x[i:i+65], y[i:i+65])
""",
    ),
    "micro start": (
        "overlap",
        """
batch=128; micro=32
for e in range(3):
    for i in range(0, len(x), batch):
        for j in range(0, batch, micro):
            train_step(x[i+j:i+j+batch], y[i+j:i+j+batch])
""",
    ),
    "length of a converted array": (
        "empty",
        """
x = np.load("x.npy").astype(np.float32)
y = np.load("y.npy").astype(np.int32)
steps = x.shape[0] // 64 + 1
for epoch in range(40):
    for i in range(steps):
        train_step(x[i * 64:(i + 1) * 64], y[i * 64:(i + 1) * 64])
""",
    ),
    "shuffled apart": (
        "misaligned",
        """
for epoch in range(5):
    ix, iy = np.random.permutation(len(x)), np.random.permutation(len(x))
    for i in range(0, len(x), 32):
        train_step(x[ix[i:i + 32]], y[iy[i:i + 32]])
""",
    ),
    "only the features are shuffled": (
        "misaligned",
        """
for epoch in range(5):
    np.random.shuffle(x)
    for i in range(0, len(x), 32):
        train_step(x[i:i + 32], y[i:i + 32])
""",
    ),
    "half a batch on": (
        "overlap",
        """
(x, y), _ = keras.datasets.mnist.load_data()
for epoch in range(5):
    for i in range(0, len(x) - 127, 64):
        train_step(x[i:i + 128], y[i:i + 128])
""",
    ),
    "the generator is the loop": (
        "empty",
        """
def batches(x, y, size, epochs):
    for epoch in range(epochs):
        for b in range(int(len(x) / size) + 1):
            end = min((b + 1) * size, len(x))
            yield x[b * size:end], y[b * size:end]
for xb, yb in batches(np.load("x.npy"), np.load("y.npy"), 64, 200):
    train_step(xb, yb)
""",
    ),
    "a generator made before the loops": (
        "empty",
        """
def batches(x, y, bs):
    while True:
        for b in range(len(x) // bs + 1):
            yield x[b * bs:(b + 1) * bs], y[b * bs:(b + 1) * bs]
source = batches(np.load("x.npy"), np.load("y.npy"), 32)
for step in range(1000):
    train_step(*next(source))
""",
    ),
    "the first minibatch of each order": (
        "still",
        """
class Agent:
    def update(self, obs, act):
        n = len(obs)
        for _ in range(self.epochs):
            idx = np.arange(n)
            np.random.shuffle(idx)
            for s in range(0, n, 64):
                mb = idx[:64]
                train_step(obs[mb], act[mb])
""",
    ),
    "a file at a time": (
        "empty",
        """
for epoch in range(10):
    for path in paths:
        data = np.load(path)
        for i in range(len(data) // 32 + 1):
            train_step(data[i * 32:(i + 1) * 32, :-1], data[i * 32:(i + 1) * 32, -1])
""",
    ),
    "a comprehension takes one batch of a generator": (
        "empty",
        """
def batches(x, bs):
    for b in range(len(x) // bs + 1):
        yield x[b * bs:(b + 1) * bs], x[b * bs:(b + 1) * bs]
x = np.load("x.npy")
for epoch in range(9):
    source = batches(x, 32)
    for step in range(len(x) // 32 + 1):
        xb, yb = [tf.cast(part, tf.float32) for part in next(source)]
        train_step(xb, yb)
""",
    ),
    "a session trains": (
        "overlap",
        """
image, label = tf.placeholder(tf.float32), tf.placeholder(tf.int64)
error = tf.reduce_mean(image)
train = tf.train.AdamOptimizer(1e-3).minimize(error)
with tf.Session() as sess:
    for epoch in range(10):
        for i in range(len(x) // 100):
            _, e = sess.run([train, error], feed_dict={image: x[i:i + 100], label: y[i:i + 100]})
""",
    ),
    "an operation is run": (
        "overlap",
        """
image, label = tf.placeholder(tf.float32), tf.placeholder(tf.int64)
train_step = tf.train.AdamOptimizer(1e-3).minimize(tf.reduce_mean(image))
with tf.Session() as sess:
    for epoch in range(10):
        for i in range(len(x) // 100):
            train_step.run(feed_dict={image: x[i:i + 100], label: y[i:i + 100]})
""",
    ),
    "a session of a class trains": (
        "gap",
        """
class Net:
    def __init__(self, sess):
        self.sess = sess
        self.x = tf.placeholder(tf.float32)
        self.step = tf.train.AdamOptimizer(1e-3).minimize(tf.reduce_mean(self.x))
    def fit(self, data, batch_size):
        for i in range(1, data.shape[0] // batch_size):
            self.sess.run(self.step, {self.x: data[i * batch_size:(i + 1) * batch_size]})
""",
    ),
}


def shows(found: Windows) -> bool:
    """Whether the snippet of a fault prints it."""
    printed = run(found.replay)
    if found.cause in {"shuffled", "apart"}:
        one, other = printed.splitlines()
        return one != other
    return shows_fault(CODES[found.fault], printed)


@pytest.mark.parametrize("program", SILENT.values(), ids=SILENT)
def test_correct_loops_show_nothing(program):
    assert windows(program) == []


@pytest.mark.parametrize(("fault", "program"), WRONG.values(), ids=WRONG)
def test_wrong_loops_show_one_fault(fault, program):
    (found,) = windows(program)
    assert found.fault == fault
    assert shows(found)
