"""What `bslint memory` does with its options: each training in the files, and what it needs."""

from __future__ import annotations

import ast
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from bslint import lint
from bslint.checking import refuse_unknown_device
from bslint.config import ConfigError, Resolver
from bslint.discover import discover
from bslint.memory import trainings
from bslint.registry import rules
from bslint.report.common import dumps, place
from bslint.report.memory import Account, Entry, Layer, Limit, Place
from bslint.request import RunError
from bslint.source import SourceError, read
from bslint.terminal import err, has_color, out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import libcst as cst

    from bslint.analysis.analyse import Facts
    from bslint.analysis.facts import Training
    from bslint.check import Located, Locator
    from bslint.memory.trainings import Demand
    from bslint.source import Program, Source
    from bslint.terminal import ColorChoice

_RULE = "BS102"  # whose words a file must have


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The options of `bslint memory`, as they are described there."""

    paths: tuple[str, ...] = ()
    device: str | None = None
    batch_size: tuple[int, ...] = ()
    output_format: str = "text"
    html: Path | None = None
    trace: bool = False
    config: Path | None = None
    isolated: bool = False
    color: ColorChoice = "auto"

    def say(self, where: str) -> Callable[[str], None]:
        """Tells a person at a terminal what a trace does."""
        if not sys.stderr.isatty():
            return lambda _: None
        return lambda words: err(f"{where}: {words}")


def memory(asked: Asked) -> int:
    """Shows what each training needs.

    Returns:
        The exit status: 0, or 2 when the run itself failed.
    """
    try:
        resolver = Resolver(
            rules().values(), config=asked.config, isolated=asked.isolated, overrides={"device": asked.device}
        )
        if asked.trace:
            _can_trace()
        discovery = discover(asked.paths or (".",), resolver.for_folder, False)
        for path, reason in discovery.problems:
            err(f"error: {path}: {reason}")
        entries: list[Entry] = []
        sources: dict[str, Source] = {}
        failed = bool(discovery.problems)
        for file in discovery.files:
            path = str(file)
            try:
                source = _source(path)
                broken = lint.syntax_errors(source) if source is not None else []
                for one in broken:
                    err(f"error: {path}:{place(one)}: {one.message}")
                failed = failed or bool(broken)
                if source is None or (broken and source.kind != "notebook"):
                    continue
                entries += _entries(source, resolver, asked)
                sources[source.path] = source
            except (SourceError, OSError, RecursionError, SyntaxError) as error:
                err(f"error: {path}: {error}")
                failed = True
        _show(asked, entries, sources)
    except (ConfigError, RunError) as error:
        err(f"error: {error}")
        return 2
    return 2 if failed else 0


def _show(asked: Asked, entries: Sequence[Entry], sources: dict[str, Source]) -> None:
    if asked.html is not None:
        from bslint.report.memory_html import render as page

        try:
            asked.html.write_text(page(entries, sources), encoding="utf-8")
        except OSError as error:
            raise RunError(f"{asked.html} can't be written: {error.strerror}") from error
        err(f"Wrote {asked.html}.")
    if asked.output_format == "json":
        out(dumps([account for entry in entries for account in entry.depths], indent=2) + "\n")
        return
    from bslint.report.memory_text import render

    out(render(entries, Path.cwd(), has_color(asked.color)))


def _source(path: str) -> Source | None:
    """A file that may train something."""
    data = Path(path).read_bytes()
    return read(path, data) if lint.worth_reading(path, data, [rules()[_RULE]]) else None


def _can_trace() -> None:
    """Raises RunError where no trace can be run."""
    missing = [name for name in ("tensorflow", "psutil") if find_spec(name) is None]
    if missing:
        raise RunError(f"`--trace` needs {' and '.join(missing)}: pip install 'bslint-tf[verify]'")
    if sys.platform == "win32":
        raise RunError("`--trace` needs process groups, which Windows does not have")


def _entries(source: Source, resolver: Resolver, asked: Asked) -> Iterator[Entry]:
    configuration = resolver.for_file(Path(source.path))
    refuse_unknown_device(configuration)
    for program in source.programs:
        device = configuration.settings.device
        yield from _traced(source, program, device, asked) if asked.trace else _static(source, program, device, asked)


def _static(source: Source, program: Program, device: str, asked: Asked) -> Iterator[Entry]:
    from bslint.analysis.analyse import analyse
    from bslint.check import Locator
    from bslint.syntax.parse import parse

    trees = [parse(block.text) for block in program.blocks]
    blocks = [tree if tree is not None else block.text for tree, block in zip(trees, program.blocks, strict=True)]
    facts = analyse(blocks, source.path, notebook=source.kind == "notebook")
    locator = Locator(source.path, list(zip(program.blocks, trees, strict=True)))
    for _, entry in _of_program(facts, locator, device, asked.batch_size):
        yield entry


def _traced(source: Source, program: Program, device: str, asked: Asked) -> Iterator[Entry]:
    """The entries with the accounts of their traces, or why there is none."""
    from bslint.verify.programs import ReadProgram
    from bslint.verify.tracing import NotTracedError, account, trace

    whole = ReadProgram(source, program)
    for training, entry in _of_program(whole.facts, whole.locator, device, asked.batch_size):
        where = f"{entry.account.filename}:{entry.account.location.row}"
        try:
            found = trace(whole, training, entry.demand, entry.account.batch_size, asked.say(where))
        except NotTracedError as error:
            err(f"warning: {where} is not traced: {error}")
            yield msgspec.structs.replace(entry, untraced=str(error))
        else:
            yield msgspec.structs.replace(entry, traced=account(entry, found))


def _of_program(facts: Facts, locator: Locator, device: str, sizes: Sequence[int]) -> Iterator[tuple[Training, Entry]]:
    from bslint.analysis.facts import Training

    seen = set()
    for fact in facts.facts:
        if isinstance(fact, Training) and (at := locator.find(fact.node)) is not None:
            found = trainings.demand(fact, device)
            if found is None:
                continue
            for batch in sizes or (found.plan.batch_size,):
                entry = _Writer(locator, fact, found, at).entry(batch)
                account = entry.account
                identity = (account.cell, account.location, batch, account.parameters, account.total_bytes)
                if identity not in seen:
                    seen.add(identity)
                    yield fact, entry


class _Writer:
    """Writes the account of one training."""

    def __init__(self, locator: Locator, training: Training, demand: Demand, at: Located) -> None:
        self._locator = locator
        self._training = training
        self._demand = demand
        self._at = at

    def entry(self, batch: int | None) -> Entry:
        """The account at a batch size."""
        demand, needs, at = self._demand, self._demand.needs, self._at
        told = not needs.partial
        total = needs.total(batch) if batch is not None else None
        largest = demand.largest if told else None
        layers = [*self._layers(batch)]
        account = Account(
            filename=self._locator.path,
            cell=at.block.cell,
            location=at.position(at.start),
            model=self._model(),
            run_mode=demand.plan.mode,
            batch_size=batch,
            parameters=needs.parameters.total,
            total_bytes=total,
            breakdown=demand.breakdown(batch) if batch is not None else None,
            error_band=needs.error_band,
            partial=list(needs.partial),
            device=Limit(demand.device.name, demand.device.bytes),
            fits=total <= demand.device.bytes if told and total is not None else None,
            largest_batch_size=largest,
            layers=[layer for layer, _ in layers],
            curve=demand.curve(batch) if told else [],
            remedies=demand.remedies(batch) if told and batch is not None else [],
        )
        return Entry(account, demand, self._places(), [place for _, place in layers])

    def _layers(self, batch: int | None) -> Iterator[tuple[Layer, Place | None]]:
        for each in self._demand.needs.layers:
            place = self._place(each.step.origin)
            kind = each.step.kind.removeprefix("keras.layers.").removeprefix("keras.")
            shape = list(each.shape[0] if isinstance(each.shape, list) else each.shape)
            retained = each.retained.at(batch) if batch is not None else None
            row = place.row if place is not None else None
            yield Layer(each.step.name or kind, kind, row, shape, each.parameters.total, retained), place

    def _places(self) -> dict[str, Place]:
        """Where the numbers are read."""
        from bslint.analysis.plans import compiled_at
        from bslint.analysis.values import Known

        model = self._training.model
        sizes = [one for one in trainings.batch_sizes(self._training) if isinstance(one, Known)]
        feeds = [feed.node for feed in self._training.feeds]
        written = [*(one.origin for one in sizes), *feeds, self._training.node]
        nodes: dict[str, list[Any]] = {
            "training": [self._training.node],
            "model": [model.value.origin if model is not None else None],
            "batch size": written,
            "optimizer": [compiled_at(self._training)],
        }
        places = {name: [self._place(node) for node in options] for name, options in nodes.items()}
        return {name: next(one for one in found if one) for name, found in places.items() if any(found)}

    def _place(self, node: Any) -> Place | None:
        located = self._locator.find(node) if node is not None else None
        return Place(located.block.cell, located.position(located.start).row) if located is not None else None

    def _model(self) -> str:
        """What a person calls the model."""
        from bslint.analysis.values import Known

        model = self._training.model
        value: Any = model.value if model is not None else None
        kind = getattr(value, "type", None)
        given = value.call.value("name") if getattr(value, "call", None) is not None else None
        if isinstance(given, Known) and isinstance(given.value, str):
            return given.value
        if kind is not None and not isinstance(kind, str):
            return str(kind.name)
        if isinstance(kind, str) and kind.startswith("keras.applications."):
            return kind.rpartition(".")[2]
        return self._named(value.origin if value is not None else None) or (kind or "model").rpartition(".")[2]

    def _named(self, node: cst.CSTNode | None) -> str:
        """The function that makes a model, unless it trains it, too; else the variable that holds it."""
        made = self._locator.find(node) if node is not None else None
        if made is None:
            return ""
        row = made.positions.place(made.start)[0]
        trains = self._at.positions.place(self._at.start)[0] if self._at.block is made.block else 0
        name = ""
        for statement in ast.walk(ast.parse(made.block.text)):
            if not isinstance(statement, (ast.FunctionDef, ast.Assign)):
                continue
            around = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
            if row in around and isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                name = name or statement.targets[0].id
            elif row in around and isinstance(statement, ast.FunctionDef) and trains not in around:
                name = statement.name
        return name
