"""How the thread that keeps a worker's life waits: by blocking, or on an event loop.

The life is one coroutine (`wherry.serving.server`). A loop is made only where something needs
one, because asyncio is a third of a cold start. Without a loop each wait blocks its thread, so
that the coroutine never suspends and one step runs it to its end.
"""

from __future__ import annotations

import _thread
from collections.abc import Awaitable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import asyncio


class Pace(Protocol):
    """Waits and is woken.

    Attributes:
        loop: The event loop, where there is one.
    """

    loop: asyncio.AbstractEventLoop | None

    async def rest(self, seconds: float) -> None:
        """Wait for `seconds`, or until `ring` is called."""
        ...

    async def complete(self, awaitable: Awaitable[Any]) -> None:
        """Wait for something of the user's that is asynchronous."""
        ...

    def ring(self) -> None:
        """End the present or the next rest; from a signal handler or any thread."""
        ...

    def run(self, life: Coroutine[Any, Any, None]) -> None:
        """Run a life to its end."""
        ...


class BlockingPace:
    """Blocks its thread; asynchronous hooks find a loop all the same, for as long as they run."""

    loop: asyncio.AbstractEventLoop | None = None

    def __init__(self) -> None:
        self._bell = _thread.allocate_lock()
        self._bell.acquire()
        self._hooks: asyncio.AbstractEventLoop | None = None

    async def rest(self, seconds: float) -> None:
        """Sleep on the bell."""
        self._bell.acquire(timeout=seconds)

    async def complete(self, awaitable: Awaitable[Any]) -> None:
        """Run a loop for this alone; the same one each time."""
        if self._hooks is None:
            self._hooks = new_event_loop()
        self._hooks.run_until_complete(awaitable)

    def ring(self) -> None:
        """Let go of the bell, unless that has been done."""
        with suppress(RuntimeError):
            self._bell.release()

    def run(self, life: Coroutine[Any, Any, None]) -> None:
        """One step."""
        try:
            life.send(None)
        except StopIteration:
            return
        finally:
            if self._hooks is not None:
                self._hooks.close()
        raise RuntimeError("the life of a worker without an event loop was suspended")


class LoopPace:
    """Waits on an event loop of its own."""

    def __init__(self) -> None:
        import asyncio

        self.loop: asyncio.AbstractEventLoop | None = new_event_loop()
        self._rung = asyncio.Event()

    async def rest(self, seconds: float) -> None:
        """Let the loop do other things."""
        import asyncio

        with suppress(asyncio.TimeoutError, TimeoutError):
            await asyncio.wait_for(self._rung.wait(), seconds)
        self._rung.clear()

    async def complete(self, awaitable: Awaitable[Any]) -> None:
        """Await it."""
        await awaitable

    def ring(self) -> None:
        """Have the loop end the rest."""
        if self.loop is not None and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._rung.set)

    def run(self, life: Coroutine[Any, Any, None]) -> None:
        """Run the loop for as long as the life lasts."""
        if self.loop is not None:
            try:
                self.loop.run_until_complete(life)
            finally:
                self.loop.close()


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Uvloop's loop where it is installed, else the standard library's; set for this thread."""
    import asyncio

    try:
        import uvloop
    except ImportError:
        loop = asyncio.new_event_loop()
    else:
        loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop
