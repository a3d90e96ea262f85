"""Write the pages of the rules in `docs/rules`, and the table of rules and the examples in the README.

They are made from the rules' docstrings and examples; `--check` changes nothing and fails where they are stale.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bslint.registry import rules
from tests.rules.examples import judged, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bslint.rule import Rule

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PAGES = ROOT / "docs" / "rules"
EXAMPLE = ("check", "--isolated", "--output-format", "full", "fixtures/multiworker_input_fn.py")
ACCOUNT = ("memory", "--isolated", "--device", "T4", "fixtures/flower_resnet.py")
LARGER = ("A100-40GB", "A100-80GB")


def own_rules() -> Iterator[Rule]:
    """The rules of this repository; rule packs that happen to be installed bring their own pages."""
    return (rule for rule in rules().values() if rule.module.startswith("bslint.rules."))


def fixes(rule: Rule) -> str:
    """How safe the rule's fixes are, as its own examples show it; empty when it has none."""
    bad: Mapping[str, str] = sys.modules[rule.module].BAD
    found = {one.fix.applicability for text in bad.values() for one in judged(parse(text)[0], rule.code) if one.fix}
    return " or ".join(sorted(found))


def page(rule: Rule) -> str:
    """The page of a rule, in Markdown."""
    source = "/".join(rule.module.split(".")[1:]) + ".py"
    repair = fixes(rule)
    facts = [
        f"**{rule.severity}**",
        "off by default: select it with `--extend-select`" if rule.severity == "info" else "on by default",
        f"fix: {repair}" if repair else "no automatic fix",
    ]
    return (
        f"<!-- Made by `python -m tools.docs` from {source}. -->\n\n"
        f"# {rule.name} ({rule.code})\n\n"
        f"{' · '.join(facts)}\n\n"
        f"{rule.doc}\n"
    )


def table() -> str:
    """The table of all rules, in Markdown."""
    rows = [
        [f"[{rule.code}](docs/rules/{rule.name}.md)", rule.name, rule.severity, rule.summary, fixes(rule) or "–"]
        for rule in own_rules()
    ]
    lines = [["code", "name", "severity", "finds", "fix"], ["---"] * 5, *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def example(command: tuple[str, ...], status: int) -> str:
    """A run over a fixture with what it prints, in Markdown.

    Raises:
        RuntimeError: the run did not end as it should.
    """
    run = [sys.executable, "-m", "bslint", *command]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    if done.returncode != status or done.stderr:
        raise RuntimeError(f"`bslint {' '.join(command)}` exited with {done.returncode}:\n{done.stderr}")
    shown = " ".join(word for word in command if word not in {"--isolated", "--output-format", "full"})
    return f"```console\n$ bslint {shown}\n{done.stdout}```\n"


def account() -> str:
    """The account of a training's memory, and in a sentence what larger devices would do."""
    shown = example(ACCOUNT, 0)
    verdicts = []
    for device in LARGER:
        run = [sys.executable, "-m", "bslint", *(device if word == "T4" else word for word in ACCOUNT)]
        done = subprocess.run(run, cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
        total = next(line for line in done.stdout.splitlines() if line.startswith("  total"))
        verdicts.append(f"`--device {device}`: {total.split('GiB  ', 1)[1]}")
    return shown + "\n" + ". ".join(verdicts) + ".\n"


def filled(readme: str, **sections: str) -> str:
    """The README with its generated sections as they should be.

    Raises:
        ValueError: the markers of a section are not there.
    """
    for name, text in sections.items():
        begin, end = markers(name)
        head, found, rest = readme.partition(begin)
        _, closed, tail = rest.partition(end)
        if not (found and closed):
            raise ValueError(f"README.md lacks the lines {begin.strip()!r} and {end.strip()!r}")
        readme = f"{head}{begin}\n{text}\n{end}{tail}"
    return readme


def markers(name: str) -> tuple[str, str]:
    """The lines between which a generated section stands."""
    return f"<!-- {name}: made by `python -m tools.docs` -->\n", f"<!-- end of {name} -->\n"


def wanted() -> dict[Path, str]:
    """Every generated file and what should be in it."""
    pages = {PAGES / f"{rule.name}.md": page(rule) for rule in own_rules()}
    sections = {"example": example(EXAMPLE, 1), "account": account(), "rules": table()}
    return {README: filled(README.read_text("utf-8"), **sections), **pages}


def stale(files: Mapping[Path, str]) -> list[Path]:
    """The files that are not as they should be, and pages of rules that are gone."""
    changed = [path for path, text in files.items() if not path.exists() or path.read_text("utf-8") != text]
    return changed + sorted(set(PAGES.glob("*.md")) - files.keys())


@click.command(help=__doc__)
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 where something is stale.")
def main(check: bool) -> None:
    """Make the documentation, or check that it is fresh."""
    files = wanted()
    found = stale(files)
    for path in found:
        click.echo(f"{'stale' if check else 'written' if path in files else 'removed'}: {path.relative_to(ROOT)}")
    if check and found:
        click.echo("run `python -m tools.docs`", err=True)
        sys.exit(1)
    for path in found if not check else ():
        if path in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[path], "utf-8", newline="\n")
        else:
            path.unlink()


if __name__ == "__main__":
    main()
