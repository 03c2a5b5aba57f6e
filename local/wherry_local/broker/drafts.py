"""Events as an administrator writes them in JSON: emitted, or edited before another try. No I/O."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from wherry.cloudevents import CloudEvent, HeaderEncoding, InvalidEvent, decode
from wherry.errors import EventError, RequestRefused
from wherry.problem import Problem
from wherry_local.broker.envelope import (
    ARRIVAL,
    TTL_HEADER,
    Envelope,
    enveloped,
    moment,
    passed_on_of,
)
from wherry_local.broker.intake import ttl_of
from wherry_local.queue.delivery import Message

SOURCE = "/wherry/emit"
"""Source of an event that is emitted without one."""
_DATA, _BASE64 = "data", "dataBase64"


def drafted(
    said: Mapping[str, Any], *, at: float, encoding: HeaderEncoding = HeaderEncoding.STRICT
) -> Envelope:
    """The event of `{"attributes": {...}, "data" or "dataBase64": ...}`.

    Args:
        said: That object.
        at: Seconds since the epoch.
        encoding: How attributes are to stand in headers.

    Raises:
        RequestRefused: It makes no event.
    """
    event = _event({"source": SOURCE, **_attributes(said)}, _data(said))
    return enveloped(event, moment(at), encoding=encoding)


def again(message: Message) -> Envelope:
    """The event of a message, byte for byte, as a trigger's subscriber gets it."""
    headers = [field for field in message.headers if field[0] != TTL_HEADER]
    return Envelope(dict(message.attributes), headers, message.body, ttl_of(message))


def edited(
    message: Message,
    said: Mapping[str, Any],
    *,
    at: float,
    encoding: HeaderEncoding = HeaderEncoding.STRICT,
) -> Envelope:
    """The event of a message with those attributes and those data instead that are said.

    Raises:
        RequestRefused: It makes no event.
    """
    has_data = _DATA in said or _BASE64 in said
    if "attributes" not in said and not has_data:
        return again(message)
    attributes = _attributes(said) if "attributes" in said else message.attributes
    event = _event(attributes, _data(said) if has_data else None)
    if not has_data:
        was = decode(message.headers, message.body, encoding=encoding)
        payload = None if isinstance(was, list) else was.payload
        event = CloudEvent.received(dict(event.wire_attributes()), payload)
    return enveloped(event, moment(at), passed_on_of(message.headers), encoding=encoding)


def _attributes(said: Mapping[str, Any]) -> Mapping[str, Any]:
    given = said.get("attributes")
    if not isinstance(given, dict):
        raise _refused("attributes: expected an object, with a type")
    return given


def _data(said: Mapping[str, Any]) -> Any:
    if _BASE64 not in said:
        return said.get(_DATA)
    text = said[_BASE64]
    try:
        if isinstance(text, str) and _DATA not in said:
            return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        pass
    raise _refused("dataBase64: expected base64, and no data beside it")


def _event(attributes: Mapping[str, Any], data: Any) -> CloudEvent:
    try:
        return CloudEvent({k: v for k, v in attributes.items() if k != ARRIVAL}, data)
    except (InvalidEvent, EventError) as error:
        raise _refused(error.message) from None


def _refused(detail: str) -> RequestRefused:
    return RequestRefused(Problem(status=400, detail=detail))
