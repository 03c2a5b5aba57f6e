"""What a caller may do on an HTTP/2 connection without asking for anything.

Sans I/O. Resets, pings, settings and the like cost the server work and the caller next to nothing;
here they are counted against the requests that are answered.
"""

from __future__ import annotations

RESETS = 100
"""Resets beyond the number of answers that are borne; a caller who cancels now and then is fine."""

IDLE_FRAMES = 1000
"""Frames in one second that neither ask for something nor carry any of it."""


class Guard:
    """Counts for one connection."""

    def __init__(self) -> None:
        self._answers = 0
        self._resets = 0
        self._frames = 0
        self._second = 0.0

    def on_answer(self) -> None:
        """A request has been answered."""
        self._answers += 1

    def on_use(self) -> None:
        """A request or a part of a body has come, or a part of an answer is taken."""
        self._frames = 0

    def on_frame(self, now: float) -> None:
        """Any frame has come."""
        if now - self._second >= 1.0:
            self._second, self._frames = now, 0
        self._frames += 1

    def on_reset(self) -> None:
        """The caller has cancelled a request, or has made the server do so."""
        self._resets += 1

    @property
    def is_abused(self) -> bool:
        """Whether it is enough."""
        return self._frames > IDLE_FRAMES or self._resets > RESETS + self._answers
