"""A replay: a loop, or a snippet of its arithmetic, runs and tells what it sees. In the child, without a device."""

from __future__ import annotations

import io
import os
from contextlib import nullcontext, redirect_stdout, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


# Characters.
_MOST = 100_000
# Nothing special is around the recipe when it is built.
surroundings = nullcontext


class _Kept(io.StringIO):
    """Keeps the beginning of what is printed."""

    def write(self, text: str) -> int:
        return super().write(text[: max(0, _MOST - self.tell())]) and len(text)


def replay(namespace: dict[str, Any], request: dict[str, Any], _: object, say: Callable[[str], None]) -> dict[str, Any]:
    """Run the program's own loop where there is one, and else, or where it fails, a snippet.

    Returns:
        `outcome` (`replayed`) and `seen`, what the loop does, or `printed`, what the snippet printed.
    """
    say("the loop runs")
    printed = _Kept()
    if request.get("loop"):
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
        with redirect_stdout(printed), suppress(Exception):
            from bslint.verify.window_run import observe

            return {"outcome": "replayed", "seen": observe(request)}
    printed = _Kept()
    with redirect_stdout(printed):
        exec(compile(request["snippet"], "snippet.py", "exec"), namespace)
    return {"outcome": "replayed", "printed": printed.getvalue()}
