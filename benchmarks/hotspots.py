"""Where the time goes: phases, functions and files of linting the corpus in this process.

    python benchmarks/hotspots.py --files 500              # time per phase, slowest files
    python benchmarks/hotspots.py --files 500 --functions  # and the profiler's slowest functions
    python benchmarks/hotspots.py train.py models/         # of these files and folders instead

It needs an environment with bslint in it. (It isn't called profile.py because cProfile imports a module of that name.)
"""

from __future__ import annotations

import argparse
import cProfile
import functools
import gc
import importlib
import pstats
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from corpus import CACHE, corpus, python_files

from bslint import lint
from bslint.config import Configuration, Settings
from bslint.registry import rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Phases and the names under which their functions are called. A phase's time is without that of the phases inside.
PHASES: Final = {
    ("bslint.lint", "read"): "read",
    ("bslint.lint", "worth_reading"): "prefilter",
    ("bslint.suppress", "read"): "comments",
    ("bslint.lint", "syntax_errors"): "syntax gate",
    ("bslint.check", "parse"): "parse",
    ("bslint.analysis.project", "_index"): "siblings",
    ("bslint.analysis.project", "parse"): "siblings",
    ("bslint.check", "analyse"): "interpret",
    ("bslint.check", "Positions"): "positions",
    ("bslint.check", "run"): "rules",
    ("bslint.suppress", "apply"): "comments",
}
FILES_PER_COLLECTION: Final = 64


class Clock:
    """Adds up the time of nested phases."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.calls: dict[str, int] = defaultdict(int)
        self._inner = [0.0]

    def timed(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its time counted for a phase."""

        @functools.wraps(function, updated=())
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            self._inner.append(0.0)
            started = time.process_time()
            try:
                return function(*args, **kwargs)
            finally:
                seconds = time.process_time() - started
                self.seconds[phase] += seconds - self._inner.pop()
                self.calls[phase] += 1
                self._inner[-1] += seconds

        return wrapper


def main() -> None:
    """Lints and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=Path, help="files and folders (default: the corpus)")
    parser.add_argument("--corpus", type=Path, default=CACHE, help="folder for downloads")
    parser.add_argument("--files", type=int, help="only about so many files of the corpus, spread evenly")
    parser.add_argument("--top", type=int, default=20, help="number of files and functions (default: 20)")
    parser.add_argument("--functions", action="store_true", help="profile functions too; this takes twice the time")
    arguments = parser.parse_args()
    folders = arguments.paths or [corpus(arguments.corpus.resolve(), arguments.files)]
    files = [file for path in folders for file in (python_files(path) if path.is_dir() else [path])]
    gc.freeze()
    gc.disable()
    rules()
    profile = cProfile.Profile() if arguments.functions else None
    if profile is not None:
        profile.enable()
        _lint(files, lambda data, function: function(data))
        profile.disable()
    clock = Clock()
    for (module, name), phase in PHASES.items():
        owner = importlib.import_module(module)
        setattr(owner, name, clock.timed(phase, getattr(owner, name)))
    times = _lint(files, clock.timed("the rest", lambda data, function: function(data)))
    _print(clock, times, arguments.top)
    if profile is not None:
        pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(arguments.top)


def _lint(files: Iterable[Path], call: Callable[..., Any]) -> dict[Path, float]:
    """Lints all files with all rules; the seconds that each took."""
    configuration = Configuration(Settings(), Path("/"))
    codes = frozenset(rules())
    times: dict[Path, float] = {}
    for number, file in enumerate(files, start=1):
        function = functools.partial(lint.lint_bytes, str(file.resolve()), configuration=configuration, codes=codes)
        data = file.read_bytes()
        started = time.process_time()
        result = call(data, function)
        times[file] = time.process_time() - started
        for error in result.errors:
            rows = error.strip().split("\n")
            print(rows[0], *rows[-1:], sep="\n    ")
        if not number % FILES_PER_COLLECTION:
            gc.collect()
    return times


def _print(clock: Clock, times: dict[Path, float], top: int) -> None:
    total = sum(clock.seconds.values())
    print(f"\n{len(times)} files in {total:.2f} s of CPU time, {clock.calls['parse']} of them analysed\n")
    for phase, seconds in sorted(clock.seconds.items(), key=lambda item: -item[1]):
        print(f"{phase:16}{seconds:8.2f} s{seconds / total:7.1%}{clock.calls[phase]:8} calls")
    print("\nslowest files")
    for file, seconds in sorted(times.items(), key=lambda item: -item[1])[:top]:
        print(f"{seconds:8.2f} s{file.stat().st_size / 1000:8.0f} kB  {file}")


if __name__ == "__main__":
    main()
