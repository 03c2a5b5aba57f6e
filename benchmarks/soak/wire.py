"""One connection of a client: bytes out, an answer of HTTP/1.1 back.

It knows no kinds of requests, and does what a well-behaved client would not: half requests, resets.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import NamedTuple

_CHUNK_END = b"\r\n"
_NO_LINGER = struct.pack("ii", 1, 0)


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes
    closes: bool


class Wire:
    """A connection; use `opened`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def opened(cls, port: int) -> Wire:
        """Connect.

        Raises:
            OSError: Nobody listens.
        """
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, data: bytes) -> None:
        """Send, and wait while the server takes less than is sent."""
        self._writer.write(data)
        await self._writer.drain()

    async def ask(self, data: bytes, *, is_head: bool = False) -> Answer:
        """Send a request and read its whole answer.

        Raises:
            EOFError: The server closed before the end of the answer.
            OSError: The connection was reset.
        """
        await self.send(data)
        return await self.answer(is_head=is_head)

    async def answer(self, *, is_head: bool = False) -> Answer:
        """The next answer; raises as `ask`."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        fields = dict(line.split(b": ", 1) for line in lines[1:] if b": " in line)
        status = int(lines[0].split()[1])
        if is_head or status in {204, 304}:
            found = b""
        elif fields.get(b"transfer-encoding") == b"chunked":
            found = await self._chunks()
        else:
            found = await self._reader.readexactly(int(fields[b"content-length"]))
        return Answer(status, found, fields.get(b"connection") == b"close")

    async def _chunks(self) -> bytes:
        found = []
        while size := int(await self._reader.readuntil(_CHUNK_END), 16):
            found.append(await self._reader.readexactly(size))
            await self._reader.readexactly(len(_CHUNK_END))
        await self._reader.readexactly(len(_CHUNK_END))
        return b"".join(found)

    async def rest(self) -> bytes:
        """Everything until the server closes."""
        return await self._reader.read()

    async def some(self) -> bytes:
        """What comes first."""
        return await self._reader.read(1024)

    def close(self) -> None:
        """Close as a client does that is done."""
        self._writer.close()

    def reset(self) -> None:
        """Go away at once: the server gets a reset in place of an end."""
        sock: socket.socket | None = self._writer.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._writer.transport.abort()
