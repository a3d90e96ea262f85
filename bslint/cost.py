"""What linting a file will cost, told from its bytes, and how to share the work between processes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from bslint.prefilter import may_have_findings, mentions_tensorflow, needles
from bslint.registry import rules
from bslint.source import SourceError, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bslint.rule import Literals

# MEASURED on the corpus of DESIGN.md: seconds per byte of files that are only parsed, and of those that are analysed.
_LIGHT = 0.3e-6
_HEAVY = 4e-6
# So much work must be left for each process: to start one takes about 0.05 s.
_SECONDS_PER_WORKER = 0.25
_PORTIONS_PER_WORKER = 16


@dataclass(frozen=True, slots=True)
class Cost:
    """An estimate: how long a file takes, whether it needs libcst, whether it may overflow the parser's stack."""

    seconds: float
    is_heavy: bool = False
    is_deep: bool = False


def estimate(path: str, data: bytes | None, codes: frozenset[str]) -> Cost:
    """What a file will cost.

    Args:
        path: its name.
        data: its bytes, None where these are to be read; a file that can't be read costs nothing.
        codes: the rules to run on it.
    """
    try:
        data = Path(path).read_bytes() if data is None else data
    except OSError:
        return Cost(0)
    if not (mentions_tensorflow(data) and may_have_findings(data, _needles(codes))):
        return Cost(len(data) * _LIGHT)
    return Cost(len(data) * _HEAVY, is_heavy=True, is_deep=_is_deep(path, data))


@lru_cache(maxsize=64)
def _needles(codes: frozenset[str]) -> frozenset[Literals]:
    return needles(rule for code, rule in rules().items() if code in codes)


def _is_deep(path: str, data: bytes) -> bool:
    from bslint.depth import is_deep

    try:
        return any(is_deep(block.text) for program in read(path, data).programs for block in program.blocks)
    except SourceError:
        return False


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def workers(jobs: int, costs: Sequence[Cost]) -> int:
    """How many processes pay for files of these costs: at most `jobs`, or one for each processor if that is 0."""
    return min(jobs or _processors(), len(costs), int(sum(cost.seconds for cost in costs) / _SECONDS_PER_WORKER))


def portions(numbers: Sequence[int], costs: Sequence[Cost], processes: int) -> Iterator[list[tuple[int, int]]]:
    """Deals out files.

    Args:
        numbers: the files, as indices of `costs`.
        costs: what each file costs.
        processes: how many processes will share them.

    Yields:
        Pairs of a number and again that number, in portions of about the same cost, the costly files first, so that
        no process is left with one at the end.
    """
    limit = sum(costs[number].seconds for number in numbers) / (processes * _PORTIONS_PER_WORKER)
    portion: list[tuple[int, int]] = []
    weight = 0.0
    for number in sorted(numbers, key=lambda each: -costs[each].seconds):
        portion.append((number, number))
        weight += costs[number].seconds
        if weight >= limit:
            yield portion
            portion, weight = [], 0.0
    yield portion
