"""From bytes to requests without a socket: any split gives the same, any bytes give an answer."""

from __future__ import annotations

from itertools import pairwise

import pytest
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

    def on_whole(self, exchange: Exchange) -> None:
        self.on_request(exchange)

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


def test_blanks_around_a_value_are_not_of_it():
    lines = b"Host: \t x \t\r\nContent-Type:a/b \r\nContent-Length: \t 5 \t\r\nce-id: 1 \r\n"
    requests, problem = read([b"POST / HTTP/1.1\r\n" + lines + b"\r\nhello"])
    assert (requests, problem) == ([("POST", "/", "", b"hello", "a/b", {"id": "1"})], None)


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


@pytest.mark.parametrize("line", [b"Content-Length: 5", b"Transfer-Encoding: chunked"])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_body_behind_a_wish_to_upgrade_is_no_request(line: bytes, size: int):
    """The parser takes what follows such a head for another protocol: a way to smuggle."""
    body = b"hello" if b"5" in line else b"5\r\nhello\r\n0\r\n\r\n"
    head = b"POST /up HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n%s\r\n\r\n"
    data = head % line + body + b"GET /next HTTP/1.1\r\nHost: x\r\n\r\n"
    requests, problem = read([data[at : at + size] for at in range(0, len(data), size)])
    assert problem is None
    assert [(each[1], each[3]) for each in requests] == [("/up", b"hello"), ("/next", b"")]


@pytest.mark.parametrize(
    ("start", "status"),
    [
        (b"\r\nGET / HTTP/1.1\r\n", None),
        (b"\r\n\r\nGET / HTTP/1.1\r\n", 400),
        (b"\nGET / HTTP/1.1\r\n", 400),
        (b"\rGET / HTTP/1.1\r\n", 400),
        (b"GET  / HTTP/1.1\r\n", 400),
        (b"GET /  HTTP/1.1\r\n", 400),
        (b"GET /\tHTTP/1.1\r\n", 400),
        (b"GET / HTTP/1.1\n", 400),
        (b"GET / RTSP/1.0\r\n", 400),
        (b"GET / HTTP/2.0\r\n", 505),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),  # TLS to a plain port
        (b"CONNECT x:443 HTTP/1.1\r\n", 400),
        (b"CONNECT / HTTP/1.1\r\n", 400),
        (b"GET /" + b"a" * 4080 + b" HTTP/1.1\r\n", None),
        (b"GET /" + b"a" * 4081 + b" HTTP/1.1\r\n", 414),
    ],
)
@pytest.mark.parametrize("size", [1, 100_000])
def test_the_line_that_a_request_begins_with(start: bytes, status: int | None, size: int):
    data = start if start[:1] == b"\x16" else start + b"Host: x\r\n\r\n"
    if b"CONNECT x:443" in data:
        data = data.replace(b"Host: x", b"Host: x:443")
    requests, problem = read([data[at : at + size] for at in range(0, len(data), size)])
    assert (None if problem is None else problem.status) == status
    assert len(requests) == (status is None)


@pytest.mark.parametrize(("longer", "status"), [(0, None), (1, 414)])
def test_the_line_of_a_request_behind_another_is_as_long_at_most(longer: int, status: int | None):
    first = b"POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n."
    line = b"PUT /%s HTTP/1.1\r\n" % (b"a" * (4080 + longer))
    requests, problem = read([first + line + b"Host: x\r\n\r\n"])
    assert (None if problem is None else problem.status) == status
    assert len(requests) == 2 - longer


HOSTS = [
    "", "x", "x:80", "x:", "x:0080", "x:65535", "example.com", "a_b", "127.0.0.1:8080", "[::1]",
    "[::1]:8080", "[2001:db8::192.0.2.1]", "%41.com", "a!$&'()*+,;=~b", "X.EXAMPLE",
]  # fmt: skip
NO_HOSTS = [
    "a b", "a/b", "a?b", "a#b", "u@x", "x:65536", "x:99999", "x:123456", "x:y", "x:-1", "x:80:80",
    "%4", "%zz", "::1", "[::1", "::1]", "[x]", "[]", "[:]", "[1::2::3]", "[::1]x", "[::g]",
    "[::1]:x", "[::1%25eth0]", "x,y z", "\x7f", "a\tb", "<x>", '"x"', "{x}", "x\\y", "x|y", "x^y",
    "x`y", "\xe4",
]  # fmt: skip


