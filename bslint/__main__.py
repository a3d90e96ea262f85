"""The console script `bslint`, and `python -m bslint`."""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys


def main() -> None:
    """Runs the command line and ends the process with its status."""
    gc.disable()  # imports and parsing make little garbage; the collector would only look for it
    if sys.argv[1:] == ["--version"]:  # editors ask before every run
        from bslint import __version__

        print(f"bslint {__version__}")  # noqa: T201
        return
    _import_msgspec()
    from bslint.cli import invoke

    try:
        status = invoke()
        _flush()
    except KeyboardInterrupt:
        _die_of_interrupt()
    # Taking a big heap apart takes as long as linting a file; nothing is left to be done.
    os._exit(status)


def _import_msgspec() -> None:
    """Spares msgspec the import of typing_extensions: 20 ms for what Python's own typing has by now."""
    if sys.version_info < (3, 11) or "typing_extensions" in sys.modules:
        return
    sys.modules["typing_extensions"] = None
    try:
        importlib.import_module("msgspec")
    finally:
        del sys.modules["typing_extensions"]


def _flush() -> None:
    from bslint.terminal import forget_stdout

    try:
        sys.stdout.flush()
    except BrokenPipeError:
        forget_stdout()
    sys.stderr.flush()


def _die_of_interrupt() -> None:
    """Dies of SIGINT, so that a shell script around us ends too."""
    if os.name == "posix":
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    sys.exit(130)


if __name__ == "__main__":
    main()
