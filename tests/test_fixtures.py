"""The fixtures: what must be found in them stands beside the code, and the real command line finds just that."""

import json
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "fixtures"
PROGRAMS = sorted(
    path
    for path in FIXTURES.rglob("*")
    if path.suffix in (".py", ".ipynb", ".md") and path != FIXTURES / "README.md" and "__pycache__" not in path.parts
)
CHECK = ("check", "--isolated", "--select", "ALL")

_EXPECT = re.compile(r"#\s*expect:(.*)")
_CODES = re.compile(r"\s*BS\d{3}(\s*,\s*BS\d{3})*\s*")


def texts(path):
    """The texts of a file by cell, None where it has no cells."""
    if path.suffix != ".ipynb":
        with tokenize.open(path) if path.suffix == ".py" else path.open(encoding="utf-8") as file:
            return {None: file.read()}
    notebook = json.loads(path.read_bytes())
    cells = (
        notebook["cells"] if "cells" in notebook else [c for sheet in notebook["worksheets"] for c in sheet["cells"]]
    )
    return {
        number: "".join(cell["source"] if "source" in cell else cell["input"])
        for number, cell in enumerate(cells, 1)
        if cell["cell_type"] == "code"
    }


def expected(path):
    """`(cell, row, code)` of everything that comments in a file announce."""
    found = []
    for cell, text in texts(path).items():
        for row, line in enumerate(text.split("\n"), 1):
            comment = _EXPECT.search(line)
            if comment:
                assert _CODES.fullmatch(comment[1].rstrip("\r")), f"{path}:{row}: {comment[0]}"
                found += [(cell, row, code) for code in re.findall(r"BS\d{3}", comment[1])]
    return sorted(found, key=str)


@pytest.fixture(scope="module")
def findings(bslint):
    """What one run over all fixtures finds, by file."""
    done = bslint(*CHECK, "--output-format", "json", *PROGRAMS)
    assert (done.returncode, done.stderr) == (1, "")
    found = {path: [] for path in PROGRAMS}
    for one in json.loads(done.stdout):
        found[Path(one["filename"])].append((one["cell"], one["location"]["row"], one["code"]))
    return found


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: str(path.relative_to(FIXTURES)))
def test_findings_are_those_announced(path, findings):
    assert sorted(findings[path], key=str) == expected(path)


def test_the_table_names_the_codes_announced():
    rows = re.findall(
        r"^\| `([^`]+)` \|[^|]*(?:\|([^|]*))?\|$", (FIXTURES / "README.md").read_text("utf-8"), re.MULTILINE
    )
    table = {name: sorted(set(re.findall(r"BS\d{3}", codes))) for name, codes in rows}
    announced = {}
    for path in PROGRAMS:
        name = path.relative_to(FIXTURES).parts[0]
        name += "/" if (FIXTURES / name).is_dir() else ""
        announced.setdefault(name, set()).update(code for _, _, code in expected(path))
    assert table == {name: sorted(codes) for name, codes in announced.items()}


def test_folder_is_linted_without_its_pages(bslint, findings):
    done = bslint(*CHECK, "--output-format", "json-lines", "fixtures")
    assert (done.returncode, done.stderr) == (1, "")
    named = {Path(json.loads(line)["filename"]) for line in done.stdout.splitlines()}
    assert named == {path for path, found in findings.items() if found and path.suffix != ".md"}


@pytest.mark.parametrize("name", ["pets_from_folder.py", "digits.ipynb"])
def test_full_output(name, bslint, snapshot):
    done = bslint(*CHECK, "--output-format", "full", f"fixtures/{name}")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == snapshot
