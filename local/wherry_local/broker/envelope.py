"""An event as a broker keeps it: the bytes that a subscriber is sent. No I/O.

A subscriber gets events in headers, as from a cluster. What came so keeps the bytes of its headers
and its data; of what came as one JSON object the attributes become headers, and the data stay the
text that they were. Of other headers only those are kept that Knative hands on.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from functools import lru_cache
from typing import NamedTuple

from wherry.cloudevents import (
    CloudEvent,
    HeaderEncoding,
    InvalidEvent,
    decode,
    decode_structured,
    encode_binary,
    encode_structured,
)
from wherry.cloudevents.headers import write_value

ARRIVAL = "knativearrivaltime"
TTL = "knativebrokerttl"
"""Attributes that Knative's brokers add; subscribers see the first alone."""
TTL_HEADER = b"ce-" + TTL.encode()

Headers = Sequence[tuple[bytes, bytes]]

_PASSED_ON = frozenset({b"x-request-id", b"retry-after", b"traceparent", b"tracestate"})
_PASSED_ON_PREFIXES = (b"knative-", b"x-b3-")
_ARRIVAL_HEADER = b"ce-" + ARRIVAL.encode()
_OWN = frozenset({_ARRIVAL_HEADER, TTL_HEADER})
_CONTENT_TYPE = b"content-type"
_FORMATS = b"application/cloudevents"
_NUMBER = re.compile(r"-?[0-9]{1,10}", re.ASCII)
_NAMES_KEPT = 1_024
_NAME_BYTES_KEPT = 64
_SECONDS_KEPT = 4


class Envelope(NamedTuple):
    """An event, ready to be sent.

    Attributes:
        attributes: Its attributes as text, as filters see them.
        headers: What it is sent with.
        body: The same.
        ttl: What it said of how many brokers it may still pass, or None.
    """

    attributes: dict[str, str]
    headers: list[tuple[bytes, bytes]]
    body: bytes
    ttl: int | None


class _Part(enum.Enum):
    """What a header is to a broker."""

    ATTRIBUTE = 1
    CONTENT_TYPE = 2
    PASSED_ON = 3
    DROPPED = 4


_ATTRIBUTE, _TYPE, _PASSED, _DROPPED = _Part
_parts: dict[bytes, _Part] = {}


def received(
    headers: Headers,
    body: bytes,
    *,
    arrived_at: float,
    encoding: HeaderEncoding = HeaderEncoding.STRICT,
) -> Envelope | list[Envelope]:
    """The event of a message as it came, or the events of a batch.

    Args:
        headers: Its headers.
        body: Its body.
        arrived_at: Seconds since the epoch; becomes an attribute, as Knative has it.
        encoding: How attributes stand in headers.

    Raises:
        EventError: It is none.
    """
    event = decode(headers, body, encoding=encoding)
    if isinstance(event, list):
        at, passed_on = moment(arrived_at), passed_on_of(headers)
        return [enveloped(each, at, passed_on, encoding=encoding) for each in event]
    return of_decoded(event, headers, body, arrived_at=arrived_at, encoding=encoding)


def of_decoded(
    event: CloudEvent,
    headers: Headers,
    body: bytes,
    *,
    arrived_at: float,
    encoding: HeaderEncoding = HeaderEncoding.STRICT,
) -> Envelope:
    """The same of an event that has been decoded from `headers` and `body`."""
    at = moment(arrived_at)
    kept: list[tuple[bytes, bytes]] = []
    passed_on: list[tuple[bytes, bytes]] = []
    for field in headers:
        name, value = field
        part = _parts.get(name) or _look(name)
        if part is _ATTRIBUTE:
            kept.append(field)
        elif part is _PASSED:
            passed_on.append(field)
        elif part is _TYPE:
            if value.strip().lower().startswith(_FORMATS):
                return enveloped(event, at, passed_on_of(headers), encoding=encoding)
            kept.append(field)
    attributes, ttl = _attributes(event, at)
    kept.append((_ARRIVAL_HEADER, at.encode()))
    kept += passed_on
    return Envelope(attributes, kept, body, ttl)


