import asyncio
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.serving.conftest import eventually

from wherry import CloudEvent, Context, EmitError, InvalidEvent
from wherry.context import Identity
from wherry.deadline import Deadline
from wherry.emission import Emitter
from wherry.errors import ConfigError
from wherry.trace import Passage, TraceParent


class Sink:
    """A real server that answers with `answers` in turn, then with 202, and keeps what it got."""

    def __init__(self):
        self.answers, self.got = [], []
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sink.got.append((dict(self.headers.items()), body))
                answer = sink.answers.pop(0) if sink.answers else (202, {})
                if answer is None:
                    self.close_connection = True
                    self.connection.close()
                    return
                status, headers = answer
                self.send_response(status)
                for name, value in {**headers, "Content-Length": "0"}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/in"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def sink():
    sink = Sink()
    yield sink
    sink.close()


def context_of(emitter, timeout_s=30.0, trace=None):
    return Context(
        call_id="call-1",
        deadline=Deadline.after(timeout_s),
        identity=Identity(function="tested"),
        emitter=emitter,
        trace=trace,
    )


def emitter_of(sink, **overrides):
    return Emitter(sink.url, overrides, "/tested")


def test_a_made_event(sink):
    trace = TraceParent("a" * 32, "b" * 16, "01")
    context = context_of(emitter_of(sink), trace=trace)
    emission = context.emit(type="com.acme.paid", data={"amount": 5}, subject="o1", shop="7")
    assert (emission.status, emission.attempts) == (202, 1)
    headers, body = sink.got[0]
    assert body == b'{"amount":5}'
    assert headers["ce-type"] == "com.acme.paid"
    assert headers["ce-source"] == "/tested"
    assert headers["ce-subject"] == "o1"
    assert headers["ce-shop"] == "7"
    assert headers["ce-id"] == emission.event.id
    assert headers["ce-time"].endswith("Z")
    assert headers["content-type"] == "application/json"
    assert headers["x-call-id"] == "call-1"
    assert headers["traceparent"].startswith("00-" + "a" * 32)
    assert "b" * 16 not in headers["traceparent"]


@pytest.mark.parametrize(
    ("data", "content_type", "body"),
    [
        (b"\xff", "application/octet-stream", b"\xff"),
        ("ü", "text/plain; charset=utf-8", "ü".encode()),
        ([1], "application/json", b"[1]"),
        (None, None, b""),
    ],
)
def test_data(sink, data, content_type, body):
    context_of(emitter_of(sink)).emit(type="t", data=data)
    headers, got = sink.got[0]
    assert got == body
    assert headers.get("content-type") == content_type


def test_an_event_of_ones_own_and_overrides(sink):
    event = CloudEvent(type="t", source="/mine", id="e1", shop="7", data={"a": 1})
    context_of(emitter_of(sink, shop="9", region="eu")).emit(event)
    headers, body = sink.got[0]
    assert (headers["ce-source"], headers["ce-id"]) == ("/mine", "e1")
    assert (headers["ce-shop"], headers["ce-region"]) == ("9", "eu")
    assert body == b'{"a":1}'
    assert event.extensions == {"shop": "7"}


@pytest.mark.parametrize("overrides", [{"Bad Name": "1"}, {"type": "t"}, {"data": "x"}])
def test_bad_overrides(overrides):
    with pytest.raises(ConfigError, match="K_CE_OVERRIDES"):
        Emitter("http://sink", overrides, "/f")


@pytest.mark.parametrize(
    "answer", [(500, {}), (503, {"Retry-After": "0"}), (429, {}), (408, {}), (409, {}), None]
)
def test_retried(sink, answer):
    sink.answers = [answer]
    emission = context_of(emitter_of(sink)).emit(type="t")
    assert (emission.status, emission.attempts) == (202, 2)
    first, second = (headers["ce-id"] for headers, _ in sink.got)
    assert first == second


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410, 413, 422])
def test_not_retried(sink, status):
    sink.answers = [(status, {"Location": "/else"})]
    with pytest.raises(EmitError) as caught:
        context_of(emitter_of(sink)).emit(type="t")
    assert (caught.value.status, caught.value.attempts) == (status, 1)


