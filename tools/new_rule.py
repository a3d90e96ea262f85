"""Make the stub of a new rule: `python -m tools.new_rule pipeline cache-after-shuffle --fact Pipeline`.

FAMILY is a folder of `rules/`, NAME says what is bad, in kebab case. The code is the next free one of the family.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bslint.analysis.facts import FACT_TYPES
from bslint.diagnostic import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parents[1]
_CODE = re.compile(r"\bBS\d{3}\b")
_REGISTERED = re.compile(r'^@rule\(\s*"(BS\d{3})"', re.MULTILINE)
_KEBAB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

_STUB = '''"""TODO: the bad pattern in one sentence.

## What it does
Finds TODO.

## Why is this bad?
TODO: what happens to the run, and on which versions that was seen.

## Example
```python
import tensorflow as tf
```

## Use instead
```python
import tensorflow as tf
```

## References
- [TODO](https://www.tensorflow.org/api_docs/python/tf)
"""

from collections.abc import Iterator

from bslint.analysis.facts import {fact}
from bslint.rule import Context, Finding, rule


@rule("{code}", "{name}", "{severity}", literals=[("TODO",)])
def check(fact: {fact}, context: Context) -> Iterator[Finding]:
    """Judge one fact."""
    yield from ()


GOOD = {{
    "TODO: why this is silent": """
import tensorflow as tf
""",
}}
BAD = {{
    "TODO: what is bad": """
import tensorflow as tf
#      ^^^^^^^^^^
""",
}}
'''


def used_codes(root: Path) -> set[str]:
    """Every code that is taken: those of the rules, and those in the changelog, for codes are never used again."""
    released = set(_CODE.findall((root / "CHANGELOG.md").read_text("utf-8")))
    return released.union(*map(_codes_in, (root / "rules").iterdir()))


def _codes_in(family: Path) -> set[str]:
    return {code for file in family.glob("*.py") for code in _REGISTERED.findall(file.read_text("utf-8"))}


def next_code(family: Path, used: Iterable[str]) -> str:
    """The code after the last one of a family.

    Raises:
        ValueError: the family has no rule that tells its hundred, or no code left.
    """
    prefixes = {code[:3] for code in _codes_in(family)}
    if len(prefixes) != 1:
        raise ValueError(f"the rules in {family} do not tell which hundred is theirs: say --code")
    (prefix,) = prefixes
    last = max(int(code[3:]) for code in used if code.startswith(prefix))
    if last >= 99:
        raise ValueError(f"no code is left in {prefix}")
    return f"{prefix}{last + 1:02}"


def create(root: Path, family: str, name: str, severity: str, fact: str, code: str | None = None) -> Path:
    """Write the stub and return its path.

    Raises:
        ValueError: the family, the name or the code can't be had.
    """
    folder = root / "rules" / family
    if not (folder / "__init__.py").exists():
        raise ValueError(f"no family `{family}`: make rules/{family}/__init__.py and name it in pyproject.toml first")
    if not _KEBAB.fullmatch(name):
        raise ValueError(f"name `{name}` is not in kebab case")
    used = used_codes(root)
    code = code or next_code(folder, used)
    if not _CODE.fullmatch(code) or code in used:
        raise ValueError(f"code {code} is taken, or not BS and three digits")
    file = folder / f"{name.replace('-', '_')}.py"
    if file.exists():
        raise ValueError(f"{file} exists")
    file.write_text(_STUB.format(code=code, name=name, severity=severity, fact=fact), "utf-8", newline="\n")
    return file


@click.command(help=__doc__)
@click.argument("family")
@click.argument("name")
@click.option("--severity", type=click.Choice(SEVERITIES), default="warning", show_default=True)
@click.option("--fact", type=click.Choice([one.__name__ for one in FACT_TYPES]), default="Pipeline", show_default=True)
@click.option("--code", help="Instead of the next free one.")
def main(family: str, name: str, severity: str, fact: str, code: str | None) -> None:
    """Make the stub and say what remains to be done."""
    try:
        file = create(ROOT, family, name, severity, fact, code)
    except ValueError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)
    click.echo(f"wrote {file.relative_to(ROOT)}; still to do: its check, page and examples, a module in tests/claims,")
    click.echo("a line in CHANGELOG.md, and `python -m tools.docs`")


if __name__ == "__main__":
    main()
