"""A connection whose HTTP has ended with a 101: its bytes, both ways, for the new owner.

The call stays in flight until the owner has done, so that limits and drain count it; a deadline
ends with the 101, and no idle time applies. At the end of the process the owner is cancelled, and
may then take leave. This module must not know the protocol that is spoken.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from wherry.serving.body import BodyInterrupted
from wherry.serving.head import encode_head

if TYPE_CHECKING:
    from wherry.problem import Problem
    from wherry.reply import Upgraded
    from wherry.serving.body import AwaitableBody
    from wherry.serving.connection import Connection
    from wherry.serving.engine import Engine
    from wherry.serving.exchange import Exchange

_log = logging.getLogger("wherry.serving")


class Tunnel:
    """What arrives after a 101, in the place of HTTP's reading."""

    in_head = in_body = upgrading = False

    def __init__(self, connection: Connection, exchange: Exchange, body: AwaitableBody) -> None:
        self._connection = connection
        self._exchange = exchange
        self._body = body

    def feed(self, data: bytes | memoryview) -> Problem | None:
        """Pass it on; reading pauses while too much lies unread."""
        self._connection.on_chunk(self._exchange, bytes(data))
        return None

    def take_rest(self) -> bytes:
        """Nothing is kept here."""
        return b""

    def abandon(self, reason: str, status: int = 400) -> None:  # noqa: ARG002 - the seam's
        """The other end sends no more."""
        self._body.end()

    def close(self) -> None:
        """The owner hears of it by `abandon`."""


class Upgrade:
    """The answer 101 and all that follows it on this connection."""

    def __init__(self, engine: Engine, exchange: Exchange, reply: Upgraded) -> None:
        self._engine = engine
        self._exchange = exchange
        self._reply = reply
        connection, driver = exchange.connection, engine.edge.driver
        assert engine.tasks is not None  # noqa: S101 - only a task answers 101
        self._tasks = engine.tasks
        self._body = self._tasks.body(lambda: driver.post(connection.resume_reading))
        self._sending = asyncio.Lock()

    async def run(self) -> None:
        """Answer, and let the owner run to its end."""
        exchange = self._exchange
        connection = exchange.connection
        exchange.status = self._reply.status
        exchange.incoming = self._body
        rest = connection.read_by(Tunnel(connection, exchange, self._body))
        if rest:
            self._body.feed(rest)
        self._tasks.upgraded.add(exchange)
        try:
            await self.send(self._head())
            await self._reply.run(self)
        except asyncio.CancelledError:
            pass  # the end of the process; the owner has taken its leave
        except BaseException:  # as in a task that answers: it costs this connection only
            _log.exception("the function failed after it had left HTTP")
        finally:
            self._tasks.upgraded.discard(exchange)
            connection.release(keep_alive=False)

    async def receive(self) -> bytes:
        """The bytes that arrive next; empty when the other end sends no more."""
        try:
            return await self._body.__anext__()
        except (StopAsyncIteration, BodyInterrupted):
            return b""

    async def send(self, data: bytes) -> None:
        """Send, and wait while the other end takes nothing.

        Raises:
            ConnectionResetError: The other end is gone.
        """
        connection = self._exchange.connection
        async with self._sending:
            if not connection.broken and data and not connection.write(data):
                flushed = asyncio.Event()
                connection.when_flushed(lambda: self._tasks.on_loop(flushed.set))
                await flushed.wait()
            if connection.broken:
                raise ConnectionResetError("the other end of the connection is gone")
        self._exchange.size += len(data)

    def _head(self) -> bytes:
        framing = b"connection: Upgrade\r\nupgrade: %s\r\n" % self._reply.protocol
        return encode_head(
            self._reply.status,
            self._reply.headers,
            date=self._engine.edge.date,
            call_id=self._exchange.call_id,
            framing=framing,
        )
