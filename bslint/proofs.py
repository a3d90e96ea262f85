"""What `bslint verify` does with its options: the findings of a run, proved."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from bslint.progress import Proofs
from bslint.quantity import read_size
from bslint.request import RunError
from bslint.terminal import err

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from bslint.diagnostic import Diagnostic
    from bslint.request import Proof, Request
    from bslint.run import Outcome, Target
    from bslint.verify.proving import File


# Children at a time: each has a TensorFlow of its own in memory.
_MOST_JOBS = 4


def proved(request: Request, proof: Proof, targets: Sequence[Target], outcomes: Sequence[Outcome]) -> list[Diagnostic]:
    """The findings of all files, those that can be proved with a verdict.

    Raises:
        RunError: proofs can't be run here.
    """
    try:
        from bslint.verify.proving import Wanted, prove
    except ImportError as error:
        raise RunError(f"proofs need the package {error.name}: pip install 'bslint-tf[verify]'") from error
    if sys.platform == "win32":
        raise RunError("proofs need process groups, which Windows does not have")
    wanted = Wanted(
        proof.device,
        _memory(proof),
        proof.timeout,
        proof.python or sys.executable,
        proof.steps,
        request.jobs or min(_MOST_JOBS, os.cpu_count() or 1),
        keeps=not (request.no_cache or request.is_stdin),
        cache=request.cache_dir,
    )
    shows = not request.quiet and sys.stderr.isatty()
    with Proofs(_console() if shows else None, err if request.verbose else None) as watch:
        return prove(_files(targets, outcomes), wanted, watch)


def _console() -> Console:
    from rich.console import Console

    return Console(stderr=True)


def _memory(proof: Proof) -> int | None:
    if proof.memory is None:
        return None
    try:
        return read_size(proof.memory)
    except ValueError as error:
        raise RunError(f"`--memory`: {error}") from error


def _files(targets: Sequence[Target], outcomes: Sequence[Outcome]) -> list[File]:
    from bslint.verify.proving import File

    configurations = {target.path: target.configuration for target in targets}
    return [
        File(outcome.path, _content(outcome), configurations[outcome.path], outcome.result.diagnostics)
        for outcome in outcomes
        if outcome.result.diagnostics
    ]


def _content(outcome: Outcome) -> bytes:
    if outcome.after is not None:
        return outcome.after
    try:
        with open(outcome.path, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise RunError(f"{outcome.path} can't be read: {error.strerror}") from error


def recipes(targets: Sequence[Target], outcomes: Sequence[Outcome]) -> str:
    """The programs that proofs would run, each under the finding that it is for."""
    from bslint.verify.proving import described

    return "".join(f"{text}\n" for file in _files(targets, outcomes) for text in described(file))
