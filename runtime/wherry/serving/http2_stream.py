"""One request of an HTTP/2 connection and its answer.

To whoever answers it looks like a connection of its own: the answer is given here from any thread,
and a turn of the edge sends it as far as the caller's windows allow. What the session keeps for the
stream is here, too; only turns touch that.
"""

from __future__ import annotations

from collections.abc import Callable
from time import time
from typing import TYPE_CHECKING

from wherry.reply import Headers
from wherry.serving.exchange import Exchange
from wherry.serving.head import http_date

if TYPE_CHECKING:
    from wherry.reply import Reply
    from wherry.serving.http2_session import Http2Session

NOTHING = memoryview(b"")
_BODILESS = frozenset({204, 304})


class Http2Stream:
    """One request and its answer.

    Attributes:
        id: Number of the stream.
        peer: Address of the other end.
        broken: Whether nobody will read the answer.
        exchange: The request.
        chunks: Its body so far, when it is wanted whole.
        received_bytes: Bytes of body that have arrived.
        unread_bytes: Bytes that have arrived and whose window is not given back yet.
        has_body: Whether more of the body is on its way.
        deaf: Whether it is not wanted.
        begun: Whether it has been handed to the engine.
        head: Fields of the answer that are not sent yet, or None.
        unsent: Bytes of the answer that wait for the caller's window or for the socket.
        ends: Whether the answer is over with `unsent`.
        ended: Whether the end of the answer is sent.
        done: Whether all is said, so that there is no `exchange` any more.
        expires: Monotonic seconds until when its body must have come.
        blocked_at: Monotonic seconds until when the caller must take more of the answer.
    """

    __slots__ = (
        "_session",
        "_then",
        "begun",
        "blocked_at",
        "broken",
        "chunks",
        "deaf",
        "done",
        "ended",
        "ends",
        "exchange",
        "expires",
        "has_body",
        "head",
        "id",
        "peer",
        "received_bytes",
        "unread_bytes",
        "unsent",
    )

    def __init__(self, session: Http2Session, number: int, peer: str, *, has_body: bool) -> None:
        self._session = session
        self._then: Callable[[], None] | None = None
        self.id = number
        self.peer = peer
        self.broken = self.begun = self.deaf = self.ends = False
        self.ended = self.done = False
        self.has_body = has_body
        self.chunks: list[bytes] = []
        self.received_bytes = self.unread_bytes = 0
        self.head: Headers | None = None
        self.unsent = NOTHING
        self.expires = self.blocked_at = float("inf")
        # An exchange asks of its connection no more than this class has; only a protocol that
        # follows a 101 asks for more, and HTTP/2 has no 101.
        self.exchange = Exchange(self)  # type: ignore[arg-type]

    # By the owner of the request, from any thread ---------------------------------------------

    def answer(self, reply: Reply, body: bytes) -> None:
        """Give the whole answer; nothing else is called for this stream."""
        self.head = self._fields(reply, len(_bytes_of(reply)))
        self.unsent, self.ends = memoryview(body), True
        self._session.post(self._session.conclude, self)

    def begin(self, reply: Reply, length: int | None) -> None:
        """Give the head of an answer whose body follows by `write`."""
        self.head = self._fields(reply, length)
        self._session.post(self._session.pump, self)

    def _fields(self, reply: Reply, length: int | None) -> Headers:
        fields = [
            (b":status", b"%d" % reply.status),
            (b"x-content-type-options", b"nosniff"),
            (b"date", http_date(time()).encode("ascii")),
            (b"x-call-id", self.exchange.call_id.encode("ascii")),
            *((name.lower(), value) for name, value in reply.headers),
        ]
        if length is not None and reply.status not in _BODILESS:
            fields.append((b"content-length", b"%d" % length))
        return fields

    def write(self, data: bytes) -> bool:
        """Take the next part; False, since a turn sends it and `when_flushed` tells of that."""
        self.unsent = memoryview(data)
        return False

    def when_flushed(self, then: Callable[[], None]) -> None:
        """Have a turn send what is there, and call `then` in it."""
        self._then = then
        self._session.post(self._session.pump, self)

    def complete(self) -> None:
        """Nothing is missing: without this the end of an answer is told as its failure."""
        self.ends = True

    def release(self, *, keep_alive: bool) -> None:  # noqa: ARG002 - the session outlives a stream
        """The request is answered as far as it ever will be."""
        self._session.post(self._session.finish, self)

    # In a turn ------------------------------------------------------------------------------

    def forget(self) -> None:
        """It is over: part from the exchange, so that memory is free without the collector."""
        if not self.done:
            self.done = True
            self.unsent = NOTHING
            self.chunks = []
            del self.exchange

    def flushed(self) -> None:
        """Tell who waits that `unsent` is sent, or that nobody wants it."""
        then, self._then = self._then, None
        if then is not None:
            then()


def _bytes_of(reply: Reply) -> bytes:
    return reply.body if isinstance(reply.body, bytes) else b""
