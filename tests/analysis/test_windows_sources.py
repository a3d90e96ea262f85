"""Windows of what is not in sight: settings, arrays of other modules, elements of datasets, draws that are seeded."""

from __future__ import annotations

import pytest

from tests.analysis.test_windows import run, shows, windows

SILENT = {
    "a share of the samples that a setting gives": """
from conf import cfg
def train(x, y):
    n_train = int(len(x) * cfg.ratio)
    xt, yt = x[:n_train], y[:n_train]
    for e in range(cfg.epochs):
        for i in range(0, n_train, cfg.bs):
            train_step(xt[i:i+cfg.bs], yt[i:i+cfg.bs])
""",
    "the last samples are kept out, a setting says how many": """
from conf import cfg
def train(x, y):
    xt, yt = x[:-cfg.n_val], y[:-cfg.n_val]
    for e in range(cfg.epochs):
        for i in range(0, len(xt), cfg.bs):
            train_step(xt[i:i+cfg.bs], yt[i:i+cfg.bs])
""",
    "a setting says how many samples an epoch has": """
from conf import cfg, load
def train():
    x, y = load(cfg.path)
    perm = np.random.permutation(len(x))
    x, y = x[perm], y[perm]
    for e in range(cfg.epochs):
        perm = np.random.permutation(len(x))
        for i in range(cfg.n_samples // cfg.bs):
            j = perm[i*cfg.bs:(i+1)*cfg.bs]
            train_step(x[j], y[j])
""",
    "a setting says when to stop": """
from conf import cfg, load
def train():
    x, y = load(cfg.path)
    step = 0
    while step < cfg.max_steps:
        for i in range(0, len(x), cfg.bs):
            train_step(x[i:i+cfg.bs], y[i:i+cfg.bs])
            step += 1
            if step >= cfg.max_steps:
                break
""",
    "a start that goes around": """
from conf import cfg, load
def train():
    x, y = load(cfg.path)
    for step in range(cfg.max_steps):
        offset = (step * cfg.bs) % (len(x) - cfg.bs)
        train_step(x[offset:offset+cfg.bs], y[offset:offset+cfg.bs])
""",
    "arrays and a batch size of modules out of sight": """
from data import x_train, y_train
from conf import BS
def train(epochs):
    for e in range(epochs):
        for i in range(len(x_train) // BS):
            train_step(x_train[i*BS:(i+1)*BS], y_train[i*BS:(i+1)*BS])
""",
    "arrays that are attributes": """
from data import load
def train(epochs, bs):
    d = load()
    for e in range(epochs):
        for i in range(0, d.train.images.shape[0], bs):
            train_step(d.train.images[i:i+bs], d.train.labels[i:i+bs])
""",
    "files that a function out of sight loads": """
from data import load_file
def train(files, bs, k):
    for f in files:
        x, y = load_file(f)
        for i in range(0, len(x), bs):
            train_step(x[i:i+bs], y[i:i+bs])
""",
    "micro-batches of an element": """
def train(ds, epochs, m, k):
    for e in range(epochs):
        for x, y in ds:
            acc = [tf.zeros_like(v) for v in model.trainable_variables]
            for i in range(k):
                xs, ys = x[i*m:(i+1)*m], y[i*m:(i+1)*m]
                with tf.GradientTape() as t:
                    loss = tf.reduce_mean(tf.square(model(xs) - ys)) / k
                g = t.gradient(loss, model.trainable_variables)
                acc = [a + b for a, b in zip(acc, g)]
            optimizer.apply_gradients(zip(acc, model.trainable_variables))
""",
    "micro-batches of a batch of known size": """
def train(x, y, epochs):
    ds = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000).batch(64, drop_remainder=True)
    micro = 16
    for e in range(epochs):
        for xb, yb in ds:
            acc = None
            for i in range(4):
                lo = i * micro
                xs, ys = xb[lo:lo+micro], yb[lo:lo+micro]
                with tf.GradientTape() as t:
                    loss = tf.reduce_mean(tf.square(model(xs) - ys)) / 4
                g = t.gradient(loss, model.trainable_variables)
                acc = g if acc is None else [a + b for a, b in zip(acc, g)]
            optimizer.apply_gradients(zip(acc, model.trainable_variables))
""",
    "micro-batches of what an iterator gives": """
def train(ds, micro, k, steps):
    it = iter(ds)
    for s in range(steps):
        xb, yb = next(it)
        acc = None
        for i in range(k):
            xs, ys = xb[i*micro:(i+1)*micro], yb[i*micro:(i+1)*micro]
            with tf.GradientTape() as t:
                loss = tf.reduce_mean(tf.square(model(xs) - ys)) / k
            g = t.gradient(loss, model.trainable_variables)
            acc = g if acc is None else [a + b for a, b in zip(acc, g)]
        optimizer.apply_gradients(zip(acc, model.trainable_variables))
""",
    "micro-batches of a share of an element": """
def train(ds, k):
    for xb, yb in ds:
        m = tf.shape(xb)[0] // k
        acc = None
        for i in range(k):
            xs, ys = xb[i*m:(i+1)*m], yb[i*m:(i+1)*m]
            with tf.GradientTape() as t:
                loss = tf.reduce_mean(tf.square(model(xs) - ys)) / k
            g = t.gradient(loss, model.trainable_variables)
            acc = g if acc is None else [a + b for a, b in zip(acc, g)]
        optimizer.apply_gradients(zip(acc, model.trainable_variables))
""",
    "an element is split": """
def train(ds, k):
    for xb, yb in ds:
        acc = None
        for xs, ys in zip(tf.split(xb, k), tf.split(yb, k)):
            with tf.GradientTape() as t:
                loss = tf.reduce_mean(tf.square(model(xs) - ys)) / k
            g = t.gradient(loss, model.trainable_variables)
            acc = g if acc is None else [a + b for a, b in zip(acc, g)]
        optimizer.apply_gradients(zip(acc, model.trainable_variables))
""",
    "two halves of an element": """
def train(ds, bs):
    for x, y in ds:
        train_step(x[:bs // 2], y[:bs // 2])
        train_step(x[bs // 2:], y[bs // 2:])
""",
    "steps of a sequence overlap in time": """
def train(ds):
    for x, y in ds:
        for t in range(1, y.shape[1]):
            train_step(x, y[:, t:t+2])
""",
    "pieces of a sequence in time": """
def train(ds, L):
    for x, y in ds:
        for t in range(0, x.shape[1], L):
            train_step(x[:, t:t+L], y[:, t:t+L])
""",
    "samples that were collected anew": """
from agent import collect
def train(cfg):
    for update in range(cfg.updates):
        obs, ret = collect(cfg.n_steps)
        inds = np.arange(cfg.n_steps)
        for e in range(cfg.epochs):
            np.random.shuffle(inds)
            for s in range(0, cfg.n_steps, cfg.mb):
                mb = inds[s:s+cfg.mb]
                train_step(obs[mb], ret[mb])
""",
    "seeded once": """
def train(x, y, steps, bs):
    np.random.seed(42)
    for s in range(steps):
        idx = np.random.choice(len(x), bs)
        train_step(x[idx], y[idx])
""",
    "seeded with the step": """
def train(x, y, steps, bs):
    for s in range(steps):
        np.random.seed(42 + s)
        idx = np.random.choice(len(x), bs)
        train_step(x[idx], y[idx])
""",
    "a generator made in a function, its seed the step": """
def sample(x, y, bs, seed=7):
    rng = np.random.RandomState(seed)
    idx = rng.permutation(x.shape[0])[:bs]
    return x[idx], y[idx]
def train(x, y, steps, bs):
    for s in range(steps):
        xb, yb = sample(x, y, bs, seed=s)
        train_step(xb, yb)
""",
    "seeded for each epoch": """
def train(x, y, epochs, bs):
    for e in range(epochs):
        np.random.seed(0)
        perm = np.random.permutation(len(x))
        for i in range(0, len(x), bs):
            idx = perm[i:i+bs]
            train_step(x[idx], y[idx])
""",
    "features and labels are shuffled with the same seed": """
def train(x, y, epochs, bs):
    for e in range(epochs):
        np.random.seed(e)
        np.random.shuffle(x)
        np.random.seed(e)
        np.random.shuffle(y)
        for i in range(0, len(x), bs):
            train_step(x[i:i+bs], y[i:i+bs])
""",
    "the noise is the same, not the samples": """
def train(x, y, epochs, bs):
    for e in range(epochs):
        for i in range(0, len(x), bs):
            tf.random.set_seed(0)
            noise = tf.random.normal([bs, 3])
            train_step(x[i:i+bs] + noise, y[i:i+bs])
""",
    "labels by chance": """
def train(x, epochs, bs):
    for e in range(epochs):
        for i in range(0, len(x), bs):
            np.random.seed(0)
            fake = np.random.randint(0, 2, bs)
            train_step(x[i:i+bs], fake)
""",
    "a shuffle in place goes on from the order before": """
def train(x, y, steps, bs):
    idx = np.arange(len(x))
    for s in range(steps):
        np.random.seed(0)
        np.random.shuffle(idx)
        b = idx[:bs]
        train_step(x[b], y[b])
""",
    "a seed that the object counts up": """
class T:
    def __init__(self, x, y, seed=3, bs=16):
        self.x, self.y, self.seed, self.bs = x, y, seed, bs
    def batch(self):
        np.random.seed(self.seed)
        self.seed += 1
        i = np.random.choice(len(self.x), self.bs, replace=False)
        return self.x[i], self.y[i]
    def fit(self, steps):
        for _ in range(steps):
            xb, yb = self.batch()
            train_step(xb, yb)
""",
    "a Sequence": """
class Seq(keras.utils.Sequence):
    def __init__(self, x, y, bs):
        self.x, self.y, self.bs = x, y, bs
    def __len__(self):
        return int(np.ceil(len(self.x) / float(self.bs)))
    def __getitem__(self, idx):
        return self.x[idx*self.bs:(idx+1)*self.bs], self.y[idx*self.bs:(idx+1)*self.bs]
model = keras.models.load_model("m")
model.fit(Seq(x, y, 32), epochs=3)
""",
    "a PyDataset that drops the last batch": """
class Seq(keras.utils.PyDataset):
    def __init__(self, x, y, bs, **kw):
        super().__init__(**kw)
        self.x, self.y, self.bs = x, y, bs
    def __len__(self):
        return len(self.x) // self.bs
    def __getitem__(self, idx):
        lo = idx * self.bs
        hi = min(lo + self.bs, len(self.x))
        return np.array(self.x[lo:hi]), np.array(self.y[lo:hi])
model = keras.models.load_model("m")
train = Seq(x, y, 32)
model.fit(train, epochs=3)
""",
    "a Sequence that loads what shuffled identifiers name": """
class Seq(keras.utils.Sequence):
    def __init__(self, ids, labels, bs=32, dim=(32, 32), shuffle=True):
        self.ids, self.labels, self.bs, self.dim, self.shuffle = ids, labels, bs, dim, shuffle
        self.on_epoch_end()
    def __len__(self):
        return int(np.floor(len(self.ids) / self.bs))
    def __getitem__(self, index):
        indexes = self.indexes[index*self.bs:(index+1)*self.bs]
        ids = [self.ids[k] for k in indexes]
        X = np.empty((self.bs, *self.dim)); y = np.empty((self.bs), dtype=int)
        for i, ID in enumerate(ids):
            X[i,] = np.load('data/' + ID + '.npy')
            y[i] = self.labels[ID]
        return X, keras.utils.to_categorical(y)
    def on_epoch_end(self):
        self.indexes = np.arange(len(self.ids))
        if self.shuffle == True:
            np.random.shuffle(self.indexes)
model = keras.models.load_model("m")
model.fit(Seq(ids, labels), epochs=3)
""",
    "a Sequence over shuffled indices": """
class Seq(keras.utils.Sequence):
    def __init__(self, x, y, bs=32):
        self.x, self.y, self.bs = x, y, bs
        self.indices = np.arange(x.shape[0])
    def __len__(self):
        return math.ceil(self.x.shape[0] / self.bs)
    def __getitem__(self, idx):
        inds = self.indices[idx * self.bs:(idx + 1) * self.bs]
        return self.x[inds], self.y[inds]
    def on_epoch_end(self):
        np.random.shuffle(self.indices)
import math
model = keras.models.load_model("m")
model.fit(Seq(x, y), epochs=3)
""",
    "a Sequence that draws": """
class Seq(keras.utils.Sequence):
    def __init__(self, x, y, bs=32):
        self.x, self.y, self.bs = x, y, bs
    def __len__(self):
        return len(self.x) // self.bs
    def __getitem__(self, idx):
        i = np.random.randint(0, len(self.x), self.bs)
        return self.x[i], self.y[i]
model = keras.models.load_model("m")
model.fit(Seq(x, y), epochs=3)
""",
    "a Sequence of pieces of a series": """
class Windows(keras.utils.Sequence):
    def __init__(self, series, length, bs=32):
        self.s, self.length, self.bs = series, length, bs
    def __len__(self):
        return (len(self.s) - self.length) // self.bs
    def __getitem__(self, idx):
        starts = range(idx * self.bs, (idx + 1) * self.bs)
        x = np.stack([self.s[i:i+self.length] for i in starts])
        y = np.array([self.s[i+self.length] for i in starts])
        return x, y
model = keras.models.load_model("m")
model.fit(Windows(series, 24), epochs=3)
""",
    "a generator": """
def gen(x, y, bs):
    while True:
        for i in range(0, len(x), bs):
            yield x[i:i+bs], y[i:i+bs]
model = keras.models.load_model("m")
model.fit(gen(x, y, 32), steps_per_epoch=len(x) // 32, epochs=3)
""",
    "a generator that starts again": """
def gen(x, y, bs):
    i = 0
    while True:
        if i + bs > len(x):
            i = 0
            p = np.random.permutation(len(x))
            x, y = x[p], y[p]
        yield x[i:i+bs], y[i:i+bs]
        i += bs
model = keras.models.load_model("m")
model.fit(gen(x, y, 32), steps_per_epoch=len(x) // 32, epochs=3)
""",
    "a generator that draws where it starts": """
def gen(x, y, bs):
    while True:
        i = np.random.randint(0, len(x) - bs)
        yield x[i:i+bs], y[i:i+bs]
model = keras.models.load_model("m")
model.fit(gen(x, y, 32), steps_per_epoch=len(x) // 32, epochs=3)
""",
    "a generator of pieces of a series": """
def gen(data, lookback, delay, bs=128, step=6):
    i = lookback
    while 1:
        if i + bs >= len(data) - delay - 1:
            i = lookback
        rows = np.arange(i, min(i + bs, len(data) - delay - 1))
        i += len(rows)
        samples = np.zeros((len(rows), lookback // step, data.shape[-1]))
        targets = np.zeros((len(rows),))
        for j, row in enumerate(rows):
            indices = range(rows[j] - lookback, rows[j], step)
            samples[j] = data[indices]
            targets[j] = data[rows[j] + delay][1]
        yield samples, targets
model = keras.models.load_model("m")
model.fit(gen(data, 1440, 144), steps_per_epoch=500, epochs=3)
""",
    "a generator of characters and those behind them": """
def gen(text, L, bs):
    while True:
        for i in range(0, len(text) - L - 1, L):
            yield text[None, i:i+L], text[None, i+1:i+L+1]
model = keras.models.load_model("m")
model.fit(gen(text, 40, 32), steps_per_epoch=100, epochs=3)
""",
    "a variable is assigned windows": """
def train(x, y, bs):
    xv = tf.Variable(x[:bs], trainable=False)
    yv = tf.Variable(y[:bs], trainable=False)
    for i in range(len(x) // bs):
        xv.assign(x[i*bs:(i+1)*bs])
        yv.assign(y[i*bs:(i+1)*bs])
        train_step(xv, yv)
""",
    "slices of a generator cut a permuted order": """
BATCH = 64
def batches(n, size):
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))
def run(model, opt, X, Y, epochs=10):
    for ep in range(epochs):
        order = tf.random.shuffle(tf.range(len(X)))
        for sl in batches(len(X), BATCH):
            take = order[sl]
            train_step(tf.gather(X, take), tf.gather(Y, take))
""",
    "micro-batches of a batch, however short": """
def run(model, opt, X, Y, bs, k):
    for ep in range(5):
        for i in range(0, len(X), bs):
            xb, yb = X[i:i+bs], Y[i:i+bs]
            grads = None
            m = max(1, bs // k)
            n = 0
            for j in range(0, len(xb), m):
                xm, ym = xb[j:j+m], yb[j:j+m]
                with tf.GradientTape() as t:
                    l = tf.reduce_mean((model(xm) - ym) ** 2)
                g = t.gradient(l, model.trainable_variables)
                grads = g if grads is None else [a + b for a, b in zip(grads, g)]
                n += 1
            optimizer.apply_gradients([(a / n, v) for a, v in zip(grads, model.trainable_variables)])
""",
    "parts of an element that is a dict": """
def run(model, opt, ds, micro):
    for step, batch in enumerate(ds):
        images, labels = batch["image"], batch["label"]
        total = [tf.zeros_like(v) for v in model.trainable_variables]
        n = tf.shape(images)[0] // micro
        for i in range(n):
            with tf.GradientTape() as t:
                l = tf.reduce_mean((model(images[i * micro:(i + 1) * micro]) - labels[i * micro:(i + 1) * micro]) ** 2)
            g = t.gradient(l, model.trainable_variables)
            total = [a + b / tf.cast(n, tf.float32) for a, b in zip(total, g)]
        optimizer.apply_gradients(zip(total, model.trainable_variables))
""",
    "real and generated halves": """
def run(gen, disc, g_opt, d_opt, X, cfg):
    half = cfg.batch // 2
    for it in range(cfg.iterations):
        idx = np.random.randint(0, X.shape[0], half)
        real = X[idx]
        noise = np.random.normal(0, 1, (half, 100))
        fake = gen.predict(noise)
        disc.train_on_batch(real, np.ones((half, 1)))
        disc.train_on_batch(fake, np.zeros((half, 1)))
        noise = np.random.normal(0, 1, (cfg.batch, 100))
        gen.train_on_batch(noise, np.ones((cfg.batch, 1)))
""",
    "minibatches of a replay buffer": """
def run(model, opt, replay, cfg):
    for it in range(cfg.iterations):
        s, a, r, s2, d = replay.sample(cfg.batch)
        q = model(s2)
        target = r + cfg.gamma * tf.reduce_max(q, axis=1) * (1 - d)
        for k in range(0, cfg.batch, cfg.mini):
            train_step(s[k:k+cfg.mini], target[k:k+cfg.mini])
""",
    "the last samples validate": """
def run(model, opt, X, Y, bs, val):
    X, Xv = X[:-val], X[-val:]
    Y, Yv = Y[:-val], Y[-val:]
    steps = -(-len(X) // bs)
    for e in range(4):
        for s in range(steps):
            train_step(X[s*bs:(s+1)*bs], Y[s*bs:(s+1)*bs])
        for s in range(0, len(Xv), bs):
            model(Xv[s:s+bs])
""",
    "a permutation in parts": """
def run(model, opt, X, Y, bs):
    parts = np.array_split(np.random.permutation(len(X)), max(1, len(X) // bs))
    for part in parts:
        train_step(X[part], Y[part])
""",
    "folds": """
def run(model, opt, X, Y, bs, folds):
    size = len(X) // folds
    for f in range(folds):
        va = slice(f * size, (f + 1) * size)
        Xt = np.concatenate([X[:f * size], X[(f + 1) * size:]])
        Yt = np.concatenate([Y[:f * size], Y[(f + 1) * size:]])
        for i in range(0, len(Xt), bs):
            train_step(Xt[i:i+bs], Yt[i:i+bs])
""",
    "a loader of the program": """
class DataLoader:
    def __init__(self, images, labels, batch_size):
        self.images, self.labels, self.batch_size = images, labels, batch_size
    def __len__(self):
        return len(self.images) // self.batch_size
    def __iter__(self):
        for b in range(len(self)):
            s = b * self.batch_size
            yield self.images[s:s + self.batch_size], self.labels[s:s + self.batch_size]
def main(model, opt, images, labels):
    loader = DataLoader(images, labels, 32)
    for epoch in range(10):
        for xb, yb in loader:
            train_step(xb, yb)
""",
    "a loader of the program that counts": """
class DataLoader:
    def __init__(self, images, labels, batch_size):
        self.images, self.labels, self.batch_size = images, labels, batch_size
        self.i = 0
    def __iter__(self):
        self.i = 0
        return self
    def __next__(self):
        if self.i >= len(self.images):
            raise StopIteration
        xb = self.images[self.i:self.i + self.batch_size]
        yb = self.labels[self.i:self.i + self.batch_size]
        self.i += self.batch_size
        return xb, yb
def main(model, opt, images, labels):
    loader = DataLoader(images, labels, 32)
    for epoch in range(10):
        for xb, yb in loader:
            train_step(xb, yb)
""",
    "slice objects": """
def main(model, opt, x, y, args):
    n_batches = x.shape[0] // args.batch_size
    for epoch in range(args.epochs):
        for b in range(n_batches):
            s = slice(b * args.batch_size, (b + 1) * args.batch_size)
            train_step(x[s], y[s])
""",
    "quarters of a batch": """
def main(model, opt, x, y, cfg):
    ds = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000).batch(128, drop_remainder=True)
    for e in range(cfg.epochs):
        for xb, yb in ds:
            acc = None
            for i in range(0, 128, 32):
                with tf.GradientTape() as t:
                    l = tf.reduce_mean((model(xb[i:i + 32]) - yb[i:i + 32]) ** 2) / 4
                g = t.gradient(l, model.trainable_variables)
                acc = g if acc is None else [a + b for a, b in zip(acc, g)]
            optimizer.apply_gradients(zip(acc, model.trainable_variables))
""",
    "micro-batches however short the last batch is": """
def main(model, opt, x, y, cfg):
    ds = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000).batch(128)
    for e in range(cfg.epochs):
        for xb, yb in ds:
            acc = None
            n = 0
            for i in range(0, tf.shape(xb)[0], 32):
                with tf.GradientTape() as t:
                    l = tf.reduce_mean((model(xb[i:i + 32]) - yb[i:i + 32]) ** 2)
                g = t.gradient(l, model.trainable_variables)
                acc = g if acc is None else [a + b for a, b in zip(acc, g)]
                n += 1
            optimizer.apply_gradients([(a / n, v) for a, v in zip(acc, model.trainable_variables)])
""",
    "the inner steps of meta-learning": """
def inner(model, w, xs, ys, steps, lr):
    for _ in range(steps):
        with tf.GradientTape() as t:
            t.watch(w)
            l = tf.reduce_mean((model(xs[:5], w) - ys[:5]) ** 2)
        g = t.gradient(l, w)
        w = [a - lr * b for a, b in zip(w, g)]
    return w
def main(model, opt, tasks, steps, lr):
    for xs, ys in tasks:
        with tf.GradientTape() as t:
            w = inner(model, model.trainable_variables, xs, ys, steps, lr)
            l = tf.reduce_mean((model(xs[5:], w) - ys[5:]) ** 2)
        g = t.gradient(l, model.trainable_variables)
        optimizer.apply_gradients(zip(g, model.trainable_variables))
""",
    "an adversary of several steps": """
def main(model, opt, x, steps, lr, k):
    adv = tf.identity(x[:16])
    for i in range(0, len(x), 16):
        xb = x[i:i+16]
        adv = xb
        for j in range(k):
            with tf.GradientTape() as t:
                t.watch(adv)
                l = tf.reduce_mean(model(adv))
            adv = adv + lr * tf.sign(t.gradient(l, adv))
        train_step(adv, tf.zeros([16, 1]))
""",
    "pieces of a text": """
def lm(model, opt, ids, L, bs):
    n = (len(ids) - 1) // (L * bs)
    for e in range(3):
        for i in range(n):
            s = i * L * bs
            x = tf.reshape(ids[s:s + L * bs], (bs, L))
            y = tf.reshape(ids[s + 1:s + L * bs + 1], (bs, L))
            train_step(x, y)
""",
    "windows that slide": """
def online2(model, opt, series, target, L):
    for t in range(0, len(series) - L):
        train_step(series[t:t + L], target[t:t + L])
""",
    "more samples in each stage": """
def tta(model, opt, x, y, cfg):
    for stage in range(cfg.stages):
        n = len(x) * (stage + 1) // cfg.stages
        for i in range(0, n, cfg.bs):
            train_step(x[i:min(i + cfg.bs, n)], y[i:min(i + cfg.bs, n)])
""",
    "resumed in the middle of an epoch": """
def resume(model, opt, x, y, cfg):
    start = cfg.start_batch
    for e in range(cfg.epochs):
        for b in range(start, len(x) // cfg.bs):
            train_step(x[b * cfg.bs:(b + 1) * cfg.bs], y[b * cfg.bs:(b + 1) * cfg.bs])
        start = 0
""",
    "a batch and the next": """
def pairs(model, opt, x, y, bs):
    for i in range(0, len(x) - bs, bs):
        a, b = x[i:i + bs], x[i + bs:i + 2 * bs]
        train_step(a, b)
""",
    "windows over time are added up": """
def seqacc(model, opt, ds, chunk):
    for x, y in ds:
        acc = None
        for t in range(0, 100 - chunk):
            with tf.GradientTape() as tape:
                out = model(x[:, t:t + chunk])
                l = tf.reduce_mean((out - y[:, t:t + chunk]) ** 2)
            g = tape.gradient(l, model.trainable_variables)
            acc = g if acc is None else [a + b for a, b in zip(acc, g)]
        optimizer.apply_gradients([(a / (100 - chunk), v) for a, v in zip(acc, model.trainable_variables)])
""",
}

