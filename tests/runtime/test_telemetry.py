"""Spans of calls and of emitted events, as OpenTelemetry's own SDK sees them."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

pytest.importorskip("opentelemetry.sdk", reason="the extra otel is not installed")

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from wherry import CloudEvent, Context, EmitError, Refuse, handler
from wherry.context import Identity
from wherry.deadline import Deadline
from wherry.emission import Emitter
from wherry.errors import InvocationFailed, RequestRefused
from wherry.request import Request
from wherry.secrets import Redactor
from wherry.telemetry.spans import Spans
from wherry.testing import Sink
from wherry.trace import parse_traceparent

PARENT = b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"


@pytest.fixture
def kept():
    return InMemorySpanExporter()


@pytest.fixture
def spans(kept: InMemorySpanExporter):
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    return Spans(provider)


def request(*headers: tuple[bytes, bytes], emitter: Emitter | None = None, **more) -> Request:
    trace = dict(headers).get(b"traceparent")
    context = Context(
        "call-1",
        Deadline.after(5),
        Identity(function="orders"),
        parse_traceparent(trace) if trace else None,
        emitter,
    )
    fields = {"method": "GET", "path": "/pay", "query": "card=canary", "body": b"canary", **more}
    return Request(headers=list(headers), context=context, peer="127.0.0.1", **fields)


def test_a_call_is_a_span_below_its_caller(spans, kept):
    seen = []

    def handle(request, context: Context):
        seen.append(context.trace)
        return "paid"

    asked = request((b"Traceparent", PARENT), (b"x-secret", b"canary"))
    spans.call(handler.of(handle), asked)
    [span] = kept.get_finished_spans()
    assert (span.name, span.kind) == ("orders", SpanKind.SERVER)
    assert f"{span.parent.span_id:016x}" == "b" * 16
    assert f"{span.context.trace_id:032x}" == seen[0].trace_id == "a" * 32
    # Log lines and emitted events are below this span, not below its caller's.
    assert f"{span.context.span_id:016x}" == seen[0].parent_id
    assert span.attributes == {
        "faas.trigger": "http",
        "faas.invocation_id": "call-1",
        "http.request.method": "GET",
        "url.path": "/pay",
        "network.protocol.version": "1.1",
        "http.response.status_code": 200,
    }
    assert "canary" not in span.to_json()


def test_an_event_says_what_it_is_and_where_it_began(spans, kept):
    event = {"id": "1", "source": "/s", "type": "t", "specversion": "1.0"}
    began = {**event, "traceparent": PARENT.decode()}

    def handle(event: CloudEvent):
        return None

    asked = request(method="POST", event_attributes=began, body=b"")
    spans.call(handler.of(handle), asked)
    [span] = kept.get_finished_spans()
    assert f"{span.context.trace_id:032x}" == "a" * 32
    assert span.attributes["faas.trigger"] == "pubsub"
    assert span.attributes["cloudevents.event_type"] == "t"
    assert span.attributes["cloudevents.event_source"] == "/s"


def test_an_exception_is_recorded_without_secrets(spans, kept, monkeypatch):
    redactor = Redactor()
    redactor.remember("s3cret-value")
    monkeypatch.setattr("wherry.telemetry.spans.REDACTOR", redactor)

    def handle(request):
        raise ValueError("no s3cret-value")

    with pytest.raises(InvocationFailed):
        spans.call(handler.of(handle), request())
    [span] = kept.get_finished_spans()
    [event] = span.events
    assert span.status.status_code is StatusCode.ERROR
    assert event.attributes["exception.type"] == span.attributes["error.type"] == "ValueError"
    assert event.attributes["exception.message"] == "no [redacted]"
    assert "handle" in event.attributes["exception.stacktrace"]


def test_a_refusal_is_the_callers_fault(spans, kept):
    def handle(request):
        raise Refuse(422, "no")

    spans.call(handler.of(handle), request())

    def takes_events(event: CloudEvent):
        return None

    with pytest.raises(RequestRefused):
        spans.call(handler.of(takes_events), request())
    for span, status in zip(kept.get_finished_spans(), (422, 405), strict=True):
        assert span.attributes["http.response.status_code"] == status
        assert span.status.status_code is StatusCode.UNSET


def test_async_calls_do_not_mix(spans, kept):
    async def handle(request, context: Context):
        await asyncio.sleep(0.01)
        return {"span": context.trace.parent_id}

    async def both():
        found = handler.of(handle)
        return await asyncio.gather(*(spans.call_async(found, request()) for _ in range(2)))

    replies = asyncio.run(both())
    made = {f"{span.context.span_id:016x}" for span in kept.get_finished_spans()}
    assert {reply.body.decode().split('"')[3] for reply in replies} == made
    assert len(made) == 2


@pytest.mark.parametrize("status", [202, 400])
def test_an_emitted_event_is_a_span_below_its_call(spans, kept, status):
    def handle(request, context: Context):
        try:
            context.emit(type="com.acme.paid")
        except EmitError:
            return "lost"
        return "sent"

    with Sink(statuses=[status]) as sink:
        emitter = Emitter(sink.url, {}, "/orders")
        emitter.tracer = spans
        spans.call(handler.of(handle), request((b"traceparent", PARENT), emitter=emitter))
        [delivery] = sink.deliveries
    below, above = kept.get_finished_spans()
    assert (below.name, below.kind) == ("emit com.acme.paid", SpanKind.PRODUCER)
    assert below.parent.span_id == above.context.span_id
    said = dict(delivery.headers)
    assert said["traceparent"] == said["ce-traceparent"]
    assert said["traceparent"].split("-")[2] == f"{below.context.span_id:016x}"
    assert (below.status.status_code is StatusCode.ERROR) == (status == 400)


def test_nothing_of_it_is_imported_where_it_is_off():
    code = "import sys, wherry.serving.server; sys.exit('opentelemetry' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
