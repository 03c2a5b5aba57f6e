"""HTTP/2 by prior knowledge: the same function, the same limits, on streams."""

from __future__ import annotations

import json
import os
import random
import struct
import time
from pathlib import Path

import h2.settings
import pytest

import wherry
from wherry.testing import Running, running

from .conftest import FUNCTIONS, eventually, get
from .http2_client import PREFACE, Http2Wire

CALM = 11  # ENHANCE_YOUR_CALM
PROTOCOL_ERROR = 1
CANCEL = 8


@pytest.fixture(scope="module")
def function():
    with running(FUNCTIONS / "sync.py", WHERRY_H2C="on", WHERRY_LIMIT_BODY="4000000") as served:
        yield served


@pytest.fixture(scope="module")
def async_function():
    with running(FUNCTIONS / "asynchronous.py", WHERRY_H2C="on") as served:
        yield served


@pytest.fixture
def http2():
    opened: list[Http2Wire] = []

    def connect(port: int, **options) -> Http2Wire:
        opened.append(Http2Wire(port, **options))
        return opened[-1]

    yield connect
    for each in opened:
        each.close()


def test_answers_as_http_1_1_does(function: Running, http2):
    connection = http2(function.port)
    for number in range(3):
        answer = connection.get(f"/a?n={number}", ("x-call-id", "abc-1"))
        assert answer.status == 200
        assert json.loads(answer.body) == {"path": "/a", "query": f"n={number}", "method": "GET"}
        assert answer.headers[b"content-type"] == b"application/json"
        assert answer.headers[b"x-content-type-options"] == b"nosniff"
        assert answer.headers[b"x-call-id"] == b"abc-1"
        assert int(answer.headers[b"content-length"]) == len(answer.body)
        assert b"connection" not in answer.headers


def test_http_1_1_is_spoken_on_the_same_port(function: Running, wire):
    connection = wire(function.port)
    for byte in get("/a"):
        connection.send(bytes([byte]))
    assert connection.answer()[0] == 200
    patch = get("/b").replace(b"GET", b"PROPFIND")
    assert connection.send(patch).answer()[0] == 200


def test_the_preface_may_come_in_pieces(function: Running, wire):
    connection = wire(function.port)
    for byte in PREFACE:
        connection.send(bytes([byte]))
    settings = connection.send(b"\0\0\0\x04\0\0\0\0\0").until(b"\x00\x00\x00\x04\x01")
    assert settings[3] == 4  # the server's own settings come first


def test_it_is_refused_unless_it_is_asked_for(wire):
    with running(FUNCTIONS / "sync.py") as plain:
        assert wire(plain.port).send(PREFACE).answer()[0] in {400, 505}


def test_bodiless_answers(function: Running, http2):
    connection = http2(function.port)
    answer = connection.get("/big?n=7", method="HEAD")
    assert (answer.status, answer.headers[b"content-length"], answer.body) == (200, b"7", b"")
    answer = connection.get("/stream?n=7", method="HEAD")
    assert (answer.status, answer.body, answer.ended) == (200, b"", True)
    answer = connection.get("/empty")
    assert (answer.status, answer.ended, answer.reset) == (204, True, None)
    assert b"content-length" not in answer.headers


def test_streams_run_side_by_side(function: Running, http2):
    connection = http2(function.port)
    slow = connection.ask("/sleep?s=1")
    quick = [connection.ask(f"/q?n={n}") for n in range(60)]
    for number, answer in enumerate(connection.answers(quick)):
        assert json.loads(answer.body)["query"] == f"n={number}"
    assert not connection.streams[slow].over
    assert connection.answer(slow).body == b"slept"


@pytest.mark.parametrize("window", [1000, 65_535, 4_000_000])
def test_big_bodies_both_ways(function: Running, http2, window: int):
    connection = http2(function.port, window=window)
    sent = os.urandom(1000) * 700
    number = connection.ask("/echo", method="POST", body=sent)
    assert connection.answer(number).body == sent


