"""What goes to standard output and standard error."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Literal

ColorChoice = Literal["auto", "always", "never"]


def out(text: str) -> None:
    """Writes text to standard output; characters that it can't show are escaped."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        forget_stdout()


def out_bytes(data: bytes) -> None:
    """Writes bytes to standard output."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        forget_stdout()


def err(text: str) -> None:
    """Writes a line to standard error."""
    encoding = sys.stderr.encoding or "utf-8"
    with contextlib.suppress(BrokenPipeError):
        sys.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        sys.stderr.flush()


def forget_stdout() -> None:
    """Lets everything further that is written to standard output vanish: its reader (`head`) has left."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def has_color(choice: ColorChoice) -> bool:
    """Whether standard output gets colors (https://no-color.org, https://force-color.org)."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
