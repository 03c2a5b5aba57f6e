"""Putting an answer on its connection: whole, or chunk by chunk at the reader's pace."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from contextvars import Context as Variables
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

from wherry.reply import Reply
from wherry.serving.head import BODILESS, encode_head, encode_whole, framing_of

if TYPE_CHECKING:
    from wherry.metrics import Shard
    from wherry.serving.engine import Engine
    from wherry.serving.exchange import Exchange
    from wherry.serving.http2_stream import Http2Stream

_log = logging.getLogger("wherry.serving")
_LAST_CHUNK = b"0\r\n\r\n"
_END = object()


def send(date: bytes, exchange: Exchange, reply: Reply, *, keep_alive: bool) -> None:
    """Write an answer whose body is bytes, and release its connection.

    Args:
        date: The `Date` line of this second, as `date_line` gives it.
        exchange: What is answered.
        reply: The answer.
        keep_alive: Whether the connection may stay open.
    """
    body: Any = reply.body  # bytes: streams have their own classes below
    connection = exchange.connection
    exchange.status = reply.status
    if keep_alive and exchange.incoming is None and exchange.http_version == "1.1":
        if exchange.method == "HEAD":
            exchange.size, shown = 0, b""
        else:
            exchange.size, shown = len(body), body
        answer = encode_whole(reply, date, exchange.call_id, len(body), shown)
        if connection.write(answer):
            connection.release_kept()
        else:
            connection.when_flushed(connection.release_kept)
    elif exchange.http_version == "2":
        _send_in_stream(exchange, reply, body)
    else:
        answer, keep_alive = _rarely_framed(date, exchange, reply, body, keep_alive=keep_alive)
        if connection.write(answer):
            connection.release(keep_alive=keep_alive)
        else:
            connection.when_flushed(lambda: connection.release(keep_alive=keep_alive))


def _send_in_stream(exchange: Exchange, reply: Reply, body: bytes) -> None:
    """The same in HTTP/2, which has its own framing."""
    shown = b"" if exchange.method == "HEAD" or reply.status in BODILESS else body
    exchange.size = len(shown)
    cast("Http2Stream", exchange.connection).answer(reply, shown)


def _rarely_framed(
    date: bytes, exchange: Exchange, reply: Reply, body: bytes, *, keep_alive: bool
) -> tuple[bytes, bool]:
    """The answer on a connection that ends or may end, and whether it stays open."""
    incoming = exchange.incoming
    keep_alive = keep_alive and (incoming is None or incoming.complete)
    framing, _ = framing_of(
        status=reply.status,
        length=len(body),
        keep_alive=keep_alive,
        http_1_0=exchange.http_version == "1.0",
    )
    head = encode_head(
        reply.status, reply.headers, date=date, call_id=exchange.call_id, framing=framing
    )
    if exchange.method == "HEAD" or reply.status in BODILESS:
        body = b""
    exchange.size = len(body)
    return head + body, keep_alive


class Stream:
    """What every streamed answer has: the head, and how a chunk is framed.

    Args:
        exchange: What is answered.
        reply: The answer.
        date: The `Date` line of this second, as `date_line` gives it.
        keep_alive: Whether the connection may stay open.
    """

    def __init__(self, exchange: Exchange, reply: Reply, *, date: bytes, keep_alive: bool) -> None:
        self._exchange = exchange
        self._reply = reply
        http_1_0 = exchange.http_version == "1.0"
        incoming = exchange.incoming
        unframed = http_1_0 and reply.length is None
        self._keep_alive = keep_alive and not unframed and (incoming is None or incoming.complete)
        framing, self._chunked = framing_of(
            status=reply.status,
            length=reply.length,
            keep_alive=self._keep_alive,
            http_1_0=http_1_0,
        )
        self._left = reply.length
        self._bodiless = exchange.method == "HEAD" or reply.status in BODILESS
        exchange.status = reply.status
        self._http_2 = exchange.http_version == "2"
        if self._http_2:
            self._chunked, self._head = False, b""
            self._begin_stream(cast("Http2Stream", exchange.connection))
            return
        self._head = encode_head(
            reply.status,
            reply.headers,
            date=date,
            call_id=exchange.call_id,
            framing=framing,
        )

    def _begin_stream(self, stream: Http2Stream) -> None:
        stream.begin(self._reply, self._reply.length)
        if self._bodiless:
            stream.complete()

    def _framed(self, chunk: bytes) -> bytes:
        """The chunk as it goes on the wire; what exceeds a promised length is not sent."""
        if self._left is not None:
            chunk = chunk[: self._left]
            self._left -= len(chunk)
        self._exchange.size += len(chunk)
        return b"%x\r\n%s\r\n" % (len(chunk), chunk) if self._chunked else chunk

    def _ending(self, *, broke: bool) -> bytes:
        """What follows the last chunk; a stream that broke off must not look complete."""
        if broke or self._left:
            self._keep_alive = False
            return b""
        if self._http_2:
            cast("Http2Stream", self._exchange.connection).complete()
        return _LAST_CHUNK if self._chunked else b""


class _HandlerStream(Stream):
    """One whose chunks a handler makes."""

    def __init__(self, engine: Engine, exchange: Exchange, reply: Reply) -> None:
        keep_alive = exchange.keep_alive and not engine.draining
        super().__init__(exchange, reply, date=engine.edge.date, keep_alive=keep_alive)
        self._engine = engine

    def _report(self) -> None:
        if not self._exchange.connection.broken:
            _log.exception("the function failed while its answer was being sent")


class BlockingStream(_HandlerStream):
    """An answer made by a sync iterator, a job of the pool.

    When the reader is slow the job ends, the loop writes what is left, and a new turn is
    submitted: a slow reader costs a connection and no thread.
    """

    def __init__(
        self, engine: Engine, exchange: Exchange, reply: Reply, variables: Variables
    ) -> None:
        super().__init__(engine, exchange, reply)
        self._variables = variables
        self._pending = self._head
        assert isinstance(reply.body, Iterator)  # noqa: S101 - a sync handler gives no other
        self._chunks = reply.body
        self._broke = self._over = self._bodiless

    def run(self, shard: Shard) -> float:
        """Send until the end or until the socket is full; only the iterator's time is its own."""
        connection = self._exchange.connection
        ended = monotonic()
        while True:
            if self._pending and not connection.write(self._pending):
                self._pending = b""
                connection.when_flushed(self._resume)
                return ended
            if self._over or connection.broken:
                break
            begun = monotonic()
            self._pending = self._next()
            ended += monotonic() - begun
        self._close(shard)
        return ended

    def answer(self, shard: Shard) -> None:
        """All that there is to send is sent by `run`."""

    def _next(self) -> bytes:
        try:
            chunk = self._variables.run(next, self._chunks, _END)
        except BaseException:  # a generator may raise anything; it costs this answer only
            self._variables.run(self._report)
            self._over = self._broke = True
            return b""
        if chunk is _END:
            self._over = True
            return self._ending(broke=False)
        assert isinstance(chunk, bytes)  # noqa: S101 - `wherry.response` encodes text
        return self._framed(chunk) if chunk else b""

    def _resume(self) -> None:
        if self._exchange.connection.broken:
            self._over = True
        self._engine.pool.submit(self)

    def _close(self, shard: Shard) -> None:
        _close_iterator(self._chunks, self._variables)
        self._engine.leave(self._exchange)
        keep_alive = self._keep_alive and (self._bodiless or not self._broke)
        self._exchange.connection.release(keep_alive=keep_alive and not self._engine.draining)
        self._engine.note(self._exchange, shard)

    @staticmethod
    def discard(reply: Reply) -> None:
        """Close the iterator of an answer that will not be sent."""
        if isinstance(reply.body, Iterator):
            _close_iterator(reply.body, Variables())


