"""The network side of one worker: listeners, connections, and their clock.

It accepts up to a cap and leaves the rest in the backlog, closes what has run out of time, and
hands requests to a `Service`, which alone decides what to answer. It knows no handler. All its
methods run in a turn of the `Driver`.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
from collections.abc import Callable
from time import monotonic, time
from typing import TYPE_CHECKING, Protocol

from wherry.serving.body import BodyStream
from wherry.serving.connection import Connection
from wherry.serving.driver import Driver
from wherry.serving.exchange import Exchange
from wherry.serving.fields import Meanings
from wherry.serving.head import date_line
from wherry.serving.limits import Limits
from wherry.serving.poller import Poller

if TYPE_CHECKING:
    from wherry.serving.http2_session import Http2Session

_log = logging.getLogger("wherry.serving")
_SWEEP_S = 0.5
_ACCEPTS_AT_ONCE = 256
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Service(Protocol):
    """Who answers.

    Attributes:
        takes_streams: Whether `open_stream` may give one; a body that is there is else not asked
            about.
    """

    takes_streams: bool

    def begin(self, exchange: Exchange) -> None:
        """Answer this request, now or later, here or in a thread."""
        ...

    def open_stream(self, exchange: Exchange, resume: Callable[[], None]) -> BodyStream | None:
        """Where the body of this request flows, or None to have it whole."""
        ...

    def on_gone(self, exchange: Exchange) -> None:
        """Its caller is gone; nobody will read the answer."""
        ...


class Listener:
    """One listening socket."""

    def __init__(self, edge: Edge, sock: socket.socket) -> None:
        self._edge = edge
        self.sock = sock

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self.sock.fileno()

    def on_readable(self, ended: bool = False) -> None:  # noqa: ARG002 - as the poller calls
        """Connections wait."""
        self._edge.accept(self)

    def on_writable(self) -> None:
        """Never for a listener."""


class Edge:
    """Listeners and connections of one worker.

    Attributes:
        limits: What is allowed.
        service: Who answers.
        now: Monotonic seconds at the last tick; a tenth of a second coarse, and free.
        date: The `Date` line of this second.
        new_connection: Makes the object for a socket that is accepted.
        draining: Whether callers are to take their further requests elsewhere.
    """

    def __init__(self, driver: Driver, poller: Poller, limits: Limits, service: Service) -> None:
        self.driver = driver
        self.poller = poller
        self.limits = limits
        self.service = service
        self.meanings = Meanings()
        self.connections: set[Connection | Http2Session] = set()
        self.new_connection: type[Connection] = Connection
        self.draining = False
        self._listeners: list[Listener] = []
        self._abandoned = False
        self._full = False
        self._complained_at = 0.0
        self._swept_at = 0.0
        self._second = 0
        self.now = 0.0
        self.date = b""
        self.tick()

    def listen(self, sock: socket.socket) -> None:
        """Accept connections from a bound, listening socket."""
        sock.setblocking(False)
        sock.set_inheritable(False)  # a program that a handler runs must not hold the port
        listener = Listener(self, sock)
        self._listeners.append(listener)
        self.poller.add(listener)
        listener.on_readable()

    def accept(self, listener: Listener) -> None:
        """Take what waits in the backlog, as far as the cap allows."""
        if listener in self._listeners and self._take_backlog(listener):
            self.driver.post(self.accept, listener)  # let others have a turn

    def _take_backlog(self, listener: Listener) -> bool:
        """Accept a number of connections; returns whether more may wait."""
        for _ in range(_ACCEPTS_AT_ONCE):
            if len(self.connections) >= self.limits.connections:
                self._full = True
                self._complain("the limit of %d connections is reached", self.limits.connections)
                return False
            try:
                sock, address = listener.sock.accept()
            except BlockingIOError:
                return False
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._full = True
                    self._complain("cannot accept connections: %s", error.strerror)
                    return False
                continue
            sock.setblocking(False)
            if sock.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = self.new_connection(self, sock, address[0] if address else "")
            self.connections.add(connection)
            self.poller.add(connection)
        return True

    def forget(self, connection: Connection | Http2Session) -> None:
        """A connection is closing; its descriptor is still open."""
        self.connections.discard(connection)
        self.poller.remove(connection)

    def tick(self) -> None:
        """Keep the clock and close what has run out of time; ten times a second."""
        self.now = now = monotonic()
        second = int(time())
        if second != self._second:
            self._second = second
            self.date = date_line(second)
        if now - self._swept_at >= _SWEEP_S:
            self._swept_at = now
            for connection in [c for c in self.connections if c.expires < now]:
                connection.on_expired()
        if self._full:
            self._full = False
            for listener in self._listeners:
                self.accept(listener)

    def stop_listening(self, *, take_backlog: bool = True) -> None:
        """Take everything that is already in the backlog, then close the listeners.

        Closing first would reset connections that the kernel has accepted for us; `take_backlog`
        is false where others hold the same socket and take them.
        """
        for listener in self._listeners:
            self.poller.remove(listener)
            while take_backlog and self._take_backlog(listener):
                continue
            listener.sock.close()
        self._listeners.clear()

    def close_idle(self) -> None:
        """Close the connections on which nothing is asked."""
        for connection in list(self.connections):
            connection.close_if_idle()

    def close(self) -> None:
        """Close everything, answered or not."""
        for listener in self._listeners:
            self.poller.remove(listener)
            listener.sock.close()
        self._listeners.clear()
        for connection in list(self.connections):
            connection.close()

    def abandon(self) -> None:
        """In a child process, which must not serve: close descriptors, and nothing else.

        A `shutdown`, or a word to the kernel's poller, would be felt by the parent.
        """
        self._abandoned = True
        for listener in self._listeners:
            listener.sock.close()
        for connection in self.connections:
            connection.abandon()
        self.poller.close()

    def on_broken(self) -> None:
        """A socket cannot be written to: in a child process that is where its handler's call ends.

        What the handler was called for is the parent's to answer.
        """
        if self._abandoned:
            os._exit(0)

    def _complain(self, message: str, *details: object) -> None:
        """Log at most once in ten seconds: an accept storm must not become a log storm."""
        if self.now - self._complained_at >= 10.0 or self._complained_at == 0.0:
            self._complained_at = self.now
            _log.warning(message, *details)
