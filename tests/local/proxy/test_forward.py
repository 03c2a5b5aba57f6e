"""Calls through the gateway: what the replica gets, and what the caller."""

import asyncio
import time
import uuid

import pytest
from tests.local.front.wire import HOST, Caller, until
from tests.local.proxy.gateway import KEY, answering, staged

from wherry_local.deployment import FunctionKey
from wherry_local.proxy.forward import Forwarder

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi"


def request(target="/function/hello", *, method="GET", fields=b"", body=b""):
    length = b"Content-Length: %d\r\n" % len(body) if body else b""
    return f"{method} {target} HTTP/1.1\r\n".encode() + HOST + fields + length + b"\r\n" + body


def through(data, script=None, *, bodiless=False, **how):
    """The answer to one request, and what the replica was asked."""

    async def run():
        async with staged(script or answering(OK), **how) as stage:
            async with await Caller.to(stage.port) as caller:
                answer = await caller.ask(data, bodiless=bodiless)
            return answer, stage.backend.asked, stage.counted

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("target", "seen"),
    [
        ("/function/hello", "/"),
        ("/function/hello/", "/"),
        ("/function/hello.openfaas-fn/a/b?x=1&y", "/a/b?x=1&y"),
        ("/function/hello?q=%20", "/?q=%20"),
        ("/function/hello/a%2Fb//c", "/a%2Fb//c"),
        ("http://localhost/function/hello/z", "/z"),
    ],
)
def test_a_function_gets_its_own_path(target, seen):
    answer, (asked,), _ = through(request(target))
    assert (answer.status, answer.body) == (200, b"hi")
    assert asked.target == seen


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
@pytest.mark.parametrize("body", [b"", b"hello"])
def test_any_method_with_its_body(method, body):
    _, (asked,), _ = through(request(method=method, body=body))
    assert (asked.method, asked.body) == (method, body)
    assert asked.header("transfer-encoding") is None


def test_what_a_gateway_adds():
    before = time.time_ns()
    answer, (asked,), counted = through(request(fields=b"X-Own: a\r\nCookie: c\r\n"))
    assert str(uuid.UUID(asked.header("x-call-id"))) == asked.header("x-call-id")
    assert answer.header("x-call-id") == asked.header("x-call-id")
    assert before <= int(asked.header("x-start-time")) <= time.time_ns()
    assert answer.header("x-start-time") == asked.header("x-start-time")
    assert asked.header("host") == "localhost"
    assert asked.header("x-forwarded-for") == "127.0.0.1"
    assert asked.header("x-forwarded-host") == "localhost"
    assert asked.header("x-forwarded-proto") == "http"
    assert (asked.header("x-own"), asked.header("cookie")) == ("a", "c")
    assert answer.header("x-served-by").startswith("wherry/")
    assert answer.header("date") is not None
    assert [(key, status) for key, status, _ in counted] == [(KEY, 200)]


def test_what_a_gateway_adds_only_where_it_is_absent():
    said = b"X-Call-Id: mine\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Host: a.example\r\n"
    answer, (asked,), _ = through(request(fields=said + b"X-Start-Time: 1\r\n"))
    assert asked.header("x-call-id") == answer.header("x-call-id") == "mine"
    assert asked.header("x-forwarded-for") == "192.0.2.1"
    assert asked.header("x-forwarded-host") == "a.example"
    assert asked.header("x-forwarded-proto") == "http"
    assert asked.header("x-start-time") != "1"


def test_fields_of_the_connection_stay_on_it():
    fields = (
        b"Connection: keep-alive, X-Private\r\nX-Private: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\n"
        b"Proxy-Authorization: x\r\nProxy-Connection: y\r\nTrailer: z\r\nUpgrade: h2c\r\n"
    )
    script = answering(
        b"HTTP/1.1 200 OK\r\nConnection: keep-alive, x-hidden\r\nX-Hidden: 1\r\nKeep-Alive: 5\r\n"
        b"Content-Length: 2\r\nX-Shown: 1\r\n\r\nhi"
    )
    answer, (asked,), _ = through(request(fields=fields), script)
    dropped = {"connection", "x-private", "keep-alive", "te", "trailer", "upgrade"}
    assert not dropped & {name for name, _ in asked.fields}
    assert not {"proxy-authorization", "proxy-connection"} & {name for name, _ in asked.fields}
    assert (answer.header("x-hidden"), answer.header("keep-alive")) == (None, None)
    assert answer.header("x-shown") == "1"


