"""Fixes: which go together, what they leave alone, how files are written."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bslint import fix
from bslint.diagnostic import Diagnostic, Edit, Fix, Position
from bslint.fix import MAX_ROUNDS, apply, repair, write
from bslint.notebook import replace_sources
from bslint.source import Block

ROW_END = re.compile(r"\r\n|\r|\n")


def place(text: str, offset: int) -> Position:
    rows = ROW_END.split(text[:offset])
    return Position(len(rows), len(rows[-1]) + 1)


def edit(text: str, start: int, end: int, content: str) -> Edit:
    return Edit(content, place(text, start), place(text, end))


def at(row: int, column: int, content: str, end_row: int | None = None, end_column: int | None = None) -> Edit:
    return Edit(content, Position(row, column), Position(end_row or row, end_column or column))


def safe(*edits: Edit) -> Fix:
    return Fix("safe", "do it", edits)


def unsafe(*edits: Edit) -> Fix:
    return Fix("unsafe", "do it", edits)


class TestApply:
    @pytest.mark.parametrize(
        ("fixes", "applied"),
        [
            pytest.param([], 0, id="nothing to do"),
            pytest.param([unsafe(at(1, 1, "x"))], 0, id="unsafe fixes are not asked for"),
            pytest.param([safe(at(1, 1, "a", 1, 3), at(1, 2, "b", 1, 4))], 0, id="a fix that overlaps itself"),
            pytest.param([safe(at(1, 1, "a"), at(1, 1, "b"))], 0, id="a fix that says two things about one place"),
        ],
    )
    def test_leaves_the_text_alone(self, fixes, applied):
        text, done = apply("abcdef\n", fixes)

        assert text == "abcdef\n"
        assert len(done) == applied

    def test_carries_out_separate_fixes(self):
        first, second = safe(at(1, 1, "A", 1, 2)), unsafe(at(2, 2, "", 2, 3))

        assert apply("abc\ndef\n", [second, first], unsafe=True) == ("Abc\ndf\n", [first, second])

    def test_the_later_of_two_overlapping_fixes_waits(self):
        first, second = safe(at(1, 1, "X", 1, 3)), safe(at(1, 2, "Y", 1, 4))

        assert apply("abcd", [second, first]) == ("Xcd", [first])

    def test_fixes_that_touch_wait_too(self):
        first, second = safe(at(1, 1, "X", 1, 3)), safe(at(1, 3, "Y"))

        assert apply("abcd", [first, second]) == ("Xcd", [first])

    def test_edits_of_one_fix_may_touch(self):
        assert apply("abcd", [safe(at(1, 1, "X", 1, 3), at(1, 3, "Y", 1, 4))])[0] == "XYd"

    def test_safe_goes_before_unsafe(self):
        first, second = unsafe(at(1, 1, "U", 1, 3)), safe(at(1, 1, "S", 1, 4))

        assert apply("abcd", [first, second], unsafe=True) == ("Sd", [second])

    def test_all_edits_of_a_fix_or_none(self):
        first, second = safe(at(1, 3, "X", 1, 4)), safe(at(1, 1, "Y", 1, 2), at(1, 3, "Z", 1, 4))

        assert apply("abcd", [first, second])[0] in ("abXd", "YbZd")

    def test_a_shared_import_is_written_once(self):
        text = "a / b\nc / d\n"
        first = safe(at(1, 1, "import math\n"), at(1, 1 + 2, "//", 1, 4))
        second = safe(at(1, 1, "import math\n"), at(2, 3, "//", 2, 4))

        assert apply(text, [first, second]) == ("import math\na // b\nc // d\n", [first, second])

    def test_identical_fixes_are_one(self):
        one = safe(at(1, 2, ".prefetch(1)"))

        assert apply("d\n", [one, safe(*one.edits)])[0] == "d.prefetch(1)\n"

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("x\r\ny\r\n", "new\r\nx\r\ny\r\n"),
            ("x\ry\r", "new\rx\ry\r"),
            ("x\ny\r\n", "new\nx\ny\r\n"),
            ("x", "new\nx"),
        ],
        ids=["CRLF", "CR", "that of the row", "none to go by"],
    )
    def test_line_ends_become_those_of_the_row(self, text, expected):
        assert apply(text, [safe(at(1, 1, "new\n"))])[0] == expected

    def test_the_last_row_takes_the_line_end_of_the_first(self):
        assert apply("x\r\ny", [safe(at(2, 2, "\nz"))])[0] == "x\r\ny\r\nz"

    def test_only_rows_of_python_count(self):
        text = "a\x0c\u2028b\nc\n"

        assert apply(text, [safe(at(2, 1, "C", 2, 2))])[0] == "a\x0c\u2028b\nC\n"

    def test_columns_are_code_points(self):
        assert apply("\t'é𝔘' # c\n", [safe(at(1, 6, ", 2"))])[0] == "\t'é𝔘', 2 # c\n"

    def test_a_position_behind_the_text_is_its_end(self):
        assert apply("a\nb", [safe(at(2, 1, "", 3, 1))])[0] == "a\n"

    def test_new_rows_are_indented_as_their_block(self):
        text = "- item\n  ```python\n  x = a / b\n  ```\n"
        block = Block("x = a / b\n", "  x = a / b\n", row=3, indent=2)
        given = safe(at(3, 3, "import math\n"), at(3, 9, "//", 3, 10))

        assert apply(text, [given], blocks=[block])[0] == "- item\n  ```python\n  import math\n  x = a // b\n  ```\n"

    def test_edits_of_whole_rows_bring_their_own_indentation(self):
        text = "  ```python\n  x = 1\n  ```\n"
        block = Block("x = 1\n", "  x = 1\n", row=2, indent=2)

        assert apply(text, [safe(at(2, 1, "  # c\n"))], blocks=[block])[0] == "  ```python\n  # c\n  x = 1\n  ```\n"


TEXTS = st.text(st.sampled_from("ab =().#'\t\r\n\x0c\u2028é𝔘"), max_size=60)


@st.composite
def edited_texts(draw):
    """A text and edits of it that neither overlap nor touch."""
    text = draw(TEXTS)
    # Positions name offsets; the one between CR and LF has no name.
    named = [offset for offset in range(len(text) + 1) if text[max(0, offset - 1) : offset + 1] != "\r\n"]
    offsets = sorted(draw(st.lists(st.sampled_from(named), unique=True, max_size=12)))
    contents = st.text(st.sampled_from("xyé\t"), max_size=4)
    spans = list(zip(offsets[::2], offsets[1::2], strict=False))
    return text, [(start, end, draw(contents)) for start, end in spans]


class TestReference:
    @given(edited_texts(), st.data())
    def test_separate_edits_do_what_slices_do(self, drawn, data):
        text, changes = drawn
        expected = text
        for start, end, content in reversed(changes):
            expected = expected[:start] + content + expected[end:]
        fixes = data.draw(st.permutations([safe(edit(text, *change)) for change in changes]))

        result, applied = apply(text, fixes)

        assert result == expected
        assert len(applied) == len(changes)

    @given(edited_texts())
    def test_one_fix_with_all_edits_does_the_same(self, drawn):
        text, changes = drawn
        edits = [edit(text, *change) for change in changes]

        assert apply(text, [safe(*edits)])[0] == apply(text, [safe(each) for each in edits])[0]

    @given(TEXTS, st.data())
    def test_what_is_applied_never_overlaps(self, text, data):
        offsets = st.integers(0, len(text))
        fixes = [
            safe(
                edit(text, *sorted(data.draw(st.tuples(offsets, offsets))), data.draw(st.sampled_from(["", "x", "yy"])))
            )
            for _ in range(data.draw(st.integers(0, 6)))
        ]

        result, applied = apply(text, fixes)

        added = sum(len(content) for content in {each.edits[0]: each.edits[0].content for each in applied}.values())
        assert len(result) <= len(text) + added
        assert not fixes or applied


# The loop


@dataclass
class Result:
    diagnostics: list[Diagnostic]


def finding(code: str, given: Fix | None, cell: int | None = None) -> Diagnostic:
    start = given.edits[0].location if given else Position(1, 1)
    return Diagnostic("f", cell, start, start, code, code.lower(), "warning", "bad", fix=given)


@dataclass
class Replacing:
    """A linter that finds words and fixes them: `{old: new}`."""

    words: dict[str, str]
    applicability: str = "safe"
    seen: list[bytes] = field(default_factory=list)

    def __call__(self, data: bytes) -> Result:
        self.seen.append(data)
        text = data.decode()
        return Result(
            [
                finding(f"X{old}", Fix(self.applicability, "do it", (edit(text, *match.span(), new),)))
                for old, new in self.words.items()
                for match in re.finditer(old, text)
            ]
        )


class TestRepair:
    def test_goes_on_until_nothing_is_left(self):
        repaired = repair("t.py", b"a = 1\nb = 2\n", Replacing({"a": "b", "b": "c"}))

        assert repaired.data == b"c = 1\nc = 2\n"
        assert repaired.result.diagnostics == []
        assert repaired.fixed == Counter({"Xa": 1, "Xb": 2})
        assert repaired.errors == ()

    def test_a_second_run_changes_nothing(self):
        lint = Replacing({"a": "b"})
        once = repair("t.py", b"a\n", lint)

        assert repair("t.py", once.data, lint) == fix.Repair(once.data, Result([]))

    def test_unsafe_fixes_are_left(self):
        lint = Replacing({"a": "b"}, "unsafe")

        assert repair("t.py", b"a\n", lint).data == b"a\n"
        assert len(lint.seen) == 1
        assert repair("t.py", b"a\n", lint, unsafe=True).data == b"b\n"

    def test_what_never_ends_changes_nothing(self):
        lint = Replacing({"a": "aa"})
        repaired = repair("t.py", b"a\n", lint)

        assert repaired.data == b"a\n"
        assert repaired.fixed == Counter()
        assert [each.code for each in repaired.result.diagnostics] == ["Xa"]
        assert re.search("Xa never come to an end", repaired.errors[0])
        assert len(lint.seen) == MAX_ROUNDS + 1

    def test_a_fix_that_breaks_the_syntax_is_not_applied(self):
        repaired = repair("t.py", b"a = 1\nb = 2\n", Replacing({"a": "c", "b": "(("}))

        assert repaired.data == b"c = 1\nb = 2\n"
        assert repaired.fixed == Counter({"Xa": 1})
        assert [each.code for each in repaired.result.diagnostics] == ["Xb"]
        [error] = repaired.errors
        assert re.match(r"t\.py: internal error: Xb: its fix does not work: .+; it was not applied", error)

    def test_fixes_that_break_it_together_are_not_applied(self):
        repaired = repair("t.py", b"a, b = 1, 2\n", Replacing({"a": "(a0", "1": "1)"}))

        assert repaired.data == b"a, b = 1, 2\n"
        assert repaired.fixed == Counter()
        assert {each.partition(":")[0] for each in repaired.errors} == {"t.py"}

    def test_code_that_did_not_parse_may_be_fixed(self):
        assert repair("t.py", b"a = = 1\n", Replacing({"= =": "="})).data == b"a = 1\n"

    def test_a_character_that_the_encoding_lacks_is_not_written(self):
        data = b"# coding: latin-1\na = '\xe9'\n"
        lint = Replacing({"coding: latin-1\na": "coding: latin-1\n\u20ac"})
        repaired = repair("t.py", data, lambda data: lint(data.decode("latin-1").encode()))

        assert repaired.data == data
        assert "can't be written in this file's encoding" in repaired.errors[0]

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (b"\xef\xbb\xbfa = 1\r\n", b"\xef\xbb\xbfnew\r\nc = 1\r\n"),
            (
                "# coding: cp1252\r\na = '€'\r\n".encode("cp1252"),
                "# coding: cp1252\r\nnew\r\nc = '€'\r\n".encode("cp1252"),
            ),
        ],
        ids=["BOM", "cookie"],
    )
    def test_the_encoding_stays(self, before, after):
        encoding = "cp1252" if b"cp1252" in before else "utf-8-sig"
        lint = Replacing({"a(?= =)": "new\nc"})

        assert repair("t.py", before, lambda data: lint(data.decode(encoding).encode())).data == after

    def test_markdown(self):
        page = b"a\n\n- b\n  ```python\n  a = 1\n  ```\n"

        repaired = repair("t.md", page, Replacing({"a(?= =)": "import os\nb"}))

        assert repaired.data == b"a\n\n- b\n  ```python\n  import os\n  b = 1\n  ```\n"

    def test_a_markdown_block_must_go_on_parsing(self):
        page = b"```python\na = 1\n```\n"

        assert "not found again" in repair("t.md", page, Replacing({"a(?= =)": "("})).errors[0]


# Notebooks


def cell(source, kind="code", **more):
    return {"cell_type": kind, "metadata": {}, "source": source, **more}


def notebook(*cells, **style) -> str:
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, **style)


class InCell:
    """A linter that wants `old` replaced by `new` in one cell."""

    def __init__(self, number, old, new):
        self.number, self.old, self.new = number, old, new

    def __call__(self, data: bytes) -> Result:
        text = "".join(json.loads(data)["cells"][self.number - 1]["source"])
        start = text.find(self.old)
        if start < 0:
            return Result([])
        return Result([finding("X1", safe(edit(text, start, start + len(self.old), self.new)), self.number)])


class TestNotebook:
    def test_only_the_cell_changes(self):
        before = notebook(cell(["# é\n"], "markdown"), cell(["x = 1\n", "y = 'é'"], outputs=[]), indent=1) + "\n"

        repaired = repair("t.ipynb", before.encode(), InCell(2, "x", "z"))

        assert repaired.data.decode() == before.replace('"x = 1', '"z = 1')

    @pytest.mark.parametrize(
        ("source", "new"),
        [
            pytest.param('"x = 1\\ny"', '"z = 1\\ny"', id="one string"),
            pytest.param('["x = 1\\n", "y"]', '["z = 1\\n", "y"]', id="on one line"),
            pytest.param('["x = 1\\n","y"]', '["z = 1\\n","y"]', id="compact"),
            pytest.param('[\n  "x = 1\\n",\n  "y"\n ]', '[\n  "z = 1\\n",\n  "y"\n ]', id="a line for each row"),
            pytest.param('[ "x = 1\\ny" ]', '[ "z = 1\\n", "y" ]', id="rows that were in one string"),
        ],
    )
    def test_the_form_of_the_source_stays(self, source, new):
        raw = '{"cells": [{"cell_type": "code", "source": %s, "id": "a"}], "metadata": {"x": 1.0e5}}'

        assert replace_sources(raw % source, {1: "z = 1\ny"}) == raw % new

    def test_new_rows_stand_as_the_others(self):
        raw = notebook(cell(["x\n", "y"]), indent=1)

        assert replace_sources(raw, {1: "import a\nx\ny"}) == notebook(cell(["import a\n", "x\n", "y"]), indent=1)

    @pytest.mark.parametrize("indent", [None, 1, 4])
    def test_the_first_second_row(self, indent):
        raw = notebook(cell(["x"]), indent=indent)

        assert replace_sources(raw, {1: "x\ny"}) == notebook(cell(["x\n", "y"]), indent=indent)

    def test_escapes_of_rows_that_stay_are_kept(self):
        raw = '{"cells": [{"cell_type": "code", "source": ["a \\u003c b\\n", "\\/x\\n", "y"]}]}'

        assert replace_sources(raw, {1: "a < b\n/x\nz"}) == raw.replace('"y"', '"z"')

    @pytest.mark.parametrize(
        ("metadata", "written"), [('"\\u00e9"', '"\\u20ac"'), ('"\u00e9"', '"€"'), ('"\\\\u00e9"', '"€"')]
    )
    def test_characters_are_escaped_where_the_file_escapes_them(self, metadata, written):
        raw = f'{{"cells": [{{"source": "x", "cell_type": "code"}}], "metadata": {{"a": {metadata}}}}}'

        assert replace_sources(raw, {1: "€"}) == raw.replace('"x"', written)

    def test_an_empty_cell_and_one_that_becomes_empty(self):
        raw = notebook(cell([]), cell(["x"]))

        assert replace_sources(raw, {1: "y\nz", 2: ""}) == notebook(cell(["y\n", "z"]), cell([]))

    def test_the_third_format(self):
        raw = '{"worksheets": [{"cells": [{"cell_type": "code", "input": ["a", "b"]}]}], "nbformat": 3}'

        assert replace_sources(raw, {1: "a\nc"}) == raw.replace('"b"', '"c"')

    def test_an_indented_cell_and_crlf(self):
        before = notebook(cell("  a = 1\r\n  b = 2\r\n"))

        repaired = repair("t.ipynb", before.encode(), InCell(1, "a =", "import os\nb ="))

        assert json.loads(repaired.data)["cells"][0]["source"] == "  import os\r\n  b = 1\r\n  b = 2\r\n"

    def test_a_fix_that_breaks_a_cell_is_not_applied(self):
        before = notebook(cell(["x = 1"]), cell(["%matplotlib inline\n", "y = 1"]))

        repaired = repair("t.ipynb", before.encode(), InCell(2, "y", "y ("))

        assert repaired.data == before.encode()
        assert repaired.errors

    @given(
        st.lists(st.text(max_size=20), max_size=4), st.text(max_size=30), st.sampled_from([None, 1, 2]), st.booleans()
    )
    def test_reads_back_as_it_was_written(self, sources, text, indent, ascii_only):
        cells = [cell("x"), *(cell(source.splitlines(keepends=True)) for source in sources)]
        raw = notebook(*cells, indent=indent, ensure_ascii=ascii_only)
        for number in range(1, len(cells) + 1):
            expected = json.loads(raw)
            changed = json.loads(replace_sources(raw, {number: text}))
            written = changed["cells"][number - 1].pop("source")
            expected["cells"][number - 1].pop("source")

            assert changed == expected
            assert "".join(written) == text


class TestWrite:
    def test_writes(self, tmp_path):
        file = tmp_path / "t.py"
        file.write_bytes(b"old")
        write(file, b"new\r\n", expected=b"old")

        assert file.read_bytes() == b"new\r\n"
        assert list(tmp_path.iterdir()) == [file]

    @pytest.mark.skipif(sys.platform == "win32", reason="no such permissions")
    @pytest.mark.parametrize("mode", [0o600, 0o755, 0o664])
    def test_permissions_stay(self, tmp_path, mode):
        file = tmp_path / "t.py"
        file.write_bytes(b"old")
        file.chmod(mode)
        write(file, b"new")

        assert stat.S_IMODE(file.stat().st_mode) == mode

    def test_a_link_stays_a_link(self, tmp_path):
        folder = tmp_path / "real"
        folder.mkdir()
        (folder / "t.py").write_bytes(b"old")
        link = tmp_path / "link.py"
        link.symlink_to("real/t.py")
        write(link, b"new")

        assert link.is_symlink()
        assert (folder / "t.py").read_bytes() == b"new"

    def test_somebody_elses_change_is_not_lost(self, tmp_path):
        file = tmp_path / "t.py"
        file.write_bytes(b"theirs")

        with pytest.raises(OSError, match="changed by someone else"):
            write(file, b"ours", expected=b"old")
        assert file.read_bytes() == b"theirs"

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everything")
    def test_a_read_only_file_stays(self, tmp_path):
        file = tmp_path / "t.py"
        file.write_bytes(b"old")
        file.chmod(0o444)

        with pytest.raises(PermissionError):
            write(file, b"new")

    def test_a_failure_leaves_no_rubbish(self, tmp_path, monkeypatch):
        file = tmp_path / "t.py"
        file.write_bytes(b"old")

        def refuse(*_):
            raise OSError("no")

        monkeypatch.setattr(fix.Path, "replace", refuse)
        with pytest.raises(OSError, match="no"):
            write(file, b"new")
        assert list(tmp_path.iterdir()) == [file]
        assert file.read_bytes() == b"old"
