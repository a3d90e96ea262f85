"""The output formats: a `Report` goes in, the text to print or to write comes out.

One module per format, imported only when that format is asked for. What comes out is complete: it is written as it is,
with nothing added.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, cast, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bslint.diagnostic import Diagnostic, Severity

Format = Literal["full", "concise", "json", "json-lines", "github", "gitlab", "junit", "sarif", "rdjson"]

FORMATS: tuple[Format, ...] = get_args(Format)

_MODULES = {"json": "json_"}


class RuleInfo(Protocol):
    """What the formats show of a rule."""

    @property
    def code(self) -> str:
        """The rule's code, such as `BS201`."""

    @property
    def name(self) -> str:
        """The rule's name, such as `missing-prefetch`."""

    @property
    def severity(self) -> Severity:
        """The severity that its findings have by default."""

    @property
    def doc(self) -> str:
        """The rule's page, in Markdown."""

    @property
    def summary(self) -> str:
        """The rule in one sentence."""

    @property
    def url(self) -> str:
        """Where the rule's page can be read."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found, and what is needed to show it.

    Args:
        diagnostics: the findings, sorted by `Diagnostic.sort_key`.
        sources: the original text of each file, under (filename, None), and of each notebook cell, under
            (filename, cell). A file that is not there is shown without excerpts.
        root: the working directory; paths below it are shown relative to it.
        rules: the rules that ran.
        fixed: number of findings that were repaired in this run.
        show_fixes: show fixes as changed lines (`full`).
        notices: troubles of the run itself, for the formats that have a place for them (SARIF).
        quiet: leave out the closing summary (`full`, `concise`).
    """

    diagnostics: Sequence[Diagnostic]
    sources: Mapping[tuple[str, int | None], str] = field(default_factory=dict)
    root: Path = field(default_factory=Path.cwd)
    rules: Sequence[RuleInfo] = ()
    fixed: int = 0
    show_fixes: bool = False
    notices: tuple[str, ...] = ()
    quiet: bool = False


class _Renderer(Protocol):
    def render(self, report: Report) -> str: ...


class _ColorRenderer(Protocol):
    def render(self, report: Report, color: bool = False) -> str: ...


def render(output_format: Format, report: Report, color: bool = False) -> str:
    """Returns `report` in the named format; `color` matters to `full` only."""
    module = import_module(f"{__name__}.{_MODULES.get(output_format, output_format.replace('-', '_'))}")
    if output_format == "full":
        text = cast("_ColorRenderer", module).render(report, color)
    else:
        text = cast("_Renderer", module).render(report)
    # File names that are no valid UTF-8 hold lone surrogates, which no stream would take.
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")
