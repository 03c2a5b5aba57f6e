"""Raw socket clients: what goes over the wire is what the test says."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .http2_client import Http2Wire

FUNCTIONS = Path(__file__).resolve().parent.parent / "functions_data" / "serving"


class Wire:
    """One connection, bytes in and bytes out."""

    def __init__(self, port: int, timeout_s: float = 10.0) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
        self.buffer = b""

    def send(self, data: bytes) -> Wire:
        self.sock.sendall(data)
        return self

    def read_some(self) -> bytes:
        chunk = self.sock.recv(65536)
        self.buffer += chunk
        return chunk

    def until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            if not self.read_some():
                raise EOFError(f"closed before {mark!r}; got {self.buffer!r}")
        head, _, self.buffer = self.buffer.partition(mark)
        return head + mark

    def answer(self, *, head_only: bool = False) -> tuple[int, dict[bytes, bytes], bytes]:
        lines = self.until(b"\r\n\r\n").split(b"\r\n")
        status = int(lines[0].split()[1])
        headers = {k.lower(): v for k, v in (line.split(b": ", 1) for line in lines[1:] if line)}
        if head_only or status in {100, 204, 304}:
            return status, headers, b""
        if headers.get(b"transfer-encoding") == b"chunked":
            return status, headers, self._chunked()
        if b"content-length" not in headers:
            return status, headers, self.rest()
        while len(self.buffer) < int(headers[b"content-length"]):
            if not self.read_some():
                raise EOFError("the body is short")
        size = int(headers[b"content-length"])
        body, self.buffer = self.buffer[:size], self.buffer[size:]
        return status, headers, body

    def _chunked(self) -> bytes:
        body = b""
        while True:
            size = int(self.until(b"\r\n"), 16)
            while len(self.buffer) < size + 2:
                if not self.read_some():
                    raise EOFError("the chunk is short")
            body += self.buffer[:size]
            self.buffer = self.buffer[size + 2 :]
            if size == 0:
                return body

    def rest(self) -> bytes:
        """Everything until the server closes."""
        while self.read_some():
            continue
        body, self.buffer = self.buffer, b""
        return body

    def close(self) -> None:
        self.sock.close()


@pytest.fixture
def wire() -> Iterator[Callable[..., Wire]]:
    opened: list[Wire] = []

    def connect(port: int, timeout_s: float = 10.0) -> Wire:
        opened.append(Wire(port, timeout_s))
        return opened[-1]

    yield connect
    for each in opened:
        each.close()


@pytest.fixture
def http2() -> Iterator[Callable[..., Http2Wire]]:
    from .http2_client import Http2Wire  # h2 is for those who speak it

    opened: list[Http2Wire] = []

    def connect(port: int, **options: Any) -> Http2Wire:
        opened.append(Http2Wire(port, **options))
        return opened[-1]

    yield connect
    for each in opened:
        each.close()


def get(path: str = "/", *lines: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: x", *lines, "", ""]).encode()


def post(path: str, body: bytes, *lines: str) -> bytes:
    head = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *lines, "", ""]
    return "\r\n".join(head).encode() + body


def eventually(condition: Callable[[], object], timeout_s: float = 10.0) -> None:
    """Poll until it holds; fails with what it last gave."""
    until = time.monotonic() + timeout_s
    while not (result := condition()):
        if time.monotonic() > until:
            raise AssertionError(f"not within {timeout_s} s: {result!r}")
        time.sleep(0.01)


@contextmanager
def no_error(log: Callable[[], str]) -> Iterator[None]:
    yield
    assert "Traceback" not in log()
