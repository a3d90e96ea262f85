"""From findings to verdicts: which proof fits a finding, the children that run it, what their answers mean."""

from __future__ import annotations

import sys
import textwrap
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import psutil

from bslint.analysis.facts import Windows
from bslint.analysis.values import array_of
from bslint.diagnostic import Verification
from bslint.memory.devices import device
from bslint.quantity import show_size
from bslint.registry import rules
from bslint.report.common import relative
from bslint.source import SourceError, read
from bslint.verify import pipelines
from bslint.verify.child import Limits, Outcome, run
from bslint.verify.device import uses_card
from bslint.verify.kept import Kept, folder
from bslint.verify.programs import Provable, ReadProgram
from bslint.verify.recipe import NoRecipeError
from bslint.verify.shown import shows_fault
from bslint.verify.slices import MODEL
from bslint.verify.windows import lengths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from bslint.analysis.facts import Run
    from bslint.config import Configuration
    from bslint.diagnostic import Diagnostic
    from bslint.progress import Proofs
    from bslint.verify.recipe import Recipe

# Findings that say what a training needs; a trial step or a trace proves them.
OF_MEMORY = frozenset(("BS101", "BS102"))
# Findings whose evidence has a snippet that shows the windows, or the micro-batches of each update.
OF_WINDOWS = frozenset(("BS301", "BS302", "BS303", "BS304", "BS305", "BS309"))
PROVABLE = OF_MEMORY | OF_WINDOWS | pipelines.CODES
# Of the memory that is free, a child gets so much.
_SHARE = 0.8
# A traced step that needs so many times the memory of a device does not fit, however far off the trace may be.
_FAR_ABOVE = 2

# What a verdict adds where the program runs its steps in another way than they were proved.
_NO_XLA = "without XLA, with which Keras compiles this model on a GPU and which needs another amount"
_OTHER_RUNS = {
    ("jit", "trace"): f"traced {_NO_XLA}",
    ("jit", "trial-step"): f"tried {_NO_XLA}",
    ("eager", "trace"): "traced as a graph; the program runs eagerly, which needs more",
}
# Parts of a proof that took less than so many seconds are not named.
_SHORTEST = 0.05
# One for each device.
_LOCKS: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

Key = tuple["int | None", Any, str]


class Wanted(msgspec.Struct, frozen=True):
    """How to prove.

    Args:
        device: `auto`, `cpu` or `gpu:N`.
        memory: bytes that the device is to have; None for what it has.
        timeout: seconds for each child.
        python: the interpreter that has the project's TensorFlow.
        steps: training steps of a trial.
        jobs: children at a time. Trials go one by one: they measure, and use all of a device.
        keeps: whether answers of earlier runs are used, and new ones kept.
        cache: the folder for them; None for the one beside each configuration.
        kept: the answers for the file at hand.
        given: the answers of this run, by request.
        stop: once it is set, children are ended and none is started.
    """

    device: str = "auto"
    memory: int | None = None
    timeout: float = 120.0
    python: str = sys.executable
    steps: int = 3
    jobs: int = 1
    keeps: bool = False
    cache: Path | None = None
    kept: Kept | None = None
    given: dict[bytes, Outcome] = msgspec.field(default_factory=dict)
    stop: threading.Event = msgspec.field(default_factory=threading.Event)


class File(msgspec.Struct, frozen=True):
    """A linted file with its findings."""

    path: str
    data: bytes
    configuration: Configuration
    diagnostics: Sequence[Diagnostic]


def provable(file: File) -> list[Provable]:
    """The findings of a file that a proof can be tried for."""
    codes = {each.code for each in file.diagnostics} & PROVABLE
    if not codes:
        return []
    try:
        source = read(file.path, file.data)
    except SourceError:
        return []
    wanted = {_key(each) for each in file.diagnostics}
    selected = [rule for code, rule in rules().items() if code in codes]
    found: dict[Key, Provable] = {}
    for program in source.programs:
        for each in ReadProgram(source, program).provable(selected, file.configuration):
            if _key(each.diagnostic) in wanted:
                found.setdefault(_key(each.diagnostic), each)
    return list(found.values())


