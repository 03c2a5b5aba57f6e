"""HTTP/1.1 on the wire: framing, order, limits, times."""

from __future__ import annotations

import json
import time

import pytest

from wherry.testing import Running, running

from .conftest import FUNCTIONS, eventually, get, post


@pytest.fixture(scope="module")
def function():
    with running(FUNCTIONS / "sync.py", WHERRY_LIMIT_BODY="2000000") as served:
        yield served


def test_answers_and_keeps_the_connection(function: Running, wire):
    connection = wire(function.port)
    for number in range(3):
        status, headers, body = connection.send(get(f"/a?n={number}")).answer()
        assert status == 200
        assert json.loads(body) == {"path": "/a", "query": f"n={number}", "method": "GET"}
        assert headers[b"content-type"] == b"application/json"
        assert headers[b"x-content-type-options"] == b"nosniff"
        assert b"server" not in headers
        assert len(headers[b"x-call-id"]) == 32


def test_pipelined_requests_are_answered_in_order(function: Running, wire):
    connection = wire(function.port)
    connection.send(b"".join(get(f"/p?n={n}") for n in range(50)))
    for number in range(50):
        assert json.loads(connection.answer()[2])["query"] == f"n={number}"


def test_pipelined_behind_a_slow_one(function: Running, wire):
    connection = wire(function.port).send(get("/sleep?s=0.2") + get("/b") + get("/c"))
    assert [connection.answer()[2][:9] for _ in range(3)] == [b"slept", b'{"path":"', b'{"path":"']


def test_pipelined_then_half_closed(function: Running, wire):
    connection = wire(function.port).send(get("/sleep?s=0.1") + get("/b") * 20)
    connection.sock.shutdown(1)
    assert connection.rest().count(b"HTTP/1.1 200 OK") == 21


def test_a_byte_at_a_time(function: Running, wire):
    connection = wire(function.port)
    for byte in post("/echo", b"hello"):
        connection.send(bytes([byte]))
    assert connection.answer()[2] == b"hello"


def test_chunked_request(function: Running, wire):
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    connection = wire(function.port).send(head + b"5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n")
    assert connection.answer()[2] == b"hello world"
    assert connection.send(get()).answer()[0] == 200


def test_continue_is_asked_for_and_then_answered(function: Running, wire):
    connection = wire(function.port)
    connection.send(post("/echo", b"", "Expect: 100-continue").replace(b": 0", b": 4"))
    assert connection.answer()[0] == 100
    assert connection.send(b"late").answer()[2] == b"late"


def test_any_other_expectation_is_refused(function: Running, wire):
    assert wire(function.port).send(get("/", "Expect: tea")).answer()[0] == 417


@pytest.mark.parametrize("keep_alive", [False, True])
def test_http_1_0(function: Running, wire, keep_alive: bool):
    line = "Connection: keep-alive\r\n" if keep_alive else ""
    connection = wire(function.port).send(f"GET /stream?n=2 HTTP/1.0\r\n{line}\r\n".encode())
    _, headers, body = connection.answer()
    assert b"transfer-encoding" not in headers
    assert body == b"y" * 2048


def test_head_has_the_length_and_no_body(function: Running, wire):
    connection = wire(function.port).send(get("/big?n=7").replace(b"GET", b"HEAD"))
    status, headers, _ = connection.answer(head_only=True)
    assert (status, headers[b"content-length"]) == (200, b"7")
    assert connection.send(get("/empty")).answer()[0] == 204
    assert connection.send(get("/big?n=3")).answer()[2] == b"xxx"


def test_streamed_answer(function: Running, wire):
    status, headers, body = wire(function.port).send(get("/stream?n=300")).answer()
    assert (status, headers[b"transfer-encoding"]) == (200, b"chunked")
    assert body == b"y" * 1024 * 300


def test_a_stream_that_breaks_does_not_look_complete(function: Running, wire):
    connection = wire(function.port).send(get("/broken-stream"))
    assert b"first" in connection.until(b"first")
    assert b"0\r\n\r\n" not in connection.rest()


