import ast
import json
import tokenize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bslint.diagnostic import Diagnostic, Position
from bslint.source import Block
from bslint.source import read as read_source
from bslint.suppress import add_ignores, apply, ignore_edits, parse, read

RULES = {
    "BS002": "unused-ignore",
    "BS101": "large-batch-size",
    "BS201": "missing-prefetch",
    "BS204": "sequential-map",
    "BS301": "overlapping-window",
    "XY101": "third-party",
}


def found(row, code="BS201", *, last=None, statement=None, cell=None, column=1):
    end = Position(last or row, column + 4)
    return Diagnostic(
        "t.py",
        cell,
        Position(row, column),
        end,
        code,
        RULES.get(code, code),
        "warning",
        "m",
        statement=statement or (row, last or row),
    )


def outcome(text, *diagnostics, enabled=RULES, **block):
    return apply(diagnostics, parse(Block(text, text, **block)), filename="t.py", rules=RULES, enabled=set(enabled))


def silenced(text, *diagnostics):
    return [each.code for each in outcome(text, *diagnostics).suppressed]


def applied(text, edits):
    """Returns `text` with edits carried out."""
    rows = text.splitlines(keepends=True)
    starts = [sum(map(len, rows[:number])) for number in range(len(rows) + 1)]
    for edit in sorted(edits, key=lambda each: each.location, reverse=True):
        start, end = (starts[at.row - 1] + at.column - 1 for at in (edit.location, edit.end_location))
        text = text[:start] + edit.content + text[end:]
    return text


class TestSilent:
    """What silences nothing."""

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param('x = "# noqa"\n', id="string"),
            pytest.param('x = """\n# bslint: file-ignore[BS2]\n# noqa\n"""\n', id="multi-line string"),
            pytest.param('x = f"# noqa {1}"\n', id="f-string"),
            pytest.param("x  # bslint: ignore\n", id="no brackets"),
            pytest.param("x  # bslint: ignore[]\n", id="no codes"),
            pytest.param("x  # bslint: ignore[BS204]\n", id="other code"),
            pytest.param("x  # bslint: ignore[BS3]\n", id="other prefix"),
            pytest.param("x  # bslint: ignore[B]\n", id="prefix of the letters"),
            pytest.param("x  # bslint: ignore[missing]\n", id="part of a name"),
            pytest.param("x  # bslint: disable[BS201]\n", id="unknown word"),
            pytest.param("x  # mybslint: ignore[BS201]\n", id="other tool"),
            pytest.param("x  # noqa: BS2\n", id="noqa takes whole codes"),
            pytest.param("x  # noqa: missing-prefetch\n", id="noqa takes no names"),
            pytest.param("x  # noqa: bs201\n", id="lower case"),
            pytest.param("x  # noqa bs201\n", id="lower case without colon"),
            pytest.param("x  # noqa: because\n", id="colon without code"),
            pytest.param("x  # noqa: BS201-x\n", id="code with a tail"),
            pytest.param("x  # noqa F401\n", id="foreign code without colon is not blanket"),
            pytest.param("x  # noqax\n", id="longer word"),
            pytest.param("x  # see noqa\n", id="prose"),
            pytest.param("x  # noqa: E501 # noqa: BS201\n", id="second noqa"),
            pytest.param("x  # flake8: noqa\n", id="file noqa behind code"),
            pytest.param("x  # ruff: noqa: BS201\n", id="file noqa with codes behind code"),
            pytest.param("x\n# flake8: noqa: BS204\n", id="file noqa for another code"),
            pytest.param("# noqa\nx\n", id="noqa on the row above"),
        ],
    )
    def test_comment(self, text):
        row = 2 if text.startswith("# noqa\n") else 1
        assert silenced(text, found(row)) == []

    @pytest.mark.parametrize("code", ["invalid-syntax", "io-error"])
    def test_findings_about_the_file(self, code):
        assert silenced("# bslint: file-ignore[ALL]\nx # noqa\n", found(2, code)) == []

    def test_comment_of_another_cell(self):
        assert outcome("x  # bslint: ignore[BS201]\n", found(1, cell=3), cell=2).suppressed == ()

    def test_comment_above_with_a_blank_row_between(self):
        assert silenced("# bslint: ignore[BS201]\n\nx\n", found(3)) == []

    def test_comment_above_that_stands_behind_code(self):
        assert silenced("y  # bslint: ignore[BS201]\nx\n", found(2)) == []

    def test_comment_on_the_row_below(self):
        assert silenced("x\n# bslint: ignore[BS201]\n", found(1)) == []

    def test_end_of_a_range_before_the_first_column(self):
        diagnostic = Diagnostic("t.py", None, Position(1, 1), Position(2, 1), "BS201", "n", "error", "m")
        assert silenced("x\ny  # noqa\n", diagnostic) == []


