"""Reviewdog's diagnostic format, in which columns count UTF-8 bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bslint.report.common import TOOL, TOOL_URL, dumps, edited, explained, offset, relative, row_text, span

if TYPE_CHECKING:
    from bslint.diagnostic import Diagnostic, Edit, Position
    from bslint.report import Report

_SEVERITIES = {"error": "ERROR", "warning": "WARNING", "info": "INFO"}


def render(report: Report) -> str:
    """Returns the document; it is valid without findings, too."""
    document = {
        "source": {"name": TOOL, "url": TOOL_URL},
        "severity": "WARNING",
        "diagnostics": [_diagnostic(report, diagnostic) for diagnostic in report.diagnostics],
    }
    return dumps(document, indent=2)


def _diagnostic(report: Report, diagnostic: Diagnostic) -> dict[str, Any]:
    where = span(report, diagnostic)
    code = {"value": diagnostic.code} | ({"url": diagnostic.url} if diagnostic.url else {})
    found = {
        "message": "\n".join((diagnostic.said, *explained(report, diagnostic))),
        "location": {
            "path": relative(diagnostic.filename, report.root),
            "range": _range(report, diagnostic, where.start, where.end, where.exact),
        },
        "severity": _SEVERITIES[diagnostic.severity],
        "code": code,
    }
    suggestion = _suggestion(report, diagnostic) if where.exact else None
    return found | ({"suggestions": [suggestion]} if suggestion else {})


def _suggestion(report: Report, diagnostic: Diagnostic) -> dict[str, Any] | None:
    """Returns the fix as one replacement: suggestions of one finding are alternatives, so its edits go together."""
    text = report.sources.get((diagnostic.filename, diagnostic.cell))
    if text is None or diagnostic.fix is None or not diagnostic.fix.edits:
        return None
    edits = sorted(diagnostic.fix.edits, key=_start)
    start, end = edits[0].location, max(edit.end_location for edit in edits)
    return {
        "range": _range(report, diagnostic, start, end, exact=True),
        "text": edited(text, edits, offset(text, start), offset(text, end)),
    }


def _start(edit: Edit) -> Position:
    return edit.location


def _range(report: Report, place: Diagnostic, start: Position, end: Position, exact: bool) -> dict[str, Any]:
    return {"start": _position(report, place, start, exact), "end": _position(report, place, end, exact)}


def _position(report: Report, place: Diagnostic, position: Position, exact: bool) -> dict[str, int]:
    """Returns a position with its column in bytes; where only the row is known, the column is 1 as it is."""
    column = position.column
    if exact:
        before = row_text(report, place, position.row)[: column - 1]
        column += len(before.encode("utf-8", "surrogatepass")) - len(before)
    return {"line": position.row, "column": column}
