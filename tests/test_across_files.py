"""Findings whose steps stand in several files: each is reported in the file that puts the steps together."""

from pathlib import Path

import pytest

from bslint.config import Configuration, Settings
from bslint.lint import lint_bytes
from bslint.registry import rules

HEAD = "import tensorflow as tf\nfrom helpers import prepare\n"
SOURCE = "tf.data.TFRecordDataset('a')"
TRAIN = "\ntf.keras.models.load_model('m').fit(ds, epochs=3)\n"
# The body of `prepare(ds, n)` in one file, its call in another, and what is marked there.
CASES = {
    "BS202": ("ds.batch(32).prefetch(1)", "prepare(FILES, 1).map(f)", "map(f)"),
    "BS203": ("ds.batch(32).prefetch(n)", "prepare(FILES, 64)", "64"),
    "BS205": ("ds.shuffle(n).prefetch(1)", "prepare(FILES.batch(32), 100)", "batch(32)"),
    "BS206": ("ds.cache().batch(n).prefetch(1)", "prepare(FILES.shuffle(1000), 32)", "shuffle(1000)"),
    "BS207": ("ds.cache().batch(n).prefetch(1)", "prepare(FILES.repeat(), 32).take(9)", "repeat()"),
    "BS208": ("ds.shuffle(n).batch(32).prefetch(1)", "prepare(FILES, 1)", "1"),
    "BS209": ("ds.shuffle(n).batch(32).prefetch(1)", "prepare(FILES.repeat(), 1000).take(9)", "repeat()"),
    "BS211": ("ds.batch(n).prefetch(1)", "prepare(FILES.batch(32), 16)", "batch(32)"),
    "BS215": ("ds.shuffle(n).batch(32).prefetch(1)", "prepare(FILES.map(decode), 99000)", "99000"),
}
DECODE = "def decode(record):\n    return tf.reshape(tf.io.decode_raw(record, tf.float32), (512, 512, 3))\n"


def marked(path: Path, code: str) -> list[str]:
    configuration = Configuration(Settings(select=("ALL",)), path.parent)
    result = lint_bytes(str(path), path.read_bytes(), configuration, codes=frozenset(rules()))
    assert result.errors == []
    rows = path.read_text().splitlines()
    return [
        rows[one.location.row - 1][one.location.column - 1 : one.end_location.column - 1]
        for one in result.diagnostics
        if one.code == code
    ]


@pytest.mark.parametrize("code", CASES)
def test_a_finding_stands_in_the_file_that_puts_the_steps_together(code, tmp_path):
    body, call, expected = CASES[code]
    helpers = tmp_path / "helpers.py"
    helpers.write_text(f"def prepare(ds, n):\n    return {body}\n")
    train = tmp_path / "train.py"
    train.write_text(f"{HEAD}{DECODE}ds = {call.replace('FILES', SOURCE)}{TRAIN}")

    assert marked(train, code) == [expected]
    assert marked(helpers, code) == []


def test_steps_of_one_file_are_reported_there_only(tmp_path):
    helpers = tmp_path / "helpers.py"
    helpers.write_text(
        "import tensorflow as tf\ndef prepare(n=64):\n    return tf.data.TFRecordDataset('a').batch(32).prefetch(n)\n"
    )
    train = tmp_path / "train.py"
    train.write_text(f"{HEAD}ds = prepare(){TRAIN}")

    assert marked(train, "BS203") == []
    assert marked(helpers, "BS203") == ["prefetch(n)"]
