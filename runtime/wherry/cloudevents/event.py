"""The event that handlers receive and make: the SDK's `CloudEvent`, kept faithful.

Attributes stay as they came (`time` as its text), data is read at the first look. An event that a
handler makes is validated by the same rules as one that arrives, and a fault in it is an
`InvalidEvent`. This module must not know HTTP: modes and headers are the codec's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, cast

from cloudevents.core.v1.event import CloudEvent as SdkCloudEvent

from wherry.cloudevents.attributes import CORE, SCHEMA_03
from wherry.cloudevents.faults import InvalidEvent
from wherry.cloudevents.made import made_attributes, made_payload
from wherry.cloudevents.payload import Payload
from wherry.cloudevents.timestamps import moment_of

__all__ = ["CloudEvent", "InvalidEvent", "adopt"]


class CloudEvent(SdkCloudEvent):
    """One event of CloudEvents 1.0 or 0.3; equal to another of the same attributes and data.

    Made from a mapping, from keywords, or both, keywords winning; a None is an absent attribute:

        CloudEvent({"type": "com.acme.paid", "source": "/till"}, {"amount": 5})
        CloudEvent(type="com.acme.paid", source="/till", data={"amount": 5}, shop="7")

    A missing `id` is a random one, a missing `specversion` is "1.0"; nothing else is added.
    """

    _attributes: dict[str, Any]
    is_plain = False
    """Whether each attribute came in a header, and as it stands there."""
    _payload: Payload | None = None
    _moment: datetime | None = None

    def __init__(
        self,
        attributes: Mapping[str, Any] | None = None,
        data: Any = None,
        **named: Any,
    ) -> None:
        given = {} if attributes is None else dict(attributes)
        given.update(named)
        if given.get("id") is None:
            given["id"] = os.urandom(16).hex()
        if given.get("specversion") is None:
            given["specversion"] = "1.0"
        self._attributes, data = made_attributes(given, data)
        self._payload = made_payload(self._attributes.get("datacontenttype"), data)

    @classmethod
    def received(
        cls, attributes: dict[str, Any], payload: Payload | None, *, is_plain: bool = False
    ) -> CloudEvent:
        """The event of attributes that a decoder has validated; they become the event's own."""
        self = object.__new__(cls)
        self._attributes = attributes
        self._payload = payload
        if is_plain:
            self.is_plain = True
        return self

    @property
    def id(self) -> str:
        """Identifies the event among those of its source."""
        return cast("str", self._attributes["id"])

    @property
    def source(self) -> str:
        """Where the event happened, a URI reference."""
        return cast("str", self._attributes["source"])

    @property
    def type(self) -> str:
        """What happened, as the producer names it."""
        return cast("str", self._attributes["type"])

    @property
    def specversion(self) -> str:
        """The version of CloudEvents, "1.0" or "0.3"."""
        return cast("str", self._attributes["specversion"])

    @property
    def subject(self) -> str | None:
        """What, within the source, the event is about."""
        return self._attributes.get("subject")

    @property
    def time(self) -> datetime | None:
        """When it happened, to the microsecond; the text as it came is what travels on."""
        if self._moment is None:
            text = self._attributes.get("time")
            if text is not None:
                self._moment = moment_of(text)
        return self._moment

    @property
    def datacontenttype(self) -> str | None:
        """The media type of the data."""
        return self._attributes.get("datacontenttype")

    @property
    def dataschema(self) -> str | None:
        """The schema of the data, a URI; `schemaurl` in version 0.3."""
        name = SCHEMA_03 if self.specversion == "0.3" else "dataschema"
        return cast("str | None", self._attributes.get(name))

    @property
    def extensions(self) -> dict[str, str | int | bool]:
        """The attributes that the specification does not name, as a new dict."""
        known = CORE | {SCHEMA_03} if self.specversion == "0.3" else CORE
        return {name: value for name, value in self._attributes.items() if name not in known}

    @property
    def data(self) -> Any:
        """The data: a JSON value, a string for text, bytes otherwise; None where there is none.

        EventError where an event that arrived has data that is not what its type says.
        """
        return None if self._payload is None else self._payload.value()

    @property
    def data_bytes(self) -> bytes | None:
        """The data as bytes, as they came; None where there is none (JSON's null is `b"null"`)."""
        return None if self._payload is None else self._payload.body()

    @property
    def payload(self) -> Payload | None:
        """The data for an encoder, which needs more than its value."""
        return self._payload

    def check_data(self) -> None:
        """Read the data now: EventError if a handler's first look at it would raise one."""
        if self._payload is not None:
            self._payload.check()

    def wire_attributes(self) -> Mapping[str, str | int | bool]:
        """The attributes as they travel, `time` as text; the event's own, not to be changed."""
        return self._attributes

    def get_attributes(self) -> dict[str, Any]:
        """A copy of the attributes, `time` as a datetime, as the SDK has them."""
        attributes = dict(self._attributes)
        if "time" in attributes:
            attributes["time"] = self.time
        return attributes

    def get_time(self) -> datetime | None:
        """The SDK's name for `time`."""
        return self.time

    def get_dataschema(self) -> str | None:
        """The SDK's name for `dataschema`."""
        return self.dataschema

    def get_data(self) -> Any:
        """The SDK's name for `data`."""
        return self.data

    def __getitem__(self, name: str) -> Any:
        return self.time if name == "time" and name in self else self._attributes[name]

    def __contains__(self, name: object) -> bool:
        return name in self._attributes

    def __iter__(self) -> Iterator[str]:
        return iter(self._attributes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CloudEvent):
            return NotImplemented
        if self._attributes != other._attributes:
            return False
        if self._payload is None or other._payload is None:
            return self._payload is other._payload
        return self._payload.same_as(other._payload)

    def __hash__(self) -> int:
        return hash((self.source, self.id))

    def __repr__(self) -> str:
        attributes = ", ".join(f"{name}={value!r}" for name, value in self._attributes.items())
        return f"CloudEvent({attributes})"


def adopt(event: Any) -> CloudEvent:
    """`event` itself, or the same of any SDK's event; InvalidEvent for anything else.

    An SDK's event is anything with `get_attributes()` and `get_data()`.
    """
    if type(event) is CloudEvent:  # isinstance is slow for the SDK's class, a Protocol
        return event
    if isinstance(event, CloudEvent):
        return event
    get_attributes = getattr(event, "get_attributes", None)
    get_data = getattr(event, "get_data", None)
    if isinstance(event, type) or not callable(get_attributes) or not callable(get_data):
        raise InvalidEvent(f"expected a CloudEvent; got {type(event).__qualname__}")
    return CloudEvent(cast("Mapping[str, Any]", get_attributes()), get_data())
