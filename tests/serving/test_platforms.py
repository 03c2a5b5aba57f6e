"""What OpenFaaS, Knative and web hook senders say beside a call, and what they are told."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from wherry.testing import running

from .conftest import FUNCTIONS, eventually, get, post

REPORTING = FUNCTIONS / "reporting.py"
OPENFAAS = {"OPENFAAS_NAME": "f", "WHERRY_LAME_DUCK": "0"}
KNATIVE = {"K_SERVICE": "f", "WHERRY_LAME_DUCK": "0"}


@pytest.fixture(scope="module")
def openfaas(tmp_path_factory):
    folder = tmp_path_factory.mktemp("openfaas")
    with running(REPORTING, TMPDIR=str(folder), **OPENFAAS) as function:
        yield function


@pytest.fixture(scope="module")
def knative():
    with running(REPORTING, **KNATIVE) as function:
        yield function


def told(wire, port: int, *lines: str):
    status, _, body = wire(port).send(get("/a?b=c", *lines)).answer()
    assert status == 200
    return json.loads(body)


def test_the_watchdogs_duration_is_on_answers_on_openfaas(openfaas, wire):
    _, headers, _ = wire(openfaas.port).send(get()).answer()
    assert 0 < float(headers[b"x-duration-seconds"]) < 10
    assert b"x-openfaas-internal" not in headers


def test_it_is_nowhere_else(knative, wire):
    assert b"x-duration-seconds" not in wire(knative.port).send(get()).answer()[1]


def test_a_late_answer_is_marked_as_the_platforms(wire):
    with running(FUNCTIONS / "sync.py", WHERRY_LOCK_FILE="off", **OPENFAAS) as function:
        request = get("/sleep?s=3", "X-Timeout: 100ms")
        status, headers, body = wire(function.port).send(request).answer()
        assert (status, headers[b"x-openfaas-internal"]) == (504, b"wherry")
        assert float(headers[b"x-duration-seconds"]) >= 0.1
        assert json.loads(body)["status"] == 504
        status, headers, _ = wire(function.port).send(get("/fail")).answer()
        assert status == 500
        assert b"x-openfaas-internal" not in headers


def test_a_full_function_is_marked_and_not_ready(wire):
    settings = {"max_inflight": "1", "suppress_lock": "true", **OPENFAAS}
    with running(FUNCTIONS / "sync.py", **settings) as function:
        wire(function.port).send(get("/hold"))
        eventually(lambda: wire(function.port).send(get("/_/ready")).answer()[0] == 429)
        status, headers, body = wire(function.port).send(get()).answer()
        assert (status, headers[b"x-openfaas-internal"]) == (429, b"wherry")
        assert headers[b"retry-after"] == b"1"
        assert headers[b"content-type"] == b"application/problem+json"
        assert json.loads(body)["status"] == 429
        function.process.kill()


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        (lambda: str(time.time_ns()), True),
        (lambda: "17", False),
        (lambda: str(time.time_ns() + 10**18), False),
        (lambda: "-5", False),
        (lambda: "soon", False),
        (lambda: "9" * 21, False),
    ],
)
def test_the_gateways_time_stamp_is_on_the_context_if_it_can_be(openfaas, wire, value, taken):
    stamp = value()
    report = told(wire, openfaas.port, f"X-Start-Time: {stamp}")
    assert report["headers"]["x-start-time"] == stamp
    assert report["start_time_ns"] == (int(stamp) if taken else None)


def test_the_time_since_the_gateway_is_counted(wire):
    with running(REPORTING, WHERRY_LOCK_FILE="off", **OPENFAAS) as function:
        for seconds in (2, 3, -5):
            told(wire, function.port, f"X-Start-Time: {time.time_ns() - seconds * 10**9}")
        told(wire, function.port)
        with urlopen(function.metrics_url, timeout=10) as answer:
            shown = answer.read().decode()
        assert 'wherry_gateway_stamps_total{function="f"} 3.0' in shown
        waited = shown.partition('wherry_gateway_seconds_total{function="f"} ')[2].split()[0]
        assert 5 <= float(waited) < 10


def test_a_call_without_a_time_stamp_has_none(openfaas, wire):
    assert told(wire, openfaas.port)["start_time_ns"] is None


def test_the_watchdogs_chunked_calls(openfaas, wire):
    """of-watchdog sends every body so, whatever length its own caller gave."""
    head = b"POST /a HTTP/1.1\r\nHost: 127.0.0.1:5000\r\nTransfer-Encoding: chunked\r\n"
    head += b"X-Call-Id: 7a1c\r\nX-Start-Time: 1\r\nAccept-Encoding: gzip\r\n\r\n"
    connection = wire(openfaas.port)
    for text in (b"first", b"second"):
        connection.send(head)
        for byte in text:
            connection.send(b"1\r\n" + bytes([byte]) + b"\r\n")
        status, headers, body = connection.send(b"0\r\n\r\n").answer()
        assert (status, headers[b"x-call-id"]) == (200, b"7a1c")
        assert json.loads(body)["body"] == text.decode()
        assert b"content-length" in headers


SAID = (
    "X-Forwarded-For: 198.51.100.7",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: shop.example",
)


def test_the_queue_proxy_is_believed_on_knative(knative, wire):
    report = told(wire, knative.port, *SAID, "Forwarded: for=6.6.6.6;host=evil.example")
    assert (report["address"], report["url"]) == ("198.51.100.7", "https://x/a?b=c")
    assert report["secure"] is True
    assert report["headers"]["x-forwarded-for"] == "198.51.100.7"


def test_asgi_applications_are_told_too(wire, tmp_path: Path):
    (tmp_path / "app.py").write_text(ASGI)
    with running(tmp_path / "app.py", **KNATIVE) as function:
        body = wire(function.port).send(get("/", *SAID)).answer()[2]
        assert json.loads(body) == {"client": "198.51.100.7", "scheme": "https"}


def test_nobody_is_believed_by_default_and_nothing_is_taken_away(openfaas, wire):
    report = told(wire, openfaas.port, *SAID)
    assert (report["address"], report["url"]) == ("127.0.0.1", "http://x/a?b=c")
    assert report["secure"] is False
    assert report["headers"]["x-forwarded-for"] == "198.51.100.7"


def test_where_proxies_are_named_nobody_else_may_speak_for_them(wire):
    with running(REPORTING, WHERRY_TRUSTED_PROXIES="10.0.0.0/8") as function:
        report = told(wire, function.port, *SAID, "Forwarded: for=6.6.6.6", "X-Other: y")
        assert (report["address"], report["secure"]) == ("127.0.0.1", False)
        assert "forwarded" not in str(report["headers"])
        assert report["headers"]["x-other"] == "y"


@pytest.mark.parametrize(
    ("fields", "lines", "address", "url"),
    [
        ("x-forwarded-host", SAID, "127.0.0.1", "http://shop.example/a?b=c"),
        ("forwarded", ('Forwarded: for="[2001:db8::1]:9";proto=https;host="a.example:8443"',),
         "2001:db8::1", "https://a.example:8443/a?b=c"),
    ],
)  # fmt: skip
def test_the_fields_that_are_believed_can_be_chosen(wire, fields, lines, address, url):
    settings = {"WHERRY_TRUSTED_PROXIES": "127.0.0.1,::1", "WHERRY_FORWARDED_FIELDS": fields}
    with running(REPORTING, **settings) as function:
        report = told(wire, function.port, *lines)
        assert (report["address"], report["url"]) == (address, url)


ASGI = """
import json


