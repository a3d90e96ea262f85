"""Configuration: where it is found, what is refused, which rules it selects."""

from __future__ import annotations

import pickle
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bslint.config import (
    DEFAULT_EXCLUDE,
    ConfigError,
    Configuration,
    Resolver,
    Settings,
    matches,
    selected,
    severity_of,
)


@dataclass(frozen=True)
class Rule:
    code: str
    name: str
    severity: str


RULES = (
    Rule("BS101", "large-batch-size", "warning"),
    Rule("BS102", "batch-exceeds-memory", "error"),
    Rule("BS201", "missing-prefetch", "warning"),
    Rule("BS202", "prefetch-not-last", "warning"),
    Rule("BS209", "repeat-before-shuffle", "info"),
    Rule("BS301", "overlapping-window", "error"),
    Rule("XY201", "foreign-rule", "warning"),
)
DEFAULTS = {rule.code for rule in RULES if rule.severity != "info"}
ROOT = Path("/project")
KEYS = [*msgspec.to_builtins(Settings()), "verify", "x"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["BS1", "a", "ALL"]), inner),
    max_leaves=5,
)


@pytest.fixture
def project(tmp_path):
    """Writes files and returns the folder."""

    def write(**files: str) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


def configured(root=ROOT, command_line=None, **settings) -> Configuration:
    return Configuration(msgspec.convert(settings, Settings), root, None, msgspec.convert(command_line or {}, Settings))


def codes(filename="/project/a.py", command_line=None, **settings) -> set[str]:
    return set(selected(configured(ROOT, command_line, **settings), RULES, filename))


def error_of(folder: Path, **options) -> str:
    with pytest.raises(ConfigError) as caught:
        Resolver(RULES, **options).for_folder(folder)
    return str(caught.value)


class TestNoConfiguration:
    @pytest.mark.parametrize(
        "files",
        [
            pytest.param({}, id="no file at all"),
            pytest.param({"pyproject.toml": ""}, id="an empty pyproject"),
            pytest.param({"pyproject.toml": "[tool.ruff]\nselect = ['F']\n"}, id="another tool's table"),
            pytest.param({"pyproject.toml": "[project]\ndependencies = ['bslint']\n"}, id="only a dependency"),
            pytest.param({"pyproject.toml": "[tool]\nbs = 1\n[bslint]\nselect = 1\n"}, id="not below tool"),
            pytest.param({"pyproject.toml": "tool = 'bslint'\n"}, id="tool is no table"),
            pytest.param({"pyproject.toml": "broken ="}, id="a broken file without a word of us"),
            pytest.param({"pyproject.toml/x": "", "bslint.toml/x": ""}, id="folders of these names"),
            pytest.param({"setup.cfg": "[bslint]\nselect = x\n"}, id="setup.cfg is not ours"),
        ],
    )
    def test_defaults(self, project, files, monkeypatch):
        root = project(**files)
        monkeypatch.chdir(root)
        resolver = Resolver(RULES)
        found = resolver.for_file(root / "a.py")

        assert found.settings == Settings()
        assert (found.root, found.file, resolver.warnings) == (root, None, ())

    def test_the_default_settings(self):
        assert msgspec.to_builtins(Settings()) == {
            "select": None,
            "extend-select": (),
            "ignore": (),
            "per-file-ignores": {},
            "include": (),
            "exclude": DEFAULT_EXCLUDE,
            "extend-exclude": (),
            "device": "16GiB",
            "large-batch-size": 256,
            "tiny-batch-size": 8,
            "severity": {},
            "host-memory": "8GiB",
            "target-tensorflow": None,
        }

    def test_isolated_reads_nothing(self, project):
        root = project(**{"bslint.toml": "broken ="})
        found = Resolver(RULES, isolated=True, config=root / "no.toml", overrides={"device": "T4"}).for_folder(root)

        assert found.settings == Settings(device="T4")

    def test_tomllib_is_imported_only_for_a_file_of_ours(self, project, monkeypatch):
        root = project(**{"pyproject.toml": "[tool.ruff]\n"})
        monkeypatch.setitem(sys.modules, "tomllib", None)

        assert Resolver(RULES).for_folder(root).file is None


