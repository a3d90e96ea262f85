"""What the snippet of a finding about windows or cadences prints, and whether that is the fault."""

from __future__ import annotations

import itertools
import re

_TERMS = re.compile(r"(\d+) of (\d+) in the sum")
_RANGE = re.compile(r"range\((\d+), (\d+)\)")


def shows_fault(code: str, printed: str) -> bool:
    """Whether what a replay printed, windows `range(start, stop)` or updates, does what a finding of this code says."""
    windows = [(int(start), int(stop)) for start, stop in _RANGE.findall(printed)]
    if code == "BS301":
        ordered = sorted(window for window in windows if window[0] < window[1])
        return any(after[0] < before[1] for before, after in itertools.pairwise(ordered))
    if code == "BS302":
        last = (printed.strip().splitlines() or [""])[-1]
        lost = [int(number) for number in re.findall(r"\d+", last)]
        return bool(lost) and not any(start <= number < stop for number in lost for start, stop in windows)
    if code == "BS303":
        return any(start >= stop for start, stop in windows)
    if code == "BS309":
        counts = [(int(terms), int(size)) for terms, size in _TERMS.findall(printed)]
        return any(terms != size for terms, size in counts[:-1])
    if code == "BS304":
        rows = windows or printed.splitlines()
        return len(rows) > 1 and len(set(rows)) == 1
    return len(set(windows)) > 1