async def app(scope, receive, send):
    if scope["type"] == "http":
        report = {"client": scope["client"][0], "scheme": scope["scheme"]}
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(report).encode()})
"""


def handshake(wire, port: int, *lines: str):
    request = get("/", *lines).replace(b"GET", b"OPTIONS")
    return wire(port).send(request).answer()[:2]


def test_a_web_hook_sender_that_is_allowed_is_told_so(wire):
    settings = {"WHERRY_WEBHOOK_ORIGINS": "Events.example.com", "WHERRY_WEBHOOK_RATE": "120"}
    with running(FUNCTIONS / "events.py", **settings) as function:
        asked = ("WebHook-Request-Origin: events.example.com", "WebHook-Request-Rate: 1000",
                 "WebHook-Request-Callback: http://127.0.0.1:1/never-fetched")  # fmt: skip
        status, headers = handshake(wire, function.port, *asked)
        assert status == 200
        assert headers[b"webhook-allowed-origin"] == b"events.example.com"
        assert headers[b"webhook-allowed-rate"] == b"120"
        assert b"POST" in headers[b"allow"]
        status, headers = handshake(wire, function.port, "WebHook-Request-Origin: other.example")
        assert status == 405
        assert not [name for name in headers if name.startswith(b"webhook")]
        event = ("ce-id: 1", "ce-source: /a", "ce-type: t", "ce-specversion: 1.0", asked[0])
        delivered = wire(function.port).send(post("/", b"", *event)).answer()
        assert delivered[0] == 200


def test_any_sender_may_be_allowed_at_any_rate(wire):
    with running(FUNCTIONS / "events.py", WHERRY_WEBHOOK_ORIGINS="*") as function:
        _, headers = handshake(wire, function.port, "WebHook-Request-Origin: a.example")
        assert headers[b"webhook-allowed-origin"] == headers[b"webhook-allowed-rate"] == b"*"


def test_nobody_is_allowed_by_default(wire):
    with running(FUNCTIONS / "events.py") as function:
        status, headers = handshake(wire, function.port, "WebHook-Request-Origin: a.example")
        assert (status, headers[b"allow"]) == (405, b"POST")
        assert not [name for name in headers if name.startswith(b"webhook")]


def test_options_of_an_http_function_are_its_own(wire):
    with running(FUNCTIONS / "sync.py", WHERRY_WEBHOOK_ORIGINS="*") as function:
        status, headers = handshake(wire, function.port, "WebHook-Request-Origin: a.example")
        assert (status, headers[b"content-type"]) == (200, b"application/json")


@pytest.mark.parametrize(
    ("setting", "answered", "own"),
    [
        ("off", [], ["/_/health", "/health/liveness", "/readyz", "/healthz"]),
        ("/healthz,/_/ready", ["/healthz", "/_/ready"], ["/_/health", "/health/readiness"]),
        ("on", ["/_/health", "/readyz"], ["/healthz"]),
    ],
)
def test_probe_paths_can_be_left_to_the_function(wire, setting, answered, own):
    with running(FUNCTIONS / "sync.py", WHERRY_PROBES=setting) as function:
        for path in answered:
            assert wire(function.port).send(get(path)).answer()[2] == b"OK\n"
        for path in own:
            assert json.loads(wire(function.port).send(get(path)).answer()[2])["path"] == path


def test_a_path_that_is_no_probe_is_refused_at_the_start():
    refused = pytest.raises(RuntimeError, match=r"WHERRY_PROBES: got '/alive', expected some of ")
    with refused, running(FUNCTIONS / "sync.py", WHERRY_PROBES="/alive"):
        pass


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_lock_file_is_there_while_calls_are_welcome(wire, tmp_path: Path, workers: str):
    lock = tmp_path / ".lock"
    lock.write_text("left by one that was killed")
    settings = {**OPENFAAS, "TMPDIR": str(tmp_path), "WHERRY_LAME_DUCK": "1s"}
    with running(FUNCTIONS / "sync.py", WHERRY_WORKERS=workers, **settings) as function:
        eventually(lambda: function.log.count("is ready on") == int(workers))
        assert stat.S_IMODE(lock.stat().st_mode) == 0o600
        assert lock.read_bytes() == b""
        function.process.terminate()
        eventually(lambda: not lock.exists())
        assert wire(function.port).send(get("/_/health")).answer()[0] == 200
        assert function.process.wait(30) == 0
    assert not lock.exists()


def test_a_worker_that_is_killed_leaves_the_file_to_the_others(tmp_path: Path):
    settings = {**OPENFAAS, "TMPDIR": str(tmp_path), "WHERRY_WORKERS": "2"}
    with running(FUNCTIONS / "sync.py", **settings) as function:
        lock = tmp_path / ".lock"
        eventually(lambda: function.log.count("is ready on") == 2)
        made = lock.stat().st_ino
        children = Path(f"/proc/{function.process.pid}/task/{function.process.pid}/children")
        os.kill(int(children.read_text().split()[0]), 9)
        eventually(lambda: function.log.count("is ready on") == 3)
        assert lock.stat().st_ino == made


def test_a_link_is_not_followed(tmp_path: Path):
    target, folder = tmp_path / "target", tmp_path / "folder"
    target.write_text("precious")
    folder.mkdir()
    with running(FUNCTIONS / "sync.py", WHERRY_LOCK_FILE=str(folder / "lock")) as function:
        assert (folder / "lock").exists()
        (folder / "lock").unlink()
        (folder / "lock").symlink_to(target)
        assert function.terminate() == 0
    assert target.read_text() == "precious"


def test_a_folder_that_takes_no_file_is_a_line_in_the_log(wire, tmp_path: Path):
    with running(FUNCTIONS / "sync.py", WHERRY_LOCK_FILE=str(tmp_path / "no" / "lock")) as function:
        assert wire(function.port).send(get()).answer()[0] == 200
        assert "cannot be written: No such file or directory" in function.log


def test_what_the_function_wears_elsewhere_it_has_no_lock_file_for(tmp_path: Path):
    with running(FUNCTIONS / "sync.py", TMPDIR=str(tmp_path), **KNATIVE):
        assert list(tmp_path.iterdir()) == []
