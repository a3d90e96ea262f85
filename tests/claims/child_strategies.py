"""Run by the ``strategies`` fixture: elements pulled ahead of the consumer under tf.distribute, as JSON."""

import json
import sys
import time

import keras
import tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)

GLOBAL_BATCH = 4
off = tf.data.Options()
off.experimental_optimization.apply_default_optimizations = False
unbuffered = tf.distribute.InputOptions(experimental_per_replica_buffer_size=0)


class Source:
    """Batches that nothing prefetches, and a count of the elements pulled for them."""

    def __init__(self):
        self.count = 0
        source = tf.data.Dataset.from_generator(self, output_signature=tf.TensorSpec((), tf.int64))
        self.batches = source.batch(GLOBAL_BATCH, drop_remainder=True).with_options(off)

    def __call__(self):
        for i in range(1000):
            self.count += 1
            yield i

    def settled(self):
        seen, since = self.count, time.monotonic()
        while time.monotonic() - since < 0.5:
            time.sleep(0.01)
            if self.count != seen:
                seen, since = self.count, time.monotonic()
        return seen


def pulled(distribute):
    """Count the source elements pulled while the consumer holds one (distributed) element."""
    source = Source()
    iterator = iter(distribute(source.batches))
    next(iterator)
    return source.settled()


def pulled_by_fit(strategy):
    """Count the source elements pulled by the end of the first step of a fit in the strategy's scope."""
    source, seen = Source(), []
    with strategy.scope():
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse", jit_compile=False)
    watch = keras.callbacks.LambdaCallback()
    watch.on_train_batch_end = lambda batch, logs=None: seen.append(source.settled())
    data = source.batches.map(lambda x: (tf.cast(x, tf.float32)[:, None], tf.cast(x, tf.float32)[:, None]))
    model.fit(data, steps_per_epoch=1, verbose=0, callbacks=[watch])
    return seen[0]


report = {"fit": {"none": pulled_by_fit(tf.distribute.get_strategy())}}
report["none"] = {"distribute": pulled(tf.distribute.get_strategy().experimental_distribute_dataset)}
kinds = {
    "one device": tf.distribute.OneDeviceStrategy("CPU:0"),
    "mirrored 1": tf.distribute.MirroredStrategy(["CPU:0"]),
    "mirrored 2": tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]),
}
for name, strategy in kinds.items():
    report["fit"][name] = pulled_by_fit(strategy)
    report[name] = {
        "distribute": pulled(strategy.experimental_distribute_dataset),
        "function": pulled(lambda ds, s=strategy: s.distribute_datasets_from_function(lambda context: ds)),
        "function, unbuffered": pulled(
            lambda ds, s=strategy: s.distribute_datasets_from_function(lambda context: ds, unbuffered)
        ),
    }
sys.stdout.write(json.dumps(report) + "\n")
