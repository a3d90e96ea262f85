"""The child process that runs a piece of the user's program: started, watched and ended here.

Nothing that the child does may hurt: it has a session, a working folder and a home of its own, a closed standard input,
a time limit and a memory limit, and when it ends everything that it started ends with it.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

import msgspec
import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Ending = Literal["result", "timeout", "memory", "signal", "exit"]

# How often the parent looks at the clock and at the child's memory, in seconds.
_INTERVAL = 0.1
# Of what the child prints, this much of the end is kept; of what it reports, this much is read.
_KEPT_OUTPUT = 16 << 10
_MOST_REPORTED = 8 << 20
# How often we look for processes that are left over.
_ROUNDS = 5
_MARK = "BSLINT_VERIFY_CHILD"
_PACKAGE = Path(__file__).resolve().parents[1]
# Runs the worker from this package's files alone: the other Python need not have bslint, nor see what ours has.
_START = """\
import importlib.util, runpy, sys
spec = importlib.util.spec_from_file_location("bslint", {init!r}, submodule_search_locations=[{folder!r}])
sys.modules["bslint"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["bslint"])
runpy.run_module("bslint.verify.worker", run_name="__main__", alter_sys=True)
"""


class Outcome(msgspec.Struct, frozen=True):
    """How a child ended.

    Args:
        ending: it reported a result, ran out of time, took more memory than it may, was killed by a signal that we did
            not send, or exited without a result.
        result: what it reported last; empty when it reported nothing.
        code: its exit status, or the signal.
        output: the end of what it printed.
        seconds: how long it ran.
        peak: the most resident memory that it and its children were seen to hold, in bytes.
    """

    ending: Ending
    result: dict[str, Any]
    code: int
    output: str
    seconds: float
    peak: int = 0


class Limits(msgspec.Struct, frozen=True):
    """What a child may use: seconds, and bytes of resident memory together with its own children.

    Once `stop` is set it is ended at once.
    """

    seconds: float
    memory: int
    stop: threading.Event = msgspec.field(default_factory=threading.Event)


class StoppedError(Exception):
    """A child was ended, or not started, because nobody waits for its answer any more."""


def run(
    request: Mapping[str, Any],
    limits: Limits,
    *,
    python: str = sys.executable,
    progress: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Run the worker on a request.

    Args:
        request: JSON-like, see `worker`.
        limits: above them the child is killed.
        python: the interpreter that has the project's TensorFlow.
        progress: is called with the name of each part of the work as it begins.

    Raises:
        OSError: the interpreter can't be started.
        StoppedError: `limits.stop` was set.
    """
    began = time.monotonic()
    mark = uuid.uuid4().hex
    with tempfile.TemporaryDirectory(prefix="bslint-verify-", ignore_cleanup_errors=True) as folder:
        process, reports = _started(python, request, Path(folder), mark)
        watch = _Watch(process, reports, limits, progress)
        try:
            ending = watch.until_the_end()
        finally:
            _kill(process, mark)
            watch.close()
            os.close(reports)
    seconds = round(time.monotonic() - began, 2)
    return Outcome(ending, watch.result, process.returncode, watch.output, seconds, watch.peak)


def _started(python: str, request: Mapping[str, Any], folder: Path, mark: str) -> tuple[subprocess.Popen[bytes], int]:
    """The child, and the end of a pipe from which to read what it reports."""
    work = folder / "work"
    work.mkdir()
    file = folder / "request.json"
    file.write_bytes(msgspec.json.encode(request))
    start = _START.format(init=str(_PACKAGE / "__init__.py"), folder=str(_PACKAGE))
    reports, end = os.pipe()
    try:
        process = subprocess.Popen(
            [python, "-c", start, str(file), str(end)],
            cwd=work,
            env=_environment(folder, mark),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[end],
            start_new_session=True,
        )
    except OSError:
        os.close(reports)
        raise
    finally:
        os.close(end)  # the child has its own copy; ours would keep the pipe open
    return process, reports


