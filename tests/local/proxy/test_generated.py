"""Requests that nobody would write: no failure of our own, and none that was not sent."""

import asyncio
import logging
import re

import pytest
from tests.local.front.wire import HOST, Caller, until
from tests.local.proxy.gateway import staged
from tests.local.proxy.generated import made

_AT_ONCE = 100
_SILENCE_S = 0.5
"""After which the gateway waits for more, and will not get it."""


async def say_ok(asked, _reader, writer):
    body = b"" if asked.method == "HEAD" else b"hi"
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + body)


async def statuses_of(port, each):
    """The statuses of all that is answered before the gateway ends, or falls silent."""
    caller = await Caller.to(port)
    raw = b""
    try:
        await caller.send(each.data)
        caller.writer.write(b"GET /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        caller.writer.write(b"\r\n0\r\n\r\n")  # whatever it waits for, it gets no more
        while piece := await asyncio.wait_for(caller.reader.read(65536), _SILENCE_S):
            raw += piece
    except (ConnectionError, TimeoutError, asyncio.TimeoutError):
        pass
    finally:
        caller.close()
    return [int(status) for status in re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", raw)]


async def play(seed, count):
    """Every status that was given, and how many calls the replica had."""
    statuses = []
    async with staged(say_ok) as stage:
        requests = made(seed, count)

        async def work():
            while requests:
                statuses.extend(await statuses_of(stage.port, requests.pop()))

        await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
        async with await Caller.to(stage.port) as caller:
            answer = await caller.ask(b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n")
            assert answer.status == 200
        calls = len(stage.backend.asked)
        counted = sum(status == 200 for _, status, _ in stage.counted)
        await until(lambda: not stage.forwarder.flights)
    return statuses, calls, counted


def check(statuses, calls, counted, caplog):
    # 501 and 505 say that a transfer coding or a version is none of ours; 508 that hops ran out.
    assert {each for each in statuses if each >= 500} <= {501, 505, 508}
    assert statuses.count(200) > 0
    assert counted <= calls
    assert not [record for record in caplog.records if record.exc_info]


def test_generated_requests(caplog):
    with caplog.at_level(logging.WARNING):
        statuses, calls, counted = asyncio.run(play(20261123, 1_000))
    check(statuses, calls, counted, caplog)
    assert calls > 200


@pytest.mark.hardening
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(10))
def test_a_hundred_thousand_generated_requests(seed, caplog):
    with caplog.at_level(logging.WARNING):
        check(*asyncio.run(play(seed, 10_000)), caplog)
