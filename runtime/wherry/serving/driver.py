"""Who turns the edge: the seam, and its form on the event loop, for async handlers.

Everything that belongs to the edge happens on one thread at a time, here called its turn. A
`Driver` gives turns: it polls, runs what was posted, and runs calls of sync handlers. The form for
sync handlers is in `wherry.serving.leader`.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from wherry.metrics import Shard
from wherry.serving.poller import Poller

if TYPE_CHECKING:
    import asyncio

TOGETHER_S = 0.001
"""How long answers may wait for those of further calls, so that they are sent together.

The first wakes whoever reads them, and the others find a reader that is awake; waking is the
dearest part of sending. With 32 clients, a fifth to a third more events were answered for it.
"""


class Job(Protocol):
    """A call of a handler, in two steps, so that the answers of several can be sent together.

    Both count into the shard of the thread that they are on, which need not be the same.
    """

    def run(self, shard: Shard) -> float:
        """Make the call.

        Returns:
            When the handler had ended, in monotonic seconds: sending is not its time.
        """
        ...

    def answer(self, shard: Shard) -> None:
        """Send what came of it."""
        ...


class Running(NamedTuple):
    """A job that a thread is at.

    Attributes:
        job: What it runs.
        thread: Which thread, as `threading.get_ident` has it.
        since: Monotonic seconds at which it began.
    """

    job: Job
    thread: int
    since: float


class Pool(Protocol):
    """Threads that run calls of sync handlers."""

    @property
    def waiting(self) -> int:
        """Jobs that no thread has begun."""
        ...

    def submit(self, job: Job) -> None:
        """Have a thread run `job`, which must not raise; from any thread."""
        ...

    def running(self) -> list[Running]:
        """What the threads are at."""
        ...


class Driver(Pool, Protocol):
    """Gives the edge its turns.

    Attributes:
        on_loop: Whether turns are the event loop's, so that tasks and turns are never at once.
    """

    on_loop: bool

    def post(self, what: Callable[..., object], *args: Any) -> None:
        """Have `what` run in a turn; from any thread."""
        ...

    def run(self, what: Callable[[], object]) -> Awaitable[None]:
        """Run `what` in a turn and wait for it; from the event loop."""
        ...

    def start(self) -> None:
        """Begin to give turns."""
        ...

    def stop(self) -> None:
        """Give no more turns, and close the poller."""
        ...

    def abandon(self) -> None:
        """In a child process: see to it that its one thread gives no turn, and ends."""
        ...


class LoopDriver:
    """Turns on the event loop, for async handlers."""

    on_loop = True

    def __init__(self, loop: asyncio.AbstractEventLoop, poller: Poller) -> None:
        self._loop = loop
        self._poller = poller

    def post(self, what: Callable[..., object], *args: Any) -> None:
        """Have the loop run `what`."""
        self._loop.call_soon_threadsafe(what, *args)

    @property
    def waiting(self) -> int:
        """Nothing waits for a thread here."""
        return 0

    def submit(self, job: Job) -> None:  # noqa: ARG002 - as the protocol has it
        """Only sync handlers need threads."""
        raise TypeError("an async handler runs as a task")

    def running(self) -> list[Running]:
        """There are no threads."""
        return []

    async def run(self, what: Callable[[], object]) -> None:
        """The loop is the turn."""
        what()

    def start(self) -> None:
        """Let the loop watch the poller."""
        self._loop.add_reader(self._poller.fileno(), self._poller.poll, 0)

    def stop(self) -> None:
        """Let the loop forget the poller."""
        self._loop.remove_reader(self._poller.fileno())
        self._poller.close()

    def abandon(self) -> None:
        """The next turn of the loop, which the child shares with its parent, is its end."""
        self._loop.call_soon(os._exit, 0)
