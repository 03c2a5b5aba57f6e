"""A run as one picture: bars, an SVG of its own that reads on light and on dark pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from benchmarks.serving.figures import Results
from benchmarks.serving.peers import PEERS, SUBJECT

_WIDTH, _GAP, _MARGIN = 900, 36, 20
_PANEL = (_WIDTH - 2 * _MARGIN - _GAP) / 2
_LABEL, _VALUE = 160, 56
_ROW, _BAR, _HEAD = 22, 14, 40
_STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #24292f; }
  .title { font-weight: 600; font-size: 13px; }
  .note { fill: #57606a; font-size: 11px; }
  .subject { fill: #0b6bcb; } .peer { fill: #8c959f; } .limit { fill: #d0d7de; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .note { fill: #9198a1; }
    .subject { fill: #58a6ff; } .peer { fill: #6e7681; } .limit { fill: #3d444d; }
  }
"""
_LIMITS = {peer.name for peer in PEERS if peer.is_limit}


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One measure of several servers."""

    title: str
    note: str
    bars: Sequence[tuple[str, float]]
    digits: int = 0


def panels(results: Results) -> list[Panel]:
    """The measures of a run that are shown; those that it does not have are left out."""
    return [panel for panel in (*_requests(results), *_rest(results)) if panel.bars]


def _requests(results: Results) -> list[Panel]:
    kinds = {"http": "Text from the framework's request", "event-binary": "CloudEvents, echoed"}
    return [
        Panel(
            title=title,
            note="requests a second, 32 clients, one core; more is better",
            bars=[(each.peer, each.per_s) for each in results.series if each.workload == workload],
        )
        for workload, title in kinds.items()
    ]


def _rest(results: Results) -> list[Panel]:
    starts = [each for each in results.cold_starts if each.handler == "event"]
    return [
        Panel(
            title="Cold start of an event function",
            note="ms from exec to the first answer; less is better",
            bars=[(each.peer, each.median_ms) for each in starts],
        ),
        Panel(
            title="Memory after load, one worker",
            note="PSS in MB; less is better",
            bars=[(each.peer, each.median_mb) for each in results.memory if each.workers == 1],
        ),
    ]


def svg(results: Results) -> str:
    """The picture, two panels a row."""
    shown = panels(results)
    parts, top = [], float(_MARGIN)
    for begin in range(0, len(shown), 2):
        row = shown[begin : begin + 2]
        for place, panel in enumerate(row):
            parts += _drawn(panel, _MARGIN + place * (_PANEL + _GAP), top)
        top += _HEAD + _ROW * max(len(panel.bars) for panel in row) + _GAP / 2
    facts = results.circumstances
    caption = (
        f"{facts['date']}, {facts['processor']}, Python {facts['python']}; pale: for scale only"
    )
    parts.append(_text(_MARGIN, top, caption, "note"))
    height = top + _MARGIN
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}" '
        'role="img" aria-label="Wherry beside other servers">'
    )
    return "\n".join([head, f"<style>{_STYLE}</style>", *parts, "</svg>"]) + "\n"


def _drawn(panel: Panel, left: float, top: float) -> list[str]:
    parts = [
        _text(left, top + 12, panel.title, "title"),
        _text(left, top + 28, panel.note, "note"),
    ]
    most = max(value for _, value in panel.bars)
    for number, (name, value) in enumerate(panel.bars):
        y = top + _HEAD + number * _ROW
        width = max(1.0, (_PANEL - _LABEL - _VALUE) * value / most)
        kind = "subject" if name == SUBJECT else "limit" if name in _LIMITS else "peer"
        parts += [
            _text(left + _LABEL - 8, y + _BAR - 3, name, "", anchor="end"),
            (
                f'<rect class="{kind}" x="{left + _LABEL:.1f}" y="{y:.1f}" width="{width:.1f}" '
                f'height="{_BAR}" rx="2"/>'
            ),
            _text(left + _LABEL + width + 6, y + _BAR - 3, f"{value:,.{panel.digits}f}", ""),
        ]
    return parts


def _text(x: float, y: float, words: str, kind: str, *, anchor: str = "start") -> str:
    classed = f' class="{kind}"' if kind else ""
    return f'<text{classed} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
