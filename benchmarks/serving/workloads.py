"""What is asked of every server, and how an answer is known to be right.

A workload is data: the request, and either the exact body that must come back or a spoilt body
that must be refused, which proves that the handler reads what it is sent.
"""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field

_DATA = {"order": "A-1042", "parts": [19, 23], "total": 42}
_SPOILT = {**_DATA, "total": 43}
_ATTRIBUTES = {
    "specversion": "1.0",
    "id": "b5e4ad2e-9d84-4f2c-8f3c-b0e9f1a2c3d4",
    "type": "com.acme.order.placed",
    "source": "https://acme.example/shop",
    "time": "2026-03-01T12:00:00Z",
}
_BINARY = {
    "content-type": "application/json",
    **{f"ce-{name}": value for name, value in _ATTRIBUTES.items()},
}
_STRUCTURED = {"content-type": "application/cloudevents+json"}
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


def _structured(data: object) -> bytes:
    content_type = {"datacontenttype": "application/json"}
    return json.dumps({**_ATTRIBUTES, **content_type, "data": data}).encode()


@dataclass(frozen=True, kw_only=True)
class Workload:
    """One kind of request.

    Attributes:
        name: Name on the command line and in the table.
        app: Which of a peer's functions answers it.
        method: Request method.
        target: Request target.
        headers: Request headers besides those of HTTP itself.
        body: Request body.
        answer: The exact body that must come back with 200, or None where any 2xx will do.
        spoilt: A body that the handler must not answer with 2xx.
        connections: How many connections the load uses.
    """

    name: str
    app: str
    method: str = "GET"
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    answer: bytes | None = None
    spoilt: bytes | None = None
    connections: int = 32

    def fault(self, port: int) -> str:
        """What is wrong with the answers of the server on `port`; empty when they are right."""
        status, body = self._ask(port, self.body)
        if self.answer is not None and (status, body) != (200, self.answer):
            return f"got {status} {body[:80]!r}, expected 200 {self.answer!r}"
        if not 200 <= status < 300:
            return f"got {status} {body[:80]!r}, expected 2xx"
        if self.spoilt is not None:
            status, body = self._ask(port, self.spoilt)
            if status < 400:
                return f"got {status} for a spoilt body: the handler does not read it"
        return ""

    def _ask(self, port: int, body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request(self.method, self.target, body or None, self.headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


WORKLOADS = (
    Workload(name="http", app="greet", target="/greet?name=wherry", answer=b"hello wherry\n"),
    Workload(
        name="http-knative",
        app="greet",
        target="/greet?name=wherry",
        headers=_KNATIVE,
        answer=b"hello wherry\n",
    ),
    Workload(
        name="event-binary",
        app="check",
        method="POST",
        target="/check",
        headers=_BINARY,
        body=json.dumps(_DATA).encode(),
        spoilt=json.dumps(_SPOILT).encode(),
    ),
    Workload(
        name="event-structured",
        app="check",
        method="POST",
        target="/check",
        headers=_STRUCTURED,
        body=_structured(_DATA),
        spoilt=_structured(_SPOILT),
    ),
    Workload(
        name="blocking-10ms", app="block", target="/block?name=wherry", answer=b"hello wherry\n"
    ),
)
