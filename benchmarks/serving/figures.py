"""What a run of the benchmark found, as values, and as JSON that is read back.

It knows what was measured and how rounds are compared; it measures nothing and prints nothing.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What one run of the load measured.

    Attributes:
        per_s: Requests answered in a second.
        p50_ms: Median latency.
        p99_ms: Latency that one in a hundred exceeds.
        faults: Answers that were not 2xx, and failures of the connection.
    """

    per_s: float
    p50_ms: float
    p99_ms: float
    faults: int


@dataclass(frozen=True, kw_only=True)
class Series:
    """The runs of one peer under one workload, in the order of the rounds."""

    workload: str
    peer: str
    runs: Sequence[Figures]
    ideal_per_s: float = 0.0

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
class ColdStart:
    """Milliseconds from exec to the first answer of one peer with one kind of handler."""

    handler: str
    peer: str
    runs_ms: Sequence[float]

    @property
    def median_ms(self) -> float:
        """Median of the runs."""
        return statistics.median(self.runs_ms)


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Megabytes of one peer's processes after load, shared pages counted by share (PSS)."""

    workers: int
    peer: str
    runs_mb: Sequence[float]

    @property
    def median_mb(self) -> float:
        """Median of the runs."""
        return statistics.median(self.runs_mb)


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """How many times one measure another is, round by round."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, ours: Sequence[float], theirs: Sequence[float]) -> Ratio:
        """Compare within each round, so that a machine that slows down slows both."""
        each = [a / b if b else math.inf for a, b in zip(ours, theirs, strict=True)]
        return cls(median=statistics.median(each), least=min(each), most=max(each))

    def __str__(self) -> str:
        """For people, finer where it is small."""
        digits = 1 if self.median >= 1 else 2
        return f"{self.median:.{digits}f} ({self.least:.{digits}f} to {self.most:.{digits}f})"


@dataclass(frozen=True, kw_only=True)
class Results:
    """A whole run.

    Attributes:
        circumstances: Machine, date and settings, by name.
        versions: What ran, by peer; the reason for one that was absent.
        series: Requests.
        cold_starts: Starts.
        memory: Memory.
    """

    circumstances: Mapping[str, str]
    versions: Mapping[str, str]
    series: Sequence[Series] = ()
    cold_starts: Sequence[ColdStart] = ()
    memory: Sequence[Memory] = ()

    def series_of(self, workload: str, peer: str) -> Series | None:
        """One series, or None when it was not measured."""
        found = [each for each in self.series if (each.workload, each.peer) == (workload, peer)]
        return found[0] if found else None

    def cold_start_of(self, handler: str, peer: str) -> ColdStart | None:
        """One peer's starts, or None when they were not measured."""
        found = [each for each in self.cold_starts if (each.handler, each.peer) == (handler, peer)]
        return found[0] if found else None

    def memory_of(self, workers: int, peer: str) -> Memory | None:
        """One peer's memory, or None when it was not measured."""
        found = [each for each in self.memory if (each.workers, each.peer) == (workers, peer)]
        return found[0] if found else None

    def write(self, path: Path) -> None:
        """Every run of every measure, for machines."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> Results:
        """What `write` wrote."""
        given: dict[str, Any] = json.loads(path.read_text())
        return cls(
            circumstances=given["circumstances"],
            versions=given["versions"],
            series=[
                Series(**{**each, "runs": [Figures(**run) for run in each["runs"]]})
                for each in given["series"]
            ],
            cold_starts=[ColdStart(**each) for each in given["cold_starts"]],
            memory=[Memory(**each) for each in given["memory"]],
        )


def requests_ratio(ours: Series, theirs: Series) -> Ratio:
    """How many times as many requests."""
    return Ratio.of([run.per_s for run in ours.runs], [run.per_s for run in theirs.runs])


def p99_ratio(ours: Series, theirs: Series) -> Ratio:
    """How long the slowest hundredth waits, as a part of how long it waits there."""
    return Ratio.of([run.p99_ms for run in ours.runs], [run.p99_ms for run in theirs.runs])


def ideal_ratio(ours: Series) -> Ratio:
    """Requests as a part of what would be answered if nothing but the wait took time."""
    return Ratio.of([run.per_s for run in ours.runs], [ours.ideal_per_s] * len(ours.runs))
