"""Reading files: encodings, notebooks, magics, Markdown."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import warnings

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bslint.source import Block, Source, SourceError, encode, mask_magics, read


def notebook(*sources, metadata=None, **top):
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": source} for source in sources]
    return json.dumps({"cells": cells, "metadata": metadata or {}, "nbformat": 4, "nbformat_minor": 5, **top}).encode()


def texts(source: Source) -> list[list[str]]:
    return [[block.text for block in program.blocks] for program in source.programs]


def rows(text: str) -> int:
    return len(re.split(r"\r\n|\r|\n", text))


def error_of(path: str, data: bytes) -> tuple[str, int, int]:
    with pytest.raises(SourceError) as caught:
        read(path, data)
    return caught.value.message, caught.value.row, caught.value.column


def outcome(path: str, data: bytes) -> Source | SourceError:
    try:
        return read(path, data)
    except SourceError as error:
        return error


class TestPython:
    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("", id="an empty file is one empty block"),
            pytest.param("\n\n", id="blank rows stay"),
            pytest.param("import a\r\nx = 1\r\n", id="CRLF stays"),
            pytest.param("import a\rx = 1\r", id="CR stays"),
            pytest.param("a = 1\r\nb = 2\nc = 3", id="mixed line ends and none at the end stay"),
            pytest.param("x = 1\n\x0c\ny = 2\n", id="a form feed is no line end"),
            pytest.param("if x:\n\ty = 1\n", id="tabs stay"),
            pytest.param("x = 'é𝔘\u2028\x85'\n", id="Unicode line separators are no line ends"),
            pytest.param("%time x\n!ls\n", id="a module has no magics, so the parser may complain"),
            pytest.param("this is not Python(\n", id="syntax is the parser's business"),
            pytest.param("x = 'coding: klingon'\n", id="only a comment declares an encoding"),
            pytest.param("\n\n# coding: klingon\n", id="only the first two rows declare an encoding"),
            pytest.param("x = 1\n# coding: klingon\n", id="no declaration behind a statement"),
        ],
    )
    def test_text_stays_as_it_is(self, text):
        source = read("train.py", text.encode())

        assert source == Source("train.py", "python", text, source.programs, "utf-8", bom=False)
        assert [program.blocks for program in source.programs] == [(Block(text, text),)]
        assert encode(source, source.text) == text.encode()

    @pytest.mark.parametrize("path", ["-", "train", "train.pyw", "a.txt", "notes.md/train.py"])
    def test_any_other_suffix_is_python(self, path):
        assert read(path, b"x = 1\n").kind == "python"

    @pytest.mark.parametrize(
        ("data", "text", "encoding", "bom"),
        [
            (b"\xef\xbb\xbfx = 1\r\n", "x = 1\r\n", "utf-8", True),
            (b"\xef\xbb\xbf# coding: utf-8\nx = 1\n", "# coding: utf-8\nx = 1\n", "utf-8", True),
            (b"# -*- coding: latin-1 -*-\ns = '\xe9'\n", "# -*- coding: latin-1 -*-\ns = 'é'\n", "iso-8859-1", False),
            (b"#!/usr/bin/python\r\n# vim: set fileencoding=cp1252 :\r\n'\x80'", None, "cp1252", False),
            (b"\x0c# coding: koi8-r\r'\xc1'\r", "\x0c# coding: koi8-r\r'а'\r", "koi8-r", False),
            (b"# coding=utf-8-sig\nx\n", None, "utf-8", False),
        ],
        ids=["BOM", "BOM and cookie", "latin-1", "second row, CRLF", "form feed, CR", "utf-8-sig without BOM"],
    )
    def test_declared_encodings(self, data, text, encoding, bom):
        source = read("a.py", data)

        assert (source.encoding, source.bom) == (encoding, bom)
        if text:
            assert source.text == text
        assert encode(source, source.text) == data

    @pytest.mark.parametrize(
        ("data", "message", "row", "column"),
        [
            pytest.param(b"x = 1\ny = 'a\xe9'\n", "not valid utf-8", 2, 7, id="latin-1 without a cookie"),
            pytest.param(
                "s = 'é'\r\nt = 'é".encode() + b"\xff'", "not valid utf-8", 2, 7, id="columns are code points"
            ),
            pytest.param(b"\xef\xbb\xbfx\xff", "not valid utf-8", 1, 2, id="the BOM has no column"),
            pytest.param(b"\xff\xfex\x00", "not valid utf-8", 1, 1, id="UTF-16"),
            pytest.param(b"# coding: klingon\n", "unknown encoding: klingon", 1, 1, id="unknown cookie"),
            pytest.param(b"#!python\n# coding: klingon\n", "unknown encoding: klingon", 2, 1, id="unknown, second row"),
            pytest.param(b"\xef\xbb\xbf# coding: latin-1\n", "encoding problem", 1, 1, id="BOM against cookie"),
            pytest.param(b"# coding: rot13\nk = 1\n", "can't be decoded as rot13", 1, 1, id="no text encoding"),
            pytest.param(b"# coding: undefined\n", "can't be decoded as undefined", 1, 1, id="a codec that refuses"),
            pytest.param(b"# coding: ascii\n'\xe9'\n", "not valid ascii", 2, 2, id="beyond the cookie's encoding"),
            pytest.param(b"# coding: raw_unicode_escape\n\\ud800", "can't be decoded", 1, 1, id="lone surrogate"),
            pytest.param(b"x = 1\ny\x00 = 2\n", "the file holds a NUL character", 2, 2, id="NUL"),
        ],
    )
    def test_refused(self, data, message, row, column):
        found = error_of("a.py", data)

        assert message in found[0]
        assert found[1:] == (row, column)

    def test_encode_refuses_what_the_encoding_lacks(self):
        source = read("a.py", b"# coding: latin-1\nx = 1\n")

        with pytest.raises(SourceError) as caught:
            encode(source, "# coding: latin-1\nx = '€'\n")
        assert (caught.value.row, caught.value.column) == (2, 6)
        assert "iso-8859-1" in caught.value.message


class TestNotebook:
    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(notebook(), id="no cells"),
            pytest.param(notebook("x <- 1", metadata={"language_info": {"name": "R"}}), id="an R notebook"),
            pytest.param(notebook("x", metadata={"kernelspec": {"language": "julia"}}), id="a Julia kernel"),
            pytest.param(json.dumps({"cells": [{"cell_type": "markdown", "source": "x"}]}).encode(), id="only prose"),
            pytest.param(json.dumps({"worksheets": []}).encode(), id="third format without a worksheet"),
        ],
    )
    def test_nothing_to_lint(self, data):
        assert read("a.ipynb", data).programs == ()

    @pytest.mark.parametrize(
        "metadata",
        [
            {"language_info": {"name": "python"}},
            {"kernelspec": {"language": "python", "name": "python3"}},
            {"language_info": {"name": "ipython"}, "kernelspec": {"language": "R"}},
            {},
            {"language_info": None, "kernelspec": "broken"},
        ],
        ids=["language_info", "kernelspec", "language_info wins", "silent metadata", "broken metadata"],
    )
    def test_python_notebooks(self, metadata):
        assert texts(read("a.ipynb", notebook("x = 1", metadata=metadata))) == [["x = 1"]]

    def test_cells_form_one_program_and_count_all_cells(self):
        cells = [
            {"cell_type": "markdown", "source": ["# Title\n"]},
            {"cell_type": "code", "source": ["import tensorflow as tf\n", "x = 1"]},
            {"cell_type": "raw", "source": "raw"},
            {"cell_type": "code", "source": "y = (\n"},
            {"cell_type": "code", "source": []},
            {"cell_type": "code", "source": "echo", "metadata": {"vscode": {"languageId": "shellscript"}}},
            {"cell_type": "code", "source": "z = 3", "metadata": {"vscode": {"languageId": "python"}}},
        ]
        (program,) = read("A.IPYNB", json.dumps({"cells": cells}).encode()).programs

        assert program.blocks == (
            Block("import tensorflow as tf\nx = 1", "import tensorflow as tf\nx = 1", 2),
            Block("y = (\n", "y = (\n", 4),
            Block("", "", 5),
            Block("z = 3", "z = 3", 7),
        )

    def test_third_format(self):
        code = {"cell_type": "code", "language": "python"}
        sheets = [
            {"cells": [{"cell_type": "heading", "source": "t"}, {**code, "input": ["a = 1", "b = 2"]}]},
            {"cells": [{**code, "input": ["c = 1\n", "d = 2"]}, {**code, "input": "%pylab\ne = 1"}]},
            {"cells": [{"cell_type": "code", "language": "ruby", "input": "puts 1"}]},
        ]
        source = read("a.ipynb", json.dumps({"nbformat": 3, "worksheets": sheets}).encode())

        assert texts(source) == [["a = 1\nb = 2", "c = 1\nd = 2", "pass\ne = 1"]]
        assert [block.cell for block in source.programs[0].blocks] == [2, 3, 4]

    def test_original_keeps_the_magics(self):
        (program,) = read("a.ipynb", notebook("%matplotlib inline\nx = 1")).programs

        assert program.blocks[0].original == "%matplotlib inline\nx = 1"

    def test_a_cell_that_is_indented_as_a_whole_is_cut(self):
        (program,) = read("a.ipynb", notebook("    x = 1\n\n    if x:\n        y = 2")).programs

        assert program.blocks[0].text == "x = 1\n\nif x:\n    y = 2"
        assert program.blocks[0].indent == 4
        assert program.blocks[0].original.startswith("    x")

    def test_bom_and_numbers_json_does_not_know(self):
        data = b"\xef\xbb\xbf" + notebook("x = 1", metadata={"loss": float("nan")})

        assert texts(read("a.ipynb", data)) == [["x = 1"]]

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            pytest.param(b"", "not a notebook: Expecting value", id="empty"),
            pytest.param(b"{", "not a notebook: Expecting property name", id="broken JSON"),
            pytest.param(b"x = 1\n", "not a notebook: ", id="Python"),
            pytest.param(b"[" * 100_000, "not a notebook: ", id="nested too deep"),
            pytest.param(b"[]", "not a notebook: it has no list of cells", id="a list"),
            pytest.param(b"{}", "not a notebook: it has no list of cells", id="no cells"),
            pytest.param(b'{"cells": {}}', "not a notebook: it has no list of cells", id="cells are no list"),
            pytest.param(b'{"worksheets": [1]}', "not a notebook: it has no list of cells", id="odd worksheet"),
            pytest.param(notebook(7), "not a notebook: cell 1 has no source text", id="source is a number"),
            pytest.param(notebook("", ["a", 7]), "not a notebook: cell 2 has no source text", id="row is a number"),
            pytest.param(notebook(None), "not a notebook: cell 1 has no source text", id="no source"),
            pytest.param(notebook("a\0"), "not a notebook: cell 1 holds a NUL", id="NUL"),
            pytest.param(notebook("'\ud800'"), "not a notebook: cell 1 holds half of a surrogate", id="surrogate"),
        ],
    )
    def test_not_a_notebook(self, data, message):
        found = error_of("a.ipynb", data)

        assert found[0].startswith(message)
        assert found[1:] == (1, 1)

    def test_undecodable(self):
        assert error_of("a.ipynb", b'{"cells":\n["\xff"]}')[1:] == (2, 3)


class TestMagics:
    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("x = 1\ny = x % 2\n", id="no magic at all"),
            pytest.param("x = (a\n   % b)\n", id="modulo inside a bracket"),
            pytest.param("x = [\n    a,\n    !b]\n", id="whatever stands in a bracket"),
            pytest.param("x = a \\\n  % b\n", id="modulo behind a backslash"),
            pytest.param("s = '''\n%time\n!ls\nhelp?\n'''\n", id="inside a long string"),
            pytest.param('s = r"""\\"""\n%time\n"""\n', id="an escaped quote in a raw string doesn't end it"),
            pytest.param("s = 'a\\\n%time'\n", id="inside a continued string"),
            pytest.param("# why?\nx = 1  # really?\n", id="a question in a comment"),
            pytest.param("s = 'why?'\nt = '= !ls'\n", id="a question in a string"),
            pytest.param("x = a != b\ny = a == -b\n", id="comparisons"),
            pytest.param("f'{x = !r}'\n", id="conversion in an f-string"),
            pytest.param("x: int = {'%': '!'}['%']\n", id="strings that hold escapes"),
            pytest.param("if x == (1,\n! 2):\n    pass\n", id="unfinished code inside a bracket"),
        ],
    )
    def test_python_stays(self, text):
        assert mask_magics(text) == text

    @pytest.mark.parametrize(
        ("text", "masked"),
        [
            ("%matplotlib inline\nx = 1", "pass\nx = 1"),
            ("!pip install -q 'tensorflow\nx = 1", "pass\nx = 1"),
            ("!!ls\n", "pass\n"),
            ("?x\nx?\nx??\ntf.data.Dataset?  \n", "pass\npass\npass\npass\n"),
            ("%%\n", "pass\n"),
            ("/print x\n,f a b\n;f a b\n", "pass\npass\npass\n"),
            ("if a:\n    !ls\n    x?\n\t%cd ..\n", "if a:\n    pass\n    pass\n\tpass\n"),
            ("!pip install a \\\n    b \\\n    c\nx = 1\n", "pass\n\n\nx = 1\n"),
            ("!pip install a \\\r\n    b\r\nx = 1\r\n", "pass\r\n\r\nx = 1\r\n"),
            ("!ls\rx = 1\r", "pass\rx = 1\r"),
            ("files = !ls \\\n  -l\nx = 1\n", "files = get_ipython()\n\nx = 1\n"),
            ("if a:\n    t = %timeit -o f()\n", "if a:\n    t = get_ipython()\n"),
            ("x, y =!ls", "x, y =get_ipython()"),
            ("a['k'] = %env HOME", "a['k'] = get_ipython()"),
            ("x = (\n 1)\n!ls\n", "x = (\n 1)\npass\n"),
            ("'''%\n'''\n!ls", "'''%\n'''\npass"),
            ("d = {'a': 1,\n  'b'}?\n", "pass\n\n"),
            ("x = 'open\n!ls\n", "x = 'open\npass\n"),
            ("x = 1 # it's (\n!ls\n", "x = 1 # it's (\npass\n"),
            ("x = 1)\n!ls\n", "x = 1)\npass\n"),
            ("!a \\\r b\n", "pass\r \n"),
        ],
    )
    def test_line_magics(self, text, masked):
        assert mask_magics(text) == masked

    @pytest.mark.parametrize(
        ("text", "masked"),
        [
            ("%time model.fit(x)", "if 1 :model.fit(x)"),
            ("%time  h = model.fit(x, \\\n  y)\n", "if 1  :h = model.fit(x, \\\n  y)\n"),
            ("for e in r:\n    %timeit -n 10 -r3 step()\n", "for e in r:\n    if 1             :step()\n"),
            ("%prun f(); g()", "if 1 :f(); g()"),
            ("h = %time model.fit(x)", "h =       model.fit(x)"),
            ("%time", "pass"),
            ("%time for i in x: f(i)", "pass"),
            ("%time !ls", "pass"),
            ("%time model.fit(x,\n  y)", "pass\n  y)"),
            ("h = %time !ls", "h = get_ipython()"),
            ("h = %time", "h = get_ipython()"),
        ],
    )
    def test_timed_statements_stay_in_their_columns(self, text, masked):
        assert mask_magics(text) == masked
        for word in ("model.fit", "step()", "f()"):
            if word in masked:
                assert masked.index(word) == text.index(word)

    @pytest.mark.parametrize(
        ("text", "masked"),
        [
            ("%%time\nmodel.fit(x)\n!ls\n", "\nmodel.fit(x)\npass\n"),
            ("\n  %%timeit -n 1 setup()\nf()", "\n\nf()"),
            ("%%capture out\n%%time\nf()", "\n\nf()"),
            ("#@title Install\n\n%%capture\nf()", "#@title Install\n\n\nf()"),
            ("%%prun", ""),
            ("%%python3\r\nf()", "\r\nf()"),
            ("%%bash\nls\nif (\n", "\n\n\n"),
            ("# note\n%%writefile train.py\nimport a\n", "# note\n\n\n"),
            ("%%html\n<b>", "\n"),
            ("%%javascript\nx", "\n"),
            ("%%capture\n%%bash\nls", "\n\n"),
            ("\r%%time\n%%bash\r\n", "\r \n\r\n"),
            ("x = 1\n%%bash\nls", "x = 1\npass\nls"),
        ],
    )
    def test_cell_magics(self, text, masked):
        assert mask_magics(text) == masked

    def test_many_stacked_headers_are_no_recursion(self):
        assert mask_magics("%%time\n" * 5000) == "\n" * 5000

    @pytest.mark.parametrize("part", ['"', "'''", "\\", "(", " ", "#\n", "= !", "\t\n", "%%time -n", "\r\n", "?"])
    def test_time_is_linear(self, part):
        text = "!ls\n" + part * 50_000

        assert rows(mask_magics(text)) == rows(text)


