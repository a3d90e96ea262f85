"""GitHub workflow commands, which show as annotations on a pull request.

The order of the properties and the `path:row:column: CODE message` after them are what efm's error format parses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bslint.report.common import TOOL, Span, advice, explained, headline, place, relative, span

if TYPE_CHECKING:
    from bslint.diagnostic import Diagnostic
    from bslint.report import Report

_LEVELS = {"error": "error", "warning": "warning", "info": "notice"}


def render(report: Report) -> str:
    """Returns a command for each finding, nothing if there is none."""
    return "".join(f"{_command(report, diagnostic)}\n" for diagnostic in report.diagnostics)


def _command(report: Report, diagnostic: Diagnostic) -> str:
    path = relative(diagnostic.filename, report.root)
    found = span(report, diagnostic)
    properties = {"title": f"{TOOL} ({diagnostic.code})", "file": path, **_range(found)}
    shown = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    cell = "" if found.exact else f" ({place(diagnostic)})"
    text = f"{path}:{found.start.row}:{found.start.column}: {headline(diagnostic)}{cell}"
    if help_text := advice(diagnostic):
        text += f"\nhelp: {help_text}".replace("\n", "\n  ")
    text += "".join(f"\n  {line}" for line in explained(report, diagnostic))
    return f"::{_LEVELS[diagnostic.severity]} {shown}::{_data(text)}"


def _range(found: Span) -> dict[str, int]:
    """Returns the properties of a range; GitHub refuses columns if it spans rows."""
    if found.start.row != found.end.row:
        return {"line": found.start.row, "endLine": found.end.row}
    row = found.start.row
    return {"line": row, "col": found.start.column, "endLine": row, "endColumn": found.end.column}


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
