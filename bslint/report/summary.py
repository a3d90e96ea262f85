"""The closing lines of the formats that people read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bslint.diagnostic import SEVERITIES

if TYPE_CHECKING:
    from bslint.report import Report

_PLURALS = {"error": "s", "warning": "s", "info": ""}


def summary(report: Report) -> str:
    """Returns how many findings there are and how many of them could be fixed."""
    if report.quiet:
        return ""
    if not report.diagnostics:
        return f"Found {_count(report.fixed, 'finding')}, all fixed.\n" if report.fixed else "All checks passed!\n"
    return _found(report) + _fixable(report)


def _found(report: Report) -> str:
    severities = Counter(diagnostic.severity for diagnostic in report.diagnostics)
    remaining = ", ".join(_count(severities[each], each, _PLURALS[each]) for each in SEVERITIES if severities[each])
    total = _count(len(report.diagnostics) + report.fixed, "finding")
    if report.fixed:
        return f"Found {total}: {report.fixed} fixed, {len(report.diagnostics)} remaining ({remaining}).\n"
    return f"Found {total} ({remaining}).\n"


def _fixable(report: Report) -> str:
    fixes = Counter(diagnostic.fix.applicability for diagnostic in report.diagnostics if diagnostic.fix)
    safe, unsafe = fixes["safe"], fixes["unsafe"]
    hidden = f"{_count(unsafe, 'hidden fix', 'es')} can be enabled with the `--unsafe-fixes` option"
    if safe:
        return f"[*] {safe} fixable with the `--fix` option{f' ({hidden})' if unsafe else ''}.\n"
    return f"No fixes available ({hidden}).\n" if unsafe else ""


def _count(number: int, noun: str, plural: str = "s") -> str:
    return f"{number} {noun}{'' if number == 1 else plural}"
