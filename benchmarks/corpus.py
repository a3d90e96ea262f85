"""The corpus: the Python files of pinned PyPI packages, downloaded once into a cache folder."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CACHE = Path("~/.cache/bslint-benchmarks").expanduser()
PINNED = Path(__file__).with_name("corpus.toml")


def corpus(cache: Path, count: int | None = None) -> Path:
    """The folder that holds the corpus.

    Args:
        cache: where downloads and extracted files are kept.
        count: take only about so many files, spread evenly over all packages.
    """
    pins = tomllib.loads(PINNED.read_text("utf-8"))["packages"]
    folders = [_extracted(cache, pin) for pin in pins]
    everything = cache / "corpus"
    for stale in set(everything.iterdir()) - set(folders):
        shutil.rmtree(stale)
    return everything if count is None else _sample(everything, cache / f"sample-{count}", count)


def python_files(folder: Path) -> list[Path]:
    """All Python files below a folder, in a fixed order."""
    return sorted(folder.rglob("*.py"))


def _extracted(cache: Path, pin: str) -> Path:
    folder = cache / "corpus" / pin
    if not folder.is_dir():
        unfinished = cache / "unfinished" / pin
        shutil.rmtree(unfinished, ignore_errors=True)
        _extract(_wheel(cache / "wheels", pin), unfinished)
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished.rename(folder)
    return folder


def _wheel(folder: Path, pin: str) -> Path:
    """The wheel of `name==version`: wheels run no code when they are unpacked."""
    if _find(folder, pin) is None:
        print(f"downloading {pin} …", file=sys.stderr)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", pin]
        subprocess.run([*command, "--dest", str(folder)], check=True)
    wheel = _find(folder, pin)
    if wheel is None:
        raise SystemExit(f"pip downloaded no wheel for {pin}")
    return wheel


def _find(folder: Path, pin: str) -> Path | None:
    name, version = pin.split("==")
    wanted = (re.sub(r"[-_.]+", "-", name).lower(), version)
    for wheel in folder.glob("*.whl"):
        found, release, *_ = wheel.name.split("-")
        if (re.sub(r"[-_.]+", "-", found).lower(), release) == wanted:
            return wheel
    return None


def _extract(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if PurePosixPath(name).suffix == ".py"])


def _sample(everything: Path, folder: Path, count: int) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    files = python_files(everything)
    for file in files[:: max(1, len(files) // count)]:
        copy = folder / file.relative_to(everything)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    return folder
