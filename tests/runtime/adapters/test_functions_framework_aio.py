"""Functions of `functions_framework.aio` as its documentation writes them."""

import asyncio
import json
import sys

import pytest

from wherry import CloudEvent
from wherry.errors import HandlerImportError
from wherry.loader import load
from wherry.testing import invoke, invoke_event

PAID = CloudEvent(type="com.acme.paid", source="/till", data={"amount": 5})
HTTP = """
    import functions_framework.aio
    from starlette.background import BackgroundTask
    from starlette.exceptions import HTTPException
    from starlette.requests import Request
    from starlette.responses import (
        FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse,
    )

    done = []

    async def numbers():
        for number in range(3):
            yield f"{number}\\n"

    ANSWERS = {
        "text": lambda: "text",
        "dict": lambda: {"a": 1},
        "pair": lambda: ("no", 404),
        "pair of a dict": lambda: ({"a": 1}, 201),
        "json": lambda: JSONResponse([1], status_code=202, headers={"X-Made": "yes"}),
        "html": lambda: HTMLResponse("<p>"),
        "redirect": lambda: RedirectResponse("/there"),
        "stream": lambda: StreamingResponse(numbers(), media_type="text/plain"),
        "file": lambda: FileResponse(__file__),
        "none": lambda: None,
        "list": lambda: [1],
        "empty": lambda: Response(status_code=204),
        "task": lambda: Response("soon", background=BackgroundTask(done.append, 1)),
    }

    @functions_framework.aio.http
    async def answer(request: Request):
        if request.query_params["as"] == "raised":
            raise HTTPException(418, "tea", headers={"X-Pot": "short"})
        if request.query_params["as"] == "raised empty":
            raise HTTPException(304)
        return ANSWERS[request.query_params["as"]]()

    @functions_framework.aio.http
    async def echo(request):
        document = await request.json()
        assert not await request.is_disconnected()
        return {
            "method": request.method,
            "path": request.url.path,
            "query": request.query_params.getlist("q"),
            "header": request.headers.get("x-sent"),
            "json": document,
            "host": request.client.host,
        }

    @functions_framework.aio.http
    async def lines(request: Request):
        total = 0
        async for chunk in request.stream():
            total += len(chunk)
        return str(total)

    @functions_framework.aio.http
    def blocking(request):
        import threading
        return threading.current_thread().name

    async def undecorated(request):
        return type(request).__module__
    """
EVENTS = """
    import functions_framework.aio

    seen = []

    @functions_framework.aio.cloud_event
    async def stored(event):
        seen.append((event["type"], event.data))

    @functions_framework.aio.cloud_event
    def stored_sync(event):
        seen.append((event["type"], event.data))
    """


class TestHttp:
    @pytest.fixture(autouse=True)
    def starlette(self):
        pytest.importorskip("starlette", reason="starlette is not installed")

    @pytest.mark.parametrize(
        ("kind", "status", "body", "content_type"),
        [
            ("text", 200, b"text", None),
            ("dict", 200, b'{"a":1}', "application/json"),
            ("pair", 404, b"no", None),
            ("pair of a dict", 201, b'{"a":1}', "application/json"),
            ("json", 202, b"[1]", "application/json"),
            ("html", 200, b"<p>", "text/html; charset=utf-8"),
            ("redirect", 307, b"", None),
            ("stream", 200, b"0\n1\n2\n", "text/plain; charset=utf-8"),
            ("none", 204, b"", None),
            ("list", 200, b"[1]", "application/json"),
            ("empty", 204, b"", None),
            ("raised", 418, b"tea", "text/plain; charset=utf-8"),
            ("raised empty", 304, b"", None),
        ],
    )
    def test_what_it_may_return(self, written, kind, status, body, content_type):
        answer = invoke(load(written(HTTP), name="answer"), path=f"/?as={kind.replace(' ', '+')}")
        assert (answer.status, answer.body) == (status, body)
        assert answer.headers.get("content-type") == content_type

    def test_headers_of_a_response_are_sent(self, written):
        handler = load(written(HTTP), name="answer")
        assert invoke(handler, path="/?as=json").headers["x-made"] == "yes"
        assert invoke(handler, path="/?as=raised").headers["x-pot"] == "short"
        assert invoke(handler, path="/?as=redirect").headers["location"] == "/there"

    def test_a_file_is_sent(self, written):
        file = written(HTTP)
        answer = invoke(load(file, name="answer"), path="/?as=file")
        assert answer.body == file.read_bytes()
        assert "python" in answer.headers["content-type"]

    def test_the_request_is_starlettes(self, written):
        answer = invoke(
            load(written(HTTP), name="echo"),
            method="POST",
            path="/a%20b?q=1&q=2",
            headers={"X-Sent": "yes"},
            json={"n": 1},
        )
        assert answer.json == {
            "method": "POST",
            "path": "/a b",
            "query": ["1", "2"],
            "header": "yes",
            "json": {"n": 1},
            "host": "127.0.0.1",
        }

    def test_the_body_may_be_taken_as_a_stream(self, written):
        handler = load(written(HTTP), name="lines")
        assert invoke(handler, method="POST", body=b"12345").text == "5"
        assert invoke(handler).text == "0"

    def test_one_that_is_not_async_runs_in_a_thread(self, written):
        name = invoke(load(written(HTTP), name="blocking")).text
        assert name.startswith("asyncio_")

    def test_an_undecorated_one_is_said_to_be(self, written):
        handler = load(written(HTTP), name="undecorated", signature="aio")
        assert invoke(handler).text == "starlette.requests"

    def test_what_browsers_ask_for_is_not_the_functions(self, written):
        assert invoke(load(written(HTTP), name="blocking"), path="/favicon.ico").status == 404


