"""The hooks of `.pre-commit-hooks.yaml`, run by pre-commit itself from a git repository of this project."""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec

import pytest

GOOD = "import tensorflow as tf\n\nds = tf.data.Dataset.range(9)\nds = ds.batch(3)\n"
BAD = GOOD.replace("ds = ds.batch", "ds.batch")
IDENTITY = ("-c", "user.name=bslint", "-c", "user.email=bslint@localhost", "-c", "commit.gpgsign=false")


def git(folder, *arguments):
    """Run git and return what it prints."""
    command = ["git", *IDENTITY, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, env=surroundings()).stdout


def surroundings():
    """The environment without what git sets for its hooks: these tests may be running in one."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT"))}


def commit_all(folder):
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--no-verify", "--message", "files")


@pytest.fixture
def hooks(project):
    """The project as a git repository."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    if find_spec("pre_commit") is None:
        pytest.skip("pre-commit is not installed")
    commit_all(project)
    return project


@pytest.fixture
def scratch(tmp_path):
    """A git repository with one bad and one good file, and one that is none of ours."""
    (tmp_path / "bad.py").write_text(BAD)
    (tmp_path / "good.py").write_text(GOOD)
    (tmp_path / "notes.txt").write_text(BAD)
    commit_all(tmp_path)
    return tmp_path


def try_repo(hooks, scratch):
    """Run all hooks over all files; give, by hook, whether it passed and what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "try-repo", "--all-files", "--color=never", "--verbose", hooks],
        cwd=scratch,
        env=surroundings(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if "An unexpected error has occurred" in done.stdout and re.search(
        "No matching distribution|ConnectionError", done.stdout
    ):
        pytest.skip("pre-commit can't install the hooks: pip reaches no index")
    parts = re.split(r"^bslint.*\.(Passed|Failed)$", done.stdout, flags=re.MULTILINE)
    assert len(parts) == 5, done.stdout + done.stderr
    names = re.findall(r"^- hook id: (.*)$", done.stdout, re.MULTILINE)
    return done.returncode, dict(zip(names, zip(parts[1::2], parts[2::2], strict=True), strict=True))


def test_hooks_find_and_repair_the_bad_file(hooks, scratch):
    status, shown = try_repo(hooks, scratch)
    assert status == 1
    verdict, output = shown["bslint"]
    assert verdict == "Failed"
    assert "bad.py:4:4: BS213" in output
    assert "exit code: 1" in output
    assert "good.py" not in output
    assert "notes.txt" not in output
    verdict, output = shown["bslint-fix"]
    assert (verdict, "files were modified by this hook" in output) == ("Failed", True)
    assert git(scratch, "diff", "--name-only") == "bad.py\n"
    assert (scratch / "bad.py").read_text() == GOOD

    git(scratch, "add", "--all")
    status, shown = try_repo(hooks, scratch)
    assert (status, [verdict for verdict, _ in shown.values()]) == (0, ["Passed", "Passed"])