def test_big_answer_to_a_slow_reader_blocks_nobody(function: Running, wire):
    slow = wire(function.port).send(get("/big?n=30000000"))
    slow.until(b"\r\n\r\n")
    for _ in range(100):
        assert wire(function.port).send(get("/quick")).answer()[0] == 200
    while len(slow.buffer) < 30_000_000:
        slow.read_some()
    assert slow.send(get("/after")) and slow.buffer == b"x" * 30_000_000


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        (b"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET s://x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 101 + b"\r\n", 431),
        (b"nonsense\r\n\r\n", 400),
    ],
)
def test_refuses_and_closes(function: Running, wire, request_bytes: bytes, status: int):
    connection = wire(function.port).send(request_bytes)
    got, headers, body = connection.answer()
    assert got == status
    assert headers[b"connection"] == b"close"
    assert headers[b"content-type"] == b"application/problem+json"
    assert json.loads(body)["status"] == status
    assert connection.rest() == b""


def test_a_refusal_comes_after_the_answers_before_it(function: Running, wire):
    connection = wire(function.port).send(get("/sleep?s=0.1") + b"nonsense\r\n\r\n")
    assert connection.answer()[0] == 200
    assert connection.answer()[0] == 400


def test_forbidden_trailer_is_refused(function: Running, wire):
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    connection = wire(function.port).send(head + b"1\r\na\r\n0\r\nContent-Length: 5\r\n\r\n")
    assert connection.answer()[0] == 400


def test_upgrade_is_answered_in_this_protocol(function: Running, wire):
    request = get("/up", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: x")
    assert wire(function.port).send(request).answer()[0] == 200


def test_an_error_of_the_handler_tells_the_caller_nothing(function: Running, wire):
    status, _, body = wire(function.port).send(get("/fail", "X-Call-Id: abc-1")).answer()
    problem = json.loads(body)
    assert (status, problem["call_id"]) == (500, "abc-1")
    assert b"4711" not in body and b"ValueError" not in body
    eventually(lambda: "secret detail 4711" in function.log)
    assert "[abc-1]" in function.log


def test_a_handler_that_exits_costs_one_call(function: Running, wire):
    connection = wire(function.port)
    assert connection.send(get("/exit")).answer()[0] == 500
    assert connection.send(get("/still")).answer()[0] == 200


def test_a_hostile_call_id_is_replaced(function: Running, wire):
    _, headers, _ = wire(function.port).send(get("/", "X-Call-Id: a b{}")).answer()
    assert len(headers[b"x-call-id"]) == 32


def test_a_slow_head_is_timed_out(wire):
    with running(FUNCTIONS / "sync.py", WHERRY_HEAD_TIMEOUT="300ms") as function:
        silent, slow = wire(function.port), wire(function.port).send(b"GET / HT")
        assert slow.answer()[0] == 408
        assert silent.rest() == b""


def test_a_slow_body_is_timed_out(wire):
    with running(FUNCTIONS / "sync.py", WHERRY_BODY_TIMEOUT="300ms") as function:
        connection = wire(function.port).send(post("/echo", b"1234")[:-2])
        assert connection.answer()[0] == 408


def test_a_reader_that_stops_is_cut_off(wire):
    with running(FUNCTIONS / "sync.py", WHERRY_WRITE_TIMEOUT="300ms") as function:
        wire(function.port).send(get("/big?n=50000000"))
        eventually(lambda: "GET /big 499" in function.log or "GET /big 200" in function.log)
        assert wire(function.port).send(get()).answer()[0] == 200


def test_idle_connections_are_closed(wire):
    with running(FUNCTIONS / "sync.py", WHERRY_KEEPALIVE="200ms") as function:
        connection = wire(function.port).send(get())
        assert connection.answer()[0] == 200
        assert connection.rest() == b""


def test_the_deadline_is_answered_while_the_handler_sleeps(function: Running, wire):
    began = time.monotonic()
    request = get("/sleep?s=3", "X-Timeout: 300ms")
    status, headers, body = wire(function.port).send(request).answer()
    assert status == 504
    assert json.loads(body)["call_id"].encode() == headers[b"x-call-id"]
    assert time.monotonic() - began < 2.5


def test_the_caller_cannot_lengthen_the_time(wire):
    with running(FUNCTIONS / "sync.py", exec_timeout="200ms") as function:
        request = get("/sleep?s=5", "X-Timeout: 1h")
        assert wire(function.port).send(request).answer()[0] == 504


def test_connections_beyond_the_cap_wait(wire):
    with running(FUNCTIONS / "sync.py", WHERRY_MAX_CONNECTIONS="2") as function:
        first, second = wire(function.port).send(get()), wire(function.port).send(get())
        assert first.answer()[0] == second.answer()[0] == 200
        third = wire(function.port).send(get())
        first.close()
        assert third.answer()[0] == 200
