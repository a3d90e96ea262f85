"""What `bslint check` does with its options."""

from __future__ import annotations

import os
import sys
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from bslint.config import ConfigError, Resolver, Settings, selected
from bslint.diagnostic import SEVERITIES
from bslint.registry import rules
from bslint.request import RunError, refuse_contradictions
from bslint.run import Options, Outcome, Target, run, unreadable
from bslint.terminal import err, out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bslint.cache import Cache
    from bslint.config import Configuration
    from bslint.diagnostic import Diagnostic
    from bslint.request import Request
    from bslint.rule import Rule


def check(request: Request) -> int:
    """Lints, and shows what is found.

    Returns:
        The exit status: 0 nothing found, 1 findings, 2 the run itself failed.
    """
    started = time.perf_counter()
    try:
        refuse_contradictions(request)
        resolver = _resolver(request)
        typed = sys.stdin.buffer.read() if request.is_stdin else b""
        targets, problems = _stdin(request, resolver, typed) if request.is_stdin else _files(request, resolver)
        if request.show_files or request.show_settings:
            out(_listing(request, targets))
            return 0
        progress = sys.stderr.isatty() and not request.quiet
        outcomes = run(targets, _options(request), request.jobs or 0, progress, _cache(request))
        _remark(request, resolver, targets, problems, outcomes)
        from bslint.showing import Findings, show

        if request.proof is not None and request.proof.show_recipe:
            out(_recipes(targets, outcomes))
            return 0
        found = [*problems, *_proved(request, targets, outcomes)]
        findings = Findings(
            diagnostics=sorted(found, key=lambda each: each.sort_key),
            outcomes=outcomes,
            paths=[target.path for target in targets],
            rules=_ran(targets),
            typed=typed,
        )
        new = show(request, findings)
    except (ConfigError, RunError) as error:
        err(f"error: {error}")
        return 2
    if request.verbose:
        silenced = sum(outcome.result.suppressed for outcome in outcomes)
        seconds = time.perf_counter() - started
        err(f"{len(targets)} files checked in {seconds:.2f} s; comments silence {silenced} findings.")
    return _status(request, new, problems, outcomes)


def _status(
    request: Request, new: Sequence[Diagnostic], problems: Sequence[Diagnostic], outcomes: Sequence[Outcome]
) -> int:
    if any(outcome.result.errors for outcome in outcomes) or any(not Path(each.filename).exists() for each in problems):
        return 2
    if request.exit_zero:
        return 0
    severities = SEVERITIES[: SEVERITIES.index(request.fail_on) + 1]
    fixed = any(outcome.fixed for outcome in outcomes)
    failed = any(each.severity in severities and not each.is_refuted for each in new) or (
        fixed and request.exit_non_zero_on_fix
    )
    would_change = request.diff and any(outcome.after != outcome.before for outcome in outcomes)
    return int(failed or would_change)


def _proved(request: Request, targets: Sequence[Target], outcomes: Sequence[Outcome]) -> list[Diagnostic]:
    """The findings of all files; with the verdicts of proofs when those were asked for.

    Raises:
        RunError: proofs can't be run here.
    """
    if request.proof is None:
        return [each for outcome in outcomes for each in outcome.result.diagnostics]
    from bslint.proofs import proved

    return proved(request, request.proof, targets, outcomes)


def _recipes(targets: Sequence[Target], outcomes: Sequence[Outcome]) -> str:
    from bslint.proofs import recipes

    return recipes(targets, outcomes)


def _options(request: Request) -> Options:
    repairs = request.fix or (request.diff and not request.add_ignores)
    return Options(
        fix=("unsafe" if request.unsafe_fixes else "safe") if repairs else "none",
        add_ignores=request.add_ignores,
        write=not (request.diff or request.is_stdin),
        ignore_suppressions=request.ignore_suppressions,
    )


