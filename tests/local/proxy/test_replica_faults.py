"""Replicas that end, and replicas whose answers are no HTTP."""

import asyncio
import errno

import pytest
from tests.local.front.wire import HOST, Caller, until
from tests.local.proxy.gateway import answering, staged

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


def request(method="GET", body=b""):
    line = f"{method} /function/hello HTTP/1.1\r\n".encode()
    return line + HOST + b"Content-Length: %d\r\n\r\n" % len(body) + body


BAD = [
    b"nonsense\r\n\r\n",
    b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi" + b"\r\n\r\n",
    b"HTTP/2 200 OK\r\n\r\n",
    b"HTTP/1.1 20 OK\r\n\r\n",
    b"HTTP/1.1 2000 OK\r\n\r\n",
    b"HTTP/1.1 999 OK\r\n\r\n",
    b"HTTP/1.1  200 OK\r\n\r\n",
    b"HTTP/1.1 200 O\x00K\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nhi",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nhi",
    b"HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nhi",
    b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nhi",
    b"HTTP/1.1 200 OK\r\n Content-Length: 2\r\n\r\nhi",
    b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX: a\nY: b\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nno field\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n: x\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300 + b"\r\n",
    b"",
    b"HTTP/1.1 200",
]


@pytest.mark.parametrize("raw", BAD, ids=lambda raw: repr(raw[:60]))
def test_what_is_no_answer_is_502_and_ends_that_connection(raw):
    async def run():
        async with staged(answering(raw, end=True)) as stage:
            async with await Caller.to(stage.port) as caller:
                for _ in range(2):
                    answer = await caller.ask(request())
                    assert answer.status == 502
                    assert b"Can't reach service for: hello.openfaas-fn." in answer.body
                    assert answer.header("x-openfaas-internal") == "proxy"
            await until(lambda: not stage.backend.open)
            assert stage.backend.connections == len(stage.backend.asked)

    asyncio.run(run())


async def read_to_the_end(caller):
    """Take chunks until the last, which is empty."""
    while await caller.chunk():
        pass


