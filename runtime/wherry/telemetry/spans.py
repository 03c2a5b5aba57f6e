"""Spans of calls and of emitted events, by OpenTelemetry's conventions for FaaS, HTTP, CloudEvents.

Stands around `wherry.invocation` while it is switched on, and is not imported otherwise. The
parent is what the caller's header fields say, as `OTEL_PROPAGATORS` has it, or the trace in which
the event began. Nothing of headers, bodies or queries becomes an attribute; of an exception the
type, text and traceback do, without secrets that the function has read. This module must not know
the server.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry import context as variables
from opentelemetry import propagate, trace
from opentelemetry.trace import Span, SpanKind, StatusCode

from wherry import invocation
from wherry._version import __version__
from wherry.errors import InvocationFailed, RequestRefused
from wherry.secrets import REDACTOR
from wherry.trace import TraceParent

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

    from wherry.cloudevents import CloudEvent
    from wherry.handler import Handler
    from wherry.reply import Reply
    from wherry.request import Request

_EVENT_ATTRIBUTES = {
    "id": "cloudevents.event_id",
    "source": "cloudevents.event_source",
    "specversion": "cloudevents.event_spec_version",
    "type": "cloudevents.event_type",
    "subject": "cloudevents.event_subject",
}
_ERROR_FROM = 500


class Spans:
    """Makes spans; its `call` and `call_async` stand for those of `wherry.invocation`."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("wherry", __version__)

    def call(self, handler: Handler, request: Request) -> Reply:
        """Call a handler that is not async, in a span."""
        with self._around(request) as span:
            reply = invocation.call(handler, request)
            _note_status(span, reply.status)
            return reply

    async def call_async(self, handler: Handler, request: Request) -> Reply:
        """Call an async handler, in a span."""
        with self._around(request) as span:
            reply = await invocation.call_async(handler, request)
            _note_status(span, reply.status)
            return reply

    def emission(self, event: CloudEvent, host: str) -> EmissionSpan:
        """A span that begins with an emitted event and is ended by who delivers it."""
        attributes = {"server.address": host, **_of_event(event.wire_attributes())}
        return EmissionSpan(
            self._tracer.start_span(
                f"emit {event.type}", kind=SpanKind.PRODUCER, attributes=attributes
            )
        )

    @contextmanager
    def _around(self, request: Request) -> Iterator[Span]:
        parent = propagate.extract(_carrier(request))
        call = request.context
        span = self._tracer.start_span(
            call.function, parent, kind=SpanKind.SERVER, attributes=_of_request(request)
        )
        where = _position(span)
        if where is not None:
            call.trace = where
        token = variables.attach(trace.set_span_in_context(span, parent))
        try:
            yield span
        except RequestRefused as refusal:
            _note_status(span, refusal.problem.status)
            raise
        except BaseException as error:
            cause = error.__cause__ if isinstance(error, InvocationFailed) else None
            _note_fault(span, cause or error)
            raise
        finally:
            variables.detach(token)
            span.end()


class EmissionSpan:
    """The span of one emitted event.

    Attributes:
        traceparent: What its request says; empty where there is nothing to say.
    """

    def __init__(self, span: Span) -> None:
        self._span = span
        where = _position(span)
        self.traceparent = "" if where is None else where.header

    def end(self, attempts: int, error: BaseException | None) -> None:
        """The sink has accepted the event, or has not."""
        self._span.set_attribute("http.request.resend_count", attempts - 1)
        if error is not None:
            _note_fault(self._span, error)
        self._span.end()


def _carrier(request: Request) -> dict[str, str]:
    """The header fields as propagators read them; the event's own trace where they have none."""
    carrier: dict[str, str] = {}
    for name, value in request.headers:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        carrier[key] = f"{carrier[key]},{text}" if key in carrier else text
    began = (request.event_attributes or {}).get("traceparent")
    if began and "traceparent" not in carrier:
        carrier["traceparent"] = began
    return carrier


def _of_request(request: Request) -> dict[str, str]:
    event = request.event_attributes
    return {
        "faas.trigger": "pubsub" if event else "http",
        "faas.invocation_id": request.context.call_id,
        "http.request.method": request.method,
        "url.path": request.path,
        "network.protocol.version": request.http_version,
        **_of_event(event or {}),
    }


def _of_event(attributes: Mapping[str, object]) -> dict[str, str]:
    return {
        shown: str(attributes[name])
        for name, shown in _EVENT_ATTRIBUTES.items()
        if name in attributes
    }


def _note_status(span: Span, status: int) -> None:
    span.set_attribute("http.response.status_code", status)
    if status >= _ERROR_FROM:
        span.set_attribute("error.type", str(status))
        span.set_status(StatusCode.ERROR)


def _note_fault(span: Span, error: BaseException) -> None:
    kind = type(error).__qualname__
    told = "".join(traceback.format_exception(error))
    span.add_event(
        "exception",
        {
            "exception.type": kind,
            "exception.message": REDACTOR.redact(str(error)),
            "exception.stacktrace": REDACTOR.redact(told),
        },
    )
    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR)


def _position(span: Span) -> TraceParent | None:
    found = span.get_span_context()
    if not found.is_valid:
        return None
    return TraceParent(
        trace.format_trace_id(found.trace_id),
        trace.format_span_id(found.span_id),
        f"{int(found.trace_flags):02x}",
    )
