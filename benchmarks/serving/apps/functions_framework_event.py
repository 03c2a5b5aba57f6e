"""functions-framework's event function; it cannot reply, so it reads and checks."""

import functions_framework
from cloudevents.http import CloudEvent


@functions_framework.cloud_event
def check(event: CloudEvent):
    if event["type"] != "com.acme.order.placed" or sum(event.data["parts"]) != event.data["total"]:
        raise RuntimeError("not the event that was sent")