WRONG = {
    "arrays and a batch size of modules out of sight": (
        "overlap",
        """
from data import x_train, y_train
from conf import BS
def train(epochs):
    for e in range(epochs):
        for i in range(len(x_train) // BS):
            train_step(x_train[i:i+BS], y_train[i:i+BS])
""",
    ),
    "one label too many from arrays that are attributes": (
        "misaligned",
        """
from data import load
def train(epochs, bs):
    d = load()
    for e in range(epochs):
        for i in range(0, d.train.images.shape[0], bs):
            train_step(d.train.images[i:i+bs], d.train.labels[i:i+bs+1])
""",
    ),
    "datasets of an HDF5 file lose their last batch": (
        "gap",
        """
import h5py
def train(epochs, cfg):
    f = h5py.File(cfg.path)
    x, y = f["x"], f["y"]
    for e in range(epochs):
        for i in range(0, x.shape[0] - cfg.bs, cfg.bs):
            train_step(x[i:i+cfg.bs], y[i:i+cfg.bs])
""",
    ),
    "files that a function out of sight loads": (
        "overlap",
        """
from data import load_file
def train(files, bs, k):
    for f in files:
        x, y = load_file(f)
        for i in range(len(x) // bs):
            train_step(x[i:i+bs], y[i:i+bs])
""",
    ),
    "micro-batches of an element overlap": (
        "overlap",
        """
def train(ds, epochs, m, k):
    for e in range(epochs):
        for x, y in ds:
            acc = [tf.zeros_like(v) for v in model.trainable_variables]
            for i in range(k):
                xs, ys = x[i:i+m], y[i:i+m]
                with tf.GradientTape() as t:
                    loss = tf.reduce_mean(tf.square(model(xs) - ys)) / k
                g = t.gradient(loss, model.trainable_variables)
                acc = [a + b for a, b in zip(acc, g)]
            optimizer.apply_gradients(zip(acc, model.trainable_variables))
""",
    ),
    "micro-batches of a batch of known size overlap": (
        "overlap",
        """
def train(x, y, epochs):
    ds = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000).batch(64, drop_remainder=True)
    micro = 16
    for e in range(epochs):
        for xb, yb in ds:
            acc = None
            for i in range(4):
                lo = i * 8
                xs, ys = xb[lo:lo+micro], yb[lo:lo+micro]
                with tf.GradientTape() as t:
                    loss = tf.reduce_mean(tf.square(model(xs) - ys)) / 4
                g = t.gradient(loss, model.trainable_variables)
                acc = g if acc is None else [a + b for a, b in zip(acc, g)]
            optimizer.apply_gradients(zip(acc, model.trainable_variables))
""",
    ),
    "the first samples of an element again and again": (
        "still",
        """
def train(ds, micro, k):
    for xb, yb in ds:
        acc = None
        for i in range(k):
            xs, ys = xb[:micro], yb[:micro]
            with tf.GradientTape() as t:
                loss = tf.reduce_mean(tf.square(model(xs) - ys)) / k
            g = t.gradient(loss, model.trainable_variables)
            acc = g if acc is None else [a + b for a, b in zip(acc, g)]
        optimizer.apply_gradients(zip(acc, model.trainable_variables))
""",
    ),
    "the first labels of an element for all its features": (
        "misaligned",
        """
def train(ds, micro):
    for xb, yb in ds:
        for i in range(0, len(xb), micro):
            train_step(xb[i:i+micro], yb[:micro])
""",
    ),
    "a last batch that is too short for its micro-batches": (
        "empty",
        """
def train(x, y, epochs):
    ds = tf.data.Dataset.from_tensor_slices((x, y)).batch(64)
    for xb, yb in ds:
        acc = None
        for i in range(4):
            xs, ys = xb[i*16:(i+1)*16], yb[i*16:(i+1)*16]
            with tf.GradientTape() as t:
                loss = tf.reduce_mean(tf.square(model(xs) - ys)) / 4
            g = t.gradient(loss, model.trainable_variables)
            acc = g if acc is None else [a + b for a, b in zip(acc, g)]
        optimizer.apply_gradients(zip(acc, model.trainable_variables))
""",
    ),
    "micro-batches of what an iterator gives overlap": (
        "overlap",
        """
def train(ds, micro, k, steps):
    it = iter(ds)
    for s in range(steps):
        xb, yb = next(it)
        acc = None
        for i in range(k):
            xs, ys = xb[i:i+micro], yb[i:i+micro]
            with tf.GradientTape() as t:
                loss = tf.reduce_mean(tf.square(model(xs) - ys)) / k
            g = t.gradient(loss, model.trainable_variables)
            acc = g if acc is None else [a + b for a, b in zip(acc, g)]
        optimizer.apply_gradients(zip(acc, model.trainable_variables))
""",
    ),
    "micro-batches of a share of an element, and one sample more": (
        "overlap",
        """
def train(ds, k):
    for xb, yb in ds:
        m = xb.shape[0] // k
        acc = None
        for i in range(k):
            xs, ys = xb[i*m:(i+1)*m+1], yb[i*m:(i+1)*m+1]
            with tf.GradientTape() as t:
                loss = tf.reduce_mean(tf.square(model(xs) - ys)) / k
            g = t.gradient(loss, model.trainable_variables)
            acc = g if acc is None else [a + b for a, b in zip(acc, g)]
        optimizer.apply_gradients(zip(acc, model.trainable_variables))
""",
    ),
    "one sample more of those that were collected": (
        "overlap",
        """
from agent import collect
def train(cfg):
    for update in range(cfg.updates):
        obs, ret = collect(cfg.n_steps)
        inds = np.arange(cfg.n_steps)
        for e in range(cfg.epochs):
            np.random.shuffle(inds)
            for s in range(0, cfg.n_steps, cfg.mb):
                mb = inds[s:s+cfg.mb+1]
                train_step(obs[mb], ret[mb])
""",
    ),
    "seeded before each choice": (
        "still",
        """
def train(x, y, steps, bs):
    for s in range(steps):
        np.random.seed(42)
        idx = np.random.choice(len(x), bs)
        train_step(x[idx], y[idx])
""",
    ),
    "a generator made anew in each step": (
        "still",
        """
def train(x, y, steps, bs):
    for s in range(steps):
        rng = np.random.default_rng(0)
        idx = rng.integers(0, len(x), size=bs)
        train_step(x[idx], y[idx])
""",
    ),
    "a generator made in a function, its seed a default": (
        "still",
        """
def sample(x, y, bs, seed=7):
    rng = np.random.RandomState(seed)
    idx = rng.permutation(x.shape[0])[:bs]
    return x[idx], y[idx]
def train(x, y, steps, bs):
    for s in range(steps):
        xb, yb = sample(x, y, bs)
        train_step(xb, yb)
""",
    ),
    "TensorFlow is seeded before each shuffle": (
        "still",
        """
def train(x, y, steps, bs):
    for s in range(steps):
        tf.random.set_seed(1)
        idx = tf.random.shuffle(tf.range(len(x)))[:bs]
        train_step(tf.gather(x, idx), tf.gather(y, idx))
""",
    ),
    "Python is seeded before each sample": (
        "still",
        """
import random
def train(x, y, steps, bs):
    for s in range(steps):
        random.seed(0)
        idx = random.sample(range(len(x)), bs)
        train_step(x[idx], y[idx])
""",
    ),
    "a seed that the object holds": (
        "still",
        """
class T:
    def __init__(self, x, y, seed=3, bs=16):
        self.x, self.y, self.seed, self.bs = x, y, seed, bs
    def batch(self):
        np.random.seed(self.seed)
        i = np.random.choice(len(self.x), self.bs, replace=False)
        return self.x[i], self.y[i]
    def fit(self, steps):
        for _ in range(steps):
            xb, yb = self.batch()
            train_step(xb, yb)
""",
    ),
    "a PyDataset whose batches overlap": (
        "overlap",
        """
class Seq(keras.utils.PyDataset):
    def __init__(self, x, y, bs, **kw):
        super().__init__(**kw)
        self.x, self.y, self.bs = x, y, bs
    def __len__(self):
        return len(self.x) // self.bs
    def __getitem__(self, idx):
        return self.x[idx:idx+self.bs], self.y[idx:idx+self.bs]
model = keras.models.load_model("m")
train = Seq(x, y, 32)
model.fit(train, epochs=3)
""",
    ),
    "a Sequence that ends one sample early": (
        "gap",
        """
class Seq(keras.utils.Sequence):
    def __init__(self, x, y, bs):
        self.x, self.y, self.bs = x, y, bs
    def __len__(self):
        return int(np.ceil(len(self.x) / self.bs))
    def __getitem__(self, i):
        b = self.x[i*self.bs:(i+1)*self.bs-1]
        l = self.y[i*self.bs:(i+1)*self.bs-1]
        return np.asarray(b), np.asarray(l)
def main(x, y, bs):
    model = keras.models.load_model("m")
    model.fit(Seq(x, y, bs))
""",
    ),
    "a Sequence with one batch too many": (
        "empty",
        """
class Seq(keras.utils.Sequence):
    def __init__(self, x, y, bs):
        self.x, self.y, self.bs = x, y, bs
    def __len__(self):
        return len(self.x) // self.bs + 1
    def __getitem__(self, i):
        return self.x[i*self.bs:(i+1)*self.bs], self.y[i*self.bs:(i+1)*self.bs]
def main(x, y, bs):
    model = keras.models.load_model("m")
    model.fit(Seq(x, y, bs))
""",
    ),
    "a Sequence that ignores the index": (
        "still",
        """
class Seq(keras.utils.Sequence):
    def __init__(self, x, y, bs):
        self.x, self.y, self.bs = x, y, bs
    def __len__(self):
        return len(self.x) // self.bs
    def __getitem__(self, i):
        return self.x[:self.bs], self.y[:self.bs]
def main(x, y, bs):
    model = keras.models.load_model("m")
    model.fit(Seq(x, y, bs))
""",
    ),
    "a Sequence with other labels": (
        "misaligned",
        """
class Seq(keras.utils.Sequence):
    def __init__(self, x, y, bs):
        self.x, self.y, self.bs = x, y, bs
    def __len__(self):
        return len(self.x) // self.bs
    def __getitem__(self, i):
        return self.x[i*self.bs:(i+1)*self.bs], self.y[i:i+self.bs]
def main(x, y, bs):
    model = keras.models.load_model("m")
    model.fit(Seq(x, y, bs))
""",
    ),
    "a Sequence that reads one index too many": (
        "overlap",
        """
class Seq(keras.utils.Sequence):
    def __init__(self, x, y, bs=32):
        self.x, self.y, self.bs = x, y, bs
        self.indices = np.arange(x.shape[0])
    def __len__(self):
        return math.ceil(self.x.shape[0] / self.bs)
    def __getitem__(self, idx):
        inds = self.indices[idx * self.bs:(idx + 1) * self.bs + 1]
        return self.x[inds], self.y[inds]
    def on_epoch_end(self):
        np.random.shuffle(self.indices)
import math
model = keras.models.load_model("m")
model.fit(Seq(x, y), epochs=3)
""",
    ),
    "a generator whose batches overlap": (
        "overlap",
        """
def gen(x, y, bs):
    while True:
        for i in range(len(x) // bs):
            yield x[i:i+bs], y[i:i+bs]
model = keras.models.load_model("m")
model.fit(gen(x, y, 32), steps_per_epoch=len(x) // 32, epochs=3)
""",
    ),
    "a generator that permutes the features only": (
        "misaligned",
        """
def gen(x, y, bs):
    n = len(x)
    while True:
        perm = np.random.permutation(n)
        for i in range(0, n, bs):
            idx = perm[i:i+bs]
            yield x[idx], y[i:i+bs]
model = keras.models.load_model("m")
model.fit(gen(x, y, 32), steps_per_epoch=len(x) // 32, epochs=3)
""",
    ),
    "a generator that loses the last batch": (
        "gap",
        """
def gen(x, y, bs):
    n = len(x)
    while True:
        for i in range(0, n - bs, bs):
            yield x[i:i+bs], y[i:i+bs]
model = keras.models.load_model("m")
model.fit_generator(gen(x, y, 32), steps_per_epoch=len(x) // 32, epochs=3)
""",
    ),
    "a variable is assigned windows that overlap": (
        "overlap",
        """
def train(x, y, bs):
    xv = tf.Variable(x[:bs], trainable=False)
    yv = tf.Variable(y[:bs], trainable=False)
    for i in range(len(x) // bs):
        xv.assign(x[i:i+bs])
        yv.assign(y[i:i+bs])
        train_step(xv, yv)
""",
    ),
    "a variable of the loop is assigned windows that overlap": (
        "overlap",
        """
def train(x, y, bs):
    for e in range(5):
        xv = tf.Variable(x[:bs])
        yv = tf.Variable(y[:bs])
        for i in range(len(x) // bs):
            xv.assign(x[i:i+bs])
            yv.assign(y[i:i+bs])
            with tf.GradientTape() as t:
                loss = tf.reduce_mean((model(xv) - yv) ** 2)
            g = t.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(g, model.trainable_variables))
""",
    ),
    "settings of an object, and one sample short": (
        "gap",
        """
def run(model, opt, X, Y, hp):
    n = X.shape[0]
    nb = int(n / hp.batch)
    for ep in range(hp.epochs):
        for b in range(nb):
            lo = b * hp.batch
            hi = (b + 1) * hp.batch - 1
            train_step(X[lo:hi], Y[lo:hi])
""",
    ),
    "micro-batches of a batch advance by one": (
        "overlap",
        """
def run(model, opt, X, Y, bs, k):
    for ep in range(5):
        for i in range(0, len(X), bs):
            xb, yb = X[i:i+bs], Y[i:i+bs]
            grads = None
            m = bs // k
            for j in range(k):
                xm, ym = xb[j:j+m], yb[j:j+m]
                with tf.GradientTape() as t:
                    l = tf.reduce_mean((model(xm) - ym) ** 2) / k
                g = t.gradient(l, model.trainable_variables)
                grads = g if grads is None else [a + b for a, b in zip(grads, g)]
            optimizer.apply_gradients(zip(grads, model.trainable_variables))
""",
    ),
    "the first labels of a dict for all its features": (
        "misaligned",
        """
def run(model, opt, ds, micro):
    for step, batch in enumerate(ds):
        images, labels = batch["image"], batch["label"]
        total = [tf.zeros_like(v) for v in model.trainable_variables]
        n = tf.shape(images)[0] // micro
        for i in range(n):
            with tf.GradientTape() as t:
                l = tf.reduce_mean((model(images[i * micro:(i + 1) * micro]) - labels[:micro]) ** 2)
            g = t.gradient(l, model.trainable_variables)
            total = [a + b / tf.cast(n, tf.float32) for a, b in zip(total, g)]
        optimizer.apply_gradients(zip(total, model.trainable_variables))
""",
    ),
    "a loader of the program with other labels": (
        "misaligned",
        """
class DataLoader:
    def __init__(self, images, labels, batch_size):
        self.images, self.labels, self.batch_size = images, labels, batch_size
    def __len__(self):
        return len(self.images) // self.batch_size
    def __iter__(self):
        for b in range(len(self)):
            s = b * self.batch_size
            yield self.images[s:s + self.batch_size], self.labels[b:b + self.batch_size]
def main(model, opt, images, labels):
    loader = DataLoader(images, labels, 32)
    for epoch in range(10):
        for xb, yb in loader:
            train_step(xb, yb)
""",
    ),
    "a list of batches without the first": (
        "gap",
        """
def main(model, opt, x, y, bs):
    for epoch in range(10):
        batches = [(x[k * bs:(k + 1) * bs], y[k * bs:(k + 1) * bs]) for k in range(1, len(x) // bs)]
        for xb, yb in batches:
            model.train_on_batch(xb, yb)
""",
    ),
    "slice objects, the last one is missing": (
        "gap",
        """
def main(model, opt, x, y, args):
    n_batches = x.shape[0] // args.batch_size
    for epoch in range(args.epochs):
        for b in range(n_batches - 1):
            s = slice(b * args.batch_size, (b + 1) * args.batch_size)
            train_step(x[s], y[s])
""",
    ),
    "an accumulation over windows that advance by one": (
        "overlap",
        """
def main(model, opt, x, y, args):
    acc_steps = args.accum
    bs = args.batch_size
    for epoch in range(args.epochs):
        acc = [tf.Variable(tf.zeros_like(v)) for v in model.trainable_variables]
        for step in range(len(x) // bs):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((model(x[step:step + bs]) - y[step:step + bs]) ** 2) / acc_steps
            g = tape.gradient(loss, model.trainable_variables)
            for a, gg in zip(acc, g):
                a.assign_add(gg)
            if (step + 1) % acc_steps == 0:
                optimizer.apply_gradients(zip(acc, model.trainable_variables))
                for a in acc:
                    a.assign(tf.zeros_like(a))
""",
    ),
    "the number of a batch for its start": (
        "overlap",
        """
def train_epoch(model, opt, x, y, bs):
    total = 0.0
    for i, start in enumerate(range(0, x.shape[0], bs)):
        xb = x[i:i + bs]
        yb = y[i:i + bs]
        total += train_step(xb, yb)
    return total
def main(model, opt, x, y, cfg):
    for e in range(cfg["epochs"]):
        train_epoch(model, opt, x, y, cfg["bs"])
""",
    ),
    "half of each micro-batch": (
        "gap",
        """
def main(model, opt, x, y, cfg):
    ds = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000).batch(128, drop_remainder=True)
    for e in range(cfg.epochs):
        for xb, yb in ds:
            acc = None
            for i in range(0, 128, 32):
                with tf.GradientTape() as t:
                    l = tf.reduce_mean((model(xb[i:i + 16]) - yb[i:i + 16]) ** 2) / 4
                g = t.gradient(l, model.trainable_variables)
                acc = g if acc is None else [a + b for a, b in zip(acc, g)]
            optimizer.apply_gradients(zip(acc, model.trainable_variables))
""",
    ),
    "pieces of a text that advance by less than they read": (
        "gap",
        """
def lm(model, opt, ids, L, bs):
    n = (len(ids) - 1) // (L * bs)
    for e in range(3):
        for i in range(n):
            s = i * L
            x = tf.reshape(ids[s:s + L * bs], (bs, L))
            y = tf.reshape(ids[s + 1:s + L * bs + 1], (bs, L))
            train_step(x, y)
""",
    ),
    "the last window is moved back so that it is as wide": (
        "overlap",
        """
def bounds(batch, n, size):
    start, end = batch * size, (batch + 1) * size
    if end > n:
        start, end = start - (end - n), n
    return start, end + 1
def train(x, y, size):
    order = np.random.permutation(len(x))
    for batch in range(math.ceil(len(x) / size)):
        start, end = bounds(batch, len(x), size)
        train_step(x[order[start:end]], y[order[start:end]])
import math
""",
    ),
    "parts of a batch advance by one sample": (
        "overlap",
        """
def train(x, y):
    for xb, yb in tf.data.Dataset.from_tensor_slices((x, y)).batch(64, drop_remainder=True):
        for i in range(4):
            train_step(xb[i : i + 16], yb[i : i + 16])
""",
    ),
}


