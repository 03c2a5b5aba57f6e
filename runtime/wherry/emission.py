"""Events that a handler emits to the sink while it runs.

In a sync handler `emit` returns when the sink has accepted;
in an async one it starts at once and is awaited. This module must not know handlers or servers.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Generator, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Protocol

from wherry.errors import ConfigError, EmitError
from wherry.sink_connections import SinkConnections

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import Future, ThreadPoolExecutor

    from wherry.cloudevents import CloudEvent
    from wherry.context import Context

_THREADS = 8

_log = logging.getLogger("wherry.emission")


class EmissionSpan(Protocol):
    """One emitted event in a trace that somebody keeps.

    Attributes:
        traceparent: What its request says of it; empty where there is nothing to say.
    """

    traceparent: str

    def end(self, attempts: int, error: BaseException | None) -> None:
        """The sink has accepted it, or `error` says why not."""
        ...


class EmissionTracer(Protocol):
    """Makes a span of each emitted event."""

    def emission(self, event: CloudEvent, host: str) -> EmissionSpan:
        """The span of an event that is about to be sent to `host`."""
        ...


class Emission:
    """One emitted event; awaiting it gives itself once the sink has accepted.

    Attributes:
        event: The event as it was sent.
        status: The sink's status, 200 to 299; None until it has accepted.
        attempts: How many times it was tried.
    """

    __slots__ = ("_future", "_span", "attempts", "event", "status")

    def __init__(self, event: CloudEvent) -> None:
        self.event = event
        self.status: int | None = None
        self.attempts = 0
        self._future: asyncio.Future[None] | None = None
        self._span: EmissionSpan | None = None

    def __await__(self) -> Generator[Any, None, Emission]:
        """Wait for the sink; EmitError where it did not take the event."""
        if self._future is not None:
            yield from self._future.__await__()
        return self

    def __repr__(self) -> str:
        return f"<Emission {self.event.id!r} status={self.status} attempts={self.attempts}>"


class Emitter:
    """Sends events to one sink; thread-safe, connections are made at first use.

    Args:
        sink: URL of the sink, or None where there is none.
        overrides: Extensions that every emitted event gets (`K_CE_OVERRIDES`).
        source: `source` of events that name none.
        encoding: How attributes stand in headers, `strict` or `knative`.

    Attributes:
        accepted: Events that the sink has accepted.
        lost: Events that it has not, after every retry.
        tracer: Makes a span of each event, or None.

    Raises:
        ConfigError: An override is no extension attribute.
    """

    def __init__(
        self,
        sink: str | None,
        overrides: Mapping[str, str],
        source: str,
        *,
        encoding: str = "strict",
    ) -> None:
        self._sink = sink
        self._source = source
        self._encoding = encoding
        self._overrides = dict(overrides)
        self.accepted = self.lost = 0
        self.tracer: EmissionTracer | None = None
        self._lock = threading.Lock()
        self._connections = SinkConnections()
        self._threads: ThreadPoolExecutor | None = None
        self._pending: set[Future[None]] = set()
        if self._overrides:
            _check_overrides(self._overrides)

    def emit(self, event: CloudEvent, context: Context | None = None) -> Emission:
        """Send `event`: at once in a running event loop's thread, else before it returns.

        Raises:
            EmitError: No sink is set, or (without a loop) it did not take the event.
            InvalidEvent: The event cannot be sent.
        """
        from wherry.cloudevents import HeaderEncoding, encode_binary
        from wherry.cloudevents.tracing import began_in

        sink = self._sink
        if sink is None:
            raise EmitError("there is no sink to emit to: set K_SINK or WHERRY_SINK", attempts=0)
        event = self._overridden(event)
        span = None
        if self.tracer is not None:
            from urllib.parse import urlsplit

            span = self.tracer.emission(event, urlsplit(sink).hostname or "")
        hop = "" if span is None else span.traceparent
        state = ""
        if context is not None and context.trace is not None:
            hop, state = hop or context.trace.child(), context.trace_state
        if hop:
            event = began_in(event, hop, state)
        headers, body = encode_binary(event, encoding=HeaderEncoding(self._encoding))
        headers += _call_headers(context, hop)
        emission = Emission(event)
        emission._span = span
        named = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
        loop = _running_loop()
        if loop is None:
            self._deliver(emission, sink, named, body, context)
        else:
            self._start(loop, emission, sink, named, body, context)
        return emission

    def event(
        self,
        type: str,  # noqa: A002 - the attribute's own name
        data: Any = None,
        *,
        source: str | None = None,
        subject: str | None = None,
        id: str | None = None,  # noqa: A002
        **extensions: Any,
    ) -> CloudEvent:
        """A new event with this emitter's source and the time of now, unless they are given."""
        from wherry.cloudevents import CloudEvent

        attributes: dict[str, Any] = {
            "type": type,
            "source": source or self._source,
            "subject": subject,
            "id": id,
            "time": datetime.now(timezone.utc),
            "datacontenttype": _content_type(data),
            **extensions,
        }
        return CloudEvent(attributes, data)

    def drain(self, timeout_s: float) -> int:
        """Wait at most `timeout_s` seconds for what is under way; how many are left."""
        with self._lock:
            pending = set(self._pending)
        if not pending:
            return 0
        from concurrent.futures import wait

        return len(wait(pending, timeout=timeout_s).not_done)

    def _start(
        self,
        loop: asyncio.AbstractEventLoop,
        emission: Emission,
        sink: str,
        headers: list[tuple[str, str]],
        body: bytes,
        context: Context | None,
    ) -> None:
        import asyncio

        with self._lock:
            if self._threads is None:
                from concurrent.futures import ThreadPoolExecutor  # who emits nothing has none

                self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="wherry-emit")
            future = self._threads.submit(self._deliver, emission, sink, headers, body, context)
            self._pending.add(future)
        future.add_done_callback(self._forget)
        emission._future = asyncio.wrap_future(future, loop=loop)
        # One that no one awaits is still told of: in the log.
        emission._future.add_done_callback(_note_failure)

    def _forget(self, future: Future[None]) -> None:
        with self._lock:
            self._pending.discard(future)

    def _deliver(
        self,
        emission: Emission,
        sink: str,
        headers: list[tuple[str, str]],
        body: bytes,
        context: Context | None,
    ) -> None:
        """Send, and count what became of it."""
        try:
            self._send(emission, sink, headers, body, context)
        except EmitError as error:
            with self._lock:
                self.lost += 1
            if emission._span is not None:
                emission._span.end(emission.attempts, error)
            raise
        with self._lock:
            self.accepted += 1
        if emission._span is not None:
            emission._span.end(emission.attempts, None)

    def _send(
        self,
        emission: Emission,
        sink: str,
        headers: list[tuple[str, str]],
        body: bytes,
        context: Context | None,
    ) -> None:
        self._connections.send(emission, sink, headers, body, context)

    def _overridden(self, event: CloudEvent) -> CloudEvent:
        from wherry.cloudevents import CloudEvent
        from wherry.cloudevents.event import adopt

        event = adopt(event)
        if not self._overrides:
            return event
        return CloudEvent.received({**event.wire_attributes(), **self._overrides}, event.payload)


