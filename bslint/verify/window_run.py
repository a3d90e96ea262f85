"""A loop's windows: the program's own loop runs over numbered samples, and what it reads is kept. Runs in the child."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

from bslint.verify import worker

# Reads after which a loop is not waited for, and turns of the outermost loop that are looked at.
_MOST, _TURNS = 20_000, 2_000
# Samples where nothing is known, and turns where a number is not.
_LENGTH, _GUESS = 256, 3
# Numbers that are named.
_NAMED = 6


class Samples(np.ndarray):  # type: ignore[misc, unused-ignore]
    """Samples that are their own numbers; what changes their values or their shape leaves them as they are."""

    guessed = False

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """`x / 255.0` is still the same samples; a comparison is one of numbers."""
        plain = [np.asarray(one) if isinstance(one, Samples) else one for one in inputs]
        found = getattr(ufunc, method)(*plain, **{name: value for name, value in options.items() if name != "out"})
        same = isinstance(found, np.ndarray) and found.shape == self.shape and found.dtype != bool
        return next(one for one in inputs if isinstance(one, Samples)) if same else found

    def __getattr__(self, name: str) -> Any:
        """Columns, and methods that arrays do not have."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self

    def __call__(self, *_: Any, **__: Any) -> Any:
        """Whatever a method is asked, it gives the samples."""
        return self

    def __getitem__(self, key: Any) -> Any:
        """The first axis is the samples; a name is a column of all of them."""
        if isinstance(key, str):
            return self
        return super().__getitem__(key[0] if isinstance(key, tuple) and key else key)

    def __index__(self) -> int:
        """A number that nobody knows: of epochs, as a rule."""
        Samples.guessed = True
        return _GUESS

    def astype(self, *_: Any, **__: Any) -> Any:
        """The samples."""
        return self

    def reshape(self, *_: Any, **__: Any) -> Any:
        """The samples."""
        return self


class _Object:
    """An object of which only some attributes are known."""

    def __init__(self, name: str, run: Run) -> None:
        self._name = name
        self._run = run

    def __getattr__(self, name: str) -> Any:
        return self._run.samples(f"{self._name}.{name}")


class _EnoughError(BaseException):
    """The loop was looked at long enough."""


# The turns of the loops, and the samples of a window.
Read = tuple[tuple[int, ...], list[int]]


class Run:
    """What a loop reads.

    Args:
        numbers: what names hold.
        lengths: how many samples arrays have, by name.
        outside: loops around those whose turns make a pass; None where that is to be seen.
    """

    def __init__(self, numbers: dict[str, int], lengths: dict[str, int], outside: int | None) -> None:
        self.outside = outside
        self.numbers = numbers
        self.lengths = lengths
        self.length = max(lengths.values(), default=_LENGTH)
        self.turns: list[int] = []
        self.reads: dict[int, list[Read]] = {}
        self.all: dict[int, list[int]] = {}

    def samples(self, name: str) -> Any:
        """A number that is known, an object, or an array of samples."""
        if name in self.numbers:
            return self.numbers[name]
        if name == "self" or any(one.startswith(f"{name}.") for one in (*self.numbers, *self.lengths)):
            return _Object(name, self)
        return np.arange(self.lengths.get(name, self.length)).view(Samples)

    def turned(self, depth: int) -> None:
        """A loop begins a turn; those inside it begin anew."""
        del self.turns[depth + 1 :]
        self.turns += [-1] * (depth + 1 - len(self.turns))
        self.turns[depth] += 1
        if self.turns[0] >= _TURNS:
            raise _EnoughError

    def read(self, number: int, window: Any, array: Any) -> None:
        """A window was read."""
        found = np.asarray(window).reshape(-1).astype(int).tolist()
        if number not in self.all:
            self.all[number] = np.asarray(array).reshape(-1).astype(int).tolist()
        self.reads.setdefault(number, []).append((tuple(self.turns), found))
        if len(self.reads[number]) >= _MOST:
            raise _EnoughError

    def passes(self, number: int) -> list[list[Read]]:
        """The reads of each pass over the data."""
        outside = self.outside
        if outside is None:
            outside = int(self._repeats(self._by_turns(number, 1)))
        return self._by_turns(number, outside)

    def _by_turns(self, number: int, loops: int) -> list[list[Read]]:
        """The reads by the turns of so many outer loops."""
        found: dict[tuple[int, ...], list[Read]] = {}
        for at, window in self.reads.get(number, ()):
            found.setdefault(at[:loops], []).append((at, window))
        return list(found.values())

    def _repeats(self, rounds: list[list[Read]]) -> bool:
        """Whether the turns of the outermost loop read the same samples in windows of the same sizes."""
        sizes = [sorted(len(window) for _, window in one) for one in rounds]
        together = [{sample for _, window in one for sample in window} for one in rounds]
        several = len(rounds) > 1 and len(rounds[0]) > 1
        return several and all(one == sizes[0] for one in sizes) and all(one == together[0] for one in together)


def observe(request: dict[str, Any]) -> str | None:
    """Run the loop.

    Args:
        request: `loop`, the program; `fault`, what a finding says of it; `outside`, the number of loops around those
            whose turns make a pass; `numbers` and `lengths`, what the finding knows.

    Returns:
        What shows the fault, None where the loop does not have it.

    Raises:
        LookupError: nothing was read, or there is no fault where numbers had to be made up.
    """
    run = Run(request["numbers"], request["lengths"], request["outside"])
    given = {"bslint_samples": run.samples, "bslint_turned": run.turned, "bslint_read": run.read}
    with suppress(_EnoughError), np.errstate(all="ignore"):
        worker.executed(request["loop"], given)
    if not run.reads.get(0):
        raise LookupError("the loop read nothing")
    passes, reads = run.passes(0), run.reads[0]
    shown = {
        "overlap": _overlap(passes[0]),
        "gap": _gap(passes[0], run.all[0]),
        "empty": next((f"a read in {_at(at)} gets no sample" for at, window in reads if not window), None),
        "still": next(filter(None, map(_still, passes)), None),
        "misaligned": _misaligned(reads, run.reads.get(1, [])),
    }[request["fault"]]
    if shown is None and Samples.guessed:
        raise LookupError("numbers were made up")
    return shown


def _at(turns: tuple[int, ...]) -> str:
    return f"turn {turns[0] if len(turns) == 1 else turns}"


def _overlap(reads: list[Read]) -> str | None:
    seen: dict[int, tuple[int, ...]] = {}
    for at, window in reads:
        for sample in window:
            if sample in seen and seen[sample] != at:
                return f"sample {sample} is read in {_at(seen[sample])} and again in {_at(at)}"
            seen[sample] = at
    return None


def _gap(reads: list[Read], everything: list[int]) -> str | None:
    left = sorted(set(everything).difference(*(window for _, window in reads)))
    named = ", ".join(map(str, left[:_NAMED])) + (", …" if len(left) > _NAMED else "")
    return f"{len(left)} of {len(everything)} samples are never read: {named}" if left else None


def _still(reads: list[Read]) -> str | None:
    windows = {tuple(window) for _, window in reads}
    return f"{len(reads)} reads get the same {len(reads[0][1])} samples" if len(reads) > 1 == len(windows) else None


def _misaligned(reads: list[Read], others: list[Read]) -> str | None:
    for (at, one), (_, other) in zip(reads, others, strict=False):
        if one != other:
            return f"in {_at(at)} one window holds the samples {one[:_NAMED]} …, the other {other[:_NAMED]} …"
    return None
