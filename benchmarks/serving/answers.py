"""How an answer is known to be right, before anything is measured."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

_TIMEOUT_S = 10
NO_ANSWER = (OSError, http.client.HTTPException)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a server sent back; header names in lower case."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Expected(Protocol):
    """What must come back."""

    def fault(self, answer: Answer) -> str:
        """What is wrong with `answer`; empty when it is right."""
        ...


@dataclass(frozen=True)
class Received:
    """Any 2xx, as the sender of an event takes it."""

    def fault(self, answer: Answer) -> str:
        """What is wrong with `answer`; empty when it is right."""
        return "" if 200 <= answer.status < 300 else f"got {_shown(answer)}, expected 2xx"


@dataclass(frozen=True)
class Body:
    """200 with these bytes."""

    body: bytes

    def fault(self, answer: Answer) -> str:
        """What is wrong with `answer`; empty when it is right."""
        if (answer.status, answer.body) == (200, self.body):
            return ""
        return f"got {_shown(answer)}, expected 200 {self.body[:80]!r}"


@dataclass(frozen=True)
class Json:
    """200 with JSON of this value, however it is written."""

    value: object

    def fault(self, answer: Answer) -> str:
        """What is wrong with `answer`; empty when it is right."""
        if answer.status == 200 and _parsed(answer.body) == self.value:
            return ""
        return f"got {_shown(answer)}, expected 200 and the JSON of {self.value!r}"


@dataclass(frozen=True)
class BinaryEvent:
    """200 with an event in binary mode: its attributes as headers, its data as the body."""

    attributes: Mapping[str, str]
    data: object

    def fault(self, answer: Answer) -> str:
        """What is wrong with `answer`; empty when it is right."""
        found = {name: answer.headers.get(f"ce-{name}") for name in self.attributes}
        wrong = answer.status != 200 or _parsed(answer.body) != self.data
        if wrong or found != dict(self.attributes):
            return f"got {_shown(answer)} with {found}, expected the event that was sent"
        return ""


@dataclass(frozen=True)
class StructuredEvent:
    """200 with an event in structured mode: attributes and data in one JSON object."""

    attributes: Mapping[str, str]
    data: object

    def fault(self, answer: Answer) -> str:
        """What is wrong with `answer`; empty when it is right."""
        found = _parsed(answer.body)
        content_type = answer.headers.get("content-type", "")
        right = isinstance(found, dict) and found.get("data") == self.data
        right = right and self.attributes.items() <= found.items()
        if answer.status != 200 or not right or "application/cloudevents+json" not in content_type:
            return f"got {_shown(answer)} as {content_type}, expected the event that was sent"
        return ""


def ask(port: int, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Send one request on a connection of its own.

    Raises:
        OSError: The server took no connection, or closed it.
        http.client.HTTPException: What came back is not HTTP.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        connection.request(method, target, body or None, dict(headers))
        got = connection.getresponse()
        found = {name.lower(): value for name, value in got.getheaders()}
        return Answer(status=got.status, body=got.read(), headers=found)
    finally:
        connection.close()


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _shown(answer: Answer) -> str:
    return f"{answer.status} {answer.body[:80]!r}"
