"""What takes events: one that acknowledges them."""

from wherry import CloudEvent, cloud_event


@cloud_event
def handle(event: CloudEvent) -> None:
    del event
