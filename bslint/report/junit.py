"""JUnit XML, as ruff writes it: a suite for each file, a failed case for each finding."""

from __future__ import annotations

import re
from html import escape
from itertools import groupby
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from bslint.report.common import TOOL, relative, span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bslint.diagnostic import Diagnostic
    from bslint.report import Report

_PACKAGE = f"org.{TOOL}"

# XML 1.0 has no way to write these, not even escaped.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def render(report: Report) -> str:
    """Returns the document; a run without findings has one case, which passes; what a proof refutes is skipped."""
    found = report.diagnostics
    suites: list[str] = []
    for filename, group in groupby(found, lambda diagnostic: diagnostic.filename):
        suites += _suite(report, relative(filename, report.root), list(group))
    if not suites:
        case = _element("testcase", {"name": "No errors found", "classname": TOOL})
        suites = _open("testsuite", _counts(TOOL) | {"package": _PACKAGE}, [case])
    lines = _open("testsuites", _counts(TOOL, found), suites)
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', *lines]) + "\n"


def _suite(report: Report, path: str, found: Sequence[Diagnostic]) -> list[str]:
    classname = str(PurePosixPath(path).with_suffix(""))
    cases = (line for diagnostic in found for line in _case(report, classname, diagnostic))
    return _open("testsuite", _counts(path, found) | {"package": _PACKAGE}, cases)


def _case(report: Report, classname: str, diagnostic: Diagnostic) -> list[str]:
    where = span(report, diagnostic).start
    cell = f"cell {diagnostic.cell}, " if diagnostic.cell is not None else ""
    place = f"{cell}line {diagnostic.location.row}, col {diagnostic.location.column}"
    outcome = "skipped" if diagnostic.is_refuted else "failure"
    failure = _element(outcome, {"message": diagnostic.said}, f"{place}, {diagnostic.said}")
    severity = _element("property", {"name": "severity", "value": diagnostic.severity})
    attributes = {
        "name": f"{_PACKAGE}.{diagnostic.code}",
        "classname": classname,
        "line": str(where.row),
        "column": str(where.column),
    }
    return _open("testcase", attributes, [*_open("properties", {}, [severity]), failure])


def _counts(name: str, found: Sequence[Diagnostic] = ()) -> dict[str, str]:
    refuted = sum(one.is_refuted for one in found)
    counts = {"tests": max(1, len(found)), "skipped": refuted, "errors": 0, "failures": len(found) - refuted}
    return {"name": name} | {kind: str(count) for kind, count in counts.items()}


def _open(tag: str, attributes: dict[str, str], children: Iterable[str]) -> list[str]:
    """Returns the lines of an element that has `children`."""
    return [f"<{tag}{_attributes(attributes)}>", *(f"    {child}" for child in children), f"</{tag}>"]


def _element(tag: str, attributes: dict[str, str], text: str = "") -> str:
    """Returns an element that has no children."""
    head = f"<{tag}{_attributes(attributes)}"
    return f"{head}>{_escaped(text)}</{tag}>" if text else f"{head}/>"


def _attributes(attributes: dict[str, str]) -> str:
    shown = ((key, _escaped(value).replace("\n", "&#10;").replace("\t", "&#9;")) for key, value in attributes.items())
    return "".join(f' {key}="{value}"' for key, value in shown)


def _escaped(text: str) -> str:
    return escape(_FORBIDDEN.sub("\ufffd", text)).replace("\r", "&#13;")
