"""Which sockets can be read or written, told to the event loop's callbacks.

Two forms of one small interface. Where the system has epoll, one epoll descriptor inside the
loop carries all connections, edge-triggered: a batch of ready sockets costs one callback, and
waiting for writability costs nothing. Elsewhere the loop's own `add_reader` does it.
"""

from __future__ import annotations

import select
import sys
from asyncio import AbstractEventLoop
from typing import Protocol


class Readable(Protocol):
    """What the poller tells."""

    def fileno(self) -> int:
        """The descriptor that is watched."""
        ...

    def on_readable(self, ended: bool = False) -> None:
        """There are bytes or connections; `ended` when the peer is known to send no more."""
        ...

    def on_writable(self) -> None:
        """What waited to be written may be tried again."""
        ...


class Poller(Protocol):
    """Watches sockets on behalf of an event loop; called from the loop's thread alone."""

    def add(self, what: Readable) -> None:
        """Watch it."""
        ...

    def remove(self, what: Readable) -> None:
        """Watch it no longer; its descriptor is still open."""
        ...

    def want_write(self, what: Readable) -> None:
        """Call `on_writable` once when it can be written."""
        ...

    def close(self) -> None:
        """Let go of the loop."""
        ...


if sys.platform == "linux":
    _ENDED = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR
    _READ = select.EPOLLIN | _ENDED
    _WATCH = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET

    class EpollPoller:
        """All sockets behind one epoll descriptor."""

        def __init__(self, loop: AbstractEventLoop) -> None:
            self._loop = loop
            self._epoll = select.epoll()
            self._watched: dict[int, Readable] = {}
            loop.add_reader(self._epoll.fileno(), self._ready)

        def add(self, what: Readable) -> None:
            """Watch it, edge-triggered for both directions at once."""
            self._watched[what.fileno()] = what
            self._epoll.register(what.fileno(), _WATCH)

        def remove(self, what: Readable) -> None:
            """Watch it no longer."""
            if self._watched.pop(what.fileno(), None) is not None:
                self._epoll.unregister(what.fileno())

        def want_write(self, what: Readable) -> None:
            """Nothing to do: the edge comes by itself."""

        def close(self) -> None:
            """Let go of the loop."""
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()

        def _ready(self) -> None:
            watched = self._watched.get
            for descriptor, events in self._epoll.poll(0):
                what = watched(descriptor)
                if what is None:
                    continue
                if events & select.EPOLLOUT:
                    what.on_writable()
                if events & _READ:
                    what.on_readable(events & _ENDED != 0)


class LoopPoller:
    """Each socket with the loop itself."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop

    def add(self, what: Readable) -> None:
        """Watch it."""
        self._loop.add_reader(what.fileno(), what.on_readable)

    def remove(self, what: Readable) -> None:
        """Watch it no longer."""
        self._loop.remove_reader(what.fileno())
        self._loop.remove_writer(what.fileno())

    def want_write(self, what: Readable) -> None:
        """Call `on_writable` once."""
        self._loop.add_writer(what.fileno(), self._writable, what)

    def close(self) -> None:
        """Nothing is held."""

    def _writable(self, what: Readable) -> None:
        self._loop.remove_writer(what.fileno())
        what.on_writable()


def make_poller(loop: AbstractEventLoop) -> Poller:
    """The best poller that this system has."""
    if sys.platform == "linux":
        return EpollPoller(loop)
    else:  # noqa: RET505 - so that type checkers see one branch on each system
        return LoopPoller(loop)
