"""Connections of HTTP/2: what each bears, for how long, and how it ends."""

from __future__ import annotations

import random
import struct
import time
from pathlib import Path

import pytest

from wherry.testing import Running, running

from .conftest import FUNCTIONS, eventually, get
from .http2_client import CALM, CANCEL, PREFACE


@pytest.fixture(scope="module")
def function():
    with running(FUNCTIONS / "sync.py", WHERRY_H2C="on") as served:
        yield served


@pytest.fixture(scope="module")
def async_function():
    with running(FUNCTIONS / "asynchronous.py", WHERRY_H2C="on") as served:
        yield served


def test_probes_and_the_deadline(function: Running, http2):
    connection = http2(function.port)
    assert connection.get("/_/health").body == b"OK\n"
    answer = connection.get("/sleep?s=3", ("x-timeout", "200ms"))
    assert answer.status == 504
    assert connection.get("/after").status == 200


def test_the_gate_is_the_same(http2):
    limits = {"WHERRY_MAX_INFLIGHT": "1", "WHERRY_MAX_QUEUE": "0"}
    with running(FUNCTIONS / "sync.py", WHERRY_H2C="on", **limits) as served:
        connection = http2(served.port)
        connection.ask("/hold")
        eventually(lambda: connection.get("/_/ready").status == 429)
        assert connection.get("/").status == 503
        served.process.kill()


def test_a_caller_that_cancels_cancels_the_handler(async_function: Running, http2):
    connection = http2(async_function.port)
    before = int(connection.get("/cancelled").body)
    number = connection.ask("/sleep?s=20")
    assert connection.get("/").status == 200
    connection.h2.reset_stream(number, CANCEL)
    connection.flush()
    eventually(lambda: int(connection.get("/cancelled").body) == before + 1)
    endless = connection.ask("/endless")
    connection.until(lambda: connection.streams[endless].body)
    other = http2(async_function.port)
    connection.close()
    eventually(lambda: int(other.get("/cancelled").body) == before + 2)


def test_slow_bodies_and_readers_are_cut_off_and_the_idle_are_closed(http2):
    times = {
        "WHERRY_BODY_TIMEOUT": "300ms",
        "WHERRY_WRITE_TIMEOUT": "300ms",
        "WHERRY_KEEPALIVE": "1500ms",
    }
    with running(FUNCTIONS / "sync.py", WHERRY_H2C="on", **times) as served:
        connection = http2(served.port, window=1000)
        connection.acknowledges = False
        slow_body = connection.ask("/echo", method="POST", body=b"")
        connection.give(slow_body, b"12", end=False)
        slow_reader = connection.ask("/big?n=5000")
        assert connection.answer(slow_body).status == 408
        assert connection.answer(slow_reader).reset == CANCEL
        began = time.monotonic()
        connection.rest()
        assert connection.goaway == [0]
        assert time.monotonic() - began < 8


def test_a_silent_beginning_is_timed_out(wire):
    with running(FUNCTIONS / "sync.py", WHERRY_H2C="on", WHERRY_HEAD_TIMEOUT="300ms") as served:
        assert wire(served.port).send(PREFACE[:10]).rest() == b""


def test_a_session_that_asks_nothing_is_timed_out(http2):
    with running(FUNCTIONS / "sync.py", WHERRY_H2C="on", WHERRY_HEAD_TIMEOUT="300ms") as served:
        silent, slow = http2(served.port), http2(served.port)
        slow.sock.sendall(b"\0\0\x40\x01\4\0\0\0\1")  # a head that does not follow
        silent.rest()
        slow.rest()
        assert silent.goaway == slow.goaway == [0]


def test_rapid_resets_end_the_connection_and_nothing_else(async_function: Running, http2):
    connection = http2(async_function.port)
    other = http2(async_function.port)
    for _ in range(120):
        number = connection.h2.get_next_available_stream_id()
        head = [(b":method", b"GET"), (b":scheme", b"http"), (b":authority", b"x")]
        connection.h2.send_headers(number, [*head, (b":path", b"/sleep?s=9")], end_stream=True)
        connection.h2.reset_stream(number, CANCEL)
    connection.flush()
    connection.rest()
    assert connection.goaway == [CALM]
    assert other.get("/").status == 200


@pytest.mark.parametrize(
    "frame",
    [
        b"\0\0\x08\x06\0\0\0\0\0" + b"12345678",  # PING
        b"\0\0\0\x04\0\0\0\0\0",  # SETTINGS
        b"\0\0\x05\x02\0\0\0\0\x05" + b"\0\0\0\0\x01",  # PRIORITY
        b"\0\0\x04\x08\0\0\0\0\0" + b"\0\0\0\x01",  # WINDOW_UPDATE
        b"\0\0\x03\x77\0\0\0\0\0" + b"abc",  # of an unknown type
    ],
)
def test_frames_that_ask_for_nothing_are_not_borne_for_long(function: Running, http2, frame):
    connection = http2(function.port)
    connection.get("/")
    connection.sock.sendall(frame * 3000)
    connection.rest()
    assert CALM in connection.goaway


