"""Requests of HTTP/2: judged as those of HTTP/1.1, and held to what HTTP/2 itself forbids."""

from __future__ import annotations

import pytest

from wherry.testing import Running, running

from .conftest import FUNCTIONS
from .http2_client import PROTOCOL_ERROR


@pytest.fixture(scope="module")
def function():
    with running(FUNCTIONS / "sync.py", WHERRY_H2C="on", WHERRY_LIMIT_BODY="4000000") as served:
        yield served


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
