"""Random loops: correct ones show nothing, and what mutations of them show holds when plain Python runs them."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from bslint.analysis.facts import Windows
from tests.analysis.test_windows import shows, windows

EXAMPLES = int(os.environ.get("BSLINT_EXAMPLES", "20"))


@dataclass(frozen=True)
class Nest:
    """A nest over `x`: its loops, the start and the end of the window, and the numbers in it."""

    loops: tuple[str, ...]
    start: str
    end: str
    numbers: tuple[tuple[str, int], ...]
    length: int | None
    style: str

    def program(self) -> str:
        """The program, with the numbers written or left to the caller."""
        rows = [f"x = np.zeros(({self.length}, 3))" if self.length else ""]
        rows += [f"{name} = {value}" for name, value in self.numbers] if self.style != "parameters" else []
        indent = ""
        if self.style == "parameters":
            rows.append(f"def train(x, y, {', '.join(name for name, _ in self.numbers)}):")
            indent = "    "
        for loop in ("for epoch in range(3):", *self.loops):
            rows.append(indent + loop)
            indent += "    "
        if self.style == "bounds":
            rows += [
                f"{indent}lo = {self.start}",
                f"{indent}hi = {self.end}",
                f"{indent}train_step(x[lo:hi], y[lo:hi])",
            ]
        else:
            window = f"{self.start}:{self.end}"
            rows.append(f"{indent}train_step(x[{window}], y[{window}])")
        return "\n".join(rows) + "\n"

    def reads(self, length: int, numbers: dict[str, int]) -> list[range]:
        """The windows of one epoch, run by Python."""
        rows, indent = ["windows = []"], ""
        for loop in self.loops:
            rows.append(indent + loop)
            indent += "    "
        rows.append(f"{indent}windows.append(x[{self.start}:{self.end}])")
        names: dict[str, object] = {"x": range(length), **numbers}
        exec("\n".join(rows), names)
        return names["windows"]  # type: ignore[return-value]


@st.composite
def nests(draw: st.DrawFn) -> Nest:
    """Nests that read every sample at most once, and every full batch or group."""
    batch, steps = draw(st.integers(3, 40)), draw(st.integers(2, 6))
    length = draw(st.one_of(st.none(), st.integers(3 * batch * steps, 5 * batch * steps)))
    numbers = (("size", batch), ("k", steps))
    form = draw(st.integers(0, 5))
    shapes = [
        (("for i in range(0, len(x), size):",), "i", "i + size"),
        (("for i in range(len(x) // size):",), "i * size", "(i + 1) * size"),
        (("for i in range(len(x) // size):",), "size * i", "size * i + size"),
        (("for i in range(0, len(x) - size + 1, size):",), "i", "i + size"),
        (
            ("for b in range(len(x) // (size * k)):", "for i in range(k):"),
            "(b * k + i) * size",
            "(b * k + i + 1) * size",
        ),
        (
            ("for b in range(0, len(x) - size * k + 1, size * k):", "for i in range(0, size * k, size):"),
            "b + i",
            "b + i + size",
        ),
    ]
    loops, start, end = shapes[form]
    return Nest(loops, start, end, numbers, length, draw(st.sampled_from(("plain", "bounds", "parameters"))))


def mutated(nest: Nest, kind: int) -> Nest:
    """The same nest with one thing wrong."""
    start, end = nest.start, nest.end
    two = len(nest.loops) == 2
    changes = [
        (start, f"{end} + 1"),
        (start, f"{end} - 1"),
        ("(b + i) * size", "(b + i + 1) * size") if two else ("i", "i + size"),
        (f"{start} + size", f"{end} + size"),
        ("0", "size"),
        ("i * size", "(i + 1) * size") if two else (start, f"{end} - 1"),
    ]
    new = changes[kind]
    return Nest(nest.loops, *new, nest.numbers, nest.length, nest.style)


@settings(max_examples=EXAMPLES, deadline=None)
@given(nests())
def test_correct_loops_show_nothing(nest):
    assert windows(nest.program()) == []


@settings(max_examples=EXAMPLES, deadline=None)
@given(nests(), st.integers(0, 5))
def test_what_mutations_show_is_true(nest, kind):
    wrong = mutated(nest, kind)
    for found in windows(wrong.program()):
        numbers = {name: found.assignment.get(name, value) for name, value in wrong.numbers}
        holds(found, wrong.reads(found.length or 10**6, numbers))


def holds(found: Windows, reads: list[range]) -> None:
    """The fault is there when Python runs the loops, and the snippet shows it."""
    assert shows(found)
    times = Counter(sample for window in reads for sample in window)
    if found.fault == "overlap":
        assert times[found.sample] >= 2
    elif found.fault == "gap":
        assert times[found.sample] == 0
        assert found.sample < (found.length or 0)
    elif found.fault == "empty":
        assert any(not window for window in reads)
    elif found.fault == "still":
        assert len(set(reads)) < len(reads)
    else:
        raise AssertionError(found.fault)


@settings(max_examples=EXAMPLES, deadline=None)
@given(nests(), st.sampled_from((0, 1, 3)))
def test_mutations_of_the_bounds_are_found(nest, kind):
    """One sample too many or too few, and a window too far: each is found where the length is known or asked for."""
    wrong = mutated(nest, kind)
    assert len(windows(wrong.program())) == 1
