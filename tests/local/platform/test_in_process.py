"""The console's way to the admin API, through routes and without a socket."""

import asyncio

import pytest

from wherry.errors import RequestRefused
from wherry.problem import Problem
from wherry.reply import Reply
from wherry_local.console.api import ApiRefused, Invocation
from wherry_local.front.route import Route
from wherry_local.platform.in_process import InProcessApi

JSON = [(b"content-type", b"application/json")]


class NoFunctions:
    def find(self, _key):
        return None

    def keys(self):
        return []


async def shown(asked):
    named = asked.named["name"].encode()
    return Reply(200, list(JSON), b'{"name":"%s","limit":"%s"}' % (named, asked.query.encode()))


async def lines(_asked):
    async def pieces():
        yield b'{"n":1}\n'
        yield b'{"n":2}\n'

    return Reply(200, [(b"content-type", b"application/x-ndjson")], pieces())


async def taken(asked):
    assert asked.header("content-type") == "application/json"
    return Reply(202, [], b"")


async def refused(_asked):
    raise RequestRefused(Problem(status=409, detail="it is over"))


async def plain(_asked):
    return Reply(404, [(b"content-type", b"text/plain")], b"function not found")


API = InProcessApi(
    [
        Route(methods=("GET",), pattern="/system/things/{name}", answer=shown),
        Route(methods=("GET",), pattern="/system/lines", answer=lines),
        Route(methods=("POST",), pattern="/system/things", answer=taken),
        Route(methods=("DELETE",), pattern="/system/things", answer=refused),
        Route(methods=("GET",), pattern="/system/plain", answer=plain),
    ],
    NoFunctions(),
)


def test_json_of_a_route_with_its_places_and_query():
    got = asyncio.run(API.get("/system/things/a%20b", {"limit": "1 2"}))
    assert got == {"name": "a b", "limit": "limit=1+2"}


def test_lines_are_a_list():
    assert asyncio.run(API.get("/system/lines")) == [{"n": 1}, {"n": 2}]


def test_a_document_is_sent_as_json_and_nothing_comes_back():
    assert asyncio.run(API.send("POST", "/system/things", {"a": 1})) is None


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [
        ("DELETE", "/system/things", 409, "it is over"),
        ("GET", "/system/plain", 404, "function not found"),
        ("GET", "/system/nothing", 404, "the platform has no such address"),
    ],
)
def test_refusals(method, path, status, detail):
    with pytest.raises(ApiRefused) as told:
        asyncio.run(API.send(method, path))
    assert (told.value.status, told.value.detail) == (status, detail)


def test_a_function_that_is_not_there():
    invocation = Invocation(
        function="a", namespace="b", method="GET", path="/", query="", headers=(), body=b"",
        call_id="1",
    )  # fmt: skip
    with pytest.raises(ApiRefused, match=r"there is no function a\.b"):
        asyncio.run(API.invoke(invocation))
