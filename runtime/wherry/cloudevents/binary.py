"""Binary mode: attributes in `ce-` headers, data in the body.

Must not know how header lists are read (names arrive lower-cased, without the prefix) nor who
reads the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
from wherry.header_text import is_plain

_CONTENT_TYPE = "datacontenttype"
_NAMES_KEPT = 1_024
_NAME_CHARS_KEPT = 64


class _HeaderNames(dict[str, bytes]):
    """Name of an attribute to that of its header; bounded."""

    def __missing__(self, name: str) -> bytes:
        header = b"ce-" + name.encode("ascii")
        if len(self) < _NAMES_KEPT and len(name) <= _NAME_CHARS_KEPT:
            self[name] = header
        return header


_header_names = _HeaderNames()
_content_types: dict[str, bytes] = {}
_content_type_lines: dict[str, str] = {}
_JSON_LINE = "content-type: application/json\r\n"


def decode_binary(
    attributes: Mapping[str, str],
    content_type: str | None,
    body: bytes,
    *,
    encoding: HeaderEncoding = HeaderEncoding.STRICT,
    limit: Limits = DEFAULT,
    are_plain: bool = False,
) -> CloudEvent:
    """The event of `ce-` headers (name without prefix -> latin-1 value) and a body.

    The data is not read here; `CloudEvent.check_data` does that. An empty body is no data.
    `are_plain` says that each value is known to be within the limit and to stand for itself.
    """
    stands_as_is = (
        (are_plain or _are_plain(attributes, limit))
        and len(attributes) <= limit.attributes
        and KNOWN_NAMES.issuperset(attributes)
    )
    values = dict(attributes) if stands_as_is else _values(attributes, encoding, limit)
    if _CONTENT_TYPE in values:
        raise EventError(
            "ce-datacontenttype must not be sent in binary mode; use Content-Type",
            attribute=_CONTENT_TYPE,
        )
    if content_type:
        if len(content_type) > limit.attribute_chars:
            check_size(_CONTENT_TYPE, len(content_type), limit)
        values[_CONTENT_TYPE] = content_type
    if values.get("specversion") == "0.3" and ENCODING_03 in values:
        body = _undo_03(values, body)
    check_event(values)
    payload = Payload(content_type or None, body) if body else None
    return CloudEvent.received(values, payload, is_plain=stands_as_is)


def encode_binary(
    event: object, *, encoding: HeaderEncoding = HeaderEncoding.STRICT
) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and body of `event`, ours or an SDK's; InvalidEvent where it cannot be sent so."""
    event = adopt(event)
    payload = event.payload
    attributes = event.wire_attributes()
    content_type: str | None = attributes.get(_CONTENT_TYPE)  # type: ignore[assignment]
    headers = _written(attributes, encoding, as_is=event.is_plain)
    if payload is not None and payload.implies_json:
        content_type = "application/json"
    if content_type is not None:
        written = _content_types.get(content_type) or _content_type(content_type)
        headers.append((b"content-type", written))
    return headers, b"" if payload is None else payload.body()


def plain_lines(event: CloudEvent) -> bytes | None:
    """The header lines of `event`, each with its end, as HTTP/1.1 sends them.

    None where a value does not stand for itself or the event has to be looked at more closely;
    `encode_binary` does that.
    """
    attributes = event.wire_attributes()
    payload = event.payload
    content_type: str | None = attributes.get(_CONTENT_TYPE)  # type: ignore[assignment]
    if content_type is not None:
        ending = _content_type_lines.get(content_type)
        if ending is None:
            return None
    elif payload is not None and payload.implies_json:
        ending = _JSON_LINE
    else:
        ending = ""
    if not event.is_plain and not _stand_as_they_are(attributes):
        return None
    lines = [
        f"ce-{name}: {value}\r\n" for name, value in attributes.items() if name != _CONTENT_TYPE
    ]
    lines.append(ending)
    return "".join(lines).encode("ascii")


def _stand_as_they_are(attributes: Mapping[str, Any]) -> bool:
    """Whether each attribute, that of the data's type aside, is a text that is plain."""
    try:
        return is_plain(
            "".join([value for name, value in attributes.items() if name != _CONTENT_TYPE])
        )
    except TypeError:  # an integer or a boolean among them
        return False


def _are_plain(attributes: Mapping[str, str], limit: Limits) -> bool:
    """Whether each value stands for itself, as nearly always; one look at all of them tells."""
    text = "".join(attributes.values())
    return is_plain(text) and len(text) <= limit.attribute_chars


def _values(
    attributes: Mapping[str, str], encoding: HeaderEncoding, limit: Limits
) -> dict[str, str]:
    """The attributes that header values stand for, checked one by one."""
    check_count(len(attributes), limit)
    values: dict[str, str] = {}
    for name, raw in attributes.items():
        check_name(name)
        check_size(name, len(raw), limit)
        values[name] = read_value(name, raw, encoding)
    return values


def _written(
    values: Mapping[str, Any], encoding: HeaderEncoding, *, as_is: bool
) -> list[tuple[bytes, bytes]]:
    """The headers of all attributes but the content type of the data."""
    if as_is or _stand_as_they_are(values):
        return [
            (_header_names[name], value.encode())
            for name, value in values.items()
            if name != _CONTENT_TYPE
        ]
    return [
        (_header_names[name], write_value(name, value, encoding))
        for name, value in values.items()
        if name != _CONTENT_TYPE
    ]


def _undo_03(values: dict[str, str], body: bytes) -> bytes:
    decoded_03(values, None)
    if not body:
        return body
    return unbase64(body.decode("latin-1"), "data")


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
    written = content_type.encode("ascii")
    if len(_content_types) < _NAMES_KEPT and len(written) <= _NAME_CHARS_KEPT:
        _content_types[content_type] = written
        _content_type_lines[content_type] = f"content-type: {content_type}\r\n"
    return written
