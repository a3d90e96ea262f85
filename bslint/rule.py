"""What a rule is: a documented function from one fact to findings.

A rule is one module in `rules/`. It subscribes to a kind of fact by the annotation of its first parameter:

    @rule("BS104", "batch-size-with-dataset", "warning", literals=[("batch_size",), (".fit(",)])
    def check(run: Run, context: Context) -> Iterator[Finding]: ...

Its docstring is its page; `BAD`, `GOOD` and `FIXED` are its examples, which the tests run.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, get_args, get_type_hints

import msgspec

from bslint.analysis.facts import FACT_TYPES, UsedNames
from bslint.diagnostic import SEVERITIES, Fix, Severity

if TYPE_CHECKING:
    import libcst as cst

    from bslint.analysis.facts import Run
    from bslint.analysis.values import Value
    from bslint.config import Settings
    from bslint.edits import Editor
    from bslint.memory.trainings import Demand

HEADINGS = ("What it does", "Why is this bad?", "Example", "Use instead", "References")
DOCUMENTATION = "https://bslint.readthedocs.io/en/stable/rules"

Literal: TypeAlias = "bytes | re.Pattern[bytes]"
Literals: TypeAlias = tuple[tuple[Literal, ...], ...]

TENSORFLOW = ("tensorflow", "keras")
# What trains a model.
TRAINS = (".fit(", ".fit_generator(", "train_on_batch(", "apply_gradients", "minimize(", "assign_sub")
# What a training step written by hand calls, in the file or in one that it imports.
STEPS = ("GradientTape", "train_on_batch", "minimize(", "apply_gradients(")
# What trains on windows: steps written by hand, or batches that the program makes for Keras.
WINDOWS = (*STEPS, "yield", "__getitem__")
# What cuts a window out of an array.
SLICES: tuple[str | re.Pattern[bytes], ...] = (re.compile(rb"\[[^\]]*:"), "slice(", "gather(", "take(", "split(")
# What catches an error of any kind, or of memory.
CATCHES = (
    "ResourceExhausted",
    "OpError",
    re.compile(rb"except\s*:"),
    re.compile(rb"except\b[^:]*Exception\b"),
    re.compile(rb"=\s*[(\[]?(?:Base)?Exception\b"),
)
# What divides (slashes in strings and comments do not count), and what makes a float of a number.
DIVISIONS = ("/", "divide(")
FRACTIONS = (
    *DIVISIONS,
    "ceil(",
    "floor(",
    "round(",
    "rint(",
    "trunc(",
    "around(",
    re.compile(rb"\d\.\d*\s*\*|\*\s*\d*\.\d"),
)
# What makes a `tf.function`.
TRACES = (
    re.compile(rb"function\b(?<=[\w)]\.function)(?<!self.function)"),
    re.compile(rb"import\b[^\n=:(]*\bfunction\b"),
    re.compile(rb"import\s*\([^)]*\bfunction\b"),
)
# What runs a model.
RUNS = (*TRAINS, ".evaluate(", ".predict(", "_on_batch(", "_generator(", "distribute_dataset")
# Calls of transformations, told apart from others that end alike (`get_batch`, `np.repeat`, `build_cache`). A pattern
# that starts with a plain word is looked for many times faster.
BATCHED = (
    "padded_batch",
    "ragged_batch",
    "sparse_batch",
    "map_and_batch",
    "rebatch",
    "batch_and_drop_remainder",
    "bucket_by_sequence_length",
    re.compile(rb"batch(?<=\Wbatch)\s*\("),
)
CACHED = (re.compile(rb"cache(?<=\.cache)\s*\("),)
REPEATED = (
    "shuffle_and_repeat",
    re.compile(rb"repeat(?<=\.repeat)(?<!np.repeat)(?<!tf.repeat)(?<!numpy.repeat)(?<!ops.repeat)\s*\("),
)
SHUFFLED = ("shuffle_and_repeat", re.compile(rb"shuffle(?<=\.shuffle)(?<!random.shuffle)\s*\("))
# What makes batches of samples.
BATCHES = (
    *BATCHED,
    "_dataset_from_",
    "make_csv_dataset",
    "make_batched_features_dataset",
    "tfds",
)
# A Keras `Sequence` as the base of a class, by its own name or another.
SEQUENCES = (
    re.compile(rb"(?:\bclass\b[^(\n]*\([^)]*|=\s*[\w.]*)\b(?:Sequence|PyDataset)\b|(?:Sequence|PyDataset)\s+as\b"),
)
# What makes a tf.data dataset, in the file or in one that it imports.
DATASETS = (
    "tf.data",
    "tensorflow.data",
    "data.Dataset",
    "import Dataset",
    "RecordDataset",
    "LineDataset",
    "_dataset_from_",
    "make_csv_dataset",
    "make_batched_features_dataset",
    "tfds",
    "tensorflow_datasets",
    "distribute_dataset",
)


class Span(msgspec.Struct, frozen=True):
    """From the start of one node to the end of another."""

    first: cst.CSTNode
    last: cst.CSTNode


Place: TypeAlias = "cst.CSTNode | Span"


def link(call: cst.CSTNode) -> Place:
    """One link of a chain of calls: from the method's name to its closing parenthesis."""
    name = getattr(getattr(call, "func", None), "attr", None)
    return Span(name, call) if name is not None else call


def literal(value: Value) -> Iterator[Place]:
    """Where a number, or what it is made of, was written: a place of its own when another file passes it on."""
    if value.origin is not None:
        yield value.origin


def header(loop: cst.CSTNode) -> Place:
    """The first line of a loop: up to what it iterates over, or its test."""
    last = getattr(loop, "iter", None) or getattr(loop, "test", None)
    return Span(loop, last) if last is not None else loop


