"""Deadlines on the monotonic clock, and the durations that platforms write.

Sans I/O: the clock is read, nothing is waited for.
"""

from __future__ import annotations

import re
from time import monotonic

_PART = r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)"
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST = 64


class Deadline:
    """A moment on the monotonic clock by which an answer is due.

    Attributes:
        at: `time.monotonic()` seconds; `inf` for none.
    """

    __slots__ = ("at",)

    def __init__(self, at: float) -> None:
        self.at = at

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """The deadline `seconds` from now; zero or less means none."""
        return cls(monotonic() + seconds if seconds > 0 else float("inf"))

    def remaining(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self.at - monotonic())

    @property
    def expired(self) -> bool:
        """Whether the moment has passed."""
        return monotonic() >= self.at

    def __repr__(self) -> str:
        return f"<Deadline {self.remaining():.3f} s left>"


def duration_s(text: str) -> float:
    """Seconds of a duration written as a number of seconds or in Go's way (`30`, `1m30s`).

    Raises:
        ValueError: The text is neither; its message says what was expected.
    """
    stripped = text.strip()
    if len(stripped) <= _LONGEST and stripped.isascii() and stripped.replace(".", "", 1).isdigit():
        return float(stripped)
    position, total = 0, 0.0
    while position < len(stripped) <= _LONGEST:
        part = re.compile(_PART).match(stripped, position)  # at the first need, not at a start
        if part is None:
            break
        total += float(part[1]) * _SECONDS[part[2]]
        position = part.end()
    if not stripped or position != len(stripped):
        raise ValueError("expected seconds (30) or a duration such as 1m30s or 500ms")
    return total
