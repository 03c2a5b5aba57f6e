"""Replies whose header lines are written already are those of pairs to whoever asks."""

from __future__ import annotations

from wherry.reply import Reply, WrittenReply
from wherry.serving.head import date_line, encode_whole

LINES = b"ce-id: 1\r\ncontent-type: text/plain; charset=utf-8\r\n"
PAIRS = [(b"ce-id", b"1"), (b"content-type", b"text/plain; charset=utf-8")]
DATE = date_line(0)


def test_pairs_are_those_of_the_lines():
    reply = WrittenReply(200, LINES, b"hi")
    assert (reply.status, reply.lines, reply.body, reply.length) == (200, LINES, b"hi", None)
    assert reply.headers == PAIRS
    assert reply.headers is reply.headers
    assert WrittenReply(204, b"", b"").headers == []


def test_pairs_that_were_changed_count():
    reply = WrittenReply(200, LINES, b"hi")
    reply.headers.append((b"x", b"y"))
    assert reply.lines is None
    assert b"\r\nce-id: 1\r\n" in encode_whole(reply, DATE, "c", 2, b"hi")
    assert b"\r\nx: y\r\n" in encode_whole(reply, DATE, "c", 2, b"hi")
    reply = WrittenReply(200, LINES, b"hi")
    reply.headers = [(b"x", b"y")]
    assert b"ce-id" not in encode_whole(reply, DATE, "c", 2, b"hi")


def test_both_are_sent_alike():
    written = encode_whole(WrittenReply(200, LINES, b"hi"), DATE, "c", 2, b"hi")
    assert written == encode_whole(Reply(200, PAIRS, b"hi"), DATE, "c", 2, b"hi")
    assert b"\r\ncontent-length: 2\r\n\r\nhi" in written
