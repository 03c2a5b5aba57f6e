"""From HTTP/2 events to exchanges of the engine: heads, bodies, trailers, cancellations.

It owns no socket and sends nothing but `100 Continue`; the session around it does.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from h2.events import (
    DataReceived,
    Event,
    RequestReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import ProtocolError

from wherry.problem import Problem
from wherry.serving import http2_request
from wherry.serving.http2_stream import NOTHING, Http2Stream
from wherry.serving.receiver import Refused

if TYPE_CHECKING:
    from h2.connection import H2Connection

    from wherry.serving.edge import Edge
    from wherry.serving.http2_guard import Guard
    from wherry.serving.http2_session import Http2Session

_FOREVER = float("inf")


class Http2Incoming:
    """The requests of one session.

    Attributes:
        streams: Those that are not answered in full, by number.
    """

    def __init__(
        self, session: Http2Session, edge: Edge, protocol: H2Connection, guard: Guard, peer: str
    ) -> None:
        self._session = session
        self._edge = edge
        self._protocol = protocol
        self._guard = guard
        self._peer = peer
        self.streams: dict[int, Http2Stream] = {}

    def take(self, event: Event) -> bool:
        """Deal with what is of a request; returns whether it was."""
        if isinstance(event, RequestReceived):
            self._on_request(event)
        elif isinstance(event, DataReceived):
            self._on_data(event)
        elif isinstance(event, TrailersReceived):
            self._on_trailers(event)
        elif isinstance(event, StreamEnded):
            self._on_end(event)
        elif isinstance(event, StreamReset):
            self._on_reset(event)
        else:
            return False
        return True

    def expire(self, stream: Http2Stream) -> None:
        """Its body did not come in time."""
        stream.expires = _FOREVER
        problem = Problem(status=408, detail="the request did not arrive in time")
        if stream.exchange.incoming is not None:
            stream.exchange.incoming.fail("the body did not arrive in time", 408)
        else:
            self._refuse(stream, problem)

    def abandon(self, stream: Http2Stream) -> None:
        """Nobody reads the answer to this any more."""
        self.streams.pop(stream.id, None)
        stream.broken = True
        stream.unsent = NOTHING
        if stream.exchange.incoming is not None and stream.has_body:
            stream.exchange.incoming.fail("the body ended before its time")
        self.return_window(stream)
        if stream.begun:
            self._edge.service.on_gone(stream.exchange)
        stream.flushed()

    def return_window(self, stream: Http2Stream) -> None:
        """Let the caller send as much again as has been read."""
        length, stream.unread_bytes = stream.unread_bytes, 0
        self._give_back(stream.id, length)

    def _on_request(self, event: RequestReceived) -> None:
        self._guard.on_use()
        has_body = event.stream_ended is None
        stream = Http2Stream(self._session, _number(event), self._peer, has_body=has_body)
        self.streams[stream.id] = stream
        edge, exchange = self._edge, stream.exchange
        try:
            expects = http2_request.read(
                exchange, list(event.headers or ()), edge.limits, edge.meanings
            )
        except Refused as refusal:
            self._refuse(stream, refusal.problem)
            return
        if not has_body:
            return  # `StreamEnded` follows
        stream.expires = edge.now + edge.limits.body_s
        if expects:
            self._protocol.send_headers(stream.id, [(b":status", b"100")])
        exchange.incoming = edge.service.open_stream(
            exchange, lambda: self._session.post(self._session.reopen, stream)
        )
        if exchange.incoming is not None:
            self._begin(stream)

    def _on_data(self, event: DataReceived) -> None:
        stream = self.streams.get(_number(event))
        length, data = event.flow_controlled_length or 0, event.data or b""
        if data:
            self._guard.on_use()
        if stream is None or stream.deaf:  # answered already, or refused
            self._give_back(_number(event), length)
            return
        limit = self._edge.limits.body
        stream.received_bytes += len(data)
        if stream.received_bytes > limit:
            self._give_back(stream.id, length)
            self._refuse(stream, Problem(status=413, detail=f"the body is over {limit} bytes"))
            return
        incoming = stream.exchange.incoming
        if incoming is None:
            stream.chunks.append(data)
        elif data and incoming.feed(data):
            stream.unread_bytes += length  # given back when the handler has read
            return
        self._give_back(stream.id, length)

    def _on_trailers(self, event: TrailersReceived) -> None:
        stream = self.streams.get(_number(event))
        if stream is not None and not stream.deaf:
            try:
                http2_request.check_trailers(list(event.headers or ()), self._edge.limits)
            except Refused as refusal:
                self._refuse(stream, refusal.problem)

    def _on_end(self, event: StreamEnded) -> None:
        stream = self.streams.get(_number(event))
        if stream is None:
            return
        stream.has_body = False
        if stream.deaf:
            return
        stream.expires = _FOREVER
        if stream.exchange.incoming is not None:
            stream.exchange.incoming.end()
        else:
            stream.exchange.body = b"".join(stream.chunks)
            stream.chunks = []
            self._begin(stream)

    def _on_reset(self, event: StreamReset) -> None:
        self._guard.on_reset()
        stream = self.streams.get(_number(event))
        if stream is not None:
            self.abandon(stream)

    def _refuse(self, stream: Http2Stream, problem: Problem) -> None:
        """Answer what is no acceptable request, and take no more of it."""
        stream.deaf = True
        stream.chunks = []
        stream.expires = _FOREVER
        stream.exchange.verdict = problem
        if stream.exchange.incoming is not None:  # its own body is at fault; its handler is told
            stream.exchange.incoming.fail("the request was refused")
        elif not stream.begun:
            self._begin(stream)

    def _begin(self, stream: Http2Stream) -> None:
        stream.begun = True
        self._edge.service.begin(stream.exchange)

    def _give_back(self, number: int, length: int) -> None:
        if length:
            with suppress(ProtocolError):  # the stream may be closed; the connection's part counts
                self._protocol.acknowledge_received_data(length, number)


def _number(event: Any) -> int:
    """The stream of an event; those that are asked always have one."""
    return int(event.stream_id)