@pytest.mark.parametrize("size", [1, 100_000])
@pytest.mark.parametrize(("hosts", "good"), [(HOSTS, True), (NO_HOSTS, False)])
def test_host_is_a_host_and_a_port_at_most(hosts: list[str], good: bool, size: int):
    """RFC 9110 section 7.2; RFC 3986 section 3.2 for what a host and a port are."""
    for host in hosts:
        data = b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % host.encode("latin-1")
        requests, problem = read([data[at : at + size] for at in range(0, len(data), size)])
        assert (len(requests), problem is None) == (good, good), host
        assert problem is None or problem.status == 400


@pytest.mark.parametrize("size", [1, 100_000])
@pytest.mark.parametrize(
    ("line", "hosts", "path"),
    [
        (b"GET / HTTP/1.1", [], None),
        (b"GET / HTTP/1.1", [b"x", b"x"], None),
        (b"GET / HTTP/1.1", [b"x", b"y"], None),
        (b"GET / HTTP/1.0", [], "/"),
        (b"GET / HTTP/1.0", [b"x", b"x"], None),
        (b"GET http://x/a HTTP/1.1", [b"x"], "/a"),
        (b"GET http://x/a HTTP/1.1", [b"X"], "/a"),
        (b"GET HTTP://x HTTP/1.1", [b"x"], "/"),
        (b"GET http://x?q HTTP/1.1", [b"x"], "/"),
        (b"GET https://x:443/ HTTP/1.1", [b"x:443"], "/"),
        (b"GET http://x/a HTTP/1.1", [b"y"], None),
        (b"GET http://x/a HTTP/1.1", [b"x:80"], None),
        (b"GET http://x/a HTTP/1.1", [b""], None),
        (b"GET http://x/a HTTP/1.1", [], None),
        (b"GET http:///a HTTP/1.1", [b""], None),
        (b"GET http://u@x/a HTTP/1.1", [b"x"], None),
        (b"GET http://x:99999/a HTTP/1.1", [b"x:99999"], None),
        (b"GET ftp://x/a HTTP/1.1", [b"x"], None),
        (b"GET http://x/#f HTTP/1.1", [b"x"], None),
        (b"GET x:80 HTTP/1.1", [b"x:80"], None),
        (b"GET a/b HTTP/1.1", [b"x"], None),
        (b"GET /#f HTTP/1.1", [b"x"], None),
        (b"GET //x/a HTTP/1.1", [b"x"], "//x/a"),
        (b"OPTIONS * HTTP/1.1", [b"x"], "*"),
        (b"GET * HTTP/1.1", [b"x"], None),
        (b"OPTIONS ** HTTP/1.1", [b"x"], None),
        (b"CONNECT x:443 HTTP/1.1", [b"x:443"], None),
        (b"CONNECT /a HTTP/1.1", [b"x"], None),
    ],
)
def test_the_four_forms_of_a_target(line: bytes, hosts: list[bytes], path: str | None, size: int):
    """RFC 9112 section 3.2: two are taken from anyone, one from OPTIONS, one is a proxy's."""
    data = line + b"\r\n" + b"".join(b"Host: %s\r\n" % host for host in hosts) + b"\r\n"
    requests, problem = read([data[at : at + size] for at in range(0, len(data), size)])
    assert [each[1] for each in requests] == ([] if path is None else [path])
    assert (None if problem is None else problem.status) == (400 if path is None else None)


@pytest.mark.parametrize("size", [1000, 65_536, 1_000_000])
def test_a_head_is_bounded_as_a_whole(size: int):
    data = b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: %s\r\n" % (b"a" * 3000) * 43 + b"\r\n"
    requests, problem = read([data[at : at + size] for at in range(0, len(data), size)])
    assert (requests, problem.status) == ([], 431)


def test_what_stands_around_the_chunks_is_bounded():
    """Extensions and unfinished trailers are told by no call of the parser."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    for filler in (b"1;" + b"a" * 300_000, b"0\r\nX: " + b"a" * 300_000):
        data = head + filler
        _, problem = read([data[at : at + 4096] for at in range(0, len(data), 4096)])
        assert problem is not None
    small = head + b"1;a=b\r\nx\r\n" * 900 + b"0\r\n\r\n"
    requests, problem = read([small[at : at + 100] for at in range(0, len(small), 100)])
    assert problem is None
    assert requests[0][3] == b"x" * 900


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
