"""`prefetch` counts batches, and holds far too many of them.

## What it does
Finds `prefetch(n)` after `batch` where `n` is 32 or more, or is the same number or variable as the batch size or the
shuffle buffer.

## Why is this bad?
After `batch`, one element is one batch: `prefetch(1000)` behind `batch(64)` holds up to 64,000 samples in host
memory. One or two batches are enough to keep an accelerator busy; the rest is memory that other work, or other jobs
on the machine, miss.

## Example
```python
import tensorflow as tf

ds = tf.data.Dataset.from_tensor_slices(images).batch(64).prefetch(1000)
```

## Use instead
```python
import tensorflow as tf

ds = tf.data.Dataset.from_tensor_slices(images).batch(64).prefetch(tf.data.AUTOTUNE)
```

## Fix safety
The fix writes `tf.data.AUTOTUNE`. It is safe: the elements and their order stay the same.

## References
- [TensorFlow: `tf.data.Dataset.prefetch`](https://www.tensorflow.org/api_docs/python/tf/data/Dataset#prefetch)
"""

from collections.abc import Iterator

from bslint.analysis.arguments import Argument
from bslint.analysis.facts import Pipeline
from bslint.analysis.pipelines import batch_size, batches, count_argument, evidence, is_autotune
from bslint.analysis.shapes import element_bytes
from bslint.analysis.values import Known, Stage, Value, alternatives, known_int, text
from bslint.diagnostic import Fix
from bslint.edits import Editor
from bslint.quantity import show_size
from bslint.rule import DATASETS, Context, Finding, link, literal, rule

_MANY = 32


@rule(
    "BS203",
    "prefetch-buffer-too-large",
    "warning",
    literals=[("prefetch(",), ("batch", "_dataset_from_")],
    reach=[DATASETS],
)
def check(pipeline: Pipeline, context: Context) -> Iterator[Finding]:
    """Judge every prefetch of one chain."""
    if pipeline.in_test:
        return
    for position, stage in enumerate(pipeline.stages):
        batched = next((one for one in reversed(pipeline.stages[:position]) if batches(one)), None)
        given = count_argument(stage) if stage.op == "prefetch" else None
        if batched is None or given is None or any(map(is_autotune, alternatives(given.value))):
            continue
        size = batch_size(batched)
        reason = _too_large(given.value, size, pipeline.stages[:position])
        if reason and not _tiny(size, context):
            yield _finding(pipeline, stage, given, size, reason, context)


def _too_large(buffer: Value, size: Value | None, before: tuple[Stage, ...]) -> str:
    """Why a buffer is too large, in words; empty when it is not known to be."""
    number = known_int(buffer)
    if number is not None:
        return f"{number} batches" if number >= _MANY else ""
    if isinstance(buffer, Known):
        return ""
    if size is not None and buffer.key == size.key:
        return f"`{text(buffer)}` batches, as many as a batch has samples"
    shuffles = [given.value for stage in before if stage.op == "shuffle" and (given := count_argument(stage))]
    if any(buffer.key == value.key for value in shuffles):
        return f"`{text(buffer)}` batches, as many as the shuffle buffer has samples"
    return ""


def _tiny(size: Value | None, context: Context) -> bool:
    number = known_int(size)
    return number is not None and number < context.settings.tiny_batch_size


def _finding(
    pipeline: Pipeline, stage: Stage, given: Argument, size: Value | None, reason: str, context: Context
) -> Finding:
    buffer, number = known_int(given.value), known_int(size)
    samples = f", up to {buffer * number:,} samples" if buffer is not None and number is not None else ""
    each = element_bytes(stage.parent.element) if stage.parent is not None else None
    held = buffer * each if buffer is not None and each is not None else None
    memory = f" ({show_size(held)})" if held is not None else ""

    def fix(editor: Editor) -> Fix | None:
        autotune = context.names.autotune()
        if autotune is None or given.node is None:
            return None
        return editor.fix("Let tf.data choose the buffer", "safe", [editor.replace(given.node.value, autotune)])

    facts = evidence(pipeline.stages)
    if buffer is not None and number is not None:
        facts |= {"batches": buffer, "batch_size": number, "samples": buffer * number}
    if held is not None:
        facts |= {"buffer_bytes": held}
    return Finding(
        at=[link(stage.node), *literal(given.value)],
        message=f"`prefetch` after `batch` counts batches: this holds {reason}{samples}{memory} in host memory, "
        "where one or two batches keep an accelerator busy",
        help="write `.prefetch(tf.data.AUTOTUNE)`",
        evidence=facts,
        fix=fix,
    )


BAD = {
    "a thousand batches": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(64).prefetch(1000)
#                                                    ^^^^^^^^^^^^^^
""",
    "as many batches as a batch has samples": """
import tensorflow as tf
def make(batch_size):
    return tf.data.Dataset.from_tensor_slices(x).batch(batch_size).prefetch(batch_size)
#                                                                  ^^^^^^^^^^^^^^^^^^^^
""",
    "the shuffle buffer again": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).shuffle(len(x)).batch(32).prefetch(buffer_size=len(x))
#                                                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
""",
}
FIXED = {
    "a thousand batches": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(64).prefetch(tf.data.AUTOTUNE)
""",
    "the shuffle buffer again": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).shuffle(len(x)).batch(32).prefetch(buffer_size=tf.data.AUTOTUNE)
""",
}
GOOD = {
    "tf.data chooses": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(64).prefetch(tf.data.AUTOTUNE)
""",
    "a small buffer": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(64).prefetch(8)
""",
    "in front of batch it counts samples": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).prefetch(100).batch(64).prefetch(1)
""",
    "a tiny batch": """
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices(x).batch(1).prefetch(64)
""",
    "a small number that is also the batch size": """
import tensorflow as tf
size = 16
ds = tf.data.Dataset.from_tensor_slices(x).batch(size).prefetch(size)
""",
}
