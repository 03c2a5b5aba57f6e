"""What is read at one look is what the parser reads, or is left to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.config import Config
from wherry.problem import Problem
from wherry.serving import fields, whole
from wherry.serving.exchange import Exchange
from wherry.serving.limits import Limits
from wherry.serving.reading import Reading

LIMITS = Limits.of(Config(), is_async=False)
ORDINARY = (
    b"POST /a/b%20c?x=1&y=%2F HTTP/1.1\r\nHost: example.com:8080\r\nAccept: */*\r\n"
    b"ce-id: 1\r\nce-type: t\r\nContent-Type: text/plain\r\ntraceparent: 00-1\r\n"
    b"X-Call-Id: abc\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello"
)


class OpenReading(Reading):
    """Without slots, so that one way in can be closed."""


class Peer:
    peer = "127.0.0.1"


class Recorder:
    def __init__(self) -> None:
        self.requests: list[Exchange] = []

    def new_exchange(self) -> Exchange:
        return Exchange(Peer())

    def on_head(self, exchange: Exchange, *, has_body: bool) -> None:
        """The body follows."""

    def on_chunk(self, exchange: Exchange, chunk: bytes) -> None:
        raise AssertionError("nobody asked for a stream")

    def on_request(self, exchange: Exchange) -> None:
        self.requests.append(exchange)

    def on_whole(self, exchange: Exchange) -> None:
        self.on_request(exchange)

    def on_expect(self) -> None:
        """Nothing waits here."""


def read(data: bytes, *, by_parser: bool) -> tuple[list[tuple[object, ...]], Problem | None]:
    """What both ways see: all that an exchange has, but for its time."""
    recorder = Recorder()
    reading = OpenReading(recorder, LIMITS, fields.Meanings())
    if by_parser:
        reading._take_whole = lambda _data: 0
    problem = reading.feed(data)
    names = [
        "method", "path", "query", "headers", "body", "content_type", "event_attributes",
        "repeated_attribute", "http_version", "keep_alive", "call_id", "trace_header",
        "timeout_header", "platform_fields",
    ]  # fmt: skip
    seen = [tuple(getattr(each, name) for name in names) for each in recorder.requests]
    return seen, problem


_token = st.text("abcXYZ019-_.!~ (:\t", max_size=8).map(str.encode)
_name = st.sampled_from(
    [
        "Host",
        "host",
        "Content-Length",
        "Content-Type",
        "ce-id",
        "ce-type",
        "Ce-Id",
        "Connection",
        "Upgrade",
        "Expect",
        '"',
        '"Transfer-Encoding',
        "X-Call-Id",
        "X-Timeout",
        "traceparent",
        "X-Start-Time",
        "Accept",
    ]
).map(str.encode)
_value = st.sampled_from(
    [b"", b"a", b"example.com", b"a, b", b"0", b"5", b"05", b"+5", b"close", b"keep-alive", b"x y",
     b" lead", b"trail ", b"\tt", b"\x80", b"\x00", b"chunked", b"100-continue", b"a:80", b"@"]
)  # fmt: skip
_line = st.tuples(
    st.one_of(_name, _token),
    st.sampled_from([b": ", b":", b":  ", b" : ", b":\t"]),
    _value,
    st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\r\n "]),
).map(b"".join)
_target = st.sampled_from(
    [b"/", b"/a?b", b"/a?b?c", b"/?", b"*", b"http://example.com/", b"/#", b"/\x80", b"//", b"/ "]
)
_request = st.tuples(
    st.sampled_from([b"GET", b"POST", b"HEAD", b"OPTIONS", b"BREW", b"get", b"CONNECT"]),
    st.just(b" "),
    _target,
    st.sampled_from([b" HTTP/1.1\r\n"] * 5 + [b" HTTP/1.0\r\n", b" HTTP/1.1\n", b"\r\n"]),
    st.sampled_from([b"Host: example.com\r\n"] * 5 + [b""]),
    st.lists(_line, max_size=4).map(b"".join),
    st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b""]),
    st.sampled_from([b"", b"", b"hello", b"hell", b"hello2"]),
).map(b"".join)


@pytest.mark.parametrize(
    "head", [b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nAccept: a\r\n\r\n", b"\r\n\r\n"]
)
def test_a_head_without_a_host_is_left_to_the_parser(head):
    assert whole.read(head, 0, Exchange(Peer()), LIMITS, fields.Meanings()) == 0


def test_an_ordinary_request_is_not_left_to_the_parser():
    exchange = Exchange(Peer())
    assert whole.read(ORDINARY, 0, exchange, LIMITS, fields.Meanings()) == len(ORDINARY)
    assert exchange.event_attributes == {"id": "1", "type": "t"}
    assert (exchange.path, exchange.query, exchange.body) == ("/a/b%20c", "x=1&y=%2F", b"hello")


@pytest.mark.parametrize(
    ("value", "plain"),
    [("a-1", True), ("a/b?c=d", True), ("a b", False), ("%41", False), ('"a"', False)],
)
@pytest.mark.parametrize("name", ["ce-type", "ce-note"])
def test_whether_attributes_stand_for_themselves(name, value, plain):
    data = f"POST / HTTP/1.1\r\nHost: h\r\nce-id: 1\r\n{name}: {value}\r\n\r\n".encode()
    meanings = fields.Meanings()
    for _ in range(2):  # the second time it is remembered
        exchange = Exchange(Peer())
        assert whole.read(data, 0, exchange, LIMITS, meanings)
        assert exchange.event_attributes == {"id": "1", name[3:]: value}
        assert exchange.plain_attributes is plain


def test_several_on_one_line_of_bytes_are_all_taken():
    both = [read(ORDINARY * 3, by_parser=each) for each in (True, False)]
    assert both[0] == both[1]
    assert len(both[1][0]) == 3


@pytest.mark.parametrize("cut", range(1, len(ORDINARY), 7))
def test_what_has_not_arrived_is_left_to_the_parser(cut):
    exchange = Exchange(Peer())
    assert whole.read(ORDINARY[:cut], 0, exchange, LIMITS, fields.Meanings()) == 0


@given(st.lists(_request, min_size=1, max_size=3).map(b"".join))
def test_what_it_takes_the_parser_takes_alike(data):
    recorder, position, taken = Recorder(), 0, 0
    while position < len(data):
        end = whole.read(data, position, recorder.new_exchange(), LIMITS, fields.Meanings())
        if not end:
            break
        taken, position = taken + 1, end
    by_parser, _ = read(data[:position], by_parser=True)
    at_one_look, _ = read(data[:position], by_parser=False)
    assert at_one_look == by_parser
    assert len(by_parser) == taken


@given(st.lists(_request, min_size=1, max_size=3).map(b"".join))
def test_a_stream_of_bytes_means_the_same_both_ways(data):
    # Of what is no request the parser may know sooner or later; of requests both see the same.
    assert read(data, by_parser=False)[0] == read(data, by_parser=True)[0]


def test_what_is_remembered_is_bounded_and_holds_no_secret():
    meanings = fields.Meanings()
    for number in range(5000):
        data = (
            b"GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %d\r\nCookie: c=%d\r\n"
            b"User-Agent: a%d\r\n\r\n" % (number, number, number)
        )
        assert whole.read(data, 0, Exchange(Peer()), LIMITS, meanings)
    assert len(meanings.lines) <= 512
    assert not any(b"Bearer" in line or b"c=" in line for line in meanings.lines)
