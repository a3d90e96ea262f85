"""The compared tools, each in an environment of its own, and how a run of a command is measured."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
PINS = {"bslint": "", "ruff": "ruff==0.17.6", "flake8": "flake8==7.5.0", "fixit": "fixit==2.2.1"}


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of a command took; `rss` is the peak of its largest process, in bytes."""

    wall: float
    cpu: float
    rss: int
    status: int


def environment(cache: Path, tool: str) -> Path:
    """The folder of a tool's programs. The tool is installed on first use, bslint anew each time."""
    folder = cache / "venvs" / (PINS[tool] or tool)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    done = folder / "installed"
    if not done.exists():
        venv.create(folder, clear=True, with_pip=True)
    if tool == "bslint":
        _install_bslint(programs)
    elif not done.exists():
        _pip(programs, PINS[tool])
    done.touch()
    return programs


def _install_bslint(programs: Path) -> None:
    """As a person would have it: not slowed by an editable install, and from a copy, without remains of old builds."""
    with tempfile.TemporaryDirectory() as copy:
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(REPOSITORY / name, copy)
        for name in ("bslint", "rules"):
            shutil.copytree(REPOSITORY / name, Path(copy, name), ignore=shutil.ignore_patterns("__pycache__"))
        _pip(programs, copy)


def _pip(programs: Path, *what: str) -> None:
    command = [programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what]
    subprocess.run(command, check=True)


def measure(command: list[str | Path], folder: Path | None = None) -> Run:
    """Runs a command to its end and throws away what it prints."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit, process.returncode)