class TestFound:
    def test_all_settings(self, project):
        root = project(
            **{
                "pyproject.toml": """
                [tool.bslint]
                select = ["BS1", "missing-prefetch"]
                extend-select = ["BS209"]
                ignore = ["BS101"]
                include = ["*.md"]
                exclude = ["a"]
                extend-exclude = ["b"]
                device = "T4"
                large-batch-size = 1
                tiny-batch-size = 4
                host-memory = "64GiB"
                target-tensorflow = "2.15"
                [tool.bslint.per-file-ignores]
                "tests/*" = ["ALL"]
                [tool.bslint.severity]
                BS102 = "info"
                """
            }
        )
        found = Resolver(RULES).for_folder(root)

        assert found.settings == Settings(
            select=("BS1", "missing-prefetch"),
            extend_select=("BS209",),
            ignore=("BS101",),
            per_file_ignores={"tests/*": ("ALL",)},
            include=("*.md",),
            exclude=("a",),
            extend_exclude=("b",),
            device="T4",
            large_batch_size=1,
            tiny_batch_size=4,
            severity={"BS102": "info"},
            host_memory="64GiB",
            target_tensorflow="2.15",
        )
        assert (found.root, found.file, found.warnings) == (root, root / "pyproject.toml", ())

    def test_the_nearest_file_that_has_our_table(self, project):
        root = project(
            **{
                "bslint.toml": "device = 'outer'",
                "a/pyproject.toml": "[tool.bslint]\ndevice = 'a'",
                "a/b/pyproject.toml": "[project]\n",
                "a/c/bslint.toml": "",
                "d/bslint.toml": "device = 'toml'",
                "d/pyproject.toml": "[tool.bslint]\ndevice = 'pyproject'",
            }
        )
        resolver = Resolver(RULES)
        devices = {
            name: resolver.for_file(root / name / "x.py").settings.device
            for name in ["", "a/b/b", "a/c", "d", "no/such"]
        }

        assert devices == {"": "outer", "a/b/b": "a", "a/c": "16GiB", "d": "toml", "no/such": "outer"}

    def test_every_file_is_read_once(self, project, monkeypatch):
        root = project(**{"bslint.toml": "ignore = ['BS999']"})
        resolver = Resolver(RULES)
        first = resolver.for_folder(root / "a")
        monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"read {path}"))

        assert resolver.for_folder(root) is first
        assert resolver.for_folder(root / "a") is first

    def test_relative_and_dotted_paths(self, project, monkeypatch):
        root = project(**{"a/bslint.toml": "device = 'a'", "bslint.toml": "device = 'root'"})
        monkeypatch.chdir(root)
        resolver = Resolver(RULES)

        assert resolver.for_file(Path("x.py")).settings.device == "root"
        assert resolver.for_file(Path("a/../x.py")).settings.device == "root"
        assert resolver.for_file(Path("a/x.py")).root == root / "a"

    def test_a_byte_order_mark_and_crlf(self, tmp_path):
        (tmp_path / "bslint.toml").write_bytes(b"\xef\xbb\xbfdevice = 'T4'\r\n")

        assert Resolver(RULES).for_folder(tmp_path).settings.device == "T4"

    @pytest.mark.parametrize("name", ["x/pyproject.toml", "x/bslint.toml", "x/other.toml"])
    def test_config_option(self, project, name):
        table = "[tool.bslint]\n" if "pyproject" in name else ""
        root = project(**{"bslint.toml": "broken =", name: f"{table}device = 'T4'"})
        found = Resolver(RULES, config=root / name).for_folder(root)

        assert (found.settings.device, found.root, found.file) == ("T4", root / "x", root / name)

    def test_the_command_line_is_put_over_the_file(self, project):
        root = project(**{"bslint.toml": "device = 'T4'\nlarge-batch-size = 9\nselect = ['BS1']"})
        overrides = {"device": "A100", "extend-exclude": ["x"], "select": ["BS2"], "ignore": None}
        found = Resolver(RULES, overrides=overrides).for_folder(root)

        assert found.settings == Settings(device="A100", extend_exclude=("x",), large_batch_size=9, select=("BS1",))
        assert found.command_line == Settings(device="A100", extend_exclude=("x",), select=("BS2",))

    def test_configurations_go_to_worker_processes(self, project):
        root = project(**{"bslint.toml": "ignore = ['BS1']"})
        found = Resolver(RULES).for_folder(root)
        copy = pickle.loads(pickle.dumps(found))

        assert (copy.settings, copy.root, copy.file) == (found.settings, found.root, found.file)
        assert selected(copy, RULES, root / "a.py") == selected(found, RULES, root / "a.py")