def _check_overrides(overrides: Mapping[str, str]) -> None:
    from wherry.cloudevents import CloudEvent, InvalidEvent
    from wherry.cloudevents.attributes import CORE

    try:
        CloudEvent({"id": "1", "source": "/", "type": "check", **overrides})
    except InvalidEvent as error:
        raise ConfigError(f"K_CE_OVERRIDES: {error.message}") from error
    named = CORE.intersection(overrides)
    if named:
        raise ConfigError(
            f"K_CE_OVERRIDES: {', '.join(sorted(named))} is of the specification, "
            "expected extension attributes"
        )


def _call_headers(context: Context | None, hop: str) -> list[tuple[bytes, bytes]]:
    if context is None:
        return []
    named = {
        "x-call-id": context.call_id,
        "traceparent": hop,
        "tracestate": context.trace_state,
        "baggage": context.baggage_header,
    }
    return [(name.encode(), value.encode("latin-1")) for name, value in named.items() if value]


def _content_type(data: Any) -> str | None:
    if data is None:
        return None
    if isinstance(data, str):
        return "text/plain; charset=utf-8"
    if isinstance(data, (bytes, bytearray, memoryview)):
        return "application/octet-stream"
    return "application/json"


def _note_failure(future: asyncio.Future[None]) -> None:
    error = None if future.cancelled() else future.exception()
    if error is not None:
        _log.warning("an emitted event was lost: %s", error)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    if "asyncio" not in sys.modules:
        return None
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
