"""What a function emits, as a sink gets it: one delivery, and a sink in memory that keeps them.

The sink in memory goes through the same encoding as a real one and sends nothing. This module
must not know handlers or sockets.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wherry.cloudevents import CloudEvent, HeaderEncoding, decode
from wherry.emission import Emission, Emitter
from wherry.errors import EmitError, EventError

if TYPE_CHECKING:
    from wherry.context import Context

ACCEPTED = 202


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One request that a sink got.

    Attributes:
        status: What the sink answered.
        headers: Header values by lower-case name.
        body: The body.
        path: The request target; empty for a sink in memory.
        events: The events it carries; none where it is no valid event.
        fault: Why it carries none, or None.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    path: str = ""
    events: tuple[CloudEvent, ...] = ()
    fault: EventError | None = field(default=None, compare=False)

    @property
    def is_accepted(self) -> bool:
        """Whether the sink took it."""
        return 200 <= self.status < 300

    @classmethod
    def of(
        cls,
        headers: Iterable[tuple[str, str]],
        body: bytes,
        *,
        status: int,
        path: str = "",
        encoding: str = "strict",
    ) -> Delivery:
        """The delivery that a request was; one that is no valid event is answered with 400."""
        pairs = list(headers)
        named = {name.lower(): value for name, value in pairs}
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
        try:
            found = decode(raw, body, encoding=HeaderEncoding(encoding))
        except EventError as error:
            return cls(status=400, headers=named, body=body, path=path, fault=error)
        events = tuple(found) if isinstance(found, list) else (found,)
        return cls(status=status, headers=named, body=body, path=path, events=events)


class Recorder(Emitter):
    """A sink in memory: give it to `invoke` to choose its answers, or to read it after an error.

    Args:
        statuses: What it answers, one for each event in turn and then 202; what is no 2xx is an
            EmitError for whoever emits, without the tries again of a real sink.
        source: `source` of events that name none.
        overrides: Extensions that every event gets, as `K_CE_OVERRIDES` gives them.
        encoding: How attributes stand in headers, `strict` or `knative`.
    """

    def __init__(
        self,
        *statuses: int,
        source: str = "/test",
        overrides: Mapping[str, str] | None = None,
        encoding: str = "strict",
    ) -> None:
        super().__init__("memory:", overrides or {}, source, encoding=encoding)
        self.deliveries: list[Delivery] = []
        self._statuses = list(statuses)
        self._recording = threading.Lock()

    @property
    def events(self) -> list[CloudEvent]:
        """The events that it accepted, in their order."""
        return [event for each in self.deliveries if each.is_accepted for event in each.events]

    def close(self) -> None:
        """Wait for what is under way, and end the threads that an async handler's events took."""
        threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(wait=True)

    def _send(
        self,
        emission: Emission,
        sink: str,  # noqa: ARG002 - the seam's signature
        headers: list[tuple[str, str]],
        body: bytes,
        context: Context | None,  # noqa: ARG002
    ) -> None:
        emission.attempts += 1
        with self._recording:
            status = self._statuses.pop(0) if self._statuses else ACCEPTED
            delivery = Delivery.of(headers, body, status=status, encoding=self._encoding)
            self.deliveries.append(delivery)
        if not delivery.is_accepted:
            raise EmitError(
                f"the sink did not take the event: status {delivery.status} after 1 attempt",
                status=delivery.status,
            )
        emission.status = delivery.status
