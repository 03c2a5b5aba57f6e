"""What is asked of every server.

A workload is data: the request, what must come back, and where it can be, a request that must be
refused, which proves that the handler reads what it is sent.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from benchmarks.serving import answers
from benchmarks.serving.answers import BinaryEvent, Body, Expected, Json, Received, StructuredEvent

KIB, MIB = 1024, 1024 * 1024
STREAM_CHUNKS = 64
CHUNK = b"0123456789abcdef" * 64

_DATA = {"order": "A-1042", "parts": [19, 23], "total": 42}
_SPOILT = {**_DATA, "total": 43}
_ATTRIBUTES = {
    "specversion": "1.0",
    "id": "b5e4ad2e-9d84-4f2c-8f3c-b0e9f1a2c3d4",
    "type": "com.acme.order.placed",
    "source": "https://acme.example/shop",
    "time": "2026-03-01T12:00:00Z",
}
_UNTYPED = {name: value for name, value in _ATTRIBUTES.items() if name != "type"}
_JSON = {"content-type": "application/json"}
_EVENT_JSON = {"content-type": "application/cloudevents+json"}
# What a request carries when it arrives through Knative's activator and queue-proxy.
_KNATIVE = {
    "accept-encoding": "gzip",
    "forwarded": "for=10.0.0.7;proto=http",
    "k-proxy-request": "activator",
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "user-agent": "Go-http-client/1.1",
    "x-envoy-expected-rq-timeout-ms": "30000",
    "x-forwarded-for": "10.0.0.7, 10.0.1.9",
    "x-forwarded-proto": "http",
    "x-request-id": "0f7d3c0e-7f1f-4b7e-9d52-3a8c1d4e5f60",
}

_GREETING = Body(b"hello wherry\n")


@dataclass(frozen=True, kw_only=True)
class Spoilt:
    """A request like the workload's own that must not be answered with 2xx."""

    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Workload:
    """One kind of request.

    Attributes:
        name: Name on the command line and in the table.
        about: What it is, for the listing.
        app: Which of a peer's functions answers it.
        method: Request method.
        target: Request target.
        headers: Request headers besides those of HTTP itself.
        body: Request body.
        expected: What must come back.
        spoilt: What must be refused, or None where there is nothing to spoil.
        connections: How many connections the load uses.
        ideal_per_s: What a pool of 32 (or a loop) would answer if it cost nothing; 0 for none.
    """

    name: str
    about: str
    app: str
    method: str = "GET"
    target: str = "/greet?name=wherry"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    expected: Expected = _GREETING
    spoilt: Spoilt | None = None
    connections: int = 32
    ideal_per_s: float = 0.0

    def fault(self, port: int) -> str:
        """What is wrong with the answers of the server on `port`; empty when they are right."""
        try:
            answer = answers.ask(port, self.method, self.target, self.headers, self.body)
        except answers.NO_ANSWER as error:
            return f"got no answer: {error!r}"
        fault = self.expected.fault(answer)
        if fault or self.spoilt is None:
            return fault
        spoilt = self.spoilt
        try:
            answer = answers.ask(port, self.method, self.target, spoilt.headers, spoilt.body)
        except answers.NO_ANSWER:
            return ""  # hanging up is a refusal, too
        if answer.status < 400:
            return f"got {answer.status} for a spoilt request: the handler does not read it"
        return ""


def _binary(attributes: dict[str, str]) -> dict[str, str]:
    return {**_JSON, **{f"ce-{name}": value for name, value in attributes.items()}}


def _structured(attributes: dict[str, str]) -> bytes:
    return json.dumps({**attributes, "datacontenttype": "application/json", "data": _DATA}).encode()


def _body(name: str, size: int) -> Workload:
    body = (CHUNK * (size // len(CHUNK) + 1))[:size]
    return Workload(
        name=name,
        about=f"POST with {size:,} bytes, which come back",
        app="body",
        method="POST",
        target="/body",
        headers={"content-type": "application/octet-stream"},
        body=body,
        expected=Body(body),
    )


_PLACED = json.dumps(_DATA).encode()

WORKLOADS = (
    Workload(name="http", about="GET with a query, the framework's request, text", app="greet"),
    Workload(name="http-1-client", about="the same from 1 client", app="greet", connections=1),
    Workload(name="http-256", about="the same from 256 clients", app="greet", connections=256),
    Workload(
        name="http-knative",
        about="the same with the headers that Knative's data plane adds",
        app="greet",
        headers=_KNATIVE,
    ),
    Workload(
        name="http-new",
        about="the same on a new connection each",
        app="greet",
        headers={"connection": "close"},
    ),
    Workload(
        name="json",
        about="GET with a query, JSON",
        app="json",
        target="/json?name=wherry",
        expected=Json({"hello": "wherry"}),
    ),
    Workload(
        name="event-binary",
        about="a CloudEvent in binary mode, which comes back",
        app="echo_binary",
        method="POST",
        target="/echo_binary",
        headers=_binary(_ATTRIBUTES),
        body=_PLACED,
        expected=BinaryEvent(_ATTRIBUTES, _DATA),
        spoilt=Spoilt(headers=_binary(_UNTYPED), body=_PLACED),
    ),
    Workload(
        name="event-structured",
        about="a CloudEvent in structured mode, which comes back",
        app="echo_structured",
        method="POST",
        target="/echo_structured",
        headers=_EVENT_JSON,
        body=_structured(_ATTRIBUTES),
        expected=StructuredEvent(_ATTRIBUTES, _DATA),
        spoilt=Spoilt(headers=_EVENT_JSON, body=_structured(_UNTYPED)),
    ),
    Workload(
        name="event-read",
        about="a CloudEvent in binary mode whose JSON data is read and checked; no reply",
        app="check",
        method="POST",
        target="/check",
        headers=_binary(_ATTRIBUTES),
        body=_PLACED,
        expected=Received(),
        spoilt=Spoilt(headers=_binary(_ATTRIBUTES), body=json.dumps(_SPOILT).encode()),
    ),
    Workload(
        name="typed",
        about="a JSON body to a class of the function's, and one back",
        app="typed",
        method="POST",
        target="/typed",
        headers=_JSON,
        body=b'{"weight_g":1200,"to":"Lima"}',
        expected=Json({"pence": 2400}),
        spoilt=Spoilt(headers=_JSON, body=b'{"to":"Lima"}'),
    ),
    Workload(name="async", about="as http, in an async function", app="async_greet"),
    Workload(
        name="blocking-10ms",
        about="a function that blocks for 10 ms, 32 clients",
        app="block",
        target="/block?name=wherry",
        ideal_per_s=3200,
    ),
    Workload(
        name="async-10ms",
        about="an async function that awaits for 10 ms, 256 clients",
        app="pause",
        target="/pause?name=wherry",
        connections=256,
        ideal_per_s=25600,
    ),
    _body("body-1k", KIB),
    _body("body-1m", MIB),
    Workload(
        name="stream",
        about=f"an answer of {STREAM_CHUNKS} chunks of 1 KiB, each as it is made",
        app="stream",
        target="/stream",
        expected=Body(CHUNK * STREAM_CHUNKS),
    ),
)
