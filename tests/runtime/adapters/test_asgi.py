"""ASGI applications over HTTP: of frameworks, and plain ones that go to the limits."""

import asyncio
import http.client
import json
import socket

import pytest
from tests.serving.conftest import eventually

from wherry.adapters.asgi.lifespan import Lifespan
from wherry.errors import HandlerNameNotFound, HandlerSignatureError, HandlerStartError
from wherry.handler import Style
from wherry.loader import load
from wherry.testing import invoke, running

FASTAPI = """
    from contextlib import asynccontextmanager

    from fastapi import BackgroundTasks, FastAPI, Request
    from pydantic import BaseModel

    @asynccontextmanager
    async def lifespan(app):
        print("opened", flush=True)
        yield {"prices": {"pen": 3}}
        print("closed", flush=True)

    app = FastAPI(lifespan=lifespan)

    class Order(BaseModel):
        item: str
        count: int = 1

    @app.get("/items/{item}")
    async def price(item: str, request: Request):
        return {"item": item, "price": request.state.prices[item]}

    @app.post("/orders", status_code=201)
    def order(order: Order):
        return order

    @app.get("/later")
    async def later(tasks: BackgroundTasks):
        tasks.add_task(print, "done later", flush=True)
        return "soon"

    @app.get("/url")
    async def url(request: Request):
        return str(request.url)
"""
STARLETTE = """
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse, StreamingResponse
    from starlette.routing import Route

    async def hello(request):
        return PlainTextResponse("Hello, " + request.path_params["name"])

    async def count(request):
        async def lines():
            for number in range(3):
                yield f"{number}\\n"
        return StreamingResponse(lines(), media_type="text/plain")

    async def size(request):
        total = 0
        async for chunk in request.stream():
            total += len(chunk)
        return PlainTextResponse(str(total))

    app = Starlette(routes=[
        Route("/hello/{name}", hello), Route("/count", count),
        Route("/size", size, methods=["POST"]),
    ])
"""
PLAIN = """
    async def app(scope, receive, send):
        assert scope["type"] == "http"
        await send({
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"text/plain")],
        })
        await send({"type": "http.response.body", "body": b"Hello, world!"})
"""


def app_of(written, body):
    """A module with an application of this body, which knows no lifespan."""
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    start = "    if scope['type'] == 'lifespan': raise ValueError(scope['type'])\n"
    return written(f"import asyncio\n\nasync def app(scope, receive, send):\n{start}{lines}\n")


START = "await send({'type': 'http.response.start', 'status': 200, 'headers': []})"
OK = f"{START}\nawait send({{'type': 'http.response.body', 'body': b'ok'}})"


def test_a_starlette_application(written):
    pytest.importorskip("starlette")
    handler = load(written(STARLETTE, "app.py").parent)
    assert handler.style is Style.ASYNC
    answer = invoke(handler, path="/hello/Ada")
    assert (answer.status, answer.text) == (200, "Hello, Ada")
    assert invoke(handler, path="/count").text == "0\n1\n2\n"
    assert invoke(handler, method="POST", path="/size", body=b"x" * 1000).text == "1000"
    assert invoke(handler, path="/none").status == 404


def test_a_plain_function(written):
    answer = invoke(load(written(PLAIN)))
    assert (answer.status, answer.text) == (200, "Hello, world!")
    assert answer.headers["content-type"] == "text/plain"


def test_the_scope(written):
    body = """
keep = {k: v for k, v in scope.items() if k not in ("headers", "raw_path", "query_string", "asgi")}
text = repr((keep, scope["headers"], scope["raw_path"], scope["query_string"], scope["asgi"]))
await send({"type": "http.response.start", "status": 200, "headers": []})
await send({"type": "http.response.body", "body": text.encode()})
"""
    handler = load(app_of(written, body))
    answer = invoke(handler, path="/a%C3%A9?q=%20", headers={"Host": "shop:81", "X-A": "1"})
    keep, headers, raw_path, query, asgi = eval(answer.text)  # what our own application wrote
    assert keep == {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/aé",
        "root_path": "",
        "client": ("127.0.0.1", 0),
        "server": ("shop", 81),
    }
    assert headers == [(b"host", b"shop:81"), (b"x-a", b"1")]
    assert (raw_path, query) == (b"/a%C3%A9", b"q=%20")
    assert asgi["version"] == "3.0"


