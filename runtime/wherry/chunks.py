"""Bodies that a handler yields: pulled one by one, encoded, and closed.

Chunks of a sync handler run in a copy of the contextvars of its call, whichever thread pulls
them. This module must not know status, headers or sockets.
"""

from __future__ import annotations

import contextvars
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

from wherry import json_body
from wherry.errors import InvocationFailed, ResponseError
from wherry.server_sent import sse

if TYPE_CHECKING:
    from wherry.request import Request

_NOTHING: Any = object()


class _Encoding:
    """How one stream's values become bytes."""

    __slots__ = ("_request", "is_sse")

    def __init__(self, request: Request, *, is_sse: bool) -> None:
        self._request = request
        self.is_sse = is_sse

    def encode(self, value: Any) -> bytes:
        if value.__class__ is bytes:
            return value
        if isinstance(value, str):
            try:
                return value.encode()
            except UnicodeEncodeError as error:
                raise ResponseError("the handler yielded text that is no Unicode") from error
        if isinstance(value, (bytes, bytearray, memoryview)):
            return bytes(value)
        if not json_body.is_json(value):
            raise ResponseError(
                f"the handler yielded a {type(value).__name__}, expected str, bytes or dict"
            )
        return sse(value).encode() if self.is_sse else json_body.dumps(value) + b"\n"

    def failure(self, error: BaseException) -> BaseException:
        """What to raise for `error` that came out of the handler's iterator."""
        fault: BaseException | None = getattr(self._request.stream, "fault", None)
        if fault is not None:
            return fault
        failed = InvocationFailed(f"the handler raised {type(error).__name__} while it streamed")
        failed.__cause__ = error
        return failed


class Chunks(_Encoding):
    """A streamed body from an iterator."""

    __slots__ = ("_context", "_first", "_iterator", "_owner")

    def __init__(
        self, iterator: Iterator[Any], request: Request, *, is_sse: bool = False, owner: Any = None
    ) -> None:
        super().__init__(request, is_sse=is_sse)
        self._context = contextvars.copy_context()
        self._iterator = iterator
        self._owner = iterator if owner is None else owner
        self._first = _NOTHING

    def peek(self) -> Any:
        """The first value, so that a fault before it is still a 500; None where there is none."""
        if self._first is not _NOTHING:
            return self._first
        try:
            self._first = self._pull()
        except StopIteration:
            self._iterator = iter(())
            return None
        return self._first

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        while True:
            value, self._first = self._first, _NOTHING
            chunk = self.encode(self._pull() if value is _NOTHING else value)
            if chunk:  # an empty one would end a chunked body
                return chunk

    def close(self) -> None:
        """Close the handler's generator; its `finally` blocks run here."""
        close = getattr(self._owner, "close", None)
        if close is not None:
            self._context.run(close)

    def _pull(self) -> Any:
        try:
            return self._context.run(next, self._iterator)
        except (StopIteration, GeneratorExit):
            raise
        except BaseException as error:
            raise self.failure(error) from error


class AsyncChunks(_Encoding):
    """A streamed body from an async iterator."""

    __slots__ = ("_first", "_iterator")

    def __init__(
        self, iterator: AsyncIterator[Any], request: Request, *, is_sse: bool = False
    ) -> None:
        super().__init__(request, is_sse=is_sse)
        self._iterator = iterator
        self._first = _NOTHING

    async def peek(self) -> Any:
        """The first value, so that a fault before it is still a 500; None where there is none."""
        try:
            self._first = await self._pull()
        except StopAsyncIteration:
            self._iterator = _empty()
            return None
        return self._first

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while True:
            value, self._first = self._first, _NOTHING
            chunk = self.encode(await self._pull() if value is _NOTHING else value)
            if chunk:
                return chunk

    async def aclose(self) -> None:
        """Close the handler's generator; its `finally` blocks run here."""
        close = getattr(self._iterator, "aclose", None)
        if close is not None:
            await close()

    async def _pull(self) -> Any:
        import asyncio

        try:
            return await self._iterator.__anext__()
        except (StopAsyncIteration, GeneratorExit, asyncio.CancelledError):
            raise
        except BaseException as error:
            raise self.failure(error) from error


class ThreadedChunks:
    """A blocking body that an async handler returned, pulled in a thread so as not to block."""

    __slots__ = ("_chunks",)

    def __init__(self, chunks: Chunks) -> None:
        self._chunks = chunks

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        import asyncio

        chunk = await asyncio.to_thread(next, self._chunks, None)
        if chunk is None:
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        """Close the handler's generator."""
        import asyncio

        await asyncio.to_thread(self._chunks.close)


async def _empty() -> AsyncIterator[Any]:
    return
    yield
