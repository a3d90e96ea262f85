"""The arguments of a call, evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    import libcst as cst

    from bslint.analysis.values import Key, Value


class Argument(msgspec.Struct, frozen=True):
    """One argument: its value, and the `cst.Arg` that was written (None when it was bound out of sight)."""

    value: Value
    node: cst.Arg | None


class Arguments(msgspec.Struct):
    """The arguments of one call.

    `open` is True when `*args` or `**kwargs` of unknown content were passed: what is missing may be in them.
    `unpacked` holds what was given as `*args`. `flags_open` is True
    when nobody is known to call: then defaults that are flags (False, None, 0, "train") decide nothing.
    """

    node: cst.CSTNode
    positional: list[Argument] = msgspec.field(default_factory=list)
    keywords: dict[str, Argument] = msgspec.field(default_factory=dict)
    open: bool = False
    flags_open: bool = False
    unpacked: tuple[Value, ...] = ()

    def get(self, name: str, position: int | None = None) -> Argument | None:
        """The argument by keyword, else by position (0-based)."""
        found = self.keywords.get(name)
        if found is None and position is not None and position < len(self.positional):
            return self.positional[position]
        return found

    def value(self, name: str, position: int | None = None) -> Value | None:
        """The value of an argument, None when it was not given."""
        found = self.get(name, position)
        return found.value if found else None

    def values(self) -> Iterator[Value]:
        """All values handed in."""
        for argument in self.positional:
            yield argument.value
        for argument in self.keywords.values():
            yield argument.value

    def keys(self) -> tuple[Key, ...]:
        """A fingerprint of what was handed in."""
        return (
            *(argument.value.key for argument in self.positional),
            *((name, argument.value.key) for name, argument in self.keywords.items()),
        )