@pytest.mark.parametrize(
    ("host", "server"), [("[::1]:8000", "('[::1]', 8000)"), ("x", "('x', 80)"), (None, "None")]
)
def test_the_server_is_what_the_caller_asked_for(written, host, server):
    body = OK.replace("b'ok'", "repr(scope['server']).encode()")
    headers = {} if host is None else {"host": host}
    assert invoke(load(app_of(written, body)), headers=headers).text == server


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("raise KeyError('mine')", "mine"),
        ("pass", "without an answer"),
        (START, "without a body"),
        ("await send({'type': 'http.response.body', 'body': b''})", "out of order"),
        (f"{START}\n{START}", "out of order"),
        (OK.replace("200", "7"), "status"),
        (OK.replace("[]", "[(b'a', b'\\n')]"), "control character"),
        ("await send({'type': 'other'})", "out of order"),
    ],
)
def test_a_fault_before_the_answer_is_the_applications(written, body, error):
    handler = load(app_of(written, body))
    with pytest.raises(Exception, match=error):
        invoke(handler)


def test_a_body_in_parts_is_one_answer(written):
    body = f"""
{START}
for part in (b"a", b"", b"b"):
    await send({{"type": "http.response.body", "body": part, "more_body": True}})
    await asyncio.sleep(0)
await send({{"type": "http.response.body"}})
"""
    assert invoke(load(app_of(written, body))).body == b"ab"


def test_fastapi_from_the_real_server(written):
    pytest.importorskip("fastapi")
    with running(written(FASTAPI, "main.py")) as function:
        connection = http.client.HTTPConnection("127.0.0.1", function.port, timeout=10)

        def call(method, path, body=None):
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

        assert call("GET", "/items/pen") == (200, {"item": "pen", "price": 3})
        assert call("POST", "/orders", '{"item": "pen"}') == (201, {"item": "pen", "count": 1})
        assert call("POST", "/orders", "{}")[0] == 422
        assert call("GET", "/later") == (200, "soon")
        assert call("GET", "/url?a=1") == (200, f"http://127.0.0.1:{function.port}/url?a=1")
        connection.close()
        assert function.terminate() == 0
        lines = function.log
    assert lines.index("opened") < lines.index("done later") < lines.index("closed")
    assert "Traceback" not in lines


def test_bodies_stream_both_ways_in_the_real_server(written):
    body = f"""
{START}
while True:
    message = await receive()
    await send({{"type": "http.response.body", "body": message["body"].upper(), "more_body": True}})
    if not message["more_body"]:
        break
await send({{"type": "http.response.body"}})
"""
    with (
        running(app_of(written, body)) as function,
        socket.create_connection(("127.0.0.1", function.port), timeout=10) as sock,
    ):
        sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        sock.sendall(b"3\r\none\r\n")
        got = b""
        while b"ONE" not in got:
            got += sock.recv(65536)
        sock.sendall(b"3\r\ntwo\r\n0\r\n\r\n")
        while not got.endswith(b"0\r\n\r\n"):
            got += sock.recv(65536)
        assert b"TWO" in got


def test_a_slow_reader_slows_the_application_down(written):
    """What is not read is not made: far less than the application would send."""
    body = f"""
{START}
for number in range(10_000):
    held = asyncio.get_running_loop().call_later(0.5, lambda: print("held back", flush=True))
    await send({{"type": "http.response.body", "body": b"x" * 65536, "more_body": True}})
    held.cancel()
    print("made", number, flush=True)
"""
    with (
        running(app_of(written, body)) as function,
        socket.create_connection(("127.0.0.1", function.port), timeout=10) as sock,
    ):
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert sock.recv(1024)
        eventually(lambda: "held back" in function.log)
        made = function.log.count("made")
        assert 0 < made < 500
        eventually(lambda: sock.recv(1 << 20) and function.log.count("made") > made)


