"""Wherry's event functions."""

from wherry import CloudEvent, cloud_event


@cloud_event
def check(event: CloudEvent):
    if event.type != "com.acme.order.placed" or sum(event.data["parts"]) != event.data["total"]:
        raise RuntimeError("not the event that was sent")


@cloud_event
def echo(event: CloudEvent):
    return event
