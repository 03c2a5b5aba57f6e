"""Requests that have arrived whole, and plainly, read at one look.

Most requests come in one piece, hold nothing unusual, and repeat most lines of the request before
them. Calling back from the parser for each part was two fifths of what a call cost; here a head is
split once, and a line that was met before is looked up, not read. Whatever is unusual - a head in
pieces, a coded or unfinished body, an expectation, an upgrade, another version or method, any fault
at all - is left to the parser and to `wherry.serving.reading`, which alone refuse. So there is one
judge; this module may only agree with it. It knows no socket.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any

from wherry.header_text import PLAIN
from wherry.serving import fields

if TYPE_CHECKING:
    from wherry.serving.exchange import Exchange
    from wherry.serving.limits import Limits

_REQUEST_LINE = re.compile(
    rb"(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) (/[!-\"$->@-~]*)(?:\?([!-\"$-~]*))? HTTP/1\.1"
)
# A token, a colon, at most one blank, and a value that neither begins nor ends in a blank.
_FIELD = re.compile(
    rb"([!#-'*+.^-z|~0-9A-Z-]+): ?([!-~\x80-\xff](?:[ -~\x80-\xff]*[!-~\x80-\xff])?)"
)
_EVENT, _PLAIN_EVENT, _HOST, _LENGTH = fields.EVENT, fields.PLAIN_EVENT, fields.HOST, fields.LENGTH
_EVENTS = (_PLAIN_EVENT, _EVENT)
_PRINTABLE = bytes(range(0x20, 0x7F))
_MOST = 512
_LONGEST = 192
# Names whose values callers repeat, and which hold no secret: only their lines are remembered.
_STEADY = frozenset(
    b"accept accept-encoding accept-language ce-source ce-specversion ce-type connection "
    b"content-length content-type forwarded host k-proxy-request user-agent "
    b"x-envoy-attempt-count x-envoy-expected-rq-timeout-ms x-forwarded-for x-forwarded-host "
    b"x-forwarded-port x-forwarded-proto".split()
)

Line = tuple[tuple[bytes, bytes], int, str, Any]
"""Name and value; the meaning and its name; and the value in the form that is needed."""


class Unusual(Exception):  # noqa: N818 - it is no fault, and never leaves this package
    """Something that only the parser may judge."""


def _learn_target(line: bytes, meanings: fields.Meanings) -> tuple[str, str, str]:
    """Method, path and query; remembered where there is no query, which may hold a secret."""
    found = _REQUEST_LINE.fullmatch(line)
    if found is None:
        raise Unusual
    method, path, query = found.groups()
    target = (fields.METHODS[method], path.decode("ascii"), query.decode("ascii") if query else "")
    if query is None and len(line) <= _LONGEST:
        if len(meanings.targets) >= _MOST:
            meanings.targets.clear()
        meanings.targets[line] = target
    return target


def _learn(line: bytes, meanings: fields.Meanings) -> Line:
    """What a line says; it is remembered where its name is one that callers repeat."""
    name, _, value = line.partition(b": ")
    named = meanings.names.get(name)
    # Nearly every line that is met anew, for a fifth of what the expression costs.
    plain = named is not None and value != b"" and not value.translate(None, PLAIN)
    if not plain and (named is None or not _is_printable(value)):
        field = _FIELD.fullmatch(line)
        if field is None:
            raise Unusual
        name, value = field.groups()
        named = _learn_name(name, meanings)
        plain = not value.translate(None, PLAIN)
    assert named is not None  # noqa: S101 - it is learned above
    meaning, attribute, is_steady = named
    form: Any
    if meaning == _EVENT:
        form = value.decode("latin-1")
        meaning = _PLAIN_EVENT if plain else _EVENT
    else:
        form = _FORMS.get(meaning, _as_it_is)(value)
    known = ((name, value), meaning, attribute, form)
    if is_steady and len(line) <= _LONGEST:
        if len(meanings.lines) >= _MOST:
            meanings.lines.clear()
        meanings.lines[line] = known
    return known


def _is_printable(value: bytes) -> bool:
    """Whether `value` is of printable ASCII, and neither empty nor with a blank at an end."""
    return value != b"" and not value.translate(None, _PRINTABLE) and value.strip() == value


def _learn_name(name: bytes, meanings: fields.Meanings) -> tuple[int, str, bool]:
    """What a valid name means, and whether callers repeat its lines."""
    named = (*meanings[name], name.lower() in _STEADY)
    if len(meanings.names) < _MOST and len(name) <= _LONGEST:
        meanings.names[name] = named
    return named


def read(
    data: bytes, start: int, exchange: Exchange, limits: Limits, meanings: fields.Meanings
) -> int:
    """Fill `exchange` with the request that begins at `start`.

    Returns:
        Where the request ends, or 0 when it is not for this module and `exchange` is to be
        thrown away.
    """
    end = data.find(b"\r\n\r\n", start)
    if end < 0 or end - start > limits.field:  # so each limit on a part is kept, too
        return 0
    head = data[start:end].split(b"\r\n")
    line = head.pop(0)
    if not 0 < len(head) <= limits.fields or len(line) > limits.line:
        return 0
    try:
        target = meanings.targets.get(line) or _learn_target(line, meanings)
        length = _take_fields(head, exchange, meanings)
    except Unusual:
        return 0
    end += 4
    stop = end + length
    if length > limits.body or stop > len(data):
        return 0
    exchange.method, exchange.path, exchange.query = target
    exchange.started = monotonic()
    if length:
        exchange.body = data[end:stop]
    return stop


def _take_fields(head: list[bytes], exchange: Exchange, meanings: fields.Meanings) -> int:
    """Note the fields and what they mean; gives the length of the body."""
    hosts = 0
    length = None
    plain = True
    attributes: dict[str, str] = {}
    remembered, append = meanings.lines.get, exchange.headers.append
    for line in head:
        field, meaning, attribute, form = remembered(line) or _learn(line, meanings)
        append(field)
        if not meaning:
            continue
        if meaning in _EVENTS:
            if attribute in attributes:
                raise Unusual
            attributes[attribute] = form
            plain = plain and meaning == _PLAIN_EVENT
        elif meaning == _HOST:
            hosts += 1
        elif meaning == _LENGTH and length is None:
            length = form
        else:
            _take(exchange, meaning, attribute, form)
    if hosts != 1:
        raise Unusual
    if attributes:
        exchange.event_attributes = attributes
        exchange.plain_attributes = plain
    return length or 0


def _take(exchange: Exchange, meaning: int, name: str, form: Any) -> None:
    attribute = _ATTRIBUTES.get(meaning)
    if attribute is not None:
        setattr(exchange, attribute, form)
    elif meaning == fields.PLATFORM:
        exchange.note_platform(name, form)
    elif meaning == fields.CONTENT_TYPE and exchange.content_type is None:
        exchange.content_type = form
    elif meaning != fields.CONNECTION:
        raise Unusual


_ATTRIBUTES = {
    fields.TRACE: "trace_header",
    fields.CALL_ID: "call_id",
    fields.TIMEOUT: "timeout_header",
}


def _as_it_is(value: bytes) -> bytes:
    return value


def _as_text(value: bytes) -> str:
    return value.decode("latin-1")


def _valid_host(value: bytes) -> bytes:
    if fields.valid_host(value) is None:
        raise Unusual
    return value


def _length(value: bytes) -> int:
    if not value.isdigit() or len(value) > fields.LENGTH_DIGITS:
        raise Unusual
    return int(value)


def _call_id(value: bytes) -> str:
    return value.decode("ascii") if fields.valid_call_id(value) is not None else ""


def _keep_alive(value: bytes) -> None:
    if value.lower() != b"keep-alive":
        raise Unusual


_FORMS: dict[int, Callable[[bytes], Any]] = {
    fields.HOST: _valid_host,
    fields.CONTENT_TYPE: _as_text,
    fields.LENGTH: _length,
    fields.CALL_ID: _call_id,
    fields.CONNECTION: _keep_alive,
}