def prove(files: Sequence[File], wanted: Wanted, watch: Proofs) -> list[Diagnostic]:
    """All findings of the files, those that could be proved with a verdict."""
    tasks = [(file, group) for file in files for group in _groups(provable(file))]
    watch.expect(len(tasks))
    verdicts: dict[tuple[str, Key], Verification] = {}
    kept = {file.path: _kept(file, wanted) for file in files}

    def one(task: tuple[File, list[Provable]]) -> None:
        file, group = task
        how = msgspec.structs.replace(wanted, kept=kept[file.path])
        with watch.one(_title(file, group)) as say:
            for each, made in zip(group, judged(group, how, say), strict=True):
                verdicts[file.path, _key(each.diagnostic)] = made

    pool = ThreadPoolExecutor(wanted.jobs)
    try:
        list(pool.map(one, tasks))
    except BaseException:
        # Ctrl-C, or a mistake of ours: children that run are not waited for.
        wanted.stop.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return [_with(each, verdicts.get((file.path, _key(each)))) for file in files for each in file.diagnostics]


def _with(found: Diagnostic, verdict: Verification | None) -> Diagnostic:
    """A finding with its verdict; one that is refuted is only information, in every format."""
    severity = "info" if verdict is not None and verdict.status == "refuted" else found.severity
    return msgspec.structs.replace(found, verification=verdict, severity=severity)


def _title(file: File, group: Sequence[Provable]) -> str:
    codes = ", ".join(dict.fromkeys(each.diagnostic.code for each in group))
    return f"{codes} {relative(file.path, Path.cwd())}:{group[0].diagnostic.location.row}"


def _kept(file: File, wanted: Wanted) -> Kept | None:
    return Kept(folder(file.configuration, wanted.cache), wanted.python) if wanted.keeps else None


def _key(found: Diagnostic) -> Key:
    return (found.cell, found.location, found.code)


def _groups(found: Sequence[Provable]) -> list[list[Provable]]:
    """The findings that one child proves together: all pipelines of a program, anything else by itself."""
    groups: dict[Any, list[Provable]] = {}
    for each in found:
        together = each.diagnostic.code in pipelines.CODES
        groups.setdefault(id(each.program) if together else _key(each.diagnostic), []).append(each)
    return list(groups.values())


def judged(group: list[Provable], wanted: Wanted, say: Callable[[str], None]) -> list[Verification]:
    """Prove findings that belong together."""
    code = group[0].diagnostic.code
    if code in pipelines.CODES:
        return _pipelines(group, wanted, say)
    return [(_windows if code in OF_WINDOWS else _memory)(each, wanted, say) for each in group]


def described(file: File) -> Iterator[str]:
    """What would be run for each finding of a file."""
    for each in provable(file):
        place = each.diagnostic.location
        yield f"# {each.diagnostic.code} {file.path}:{place.row}:{place.column}"
        if each.diagnostic.code in OF_WINDOWS:
            yield _loop(each).get("loop") or str((each.diagnostic.evidence or {}).get("replay", "# no snippet"))
            continue
        try:
            recipe = _recipe(each)
        except NoRecipeError as error:
            yield f"# no recipe: {error}"
            continue
        yield from (f"# missing: {name}" for name in recipe.missing)
        yield recipe.source


def _recipe(found: Provable) -> Recipe:
    """The program that a proof runs.

    Raises:
        NoRecipeError: there is none.
    """
    if found.diagnostic.code in pipelines.CODES:
        return found.program.pipeline(found.finding.subject, statement=found.diagnostic.code == "BS213")
    return found.program.recipe(found.finding.subject)


# Memory


def _memory(found: Provable, wanted: Wanted, say: Callable[[str], None]) -> Verification:
    """Trace the step, and try it where the device, or a CPU in its place, has the room."""
    try:
        recipe = _recipe(found)
    except NoRecipeError as error:
        return Verification("inconclusive", "trial-step", reason=str(error))
    if recipe.missing:
        names = ", ".join(recipe.missing)
        return Verification("inconclusive", "trial-step", reason=f"what builds the model needs {names}")
    batch = (found.finding.evidence or {}).get("batch_size")
    if not isinstance(batch, int):
        return Verification("inconclusive", "trial-step", reason="the batch size is not known")
    request = {
        "source": recipe.source,
        "path": found.program.folders(),
        "model": MODEL,
        "batch_size": batch,
        "steps": wanted.steps,
        "device": wanted.device,
        "memory": wanted.memory,
        "stand_in": device(found.settings.device).bytes,
        **_data(found.finding.subject),
    }
    if found.finding.subject.method == "loop":
        return _by_hand(request, wanted, say)
    proof = _by_fit(request, wanted, say)
    return msgspec.structs.replace(proof, reason=f"{proof.reason} ({recipe.note})") if recipe.note else proof


