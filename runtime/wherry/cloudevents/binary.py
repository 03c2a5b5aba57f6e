"""Binary mode: attributes in `ce-` headers, data in the body.

Must not know how header lists are read (names arrive lower-cased, without the prefix) nor who
reads the data.
"""

from __future__ import annotations

from collections.abc import Mapping

from wherry.cloudevents.attributes import (
    ENCODING_03,
    KNOWN_NAMES,
    check_count,
    check_event,
    check_name,
    check_size,
)
from wherry.cloudevents.content import content_of
from wherry.cloudevents.event import CloudEvent, adopt
from wherry.cloudevents.faults import InvalidEvent, shown
from wherry.cloudevents.headers import HeaderEncoding, read_value, write_value
from wherry.cloudevents.limits import DEFAULT, Limits
from wherry.cloudevents.made import decoded_03, unbase64
from wherry.cloudevents.mode import Mode, mode_of
from wherry.cloudevents.payload import Payload
from wherry.errors import EventError

_NAMES_KEPT = 1_024
_NAME_CHARS_KEPT = 64
_EDGES = frozenset({'"', " "})
_header_names: dict[str, bytes] = {}


def decode_binary(
    attributes: Mapping[str, str],
    content_type: str | None,
    body: bytes,
    *,
    encoding: HeaderEncoding = HeaderEncoding.STRICT,
    limit: Limits = DEFAULT,
) -> CloudEvent:
    """The event of `ce-` headers (name without prefix -> latin-1 value) and a body.

    The data is not read here; `CloudEvent.check_data` does that. An empty body is no data.
    """
    values: dict[str, str] = {}
    longest = limit.attribute_chars
    check_count(len(attributes), limit)
    for name, raw in attributes.items():
        if name not in KNOWN_NAMES:
            check_size(name, len(name), limit)
            check_name(name)
        if len(raw) > longest:
            check_size(name, len(raw), limit)
        # Most values stand for themselves; the others begin or end with a space or a quote,
        # or have something to decode or to refuse.
        if (
            raw.isascii()
            and raw.isprintable()
            and "%" not in raw
            and raw[:1] not in _EDGES
            and raw[-1:] != " "
        ):
            values[name] = raw
        else:
            values[name] = read_value(name, raw, encoding)
    if "datacontenttype" in values:
        raise EventError(
            "ce-datacontenttype must not be sent in binary mode; use Content-Type",
            attribute="datacontenttype",
        )
    if content_type:
        check_size("datacontenttype", len(content_type), limit)
        values["datacontenttype"] = content_type
    if values.get("specversion") == "0.3" and ENCODING_03 in values:
        body = _undo_03(values, body)
    check_event(values)
    return CloudEvent.received(values, Payload(content_type or None, body) if body else None)


def encode_binary(
    event: object, *, encoding: HeaderEncoding = HeaderEncoding.STRICT
) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and body of `event`, ours or an SDK's; InvalidEvent where it cannot be sent so."""
    event = adopt(event)
    headers: list[tuple[bytes, bytes]] = []
    content_type: str | None = None
    for name, value in event.wire_attributes().items():
        if name == "datacontenttype":
            content_type = str(value)
        else:
            headers.append((_header_name(name), write_value(name, value, encoding)))
    payload = event.payload
    if payload is not None and payload.implies_json:
        content_type = "application/json"
    if content_type is not None:
        headers.append((b"content-type", _content_type(content_type)))
    return headers, b"" if payload is None else payload.body()


def _undo_03(values: dict[str, str], body: bytes) -> bytes:
    decoded_03(values, None)
    if not body:
        return body
    return unbase64(body.decode("latin-1"), "data")


def _header_name(name: str) -> bytes:
    header = _header_names.get(name)
    if header is None:
        header = b"ce-" + name.encode("ascii")
        if len(_header_names) < _NAMES_KEPT and len(name) <= _NAME_CHARS_KEPT:
            _header_names[name] = header
    return header


def _content_type(content_type: str) -> bytes:
    try:
        content_of(content_type)
        plain = mode_of(content_type, has_ce_headers=True) is Mode.BINARY
    except EventError:
        plain = False
    if not plain:
        raise InvalidEvent(
            f"data of type {shown(content_type)!r} cannot be sent in binary mode, "
            "where it would be taken for an event itself",
            attribute="datacontenttype",
            hint="send it in structured mode",
        )
    return content_type.encode("ascii")