def test_a_redirect_is_the_callers_business():
    script = answering(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n")
    answer, asked, _ = through(request(), script)
    assert (answer.status, answer.header("location"), len(asked)) == (302, "/x", 1)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("/function/nope", b"error finding function nope.openfaas-fn: not found"),
        ("/function/hello.other", b"error finding function hello.other: not found"),
        ("/function/", b"no function can have that name"),
        ("/function", b"no function can have that name"),
        ("/function/a%20b", b"no function can have that name"),
    ],
)
def test_an_unknown_function_is_404(target, said):
    answer, asked, _ = through(request(target))
    assert answer.status == 404
    assert said in answer.body
    assert asked == []


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        ((429, "too many wait"), b"No endpoints available for: hello.openfaas-fn."),
        ((503, "too many wait"), b"No endpoints available for: hello.openfaas-fn."),
        ((502, "it does not start"), b"Can't reach service for: hello.openfaas-fn. it does"),
        ((404, "gone"), b"error finding function hello.openfaas-fn"),
    ],
)
def test_who_gets_no_replica_is_told(refusal, said):
    answer, _, counted = through(request(), refusal=refusal)
    assert answer.status == refusal[0]
    assert said in answer.body
    assert [status for _, status, _ in counted] == [refusal[0]]
    assert (answer.header("retry-after") is not None) == (refusal[0] in {429, 503})


def test_a_function_of_the_project_is_found_without_its_namespace():
    async def run():
        async with staged(answering(OK)) as stage:
            own = stage.forwarder
            other = Forwarder(own._functions, loop=asyncio.get_running_loop(), namespace="shop")
            own._functions.found[FunctionKey("pay", "shop")] = stage.replicas
            return [
                other._find(FunctionKey("pay")) is stage.replicas,
                own._find(FunctionKey("pay")) is None,
                other._find(FunctionKey("pay", "elsewhere")) is None,
            ]

    assert asyncio.run(run()) == [True, True, True]


def test_a_call_waits_for_the_first_replica():
    async def run():
        async with staged(answering(OK), ready=False) as stage:
            async with await Caller.to(stage.port) as caller:
                await caller.send(request(body=b"hello", method="POST"))
                await until(lambda: stage.replicas.waiting)
                stage.replicas.open()
                answer = await caller.answer()
            assert (answer.status, stage.backend.asked[0].body) == (200, b"hello")

    asyncio.run(run())


def test_a_caller_who_goes_waits_no_longer():
    async def run():
        async with staged(answering(OK), ready=False) as stage:
            caller = await Caller.to(stage.port)
            await caller.send(request())
            await until(lambda: stage.replicas.waiting)
            caller.close()
            await until(lambda: not stage.replicas.waiting and stage.counted)
            assert stage.counted[0][1] == 499
            assert stage.backend.asked == []

    asyncio.run(run())


def test_connections_are_kept_and_used_again(tmp_path):
    async def run(folder):
        async with staged(answering(OK), folder=folder) as stage:
            async with await Caller.to(stage.port) as caller:
                for _ in range(20):
                    assert (await caller.ask(request())).body == b"hi"
            assert (len(stage.backend.asked), stage.backend.connections) == (20, 1)

    asyncio.run(run(None))
    asyncio.run(run(tmp_path))


def test_pipelined_calls_are_answered_in_order():
    async def script(asked, _reader, writer):
        body = asked.target.encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    async def run():
        async with staged(script) as stage, await Caller.to(stage.port) as caller:
            targets = [f"/function/hello/{number}" for number in range(10)]
            await caller.send(b"".join(request(target) for target in targets))
            return [(await caller.answer()).body for _ in targets]

    assert asyncio.run(run()) == [b"/%d" % number for number in range(10)]


