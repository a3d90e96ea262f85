"""The command line of a recipe: every option has its default, and says so where it has none. Runs in the child."""

from __future__ import annotations

import argparse
import sys
from typing import Any, NoReturn


class NoDefaultError(Exception):
    """The program needs an option that has no default."""


def use_defaults(*, words: bool) -> None:
    """Let `argparse` and `absl` give every option its default.

    Args:
        words: whether a required option of text (a path, as a rule) gets some word.
    """
    sys.argv = ["recipe.py"]
    parse = argparse.ArgumentParser.parse_known_args

    def parse_known_args(self: Any, *given: Any, **named: Any) -> Any:
        for action in self._actions if words else ():
            required = action.required and action.nargs is None and action.default is None
            if required and action.type in {None, str} and action.choices is None:
                action.required, action.default = False, "bslint"
                action.nargs = None if action.option_strings else "?"
        return parse(self, *given, **named)

    def error(_: Any, message: str) -> NoReturn:
        raise NoDefaultError(f"the program has to be told something on its command line: {message}")

    argparse.ArgumentParser.parse_known_args = parse_known_args  # type: ignore[method-assign]
    argparse.ArgumentParser.error = error  # type: ignore[method-assign, assignment]
    try:
        from absl import flags
    except ImportError:
        return
    flags.FLAGS.mark_as_parsed()