class TestMarkdown:
    @pytest.mark.parametrize(
        "page",
        [
            pytest.param("", id="empty page"),
            pytest.param("# Title\n\nimport tensorflow\n", id="prose"),
            pytest.param("```\nx = 1\n```\n", id="a fence without a language"),
            pytest.param("```bash\nls\n```\n", id="another language"),
            pytest.param("```pycon\n>>> x\n```\n", id="a console session"),
            pytest.param("```python-repl\nx\n```\n", id="a language that only begins so"),
            pytest.param("```python\n>>> x = 1\n1\n```\n", id="doctest"),
            pytest.param("```python\nx = (\n```\n", id="a block that doesn't parse"),
            pytest.param("```python\nmodel.fit(...\n    ...)  ...\n```\n", id="an elided block"),
            pytest.param("```python x = 1```\n", id="inline code"),
            pytest.param("````md\n```python\nx = 1\n```\n````\n", id="a fence within a longer fence"),
            pytest.param("~~~\n```python\nx = 1\n```\n~~~\n", id="a fence within another kind of fence"),
            pytest.param("    import tensorflow\n", id="indented code names no language"),
        ],
    )
    def test_nothing_to_lint(self, page):
        assert read("a.md", page.encode()).programs == ()

    @pytest.mark.parametrize(
        "info",
        [
            "python",
            "py",
            "Python",
            "python3",
            "py3",
            "ipython",
            "ipython3",
            " python",
            "python title=a.py",
            "python:a.py",
            "python{1,3}",
            "{.python}",
            "{.python .numberLines}",
            "{python}",
            "{code-cell} ipython3",
            "{code-block} python",
        ],
    )
    def test_info_strings(self, info):
        assert texts(read("a.md", f"```{info}\nx = 1\n```\n".encode())) == [["x = 1\n"]]

    def test_rows_and_indents_are_those_of_the_file(self):
        page = (
            "# Title\r\n\r\n"
            "1. First\r\n\r\n"
            "   ~~~python\r\n"
            "   if x:\r\n"
            "\r\n"
            "       y = 1\r\n"
            "   ~~~\r\n"
            "- ````py\r\n"
            "  z = '''\r\n"
            "  ```\r\n"
            "  '''\r\n"
            "  `````  \r\n"
        )
        source = read("a.markdown", page.encode())

        assert source.kind == "markdown"
        assert source.text == page
        (program,) = source.programs
        assert program.blocks == (
            Block("if x:\r\n\r\n    y = 1\r\n", "   if x:\r\n\r\n       y = 1\r\n", None, 6, 3),
            Block("z = '''\r\n```\r\n'''\r\n", "  z = '''\r\n  ```\r\n  '''\r\n", None, 11, 2),
        )

    def test_a_block_less_indented_than_its_fence_is_cut_by_what_it_has(self):
        (program,) = read("a.md", b"   ```python\n x = 1\n y = 2\n   ```\n").programs

        assert (program.blocks[0].text, program.blocks[0].indent) == ("x = 1\ny = 2\n", 1)

    def test_programs_start_where_the_framework_is_imported(self):
        blocks = [
            "a = 1",
            "import numpy",
            "import tensorflow as tf",
            "b = 1",
            "oops (",
            "from keras import layers",
            "from . import keras",
            "import tensorflow_probability",
            "import numpy as np, keras.layers",
            "def f():\n    from tensorflow.keras import Model",
        ]
        page = "\n".join(f"```python\n{block}\n```\ntext\n" for block in blocks)

        programs = [[text.rstrip() for text in program] for program in texts(read("a.md", page.encode()))]
        assert programs == [blocks[0:2], blocks[2:4], blocks[5:8], blocks[8:9], blocks[9:]]

    def test_a_fence_that_is_never_closed_ends_with_the_page(self):
        assert texts(read("a.md", b"```python\nx = 1")) == [["x = 1"]]

    def test_magics_are_masked_before_the_block_is_judged(self):
        source = read("a.md", b"```python\n!pip install keras\nx = 1\n```\n")

        assert texts(source) == [["pass\nx = 1\n"]]
        assert source.programs[0].blocks[0].original == "!pip install keras\nx = 1\n"

    def test_parsing_a_page_warns_of_nothing(self, recwarn):
        assert texts(read("a.md", b"```python\nx = '\\d'\nx is 1\n```\n")) == [["x = '\\d'\nx is 1\n"]]
        assert not recwarn.list

    def test_refused(self):
        assert error_of("a.md", b"a\n\xff")[1:] == (2, 1)
        assert error_of("a.md", b"a\0")[1:] == (1, 2)


