"""Requests for another protocol: granted, the connection is the function's; else HTTP goes on."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from wherry.testing import Running, running

from .conftest import FUNCTIONS, eventually, get, post

UP = "/grants/up"  # both the name of the function and a path of its own
ASK = ("Connection: Upgrade", "Upgrade: lines")
GRANTS = '''
"""Speaks a protocol of lines to who asks for it."""

from wherry.reply import Upgraded
from wherry.request import Request


async def lines(stream):
    print("begun", flush=True)
    try:
        while data := await stream.receive():
            if data == b"fail\\n":
                raise ValueError("secret 4711")
            if data == b"bye\\n":
                return
            if data == b"much\\n":
                data = b"x" * 20_000_000
            await stream.send(data.upper())
        print("other end", flush=True)
    finally:
        await stream.send(b"ended\\n")
        print("ended", flush=True)


async def handle(request: Request):
    if request.path == "/grants/up":
        return Upgraded(b"lines", [(b"x-shop", b"7")], lines)
    return request.path
'''


@pytest.fixture(scope="module")
def grants(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("upgrade") / "grants.py"
    file.write_text(GRANTS)
    return file


@pytest.fixture(scope="module", params=["alone", "beside a sync one"])
def function(request, grants: Path):
    """Beside a sync function the turns of the edge are another thread's."""
    source = str(grants)
    if request.param != "alone":
        source = f"{grants},{FUNCTIONS / 'sync.py'}"
    with running(source) as function:
        yield function


def test_the_connection_is_handed_over(function: Running, wire):
    connection = wire(function.port).send(get(UP, *ASK))
    status, headers, _ = connection.answer(head_only=True)
    assert status == 101
    assert (headers[b"connection"], headers[b"upgrade"]) == (b"Upgrade", b"lines")
    assert (headers[b"x-shop"], b"content-length" in headers) == (b"7", False)
    assert connection.send(b"one\n").until(b"\n") == b"ONE\n"
    http = b"GET / HTTP/1.1\r\n\r\n"
    assert connection.send(http).until(b"\r\n\r\n") == http
    assert connection.send(b"bye\n").rest().endswith(b"ended\n")
    eventually(lambda: f"GET {UP} 101" in function.log)


def test_what_came_with_the_request_is_not_lost(function: Running, wire):
    connection = wire(function.port).send(get(UP, *ASK) + b"early\n")
    connection.answer(head_only=True)
    assert connection.until(b"\n") == b"EARLY\n"


def test_more_than_the_socket_takes_at_once(function: Running, wire):
    connection = wire(function.port).send(get(UP, *ASK))
    connection.answer(head_only=True)
    connection.send(b"much\n")
    size = 0
    while size < 20_000_000:
        size += len(connection.read_some())
        connection.buffer = b""
    assert connection.send(b"after\n").until(b"\n") == b"AFTER\n"


def test_the_end_of_the_other_end(function: Running, wire):
    connection = wire(function.port).send(get(UP, *ASK))
    connection.answer(head_only=True)
    connection.sock.shutdown(1)
    assert connection.rest() == b"ended\n"
    eventually(lambda: "other end" in function.log)


def test_an_error_is_logged_and_closes(function: Running, wire):
    connection = wire(function.port).send(get(UP, *ASK) + b"fail\n")
    connection.answer(head_only=True)
    assert connection.rest() == b"ended\n"
    eventually(lambda: "secret 4711" in function.log)
    assert wire(function.port).send(get("/grants/still")).answer()[2] == b"/grants/still"


def test_the_end_of_the_process_lets_it_take_leave(grants: Path, wire):
    with running(grants) as function:
        connection = wire(function.port).send(get(UP, *ASK))
        connection.answer(head_only=True)
        eventually(lambda: "begun" in function.log)
        begun = time.monotonic()
        assert function.terminate() == 0
        assert time.monotonic() - begun < 10
        assert connection.rest() == b"ended\n"
        assert "cut off" not in function.log and "Traceback" not in function.log


def test_no_time_applies_after_it(grants: Path, wire):
    with running(grants, WHERRY_TIMEOUT="200ms", WHERRY_KEEPALIVE="200ms") as function:
        connection = wire(function.port).send(get(UP, *ASK))
        connection.answer(head_only=True)
        assert wire(function.port).send(get("/idle")).rest()  # until an idle one is closed
        assert connection.send(b"here\n").until(b"\n") == b"HERE\n"


# Not granted ----------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["sync.py", "asynchronous.py"])
def plain(request):
    with running(FUNCTIONS / request.param) as function:
        yield function


@pytest.mark.parametrize(
    "first",
    [
        get("/echo", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: x"),
        post("/echo", b"abc", *ASK),
        get("/livez", *ASK),
        get("/echo", "Upgrade: lines"),
        get("/echo", *ASK) + get("/echo", *ASK),
    ],
    ids=["h2c", "with a body", "a probe", "without Connection", "twice"],
)
@pytest.mark.parametrize("together", [False, True])
def test_http_goes_on(plain: Running, wire, first: bytes, together: bool):
    connection = wire(plain.port)
    last = get("/echo", "X-Call-Id: last")
    connection.send(first + last if together else first)
    for _ in range(first.count(b" HTTP/1.1\r\n")):
        assert connection.answer()[0] in {200, 404}
    if not together:
        connection.send(last)
    assert connection.answer()[1][b"x-call-id"] == b"last"


def test_a_fault_behind_it_is_refused(plain: Running, wire):
    connection = wire(plain.port).send(get("/echo", *ASK) + b"nonsense\r\n\r\n")
    assert connection.answer()[0] in {200, 404}
    assert connection.answer()[0] == 400