def test_gives_up_after_five_attempts(sink, monkeypatch):
    monkeypatch.setattr("wherry.sink_connections._BACKOFF_S", 0.001)
    sink.answers = [(500, {})] * 9
    with pytest.raises(EmitError) as caught:
        context_of(emitter_of(sink)).emit(type="t")
    assert (caught.value.status, caught.value.attempts) == (500, 5)


def test_never_past_the_deadline(sink):
    sink.answers = [(503, {"Retry-After": "60"})]
    begun = time.monotonic()
    with pytest.raises(EmitError) as caught:
        context_of(emitter_of(sink), timeout_s=5).emit(type="t")
    assert caught.value.attempts == 1
    assert time.monotonic() - begun < 4


def test_nobody_there():
    emitter = Emitter("http://user:canary@127.0.0.1:9/x", {}, "/f")
    with pytest.raises(EmitError) as caught:
        context_of(emitter, timeout_s=0.3).emit(type="t")
    assert caught.value.status is None
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("emitter", [None, Emitter(None, {}, "/f")])
def test_no_sink(emitter):
    with pytest.raises(EmitError, match="K_SINK"):
        context_of(emitter).emit(type="t")


def test_what_cannot_be_emitted(sink):
    context = context_of(emitter_of(sink))
    with pytest.raises(InvalidEvent):
        context.emit(type="t", data=object())
    with pytest.raises(InvalidEvent):
        context.emit(type="t", Bad="x")
    with pytest.raises(TypeError):
        context.emit()
    with pytest.raises(TypeError):
        context.emit(CloudEvent(type="t", source="/"), type="t")
    assert sink.got == []


def test_awaited_from_a_loop(sink):
    sink.answers = [(500, {})]

    async def main():
        context = context_of(emitter_of(sink))
        emissions = [context.emit(type="t", id=str(n)) for n in range(5)]
        done = await asyncio.gather(*emissions)
        assert done == emissions
        assert {each.status for each in done} == {202}

    asyncio.run(main())
    assert len(sink.got) == 6


def test_awaiting_tells_of_failure(sink):
    sink.answers = [(400, {})]

    async def main():
        with pytest.raises(EmitError):
            await context_of(emitter_of(sink)).emit(type="t")

    asyncio.run(main())


def test_what_no_one_awaits_is_sent_and_its_loss_logged(sink, caplog):
    sink.answers = [(400, {})]
    emitter = emitter_of(sink)

    async def main():
        context_of(emitter).emit(type="t")
        await asyncio.sleep(0)
        assert await asyncio.to_thread(emitter.drain, 5.0) == 0
        await asyncio.to_thread(eventually, lambda: "an emitted event was lost" in caplog.text)

    asyncio.run(main())
    assert len(sink.got) == 1


def test_drain_tells_how_many_are_left(sink):
    sink.answers = [(503, {"Retry-After": "1"})]
    emitter = emitter_of(sink)

    async def main():
        emission = context_of(emitter).emit(type="t")
        assert await asyncio.to_thread(emitter.drain, 0.01) == 1
        await emission

    asyncio.run(main())
    assert emitter.drain(0) == 0


def test_an_event_names_the_trace_that_it_began_in(sink):
    trace = TraceParent("a" * 32, "b" * 16, "01")
    context = context_of(emitter_of(sink), trace=trace)
    context.note_passage(Passage("v=1", "tenant=7"))
    context.emit(type="t")
    headers, _ = sink.got[0]
    # One hop so far: both say the same.
    assert headers["ce-traceparent"] == headers["traceparent"]
    assert (headers["ce-tracestate"], headers["tracestate"]) == ("v=1", "v=1")
    assert headers["baggage"] == "tenant=7"


def test_a_hop_does_not_change_where_an_event_began(sink):
    began = "00-" + "c" * 32 + "-" + "d" * 16 + "-00"
    context = context_of(emitter_of(sink), trace=TraceParent("a" * 32, "b" * 16, "01"))
    context.emit(CloudEvent(type="t", source="/s", traceparent=began))
    headers, _ = sink.got[0]
    assert headers["ce-traceparent"] == began
    assert headers["traceparent"].startswith("00-" + "a" * 32)


def test_without_a_trace_none_is_named(sink):
    context_of(emitter_of(sink)).emit(type="t")
    headers, _ = sink.got[0]
    assert not [name for name in headers if "trace" in name or name == "baggage"]
