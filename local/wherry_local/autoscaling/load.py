"""The load of one function: calls in flight over time, counted where a call enters and leaves.

It belongs to one event loop and knows no replica; a call that waits for a replica is load, too, so
it enters before it waits. `enter` and `leave` are on the way of every call.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple


class Reading(NamedTuple):
    """What has come in all, at one moment.

    Attributes:
        at: The moment, on the load's clock.
        call_seconds: Time that calls have been in flight, added up.
        calls: Calls that have entered.
    """

    at: float
    call_seconds: float
    calls: int


class Load:
    """Counts the calls of one function.

    Attributes:
        in_flight: Calls that have entered and not left.
        calls: Calls that have entered in all.
        alarm: Called once, before the next call that enters is counted, and then forgotten; None
            where nobody sleeps whom the load must wake.
    """

    __slots__ = ("_call_seconds", "_clock", "_since", "alarm", "calls", "in_flight")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self._call_seconds = 0.0
        self.in_flight = 0
        self.calls = 0
        self.alarm: Callable[[], None] | None = None

    def enter(self) -> None:
        """A call has come."""
        now = self._clock()
        self._call_seconds += self.in_flight * (now - self._since)
        self._since = now
        if self.alarm is not None:
            alarm, self.alarm = self.alarm, None
            alarm()
        self.in_flight += 1
        self.calls += 1

    def leave(self) -> None:
        """A call is over, answered or given up."""
        now = self._clock()
        self._call_seconds += self.in_flight * (now - self._since)
        self._since = now
        self.in_flight -= 1

    def read(self, now: float | None = None) -> Reading:
        """What has come in all until `now`, which is the clock's time when not said."""
        if now is None:
            now = self._clock()
        elapsed = max(0.0, now - self._since)
        return Reading(now, self._call_seconds + self.in_flight * elapsed, self.calls)
