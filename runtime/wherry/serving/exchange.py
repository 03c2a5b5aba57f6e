"""One request on one connection, and the right to answer it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from wherry.request import Origin, Request

if TYPE_CHECKING:
    import asyncio

    from wherry.problem import Problem
    from wherry.serving.body import BodyStream
    from wherry.serving.connection import Connection


class Exchange(Request):
    """A request together with what the server must remember to answer it.

    It is the `Request` that handlers' parameters are filled from, so that a call costs one
    object and not two. The connection sets the fields as the head is read.

    Attributes:
        connection: Where the answer goes.
        keep_alive: Whether the caller lets the connection stay open.
        verdict: Set when the server itself refuses the request; it never reaches the handler.
        call_id: Value of `X-Call-Id` when the caller sent an acceptable one.
        trace_header: Value of `traceparent`, not yet parsed.
        platform_fields: What the platform says beside the call, by lower-case name, or None.
        timeout_header: Value of `X-Timeout`, not yet parsed.
        due: Monotonic seconds at which it is answered 504 instead; set before a call is admitted.
        started: Monotonic seconds when its head was complete.
        incoming: The body as it arrives, when the handler takes a stream.
        task: The task of an async handler while it runs.
        size: Bytes of body that have been answered.
        status: Status that has been answered; 0 before.
    """

    __slots__ = (
        "call_id",
        "connection",
        "due",
        "incoming",
        "keep_alive",
        "platform_fields",
        "size",
        "started",
        "status",
        "task",
        "timeout_header",
        "trace_header",
        "verdict",
    )

    def __init__(self, connection: Connection) -> None:  # deliberately not calling super
        self.connection = connection
        self.method = "GET"
        self.path = "/"
        self.query = ""
        self.headers = []
        self.body = b""
        self.content_type: str | None = None
        self.event_attributes: dict[str, str] | None = None
        self.plain_attributes = False
        self.repeated_attribute: str | None = None
        self.peer = connection.peer
        self.http_version = "1.1"
        self.origin: Origin | None = None
        self.platform_fields: list[tuple[str, bytes]] | None = None
        self.stream: Iterator[bytes] | AsyncIterator[bytes] | None = None
        self.keep_alive = True
        self.verdict: Problem | None = None
        self.call_id = ""
        self.trace_header = b""
        self.timeout_header = b""
        self.started = 0.0
        self.due: float
        self.incoming: BodyStream | None = None
        self.task: asyncio.Task[None] | None = None
        self.size = 0
        self.status = 0

    def note_platform(self, name: str, value: bytes) -> None:
        """Keep one of `platform_fields`."""
        if self.platform_fields is None:
            self.platform_fields = []
        self.platform_fields.append((name, value))
