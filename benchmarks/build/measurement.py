"""The workloads of a benchmark of builds, in rounds, and what came of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks.build.contestants import Contestant, Site

WORKLOADS = {
    "edit": "one line of the handler edited",
    "nothing": "nothing changed",
    "cold": "what was built is forgotten, what was downloaded is kept",
}


@dataclass(kw_only=True)
class Timings:
    """Seconds of each contestant in each workload, round by round."""

    seconds: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def add(self, workload: str, name: str, seconds: float) -> None:
        """One more measurement."""
        self.seconds.setdefault(workload, {}).setdefault(name, []).append(seconds)

    def median(self, workload: str, name: str) -> float:
        """The median of a contestant."""
        return statistics.median(self.seconds[workload][name])

    def ratio(self, workload: str, name: str, ours: str = "wherry") -> tuple[float, float, float]:
        """How many times ours another takes, within each round: median, least, most."""
        pairs = zip(self.seconds[workload][name], self.seconds[workload][ours], strict=True)
        ratios = sorted(theirs / own for theirs, own in pairs)
        return statistics.median(ratios), ratios[0], ratios[-1]


def measure(
    site: Site,
    contestants: Sequence[Contestant],
    workloads: Iterable[str],
    *,
    rounds: int,
    requirements: str,
    told: Callable[[str], None],
) -> Timings:
    """Measure every workload of every contestant, once a round.

    Raises:
        AssertionError: One gave no image.
        RuntimeError: A command failed.
    """
    timings = Timings()
    number = 0
    site.write(number, requirements)
    for each in contestants:
        told(f"{each.name}: the first build, which is not measured")
        each.build()
        each.check()
    for at in range(rounds):
        for workload in workloads:
            if workload == "edit":
                number += 1
                site.write(number, requirements)
            for each in contestants:
                if workload == "cold":
                    each.forget()
                began = time.perf_counter()
                each.build()
                timings.add(workload, each.name, time.perf_counter() - began)
                each.check()
            told(f"round {at + 1} of {rounds}: {workload}")
    return timings
