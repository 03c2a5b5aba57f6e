"""The function that is served where none is given: it answers each event with the same event."""

from __future__ import annotations

from wherry import CloudEvent, cloud_event

ENVIRONMENT = {"WHERRY_WEBHOOK_ORIGINS": "events.example.com"}
"""Variables of its server: consent to the sender that the cases ask for."""


@cloud_event
def handle(event: CloudEvent) -> CloudEvent:
    """Answer with `event`."""
    return event
