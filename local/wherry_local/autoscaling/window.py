"""What a function's load was on average over the last while. Arithmetic only; time is given in.

Knative adds up buckets of a second and divides by those that there are, so a function that has just
woken up is judged by the time since then, and not by a window of nothing before it. Here the time
that calls were in flight is known exactly, so the same average needs no buckets.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque

from wherry_local.autoscaling.load import Reading
from wherry_local.deployment import ScaleMetric

_DIGITS = 6
"""To which Knative rounds, so that 10.000000001 calls do not ask for one replica more."""


class LoadWindow:
    """Readings of one function's load, as far back as `length_s`.

    Args:
        length_s: The longest time that averages are asked over.
    """

    def __init__(self, length_s: float) -> None:
        self.length_s = length_s
        self._readings: deque[Reading] = deque()

    def record(self, reading: Reading) -> None:
        """Keep a reading, later than those before."""
        if self._readings and reading.at <= self._readings[-1].at:
            return
        self._readings.append(reading)
        while len(self._readings) > 2 and self._readings[1].at <= reading.at - self.length_s:
            self._readings.popleft()

    def clear(self) -> None:
        """Forget everything: nothing ran that could have had load."""
        self._readings.clear()

    def average(self, metric: ScaleMetric, span_s: float) -> float | None:
        """The average over the last `span_s`, or over as much of it as is known.

        None where there are not two readings yet.
        """
        if len(self._readings) < 2:
            return None
        last = self._readings[-1]
        at, call_seconds, calls = self._at(max(self._readings[0].at, last.at - span_s))
        if metric is ScaleMetric.RPS:
            return round((last.calls - calls) / (last.at - at), _DIGITS)
        return round((last.call_seconds - call_seconds) / (last.at - at), _DIGITS)

    def _at(self, at: float) -> tuple[float, float, float]:
        """Moment, call seconds and calls at a moment, between two readings evenly."""
        after = bisect_right(self._readings, at, key=lambda each: each.at)
        before = self._readings[after - 1]
        if before.at == at or after == len(self._readings):
            return before
        following = self._readings[after]
        share = (at - before.at) / (following.at - before.at)
        return (
            at,
            before.call_seconds + (following.call_seconds - before.call_seconds) * share,
            before.calls + (following.calls - before.calls) * share,
        )
