"""Questions about accumulated gradients that several rules ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bslint.analysis.numbers import quotient
from bslint.analysis.values import (
    Dataset,
    DatasetIterator,
    Expr,
    Known,
    Object,
    Symbol,
    Value,
    alternatives,
    known_int,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bslint.analysis.facts import Loop
    from bslint.analysis.gradients import Accumulation, Addition, Cadence, Test, Update
    from bslint.analysis.repetition import Clause

# Loops over these are no loops over micro-batches: a sum over them is what is meant.
_NOT_BATCHES = (
    "task", "agent", "env", "episode", "client", "worker", "domain", "head", "critic", "particle", "rollout", "sample",
    "replica", "device", "gpu", "tower", "shard", "time", "scale", "term", "loss", "layer", "member", "ensemble",
    "fold", "player", "seed", "chain", "subject", "user", "seq",
)  # fmt: skip


# What counts.
_COUNTS = frozenset(("range", "tf.range", "numpy.arange", "keras.ops.arange"))


def over_batches(accumulation: Accumulation) -> bool:
    """Whether its loop is one over micro-batches: of a dataset, of a count, or with an update every few iterations."""
    loop = accumulation.clause or accumulation.loop
    if loop is None:
        return True
    if any(word in name.lower() for name in _names(accumulation, loop) for word in _NOT_BATCHES):
        return False
    if any(update.same_iteration and update.tests for update in accumulation.applied):
        return True
    if loop.iterable is None or getattr(loop, "consumed", None):
        return True
    return any(_is_count(one) or _is_data(one) for one in alternatives(loop.iterable)) or _is_pair(loop)


def _names(accumulation: Accumulation, loop: Loop | Clause) -> Iterator[str]:
    yield _target(getattr(loop.node, "target", None))
    yield text(loop.iterable)
    yield text(accumulation.count)


def _target(target: object) -> str:
    value = getattr(target, "value", None)
    return value if isinstance(value, str) else ""


def _is_pair(loop: Loop | Clause) -> bool:
    """Whether the loop has several targets: `for x, y in batches`."""
    return hasattr(getattr(loop.node, "target", None), "elements")


def _is_count(value: Value) -> bool:
    return isinstance(value, Object) and value.type in _COUNTS


def _is_data(value: Value) -> bool:
    if isinstance(value, DatasetIterator):
        return any(_is_data(one) for inner in value.datasets for one in alternatives(inner))
    return isinstance(value, Dataset)


def adds_means(addition: Addition) -> bool:
    """Whether the gradient that is added is certainly that of a mean over the micro-batch, and is added as it is."""
    loss = addition.gradient.loss
    return (
        loss.reduction == "mean"
        and not loss.factors
        and not addition.factors
        and addition.gradient.method == "gradient"
    )


def scaled(update: Update) -> bool:
    """Whether something scales the sum on its way to the weights, or may."""
    return bool(update.factors) or not update.clear or update.optimizer is None or quotient(update.rate) is not None


def number(accumulation: Accumulation) -> int | None:
    """The number of micro-batches of an update, when it is known."""
    return known_int(accumulation.count)


def count(accumulation: Accumulation, unknown: str = "several") -> str:
    """The number of micro-batches of an update, in words."""
    known = number(accumulation)
    if known is not None:
        return str(known)
    written = text(accumulation.count)
    return f"`{written}`" if accumulation.count is not None and written not in {"?", "…"} else unknown


def name_of_count(accumulation: Accumulation) -> str:
    """How the program may write the number of micro-batches."""
    value = accumulation.count
    if isinstance(value, Known):
        return value.label or str(value.value)
    written = text(value)
    return written if value is not None and written not in {"?", "…"} else "k"


def optimizer_help(accumulation: Accumulation) -> str:
    """How Keras 3 accumulates by itself."""
    for update in accumulation.applied:
        for one in alternatives(update.optimizer):
            if isinstance(one, Object) and isinstance(one.type, str) and one.type.startswith("keras.optimizers."):
                name = one.type.rpartition(".")[2]
                return f"`{name}(…, gradient_accumulation_steps={name_of_count(accumulation)})`"
    return f"an optimizer made with `gradient_accumulation_steps={name_of_count(accumulation)}`"


def learning_rate_matters(update: Update) -> bool:
    """Whether the size of the gradient is the size of the step: not so for optimizers that divide it out again."""
    types = {str(one.type) for one in alternatives(update.optimizer) if isinstance(one, Object)}
    return not any(name.rpartition(".")[2] in _SCALE_FREE for name in types)


def cadence_test(accumulation: Accumulation) -> Test | None:
    """The condition that decides after how many micro-batches the sum is applied."""
    for update in accumulation.applied:
        tests = [test for test in update.tests if test.node is not None] if update.same_iteration else []
        if tests:
            return max(tests, key=lambda test: "%" in text(test.value))
    return None


def count_is_chosen(accumulation: Accumulation) -> bool:
    """Whether the loop over the micro-batches runs a number of times that is not computed from the data."""
    iterable = accumulation.loop.iterable if accumulation.loop is not None else None
    bounds = [
        argument.value
        for one in alternatives(iterable)
        if isinstance(one, Object) and one.type == "range" and one.call is not None
        for argument in one.call.positional
    ]
    return bool(bounds) and all(isinstance(bound, Symbol) or _is_next_to(bound) for bound in bounds[:2])


def _is_next_to(value: Value) -> bool:
    """Whether a bound is a number, or a chosen one plus a number."""
    if isinstance(value, Expr):
        return value.op in {"+", "-"} and all(isinstance(one, (Known, Symbol)) for one in value.operands)
    return isinstance(value, Known) and value.value in {0, 1}


def wrong_cadence(accumulation: Accumulation) -> Cadence | None:
    """A run with an update, not the last, of another number of micro-batches; None unless all runs are such."""
    telling = [one for one in accumulation.cadences if len(one.counts) > 1]
    wrong = [one for one in telling if any(count != one.size for count in one.counts[:-1])]
    return wrong[0] if wrong and len(wrong) == len(telling) else None


_SCALE_FREE = frozenset("Adam AdamW Adamax Nadam RMSprop Adagrad Adadelta Adafactor Lion Lamb".split())


def evidence(accumulation: Accumulation) -> dict[str, object]:
    """What was found of an accumulation, with its rows."""
    return {
        "kind": "accumulation",
        "accumulator": accumulation.name,
        "loop": accumulation.loop.node if accumulation.loop is not None else None,
        "micro_batches": text(accumulation.count) if accumulation.count is not None else None,
        "additions": [one.node for one in accumulation.additions],
        "assignments": [one.node for one in accumulation.assignments],
        "updates": [one.node for one in accumulation.applied],
        "reduction": accumulation.additions[0].gradient.loss.reduction,
    }