class TestSilencing:
    @pytest.mark.parametrize(
        "comment",
        [
            "# bslint: ignore[BS201]",
            "# bslint: ignore[BS201] the dataset is tiny",
            "#bslint:ignore[BS204,BS201]",
            "# bslint: ignore[ BS204, BS201 ]",
            "# bslint: ignore[BS2]",
            "# bslint: ignore[BS]",
            "# bslint: ignore[ALL]",
            "# bslint: ignore[missing-prefetch]",
            "# type: ignore  # bslint: ignore[BS201]  # see #7",
            "# bslint: ignore[BS101]  # bslint: ignore[BS201]",
            "# noqa",
            "# NOQA",
            "#noqa",
            "# noqa some text",
            "# noqa # foo",
            "# noqa: BS201",
            "# noqa : BS201",
            "# NoQA:BS201",
            "# noqa: E501,BS201",
            "# noqa: E501 BS201 reason",
            "# noqa: E501,, BS201",
            "# noqa: E501BS201",
            "# noqa BS201",
            "# noqa BS201, E501",
            "# type: ignore # noqa: BS201",
        ],
    )
    def test_comment_behind_code(self, comment):
        assert silenced(f"x = 1  {comment}\n", found(1)) == ["BS201"]

    @pytest.mark.parametrize(
        "comment",
        [
            "# bslint: file-ignore[BS2]",
            "  # bslint: file-ignore[missing-prefetch] reason",
            "y = 1  # bslint: file-ignore[BS201]",
            "# flake8: noqa",
            "#flake8:noqa",
            "# ruff : noqa",
            "# ruff: NOQA: E501, BS201",
            "# text # ruff: noqa",
        ],
    )
    def test_comment_for_the_file(self, comment):
        assert silenced(f"x = 1\n{comment}\n", found(1)) == ["BS201"]

    @pytest.mark.parametrize("row", [1, 2, 3, 4])
    @pytest.mark.parametrize("comment", ["# bslint: ignore[BS201]", "# noqa: BS201"])
    def test_any_row_of_the_statement(self, row, comment):
        rows = ["fit(", "    x,", "    y,", ")"]
        rows[row - 1] += f"  {comment}"
        assert silenced("\n".join(rows), found(2, statement=(1, 4))) == ["BS201"]

    def test_row_of_its_own_within_the_statement(self):
        assert silenced("fit(\n    # noqa: BS201\n    x,\n)\n", found(3, statement=(1, 4))) == ["BS201"]

    def test_any_row_of_the_range(self):
        assert silenced("a(\n  b)  # noqa\n", found(1, last=2, statement=(1, 1))) == ["BS201"]

    def test_alone_above(self):
        assert silenced("  # bslint: ignore[BS201] reason\n  x\n", found(2)) == ["BS201"]

    def test_alone_above_other_comments(self):
        text = "# bslint: ignore[BS201]\n# and\n# bslint: ignore[BS204]\nx\n"
        assert silenced(text, found(4), found(4, "BS204")) == ["BS201", "BS204"]

    def test_alone_above_a_finding_without_statement(self):
        diagnostic = Diagnostic("t.py", None, Position(2, 1), Position(2, 2), "BS201", "n", "error", "m")
        assert silenced("# bslint: ignore[BS201]\nx\n", diagnostic) == ["BS201"]

    def test_file_comment_reaches_every_cell(self):
        comments = parse(Block("# bslint: file-ignore[BS2]\n", "# bslint: file-ignore[BS2]\n", cell=1))
        result = apply([found(1, cell=4)], comments, filename="t.py", rules=RULES, enabled=RULES)
        assert result.suppressed
        assert not result.unused

    def test_third_party_rules(self):
        assert silenced("x  # bslint: ignore[XY1]\n", found(1, "XY101")) == ["XY101"]

    def test_everything_else_is_kept_in_order(self):
        result = outcome("x  # noqa: BS201\ny\n", found(1, "BS101"), found(1), found(2))
        assert [(each.code, each.location.row) for each in result.kept] == [("BS101", 1), ("BS201", 2)]

    @pytest.mark.parametrize("end", ["\r\n", "\r"])
    def test_line_ends(self, end):
        assert silenced(f"x{end}y  # noqa{end}z{end}", found(1), found(2), found(3)) == ["BS201"]

    def test_comments_before_a_syntax_error_count(self):
        assert silenced('x  # noqa\ny = """\n', found(1)) == ["BS201"]

    def test_markdown_rows_are_those_of_the_file(self):
        page = "# Page\n\n  ```python\n  import tensorflow\n  x  # noqa\n  ```\n"
        comments = read(read_source("page.md", page.encode()))
        assert [(comment.row, comment.start) for comment in comments] == [(5, 6)]

    def test_unparsed_without_a_hint(self, monkeypatch):
        monkeypatch.setattr(tokenize, "generate_tokens", None)
        assert parse(Block("x = 1  # nothing\n", "x = 1  # nothing\n")) == ()


