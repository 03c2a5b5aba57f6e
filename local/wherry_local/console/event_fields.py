"""The event of a form's fields, or the fault in it. It knows neither broker nor function."""

from __future__ import annotations

import base64
from typing import Any

from wherry.cloudevents import CloudEvent, InvalidEvent
from wherry_local.client import content_type
from wherry_local.console.forms import Form, FormFault, pairs

_NAMED = ("type", "source", "id", "subject")


def event_of(form: Form) -> CloudEvent:
    """The event of the fields `event-type` and so on, more `event-attributes`, and `body`.

    Raises:
        FormFault: It would be no valid event.
    """
    body = form.lines("body").encode()
    typed = {name: form.text(f"event-{name}") for name in _NAMED}
    given: dict[str, Any] = {name: text for name, text in typed.items() if text}
    given |= dict(pairs(form.lines("event-attributes"), what="attributes"))
    if body and "datacontenttype" not in given:
        given["datacontenttype"] = content_type(body)
    for name in ("type", "source"):
        if not given.get(name):
            raise FormFault(f"an event needs a {name}")
    try:
        return CloudEvent(given, body or None)
    except InvalidEvent as error:
        raise FormFault(f"that is no valid event: {error.message}") from None


def emission(event: CloudEvent, broker: str = "") -> dict[str, Any]:
    """The document that has the broker accept the event; its bytes are those that were typed."""
    document: dict[str, Any] = {"attributes": dict(event.wire_attributes())}
    if broker:
        document["broker"] = broker
    if event.data_bytes is not None:
        document["dataBase64"] = base64.b64encode(event.data_bytes).decode("ascii")
    return document
