"""The first line of a request: when it is complete, and when it can no longer become good."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.problem import Problem
from wherry.serving.request_line import start_of

LIMIT = 64
GOOD = b"GET /a?b HTTP/1.1\r\n"


@pytest.mark.parametrize(("before", "start"), [(b"", 0), (b"\r\n", 2)])
def test_at_every_length_it_waits_or_is_there(before: bytes, start: int):
    line = before + GOOD
    assert start_of(line + b"Host: x\r\n\r\n", LIMIT) == start_of(line, LIMIT) == start
    for end in range(len(line)):
        assert start_of(line[:end], LIMIT) == -1


@pytest.mark.parametrize(
    "held",
    [
        b"\n",
        b"\r\r",
        b"\r\n\r",
        b"\r\n\n",
        b" GET",
        b"GET  ",
        b"GET /\r",
        b"GET\t/",
        b"GET / HTTP/1.1 ",
        b"GET / HTTP/1.1\n",
        b"GET /\x00",
        b"GET /\xe4",
        b"\x16\x03\x01",
        b"GET /\r\n",
        b"GET / HTTP/1\r\n",
        b"GET / ICE/1.0\r\n",
    ],
)
def test_what_can_no_longer_become_good_is_refused_at_once(held: bytes):
    verdict = start_of(held, LIMIT)
    assert isinstance(verdict, Problem)
    assert verdict.status == 400


@pytest.mark.parametrize("before", [b"", b"\r\n"])
def test_the_limit_counts_the_line_without_its_end(before: bytes):
    longest = b"GET /" + b"a" * (LIMIT - 14) + b" HTTP/1.1"
    assert len(longest) == LIMIT
    assert start_of(before + longest + b"\r\n", LIMIT) == len(before)
    verdict = start_of(before + longest.replace(b"/a", b"/aa") + b"\r\n", LIMIT)
    assert isinstance(verdict, Problem)
    assert verdict.status == 414


@given(st.binary(max_size=100))
def test_any_bytes_get_a_verdict_that_more_bytes_do_not_undo(held: bytes):
    verdict = start_of(held, LIMIT)
    if isinstance(verdict, Problem):
        assert isinstance(start_of(held + b"x", LIMIT), Problem)
    elif verdict >= 0:
        assert start_of(held + b"x", LIMIT) == verdict
