"""A call that has left HTTP: bytes both ways between its caller and the replica.

At the pace of the slower side. It must not know the protocol that is spoken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from wherry.serving.body import BodyInterrupted
from wherry_local.proxy.inflow import Inflow

if TYPE_CHECKING:
    from wherry.problem import Problem
    from wherry.serving.exchange import Exchange
    from wherry_local.front.reactor import Reactor
    from wherry_local.proxy.upstream import Upstream

_FOREVER = float("inf")


class Tunnel:
    """Both directions of one; in the place of HTTP's reading on the caller's connection.

    Args:
        exchange: The request that asked for it.
        upstream: The replica's end.
        reactor: Whose turns these are.
        end: Is called when it is over.
    """

    in_head = in_body = upgrading = False

    def __init__(
        self,
        exchange: Exchange,
        upstream: Upstream,
        reactor: Reactor,
        end: Callable[[], object],
    ) -> None:
        self._exchange = exchange
        self._connection = connection = exchange.connection
        self._upstream = upstream
        self._end = end
        driver = reactor.driver
        self._inflow = Inflow(
            lambda: driver.post(connection.resume_reading), exchange, reactor, _FOREVER
        )
        self._ended = False

    def begin(self, said: bytes) -> None:
        """Answer the request with `said`, and let the bytes flow."""
        self._exchange.status = 101
        self._exchange.incoming = self._inflow
        rest = self._connection.read_by(self)
        if rest:
            self._inflow.feed(rest)
        self._inflow.pump = self.pump
        self._write(said)
        self.pump()

    # Incoming: what the caller sends --------------------------------------------------------

    def feed(self, data: bytes | memoryview) -> Problem | None:
        """Pass it on; reading pauses while too much lies unread."""
        self._connection.on_chunk(self._exchange, bytes(data))
        return None

    def take_rest(self) -> bytes:
        """Nothing is kept here."""
        return b""

    def abandon(self, reason: str, status: int = 400) -> None:  # noqa: ARG002 - the seam's
        """The caller sends no more."""
        if not self._ended:
            self._ended = True
            self._inflow.end()

    def close(self) -> None:
        """The connection is closed; whoever relays hears of it when it writes."""

    def pump(self) -> None:
        """Hand on what the caller has sent."""
        while self._upstream.has_room:
            piece = self._inflow.take()
            if piece is None or isinstance(piece, BodyInterrupted):
                return
            if piece:
                self._upstream.send(piece)
            else:
                self._upstream.end_sending()

    # What the replica sends -----------------------------------------------------------------

    def give(self, data: bytes, *, ended: bool) -> None:
        """Pass it on; `ended` where no more will come."""
        self._exchange.size += len(data)
        if data:
            self._write(data)
        if ended:
            self._upstream.close()
            self._end()

    def _write(self, data: bytes) -> None:
        connection = self._connection
        if connection.write(data):
            if connection.broken:
                self._end()
        else:
            self._upstream.pause()
            connection.when_flushed(self._flushed)

    def _flushed(self) -> None:
        if self._connection.broken:
            self._end()
        else:
            self._upstream.resume()