def _data(run: Run) -> dict[str, Any]:
    """What is known of a training's data: the shape of a sample, and whether there are targets."""
    found: dict[str, Any] = {}
    array = array_of(run.data)
    if array is not None and array.shape is not None and None not in array.shape[1:]:
        found["shapes"] = [list(array.shape[1:])]
    if run.method == "fit" and run.feeds and all(feed.kind == "arrays" for feed in run.feeds):
        found["has_targets"] = run.argument("y") is not None
    return found


def _by_fit(request: dict[str, Any], wanted: Wanted, say: Callable[[str], None]) -> Verification:
    """Trace a step of Keras, and try it."""
    traced = _run({**request, "method": "trace", "search_seconds": wanted.timeout / 2}, wanted, say)
    how = traced.result.get("run", "graph")
    if not str(traced.result.get("device", "CPU")).startswith("GPU") and _tells(traced):
        return msgspec.structs.replace(_noted(_judged(traced, "trace"), how), parts=_parts(traced))
    tried = _run({**request, "method": "trial-step"}, wanted, say)
    judged = _judged(tried, "trial-step")
    if judged.status == "inconclusive" and traced.result.get("outcome") in {"fits", "out-of-memory"}:
        judged = _judged(traced, "trace")
    return msgspec.structs.replace(
        _noted(judged, how),
        largest_batch_size=traced.result.get("largest_batch_size") if how != "eager" else None,
        seconds=round(traced.seconds + tried.seconds, 1),
        parts=_parts(traced, tried),
    )


def _noted(judged: Verification, how: str) -> Verification:
    """A verdict that says where the program runs its steps in another way than the proof did."""
    on_card = judged.method == "trial-step" and judged.device != "CPU"
    note = _OTHER_RUNS.get((how, judged.method)) if judged.status != "inconclusive" and not on_card else None
    if note is None:
        return judged
    # What a graph has no room for, an eager step has not either; the reverse does not hold.
    unsure = how == "eager" and judged.status == "refuted"
    status = "inconclusive" if unsure else judged.status
    return msgspec.structs.replace(judged, status=status, reason=f"{judged.reason} ({note})")


def _tells(traced: Outcome) -> bool:
    """Whether a trial on a CPU would say no more: too little room here, or minutes to run out of it."""
    limit, peak = traced.result.get("limit_bytes") or 0, traced.result.get("peak_bytes") or 0
    return limit > _room() or (traced.result.get("outcome") == "out-of-memory" and peak > _FAR_ABOVE * limit)


def _parts(*outcomes: Outcome) -> dict[str, float]:
    """How long each part of a proof took, in seconds; of a child that was ended, nothing is known."""
    found: defaultdict[str, float] = defaultdict(float)
    for outcome in outcomes:
        took, steps = outcome.result.get("seconds", {}), outcome.result.get("step_seconds", [])
        found["start"] += took.get("import", 0)
        found["build"] += took.get("build", 0)
        if "layers" in outcome.result:
            found["trace"] += sum(steps)
            found["search"] += took.get("run", 0) - sum(steps)
        else:
            found["trial"] += took.get("run", 0)
    return {name: round(seconds, 1) for name, seconds in found.items() if seconds >= _SHORTEST}


def _by_hand(request: dict[str, Any], wanted: Wanted, say: Callable[[str], None]) -> Verification:
    """Try a hand-written loop as it stands; there is no step of Keras to trace."""
    room = _room()
    asked: int = request["memory"] or request["stand_in"]
    short = asked > room and not uses_card(wanted.device)
    changes = {"method": "trial-step", "loop": request["source"], "source": "", "model": None}
    tried = _run({**request, **changes, **({"memory": room} if short else {})}, wanted, say)
    judged = msgspec.structs.replace(_judged(tried, "trial-step"), parts=_parts(tried))
    if short and judged.status == "confirmed":
        reason = f"a trial step needs more than the {show_size(room)} that this machine has free"
        return msgspec.structs.replace(judged, status="inconclusive", reason=reason)
    return judged


