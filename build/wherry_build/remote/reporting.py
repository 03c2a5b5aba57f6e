"""How a build goes on, as lines that are not too many."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

_EVERY_S = 1.0
_MB = 1_000_000


class Reporter:
    """Tells steps as they are, and transfers once a second.

    Args:
        say: Takes a line.
        clock: Seconds that go on.
    """

    def __init__(
        self, say: Callable[[str], None], *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._say = say
        self._clock = clock
        self._said: dict[str, float] = {}

    def step(self, text: str) -> None:
        """A step begins, or an engine printed a line."""
        self._say(text)

    def moved(self, what: str, done_bytes: int, total_bytes: int | None) -> None:
        """So much of `what` has gone over; told when that is long ago, and of what takes long."""
        now = self._clock()
        last = self._said.setdefault(what, now)
        if now - last < _EVERY_S:
            return
        self._said[what] = now
        whole = "" if total_bytes is None else f" of {total_bytes / _MB:.1f}"
        self._say(f"{what}: {done_bytes / _MB:.1f}{whole} MB")
