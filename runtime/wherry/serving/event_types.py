"""The types of the events that a request carries, looked at and not judged.

Enough to choose a function, whose codec then says what is wrong with an event. It must not know
functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wherry import json_library
from wherry.cloudevents import HeaderEncoding, Mode, mode_of
from wherry.cloudevents.headers import read_value
from wherry.errors import EventError

if TYPE_CHECKING:
    from wherry.request import Request


def types_of(request: Request, encoding: HeaderEncoding) -> frozenset[str] | None:
    """The types of the request's events; none of what cannot be read, None for no event."""
    try:
        mode = mode_of(request.content_type, has_ce_headers=bool(request.event_attributes))
    except EventError:
        return frozenset()
    if mode is Mode.NONE:
        return None
    if mode is Mode.BINARY:
        return _in_headers(request, encoding)
    return _in_body(request.body)


def is_in_body(request: Request) -> bool:
    """Whether the body has to be there before the types can be known."""
    try:
        mode = mode_of(request.content_type, has_ce_headers=False)
    except EventError:
        return False
    return mode is not Mode.NONE


def _in_headers(request: Request, encoding: HeaderEncoding) -> frozenset[str]:
    raw = (request.event_attributes or {}).get("type")
    if raw is None:
        return frozenset()
    try:
        return frozenset({read_value("type", raw, encoding)})
    except EventError:
        return frozenset()


def _in_body(body: bytes) -> frozenset[str]:
    try:
        document: Any = json_library.loads(body)
    except json_library.JSONDecodeError:
        return frozenset()
    events = document if isinstance(document, list) else [document]
    types = [each.get("type") if isinstance(each, dict) else None for each in events]
    texts = [each for each in types if isinstance(each, str)]
    return frozenset(texts if len(texts) == len(types) else ())
