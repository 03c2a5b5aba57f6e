"""An answer of a route that is made piece by piece, sent at the reader's pace."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

from wherry.serving.answer import Stream

if TYPE_CHECKING:
    from wherry.reply import Reply
    from wherry.serving.exchange import Exchange

_log = logging.getLogger("wherry.local")


class Streamed(Stream):
    """One such answer; `run` sends it.

    Cancelled where the caller has gone. `end` lets it end in good order before its time, as at a
    drain: what follows a log has no end of its own.
    """

    def __init__(self, exchange: Exchange, reply: Reply, *, date: bytes, keep_alive: bool) -> None:
        super().__init__(exchange, reply, date=date, keep_alive=keep_alive)
        self._early: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def end(self) -> None:
        """Let it end after the piece that it is at."""
        if not self._early.done():
            self._early.set_result(None)

    async def run(self) -> None:
        """Send until the end."""
        exchange, connection = self._exchange, self._exchange.connection
        complete = False
        try:
            await self._write(self._head)
            if not self._bodiless:
                await self._send_pieces()
                await self._write(self._ending(broke=False))
            complete = not connection.broken
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
                if piece:
                    await self._write(self._framed(piece))
                if self._exchange.connection.broken:
                    return
        elif isinstance(body, Iterator):
            for piece in body:
                if piece:
                    await self._write(self._framed(piece))
                if self._exchange.connection.broken or self._early.done():
                    return

    async def _next(self, body: AsyncIterator[bytes]) -> bytes | None:
        """The next piece; None where there is none, or it is to end."""
        piece = asyncio.ensure_future(_taken(body))
        try:
            either: set[asyncio.Future[Any]] = {piece, self._early}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            return piece.result() if piece.done() else None
        finally:
            if not piece.done():
                piece.cancel()
                await asyncio.wait({piece})

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
