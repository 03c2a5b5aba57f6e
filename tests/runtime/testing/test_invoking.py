"""Calls in memory: what a test gets from a handler, and what is raised at it."""

import asyncio
import contextvars
import logging
import threading
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from wherry import CloudEvent, Context, EmitError, Refuse, ResponseError, SecretNotFound, http
from wherry.context import CURRENT
from wherry.testing import Recorder, invoke, invoke_async, invoke_event

ATTRIBUTES = {"type": "t", "source": "/s", "id": "1"}
EVENT = CloudEvent(ATTRIBUTES, {"n": 1})


def test_a_body_is_posted_and_nothing_is_got():
    def handle(request):
        return {"method": request.method, "body": request.get_data(as_text=True)}

    assert invoke(handle).json == {"method": "GET", "body": ""}
    assert invoke(handle, json=[1]).json == {"method": "POST", "body": "[1]"}
    assert invoke(handle, body=b"x", method="PUT").json == {"method": "PUT", "body": "x"}


def test_more_than_one_content_is_a_mistake():
    with pytest.raises(TypeError, match="one of body, json and event"):
        invoke(lambda request: "", body=b"x", json=1)


def test_a_header_that_is_given_wins():
    def handle(request):
        return request.headers.get("Content-Type")

    assert invoke(handle, json=1).text == "application/json"
    assert invoke(handle, json=1, headers={"Content-Type": "text/x"}).text == "text/x"


def test_headers_as_pairs_may_repeat():
    def handle(request):
        return request.headers.getlist("X-A")

    assert invoke(handle, headers=[("X-A", "1"), ("x-a", "2")]).json == ["1,2"]


def test_call_id_and_trace_come_from_their_headers():
    def handle(context: Context):
        return [context.call_id, context.trace and context.trace.trace_id]

    trace = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "X-Call-Id": "c-1"}
    assert invoke(handle, headers=trace).json == ["c-1", "a" * 32]
    assert invoke(handle).json == ["test", None]


def fails(request):
    raise LookupError("the handler's own") from ValueError("its cause")


async def fails_async(request):
    raise LookupError("the handler's own") from ValueError("its cause")


def streams(request) -> Iterator[str]:
    yield "first"
    raise LookupError("the handler's own") from ValueError("its cause")


@pytest.mark.parametrize("handler", [fails, fails_async, streams])
def test_what_the_handler_raises_is_raised_as_it_was(handler):
    with pytest.raises(LookupError, match="the handler's own") as raised:
        invoke(handler)
    assert isinstance(raised.value.__cause__, ValueError)
    assert raised.value.__context__ in {None, raised.value.__cause__}
    assert raised.traceback[-1].name == handler.__name__


@pytest.mark.parametrize("handler", [fails, fails_async, streams])
def test_or_it_is_the_callers_answer_and_kept(handler):
    answer = invoke(handler, raise_errors=False)
    assert answer.expect(500).problem["call_id"] == "test"
    assert "own" not in answer.text
    assert isinstance(answer.error, LookupError)


def test_a_handler_that_exits_is_seen():
    def handle(request):
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        invoke(handle)
    assert isinstance(invoke(handle, raise_errors=False).error, SystemExit)


def test_what_cannot_be_sent_is_said():
    with pytest.raises(ResponseError, match="returned an event that cannot be sent") as raised:
        invoke(lambda event: CloudEvent(ATTRIBUTES, {1, 2}), event=EVENT)
    assert raised.value.__cause__ is not None
    with pytest.raises(ResponseError, match="returned a object"):
        invoke(lambda request: object())


def test_a_refusal_is_an_answer():
    def handle(request):
        raise Refuse(404, "no such order")

    answer = invoke(handle)
    assert (answer.status, answer.error) == (404, None)
    assert answer.problem == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "no such order",
        "call_id": "test",
    }


def late(context: Context):
    while not context.deadline.expired:
        time.sleep(0.001)
    return "late"


async def late_async(context: Context):
    await asyncio.sleep(60)


@pytest.mark.parametrize("handler", [late, late_async])
def test_a_late_answer_is_a_504(handler):
    assert invoke(handler, timeout_s=0.02).expect(504).problem["detail"].endswith("in time")


def test_without_a_deadline_there_is_no_504():
    assert invoke(lambda context: repr(context.deadline.remaining()), timeout_s=0).text == "inf"


@pytest.mark.parametrize("error", [TimeoutError, asyncio.TimeoutError])
def test_a_timeout_of_the_handlers_own_is_its_error(error):
    async def handle(request):
        raise error("the database")

    with pytest.raises(error, match="the database"):
        invoke(handle)


def emits(context: Context):
    context.emit(type="a", data={"n": 1}, shop="7")
    context.emit(type="b")


async def emits_async(context: Context):
    await context.emit(type="a", data={"n": 1}, shop="7")
    context.emit(type="b")  # not awaited: it is sent all the same


@pytest.mark.parametrize("handler", [emits, emits_async])
def test_what_is_emitted_is_there(handler):
    answer = invoke(handler, headers={"X-Call-Id": "c-1"})
    first, second = answer.emitted
    assert (first.type, first.data, first["shop"], second.type) == ("a", {"n": 1}, "7", "b")
    assert first.source == "/test"
    assert answer.deliveries[0].headers["x-call-id"] == "c-1"


@pytest.mark.parametrize("handler", [emits, emits_async])
def test_a_sink_that_refuses(handler):
    sink = Recorder(503)
    with pytest.raises(EmitError) as raised:
        invoke(handler, sink=sink)
    assert raised.value.status == 503
    assert sink.events == []
    assert [each.status for each in sink.deliveries] == [503]


