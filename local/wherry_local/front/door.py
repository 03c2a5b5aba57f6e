"""A door of the platform: an HTTP server on sockets that it is given, on the runtime's own edge.

Parsing, limits, slow callers and the defence against smuggling are those of `wherry.serving`; what
is answered is `wherry_local.front.dispatch`. Many doors share one loop.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Mapping
from time import monotonic

from wherry.config import Config
from wherry.reply import Reply
from wherry.serving.connection import Connection
from wherry.serving.edge import Edge, Listener
from wherry.serving.limits import Limits
from wherry.values import replaced
from wherry_local.front.asked import Asked
from wherry_local.front.dispatch import Dispatch, PrefixService
from wherry_local.front.guard import Guard
from wherry_local.front.reactor import NEVER, Reactor
from wherry_local.front.route import Route

_BODY_BYTES = 10**17
"""The edge bounds no body: each route has a bound, and a function judges for itself."""
_LINE_BYTES = 8190
_BUSY_TICK_S = 0.1
_IDLE_TICK_S = 0.5
_DRAIN_LOOK_S = 0.02
_CANCEL_S = 1.0


def usual_limits() -> Limits:
    """The limits of a door where nothing else is said: the runtime's, and no bound on a body."""
    limits = Limits.of(Config(), is_async=True)
    # There are two doors, and each call that is forwarded takes another descriptor.
    connections = max(1, limits.connections // 3)
    return replaced(
        limits, body=_BODY_BYTES, line=_LINE_BYTES, connections=connections, timeout_s=0.0
    )


class Door:
    """One HTTP server: routes, and whole services below prefixes.

    Args:
        loop: The loop that it lives on; everything happens there.
        routes: The routes; `GET /healthz` is there already.
        services: Who answers everything below a prefix that ends in `/`.
        guard: Judges Host, Origin and password; None where nothing is guarded.
        limits: What is allowed; `usual_limits` where none are given.

    Raises:
        ValueError: Two routes want the same.
    """

    def __init__(
        self,
        *,
        loop: asyncio.AbstractEventLoop,
        routes: Iterable[Route] = (),
        services: Mapping[str, PrefixService] | None = None,
        guard: Guard | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._reactor = reactor = Reactor.of(loop)
        self._services = dict(services or {})
        self._dispatch = Dispatch((HEALTH, *routes), self._services, guard, loop)
        self._edge = _DoorEdge(reactor, limits or usual_limits(), self._dispatch)
        self._dispatch.edge = self._edge
        self._sockets: list[socket.socket] = []

    def listen(self, sock: socket.socket) -> None:
        """Take the connections of a bound, listening socket, from `start` on."""
        self._sockets.append(sock)

    def start(self) -> None:
        """Begin to accept; who connected before has waited."""
        self._reactor.keep_time(self._tick)
        self._reactor.on_close(self.close)
        self._reactor.wake()
        for sock in self._sockets:
            self._edge.listen(sock)

    @property
    def in_flight(self) -> int:
        """Requests that are not answered; those that have left HTTP are not among them."""
        return len(self._dispatch.tasks) + sum(each.in_flight for each in self._services.values())

    async def drain(self, timeout_s: float) -> bool:
        """Take what waits in the backlog, listen no more, and wait until all is answered.

        Returns:
            False where something was not answered in time.
        """
        self._edge.draining = self._dispatch.draining = True
        for service in self._services.values():
            service.draining = True
        self._edge.stop_listening()
        until = monotonic() + timeout_s
        while True:
            for streamed in tuple(self._dispatch.streams.values()):
                streamed.end()
            self._edge.tick()  # `close_idle` goes by its clock
            self._edge.close_idle()
            if not self._is_busy() or monotonic() >= until:
                return not self._is_busy()
            # A connection ends without a word to the door; this is the one time that it looks.
            await asyncio.sleep(_DRAIN_LOOK_S)

    def _is_busy(self) -> bool:
        return self.in_flight > 0 or any(not _has_left(each) for each in self._edge.connections)

    def close(self) -> None:
        """Close everything, answered or not."""
        self._reactor.forget_time(self._tick)
        for task in tuple(self._dispatch.tasks):
            task.cancel()
        for service in self._services.values():
            service.close()
        self._edge.close()

    def _tick(self, now: float) -> float:
        self._edge.tick()
        for service in self._services.values():
            service.tick(now)
        for connection in tuple(self._edge.connections):
            if isinstance(connection, DoorConnection):
                connection.look()
        if self.in_flight:
            return _BUSY_TICK_S
        return _IDLE_TICK_S if self._edge.connections else NEVER


class _DoorEdge(Edge):
    """An edge whose clock may have stood still when somebody comes."""

    def __init__(self, reactor: Reactor, limits: Limits, dispatch: Dispatch) -> None:
        self._reactor = reactor
        super().__init__(reactor.driver, reactor.poller, limits, dispatch)
        self.new_connection = DoorConnection

    def accept(self, listener: Listener) -> None:
        """Take what waits in the backlog, by a clock that goes."""
        if self._reactor.asleep:
            self._reactor.wake()
        super().accept(listener)


class DoorConnection(Connection):
    """A connection whose caller counts as gone when it has sent its last byte.

    Go's server, and so OpenFaaS's gateway, has it so: what waits for a function need not go on.
    """

    __slots__ = ()

    def look(self) -> None:
        """See an end by force while nothing is read, as of a body that is held back."""
        active = self.active
        if active is None or not self._paused or self._closed or self.broken:
            return
        if self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self.broken = True
            self._edge.service.on_gone(active)

    def _on_end(self) -> None:
        super()._on_end()
        if self.active is not None and not self._waiting and not self.broken:
            self._edge.service.on_gone(self.active)

    def on_expect(self) -> None:
        """Ask for the body, unless it was answered without."""
        if not self.closing:
            super().on_expect()


def _has_left(connection: object) -> bool:
    """Whether a connection speaks no HTTP any more."""
    active = getattr(connection, "active", None)
    return active is not None and active.status == 101


async def _health(_asked: Asked) -> Reply:
    return Reply(200, [(b"content-type", b"text/plain; charset=utf-8")], b"OK\n")


HEALTH = Route(methods=("GET",), pattern="/healthz", answer=_health, guarded=False)