def test_continuations_without_end_are_not_borne(function: Running, http2):
    connection = http2(function.port)
    connection.get("/")
    frame = b"\0\0\x01\x01\0" + struct.pack(">I", 3) + b"\x82"
    frame += (b"\0\0\x01\x09\0" + struct.pack(">I", 3) + b"\x84") * 100
    connection.sock.sendall(frame)
    connection.rest()
    assert connection.goaway


def test_a_head_that_grows_without_end_is_not_borne(function: Running, http2):
    connection = http2(function.port)
    connection.ask("/", *[("x-long", "a" * 4000)] * 90)
    connection.rest()
    assert connection.goaway


def test_any_frames_leave_the_server_well(async_function: Running, http2):
    function = async_function
    chance = random.Random(4711)
    for _ in range(150):
        connection = http2(function.port)
        for _ in range(chance.randrange(1, 8)):
            payload = chance.randbytes(chance.choice([0, 1, 4, 5, 8, 30]))
            head = struct.pack(">I", len(payload))[1:] + bytes(
                [chance.randrange(12), chance.choice([0, 1, 4, 5, 8, 0x2D, 255])]
            )
            number = struct.pack(">I", chance.choice([0, 1, 2, 3, 5, 2**31 - 1]))
            connection.sock.sendall(head + number + payload)
        connection.close()
    assert http2(function.port).get("/").status == 200
    assert "failed inside" not in function.log
    assert "Traceback" not in function.log


FAULTY = """
import flask
import h2.connection

WINDOW = h2.connection.H2Connection.local_flow_control_window


def fail(self, number):
    raise RuntimeError("a fault of the library")


def handle(request: flask.Request):
    broken = request.path == "/break"
    h2.connection.H2Connection.local_flow_control_window = fail if broken else WINDOW
    return "done"
"""


def test_a_fault_of_the_library_costs_one_connection(http2, wire, tmp_path: Path):
    (tmp_path / "handler.py").write_text(FAULTY)
    with running(tmp_path, WHERRY_H2C="on") as served:
        faulty, other = http2(served.port), http2(served.port)
        assert other.get("/").status == 200
        faulty.ask("/break")
        faulty.rest()
        assert wire(served.port).send(get("/mend")).answer()[0] == 200
        assert other.get("/").body == b"done"
        assert served.log.count("an HTTP/2 connection failed inside Wherry") == 1


COUNTING = """
import gc

import flask

from wherry.serving.exchange import Exchange

gc.disable()


def handle(request: flask.Request):
    request.get_data()
    return str(sum(type(each) is Exchange for each in gc.get_objects()))
"""


def test_what_is_answered_is_let_go_without_the_collector(http2, tmp_path: Path):
    (tmp_path / "handler.py").write_text(COUNTING)
    with running(tmp_path, WHERRY_H2C="on") as served:
        connection = http2(served.port)
        for _ in range(30):
            number = connection.ask("/", method="POST", body=b"x" * 1000)
            assert int(connection.answer(number).body) < 5


def test_the_drain_says_so_and_finishes_what_is_there(http2):
    with running(FUNCTIONS / "sync.py", WHERRY_H2C="on", WHERRY_LAME_DUCK="1s") as served:
        connection, idle = http2(served.port), http2(served.port)
        assert idle.get("/").status == 200
        slow = connection.ask("/sleep?s=2")
        assert connection.get("/").status == 200
        served.process.terminate()
        eventually(lambda: connection.get("/_/ready").status == 503)
        connection.until(lambda: connection.goaway, "GOAWAY")
        assert connection.goaway == [0]
        assert connection.get("/late").status == 200
        assert connection.answer(slow).body == b"slept"
        connection.rest()
        idle.rest()
        assert idle.goaway[-1] == 0
        assert served.process.wait(20) == 0


def test_a_caller_that_takes_leave_gets_its_answers(function: Running, http2):
    connection = http2(function.port)
    slow = connection.ask("/sleep?s=0.3")
    goaway = b"\0\0\x08\x07\0\0\0\0\0" + b"\0" * 8
    ping = b"\0\0\x08\x06\0\0\0\0\0" + b"12345678"
    connection.sock.sendall(goaway + ping)
    assert connection.answer(slow).body == b"slept"
    connection.rest()