def _cache(request: Request) -> Cache | None:
    """The results of earlier runs, where they are of use."""
    if request.no_cache or request.is_stdin or request.changes or request.ignore_suppressions:
        return None
    from bslint.cache import Cache

    return Cache(request.cache_dir.absolute() if request.cache_dir is not None else None)


# What to lint


def refuse_unknown_device(configuration: Configuration) -> None:
    """Raises `ConfigError` if the settings name a device that doesn't exist."""
    name = configuration.settings.device
    if name == Settings().device:
        return
    from bslint.memory.devices import DeviceError, device

    try:
        device(name)
    except DeviceError as error:
        raise configuration.error("device", str(error)) from None


def _resolver(request: Request) -> Resolver:
    overrides = {
        "select": request.select,
        "extend-select": request.extend_select,
        "ignore": request.ignore,
        "device": request.device,
    }
    return Resolver(rules().values(), config=request.config, isolated=request.isolated, overrides=overrides)


def _files(request: Request, resolver: Resolver) -> tuple[list[Target], list[Diagnostic]]:
    from bslint.discover import discover

    discovery = discover(request.paths or (".",), resolver.for_folder, request.force_exclude)
    targets = [_target(str(path), path, resolver) for path in discovery.files]
    return targets, [unreadable(os.path.abspath(path), reason) for path, reason in discovery.problems]


def _stdin(request: Request, resolver: Resolver, data: bytes) -> tuple[list[Target], list[Diagnostic]]:
    from bslint.discover import _is_excluded

    if request.stdin_filename is None:
        return [_target("-", Path.cwd() / "-", resolver, data)], []
    path = os.path.abspath(request.stdin_filename)
    target = _target(path, Path(path), resolver, data)
    if path.endswith(".pyi") or (request.force_exclude and _is_excluded(path, target.configuration)):
        return [], []
    return [target], []


def _target(name: str, path: Path, resolver: Resolver, data: bytes | None = None) -> Target:
    configuration = resolver.for_file(path)
    refuse_unknown_device(configuration)
    return Target(name, configuration, selected(configuration, _rules(), path), data)


@lru_cache(maxsize=1)
def _rules() -> tuple[Rule, ...]:
    return tuple(rules().values())


def _ran(targets: Sequence[Target]) -> list[Rule]:
    codes = frozenset[str]().union(*(target.codes for target in targets))
    return [rule for rule in _rules() if rule.code in codes]


def _listing(request: Request, targets: Sequence[Target]) -> str:
    if request.show_files:
        return "".join(f"{target.path}\n" for target in targets)
    import json

    import msgspec

    from bslint.target import declared

    first = {id(target.configuration): target for target in reversed(targets)}
    parts = []
    for target in reversed(first.values()):
        configuration = target.configuration
        parts.append(f"# {target.path}: {configuration.file or 'no configuration file'}\n")
        values = {**msgspec.to_builtins(configuration.settings), "rules": sorted(target.codes)}
        remarks = {}
        if configuration.settings.target_tensorflow is None:
            found = declared(Path(os.path.abspath(target.path)).parent)
            values["target-tensorflow"] = str(found) if found else None
            remarks["target-tensorflow"] = f"  # {found.file}: {found.requirement}" if found else "  # not declared"
        parts += [f"{key} = {json.dumps(value)}{remarks.get(key, '')}\n" for key, value in values.items()]
    return "".join(parts)


# What is said beside the findings


def _remark(
    request: Request,
    resolver: Resolver,
    targets: Sequence[Target],
    problems: Sequence[Diagnostic],
    outcomes: Sequence[Outcome],
) -> None:
    if not request.quiet:
        warnings = [*resolver.warnings, *(text for outcome in outcomes for text in outcome.result.warnings)]
        if not targets and not problems and not request.is_stdin:
            warnings.append("no Python files found")
        for warning in warnings:
            err(f"warning: {warning}")
    traces = set()
    for error in (text for outcome in outcomes for text in outcome.result.errors):
        head, _, trace = error.partition("\n")
        err(f"error: {head} (as above)" if trace in traces else f"error: {error}")
        traces.add(trace or None)
