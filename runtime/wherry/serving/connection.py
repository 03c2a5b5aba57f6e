"""One connection: bytes in from its socket, answers out in order.

Reading happens on the loop's thread. An answer is written by whoever owns it, straight to the
socket: the loop for probes and async handlers, a pool thread for sync ones, so that a sync answer
needs no wake-up of the loop. What the socket does not take at once is left to the loop, and no
thread waits for a slow reader. At any moment at most one request is active; those that arrive
behind it wait in `_waiting`, and reading pauses.

Between the threads there are no locks. The owner of the active request clears `active` and looks
at `_waiting` after; the loop appends to `_waiting` and looks at `active` after; so one of the two
always sees the other, and `_advance`, which only the loop runs, may run twice without harm.
"""

from __future__ import annotations

import socket
import struct
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from wherry.problem import Problem
from wherry.serving.exchange import Exchange
from wherry.serving.incoming import CLOSED
from wherry.serving.reading import Reading

if TYPE_CHECKING:
    from wherry.serving.edge import Edge
    from wherry.serving.incoming import Incoming

_FOREVER = float("inf")
_LINGER_S = 2.0
_FRESH_S = 1.0
_BUFFER_BYTES = 65536
_RESET = struct.pack("ii", 1, 0)
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
# One buffer for all connections of a process: reading happens on one thread.
_BUFFER = bytearray(_BUFFER_BYTES)
_VIEW = memoryview(_BUFFER)


