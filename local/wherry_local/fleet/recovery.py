"""When a function that fails is started again: later each time, and as usual once it is well.

Arithmetic on monotonic seconds; no I/O.
"""

from __future__ import annotations

_FIRST_S = 0.5
_LAST_S = 30.0
_WELL_S = 30.0


class Backoff:
    """The pause before the next start.

    Attributes:
        until: Moment before which nothing is started.
    """

    def __init__(self) -> None:
        self.until = 0.0
        self._next_s = _FIRST_S

    def fail(self, now: float, *, well_s: float = 0.0) -> float:
        """It has failed, after having been well for `well_s`; the pause from now on."""
        if well_s >= _WELL_S:
            self._next_s = _FIRST_S
        pause_s = self._next_s
        # Replicas that were started together fail together, and that is one failure.
        if now >= self.until:
            self.until = now + pause_s
            self._next_s = min(_LAST_S, pause_s * 2)
        return self.until - now

    def left(self, now: float) -> float:
        """Seconds of the pause that are left."""
        return max(0.0, self.until - now)

    def reset(self) -> None:
        """Something has changed: the next start is at once."""
        self.until = 0.0
        self._next_s = _FIRST_S