def test_a_sink_can_be_read_after_an_error():
    def handle(context: Context):
        context.emit(type="a")
        raise LookupError

    sink = Recorder(overrides={"region": "eu"}, source="/mine")
    with pytest.raises(LookupError):
        invoke(handle, sink=sink)
    assert [(each.type, each.source, each["region"]) for each in sink.events] == [
        ("a", "/mine", "eu")
    ]


def test_no_thread_is_left_behind():
    before = set(threading.enumerate())  # others' threads may end meanwhile
    for _ in range(3):
        invoke(emits_async)
    assert set(threading.enumerate()) <= before


def logs(context: Context):
    context.logger.info("from the context %d", 1)
    logging.getLogger("mine").warning("from the module")
    logging.getLogger("mine").debug("too quiet")


async def logs_async(context: Context):
    logs(context)


@pytest.mark.parametrize("handler", [logs, logs_async])
def test_what_is_logged_is_there(handler):
    answer = invoke(handler)
    assert answer.log == "info from the context 1\nwarning from the module\n"
    assert answer.logs[0].name == "wherry.function.test"


def test_logging_is_left_as_it_was():
    root = logging.getLogger()
    before = root.level, list(root.handlers)
    invoke(logs)
    assert (root.level, list(root.handlers)) == before


def test_lines_of_others_are_not_of_the_call():
    def handle(request):
        contextvars.Context().run(logging.getLogger("other").warning, "not of this call")
        return ""

    assert invoke(handle).log == ""


def test_no_context_is_left_behind():
    before = CURRENT.get()
    invoke(logs)
    assert CURRENT.get() is before


def test_secrets_are_those_that_are_given():
    def handle(context: Context):
        return context.secrets["api-key"]

    assert invoke(handle, secrets={"api-key": "s3cret"}).text == "s3cret"
    with pytest.raises(SecretNotFound):
        invoke(handle, secrets={})


@pytest.mark.parametrize(
    ("structured", "kind"), [(False, "text/plain"), (True, "application/cloudevents+json")]
)
def test_an_event_in_either_mode(structured, kind):
    def handle(event: CloudEvent):
        return CloudEvent(event.get_attributes() | {"type": "reply"}, event.data)

    sent = CloudEvent(ATTRIBUTES, "text", datacontenttype="text/plain")
    answer = invoke_event(handle, sent, structured=structured)
    assert answer.headers["content-type"] == kind
    assert (answer.event.type, answer.event.data) == ("reply", "text")


def test_a_batch_and_its_answer():
    def handle(event: CloudEvent):
        return CloudEvent({**ATTRIBUTES, "id": event.id})

    answer = invoke_event(handle, [EVENT, CloudEvent({**ATTRIBUTES, "id": "2"})])
    assert [event.id for event in answer.events] == ["1", "2"]
    with pytest.raises(TypeError, match="a batch of events"):
        _ = answer.event


def test_no_answer_has_no_events():
    assert invoke_event(lambda event: None, EVENT).expect(204).events == []


def test_streams_are_read_and_closed():
    closed = []

    def handle(body: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from body
        finally:
            closed.append("sync")

    async def handle_async(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        try:
            async for chunk in body:
                yield chunk
        finally:
            closed.append("async")

    assert invoke(handle, body=b"abc").body == b"abc"
    assert invoke(handle_async, body=b"abc").body == b"abc"
    assert closed == ["sync", "async"]


@pytest.mark.parametrize("handler", [emits, emits_async])
def test_from_a_test_that_is_async(handler):
    async def test():
        return await invoke_async(handler)

    answer = asyncio.run(test())
    assert [event.type for event in answer.emitted] == ["a", "b"]


def test_in_a_running_loop_the_other_call_is_named():
    async def test():
        return invoke(late_async)

    with pytest.raises(RuntimeError, match="invoke_async"):
        asyncio.run(test())


def test_knatives_literal_headers():
    def handle(event: CloudEvent):
        return event.subject

    headers = {"ce-specversion": "1.0", "ce-id": "1", "ce-type": "t", "ce-source": "/s"}
    headers["ce-subject"] = "a%20b"
    request = {"method": "POST", "headers": headers}
    assert invoke(handle, **request).text == "a b"
    assert invoke(handle, **request, event_headers="knative").text == "a%20b"


def test_the_problem_is_in_what_a_failed_test_shows():
    @http(methods=["POST"])
    def handle(request):
        return ""

    answer = invoke(handle)
    assert repr(answer) == "<Answer 405 Method Not Allowed: the function answers POST>"
    with pytest.raises(AssertionError, match=r"expected status 200, got 405: Method Not Allowed: "):
        answer.expect()
    refused = invoke(lambda event: "", method="POST", headers={"ce-id": "1"})
    assert "attribute 'specversion'" in repr(refused)


def test_every_fault_of_a_payload_is_shown():
    from dataclasses import dataclass

    @dataclass
    class Parcel:
        weight: float
        notes: list[str]

    def handle(parcel: Parcel):
        return ""

    shown = repr(invoke(handle, json={"weight": "x", "notes": [1]}))
    assert "/weight" in shown and "/notes/0" in shown


def test_a_body_that_is_no_problem_is_shown_so_far():
    answer = invoke(lambda request: ("x" * 300, 400))
    assert repr(answer) == f"<Answer 400 {'x' * 200}...>"