def test_a_function_that_does_not_answer_is_504():
    async def script(_asked, reader, _writer):
        await reader.read(1)  # until the gateway lets go
        return True

    answer, _, counted = through(request(), script, timeout_s=0.1)
    assert (answer.status, counted[0][1]) == (504, 504)
    assert b"did not answer in time" in answer.body


def test_a_call_that_comes_back_too_often_ends():
    answer, asked, _ = through(request(fields=b"X-Wherry-Hops: 19\r\n"))
    assert (answer.status, asked[0].header("x-wherry-hops")) == (200, "20")
    answer, asked, _ = through(request(fields=b"X-Wherry-Hops: 20\r\n"))
    assert (answer.status, asked) == (508, [])


def test_a_caller_that_closes_is_told_so():
    answer, _, _ = through(request(fields=b"Connection: close\r\n"))
    assert answer.header("connection") == "close"
    data = b"GET /function/hello HTTP/1.0\r\n\r\n"
    answer, (asked,), _ = through(data)
    assert (answer.header("connection"), answer.body) == ("close", b"hi")
    assert asked.header("host") == "localhost"


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body(status):
    script = answering(b"HTTP/1.1 %d X\r\nETag: a\r\n\r\n" % status)

    async def run():
        async with staged(script) as stage, await Caller.to(stage.port) as caller:
            answers = [await caller.ask(request()) for _ in range(2)]
            assert stage.backend.connections == 1
            return answers

    for answer in asyncio.run(run()):
        assert answer.status == status
        assert answer.header("content-length") is None
        assert answer.header("transfer-encoding") is None


@pytest.mark.parametrize("framing", [b"Content-Length: 5", b"Transfer-Encoding: chunked"])
def test_head_has_no_body_and_the_connection_goes_on(framing):
    script = answering(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n")

    async def run():
        async with staged(script) as stage, await Caller.to(stage.port) as caller:
            answers = [await caller.ask(request(method="HEAD"), bodiless=True) for _ in range(2)]
            assert stage.backend.connections == 1
            return answers

    for answer in asyncio.run(run()):
        assert answer.status == 200
        assert answer.header("content-length") == ("5" if b"5" in framing else None)


def test_what_comes_before_the_answer_is_passed_over():
    script = answering(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK
    )
    answer, _, _ = through(request(), script)
    assert (answer.status, answer.body, answer.header("link")) == (200, b"hi", None)


def test_a_body_that_is_asked_for_is_sent():
    async def run():
        async with staged(answering(OK)) as stage, await Caller.to(stage.port) as caller:
            fields = b"Expect: 100-continue\r\nContent-Length: 5\r\n"
            await caller.send(request(method="POST", fields=fields))
            assert (await caller.head()).status == 100
            await caller.send(b"hello")
            assert (await caller.answer()).status == 200
            (asked,) = stage.backend.asked
            assert (asked.body, asked.header("expect")) == (b"hello", None)

    asyncio.run(run())


def test_a_drain_lets_calls_end_and_says_close():
    async def run():
        go_on = asyncio.Event()

        async def script(_asked, _reader, writer):
            await go_on.wait()
            writer.write(OK)

        async with staged(script) as stage, await Caller.to(stage.port) as caller:
            await caller.send(request())
            await until(lambda: stage.backend.asked)
            draining = asyncio.ensure_future(stage.door.drain(10))
            await until(lambda: stage.forwarder.draining)
            go_on.set()
            answer = await caller.answer()
            assert (answer.body, answer.header("connection")) == (b"hi", "close")
            caller.close()
            assert await draining

    asyncio.run(run())


def test_room_that_is_given_back_is_taken_by_who_waits():
    async def run():
        async with staged(answering(OK), room=1) as stage:
            callers = [await Caller.to(stage.port) for _ in range(20)]
            for caller in callers:
                await caller.send(request())
            for caller in callers:
                assert (await caller.answer()).status == 200
                caller.close()
            assert stage.replicas.claims == 20

    asyncio.run(run())
