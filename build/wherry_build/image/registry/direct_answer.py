"""An answer as it comes over a connection of its own: framed by llhttp, read as it is there."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from httptools.parser.errors import HttpParserError, HttpParserUpgrade
from httptools.parser.parser import HttpResponseParser

from wherry_build.image.registry.transport import NotCarried, Received

if TYPE_CHECKING:
    import socket

_LIMIT_HEAD_BYTES = 128 * 1024
_BLOCK_BYTES = 256 * 1024


class Fields(Mapping[str, str]):
    """Header fields, by any case of their names."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def add(self, name: str, text: str) -> None:
        """One more; what came before under its name is joined to it."""
        key = name.lower()
        before = self._texts.get(key)
        self._texts[key] = text if before is None else f"{before}, {text}"

    def __getitem__(self, name: str) -> str:
        return self._texts[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


class DirectAnswer(Received):
    """The answer that a connection brings next.

    Args:
        connection: Where it comes from.
        url: What was asked for.
        keep: Takes the connection when all has been read; None where it is of no more use.
        has_body: Whether what its head says follows; not so after `HEAD`.
    """

    def __init__(
        self,
        connection: socket.socket,
        url: str,
        keep: Callable[[socket.socket], None] | None,
        *,
        has_body: bool,
    ) -> None:
        self._connection: socket.socket | None = connection
        self._url = url
        self._keep = keep
        self._has_body = has_body
        self._parser = HttpResponseParser(self)
        self._status = 0
        self._fields = Fields()
        self._blocks: deque[bytes] = deque()
        self._has_head = self._is_over = self._can_follow = False

    @property
    def status(self) -> int:
        """See `Received`."""
        return self._status

    @property
    def headers(self) -> Mapping[str, str]:
        """See `Received`."""
        return self._fields

    @property
    def url(self) -> str:
        """See `Received`."""
        return self._url

    def begin(self) -> None:
        """Read its head.

        Raises:
            NotCarried: There is none.
            OSError: The connection fails.
        """
        connection, size = self._connection, 0
        while connection is not None and not self._has_head:
            size += self._receive(connection)
            if size > _LIMIT_HEAD_BYTES and not self._has_head:
                raise NotCarried(f"the head of an answer has more than {_LIMIT_HEAD_BYTES} bytes")

    def read1(self, size: int, /) -> bytes:
        """See `Received`."""
        while not self._blocks:
            if self._is_over or self._connection is None:
                return b""
            self._receive(self._connection)
        block = self._blocks.popleft()
        if len(block) > size:
            self._blocks.appendleft(block[size:])
        return block[:size]

    def close(self) -> None:
        """See `Received`."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def release(self) -> None:
        """See `Received`."""
        if self._connection is None or self._keep is None or not self._can_follow:
            self.close()
            return
        connection, self._connection = self._connection, None
        self._keep(connection)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head, or of a trailer, which nobody asks for."""
        if not self._has_head:
            self._fields.add(name.decode("latin-1"), value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        """The head is there; of those before the last nothing is kept."""
        self._status = self._parser.get_status_code()
        if self._status < 200:
            self._fields = Fields()
            return
        self._has_head = True
        if not self._has_body:
            self._end()

    def on_body(self, block: bytes) -> None:
        """A part of the body."""
        if self._has_body:
            self._blocks.append(block)
        else:
            self._can_follow = False

    def on_message_complete(self) -> None:
        """All of it is there, or all of one that says that another follows."""
        if self._has_head and not self._is_over:
            self._end()

    def _end(self) -> None:
        self._is_over = True
        self._can_follow = self._parser.should_keep_alive()

    def _receive(self, connection: socket.socket) -> int:
        received = connection.recv(_BLOCK_BYTES)
        if not received:
            self._cut()
            return 0
        try:
            self._parser.feed_data(received)
        except (HttpParserError, HttpParserUpgrade):
            self._can_follow = False
            if not self._is_over:  # what comes after the end concerns nobody
                raise NotCarried("what it answers is not HTTP/1.1") from None
        return len(received)

    def _cut(self) -> None:
        """The host has closed the connection: the end where nothing else says where that is."""
        if not self._has_head:
            raise NotCarried("it closed the connection without an answer")
        if "Content-Length" in self._fields or "Transfer-Encoding" in self._fields:
            raise NotCarried("it closed the connection in the middle of an answer")
        self._is_over = True
