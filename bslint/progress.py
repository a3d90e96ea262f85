"""Progress on standard error, for runs that take long enough to wonder."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from rich.console import Console
    from rich.progress import Progress, TaskID

_AFTER = 1.0
_INTERVAL = 0.1
# Columns of a terminal that a proof's line leaves to its spinner and clock, and the least for each of its two texts.
_MARGIN, _LEAST = 13, 8


class Bar:
    """Shows how many of the files are done.

    Args:
        total: number of files.
        enabled: whether to show anything.
    """

    def __init__(self, total: int, enabled: bool) -> None:
        self._total = total
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._due = time.monotonic() + _AFTER if enabled else float("inf")

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress:
            self._progress.stop()

    def update(self, done: int) -> None:
        """Says how many files are done; the first call after a second shows the bar."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + _INTERVAL
        if not self._progress:
            self._progress = _progress()
            self._task = self._progress.add_task("Linting", total=self._total)
            self._progress.start()
        if self._task is not None:
            self._progress.update(self._task, completed=done, refresh=True)


def _progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Refreshed by hand: a thread would make it unsafe to fork workers.
    return Progress(*columns, console=Console(stderr=True), auto_refresh=False, transient=True)


class Proofs:
    """Shows the proofs that run: how many are done, and a line for each with what it does just now.

    Args:
        console: where; None shows nothing.
        said: is told each part of each proof in words, too.
    """

    def __init__(self, console: Console | None, said: Callable[[str], None] | None = None) -> None:
        self._said = said
        self._progress = _lines(console) if console is not None else None
        self._all: TaskID | None = None

    def __enter__(self) -> Proofs:
        if self._progress:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress:
            self._progress.stop()

    def expect(self, number: int) -> None:
        """So many proofs there will be."""
        if self._progress and number:
            self._all = self._progress.add_task("Proving", total=number, words="", start=True)

    @contextmanager
    def one(self, name: str) -> Iterator[Callable[[str], None]]:
        """A proof begins, and ends; in between it says what it does."""
        if not self._progress or self._all is None:
            yield lambda words: self._said(f"{name}: {words}") if self._said else None
            return
        progress, line = self._progress, self._progress.add_task(name, total=None, words="waits")
        try:
            yield lambda words: progress.update(line, words=words)
        finally:
            progress.remove_task(line)
            progress.advance(self._all)


def _lines(console: Console) -> Progress:
    from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TextColumn, TimeElapsedColumn
    from rich.table import Column
    from rich.text import Text

    class Done(ProgressColumn):
        """What a proof does, or how many of all are done."""

        def render(self, task: Task) -> Text:
            done = f"{task.completed:.0f} of {task.total:.0f} done" if task.total is not None else None
            return Text(done or task.fields["words"], style="progress.download" if done else "")

    # Never the whole width: what the terminal writes itself, as `^C`, must not wrap.
    width = console.width - _MARGIN
    name, words = (
        Column(no_wrap=True, overflow="ellipsis", max_width=max(_LEAST, width * part // 5)) for part in (3, 2)
    )
    columns = (
        SpinnerColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", table_column=name, markup=False),
        Done(table_column=words),
    )
    return Progress(*columns, console=console, transient=True)
