"""The run that the README quotes: its JSON, its plot, and the README's words about it.

`python -m benchmarks.serving.publication` writes plot and words anew from the committed JSON.
"""

from __future__ import annotations

import sys
from functools import partial

from benchmarks.publication import Publication
from benchmarks.serving import goals, plot
from benchmarks.serving.figures import Ratio, Results, ideal_ratio
from benchmarks.serving.origins import HERE, ROOT
from benchmarks.serving.peers import PEERS, SUBJECT

PLOT = HERE / "results.svg"
_FRAMEWORK = "functions-framework"
_COMPARED = (_FRAMEWORK, "func-python", "flask-waitress", "go")


def said(results: Results) -> str:
    """What the README says: where it was measured, ratios, the picture, and every server."""
    facts = results.circumstances
    picture = PLOT.relative_to(ROOT).as_posix()
    where = (
        f"Measured on {facts['date']} ({facts['processor']}, Python {facts['python']}), one worker "
        "on one core, load\nfrom another, every answer checked first; medians of "
        f"{facts['rounds']} rounds, ratios within each round."
    )
    parts = [where, _ratios(results), f"![Wherry beside other servers]({picture})", _table(results)]
    return "\n\n".join(part for part in parts if part)


def _ratios(results: Results) -> str:
    rows = {
        "requests answered with text, from `flask.Request`": partial(goals.requests, "http"),
        "binary events echoed": partial(goals.requests, "event-binary"),
        "structured events echoed": partial(goals.requests, "event-structured"),
        "p99 of text, 32 clients": partial(goals.p99, "http"),
        "cold start of an event handler": partial(goals.cold_start, "event"),
        "cold start of a `flask.Request` handler": partial(goals.cold_start, "request"),
        "memory of one worker": partial(goals.memory, 1),
    }
    lines = [
        f"| Wherry, as a multiple of | {' | '.join(_COMPARED)} |",
        "|---|" + "---|" * len(_COMPARED),
    ]
    for what, measure in rows.items():
        found = [measure(peer, results) for peer in _COMPARED]
        if any(found):
            lines.append(f"| {what} | {' | '.join(map(_median, found))} |")
    return "\n".join(lines)


def _median(ratio: Ratio | None) -> str:
    if ratio is None:
        return ""
    return f"{ratio.median:.1f}" if ratio.median >= 1 else f"{ratio.median:.2f}"


def _table(results: Results) -> str:
    lines = [
        (
            "| | text/s | binary events/s | structured/s | 10 ms blocking, of the ideal "
            "| cold start, event / Flask ms | PSS MB |"
        ),
        "|---|---|---|---|---|---|---|",
    ]
    for peer in PEERS:
        cells = [
            *(_per_s(results, each, peer.name) for each in _REQUESTS),
            _ideal(results, peer.name),
            _starts(results, peer.name),
            _memory(results, peer.name),
        ]
        name = f"**{peer.name}**" if peer.name == SUBJECT else peer.name
        if any(cells):
            lines.append(f"| {name} | {' | '.join(cells)} |")
    absent = [
        f"{name} was {why}" for name, why in results.versions.items() if why.startswith("absent")
    ]
    return "\n".join([*lines, "", *absent]).rstrip()


_REQUESTS = ("http", "event-binary", "event-structured")


def _per_s(results: Results, workload: str, peer: str) -> str:
    found = results.series_of(workload, peer)
    if found is None:
        return ""
    return f"{found.per_s:,.0f}" + (f" ({found.faults} failed)" if found.faults else "")


def _ideal(results: Results, peer: str) -> str:
    found = results.series_of("blocking-10ms", peer)
    return f"{ideal_ratio(found).median:.1%}" if found else ""


def _starts(results: Results, peer: str) -> str:
    found = [results.cold_start_of(handler, peer) for handler in ("event", "request")]
    return (
        " / ".join(f"{each.median_ms:.0f}" if each else "-" for each in found) if any(found) else ""
    )


def _memory(results: Results, peer: str) -> str:
    found = results.memory_of(1, peer)
    return f"{found.median_mb:.0f}" if found else ""


PUBLICATION = Publication(
    json=HERE / "results.json",
    picture=PLOT,
    page=ROOT / "README.md",
    mark="the published run",
    command="make bench ARGS=--publish",
    unpublished="No run is published yet; `make bench` measures on your machine.",
    read=Results.read,
    drawn=plot.svg,
    said=said,
)


if __name__ == "__main__":
    sys.exit(PUBLICATION.main())
