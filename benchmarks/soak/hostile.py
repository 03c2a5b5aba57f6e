"""What clients send that mean no good, or have no luck: malformed, slow, gone in the middle.

Each coroutine is one such client from its connection to its end; it says what was wrong with the
server, or nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from time import monotonic

from benchmarks.soak.requests import message
from benchmarks.soak.wire import Wire

# The kinds of gunicorn's corpus, each in one form; every one is refused and its connection closed.
MALFORMED: dict[str, bytes] = {
    "bare LF": b"GET / HTTP/1.1\nHost: a\n\n",
    "bare CR": b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
    "no Host": b"GET / HTTP/1.1\r\n\r\n",
    "two Hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "Host with a blank": b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    "negative length": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    "length with a sign": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx",
    "two lengths": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    "length and chunks": (
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\n"
    ),
    "unknown coding": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: cow\r\n\r\n",
    "chunked twice": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
    "chunk size": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "chunk too long": (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n0\r\n\r\n"
    ),
    "trailer that frames": (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\nContent-Length: 5\r\n\r\n"
    ),
    "blank before the colon": b"GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n",
    "folded field": b"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
    "control character": b"GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n",
    "NUL": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
    "field without a name": b"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
    "no colon": b"GET / HTTP/1.1\r\nHost: a\r\nword\r\n\r\n",
    "two blanks": b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
    "version": b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    "version of one digit": b"GET / HTTP/1\r\nHost: a\r\n\r\n",
    "unknown method": b"COW / HTTP/1.1\r\nHost: a\r\n\r\n",
    "method in lower case": b"get / HTTP/1.1\r\nHost: a\r\n\r\n",
    "raw byte in the path": b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    "target without a slash": b"GET nowhere HTTP/1.1\r\nHost: a\r\n\r\n",
    "asterisk": b"GET * HTTP/1.1\r\nHost: a\r\n\r\n",
    "long line": b"GET /" + b"a" * 8000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "long field": b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 9000 + b"\r\n\r\n",
    "many fields": b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 120 + b"\r\n",
    "body over the limit": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n",
    "TLS": bytes.fromhex("16030100a1010000") + bytes(range(160)),
}
CLOSED_WITHIN_S = 15.0
_EARLIEST = 0.9  # of a deadline; the clocks are two
_GRACE_S = 6.0  # a sweep is every half second, and the machine may be busy
_DRIP_S = 1.0
_LONG_BODY = 1 << 20
_OWN_5XX = {b"501", b"505"}

Misbehaving = Callable[[int, Random], Awaitable[str]]


async def malformed(port: int, chance: Random) -> str:
    """A request of some wrong form, in random pieces or whole."""
    name, data = chance.choice(list(MALFORMED.items()))
    wire = await Wire.opened(port)
    try:
        cut = chance.choice([len(data), chance.randrange(1, len(data))])
        try:
            await wire.send(data[:cut])
            if cut < len(data):
                await asyncio.sleep(0)
                await wire.send(data[cut:])
            said = await asyncio.wait_for(wire.rest(), CLOSED_WITHIN_S)
        except ConnectionError:
            return ""  # refused before all of it was read
    except asyncio.TimeoutError:
        return f"{name}: not closed within {CLOSED_WITHIN_S:.0f} s"
    finally:
        wire.close()
    status = said[9:12]
    if not said or status.startswith(b"4") or status in _OWN_5XX:
        return ""
    return f"{name}: answered {status.decode('latin-1')}"


async def gone(port: int, chance: Random) -> str:
    """A caller that leaves in the head, in the body, before the answer or in the middle of it."""
    wire = await Wire.opened(port)
    whole = message("POST", "/body", bytes(_LONG_BODY), content_type="application/octet-stream")
    stage = chance.choice(["head", "body", "wait", "answer"])
    try:
        if stage == "head":
            await wire.send(whole[: chance.randrange(1, 40)])
        elif stage == "body":
            await wire.send(whole[: chance.randrange(100, _LONG_BODY)])
        elif stage == "wait":
            await wire.send(message("GET", "/blocking?ms=50"))
            await asyncio.sleep(chance.random() * 0.03)
        else:
            await wire.send(whole)
            await asyncio.wait_for(wire.some(), CLOSED_WITHIN_S)
    except asyncio.TimeoutError:
        return f"gone in {stage}: nothing came within {CLOSED_WITHIN_S:.0f} s"
    finally:
        chance.choice([wire.close, wire.reset])()
    return ""


async def slow_head(port: int, chance: Random) -> str:
    """A head that comes a line at a time and never ends."""
    line = f"X-{chance.randrange(1000)}: a\r\n".encode()
    return await _dripped(port, b"GET /text HTTP/1.1\r\nHost: a\r\n", line, deadline_s=10.0)


async def slow_body(port: int, chance: Random) -> str:
    """A body that comes a byte at a time."""
    target = f"/body?n={chance.randrange(1000)}"
    begun = message("POST", target, bytes(1000))[:-1000]
    return await _dripped(port, begun, b"x", deadline_s=30.0)


async def _dripped(port: int, begun: bytes, drip: bytes, *, deadline_s: float) -> str:
    wire = await Wire.opened(port)
    since = monotonic()
    try:
        await wire.send(begun)
        answer = asyncio.ensure_future(wire.rest())
        try:
            while not answer.done() and monotonic() - since < deadline_s + _GRACE_S:
                await asyncio.wait([answer], timeout=_DRIP_S)
                if not answer.done():
                    await wire.send(drip)
            said = await answer if answer.done() else b""
        finally:
            answer.cancel()
    except ConnectionError:
        said = b"HTTP/1.1 408"  # the last byte crossed with the end
    finally:
        wire.close()
    borne_s = monotonic() - since
    if said[9:12] != b"408":
        return f"slow: {said[9:12]!r} after {borne_s:.1f} s"
    if not deadline_s * _EARLIEST < borne_s < deadline_s + _GRACE_S:
        return f"slow: borne {borne_s:.1f} s, the deadline is {deadline_s:.0f} s"
    return ""
