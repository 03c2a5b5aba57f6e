"""A request as a test writes it: a body, a JSON value or events, brought to headers and bytes.

This module must not know how it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from wherry.cloudevents import CloudEvent, encode_batch, encode_binary, encode_structured

Headers: TypeAlias = Mapping[str, str] | Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A method, headers in their order, and a body."""

    method: str
    pairs: list[tuple[bytes, bytes]]
    body: bytes

    def value(self, name: str) -> str | None:
        """The value of the header `name`, the last of several, or None."""
        wanted = name.encode()
        found = [value for each, value in self.pairs if each.lower() == wanted]
        return found[-1].decode("latin-1") if found else None

    @property
    def event_attributes(self) -> list[tuple[str, str]]:
        """The `ce-` headers: names in lower case without the prefix, and values."""
        named = [(name.decode("latin-1").lower(), value) for name, value in self.pairs]
        return [(name[3:], value.decode("latin-1")) for name, value in named if name[:3] == "ce-"]


def message_of(
    method: str | None,
    *,
    headers: Headers | None,
    body: bytes,
    json: Any,
    event: CloudEvent | Sequence[CloudEvent] | None,
    structured: bool,
) -> Message:
    """The message of at most one of a body, a JSON value, an event and a batch.

    A header that is given wins over one that the content brings. The method is POST with a body
    or an event, GET without, unless it is given.

    Raises:
        TypeError: There is more than one of them.
        InvalidEvent: The event cannot be sent so.
    """
    if sum((bool(body), json is not None, event is not None)) > 1:
        raise TypeError("expected one of body, json and event, got more")
    given = list(headers.items() if isinstance(headers, Mapping) else headers or ())
    pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given]
    brought: list[tuple[bytes, bytes]] = []
    if json is not None:
        brought, body = [(b"content-type", b"application/json")], orjson.dumps(json)
    elif event is not None:
        brought, body = _of_event(event, structured=structured)
    named = {name.lower() for name, _ in pairs}
    pairs = [each for each in brought if each[0] not in named] + pairs
    has_content = bool(body) or event is not None
    return Message(method=method or ("POST" if has_content else "GET"), pairs=pairs, body=body)


def _of_event(
    event: CloudEvent | Sequence[CloudEvent], *, structured: bool
) -> tuple[list[tuple[bytes, bytes]], bytes]:
    if isinstance(event, Sequence):
        return encode_batch(event)
    return encode_structured(event) if structured else encode_binary(event)
