"""Shared by the claims: quiet TensorFlow, tiny models, counted producers, a little data on disk."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # with oneDNN, a failing allocation is retried for ten seconds

HERE = Path(__file__).parent
PATIENCE = 20.0  # seconds to wait for a background thread that must come
SETTLE = 0.25  # seconds of silence after which a background thread counts as waiting
IMPOSSIBLE = 1 << 50  # float32 elements: more bytes than a 64-bit process can address
CHILDREN = {
    "card": (
        "child_card.py",
        {"TF_CPU_ALLOCATOR_USE_BFC": "1", "TF_CPU_BFC_MEM_LIMIT_IN_MB": "100", "TF_ENABLE_ONEDNN_OPTS": "0"},
    ),
    "strategies": ("child_strategies.py", {}),
    "replicas": ("child_replicas.py", {}),
}


@pytest.fixture(autouse=True)
def _no_seed_is_left():
    """A seed that one claim sets makes the random numbers of another repeat themselves; no public call takes it back."""
    yield
    if "tensorflow" in sys.modules:
        from tensorflow.python.eager import context

        context.set_global_seed(None)


def pytest_collection_modifyitems(items):
    """Keep Keras from saying in every fit that it doesn't shuffle a dataset; put the slow children's readers last."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore:.shuffle=True. was passed"))
            item.add_marker(pytest.mark.filterwarnings("ignore:Your input ran out of data"))
    items.sort(key=lambda item: HERE in item.path.parents and bool(CHILDREN.keys() & set(item.fixturenames)))


class Producer:
    """A source of integers that counts how many were pulled out of it."""

    def __init__(self, length):
        """Produce ``length`` integers an epoch."""
        self.length = length
        self.pulled = 0

    def __call__(self):
        """Yield the integers of one epoch."""
        for i in range(self.length):
            self.pulled += 1
            yield i

    def dataset(self):
        """Make the ``tf.data.Dataset`` that pulls from here."""
        import tensorflow as tf

        return tf.data.Dataset.from_generator(self, output_signature=tf.TensorSpec((), tf.int64))


def wait_until(reached, read):
    """Wait until ``read()`` is at least ``reached`` and no longer moves; return it."""
    deadline = time.monotonic() + PATIENCE
    while read() < reached and time.monotonic() < deadline:
        time.sleep(0.01)
    seen, since = read(), time.monotonic()
    while time.monotonic() - since < SETTLE and time.monotonic() < deadline:
        time.sleep(0.01)
        if read() != seen:
            seen, since = read(), time.monotonic()
    return seen


@pytest.fixture
def settled():
    """Give ``settled(reached, read)``: waits for a counter to get somewhere and to stop."""
    return wait_until


@pytest.fixture
def producer():
    """Give ``producer(length)``: a source that counts what is pulled out of it."""
    return Producer


@pytest.fixture
def pulled():
    """Give ``pulled(build)``: how many source elements are pulled while the consumer holds one element."""

    def measure(build, reached=0):
        source = Producer(1000)
        iterator = iter(build(source.dataset()))
        next(iterator)
        return wait_until(reached, lambda: source.pulled)

    return measure


@pytest.fixture
def options():
    """Give ``options(inject_prefetch=False, autotune=False, …)``: tf.data options by their short names."""
    import tensorflow as tf

    def make(**settings):
        made = tf.data.Options()
        if "autotune" in settings:
            made.autotune.enabled = settings.pop("autotune")
        for name, value in settings.items():
            setattr(made.experimental_optimization, name, value)
        return made

    return make


@pytest.fixture
def stages():
    """Give ``stages(dataset)``: the names of the stages that really run, last one first."""
    import tensorflow as tf

    def names(dataset):
        iterator = iter(dataset)
        next(iterator)
        proto = tf.data.experimental.get_model_proto(iterator)
        found = []

        def walk(key):
            found.append(proto.nodes[key].name)
            for child in proto.nodes[key].inputs:
                walk(child)

        walk(proto.output)
        return [name for name in found if name != "Root"]

    return names


@pytest.fixture
def arrays():
    """Ten samples of three features, and their targets."""
    import numpy as np

    return np.zeros((10, 3), "float32"), np.zeros((10, 1), "float32")


@pytest.fixture
def pairs(arrays):
    """The ten samples as an unbatched dataset."""
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices(arrays)


@pytest.fixture
def model():
    """One dense layer, compiled to run eagerly: nothing is traced, so a fit takes milliseconds."""
    import keras

    made = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    made.compile("sgd", "mse", run_eagerly=True)
    return made


