"""From the fields of an HTTP/2 request to the request that the engine knows.

Sans I/O. What RFC 9113 forbids (fields of one connection, upper case, misplaced pseudo-fields) the
HTTP/2 library has refused by now; the judgements here are those of HTTP/1.1, so that a request is
accepted in both protocols or in neither.
"""

from __future__ import annotations

import re
from time import monotonic

from wherry.serving import fields
from wherry.serving.exchange import Exchange
from wherry.serving.fields import Meanings
from wherry.serving.limits import Limits
from wherry.serving.receiver import Refused

FieldList = list[tuple[bytes, bytes]]

_METHOD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}")
_VALUE = re.compile(rb"(?:[!-~\x80-\xff][\t -~\x80-\xff]*)?")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+")
_SCHEMES = frozenset({b"http", b"https"})
_FIELD_MARKS = 4  # as they count in HTTP/1.1
_LENGTH_DIGITS = 18


def read(exchange: Exchange, received: FieldList, limits: Limits, meanings: Meanings) -> bool:
    """Fill `exchange`; returns whether the caller waits for `100 Continue`.

    Raises:
        Refused: It is no request that HTTP/1.1 would let through; what is known of it is filled in.
    """
    exchange.http_version = "2"
    exchange.started = monotonic()
    pseudo = {name: value for name, value in received if name[:1] == b":"}
    ordinary = [(name, value) for name, value in received if name[:1] != b":"]
    method = pseudo.get(b":method", b"")
    if _METHOD.fullmatch(method) is None:
        raise Refused(400, "the method is not valid")
    exchange.method = method.decode("ascii")
    _check_sizes(ordinary, limits)
    _read_target(exchange, pseudo, limits)
    exchange.headers = _with_host(pseudo.get(b":authority"), ordinary)
    return _give_meaning(exchange, limits, meanings)


def _read_target(exchange: Exchange, pseudo: dict[bytes, bytes], limits: Limits) -> None:
    target = pseudo.get(b":path", b"")
    if len(target) > limits.line:
        raise Refused(414, f"the request target is over {limits.line} bytes")
    plain = target[:1] == b"/" or (target == b"*" and exchange.method == "OPTIONS")
    parts = fields.split_target(exchange.method, target) if plain else None
    if parts is None or pseudo.get(b":scheme") not in _SCHEMES:
        raise Refused(400, "the request target is not valid")
    exchange.path, exchange.query = parts


def _with_host(authority: bytes | None, ordinary: FieldList) -> FieldList:
    """The fields with one valid Host (RFC 9113 section 8.3.1)."""
    hosts = [value for name, value in ordinary if name == b"host"]
    if authority is not None and not hosts:
        hosts = [authority]
        ordinary = [(b"host", authority), *ordinary]
    if len(hosts) != 1:
        raise Refused(400, "expected exactly one :authority or Host")
    if fields.valid_host(hosts[0]) is None:
        raise Refused(400, "the Host header is not valid")
    if authority is not None and authority.lower() != hosts[0].lower():
        raise Refused(400, ":authority and the Host header name different hosts")
    return ordinary


def _check_sizes(ordinary: FieldList, limits: Limits) -> None:
    if len(ordinary) > limits.fields:
        raise Refused(431, f"more than {limits.fields} header fields")
    for name, value in ordinary:
        if len(name) + len(value) + _FIELD_MARKS > limits.field:
            raise Refused(431, f"a header field is over {limits.field} bytes")
        if _NAME.fullmatch(name) is None or _VALUE.fullmatch(value) is None:
            raise Refused(400, "a header field is not valid")


def _give_meaning(exchange: Exchange, limits: Limits, meanings: Meanings) -> bool:
    expects = False
    for name, value in exchange.headers:
        meaning, attribute = meanings[name]
        if meaning == fields.EVENT:
            _note_attribute(exchange, attribute, value)
        elif meaning == fields.PLATFORM:
            exchange.note_platform(attribute, value)
        elif meaning == fields.LENGTH:
            _check_length(value, limits)
        elif meaning == fields.EXPECT:
            expects = True
            _check_expectation(value)
        elif meaning:
            _note(exchange, meaning, value)
    return expects


def _note(exchange: Exchange, meaning: int, value: bytes) -> None:
    if meaning == fields.CONTENT_TYPE:
        if exchange.content_type is not None:
            raise Refused(400, "more than one Content-Type header")
        exchange.content_type = value.decode("latin-1")
    elif meaning == fields.TRACE:
        exchange.trace_header = value
    elif meaning == fields.TIMEOUT:
        exchange.timeout_header = value
    elif meaning == fields.CALL_ID and fields.valid_call_id(value) is not None:
        exchange.call_id = value.decode("ascii")


def _note_attribute(exchange: Exchange, attribute: str, value: bytes) -> None:
    events = exchange.event_attributes
    if events is None:
        events = exchange.event_attributes = {}
    if attribute in events:
        exchange.repeated_attribute = attribute
    events[attribute] = value.decode("latin-1")


def _check_length(value: bytes, limits: Limits) -> None:
    if not value.isdigit() or len(value) > _LENGTH_DIGITS:
        raise Refused(400, "the Content-Length header is not valid")
    if int(value) > limits.body:
        raise Refused(413, f"the body is over {limits.body} bytes")


def _check_expectation(value: bytes) -> None:
    if value.lower() != b"100-continue":
        raise Refused(417, "the only expectation that is met is 100-continue")


def check_trailers(trailers: FieldList, limits: Limits) -> None:
    """Refused where a trailer may not stand behind a body (RFC 9110 section 6.5.1)."""
    if len(trailers) > limits.fields:
        raise Refused(431, "too many trailers")
    if any(fields.is_forbidden_trailer(name) for name, _ in trailers):
        raise Refused(400, "a trailer of this name is not allowed")
