"""Counts and times of the load, as a line of JSON for each interval; no I/O."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field

_FAULTS_TOLD = 20


@dataclass
class Tally:
    """What the clients have seen so far; times are those since the last line.

    Attributes:
        sent: Requests and misbehaving clients so far, by kind.
        failed: Ordinary requests without the right answer.
        mishandled: Misbehaving clients that were not treated as they should be.
        faults: What was wrong, the first few times.
    """

    sent: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    mishandled: int = 0
    faults: list[str] = field(default_factory=list)
    _times_s: list[float] = field(default_factory=list)

    def took(self, seconds: float) -> None:
        """Count the time of a quick request."""
        self._times_s.append(seconds)

    def fail(self, what: str) -> None:
        """Count an ordinary request that failed."""
        self.failed += 1
        self._tell(what)

    def mishandle(self, what: str) -> None:
        """Count one that was not treated as it should be."""
        self.mishandled += 1
        self._tell(what)

    def _tell(self, what: str) -> None:
        if len(self.faults) < _FAULTS_TOLD:
            self.faults.append(what)

    def line(self) -> str:
        """Everything so far; the times begin anew."""
        times = sorted(self._times_s)
        self._times_s = []
        return json.dumps(
            {
                "sent": dict(self.sent),
                "failed": self.failed,
                "mishandled": self.mishandled,
                "faults": self.faults,
                "p50_ms": _part_ms(times, 0.50),
                "p99_ms": _part_ms(times, 0.99),
            }
        )


def _part_ms(times: list[float], part: float) -> float:
    return round(times[int(len(times) * part)] * 1000, 2) if times else 0.0
