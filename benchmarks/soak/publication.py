"""The runs that `docs/reliability.md` shows: their JSON, their picture, and the page's words.

`python -m benchmarks.soak.publication` writes picture and words anew from the committed JSON.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from benchmarks.serving.origins import ROOT
from benchmarks.soak import plot
from benchmarks.soak.figures import Results, Run
from benchmarks.soak.report import name
from benchmarks.soak.verdict import BOUNDS, growth_bytes_per_turn, is_flat, thirds

RESULTS = Path(__file__).with_name("results.json")
PICTURE = ROOT / "docs" / "reliability-soak.svg"
PAGE = ROOT / "docs" / "reliability.md"
_UNPUBLISHED = "No run is published yet; `make soak` makes one on your machine."
_PART = re.compile(r"(<!-- the published soak -->\n).*?(<!-- until here -->)", re.DOTALL)


def published() -> Results | None:
    """The committed runs, if there are any."""
    return Results.read(RESULTS) if RESULTS.exists() else None


def publish(results: Results) -> None:
    """Write the picture and the page's part."""
    PICTURE.write_text(plot.svg(results))
    PAGE.write_text(rewritten(PAGE.read_text(), results))


def rewritten(page: str, results: Results | None) -> str:
    """`page` with its part about the runs as it should be."""
    return _PART.sub(lambda match: f"{match[1]}{section(results)}\n{match[2]}", page)


def section(results: Results | None) -> str:
    """Where it was measured, what was found, the picture, and the figures behind the verdict."""
    if results is None:
        return _UNPUBLISHED
    facts = results.circumstances
    where = f"Measured on {facts['date']} ({facts['processor']}, Python {facts['python']})."
    picture = f"![What the server holds over time]({PICTURE.name})"
    return "\n\n".join([where, *map(_said, results.runs), picture, *map(_table, results.runs)])


def _said(run: Run) -> str:
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


def main() -> int:
    """Write picture and words from the committed JSON."""
    results = published()
    if results is None:
        print(f"error: {RESULTS.relative_to(ROOT)} is not there\n  hint: make soak ARGS=--publish")
        return 1
    publish(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