@pytest.mark.parametrize(
    "chunks",
    [
        *(b"x\r\nabc", b"3\nabc\r\n0\r\n\r\n", b"3\r\nabcd\r\n", b"-1\r\n", b"3\r\nabc0\r\n\r\n"),
        *(b"1" * 20 + b"\r\n", b"3 x\r\nabc\r\n", b"0\r\n bad\r\n\r\n", b"0\r\nA\nB\r\n\r\n"),
    ],
)
def test_a_body_that_is_no_chunks_breaks_the_answer_off(chunks):
    begun = asyncio.Event()

    async def script(_asked, reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        await writer.drain()
        await begun.wait()
        writer.write(chunks)
        await writer.drain()
        await reader.read()
        return True

    async def run():
        async with staged(script) as stage, await Caller.to(stage.port) as caller:
            await caller.send(request())
            await caller.head()
            assert await caller.chunk() == b"a"
            begun.set()
            with pytest.raises(asyncio.IncompleteReadError):
                await read_to_the_end(caller)

    asyncio.run(run())


def test_any_number_of_interim_answers_may_come_before_the_one_that_counts():
    async def run():
        raw = b"HTTP/1.1 103 Early Hints\r\n\r\n" * 5000 + OK
        async with staged(answering(raw)) as stage, await Caller.to(stage.port) as caller:
            answer = await caller.ask(request())
            assert (answer.status, answer.body) == (200, b"hi")

    asyncio.run(run())


def test_what_follows_an_answer_is_never_the_next_one():
    """A second answer that nobody asked for must not reach another caller."""

    async def run():
        async with staged(answering(OK + OK.replace(b"hi", b"no"))) as stage:
            async with await Caller.to(stage.port) as caller:
                for _ in range(5):
                    assert (await caller.ask(request())).body == b"hi"
            assert stage.backend.connections == 5

    asyncio.run(run())


def test_bytes_on_an_idle_connection_end_it():
    answered = asyncio.Event()

    async def script(_asked, _reader, writer):
        writer.write(OK)
        await writer.drain()
        await answered.wait()
        writer.write(OK.replace(b"hi", b"no"))

    async def run():
        async with staged(script) as stage, await Caller.to(stage.port) as caller:
            assert (await caller.ask(request())).body == b"hi"
            answered.set()
            await until(lambda: not stage.forwarder.pool._open)
            assert (await caller.ask(request())).body == b"hi"

    asyncio.run(run())


class Fickle:
    """Answers the first request of each connection, and ends at the second without a word."""

    def __init__(self, *, most):
        self.most = most
        self.seen = {}

    async def __call__(self, _asked, _reader, writer):
        count = self.seen[writer] = self.seen.get(writer, 0) + 1
        if count > self.most:
            return True
        writer.write(OK)
        return False


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
def test_a_kept_connection_that_ends_is_replaced_for_what_may_be_done_twice(method):
    async def run():
        async with staged(Fickle(most=1)) as stage, await Caller.to(stage.port) as caller:
            for _ in range(3):
                answer = await caller.ask(request(method), bodiless=method == "HEAD")
                assert answer.status == 200
            assert stage.backend.connections == 3

    asyncio.run(run())


def test_what_may_have_been_done_is_not_done_twice():
    async def run():
        async with staged(Fickle(most=1)) as stage, await Caller.to(stage.port) as caller:
            statuses = [(await caller.ask(request("POST", b"x"))).status for _ in range(2)]
            assert statuses == [200, 502]
            assert len(stage.backend.asked) == 2

    asyncio.run(run())


def test_a_second_try_is_the_last():
    async def run():
        async with staged(Fickle(most=0)) as stage, await Caller.to(stage.port) as caller:
            assert (await caller.ask(request())).status == 502
            assert len(stage.backend.asked) == 1

    asyncio.run(run())


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_replica_that_was_stopped_while_idle_is_met_anew(method):
    """Its kept connections end; the next call, of any method, must not be lost with them."""

    async def run():
        async with staged(Fickle(most=5)) as stage, await Caller.to(stage.port) as caller:
            await caller.ask(request(method, b"x"))
            for upstream in tuple(stage.forwarder.pool._open):
                upstream.idle_since -= 2.0
            writers = list(stage.backend.script.seen)
            for writer in writers:
                writer.close()
            assert (await caller.ask(request(method, b"x"))).status == 200
            assert stage.backend.connections == 2

    asyncio.run(run())


@pytest.mark.parametrize("unix", [False, True])
def test_a_replica_that_is_not_there_is_502_after_another_claim(unix, tmp_path):
    async def run():
        async with staged(answering(OK)) as stage, await Caller.to(stage.port) as caller:
            right = stage.replicas.replica.address
            stage.replicas.replica.address = str(tmp_path / "none") if unix else ("127.0.0.1", 1)
            assert (await caller.ask(request("POST", b"x"))).status == 502
            assert stage.replicas.claims == 2
            stage.replicas.replica.address = right
            assert (await caller.ask(request("POST", b"x"))).status == 200

    asyncio.run(run())


def test_connections_beyond_the_backlog_of_a_socket_wait(tmp_path):
    async def run():
        async with staged(answering(OK), folder=tmp_path) as stage:
            callers = [await Caller.to(stage.port) for _ in range(150)]
            for caller in callers:
                await caller.send(request())
            for caller in callers:
                assert (await caller.answer()).status == 200
                caller.close()

    asyncio.run(run())


def test_no_descriptor_is_left_for_a_connection(monkeypatch):
    async def run():
        async with staged(answering(OK)) as stage, await Caller.to(stage.port) as caller:
            for method in ("GET", "POST"):
                with monkeypatch.context() as patch:
                    patch.setattr(stage.forwarder.pool, "fresh", out_of_descriptors)
                    assert (await caller.ask(request(method, b"x"))).status == 502
            assert (await caller.ask(request())).status == 200

    asyncio.run(run())


def out_of_descriptors(_address):
    raise OSError(errno.EMFILE, "too many open files")
