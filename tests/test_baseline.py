import json

import pytest

from bslint.baseline import BaselineError, Entry, dump, load, match, write
from bslint.diagnostic import Diagnostic, Position

TEXT = "ds = ds.batch(8)\nx = 1\nds = ds.batch(8)\n"


def found(filename, row, code="BS201", cell=None):
    start, end = Position(row, 1), Position(row, 3)
    return Diagnostic(str(filename), cell, start, end, code, "missing-prefetch", "warning", "m")


def line_in(text):
    rows = text.split("\n")
    return lambda diagnostic: rows[diagnostic.location.row - 1]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "ci").mkdir()
    return tmp_path


def accept(folder, diagnostics, text=TEXT):
    file = folder / "ci/baseline.json"
    write(file, diagnostics, line_in(text))
    return load(file)


def test_what_was_accepted_is_not_new(folder):
    diagnostics = [found(folder / "src/a.py", 1), found(folder / "src/a.py", 3)]
    assert match(diagnostics, accept(folder, diagnostics), line_in(TEXT)) == ([], [])


def test_entries_name_no_position(folder):
    file = folder / "baseline.json"
    write(file, [found(folder / "src/a b.py", 3)], line_in(TEXT))
    assert json.loads(file.read_text()) == {
        "version": 1,
        "entries": [{"path": "src/a b.py", "code": "BS201", "line": "ds = ds.batch(8)", "ordinal": 1}],
    }
    assert file.read_bytes().endswith(b"\n")


def test_survives_moves_and_indentation(folder):
    baseline = accept(folder, [found(folder / "a.py", 1)])
    moved = [found(folder / "a.py", 3)]
    assert match(moved, baseline, line_in("if x:\n    y = 2\n\tds = ds.batch(8)  \n")) == ([], [])


def test_one_more_of_the_same_is_new(folder):
    first, second = found(folder / "a.py", 1), found(folder / "a.py", 3)
    baseline = accept(folder, [first])
    assert match([first, second], baseline, line_in(TEXT)) == ([second], [])


@pytest.mark.parametrize("change", [{"code": "BS204"}, {"filename": "b.py"}])
def test_another_code_or_file_is_new(folder, change):
    baseline = accept(folder, [found(folder / "a.py", 1)])
    other = found(folder / change.get("filename", "a.py"), 1, change.get("code", "BS201"))
    new, stale = match([other], baseline, line_in(TEXT))
    assert new == [other]
    assert [entry.path for entry in stale] == ["../a.py"]


def test_changed_line_is_new_and_its_entry_stale(folder):
    baseline = accept(folder, [found(folder / "a.py", 1)])
    changed = found(folder / "a.py", 1)
    assert match([changed], baseline, line_in("ds = ds.batch(9)\n")) == (
        [changed],
        [Entry("../a.py", "BS201", "ds = ds.batch(8)", 1)],
    )


def test_one_of_two_repaired_leaves_one_stale(folder):
    first, second = found(folder / "a.py", 1), found(folder / "a.py", 3)
    new, stale = match([second], accept(folder, [first, second]), line_in(TEXT))
    assert new == []
    assert [entry.ordinal for entry in stale] == [2]


def test_files_and_rules_that_did_not_run_are_not_stale(folder):
    baseline = accept(folder, [found(folder / "a.py", 1), found(folder / "b.py", 1, "BS204")])
    checked = [str(folder / "a.py")]
    assert [entry.path for entry in match([], baseline, line_in(TEXT), checked=checked)[1]] == ["../a.py"]
    assert [entry.code for entry in match([], baseline, line_in(TEXT), enabled={"BS204"})[1]] == ["BS204"]


def test_standard_input_keeps_its_name(folder):
    baseline = accept(folder, [found("-", 1)])
    assert [entry.path for entry in baseline.entries] == ["-"]
    assert match([found("-", 1)], baseline, line_in(TEXT)) == ([], [])


def test_relative_names_are_those_of_the_working_directory(folder, monkeypatch):
    monkeypatch.chdir(folder)
    baseline = accept(folder, [found("src/a.py", 1)])
    assert match([found(folder / "src/a.py", 1)], baseline, line_in(TEXT)) == ([], [])


def test_names_that_are_no_text(folder):
    diagnostics = [found(folder / "\udcff.py", 1)]
    assert match(diagnostics, accept(folder, diagnostics), line_in(TEXT)) == ([], [])


def test_dump_is_sorted(folder):
    text = dump([found(folder / "b.py", 1), found(folder / "a.py", 1)], folder, line_in(TEXT))
    assert [entry["path"] for entry in json.loads(text)["entries"]] == ["a.py", "b.py"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read the baseline"),
        ("", "is no baseline of bslint"),
        ("[]", "is no baseline of bslint"),
        ('{"version": 1, "entries": [{"path": "a.py"}]}', "is no baseline of bslint"),
        ('{"version": 2, "entries": []}', "version 2"),
    ],
)
def test_unusable_files_are_named(tmp_path, content, message):
    file = tmp_path / "baseline.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(BaselineError, match=message) as caught:
        load(file)
    assert str(file) in str(caught.value)