def enveloped(
    event: CloudEvent,
    arrived: str | None,
    passed_on: Headers = (),
    *,
    encoding: HeaderEncoding = HeaderEncoding.STRICT,
) -> Envelope:
    """An event that did not come in headers.

    Args:
        event: The event.
        arrived: When it arrived, as an attribute; None for no such attribute.
        passed_on: Other headers that are handed on.
        encoding: How attributes stand in headers.
    """
    attributes, ttl = _attributes(event, arrived)
    typed = {name: value for name, value in event.wire_attributes().items() if name in attributes}
    if arrived is not None:
        typed[ARRIVAL] = arrived
    sent = CloudEvent.received(typed, event.payload)
    try:
        headers, body = encode_binary(sent, encoding=encoding)
    except InvalidEvent:
        # Its data are of a type that would make another event of it, were it in a header.
        headers, body = encode_structured(sent)
    return Envelope(attributes, [*headers, *passed_on], body, ttl)


def with_attributes(
    headers: Headers, body: bytes, added: Mapping[str, str]
) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """The same event with `added` attributes, which take the place of those of their names."""
    fields = list(headers)
    if any(name.lower() == b"ce-specversion" for name, _ in fields):
        names = {b"ce-" + name.encode("ascii") for name in added}
        fields = [field for field in fields if field[0].lower() not in names]
        fields += [
            (b"ce-" + name.encode("ascii"), write_value(name, value, HeaderEncoding.STRICT))
            for name, value in added.items()
        ]
        return fields, body
    event = decode_structured(_content_type(fields), body)
    changed = CloudEvent.received({**event.wire_attributes(), **added}, event.payload)
    written, body = encode_structured(changed)
    return [*written, *passed_on_of(fields)], body


def structured(
    headers: Headers, body: bytes, *, encoding: HeaderEncoding = HeaderEncoding.STRICT
) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """The same event as one JSON object."""
    event = decode(headers, body, encoding=encoding)
    written, body = encode_structured(event)
    return [*written, *passed_on_of(headers)], body


def passed_on_of(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Those of `headers` that a broker hands on beside the event."""
    return [field for field in headers if (_parts.get(field[0]) or _look(field[0])) is _PASSED]


def moment(seconds: float) -> str:
    """A time as attributes have it (RFC 3339, UTC)."""
    whole = int(seconds)
    micros = round((seconds - whole) * 1e6)
    if micros == 1_000_000:
        whole, micros = whole + 1, 0
    return f"{_second(whole)}.{micros:06d}Z" if micros else f"{_second(whole)}Z"


@lru_cache(_SECONDS_KEPT)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()[:-6]


def _attributes(event: CloudEvent, arrived: str | None) -> tuple[dict[str, str], int | None]:
    """The attributes as text, without what only a broker needs, and the TTL."""
    attributes: dict[str, str] = dict(event.wire_attributes())  # type: ignore[arg-type]
    if not event.is_plain:
        attributes = {name: _text(value) for name, value in event.wire_attributes().items()}
    ttl = attributes.pop(TTL, None)
    attributes.pop(ARRIVAL, None)
    if arrived is not None:
        attributes[ARRIVAL] = arrived
    return attributes, _whole(ttl)


def _text(value: str | int | bool) -> str:
    if isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _whole(text: str | None) -> int | None:
    """A TTL; one that is no number counts as none, as it does on the cluster."""
    if text is None or not _NUMBER.fullmatch(text):
        return None
    return int(text)


def _look(name: bytes) -> _Part:
    lower = name.lower()
    if lower.startswith(b"ce-"):
        part = _DROPPED if lower in _OWN else _ATTRIBUTE
    elif lower == _CONTENT_TYPE:
        part = _TYPE
    elif lower in _PASSED_ON or lower.startswith(_PASSED_ON_PREFIXES):
        part = _PASSED
    else:
        part = _DROPPED
    if len(_parts) < _NAMES_KEPT and len(name) <= _NAME_BYTES_KEPT:
        _parts[name] = part
    return part


def _content_type(headers: Iterable[tuple[bytes, bytes]]) -> str:
    for name, value in headers:
        if name.lower() == _CONTENT_TYPE:
            return value.decode("latin-1")
    return ""
