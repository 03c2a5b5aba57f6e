"""Medians, ratios and their spread, as a table and as JSON."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from benchmarks.serving.load import Figures


@dataclass(frozen=True, kw_only=True)
class Series:
    """The runs of one peer under one workload, in the order of the rounds."""

    workload: str
    peer: str
    runs: Sequence[Figures]

    @property
    def per_s(self) -> float:
        """Median of the runs."""
        return statistics.median(run.per_s for run in self.runs)

    @property
    def p99_ms(self) -> float:
        """Median of the runs."""
        return statistics.median(run.p99_ms for run in self.runs)

    @property
    def faults(self) -> int:
        """Sum over the runs."""
        return sum(run.faults for run in self.runs)


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """How many times as many requests one series answered as another, round by round."""

    median: float
    least: float
    most: float


def ratio(ours: Series, theirs: Series) -> Ratio:
    """Compare within each round, so that a machine that slows down slows both."""
    each = [a.per_s / b.per_s for a, b in zip(ours.runs, theirs.runs, strict=True)]
    return Ratio(median=statistics.median(each), least=min(each), most=max(each))


def table(series: Sequence[Series], subject: str) -> str:
    """The series as text, each workload with `subject` first and its ratio to every peer."""
    lines = [f"{'workload':17}{'server':25}{'req/s':>9}{'p99 ms':>9}  {subject} is"]
    for workload in dict.fromkeys(each.workload for each in series):
        rows = [each for each in series if each.workload == workload]
        ours = next((each for each in rows if each.peer == subject), None)
        for row in rows:
            compared = ""
            if ours is not None and row is not ours:
                r = ratio(ours, row)
                compared = f"{r.median:.1f} times ({r.least:.1f} to {r.most:.1f})"
            faults = f"  {row.faults} FAULTS" if row.faults else ""
            figures = f"{row.per_s:>9,.0f}{row.p99_ms:>9.1f}"
            lines.append(f"{row.workload:17}{row.peer:25}{figures}  {compared}{faults}".rstrip())
    return "\n".join(lines)


def document(series: Sequence[Series], subject: str, settings: dict[str, object]) -> object:
    """The same for machines, with what is needed to read it later."""
    subjects = {each.workload: each for each in series if each.peer == subject}
    return {
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.platform(),
        },
        "settings": settings,
        "series": [
            {
                "workload": each.workload,
                "peer": each.peer,
                "per_s": round(each.per_s, 1),
                "p99_ms": each.p99_ms,
                "faults": each.faults,
                "runs": [asdict(run) for run in each.runs],
                "times": asdict(ratio(subjects[each.workload], each))
                if each.workload in subjects
                else None,
            }
            for each in series
        ],
    }
