"""HTTP/2 by prior knowledge: the same function gives the same answers, on streams."""

from __future__ import annotations

import json
import os
from pathlib import Path

import h2.settings
import pytest

import wherry
from wherry.testing import Running, running

from .conftest import FUNCTIONS, get
from .http2_client import PREFACE


@pytest.fixture(scope="module")
def function():
    with running(FUNCTIONS / "sync.py", WHERRY_H2C="on") as served:
        yield served


@pytest.fixture(scope="module")
def async_function():
    with running(FUNCTIONS / "asynchronous.py", WHERRY_H2C="on") as served:
        yield served


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


def test_the_package_that_is_missing_is_named(tmp_path: Path):
    (tmp_path / "h2").mkdir()
    (tmp_path / "h2" / "__init__.py").write_text("raise ImportError('no', name='h2')\n")
    path = os.pathsep.join([str(tmp_path), str(Path(wherry.__file__).parent.parent)])
    refused = pytest.raises(RuntimeError, match=r"WHERRY_H2C: .* h2[\s\S]*wherry\[h2c\]")
    with refused, running(FUNCTIONS / "sync.py", WHERRY_H2C="on", PYTHONPATH=path):
        pass
