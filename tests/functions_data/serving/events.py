"""Answers each event with one of its own."""

from wherry import CloudEvent, cloud_event


@cloud_event
def accept(event: CloudEvent) -> CloudEvent:
    return CloudEvent(
        type="com.acme.order.accepted", source="/test", id="r-" + event.id, data=event.data
    )
