"""The runs that `docs/reliability.md` shows: their JSON, their picture, and the page's words.

`python -m benchmarks.soak.publication` writes picture and words anew from the committed JSON.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.publication import Publication
from benchmarks.serving.origins import ROOT
from benchmarks.soak import plot
from benchmarks.soak.figures import Results, Run
from benchmarks.soak.report import name
from benchmarks.soak.verdict import BOUNDS, growth_bytes_per_turn, is_flat, thirds

PICTURE = ROOT / "docs" / "reliability-soak.svg"


def said(results: Results) -> str:
    """Where it was measured, what was found, the picture, and the figures behind the verdict."""
    facts = results.circumstances
    where = f"Measured on {facts['date']} ({facts['processor']}, Python {facts['python']})."
    picture = f"![What the server holds over time]({PICTURE.name})"
    return "\n\n".join([where, *map(_found, results.runs), picture, *map(_table, results.runs)])


def _found(run: Run) -> str:
    turns = sum(run.sent.values())
    verdict = "Everything stayed within its bound." if is_flat(run) else "NOT everything was flat."
    return (
        f"**{_title(run).capitalize()}** ({run.version}): {turns:,} turns, "
        f"{turns / run.seconds:.0f} a second.\n"
        f"{run.failed} ordinary requests failed, {run.mishandled} misbehaving clients were treated "
        f"otherwise than they should\nbe. Memory came to "
        f"{growth_bytes_per_turn(run):+.1f} bytes a turn. {verdict}"
    )


def _title(run: Run) -> str:
    return f"{name(run)}, {run.seconds / 60:g} minutes"


def _table(run: Run) -> str:
    middle, last = thirds(run)
    lines = [f"| {_title(run)} | middle third | last third | at most |", "|---|---|---|---|"]
    for bound in BOUNDS:
        was, now = bound.seen(middle), bound.seen(last)
        unit = f" {bound.unit}".rstrip()
        most = bound.most(was)
        lines.append(f"| {bound.what} | {was:.4g}{unit} | {now:.4g}{unit} | {most:.4g}{unit} |")
    return "\n".join(lines)


PUBLICATION = Publication(
    json=Path(__file__).with_name("results.json"),
    picture=PICTURE,
    page=ROOT / "docs" / "reliability.md",
    mark="the published soak",
    command="make soak ARGS=--publish",
    unpublished="No run is published yet; `make soak` makes one on your machine.",
    read=Results.read,
    drawn=plot.svg,
    said=said,
)


if __name__ == "__main__":
    sys.exit(PUBLICATION.main())
