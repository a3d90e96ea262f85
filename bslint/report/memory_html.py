"""`bslint memory --html`: one page that needs nothing else, with plots, and a link from each number to its row."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bslint import __version__
from bslint.memory.devices import device
from bslint.memory.estimate import LARGEST_BATCH
from bslint.quantity import show_size
from bslint.report.common import rows
from bslint.report.memory import (
    PARTS,
    RUNS,
    Account,
    Entry,
    Layer,
    Place,
    largest_of,
    shape_of,
    size_of,
    sum_of,
    told_by,
    verdict,
)
from bslint.request import RunError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bslint.memory.devices import Device
    from bslint.source import Source

# Beside the device that was asked for.
_DEVICES = ("RTX-3060", "T4", "RTX-4090", "A100-40GB", "H100-80GB")
_SOURCES = {
    "weights": "model",
    "gradients": "model",
    "optimizer": "optimizer",
    "input": "batch size",
    "activations": "batch size",
    "workspace": "training",
}
_GIB = 2**30
# Lines that are nearer than this factor leave no room for a label between them; it then stands at the next place.
_NEAR, _PLACES = 1.6, 5

_STYLE = """
:root { color-scheme: light; --line: #d5dae1; --soft: #f4f6f8; --ink: #1c2430; --blue: #2a62c5; --dim: #5b6675 }
body {
  font: 15px/1.5 system-ui, sans-serif; color: var(--ink);
  max-width: 1100px; margin: 2rem auto; padding: 0 1.2rem;
}
h1 { font-size: 1.5rem }
h2 { font-size: 1.25rem; border-top: 2px solid var(--line); padding-top: 1.2rem; margin-top: 2.5rem }
h3 { font-size: 1rem; margin-bottom: .3rem }
a { color: var(--blue); text-decoration: none }
a:hover { text-decoration: underline }
table { border-collapse: collapse; margin: .5rem 0 }
td, th { padding: .15rem .7rem .15rem 0; text-align: left; border-bottom: 1px solid var(--line) }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
tr.sum td { font-weight: 600 }
td.bar { min-width: 14rem }
td.bar i { display: block; height: .8rem; background: var(--blue); min-width: 1px }
.fits { color: #1e8449 }
.over { color: #c0392b }
.note { color: var(--dim) }
.plot { min-height: 420px }
.scroll { max-height: 28rem; overflow: auto }
pre {
  background: var(--soft); border: 1px solid var(--line); padding: .6rem 0; overflow: auto;
  font: 13px/1.45 ui-monospace, monospace;
}
pre span { display: block; padding: 0 .8rem; white-space: pre; min-height: 1.45em }
pre span:target { background: #fff2b3 }
pre b { display: inline-block; width: 3.5rem; color: var(--dim); font-weight: 400; user-select: none }
"""
_SCRIPT = """
document.querySelectorAll(".js-plotly-plot").forEach(function (plot) {
  plot.on("plotly_click", function (click) {
    var target = click.points[0].customdata;
    if (target && target[0]) { location.hash = target[0]; }
  });
});
"""


def render(entries: Sequence[Entry], sources: Mapping[str, Source]) -> str:
    """Returns the page.

    Raises:
        RunError: plotly is missing.
    """
    try:
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        raise RunError("`--html` needs plotly: pip install bslint-tf[report]") from error
    files = {name: number for number, name in enumerate(dict.fromkeys(entry.account.filename for entry in entries))}
    body = "".join(
        part for number, entry in enumerate(entries) for part in _training(number, entry, files[entry.account.filename])
    )
    listings = "".join(part for name, number in files.items() for part in _listing(number, sources[name]))
    nothing = "" if entries else "<p>No training with a model in sight found.</p>"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Training memory</title>'
        f"<style>{_STYLE}</style><script>{get_plotlyjs()}</script></head>\n<body><h1>Training memory</h1>"
        f'<p class="note">Read from the source by bslint {escape(__version__)}, {_run(entries)}. '
        "Every number leads to the row that it was read from.</p>"
        f"{nothing}{body}{listings}<script>{_SCRIPT}</script></body></html>\n"
    )


def _run(entries: Sequence[Entry]) -> str:
    """What was run."""
    traced = any(entry.traced is not None for entry in entries)
    return "nothing was run but what builds the models, to trace a step" if traced else "nothing was run"


def _training(number: int, entry: Entry, file: int) -> Iterator[str]:
    account = entry.account
    links = {name: f"#{_anchor(file, place)}" for name, place in entry.places.items()}
    cell = f"cell {account.cell}, " if account.cell is not None else ""
    name = escape(f"{Path(account.filename).name}, {cell}row {account.location.row}")
    batch = _linked(size_of(account), links.get("batch size"))
    yield f'<section id="t{number}"><h2>{escape(account.model)} with {batch}'
    yield f", trained in {_linked(name, links.get('training'))}</h2>\n"
    band = "" if account.partial else f", within {account.error_band:.0%}"
    parameters = _linked(f"{account.parameters:,} parameters", links.get("model"))
    yield f"<p>{parameters}; {RUNS[entry.demand.needs.run]}{band}. "
    style = {True: "fits", False: "over", None: "note"}[account.fits]
    yield f'<strong class="{style}">{escape(verdict(account, show_size))}</strong></p>\n'
    yield from _parts(account, links)
    yield from _depths(entry)
    if account.curve:
        yield f"<h3>Memory against batch size</h3>{_plot(_curve(entry), f'curve{number}')}\n"
    if not account.partial and any(layer.retained_bytes for layer in account.layers):
        yield "<h3>What each layer keeps for the backward pass</h3>"
        yield _plot(_bars(entry, file), f"layers{number}")
        yield from _layers(entry, file)
    yield from _remedies(account)
    yield "</section>\n"


def _linked(text: str, link: str | None) -> str:
    """Text that leads somewhere; it must be escaped, or need no escaping."""
    return f'<a href="{link}">{text}</a>' if link else text


def _anchor(file: int, place: Place) -> str:
    cell = f"c{place.cell}" if place.cell is not None else ""
    return f"f{file}{cell}r{place.row}"


def _parts(account: Account, links: Mapping[str, str]) -> Iterator[str]:
    if account.breakdown is None or account.total_bytes is None:
        return
    yield "<table>"
    for part, name in PARTS.items():
        size = getattr(account.breakdown, part)
        if not size:
            continue
        share = 100 * size / max(account.total_bytes, 1)
        shown = _linked(show_size(size), links.get(_SOURCES.get(part, "")))
        bar = f'<i style="width:{share:.2f}%"></i>'
        yield f'<tr><td>{name}</td><td class="n">{shown}</td><td class="bar">{bar}</td></tr>'
    total = f'<td class="n">{show_size(account.total_bytes)}</td>'
    yield f'<tr class="sum"><td>{sum_of(account)}</td>{total}<td></td></tr></table>\n'


def _depths(entry: Entry) -> Iterator[str]:
    """The static and the traced account, side by side."""
    if entry.untraced:
        yield f'<p class="note">Not traced: {escape(entry.untraced)}</p>\n'
    if entry.traced is None:
        return
    yield '<h3>Read and traced</h3><table class="depths"><tr><th>depth</th><th class="n">needs</th>'
    yield "<th>largest batch</th><th>how it is known</th></tr>"
    for account in entry.depths:
        size = show_size(account.total_bytes) if account.total_bytes is not None else "?"
        yield f'<tr><td>{account.depth}</td><td class="n">{size}</td><td>{largest_of(account)}</td>'
        yield f'<td class="note">{escape(told_by(account))}</td></tr>'
    yield "</table>\n<details><summary>What is alive at the highest moment of the trace</summary><table>"
    for layer in entry.traced.layers:
        yield f"<tr><td>{escape(layer.name)}</td><td>{escape(layer.kind)}</td>"
        yield f'<td class="n">{show_size(layer.retained_bytes or 0)}</td></tr>'
    yield "</table></details>\n"


def _layers(entry: Entry, file: int) -> Iterator[str]:
    yield f"<details><summary>All {len(entry.account.layers)} layers</summary><div class='scroll'><table>"
    yield '<tr><th class="n">row</th><th>layer</th><th>class</th><th>output</th><th class="n">parameters</th>'
    yield '<th class="n">kept</th></tr>'
    for layer, place in zip(entry.account.layers, entry.layers, strict=True):
        link = f"#{_anchor(file, place)}" if place is not None else None
        cells = [_linked(str(layer.row), link) if layer.row is not None else "", escape(layer.name), escape(layer.kind)]
        numbers = [_linked(f"{layer.parameters:,}", link), _linked(show_size(layer.retained_bytes or 0), link)]
        yield f'<tr><td class="n">{cells[0]}</td><td>{cells[1]}</td><td>{cells[2]}</td><td>{shape_of(layer)}</td>'
        yield f'<td class="n">{numbers[0]}</td><td class="n">{numbers[1]}</td></tr>'
    yield "</table></div></details>\n"


def _remedies(account: Account) -> Iterator[str]:
    if account.fits is not False or not account.remedies:
        return
    yield "<h3>What would change it</h3><table>"
    for one in account.remedies:
        fits = '<span class="fits">fits</span>' if one.fits else ""
        yield f'<tr><td>{escape(one.change)}</td><td class="n">{show_size(one.total_bytes)}</td><td>{fits}</td>'
        yield f'<td class="note">{escape(one.note)}</td></tr>'
    yield "</table>\n"


def _listing(number: int, source: Source) -> Iterator[str]:
    yield f"<h2>{escape(source.path)}</h2>\n"
    for program in source.programs:
        for block in program.blocks:
            yield f"<p class='note'>cell {block.cell}</p><pre>" if block.cell is not None else "<pre>"
            for row, text in enumerate(rows(block.original), block.row):
                yield f'<span id="{_anchor(number, Place(block.cell, row))}"><b>{row}</b>{escape(text)}</span>'
            yield "</pre>\n"


# Plots


def _plot(figure: Any, name: str) -> str:
    from plotly.io import to_html

    return f'<div class="plot">{to_html(figure, include_plotlyjs=False, full_html=False, div_id=name)}</div>'


def _curve(entry: Entry) -> Any:
    from plotly.graph_objects import Figure

    account, needs = entry.account, entry.demand.needs
    sizes = [point.batch_size for point in account.curve]
    totals = [point.total_bytes / _GIB for point in account.curve]
    low = [total / (1 + needs.error_band) for total in totals]
    high = [total / (1 - needs.error_band) for total in totals]
    figure = Figure()
    figure.add_scatter(
        x=[*sizes, *reversed(sizes)],
        y=[*high, *reversed(low)],
        fill="toself",
        fillcolor="rgba(42, 98, 197, 0.13)",
        line={"width": 0},
        hoverinfo="skip",
        name=f"error of the estimate ({needs.error_band:.0%})",
    )
    if entry.traced is not None:
        figure.add_scatter(
            x=[point.batch_size for point in entry.traced.curve],
            y=[point.total_bytes / _GIB for point in entry.traced.curve],
            mode="markers",  # a line from one to the next would lie far above what lies between them
            marker={"color": "#7b4fb5", "size": 9, "symbol": "x"},
            hovertemplate="traced batch of %{x}: %{y:.2f} GiB<extra></extra>",
            name="traced",
        )
    figure.add_scatter(
        x=sizes,
        y=totals,
        mode="lines+markers",
        line={"color": "#2a62c5"},
        hovertemplate="batch of %{x}: %{y:.2f} GiB<extra></extra>",
        name="estimate",
    )
    if account.batch_size is not None and account.total_bytes is not None:
        figure.add_scatter(
            x=[account.batch_size],
            y=[account.total_bytes / _GIB],
            mode="markers",
            marker={"size": 13, "symbol": "diamond", "color": "#c0392b" if account.fits is False else "#1e8449"},
            hovertemplate="the program: batch of %{x}, %{y:.2f} GiB<extra></extra>",
            name="as written",
        )
    limits = _limits(entry, max(totals))
    for limit, place in zip(limits, _staggered(limits), strict=True):
        own = limit.name == account.device.name
        most = entry.demand.largest_on(limit)
        told = f"{limit.name}: {most:,} fit" if most else f"{limit.name}: none fits"
        figure.add_scatter(
            x=[sizes[0] * (sizes[-1] / sizes[0]) ** (at / _PLACES) for at in range(_PLACES + 1)],
            y=[limit.bytes / _GIB] * (_PLACES + 1),
            mode="lines+text",
            line={"color": "#c0392b" if own else "#8a94a3", "dash": "solid" if own else "dot", "width": 1.5},
            text=[
                (told if most < LARGEST_BATCH else f"{limit.name}: any batch") * (at == place) for at in range(_PLACES)
            ],
            textposition="top right",
            hoverinfo="skip",
            showlegend=False,
        )
    ticks = [size for size in sizes if size & (size - 1) == 0]
    figure.update_xaxes(title="batch size", type="log", tickvals=ticks, ticktext=[str(size) for size in ticks])
    figure.update_yaxes(title="GiB", type="log", dtick=1, minor={"dtick": "D1", "showgrid": True})
    legend = {"orientation": "h", "y": 1.12}
    figure.update_layout(template="plotly_white", height=460, margin={"t": 30, "r": 20}, legend=legend)
    return figure


def _limits(entry: Entry, top: float) -> list[Device]:
    """The devices to show: the one asked for, and those near the curve."""
    asked = entry.demand.device
    others = [one for name in _DEVICES if (one := device(name)).name != asked.name]
    return [asked, *(one for one in others if one.bytes / _GIB < 1.3 * top)]


def _staggered(limits: Sequence[Device]) -> list[int]:
    """Where on its line the label of each device stands, so that it does not touch those of lines nearby."""
    places: dict[Device, int] = {}
    place, below = 0, 0
    for limit in sorted(limits, key=lambda one: one.bytes):
        place = (place + 1) % _PLACES if limit.bytes < _NEAR * below else 0
        places[limit], below = place, limit.bytes
    return [places[limit] for limit in limits]


def _bars(entry: Entry, file: int) -> Any:
    from plotly.graph_objects import Figure

    kept = [
        (layer, place) for layer, place in zip(entry.account.layers, entry.layers, strict=True) if layer.retained_bytes
    ]
    figure = Figure()
    figure.add_bar(
        x=list(range(1, len(kept) + 1)),
        y=[(layer.retained_bytes or 0) / 2**20 for layer, _ in kept],
        text=[_told(layer) for layer, _ in kept],
        customdata=[[_anchor(file, place) if place is not None else ""] for _, place in kept],
        marker={"color": "#2a62c5"},
        hovertemplate="%{text}<br>%{y:.1f} MiB<extra></extra>",
        textposition="none",
    )
    few = len(kept) <= 40
    ticks = {"tickvals": list(range(1, len(kept) + 1)), "ticktext": [layer.name for layer, _ in kept]} if few else {}
    figure.update_xaxes(title="layers in the order in which they are called; a click leads to the source", **ticks)
    figure.update_yaxes(title="MiB")
    figure.update_layout(template="plotly_white", height=420, margin={"t": 20, "r": 20}, bargap=0.1)
    return figure


def _told(layer: Layer) -> str:
    row = f", row {layer.row}" if layer.row is not None else ""
    return escape(f"{layer.name} ({layer.kind}){row}: {shape_of(layer)}")
