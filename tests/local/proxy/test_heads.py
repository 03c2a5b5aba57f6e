"""Heads and chunks, as pure functions: what is read is what is sent on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_local.proxy import request_head, response_head
from wherry_local.proxy.chunked import BadCoding, ChunkedReader
from wherry_local.proxy.target import target_of

TOKEN = st.text("!#$%&'*+-.^_`|~abcXYZ019", min_size=1, max_size=12).map(str.encode)
VALUE = st.text(
    st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=20
).map(lambda text: bytes(ord(c) for c in text if not 0x7F <= ord(c) < 0x80).strip(b" \t"))
OWN = {"connection", "keep-alive", "te", "trailer", "upgrade", "transfer-encoding", "date"}


@given(st.binary(max_size=300), st.lists(st.integers(1, 40), max_size=8), st.data())
def test_chunks_are_read_the_same_however_they_come(body, sizes, data):
    coded, rest = b"", body
    for size in sizes:
        piece, rest = rest[:size], rest[size:]
        if piece:
            coded += b"%x;x=1\r\n%s\r\n" % (len(piece), piece)
    if rest:
        coded += b"%X\r\n%s\r\n" % (len(rest), rest)
    coded += b"0\r\nTrailer: a\r\n\r\n" + b"next"
    reader, found, at = ChunkedReader(), b"", 0
    while not reader.complete:
        step = data.draw(st.integers(1, 50))
        found += reader.feed(coded[at : at + step])
        at += step
    assert found == body
    assert reader.rest + coded[at:] == b"next"


@given(st.binary(max_size=80))
def test_any_bytes_are_chunks_or_are_refused(data):
    whole, bytewise = ChunkedReader(), ChunkedReader()
    outcomes = []
    for reader, pieces in (
        (whole, [data]),
        (bytewise, [data[i : i + 1] for i in range(len(data))]),
    ):
        try:
            found = b""
            for piece in pieces:
                if reader.complete:
                    break
                found += reader.feed(piece)
            outcomes.append((found, reader.complete))
        except BadCoding:
            outcomes.append(None)
    assert outcomes[0] == outcomes[1]


@given(st.lists(st.tuples(TOKEN, VALUE), max_size=10), st.integers(200, 599))
def test_a_head_keeps_what_it_does_not_own(fields, status):
    lines = [b"%s: %s" % field for field in fields]
    memory = response_head.Memory()
    raw = b"\r\n".join([b"HTTP/1.1 %d X" % status, *lines])
    for _ in range(2):  # read, and remembered
        head = response_head.read(raw, memory)
        assert head.status == status
        assert head.lines == lines
        assert head.fields() == fields


@given(st.binary(max_size=120))
def test_any_bytes_are_a_head_or_are_refused(data):
    for raw in (data, b"HTTP/1.1 200 OK\r\n" + data):
        try:
            head = response_head.read(raw, response_head.Memory())
        except response_head.BadAnswer:
            continue
        for line in head.lines:
            assert not {0, 10, 13} & set(line)
            assert b":" in line


def test_what_is_remembered_holds_no_secret_and_is_bounded():
    memory = response_head.Memory()
    for number in range(3000):
        lines = (b"Set-Cookie: s%d" % number, b"Server: v%d" % number, b"n%d: x" % number)
        response_head.read(b"\r\n".join((b"HTTP/1.1 200 r%d" % number, *lines)), memory)
    assert not any(b"ookie" in line for line in memory.lines)
    assert max(len(memory.lines), len(memory._names), len(memory._statuses)) <= 512


@given(st.lists(st.tuples(TOKEN, VALUE), max_size=10))
def test_a_request_keeps_what_it_does_not_own(fields):
    head = request_head.read([(b"Host", b"h"), *fields], request_head.Names(), b"192.0.2.1")
    sent = b"".join(head.parts)
    kept = b"".join(b"%s: %s\r\n" % field for field in fields)
    assert sent.startswith(kept + b"Host: h\r\nX-Forwarded-For: 192.0.2.1\r\n")


@pytest.mark.parametrize("hops", [b"3", b"-1", b"9999", b"x", b""])
def test_hops_are_a_small_number(hops):
    head = request_head.read([(b"X-Wherry-Hops", hops)], request_head.Names(), b"")
    assert head.hops == (3 if hops == b"3" else 0)
    assert b"hops" not in b"".join(head.parts).lower()


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/function/a", ("a", "openfaas-fn", b"/")),
        ("/function/a.b", ("a", "b", b"/")),
        ("/function/a.b.c/d", ("a.b", "c", b"/d")),
        ("/function/a/", ("a", "openfaas-fn", b"/")),
        ("/function/A_b-1/x%20", ("A_b-1", "openfaas-fn", b"/x%20")),
    ],
)
def test_the_namespace_is_behind_the_last_dot(path, found):
    target = target_of(path, "/function/")
    assert (*target.key, target.path) == found


@given(st.text(max_size=20).map(lambda t: t.encode("ascii", "ignore").decode().replace("/", "")))
def test_a_name_is_of_harmless_characters_or_none(name):
    target = target_of("/function/" + name, "/function/")
    if target is not None:
        assert set(target.key.name) <= set(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
        )
        assert ".." not in name or target.key.name.strip(".")
