"""Doors over real connections."""

import asyncio
import base64
import json
import logging

import pytest
from tests.local.front.doors import opened
from tests.local.front.wire import HOST, Caller, settled, until

from wherry.errors import RequestRefused
from wherry.problem import Problem
from wherry.reply import Reply
from wherry_local.front.guard import Guard
from wherry_local.front.route import Route

RIGHT = b"Authorization: Basic " + base64.b64encode(b"admin:right") + b"\r\n"


def request(target, *, method="GET", fields=b"", body=b""):
    length = b"Content-Length: %d\r\n" % len(body) if body else b""
    line = f"{method} {target} HTTP/1.1\r\n".encode()
    return line + HOST + fields + length + b"\r\n" + body


async def echo(asked):
    said = {"named": dict(asked.named), "body": asked.body.decode(), "query": asked.arguments()}
    return Reply(200, [(b"content-type", b"application/json")], json.dumps(said).encode())


def at(pattern, answer=echo, *methods, guarded=False, limit_bytes=100):
    return Route(
        methods=methods or ("GET", "POST"),
        pattern=pattern,
        answer=answer,
        guarded=guarded,
        limit_bytes=limit_bytes,
    )


def ask(data, *routes, guard=None, bodiless=False):
    async def run():
        async with (
            opened(routes=routes, guard=guard) as served,
            await Caller.to(served.port) as caller,
        ):
            return await caller.ask(data, bodiless=bodiless)

    return asyncio.run(run())


def test_a_route_gets_what_was_asked():
    answer = ask(request("/e/a%20b?q=1&r=", method="POST", body=b"hello"), at("/e/{name}"))
    assert answer.status == 200
    said = json.loads(answer.body)
    assert said == {"named": {"name": "a b"}, "body": "hello", "query": {"q": "1", "r": ""}}
    assert answer.header("x-content-type-options") == "nosniff"


def test_a_body_may_come_in_chunks():
    coding = b"Transfer-Encoding: chunked\r\n"
    data = request("/e/a", method="POST", fields=coding) + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    assert json.loads(ask(data, at("/e/{name}")).body)["body"] == "abcde"


def test_health_is_there_and_unguarded():
    answer = ask(request("/healthz"), guard=Guard(password="right"))
    assert (answer.status, answer.body) == (200, b"OK\n")


def test_head_is_get_without_the_body():
    answer = ask(request("/healthz", method="HEAD"), bodiless=True)
    assert (answer.status, answer.header("content-length")) == (200, "3")


def test_another_method_is_told_what_there_is():
    answer = ask(request("/e/a", method="DELETE"), at("/e/{name}"))
    assert answer.status == 405
    assert answer.header("allow") == "GET, HEAD, POST"


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_beyond_the_route_is_413(chunked):
    if chunked:
        coding = b"Transfer-Encoding: chunked\r\n"
        data = request("/e/a", method="POST", fields=coding) + b"65\r\n" + b"x" * 101 + b"\r\n"
    else:
        data = request("/e/a", method="POST", body=b"x" * 101)
    answer = ask(data, at("/e/{name}"))
    assert answer.status == 413
    assert json.loads(answer.body)["call_id"] == answer.header("x-call-id")


def test_a_large_body_is_taken_where_the_route_allows_it():
    async def size(asked):
        return Reply(200, [], b"%d" % len(asked.body))

    data = request("/e/a", method="POST", body=b"x" * 700_000)
    assert ask(data, at("/e/{name}", size, limit_bytes=700_000)).body == b"700000"


def test_a_failure_is_500_with_a_call_id_and_nothing_inner(caplog):
    async def fail(_asked):
        raise ValueError("the secret")

    with caplog.at_level(logging.ERROR):
        answer = ask(request("/e/a"), at("/e/{name}", fail))
    assert answer.status == 500
    assert b"secret" not in answer.body
    call_id = answer.header("x-call-id")
    assert json.loads(answer.body)["call_id"] == call_id
    assert call_id in caplog.text


def test_a_refusal_is_its_problem():
    async def refuse(_asked):
        raise RequestRefused(Problem(status=409, detail="it is there", members={"hint": "look"}))

    answer = ask(request("/e/a"), at("/e/{name}", refuse))
    assert answer.status == 409
    assert json.loads(answer.body)["hint"] == "look"


def test_a_call_id_is_kept_or_made():
    kept = ask(request("/healthz", fields=b"X-Call-Id: mine-1\r\n"))
    made = ask(request("/healthz", fields=b"X-Call-Id: no good\r\n"))
    assert kept.header("x-call-id") == "mine-1"
    assert len(made.header("x-call-id")) == 36


def test_a_guarded_route_wants_the_password_before_the_body():
    guard = Guard(password="right")
    route = at("/e/{name}", guarded=True)
    head = b"POST /e/a HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n"
    assert ask(head + b"Expect: 100-continue\r\n\r\n", route, guard=guard).status == 401
    assert ask(head + RIGHT + b"\r\nhello", route, guard=guard).status == 200