@given(
    quote=st.sampled_from(['"', "'", '"""', "'''"]),
    prefix=st.sampled_from(["", "r", "b", "f", "rb", "u"]),
    before=st.text(st.sampled_from("ab #\n")),
    comment=st.sampled_from(["# noqa", "# bslint: ignore[ALL]", "# bslint: file-ignore[BS2]", "\n# flake8: noqa\n"]),
    after=st.text(st.sampled_from("ab #\n")),
)
def test_a_comment_in_a_string_never_suppresses(quote, prefix, before, comment, after):
    content = before + comment + after
    if len(quote) == 1:
        content = content.replace("\n", "\\n")
    text = f"x = {prefix}{quote}{content}{quote}\n"
    ast.parse(text)
    assert parse(Block(text, text)) == ()


class TestUnused:
    @pytest.mark.parametrize(
        ("text", "message", "fixed"),
        [
            ("x  # bslint: ignore[BS201]\ny\n", "`BS201` silences nothing here", "x\ny\n"),
            ("x  # bslint: ignore[BS201] why", "`BS201` silences nothing here", "x"),
            ("x  # bslint: ignore[BS201]  \n", "`BS201` silences nothing here", "x\n"),
            ("  # bslint: ignore[BS201] why\nx\n", "`BS201` silences nothing here", "x\n"),
            ("x\n# bslint: ignore[BS201]\n", "`BS201` silences nothing here", "x\n"),
            ("x\n# bslint: ignore[BS201]", "`BS201` silences nothing here", "x\n"),
            ("x  # a  # bslint: ignore[BS201] see #7  # b\n", "`BS201` silences nothing here", "x  # a  # b\n"),
            ("# bslint: ignore[BS201]  # noqa: E1\nx\n", "`BS201` silences nothing here", "# noqa: E1\nx\n"),
            ("# bslint: file-ignore[BS3]\nx\n", "`BS3` silences nothing in this file", "x\n"),
            ("x  # bslint: ignore[BS101, BS204]\n", "`BS101`, `BS204` silence nothing here", "x\n"),
            ("x  # bslint: ignore[missing-prefetch]\n", "`missing-prefetch` silences nothing here", "x\n"),
        ],
    )
    def test_is_found_and_can_be_removed(self, text, message, fixed):
        (unused,) = outcome(text).unused
        assert (unused.code, unused.name, unused.severity) == ("BS002", "unused-ignore", "warning")
        assert unused.message == message
        assert applied(text, unused.fix.edits) == fixed

    def test_only_the_unused_code_is_removed(self):
        text = "x  # bslint: ignore[BS101,BS201, BS204] why\n"
        (unused,) = outcome(text, found(1)).unused
        assert unused.message == "`BS101`, `BS204` silence nothing here"
        assert applied(text, unused.fix.edits) == "x  # bslint: ignore[BS201] why\n"

    def test_points_at_the_comment(self):
        (unused,) = outcome("x  # a  # bslint: ignore[BS201] why  # b\n", cell=3).unused
        assert (unused.location, unused.end_location, unused.cell) == (Position(1, 9), Position(1, 36), 3)

    @pytest.mark.parametrize(
        ("text", "diagnostics", "enabled"),
        [
            pytest.param("x  # bslint: ignore[BS201]\n", [found(1)], RULES, id="used"),
            pytest.param("x  # bslint: ignore[BS201]\n", [], {"BS002", "BS101"}, id="rule did not run"),
            pytest.param("x  # bslint: ignore[BS2]\n", [], {"BS002", "BS201"}, id="a rule of the prefix did not run"),
            pytest.param("x  # bslint: ignore[BS201]\n", [], {"BS201"}, id="unused-ignore did not run"),
            pytest.param("x  # bslint: ignore[BS999]\n", [], RULES, id="unknown code"),
            pytest.param("x  # noqa: BS201\n", [], RULES, id="noqa"),
            pytest.param("# flake8: noqa: BS201\nx\n", [], RULES, id="noqa for the file"),
            pytest.param("x  # bslint: ignore[BS201, BS002]\n", [], RULES, id="ignored itself"),
            pytest.param("x  # bslint: ignore[BS201]  # noqa\n", [], RULES, id="noqa beside it"),
            pytest.param(
                "# bslint: file-ignore[BS0]\nx  # bslint: ignore[BS201]\n", [], RULES, id="ignored in the file"
            ),
            pytest.param("x  # bslint: ignore[BS201]\n", [found(1, "invalid-syntax")], RULES, id="file not read"),
        ],
    )
    def test_is_silent(self, text, diagnostics, enabled):
        assert outcome(text, *diagnostics, enabled=enabled).unused == ()

    def test_does_not_silence_itself(self):
        assert len(outcome("x  # bslint: ignore[ALL]\n").unused) == 1

    def test_has_no_fix_where_the_file_differs(self):
        block = Block("x  # bslint: ignore[BS201]\n", "%%x # bslint: ignore[BS201]\n")
        (unused,) = apply([], parse(block), filename="t.py", rules=RULES, enabled=RULES).unused
        assert unused.fix is None

    def test_fix_in_an_indented_fence(self):
        page = "- a\n  ```python\n  import keras\n  x  # bslint: ignore[BS201]\n  ```\n"
        comments = read(read_source("page.md", page.encode()))
        (unused,) = apply([], comments, filename="page.md", rules=RULES, enabled=RULES).unused
        assert applied(page, unused.fix.edits) == page.replace("  # bslint: ignore[BS201]", "")


