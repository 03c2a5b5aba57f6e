"""A connection that sends what it is told and reads answers strictly, without a library's repairs.

It must not know cases: it says what came, or that nothing did.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from typing import NoReturn, final

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2}) [\t\x20-\x7e\x80-\xff]*")
_FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[\t\x20-\x7e]*)?")
_HEAD_BYTES = 256 * 1024
_BODYLESS = frozenset({204, 304})
_READ_BYTES = 65536


class Silence(Exception):  # noqa: N818 - an observation
    """No valid answer came.

    Attributes:
        got: What came instead: a closed connection, nothing in time, or bytes that are no answer.
        is_closed: Whether the other end closed the connection without a word.
    """

    def __init__(self, got: str, *, is_closed: bool = False) -> None:
        super().__init__(got)
        self.got = got
        self.is_closed = is_closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer.

    Attributes:
        status: Status code.
        headers: Names in lower case, and values, in their order.
        body: The body, chunks put together.
        is_last: Whether the connection ends after it.
    """

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    is_last: bool

    def values(self, name: bytes) -> list[bytes]:
        """Every value of the header `name`."""
        return [value for each, value in self.headers if each == name]

    def value(self, name: bytes) -> bytes | None:
        """The first value of the header `name`, or None."""
        return next(iter(self.values(name)), None)


@final
class Wire:
    """One connection.

    Raises:
        Silence: Nothing listens at the address.
    """

    def __init__(self, host: str, port: int, *, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._buffer = b""
        try:
            self._socket = socket.create_connection((host, port), timeout=timeout_s)
        except OSError as error:
            raise Silence(f"no connection: {error.strerror or error}") from None
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, *pieces: bytes) -> Wire:
        """Send each piece in a segment of its own; what the other end refuses is not an error."""
        try:
            for piece in pieces:
                self._socket.sendall(piece)
        except OSError:
            pass  # it has closed, maybe after an answer: reading tells
        return self

    def answer(self, *, to_head: bool = False) -> Reply:
        """Read one answer, 1xx ones left out; Silence where none came that is valid."""
        while True:
            reply = self.interim(to_head=to_head)
            if reply.status >= 200:
                return reply

    def interim(self, *, to_head: bool = False) -> Reply:
        """Read one answer, a 1xx one too."""
        status_line, *lines = self._head().split(b"\r\n")
        match = _STATUS_LINE.fullmatch(status_line)
        if match is None:
            self._no_answer("a status line that is none", status_line)
        headers: list[tuple[bytes, bytes]] = []
        for line in lines:
            parts = _FIELD.fullmatch(line)
            if parts is None:
                self._no_answer("a header line that is none", line)
            headers.append((parts[1].lower(), parts[2]))
        status = int(match[2])
        named = dict(headers)
        connection = named.get(b"connection", b"").lower()
        is_last = b"close" in connection or (match[1] == b"0" and b"keep-alive" not in connection)
        if status < 200 or status in _BODYLESS or to_head:
            body = b""
        else:
            body, has_end = self._body(headers)
            is_last = is_last or not has_end
        return Reply(status=status, headers=tuple(headers), body=body, is_last=is_last)

    def is_closed(self) -> bool:
        """Whether the other end closes now, having sent no more than has been read."""
        try:
            return not self._buffer and self._receive() == b""
        except Silence:
            return False

    def rest(self, within_s: float | None = None) -> bytes:
        """Everything until the other end closes, or sends nothing for `within_s` seconds."""
        self._socket.settimeout(self._timeout_s if within_s is None else within_s)
        try:
            while chunk := self._receive():
                self._buffer += chunk
        except Silence:
            pass
        rest, self._buffer = self._buffer, b""
        return rest

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _head(self) -> bytes:
        while b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > _HEAD_BYTES:
                self._no_answer("a head without an end", self._buffer)
            chunk = self._receive()
            if not chunk:
                if self._buffer:
                    self._no_answer("a head that was cut short", self._buffer)
                raise Silence("a closed connection and no answer", is_closed=True)
            self._buffer += chunk
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        return head

    def _body(self, headers: list[tuple[bytes, bytes]]) -> tuple[bytes, bool]:
        """The body, and whether the message says where it ends."""
        lengths = [value for name, value in headers if name == b"content-length"]
        codings = [value for name, value in headers if name == b"transfer-encoding"]
        if lengths and codings:
            self._no_answer("an answer with both a length and a coding", codings[0])
        if codings:
            if codings != [b"chunked"]:
                self._no_answer("a coding that was not asked for", codings[0])
            return self._chunks(), True
        if not lengths:
            return self.rest(), False
        if len(set(lengths)) > 1 or not lengths[0].isdigit():
            self._no_answer("a length that is none", lengths[0])
        return self._exactly(int(lengths[0])), True

    def _chunks(self) -> bytes:
        body = b""
        while True:
            match = _CHUNK.fullmatch(self._line())
            if match is None:
                self._no_answer("a chunk that is none", self._buffer)
            size = int(match[1], 16)
            if size == 0:
                break
            body += self._exactly(size)
            if self._exactly(2) != b"\r\n":
                self._no_answer("a chunk that does not end", body)
        while self._line():
            pass  # trailers
        return body

    def _line(self) -> bytes:
        while b"\r\n" not in self._buffer:
            self._more()
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._more()
        body, self._buffer = self._buffer[:size], self._buffer[size:]
        return body

    def _more(self) -> None:
        chunk = self._receive()
        if not chunk:
            self._no_answer("a body that was cut short", self._buffer)
        self._buffer += chunk

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(_READ_BYTES)
        except TimeoutError:
            raise Silence(f"nothing within {self._timeout_s:g} s") from None
        except OSError:  # a reset is a close, only a rude one
            return b""

    @staticmethod
    def _no_answer(what: str, text: bytes) -> NoReturn:
        raise Silence(f"{what}: {text[:80]!r}")