def _room() -> int:
    return int(psutil.virtual_memory().available * _SHARE)


def _run(request: dict[str, Any], wanted: Wanted, say: Callable[[str], None]) -> Outcome:
    """The answer to a request: one that is kept, or a child's."""
    known = wanted.kept.get(request) if wanted.kept is not None else None
    key = msgspec.json.encode(request, order="sorted")
    known = known or wanted.given.get(key)
    if known is not None:
        return known
    with _turn(request):
        outcome = wanted.given[key] = _asked(request, wanted, say)
    if wanted.kept is not None:
        wanted.kept.put(request, outcome)
    return outcome


def _turn(request: dict[str, Any]) -> AbstractContextManager[Any]:
    """What fills a device, or measures it, waits until nothing else does."""
    wanted = request.get("device", "cpu")
    on_card = uses_card(wanted)
    if on_card or request["method"] == "trial-step":
        return _LOCKS[wanted if on_card else "cpu"]
    return nullcontext()


def _asked(request: dict[str, Any], wanted: Wanted, say: Callable[[str], None]) -> Outcome:
    return run(request, Limits(wanted.timeout, _room(), wanted.stop), python=wanted.python, progress=say)


def _judged(outcome: Outcome, method: Any) -> Verification:
    """What the end of a child says of a finding that expects an out-of-memory error."""
    result = outcome.result
    peak = result.get("peak_bytes")
    measured = {"peak_bytes": peak} if isinstance(peak, int) else {}
    limit = result.get("limit_bytes")
    if isinstance(limit, int):
        measured["limit_bytes"] = limit
    left_out = result.get("left_out")
    made = Verification(
        "inconclusive", method, result.get("device_name"), measured, result.get("largest_batch_size"),
        seconds=outcome.seconds,
    )  # fmt: skip
    meaning = _meaning(outcome, method, limit)
    if left_out:
        meaning["reason"] += f" (with random weights instead of {', '.join(left_out)})"
    if result.get("approximate"):
        meaning["reason"] += f" ({result['approximate']})"
    return msgspec.structs.replace(made, **meaning)


def _meaning(outcome: Outcome, method: str, limit: int | None) -> dict[str, str]:
    result, kind = outcome.result, outcome.result.get("outcome")
    where = f"{show_size(limit)} of memory" if limit is not None else f"the memory of {result.get('device_name')}"
    if outcome.ending == "result" and kind == "out-of-memory":
        if method == "trace":
            return {
                "status": "confirmed",
                "reason": f"a traced step needs {show_size(result['peak_bytes'])}, above {where}",
            }
        return {"status": "confirmed", "reason": f"a trial step ran out of {where}: {result['reason']}"}
    if outcome.ending == "result" and kind == "fits":
        peak = show_size(result["peak_bytes"])
        verb = "needs" if method == "trace" else "needed"
        return {
            "status": "refuted",
            "reason": f"a {'traced' if method == 'trace' else 'trial'} step {verb} {peak} of {where}",
        }
    if outcome.ending == "memory" or (outcome.ending == "signal" and outcome.code == -9):
        return {"status": "confirmed", "reason": "the trial step took all memory of this machine and was killed"}
    return {"reason": _ending(outcome)}


def _ending(outcome: Outcome) -> str:
    """Why a child has no answer."""
    if outcome.ending == "result":
        line = outcome.result.get("recipe_line")
        place = f" (line {line} of the recipe)" if line else ""
        return f"{outcome.result.get('reason', 'no limit to compare with')}{place}"
    if outcome.ending == "timeout":
        return f"it did not end within {outcome.seconds:.0f} s (`--timeout`)"
    last = next((line for line in reversed(outcome.output.splitlines()) if line.strip()), "")
    died = f"signal {-outcome.code}" if outcome.ending == "signal" else f"exit status {outcome.code}"
    return f"the child ended with {died}{f': {last[:200]}' if last else ''}"


# Pipelines


