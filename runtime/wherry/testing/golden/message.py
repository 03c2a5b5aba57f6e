"""One golden message, and how each is made from what is particular to it.

It must not know which messages there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from wherry.cloudevents import CloudEvent, Mode
from wherry.cloudevents.payload import Payload

REQUIRED: Mapping[str, str] = MappingProxyType(
    {"specversion": "1.0", "id": "A-1", "source": "/golden", "type": "com.example.golden"}
)
"""The attributes of every golden event."""

MEMBERS = ",".join(f'"{name}":"{value}"' for name, value in REQUIRED.items())
"""The same as members of a JSON object."""

JSON = "application/json"
STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """One message.

    Attributes:
        name: Short name, fit for the id of a test.
        mode: How it carries events, or would if it were valid.
        headers: Names and values, in their order.
        body: The body.
        events: The events that it means; none where it is invalid.
        status: 400 or 415 where it is invalid, else 200.
        attribute: What the problem names, where it is one attribute's.
        encoding: How attributes stand in headers: `strict`, or `knative` for its literal style.
        section: Where that is written: section of the HTTP binding or the JSON format, or
            heading of the core specification, of CloudEvents 1.0.2.
    """

    name: str
    mode: Mode
    headers: Pairs
    body: bytes
    events: tuple[CloudEvent, ...] = ()
    status: int = 200
    attribute: str = ""
    encoding: str = "strict"
    section: str

    @property
    def request(self) -> dict[str, Any]:
        """Arguments for `invoke`: `invoke(handler, **golden.request)`."""
        return {"method": "POST", "headers": self.headers, "body": self.body}

    def __str__(self) -> str:
        return self.name


def event_of(data: Any = None, **attributes: Any) -> CloudEvent:
    """The golden event with more attributes and data."""
    return CloudEvent({**REQUIRED, **attributes}, data)


def event_of_bytes(body: bytes, **attributes: Any) -> CloudEvent:
    """The golden event with data as bytes that came: JSON's null is data, too."""
    content_type = attributes.get("datacontenttype")
    return CloudEvent.received({**REQUIRED, **attributes}, Payload(content_type, body))


def binary(
    name: str,
    event: CloudEvent | None = None,
    attributes: Mapping[str, str] = MappingProxyType({}),
    *,
    body: bytes = b"",
    kind: str | None = None,
    more: Pairs = (),
    without: str = "",
    section: str = "HTTP 3.1.3",
    status: int = 200,
    attribute: str = "",
    encoding: str = "strict",
) -> Golden:
    """A message in binary mode: the required headers, those of `attributes`, `more` as they are."""
    values = {k: v for k, v in {**REQUIRED, **attributes}.items() if k != without}
    headers = [(f"ce-{each}", value) for each, value in values.items()]
    return Golden(
        name=f"binary-{name}",
        mode=Mode.BINARY,
        headers=(*headers, *(() if kind is None else (("content-type", kind),)), *more),
        body=body,
        events=() if event is None else (event,),
        section=section,
        status=status,
        attribute=attribute,
        encoding=encoding,
    )


def structured(
    name: str,
    members: str | bytes,
    event: CloudEvent | None = None,
    *,
    kind: str = STRUCTURED,
    more: Pairs = (),
    section: str = "JSON 3",
    status: int = 200,
    attribute: str = "",
) -> Golden:
    """A message in structured mode: `members` after the required ones, or a whole body as bytes."""
    if isinstance(members, str):
        members = ("{" + MEMBERS + ("," + members if members else "") + "}").encode()
    return Golden(
        name=f"structured-{name}",
        mode=Mode.STRUCTURED,
        headers=(("content-type", kind), *more),
        body=members,
        events=() if event is None else (event,),
        section=section,
        status=status,
        attribute=attribute,
    )


def batch(
    name: str,
    body: str,
    *events: CloudEvent,
    section: str = "JSON 4.1",
    status: int = 200,
    attribute: str = "",
) -> Golden:
    """A message in batch mode."""
    return Golden(
        name=f"batch-{name}",
        mode=Mode.BATCH,
        headers=(("content-type", BATCH),),
        body=body.encode(),
        events=events,
        section=section,
        status=status,
        attribute=attribute,
    )