class TestWarnings:
    @pytest.mark.parametrize(
        ("text", "place"),
        [
            ("ignore = [\n  'BS1',\n  'BS999',\n]", "bslint.toml:3: `ignore`: unknown rule `BS999`"),
            (
                "[per-file-ignores]\n'*.py' = ['ALL']\n'x' = ['BS9']",
                "bslint.toml:3: `per-file-ignores.x`: unknown rule",
            ),
            ("device = 'T4'\nseverity = {BS999 = 'info'}", "bslint.toml:2: `severity.BS999`: unknown rule `BS999`"),
        ],
    )
    def test_unknown_rules_where_they_do_no_harm(self, project, text, place):
        root = project(**{"bslint.toml": text})
        resolver = Resolver(RULES)
        found = resolver.for_folder(root)

        assert len(found.warnings) == 1
        assert place in found.warnings[0]
        assert resolver.warnings == found.warnings

    def test_each_once_with_those_of_the_command_line(self, project):
        root = project(**{"bslint.toml": "ignore = ['missing_prefetch']"})
        resolver = Resolver(RULES, overrides={"ignore": ["E501"]})
        resolver.for_folder(root / "a")
        resolver.for_folder(root / "b")

        assert resolver.warnings == (
            "`--ignore`: unknown rule `E501`",
            f"{root}/bslint.toml:1: `ignore`: unknown rule `missing_prefetch`; did you mean `missing-prefetch`?",
        )

    def test_those_of_the_one_file(self, project):
        root = project(**{"x.toml": "ignore = ['E501']"})

        assert len(Resolver(RULES, config=root / "x.toml").warnings) == 1


