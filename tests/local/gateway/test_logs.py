"""Logs as a stream of JSON objects, a line each."""

import gc
import json
from contextlib import ExitStack, contextmanager

import pytest
from tests.local.gateway.served_gateway import FAAS_CLI, until

from wherry_local.deployment import FunctionKey
from wherry_local.front.asked import Asked
from wherry_local.gateway.logs import LogRoutes
from wherry_local.journal.line import LogLine

HELLO, ORDERS = FunctionKey("hello"), FunctionKey("orders")


def write(gateway, text, *, function=HELLO, at=1_700_000_000.0, replica="hello-a", call_id=""):
    line = LogLine(at=at, function=function, replica=replica, text=text, call_id=call_id)
    gateway.call(gateway.journal.append, line)


def read(gateway, query):
    answer = gateway.ask("GET", f"/system/logs?{query}")
    assert answer.status == 200, answer.text
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.body.splitlines()]


def texts(gateway, query):
    return [each["text"] for each in read(gateway, query)]


def test_a_line_has_openfaass_keys_and_ours(gateway):
    write(gateway, "hi ☃", call_id="c1")
    (line,) = read(gateway, "name=hello&namespace=openfaas-fn")
    assert line == {
        "name": "hello",
        "namespace": "openfaas-fn",
        "instance": "hello-a",
        "timestamp": "2023-11-14T22:13:20.000000Z",
        "text": "hi ☃",
        "stream": "stdout",
        "callId": "c1",
    }


def test_every_argument_chooses(gateway):
    write(gateway, "one", at=100.0)
    write(gateway, "two", at=200.0, replica="hello-b")
    write(gateway, "three of call", at=300.0, call_id="c1")
    write(gateway, "other", at=250.0, function=ORDERS, replica="orders-a")
    assert texts(gateway, "name=hello") == ["one", "two", "three of call"]
    assert texts(gateway, "name=hello&tail=2") == ["two", "three of call"]
    assert texts(gateway, "name=hello&tail=-1") == ["one", "two", "three of call"]
    assert texts(gateway, "name=hello&tail=0") == ["one", "two", "three of call"]
    assert texts(gateway, "name=hello&instance=hello-b") == ["two"]
    assert texts(gateway, "name=hello&since=1970-01-01T00:03:20Z") == ["two", "three of call"]
    assert texts(gateway, "name=hello&since=1970-01-01T01:03:21.5%2B01:00") == ["three of call"]
    assert texts(gateway, "name=hello&since=1970-01-01T00:03:20.123456789Z") == ["three of call"]
    assert texts(gateway, "callId=c1") == ["three of call"]
    assert texts(gateway, "contains=o") == ["one", "two", "other", "three of call"]
    assert texts(gateway, "name=orders&follow=false") == ["other"]


@pytest.mark.parametrize(
    "query",
    [
        "tail=many",
        "tail=1.5",
        "tail=99999999999999999999",
        "tail=--1",
        "since=yesterday",
        "since=2026-11-23",
        "since=2026-11-23T12:00:00",
        "since=99999-01-01T00:00:00Z",
        "follow=perhaps",
        "name=No!",
        "namespace=../x",
        "instance=" + "x" * 2000,
    ],
    ids=lambda query: query[:40],
)
def test_an_argument_that_is_none_is_422(gateway, query):
    query = query if query.startswith("name=") else f"name=hello&{query}"
    assert gateway.ask("GET", f"/system/logs?{query}").status == 422


def test_an_unknown_function_is_404(gateway):
    assert gateway.ask("GET", "/system/logs?name=nothing").status == 404


@contextmanager
def following(gateway, query):
    """The answer that follows a log, from its head on."""
    connection = gateway.connection()
    connection.request("GET", f"/system/logs?{query}", headers=FAAS_CLI)
    response = connection.getresponse()
    try:
        assert response.status == 200
        yield response
    finally:
        response.close()
        connection.close()


def next_text(response):
    return json.loads(response.readline())["text"]


def test_following_gives_the_head_at_once_then_what_comes(gateway):
    with following(gateway, "name=hello&follow=true&tail=-1") as response:
        assert response.headers["Transfer-Encoding"] == "chunked"
        write(gateway, "new")
        write(gateway, "not ours", function=ORDERS)
        write(gateway, "newer")
        assert [next_text(response), next_text(response)] == ["new", "newer"]


def test_following_begins_with_what_is_kept_and_loses_and_repeats_nothing(gateway):
    for number in range(1200):
        write(gateway, str(number))
    with following(gateway, "name=hello&follow=1") as response:
        for number in range(1200, 1210):
            write(gateway, str(number))
        found = [next_text(response) for _ in range(1210)]
    assert found == [str(number) for number in range(1210)]


def test_followers_that_go_leave_nothing_behind(gateway):
    with ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(following(gateway, "follow=true"))
        assert gateway.door.in_flight == 5
    until(lambda: True if gateway.door.in_flight == 0 else None)
    gc.collect()
    assert len(gateway.journal._followers) == 0


def test_following_ends_at_its_time(gateway):
    (route,) = LogRoutes(gateway.journal, gateway.deployments, follow_s=0.05).routes()
    write(gateway, "old")

    async def followed():
        asked = Asked(method="GET", path="/system/logs", query="name=hello&follow=1")
        reply = await route.answer(asked)
        return b"".join([piece async for piece in reply.body])

    assert json.loads(gateway.run(followed()))["text"] == "old"


def test_following_does_not_hold_up_the_end_of_the_platform(gateway):
    with following(gateway, "name=hello&follow=true") as response:
        assert gateway.run(gateway.door.drain(5)) is True
        assert response.read() == b""  # whole, and not broken off
