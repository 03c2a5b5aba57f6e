"""One request as handlers' parameters are filled from it.

A plain value between whoever received it (the server, `create_app`, the test kit) and the code
that fills parameters from it. It knows no socket and no framework.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from wherry.values import frozen

if TYPE_CHECKING:
    from wherry.context import Context


@frozen
class Origin:
    """Who called, by the account of proxies that are trusted.

    Attributes:
        address: Address of the first caller that no trusted proxy stands behind.
        scheme: `http` or `https`, as it asked.
        host: Host and port that it asked for, or None where that is the `Host` header.
    """

    address: str
    scheme: str
    host: str | None = None


class Request:
    """A request whose head has been read and validated.

    Attributes:
        method: Method token as sent, `GET`.
        path: Path of the target with its percent-encoding as sent; always begins with `/`.
        query: Query without the `?`, as sent; empty when there was none.
        headers: Names and values in order, names as sent, values without surrounding blanks.
        body: The whole body; empty while `stream` is set.
        content_type: Value of `Content-Type`, or None.
        event_attributes: `ce-` headers, name lower-cased and without its prefix, value latin-1;
            a name sent twice appears in `repeated_attribute`.
        plain_attributes: Whether each value of `event_attributes` is known to stand for itself.
        repeated_attribute: Name of a `ce-` header that was sent more than once, or None.
        peer: Address of the other end of the connection, never a forwarded one.
        origin: Who called, by the account of trusted proxies; None where `peer` itself did.
        http_version: `1.1`, `1.0` or `2`.
        context: The context of this invocation.
        stream: The body as it arrives, for a handler that asked for a stream; else None. An
            async handler gets an async iterator, any other a blocking one.
    """

    __slots__ = (
        "body",
        "content_type",
        "context",
        "event_attributes",
        "headers",
        "http_version",
        "method",
        "origin",
        "path",
        "peer",
        "plain_attributes",
        "query",
        "repeated_attribute",
        "stream",
    )

    def __init__(
        self,
        *,
        method: str,
        path: str,
        query: str,
        headers: list[tuple[bytes, bytes]],
        body: bytes,
        context: Context,
        content_type: str | None = None,
        event_attributes: dict[str, str] | None = None,
        repeated_attribute: str | None = None,
        peer: str = "",
        origin: Origin | None = None,
        http_version: str = "1.1",
        stream: Iterator[bytes] | AsyncIterator[bytes] | None = None,
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.context = context
        self.content_type = content_type
        self.event_attributes = event_attributes
        self.plain_attributes = False
        self.repeated_attribute = repeated_attribute
        self.peer = peer
        self.origin = origin
        self.http_version = http_version
        self.stream = stream

    @property
    def client_address(self) -> str:
        """Address of who called, by the account of trusted proxies where there is one."""
        return self.peer if self.origin is None else self.origin.address

    @property
    def scheme(self) -> str:
        """`http` or `https`, as the caller asked; without a trusted proxy it is `http`."""
        return "http" if self.origin is None else self.origin.scheme

    def __repr__(self) -> str:
        """Method and path only: headers and body may hold secrets."""
        return f"<Request {self.method} {self.path!r}>"
