"""`bslint memory` as text: for each training a table, a bar for each part, and memory against batch size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bslint.quantity import show_size
from bslint.report.common import relative
from bslint.report.memory import (
    PARTS,
    RUNS,
    Account,
    Entry,
    Layer,
    largest_of,
    shape_of,
    size_of,
    sum_of,
    told_by,
    verdict,
)
from bslint.report.screen import Paint, ansi, plain, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_BAR = 40
_LAYERS = 10
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def render(entries: Sequence[Entry], root: Path, color: bool) -> str:
    """Returns what is shown of the trainings; paths are relative to `root` where they lie below it."""
    if not entries:
        return "No training with a model in sight found.\n"
    paint = ansi if color else plain
    return "\n".join("".join(f"{row.rstrip()}\n" for row in _rows(entry, root, paint)) for entry in entries)


def _rows(entry: Entry, root: Path, paint: Paint) -> Iterator[str]:
    account = entry.account
    cell = f"cell {account.cell}:" if account.cell is not None else ""
    place = f"{relative(account.filename, root)}:{cell}{account.location.row}:{account.location.column}"
    yield paint(printable(f"{place} {account.model} with {size_of(account)}"), "strong")
    band = "" if account.partial else f", within {account.error_band:.0%}"
    yield f"  {account.parameters:,} parameters; {RUNS[entry.demand.needs.run]}; read from the source{band}"
    yield ""
    yield from _parts(account, paint)
    yield from _depths(entry, paint)
    yield from _layers(account, paint)
    yield from _curve(account, paint)
    yield from _remedies(account, paint)


def _parts(account: Account, paint: Paint) -> Iterator[str]:
    told = paint(verdict(account, show_size), {True: "added", False: "error", None: "warning"}[account.fits])
    if account.breakdown is None or account.total_bytes is None:
        yield f"  {told}"
        return
    for part, name in PARTS.items():
        size = getattr(account.breakdown, part)
        if size:
            yield f"  {name:<26}{show_size(size):>11}  {_bar(size / max(account.total_bytes, 1))}"
    total = f"{sum_of(account):<26}{show_size(account.total_bytes):>11}"
    yield f"  {paint(total, 'strong')}  {told}"


def _depths(entry: Entry, paint: Paint) -> Iterator[str]:
    """The static and the traced account, side by side."""
    if entry.untraced:
        yield ""
        yield f"  {paint(printable(f'not traced: {entry.untraced}'), 'warning')}"
    if entry.traced is None:
        return
    yield ""
    for account in entry.depths:
        total = show_size(account.total_bytes) if account.total_bytes is not None else "?"
        yield f"  {account.depth:<8}{total:>11}  {largest_of(account):<22}  {printable(told_by(account))}"
    yield ""
    yield "  " + paint("alive at the highest moment of the trace", "strong")
    most = max((layer.retained_bytes or 1 for layer in entry.traced.layers), default=1)
    for layer in entry.traced.layers:
        alive, shape = layer.retained_bytes or 0, shape_of(layer) if layer.kind else ""
        yield f"  {_name(layer):<38}{shape:>14}  {show_size(alive):>11}  {_bar(alive / most, 16)}"


def _layers(account: Account, paint: Paint) -> Iterator[str]:
    kept = [layer for layer in account.layers if layer.retained_bytes]
    if account.partial or not kept:
        return
    most = max(layer.retained_bytes or 0 for layer in kept)
    shown = sorted(kept, key=lambda layer: -(layer.retained_bytes or 0))[:_LAYERS]
    which = f"the {len(shown)} largest of {len(kept)} layers" if len(shown) < len(kept) else "layers"
    yield ""
    yield "  " + paint(f"{which} that keep activations for the backward pass", "strong")
    names = max(len(_name(layer)) for layer in shown)
    shapes = max(len(shape_of(layer)) for layer in shown)
    for layer in sorted(shown, key=account.layers.index):
        row = str(layer.row) if layer.row is not None else ""
        size = layer.retained_bytes or 0
        bar = _bar(size / most, 16)
        yield (
            f"  {row:>5}  {_name(layer):<{names}}  {shape_of(layer):>{shapes}}  {layer.parameters:>12,}"
            f"  {show_size(size):>11}  {bar}"
        )


def _name(layer: Layer) -> str:
    return printable(layer.name if layer.name == layer.kind else f"{layer.name} {layer.kind}".rstrip())


def _curve(account: Account, paint: Paint) -> Iterator[str]:
    if not account.curve:
        return
    limit = account.device.bytes
    most = max(limit * 1.25, min(max(point.total_bytes for point in account.curve), limit * 1.6))
    line = round(_BAR * limit / most)
    yield ""
    yield f"  {paint('memory against batch size', 'strong')}, │ is {account.device.name}"
    for point in account.curve:
        bar = _bar(min(point.total_bytes / most, 1)).ljust(_BAR)
        bar = f"{bar[:line]}│{bar[line:]}{' …' if point.total_bytes > most else ''}".rstrip()
        mark = " ◂" if point.batch_size == account.batch_size else ""
        shown = paint(bar, "error") if point.total_bytes > limit else bar
        yield f"  {point.batch_size:>9}{show_size(point.total_bytes):>12}  {shown}{mark}"


def _remedies(account: Account, paint: Paint) -> Iterator[str]:
    if account.fits is not False or not account.remedies:
        return
    yield ""
    yield f"  {paint('what would change it', 'strong')}"
    width = max(len(remedy.change) for remedy in account.remedies)
    for remedy in account.remedies:
        fits = paint("fits", "added") if remedy.fits else "    "
        yield f"  {remedy.change:<{width}}{show_size(remedy.total_bytes):>12}  {fits}  {remedy.note}"


def _bar(part: float, width: int = _BAR) -> str:
    """A bar of a length between 0 and 1, in eighths of a character; never empty for something."""
    eighths = max(round(part * width * 8), 1)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
