"""The reader of answers: strict, and total."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_local.conformance.wire import Silence, Wire

from .conftest import response


@pytest.fixture(scope="module")
def said(wrong):
    """A connection to a server that says what it is sent."""
    port = wrong(lambda data, _count: data)

    def said(*pieces, timeout_s=0.3):
        return Wire("127.0.0.1", port, timeout_s=timeout_s).send(*pieces)

    return said


def test_an_answer_with_a_length(said):
    with said(response(201, b"hello", b"X-A:  b \t", b"x-a: c")) as wire:
        reply = wire.answer()
    assert (reply.status, reply.body, reply.is_last) == (201, b"hello", False)
    assert (reply.values(b"x-a"), reply.value(b"none")) == ([b"b", b"c"], None)


def test_an_answer_in_chunks(said):
    with said(
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nT: 1\r\n\r\n" + response(204, b"")
    ) as wire:
        assert wire.answer().body == b"abc0123456789"
        assert wire.answer().status == 204


def test_answers_that_have_no_body(said):
    with said(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 304 X\r\ncontent-length: 9\r\n\r\n") as wire:
        assert wire.interim().status == 100
        assert wire.answer().body == b""
    with said(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n") as wire:
        assert wire.answer(to_head=True).body == b""


@pytest.mark.parametrize(
    ("version", "line", "is_last"),
    [
        (b"1.1", b"x: y", False),
        (b"1.1", b"connection: close", True),
        (b"1.0", b"x: y", True),
        (b"1.0", b"connection: keep-alive", False),
    ],
)
def test_the_last_answer_of_a_connection(said, version, line, is_last):
    with said(
        b"HTTP/" + version + b" 200 OK\r\ncontent-length: 0\r\n" + line + b"\r\n\r\n"
    ) as wire:
        assert wire.answer().is_last is is_last


@pytest.mark.parametrize(
    ("answer", "got"),
    [
        (b"HTTP/2 200\r\n\r\n", "a status line that is none"),
        (b"HTTP/1.1 200\r\n\r\n", "a status line that is none"),
        (b"HTTP/1.1 200 OK\r\na b: c\r\n\r\n", "a header line that is none"),
        (b"HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n", "a header line that is none"),
        (b"HTTP/1.1 200 OK\r\na: b\nc: d\r\n\r\n", "a header line that is none"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1, 1\r\n\r\nx", "a length that is none"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx", "a length"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
            "both a length and a coding",
        ),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n", "a coding that was not asked"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n", "a chunk that is none"),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc",
            "a chunk that does not end",
        ),
        (b"HTTP/1.1 200 OK\r\n", "nothing within 0.3 s"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nx", "nothing within 0.3 s"),
    ],
)
def test_what_is_no_answer_is_said(said, answer, got):
    with said(answer) as wire, pytest.raises(Silence) as silence:
        wire.answer()
    assert got in silence.value.got
    assert not silence.value.is_closed


def test_a_connection_that_is_closed(wrong):
    with Wire("127.0.0.1", wrong(lambda *_: None), timeout_s=5).send(b"x") as wire:
        with pytest.raises(Silence) as silence:
            wire.answer()
        assert silence.value.is_closed
        assert wire.is_closed()


def test_a_body_that_is_cut_short(wrong):
    cut = b"HTTP/1.1 200 X\r\nconnection: close\r\ncontent-length: 9\r\n\r\nabc"
    wire = Wire("127.0.0.1", wrong(lambda *_: cut), timeout_s=5).send(b"x")
    with wire, pytest.raises(Silence, match="a body that was cut short"):
        wire.answer()


def test_a_body_that_ends_with_the_connection(wrong):
    answer = b"HTTP/1.1 200 X\r\nconnection: close\r\n\r\nabc"
    with Wire("127.0.0.1", wrong(lambda *_: answer), timeout_s=5).send(b"x") as wire:
        assert wire.answer().body == b"abc"


def test_nothing_listens():
    with pytest.raises(Silence, match="no connection"):
        Wire("127.0.0.1", 1, timeout_s=1)


@settings(max_examples=60, deadline=None)
@given(answer=st.binary(max_size=60), is_valid_start=st.booleans())
def test_any_bytes_are_an_answer_or_silence(said, answer, is_valid_start):
    start = b"HTTP/1.1 200 OK\r\n" if is_valid_start else b""
    wire = said(start + answer + b"\r\n\r\n", timeout_s=0.02)
    with wire, contextlib.suppress(Silence):
        assert 200 <= wire.answer().status <= 599
