"""Structured mode: the whole event is one JSON object.

Reads a document into an event and writes it back; batches are arrays of the same documents. Must
not know headers other than the content type.
"""

from __future__ import annotations

from typing import Any

from wherry import json_library
from wherry.cloudevents import jsontext
from wherry.cloudevents.attributes import (
    ENCODING_03,
    KNOWN_NAMES,
    check_count,
    check_event,
    check_name,
    check_size,
    check_text,
    check_typed,
)
from wherry.cloudevents.event import CloudEvent, adopt
from wherry.cloudevents.faults import InvalidEvent
from wherry.cloudevents.limits import DEFAULT, Limits
from wherry.cloudevents.made import decoded_03, unbase64
from wherry.cloudevents.mode import STRUCTURED_TYPE, Mode, require
from wherry.cloudevents.payload import LAST, UNSET, Payload
from wherry.errors import EventError
from wherry.nesting import may_be_deep

_HEADERS = (b"content-type", STRUCTURED_TYPE.encode("ascii"))


def decode_structured(content_type: str, body: bytes, *, limit: Limits = DEFAULT) -> CloudEvent:
    """The event of a JSON document; EventError 415 where `content_type` declares another."""
    require(Mode.STRUCTURED, content_type)
    document = jsontext.loads(body)
    return read_document(document, body, 0, deep=may_be_deep(body), limit=limit)


def encode_structured(event: object) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and body of `event`, ours or an SDK's; InvalidEvent where it cannot be written."""
    return [_HEADERS], write_document(adopt(event))


def read_document(
    document: Any, source: bytes | jsontext.Elements, index: int, *, deep: bool, limit: Limits
) -> CloudEvent:
    """The event of one JSON object, which becomes the event's own.

    `source` is the text it was read from (and `index` its place there), so that data can travel
    on as it was written; `deep` asks for the depth of the data to be checked.
    """
    if document.__class__ is not dict:
        raise EventError("a structured event must be a JSON object")
    values: dict[str, Any] = document
    index = _place(values, source, index)
    data = values.pop("data", UNSET)
    base64 = values.pop("data_base64", None)
    _check_values(values, limit)
    if values.get("specversion") == "0.3":
        if ENCODING_03 in values:
            data = decoded_03(values, data)
        if base64 is not None:
            raise EventError("'data_base64' is not part of version 0.3", attribute="data")
    check_event(values)
    if base64 is not None:
        if data is not UNSET:
            raise EventError("'data' and 'data_base64' must not both be there", attribute="data")
        data = unbase64(base64, "data_base64")
    if data is UNSET:
        return CloudEvent.received(values, None)
    content_type = values.get("datacontenttype")
    if isinstance(data, bytes):
        return CloudEvent.received(values, Payload(content_type, data))
    if deep:
        jsontext.check_depth(data)
    # A string's value is all there is to it; the text of other data travels on as written.
    text = None if isinstance(data, str) else source
    return CloudEvent.received(values, Payload(content_type, None, data, text, index))


def _place(values: dict[str, Any], source: bytes | jsontext.Elements, index: int) -> int:
    """Where the text of the data is found: `index`, or that it ends the document."""
    is_last = source.__class__ is bytes and next(reversed(values), "") == "data"
    return LAST if is_last else index


def _check_values(values: dict[str, Any], limit: Limits) -> None:
    """Check names and values, and drop the null ones, which are absent."""
    if len(values) > limit.attributes:
        check_count(len(values), limit)
    try:  # one look at all of them is enough for nearly every event
        text = "".join(values.values())
    except TypeError:
        _check_each(values, limit)
        return
    if not (
        text.isascii()
        and text.isprintable()
        and len(text) <= limit.attribute_chars
        and KNOWN_NAMES.issuperset(values)
    ):
        _check_each(values, limit)


def _check_each(values: dict[str, Any], limit: Limits) -> None:
    longest = limit.attribute_chars
    nulls: list[str] = []
    for name, value in values.items():
        check_name(name)
        if value.__class__ is str:
            if not (value.isascii() and value.isprintable()):
                check_text(name, value)
            if len(value) > longest:
                check_size(name, len(value), limit)
        elif value is None:
            nulls.append(name)
        else:
            check_typed(name, value)
    for name in nulls:
        del values[name]


def write_document(event: CloudEvent) -> bytes:
    """The JSON document of `event`."""
    document: dict[str, object] = dict(event.wire_attributes())
    payload = event.payload
    if payload is not None:
        in_base64, data = payload.member()
        if not in_base64:
            document["data"] = data
        elif event.specversion == "0.3":
            document[ENCODING_03] = "base64"
            document["data"] = data
        else:
            document["data_base64"] = data
    try:
        return json_library.dumps(document)
    except (TypeError, ValueError) as error:
        raise InvalidEvent(f"data cannot be written as JSON: {error}", attribute="data") from error