def test_a_reader_that_gives_no_window_blocks_nobody(function: Running, http2):
    connection = http2(function.port, window=1000)
    connection.acknowledges = False
    held = connection.ask("/big?n=100000")
    connection.until(lambda: len(connection.streams[held].body) == 1000)
    assert connection.get("/other").status == 200
    assert len(connection.streams[held].body) == 1000
    connection.h2.increment_flow_control_window(200_000, held)
    connection.h2.increment_flow_control_window(200_000)
    connection.flush()
    assert len(connection.answer(held).body) == 100_000


def test_windows_that_grow_by_a_setting_are_used(function: Running, http2):
    connection = http2(function.port, window=1000)
    connection.acknowledges = False
    held = connection.ask("/big?n=50000")
    connection.until(lambda: len(connection.streams[held].body) == 1000)
    connection.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 60_000})
    connection.flush()
    assert len(connection.answer(held).body) == 50_000


@pytest.mark.parametrize("name", ["function", "async_function"])
def test_streamed_answers(request, http2, name: str):
    answer = http2(request.getfixturevalue(name).port).get("/stream?n=300")
    assert (len(answer.body), answer.ended) == (300 * 1024, True)
    assert b"content-length" not in answer.headers
    assert b"transfer-encoding" not in answer.headers


def test_a_stream_that_breaks_does_not_look_complete(function: Running, http2):
    answer = http2(function.port).get("/broken-stream")
    assert (answer.body, answer.ended) == (b"first", False)
    assert answer.reset is not None


@pytest.mark.parametrize("name", ["counting.py", "counting_async.py"])
def test_streamed_bodies_arrive_whole_and_at_the_handlers_pace(http2, name: str):
    with running(FUNCTIONS / name, WHERRY_LIMIT_BODY="100000000", WHERRY_H2C="on") as counting:
        connection = http2(counting.port, timeout_s=60.0)
        number = connection.ask("/", method="POST", body=b"b" * 8_000_000)
        assert connection.answer(number).body == b"8000000"
        assert connection.answer(connection.ask("/", method="POST")).body == b"0"


def test_events_travel_on_streams(http2):
    with running(FUNCTIONS / "events.py", WHERRY_H2C="on") as served:
        event = [("ce-id", "7"), ("ce-source", "/a"), ("ce-type", "t"), ("ce-specversion", "1.0"),
                 ("content-type", "application/json")]  # fmt: skip
        connection = http2(served.port)
        answer = connection.answer(connection.ask("/", *event, method="POST", body=b'{"n":1}'))
        assert (answer.status, answer.headers[b"ce-id"]) == (200, b"r-7")
        assert json.loads(answer.body) == {"n": 1}


def test_the_body_is_asked_for(function: Running, http2):
    connection = http2(function.port)
    number = connection.ask("/echo", ("expect", "100-continue"), method="POST", body=b"late")
    assert connection.answer(number).informational == [100]
    assert connection.streams[number].body == b"late"
    assert connection.get("/echo", ("expect", "tea")).status == 417


@pytest.mark.parametrize(
    ("status", "lines", "pseudo"),
    [
        (400, [], {"authority": "a b"}),
        (400, [], {"path": "relative"}),
        (400, [], {"path": "http://x/"}),
        (400, [], {"path": "/a b"}),
        (400, [], {"scheme": "gopher"}),
        (400, [], {"method": "GE T"}),
        (400, [("content-type", "a/b"), ("content-type", "a/c")], {}),
        (414, [], {"path": "/" + "a" * 5000}),
        (431, [("x", "a" * 9000)], {}),
        (431, [("x", "a")] * 101, {}),
        (413, [("content-length", "5000000")], {"method": "POST", "body": b""}),
        (200, [("host", "x")], {}),
        (200, [("host", "y")], {"authority": None}),
        (200, [("te", "trailers")], {"path": "*", "method": "OPTIONS"}),
    ],
)
def test_a_request_is_judged_as_in_http_1_1(function: Running, http2, status, lines, pseudo):
    connection = http2(function.port)
    connection.h2.max_outbound_frame_size = 16_384
    answer = connection.get(pseudo.pop("path", "/"), *lines, **pseudo)
    assert answer.status == status
    if status >= 400:
        assert answer.headers[b"content-type"] == b"application/problem+json"
    assert connection.get("/after").status == 200


