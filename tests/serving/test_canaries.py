"""Nothing of a header, a body, a secret or an exception is in an answer or a log unasked.

Each way to fail is driven with a canary in everything that it touches. The one place where a canary
may sing is what the log says on purpose of the handler's own error: its traceback, or what it
returned that cannot be sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from wherry.testing import Running, running

from .conftest import FUNCTIONS, Wire, eventually
from .test_metrics import scrape

CANARY = "canary"
SECRET = "canary-secret-8731"
NOISE = (
    "Authorization: Bearer canary-header",
    "Cookie: session=canary-header",
    "X-Api-Key: canary-header",
    "X-Call-Id: canary header",
    "Traceparent: canary-header",
    "Baggage: canary=canary-header",
    "X-Timeout: canary-header",
    "X-Forwarded-For: canary-header",
    "User-Agent: canary-header",
    "Referer: http://canary-header/",
)
BODY = b'{"canary-body": "canary-body"}'
WAYS = [
    *("raise", "chained", "exit", "base", "unsendable", "header", "status", "stream", "json"),
    *("late", "abort", "refuse", "secret", "emit", "nothing"),
]


def request(path: str, *lines: str, method: str = "POST", body: bytes = BODY) -> bytes:
    head = [f"{method} {path}?canary=canary-query HTTP/1.1", "Host: x", *NOISE, *lines]
    if body and not any(line.lower().startswith(("content-length", "transfer")) for line in lines):
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode() + body


MALFORMED = {
    "no host": b"GET /canary-path HTTP/1.1\r\nX-A: canary-header\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: canary-header\r\nHost: b\r\n\r\n",
    "bad host": b"GET / HTTP/1.1\r\nHost: canary header\r\n\r\n",
    "bad name": b"GET / HTTP/1.1\r\nHost: x\r\ncanary header: 1\r\n\r\n",
    "bad value": b"GET / HTTP/1.1\r\nHost: x\r\nX-A: canary-header\x00\r\n\r\n",
    "bad version": b"GET /canary HTTP/canary\r\nHost: x\r\n\r\n",
    "bad target": b"GET canary-path HTTP/1.1\r\nHost: x\r\n\r\n",
    "bad method": b"CANARY-METHOD / HTTP/1.1\r\nHost: x\r\n\r\n",
    "no http": b"canary canary canary\r\n\r\n",
    "long line": b"GET /" + b"canary" * 2000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "long field": b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"canary" * 3000 + b"\r\n\r\n",
    "many fields": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: canary\r\n" * 200 + b"\r\n",
    "bad length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: canary\r\n\r\n",
    "too large": request("/", "Content-Length: 99999999"),
    "bad coding": request("/", "Transfer-Encoding: canary"),
    "bad chunk": request("/", "Transfer-Encoding: chunked", body=b"canary\r\n"),
    "bad trailer": request(
        "/",
        "Transfer-Encoding: chunked",
        body=b"1\r\nx\r\n0\r\nHost: canary-header\r\ncanary header\r\n\r\n",
    ),
    "expectation": request("/", "Expect: canary-header"),
    "upgrade": request("/", "Connection: upgrade", "Upgrade: canary-header"),
}


@contextmanager
def indiscreet(source: str, secrets: Path) -> Iterator[Running]:
    (secrets / "token").write_text(SECRET)
    settings = {
        "WHERRY_LOG_FORMAT": "json",
        "WHERRY_SECRETS_PATH": str(secrets),
        "WHERRY_TIMEOUT": "500ms",
        "WHERRY_BODY_TIMEOUT": "1s",
        "K_SINK": "http://canary-user:canary-password@127.0.0.1:9/canary-sink",
    }
    with running(FUNCTIONS / source, **settings) as function:
        yield function


def answer_to(function: Running, data: bytes) -> bytes:
    """Every byte of the answer, until the server closes or has nothing more to say."""
    wire = Wire(function.port, timeout_s=5)
    wire.send(data)
    try:
        try:
            status, headers, body = wire.answer()
        except EOFError as cut:
            return str(cut).encode()
        return b"%d %r %s" % (status, headers, body)
    finally:
        wire.close()


def unasked(log: str) -> list[str]:
    """The lines in which something sings that is not the handler's own error."""
    found = []
    exception = ""
    for text in log.splitlines():
        assert text.startswith("{"), text  # in JSON every line is one, tracebacks too
        line = json.loads(text)
        if line["logger"].startswith("wherry"):
            exception = line.pop("exception", "").replace("canary-exception", "")
            if line.get("message", "").startswith("the function returned what cannot be sent"):
                line["message"] = line["message"].replace("canary-result", "")
        if line["logger"] == "wherry.access":
            del line["path"]
        if CANARY in json.dumps([line, exception]).replace("indiscreet", ""):
            found.append(text)
    return found


