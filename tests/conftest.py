"""Shared by all tests: what a machine must have, the command line, a copy of the project.

`BSLINT_REQUIRE=tensorflow,pre-commit` turns every skip whose reason names one of these into a failure: CI must not
pass because something was missing there.
"""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ("bslint", "rules", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")

_REQUIRED = [name for each in os.environ.get("BSLINT_REQUIRE", "").split(",") if (name := each.strip())]


def pytest_runtest_setup(item):
    if item.get_closest_marker("tensorflow") and find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    return _demanded((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    return _demanded((yield))


def _demanded(report):
    """The report; a failure where it is a skip for lack of something required."""
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2]
        if any(re.search(rf"\b{re.escape(name)}\b", reason, re.IGNORECASE) for name in _REQUIRED):
            report.outcome = "failed"
            report.longrepr = f"BSLINT_REQUIRE={os.environ['BSLINT_REQUIRE']}: {reason}"
    return report


@pytest.fixture(scope="session")
def bslint():
    """Give `bslint("check", …)`: runs the command line in the project's folder, or in `cwd`."""

    def run(*arguments, cwd=ROOT, **environment):
        return subprocess.run(
            [sys.executable, "-m", "bslint", *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, "PYTHONUTF8": "1", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",  # differences are shown in the file's own encoding
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """A copy of what an installation is made from, so that nothing is built in the working tree."""
    folder = tmp_path_factory.mktemp("project")
    for name in SHIPPED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder)
    return folder
