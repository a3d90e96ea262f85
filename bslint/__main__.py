"""The console script `bslint`, and `python -m bslint`."""

from __future__ import annotations

import gc
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
    from bslint.cli import invoke

    try:
        status = invoke()
        _flush()
    except KeyboardInterrupt:
        _die_of_interrupt()
    # Taking a big heap apart takes as long as linting a file; nothing is left to be done.
    os._exit(status)


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