class TestWarnings:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("x  # noqa BS201\n", ["1: write `# noqa: BS201`, with a colon; other tools silence all here"]),
            ("x  # noqa: BS999\n", ["1: unknown code `BS999` in `noqa`"]),
            ("x  # noqa: BS2\n", ["1: unknown code `BS2` in `noqa`"]),
            ("\nx  # bslint: ignore[BS999]\n", ["2: unknown rule `BS999` in `bslint: ignore`"]),
            ("# bslint: file-ignore[nonsense]\n", ["1: unknown rule `nonsense` in `bslint: file-ignore`"]),
            ("x  # bslint: ignore[E501]\n", ["1: `E501` is no rule of bslint: its own tool reads `# noqa: E501`"]),
        ],
    )
    def test_says(self, text, expected):
        assert list(outcome(text).warnings) == expected

    @pytest.mark.parametrize(
        "text",
        [
            "x  # bslint: ignore\n",
            "x  # bslint: ignore[]\n",
            "x  # bslint: disable=BS201\n",
            "x  # noqa: bs201\n",
            "x  # noqa:because BS201\n",
            "x  # noqa-BS201\n",
            "x  # ruff: noqa: BS201\n",
        ],
    )
    def test_names_what_silences_nothing(self, text):
        assert len(outcome(text).warnings) == 1

    @pytest.mark.parametrize(
        "text",
        [
            "x  # noqa\n",
            "x  # noqa F401\n",
            "x  # noqa: because\n",
            "x  # noqa: E501, ZZ9\n",
            "x  # noqax\n",
            "x  # flake8: noqa\n",
            "x  # bslint: ignore[BS2, ALL, missing-prefetch]\n",
        ],
    )
    def test_is_silent(self, text):
        assert outcome(text).warnings == ()

    def test_names_the_cell(self):
        assert outcome("x  # noqa: BS999\n", cell=3).warnings[0].startswith("cell 3:1: ")


