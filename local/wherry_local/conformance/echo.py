"""The function that is served where none is given: it answers each event with the same event."""

from __future__ import annotations

from wherry import CloudEvent, cloud_event


@cloud_event
def handle(event: CloudEvent) -> CloudEvent:
    """Answer with `event`."""
    return event
