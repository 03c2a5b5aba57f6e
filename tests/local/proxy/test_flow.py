"""Bodies that flow: both ways, at the pace of the slower side, and cut off on either."""

import asyncio

import pytest
from tests.local.front.wire import HOST, PATIENCE_S, Caller, settled, until
from tests.local.proxy.gateway import staged

POST = b"POST /function/hello HTTP/1.1\r\n" + HOST
GET = b"GET /function/hello HTTP/1.1\r\n" + HOST + b"\r\n"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)


def flowing(script):
    """A script that reads the body itself."""
    script.streams = True
    return script


@pytest.mark.parametrize("size", [70_000, 3_000_000])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_arrives_as_it_was(size, chunked, tmp_path):
    body = bytes(range(256)) * (size // 256)

    async def script(asked, _reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(asked.body))
        writer.write(asked.body)

    async def run():
        async with staged(script, folder=tmp_path) as stage, await Caller.to(stage.port) as caller:
            if chunked:
                pieces = [body[at : at + 50_000] for at in range(0, len(body), 50_000)]
                coded = b"".join(b"%x;a=b\r\n%s\r\n" % (len(each), each) for each in pieces)
                data = POST + b"Transfer-Encoding: chunked\r\n\r\n" + coded + b"0\r\nX: y\r\n\r\n"
            else:
                data = POST + b"Content-Length: %d\r\n\r\n" % len(body) + body
            sending = asyncio.ensure_future(caller.send(data))
            answer = await caller.answer()
            await sending
            assert (answer.status, answer.framing) == (200, "length")
            assert answer.body == body
            (asked,) = stage.backend.asked
            assert (asked.header("transfer-encoding") == "chunked") == chunked
            assert asked.header("content-length") == (None if chunked else str(len(body)))

    asyncio.run(run())


def test_each_event_is_passed_on_at_once():
    go_on = asyncio.Event()

    async def script(_asked, _reader, writer):
        writer.write(CHUNKED)
        for number in range(3):
            writer.write(b"a\r\ndata: %d\n\n\n\r\n" % number)
            await writer.drain()
            await go_on.wait()
            go_on.clear()
        writer.write(b"0\r\nTrailer: x\r\n\r\n")

    async def run():
        async with staged(script) as stage, await Caller.to(stage.port) as caller:
            await caller.send(GET)
            assert (await caller.head()).header("content-type") == "text/event-stream"
            for number in range(3):
                assert await caller.chunk() == b"data: %d\n\n\n" % number
                go_on.set()
            assert await caller.chunk() == b""
            await caller.send(GET)  # the connection goes on
            await caller.head()
            assert await caller.chunk() == b"data: 0\n\n\n"
            assert stage.backend.connections == 1

    asyncio.run(run())


def test_both_ways_at_once():
    async def script(_asked, reader, writer):
        writer.write(CHUNKED)
        while size := int(await reader.readuntil(b"\r\n"), 16):
            piece = (await reader.readexactly(size + 2))[:-2]
            writer.write(b"%x\r\n%s\r\n" % (size, piece.upper()))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        return True

    async def run():
        async with staged(flowing(script)) as stage, await Caller.to(stage.port) as caller:
            await caller.send(POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            assert (await caller.head()).header("connection") == "close"
            assert await caller.chunk() == b"ABC"
            await caller.send(b"2\r\nde\r\n")
            assert await caller.chunk() == b"DE"
            await caller.send(b"0\r\n\r\n")
            assert await caller.chunk() == b""

    asyncio.run(run())


def test_an_old_caller_gets_a_body_that_ends_with_the_connection():
    begun = asyncio.Event()

    async def script(_asked, _reader, writer):
        writer.write(CHUNKED + b"3\r\nabc\r\n")
        await writer.drain()
        await begun.wait()
        writer.write(b"2\r\nde\r\n0\r\n\r\n")

    async def run():
        async with staged(script) as stage, await Caller.to(stage.port) as caller:
            data = b"GET /function/hello HTTP/1.0\r\nConnection: keep-alive\r\n" + HOST + b"\r\n"
            await caller.send(data)
            head = await caller.head()
            assert head.header("connection") == "close"
            assert (head.header("content-length"), head.header("transfer-encoding")) == (None, None)
            assert await asyncio.wait_for(caller.reader.readexactly(3), PATIENCE_S) == b"abc"
            begun.set()
            assert await asyncio.wait_for(caller.reader.read(), PATIENCE_S) == b"de"

    asyncio.run(run())


def test_a_body_without_a_length_ends_with_the_replicas_connection():
    async def script(_asked, _reader, writer):
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nhello")
        await writer.drain()
        writer.write(b" world")
        return True

    async def run():
        async with staged(script) as stage, await Caller.to(stage.port) as caller:
            for _ in range(2):
                answer = await caller.ask(GET)
                assert (answer.framing, answer.body) == ("chunked", b"hello world")
            assert stage.backend.connections == 2

    asyncio.run(run())


def test_a_replica_that_takes_nothing_holds_the_caller_back():
    async def run():
        async def script(_asked, reader, _writer):
            await reader.read(1)
            await asyncio.sleep(3600)

        async with staged(flowing(script)) as stage:
            caller = await Caller.to(stage.port)
            caller.writer.write(POST + b"Content-Length: 1000000000\r\n\r\n")
            sent = 0

            async def flood():
                nonlocal sent
                while True:
                    caller.writer.write(b"x" * 65536)
                    await caller.writer.drain()
                    sent += 65536

            flooding = asyncio.ensure_future(flood())
            assert await settled(lambda: sent) < 60_000_000
            flooding.cancel()
            (flight,) = stage.forwarder.flights.values()
            assert len(flight._upstream._unsent) < 2_000_000
            caller.abort()
            await until(lambda: not stage.forwarder.flights)
            assert stage.counted[0][1] == 499

    asyncio.run(run())


def test_a_caller_who_takes_nothing_holds_the_replica_back():
    async def run():
        made = 0

        async def script(_asked, _reader, writer):
            nonlocal made
            writer.write(CHUNKED)
            while True:
                writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                await writer.drain()
                made += 65536

        async with staged(script) as stage:
            caller = await Caller.to(stage.port)
            await caller.send(GET)
            await caller.head()
            caller.writer.transport.pause_reading()
            assert await settled(lambda: made) < 60_000_000
            caller.abort()
            await until(lambda: not stage.backend.open)

    asyncio.run(run())


@pytest.mark.parametrize("abort", [False, True])
def test_a_caller_who_goes_ends_the_call(abort):
    ended = []

    async def script(_asked, reader, writer):
        writer.write(CHUNKED + b"1\r\na\r\n")
        ended.append(await reader.read())
        return True

    async def run():
        async with staged(script) as stage:
            caller = await Caller.to(stage.port)
            await caller.send(GET)
            await caller.head()
            await caller.chunk()
            if abort:
                caller.abort()
            else:
                caller.close()
            await until(lambda: ended)
            assert ended == [b""]
            await until(lambda: stage.counted)
            assert stage.counted[0][1] == 499

    asyncio.run(run())


@pytest.mark.parametrize("framing", [b"Transfer-Encoding: chunked", b"Content-Length: 100"])
def test_an_answer_that_breaks_off_does_not_look_complete(framing):
    async def script(_asked, _reader, writer):
        piece = b"3\r\nabc\r\n" if b"chunked" in framing else b"abc"
        writer.write(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n" + piece)
        await writer.drain()
        return True

    async def run():
        async with staged(script) as stage, await Caller.to(stage.port) as caller:
            with pytest.raises(asyncio.IncompleteReadError):
                await caller.ask(GET)
            await until(lambda: stage.counted)

    asyncio.run(run())


def test_a_body_that_is_no_chunks_is_refused_and_the_call_ends():
    ended = []

    async def script(_asked, reader, _writer):
        ended.append(await reader.read())
        return True

    async def run():
        async with staged(flowing(script)) as stage, await Caller.to(stage.port) as caller:
            await caller.send(POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            await until(lambda: stage.backend.asked)
            await caller.send(b"what?\r\n")
            assert (await caller.answer()).status == 400
            await until(lambda: ended)
            assert b"0\r\n\r\n" not in ended[0]

    asyncio.run(run())


def test_an_answer_that_comes_before_the_body_has_ended_is_passed_on():
    async def script(_asked, reader, writer):
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
        await writer.drain()
        await reader.read()
        return True

    async def run():
        async with staged(flowing(script)) as stage, await Caller.to(stage.port) as caller:
            await caller.send(POST + b"Content-Length: 1000000\r\n\r\nabc")
            answer = await caller.answer()
            assert (answer.status, answer.body) == (413, b"no")
            assert answer.header("connection") == "close"

    asyncio.run(run())


async def shout(asked, reader, writer):
    """Speaks something else from then on: gives back what it gets in capitals."""
    assert (asked.header("connection"), asked.header("upgrade")) == ("Upgrade", "websocket")
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n")
    writer.write(b"Upgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\nhello")
    while data := await reader.read(65536):
        writer.write(data.upper())
        await writer.drain()
    writer.write(b"bye")
    return True


UPGRADE = (
    b"GET /function/hello HTTP/1.1\r\n"
    + HOST
    + b"Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n"
)


def test_another_protocol_is_passed_through_until_its_end():
    async def run():
        async with staged(shout) as stage:
            caller = await Caller.to(stage.port)
            await caller.send(UPGRADE + b"early ")
            head = await caller.head()
            assert (head.status, head.header("upgrade")) == (101, "websocket")
            assert head.header("sec-websocket-accept") == "x"
            assert head.header("connection") == "Upgrade"
            assert await caller.reader.readexactly(11) == b"helloEARLY "
            await caller.send(b"late")
            assert await caller.reader.readexactly(4) == b"LATE"
            assert stage.forwarder.in_flight == 0  # a drain does not wait for it
            big = b"x" * 2_000_000
            sending = asyncio.ensure_future(caller.send(big))
            assert await caller.reader.readexactly(len(big)) == big.upper()
            await sending
            caller.writer.write_eof()
            assert await caller.reader.read() == b"bye"
            caller.close()
            await until(lambda: stage.counted)
            assert stage.counted[0][1] == 101

    asyncio.run(run())


def test_a_tunnel_ends_when_its_caller_breaks_off():
    async def run():
        async with staged(shout) as stage:
            caller = await Caller.to(stage.port)
            await caller.send(UPGRADE)
            await caller.head()
            caller.abort()
            await until(lambda: not stage.backend.open and not stage.forwarder.flights)

    asyncio.run(run())


def test_another_protocol_may_be_declined():
    async def script(_asked, _reader, writer):
        writer.write(b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno")

    async def run():
        async with staged(script) as stage, await Caller.to(stage.port) as caller:
            assert (await caller.ask(UPGRADE)).status == 426
            assert (await caller.ask(UPGRADE)).status == 426

    asyncio.run(run())


def test_a_change_of_protocol_that_nobody_asked_for_is_no_answer():
    async def script(_asked, _reader, writer):
        writer.write(b"HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        await writer.drain()
        return True

    async def run():
        async with staged(script) as stage, await Caller.to(stage.port) as caller:
            assert (await caller.ask(GET)).status == 502

    asyncio.run(run())


def test_a_gateway_that_closes_gives_up_its_calls():
    async def run():
        async def script(_asked, reader, writer):
            writer.write(CHUNKED)
            await reader.read()
            return True

        async with staged(script) as stage, await Caller.to(stage.port) as caller:
            await caller.send(GET)
            await caller.head()
            stage.door.close()
            assert await caller.is_ended()
            await until(lambda: not stage.backend.open)

    asyncio.run(run())
