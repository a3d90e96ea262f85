"""How deeply code is nested, from its text alone.

libcst's native parser recurses into every bracket, operator, link of a chain and part of an implicit concatenation, and
takes the process with it when its stack overflows. MEASURED with libcst 1.9 on a stack of 8 MiB: 1,200 nested calls,
3,500 nested lambdas, 4,000 chained calls, 7,000 operators or 8,700 `elif`s do it. Python's own recursion limit of 1,000
frames stops an analysis written in Python earlier still.
"""

from __future__ import annotations

import re

# MEASURED: in 9,561 files that mention TensorFlow or Keras the deepest expression came to 65, one in a thousand to 35.
LIMIT = 100

_TOKEN = re.compile(
    r"""
    \#[^\r\n]*
    |(?P<string>\"\"\"[^"\\]*(?:(?:\\[\s\S]|"(?!""))[^"\\]*)*\"\"\"
      |'''[^'\\]*(?:(?:\\[\s\S]|'(?!''))[^'\\]*)*'''
      |"(?:[^"\\\r\n]|\\(?:\r\n|[\s\S]))*"?
      |'(?:[^'\\\r\n]|\\(?:\r\n|[\s\S]))*'?)
    |(?P<open>[(\[{])
    |(?P<close>[)\]}])
    |(?P<link>[-+*/%@&|^~<>.]|\b(?:and|or|not|if|for|lambda|await)\b)
    |(?P<end>,|;|(?<!\\)[\r\n])
    """,
    re.VERBOSE,
)
_BRANCH = re.compile(r"^([ \t]*)(if|elif)\b", re.MULTILINE)


def is_deep(text: str) -> bool:
    """Whether `text` may be too much for a parser or an analysis with a stack of the usual size."""
    return depth(text) > LIMIT or (text.count("elif") > LIMIT and _branches(text) > LIMIT)


def _branches(text: str) -> int:
    """How many `elif` the longest chain of them has; each one is nested in the one before."""
    longest = 0
    chains: dict[str, int] = {}
    for indent, word in _BRANCH.findall(text):
        chains[indent] = chains.get(indent, 0) + 1 if word == "elif" else 0
        longest = max(longest, chains[indent])
    return longest


def depth(text: str) -> int:
    """An upper bound, seldom much too high, of how deeply the expressions in `text` are nested."""
    deepest = links = 0
    outer: list[int] = []
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "end":
            # Rows end nothing within brackets.
            if not outer or token[0] == ",":
                links = outer[-1] if outer else 0
        elif kind == "open":
            links += 1
            outer.append(links)
        elif kind == "close":
            if outer:
                links = outer.pop()
        elif kind:
            links += 1
        if links > deepest:
            deepest = links
    return deepest
