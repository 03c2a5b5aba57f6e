"""A caller on a raw connection: bytes out as they are, answers in as RFC 9112 frames them."""

import asyncio
import socket
import struct
from dataclasses import dataclass, field

PATIENCE_S = 10.0
HOST = b"Host: localhost\r\n"


@dataclass
class Answer:
    status: int
    fields: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    framing: str = ""

    def header(self, name):
        found = [value for each, value in self.fields if each == name]
        return found[0] if found else None


class Caller:
    """One connection."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    @classmethod
    async def to(cls, port):
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, data):
        self.writer.write(data)
        await asyncio.wait_for(self.writer.drain(), PATIENCE_S)

    async def ask(self, data, *, bodiless=False):
        await self.send(data)
        return await self.answer(bodiless=bodiless)

    async def head(self):
        raw = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
        line, *rest = raw.decode("latin-1").split("\r\n")[:-2]
        assert line.startswith("HTTP/1.1 ")
        fields = [
            (name.lower(), value.strip()) for name, _, value in (r.partition(":") for r in rest)
        ]
        return Answer(int(line.split()[1]), fields)

    async def answer(self, *, bodiless=False):
        answer = await self.head()
        if bodiless or answer.status in {101, 204, 304}:
            return answer
        length, coding = answer.header("content-length"), answer.header("transfer-encoding")
        assert not (length and coding)
        if length is not None:
            answer.framing = "length"
            answer.body = await asyncio.wait_for(self.reader.readexactly(int(length)), PATIENCE_S)
        elif coding is not None:
            answer.framing = "chunked"
            while piece := await self.chunk():
                answer.body += piece
        else:
            answer.framing = "end"
            answer.body = await asyncio.wait_for(self.reader.read(), PATIENCE_S)
        return answer

    async def chunk(self):
        """The next chunk; empty at the last."""
        line = await asyncio.wait_for(self.reader.readuntil(b"\r\n"), PATIENCE_S)
        size = int(line, 16)
        piece = await asyncio.wait_for(self.reader.readexactly(size + 2), PATIENCE_S)
        assert piece.endswith(b"\r\n")
        return piece[:-2]

    async def is_ended(self):
        """Whether the other end sends no more."""
        try:
            return await asyncio.wait_for(self.reader.read(1), PATIENCE_S) == b""
        except ConnectionError:
            return True

    def abort(self):
        """End by force: what was sent and is not read is thrown away with it."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    def close(self):
        self.writer.close()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.writer.close()


async def until(condition, patience_s=PATIENCE_S):
    """Wait for a condition on the loop."""
    end = asyncio.get_running_loop().time() + patience_s
    while not condition():
        assert asyncio.get_running_loop().time() < end, "it did not come about in time"
        await asyncio.sleep(0.005)


async def settled(number):
    """Wait until `number()` stands still; what it then is."""
    seen = -1
    while seen != (seen := number()):  # noqa: ASYNC110 - nothing tells that nothing happens
        await asyncio.sleep(0.15)
    return seen
