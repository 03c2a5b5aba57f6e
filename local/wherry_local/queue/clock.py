"""The queue's two clocks: one that only runs on, and the wall's for what survives a restart."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time; tests bring one that jumps."""

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back and never jumps."""
        ...

    def wall(self) -> float:
        """Seconds since the epoch, as the machine has it; may jump either way."""
        ...


class SystemClock:
    """The machine's."""

    monotonic = staticmethod(time.monotonic)
    wall = staticmethod(time.time)


class Steady:
    """Seconds since the epoch as they were at the start and have run on since; never jumps."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset = clock.wall() - clock.monotonic()

    def now(self) -> float:
        """The moment."""
        return self._clock.monotonic() + self._offset
