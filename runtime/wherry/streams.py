"""The body as it arrives, as a handler takes it: an iterator of bytes, or a file to read.

A fault while the body arrives (too large, too slow, broken off) is the caller's, not the
handler's, though it comes up inside the handler; the stream remembers it, so that the invocation
can tell. This module must not know sockets.
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

from wherry.errors import RequestRefused

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from wherry.request import Request


class BodyStream:
    """A blocking body; iterating it ends with the body.

    Attributes:
        fault: Why the body did not arrive whole, or None.
    """

    __slots__ = ("_chunks", "fault")

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self.fault: RequestRefused | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._chunks)
        except RequestRefused as error:
            self.fault = error
            raise


class AsyncBodyStream:
    """A body for an async handler.

    Attributes:
        fault: Why the body did not arrive whole, or None.
    """

    __slots__ = ("_chunks", "fault")

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self.fault: RequestRefused | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await self._chunks.__anext__()
        except RequestRefused as error:
            self.fault = error
            raise


class BodyFile(io.RawIOBase):
    """A blocking body as a file that is read once, forwards."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """True: that is what it is for."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill `buffer` as far as one chunk goes; 0 at the end of the body."""
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        view = memoryview(buffer).cast("B")
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def iterator(request: Request, _event: Any) -> BodyStream | AsyncBodyStream:
    """The body of `request` as an iterator; of one chunk where it has been read already."""
    stream = watched(request)
    if stream is None:
        stream = BodyStream(iter([request.body] if request.body else []))
    return stream


def async_iterator(request: Request, _event: Any) -> BodyStream | AsyncBodyStream:
    """The body of `request` as an async iterator; of one chunk where it has been read already."""
    stream = watched(request)
    return AsyncBodyStream(_once(request.body)) if stream is None else stream


def file(request: Request, _event: Any) -> io.BufferedIOBase:
    """The body of `request` as a file."""
    stream = watched(request)
    if not isinstance(stream, BodyStream):
        return io.BytesIO(request.body)
    return io.BufferedReader(BodyFile(stream), 65_536)


def watched(request: Request) -> BodyStream | AsyncBodyStream | None:
    """The stream of `request` with its faults remembered, or None where it has none."""
    stream = request.stream
    if stream is None or isinstance(stream, (BodyStream, AsyncBodyStream)):
        return stream
    kept = AsyncBodyStream(stream) if isinstance(stream, AsyncIterator) else BodyStream(stream)
    request.stream = kept
    return kept


async def _once(body: bytes) -> AsyncIterator[bytes]:
    if body:
        yield body
