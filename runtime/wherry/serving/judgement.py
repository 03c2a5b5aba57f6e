"""The judgements of a head that a parser does not make: sizes, Host, codings, lengths.

Sans I/O. What a field means is in `wherry.serving.fields`; here is what is refused because of it,
and with which status (RFC 9110, RFC 9112). It must not know parsers or connections.
"""

from __future__ import annotations

from collections.abc import Callable

from wherry.serving import fields
from wherry.serving.exchange import Exchange
from wherry.serving.limits import Limits
from wherry.serving.receiver import Refused

_FIELD_MARKS = 4  # colon, blank and line end count, as they do for gunicorn


class Judged:
    """What the fields of a head say about the rest of the request.

    Attributes:
        has_body: Whether a body follows.
        expects: Whether the caller waits for `100 Continue` before it sends that.
        hosts: How many Host fields there are.
    """

    __slots__ = ("expects", "has_body", "hosts", "limits", "target")

    def __init__(self, target: bytes, limits: Limits) -> None:
        self.has_body = self.expects = False
        self.hosts = 0
        self.target = target
        self.limits = limits


def judge(
    exchange: Exchange,
    found: list[tuple[bytes, bytes]],
    target: bytes,
    fed: int,
    limits: Limits,
    meanings: fields.Meanings,
) -> Judged:
    """Give each field its meaning; most have none for the server.

    Args:
        exchange: What takes the meanings.
        found: Names and values.
        target: The request target.
        fed: Bytes that have come of this request, at most the size of its head.
        limits: What is allowed.
        meanings: What names mean.

    Raises:
        Refused: The head is not acceptable.
    """
    _check_sizes(found, target, fed, limits)
    judged = Judged(target, limits)
    for name, value in found:
        meaning, attribute = meanings[name]
        if not meaning:
            continue
        if meaning == fields.EVENT:
            _note_attribute(exchange, attribute, value)
        elif meaning == fields.PLATFORM:
            exchange.note_platform(attribute, value)
        else:
            judge_one = _JUDGES.get(meaning)
            if judge_one is not None:
                judge_one(judged, exchange, value)
    if judged.hosts != 1 and (judged.hosts or exchange.http_version == "1.1"):
        raise Refused(400, "expected exactly one Host header")
    return judged


def _check_sizes(found: list[tuple[bytes, bytes]], target: bytes, fed: int, limits: Limits) -> None:
    if len(found) > limits.fields:
        raise Refused(431, f"more than {limits.fields} header fields")
    if fed <= limits.field:  # then no single field can be longer
        return
    head = len(target)
    for name, value in found:
        size = len(name) + len(value) + _FIELD_MARKS
        head += size
        if size > limits.field:
            raise Refused(431, f"a header field is over {limits.field} bytes")
    if head > limits.head:
        raise Refused(431, "the request head is too large")


def _note_attribute(exchange: Exchange, attribute: str, value: bytes) -> None:
    events = exchange.event_attributes
    if events is None:
        events = exchange.event_attributes = {}
    if attribute in events:
        exchange.repeated_attribute = attribute
    events[attribute] = value.decode("latin-1")


def _judge_host(judged: Judged, _exchange: Exchange, value: bytes) -> None:
    judged.hosts += 1
    if fields.valid_host(value) is None:
        raise Refused(400, "the Host header is not valid")
    if judged.target[:1] != b"/":
        authority = fields.absolute_authority(judged.target)
        if authority is not None and authority.lower() != value.lower():
            raise Refused(400, "the request target and the Host header name different hosts")


def _judge_content_type(_judged: Judged, exchange: Exchange, value: bytes) -> None:
    if exchange.content_type is not None:
        raise Refused(400, "more than one Content-Type header")
    exchange.content_type = value.decode("latin-1")


def _judge_trace(_judged: Judged, exchange: Exchange, value: bytes) -> None:
    exchange.trace_header = value


def _judge_call_id(_judged: Judged, exchange: Exchange, value: bytes) -> None:
    if fields.valid_call_id(value) is not None:
        exchange.call_id = value.decode("ascii")


def _judge_expect(judged: Judged, exchange: Exchange, value: bytes) -> None:
    if value.lower() != b"100-continue":
        raise Refused(417, "the only expectation that is met is 100-continue")
    judged.expects = exchange.http_version == "1.1"


def _judge_coding(judged: Judged, exchange: Exchange, value: bytes) -> None:
    if exchange.http_version == "1.0":
        raise Refused(400, "HTTP/1.0 has no transfer codings")
    if value.lower() != b"chunked":
        raise Refused(501, "the only transfer coding that is understood is chunked")
    judged.has_body = True


def _judge_length(judged: Judged, _exchange: Exchange, value: bytes) -> None:
    if not value.isdigit() or len(value) > fields.LENGTH_DIGITS:
        raise Refused(400, "the Content-Length header is not valid")
    length = int(value)
    if length > judged.limits.body:
        raise Refused(413, f"the body is over {judged.limits.body} bytes")
    judged.has_body = length > 0


def _judge_timeout(_judged: Judged, exchange: Exchange, value: bytes) -> None:
    exchange.timeout_header = value


# Connection and Upgrade are judged by the parser.
_JUDGES: dict[int, Callable[[Judged, Exchange, bytes], None]] = {
    fields.HOST: _judge_host,
    fields.CONTENT_TYPE: _judge_content_type,
    fields.TRACE: _judge_trace,
    fields.CALL_ID: _judge_call_id,
    fields.EXPECT: _judge_expect,
    fields.CODING: _judge_coding,
    fields.LENGTH: _judge_length,
    fields.TIMEOUT: _judge_timeout,
}