@pytest.mark.parametrize(
    ("lines", "pseudo"),
    [
        ([("connection", "close")], {}),
        ([("transfer-encoding", "chunked")], {}),
        ([("upgrade", "h2c")], {}),
        ([("te", "gzip")], {}),
        ([("X-Upper", "a")], {}),
        ([("x", "a\nb")], {}),
        ([("host", "other")], {}),
        ([], {"authority": None}),
        ([], {"path": ""}),
        ([(":path", "/")], {}),
        ([(":status", "200")], {}),
    ],
)
def test_what_http_2_forbids_ends_the_connection(function: Running, http2, lines, pseudo):
    connection = http2(function.port)
    connection.ask(pseudo.pop("path", "/"), *lines, **pseudo)
    connection.rest()
    assert connection.goaway[0] == PROTOCOL_ERROR


def test_a_body_of_another_length_than_said_ends_the_connection(function: Running, http2):
    connection = http2(function.port)
    connection.ask("/echo", ("content-length", "3"), method="POST", body=b"four")
    connection.rest()
    assert connection.goaway[0] == PROTOCOL_ERROR


def test_a_body_over_the_limit_is_413_and_the_rest_is_not_wanted(function: Running, http2):
    connection = http2(function.port)
    number = connection.ask("/echo", method="POST", body=b"")
    connection.give(number, b"a" * 4_000_001, end=False)
    answer = connection.answer(number)
    assert answer.status == 413
    assert connection.get("/after").status == 200


def test_a_forbidden_trailer_is_refused(function: Running, http2):
    connection = http2(function.port)
    number = connection.ask("/echo", method="POST", body=b"")
    connection.give(number, b"abc", end=False)
    connection.h2.send_headers(number, [(b"content-length", b"3")], end_stream=True)
    connection.flush()
    assert connection.answer(number).status == 400


def test_a_trailer_is_dropped(function: Running, http2):
    connection = http2(function.port)
    number = connection.ask("/echo", method="POST", body=b"")
    connection.give(number, b"abc", end=False)
    connection.h2.send_headers(number, [(b"x-checksum", b"3")], end_stream=True)
    connection.flush()
    assert connection.answer(number).body == b"abc"


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


FUNCTIONS_SIDE_BY_SIDE = """
import asyncio

from wherry import http


@http
def blocking():
    return (b"x" * 1000 for _ in range(20))


@http
async def looping():
    for _ in range(20):
        await asyncio.sleep(0)
        yield b"y" * 1000
"""


def test_sync_and_async_functions_share_a_connection(http2, tmp_path: Path):
    (tmp_path / "handler.py").write_text(FUNCTIONS_SIDE_BY_SIDE)
    with running(tmp_path, WHERRY_H2C="on") as served:
        connection = http2(served.port)
        asked = [connection.ask(path) for _ in range(20) for path in ("/blocking", "/looping")]
        bodies = {answer.body for answer in connection.answers(asked)}
        assert bodies == {b"x" * 20_000, b"y" * 20_000}


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


def test_the_package_that_is_missing_is_named(tmp_path: Path):
    (tmp_path / "h2").mkdir()
    (tmp_path / "h2" / "__init__.py").write_text("raise ImportError('no', name='h2')\n")
    path = os.pathsep.join([str(tmp_path), str(Path(wherry.__file__).parent.parent)])
    refused = pytest.raises(RuntimeError, match=r"WHERRY_H2C: .* h2[\s\S]*wherry\[h2c\]")
    with refused, running(FUNCTIONS / "sync.py", WHERRY_H2C="on", PYTHONPATH=path):
        pass
