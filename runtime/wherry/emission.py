"""Events that a handler emits to the sink while it runs.

In binary mode over a pool of connections, with the retries of Knative's delivery contract, and
never past the deadline of the call. In a sync handler `emit` returns when the sink has accepted;
in an async one it starts at once and is awaited. This module must not know handlers or servers.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Generator, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from wherry.errors import ConfigError, EmitError

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import Future, ThreadPoolExecutor

    import urllib3

    from wherry.cloudevents import CloudEvent
    from wherry.context import Context

RETRIES = 4
RETRIED_STATUSES = frozenset({408, 409, 429, *range(500, 600)})
ATTEMPT_S = 30.0
_BACKOFF_S = 0.2
_BACKOFF_MAX_S = 10.0
_THREADS = 8
_CONNECTIONS = 16

_log = logging.getLogger("wherry.emission")


class Emission:
    """One emitted event; awaiting it gives itself once the sink has accepted.

    Attributes:
        event: The event as it was sent.
        status: The sink's status, 200 to 299; None until it has accepted.
        attempts: How many times it was tried.
    """

    __slots__ = ("_future", "attempts", "event", "status")

    def __init__(self, event: CloudEvent) -> None:
        self.event = event
        self.status: int | None = None
        self.attempts = 0
        self._future: asyncio.Future[None] | None = None

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
        self._lock = threading.Lock()
        self._pool: urllib3.PoolManager | None = None
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
        hop = ""
        if context is not None and context.trace is not None:
            hop = context.trace.child()
            event = began_in(event, hop, context.trace_state)
        headers, body = encode_binary(event, encoding=HeaderEncoding(self._encoding))
        headers += _call_headers(context, hop)
        emission = Emission(event)
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
        except EmitError:
            with self._lock:
                self.lost += 1
            raise
        with self._lock:
            self.accepted += 1

    def _send(
        self,
        emission: Emission,
        sink: str,
        headers: list[tuple[str, str]],
        body: bytes,
        context: Context | None,
    ) -> None:
        import urllib3
        from urllib3.exceptions import HTTPError

        retry = urllib3.Retry(
            RETRIES,
            allowed_methods=None,
            status_forcelist=RETRIED_STATUSES,
            backoff_factor=_BACKOFF_S,
            backoff_max=_BACKOFF_MAX_S,
            backoff_jitter=_BACKOFF_S,
        )
        pool = self._connections()
        while True:
            emission.attempts += 1
            response, fault = None, None
            try:
                response = pool.request(
                    "POST",
                    sink,
                    body=body,
                    headers=urllib3.HTTPHeaderDict(headers),
                    timeout=min(_remaining_s(context), ATTEMPT_S) or 0.001,
                    retries=False,
                    redirect=False,
                )
            except HTTPError as error:
                fault = error
            status = None if response is None else response.status
            if status is not None and 200 <= status < 300:
                emission.status = status
                return
            failed = _failed(sink, status, fault, emission.attempts)
            if response is not None and not retry.is_retry(
                "POST", response.status, "Retry-After" in response.headers
            ):
                raise failed
            try:
                retry = retry.increment("POST", sink, response=response, error=fault)
                wait_s = (response and retry.get_retry_after(response)) or retry.get_backoff_time()
            except HTTPError:
                raise failed from fault
            if wait_s >= _remaining_s(context):
                raise failed from fault
            time.sleep(wait_s)

    def _connections(self) -> urllib3.PoolManager:
        import urllib3

        with self._lock:
            if self._pool is None:
                self._pool = urllib3.PoolManager(num_pools=2, maxsize=_CONNECTIONS)
            return self._pool

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


def _remaining_s(context: Context | None) -> float:
    return ATTEMPT_S if context is None else context.deadline.remaining()


def _failed(sink: str, status: int | None, fault: Exception | None, attempts: int) -> EmitError:
    # A sink's URL may hold credentials; its host does not.
    host = urlsplit(sink).hostname or "the sink"
    what = f"status {status}" if status is not None else type(fault).__name__
    return EmitError(
        f"{host} did not take the event: {what} after {attempts} attempts",
        status=status,
        attempts=attempts,
    )


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