class TestAddIgnores:
    @pytest.mark.parametrize(
        ("text", "statement", "expected"),
        [
            pytest.param("x = 1\n", (1, 1), "x = 1  # bslint: ignore[BS201]\n", id="plain"),
            pytest.param("x = 1", (1, 1), "x = 1  # bslint: ignore[BS201]", id="no line end"),
            pytest.param("x = 1 \t\n", (1, 1), "x = 1  # bslint: ignore[BS201]\n", id="blanks at the end"),
            pytest.param("y\r\nx\r\n", (2, 2), "y\r\nx  # bslint: ignore[BS201]\r\n", id="CRLF"),
            pytest.param("x  # why\n", (1, 1), "x  # why  # bslint: ignore[BS201]\n", id="another comment"),
            pytest.param(
                "f(\n    x,\n)\n", (1, 3), "f(\n    x,\n)  # bslint: ignore[BS201]\n", id="last row of the statement"
            ),
            pytest.param(
                "if a and \\\n    b:\n    c\n",
                (1, 2),
                "if a and \\\n    b:  # bslint: ignore[BS201]\n    c\n",
                id="header",
            ),
            pytest.param(
                "  x = a + \\\n  b\n", (1, 1), "  # bslint: ignore[BS201]\n  x = a + \\\n  b\n", id="backslash"
            ),
            pytest.param(
                "y\r\nx = '''\r\n'''\r\n", (2, 2), "y\r\n# bslint: ignore[BS201]\r\nx = '''\r\n'''\r\n", id="string"
            ),
            pytest.param(
                "x  # bslint: ignore[BS101] why\n", (1, 1), "x  # bslint: ignore[BS101, BS201] why\n", id="merged"
            ),
            pytest.param(
                "# bslint: ignore[BS101]\nx\n", (2, 2), "# bslint: ignore[BS101, BS201]\nx\n", id="merged above"
            ),
            pytest.param("x  # bslint: ignore[BS2]\n", (1, 1), "x  # bslint: ignore[BS2]\n", id="silenced already"),
            pytest.param("x  # noqa\n", (1, 1), "x  # noqa\n", id="noqa"),
            pytest.param("'''\n'''; x = '''\n'''\n", (2, 2), "'''\n'''; x = '''\n'''\n", id="no place"),
            pytest.param(
                "'''\n'''; x = ('''\n''',\n1)\n",
                (2, 4),
                "'''\n'''; x = ('''\n''',\n1)  # bslint: ignore[BS201]\n",
                id="end after strings",
            ),
        ],
    )
    def test_comment(self, text, statement, expected):
        block = Block(text, text)
        diagnostic = found(statement[0], statement=statement)
        assert add_ignores(block, [diagnostic]) == expected
        if expected != text and len(expected.splitlines()) == len(text.splitlines()):
            assert add_ignores(Block(expected, expected), [diagnostic]) == expected

    def test_several_codes_of_a_statement(self):
        diagnostics = [found(1, "BS204"), found(1), found(1), found(1, "BS002"), found(1, "invalid-syntax")]
        assert add_ignores(Block("x", "x"), diagnostics) == "x  # bslint: ignore[BS201, BS204]"

    def test_magics_are_no_place_for_comments(self):
        cell = "%matplotlib inline\n%time model.fit(x)\n"
        notebook = {"cells": [{"cell_type": "code", "source": cell}], "metadata": {}}
        (block,) = read_source("a.ipynb", json.dumps(notebook).encode()).programs[0].blocks
        assert add_ignores(block, [found(2, cell=1)]) == (
            "%matplotlib inline\n# bslint: ignore[BS201]\n%time model.fit(x)\n"
        )

    def test_only_findings_of_the_block(self):
        block = Block("x\n", "  x\n", row=7, indent=2)
        assert add_ignores(block, [found(1), found(8), found(7, cell=1)]) == "  x\n"
        (edit,) = ignore_edits(block, [found(7)])
        assert (edit.location, edit.content) == (Position(7, 4), "  # bslint: ignore[BS201]")

    def test_f_strings_are_left_alone(self):
        text = 'x = f"""{\n    1\n}"""\n'
        assert add_ignores(Block(text, text), [found(2, statement=(2, 2))]) == text
        assert add_ignores(Block(text, text), [found(1)]).startswith("# bslint: ignore[BS201]\n")


