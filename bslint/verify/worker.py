"""The child's program: `python -m bslint.verify.worker REQUEST.json FD`.

A request has
    method: the kind of proof: `trial-step`, …
    source: the recipe, a Python program that defines what the method needs and runs nothing else.
    path: folders from which it imports files of its project.
    device: `auto`, `cpu` or `gpu:N`; memory: bytes that the device is to have, or null;
        stand_in: bytes that a CPU is to have in a GPU's place, where `memory` does not say.
    … and what the method wants besides.
What happens is reported to the file descriptor, one JSON object to a line: `{"progress": …}`, at last `{"result": …}`.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import types
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bslint.verify import command_line, confine, device, weights
from bslint.verify.run_mode import MODES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MODULE = "__bslint_recipe__"
_FILE = "recipe.py"
# Method: module and function that run it, and whether they need TensorFlow and a device.
METHODS = {
    "trial-step": ("bslint.verify.trial", "trial", True),
    "trace": ("bslint.verify.trace", "trace", True),
    "window-replay": ("bslint.verify.replay", "replay", False),
    "pipeline-run": ("bslint.verify.pipeline_run", "pipelines", True),
}


def main(file: str, descriptor: int) -> None:
    """Run one request and leave at once, whatever threads the program has started."""
    send = _sender(descriptor)
    with open(file, encoding="utf-8") as stream:
        request = json.load(stream)
    confine.die_with_parent()
    confine.close_network()
    kept = confine.keep_writes_in(str(Path(file).parent), "/dev", "/proc")
    seconds: dict[str, float] = {}
    try:
        result = _proof(request, lambda words: send({"progress": words}), seconds)
        json.dumps(result)
    except BaseException as error:
        result = failure(error)
    send({"result": {**result, "seconds": seconds, "confined": kept}})
    os._exit(0)


def _sender(descriptor: int) -> Callable[[dict[str, Any]], None]:
    def send(message: dict[str, Any]) -> None:
        try:
            os.write(descriptor, json.dumps(message).encode() + b"\n")
        except OSError:
            os._exit(3)

    os.set_inheritable(descriptor, False)
    return send


def _proof(request: dict[str, Any], say: Callable[[str], None], seconds: dict[str, float]) -> dict[str, Any]:
    module, function, on_device = METHODS[request["method"]]
    sys.path[:0] = request.get("path", [])
    command_line.use_defaults(words=request["method"] in {"pipeline-run", "window-replay"})
    clock = _Clock(say, seconds)
    chosen, about = None, {}
    left_out: list[str] = []
    if on_device:
        with clock.part("import", "TensorFlow starts"):
            device.prepare(request.get("device", "auto"))
            import tensorflow as tf

            chosen = device.choose(request.get("device", "auto"), request.get("memory"), request.get("stand_in"))
            request["memory"] = chosen.limit
            left_out = weights.left_out()
            MODES.watch()
            about = {
                "device": chosen.name,
                "device_name": chosen.title,
                "limit_bytes": chosen.limit,
                "tensorflow": tf.__version__,
            }
    method = importlib.import_module(module)
    with method.surroundings():
        with clock.part("build", "the recipe is built"):
            namespace = executed(request["source"])
        with clock.part("run", "the proof runs"):
            result = getattr(method, function)(namespace, request, chosen, say)
    return {**result, **about, "left_out": left_out}


def executed(source: str, given: dict[str, Any] | None = None) -> dict[str, Any]:
    """The names of a recipe after it was executed.

    Its module and its file are there for those who look for them: dataclasses and AutoGraph do.

    Args:
        source: the recipe.
        given: names that it finds.
    """
    module = types.ModuleType(_MODULE)
    module.__file__ = _FILE
    sys.modules[_MODULE] = module
    vars(module).update(given or {})
    Path(_FILE).write_text(source, encoding="utf-8")
    exec(compile(source, _FILE, "exec"), vars(module))
    return vars(module)


class _Clock:
    """Times the parts of a proof, in seconds."""

    def __init__(self, say: Callable[[str], None], seconds: dict[str, float]) -> None:
        self._say = say
        self._seconds = seconds

    @contextmanager
    def part(self, name: str, words: str) -> Iterator[None]:
        self._say(words)
        began = time.monotonic()
        try:
            yield
        finally:
            self._seconds[name] = round(time.monotonic() - began, 2)


def failure(error: BaseException) -> dict[str, Any]:
    """What a person needs to see of an error, and where in the recipe it happened."""
    from bslint.verify.trial import is_out_of_memory, words

    # AutoGraph's text begins with the type already.
    reason = f"{type(error).__name__}: {words(error).removeprefix(f'{type(error).__name__}: ')}"
    if isinstance(error, ModuleNotFoundError):
        reason += f" in {sys.executable} (`--python` names another)"
    if is_out_of_memory(error):
        return {"outcome": "out-of-memory", "reason": reason}
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == _FILE:
            line = trace.tb_lineno
        trace = trace.tb_next
    return {"outcome": "error", "reason": reason, "recipe_line": line}


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