@pytest.fixture
def steps_of():
    """Give ``steps_of(model, x, …)``: the steps of each epoch of that fit, and of its last validation."""
    import keras

    class Count(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.train, self.test = [], 0

        def on_epoch_begin(self, epoch, logs=None):
            self.train.append(0)

        def on_train_batch_end(self, batch, logs=None):
            self.train[-1] += 1

        def on_test_begin(self, logs=None):
            self.test = 0

        def on_test_batch_end(self, batch, logs=None):
            self.test += 1

    def fit(model, *args, **kwargs):
        count = Count()
        model.fit(*args, verbose=0, callbacks=[count], **kwargs)
        return count.train, count.test

    return fit


@pytest.fixture
def out_of_memory():
    """Give ``out_of_memory(value)``: an allocation of ``value`` that no machine can serve, so TensorFlow raises."""
    import tensorflow as tf

    return lambda value=0.0: tf.fill([IMPOSSIBLE], value)


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """A folder with ``image``, ``text``, ``audio`` (two classes of 40 files each), rows.csv and rows.tfrecord."""
    import tensorflow as tf

    root = tmp_path_factory.mktemp("claims")
    for label, name in enumerate("ab"):
        for kind in ("image", "text", "audio"):
            (root / kind / name).mkdir(parents=True)
        for i in range(40):
            number = 40 * label + i
            pixels = tf.fill([4, 4, 3], tf.constant(number, tf.uint8))
            tf.io.write_file(str(root / "image" / name / f"{i:02}.png"), tf.io.encode_png(pixels))
            (root / "text" / name / f"{i:02}.txt").write_text(str(number), encoding="utf-8")
            wave = tf.audio.encode_wav(tf.fill([8, 1], number / 100), 8000)
            tf.io.write_file(str(root / "audio" / name / f"{i:02}.wav"), wave)
    rows = "".join(f"{i},{i % 2}\n" for i in range(40))
    (root / "rows.csv").write_text("a,b\n" + rows, encoding="utf-8")
    with tf.io.TFRecordWriter(str(root / "rows.tfrecord")) as writer:
        for i in range(40):
            value = tf.train.Feature(int64_list=tf.train.Int64List(value=[i]))
            writer.write(tf.train.Example(features=tf.train.Features(feature={"a": value})).SerializeToString())
    return root


@pytest.fixture
def load(data):
    """Give ``load(kind, …)``: the loader of that kind over ``data``, quiet and small."""
    import keras
    import numpy as np
    import tensorflow as tf

    loaders = {
        "image": lambda **k: keras.utils.image_dataset_from_directory(
            str(data / "image"), image_size=(4, 4), verbose=False, **k
        ),
        "text": lambda **k: keras.utils.text_dataset_from_directory(str(data / "text"), verbose=False, **k),
        "audio": lambda **k: keras.utils.audio_dataset_from_directory(
            str(data / "audio"), output_sequence_length=8, verbose=False, **k
        ),
        "timeseries": lambda **k: keras.utils.timeseries_dataset_from_array(np.arange(300.0), None, 3, **k),
        "csv": lambda **k: tf.data.experimental.make_csv_dataset(str(data / "rows.csv"), **k),
        "features": lambda **k: tf.data.experimental.make_batched_features_dataset(
            str(data / "rows.tfrecord"), features={"a": tf.io.FixedLenFeature([], tf.int64)}, **k
        ),
    }
    return lambda kind, **k: loaders[kind](**k)


class Child:
    """A script beside this file in a process of its own, whose last line is its report in JSON."""

    def __init__(self, script, environment):
        """Start the script."""
        self.script = script
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / script)],
            env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def report(self):
        """Wait for the script and read its report."""
        output, errors = self.process.communicate(timeout=240)
        if self.process.returncode:
            pytest.fail(f"{self.script} exited with {self.process.returncode}:\n{errors[-3000:]}")
        return json.loads(output.splitlines()[-1])


def pytest_collection_finish(session):
    """Start the children that the chosen tests need, so that they run beside the other tests.

    Under pytest-xdist every worker collects every test: there a child starts when its fixture is first asked for.
    """
    if hasattr(session.config, "workerinput") or session.config.option.collectonly:
        return
    wanted = {name for item in session.items if HERE in item.path.parents for name in item.fixturenames}
    for name in wanted & set(CHILDREN):
        running[name] = Child(*CHILDREN[name])


def pytest_sessionfinish(session):
    """Leave no child behind."""
    for started in running.values():
        if started.process.poll() is None:
            started.process.kill()
            started.process.wait()


running = {}


def report_of(name):
    """Give the report of a child, starting it if it isn't running yet."""
    if name not in running:
        running[name] = Child(*CHILDREN[name])
    return running[name].report()


@pytest.fixture(scope="session")
def card():
    """What the runs on a CPU that plays a card of 100 MiB report (see child_card.py)."""
    return report_of("card")


@pytest.fixture(scope="session")
def strategies():
    """Samples pulled ahead under tf.distribute, on one and on two logical CPUs (see child_strategies.py)."""
    return report_of("strategies")


@pytest.fixture(scope="session")
def replicas():
    """How far one step moves a weight under tf.distribute, on two logical CPUs (see child_replicas.py)."""
    return report_of("replicas")