STATEMENTS = (
    "x = 1",
    "x = 1  # why",
    "x = 1  # bslint: ignore[BS101] why",
    "x = 1  # noqa",
    "x = 1; y = 2",
    "f(\n    a,  # first\n    b,\n)",
    "x = '''a\n# noqa\n'''",
    "x = '''a\n''' + \\\n    y",
    "x = 1 + \\\n    2",
    "# bslint: ignore[BS204]\nx = 1",
    "if a and \\\n    b:\n    x = '''\n    # bslint: ignore[BS201]\n'''",
    'x = f"""{\n1\n}"""; y = """\n"""',
)


@given(
    statements=st.lists(st.tuples(st.sampled_from(STATEMENTS), st.booleans()), min_size=1, max_size=6),
    end=st.sampled_from(["\n", "\r\n"]),
    header_only=st.booleans(),
    terminated=st.booleans(),
)
def test_adding_ignores_changes_no_code_and_settles(statements, end, header_only, terminated):
    text = "\n".join(statement for statement, _ in statements).replace("\n", end) + end * terminated
    flagged = [flag for statement, flag in statements for _ in ast.parse(statement).body]

    def diagnostics(text):
        nodes = zip(ast.parse(text).body, flagged, strict=True)
        ranges = [(node.lineno, node.lineno if header_only else node.end_lineno) for node, flag in nodes if flag]
        return [found(rows[0], code, statement=rows) for rows in ranges for code in ("BS201", "BS101")]

    once = add_ignores(Block(text, text), diagnostics(text))
    assert ast.dump(ast.parse(once)) == ast.dump(ast.parse(text))
    assert once.replace("\r\n", "").count("\n") == text.replace("\r\n", "").count("\n") or end == "\n"
    kept = outcome(once, *diagnostics(once)).kept
    assert add_ignores(Block(once, once), diagnostics(once)) == once
    assert not kept or header_only
