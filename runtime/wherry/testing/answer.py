"""What a caller gets, and what its call left behind, as a test wants to read them.

This module must not know how a call was made: in memory or over a socket.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from logging import LogRecord

    from wherry.cloudevents import CloudEvent
    from wherry.testing.delivery import Delivery

_SHOWN_CHARS = 200
_PROBLEM = "application/problem+json"


class Answer:
    """What a caller gets.

    Attributes:
        status: HTTP status code.
        headers: Header values by lower-case name; the last of a repeated name.
        body: The whole body, of a streamed answer too.
        deliveries: What the call emitted, as a sink got it; of calls in memory only.
        logs: What was logged while the call ran; of calls in memory only.
        error: What the function raised, where it was asked not to be raised in the test.
    """

    def __init__(
        self,
        status: int,
        headers: Iterable[tuple[bytes, bytes]],
        body: bytes,
        *,
        deliveries: Sequence[Delivery] = (),
        logs: Sequence[LogRecord] = (),
        error: BaseException | None = None,
    ) -> None:
        self._pairs = list(headers)
        self.status = status
        self.headers = {k.decode().lower(): v.decode("latin-1") for k, v in self._pairs}
        self.body = body
        self.deliveries = list(deliveries)
        self.logs = list(logs)
        self.error = error

    @property
    def text(self) -> str:
        """The body as UTF-8 text."""
        return self.body.decode()

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return orjson.loads(self.body)

    @property
    def event(self) -> CloudEvent:
        """The body and headers as one CloudEvent; EventError where they are none."""
        from wherry.cloudevents import decode

        event = decode(self._pairs, self.body)
        if isinstance(event, list):
            raise TypeError("the answer is a batch of events: read `.events`")
        return event

    @property
    def events(self) -> list[CloudEvent]:
        """The events of the answer, in their order: a batch, or one; none where it is empty."""
        from wherry.cloudevents import decode

        if not self.body and not any(name.lower().startswith(b"ce-") for name, _ in self._pairs):
            return []
        found = decode(self._pairs, self.body)
        return found if isinstance(found, list) else [found]

    @property
    def problem(self) -> dict[str, Any] | None:
        """The problem details (RFC 9457) of a refusal; None where the answer is something else."""
        if not self.headers.get("content-type", "").startswith(_PROBLEM):
            return None
        document: dict[str, Any] = self.json
        return document

    @property
    def emitted(self) -> list[CloudEvent]:
        """The events that the sink accepted while the call ran."""
        return [event for each in self.deliveries if each.is_accepted for event in each.events]

    @property
    def log(self) -> str:
        """What was logged while the call ran, a line each: level and message."""
        return "".join(f"{each.levelname.lower()} {each.getMessage()}\n" for each in self.logs)

    def values(self, name: str) -> list[str]:
        """Every value of the header `name`, in their order."""
        wanted = name.lower().encode()
        return [value.decode("latin-1") for each, value in self._pairs if each.lower() == wanted]

    def expect(self, status: int = 200) -> Answer:
        """This answer; AssertionError with the problem it carries unless it has `status`."""
        if self.status != status:
            raise AssertionError(f"expected status {status}, got {self.status}: {self._told()}")
        return self

    def _told(self) -> str:
        """The problem's own words and its faults, or the beginning of the body."""
        try:
            problem = self.problem
        except ValueError:
            problem = None
        if not isinstance(problem, dict):
            text = self.body[: _SHOWN_CHARS + 1].decode("utf-8", "replace")
            return text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "..."
        told = [": ".join(str(problem[each]) for each in ("title", "detail") if each in problem)]
        told += [f"attribute {problem['attribute']!r}"] if "attribute" in problem else []
        told += [
            " ".join(f"{name}={value!r}" for name, value in fault.items())
            for fault in problem.get("errors", ())
        ]
        return "; ".join(told)

    def __repr__(self) -> str:
        if self.status >= 400:
            return f"<Answer {self.status} {self._told()}>"
        return f"<Answer {self.status} {len(self.body)} bytes>"
