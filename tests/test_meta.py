"""Registry, pages, README, changelog, claims and packaging tell the same story; the tools that keep it so work."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator

from bslint.cli import cli
from bslint.config import Resolver
from bslint.registry import rules
from bslint.rule import DOCUMENTATION
from tools import docs, new_rule

ROOT = Path(__file__).resolve().parents[1]
RULES = list(docs.own_rules())
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
NOT_A_CLAIM = {"BS002"}  # says nothing about TensorFlow

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


def read(name):
    return (ROOT / name).read_text("utf-8")


class TestRules:
    def test_every_module_is_a_rule(self):
        modules = {path.relative_to(ROOT / "rules") for path in (ROOT / "rules").rglob("*.py")}
        registered = {Path(*rule.module.split(".")[2:]).with_suffix(".py") for rule in RULES}
        assert {path for path in modules if path.name != "__init__.py"} == registered

    @each_rule
    def test_module_has_its_name_and_size(self, rule):
        file = Path(sys.modules[rule.module].__file__)
        assert file.stem == rule.name.replace("-", "_")
        assert 40 <= len(file.read_text("utf-8").splitlines()) <= 220

    @each_rule
    def test_module_has_examples(self, rule):
        module = sys.modules[rule.module]
        assert module.BAD
        assert module.GOOD
        assert set(getattr(module, "FIXED", {})) <= set(module.BAD)

    @each_rule
    def test_a_fix_is_shown_and_its_safety_explained(self, rule):
        assert bool(docs.fixes(rule)) == hasattr(sys.modules[rule.module], "FIXED") == ("## Fix safety\n" in rule.doc)

    @each_rule
    def test_a_family_has_one_hundred(self, rule):
        family = rule.module.split(".")[2]
        assert {other.code[:3] for other in RULES if other.module.split(".")[2] == family} == {rule.code[:3]}

    @each_rule
    def test_claims_are_tested(self, rule):
        claims = ROOT / "tests" / "claims" / f"test_{rule.code.lower()}.py"
        if rule.code not in NOT_A_CLAIM:
            assert f"{rule.code} {rule.name}" in claims.read_text("utf-8").partition("\n")[0]

    def test_no_claims_without_a_rule(self):
        claims = {path.stem.removeprefix("test_").upper() for path in (ROOT / "tests" / "claims").glob("test_bs*.py")}
        assert claims <= {rule.code for rule in RULES}

    @each_rule
    def test_schema_takes_its_code(self, rule):
        schema = json.loads(read("bslint/report/schema.json"))
        properties = schema["$defs"]["diagnostic"]["properties"]
        for key in ("code", "name", "severity", "url"):
            Draft202012Validator(properties[key]).validate(getattr(rule, key))


class TestDocumentation:
    def test_pages_and_table_are_fresh(self):
        assert docs.stale(docs.wanted()) == []

    def test_table_has_every_rule_in_order(self):
        begin, end = docs.markers("rules")
        table = read("README.md").partition(begin)[2].partition(end)[0]
        cells = [tuple(cell.strip() for cell in row.split("|")[1:4]) for row in table.split("\n") if "](" in row]
        assert cells == [(f"[{one.code}](docs/rules/{one.name}.md)", one.name, one.severity) for one in RULES]

    @each_rule
    def test_page_is_where_the_address_says(self, rule):
        assert rule.url == f"{DOCUMENTATION}/{rule.name}"
        assert (docs.PAGES / f"{rule.name}.md").exists()

    @each_rule
    def test_changelog_names_it(self, rule):
        assert re.search(rf"\b{rule.code}\b.*`{rule.name}`", read("CHANGELOG.md"))

    def test_changelog_has_this_version(self):
        version = msgspec.toml.decode(read("pyproject.toml"))["project"]["version"]
        assert re.search(rf"^## \[{re.escape(version)}\]", read("CHANGELOG.md"), re.MULTILINE)

    @pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
    def test_links_lead_somewhere(self, page):
        targets = re.findall(r"\]\((?!https?:)([^)#]+)", read(page))
        assert [target for target in targets if not (ROOT / target).exists()] == []

    def test_readme_shows_a_valid_configuration(self, tmp_path):
        (shown,) = [
            block
            for block in re.findall(r"```toml\n(.*?)```", read("README.md"), re.DOTALL)
            if "[tool.bslint]" in block
        ]
        (tmp_path / "pyproject.toml").write_text(shown, "utf-8")
        resolver = Resolver(rules().values())
        assert resolver.for_folder(tmp_path).settings.select == ("ALL",)
        assert resolver.warnings == ()

    def test_readme_names_options_that_exist(self):
        named = {
            option for line in re.findall(r".*bslint check.*", read("README.md")) for option in OPTION.findall(line)
        }
        known = {
            option
            for parameter in cli.commands["check"].params
            for option in (*parameter.opts, *parameter.secondary_opts)
        }
        assert named
        assert named <= known

    def test_readme_without_markers_is_refused(self):
        with pytest.raises(ValueError, match="lacks the lines"):
            docs.filled("# bslint\n", rules="")

    def test_stale_pages_are_found(self, tmp_path, monkeypatch):
        monkeypatch.setattr(docs, "PAGES", tmp_path)
        old, fresh, gone = (tmp_path / name for name in ("old.md", "fresh.md", "gone.md"))
        for file in (old, fresh, gone):
            file.write_text("text")
        files = {old: "new text", fresh: "text", tmp_path / "missing.md": "text"}
        assert docs.stale(files) == [old, tmp_path / "missing.md", gone]

    def test_page_says_where_it_comes_from(self):
        text = docs.page(next(rule for rule in RULES if rule.code == "BS213"))
        assert text.startswith(
            "<!-- Made by `python -m tools.docs` from rules/pipeline/discarded_transformation.py. -->"
        )
        assert "# discarded-transformation (BS213)\n\n**error** · on by default · fix: safe\n\n" in text


class TestNewRule:
    @pytest.fixture
    def root(self, tmp_path):
        family = tmp_path / "rules" / "pipeline"
        family.mkdir(parents=True)
        (family / "__init__.py").touch()
        (family / "old.py").write_text('@rule("BS203", "old", "error", literals=[])\n')
        (tmp_path / "CHANGELOG.md").write_text("- BS205 `gone` was removed.\n")
        return tmp_path

    def test_stub_takes_the_next_code_that_was_never_used(self, root):
        file = new_rule.create(root, "pipeline", "cache-after-shuffle", "warning", "Pipeline")
        assert file.name == "cache_after_shuffle.py"
        assert '@rule("BS206", "cache-after-shuffle", "warning"' in file.read_text()
        assert new_rule.next_code(file.parent, new_rule.used_codes(root)) == "BS207"

    def test_stub_keeps_to_the_form(self, root, monkeypatch):
        file = new_rule.create(root, "pipeline", "cache-after-shuffle", "warning", "Pipeline", "BS204")
        monkeypatch.syspath_prepend(file.parent)
        __import__(file.stem)
        made = sys.modules.pop(file.stem).RULE
        assert (made.code, made.name, made.severity) == ("BS204", "cache-after-shuffle", "warning")

    @pytest.mark.parametrize(
        ("family", "name", "code", "message"),
        [
            ("pipelines", "some-rule", None, "no family"),
            ("pipeline", "SomeRule", None, "kebab"),
            ("pipeline", "some-rule", "BS203", "taken"),
            ("pipeline", "some-rule", "B7", "three digits"),
            ("pipeline", "old", None, "exists"),
        ],
    )
    def test_refusals(self, root, family, name, code, message):
        with pytest.raises(ValueError, match=message):
            new_rule.create(root, family, name, "warning", "Pipeline", code)

    def test_a_family_without_rules_needs_a_code(self, root):
        (root / "rules" / "loops").mkdir()
        (root / "rules" / "loops" / "__init__.py").touch()
        with pytest.raises(ValueError, match="--code"):
            new_rule.create(root, "loops", "some-rule", "error", "Loop")


@pytest.mark.parametrize(
    ("required", "shown"),
    [
        ("", "2 skipped"),
        ("microscope", "2 skipped"),
        ("pre-commit, telescope", "1 error"),
        ("keras", "1 failed, 1 skipped"),
    ],
)
def test_required_things_must_not_be_skipped(tmp_path, required, shown):
    (tmp_path / "test_module.py").write_text("import pytest\npytest.skip('no Telescope', allow_module_level=True)\n")
    (tmp_path / "test_function.py").write_text("import pytest\ndef test():\n    pytest.skip('no Keras')\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "-c", os.devnull, tmp_path],
        cwd=ROOT,
        env={**os.environ, "BSLINT_REQUIRE": required, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f" {shown} in " in done.stdout
    assert (done.returncode == 0) == (shown == "2 skipped")