FRAGMENTS = st.lists(
    st.sampled_from(
        [
            "%",
            "%%",
            "!",
            "?",
            "x",
            "= ",
            "==",
            "(",
            ")",
            "[",
            "}",
            "'",
            '"',
            "'''",
            '"""',
            "\\",
            "#",
            "\n",
            "\r\n",
            "\r",
            " ",
            "    ",
            "\t",
            "\x0c",
            "%time ",
            "%timeit -n 1 ",
            "%%time",
            "%%bash",
            "f(x)",
            "é",
            "\u2028",
            ",",
            "/",
        ]
    ),
    max_size=40,
).map("".join)


class TestProperties:
    @given(FRAGMENTS | st.text())
    @settings(max_examples=400, deadline=None)
    def test_masking_keeps_every_row_end(self, text):
        assert re.findall(r"\r\n|\r|\n", mask_magics(text)) == re.findall(r"\r\n|\r|\n", text)

    @given(FRAGMENTS)
    @settings(max_examples=200, deadline=None)
    def test_masking_twice_changes_nothing_more(self, text):
        assert mask_magics(mask_magics(text)) == mask_magics(text)

    @given(FRAGMENTS)
    @settings(max_examples=200, deadline=None)
    def test_valid_python_is_never_masked(self, text):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(text)
        except (SyntaxError, ValueError):
            return
        assert mask_magics(text) == text

    @given(
        st.sampled_from(["a.py", "a.ipynb", "a.md"]),
        st.binary()
        | FRAGMENTS.map(str.encode)
        | st.tuples(
            st.sampled_from(
                ["utf-8", "latin-1", "utf-7", "utf-16", "idna", "punycode", "shift_jis", "raw_unicode_escape"]
            ),
            st.binary(),
        ).map(lambda pair: f"# coding: {pair[0]}\n".encode() + pair[1])
        | st.recursive(
            st.none() | st.integers() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["cells", "worksheets", "metadata", "source", "cell_type"]), inner)
            ),
        ).map(lambda value: json.dumps(value).encode()),
    )
    @example("a.py", b"# coding: utf-7\n+AAA-")
    @settings(max_examples=500, deadline=None)
    def test_any_bytes_are_read_or_refused(self, path, data):
        source = outcome(path, data)
        if isinstance(source, SourceError):
            assert source.row >= 1
            assert source.column >= 1
            return
        for program in source.programs:
            assert program.blocks
            for block in program.blocks:
                assert rows(block.text) == rows(block.original)

    @given(st.text().filter(lambda text: "\0" not in text), st.booleans())
    @settings(deadline=None)
    def test_utf8_comes_back_byte_by_byte(self, text, bom):
        data = (b"\xef\xbb\xbf" if bom else b"") + text.removeprefix("\ufeff").encode()
        source = outcome("a.py", data)
        assert isinstance(source, SourceError) or encode(source, source.text) == data


def test_the_hot_path_imports_nothing_heavy():
    code = (
        "import sys; from bslint.source import read; read('a.py', b'import tensorflow'); "
        "print([name for name in ('json', 'libcst') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
