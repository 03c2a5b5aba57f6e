"""Connections straight to one host, kept for the next request; what is said is `wire`'s.

A push of one edited line is some twenty small requests, and what carries them is a good part of
what the whole command takes: urllib3 is imported in four times as long as this with its parser, and
without TLS `ssl` is not imported either. Bytes are framed by llhttp, as the server's are.
"""

from __future__ import annotations

import select
import socket
import threading
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from wherry_build.image.registry.direct_answer import DirectAnswer
from wherry_build.image.registry.transport import Body, NotCarried, Transport

if TYPE_CHECKING:
    import ssl

_CONNECT_S = 10
_MOST_KEPT = 8
_FIRST_BYTES = 64 * 1024
_BLOCK_BYTES = 256 * 1024
_SAFE = "!$%&'()*+,-./:;=?@_~"
_FORBIDDEN = frozenset("\r\n\0")


class Direct(Transport):
    """Connections to one host.

    Args:
        host: Its name or address.
        port: Its port.
        context: How TLS is spoken; None speaks none.
    """

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None) -> None:
        self._host = host
        self._port = port
        self._context = context
        self._kept: list[socket.socket] = []
        self._is_closed = False
        self._turn = threading.Lock()
        weakref.finalize(self, _close, self._kept)  # for those who do not close it

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Body | None = None,
        *,
        read_s: float,
    ) -> DirectAnswer:
        """See `Transport`."""
        head = _head(method, url, headers)
        connection = self._take() or self._connected()
        try:
            connection.settimeout(read_s)
            is_sent = _sent(connection, head, body)
            answer = DirectAnswer(
                connection, url, self._keep if is_sent else None, has_body=method != "HEAD"
            )
            answer.begin()
        except BaseException:
            connection.close()
            raise
        return answer

    def close(self) -> None:
        """Close what is kept, and keep nothing that is still on its way."""
        with self._turn:
            self._is_closed = True
            _close(self._kept)

    def _connected(self) -> socket.socket:
        # As bytes, a name needs no rules of IDNA, which take long to load.
        host = self._host.encode("ascii") if self._host.isascii() else self._host
        try:
            connection = socket.create_connection((host, self._port), _CONNECT_S)  # type: ignore[arg-type]
        except (UnicodeError, OverflowError) as error:
            raise NotCarried(f"no name of a host: {error}") from None
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is not None:
                return self._context.wrap_socket(connection, server_hostname=self._host)
        except BaseException:
            connection.close()
            raise
        return connection

    def _take(self) -> socket.socket | None:
        """A kept connection that its host has not closed meanwhile."""
        while True:
            with self._turn:
                if not self._kept:
                    return None
                connection = self._kept.pop()
            if not _has_news(connection):
                return connection
            connection.close()

    def _keep(self, connection: socket.socket) -> None:
        with self._turn:
            if len(self._kept) < _MOST_KEPT and not self._is_closed:
                self._kept.append(connection)
                return
        connection.close()


def _close(connections: list[socket.socket]) -> None:
    while connections:
        connections.pop().close()


def _has_news(connection: socket.socket) -> bool:
    """Whether there is something to be read, which between requests can only be an end."""
    asked = select.poll()
    asked.register(connection, select.POLLIN)
    return bool(asked.poll(0))


def _sent(connection: socket.socket, head: bytes, body: Body | None) -> bool:
    """Whether all was taken; who does not want it may answer why before it closes."""
    try:
        connection.sendall(head + (body.read(_FIRST_BYTES) if body is not None else b""))
        while body is not None and (block := body.read(_BLOCK_BYTES)):
            connection.sendall(block)
    except (BrokenPipeError, ConnectionResetError):
        return False
    return True


def _head(method: str, url: str, headers: Mapping[str, str]) -> bytes:
    parts = urlsplit(url)
    target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_SAFE)
    said = {"Host": parts.netloc.rpartition("@")[2], **headers}
    if any(_FORBIDDEN.intersection(text) for text in said.values()):
        raise NotCarried("a header field would have more than one line")
    fields = "".join(f"{name}: {text}\r\n" for name, text in said.items())
    try:
        return f"{method} {target} HTTP/1.1\r\n{fields}\r\n".encode("latin-1")
    except UnicodeError:
        raise NotCarried("a header field would have letters that none can have") from None
