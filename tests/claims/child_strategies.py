"""Run by the ``strategies`` fixture: elements pulled ahead of the consumer under tf.distribute, as JSON."""

import json
import sys
import time

import tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)

GLOBAL_BATCH = 4
off = tf.data.Options()
off.experimental_optimization.inject_prefetch = False
unbuffered = tf.distribute.InputOptions(experimental_per_replica_buffer_size=0)


def pulled(distribute):
    """Count the source elements pulled while the consumer holds one (distributed) element."""
    count = [0]

    def produce():
        for i in range(1000):
            count[0] += 1
            yield i

    source = tf.data.Dataset.from_generator(produce, output_signature=tf.TensorSpec((), tf.int64))
    iterator = iter(distribute(source.batch(GLOBAL_BATCH).with_options(off)))
    next(iterator)
    seen, since = count[0], time.monotonic()
    while time.monotonic() - since < 0.5:
        time.sleep(0.01)
        if count[0] != seen:
            seen, since = count[0], time.monotonic()
    return seen


report = {"none": {"distribute": pulled(tf.distribute.get_strategy().experimental_distribute_dataset)}}
kinds = {
    "one device": tf.distribute.OneDeviceStrategy("CPU:0"),
    "mirrored 1": tf.distribute.MirroredStrategy(["CPU:0"]),
    "mirrored 2": tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]),
}
for name, strategy in kinds.items():
    report[name] = {
        "distribute": pulled(strategy.experimental_distribute_dataset),
        "function": pulled(lambda ds, s=strategy: s.distribute_datasets_from_function(lambda context: ds)),
        "function, unbuffered": pulled(
            lambda ds, s=strategy: s.distribute_datasets_from_function(lambda context: ds, unbuffered)
        ),
    }
sys.stdout.write(json.dumps(report) + "\n")
