"""Calls from inside the platform."""

import asyncio

import pytest
from tests.local.front.wire import until
from tests.local.proxy.gateway import answering, staged

from wherry_local.fleet.replica import NoReplica
from wherry_local.proxy.call import CallFailed, Fault, Outbound, call

OK = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi"


def calling(script, outbound=None, *, timeout_s=5.0, limit_bytes=1000, **how):
    async def run():
        async with staged(script, **how) as stage:
            outcome = await asyncio.gather(
                call(
                    stage.replicas,
                    outbound or Outbound(),
                    timeout_s=timeout_s,
                    limit_bytes=limit_bytes,
                ),
                return_exceptions=True,
            )
            await until(lambda: stage.replicas.replica.in_flight == 0)
            return outcome[0], stage.backend.asked

    return asyncio.run(run())


def test_a_call_is_sent_as_it_was_given():
    headers = [(b"ce-id", b"a%20b"), (b"Content-Length", b"9"), (b"Host", b"x"), (b"TE", b"y")]
    outbound = Outbound(target="/a?b", headers=headers, body=b"\x00\xff")
    inbound, (asked,) = calling(answering(OK), outbound)
    assert (asked.method, asked.target, asked.body) == ("POST", "/a?b", b"\x00\xff")
    assert asked.fields == [("ce-id", "a%20b"), ("host", "x"), ("content-length", "2")]
    assert (inbound.status, inbound.body, inbound.header("X-a")) == (200, b"hi", "1")
    assert inbound.headers == [(b"X-A", b"1"), (b"x-a", b"2")]
    assert inbound.header("connection") is None


def test_an_answer_in_chunks_is_put_together():
    script = answering(
        b"HTTP/1.1 202 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )
    inbound, _ = calling(script)
    assert (inbound.status, inbound.body) == (202, b"abcde")


def test_connections_are_the_gateways(tmp_path):
    async def run():
        async with staged(answering(OK), folder=tmp_path) as stage:
            for _ in range(30):
                await call(stage.replicas, Outbound(), timeout_s=5, limit_bytes=100)
            assert (len(stage.backend.asked), stage.backend.connections) == (30, 1)

    asyncio.run(run())


def test_an_answer_that_is_too_long_is_not_read():
    script = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + b"x" * 100_000)
    error, _ = calling(script)
    assert isinstance(error, CallFailed)
    assert error.kind is Fault.TOO_LARGE


async def silent(_asked, reader, _writer):
    await reader.read(1)
    return True


def test_no_answer_in_time():
    error, _ = calling(silent, timeout_s=0.1)
    assert error.kind is Fault.TIMEOUT


def test_no_replica_in_time():
    error, asked = calling(answering(OK), timeout_s=0.1, ready=False)
    assert error.kind is Fault.TIMEOUT
    assert asked == []


def test_no_replica_at_all():
    error, _ = calling(answering(OK), refusal=(429, "too many wait"))
    assert isinstance(error, NoReplica)


@pytest.mark.parametrize(
    "raw",
    [
        *(b"nonsense\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi"),
        b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    ],
)
def test_what_is_no_answer_is_unreachable(raw):
    error, _ = calling(answering(raw, end=True))
    assert error.kind is Fault.UNREACHABLE


def test_a_replica_that_is_not_there(tmp_path):
    async def run():
        async with staged(answering(OK)) as stage:
            stage.replicas.replica.address = str(tmp_path / "none")
            with pytest.raises(CallFailed) as error:
                await call(stage.replicas, Outbound(), timeout_s=5, limit_bytes=100)
            assert error.value.kind is Fault.UNREACHABLE
            assert (stage.replicas.claims, stage.replicas.replica.in_flight) == (2, 0)

    asyncio.run(run())


def test_a_call_that_is_cancelled_lets_go():
    async def run():
        async with staged(silent) as stage:
            calling = asyncio.ensure_future(
                call(stage.replicas, Outbound(), timeout_s=5, limit_bytes=100)
            )
            await until(lambda: stage.backend.asked)
            calling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await calling
            assert stage.replicas.replica.in_flight == 0
            await until(lambda: not stage.backend.open)

    asyncio.run(run())


def test_a_call_that_is_cancelled_in_the_moment_of_its_claim_lets_go():
    async def run():
        async with staged(answering(OK), ready=False) as stage:
            replicas = stage.replicas
            calling = asyncio.ensure_future(
                call(replicas, Outbound(), timeout_s=5, limit_bytes=100)
            )
            await until(lambda: replicas.waiting)
            (claiming,) = asyncio.all_tasks() - {asyncio.current_task(), calling}
            replicas.ready = True
            replicas.changed.set()
            claiming.add_done_callback(lambda _claimed: calling.cancel())
            with pytest.raises(asyncio.CancelledError):
                await calling
            await until(lambda: replicas.claims == 1 and replicas.replica.in_flight == 0)
            assert stage.backend.asked == []

    asyncio.run(run())
