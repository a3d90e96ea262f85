"""A progress bar on standard error, for runs that take long enough to wonder."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Progress, TaskID

_AFTER = 1.0
_INTERVAL = 0.1


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
