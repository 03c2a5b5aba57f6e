"""One answer as whoever received the request sends it.

Made from what a handler returned (`wherry.response`) or from a Problem; sent by the server or by
`create_app`. It knows no socket and no framework.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Protocol

from wherry.problem import Problem

Headers = list[tuple[bytes, bytes]]


class Reply:
    """Status, headers and body, ready to be framed.

    Attributes:
        status: 200 to 599; 101 for what is `Upgraded`.
        headers: Validated names and values; never `content-length`, `transfer-encoding`,
            `connection`, `date` or `keep-alive`, which belong to the connection.
        body: Bytes, or an iterator of chunks to be sent as they come; an async iterator only
            from an async handler. Whoever sends it calls `close` or `aclose` where it has one.
        length: Length of a streamed body in bytes when it is known beforehand, else None.
        lines: The headers as HTTP/1.1 sends them, each line with its end, where they are written
            already; else None.
    """

    __slots__ = ("body", "headers", "length", "lines", "status")

    lines: bytes | None

    def __init__(
        self,
        status: int,
        headers: Headers,
        body: bytes | Iterator[bytes] | AsyncIterator[bytes] = b"",
        *,
        length: int | None = None,
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.length = length
        self.lines = None

    @classmethod
    def of_problem(cls, problem: Problem, call_id: str | None = None) -> Reply:
        """The answer that carries `problem`."""
        return cls(problem.status, problem.headers(), problem.body(call_id))


class WrittenReply(Reply):
    """An answer whose header lines are written already; pairs are made for whoever asks for them.

    From then on the pairs count, for who has them may change them.
    """

    __slots__ = ("_pairs",)

    def __init__(self, status: int, lines: bytes, body: bytes) -> None:  # deliberately not super's
        self.status = status
        self.lines = lines
        self.body = body
        self.length = None
        self._pairs: Headers = []

    @property
    def headers(self) -> Headers:  # pyright: ignore[reportIncompatibleVariableOverride]
        """As `Reply` has them."""
        lines, self.lines = self.lines, None
        if lines:
            fields = [line.partition(b": ") for line in lines.splitlines()]
            self._pairs = [(name, value) for name, _, value in fields]
        return self._pairs

    @headers.setter
    def headers(self, headers: Headers) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        self._pairs = headers
        self.lines = None


class ByteStream(Protocol):
    """A connection whose HTTP has ended, as its new owner has it."""

    async def receive(self) -> bytes:
        """The bytes that arrive next; empty when the other end sends no more."""
        ...

    async def send(self, data: bytes) -> None:
        """Send, and wait while the other end takes nothing.

        Raises:
            ConnectionError: The other end is gone.
        """
        ...


class Upgraded(Reply):
    """Another protocol from here on, which the request asked for (RFC 9110 section 7.8).

    Only an async handler gives one, and only as the answer to a request with `Upgrade`.

    Attributes:
        run: Owns the connection until it returns. The call is in flight as long; at the end of
            the process it is cancelled, and may then take leave of the other end.
    """

    __slots__ = ("protocol", "run")

    def __init__(
        self, protocol: bytes, headers: Headers, run: Callable[[ByteStream], Awaitable[None]]
    ) -> None:
        super().__init__(101, headers, iter(()))
        self.protocol = protocol
        self.run = run
