"""Results of earlier runs: what a file gave is not worked out again while all that it hangs on is as it was.

That is the file itself, the files of its project that were looked for and read, the project's lists of requirements,
the rules and settings, and bslint. Several processes may read and write results at once; what is not as it must be
counts as absent, and where nothing can be written, nothing is.
"""

from __future__ import annotations

import os
import sys
import time
from functools import cache, lru_cache
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from bslint import __version__
from bslint.lint import FileResult
from bslint.registry import rules
from bslint.siblings import Trail  # noqa: TC001 - msgspec reads the annotations
from bslint.target import lists

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bslint.config import Configuration

NAME: Final = ".bslint_cache"

_SUFFIX: Final = ".msgpack"
_UNUSED_DAYS: Final = 14
# File systems' clocks lag behind the system's by up to a tick.
_TICK_NS: Final = 20_000_000


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """What linting a file gave, and what that hangs on.

    Args:
        content: digest of the file.
        result: None for no findings and nothing to say.
        trail: the modules that were looked for; None where the file alone decides.
        found: digests of the files that were found.
        requirements: digest of the lists of requirements.
    """

    content: bytes
    result: FileResult | None = None
    trail: Trail | None = None
    found: dict[str, bytes] = {}
    requirements: bytes = b""


class Cache:
    """The results that a run finds, and those that it leaves behind.

    Args:
        folder: where they are kept; None for a folder beside each configuration.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._started = time.time_ns()
        self._shelves: dict[Path, dict[str, Entry]] = {}
        self._new: dict[Path, dict[str, Entry]] = {}
        self._digests: dict[str, bytes | None] = {}

    def get(self, path: str, data: bytes, configuration: Configuration, codes: frozenset[str]) -> FileResult | None:
        """What linting a file gives, None where that isn't known.

        Args:
            path: its absolute name.
            data: its bytes.
            configuration: the settings that govern it.
            codes: the rules to run on it.
        """
        entry = self._shelf(self._file(configuration, codes)).get(path)
        if entry is None or entry.content != _digest(data) or not self._holds(entry, path):
            return None
        return entry.result if entry.result is not None else FileResult([])

    def put(
        self, path: str, data: bytes, configuration: Configuration, codes: frozenset[str], result: FileResult
    ) -> None:
        """Remembers what linting a file gave, unless that may be about something that changed meanwhile."""
        trail = result.trail
        found: dict[str, bytes] = {}
        if result.errors or not self._is_old(path):
            return
        for file in trail.modules.values() if trail is not None else ():
            if file is not None:
                digest = self._digest(file)
                if digest is None or not self._is_old(file):
                    return
                found[file] = digest
        plain = msgspec.structs.replace(result, trail=None)
        requirements = _requirements(path) if trail is not None else b""
        entry = Entry(_digest(data), None if plain == FileResult([]) else plain, trail, found, requirements)
        self._new.setdefault(self._file(configuration, codes), {})[path] = entry

    def save(self) -> None:
        """Writes what is new."""
        for file, entries in self._new.items():
            there = {path: entry for path, entry in _read(file).items() if path in entries or Path(path).exists()}
            try:
                prepare(file)
                write(file, msgspec.msgpack.encode({**there, **entries}))
            except (OSError, OverflowError, TypeError, ValueError):
                continue  # what can't be kept is worked out again
        self._new.clear()

    def _file(self, configuration: Configuration, codes: frozenset[str]) -> Path:
        folder = self._folder if self._folder is not None else configuration.root / NAME
        return folder / __version__ / (_context(configuration, codes) + _SUFFIX)

    def _shelf(self, file: Path) -> dict[str, Entry]:
        found = self._shelves.get(file)
        if found is None:
            found = self._shelves[file] = _read(file)
        return found

    def _holds(self, entry: Entry, path: str) -> bool:
        """Whether the modules that were looked for are where they were, and what they were."""
        if entry.trail is None:
            return True
        return (
            entry.requirements == _requirements(path)
            and not entry.trail.has_changed()
            and all(self._digest(file) == digest for file, digest in entry.found.items())
        )

    def _digest(self, path: str) -> bytes | None:
        """The digest of a file; a file that many others import is read once."""
        if path not in self._digests:
            try:
                self._digests[path] = _digest(Path(path).read_bytes())
            except OSError:
                self._digests[path] = None
        return self._digests[path]

    def _is_old(self, path: str) -> bool:
        """Whether a file is as it was when the run began."""
        try:
            return Path(path).stat().st_mtime_ns < self._started - _TICK_NS
        except OSError:
            return False


def clean(folder: Path) -> Iterator[Path]:
    """Removes the results in a folder for them, whatever else may be there; yields it if there were any."""
    found = False
    for version in folder.iterdir() if folder.is_dir() else ():
        results = [file for file in version.iterdir() if file.suffix == _SUFFIX] if version.is_dir() else []
        for file in results:
            file.unlink(missing_ok=True)
            found = True
        if results and not any(version.iterdir()):
            version.rmdir()
    if found:
        yield folder
        if [file.name for file in folder.iterdir()] == [".gitignore"]:
            (folder / ".gitignore").unlink()
            folder.rmdir()


def folders(below: Path) -> Iterator[Path]:
    """The folders of results below a folder, and the one that its programs would use."""
    from bslint.config import DEFAULT_EXCLUDE

    for path, inner, _ in os.walk(below):
        if NAME in inner:
            yield Path(path, NAME)
        inner[:] = [name for name in inner if name not in DEFAULT_EXCLUDE]


# What a result hangs on


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()


@cache
def _folder_requirements(folder: Path) -> bytes:
    told = [b"%b %d %b" % (os.fsencode(path), len(data), data) for path, data in lists(folder)]
    return _digest(b"".join(told)) if told else b""


def _requirements(path: str) -> bytes:
    return _folder_requirements(Path(path).parent)


@cache
def _context(configuration: Configuration, codes: frozenset[str]) -> str:
    """A name for everything but the files: settings, rules, bslint, Python."""
    parts = [
        msgspec.json.encode(configuration.settings, order="sorted"),
        msgspec.json.encode(configuration.command_line, order="sorted"),
        os.fsencode(configuration.root),
        *(code.encode() for code in sorted(codes)),
        *program(),
    ]
    return blake2b(b"\0".join(parts), digest_size=12).hexdigest()


@lru_cache(maxsize=1)
def program() -> tuple[bytes, ...]:
    """Python, and the files of bslint, of its rules and of libcst: a new version of any of them has its own results."""
    libcst = find_spec("libcst")
    files = {Path(sys.modules[rule.module].__file__ or "") for rule in rules().values()}
    own = os.walk(Path(__file__).parent)
    files |= {Path(path, name) for path, _, names in own if not path.endswith("__pycache__") for name in names}
    files |= {Path(libcst.origin)} if libcst is not None and libcst.origin else set()
    stamps = [(file, file.stat()) for file in sorted(files)]
    told = [f"{file} {stat.st_size} {stat.st_mtime_ns}".encode("utf-8", "surrogateescape") for file, stat in stamps]
    return (sys.version.encode(), *told)


# Files


def _read(file: Path) -> dict[str, Entry]:
    try:
        return msgspec.msgpack.decode(file.read_bytes(), type=dict[str, Entry])
    except (OSError, ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return {}


def prepare(file: Path) -> None:
    """Makes the folder, which git is to ignore, and drops what nobody has used for a while."""
    folder = file.parent
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        write(folder.parent / ".gitignore", b"# made by bslint\n*\n")
    if not file.exists():
        oldest = time.time() - _UNUSED_DAYS * 86_400
        for other in folder.glob(f"*{_SUFFIX}"):
            if other.stat().st_mtime < oldest:
                other.unlink(missing_ok=True)


def write(file: Path, data: bytes) -> None:
    """Writes a file at once, for those who read it meanwhile."""
    unfinished = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
