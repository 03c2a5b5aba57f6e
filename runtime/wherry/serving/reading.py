"""From parser events to one validated request.

The C parser (httptools, llhttp's strict mode) frames messages and calls the methods here; this
class adds the judgements that a parser does not make: limits, the target, Host, versions, codings,
trailers. It refuses and never repairs. It knows no socket; whoever owns it feeds it bytes and is
told of each request through `Receiver`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic

from httptools.parser.errors import (
    HttpParserCallbackError,
    HttpParserError,
    HttpParserUpgrade,
)
from httptools.parser.parser import HttpRequestParser

from wherry.problem import Problem
from wherry.serving import fields, whole
from wherry.serving.exchange import Exchange
from wherry.serving.limits import Limits
from wherry.serving.receiver import Receiver, Refused
from wherry.serving.request_line import start_of

_log = logging.getLogger("wherry.serving")
_METHODS = {
    name.encode(): name for name in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
}


_LENGTH_DIGITS = 18
_CHUNK_COST = 8  # bytes on the wire for one of the body: `1`, CRLF, the byte, CRLF, and some more
_FIELD_MARKS = 4  # colon, blank and line end count, as they do for gunicorn


class Reading:
    """The state of one connection's incoming side.

    Attributes:
        in_head: Whether a head has begun and not ended.
        in_body: Whether a body has begun and not ended.
        upgrading: Whether another protocol was asked for, and nothing is read until it is decided.
    """

    __slots__ = (
        "_chunks",
        "_exchange",
        "_expects",
        "_fed",
        "_fields",
        "_has_body",
        "_held",
        "_hosts",
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
        self._parser: HttpRequestParser | None = HttpRequestParser(self)
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
        self._hosts = 0
        self._has_body = self._expects = False
        self.in_head = False
        self.in_body = False

    def feed(self, data: bytes | memoryview) -> Problem | None:
        """Take bytes; the problem that ends this connection, or None."""
        if self._parser is None or self.upgrading:
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
                self._parse(self._parser, data)
        except Refused as refusal:
            return refusal.problem
        except Exception:
            _log.exception("a request failed inside Wherry")
            return Problem(status=500, detail="the server failed")
        return None

    def _parse(self, parser: HttpRequestParser, data: bytes | memoryview) -> None:
        """Have the parser read `data`; Refused where it is no acceptable request."""
        self._fed = len(data) + self._size
        try:
            parser.feed_data(data)
        except HttpParserUpgrade as error:
            self.upgrading, self._rest = True, bytes(data[error.args[0] :])
        except HttpParserError as error:
            if isinstance(error, HttpParserCallbackError) and error.__context__ is not None:
                raise error.__context__ from None  # what one of the methods below raised
            raise Refused(400, "the request is not valid HTTP/1.1") from None
        if self.upgrading:
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
        parser = self._parser = HttpRequestParser(self)
        lines = [b"%s: %s\r\n" % field for field in self._fields if self._frames(field[0])]
        parser.feed_data(b"POST / HTTP/1.1\r\n%s\r\n" % b"".join(lines))
        self.upgrading = self._passed_over = False
        rest, self._rest = self._rest, b""
        if rest:
            self._parse(parser, rest)

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
            raise Refused(414, f"the request line is over {self._limits.line} bytes")

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
        exchange.method = _METHODS.get(method) or method.decode("ascii")
        self._judge_fields(exchange)
        parts = fields.split_target(exchange.method, self._target)
        if parts is None:
            raise Refused(400, "the request target is not valid")
        exchange.path, exchange.query = parts
        exchange.headers = self._fields
        exchange.started = monotonic()
        exchange.keep_alive = parser.should_keep_alive()
        self.in_body = True
        self._passed_over = self._has_body and parser.should_upgrade()
        self._receiver.on_head(exchange, has_body=self._has_body)
        if self._expects and self._has_body:
            self._receiver.on_expect()

    def _judge_fields(self, exchange: Exchange) -> None:
        """Give each field its meaning; most have none for the server."""
        meanings = self._meanings
        self._check_sizes()
        self._hosts, self._has_body, self._expects = 0, False, False
        for name, value in self._fields:
            meaning, attribute = meanings[name]
            if not meaning:
                continue
            if meaning == fields.EVENT:
                events = exchange.event_attributes
                if events is None:
                    events = exchange.event_attributes = {}
                if attribute in events:
                    exchange.repeated_attribute = attribute
                events[attribute] = value.decode("latin-1")
            elif meaning == fields.PLATFORM:
                exchange.note_platform(attribute, value)
            else:
                _JUDGES[meaning](self, exchange, value)
        if self._hosts != 1 and (self._hosts or exchange.http_version == "1.1"):
            raise Refused(400, "expected exactly one Host header")

    def _check_sizes(self) -> None:
        limits = self._limits
        if len(self._fields) > limits.fields:
            raise Refused(431, f"more than {limits.fields} header fields")
        if self._fed <= limits.field:  # then no single field can be longer
            return
        head = len(self._target)
        for name, value in self._fields:
            size = len(name) + len(value) + _FIELD_MARKS
            head += size
            if size > limits.field:
                raise Refused(431, f"a header field is over {limits.field} bytes")
        if head > limits.head:
            raise Refused(431, "the request head is too large")

    def _judge_host(self, _exchange: Exchange, value: bytes) -> None:
        self._hosts += 1
        if fields.valid_host(value) is None:
            raise Refused(400, "the Host header is not valid")
        if self._target[:1] != b"/":
            authority = fields.absolute_authority(self._target)
            if authority is not None and authority.lower() != value.lower():
                raise Refused(400, "the request target and the Host header name different hosts")

    def _judge_content_type(self, exchange: Exchange, value: bytes) -> None:
        if exchange.content_type is not None:
            raise Refused(400, "more than one Content-Type header")
        exchange.content_type = value.decode("latin-1")

    def _judge_trace(self, exchange: Exchange, value: bytes) -> None:
        exchange.trace_header = value

    def _judge_call_id(self, exchange: Exchange, value: bytes) -> None:
        if fields.valid_call_id(value) is not None:
            exchange.call_id = value.decode("ascii")

    def _judge_expect(self, exchange: Exchange, value: bytes) -> None:
        if value.lower() != b"100-continue":
            raise Refused(417, "the only expectation that is met is 100-continue")
        self._expects = exchange.http_version == "1.1"

    def _judge_coding(self, exchange: Exchange, value: bytes) -> None:
        if exchange.http_version == "1.0":
            raise Refused(400, "HTTP/1.0 has no transfer codings")
        if value.lower() != b"chunked":
            raise Refused(501, "the only transfer coding that is understood is chunked")
        self._has_body = True

    def _judge_length(self, _exchange: Exchange, value: bytes) -> None:
        if not value.isdigit() or len(value) > _LENGTH_DIGITS:
            raise Refused(400, "the Content-Length header is not valid")
        length = int(value)
        if length > self._limits.body:
            raise Refused(413, f"the body is over {self._limits.body} bytes")
        self._has_body = length > 0

    def _leave_to_parser(self, exchange: Exchange, value: bytes) -> None:
        """The parser has judged it."""

    def _judge_timeout(self, exchange: Exchange, value: bytes) -> None:
        exchange.timeout_header = value

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
        self._parser = HttpRequestParser(self)
        return rest

    def abandon(self, reason: str, status: int = 400) -> None:
        """The rest of a streamed body will not come."""
        if self._exchange is not None and self._exchange.incoming is not None:
            self._exchange.incoming.fail(reason, status)

    def close(self) -> None:
        """Break the circle with the parser, so that memory is free without the collector."""
        self._parser = None


_JUDGES: dict[int, Callable[[Reading, Exchange, bytes], None]] = {
    fields.HOST: Reading._judge_host,
    fields.CONTENT_TYPE: Reading._judge_content_type,
    fields.TRACE: Reading._judge_trace,
    fields.CALL_ID: Reading._judge_call_id,
    fields.EXPECT: Reading._judge_expect,
    fields.CODING: Reading._judge_coding,
    fields.LENGTH: Reading._judge_length,
    fields.TIMEOUT: Reading._judge_timeout,
    fields.CONNECTION: Reading._leave_to_parser,
    fields.UPGRADE: Reading._leave_to_parser,
}
