"""Several functions in one process, through the real server."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from wherry.testing import Running, Sink, running

from .conftest import FUNCTIONS, eventually, get, post
from .test_metrics import scrape, total

SHOP = FUNCTIONS / "shop.py"
STRUCTURED = "Content-Type: application/cloudevents+json"
BATCH = "Content-Type: application/cloudevents-batch+json"


@pytest.fixture(scope="module")
def shop():
    with running(SHOP) as function:
        yield function


def document(kind: str, number: str = "1") -> dict[str, str]:
    return {"specversion": "1.0", "id": number, "source": "/test", "type": kind}


def binary(path: str, kind: str) -> bytes:
    fields = document(kind).items()
    return post(path, b"", *(f"ce-{name}: {value}" for name, value in fields))


def structured(path: str, kind: str) -> bytes:
    return post(path, json.dumps(document(kind)).encode(), STRUCTURED)


def batch(path: str, *kinds: str) -> bytes:
    documents = [document(kind, str(number)) for number, kind in enumerate(kinds)]
    return post(path, json.dumps(documents).encode(), BATCH)


# Paths --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/orders", "/orders/5", "/orders/older"])
def test_a_function_sees_the_path_that_was_sent(wire, shop, path: str):
    status, _, body = wire(shop.port).send(get(path)).answer()
    assert (status, json.loads(body)) == (200, {"path": path, "function": "create"})


def test_the_longest_path_wins(wire, shop):
    assert wire(shop.port).send(get("/orders/export?n=2")).answer()[2] == b"r" * 2048


@pytest.mark.parametrize("path", ["/", "/ordersx", "/%6frders", "/Audit"])
def test_a_path_that_is_nobodys_is_404(wire, shop, path: str):
    connection = wire(shop.port)
    for _ in range(2):  # the connection stays open
        status, headers, body = connection.send(get(path)).answer()
        assert (status, headers[b"content-type"]) == (404, b"application/problem+json")
        assert json.loads(body)["detail"] == "no function answers this path"


def test_requests_on_one_connection_go_to_their_functions_in_order(wire, shop):
    paths = ["/orders", "/audit", "/nowhere", "/orders/1", "/readyz", "/release", "/audit"]
    connection = wire(shop.port).send(b"".join(get(path) for path in paths))
    assert [connection.answer()[0] for _ in paths] == [200, 200, 404, 200, 200, 200, 200]


def test_a_malformed_request_is_refused_as_ever(wire, shop):
    connection = wire(shop.port).send(b"GET / HTTP/1.1\r\n\r\n")
    assert connection.answer()[0] == 400
    assert connection.rest() == b""


# Events -------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoded", [binary, structured, batch])
@pytest.mark.parametrize(
    ("path", "kind", "function"),
    [
        ("/", "com.acme.placed", "placed"),
        ("/anywhere/else", "com.acme.paid", "placed"),
        ("/", "com.acme.other", "rest"),
        ("/placed", "com.acme.placed", "placed"),
        ("/rest", "com.acme.placed", "rest"),
    ],
)
def test_an_event_goes_by_path_then_by_type(wire, shop, encoded, path, kind, function):
    status, headers, body = wire(shop.port).send(encoded(path, kind)).answer()
    assert status == 200
    source = headers.get(b"ce-source", b"").decode()
    if encoded is not binary:
        [event] = [json.loads(body)] if encoded is structured else json.loads(body)
        source = event["source"]
    assert source == f"/{function}"


def test_a_type_that_the_functions_path_does_not_take_is_422(wire, shop):
    status, _, body = wire(shop.port).send(binary("/placed", "other")).answer()
    assert (status, json.loads(body)["accepted"]) == (422, ["com.acme.paid", "com.acme.placed"])


def test_a_batch_for_several_functions_is_422_and_nobody_gets_it(wire, shop):
    request = batch("/", "com.acme.placed", "com.acme.other")
    status, _, body = wire(shop.port).send(request).answer()
    assert status == 422
    assert "send them apart" in json.loads(body)["detail"]
    assert wire(shop.port).send(batch("/", "com.acme.placed", "com.acme.paid")).answer()[0] == 200


def test_what_is_wrong_with_an_event_is_said(wire, shop):
    refused = wire(shop.port).send(post("/", b'{"type": ', STRUCTURED)).answer()
    assert refused[0] == 400
    assert json.loads(refused[2])["title"] == "Invalid CloudEvent"
    refused = wire(shop.port).send(post("/", b"<a/>", STRUCTURED.replace("json", "xml"))).answer()
    assert refused[0] == 415


def test_events_that_nobody_takes_are_422_and_say_what_is(wire):
    with running(FUNCTIONS / "typed_events.py") as function:
        for encoded in (binary, structured, batch):
            status, _, body = wire(function.port).send(encoded("/", "c")).answer()
            assert (status, json.loads(body)["accepted"]) == (422, ["a", "b"])
        assert wire(function.port).send(binary("/in/b", "b")).answer()[0] == 200
        assert wire(function.port).send(post("/", b"{}")).answer()[0] == 404
        # All are async: the event loop itself gives the turns.
        assert wire(function.port).send(get("/livez")).answer()[0] == 200


def test_the_function_at_the_root_gets_what_is_left(wire, tmp_path: Path):
    (tmp_path / "handler.py").write_text(
        "from collections.abc import Iterator\n"
        "import wherry\n"
        "@wherry.http(path='/')\n"
        "def page(body: Iterator[bytes]): return b'page ' + b''.join(body)\n"
        "@wherry.cloud_event(type='a')\n"
        "def first(event): return 'first'\n"
    )
    with running(tmp_path) as function:
        asked = {
            get("/"): b"page ",
            post("/x", b"5"): b"page 5",
            binary("/", "a"): b"first",
            structured("/", "a"): b"first",
            binary("/", "c"): b"page ",
            structured("/", "c"): b"page " + json.dumps(document("c")).encode(),
            post("/", b"7", *(f"ce-{k}: {v}" for k, v in document("c").items())): b"page 7",
        }
        for request, answer in asked.items():
            assert wire(function.port).send(request).answer()[2] == answer, request


# Limits -------------------------------------------------------------------------------------


def test_a_full_function_refuses_and_the_others_go_on(wire):
    with running(SHOP) as function:
        held = wire(function.port).send(get("/orders/hold"))
        eventually(lambda: in_flight(function, "create") == 1)
        status, headers, body = wire(function.port).send(get("/orders")).answer()
        assert (status, headers[b"retry-after"]) == (503, b"1")
        assert json.loads(body)["detail"].startswith("1 calls are in flight")
        assert wire(function.port).send(get("/audit")).answer()[0] == 200
        assert wire(function.port).send(get("/readyz")).answer()[0] == 200
        assert wire(function.port).send(get("/release")).answer()[0] == 200
        assert held.answer()[0] == 200


def test_a_slow_function_takes_no_thread_from_another(wire, tmp_path: Path):
    for name in ("slow", "quick"):
        (tmp_path / f"{name}.py").write_text(
            "import time\ndef handle(request):\n"
            f"    time.sleep({30 if name == 'slow' else 0})\n    return {name!r}\n"
        )
    handlers = f"{tmp_path / 'slow.py'},{tmp_path / 'quick.py'}"
    with running(handlers, WHERRY_THREADS="2") as function:
        for _ in range(100):  # enough for calls to be run by the leader itself
            assert wire(function.port).send(get("/quick")).answer()[2] == b"quick"
        for _ in range(4):
            wire(function.port).send(get("/slow"))
        eventually(lambda: in_flight(function, "slow") == 2)
        eventually(lambda: in_flight(function, "slow", "wherry_requests_queued") == 2)
        for _ in range(20):
            assert wire(function.port).send(get("/quick")).answer()[2] == b"quick"
        function.process.kill()


def test_each_has_its_own_deadline(wire, shop):
    began = time.monotonic()
    assert wire(shop.port).send(get("/audit?s=10")).answer()[0] == 504
    assert 0.4 < time.monotonic() - began < 5
    eventually(lambda: wire(shop.port).send(get("/audit/cancelled")).answer()[2] != b"0")


def test_readiness_says_429_when_no_function_could_take_a_call(wire, tmp_path: Path):
    for name in ("a", "b"):
        text = "import time\ndef handle(request):\n    time.sleep(30)\n"
        (tmp_path / f"{name}.py").write_text(text)
    handlers = f"{tmp_path / 'a.py'},{tmp_path / 'b.py'}"
    with running(handlers, WHERRY_MAX_INFLIGHT="1", WHERRY_MAX_QUEUE="0") as function:
        wire(function.port).send(get("/a"))
        eventually(lambda: in_flight(function, "a") == 1)
        assert wire(function.port).send(get("/readyz")).answer()[0] == 200
        wire(function.port).send(get("/b"))
        eventually(lambda: wire(function.port).send(get("/readyz")).answer()[0] == 429)
        assert wire(function.port).send(get("/livez")).answer()[0] == 200
        function.process.kill()


# Sync and async side by side ------------------------------------------------------------------


def test_async_calls_are_tasks_on_one_thread(wire, shop):
    connections = [wire(shop.port).send(get("/audit?s=0.1")) for _ in range(40)]
    assert {connection.answer()[2] for connection in connections} == {b"slept on MainThread"}


@pytest.mark.parametrize("size", [0, 10, 3_000_000])
def test_a_streamed_body_reaches_an_async_function(wire, shop, size: int):
    connection = wire(shop.port, 60.0)
    for _ in range(2):
        head = f"POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n"
        connection.send(head.encode()).send(b"b" * size)
        assert connection.answer()[2] == str(size).encode()


def test_a_slow_reader_of_an_async_stream_gets_all_of_it(wire, shop):
    connection = wire(shop.port, 60.0).send(get("/orders/export?n=20000"))
    connection.until(b"\r\n\r\n")
    for _ in range(20):  # meanwhile others are served
        assert wire(shop.port).send(get("/release")).answer()[0] == 200
    read = bytearray(connection.buffer)
    while not read.endswith(b"0\r\n\r\n"):
        read += connection.sock.recv(1 << 20)
    assert read.count(b"r") == 20_000 * 1024


def test_an_async_stream_that_nobody_reads_is_closed(wire, shop):
    before = int(wire(shop.port).send(get("/audit/cancelled")).answer()[2])
    connection = wire(shop.port).send(get("/orders/export?n=1000000"))
    connection.until(b"\r\n\r\n")
    connection.close()
    cancelled = lambda: int(wire(shop.port).send(get("/audit/cancelled")).answer()[2])  # noqa: E731
    eventually(lambda: cancelled() > before)


# Metrics, logs, life ----------------------------------------------------------------------------


@pytest.mark.parametrize("workers", ["1", "2"])
def test_each_is_counted_apart(wire, workers: str):
    with running(SHOP, WHERRY_WORKERS=workers) as function:
        for _ in range(10):
            for path in ("/orders", "/release", "/audit"):
                assert wire(function.port).send(get(path)).answer()[0] == 200
        for _ in range(5):
            assert wire(function.port).send(get("/nowhere")).answer()[0] == 404
            assert wire(function.port).send(binary("/", "com.acme.placed")).answer()[0] == 200
        expected = {"create": 10, "release": 10, "audit": 10, "placed": 5, "shop": 5}
        eventually(lambda: {name: counted(function, name) for name in expected} == expected)
        text = scrape(function)
        assert total(text, function="shop", code="404") == 5
        assert total(text) == 40
        for name in ("shop", "create", "audit"):
            assert f'wherry_function_info{{function="{name}",' in text
        for name in ("create", "audit", "rest"):
            assert f'http_requests_in_flight{{function="{name}"}} 0.0' in text


@pytest.mark.parametrize("form", ["json", "console"])
def test_an_access_line_names_the_function(wire, form: str):
    with running(SHOP, WHERRY_LOG_FORMAT=form) as function:
        for path in ("/orders/7", "/audit", "/nowhere"):
            wire(function.port).send(get(path)).answer()
        eventually(lambda: "/nowhere" in function.log)
        for name, path in (("create", "/orders/7"), ("audit", "/audit"), ("shop", "/nowhere")):
            mark = f'"{path}"' if form == "json" else f"GET {path} "
            [line] = [each for each in function.log.splitlines() if mark in each]
            if form == "json":
                assert json.loads(line)["function"] == name
            else:
                assert f" {name}: {mark}" in line


def test_hooks_are_run_once_and_all_must_be_ready(wire, tmp_path: Path):
    for name, answer in (("a", "True"), ("b", "GATE, 'b is cold'")):
        (tmp_path / f"{name}.py").write_text(
            "GATE = []\n"
            f"def start(): open({str(tmp_path / 'log')!r}, 'a').write('start {name} ')\n"
            f"def stop(): open({str(tmp_path / 'log')!r}, 'a').write('stop {name} ')\n"
            f"def ready(): return {answer}\n"
            "def one(request): GATE.append(1); return 'one'\n"
            "def two(request): return 'two'\n".replace("one", f"{name}1").replace("two", f"{name}2")
        )
    handlers = ",".join(
        f"{tmp_path / name}.py:{name}{number}" for name in ("a", "b") for number in (1, 2)
    )
    with running(handlers) as function:
        status, _, body = wire(function.port).send(get("/readyz")).answer()
        assert (status, body) == (503, b"b is cold\n")
        assert wire(function.port).send(get("/livez")).answer()[0] == 200
        assert wire(function.port).send(get("/b1")).answer()[2] == b"b1"
        assert wire(function.port).send(get("/readyz")).answer()[0] == 200
        assert function.terminate() == 0
    assert (tmp_path / "log").read_text() == "start a start b stop b stop a "


def test_hooks_of_a_module_with_several_functions_are_run_once(tmp_path: Path):
    log = tmp_path / "log"
    with running(SHOP, HOOKS_LOG=str(log)) as function:
        assert function.terminate() == 0
    assert log.read_text() == "start\nstop\n"


def test_all_finish_what_they_have_at_the_end(wire):
    with running(SHOP) as function:
        busy = wire(function.port).send(get("/orders?s=1"))
        asleep = wire(function.port).send(get("/nap?s=1"))
        eventually(lambda: in_flight(function, "create") + in_flight(function, "nap") == 2)
        function.process.terminate()
        for each in (asleep, busy):
            status, headers, _ = each.answer()
            assert (status, headers[b"connection"]) == (200, b"close")
        assert function.process.wait(20) == 0


def test_each_emits_in_its_own_name(wire, tmp_path: Path):
    handler = tmp_path / "handler.py"
    handler.write_text(
        "import wherry\n"
        "@wherry.http\n"
        "def one(context: wherry.Context): context.emit(type='a', data=context.function)\n"
        "@wherry.http\n"
        "async def two(context: wherry.Context): await context.emit(type='a', data='two')\n"
    )
    with Sink() as sink, running(handler, K_SINK=sink.url) as function:
        for path in ("/one", "/two"):
            assert wire(function.port).send(get(path)).answer()[0] == 204
        found = sink.wait(2)
        assert [(each.source, each.data) for each in found] == [("/one", "one"), ("/two", "two")]


def test_what_two_functions_want_is_said_at_the_start(tmp_path: Path):
    handler = tmp_path / "handler.py"
    handler.write_text(
        "import wherry\n"
        "@wherry.cloud_event(type='t')\ndef one(event): ...\n"
        "@wherry.cloud_event(type='t')\ndef two(event): ...\n"
    )
    with pytest.raises(RuntimeError) as refused, running(handler):
        pass
    assert "functions 'one' and 'two' accept events of the same type t" in str(refused.value)
    assert "hint: " in str(refused.value)


def test_the_page_about_it_is_true(wire, tmp_path: Path):
    page = (Path(__file__).parents[2] / "docs" / "several-functions.md").read_text()
    (tmp_path / "shop.py").write_text(
        re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[0]
    )
    shown = re.findall(r"^\$ curl -s http://localhost:8080(\S+)(.*)\n(.*)$", page, re.MULTILINE)
    with running(tmp_path / "shop.py") as function:
        for path, options, answer in shown:
            headers = re.findall(r"-H '(.*?)'", options)
            data = re.findall(r"-d '(.*?)'", options)
            request = post(path, data[0].encode(), *headers) if data else get(path)
            assert wire(function.port).send(request).answer()[2] == answer.encode()
    assert len(shown) == 3


def in_flight(function: Running, name: str, metric: str = "http_requests_in_flight") -> float:
    return total(scrape(function), metric, function=name)


def counted(function: Running, name: str) -> float:
    return total(scrape(function), function=name)
