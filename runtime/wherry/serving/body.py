"""A request's body as it arrives, for handlers that take a stream.

The loop feeds chunks; the handler takes them, blocking in a thread or awaiting on the loop. When
more than `HIGH_BYTES` lie unread the connection is not read any further, so the caller is slowed
down by TCP and memory stays bounded.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable

from wherry.errors import RequestRefused
from wherry.problem import Problem

HIGH_BYTES = 256 * 1024
LOW_BYTES = 64 * 1024


class BodyInterrupted(RequestRefused, ConnectionError):  # noqa: N818 - it is what happened
    """The body ended before its time: the caller went away or was too slow.

    An OSError to the handler that reads it, and a refusal to whoever answers.
    """

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(Problem(status=status, detail=reason))


class BodyStream(ABC):
    """Shared part: counts what lies unread and slows the caller down.

    Feeding and taking may happen in two threads; each counts for itself.

    Attributes:
        complete: Whether the last byte has arrived.
    """

    def __init__(self, resume: Callable[[], None]) -> None:
        self._resume = resume
        self._fed_bytes = 0
        self._taken_bytes = 0
        self._held = False
        self.complete = False

    def feed(self, chunk: bytes) -> bool:
        """Add a chunk; returns whether the caller must be slowed down."""
        self._fed_bytes += len(chunk)
        self._put(chunk)
        if self._fed_bytes - self._taken_bytes > HIGH_BYTES:
            self._held = True
            # Whoever takes counts first and looks at `_held` second, so one of the two sees it.
            if self._fed_bytes - self._taken_bytes < LOW_BYTES:
                self._held = False
        return self._held

    def end(self) -> None:
        """The body is complete."""
        self.complete = True
        self._put(b"")

    def fail(self, reason: str, status: int = 400) -> None:
        """The body will never be complete, for a reason that the caller may hear."""
        self._put(BodyInterrupted(reason, status))

    def _taken(self, chunk: bytes) -> None:
        self._taken_bytes += len(chunk)
        if self._held and self._fed_bytes - self._taken_bytes < LOW_BYTES:
            self._held = False
            self._resume()

    @abstractmethod
    def _put(self, item: bytes | BodyInterrupted) -> None: ...


class AwaitableBody(BodyStream):
    """For an async handler: an async iterator of chunks.

    Args:
        resume: Reads on, after the caller was slowed down.
        on_loop: Has something done on the event loop; the feeding thread may be another.
    """

    def __init__(
        self, resume: Callable[[], None], on_loop: Callable[[Callable[[], None]], object]
    ) -> None:
        super().__init__(resume)
        self._on_loop = on_loop
        self._chunks: deque[bytes | BodyInterrupted] = deque()
        import asyncio  # a handler that awaits has imported it

        self._arrival = asyncio.Event()
        self._done = False

    def _put(self, item: bytes | BodyInterrupted) -> None:
        self._chunks.append(item)
        self._on_loop(self._arrival.set)

    def __aiter__(self) -> AwaitableBody:
        return self

    async def __anext__(self) -> bytes:
        if self._done:
            raise StopAsyncIteration
        while not self._chunks:
            self._arrival.clear()
            await self._arrival.wait()
        item = self._chunks.popleft()
        if not item or isinstance(item, BodyInterrupted):
            self._done = True
            if isinstance(item, BodyInterrupted):
                raise item
            raise StopAsyncIteration
        self._taken(item)
        return item
