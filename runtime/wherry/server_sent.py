"""Server-sent events, as text (WHATWG HTML, section 9.2)."""

from __future__ import annotations

from typing import Any

from wherry import json_body

CONTENT_TYPE = b"text/event-stream"


def sse(
    data: Any,
    event: str | None = None,
    id: str | None = None,  # noqa: A002 - the field's own name
    retry: int | None = None,
) -> str:
    """One server-sent event, for a generator to yield.

    Args:
        data: Text, sent line by line, or a value to be sent as JSON.
        event: Name of the event's type.
        id: Becomes the `Last-Event-ID` of a reconnecting client.
        retry: Milliseconds until the client reconnects.

    Raises:
        ValueError: `event` or `id` has a line break or NUL, which would end the field.
        ResponseError: `data` has no JSON form.
    """
    lines = []
    for name, value in (("event", event), ("id", id)):
        if value is None:
            continue
        if any(char in value for char in "\r\n\0"):
            raise ValueError(f"{name} of a server-sent event has a line break or NUL")
        lines.append(f"{name}: {value}\n")
    if retry is not None:
        lines.append(f"retry: {int(retry)}\n")
    text = data if isinstance(data, str) else json_body.dumps(data).decode()
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines += [f"data: {line}\n" for line in text.split("\n")]
    return "".join(lines) + "\n"