class AsyncStream(_HandlerStream):
    """An answer made by an async iterator, or a sync one of an async handler, on the loop."""

    async def run(self) -> None:
        """Send until the end; waits whenever the reader is slow."""
        import asyncio  # who awaits has imported it

        connection = self._exchange.connection
        complete = False
        try:
            await self._write(self._head)
            if not self._bodiless:
                await self._send_chunks()
            complete = not connection.broken
        except asyncio.CancelledError:
            connection.broken = True
        except Exception:  # the head is sent; all that is left is to break off
            self._report()
        finally:
            await self.discard(self._reply)
            connection.release(
                keep_alive=self._keep_alive and complete and not self._engine.draining
            )

    async def _send_chunks(self) -> None:
        body = self._reply.body
        if isinstance(body, AsyncIterator):
            async for chunk in body:
                if chunk:
                    await self._write(self._framed(chunk))
                if self._exchange.connection.broken:
                    return
        elif isinstance(body, Iterator):
            for chunk in body:
                if chunk:
                    await self._write(self._framed(chunk))
        await self._write(self._ending(broke=False))

    async def _write(self, data: bytes) -> None:
        connection = self._exchange.connection
        if data and not connection.write(data):
            import asyncio

            flushed = asyncio.Event()
            tasks = self._engine.tasks
            assert tasks is not None  # noqa: S101 - only a task sends this
            connection.when_flushed(lambda: tasks.on_loop(flushed.set))
            await flushed.wait()

    @staticmethod
    async def discard(reply: Reply) -> None:
        """Close the iterator of an answer."""
        close = getattr(reply.body, "aclose", None)
        try:
            if close is not None:
                await close()
            elif isinstance(reply.body, Iterator):
                _close_iterator(reply.body, Variables())
        except Exception:
            _log.exception("the function failed while its answer was being closed")


def _close_iterator(chunks: Iterator[bytes], variables: Variables) -> None:
    close = getattr(chunks, "close", None)
    if close is not None:
        try:
            variables.run(close)
        except BaseException:  # as in `_next`
            _log.exception("the function failed while its answer was being closed")
