"""A large training batch whose memory could not be worked out.

## What it does
Finds training batch sizes of at least `large-batch-size` (256) samples for models that can't be read from the source:
layers out of sight, an unknown input shape, a subclassed model. It says what is not known.

## Why is this bad?
The memory of a training step grows with the batch: every sample keeps its activations until the backward pass. A
batch that is fine for a small network kills a large one with an out-of-memory error, often after hours in a queue.
Nobody has checked this one.

## Example
```python
import tensorflow as tf
from backbones import make_backbone

model = tf.keras.Sequential([make_backbone(), tf.keras.layers.Dense(10)])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
model.fit(images, labels, batch_size=512)
```

## Use instead
```python
import tensorflow as tf
from backbones import make_backbone

model = tf.keras.Sequential([make_backbone(), tf.keras.layers.Dense(10)])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
model.fit(images, labels, batch_size=64)
```

## References
- [TensorFlow: out-of-memory errors](https://www.tensorflow.org/guide/gpu#limiting_gpu_memory_growth)
- [Keras: `gradient_accumulation_steps`](https://keras.io/api/optimizers/)
"""

from collections.abc import Iterator

from bslint.analysis.apis import TABULAR_LAYERS
from bslint.analysis.facts import Model, Training
from bslint.analysis.values import Class, Known, Object, Value, alternatives, known_int
from bslint.rule import BATCHED, TRAINS, Context, Finding, Place, rule

_SILENT_WORDS = ("token", "ref")


@rule(
    "BS101",
    "large-batch-size",
    "warning",
    literals=[("batch_size", *BATCHED), TRAINS],
)
def check(training: Training, context: Context) -> Iterator[Finding]:
    """Judge the batch size of one training."""
    threshold = context.settings.large_batch_size
    for value, use in _batch_sizes(training):
        number = known_int(value)
        if not isinstance(value, Known) or number is None or number < threshold:
            continue
        if any(word in value.label.lower() for word in _SILENT_WORDS) or _on_tpu(training):
            continue
        unknown = _unknown(training, context)
        if unknown:
            yield _finding(value, number, use, unknown, context, training)


def _finding(value: Known, number: int, use: Place, unknown: str, context: Context, training: Training) -> Finding:
    places = [place for place in (value.origin, use) if place is not None]
    return Finding(
        at=places,
        message=f"the training batch of {number} samples is large and nobody knows whether it fits: {unknown}, "
        "so its memory could not be worked out",
        help="start with a batch of 32 or 64 and raise it while the memory allows; `bslint verify` can try it",
        related=[(use, "the batch size is used here")] if value.origin is not use else [],
        evidence={
            "kind": "batch-size",
            "batch_size": number,
            "threshold": context.settings.large_batch_size,
            "unknown": unknown,
        },
        subject=training,
    )


def _batch_sizes(training: Training) -> Iterator[tuple[Value, Place]]:
    """Every batch size that the training may have, and where it is used."""
    for feed in training.feeds:
        for size in alternatives(feed.batch_size):
            yield size, feed.node or training.node


def _on_tpu(training: Training) -> bool:
    """TPUs want large batches; an unknown strategy may be one."""
    strategies = alternatives(training.strategy)
    return not all(
        isinstance(one, Object) and all(_is_gpu_strategy(name) for name in one.types()) for one in strategies
    )


def _is_gpu_strategy(name: str) -> bool:
    return name.startswith("tf.distribute.") and "TPU" not in name


def _unknown(training: Training, context: Context) -> str:
    """What is not known of the models in this training; empty when all is known, or when they are tables."""
    models = [training.model] if training.model is not None else list(training.loop.called) if training.loop else []
    if not models:
        return "the model is not in sight"
    for model in models:
        if not model.readable and not _tabular(model):
            return model.unreadable or "the shape of its input is not written down"
    found = context.demand(training)
    return found.unreadable if found is not None and not any(map(_tabular, models)) else ""


def _tabular(model: Model) -> bool:
    """Whether its layers are only those of models over rows of a table."""
    return bool(model.layers) and all(
        layer.name in TABULAR_LAYERS and not isinstance(layer.value.type, Class) for layer in model.layers
    )


BAD = {
    "layers out of sight": """
import keras
from zoo import backbone
model = keras.Sequential([backbone(), keras.layers.Dense(10)])
batch_size = 256
#            ^^^
model.fit(x, y, batch_size=batch_size, epochs=10)
""",
    "no layers at all": """
import tensorflow as tf
model = tf.keras.models.Sequential([
    # ... your model layers ...
])
model.fit(x, y, batch_size=512)
#                          ^^^
""",
    "an argparse default": """
import argparse
import keras
parser = argparse.ArgumentParser()
parser.add_argument("--batch-size", type=int, default=1024)
#                                                     ^^^^
args = parser.parse_args()
model = keras.models.load_model("model.keras")
model.fit(x, y, batch_size=args.batch_size)
""",
    "a pipeline": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(300).prefetch(1)
#                                                ^^^
tf.keras.models.load_model("m").fit(ds)
""",
    "a model from another place, told by the arguments": """
import tensorflow as tf
from networks import build
model = build()
model.fit(x, y, batch_size=512, epochs=10)
#                          ^^^
""",
}
GOOD = {
    "an estimator of another kind": """
import tensorflow as tf
from estimators import Trees
Trees().fit(x, y, batch_size=512)
Trees().fit(x, y, batch_size=512, epochs=10, nb_trees=100)
""",
    "the model is readable": """
import keras
from keras import layers
model = keras.Sequential([keras.Input((28, 28, 1)), layers.Conv2D(8, 3), layers.Flatten(), layers.Dense(10)])
model.fit(x, y, batch_size=512)
""",
    "rows of a table": """
import keras
model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(1)])
model.fit(x, y, batch_size=4096)
""",
    "prediction keeps no activations": """
import keras
keras.models.load_model("m").predict(x, batch_size=1024)
""",
    "a required option comes from outside": """
import argparse
import keras
parser = argparse.ArgumentParser()
parser.add_argument("--batch-size", type=int, required=True)
keras.models.load_model("m").fit(x, y, batch_size=parser.parse_args().batch_size)
""",
    "tokens, not samples": """
import keras
batch_tokens = 4096
keras.models.load_model("m").fit(x, y, batch_size=batch_tokens)
""",
    "a TPU": """
import tensorflow as tf
strategy = tf.distribute.TPUStrategy(resolver)
with strategy.scope():
    model = tf.keras.models.load_model("m")
model.fit(x, y, batch_size=1024)
""",
}
