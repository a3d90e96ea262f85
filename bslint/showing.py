"""How `bslint check` shows what it found: report, statistics, changes, baseline."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bslint.report import Report, render
from bslint.request import RunError
from bslint.source import SourceError, read
from bslint.terminal import err, has_color, out, out_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bslint.diagnostic import Diagnostic
    from bslint.report import Format
    from bslint.request import Request
    from bslint.rule import Rule
    from bslint.run import Outcome

# Findings about a file itself; a baseline can't accept them.
_FILE_CODES = ("invalid-syntax", "io-error")


class Findings(msgspec.Struct, frozen=True):
    """What a run came to.

    Args:
        diagnostics: the findings that are left, sorted.
        outcomes: what became of each file.
        paths: the files.
        rules: the rules that ran.
        typed: what came from standard input.
    """

    diagnostics: list[Diagnostic]
    outcomes: list[Outcome]
    paths: list[str]
    rules: list[Rule]
    typed: bytes

    @property
    def fixed(self) -> int:
        """How many findings were repaired."""
        return sum(outcome.fixed.total() for outcome in self.outcomes)


def show(request: Request, findings: Findings) -> list[Diagnostic]:
    """Shows the findings, and returns those that count: what a baseline accepts doesn't.

    Raises:
        RunError: a file can't be read or written.
    """
    sources = _sources(findings)
    shown = findings.diagnostics
    if request.baseline or request.write_baseline:
        shown = _against_baseline(request, findings, _line_of(sources))
    errors = tuple(error for outcome in findings.outcomes for error in outcome.result.errors)
    report = Report(
        diagnostics=shown,
        sources=sources,
        rules=findings.rules,
        fixed=0 if request.diff else findings.fixed,
        show_fixes=True,
        notices=errors,
        quiet=request.quiet or (bool(errors) and not shown),  # it would say that all is well
    )
    if request.diff:
        _show_changes(request, findings)
    elif request.is_stdin and request.changes:
        out_bytes(_typed_after(findings))
    _show_report(request, report)
    if not request.quiet:
        _conclude(request, findings)
    return shown


def _show_report(request: Request, report: Report) -> None:
    name = _format(request)
    color = has_color(request.color) and not request.output_file
    if request.statistics:
        text = _statistics(report, name)
    elif name in ("full", "concise") and not report.diagnostics:
        from bslint.report.summary import summary  # all that they say then; their own imports take a while

        text = summary(report)
    else:
        text = render(name, report, color)
    if request.output_file:
        try:
            request.output_file.write_bytes(text.encode())
        except OSError as error:
            raise RunError(f"{request.output_file} can't be written: {error.strerror}") from error
    elif request.diff:
        pass  # standard output is the diff
    elif request.is_stdin and request.changes:
        err(text.rstrip("\n")) if text else None
    elif name in ("full", "concise"):
        out(text)
    else:
        out_bytes(text.encode())


def _format(request: Request) -> Format:
    if request.output_format:
        return request.output_format
    return "full" if sys.stdout.isatty() and not request.output_file else "concise"


def _conclude(request: Request, findings: Findings) -> None:
    if request.diff:
        err(f"Would fix {findings.fixed} findings; {len(findings.diagnostics)} would remain.")
    silenced = sum(outcome.silenced for outcome in findings.outcomes)
    if request.add_ignores:
        err(f"{'Would silence' if request.diff else 'Silenced'} {silenced} findings with comments.")


def _statistics(report: Report, name: Format) -> str:
    """How often each rule fires, the most frequent first."""
    from bslint.report.common import dumps

    count = Counter((each.code, each.name) for each in report.diagnostics)
    fixable = Counter(each.code for each in report.diagnostics if each.fix)
    if name == "json":
        entries = [
            {"code": code, "name": rule, "count": number, "fixable": fixable[code]}
            for (code, rule), number in count.most_common()
        ]
        return dumps(entries, 2)
    width = max((len(str(number)) for number in count.values()), default=0)
    rows = (
        f"{number:>{width}}  {code}  {'[*]' if fixable[code] else '[ ]'} {rule}\n"
        for (code, rule), number in count.most_common()
    )
    return "".join(rows)


# Sources


def _sources(findings: Findings) -> dict[tuple[str, int | None], str]:
    """The text of every file with findings, and of its cells."""
    wanted = {each.filename for each in findings.diagnostics}
    found: dict[tuple[str, int | None], str] = {}
    for outcome in findings.outcomes:
        if outcome.path in wanted and outcome.after is not None:
            found.update(_texts(outcome.path, outcome.after))
    return found


def _texts(path: str, data: bytes) -> Iterator[tuple[tuple[str, int | None], str]]:
    try:
        source = read(path, data)
    except SourceError:
        yield (path, None), data.decode(errors="replace")
        return
    yield (path, None), source.text
    for program in source.programs:
        for block in program.blocks:
            if block.cell is not None:
                yield (path, block.cell), block.original


def _line_of(sources: dict[tuple[str, int | None], str]) -> Callable[[Diagnostic], str]:
    from bslint.report.common import row_text

    report = Report((), sources)
    return lambda found: row_text(report, found, found.location.row)


# Changes


def _typed_after(findings: Findings) -> bytes:
    """Standard input with its fixes."""
    after = findings.outcomes[0].after if findings.outcomes else None
    return findings.typed if after is None else after


def _show_changes(request: Request, findings: Findings) -> None:
    """Prints a diff of all files that would change, which `patch -p0` understands."""
    from bslint.report.common import relative

    color = has_color(request.color)
    for outcome in findings.outcomes:
        if outcome.before is not None and outcome.after is not None and outcome.before != outcome.after:
            name = relative(outcome.path, Path.cwd()).encode("utf-8", "surrogateescape")
            rows = _diff(name, outcome.before, outcome.after)
            out_bytes(b"".join(_painted(row) if color else row for row in rows))


def _diff(name: bytes, before: bytes, after: bytes) -> Iterator[bytes]:
    from difflib import diff_bytes, unified_diff

    old, new = ([row + b"\n" for row in data.split(b"\n")] for data in (before, after))
    for rows, data in ((old, before), (new, after)):
        if data.endswith(b"\n") or not data:
            rows.pop()
        else:
            rows[-1] += b"\\ No newline at end of file\n"
    yield from diff_bytes(unified_diff, old, new, name, name)


def _painted(row: bytes) -> bytes:
    style = {b"+": b"32", b"-": b"31", b"@": b"36"}.get(row[:1])
    return b"\x1b[" + style + b"m" + row.rstrip(b"\n") + b"\x1b[0m\n" if style else row


# Baseline


def _against_baseline(request: Request, findings: Findings, line_of: Callable[[Diagnostic], str]) -> list[Diagnostic]:
    """What a baseline leaves to report; writes today's first if asked to."""
    from bslint import baseline

    acceptable = [each for each in findings.diagnostics if each.code not in _FILE_CODES]
    if request.write_baseline:
        try:
            baseline.write(request.write_baseline, acceptable, line_of)
        except OSError as error:
            raise RunError(f"{request.write_baseline} can't be written: {error.strerror}") from error
        if not request.quiet:
            err(f"{len(acceptable)} findings accepted in {request.write_baseline}.")
        return [each for each in findings.diagnostics if each.code in _FILE_CODES]
    if request.baseline is None:
        return findings.diagnostics
    try:
        accepted = baseline.load(request.baseline)
    except baseline.BaselineError as error:
        raise RunError(str(error)) from error
    codes = [rule.code for rule in findings.rules]
    new, stale = baseline.match(findings.diagnostics, accepted, line_of, checked=findings.paths, enabled=codes)
    if not request.quiet:
        for entry in stale:
            err(f"warning: {request.baseline}: {entry.code} no longer occurs in {entry.path}: {entry.line}")
    return new
