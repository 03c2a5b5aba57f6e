"""Which sockets can be read or written.

Two forms of one small interface. On Linux one epoll descriptor, edge-triggered: a connection is
registered once, for both directions, and never changed. Elsewhere the standard library's selector.
Both have a descriptor of their own, so that an event loop can watch the whole.
"""

from __future__ import annotations

import selectors
import sys
from typing import Protocol

if sys.platform == "linux":
    import select


class Watched(Protocol):
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
    """Watches sockets; one thread at a time uses it."""

    def fileno(self) -> int:
        """Its own descriptor, readable when something is ready."""
        ...

    def add(self, what: Watched) -> None:
        """Watch for bytes."""
        ...

    def remove(self, what: Watched) -> None:
        """Watch it no longer; its descriptor is still open."""
        ...

    def pause(self, what: Watched) -> None:
        """Its bytes are not wanted now."""
        ...

    def resume(self, what: Watched) -> None:
        """Its bytes are wanted again."""
        ...

    def want_write(self, what: Watched) -> None:
        """Call `on_writable` when it can be written."""
        ...

    def poll(self, timeout_s: float | None) -> None:
        """Wait for something to be ready and tell it; None waits without end."""
        ...

    def close(self) -> None:
        """Let go of the descriptor."""
        ...


if sys.platform == "linux":
    _ENDED = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR
    _READ = select.EPOLLIN | _ENDED
    _WRITE = select.EPOLLOUT
    _WATCH = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET

    class EpollPoller:
        """Edge-triggered: told once of each change, so pausing costs nothing."""

        def __init__(self) -> None:
            self._epoll = select.epoll()
            self._watched: dict[int, Watched] = {}

        def fileno(self) -> int:
            """The epoll descriptor."""
            return self._epoll.fileno()

        def add(self, what: Watched) -> None:
            """Watch both directions; what has already arrived is reported, too."""
            self._watched[what.fileno()] = what
            self._epoll.register(what.fileno(), _WATCH)

        def remove(self, what: Watched) -> None:
            """Watch it no longer."""
            if self._watched.pop(what.fileno(), None) is not None:
                self._epoll.unregister(what.fileno())

        def pause(self, what: Watched) -> None:
            """Nothing to do: an edge is not repeated."""

        def resume(self, what: Watched) -> None:
            """Nothing to do: whoever resumes reads."""

        def want_write(self, what: Watched) -> None:
            """Nothing to do: the edge comes by itself."""

        def poll(self, timeout_s: float | None) -> None:
            """Wait and tell."""
            watched = self._watched.get
            for descriptor, events in self._epoll.poll(timeout_s):
                what = watched(descriptor)
                if what is None:
                    continue
                if events & _WRITE:
                    what.on_writable()
                if events & _READ:
                    what.on_readable(events & _ENDED != 0)

        def close(self) -> None:
            """Close the epoll descriptor."""
            self._epoll.close()


class SelectorPoller:
    """Level-triggered, on whatever selector the system has best."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def fileno(self) -> int:
        """The selector's own descriptor."""
        return self._selector.fileno()

    def add(self, what: Watched) -> None:
        """Watch for bytes."""
        self._selector.register(what.fileno(), selectors.EVENT_READ, what)

    def remove(self, what: Watched) -> None:
        """Watch it no longer."""
        if what.fileno() in self._selector.get_map():
            self._selector.unregister(what.fileno())

    def pause(self, what: Watched) -> None:
        """Watch for nothing."""
        self._change(what, self._interest(what) & ~selectors.EVENT_READ)

    def resume(self, what: Watched) -> None:
        """Watch for bytes again."""
        self._change(what, self._interest(what) | selectors.EVENT_READ)

    def want_write(self, what: Watched) -> None:
        """Watch for room, once."""
        self._change(what, self._interest(what) | selectors.EVENT_WRITE)

    def poll(self, timeout_s: float | None) -> None:
        """Wait and tell."""
        for key, events in self._selector.select(timeout_s):
            if events & selectors.EVENT_WRITE:
                self._change(key.data, self._interest(key.data) & ~selectors.EVENT_WRITE)
                key.data.on_writable()
            if events & selectors.EVENT_READ:
                key.data.on_readable()

    def close(self) -> None:
        """Close the selector."""
        self._selector.close()

    def _interest(self, what: Watched) -> int:
        key = self._selector.get_map().get(what.fileno())
        return 0 if key is None else key.events

    def _change(self, what: Watched, interest: int) -> None:
        if self._interest(what):
            if interest:
                self._selector.modify(what.fileno(), interest, what)
            else:
                self._selector.unregister(what.fileno())
        elif interest:
            self._selector.register(what.fileno(), interest, what)


def make_poller() -> Poller:
    """The best poller that this system has."""
    if sys.platform == "linux":
        return EpollPoller()
    else:  # noqa: RET505 - so that type checkers see one branch on each system
        return SelectorPoller()
