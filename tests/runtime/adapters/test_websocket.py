"""Websockets to ASGI applications, from a real client and from a raw one."""

import asyncio
import base64
import socket
import subprocess
import sys
import textwrap
import time

import pytest
from tests.serving.conftest import eventually

from wherry.testing import running

websockets = pytest.importorskip("websockets")
client = pytest.importorskip("websockets.sync.client")
for each in ("wsproto", "starlette"):
    pytest.importorskip(each)

APPLICATION = """
    import asyncio
    import functools

    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route, WebSocketRoute
    from starlette.websockets import WebSocket

    taken = 0
    told = functools.partial(print, flush=True)

    async def echo(websocket: WebSocket):
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text)
        print("left", flush=True)

    async def sizes(websocket: WebSocket):
        await websocket.accept(subprotocol="sizes", headers=[(b"x-shop", b"7")])
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                print("closed", message["code"], message["reason"], flush=True)
                return
            data = message["bytes"] if "bytes" in message else message["text"].encode()
            await websocket.send_bytes(str(len(data)).encode())

    async def talks(websocket: WebSocket):
        await websocket.accept()
        await websocket.send_text("first")
        await websocket.close(4001, "enough")

    async def returns(websocket: WebSocket):
        await websocket.accept()

    async def fails(websocket: WebSocket):
        await websocket.accept()
        raise KeyError("secret 4711")

    async def denies(websocket: WebSocket):
        await websocket.close()

    async def explains(websocket: WebSocket):
        await websocket.send_denial_response(PlainTextResponse("not you", status_code=401))

    async def breaks(websocket: WebSocket):
        raise KeyError("secret 4711")

    async def chooses(websocket: WebSocket):
        await websocket.accept(subprotocol="another")

    async def splits(websocket: WebSocket):
        await websocket.accept(headers=[(b"x-a", b"b\\r\\nx-c: d")])

    async def never(websocket: WebSocket):
        await asyncio.sleep(60)

    async def floods(websocket: WebSocket):
        global taken
        await websocket.accept()
        while True:
            held = asyncio.get_running_loop().call_later(0.5, told, "held back")
            await websocket.send_bytes(b"x" * 65536)
            held.cancel()
            taken += 1

    async def sleeps(websocket: WebSocket):
        await websocket.accept()
        await asyncio.sleep(60)

    async def count(request):
        return PlainTextResponse(str(taken))

    app = Starlette(routes=[
        WebSocketRoute("/" + each.__name__, each)
        for each in (echo, sizes, talks, returns, fails, denies, explains, breaks, never, floods,
                     sleeps, chooses, splits)
    ] + [Route("/count", count)])
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("websocket") / "main.py"
    path.write_text(textwrap.dedent(APPLICATION))
    return path


@pytest.fixture(scope="module")
def function(file):
    with running(file) as function:
        yield function


def connect(function, path, **options):
    url = f"ws://127.0.0.1:{function.port}{path}"
    return client.connect(url, compression=None, max_size=None, **options)


def get(function, path):
    import urllib.request

    with urllib.request.urlopen(function.url + path, timeout=10) as answer:
        return answer.read()


def test_messages_are_echoed_in_order(function):
    with connect(function, "/echo") as websocket:
        for number in range(20):
            websocket.send(f"message {number} é")
        assert [websocket.recv() for _ in range(20)] == [f"message {n} é" for n in range(20)]


def test_many_at_once(function):
    async def one(number):
        async with websockets.connect(f"ws://127.0.0.1:{function.port}/echo") as websocket:
            for each in range(5):
                await websocket.send(f"{number}.{each}")
                assert await websocket.recv() == f"{number}.{each}"

    async def main():
        await asyncio.gather(*(one(number) for number in range(30)))

    asyncio.run(main())


def test_large_and_fragmented_messages(function):
    with connect(function, "/sizes", subprotocols=["other", "sizes"]) as websocket:
        assert websocket.subprotocol == "sizes"
        assert websocket.response.headers["X-Shop"] == "7"
        assert websocket.response.headers["X-Call-Id"]
        websocket.send(b"x" * 5_000_000)
        assert websocket.recv() == b"5000000"
        websocket.send(["aé", "b" * 100_000, "c"])
        assert websocket.recv() == b"100004"
        websocket.send(b"")
        assert websocket.recv() == b"0"


def send_and_receive(websocket, message):
    websocket.send(message)
    return websocket.recv()


def test_a_message_that_is_too_large_closes_with_1009(function):
    with connect(function, "/sizes", subprotocols=["sizes"]) as websocket:
        with pytest.raises(websockets.ConnectionClosed):
            send_and_receive(websocket, [b"x" * 1_000_000] * 17)
        assert websocket.close_code == 1009


def test_pings_are_answered(function):
    with connect(function, "/echo") as websocket:
        assert websocket.ping(b"are you there").wait(10)


def test_who_closes_is_heard(function):
    with connect(function, "/sizes", subprotocols=["sizes"]) as websocket:
        websocket.close(4321, "going home")
    eventually(lambda: "closed 4321 going home" in function.log)
    with connect(function, "/echo"):
        pass
    eventually(lambda: "left" in function.log)
    assert websocket.close_code == 4321


def test_who_vanishes_is_missed(function):
    with connect(function, "/sizes", subprotocols=["sizes"]) as websocket:
        websocket.socket.shutdown(socket.SHUT_RDWR)
        eventually(lambda: "closed 1006" in function.log)


@pytest.mark.parametrize(
    ("path", "code", "reason"), [("/talks", 4001, "enough"), ("/returns", 1000, "")]
)
def test_the_application_closes(function, path, code, reason):
    with connect(function, path) as websocket:
        if path == "/talks":
            assert websocket.recv() == "first"
        with pytest.raises(websockets.ConnectionClosed):
            websocket.recv()
        assert (websocket.close_code, websocket.close_reason) == (code, reason)


def test_an_error_of_the_application_closes_with_1011_and_tells_nothing(function):
    with connect(function, "/fails") as websocket:
        with pytest.raises(websockets.ConnectionClosed):
            websocket.recv()
        assert (websocket.close_code, websocket.close_reason) == (1011, "")
    eventually(lambda: "secret 4711" in function.log)


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/denies", 403, b"refused"),
        ("/explains", 401, b"not you"),
        ("/breaks", 500, b"failed"),
        ("/chooses", 500, b"failed"),
        ("/splits", 500, b"failed"),
    ],
)
def test_one_that_is_not_accepted(function, path, status, body):
    with pytest.raises(websockets.InvalidStatus) as caught:
        connect(function, path)
    response = caught.value.response
    assert response.status_code == status
    assert body in response.body
    assert b"4711" not in response.body


def test_a_deadline_applies_until_it_is_accepted(file):
    with running(file, WHERRY_TIMEOUT="300ms") as function, connect(function, "/echo") as ws:
        with pytest.raises(websockets.InvalidStatus) as caught:
            connect(function, "/never")
        assert caught.value.response.status_code == 504
        ws.send("still here")
        assert ws.recv() == "still here"


def test_an_idle_one_is_kept(file):
    with running(file, WHERRY_KEEPALIVE="200ms") as function, connect(function, "/echo") as ws:
        request = b"GET /count HTTP/1.1\r\nHost: x\r\n\r\n"
        exchange(function, request, until=b"nothing")  # until an idle one is closed
        ws.send("still here")
        assert ws.recv() == "still here"


def test_one_that_does_not_read_slows_the_application_down(function):
    with socket.create_connection(("127.0.0.1", function.port), timeout=10) as sock:
        sock.sendall(handshake("/floods"))
        sock.recv(1024)
        eventually(lambda: "held back" in function.log)
        made = int(get(function, "/count"))
        assert 0 < made < 500
        eventually(lambda: sock.recv(1 << 20) and int(get(function, "/count")) > made)


def sent_until_it_blocks(sock, data):
    for count in range(1000):
        try:
            sock.sendall(data)
        except TimeoutError:  # noqa: PERF203
            return count
    return 1000


def test_one_that_is_not_read_slows_its_caller_down(function):
    """The application takes nothing: most of what the caller would send stays with the caller."""
    frame = b"\x82\xff" + (65536).to_bytes(8, "big") + b"\0\0\0\0" + b"x" * 65536
    with socket.create_connection(("127.0.0.1", function.port), timeout=10) as sock:
        sock.sendall(handshake("/sleeps"))
        sock.recv(1024)
        sock.settimeout(1.0)
        assert sent_until_it_blocks(sock, frame) < 500


# The end of the process -----------------------------------------------------------------------


def test_a_drain_closes_with_1001_and_soon(file):
    with running(file) as function:
        with (
            connect(function, "/echo") as idle,
            connect(function, "/sizes", subprotocols=["sizes"]) as other,
            connect(function, "/sleeps") as deaf,
        ):
            begun = time.monotonic()
            assert function.terminate() == 0
            assert time.monotonic() - begun < 10
            for each in (idle, other, deaf):
                with pytest.raises(websockets.ConnectionClosed):
                    each.recv()
                assert each.close_code == 1001
        assert "closed 1001" in function.log
        assert "Traceback" not in function.log
        assert "cut off" not in function.log


def test_a_call_is_in_flight_as_long_as_it_is_open(file):
    with running(file, WHERRY_MAX_INFLIGHT="1", WHERRY_MAX_QUEUE="0") as function:
        with connect(function, "/echo"), pytest.raises(Exception, match="503"):
            get(function, "/count")
        eventually(lambda: _status(function) == 200)
        eventually(lambda: "GET /echo 101" in function.log)


def _status(function):
    import urllib.error

    try:
        return 200 if get(function, "/count") else 0
    except urllib.error.HTTPError as error:
        return error.code


# The handshake --------------------------------------------------------------------------------


def handshake(path="/echo", **changes):
    fields = {
        "Host": "x",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(b"0123456789abcdef").decode(),
        "Sec-WebSocket-Version": "13",
    }
    method = changes.pop("method", "GET")
    fields.update({name.replace("_", "-"): value for name, value in changes.items()})
    lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode()


def exchange(function, *data, until=b"\r\n\r\n"):
    with socket.create_connection(("127.0.0.1", function.port), timeout=10) as sock:
        for each in data:
            sock.sendall(each)
        got = b""
        while until not in got:
            chunk = sock.recv(65536)
            if not chunk:
                break
            got += chunk
        return got


def test_the_answer_is_that_of_the_specification(function):
    head = exchange(function, handshake(Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==")).lower()
    assert head.startswith(b"http/1.1 101 switching protocols\r\n")
    assert b"\r\nupgrade: websocket\r\n" in head
    assert b"\r\nconnection: upgrade\r\n" in head
    assert b"\r\nsec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n" in head
    assert b"content-length" not in head and b"transfer-encoding" not in head


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"Sec_WebSocket_Version": "8"}, b"426"),
        ({"Sec_WebSocket_Version": None}, b"426"),
        ({"Sec_WebSocket_Key": None}, b"400"),
        ({"Sec_WebSocket_Key": "short"}, b"400"),
        ({"Connection": "keep-alive"}, b"400"),
        ({"method": "POST", "Content-Length": "0"}, b"400"),
        ({"Upgrade": "h2c"}, b"404"),
    ],
)
def test_what_is_no_handshake_is_refused(function, changes, status):
    head = exchange(function, handshake(**changes))
    assert head.split()[1] == status
    if status == b"426":
        assert b"sec-websocket-version: 13" in head


def test_a_connection_goes_on_after_a_refusal(function):
    """What followed a request for another protocol is read, and as HTTP."""
    second = b"GET /count HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    together = exchange(function, handshake("/denies") + second, until=b"nothing")
    assert together.count(b"HTTP/1.1 ") == 2
    assert b"HTTP/1.1 403" in together and b"HTTP/1.1 200" in together


def test_what_comes_with_the_handshake_is_not_lost(function):
    hello = b"\x81\x85\0\0\0\0hello"
    got = exchange(function, handshake() + hello, until=b"\x81\x05hello")
    assert got.endswith(b"\x81\x05hello")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x81\x05hello", 1002),  # not masked
        (b"\xf1\x80\0\0\0\0", 1002),  # reserved bits
        (b"\x83\x80\0\0\0\0", 1002),  # an opcode that there is not
        (b"\x81\x82\0\0\0\0\xff\xff", 1007),  # text that is not UTF-8
        (b"\x89\xfe\x00\x7e\0\0\0\0" + b"x" * 126, 1002),  # a ping that is too long
    ],
)
def test_what_is_no_frame_closes(function, data, code):
    close = b"\x88\x02" + code.to_bytes(2, "big")
    assert close in exchange(function, handshake(), data, until=close)


def test_without_its_library_it_says_what_to_install(file):
    """In a process where wsproto is not found."""
    script = f"""
        import asyncio, sys
        sys.modules["wsproto"] = None
        import importlib.util
        find = importlib.util.find_spec
        importlib.util.find_spec = lambda name, *a: None if name == "wsproto" else find(name, *a)
        from wherry.loader import load
        from wherry.testing import invoke
        answer = invoke(load({str(file)!r}), path="/echo", headers={{
            "upgrade": "websocket", "connection": "upgrade"}})
        print(answer.status, answer.json["detail"])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], check=True, capture_output=True, text=True
    )
    assert done.stdout.startswith("501 ")
    assert "wherry[websocket]" in done.stdout
