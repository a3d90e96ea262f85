"""The chain of a pipeline in a finding: its steps with their places, in whichever file they stand."""

import json
from pathlib import Path

import pytest

from bslint.config import Configuration, Settings
from bslint.lint import lint_bytes
from bslint.registry import rules
from bslint.report import Report, render

DATA = '''"""Data."""

import tensorflow as tf


def files():
    return tf.data.TFRecordDataset("a")


@tf.autograph.experimental.do_not_convert
def make(n):
    ds = files()
    return (
        ds.map(parse)
        .batch(n)
    )
'''
TRAIN = """import tensorflow as tf

from data import make

def again(ds):
    return ds.batch(8)

ds = again(make(32))
tf.keras.models.load_model("m").fit(ds)
"""
STEPS = [
    ("TFRecordDataset(…)", "data.py", 7, 20, 40),
    ("map(…)", "data.py", 14, 12, 22),
    ("batch(32)", "data.py", 15, 10, 18),
    ("batch(8)", "train.py", 6, 15, 23),
]


def findings(path: Path, code="BS211"):
    result = lint_bytes(str(path), path.read_bytes(), Configuration(Settings(), path.parent), codes=frozenset([code]))
    assert result.errors == []
    return result.diagnostics


def steps(found):
    return [
        (one.message, Path(one.filename).name, one.location.row, one.location.column, one.end_location.column)
        for one in found.chain
    ]


@pytest.fixture
def project(tmp_path):
    def write(**files):
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_bytes(text.encode())
        return tmp_path / "train.py"

    return write


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_steps_in_another_file(project, newline):
    (found,) = findings(project(data=DATA.replace("\n", newline), train=TRAIN.replace("\n", newline)))
    assert steps(found) == STEPS
    assert [(one["step"], one.get("file"), one["row"]) for one in found.evidence["steps"]] == [
        (step, None if file == "train.py" else file, row) for step, file, row, *_ in STEPS
    ]


def test_only_what_ends_a_row_in_python_ends_one(project):
    (found,) = findings(project(data=DATA.replace("\n\n\n", '\n\n\f\nx = "\u2028"\n'), train=TRAIN))
    assert [row for _, file, row, *_ in steps(found) if file == "data.py"] == [8, 16, 17]


def test_the_same_statement_in_two_files(project):
    other = "import tensorflow as tf\ndef make(n):\n    return tf.data.Dataset.range(9).batch(n)\n"
    train = "from a import make as one\nfrom b import make\nimport keras\none(2)\nds = make(4).batch(2)\n"
    (found,) = findings(project(a=other, b=f"\n{other}", train=train))
    assert steps(found)[:2] == [("range(…)", "b.py", 4, 28, 36), ("batch(4)", "b.py", 4, 37, 45)]


def test_other_places_in_another_file(project):
    (found,) = findings(project(data=DATA, train=TRAIN))
    assert [(Path(one.filename).name, one.location.row) for one in found.related] == [("data.py", 15)]
    assert found.places == (*found.related, *found.chain)


def test_a_file_in_another_folder(tmp_path):
    for name in ("lib", "jobs"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    (tmp_path / "__init__.py").touch()
    (tmp_path / "lib" / "data.py").write_text(DATA)
    train = tmp_path / "jobs" / "train.py"
    train.write_text(TRAIN.replace("from data", "from ..lib.data"))
    (found,) = findings(train)
    assert found.evidence["steps"][0] == {"step": "TFRecordDataset(…)", "row": 7, "file": "../lib/data.py"}
    assert found.chain[0].filename == str(tmp_path / "lib" / "data.py")


def test_cells_of_a_notebook(tmp_path):
    cells = ["import tensorflow as tf\nds = tf.data.Dataset.range(9)", "\nds = ds.batch(2)", "ds = ds.batch(2)"]
    cells = [{"cell_type": "code", "source": text, "metadata": {}, "outputs": []} for text in cells]
    notebook = tmp_path / "a.ipynb"
    notebook.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    (found,) = findings(notebook)
    assert [(one.cell, one.location.row) for one in found.chain] == [(1, 2), (2, 2), (3, 1)]
    assert found.evidence["steps"][1] == {"step": "batch(2)", "row": 2, "cell": 2}


def test_reports(project):
    path = project(data=DATA, train=TRAIN)
    report = Report(findings(path), sources={(str(path), None): TRAIN}, root=path.parent, rules=list(rules().values()))
    (found,) = json.loads(render("json", report))
    assert [Path(one["filename"]).name for one in found["related"]] == ["data.py"] * 4 + ["train.py"]
    (result,) = json.loads(render("sarif", report))["runs"][0]["results"]
    assert [
        (one["message"]["text"], one["physicalLocation"]["artifactLocation"]["uri"])
        for one in result["relatedLocations"]
    ] == [("the first batch", "data.py"), *((step, file) for step, file, *_ in STEPS)]
    full = render("full", report)
    assert "= note: data.py:15: the first batch\n" in full
    assert (
        "= steps: TFRecordDataset(…) (data.py:7) > map(…) (data.py:14) > batch(32) (data.py:15) > batch(8) (row 6)\n"
        in full
    )
    told = [
        "note: data.py:15:10: the first batch",
        "steps: TFRecordDataset(…) (data.py:7) > map(…) (data.py:14) > batch(32) (data.py:15) > batch(8) (row 6)",
    ]
    (shown,) = json.loads(render("rdjson", report))["diagnostics"]
    assert shown["message"].splitlines()[1:] == told
    assert render("github", report).strip().endswith("%0A  ".join(["", *told]))
