"""Whether the elements of a dataset are certainly single samples, and not batches."""

from __future__ import annotations

from bslint.analysis.pipelines import batches, source_of, visible
from bslint.analysis.shapes import tensors
from bslint.analysis.values import Dataset, Method, Object, Stage, Symbol, Value, alternatives, array_of

# Steps that may put samples together where a count can't tell.
_OPAQUE = frozenset(
    "apply window group_by_window group_by_reducer rejection_resample rebatch parallel_interleave scan "
    "bucket_by_sequence_length map_and_batch snapshot".split()
)
_NESTING = frozenset(("flat_map", "interleave"))
# Libraries whose data have one row for each sample.
_TABLES = ("pandas.", "sklearn.datasets.")
# Kinds of values that leave the rows of their base what they are.
_UNCHANGED = frozenset(("argument", "element", "attribute of", "item of", "slice", "part of"))
_DEEPEST = 12
# Sources whose elements may be batches.
_UNTOLD = frozenset(f"tf.data.Dataset.{name}" for name in ("from_tensors", "from_generator", "load", "zip"))


def sample_reason(dataset: Dataset, sample: int | None) -> str:
    """Why the elements of a dataset are certainly single samples, in words; empty when they may be batches.

    Args:
        dataset: the dataset.
        sample: how many axes a sample of the model's input has, None when that is not known.
    """
    stages = dataset.stage.chain()
    if not visible(stages) or not _unbatched(stages):
        return ""
    leaves = tensors(stages[-1].element)
    ranks = [_rank(one) for one in leaves]
    if any(rank is not None and rank > (sample or 3) for rank in ranks):
        return ""
    if 0 in ranks:
        return "its elements hold a scalar, which no batch does"
    if sample is not None and ranks[:1] == [sample]:
        return f"its elements have {sample} {'axis' if sample == 1 else 'axes'}, as one sample of the model's input has"
    if leaves and all(map(_is_sample, leaves)):
        return "its elements are rows of the data"
    return ""


def _rank(tensor: Value) -> int | None:
    array = array_of(tensor)
    return len(array.shape) if array is not None and array.shape is not None else None


def _unbatched(stages: tuple[Stage, ...]) -> bool:
    """Whether nothing in a chain batches, or may."""
    source = source_of(stages[0])
    untold = stages[0].op in _UNTOLD and not _is_declared(stages[0])
    if source is None or source.whole or untold or any(map(batches, stages)):
        return False
    if stages[0].call is None or stages[0].call.open or _size_given(stages[0]):
        return False
    if any(stage.op in _OPAQUE or (stage.op in _NESTING and not _nested_unbatched(stage)) for stage in stages):
        return False
    others = [value for stage in stages for value in stage.inputs if stage.op in {"zip", "concatenate"}]
    return all(
        isinstance(one, Dataset) and _unbatched(one.stage.chain()) for value in others for one in alternatives(value)
    )


def _is_declared(source: Stage) -> bool:
    """Whether a generator declares the shapes of what it yields: batches have an axis more."""
    return source.op.endswith(".from_generator") and source.element is not None


def _size_given(source: Stage) -> bool:
    """Whether a source that can batch is given a batch size that is not known to be None."""
    given = source.call.value("batch_size") if source.call is not None else None
    return any(getattr(one, "value", ...) is not None for one in alternatives(given))


def _nested_unbatched(stage: Stage) -> bool:
    made = alternatives(stage.result)
    return bool(made) and all(isinstance(one, Dataset) and _unbatched(one.stage.chain()) for one in made)


def _is_sample(tensor: Value) -> bool:
    """Whether a tensor is a row of a table or of a split, as `from_tensor_slices` makes it, come through unchanged."""
    value: Value | None = tensor
    for _ in range(_DEEPEST):
        if isinstance(value, Object) and isinstance(value.type, str) and value.type.startswith(_TABLES):
            return True
        if isinstance(value, Method):
            value = value.receiver
        elif isinstance(value, Symbol):
            kind = value.key[0] if isinstance(value.key, tuple) else None
            if kind == "half":
                return True
            value = value.base if kind in _UNCHANGED else None
        else:
            return False
    return False
