"""Attributes and data of an event that a handler makes, brought to the form that travels.

What Python has more of than the specification (datetimes, bytes, subclasses of str and int) is
turned into what it has. Faults here are the handler's own, so each is an `InvalidEvent`. This
module must not know how an event is held or sent.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from wherry.cloudevents.attributes import (
    ENCODING_03,
    check_event,
    check_name,
    check_text,
    check_typed,
)
from wherry.cloudevents.faults import InvalidEvent
from wherry.cloudevents.payload import Payload
from wherry.cloudevents.timestamps import text_of
from wherry.errors import EventError


def made_attributes(given: Mapping[str, Any], data: Any) -> tuple[dict[str, Any], Any]:
    """Validated attributes, and the data without version 0.3's own base64."""
    values: dict[str, Any] = {}
    try:
        for name, value in given.items():
            if not isinstance(name, str):
                raise InvalidEvent(f"an attribute's name must be a string; got {name!r:.64}")
            if value is None:
                continue
            check_name(name)
            values[name] = _canonical(name, value)
        if values.get("specversion") == "0.3":
            data = decoded_03(values, data)
        check_event(values)
    except EventError as error:
        raise InvalidEvent(error.message, attribute=error.attribute) from None
    return values, data


def made_payload(content_type: str | None, data: Any) -> Payload | None:
    """The payload of a handler's data; bytes of a JSON or text type are read to see they are."""
    if data is None:
        return None
    if not isinstance(data, (bytes, bytearray, memoryview)):
        return Payload(content_type, value=data)
    payload = Payload(content_type, raw=bytes(data))
    try:
        payload.check()
    except EventError as error:
        raise InvalidEvent(error.message, attribute=error.attribute) from None
    return payload


def decoded_03(values: dict[str, Any], data: Any) -> Any:
    """Undo version 0.3's `datacontentencoding`: data as bytes, the attribute gone.

    It says how the data travelled, so that an encoder puts it back where it is needed.
    """
    encoding = values.pop(ENCODING_03, None)
    if encoding is None:
        return data
    if not isinstance(encoding, str) or encoding.lower() != "base64":
        raise EventError(f"attribute {ENCODING_03!r} must be 'base64'", attribute=ENCODING_03)
    return unbase64(data, "data") if isinstance(data, str) else data


def unbase64(text: object, attribute: str) -> bytes:
    """The bytes of `text` in base64; EventError naming `attribute` where it is none."""
    try:
        if isinstance(text, str):
            return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        pass
    raise EventError(f"{attribute!r} must be a string in base64", attribute="data")


def _canonical(name: str, value: Any) -> str | int | bool:
    if isinstance(value, str):
        text = value if value.__class__ is str else str.__str__(value)
    elif isinstance(value, datetime):
        try:
            text = text_of(value)
        except (ValueError, OverflowError) as error:
            raise InvalidEvent(f"attribute {name!r} {error}", attribute=name) from None
    elif isinstance(value, (bytes, bytearray)):
        text = base64.b64encode(value).decode("ascii")
    else:
        number = int(value) if isinstance(value, int) and not isinstance(value, bool) else value
        check_typed(name, number)
        return number
    check_text(name, text)
    return text