def _environment(folder: Path, mark: str) -> dict[str, str]:
    """Ours, with every folder that libraries write to moved into the child's own."""
    home = {
        name: str(folder) for name in ("HOME", "TMPDIR", "TEMP", "TMP", "KERAS_HOME", "XDG_CACHE_HOME", "MPLCONFIGDIR")
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {
        **kept,
        **home,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "MPLBACKEND": "Agg",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        _MARK: mark,
    }


class _Watch:
    """Reads what the child reports and prints, and looks at its clock and memory."""

    def __init__(
        self, process: subprocess.Popen[bytes], reports: int, limits: Limits, progress: Callable[[str], None]
    ) -> None:
        self.process = process
        self.limits = limits
        self.progress = progress
        self.result: dict[str, Any] = {}
        self.peak = 0
        self._done = False
        self._reported = 0
        self._rest = b""
        self._printed = bytearray()
        self._selector = selectors.DefaultSelector()
        self._selector.register(reports, selectors.EVENT_READ, self._report)
        printed: IO[bytes] = process.stdout  # type: ignore[assignment]
        self._selector.register(printed.fileno(), selectors.EVENT_READ, self._print)

    def until_the_end(self) -> Ending:
        """Wait for a result, the child's end, or a limit."""
        deadline = time.monotonic() + self.limits.seconds
        while True:
            ended = self.process.poll() is not None
            some = self._read(0 if ended else _INTERVAL)
            if self._done:
                return "result"
            if ended and not some:
                return "signal" if self.process.returncode < 0 else "exit"
            if self.limits.stop.is_set():
                raise StoppedError
            if time.monotonic() > deadline:
                return "timeout"
            self.peak = max(self.peak, resident(self.process.pid))
            if self.peak > self.limits.memory:
                return "memory"

    def close(self) -> None:
        """Read what is left of the output."""
        deadline = time.monotonic() + 1
        while self._read(0) and time.monotonic() < deadline:
            pass
        self._selector.close()

    @property
    def output(self) -> str:
        """The end of what the child printed."""
        return self._printed.decode("utf-8", "replace")

    def _read(self, patience: float) -> bool:
        """Read once from every pipe that has something; whether one had."""
        if not self._selector.get_map():
            time.sleep(patience)
            return False
        ready = self._selector.select(patience)
        for key, _ in ready:
            data = os.read(key.fd, 1 << 16)
            if not data or not key.data(data):
                self._selector.unregister(key.fd)
        return bool(ready)

    def _report(self, data: bytes) -> bool:
        """One JSON object to a line."""
        self._reported += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            with suppress(msgspec.DecodeError):
                self._message(msgspec.json.decode(line, type=dict[str, Any]))
        return self._reported < _MOST_REPORTED

    def _message(self, message: dict[str, Any]) -> None:
        if "progress" in message:
            self.progress(str(message["progress"]))
        elif isinstance(message.get("result"), dict):
            self.result = message["result"]
            self._done = True

    def _print(self, data: bytes) -> bool:
        self._printed += data
        del self._printed[:-_KEPT_OUTPUT]
        return True


def resident(pid: int) -> int:
    """Bytes of resident memory of a process and its descendants."""
    total = 0
    for process in _family(pid):
        with suppress(psutil.Error):
            total += process.memory_info().rss
    return total


def _family(pid: int) -> list[psutil.Process]:
    with suppress(psutil.Error):
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    return []


def _kill(process: subprocess.Popen[bytes], mark: str) -> None:
    """End the child, its process group, and whatever it started that left the group."""
    left = _family(process.pid)
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
    # Some of them may just have started others.
    for _ in range(_ROUNDS):
        for one in left:
            with suppress(psutil.Error):
                one.kill()
        psutil.wait_procs(left, timeout=1)
        left = list(_marked(mark))
        if not left:
            break


def _marked(mark: str) -> Iterator[psutil.Process]:
    """Processes that inherited the child's environment, wherever they hang in the tree."""
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(_MARK) == mark:
                yield process


__all__ = ["Ending", "Limits", "Outcome", "StoppedError", "resident", "run"]
