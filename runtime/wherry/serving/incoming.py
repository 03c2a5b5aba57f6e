"""The seam between a connection and the protocol in which its bytes are read.

HTTP/1.1 is `wherry.serving.reading`; another one takes its place when a request has asked for it
and was granted it. It knows no socket.
"""

from __future__ import annotations

from typing import Protocol

from wherry.problem import Problem


class Incoming(Protocol):
    """Who is given the bytes of one connection.

    Attributes:
        in_head: Whether a head has begun and not ended.
        in_body: Whether a body has begun and not ended.
        upgrading: Whether another protocol was asked for, and nothing is read until it is decided.
    """

    in_head: bool
    in_body: bool
    upgrading: bool

    def feed(self, data: bytes | memoryview) -> Problem | None:
        """Take bytes, which are not kept by the caller; the problem that ends this, or None."""
        ...

    def take_rest(self) -> bytes:
        """What came behind the request for another protocol."""
        ...

    def abandon(self, reason: str, status: int = 400) -> None:
        """Nothing more will come; the status is that of a request which is cut short by it."""
        ...

    def close(self) -> None:
        """The connection reads by this no longer."""
        ...


class Closed:
    """In the place of what a closed connection was read by, which is free with all it has kept."""

    in_head = in_body = upgrading = False

    def feed(self, data: bytes | memoryview) -> Problem | None:  # noqa: ARG002 - as it is called
        """Nothing is read."""
        return None

    def take_rest(self) -> bytes:
        """There is none."""
        return b""

    def abandon(self, reason: str, status: int = 400) -> None:
        """Nothing was under way."""

    def close(self) -> None:
        """It is."""


CLOSED = Closed()
