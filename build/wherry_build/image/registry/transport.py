"""The seam between what is said to a registry, which is `wire`'s, and how it gets there. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class NotCarried(Exception):  # noqa: N818 - what it means to whoever asked is `wire`'s to say
    """An answer did not come, or not to its end; its words or its cause say why."""


class Body(Protocol):
    """What a request carries, read to its end and closed."""

    def read(self, size: int = -1, /) -> bytes:
        """So many bytes, or what is left."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Received(Protocol):
    """An answer whose body is still to be read; what is read may raise as `Transport.send` does."""

    @property
    def status(self) -> int:
        """Status code."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Header fields, by any case of their names; what came twice is joined by commas."""
        ...

    @property
    def url(self) -> str:
        """What was asked for."""
        ...

    def read1(self, size: int, /) -> bytes:
        """What is there, of at most so many bytes; none at the end of a body that is whole."""
        ...

    def close(self) -> None:
        """Read no more of it, which ends its connection."""
        ...

    def release(self) -> None:
        """Be done with it; its connection is kept where all of it has been read."""
        ...


class Transport(Protocol):
    """Carries requests to one host."""

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Body | None = None,
        *,
        read_s: float,
    ) -> Received:
        """The answer, when its head is there; redirects are answers, and nothing is tried twice.

        Args:
            method: `GET`.
            url: Where.
            headers: Header fields, with the length of the body.
            body: What is sent; its owner closes it.
            read_s: For how long the host may say nothing.

        Raises:
            NotCarried: It does not come.
            OSError: The connection fails.
        """
        ...

    def close(self) -> None:
        """Close what is open."""
        ...