class Connection:
    """One accepted socket.

    Attributes:
        peer: Address of the other end.
        active: The request that is being answered, or None.
        broken: Whether the other end is gone, so that nothing can be answered.
        expires: Monotonic seconds after which `on_expired` is due.
    """

    __slots__ = (
        "_born",
        "_closed",
        "_deaf",
        "_descriptor",
        "_edge",
        "_ended",
        "_hinted",
        "_keepalive_s",
        "_paused",
        "_reading",
        "_sock",
        "_then",
        "_unsent",
        "_used",
        "_waiting",
        "active",
        "broken",
        "closing",
        "expires",
        "peer",
    )

    def __init__(self, edge: Edge, sock: socket.socket, peer: str) -> None:
        self._edge = edge
        self._sock = sock
        self._descriptor = sock.fileno()
        self.peer = peer
        self._reading: Incoming = Reading(self, edge.limits, edge.meanings)
        self._waiting: deque[Exchange] = deque()
        self._unsent: memoryview | None = None
        self._then: Callable[[], None] | None = None
        self._paused = self._deaf = self._ended = self._hinted = self._closed = False
        self.active: Exchange | None = None
        self.broken = False
        self.closing = False
        self.expires = edge.now + edge.limits.head_s
        self._born = edge.now
        self._keepalive_s = edge.limits.keepalive_s
        self._used = False

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._descriptor

    # Incoming, on the loop's thread ---------------------------------------------------------

    def on_readable(self, ended: bool = False) -> None:
        """Read and parse what there is."""
        if self._closed:
            return
        self._hinted = self._hinted or ended
        while not self._paused:
            try:
                count = self._sock.recv_into(_BUFFER)
            except BlockingIOError:
                return
            except OSError:
                count, self.broken = 0, True
            if count == 0:
                self._on_end()
                return
            if not self._deaf:
                self._take(_VIEW[:count])
            if count < _BUFFER_BYTES and not self._hinted:
                return
        if self.broken and self.active is not None:
            self._edge.service.on_gone(self.active)

    def _take(self, data: memoryview) -> None:
        reading = self._reading
        idle = not (reading.in_head or reading.in_body)
        problem = reading.feed(data)
        if problem is not None:
            self._refuse(problem)
        elif reading.in_head and idle:
            self.expires = self._edge.now + self._edge.limits.head_s
        elif self._waiting and self.active is not None:
            self._pause()

    def _refuse(self, problem: Problem) -> None:
        """Answer the bytes that are no request, after those that were, and listen no more."""
        self._deaf = True
        if self.active is not None and self.active.incoming is not None:
            self.active.verdict = problem  # its own body is at fault, and its handler is told
            self._reading.abandon("the request was refused")
            return
        exchange = Exchange(self)
        exchange.verdict = problem
        exchange.keep_alive = False
        exchange.started = self._edge.now
        self.on_request(exchange)

    def _on_end(self) -> None:
        """The other end has sent its last byte; it may still read, unless it is `broken`."""
        self._ended = self._deaf = True
        self._pause()
        self._reading.abandon("the body ended before its time")
        if self.active is None and (self.closing or not self._waiting):
            self.close()
        elif self.broken and self.active is not None:
            self._edge.service.on_gone(self.active)

    def resume_reading(self) -> None:
        """Read on after a pause."""
        if not self._paused or self._deaf or self._closed:
            return
        reading = self._reading
        if reading.upgrading:
            if self.active is not None:
                return  # its answer decides in which protocol to read on
            self._paused = False
            rest = reading.take_rest()
            if rest:
                self._take(memoryview(rest))
            if self._paused:
                return
        self._paused = False
        self._edge.poller.resume(self)
        self.on_readable()

    def read_by(self, incoming: Incoming) -> bytes:
        """Give what arrives to `incoming`, for the active request was a request to change to it.

        Returns:
            What has arrived already.
        """
        rest = self._reading.take_rest()
        self._reading.close()
        self._reading = incoming
        self._edge.driver.post(self.resume_reading)
        return rest

    def _pause(self) -> None:
        self._paused = True
        self._edge.poller.pause(self)

    # What `Reading` tells -------------------------------------------------------------------

    def new_exchange(self) -> Exchange:
        """An exchange for the next request."""
        return Exchange(self)

    def on_head(self, exchange: Exchange, *, has_body: bool) -> None:
        """The head is complete; a streamed body begins to flow to its handler now."""
        if has_body:
            self.expires = self._edge.now + self._edge.limits.body_s
            stream = self._edge.service.open_stream(exchange, self._resume_from_anywhere)
            if stream is not None:
                exchange.incoming = stream
                self._begin_or_wait(exchange)

    def on_chunk(self, exchange: Exchange, chunk: bytes) -> None:
        """Part of a streamed body."""
        if exchange.incoming is not None and exchange.incoming.feed(chunk):
            self._pause()

    def on_request(self, exchange: Exchange) -> None:
        """A request is complete."""
        if exchange.incoming is not None:
            exchange.incoming.end()
            self.expires = _FOREVER
        else:
            self._begin_or_wait(exchange)

    def on_whole(self, exchange: Exchange) -> None:
        """A request that came in one piece."""
        service = self._edge.service
        if exchange.body and service.takes_streams:
            self.on_head(exchange, has_body=True)
            if exchange.incoming is not None:
                self.on_chunk(exchange, exchange.body)
                exchange.body = b""
                self.on_request(exchange)
                return
        if self.active is not None or self._waiting or self.closing:
            self._begin_or_wait(exchange)
            return
        self.active = exchange
        self.expires = _FOREVER
        service.begin(exchange)

    def on_expect(self) -> None:
        """Ask for the body, unless an earlier answer is still due on this connection."""
        if (self.active is None or self.active.incoming is not None) and not self._waiting:
            try:
                self._sock.send(_CONTINUE)
            except OSError:
                self.broken = True

    def on_upgrade(self) -> None:
        """Read no more until the request for another protocol is answered."""
        self._pause()
        if self.active is None:
            self._resume_from_anywhere()

    def _begin_or_wait(self, exchange: Exchange) -> None:
        if self.closing:  # it cannot be answered, so it must not be done (RFC 9112 section 9.6)
            return
        if self.active is not None or self._waiting:
            self._waiting.append(exchange)
            if self.active is not None:
                return
            self._advance()
            return
        self.active = exchange
        self.expires = _FOREVER if exchange.incoming is None else self.expires
        self._edge.service.begin(exchange)

    def _resume_from_anywhere(self) -> None:
        self._edge.driver.post(self.resume_reading)

    # Outgoing, by the owner of the active request -------------------------------------------

    def write(self, data: bytes) -> bool:
        """Write; False when the socket took less than all, and `flushed` must be waited for."""
        try:
            sent = self._sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._edge.on_broken()
            self.broken = True
            return True
        if sent == len(data):
            return True
        self._unsent = memoryview(data)[sent:]
        return False

    def when_flushed(self, then: Callable[[], None]) -> None:
        """Have the loop write what is left and call `then` on its thread."""
        self._then = then
        self._edge.driver.post(self._flush)

    def release_kept(self) -> None:
        """`release` for what is most usual: the body had come, and the connection stays."""
        if self.broken:
            self.release(keep_alive=False)
            return
        self.expires = self._edge.now + self._keepalive_s
        self._used = True
        self.active = None
        if self._waiting or self._paused or self._ended:
            self._edge.driver.post(self._advance)

    def release(self, *, keep_alive: bool) -> None:
        """The active request is answered in full; whoever answered it owns it no longer."""
        incoming = None if self.active is None else self.active.incoming
        if not keep_alive or self.broken or (incoming is not None and not incoming.complete):
            self.closing = self._deaf = True
            self.expires = self._edge.now + _LINGER_S
            if not self.broken:
                try:
                    self._sock.shutdown(socket.SHUT_WR)
                except OSError:
                    self.broken = True
            self.active = None
            if self.broken or self._ended or self._paused:
                self._edge.driver.post(self._advance)
            return
        self.release_kept()

    def _advance(self) -> None:
        """Begin the next request that waits, or read on, or close."""
        if self._closed:
            return
        if self.closing:
            self._waiting.clear()
            if self.broken or self._ended:
                self.close()
            else:
                self._paused = False
                self._edge.poller.resume(self)
                self.on_readable()
            return
        while self.active is None and self._waiting:
            exchange = self._waiting.popleft()
            self.active = exchange
            self.expires = _FOREVER
            self._edge.service.begin(exchange)
        if self.active is None or not self._waiting:
            if self._ended:
                if self.active is None:
                    self.close()
            else:
                self.resume_reading()

    def on_writable(self) -> None:
        """The socket may take more."""
        if self._unsent is not None and self._then is not None:
            self._flush()

    def _flush(self) -> None:
        while self._unsent is not None and not self.broken:
            try:
                sent = self._sock.send(self._unsent)
            except BlockingIOError:
                self.expires = self._edge.now + self._edge.limits.write_s
                self._edge.poller.want_write(self)
                return
            except OSError:
                self.broken = True
                break
            self._unsent = self._unsent[sent:] if sent < len(self._unsent) else None
        self._unsent = None
        self.expires = _FOREVER
        then, self._then = self._then, None
        if then is not None:
            then()

    # Its end --------------------------------------------------------------------------------

    @property
    def is_idle(self) -> bool:
        """Whether nothing has been asked that is not answered."""
        if self.active is not None or self._waiting:
            return False
        return not (self._reading.in_head or self._reading.in_body)

    def on_expired(self) -> None:
        """A time has run out: of a head, a body, a reader, an idle or a closing connection."""
        if self._unsent is not None:
            self.broken = True
            # What the system has taken goes with the connection; by an orderly end it would stay
            # in its memory for as long as the other end does not read it.
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._flush()
        elif self.active is not None:
            self.expires = _FOREVER
            self._reading.abandon("the body did not arrive in time", 408)
        elif self.closing or not (self._reading.in_head or self._reading.in_body):
            self.close()
        else:
            self._refuse(Problem(status=408, detail="the request did not arrive in time"))

    def close_if_idle(self) -> None:
        """Close, unless a request is there or on its way."""
        if self.is_idle and not self._closed:
            self.on_readable()
            if self.is_idle and not self.closing and not self._is_fresh:
                self.close()

    @property
    def _is_fresh(self) -> bool:
        """Whether it was made a moment ago and its first request may still be under way.

        A client tries again when a connection ends that it has used; on a new one it fails.
        """
        return not self._used and self._edge.now - self._born < _FRESH_S

    def abandon(self) -> None:
        """In a child process: close the descriptor, and touch nothing that the parent shares."""
        self._sock.close()

    def close(self) -> None:
        """Let go of the socket; the loop's thread only, and only while nothing is active."""
        if self._closed:
            return
        self._closed = self._deaf = True
        self._edge.forget(self)
        self._reading.close()
        # Both know each other: a body that was half there would stay until the collector looks.
        self._reading = CLOSED
        self._waiting.clear()
        self._sock.close()
