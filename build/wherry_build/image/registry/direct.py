"""Connections straight to one host, kept for the next request; what is said is `wire`'s.

By the standard library's client: urllib3 takes more than twice as long to import, and most of what
it adds (retries, redirects, pools) is done by the callers of a transport.
"""

from __future__ import annotations

import select
import socket
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import (
    HTTPConnection,
    HTTPException,
    HTTPMessage,
    HTTPResponse,
    IncompleteRead,
    LineTooLong,
    RemoteDisconnected,
)
from typing import IO, TYPE_CHECKING, cast
from urllib.parse import quote, urlsplit

from wherry_build.image.registry.transport import Body, NotCarried, Received, Transport

if TYPE_CHECKING:
    import ssl

_CONNECT_S = 10
_MOST_KEPT = 8
_BLOCK_BYTES = 256 * 1024
_SAFE = "!$%&'()*+,-./:;=?@_~"
_FORBIDDEN = frozenset("\r\n\0")
_CUT = "it closed the connection in the middle of an answer"
_NO_HTTP = "what it answers is not HTTP/1.1"


class Direct(Transport):
    """Connections to one host.

    Args:
        host: Its name or address.
        port: Its port.
        context: How TLS is spoken; None speaks none.
    """

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None) -> None:
        self._address = host, port
        self._context = context
        self._kept: list[_Connection] = []
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
    ) -> Received:
        """See `Transport`."""
        parts = urlsplit(url)
        target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_SAFE)
        said = {"Host": parts.netloc.rpartition("@")[2], **headers}
        if any(_FORBIDDEN.intersection(text) for text in said.values()):
            raise NotCarried("a header field would have more than one line")
        connection = self._take() or _Connection(*self._address, self._context)
        try:
            with _told():
                is_sent = connection.ask(method, target, said, body, read_s)
                response = connection.answer()
        except BaseException:
            connection.close()
            raise
        return _Answer(connection, response, url, self._keep if is_sent else _Connection.close)

    def close(self) -> None:
        """Close what is kept, and keep nothing that is still on its way."""
        with self._turn:
            self._is_closed = True
            _close(self._kept)

    def _take(self) -> _Connection | None:
        """A kept connection that its host has not closed meanwhile."""
        while True:
            with self._turn:
                if not self._kept:
                    return None
                connection = self._kept.pop()
            if not connection.has_news:
                return connection
            connection.close()

    def _keep(self, connection: _Connection) -> None:
        with self._turn:
            if len(self._kept) < _MOST_KEPT and not self._is_closed:
                self._kept.append(connection)
                return
        connection.close()


class _Connection(HTTPConnection):
    """One connection, with TLS or without."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None) -> None:
        super().__init__(host, port, blocksize=_BLOCK_BYTES)
        self._context = context

    def connect(self) -> None:
        """Open it."""
        # As bytes, a name needs no rules of IDNA, which take long to load.
        host = self.host.encode("ascii") if self.host.isascii() else self.host
        try:
            sock = socket.create_connection((host, self.port), _CONNECT_S)  # type: ignore[arg-type]
        except (UnicodeError, OverflowError) as error:
            raise NotCarried(f"no name of a host: {error}") from None
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            context = self._context
            if context is not None:
                sock = context.wrap_socket(sock, server_hostname=self.host)
            sock.settimeout(self.timeout)
        except BaseException:
            sock.close()
            raise
        self.sock = sock

    def ask(
        self, method: str, target: str, headers: Mapping[str, str], body: Body | None, read_s: float
    ) -> bool:
        """Send a request; False where not all was taken: its host may answer why."""
        if self.sock is None:
            self.timeout = read_s
            self.connect()
        else:
            self.sock.settimeout(read_s)
        try:
            self.request(method, target, cast("IO[bytes] | None", body), headers)
        except (BrokenPipeError, ConnectionResetError):
            return False
        except UnicodeError:
            raise NotCarried("a header field would have letters that none can have") from None
        return True

    def answer(self) -> HTTPResponse:
        """Its head, and its body to be read."""
        response = self.getresponse()
        if response.status < 200:
            raise NotCarried(_NO_HTTP)
        return response

    @property
    def has_news(self) -> bool:
        """Whether there is something to be read, which between requests can only be an end."""
        asked = select.poll()
        asked.register(self.sock, select.POLLIN)
        return bool(asked.poll(0))


class _Answer(Received):
    """An answer of the standard library's client, and who takes its connection afterwards."""

    def __init__(
        self,
        connection: _Connection,
        response: HTTPResponse,
        url: str,
        keep: Callable[[_Connection], None],
    ) -> None:
        self._connection = connection
        self._response = response
        self._url = url
        self._keep = keep

    @property
    def status(self) -> int:
        """See `Received`."""
        return self._response.status

    @property
    def headers(self) -> Mapping[str, str]:
        """See `Received`."""
        return _Fields(self._response.headers)

    @property
    def url(self) -> str:
        """See `Received`."""
        return self._url

    def read1(self, size: int, /) -> bytes:
        """See `Received`."""
        with _told():
            block = self._response.read1(size)
        if not block and self._response.length:
            raise NotCarried(_CUT)
        return block

    def close(self) -> None:
        """See `Received`."""
        self._response.close()
        self._connection.close()

    def release(self) -> None:
        """See `Received`."""
        response = self._response
        is_read = response.isclosed() or response.length == 0
        if not is_read or response.will_close or self._connection.sock is None:
            self.close()
            return
        response.close()
        self._keep(self._connection)


class _Fields(Mapping[str, str]):
    """Header fields; what came twice under a name is joined."""

    def __init__(self, message: HTTPMessage) -> None:
        self._message = message

    def __getitem__(self, name: str) -> str:
        found = self._message.get_all(name)
        if found is None:
            raise KeyError(name)
        return ", ".join(found)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.lower() for name in self._message))

    def __len__(self) -> int:
        return len({name.lower() for name in self._message})


def _close(connections: list[_Connection]) -> None:
    while connections:
        connections.pop().close()


@contextmanager
def _told() -> Iterator[None]:
    """Raise what the client raises as a transport does; its words may be the host's own."""
    try:
        yield
    except RemoteDisconnected:
        raise NotCarried("it closed the connection without an answer") from None
    except IncompleteRead:
        raise NotCarried(_CUT) from None
    except LineTooLong:
        raise NotCarried("a line of an answer's head is too long") from None
    except HTTPException:
        raise NotCarried(_NO_HTTP) from None
