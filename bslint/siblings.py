"""Finds the files of a project that a file imports, without importing anything."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

# Larger files are data or generated.
MAX_BYTES: Final = 400_000


def import_roots(folder: Path) -> tuple[Path, ...]:
    """The folders from which absolute imports of a file in `folder` may be resolved.

    They are the file's own folder, and the folder above its outermost package.
    """
    top = folder
    while (top / "__init__.py").is_file() and top.parent != top:
        top = top.parent
    return (folder, top) if top != folder else (folder,)


@lru_cache(maxsize=8192)
def module_file(base: Path, parts: tuple[str, ...]) -> Path | None:
    """The file of a module, None when there is none of a reasonable size.

    Args:
        base: the folder that the dotted name starts from.
        parts: the dotted name in parts; none for the package itself.
    """
    target = base.joinpath(*parts)
    for candidate in ((target.with_suffix(".py") if parts else None), target / "__init__.py"):
        if candidate is not None and _small_file(candidate):
            return candidate
    return None


def _small_file(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size <= MAX_BYTES
    except OSError:
        return False


def sibling_files(path: str, modules: list[str]) -> list[Path]:
    """The project files that a file may import.

    Args:
        path: the importing file.
        modules: dotted names, relative ones with their dots.
    """
    folder = Path(path).parent
    roots = import_roots(folder)
    found: list[Path] = []
    for name in modules:
        stripped = name.lstrip(".")
        parts = tuple(stripped.split(".")) if stripped else ()
        level = len(name) - len(stripped)
        bases = (folder.joinpath(*[".."] * (level - 1)),) if level else roots
        files = (file for base in bases if (file := module_file(base, parts)) is not None)
        found.extend(file for file in files if file != Path(path))
    return found
