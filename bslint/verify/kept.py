"""What children gave in earlier runs: the same question to the same Python and device is not asked again.

Kept beside the results of linting, one file for each question, under a digest of all that the answer hangs on: the
request with its recipe, the files of the project that the recipe imports, TensorFlow, Python, the device, and bslint.
"""

from __future__ import annotations

import ast
import subprocess
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from bslint import __version__
from bslint.cache import NAME, prepare, program, write
from bslint.verify import device
from bslint.verify.child import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Final

    from bslint.config import Configuration

_PREFIX: Final = "verdict-"
_SUFFIX: Final = ".msgpack"
# Of a folder that a recipe imports, so many files are looked at; with more of them, nothing is kept.
_MOST_FILES: Final = 500
_PROBE: Final = """\
import sys
from importlib.metadata import distributions
wanted = ("tensorflow", "tf_", "tf-", "keras", "numpy", "jax", "nvidia")
found = {(d.metadata["Name"] or "").lower(): d.version for d in distributions()}
print(sys.version, sorted(one for one in found.items() if one[0].startswith(wanted)))
"""


class Kept:
    """Answers in one folder.

    Args:
        folder: that of the cache; None where nothing is to be kept.
        python: the interpreter that children run.
    """

    def __init__(self, folder: Path | None, python: str) -> None:
        self._folder = folder
        self._python = python

    def get(self, request: Mapping[str, Any]) -> Outcome | None:
        """The answer to a request, None where it was not given yet."""
        file = self._file(request)
        try:
            return msgspec.msgpack.decode(file.read_bytes(), type=Outcome) if file is not None else None
        except (OSError, ValueError, RecursionError):  # msgspec's errors are ValueErrors
            return None

    def put(self, request: Mapping[str, Any], outcome: Outcome) -> None:
        """Keep an answer, unless it may be another one next time: a limit that was reached, an error."""
        file = self._file(request) if is_lasting(outcome) else None
        if file is None:
            return
        try:
            prepare(file)
            write(file, msgspec.msgpack.encode(outcome))
        except (OSError, OverflowError, TypeError, ValueError):
            return  # what can't be kept is asked again

    def _file(self, request: Mapping[str, Any]) -> Path | None:
        if self._folder is None:
            return None
        about = environment(self._python)
        files = _imported(request)
        if about is None or files is None:
            return None
        parts = [
            msgspec.json.encode(request, order="sorted"), *files, about, *map(str.encode, device.cards()), *program(),
        ]  # fmt: skip
        digest = blake2b(b"\0".join(parts), digest_size=16).hexdigest()
        return self._folder / __version__ / f"{_PREFIX}{digest}{_SUFFIX}"


def folder(configuration: Configuration, given: Path | None) -> Path:
    """The folder of the cache that `check` uses for a file."""
    return given.absolute() if given is not None else configuration.root / NAME


def is_lasting(outcome: Outcome) -> bool:
    """Whether a child would give this answer again."""
    results = [outcome.result, *outcome.result.get("items", ())]
    return outcome.ending == "result" and not any(one.get("outcome") == "error" for one in results)


@lru_cache(maxsize=8)
def environment(python: str) -> bytes | None:
    """What an interpreter is and has of TensorFlow; None where it does not say."""
    try:
        done = subprocess.run([python, "-c", _PROBE], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return python.encode() + b"\0" + done.stdout if done.returncode == 0 else None


def _imported(request: Mapping[str, Any]) -> list[bytes] | None:
    """The files of the project that recipes import, and that those import; None where they are too many."""
    folders = [Path(one) for one in request.get("path", ())]
    sources = [request.get("source", ""), *(one["pipeline"] for one in request.get("items", ()))]
    pending = [name for source in sources for name in _names(source)]
    found: dict[Path, bytes] = {}
    while pending:
        name = pending.pop()
        for file in _files(folders, name):
            if file not in found:
                try:
                    found[file] = file.read_bytes()
                except OSError:
                    return None
                pending.extend(_names(found[file].decode("utf-8", "replace")))
        if len(found) > _MOST_FILES:
            return None
    return [part for file in sorted(found) for part in (str(file).encode(), found[file])]


def _names(source: str) -> Iterable[str]:
    """The top-level modules that a program imports; for a relative import the names in it."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name.partition(".")[0] for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _files(folders: Iterable[Path], name: str) -> Iterable[Path]:
    for one in folders:
        if (one / f"{name}.py").is_file():
            yield one / f"{name}.py"
        if (one / name).is_dir():
            yield from sorted((one / name).rglob("*.py"))[: _MOST_FILES + 1]
