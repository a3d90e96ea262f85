"""Results of earlier runs: used while all that they hang on is as it was, and never in the way."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from bslint import cache
from bslint.cache import Cache
from bslint.config import Configuration, Settings
from bslint.lint import FileResult, lint_bytes
from bslint.registry import rules

CODES = frozenset(rules())
PROGRAM = """import tensorflow as tf
from sizes import BATCH

ds = tf.data.Dataset.from_tensor_slices(x).batch(BATCH).prefetch(BATCH)
tf.keras.models.load_model("m").fit(ds)
"""
SCRIPT = """import sys
from bslint.cli import invoke
status = invoke(sys.argv[1:])
sys.stdout.flush()
print(status, "libcst" in sys.modules, file=sys.stderr)
"""


def write(path, text):
    """A file that was written some time ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    an_hour_ago = time.time() - 3600
    os.utime(path, (an_hour_ago, an_hour_ago))


@pytest.fixture
def project(tmp_path):
    (tmp_path / ".git").mkdir()
    write(tmp_path / "bslint.toml", "")
    write(tmp_path / "train.py", PROGRAM)
    write(tmp_path / "sizes.py", "BATCH = 64\n")
    write(tmp_path / "plain.py", "print(1)\n")
    return tmp_path


def start(folder, *arguments):
    command = [sys.executable, "-c", SCRIPT, "check", "--output-format", "json", *arguments]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def check(folder, *arguments):
    """The exit status, the findings (code, row and message), and whether a file was analysed."""
    done = start(folder, *arguments)
    out, err = done.communicate(timeout=120)
    status, analysed = err.split()[-2:]
    assert set(err.split()[:-2]) == set(), err
    return (
        int(status),
        [(one["code"], one["location"]["row"], one["message"]) for one in json.loads(out)],
        analysed == "True",
    )


def codes(result):
    return [code for code, *_ in result[1]]


def shelves(folder):
    return sorted((folder / ".bslint_cache").rglob("*.msgpack"))


class TestCheck:
    def test_a_second_run_finds_the_same_without_libcst(self, project):
        first, second = check(project), check(project)

        assert first == (1, second[1], True)
        assert second == (1, first[1], False)
        assert codes(first) == ["BS203"]

    def test_the_report_is_the_same(self, project, bslint):
        first, second = (bslint("check", "--output-format", "full", ".", cwd=project) for _ in range(2))

        assert shelves(project)
        assert (first.returncode, first.stdout, first.stderr) == (second.returncode, second.stdout, second.stderr)

    def test_git_ignores_it(self, project):
        check(project)

        assert (project / ".bslint_cache/.gitignore").read_text().endswith("*\n")

    def test_it_is_beside_the_configuration(self, project):
        write(project / "a/b/x.py", PROGRAM)
        write(project / "c/pyproject.toml", "[tool.bslint]\n")
        write(project / "c/y.py", PROGRAM)
        check(project / "a", "b", "../c")

        assert sorted(path.parent for path in project.rglob(".bslint_cache")) == [project, project / "c"]

    def test_cache_dir(self, project):
        check(project, "--cache-dir", "kept/here")

        assert list((project / "kept/here").rglob("*.msgpack"))
        assert not shelves(project)
        assert not check(project, "--cache-dir", "kept/here")[2]

    def test_no_cache(self, project):
        assert check(project, "--no-cache")[2]
        assert not shelves(project)
        check(project)
        assert check(project, "--no-cache")[2]

    @pytest.mark.parametrize("arguments", [["--fix"], ["--diff"], ["--add-ignores"], ["--ignore-suppressions"]])
    def test_not_for_runs_that_change_files(self, project, bslint, arguments):
        bslint("check", *arguments, cwd=project)

        assert not shelves(project)

    def test_not_for_standard_input(self, project, bslint):
        bslint("check", "--stdin-filename", "train.py", "-", cwd=project)

        assert not shelves(project)


class TestFreshness:
    @pytest.mark.parametrize(
        ("name", "text", "expected"),
        [
            ("train.py", PROGRAM.replace("prefetch(BATCH)", "prefetch(2)"), []),
            ("sizes.py", "BATCH = 2\n", []),
            ("sizes/__init__.py", "BATCH = 2\n", ["BS203"]),  # the module is found first
            ("plain.py", "print(\n", ["invalid-syntax", "BS203"]),
            ("bslint.toml", "ignore = ['BS203']\n", []),
            ("bslint.toml", "severity = {BS203 = 'error'}\n", ["BS203"]),
            ("train.ipynb", "{", ["invalid-syntax", "BS203"]),
        ],
    )
    def test_something_changed(self, project, name, text, expected):
        check(project)
        write(project / name, text)

        assert codes(check(project)) == expected
        assert codes(check(project)) == expected

    def test_a_module_appears_and_goes(self, project):
        (project / "sizes.py").unlink()
        seen = []
        for step in ("", "write", "unlink"):
            if step == "write":
                write(project / "sizes.py", "BATCH = 64\n")
            elif step == "unlink":
                (project / "sizes.py").unlink()
            seen.append([codes(check(project)), check(project)[2]])

        without, found, gone = seen
        assert found == [["BS203"], False]
        assert without == gone
        assert not without[1]

    def test_a_package_becomes_one(self, project):
        """With `__init__.py` beside the program absolute imports start a folder higher up as well."""
        write(project / "deep/er/train.py", PROGRAM)
        check(project, "deep")
        write(project / "deep/er/__init__.py", "")
        write(project / "deep/__init__.py", "")
        after = check(project, "deep")

        assert after[2]
        assert after[:2] == check(project, "deep", "--no-cache")[:2]

    def test_the_target_tensorflow_changes(self, project):
        write(project / "train.py", PROGRAM.replace(".prefetch(BATCH)", ""))
        seen = [codes(check(project))]
        for version in ("2.16", "2.4"):
            write(project / "requirements.txt", f"tensorflow>={version}\n")
            seen.append(codes(check(project)))

        assert seen == [["BS201"], [], ["BS201"]]

    def test_rules_have_results_of_their_own(self, project):
        assert codes(check(project)) == ["BS203"]
        assert codes(check(project, "--select", "BS213")) == []
        assert codes(check(project)) == ["BS203"]
        assert len(shelves(project)) == 2

    def test_what_changes_during_the_run_is_not_kept(self, project):
        results = Cache(project / "kept")
        configuration = Configuration(Settings(), project)
        path = project / "train.py"
        result = lint_bytes(str(path), path.read_bytes(), configuration, codes=CODES)
        (project / "sizes.py").write_text("BATCH = 1\n")  # now
        results.put(str(path), path.read_bytes(), configuration, CODES, result)
        results.save()

        assert not (project / "kept").exists()

    def test_failures_are_not_kept(self, project):
        results = Cache(project / "kept")
        path = project / "plain.py"
        failed = FileResult([], errors=["oh dear"])
        results.put(str(path), path.read_bytes(), Configuration(Settings(), project), CODES, failed)
        results.save()

        assert not (project / "kept").exists()