def test_a_function_that_fails_in_every_way(tmp_path):
    with indiscreet("indiscreet.py", tmp_path) as function:
        for way in WAYS:
            assert (
                b"canary"
                not in answer_to(
                    function, request(f"/{way}", "Content-Type: application/json")
                ).lower()
            ), way
        refused = answer_to(
            function, request("/body", "Content-Type: application/json", body=b"{canary")
        )
        assert refused.startswith(b"4") and b"canary" not in refused
        text = function.log
        assert "canary-exception" in text  # the handler's own error is told, with its traceback
        assert "printed [redacted]" in text and "logged [redacted]" in text
        assert CANARY not in scrape(function)
        assert function.terminate() == 0
        assert unasked(function.log) == []


@pytest.mark.parametrize("source", ["indiscreet.py", "indiscreet_events.py"])
def test_what_is_no_request(tmp_path, source):
    with indiscreet(source, tmp_path) as function:
        for name, data in MALFORMED.items():
            assert b"canary" not in answer_to(function, data).lower(), name
        for data in (request("/", "Content-Length: 5000"), b"GET /canary HTTP/1.1\r\nX-A: canary"):
            wire = Wire(function.port)
            wire.send(data)
            wire.close()
        assert function.invoke(path="/livez").status == 200
        eventually(lambda: "wherry.access" in function.log)
        assert unasked(function.log) == []


EVENT = {"id": "1", "source": "/s", "type": "com.acme.order", "specversion": "1.0"}


def binary(*lines: str, body: bytes = BODY, **attributes: str) -> bytes:
    known = {**EVENT, **attributes}
    ce = [f"ce-{name}: {value}" for name, value in known.items() if value]
    return request("/", *ce, "Content-Type: application/json", *lines, body=body)


def structured(**changes: object) -> bytes:
    event = {**EVENT, "data": {"amount": "canary-body"}, "canary": "canary-header", **changes}
    body = json.dumps(event).encode()
    return request("/", "Content-Type: application/cloudevents+json", body=body)


EVENTS = {
    "no type": binary(type="", shop="canary-header"),
    "bad version": binary(specversion="2.0", shop="canary-header"),
    "another type": binary(type="com.acme.other", shop="canary-header"),
    "twice": binary("ce-shop: canary-header", shop="canary-header"),
    "bad data": binary(body=b"{canary-body"),
    "other data": binary(body=BODY),
    "bad value": binary(body=b'{"amount": "canary-body"}'),
    "coded": binary("Content-Encoding: gzip"),
    "raises": binary(body=b'{"amount": 1, "canary": "canary-body"}'),
    "bad answer": binary(body=b'{"amount": 2}'),
    "structured": structured(),
    "structured, no id": structured(id=None),
    "structured, bad time": structured(data_base64="canary-body"),
    "no JSON": request("/", "Content-Type: application/cloudevents+json", body=b"[canary"),
    "no batch": request("/", "Content-Type: application/cloudevents-batch+json", body=BODY),
    "no event": request("/", "Content-Type: application/json"),
    "a get": request("/", method="GET", body=b""),
}


def test_events_that_are_refused(tmp_path):
    with indiscreet("indiscreet_events.py", tmp_path) as function:
        for name, data in EVENTS.items():
            answer = answer_to(function, data)
            assert answer[:1] in b"45", (name, answer)
            assert b"canary" not in answer.lower(), (name, answer)
        assert "canary-exception" in function.log
        assert CANARY not in scrape(function)
        assert function.terminate() == 0
        assert unasked(function.log) == []
