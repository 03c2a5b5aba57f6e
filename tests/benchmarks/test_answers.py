"""A wrong answer is found before anything is measured."""

import contextlib
import http.server
import json
import threading

import pytest
from benchmarks.serving import workloads
from benchmarks.serving.answers import Answer, BinaryEvent, Body, Json, Received, StructuredEvent

WORKLOADS = {each.name: each for each in workloads.WORKLOADS}
ATTRIBUTES = {"id": "7", "type": "t"}
CE = {f"ce-{name}": value for name, value in ATTRIBUTES.items()}
STRUCTURED = {"content-type": "application/cloudevents+json; charset=utf-8"}


@contextlib.contextmanager
def answering(status, body, headers=()):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(status)
            for name, value in dict(headers).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the standard library names it

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("name", "status", "body", "fault"),
    [
        ("http", 200, b"hello wherry\n", ""),
        ("http", 200, b"hello\n", "expected 200"),
        ("http", 500, b"hello wherry\n", "expected 200"),
        ("event-read", 503, b"", "expected 2xx"),
        ("event-read", 204, b"", "does not read it"),
        ("event-binary", 204, b"", "the event that was sent"),
        ("typed", 200, b'{"pence": 2400}', "does not read it"),
        ("body-1m", 200, b"0123456789abcdef", "expected 200"),
    ],
)
def test_a_wrong_answer_is_found_before_it_is_measured(name, status, body, fault):
    with answering(status, body) as port:
        found = WORKLOADS[name].fault(port)
    assert fault in found
    assert bool(found) == bool(fault)


def test_no_answer_is_a_fault_and_no_accident():
    with answering(200, b"") as port:
        pass
    assert "no answer" in WORKLOADS["http"].fault(port)


@pytest.mark.parametrize(
    ("expected", "right", "wrong"),
    [
        (Received(), Answer(status=204), Answer(status=302)),
        (Body(b"a"), Answer(status=200, body=b"a"), Answer(status=201, body=b"a")),
        (
            Json({"a": 1}),
            Answer(status=200, body=b'{ "a":1 }'),
            Answer(status=200, body=b'{"a":2}'),
        ),
        (
            BinaryEvent(ATTRIBUTES, [1]),
            Answer(status=200, body=b"[1]", headers=CE),
            Answer(status=200, body=b"[1]", headers={**CE, "ce-id": "8"}),
        ),
        (
            BinaryEvent(ATTRIBUTES, [1]),
            Answer(status=200, body=b"[ 1 ]", headers=CE),
            Answer(status=200, body=b"[2]", headers=CE),
        ),
        (
            StructuredEvent(ATTRIBUTES, [1]),
            Answer(
                status=200,
                body=json.dumps({**ATTRIBUTES, "data": [1]}).encode(),
                headers=STRUCTURED,
            ),
            Answer(status=200, body=json.dumps({**ATTRIBUTES, "data": [1]}).encode()),
        ),
        (
            StructuredEvent(ATTRIBUTES, [1]),
            Answer(
                status=200,
                body=json.dumps({**ATTRIBUTES, "data": [1], "specversion": "1.0"}).encode(),
                headers=STRUCTURED,
            ),
            Answer(status=200, body=b'{"id":"7","data":[1]}', headers=STRUCTURED),
        ),
    ],
)
def test_each_kind_of_answer_is_told_from_a_wrong_one(expected, right, wrong):
    assert expected.fault(right) == ""
    assert expected.fault(wrong) != ""