@pytest.mark.parametrize(
    "target", ["/e/a", "/healthz", "http://evil.example/healthz", "/function/x"]
)
def test_a_foreign_host_is_misdirected(target):
    data = f"GET {target} HTTP/1.1\r\nHost: evil.example\r\n\r\n".encode()
    assert ask(data, at("/e/{name}"), guard=Guard(password="right")).status == 421


def test_an_absolute_target_must_name_the_same_host():
    async def run():
        async with opened(guard=Guard(password="right")) as served:
            statuses = []
            for host in (b"localhost", b"evil.example"):
                data = b"GET http://localhost/healthz HTTP/1.1\r\nHost: " + host + b"\r\n\r\n"
                async with await Caller.to(served.port) as caller:
                    statuses.append((await caller.ask(data)).status)
            return statuses

    assert asyncio.run(run()) == [200, 400]


def pieces(log, *, wait_s=0.0):
    async def made():
        try:
            for number in range(3):
                yield b"line %d\n" % number
            if wait_s:
                await asyncio.sleep(wait_s)
        finally:
            log.append("closed")

    async def answer(_asked):
        return Reply(200, [(b"content-type", b"application/x-ndjson")], made())

    return answer


def test_an_answer_in_pieces_is_sent_as_it_is_made():
    log = []
    answer = ask(request("/s"), at("/s", pieces(log)))
    assert (answer.framing, answer.body) == ("chunked", b"line 0\nline 1\nline 2\n")
    assert log == ["closed"]


@pytest.mark.parametrize("abort", [False, True])
def test_an_answer_in_pieces_ends_with_its_caller(abort):
    log = []

    async def run():
        async with opened(routes=[at("/s", pieces(log, wait_s=60))]) as served:
            caller = await Caller.to(served.port)
            await caller.send(request("/s"))
            await caller.head()
            assert await caller.chunk() == b"line 0\n"
            if abort:
                caller.abort()
            else:
                caller.close()
            await until(lambda: log)
            assert served.door.in_flight == 0

    asyncio.run(run())
    assert log == ["closed"]


def test_a_slow_reader_holds_its_answer_back():
    made = []

    async def endless(_asked):
        async def flow():
            while True:
                made.append(1)
                yield b"x" * 65536

        return Reply(200, [], flow())

    async def run():
        async with opened(routes=[at("/s", endless)]) as served:
            caller = await Caller.to(served.port)
            await caller.send(request("/s"))
            await caller.head()
            seen = await settled(lambda: len(made))
            caller.abort()
            return seen

    assert asyncio.run(run()) < 400


def test_a_drain_answers_what_is_there_and_ends_what_has_no_end():
    log = []
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_asked):
        begun.set()
        await go_on.wait()
        return Reply(200, [], b"done")

    async def run():
        routes = [at("/slow", slow), at("/s", pieces(log, wait_s=60))]
        async with opened(routes=routes) as served:
            one, two, idle = [await Caller.to(served.port) for _ in range(3)]
            await idle.ask(request("/healthz"))
            await two.send(request("/s"))
            await two.head()
            await one.send(request("/slow"))
            await begun.wait()
            late = await Caller.to(served.port)  # it waits in the backlog
            draining = asyncio.ensure_future(served.door.drain(10))
            await late.send(request("/healthz"))
            assert (await late.answer()).header("connection") == "close"
            while await two.chunk():
                pass
            assert await idle.is_ended()
            with pytest.raises(ConnectionRefusedError):
                await Caller.to(served.port)
            go_on.set()
            answer = await one.answer()
            assert (answer.body, answer.header("connection")) == (b"done", "close")
            for caller in (one, two, idle, late):
                caller.close()
            assert await draining

    asyncio.run(run())
    assert log == ["closed"]


def test_a_drain_gives_up_in_time():
    async def forever(_asked):
        await asyncio.sleep(60)

    async def run():
        async with opened(routes=[at("/x", forever)]) as served:
            caller = await Caller.to(served.port)
            await caller.send(request("/x"))
            await until(lambda: served.door.in_flight)
            assert not await served.door.drain(0.2)
            caller.close()

    asyncio.run(run())


def test_many_doors_share_a_loop_and_sleep_when_nobody_asks():
    async def run():
        async with opened() as one, opened(routes=[at("/e/{name}")]) as two:
            async with await Caller.to(one.port) as a, await Caller.to(two.port) as b:
                assert (await a.ask(request("/e/x"))).status == 404
                assert (await b.ask(request("/e/x"))).status == 200
                reactor = one.door._reactor
                assert reactor is two.door._reactor
                assert not reactor.asleep
            await until(lambda: reactor.asleep)
            async with await Caller.to(one.port) as late:
                assert (await late.ask(request("/healthz"))).status == 200

    asyncio.run(run())
