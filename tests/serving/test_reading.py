"""From bytes to requests without a socket: any split gives the same, any bytes give an answer."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from wherry.config import Config
from wherry.problem import Problem
from wherry.serving.exchange import Exchange
from wherry.serving.fields import Meanings, split_target
from wherry.serving.limits import Limits
from wherry.serving.reading import Reading

LIMITS = Limits.of(Config(limit_body_bytes=1000), is_async=False)
REQUESTS = (
    b"GET /a?b=c HTTP/1.1\r\nHost: x\r\nce-Id: 1\r\nCe-Type: t\r\n\r\n"
    b"POST /p%20q HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Type: a/b\r\n\r\nhello"
    b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    b"GET http://x/abs HTTP/1.1\r\nHost: x\r\n\r\n"
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"
)


class Recorder:
    """A connection that only notes what it is told."""

    peer = "192.0.2.1"

    def __init__(self) -> None:
        self.requests: list[tuple[object, ...]] = []
        self.expected = 0

    def new_exchange(self) -> Exchange:
        return Exchange(self)

    def on_head(self, exchange: Exchange, *, has_body: bool) -> None:
        pass

    def on_chunk(self, exchange: Exchange, chunk: bytes) -> None:
        raise AssertionError("nothing is streamed here")

    def on_expect(self) -> None:
        self.expected += 1

    def on_request(self, exchange: Exchange) -> None:
        self.requests.append(
            (
                exchange.method,
                exchange.path,
                exchange.query,
                exchange.body,
                exchange.content_type,
                exchange.event_attributes,
            )
        )


def read(pieces: list[bytes]) -> tuple[list[tuple[object, ...]], Problem | None]:
    recorder = Recorder()
    reading = Reading(recorder, LIMITS, Meanings())
    for piece in pieces:
        problem = reading.feed(piece)
        if problem is not None:
            return recorder.requests, problem
    return recorder.requests, None


EXPECTED = [
    ("GET", "/a", "b=c", b"", None, {"id": "1", "type": "t"}),
    ("POST", "/p%20q", "", b"hello", "a/b", None),
    ("PUT", "/", "", b"abcde", None, None),
    ("GET", "/abs", "", b"", None, None),
    ("OPTIONS", "*", "", b"", None, None),
]


def test_requests_whole():
    assert read([REQUESTS]) == (EXPECTED, None)


@given(st.lists(st.integers(0, len(REQUESTS)), max_size=12))
def test_any_split_reads_the_same(cuts: list[int]):
    at = [0, *sorted(cuts), len(REQUESTS)]
    pieces = [REQUESTS[a:b] for a, b in pairwise(at) if a < b]
    assert read(pieces) == (EXPECTED, None)


@settings(max_examples=500)
@given(st.lists(st.one_of(st.binary(max_size=60), st.sampled_from(REQUESTS.split(b"\r\n")))))
def test_any_bytes_are_requests_or_a_problem_of_the_callers(pieces: list[bytes]):
    _, problem = read([b"\r\n".join(pieces)])
    assert problem is None or 400 <= problem.status < 500 or problem.status in {501, 505}


@settings(max_examples=500)
@given(st.integers(0, len(REQUESTS) - 1), st.integers(0, 255))
def test_one_wrong_byte_never_raises(at: int, byte: int):
    data = bytearray(REQUESTS)
    data[at] = byte
    _, problem = read([bytes(data)])
    assert problem is None or 400 <= problem.status < 500 or problem.status in {501, 505}


@given(st.sampled_from(["GET", "OPTIONS"]), st.binary(max_size=40))
def test_a_target_is_taken_as_sent_or_refused(method: str, target: bytes):
    parts = split_target(method, target)
    if parts is not None:
        path, query = parts
        assert path.startswith("/") or (path == "*" and method == "OPTIONS")
        assert (path + query).isascii() and (path + query).isprintable() and " " not in path


def test_meanings_do_not_grow_with_what_callers_invent():
    meanings = Meanings()
    for number in range(5000):
        meanings[b"x-%d" % number]
    assert len(meanings) <= 1024


def test_a_fault_of_ours_is_not_called_the_callers(caplog):
    class Broken(Recorder):
        def on_request(self, exchange: Exchange) -> None:
            raise KeyError("ours")

    problem = Reading(Broken(), LIMITS, Meanings()).feed(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert problem.status == 500
    assert "inside Wherry" in caplog.text
