"""Durations in bins, fine enough for quantiles, with the bounds that the gateway shows among them.

Values and arithmetic only. Ten bins a decade, from 0.1 ms to 100 s, so a quantile is within some
12 % of the truth.
"""

from __future__ import annotations

from collections.abc import Sequence

_STEPS = (1.0, 1.25, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 6.3, 8.0)  # Renard's series R10
BOUNDS: tuple[float, ...] = (
    *(round(step * 10.0**power, 8) for power in range(-4, 2) for step in _STEPS),
    100.0,
)
"""Upper bounds of the bins, in seconds; above the last is one bin more."""

SHOWN: tuple[float, ...] = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds that are exposed: the usual ones of Prometheus's client for Go, as OpenFaaS has."""

_SHOWN_UNTIL = tuple(BOUNDS.index(bound) + 1 for bound in SHOWN)


def empty() -> list[int]:
    """Bins without a duration."""
    return [0] * (len(BOUNDS) + 1)


def shown(bins: Sequence[int]) -> list[int]:
    """How many durations are at most each of `SHOWN`."""
    return [sum(bins[:until]) for until in _SHOWN_UNTIL]


def quantile(bins: Sequence[int], share: float) -> float | None:
    """The duration in seconds that `share` of all do not exceed; None of no durations.

    Within a bin durations are taken to be spread evenly; what is over the last bound is that bound.
    """
    wanted = sum(bins) * share
    if not wanted:
        return None
    below = 0
    for index, count in enumerate(bins):
        if count and below + count >= wanted:
            if index == len(BOUNDS):
                return BOUNDS[-1]
            low = BOUNDS[index - 1] if index else 0.0
            return low + (BOUNDS[index] - low) * (wanted - below) / count
        below += count
    return BOUNDS[-1]
