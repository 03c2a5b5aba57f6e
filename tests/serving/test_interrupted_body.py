"""A body that breaks off while its function reads it is the caller's fault, however it is read.

The function's own log says nothing of it, whoever the function was written for.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wherry.testing import Running, running

from .conftest import eventually

SYNC = """
from collections.abc import Iterator


def handle(body: Iterator[bytes]) -> str:
    return str(sum(map(len, body)))
"""
ASYNC = """
from collections.abc import AsyncIterator


async def handle(body: AsyncIterator[bytes]) -> str:
    return str(sum([len(chunk) async for chunk in body]))
"""
WSGI = """
def app(environ, start_response):
    try:
        size = len(environ["wsgi.input"].read())
    except OSError:
        size = "caught"
    start_response("200 OK", [])
    return [str(size).encode()]
"""
ASGI = """
async def app(scope, receive, send):
    assert scope["type"] == "http"
    size, message = 0, {"more_body": True}
    while message["more_body"]:
        message = await receive()
        size += len(message["body"])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})
"""
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
LENGTH = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n"


@pytest.fixture(
    scope="module", params=[SYNC, ASYNC, WSGI, ASGI], ids=["sync", "async", "wsgi", "asgi"]
)
def function(request, tmp_path_factory: pytest.TempPathFactory):
    file: Path = tmp_path_factory.mktemp("body") / "main.py"
    file.write_text(request.param)
    with running(file, WHERRY_LIMIT_BODY="1000", WHERRY_BODY_TIMEOUT="300ms") as function:
        yield function
        assert "the function failed" not in function.log
        assert "Traceback" not in function.log


def test_a_whole_one(function: Running, wire):
    assert wire(function.port).send(CHUNKED + b"3\r\nabc\r\n0\r\n\r\n").answer()[2] == b"3"


@pytest.mark.parametrize(
    ("sent", "status", "detail"),
    [
        (CHUNKED + b"3e8\r\n" + b"x" * 1000 + b"\r\n1\r\nx\r\n", 413, "over 1000 bytes"),
        (CHUNKED + b"3\r\nabc\r\nnonsense", 400, "not valid"),
        (LENGTH + b"abc", 408, "in time"),
    ],
)
def test_one_that_breaks_off(function: Running, wire, sent: bytes, status: int, detail: str):
    answered, headers, body = wire(function.port).send(sent).answer()
    assert (answered, headers[b"content-type"]) == (status, b"application/problem+json")
    assert detail in json.loads(body)["detail"]


def test_one_whose_caller_sends_no_more(function: Running, wire):
    connection = wire(function.port).send(LENGTH + b"abc")
    connection.sock.shutdown(1)
    answered, _, body = connection.answer()
    assert answered == 400
    assert "before its time" in json.loads(body)["detail"]


def test_one_whose_caller_has_gone(function: Running, wire):
    connection = wire(function.port)
    connection.send(LENGTH.replace(b"Host: x", b"Host: x\r\nX-Call-Id: gone") + b"abc").close()
    eventually(lambda: "[gone]" in function.log)
