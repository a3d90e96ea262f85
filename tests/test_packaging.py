"""What is installed: the wheel's content and metadata, and that `check` has no use for TensorFlow."""

import subprocess
import sys
import zipfile
from email import message_from_string
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("tensorflow", "keras", "numpy", "jax", "torch")


def packages_on_disk():
    for top, name in (("bslint", "bslint"), ("rules", "bslint.rules")):
        for init in (ROOT / top).rglob("__init__.py"):
            yield ".".join([name, *init.parent.relative_to(ROOT / top).parts])


def test_every_package_is_listed():
    listed = msgspec.toml.decode((ROOT / "pyproject.toml").read_bytes())["tool"]["setuptools"]["packages"]
    assert sorted(listed) == sorted(packages_on_disk())


@pytest.fixture(scope="module")
def wheel(project, tmp_path_factory):
    """The wheel of a copy of the project."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, project]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "No matching distribution found for setuptools" in done.stderr:
        pytest.skip("pip can't get setuptools to build a wheel with")
    assert done.returncode == 0, done.stderr
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder with the content of the wheel, as it lies in site-packages."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def test_wheel_has_every_module_and_nothing_else(installed):
    modules = {path.relative_to(installed).as_posix() for path in installed.rglob("*.py")}
    own = {path.relative_to(ROOT).as_posix() for path in (ROOT / "bslint").rglob("*.py")}
    own |= {f"bslint/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / "rules").rglob("*.py")}
    assert modules == own
    assert (installed / "bslint" / "py.typed").exists()
    assert (installed / "bslint" / "report" / "schema.json").exists()


def test_plain_install_needs_no_framework(installed):
    (metadata,) = installed.glob("*.dist-info/METADATA")
    message = message_from_string(metadata.read_text("utf-8"))
    needed = [line for line in message.get_all("Requires-Dist") if "extra ==" not in line]
    assert needed
    assert not [line for line in needed if line.startswith(HEAVY)]
    assert any(line.startswith("tensorflow") for line in message.get_all("Requires-Dist"))
    assert (message["Name"], message["License-Expression"]) == ("bslint-tf", "MIT")


def test_installed_command_lints(installed, bslint, tmp_path):
    """From the wheel alone: what is in the working tree or installed in this environment comes later on the path."""
    (tmp_path / "train.py").write_text("import tensorflow as tf\nds = tf.data.Dataset.range(9)\nds.batch(3)\n")
    (script,) = installed.glob("*.dist-info/entry_points.txt")
    assert "bslint = bslint.__main__:main" in script.read_text("utf-8")
    path = {"PYTHONPATH": str(installed)}
    where = subprocess.run(
        [sys.executable, "-c", "import bslint, bslint.rules.batch as b; print(bslint.__file__); print(b.__file__)"],
        cwd=tmp_path,
        env=path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(Path(line).is_relative_to(installed) for line in where.stdout.splitlines())
    done = bslint("check", ".", cwd=tmp_path, **path)
    assert (done.returncode, done.stderr) == (1, "")
    assert "train.py:3:4: BS213 " in done.stdout


def test_check_never_imports_a_framework(bslint, tmp_path):
    for name in HEAVY:
        (tmp_path / f"{name}.py").write_text(f"import os; os.write(2, b'{name} was imported'); os._exit(97)\n")
    trap = {"PYTHONPATH": str(tmp_path)}
    assert subprocess.run([sys.executable, "-c", "import tensorflow"], env=trap, check=False).returncode == 97
    for arguments in (["check", "--select", "ALL", "--diff"], ["check", "--output-format", "sarif"]):
        done = bslint(*arguments, "--isolated", "fixtures", "fixtures/tutorial.md", **trap)
        assert done.returncode == 1
        assert "was imported" not in done.stderr
    for arguments in (["rules"], ["explain", "BS201"]):
        assert bslint(*arguments, **trap).returncode == 0
