"""Findings for people: message, source, the places that explain it, the evidence, what to do."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from bslint.report.common import FILE_CODES, edited, place, relative, rows
from bslint.report.evidence import evidence_lines
from bslint.report.excerpt import Frame, Mark, excerpt
from bslint.report.screen import Paint, ansi, plain, printable
from bslint.report.summary import summary

if TYPE_CHECKING:
    from bslint.diagnostic import Diagnostic, Fix, Related, Verification
    from bslint.report import Report

_CONTEXT = 2


def render(report: Report, color: bool = False) -> str:
    """Returns a paragraph for each finding and a summary; `color` paints with ANSI escape sequences."""
    paint = ansi if color else plain
    paragraphs = ["\n".join(_paragraph(report, diagnostic, paint)) for diagnostic in report.diagnostics]
    return "".join(f"{paragraph}\n\n" for paragraph in paragraphs) + summary(report)


def _paragraph(report: Report, diagnostic: Diagnostic, paint: Paint) -> list[str]:
    last_row = max(diagnostic.end_location.row, *(each.end_location.row for each in diagnostic.related), 0)
    frame = Frame(len(str(last_row + _CONTEXT)), paint)
    path = relative(diagnostic.filename, report.root)
    lines = [
        _title(diagnostic, paint),
        f"{' ' * frame.margin}{paint('-->', 'frame')} {printable(f'{path}:{place(diagnostic)}')}",
    ]
    mark = Mark("^", diagnostic.severity, _CONTEXT)
    lines += _framed(_excerpt(report, diagnostic, mark, frame), frame)
    for related in diagnostic.related:
        lines += _related(report, diagnostic, related, frame)
    for label, text in evidence_lines(diagnostic.evidence or {}):
        lines += _note(frame, label, text)
    if diagnostic.verification:
        lines += _note(frame, diagnostic.verification.status, diagnostic.verification.reason)
        if diagnostic.verification.parts:
            lines += _note(frame, "proof", _took(diagnostic.verification))
    if diagnostic.help:
        lines += _note(frame, "help", diagnostic.help)
    if diagnostic.fix:
        lines += _note(frame, f"fix ({diagnostic.fix.applicability})", diagnostic.fix.message)
        lines += _changes(report, diagnostic, diagnostic.fix, frame) if report.show_fixes else []
    return lines


def _took(proof: Verification) -> str:
    parts = ", ".join(f"{name} {seconds:.1f}" for name, seconds in proof.parts.items())
    return f"{proof.method} in {proof.seconds:.1f} s ({parts})"


def _title(diagnostic: Diagnostic, paint: Paint) -> str:
    label = paint(f"{diagnostic.severity}[{diagnostic.code}]", diagnostic.severity)
    name = "" if diagnostic.code in FILE_CODES else f" {diagnostic.name}"
    return f"{label}{paint(f'{name}: {printable(diagnostic.message)}', 'strong')}"


def _excerpt(report: Report, where: Diagnostic | Related, mark: Mark, frame: Frame) -> list[str]:
    text = report.sources.get((where.filename, where.cell))
    if not text:
        return []
    return excerpt(rows(text), where.location, where.end_location, mark, frame)


def _framed(lines: list[str], frame: Frame) -> list[str]:
    return [frame.row(""), *lines, frame.row("")] if lines else []


def _related(report: Report, diagnostic: Diagnostic, related: Related, frame: Frame) -> list[str]:
    """Returns a related place: where it is, what it says, its row."""
    path = f"{relative(related.filename, report.root)}:"
    cell = f"cell {related.cell}:" if related.cell is not None else ""
    lines = _note(frame, "note", f"{path}{cell}{related.location.row}: {related.message}")
    here = (related.filename, related.cell, related.location.row)
    if here == (diagnostic.filename, diagnostic.cell, diagnostic.location.row):
        return lines
    shown = _excerpt(report, related, Mark("-", "frame", 0), frame)
    return [*lines, *_framed(shown, frame)]


def _note(frame: Frame, label: str, text: str) -> list[str]:
    """Returns a `= label: text` line; further lines of the text are set under its beginning."""
    first, *others = [printable(line) for line in text.splitlines()] or [""]
    margin = " " * (frame.margin + 1)
    indent = margin + " " * len(f"= {label}: ")
    head = f"{margin}{frame.paint('=', 'frame')} {frame.paint(f'{label}:', 'strong')} {first}".rstrip(" ")
    return [head, *(f"{indent}{line}".rstrip(" ") for line in others)]


def _changes(report: Report, diagnostic: Diagnostic, fix: Fix, frame: Frame) -> list[str]:
    """Returns the rows that a fix takes away and those that it puts in their place."""
    text = report.sources.get((diagnostic.filename, diagnostic.cell))
    if text is None:
        return []
    old, new = rows(text), rows(edited(text, fix.edits))
    lines = []
    for tag, old_start, old_end, new_start, new_end in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        lines += [_change(frame, number + 1, "-", old[number], "removed") for number in range(old_start, old_end)]
        lines += [_change(frame, number + 1, "+", new[number], "added") for number in range(new_start, new_end)]
    return _framed(lines, frame)


def _change(frame: Frame, number: int, sign: str, row: str, style: str) -> str:
    margin = frame.paint(f"{number:>{frame.margin}}", "frame")
    return f"{margin} {frame.paint(f'{sign} {printable(row.expandtabs(4))}'.rstrip(' '), style)}"