@pytest.mark.parametrize("program", SILENT.values(), ids=SILENT)
def test_correct_loops_show_nothing(program):
    assert windows(program) == []


@pytest.mark.parametrize(("fault", "program"), WRONG.values(), ids=WRONG)
def test_wrong_loops_show_one_fault(fault, program):
    (found,) = windows(program)
    assert found.fault == fault
    assert shows(found)


def test_the_replay_of_a_seeded_draw_prints_the_same_batch_every_time():
    (found,) = windows(WRONG["seeded before each choice"][1])
    rows = run(found.replay).splitlines()
    assert len(rows) == 3
    assert len(set(rows)) == 1


def test_the_witness_names_settings():
    (found,) = windows(
        """
from settings import cfg
def train(x, y):
    for i in range(0, len(x), cfg.size):
        train_step(x[i : i + cfg.size + 1], y[i : i + cfg.size + 1])
"""
    )
    assert found.assignment == {"len(x)": 10, "cfg.size": 3}


def test_epochs_are_not_at_fault_where_long_runs_are_cut_short():
    (found,) = windows(
        """
for epoch in range(3):
    for batch in range(len(x) // 32):
        for i in range(8):
            start = (batch + i) * 32
            train_step(x[start : start + 32], y[start : start + 32])
"""
    )
    assert found.cause == "stride"
