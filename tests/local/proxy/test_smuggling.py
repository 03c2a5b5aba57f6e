"""Requests within requests: what the replica is asked is what the caller was answered for."""

import asyncio

import pytest
from tests.local.front.wire import HOST, Caller
from tests.local.proxy.gateway import staged

INNER = b"GET /function/hello/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /function/hello/outer HTTP/1.1\r\n" + HOST
CL, TE = b"Content-Length: ", b"Transfer-Encoding: chunked\r\n"
END = b"0\r\n\r\n"


def cl(number):
    return CL + b"%d\r\n" % number


CASES = [
    POST + cl(len(END + INNER)) + TE + b"\r\n" + END + INNER,
    POST + TE + cl(4) + b"\r\n" + b"5c\r\n" + INNER + b"\r\n" + END,
    POST + TE + b"Transfer-Encoding: x\r\n\r\n" + END + INNER,
    POST + b"Transfer-Encoding: x\r\n" + TE + b"\r\n" + END + INNER,
    POST + b"Transfer-Encoding: chunked, identity\r\n\r\n" + END + INNER,
    POST + b"Transfer-Encoding: identity, chunked\r\n\r\n" + END + INNER,
    POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + END + INNER,
    POST + b"Transfer-Encoding : chunked\r\n\r\n" + END + INNER,
    POST + b"Transfer-Encoding:\tchunked\r\n" + cl(len(INNER)) + b"\r\n" + END + INNER,
    POST + b"X: y\nTransfer-Encoding: chunked\r\n" + cl(0) + b"\r\n" + END + INNER,
    POST + b"X: y\rTransfer-Encoding: chunked\r\n" + cl(0) + b"\r\n" + END + INNER,
    POST + b" Transfer-Encoding: chunked\r\n" + cl(0) + b"\r\n" + INNER,
    POST + b"X: y\r\n Transfer-Encoding: chunked\r\n" + cl(0) + b"\r\n" + INNER,
    POST + b"Transfer_Encoding: chunked\r\n" + cl(len(END + INNER)) + b"\r\n" + END + INNER,
    POST + cl(0) + cl(len(INNER)) + b"\r\n" + INNER,
    POST + cl(len(INNER)) + cl(0) + b"\r\n" + INNER,
    POST + CL + b"0, %d\r\n\r\n" % len(INNER) + INNER,
    POST + CL + b"+%d\r\n\r\n" % len(INNER) + INNER,
    POST + CL + b"0x10\r\n\r\n" + INNER,
    POST + CL + b"1 0\r\n\r\n" + INNER,
    POST + CL + b"-1\r\n\r\n" + INNER,
    POST + CL + b"\r\n\r\n" + INNER,
    POST + cl(len(INNER)) + b"Connection: Content-Length\r\n\r\n" + INNER,
    POST + TE + b"Connection: Transfer-Encoding\r\n\r\n%x\r\n" % len(INNER) + INNER + b"\r\n" + END,
    POST + TE + b"\r\n" + b"0\r\n" + b"X: y\r\n\r\n",
    POST + TE + b"\r\n" + b"0\r\nContent-Length: 5\r\n\r\n" + INNER,
    POST + TE + b"\r\n" + b"0\n\r\n" + INNER,
    POST + TE + b"\r\n" + b"3\r\nabcde\r\n" + END + INNER,
    POST + TE + b"\r\n" + b"3;\n\r\nabc\r\n" + END + INNER,
    POST + TE + b"\r\n" + b"0x3\r\nabc\r\n" + END + INNER,
    POST + TE + b"\r\n" + b"3 \r\nabc\r\n" + END,
    POST + TE + b"\r\n" + b"10000000000000003\r\nabc\r\n" + END + INNER,
    POST + b"Expect: 100-continue\r\n" + cl(len(INNER)) + b"\r\n" + INNER,
    POST + b"Upgrade: websocket\r\nConnection: Upgrade\r\n" + cl(len(INNER)) + b"\r\n" + INNER,
    POST + b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n" + b"PRI * HTTP/2.0\r\n",
    b"GET /function/hello/outer HTTP/1.1\r\n" + HOST + cl(len(INNER)) + b"\r\n" + INNER,
    b"HEAD /function/hello/outer HTTP/1.1\r\n" + HOST + TE + b"\r\n" + END,
    b"GET /function/hello/outer HTTP/1.0\r\n" + HOST + TE + b"\r\n" + END + INNER,
    b"GET /function/hello/outer HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n",
    b"GET http://evil/function/hello/outer HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /function/hello/outer\r\n\r\n" + INNER,
    b"\r\n\r\n\r\n" + POST + cl(0) + b"\r\n",
]


async def say_target(asked, _reader, writer):
    body = b"" if asked.method == "HEAD" else asked.target.encode()
    length = len(asked.target)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (length, body))


async def played(data, split):
    async with staged(say_target) as stage:
        caller = await Caller.to(stage.port)
        try:
            for at in range(0, len(data), split):
                await caller.send(data[at : at + split])
                await asyncio.sleep(0)
            caller.writer.write(b"GET /function/hello/after HTTP/1.1\r\n" + HOST)
            caller.writer.write(b"Connection: close\r\n\r\n")
            raw = await asyncio.wait_for(caller.reader.read(), 15)
        except ConnectionError:
            raw = b""
        finally:
            caller.close()
        return raw.count(b"HTTP/1.1 200"), [asked.target for asked in stage.backend.asked]


@pytest.mark.parametrize("split", [10_000, 7])
@pytest.mark.parametrize("number", range(len(CASES)))
def test_the_replica_is_asked_what_was_answered(number, split):
    answers, targets = asyncio.run(played(CASES[number], split))
    assert answers == len(targets)
    assert targets in (["/outer", "/after"], ["/outer"], ["/after"], [])


def test_what_follows_a_complete_request_is_another():
    """The cases would show it, were it asked."""
    answers, targets = asyncio.run(played(POST + TE + b"\r\n" + END + INNER, 10_000))
    assert (answers, targets) == (3, ["/outer", "/smuggled", "/after"])
