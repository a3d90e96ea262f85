"""The catalogue of rules, and the page of one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

from bslint.registry import rules

if TYPE_CHECKING:
    from bslint.rule import Rule

CatalogueFormat = Literal["text", "json", "markdown"]


def catalogue(output_format: CatalogueFormat) -> str:
    """All rules as text."""
    found = list(rules().values())
    if output_format == "json":
        from bslint.report.common import dumps

        return dumps([_entry(rule) for rule in found], 2) + "\n"
    if output_format == "markdown":
        rows = [f"| [{rule.code}]({rule.url}) | {rule.name} | {rule.severity} | {rule.summary} |" for rule in found]
        return "\n".join(["| code | name | severity | finds |", "| --- | --- | --- | --- |", *rows, ""])
    width = max((len(rule.name) for rule in found), default=0)
    return "".join(f"{rule.code}  {rule.severity:<7}  {rule.name:<{width}}  {rule.summary}\n" for rule in found)


def _entry(rule: Rule) -> dict[str, object]:
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity,
        "default": is_default(rule),
        "summary": rule.summary,
        "url": rule.url,
        "explanation": rule.doc,
    }


def is_default(rule: Rule) -> bool:
    """Whether a rule runs without being selected."""
    return rule.severity != "info"


def find(name: str) -> Rule | None:
    """The rule with this code or name."""
    found = rules()
    wanted = name.strip()
    return found.get(wanted.upper()) or next((rule for rule in found.values() if rule.name == wanted.lower()), None)


def nearest(name: str) -> str | None:
    """The code or name of a rule that looks most like `name`."""
    from difflib import get_close_matches

    known = {spelling.lower(): spelling for rule in rules().values() for spelling in (rule.code, rule.name)}
    close = get_close_matches(name.strip().lower(), known, n=1, cutoff=0.5)
    return known[close[0]] if close else None


def page(rule: Rule) -> str:
    """A rule's page, in Markdown."""
    run = "on by default" if is_default(rule) else "off by default"
    return f"# {rule.name} ({rule.code})\n\n*{rule.severity}, {run}* · {rule.url}\n\n{rule.doc}\n"


def show(markdown: str, color: bool) -> str:
    """Markdown as it goes to standard output: laid out for a terminal, as it is for everything else."""
    if not sys.stdout.isatty():
        return markdown
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(force_terminal=True, no_color=not color)
    with console.capture() as captured:
        console.print(Markdown(markdown))
    return captured.get()
