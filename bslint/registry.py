"""All rules: those in `bslint.rules`, and those of packs that register the entry-point group `bslint.rules`."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from bslint.rule import Rule, RuleError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_GROUP = "bslint.rules"


@lru_cache(maxsize=1)
def rules() -> Mapping[str, Rule]:
    """All rules by code, in the order of their codes.

    Raises:
        RuleError: when two rules share a code or a name, or a module breaks the form.
    """
    found: dict[str, Rule] = {}
    for module in _modules():
        made = getattr(sys.modules[module], "RULE", None)
        if not isinstance(made, Rule):
            continue
        clash = next((other for other in found.values() if made.code == other.code or made.name == other.name), None)
        if clash is not None:
            raise RuleError(f"{made.module} and {clash.module} both claim {made.code} or `{made.name}`")
        found[made.code] = made
    return MappingProxyType(dict(sorted(found.items())))


def _modules() -> Iterator[str]:
    yield from _walk("bslint.rules")
    for package in _packs():
        yield from _walk(package)


def _walk(name: str) -> Iterator[str]:
    """Import a package and all modules below it."""
    module = importlib.import_module(name)
    yield name
    for info in pkgutil.iter_modules(getattr(module, "__path__", ()), f"{name}."):
        yield from _walk(info.name)


def _packs() -> list[str]:
    """Packages registered by installed rule packs.

    Reading all entry points takes tens of milliseconds, so first look for the group's name in the files themselves.
    """
    if not any(_mentions_group(folder) for folder in map(Path, sys.path) if folder.name.endswith("-packages")):
        return []
    from importlib.metadata import entry_points

    return sorted({point.value for point in entry_points(group=_GROUP)})


def _mentions_group(folder: Path) -> bool:
    return any(_GROUP in file.read_text("utf-8", "replace") for file in folder.glob("*.dist-info/entry_points.txt"))
