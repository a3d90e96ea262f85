"""Which files to lint: explicit paths, and what folders hold.

Folders are walked as ruff and git do: folders behind symbolic links are not entered, `.gitignore` files and the
configuration's excludes prune the walk. What was named explicitly is taken as it is, unless excludes are enforced.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bslint.config import matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import pathspec

    from bslint.config import Configuration

_SUFFIXES = (".py", ".ipynb")


class Discovery(msgspec.Struct, frozen=True):
    """What the paths of a command line come to.

    Args:
        files: absolute paths in order of their text; a file that has several names is there once, under its own
            name if that is among them.
        problems: paths that can't be used, as they were given or found, each with the reason.
    """

    files: tuple[Path, ...]
    problems: tuple[tuple[str, str], ...]


def discover(
    paths: Sequence[str], settings_for: Callable[[Path], Configuration], force_exclude: bool = False
) -> Discovery:
    """Finds the files to lint.

    Args:
        paths: files and folders, absolute or relative to the working folder. `-` has no meaning here.
        settings_for: gives the configuration of the files in an absolute folder.
        force_exclude: whether the configuration's excludes hold for explicitly named paths too.

    Raises:
        ConfigError: from `settings_for`.
    """
    walk = _Walk(settings_for)
    for given in paths:
        path = os.path.abspath(given)
        try:
            mode = Path(path).stat().st_mode
        except (OSError, ValueError) as error:
            walk.problem(given, error)
            continue
        if force_exclude and _is_excluded(path, settings_for(Path(path).parent)):
            continue
        if stat.S_ISDIR(mode):
            walk.folder(path)
        else:
            walk.file(path, os.path.realpath(path))
    return Discovery(tuple(Path(path) for path in sorted(walk.files.values())), tuple(dict.fromkeys(walk.problems)))


class _Walk(msgspec.Struct):
    """What has been found so far; `files` maps real paths to the names under which they are reported."""

    settings_for: Callable[[Path], Configuration]
    files: dict[str, str] = msgspec.field(default_factory=dict)
    problems: list[tuple[str, str]] = msgspec.field(default_factory=list)

    def problem(self, path: str, error: Exception) -> None:
        self.problems.append((path, getattr(error, "strerror", None) or str(error)))

    def file(self, path: str, real: str) -> None:
        if not path.endswith(".pyi"):
            known = self.files.get(real, path)
            self.files[real] = real if real in (known, path) else min(known, path)

    def folder(self, start: str) -> None:
        pending = [(start, os.path.realpath(start), _outer_ignores(start))]
        while pending:
            folder, real, ignores = pending.pop()
            try:
                with os.scandir(folder) as listing:
                    entries = list(listing)
            except OSError as error:
                self.problem(folder, error)
                continue
            ignores = _ignores_in(folder, {entry.name for entry in entries}, ignores)
            for entry in self._kept(folder, entries, ignores):
                entry_real = f"{real.rstrip(os.sep)}{os.sep}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    pending.append((entry.path, entry_real, ignores))
                elif _is_file(entry):
                    self.file(entry.path, os.path.realpath(entry.path) if entry.is_symlink() else entry_real)

    def _kept(
        self, folder: str, entries: Iterable[os.DirEntry[str]], ignores: tuple[_Ignores, ...]
    ) -> Iterator[os.DirEntry[str]]:
        configuration = self.settings_for(Path(folder))
        excludes = _excludes(configuration)
        include = configuration.settings.include
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            if (
                (is_folder or entry.name.endswith(_SUFFIXES) or matches(include, entry.path, configuration.root))
                and not matches(excludes, entry.path, configuration.root)
                and not _is_ignored(ignores, entry.path, is_folder)
            ):
                yield entry


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a symbolic link that leads to itself
        return False


def _excludes(configuration: Configuration) -> tuple[str, ...]:
    return (*configuration.settings.exclude, *configuration.settings.extend_exclude)


def _is_excluded(path: str, configuration: Configuration) -> bool:
    """Whether a path, or a folder between it and the configuration's root, is excluded."""
    root = configuration.root
    folders = [parent for parent in Path(path).parents if parent.is_relative_to(root) and parent != root]
    return any(matches(_excludes(configuration), part, root) for part in [Path(path), *folders])


# .gitignore


class _Ignores(msgspec.Struct, frozen=True):
    """The patterns of one file; `base` is the folder they are relative to, with a separator at its end."""

    base: str
    spec: pathspec.GitIgnoreSpec


def _is_ignored(ignores: Sequence[_Ignores], path: str, is_folder: bool) -> bool:
    """Whether git ignores a path whose parents it doesn't ignore: the innermost file that has a say decides."""
    for each in reversed(ignores):
        relative = path[len(each.base) :].replace(os.sep, "/")
        verdict = each.spec.check_file(f"{relative}/" if is_folder else relative).include
        if verdict is not None:
            return verdict
    return False


def _ignores_in(folder: str, names: set[str], outer: tuple[_Ignores, ...]) -> tuple[_Ignores, ...]:
    """What is in force in a folder that holds `names`; a repository doesn't heed the one around it."""
    if ".git" in names:
        outer = _read_ignores(folder, ".git/info/exclude")
    return outer + _read_ignores(folder, ".gitignore") if ".gitignore" in names else outer


def _outer_ignores(start: str) -> tuple[_Ignores, ...]:
    """What the folders above `start` have in force in it, up to the root of its repository.

    Nothing outside a repository; nothing either where they ignore `start` itself, which was asked for.
    """
    folders: list[str] = []
    for folder in (Path(start), *Path(start).parents):
        folders.append(str(folder))
        if (folder / ".git").exists():
            break
    else:
        return ()
    ignores = _read_ignores(folders[-1], ".git/info/exclude")
    for above in reversed(folders[1:]):
        ignores += _read_ignores(above, ".gitignore")
    return () if len(folders) > 1 and _is_ignored(ignores, start, is_folder=True) else ignores


def _read_ignores(folder: str, name: str) -> tuple[_Ignores, ...]:
    try:
        text = Path(folder, name).read_bytes().decode("utf-8-sig", "surrogateescape")
    except OSError:
        return ()
    lines = [line for row in text.split("\n") if (line := row.removesuffix("\r")).strip() and not line.startswith("#")]
    if not lines:
        return ()
    spec = _spec(lines) or _spec([line for line in lines if _spec([line])])
    return (_Ignores(folder.rstrip(os.sep) + os.sep, spec),) if spec else ()


def _spec(lines: list[str]) -> pathspec.GitIgnoreSpec | None:
    """The patterns compiled, None where one of them isn't a pattern; git passes over those."""
    import warnings

    import pathspec

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pathspec's expressions for odd brackets
        try:
            return pathspec.GitIgnoreSpec.from_lines(lines)
        except ValueError:
            return None
