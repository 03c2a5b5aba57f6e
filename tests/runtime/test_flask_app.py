import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import flask
import pytest

from wherry import CloudEvent, Context, Refuse, create_app, http
from wherry.config import Config

pytestmark = pytest.mark.usefixtures("clean_imports")
CANARY = "canary-5e1f"


def client_of(handler, **settings):
    return create_app(handler, config=Config(**settings)).test_client()


def echo(request: flask.Request, context: Context):
    return {"method": request.method, "path": request.path, "call": context.call_id}


async def echo_async(request: flask.Request, context: Context):
    await asyncio.sleep(0)
    return {"method": request.method, "path": request.path, "call": context.call_id}


@pytest.mark.parametrize("handler", [echo, echo_async])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize(
    ("target", "path"),
    [("/", "/"), ("/a/b", "/a/b"), ("/a%0ab", "/a\nb"), ("/a//b/", "/a//b/"), ("/%FF", "/\ufffd")],
)
def test_any_path_and_method(handler, method, target, path):
    answer = client_of(handler).open(target, method=method, headers={"X-Call-Id": "c-1"})
    assert answer.status_code == 200
    assert answer.json == {"method": method, "path": path, "call": "c-1"}
    assert answer.headers.getlist("X-Call-Id") == ["c-1"]


def test_head_has_no_body():
    answer = client_of(echo).head("/x")
    assert (answer.status_code, answer.data) == (200, b"")


def test_it_is_a_plain_flask_application():
    app = create_app(echo, config=Config())
    assert isinstance(app, flask.Flask)
    app.add_url_rule("/mine", view_func=lambda: "routed", methods=["GET"])
    app.after_request(lambda response: response)
    client = app.test_client()
    assert client.get("/mine").data == b"routed"
    assert client.post("/mine").status_code == 405
    assert client.get("/other").json["path"] == "/other"


def test_from_a_file(functions):
    assert client_of(str(functions / "plain")).get("/?name=Ada").data == b"hello Ada"
    app = create_app(config=Config(handler=str(functions / "json.py")))
    assert app.test_client().post("/", data=b"abc").get_json(force=True) == {"length": 3}


@pytest.mark.parametrize(
    "path",
    ["/_/health", "/_/ready", "/health/liveness", "/health/readiness", "/livez", "/readyz"],
)
def test_probes(path, functions):
    assert client_of(echo).get(path).data == b"OK\n"
    assert client_of(echo).post(path).status_code == 405
    hooked = client_of(str(functions / "hooks.py")).get(path)
    is_ready = "read" in path
    assert hooked.status_code == (503 if is_ready else 200)
    assert not is_ready or hooked.data == b"the model is loading\n"


def test_probe_paths_can_be_left_to_the_function():
    client = create_app(echo, config=Config(probes=("/healthz",))).test_client()
    assert client.get("/healthz").data == b"OK\n"
    assert client.get("/_/health").data != b"OK\n"


def test_start_runs_first(functions):
    app = create_app(functions / "hooks.py", config=Config())
    assert app.test_client().post("/", data=b"x").data == b"x"
    import sys

    source = str(functions / "hooks.py")
    module = next(m for m in list(sys.modules.values()) if getattr(m, "__file__", "") == source)
    assert module.seen == ["start"]


def broken(request: flask.Request):
    raise ValueError(CANARY)


async def broken_async(request: flask.Request):
    raise ValueError(CANARY)


def unsendable():
    return object()


@pytest.mark.parametrize("handler", [broken, broken_async, unsendable])
def test_a_failure_tells_no_more_than_its_call(handler, caplog):
    answer = client_of(handler).get("/", headers={"X-Call-Id": "c-1"})
    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"
    assert answer.json["call_id"] == "c-1"
    assert CANARY not in answer.text
    assert "c-1" in caplog.text


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "<script>"])
def test_a_bad_call_id_is_replaced(given):
    answer = client_of(echo).get("/", headers={"X-Call-Id": given})
    assert len(answer.json["call"]) == 32


def test_refusals():
    @dataclass
    class Order:
        id: str

    def handle(order: Order):
        raise Refuse(404, order.id)

    client = client_of(handle)
    assert client.post("/", json={"id": "o1"}).status_code == 404
    assert client.post("/", json={}).status_code == 422
    assert client.post("/", data="{", content_type="application/json").status_code == 400
    assert client.post("/", data="x", content_type="text/plain").status_code == 415

    @http(methods=["POST"])
    def only_post():
        return "ok"

    answer = client_of(only_post).get("/")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_a_body_too_large():
    answer = client_of(echo, limit_body_bytes=10).post("/", data=b"x" * 11)
    assert answer.status_code == 413
    assert answer.content_type == "application/problem+json"


def test_events_in_and_out():
    def handle(event: CloudEvent):
        return CloudEvent(type="reply", source="/f", id="r", data=event.data)

    answer = client_of(handle).post(
        "/",
        json={"a": 1},
        headers={"Ce-Id": "1", "Ce-Source": "/s", "Ce-Type": "t", "Ce-Specversion": "1.0"},
    )
    assert answer.status_code == 200
    assert answer.headers["Ce-Type"] == "reply"
    assert answer.json == {"a": 1}


def test_streams():
    def generated():
        yield "a"
        yield "b"

    async def awaited():
        yield "a"
        await asyncio.sleep(0)
        yield "b"

    for handler in (generated, awaited):
        assert client_of(handler).get("/").data == b"ab"
    answer = client_of(awaited).get("/", headers={"Accept": "text/event-stream"})
    assert answer.mimetype == "text/event-stream"


def test_streamed_bodies():
    def blocking(body: Iterator[bytes]):
        return b"".join(body)

    async def awaited(body: AsyncIterator[bytes]):
        return b"".join([chunk async for chunk in body])

    for handler in (blocking, awaited):
        assert client_of(handler).post("/", data=b"x" * 100_000).data == b"x" * 100_000


def test_a_late_async_handler_is_cancelled():
    cancelled = threading.Event()

    async def handle():
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    assert client_of(handle, timeout_s=0.05).get("/").status_code == 504
    assert cancelled.wait(10)


def test_async_calls_share_one_loop():
    loops = []

    async def handle():
        loops.append(asyncio.get_running_loop())
        return "x"

    client = client_of(handle)
    client.get("/")
    client.get("/")
    assert loops[0] is loops[1]
