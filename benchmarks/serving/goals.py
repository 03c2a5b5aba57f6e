"""What Wherry sets out to reach, as ratios within one run.

Absolute figures belong to a machine; these hold on any. They are judged, not enforced: seconds
are too noisy to fail a build on, which is why instructions are counted as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from benchmarks.serving.figures import (
    Ratio,
    Results,
    ideal_ratio,
    p99_ratio,
    requests_ratio,
)
from benchmarks.serving.peers import POOL_ALONE, SUBJECT

Measure = Callable[[Results], "Ratio | None"]


@dataclass(frozen=True, kw_only=True)
class Goal:
    """One ratio, and where it is to be.

    Attributes:
        what: For people.
        measure: Takes it from a run; None when the run does not have it.
        least: The least that will do, where more is better.
        most: The most that will do, where less is better.
    """

    what: str
    measure: Measure
    least: float | None = None
    most: float | None = None

    @property
    def wanted(self) -> str:
        """The bound, as it is written."""
        return f">= {self.least:g}" if self.least is not None else f"<= {self.most:g}"

    def is_reached(self, found: Ratio) -> bool:
        """Whether the median is within the bound."""
        if self.least is not None and found.median < self.least:
            return False
        return self.most is None or found.median <= self.most


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A goal and what a run has for it."""

    goal: Goal
    found: Ratio

    @property
    def is_reached(self) -> bool:
        """Whether the run reached it."""
        return self.goal.is_reached(self.found)


def judged(results: Results) -> list[Judged]:
    """Every goal that the run has figures for."""
    found = [(goal, goal.measure(results)) for goal in GOALS]
    return [Judged(goal=goal, found=ratio) for goal, ratio in found if ratio is not None]


def requests(workload: str, peer: str, results: Results) -> Ratio | None:
    """How many times as many requests as `peer`."""
    ours, theirs = results.series_of(workload, SUBJECT), results.series_of(workload, peer)
    return requests_ratio(ours, theirs) if ours and theirs else None


def p99(workload: str, peer: str, results: Results) -> Ratio | None:
    """The slowest hundredth's wait, as a part of what it is at `peer`."""
    ours, theirs = results.series_of(workload, SUBJECT), results.series_of(workload, peer)
    return p99_ratio(ours, theirs) if ours and theirs else None


def ideal(workload: str, results: Results) -> Ratio | None:
    """Requests as a part of what would be answered if nothing but the wait took time."""
    ours = results.series_of(workload, SUBJECT)
    return ideal_ratio(ours) if ours and ours.ideal_per_s else None


def cold_start(handler: str, peer: str, results: Results) -> Ratio | None:
    """The time of a start, as a part of what it is at `peer`."""
    ours, theirs = results.cold_start_of(handler, SUBJECT), results.cold_start_of(handler, peer)
    return Ratio.of(ours.runs_ms, theirs.runs_ms) if ours and theirs else None


def memory(workers: int, peer: str, results: Results) -> Ratio | None:
    """The memory, as a part of what it is at `peer`."""
    ours, theirs = results.memory_of(workers, SUBJECT), results.memory_of(workers, peer)
    return Ratio.of(ours.runs_mb, theirs.runs_mb) if ours and theirs else None


_FRAMEWORK, _AIO = "functions-framework", "functions-framework-aio"


def _answers(what: str, workload: str, least: dict[str, float]) -> tuple[Goal, ...]:
    return tuple(
        Goal(what=f"{what}: times {peer}", measure=partial(requests, workload, peer), least=each)
        for peer, each in least.items()
    )


_TO_EVENTS = {_FRAMEWORK: 12, "func-python": 10, "go": 0.6}

GOALS = (
    *_answers("text", "http", {_FRAMEWORK: 12, "func-python": 8, "flask-waitress": 8, "go": 0.75}),
    *_answers("binary event", "event-binary", _TO_EVENTS),
    *_answers("structured event", "event-structured", _TO_EVENTS),
    Goal(
        what=f"p99 at 32 clients: part of {_FRAMEWORK}",
        measure=partial(p99, "http", _FRAMEWORK),
        most=0.1,
    ),
    Goal(
        what="10 ms blocking: part of the ideal, 32 calls in 10 ms",
        measure=partial(ideal, "blocking-10ms"),
        least=0.95,
    ),
    Goal(
        what="10 ms blocking: part of 32 threads that only sleep",
        measure=partial(requests, "blocking-10ms", POOL_ALONE),
        least=0.95,
    ),
    *(
        Goal(
            what=f"cold start, {handler}: part of {peer}",
            measure=partial(cold_start, handler, peer),
            most=most,
        )
        for handler, peer, most in (
            ("event", _FRAMEWORK, 0.4),
            ("event", "func-python", 0.5),
            ("request", _FRAMEWORK, 0.85),
        )
    ),
    *(
        Goal(
            what=f"memory, {workers} workers: part of {_FRAMEWORK}",
            measure=partial(memory, workers, _FRAMEWORK),
            most=1.0,
        )
        for workers in (1, 2)
    ),
)
