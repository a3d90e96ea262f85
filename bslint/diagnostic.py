"""What bslint reports: diagnostics, their fixes and the places they point at.

Rows and columns are 1-based, columns count Unicode code points, end positions are exclusive. In a notebook a
position is relative to its cell, in Markdown and in Python files it is the file's own.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Severity = Literal["error", "warning", "info"]
Applicability = Literal["safe", "unsafe"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


class Position(msgspec.Struct, frozen=True, order=True):
    """A place in a file or in a notebook cell: 1-based row and column."""

    row: int
    column: int


class Edit(msgspec.Struct, frozen=True):
    """Replace the text from `location` up to `end_location` by `content`."""

    content: str
    location: Position
    end_location: Position


class Fix(msgspec.Struct, frozen=True):
    """Edits that repair one finding; all of them lie in the finding's own cell."""

    applicability: Applicability
    message: str
    edits: tuple[Edit, ...]


class Related(msgspec.Struct, frozen=True):
    """Another place that explains the finding."""

    message: str
    filename: str
    cell: int | None
    location: Position
    end_location: Position


class Verification(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a proof of a finding came to.

    Args:
        status: whether the proof showed the finding to be true, showed it to be false, or could not tell.
        method: how it was proved.
        device: where it ran, as a person calls it.
        measured: bytes by what they are: `peak_bytes`, `limit_bytes`.
        largest_batch_size: samples of the largest batch that fits, where that was looked for.
        reason: in words, what happened.
        seconds: how long the proof took.
        parts: how long each part of it took: `start` (of TensorFlow), `build`, `trace`, `search`, `trial`, `run`.
    """

    status: Literal["confirmed", "refuted", "inconclusive"]
    method: Literal["trial-step", "trace", "window-replay", "pipeline-run"]
    device: str | None = None
    measured: dict[str, int] = {}
    largest_batch_size: int | None = None
    reason: str = ""
    seconds: float = 0.0
    parts: dict[str, float] = {}


class Diagnostic(msgspec.Struct, frozen=True):
    """One finding in one file.

    `code` is a rule's code, `invalid-syntax` or `io-error`. `help` says what to do. `statement` holds the first and
    last row on which a suppression comment for this finding may stand: the header of its statement. `chain` holds the
    steps of the pipeline that the finding is about, source first.
    """

    filename: str
    cell: int | None
    location: Position
    end_location: Position
    code: str
    name: str
    severity: Severity
    message: str
    help: str = ""
    fix: Fix | None = None
    noqa_row: int | None = None
    url: str | None = None
    evidence: dict[str, Any] | None = None
    related: tuple[Related, ...] = ()
    chain: tuple[Related, ...] = ()
    statement: tuple[int, int] = (0, 0)
    verification: Verification | None = None

    @property
    def is_refuted(self) -> bool:
        """Whether a proof showed it to be false."""
        return self.verification is not None and self.verification.status == "refuted"

    @property
    def said(self) -> str:
        """The message, and what a proof says of it."""
        proof = self.verification
        return self.message if proof is None else f"{self.message} [{proof.status}: {proof.reason}]"

    @property
    def places(self) -> tuple[Related, ...]:
        """All other places that explain the finding: those that its rule names, then the steps of its pipeline."""
        return (*self.related, *self.chain)

    @property
    def sort_key(self) -> tuple[str, int, Position, str]:
        """Order of every report: file, cell, position, code."""
        return (self.filename, self.cell or 0, self.location, self.code)