class TestErrors:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            pytest.param("device = 'T4'\nselct = []", "2: `selct`: unknown key; did you mean `select`?", id="near key"),
            pytest.param(
                "extend_select = []", "1: `extend_select`: unknown key; did you mean `extend-select`?", id="dash"
            ),
            pytest.param("zzz = 1", "1: `zzz`: unknown key; the keys are select, extend-select,", id="no near key"),
            pytest.param("\n'selct' = 1", "2: `selct`: unknown key", id="quoted key"),
            pytest.param(
                "[severities]\nBS1 = 'info'", "1: `severities`: unknown key; did you mean `severity`?", id="table"
            ),
            pytest.param("verify = true", "1: `verify`: proofs run your code, so only the command line", id="verify"),
            pytest.param("[verify]\ntimeout = 1", "1: `verify`: proofs run your code", id="verify table"),
            pytest.param("# select\nselect = 'BS1'", "2: `select`: expected `array`, got `str`", id="no array"),
            pytest.param("ignore = [\n'BS1', 2]", "1: `ignore`: item 2: expected `str`, got `int`", id="wrong item"),
            pytest.param("device = 16", "1: `device`: expected `str`, got `int`", id="no string"),
            pytest.param("large-batch-size = '256'", "expected `int`, got `str`", id="number as text"),
            pytest.param("large-batch-size = true", "expected `int`, got `bool`", id="bool is no number"),
            pytest.param("large-batch-size = 1.5", "expected `int`, got `float`", id="float"),
            pytest.param("large-batch-size = 0", "`large-batch-size`: expected `int` >= 1", id="too small"),
            pytest.param("tiny-batch-size = -1", "`tiny-batch-size`: expected `int` >= 1", id="negative"),
            pytest.param("target-tensorflow = 2.1", "expected `str`, got `float`", id="optional string"),
            pytest.param(
                "per-file-ignores = ['x']", "1: `per-file-ignores`: expected `object`, got `array`", id="no table"
            ),
            pytest.param(
                "[per-file-ignores]\n'a' = ['ALL']\n'b' = 'ALL'",
                "3: `per-file-ignores.b`: expected `array`, got `str`",
                id="wrong value in a table",
            ),
            pytest.param(
                "[severity]\nBS101 = 'info'\nBS102 = 'fatal'",
                "3: `severity.BS102`: expected one of error, warning, info, got 'fatal'",
                id="no severity",
            ),
            pytest.param("select = ['BS1',\n 'BS21']", "2: `select`: unknown rule `BS21`", id="unknown prefix"),
            pytest.param("select = ['bs201']", "unknown rule `bs201`; did you mean `BS201`?", id="lower case"),
            pytest.param("select = ['B']", "1: `select`: unknown rule `B`", id="half a prefix"),
            pytest.param("select = ['']", "1: `select`: unknown rule ``", id="empty"),
            pytest.param(
                "extend-select = ['missing-prefech']",
                "1: `extend-select`: unknown rule `missing-prefech`; did you mean `missing-prefetch`?",
                id="near name",
            ),
            pytest.param("device = 'a'\ndevice = 'b'", "2: not valid TOML: Cannot overwrite a value", id="twice"),
            pytest.param("device = 'a'\n\nselect = [\n", "3: not valid TOML: ", id="unfinished"),
        ],
    )
    def test_name_key_file_and_line(self, project, text, message):
        root = project(**{"bslint.toml": text})

        assert f"{root}/bslint.toml:" in error_of(root)
        assert message in error_of(root)

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            pytest.param("[tool.bslint]\nx = 1", 2, id="plain"),
            pytest.param("[tool.x]\nx = 2\n[tool.bslint]\n# x\nx = 1", 5, id="same key in another table and comment"),
            pytest.param("tool.bslint.x = 1", 1, id="dotted"),
            pytest.param("[tool]\nbslint = {device = 'a', x = 1}", 2, id="inline"),
            pytest.param("[tool.bslint]\nignore = [\n 'x',\n]\nx = 1", 5, id="same text in an array"),
            pytest.param("[tool.y]\nz = '''\n[tool.bslint]\nx = 1\n'''\n[tool.bslint]\nx = 1", 7, id="in a string"),
            pytest.param('[tool.bslint]\n\n"\\u0078" = 1', 1, id="an escaped key: the table at least"),
            pytest.param("[tool.bslint.x]\ny = 1", 1, id="table"),
        ],
    )
    def test_lines_in_pyproject(self, project, text, line):
        root = project(**{"pyproject.toml": text})

        assert f"{root}/pyproject.toml:{line}: `x`: unknown key" in error_of(root)

    def test_a_table_that_is_none(self, project):
        root = project(**{"pyproject.toml": "[tool]\nbslint = 1"})

        assert error_of(root) == f"{root}/pyproject.toml:2: `tool.bslint`: expected a table"

    def test_undecodable(self, tmp_path):
        (tmp_path / "bslint.toml").write_bytes(b"# a\n# \xff")

        assert "bslint.toml:2: not valid TOML: " in error_of(tmp_path)

    def test_nested_too_deep(self, project):
        root = project(**{"bslint.toml": "select = " + "[" * 100_000})

        assert "bslint.toml:1: not valid TOML: " in error_of(root)

    def test_unreadable(self, project, monkeypatch):
        root = project(**{"bslint.toml": ""})

        def refuse(_):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "read_bytes", refuse)
        assert error_of(root) == f"{root}/bslint.toml: can't be read: Permission denied"

    def test_config_option(self, project):
        root = project(**{"pyproject.toml": "[tool.bslnt]"})

        assert error_of(root, config=root / "no.toml") == f"{root}/no.toml: no such file"
        assert error_of(root, config=root / "pyproject.toml") == f"{root}/pyproject.toml: it has no table [tool.bslint]"

    @pytest.mark.parametrize(
        ("overrides", "message"),
        [
            ({"select": ["BS999"]}, "`--select`: unknown rule `BS999`"),
            ({"extend-select": ["ALL", "x"]}, "`--extend-select`: unknown rule `x`"),
            ({"device": 3}, "`--device`: expected `str`, got `int`"),
        ],
    )
    def test_of_the_command_line(self, tmp_path, overrides, message):
        assert error_of(tmp_path, overrides=overrides).startswith(message)

    @given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3))
    @settings(max_examples=300, deadline=None)
    def test_any_value_is_taken_or_refused(self, overrides):
        try:
            Resolver(RULES, overrides=overrides)
        except ConfigError as error:
            message = str(error)
        else:
            message = "`--"
        assert message.startswith("`--")

    @given(st.binary() | st.text().map(str.encode) | st.sampled_from(KEYS).map('{} = ["x"]\n'.format).map(str.encode))
    @settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_any_file_is_taken_or_refused(self, tmp_path, data):
        (tmp_path / "bslint.toml").write_bytes(data)
        try:
            Resolver(RULES).for_folder(tmp_path)
        except ConfigError as error:
            message = str(error)
        else:
            message = f"{tmp_path}/bslint.toml:"
        assert message.startswith(f"{tmp_path}/bslint.toml:")

    def test_of_values_that_others_judge(self, project):
        root = project(**{"bslint.toml": "\ndevice = 'T5'\n"})
        found = Resolver(RULES).for_folder(root)
        overridden = Resolver(RULES, overrides={"device": "T6"}).for_folder(root)

        assert str(found.error("device", "no such device")) == f"{root}/bslint.toml:2: `device`: no such device"
        assert str(overridden.error("device", "no such device")) == "`--device`: no such device"
        assert str(configured().error("host-memory", "too small")) == "`--host-memory`: too small"


