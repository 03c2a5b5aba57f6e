"""One HTTP request to an ASGI application, and its answer.

The application runs in a task of its own, so that it may go on after its answer (background
tasks) and after its caller has gone, when it is told so and given some time. Its body goes out at
the caller's pace: it waits while the chunk before is not taken. This module must not know sockets.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

from wherry.adapters.asgi.scope import Scope
from wherry.errors import InvocationFailed, RequestRefused, ResponseError
from wherry.reply import Reply
from wherry.response_headers import headers_of, length_of, sendable, status_of

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

GRACE_S = 3.0
"""How long an application may go on after its caller has gone."""

_log = logging.getLogger("wherry.adapters.asgi")
_BODILESS = frozenset({204, 205, 304})


def is_of_the_end(error: BaseException) -> bool:
    """Whether `error` only says that the other end has gone, as an application may let it.

    The specification has an OSError for that; frameworks have classes of their own besides, which
    are known by their names, for none is imported here.
    """
    return isinstance(error, OSError) or type(error).__name__.endswith("Disconnect")


class Tasks:
    """Applications that run, so that those which outlive their answers are waited for."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work`, which must not raise."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def wait(self, timeout_s: float) -> None:
        """Wait until all have ended; then cut off those that have not."""
        if self._running:
            await asyncio.wait(self._running, timeout=timeout_s)
        if self._running:
            _log.warning("%d background tasks of the application were cut off", len(self._running))
        for task in self._running:
            task.cancel()


class HttpCall:
    """One request. `answer` is what a handler of ours awaits."""

    def __init__(self, scope: Scope, body: AsyncIterator[bytes], tasks: Tasks) -> None:
        self._scope = scope
        self._body = body
        self._tasks = tasks
        self._task: asyncio.Task[None] | None = None
        self._received = False
        self._start: Message | None = None
        self._chunk: bytes | None = None
        self._last = False
        self._ended = False
        self._left = False
        self._error: BaseException | None = None
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._gone = asyncio.Event()

    async def answer(self, application: Application) -> Reply:
        """Run the application as far as its answer has begun.

        Raises:
            Exception: What the application raised before.
            ResponseError: It ended without an answer, or its answer cannot be sent.
        """
        self._task = self._tasks.start(self._run(application))
        try:
            return await self._begun()
        except BaseException:
            self._leave()
            raise

    # What the application is given ----------------------------------------------------------

    async def receive(self) -> Message:
        """The next part of the body; after it, that the caller has gone."""
        if not self._received and not self._gone.is_set():
            try:
                chunk = await self._body.__anext__()
            except StopAsyncIteration:
                self._received = True
                return {"type": "http.request", "body": b"", "more_body": False}
            except RequestRefused:  # it broke off; the invocation answers that
                self._leave()
            else:
                return {"type": "http.request", "body": chunk, "more_body": True}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take part of the answer.

        Raises:
            ConnectionResetError: The caller has gone.
            RuntimeError: The message is out of order.
        """
        kind = message["type"]
        if kind == "http.response.start" and self._start is None:
            self._start = message
            self._news.set()
        elif kind == "http.response.body" and self._start is not None and not self._last:
            await self._give(bytes(message.get("body", b"")), more=message.get("more_body", False))
        else:
            raise RuntimeError(f"the application sent {kind!r} out of order")

    async def _give(self, chunk: bytes, *, more: bool) -> None:
        while self._chunk is not None and not self._gone.is_set():
            self._room.clear()
            await self._room.wait()
        if self._gone.is_set():
            raise ConnectionResetError("the caller has gone")
        if more and not chunk:
            return
        self._chunk = chunk
        self._last = not more
        if self._last:
            self._received = True
        self._news.set()

    async def _run(self, application: Application) -> None:
        try:
            await application(self._scope, self.receive, self.send)
        except asyncio.CancelledError:
            self._error = self._error or ConnectionResetError("the caller has gone")
        except BaseException as error:  # as where a handler is called: it may raise anything
            self._error = error
            if self._last and not self._left:
                _log.error("the application failed after its answer", exc_info=error)
        finally:
            self._ended = True
            self._news.set()

    # What the server is given ---------------------------------------------------------------

    async def _begun(self) -> Reply:
        while self._start is None and not self._ended:
            await self._wait()
        if self._start is None:
            raise self._error or ResponseError("the application ended without an answer")
        headers = headers_of(list(self._start.get("headers", ())))
        length = length_of(headers)
        while length is not None and self._chunk is None and not self._ended:
            await self._wait()  # it is about to come, and one write is cheaper than two
        if self._ended and not self._last and self._chunk is None:
            raise self._error or ResponseError("the application ended without a body")
        reply = Reply(status_of(self._start["status"]), sendable(headers), length=length)
        if self._last and self._chunk is not None and not self._is_head_only(length):
            reply.body = b"" if reply.status in _BODILESS else self._chunk
            self._done()
        else:
            reply.body = _Body(self)
        return reply

    def _is_head_only(self, length: int | None) -> bool:
        """Whether a HEAD was answered with the length alone, which is to be told."""
        return self._scope["method"] == "HEAD" and length is not None and not self._chunk

    async def next_chunk(self) -> bytes:
        """The next chunk of the body; StopAsyncIteration at its end.

        Raises:
            InvocationFailed: The application broke off.
        """
        while self._chunk is None:
            if self._last:
                self._done()
                raise StopAsyncIteration
            if self._ended:
                raise InvocationFailed("the application broke off its answer") from self._error
            await self._wait()
        chunk, self._chunk = self._chunk, None
        self._room.set()
        return chunk

    def leave(self) -> None:
        """The answer is wanted no longer, or has been sent."""
        if not (self._last and self._chunk is None):
            self._leave()

    async def _wait(self) -> None:
        self._news.clear()
        await self._news.wait()

    def _done(self) -> None:
        """The answer is complete; an application that still listens hears that the caller went."""
        self._gone.set()

    def _leave(self) -> None:
        """The caller has gone: tell the application, and end it if it does not end."""
        self._left = True
        self._gone.set()
        self._room.set()
        if self._task is not None and not self._task.done():
            asyncio.get_running_loop().call_later(GRACE_S, self._task.cancel)


class _Body:
    """The body of an answer that has begun, chunk by chunk."""

    __slots__ = ("_call",)

    def __init__(self, call: HttpCall) -> None:
        self._call = call

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        return await self._call.next_chunk()

    async def aclose(self) -> None:
        """Whoever sent the answer has done with it."""
        self._call.leave()
