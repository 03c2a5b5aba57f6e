"""What is counted of one function, and its figures over the last minute.

A count costs about a microsecond and no timer: the copies that tell the last minute from what was
before are made by the counts themselves, and by those who ask.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from wherry_local.metrics import histogram

MINUTE_S = 60.0
_TURN_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One function's figures; those with a unit of time are of the last minute.

    Attributes:
        per_second: Calls answered a second.
        p50_ms, p95_ms, p99_ms: Durations that this share of the calls did not exceed; None where
            there was no call.
        calls: Calls answered since the platform started.
        errors: Those of them that were answered with 500 or more.
    """

    per_second: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    calls: int
    errors: int


class Row:
    """The calls that were answered with one status.

    Attributes:
        bins: How many, by duration.
        seconds: Their durations, added up.
    """

    __slots__ = ("bins", "seconds")

    def __init__(self) -> None:
        self.bins = histogram.empty()
        self.seconds = 0.0


class _Turn(NamedTuple):
    """All that was counted before `at`."""

    at: float
    bins: Sequence[int]


class Meter:
    """Counts the calls of one function, on one thread.

    Attributes:
        rows: The calls that were answered, by status.
    """

    __slots__ = ("_clock", "_next_turn", "_turns", "rows")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        begun_at = clock()
        self._next_turn = begun_at + _TURN_S
        self._turns: deque[_Turn] = deque((_Turn(begun_at, histogram.empty()),))
        self.rows: dict[int, Row] = {}

    def count(self, status: int, seconds: float) -> None:
        """A call was answered with `status` after `seconds`."""
        now = self._clock()
        if now >= self._next_turn:
            self._turn(now)
        row = self.rows.get(status)
        if row is None:
            row = self.rows[status] = Row()
        row.bins[bisect_left(histogram.BOUNDS, seconds)] += 1
        row.seconds += seconds

    def calls(self) -> Mapping[int, int]:
        """How many calls were answered, by status."""
        return {status: sum(row.bins) for status, row in sorted(self.rows.items())}

    def figures(self) -> Figures:
        """The figures of this moment."""
        now = self._clock()
        if now >= self._next_turn:
            self._turn(now)
        begin = self._before(now - MINUTE_S)
        bins = [total - before for total, before in zip(self._bins(), begin.bins, strict=True)]
        calls = self.calls()
        # Of a function that was silent for long the last turn may be older than the minute.
        elapsed = min(MINUTE_S + _TURN_S, max(1.0, now - begin.at))
        return Figures(
            per_second=round(sum(bins) / elapsed, 3),
            p50_ms=_milliseconds(bins, 0.50),
            p95_ms=_milliseconds(bins, 0.95),
            p99_ms=_milliseconds(bins, 0.99),
            calls=sum(calls.values()),
            errors=sum(count for status, count in calls.items() if status >= 500),
        )

    def _turn(self, now: float) -> None:
        """Keep what has been counted, all of it before the turn was due, and forget the oldest."""
        self._turns.append(_Turn(self._next_turn, self._bins()))
        self._next_turn = now + _TURN_S
        while len(self._turns) > 1 and self._turns[1].at <= now - MINUTE_S:
            self._turns.popleft()

    def _before(self, at: float) -> _Turn:
        """The last turn until `at`, or the first that is known."""
        found = self._turns[0]
        for turn in self._turns:
            if turn.at > at:
                break
            found = turn
        return found

    def _bins(self) -> list[int]:
        total = histogram.empty()
        for row in self.rows.values():
            total = [one + other for one, other in zip(total, row.bins, strict=True)]
        return total


def _milliseconds(bins: Sequence[int], share: float) -> float | None:
    found = histogram.quantile(bins, share)
    return None if found is None else round(found * 1000, 3)