class TestSelected:
    def test_by_default_what_errs_and_warns(self):
        assert codes() == DEFAULTS

    @pytest.mark.parametrize(
        ("settings", "expected"),
        [
            ({"select": []}, set()),
            ({"select": ["ALL"]}, {rule.code for rule in RULES}),
            ({"select": ["BS"]}, {rule.code for rule in RULES} - {"XY201"}),
            ({"select": ["BS2"]}, {"BS201", "BS202", "BS209"}),
            ({"select": ["BS20"]}, {"BS201", "BS202", "BS209"}),
            ({"select": ["BS201", "overlapping-window"]}, {"BS201", "BS301"}),
            ({"extend-select": ["BS209"]}, DEFAULTS | {"BS209"}),
            ({"extend-select": ["ALL"]}, {rule.code for rule in RULES}),
            ({"ignore": ["BS2", "XY"]}, {"BS101", "BS102", "BS301"}),
            ({"ignore": ["missing-prefetch"]}, DEFAULTS - {"BS201"}),
            ({"ignore": ["ALL"]}, set()),
            ({"ignore": ["E501", "B", "BS2011", "Missing-prefetch"]}, DEFAULTS),
            ({"select": ["ALL"], "ignore": ["BS", "XY2"]}, set()),
            ({"select": ["BS201"], "ignore": ["BS2"]}, {"BS201"}),
            ({"select": ["BS2"], "ignore": ["BS201"]}, {"BS202", "BS209"}),
            ({"select": ["BS2"], "ignore": ["BS2"]}, set()),
            ({"select": ["missing-prefetch"], "ignore": ["BS201"]}, set()),
            ({"select": ["BS20"], "ignore": ["BS2"]}, {"BS201", "BS202", "BS209"}),
            ({"ignore": ["ALL"], "extend-select": ["BS1"]}, {"BS101", "BS102"}),
            ({"select": ["BS1"], "extend-select": ["BS301"], "ignore": ["BS101"]}, {"BS102", "BS301"}),
        ],
    )
    def test_selectors(self, settings, expected):
        assert codes(**settings) == expected

    @pytest.mark.parametrize(
        ("settings", "command_line", "expected"),
        [
            ({"ignore": ["BS201"]}, {"select": ["BS2"]}, {"BS201", "BS202", "BS209"}),
            ({"select": ["BS201"]}, {"select": ["BS1"]}, {"BS101", "BS102"}),
            ({"select": ["BS201"]}, {"ignore": ["ALL"]}, set()),
            ({"select": ["BS1"]}, {"extend-select": ["BS201"]}, {"BS101", "BS102", "BS201"}),
            ({"select": ["BS1"]}, {"ignore": ["BS101"]}, {"BS102"}),
            ({"ignore": ["BS1"]}, {"extend-select": ["BS1"]}, DEFAULTS),
            ({"select": ["BS1"]}, {"device": "T4"}, {"BS101", "BS102"}),
        ],
    )
    def test_the_command_line_comes_after_the_file(self, settings, command_line, expected):
        assert codes(command_line=command_line, **settings) == expected

    @pytest.mark.parametrize(
        ("pattern", "filename", "ignored"),
        [
            ("a.py", "/project/x/a.py", True),
            ("a.py", "/project/b.py", False),
            ("a.py", "/elsewhere/a.py", True),
            ("x/a.py", "/project/x/a.py", True),
            ("x/a.py", "/project/y/x/a.py", False),
            ("tests/*", "/project/tests/deep/er.py", True),
            ("tests", "/project/tests/a.py", False),
            ("**/x/*.py", "/project/x/a.py", True),
            ("/project/x/*", "/project/x/a.py", True),
            ("/elsewhere/*", "/elsewhere/a.py", True),
            ("*.{md,ipynb}", "/project/x/a.ipynb", True),
            ("!src/*", "/project/src/a.py", False),
            ("!src/*", "/project/a.py", True),
        ],
    )
    def test_per_file_ignores(self, pattern, filename, ignored):
        found = codes(filename, **{"per-file-ignores": {pattern: ["BS2"], "never": ["ALL"]}})

        assert found == (DEFAULTS - {"BS201", "BS202"} if ignored else DEFAULTS)

    def test_per_file_ignores_are_stronger_than_any_selection(self):
        settings = {"select": ["BS201"], "per-file-ignores": {"*.py": ["BS2"]}}

        assert codes(command_line={"select": ["missing-prefetch"]}, **settings) == set()

    def test_paths_and_texts_alike(self):
        configuration = configured(**{"per-file-ignores": {"x/*": ["ALL"]}})

        assert selected(configuration, list(RULES), Path("/project/x/a.py")) == frozenset()
        assert selected(configuration, list(RULES), "/project/a.py") == DEFAULTS


