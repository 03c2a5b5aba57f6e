"""Runs as one picture: small panels over time, an SVG that reads on light and on dark pages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from benchmarks.soak.figures import Results, Run
from benchmarks.soak.report import name

_WIDTH, _MARGIN, _GAP = 900, 20, 30
_COLUMNS = 3
_PANEL = (_WIDTH - 2 * _MARGIN - (_COLUMNS - 1) * _GAP) / _COLUMNS
_HEAD, _HEIGHT, _FOOT = 24, 90, 34
_AXIS = 34  # the room for the figures beside a panel
_TOPS = (1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15)
_STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #24292f; }
  .title { font-weight: 600; }
  .note { fill: #57606a; font-size: 11px; }
  .axis { stroke: #d0d7de; stroke-width: 1; }
  polyline { fill: none; stroke-width: 1.5; }
  .run0 { stroke: #0b6bcb; } .run1 { stroke: #bc4c00; } .run2 { stroke: #1a7f37; }
  .name0 { fill: #0b6bcb; } .name1 { fill: #bc4c00; } .name2 { fill: #1a7f37; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .note { fill: #9198a1; } .axis { stroke: #3d444d; }
    .run0 { stroke: #58a6ff; } .run1 { stroke: #f0883e; } .run2 { stroke: #3fb950; }
    .name0 { fill: #58a6ff; } .name1 { fill: #f0883e; } .name2 { fill: #3fb950; }
  }
"""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One measure over time."""

    title: str
    measure: str


PANELS = (
    Panel(title="Memory (PSS), MB", measure="pss_mb"),
    Panel(title="Threads", measure="threads"),
    Panel(title="Descriptors", measure="descriptors"),
    Panel(title="Connections", measure="connections"),
    Panel(title="Series of metrics", measure="series"),
    Panel(title="p99 of quick requests, ms", measure="p99_ms"),
)


def svg(results: Results) -> str:
    """The picture."""
    parts, top = _names(results.runs), float(_MARGIN + 24)
    for begin in range(0, len(PANELS), _COLUMNS):
        for place, panel in enumerate(PANELS[begin : begin + _COLUMNS]):
            parts += _drawn(panel, results.runs, _MARGIN + place * (_PANEL + _GAP), top)
        top += _HEAD + _HEIGHT + _FOOT
    facts = results.circumstances
    caption = f"{facts['date']}, {facts['processor']}, Python {facts['python']}"
    parts.append(_text(_MARGIN, top, caption, "note"))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top + _MARGIN:.0f}" '
        'role="img" aria-label="What the server holds over time, under mixed load">'
    )
    return "\n".join([head, f"<style>{_STYLE}</style>", *parts, "</svg>"]) + "\n"


def _names(runs: Sequence[Run]) -> list[str]:
    parts, left = [], float(_MARGIN)
    for number, run in enumerate(runs):
        minutes = f"{run.seconds / 60:g} min"
        parts.append(_text(left, _MARGIN, f"{name(run)}, {minutes}", f"title name{number}"))
        left += _WIDTH / 3
    return parts


def _drawn(panel: Panel, runs: Sequence[Run], left: float, top: float) -> list[str]:
    least, base = left + _AXIS, top + _HEAD + _HEIGHT
    most = _round(max(sample.measure(panel.measure) for run in runs for sample in run.samples))
    until_s = max(run.seconds for run in runs)
    right = left + _PANEL
    parts = [
        _text(left, top + 10, panel.title, "title"),
        (
            f'<path class="axis" d="M{least:.1f} {top + _HEAD:.1f}V{base:.1f}H{right:.1f}" '
            'fill="none"/>'
        ),
        _text(least - 4, base, "0", "note", anchor="end"),
        _text(least - 4, top + _HEAD + 8, f"{most:g}", "note", anchor="end"),
        _text(right, base + 14, f"{until_s / 60:g} min", "note", anchor="end"),
    ]
    for number, run in enumerate(runs):
        points = " ".join(
            f"{least + (right - least) * sample.at_s / until_s:.1f},"
            f"{base - _HEIGHT * sample.measure(panel.measure) / most:.1f}"
            for sample in run.samples
        )
        parts.append(f'<polyline class="run{number}" points="{points}"/>')
    return parts


def _round(value: float) -> float:
    """The next round figure above `value`, for the top of an axis."""
    step = 10.0 ** math.floor(math.log10(value)) if value > 0 else 1.0
    return next(each * step for each in _TOPS if each * step > value)


def _text(x: float, y: float, words: str, kind: str, *, anchor: str = "start") -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
        f"{escape(words)}</text>"
    )
