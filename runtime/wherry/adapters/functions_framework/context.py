"""The second argument of a background function, `google.cloud.functions.context.Context`."""

from __future__ import annotations

from typing import Any

__all__ = ["Context"]


class Context:
    """Where a legacy event came from.

    Attributes:
        event_id: Identifies the event.
        timestamp: When it happened, RFC 3339.
        event_type: What happened, `google.pubsub.topic.publish`.
        resource: What it happened to: a name, or a dict of service, name and type.
    """

    def __init__(
        self,
        eventId: str = "",  # noqa: N803 - named as the fields of the legacy payload
        timestamp: str = "",
        eventType: str = "",  # noqa: N803
        resource: Any = "",
    ) -> None:
        self.event_id = eventId
        self.timestamp = timestamp
        self.event_type = eventType
        self.resource = resource

    def __str__(self) -> str:
        return (
            f"{{event_id: {self.event_id}, timestamp: {self.timestamp}, "
            f"event_type: {self.event_type}, resource: {self.resource}}}"
        )
