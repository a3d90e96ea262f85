"""The command line: options and commands. What they do is elsewhere, and imported when it is needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bslint import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

_Command = TypeVar("_Command", bound="Callable[..., Any]")

_FORMATS = ("full", "concise", "json", "json-lines", "github", "gitlab", "junit", "sarif", "rdjson")
_SEVERITIES = ("error", "warning", "info")
_COLORS = click.Choice(("auto", "always", "never"))


def invoke(arguments: list[str] | None = None) -> int:
    """Runs the command line and returns the exit status.

    Raises:
        KeyboardInterrupt: the person pressed Ctrl-C.
    """
    try:
        return int(cli.main(arguments, prog_name="bslint", standalone_mode=False) or 0)
    except click.exceptions.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        error.show()
        return error.exit_code


def _codes(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> list[str] | None:
    """The items of comma lists; None where the option was not given."""
    items = [item.strip() for each in given for item in each.split(",")]
    return [item for item in items if item] if given else None


def _selectors(name: str, explanation: str) -> Callable[[_Command], _Command]:
    return click.option(name, multiple=True, metavar="CODES", callback=_codes, help=explanation)


_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="bslint %(version)s")
def cli() -> None:
    """Find what will go wrong with batch sizes, input pipelines and training loops in TensorFlow/Keras code."""


def _linting(command: _Command) -> _Command:
    """The options of every command that lints."""
    options = (
        click.argument("paths", nargs=-1),
        _selectors("--select", "Rules to run instead of the default ones: codes, prefixes, names or ALL."),
        _selectors("--extend-select", "Rules to run beside the selected ones."),
        _selectors("--ignore", "Rules not to run."),
        click.option("--output-format", type=click.Choice(_FORMATS), help="Default: full on a terminal, else concise."),
        click.option("--output-file", "-o", type=_FILE, help="Write the findings here instead of to standard output."),
        click.option("--config", type=_FILE, help="Configuration for all files: a bslint.toml or pyproject.toml."),
        click.option("--isolated", is_flag=True, help="Use no configuration file."),
        click.option("--baseline", type=_FILE, help="Report only findings that are not in this file."),
        click.option("--ignore-suppressions", is_flag=True, help="Report what comments silence, too."),
        click.option(
            "--fail-on", type=click.Choice(_SEVERITIES), default="info", help="Mildest severity that exits with 1."
        ),
        click.option("--exit-zero", "-e", is_flag=True, help="Exit with 0 even if there are findings."),
        click.option("--force-exclude", is_flag=True, help="Apply excludes to files that are named explicitly, too."),
        click.option(
            "--jobs", "-j", type=click.IntRange(min=1), help="Most processes to use. Default: one per processor."
        ),
        click.option("--no-cache", is_flag=True, help="Neither use nor keep results of earlier runs."),
        click.option(
            "--cache-dir", type=_FOLDER, help="Folder for results. Default: .bslint_cache beside the configuration."
        ),
        click.option("--quiet", "-q", is_flag=True, help="Print findings and errors only."),
        click.option("--verbose", "-v", is_flag=True, help="Say what is done."),
        click.option("--color", type=_COLORS, default="auto", help="Colors on standard output."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@cli.command()
@_linting
@click.option("--fix/--no-fix", help="Repair what can be repaired safely.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff: include repairs that may change results.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option("--device", metavar="NAME", help="Accelerator the training is meant for: T4, A100-40GB, 16GiB.")
@click.option("--stdin-filename", metavar="FILE", help="Name of the file that standard input is the content of.")
@click.option("--write-baseline", type=_FILE, help="Accept today's findings: write them to this file.")
@click.option("--add-ignores", is_flag=True, help="Write a comment into the code that silences each finding.")
@click.option("--exit-non-zero-on-fix", is_flag=True, help="Exit with 1 if something was repaired.")
@click.option("--statistics", is_flag=True, help="Show how often each rule fires instead of the findings.")
@click.option("--show-files", is_flag=True, help="List the files that would be linted.")
@click.option("--show-settings", is_flag=True, help="Show the settings that would be used.")
@click.option(
    "--verify", "proves", is_flag=True, help="Run the user's code to prove findings, as `bslint verify` does."
)
@click.pass_context
def check(context: click.Context, /, proves: bool, **options: Any) -> None:
    """Lint files and folders; `-` is standard input. Default: the working folder.

    Exit status: 0 nothing found, 1 findings, 2 the run itself failed.
    """
    from bslint.checking import check as run
    from bslint.request import Proof, Request

    context.exit(run(Request(**options, proof=Proof() if proves else None)))


@cli.command()
@_linting
@click.option("--device", default="auto", metavar="NAME", help="Where proofs run: cpu or gpu:0. Default: a GPU if any.")
@click.option("--memory", metavar="SIZE", help="Memory that the device is to have: 8GiB. Default: what it has.")
@click.option("--timeout", type=click.FloatRange(min=1), default=120.0, help="Seconds for each part.")
@click.option(
    "--python", type=click.Path(exists=True, dir_okay=False), help="Interpreter of the project's environment."
)
@click.option("--steps", type=click.IntRange(min=2), default=3, help="Training steps of a trial.")
@click.option("--show-recipe", is_flag=True, help="Print the programs that would be run, and run nothing.")
@click.pass_context
def verify(context: click.Context, /, **options: Any) -> None:
    """Lint, then prove: build the flagged models in a child process, take trial steps, replay windows.

    This runs the linted code. It needs the extra `verify` (TensorFlow, psutil). Exit status: 1 if findings are left
    that no proof refuted.
    """
    from bslint.checking import check as run
    from bslint.request import Proof, Request

    proof = Proof(**{name: options.pop(name) for name in Proof.__struct_fields__})
    context.exit(run(Request(**options, proof=proof)))


@cli.command()
@click.argument("paths", nargs=-1)
@click.option("--device", metavar="NAME", help="Accelerator the training is meant for: T4, A100-40GB, 16GiB.")
@click.option(
    "--batch-size", type=click.IntRange(min=1), multiple=True, metavar="N", help="Instead of the one in the program."
)
@click.option("--output-format", type=click.Choice(("text", "json")), default="text")
@click.option("--html", type=_FILE, help="Write a page with plots, too.")
@click.option("--trace", is_flag=True, help="Build the models and trace their steps, too: runs the user's code.")
@click.option("--config", type=_FILE, help="Configuration for all files: a bslint.toml or pyproject.toml.")
@click.option("--isolated", is_flag=True, help="Use no configuration file.")
@click.option("--color", type=_COLORS, default="auto", help="Colors on standard output.")
@click.pass_context
def memory(context: click.Context, /, **options: Any) -> None:
    """Show what each training in files and folders needs: memory by part, layer and batch size.

    Nothing is run without `--trace`, which needs the extra `verify`. Exit status: 2 if the run itself failed.
    """
    from bslint.needs import Asked
    from bslint.needs import memory as run

    context.exit(run(Asked(**options)))


@cli.command()
@click.option("--output-format", type=click.Choice(("text", "json", "markdown")), default="text")
@click.pass_context
def rules(context: click.Context, output_format: Any) -> None:
    """List all rules."""
    from bslint.catalogue import catalogue
    from bslint.terminal import out

    out(catalogue(output_format))
    context.exit(0)


@cli.command()
@click.argument("rule", metavar="CODE-OR-NAME")
@click.option("--color", type=_COLORS, default="auto", help="Colors on standard output.")
@click.pass_context
def explain(context: click.Context, rule: str, color: Any) -> None:
    """Show the page of a rule."""
    from bslint import catalogue
    from bslint.terminal import err, has_color, out

    found = catalogue.find(rule)
    if found is None:
        near = catalogue.nearest(rule)
        err(f"error: there is no rule `{rule}`" + (f"; did you mean `{near}`?" if near else ""))
        context.exit(2)
    out(catalogue.show(catalogue.page(found), has_color(color)))
    context.exit(0)


@cli.command()
@click.argument("paths", nargs=-1, type=_FOLDER)
@click.option("--cache-dir", type=_FOLDER, help="The folder that was given to `check`.")
@click.option("--quiet", "-q", is_flag=True, help="Don't say what is removed.")
@click.pass_context
def clean(context: click.Context, paths: tuple[Path, ...], cache_dir: Path | None, quiet: bool) -> None:
    """Remove the results that earlier runs have left in and below folders. Default: the working folder."""
    from bslint.cache import clean as remove
    from bslint.cache import folders
    from bslint.terminal import err

    try:
        for path in paths or (Path(),):
            for folder in [cache_dir] if cache_dir is not None else folders(path):
                for removed in remove(folder):
                    if not quiet:
                        err(f"Removed {removed}.")
    except OSError as error:
        err(f"error: {error.filename} can't be removed: {error.strerror}")
        context.exit(2)
    context.exit(0)
