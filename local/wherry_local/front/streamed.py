"""An answer of a route that is made piece by piece, sent at the reader's pace."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

from wherry.serving.head import BODILESS, encode_head, framing_of

if TYPE_CHECKING:
    from wherry.reply import Reply
    from wherry.serving.edge import Edge
    from wherry.serving.exchange import Exchange

_log = logging.getLogger("wherry.local")
_LAST_CHUNK = b"0\r\n\r\n"


class Streamed:
    """One such answer; `run` sends it.

    Cancelled where the caller has gone. `end` lets it end in good order before its time, as at a
    drain: what follows a log has no end of its own.
    """

    def __init__(self, edge: Edge, exchange: Exchange, reply: Reply, *, keep_alive: bool) -> None:
        self._edge = edge
        self._exchange = exchange
        self._reply = reply
        http_1_0 = exchange.http_version == "1.0"
        self._keep_alive = keep_alive and not (http_1_0 and reply.length is None)
        self._framing, self._chunked = framing_of(
            status=reply.status,
            length=reply.length,
            keep_alive=self._keep_alive,
            http_1_0=http_1_0,
        )
        self._left = reply.length
        self._ending: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def end(self) -> None:
        """Let it end after the piece that it is at."""
        if not self._ending.done():
            self._ending.set_result(None)

    async def run(self) -> None:
        """Send until the end."""
        exchange, connection = self._exchange, self._exchange.connection
        exchange.status = self._reply.status
        complete = False
        try:
            await self._write(
                encode_head(
                    self._reply.status,
                    self._reply.headers,
                    date=self._edge.date,
                    call_id=exchange.call_id,
                    framing=self._framing,
                )
            )
            if exchange.method != "HEAD" and self._reply.status not in BODILESS:
                await self._send_pieces()
                complete = not self._left
                if complete and self._chunked:
                    await self._write(_LAST_CHUNK)
            else:
                complete = True
        except asyncio.CancelledError:
            connection.broken = True
        except Exception:  # noqa: BLE001 - the head is sent; all that is left is to break off
            if not connection.broken:
                _log.exception("call %s failed while its answer was being sent", exchange.call_id)
        finally:
            await _close(self._reply)
            connection.release(keep_alive=self._keep_alive and complete)

    async def _send_pieces(self) -> None:
        body = self._reply.body
        if isinstance(body, AsyncIterator):
            while (piece := await self._next(body)) is not None:
                await self._write(self._framed(piece))
                if self._exchange.connection.broken:
                    return
        elif isinstance(body, Iterator):
            for piece in body:
                await self._write(self._framed(piece))
                if self._exchange.connection.broken or self._ending.done():
                    return

    async def _next(self, body: AsyncIterator[bytes]) -> bytes | None:
        """The next piece; None where there is none, or it is to end."""
        piece = asyncio.ensure_future(_taken(body))
        try:
            either: set[asyncio.Future[Any]] = {piece, self._ending}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            return piece.result() if piece.done() else None
        finally:
            if not piece.done():
                piece.cancel()
                await asyncio.wait({piece})

    def _framed(self, piece: bytes) -> bytes:
        """As it goes on the wire; what exceeds a promised length is not sent."""
        if self._left is not None:
            piece = piece[: self._left]
            self._left -= len(piece)
        self._exchange.size += len(piece)
        return b"%x\r\n%s\r\n" % (len(piece), piece) if self._chunked and piece else piece

    async def _write(self, data: bytes) -> None:
        connection = self._exchange.connection
        if data and not connection.write(data):
            flushed = asyncio.Event()
            connection.when_flushed(flushed.set)
            await flushed.wait()


async def _taken(body: AsyncIterator[bytes]) -> bytes | None:
    return await anext(body, None)


async def _close(reply: Reply) -> None:
    """Let the iterator of an answer end."""
    try:
        if isinstance(reply.body, AsyncIterator):
            close = getattr(reply.body, "aclose", None)
            if close is not None:
                await close()
        elif isinstance(reply.body, Iterator):
            close = getattr(reply.body, "close", None)
            if close is not None:
                close()
    except Exception:  # noqa: BLE001 - it is over
        _log.exception("an answer could not be closed")
