"""The admin API without a socket: the same routes, their answers as values, real calls."""

import asyncio
import json
from contextlib import asynccontextmanager
from types import SimpleNamespace

import orjson
import pytest

from wherry.errors import RequestRefused
from wherry.problem import Problem
from wherry.reply import Reply
from wherry_local.console.api import ApiRefused, Invocation
from wherry_local.console.in_process import InProcessApi
from wherry_local.deployment import Deployment, FunctionKey
from wherry_local.fleet.replica import NoReplica
from wherry_local.front.route import Route

JSON = [(b"content-type", b"application/json")]
NDJSON = [(b"content-type", b"application/x-ndjson")]


async def echo(asked):
    said = {
        "method": asked.method,
        "query": asked.arguments(),
        "named": dict(asked.named),
        "body": orjson.loads(asked.body) if asked.body else None,
        "type": asked.header("content-type"),
    }
    return Reply(200, JSON, orjson.dumps(said))


async def lines(asked):
    async def pieces():
        yield b'{"n":1}\n{"n"'
        yield b":2}\n"

    body = {"whole": b'{"n":1}\n{"n":2}\n', "pieces": iter([b'{"n":1}\n', b'{"n":2}\n'])}
    return Reply(200, NDJSON, body.get(asked.named["how"]) or pieces())


async def refuse(asked):
    if asked.named["how"] == "raise":
        raise RequestRefused(Problem(status=409, detail="it is over"))
    if asked.named["how"] == "bare":
        raise RequestRefused(Problem(status=404))
    if asked.named["how"] == "problem":
        return Reply.of_problem(Problem(status=409, detail="it is over"))
    return Reply(409, [(b"content-type", b"text/plain")], b"it is over\n")


async def nothing(asked):
    return Reply(202, [])


ROUTES = (
    Route(methods=("GET", "POST"), pattern="/echo/{name}", answer=echo),
    Route(methods=("GET",), pattern="/lines/{how}", answer=lines),
    Route(methods=("GET",), pattern="/refuse/{how}", answer=refuse),
    Route(methods=("DELETE",), pattern="/nothing", answer=nothing),
)


def api(functions=None):
    return InProcessApi(ROUTES, SimpleNamespace(find=(functions or {}).get))


def test_what_is_asked_arrives():
    found = asyncio.run(api().get("/echo/a%20b", {"type": "x&y=z", "n": "1"}))
    assert found["named"] == {"name": "a b"} and found["query"] == {"type": "x&y=z", "n": "1"}
    found = asyncio.run(api().send("POST", "/echo/a", {"data": "ü"}))
    assert found["body"] == {"data": "ü"} and found["type"] == "application/json"


@pytest.mark.parametrize("how", ["whole", "pieces", "async"])
def test_lines_are_a_list(how):
    assert asyncio.run(api().get(f"/lines/{how}")) == [{"n": 1}, {"n": 2}]


def test_an_empty_answer_is_none():
    assert asyncio.run(api().send("DELETE", "/nothing")) is None


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/refuse/raise", 409, "it is over"),
        ("/refuse/problem", 409, "it is over"),
        ("/refuse/text", 409, "it is over"),
        ("/refuse/bare", 404, "Not Found"),
        ("/none", 404, "no /none here"),
        ("/nothing", 405, "/nothing does not take GET"),
        ("/echo/%2e%2e", 400, "the path has a segment of dots"),
    ],
)
def test_refusals(path, status, detail):
    with pytest.raises(ApiRefused) as refused:
        asyncio.run(api().get(path))
    assert (refused.value.status, refused.value.detail) == (status, detail)


# Calling a function ------------------------------------------------------------------------------


class Replicas:
    def __init__(self, address, *, timeout_s=30.0, none=None):
        self.deployment = Deployment(key=FunctionKey("f"), timeout_s=timeout_s)
        self._replica = SimpleNamespace(address=address)
        self._none = none
        self.released = 0

    def claim_now(self):
        return None if self._none else self._replica

    async def claim(self):
        raise self._none

    def release(self, replica):
        self.released += replica is self._replica


@asynccontextmanager
async def function(tmp_path):
    async def answer(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        said = {"head": head.decode(), "body": (await reader.readexactly(length)).decode()}
        body = json.dumps(said).encode()
        writer.write(
            b"HTTP/1.1 201 Created\r\nX-It: it\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        writer.close()

    path = str(tmp_path / "f.sock")
    server = await asyncio.start_unix_server(answer, path)
    try:
        yield Replicas(path)
    finally:
        server.close()
        await server.wait_closed()


def invocation(**more):
    plain = {
        "function": "f",
        "namespace": "openfaas-fn",
        "method": "PUT",
        "path": "/a%20b",
        "query": "x=1",
        "headers": [("X-One", "ü")],
        "body": b"hello",
        "call_id": "c-1",
    }
    return Invocation(**(plain | more))


def test_a_call(tmp_path):
    async def run():
        async with function(tmp_path) as replicas:
            answered = await api({FunctionKey("f"): replicas}).invoke(invocation())
            assert replicas.released == 1
            return answered

    answered = asyncio.run(run())
    said = json.loads(answered.body)
    assert answered.status == 201 and dict(answered.headers)["X-It"] == "it"
    assert said["head"].startswith("PUT /a%20b?x=1 HTTP/1.1\r\n")
    assert (
        "X-Call-Id: c-1\r\n" in said["head"] and "X-One: \u00fc".encode().decode() in said["head"]
    )
    assert said["body"] == "hello" and answered.took_s > 0


@pytest.mark.parametrize(
    ("functions", "status", "detail"),
    [
        ({}, 404, "there is no function f"),
        ({FunctionKey("f"): Replicas("/nowhere.sock")}, 502, "the function cannot be reached"),
        (
            {FunctionKey("f"): Replicas("", none=NoReplica(503, "it does not start"))},
            503,
            "it does not start",
        ),
    ],
)
def test_a_call_without_an_answer(functions, status, detail):
    with pytest.raises(ApiRefused) as refused:
        asyncio.run(api(functions).invoke(invocation()))
    assert (refused.value.status, refused.value.detail) == (status, detail)
