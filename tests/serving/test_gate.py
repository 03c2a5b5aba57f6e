"""The in-flight gate, and that nothing but the gate holds a call up."""

from __future__ import annotations

import time

import pytest

from wherry.testing import running

from .conftest import FUNCTIONS, eventually, get


def test_a_full_queue_refuses_and_says_when_to_come_back(wire):
    limits = {"WHERRY_MAX_INFLIGHT": "1", "WHERRY_MAX_QUEUE": "1"}
    with running(FUNCTIONS / "sync.py", **limits) as function:
        held = wire(function.port).send(get("/hold"))
        eventually(lambda: probe(wire, function.port, "/_/health")[0] == 200)
        queued = wire(function.port).send(get("/release"))
        eventually(lambda: probe(wire, function.port, "/_/ready")[0] == 429)
        status, headers, _ = wire(function.port).send(get()).answer()
        assert (status, headers[b"retry-after"]) == (503, b"1")
        function.process.kill()
        assert held.rest() == queued.rest() == b""


def test_a_watchdog_limit_refuses_with_429_and_has_no_queue(wire):
    with running(FUNCTIONS / "sync.py", max_inflight="1") as function:
        wire(function.port).send(get("/hold"))
        eventually(lambda: probe(wire, function.port, "/_/ready")[0] == 429)
        assert wire(function.port).send(get()).answer()[0] == 429
        function.process.kill()


def test_probes_and_other_calls_go_on_while_handlers_block(wire):
    with running(FUNCTIONS / "sync.py") as function:
        for _ in range(200):  # let the handler earn its place on the leader
            wire(function.port).send(get("/warm")).answer()
        blocked = [wire(function.port).send(get("/hold")) for _ in range(8)]
        began = time.monotonic()
        assert probe(wire, function.port, "/_/health")[0] == 200
        assert wire(function.port).send(get("/other")).answer()[0] == 200
        assert b"http_requests_total" in scrape(function)
        assert time.monotonic() - began < 3
        assert wire(function.port).send(get("/release")).answer()[0] == 200
        assert [each.answer()[0] for each in blocked] == [200] * 8


def test_probes_answer_while_every_thread_is_stuck(wire):
    with running(FUNCTIONS / "sync.py", WHERRY_THREADS="2") as function:
        for _ in range(200):
            wire(function.port).send(get("/warm")).answer()
        blocked = [wire(function.port).send(get("/hold", "X-Timeout: 2s")) for _ in range(2)]
        eventually(lambda: b'in_flight{function="sync"} 2.0' in scrape(function))
        assert probe(wire, function.port, "/_/health")[0] == 200
        assert [each.answer()[0] for each in blocked] == [504, 504]


@pytest.mark.parametrize(("pause", "expected_s"), [("0.01", 0.01)])
def test_blocking_calls_run_side_by_side(wire, pause: str, expected_s: float):
    with running(FUNCTIONS / "sync.py", WHERRY_THREADS="16") as function:
        connections = [wire(function.port) for _ in range(16)]
        began = time.monotonic()
        for _ in range(20):
            for connection in connections:
                connection.send(get(f"/sleep?s={pause}"))
            assert all(connection.answer()[0] == 200 for connection in connections)
        one_by_one_s = 20 * 16 * expected_s
        assert time.monotonic() - began < one_by_one_s


def test_async_calls_beyond_the_limit_wait_for_their_turn(wire):
    with running(FUNCTIONS / "asynchronous.py", WHERRY_MAX_INFLIGHT="2") as function:
        connections = [wire(function.port).send(get("/sleep?s=0.1")) for _ in range(10)]
        assert all(connection.answer()[2] == b"slept" for connection in connections)


def test_an_async_call_is_cancelled_at_its_deadline(wire):
    with running(FUNCTIONS / "asynchronous.py") as function:
        request = get("/sleep?s=20", "X-Timeout: 200ms")
        assert wire(function.port).send(request).answer()[0] == 504
        assert wire(function.port).send(get("/cancelled")).answer()[2] == b"1"


def test_a_stream_nobody_reads_any_more_is_closed(wire):
    with running(FUNCTIONS / "asynchronous.py") as function:
        connection = wire(function.port).send(get("/endless"))
        connection.until(b"tick\n")
        connection.close()
        eventually(lambda: wire(function.port).send(get("/cancelled")).answer()[2] == b"1")


@pytest.mark.parametrize("name", ["counting.py", "counting_async.py"])
def test_streamed_bodies_arrive_whole_and_at_the_handlers_pace(wire, name: str):
    with running(FUNCTIONS / name, WHERRY_LIMIT_BODY="100000000") as function:
        size = 20_000_000
        head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode()
        connection = wire(function.port, 60.0).send(head)
        connection.send(b"b" * size)
        assert connection.answer()[2] == b"20000000"
        assert connection.send(get()).answer()[2] == b"0"


@pytest.mark.parametrize("name", ["counting.py", "counting_async.py"])
def test_a_streamed_body_over_the_limit_is_413(wire, name: str):
    with running(FUNCTIONS / name, WHERRY_LIMIT_BODY="1000") as function:
        head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection = wire(function.port).send(head + b"800\r\n" + b"a" * 0x800 + b"\r\n")
        assert connection.answer()[0] == 413


def probe(wire, port: int, path: str) -> tuple[int, bytes]:
    status, _, body = wire(port).send(get(path)).answer()
    return status, body


def scrape(function) -> bytes:
    from urllib.request import urlopen

    with urlopen(function.metrics_url, timeout=10) as answer:
        return answer.read()