class Finding(msgspec.Struct, frozen=True):
    """What a rule found, in terms of syntax nodes.

    Args:
        at: the code to change. Of several places the first that stands in the linted file counts; a finding of which
            none does is dropped: it belongs to another file.
        message: what is wrong and why.
        help: what to do.
        related: other places that explain it, with a message each.
        evidence: JSON-like data that lets a person check the claim; syntax nodes in it become rows.
        fix: builds the fix; may return None when the code around does not allow it.
        severity: when it differs from the rule's.
        subject: what a proof would run: a training, the windows of a loop, or the last step of a pipeline.
    """

    at: Place | Sequence[Place]
    message: str
    help: str = ""
    related: Sequence[tuple[Place, str]] = ()
    evidence: Mapping[str, Any] | None = None
    fix: Callable[[Editor], Fix | None] | None = None
    severity: Severity | None = None
    subject: Any = None


class Context(msgspec.Struct, frozen=True):
    """What a rule may know besides the fact.

    Args:
        settings: those that govern the file.
        names: how the program names the APIs that fixes write.
        path: the linted file.
        demands: what the trainings judged so far need, by the identity of the fact.
    """

    settings: Settings
    names: UsedNames
    path: str = ""
    demands: dict[int, Demand | None] = msgspec.field(default_factory=dict)

    def tensorflow_from(self, major: int, minor: int) -> bool:
        """Whether the program is declared to be for this TensorFlow or a newer one only."""
        from bslint.target import tensorflow_from

        return tensorflow_from(self.settings, Path(os.path.abspath(self.path)).parent, major, minor)

    def demand(self, run: Run) -> Demand | None:
        """The memory that a training needs on the device that it is meant for; None when its model is not in sight."""
        from bslint.memory.trainings import demand

        if id(run) not in self.demands:
            self.demands[id(run)] = demand(run, self.settings.device)
        return self.demands[id(run)]


Check: TypeAlias = Callable[[Any, Context], Iterable[Finding]]


class Rule(msgspec.Struct, frozen=True):
    """A registered rule.

    Args:
        code: `BS` and three digits; never reused.
        name: the bad pattern, in kebab case.
        severity: error: the run is wrong or dies; warning: a defect of bounded cost; info: correct but untuned.
        literals: groups of byte strings or patterns; one of every group must occur in a file, outside of comments and
            docstrings, for it to have a finding.
        reach: groups of the same, of each of which one must occur in the file or in one that it imports.
        fact: the kinds of facts that it judges.
        check: judges one fact.
        doc: its page, in Markdown.
        module: where it is defined.
    """

    code: str
    name: str
    severity: Severity
    literals: Literals
    reach: Literals
    fact: tuple[type, ...]
    check: Check
    doc: str
    module: str

    @property
    def summary(self) -> str:
        """The first sentence of its page."""
        return self.doc.partition("\n")[0].strip()

    @property
    def url(self) -> str:
        """Address of its page."""
        return f"{DOCUMENTATION}/{self.name}"


class RuleError(Exception):
    """A rule module that does not keep to the form; the message names the file and line."""


_Check = TypeVar("_Check", bound=Check)


def rule(
    code: str,
    name: str,
    severity: Severity,
    *,
    literals: Iterable[Sequence[str | re.Pattern[bytes]]],
    reach: Iterable[Sequence[str | re.Pattern[bytes]]] = (),
) -> Callable[[_Check], _Check]:
    """Register the decorated function as the rule of its module.

    Raises:
        RuleError: when code, name, severity, signature or page are not as they must be.
    """

    def register(check: _Check) -> _Check:
        module = sys.modules[check.__module__]
        made = Rule(
            code,
            name,
            severity,
            _encoded(literals),
            _encoded((TENSORFLOW, *reach)),
            _fact_types(check),
            check,
            (module.__doc__ or "").strip(),
            module.__name__,
        )
        for problem in _problems(made):
            raise RuleError(f"{_where(check)}: {problem}")
        module.RULE = made  # type: ignore[attr-defined]
        return check

    return register


def _encoded(groups: Iterable[Sequence[str | re.Pattern[bytes]]]) -> Literals:
    return tuple(
        tuple(literal.encode() if isinstance(literal, str) else literal for literal in group) for group in groups
    )


def _where(check: Check) -> str:
    code = getattr(check, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(check)


def _fact_types(check: Check) -> tuple[type, ...]:
    """The annotation of the first of two parameters: a kind of fact, or a union of several."""
    hints = get_type_hints(check)
    code = getattr(check, "__code__", None)
    wanted = [hints.get(name) for name in code.co_varnames[: code.co_argcount]] if code else []
    types = (get_args(wanted[0]) or (wanted[0],)) if wanted else ()
    if len(wanted) != 2 or not set(types) <= set(FACT_TYPES) or wanted[1] is not Context:
        facts = ", ".join(fact.__name__ for fact in FACT_TYPES)
        raise RuleError(f"{_where(check)}: expected `def check(fact: X, context: Context)` with X one of {facts}")
    return types


def _problems(made: Rule) -> Iterator[str]:
    if not (made.code[:-3].isalpha() and made.code[-3:].isdigit()):
        yield f"code {made.code!r} is not letters and three digits"
    if made.name != made.name.lower() or " " in made.name or "_" in made.name:
        yield f"name {made.name!r} is not in kebab case"
    if made.severity not in SEVERITIES:
        yield f"severity {made.severity!r} is not one of {', '.join(SEVERITIES)}"
    for heading in HEADINGS:
        if f"## {heading}\n" not in made.doc:
            yield f"the docstring has no section `## {heading}`"