class TestSeverity:
    @pytest.mark.parametrize(
        ("severity", "expected"),
        [
            ({}, "warning"),
            ({"BS202": "error"}, "warning"),
            ({"BS201": "error"}, "error"),
            ({"missing-prefetch": "info"}, "info"),
            ({"BS2": "error", "ALL": "info"}, "error"),
            ({"BS201": "error", "BS20": "info"}, "error"),
        ],
    )
    def test_the_most_specific_key_decides(self, severity, expected):
        assert severity_of(configured(severity=severity), RULES[2]) == expected

    def test_info_is_off_by_default(self):
        assert codes(severity={"BS201": "info"}) == DEFAULTS - {"BS201"}
        assert codes(severity={"BS209": "warning"}) == DEFAULTS | {"BS209"}
        assert codes(severity={"BS201": "info"}, select=["BS201"]) == {"BS201"}


class TestMatches:
    def test_no_patterns_match_nothing(self):
        assert not matches((), "/project/a.py", ROOT)

    @pytest.mark.parametrize(
        ("pattern", "path"),
        [
            ("", "/project/a.py"),
            ("[", "/project/a.py"),
            ("a", "/project/a.py"),
            ("*.py", "/project/a.pyc"),
            ("A.py", "/project/a.py"),
            ("*/a.py", "/project/a.py"),
            ("{x,y}.py", "/project/a.py"),
            ("project/*", "/project/a.py"),
        ],
    )
    def test_silent(self, pattern, path):
        assert not matches((pattern,), path, ROOT)

    @pytest.mark.parametrize(
        ("pattern", "path"),
        [
            ("a/**/b/**/c.py", "/project/a/b/c.py"),
            ("a/**/b/**/c.py", "/project/a/x/b/c.py"),
            ("a/**/b/**/c.py", "/project/a/b/x/y/c.py"),
            ("{a,b/{c,d}}/x.py", "/project/b/d/x.py"),
            ("a?[0-9].py", "/project/ab1.py"),
            ("[!b].py", "/project/x/a.py"),
            ("a/**", "/project/a/b/c"),
        ],
    )
    def test_matching(self, pattern, path):
        assert matches((pattern,), path, ROOT)

    def test_the_root_of_the_file_system(self):
        assert matches(("a/*.py",), "/a/b.py", Path("/"))

    def test_a_root_with_the_characters_of_globs(self):
        assert matches(("a/*.py",), "/x[1]*/a/b.py", Path("/x[1]*"))