def _pipelines(group: list[Provable], wanted: Wanted, say: Callable[[str], None]) -> list[Verification]:
    """Run the pipelines of a program over synthetic samples, and see whether they do what the findings say."""
    made: list[dict[str, Any] | str] = [_item(each) for each in group]
    items = [one for one in made if isinstance(one, dict)]
    request = {
        "method": "pipeline-run", "source": "", "path": group[0].program.folders(), "device": "cpu", "items": items,
    }  # fmt: skip
    outcome = _run(request, wanted, say) if items else None
    if outcome is not None and outcome.ending != "result" and len(group) > 1:
        # One of them takes the others with it.
        return [verdict for each in group for verdict in _pipelines([each], wanted, say)]
    seen = iter(outcome.result.get("items", ())) if outcome is not None else iter(())
    found = []
    for each, one in zip(group, made, strict=True):
        result = next(seen, None) if isinstance(one, dict) else None
        if isinstance(one, dict) and result is not None:
            status, reason = pipelines.answer(each.diagnostic.code, one, result)
            found.append(Verification(status, "pipeline-run", reason=reason, seconds=result["seconds"]))
        else:
            why = one if isinstance(one, str) or outcome is None else _ending(outcome)
            seconds = outcome.seconds if outcome is not None else 0.0
            found.append(Verification("inconclusive", "pipeline-run", reason=str(why), seconds=seconds))
    return found


def _item(found: Provable) -> dict[str, Any] | str:
    """What a child is asked of a pipeline, or why it is asked nothing."""
    try:
        recipe = _recipe(found)
    except NoRecipeError as error:
        return str(error)
    if recipe.missing:
        return f"what makes the pipeline needs {', '.join(recipe.missing)}"
    return pipelines.item(found, recipe.source)


# Windows


def _windows(found: Provable, wanted: Wanted, say: Callable[[str], None]) -> Verification:
    """Run the loop's index arithmetic as plain Python, and see whether it does what the finding says."""
    snippet = (found.diagnostic.evidence or {}).get("replay")
    if not isinstance(snippet, str) or not snippet.strip():
        return Verification("inconclusive", "window-replay", reason="the finding has no snippet that replays it")
    request = {"method": "window-replay", "source": "", "snippet": snippet, "path": found.program.folders()}
    outcome = _run({**request, **_loop(found)}, wanted, say)
    printed = outcome.result.get("printed")
    if outcome.ending == "result" and "seen" in outcome.result:
        fact, shown = found.finding.subject, outcome.result["seen"]
        return Verification(
            "confirmed" if shown else "refuted",
            "window-replay",
            reason=f"the program's own loop, run over numbered samples: {shown or _SOUND[fact.fault]}",
            seconds=outcome.seconds,
        )
    if outcome.ending != "result" or not isinstance(printed, str):
        return Verification("inconclusive", "window-replay", reason=_ending(outcome), seconds=outcome.seconds)
    shows = shows_fault(found.diagnostic.code, printed)
    if not shows and found.diagnostic.code == "BS305":
        reason = "the windows are the same, and what a permutation does to their samples is not replayed"
        return Verification("inconclusive", "window-replay", reason=reason, seconds=outcome.seconds)
    last = textwrap.shorten((printed.strip().splitlines() or ["nothing"])[-1], _MOST_SHOWN, placeholder=" …")
    return Verification(
        "confirmed" if shows else "refuted",
        "window-replay",
        reason=f"run as plain Python, the loop's index arithmetic prints {last}",
        seconds=outcome.seconds,
    )


def _loop(found: Provable) -> dict[str, Any]:
    """The loop that a finding is about, as a child runs it; nothing where it can't be cut out of the program."""
    fact = found.finding.subject
    if not isinstance(fact, Windows):
        return {}
    try:
        cut = found.program.windows(fact)
    except NoRecipeError:
        return {}
    arrays = {fact.array, *(one.array for one in fact.windows)}
    known = {name: number for name, number in fact.assignment.items() if name not in arrays}
    length = {fact.array: fact.length} if fact.length is not None else {}
    about = {"fault": fact.fault, "outside": cut.outside, "numbers": known}
    return {"loop": cut.source, **about, "lengths": {**length, **lengths(known)}}


# What a loop does that has no such fault.
_SOUND = {
    "overlap": "no sample is read twice in a pass",
    "gap": "every sample is read",
    "empty": "no window is empty",
    "still": "its windows hold different samples",
    "misaligned": "both windows hold the same samples in every turn",
}
# Characters of what a replay prints.
_MOST_SHOWN = 80


__all__ = ["PROVABLE", "File", "Wanted", "described", "provable", "prove"]
