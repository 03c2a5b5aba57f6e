"""From parser events to one validated request.

The C parser (`wherry.serving.parser`) frames messages and calls the methods here; this class adds
the judgements that a parser does not make: limits, the target, Host, versions, codings, trailers.
It refuses and never repairs. It knows no socket; whoever owns it feeds it bytes and is told of each
request through `Receiver`.
"""

from __future__ import annotations

import logging
from time import monotonic
from typing import TYPE_CHECKING

from wherry.problem import Problem
from wherry.serving import fields, whole
from wherry.serving.exchange import Exchange
from wherry.serving.judgement import judge
from wherry.serving.limits import Limits
from wherry.serving.receiver import Receiver, Refused
from wherry.serving.request_line import start_of

if TYPE_CHECKING:
    from wherry.serving.parser import Parser

_log = logging.getLogger("wherry.serving")
_LINE_MARKS = len("  HTTP/1.1")
_CHUNK_COST = 8  # bytes on the wire for one of the body: `1`, CRLF, the byte, CRLF, and some more


class Reading:
    """The state of one connection's incoming side.

    Attributes:
        in_head: Whether a head has begun and not ended.
        in_body: Whether a body has begun and not ended.
        upgrading: Whether another protocol was asked for, and nothing is read until it is decided.
    """

    __slots__ = (
        "_chunks",
        "_closed",
        "_exchange",
        "_fed",
        "_fields",
        "_held",
        "_limits",
        "_meanings",
        "_parser",
        "_passed_over",
        "_receiver",
        "_rest",
        "_size",
        "_target",
        "_trailers",
        "_wire",
        "in_body",
        "in_head",
        "upgrading",
    )

    def __init__(self, receiver: Receiver, limits: Limits, meanings: fields.Meanings) -> None:
        self._receiver = receiver
        self._limits = limits
        self._meanings = meanings
        self._parser: Parser | None = None  # most connections never need one
        self._closed = False
        self._target = b""
        self._fields: list[tuple[bytes, bytes]] = []
        self._exchange: Exchange | None = None
        self._chunks: list[bytes] = []
        self._size = 0
        self._fed = 0
        self._trailers = 0
        self._wire = 0
        self._rest = b""
        self._held = b""
        self._passed_over = False
        self.upgrading = False
        self.in_head = False
        self.in_body = False

    def feed(self, data: bytes | memoryview) -> Problem | None:
        """Take bytes; the problem that ends this connection, or None."""
        if self._closed or self.upgrading:
            return None
        try:
            if self._held:
                data = self._begun(data)
            elif not (self.in_head or self.in_body):
                data = bytes(data)
                taken = self._take_whole(data)
                if taken == len(data):
                    return None
                data = self._begun(data[taken:])
            if data:
                self._parse(data)
        except Refused as refusal:
            return refusal.problem
        except Exception:
            _log.exception("a request failed inside Wherry")
            return Problem(status=500, detail="the server failed")
        return None

    def _parse(self, data: bytes | memoryview) -> None:
        """Have the parser read `data`; Refused where it is no acceptable request."""
        self._fed = len(data) + self._size
        rest = (self._parser or self._new_parser()).take(data)
        if rest is not None:
            self.upgrading, self._rest = True, rest
            if self._passed_over:
                self._read_body_after_all()
            else:  # whoever answers decides whether another protocol follows
                self._receiver.on_upgrade()
        elif self.in_head:
            self._size += len(data)
            if self._size > self._limits.head:
                raise Refused(431, "the request head is too large")
        elif self.in_body:
            # Sizes and extensions of chunks, and trailers that have not ended: no call tells them.
            self._wire += len(data)
            if self._wire > self._limits.head + len(data) + self._size * _CHUNK_COST:
                raise Refused(400, "there is too much around the chunks of the body")

    def _begun(self, data: bytes | memoryview) -> bytes:
        """All bytes of the request that begins, once its line is complete and good."""
        held = self._held + data
        start = start_of(held, self._limits.line)
        if isinstance(start, Problem):
            raise Refused(start.status, start.detail)
        if start < 0:
            self._held = held
            self.in_head = held.strip(b"\r\n") != b""
            return b""
        self._held = b""
        return held[start:]

    def _read_body_after_all(self) -> None:
        """Go on with a body that the parser passed over for an upgrade.

        It takes what follows such a head for another protocol; RFC 9110 section 7.8 has the body
        come first. A parser that is told of the framing alone reads the rest of the request.
        """
        lines = [b"%s: %s\r\n" % field for field in self._fields if self._frames(field[0])]
        self._new_parser().take(b"POST / HTTP/1.1\r\n%s\r\n" % b"".join(lines))
        self.upgrading = self._passed_over = False
        rest, self._rest = self._rest, b""
        if rest:
            self._parse(rest)

    def _new_parser(self) -> Parser:
        from wherry.serving.parser import Parser

        parser = self._parser = Parser(self)
        return parser

    def _line_too_long(self) -> Refused:
        return Refused(414, f"the request line is over {self._limits.line} bytes")

    def _frames(self, name: bytes) -> bool:
        return self._meanings[name][0] in {fields.LENGTH, fields.CODING}

    def _take_whole(self, data: bytes) -> int:
        """Take the requests that are there whole and plain; returns how far that goes."""
        receiver, position = self._receiver, 0
        while position < len(data):
            exchange = receiver.new_exchange()
            end = whole.read(data, position, exchange, self._limits, self._meanings)
            if not end:
                break
            position = end
            receiver.on_whole(exchange)
        return position

    # What the parser calls -----------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A request line begins."""
        if self._passed_over:
            return
        self.in_head = True
        self._target = b""
        self._fields = []
        self._size = 0

    def on_url(self, target: bytes) -> None:
        """Part of the request target."""
        self._target += target
        if len(self._target) > self._limits.line:
            raise self._line_too_long()

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header field, or one trailer after the body."""
        if self.in_head:
            # The parser leaves the blanks that follow a value and are not of it (RFC 9112 5.1).
            self._fields.append((name, value.rstrip(b" \t")))
            return
        if self._passed_over:
            return
        self._trailers += 1
        if self._trailers > self._limits.fields or len(name) + len(value) > self._limits.field:
            raise Refused(431, "too many or too large trailers")
        if fields.is_forbidden_trailer(name):
            raise Refused(400, "a trailer of this name is not allowed")

    def on_headers_complete(self) -> None:
        """The head has ended: judge it."""
        if self._passed_over:
            return
        self.in_head = False
        self._size = 0
        parser = self._parser
        assert parser is not None  # noqa: S101 - it is what calls
        exchange = self._exchange = self._receiver.new_exchange()
        version = exchange.http_version = parser.get_http_version()
        if version not in {"1.1", "1.0"}:
            raise Refused(505, "expected HTTP/1.1 or HTTP/1.0")
        method = parser.get_method()
        if len(method) + len(self._target) + _LINE_MARKS > self._limits.line:
            raise self._line_too_long()
        exchange.method = fields.METHODS.get(method) or method.decode("ascii")
        judged = judge(
            exchange, self._fields, self._target, self._fed, self._limits, self._meanings
        )
        parts = fields.split_target(exchange.method, self._target)
        if parts is None:
            raise Refused(400, "the request target is not valid")
        exchange.path, exchange.query = parts
        exchange.headers = self._fields
        exchange.started = monotonic()
        exchange.keep_alive = parser.should_keep_alive()
        self.in_body = True
        self._passed_over = judged.has_body and parser.should_upgrade()
        self._receiver.on_head(exchange, has_body=judged.has_body)
        if judged.expects and judged.has_body:
            self._receiver.on_expect()

    def on_body(self, chunk: bytes) -> None:
        """Part of the body."""
        self._size += len(chunk)
        if self._size > self._limits.body:
            raise Refused(413, f"the body is over {self._limits.body} bytes")
        exchange = self._exchange
        assert exchange is not None  # noqa: S101 - the parser calls in order
        if exchange.incoming is not None:
            self._receiver.on_chunk(exchange, chunk)
        else:
            self._chunks.append(chunk)

    def on_message_complete(self) -> None:
        """The request has ended."""
        if self._passed_over:
            return
        exchange, self._exchange = self._exchange, None
        self.in_body = False
        self._trailers = self._wire = 0
        self._size = 0
        assert exchange is not None  # noqa: S101 - the parser calls in order
        chunks = self._chunks
        if chunks:
            exchange.body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
            self._chunks = []
        self._receiver.on_request(exchange)

    def take_rest(self) -> bytes:
        """What came behind a request for another protocol; HTTP/1.1 is read on from there."""
        rest, self._rest = self._rest, b""
        self.upgrading = False
        self._parser = None
        return rest

    def abandon(self, reason: str, status: int = 400) -> None:
        """The rest of a streamed body will not come."""
        if self._exchange is not None and self._exchange.incoming is not None:
            self._exchange.incoming.fail(reason, status)

    def close(self) -> None:
        """Break the circle with the parser, so that memory is free without the collector."""
        self._closed = True
        self._parser = None
