"""The real server exports spans to a collector, by OpenTelemetry's own variables."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="otel is not installed")

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from wherry.testing import running

from .conftest import FUNCTIONS

PARENT = f"00-{'a' * 32}-{'b' * 16}-01"


class Collector(ThreadingHTTPServer):
    """Keeps what is exported to it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Export)
        self.got: list[ExportTraceServiceRequest] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def spans(self):
        scopes = [
            (resource.resource, scope)
            for request in self.got
            for resource in request.resource_spans
            for scope in resource.scope_spans
        ]
        return [(resource, span) for resource, scope in scopes for span in scope.spans]


class _Export(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        import gzip

        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.got.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def collector():
    with Collector() as made:
        yield made
        made.shutdown()


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("source", ["sync.py", "asynchronous.py"])
def test_spans_are_exported_when_the_server_ends_at_the_latest(collector, workers, source):
    settings = {
        "WHERRY_OPENTELEMETRY": "true",
        "WHERRY_FUNCTION": "orders",
        "WHERRY_WORKERS": workers,
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_RESOURCE_ATTRIBUTES": "team=shop",
    }
    with running(FUNCTIONS / source, **settings) as function:
        for _ in range(3):
            assert function.invoke(headers={"traceparent": PARENT}).status == 200
        assert function.terminate() == 0
        assert "Traceback" not in function.log
    found = collector.spans()
    assert len(found) == 3
    for resource, span in found:
        told = {each.key: each.value.string_value for each in resource.attributes}
        assert (told["service.name"], told["team"]) == ("orders", "shop")
        assert span.name == "orders" and span.trace_id.hex() == "a" * 32
        assert span.parent_span_id.hex() == "b" * 16