class TestRobustness:
    @pytest.mark.parametrize("data", [b"", b"\x00", b"\xc1" * 99, b"[" * 9999, msgspec.msgpack.encode({"a": 1}), None])
    def test_damaged(self, project, data):
        expected = check(project)
        [file] = shelves(project)
        file.write_bytes(file.read_bytes()[:-9] if data is None else data)

        assert check(project) == expected
        assert not check(project)[2]

    def test_a_file_in_its_place(self, project):
        write(project / ".bslint_cache", "mine")

        assert check(project)[0] == check(project)[0] == 1
        assert (project / ".bslint_cache").read_text() == "mine"

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
    def test_a_folder_that_is_read_only(self, project):
        project.chmod(0o555)
        try:
            assert codes(check(project)) == codes(check(project)) == ["BS203"]
        finally:
            project.chmod(0o755)

    def test_nothing_can_be_written(self, project, monkeypatch):
        def refuse(*_):
            raise PermissionError

        monkeypatch.setattr(cache, "write", refuse)
        results = Cache(project / "kept")
        path = project / "plain.py"
        results.put(str(path), path.read_bytes(), Configuration(Settings(), project), CODES, FileResult([]))

        results.save()

    def test_several_processes_at_once(self, project):
        for number in range(40):
            write(project / f"part{number % 4}/file{number}.py", PROGRAM)
        runs = [start(project, f"part{number % 4}", "train.py") for number in range(8)]
        done = [run.communicate(timeout=120) for run in runs]

        assert {err.split()[0] for _, err in done} == {"1"}
        assert [out for out, _ in done[:4]] == [out for out, _ in done[4:]]
        [file] = shelves(project)
        assert set(msgspec.msgpack.decode(file.read_bytes())) >= {str(project / "train.py")}
        assert [path.name for path in file.parent.iterdir()] == [file.name]
        final = check(project)
        assert check(project) == (final[0], final[1], False)

    def test_files_that_are_gone_are_forgotten(self, project):
        check(project)
        (project / "plain.py").unlink()
        write(project / "other.py", "print(2)\n")
        check(project)

        [file] = shelves(project)
        names = {Path(path).name for path in msgspec.msgpack.decode(file.read_bytes())}
        assert names == {"train.py", "sizes.py", "other.py"}

    def test_results_that_nobody_used_for_long_are_dropped(self, project):
        check(project)
        [old] = shelves(project)
        os.utime(old, (0, 0))
        check(project, "--select", "BS213")

        assert len(shelves(project)) == 1
        assert shelves(project) != [old]


def test_every_finding_survives(tmp_path):
    """What the fixtures give is the same when it was written and read."""
    from tests.test_fixtures import PROGRAMS

    configuration = Configuration(Settings(select=("ALL",)), tmp_path)
    results = Cache(tmp_path / "kept")
    results._started += 10**9  # a checkout may be this young
    given = {}
    for path in PROGRAMS:
        given[path] = lint_bytes(str(path), path.read_bytes(), configuration, codes=CODES)
        results.put(str(path), path.read_bytes(), configuration, CODES, given[path])
    results.save()
    later = Cache(tmp_path / "kept")

    assert sum(len(result.diagnostics) for result in given.values()) > 20
    for path, result in given.items():
        found = later.get(str(path), path.read_bytes(), configuration, CODES)
        assert found == msgspec.structs.replace(result, trail=None), path


class TestClean:
    def test_all_below_a_folder(self, project, bslint):
        write(project / "a/bslint.toml", "")
        write(project / "a/x.py", "print(1)\n")
        bslint("check", cwd=project)
        done = bslint("clean", cwd=project)

        assert done.returncode == 0
        assert len(done.stderr.splitlines()) == 2
        assert not list(project.rglob(".bslint_cache"))
        assert bslint("clean", cwd=project).stderr == ""

    def test_only_what_is_ours(self, project, bslint):
        bslint("check", "--cache-dir", project, cwd=project)
        before = {path.name for path in project.iterdir()}
        write(project / "results/a.msgpack.txt", "mine")
        done = bslint("clean", "-q", "--cache-dir", project, cwd=project)

        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert {path.name for path in project.iterdir()} == before - {cache.__version__} | {"results"}
        assert (project / "results/a.msgpack.txt").exists()

    def test_no_such_folder(self, project, bslint):
        assert bslint("clean", "--cache-dir", "nowhere", cwd=project).returncode == 0
