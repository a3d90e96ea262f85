"""One JSON object for each finding, each on its own line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bslint.report.common import dumps
from bslint.report.json_ import as_object

if TYPE_CHECKING:
    from bslint.report import Report


def render(report: Report) -> str:
    """Returns a line for each finding, nothing if there is none."""
    return "".join(f"{dumps(as_object(diagnostic))}\n" for diagnostic in report.diagnostics)
