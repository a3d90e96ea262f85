"""Python's own parser, as a gate: it is fast and says where a syntax error is."""

from __future__ import annotations

# `ast.PyCF_ONLY_AST` without importing ast.
_ONLY_AST = 0x400


def parse_only(text: str) -> SyntaxError | None:
    """The syntax error of a text, None when it parses.

    A text that is nested too deeply for Python's parser, or holds a null character, counts as an error at its start.
    """
    try:
        compile(text, "<source>", "exec", _ONLY_AST, dont_inherit=True)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError) as error:
        return SyntaxError(str(error) or "nested too deeply", ("<source>", 1, 1, None))
    return None