@pytest.mark.parametrize("part", ["before", "while"])
def test_an_application_is_told_that_its_caller_has_gone(written, part):
    begin = "" if part == "before" else f"{START}\n"
    body = f"""
{begin}while (message := await receive())["type"] == "http.request":
    pass
print("told", message["type"], flush=True)
try:
    {START if part == "before" else "pass"}
    await send({{"type": "http.response.body"}})
except OSError as error:
    print("refused", flush=True)
"""
    with running(app_of(written, body), WHERRY_TIMEOUT="400ms") as function:
        connection = http.client.HTTPConnection("127.0.0.1", function.port, timeout=10)
        connection.request("GET", "/")
        if part == "before":  # its time is over
            assert connection.getresponse().status == 504
        else:
            assert connection.getresponse().status == 200
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()
        eventually(lambda: "refused" in function.log)
        assert "told http.disconnect" in function.log


def test_an_error_after_the_answer_is_logged_and_costs_nothing(written):
    with running(app_of(written, f"{OK}\nraise KeyError('late')")) as function:
        connection = http.client.HTTPConnection("127.0.0.1", function.port, timeout=10)
        for _ in range(2):
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"ok"
        connection.close()
        assert "the application failed after its answer" in function.log
        assert "KeyError: 'late'" in function.log


def test_one_that_exits_costs_one_call(written):
    body = "if scope['path'] == '/exit': raise SystemExit(3)\n"
    with running(app_of(written, body + OK)) as function:
        connection = http.client.HTTPConnection("127.0.0.1", function.port, timeout=10)
        for path, status in (("/exit", 500), ("/", 200)):
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == status
        connection.close()


# Its life -------------------------------------------------------------------------------------


def test_an_application_that_cannot_start_is_not_served(written):
    text = """
        async def app(scope, receive, send):
            message = await receive()
            await send({"type": "lifespan.startup.failed", "message": "no database"})
    """
    with pytest.raises(RuntimeError, match="no database"), running(written(text)):
        pass


def test_a_life_of_which_the_application_knows_nothing():
    async def raises(scope, receive, send):
        raise KeyError(scope["type"])

    async def returns(scope, receive, send):
        return

    async def main():
        for application in (raises, returns):
            life = Lifespan(application)
            await life.start()
            assert life.state is None
            await life.stop()

    asyncio.run(main())


def test_a_life_from_start_to_stop():
    seen = []

    async def application(scope, receive, send):
        scope["state"]["made"] = 1
        while True:
            kind = (await receive())["type"]
            seen.append(kind)
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return

    async def main():
        life = Lifespan(application)
        await life.start()
        assert life.state == {"made": 1}
        await life.stop()

    asyncio.run(main())
    assert seen == ["lifespan.startup", "lifespan.shutdown"]


def test_a_start_that_fails_says_why():
    async def application(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(HandlerStartError, match="no database"):
        asyncio.run(Lifespan(application).start())


# Which is one ---------------------------------------------------------------------------------


def test_an_application_may_be_named(written):
    file = written(
        PLAIN.replace("def app", "def other") + "\n    def handle(request): return 'ours'\n"
    )
    assert invoke(load(f"{file}:other")).text == "Hello, world!"
    assert invoke(load(file)).text == "ours"


def test_a_module_with_a_handler_of_ours_is_ours(written):
    pytest.importorskip("starlette")
    text = "from starlette.applications import Starlette\napp = Starlette()\n"
    assert invoke(load(written(text + "def handle(request): return 'ours'"))).text == "ours"
    program = text + "def main():\n    import uvicorn\n    uvicorn.run(app)\n"
    assert invoke(load(written(program))).status == 404


def test_who_says_so_must_have_one(written):
    with pytest.raises(HandlerNameNotFound, match="looked for app, application, asgi"):
        load(written("x = 1"), signature="asgi")
    with pytest.raises(HandlerSignatureError, match="an application"):
        load(written("def app(environ, start_response): ..."), signature="asgi")


def test_in_memory_what_follows_the_answer_is_done(written, capsys):
    body = f"{OK}\nawait asyncio.sleep(0.05)\nprint('followed')"
    assert invoke(load(app_of(written, body))).text == "ok"
    assert "followed" in capsys.readouterr().out
