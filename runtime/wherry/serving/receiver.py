"""What the reading of requests tells, whatever protocol it reads, and how it refuses.

A seam between bytes and connections; it must not know how either is done.
"""

from __future__ import annotations

from typing import Protocol

from wherry.problem import Problem
from wherry.serving.exchange import Exchange


class Refused(Exception):  # noqa: N818 - the tree of public errors is elsewhere; this never escapes
    """The bytes are no acceptable request."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.problem = Problem(status=status, detail=detail)


class Receiver(Protocol):
    """Who is told what the bytes meant."""

    def new_exchange(self) -> Exchange:
        """An exchange for the request whose head has just ended."""
        ...

    def on_head(self, exchange: Exchange, *, has_body: bool) -> None:
        """The head is complete and acceptable."""
        ...

    def on_chunk(self, exchange: Exchange, chunk: bytes) -> None:
        """Part of a body that is streamed to the handler."""
        ...

    def on_request(self, exchange: Exchange) -> None:
        """The request is complete."""
        ...

    def on_whole(self, exchange: Exchange) -> None:
        """A request is there that came in one piece; nothing else is told of it."""
        ...

    def on_expect(self) -> None:
        """The caller waits for `100 Continue` before it sends the body."""
        ...

    def on_upgrade(self) -> None:
        """The request that has just been told asks for another protocol behind it."""
        ...
