"""The turns of one event loop: one poller for every door and every connection to a replica.

And one clock, which stands still while nothing needs it, so that an idle platform never wakes up.
It knows no HTTP.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from time import monotonic
from typing import TypeAlias

from wherry.serving.driver import LoopDriver
from wherry.serving.poller import make_poller

Clocked: TypeAlias = Callable[[float], float]
"""Is told the monotonic seconds; says in how many seconds it wants to hear again, `NEVER` too."""
NEVER = float("inf")
_REACTORS: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Reactor] = (
    weakref.WeakKeyDictionary()
)


class Reactor:
    """Watches sockets and keeps the time; `of` gives that of a loop.

    Attributes:
        loop: The event loop.
        poller: Watches the sockets.
        driver: Gives turns, as `wherry.serving` wants it.
        now: Monotonic seconds at the last tick.
        asleep: Whether the clock stands still; `wake` before `now` is used.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.poller = make_poller()
        self.driver = LoopDriver(loop, self.poller)
        self.now = monotonic()
        self.asleep = True
        self._clocked: list[Clocked] = []
        self._closers: list[Callable[[], object]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self.driver.start()
        # `asyncio.run` ends the asynchronous generators of its loop, and so this.
        self._life = self._live()
        with suppress(StopIteration):
            self._life.__anext__().send(None)

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> Reactor:
        """The one of `loop`, made at first use."""
        found = _REACTORS.get(loop)
        if found is None or found._closed:  # noqa: SLF001 - its own
            found = _REACTORS[loop] = cls(loop)
        return found

    async def _live(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            self.close()

    def keep_time(self, clocked: Clocked) -> None:
        """Tell `clocked` the time, from the next `wake` on."""
        self._clocked.append(clocked)

    def forget_time(self, clocked: Clocked) -> None:
        """Tell it no longer."""
        if clocked in self._clocked:
            self._clocked.remove(clocked)

    def on_close(self, closer: Callable[[], object]) -> None:
        """Have `closer` called when this closes."""
        self._closers.append(closer)

    def wake(self) -> None:
        """Set the clock going."""
        if self.asleep and not self._closed:
            self._tick()

    def _tick(self) -> None:
        self.now = now = monotonic()
        self.asleep = False
        rest_s = min((each(now) for each in tuple(self._clocked)), default=NEVER)
        self._timer = None
        if rest_s < NEVER:
            self._timer = self.loop.call_later(rest_s, self._tick)
        else:
            # Whoever woke it is about to need it; once more, and it may sleep.
            self._timer = self.loop.call_later(1.0, self._doze)

    def _doze(self) -> None:
        now = monotonic()
        if min((each(now) for each in tuple(self._clocked)), default=NEVER) < NEVER:
            self._tick()
        else:
            self.asleep, self._timer = True, None

    def close(self) -> None:
        """Close what was made for this loop, and watch nothing."""
        if self._closed:
            return
        self._closed = self.asleep = True
        if self._timer is not None:
            self._timer.cancel()
        for closer in reversed(self._closers):
            closer()
        self.driver.stop()
        _REACTORS.pop(self.loop, None)