def test_starlettes_absence_is_told_with_its_name(written, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "starlette"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(
        sys.modules, "wherry.adapters.functions_framework.starlette_calls", raising=False
    )
    from wherry.adapters import functions_framework

    monkeypatch.delattr(functions_framework, "starlette_calls", raising=False)
    monkeypatch.setitem(sys.modules, "starlette", None)
    file = written(
        """
        import functions_framework.aio

        @functions_framework.aio.http
        async def f(request): ...
        """
    )
    with pytest.raises(HandlerImportError, match="starlette is not installed") as told:
        load(file)
    assert told.value.hint.startswith("pip install starlette")


@pytest.mark.parametrize("name", ["stored", "stored_sync"])
def test_events_need_no_starlette(written, name, monkeypatch, seen_by):
    monkeypatch.setitem(sys.modules, "starlette", None)
    handler = load(written(EVENTS), name=name)
    assert handler.is_async is (name == "stored")
    answer = invoke_event(handler, PAID)
    assert (answer.status, answer.text) == (200, "OK")
    assert seen_by(handler) == [("com.acme.paid", {"amount": 5})]
    assert invoke(handler, method="POST", body=b"{}").status in {400, 415}


@pytest.mark.parametrize("is_async", [False, True])
def test_an_event_may_be_refused_on_purpose(written, is_async):
    pytest.importorskip("starlette", reason="starlette is not installed")
    file = written(
        f"""
        import functions_framework.aio
        from starlette.exceptions import HTTPException

        @functions_framework.aio.cloud_event
        {"async " if is_async else ""}def f(event):
            if event["type"] == "com.acme.paid":
                raise HTTPException(409, "paid already")
            raise ValueError("of the function")
        """
    )
    handler = load(file)
    assert handler.is_async is is_async
    answer = invoke_event(handler, PAID)
    assert (answer.status, answer.text) == (409, "paid already")
    with pytest.raises(ValueError, match="of the function"):
        invoke_event(handler, CloudEvent(type="other", source="/"))


class TestApplication:
    """`create_asgi_app`, driven as a server drives it."""

    @pytest.fixture(autouse=True)
    def starlette(self):
        pytest.importorskip("starlette", reason="starlette is not installed")

    @pytest.fixture
    def create(self):
        from wherry.adapters import install

        install()
        from functions_framework.aio import create_asgi_app

        return create_asgi_app

    def test_http(self, create, written):
        app = create("echo", written(HTTP))
        status, headers, body = called(
            app, method="POST", path="/a%20b", query="q=1", body=b'{"n":1}'
        )
        assert status == 200
        assert headers["content-type"] == "application/json"
        assert int(headers["content-length"]) == len(body)
        assert json.loads(body)["json"] == {"n": 1}

    def test_a_stream(self, create, written):
        status, _, body = called(create("answer", written(HTTP)), query="as=stream")
        assert (status, body) == (200, b"0\n1\n2\n")

    def test_an_undecorated_function_takes_starlettes_request(self, create, written):
        assert called(create("undecorated", written(HTTP)))[2] == b"starlette.requests"

    @pytest.mark.parametrize("name", ["stored", "stored_sync"])
    def test_events(self, create, written, name):
        app = create(name, written(EVENTS))
        headers = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/", "ce-type": "t"}
        assert called(app, method="POST", headers=headers)[::2] == (200, b"OK")
        status, _, body = called(app, method="POST", headers={**headers, "ce-id": ""})
        assert (status, json.loads(body)["attribute"]) == (400, "id")

    def test_an_error_of_its_own_is_a_bare_500(self, create, written):
        file = written(
            """
            async def f(request):
                raise ValueError("inner text")
            """
        )
        status, _, body = called(create("f", file))
        assert status == 500
        assert b"inner" not in body

    def test_an_ordinary_create_app_makes_it_too(self, written):
        from wherry.adapters import install

        install()
        from functions_framework import create_app
        from starlette.applications import Starlette

        assert isinstance(create_app("echo", written(HTTP)), Starlette)


def called(app, *, method="GET", path="/", query="", headers=None, body=b""):
    """Status, headers and body of one request to an ASGI application."""
    fields = [(k.encode(), v.encode()) for k, v in (headers or {}).items()]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path.replace("%20", " "),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": fields,
        "client": ("127.0.0.1", 5),
        "server": ("127.0.0.1", 80),
    }
    sent, bodies = [], iter([body])

    async def receive():
        for each in bodies:
            return {"type": "http.request", "body": each, "more_body": False}
        return await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    answered = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    return sent[0]["status"], answered, b"".join(each.get("body", b"") for each in sent[1:])
