"""The fingerprint with which GitHub follows an alert from commit to commit.

The upload action computes it from the checked-out source and warns about one that differs, the REST interface takes
what it is given: so this is the action's own hash, of the 100 characters (blanks left out) from the row's beginning on.
"""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from functools import lru_cache

_BLOCK = 100
_FACTOR = 37
_MASK = (1 << 64) - 1
_END = 0xFFFF


@lru_cache(maxsize=8)
def line_hashes(text: str) -> tuple[str, ...]:
    """Returns the `primaryLocationLineHash` of each row of `text`."""
    units, starts = _units(text)
    units.extend([0] * _BLOCK)
    seen: Counter[str] = Counter()
    hashes = []
    for start in starts:
        value = 0
        for unit in units[start : start + _BLOCK]:
            value = (value * _FACTOR + unit) & _MASK
        seen[f"{value:x}"] += 1
        hashes.append(f"{value:x}:{seen[f'{value:x}']}")
    return tuple(hashes)


def _units(text: str) -> tuple[list[int], list[int]]:
    """Returns the UTF-16 units of `text` that count, and the index at which each row begins among them."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace(" ", "").replace("\t", "")
    encoded = array("H", plain.encode(f"utf-16-{sys.byteorder[0]}e", "surrogatepass"))
    units = [*encoded, _END]
    newline = ord("\n")
    return units, [0, *(index + 1 for index, unit in enumerate(encoded) if unit == newline)]
