"""Takes an order that was placed."""

from wherry import cloud_event


@cloud_event(type="com.acme.order.placed")
def handle(event):
    return None
