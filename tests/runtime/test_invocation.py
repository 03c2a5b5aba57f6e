import asyncio
import contextvars

import pytest
import werkzeug.exceptions

from wherry import CloudEvent, Context, Drop, Refuse, Retry, cloud_event, http, invocation
from wherry.context import CURRENT
from wherry.errors import (
    EventError,
    InvocationFailed,
    PayloadError,
    RequestRefused,
    ResponseError,
)
from wherry.handler import of

ATTRIBUTES = [
    ("Ce-Id", "1"),
    ("Ce-Source", "/till"),
    ("Ce-Type", "com.acme.placed"),
    ("Ce-Specversion", "1.0"),
    ("Content-Type", "application/json"),
]
BINARY = {"method": "POST", "headers": ATTRIBUTES, "body": b'{"n": 1}'}


def document(**changes):
    import orjson

    event = {"specversion": "1.0", "id": "1", "source": "/till", "type": "com.acme.placed"}
    return orjson.dumps({**event, **changes}).decode()


STRUCTURED = {
    "method": "POST",
    "headers": [("Content-Type", "application/cloudevents+json")],
    "body": document(data={"n": 1}).encode(),
}


def batch(*events):
    return {
        "method": "POST",
        "headers": [("Content-Type", "application/cloudevents-batch+json")],
        "body": ("[" + ",".join(events) + "]").encode(),
    }


def in_every_style(answer):
    """The same handler in each style; a generator yields what the others return."""

    def plain(event):
        return answer(event)

    async def awaited(event):
        await asyncio.sleep(0)
        return answer(event)

    def generated(event):
        made = answer(event)
        yield from [] if made is None else [made]

    async def awaited_generated(event):
        made = answer(event)
        if made is not None:
            yield made

    return [plain, awaited, generated, awaited_generated]


def both(body):
    """The same handler, sync and async."""

    def plain(request):
        return body(request)

    async def awaited(request):
        return body(request)

    return [plain, awaited]


# What a handler raises ------------------------------------------------------------------------


class Odd(BaseException):
    pass


@pytest.mark.parametrize(
    "error",
    [
        ValueError("bad"),
        KeyError("order"),
        EventError("not mine", attribute="id"),
        PayloadError("not mine"),
        ResponseError("not mine"),
        InvocationFailed("not mine"),
        SystemExit(3),
        KeyboardInterrupt(),
        StopIteration(),
        RecursionError(),
        Odd(),
    ],
    ids=repr,
)
@pytest.mark.parametrize("is_async", [False, True])
def test_what_a_handler_raises_is_its_own(reply_of, error, is_async):
    def body(_request):
        raise error

    with pytest.raises(InvocationFailed) as caught:
        reply_of(both(body)[is_async])
    cause = caught.value.__cause__
    # Python turns a StopIteration that leaves a coroutine into a RuntimeError.
    assert cause is error or cause.__cause__ is error


@pytest.mark.parametrize("function", in_every_style(lambda event: event.data["absent"]))
def test_an_event_handlers_error_is_its_own(reply_of, function):
    with pytest.raises(InvocationFailed) as caught:
        reply_of(function, **BINARY)
    assert isinstance(caught.value.__cause__, KeyError)


def test_cancellation_propagates(request_of):
    begun = asyncio.Event()

    async def handle():
        begun.set()
        await asyncio.sleep(60)

    async def main():
        task = asyncio.create_task(invocation.call_async(of(handle), request_of()))
        await asyncio.wait_for(begun.wait(), 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


@pytest.mark.parametrize("is_async", [False, True])
def test_refuse_answers_on_purpose(reply_of, is_async):
    def body(_request):
        raise Refuse(404, "no such order")

    reply = reply_of(both(body)[is_async])
    assert reply.status == 404
    assert b'"no such order"' in reply.body
    assert b'"call_id":"call-1"' in reply.body


def test_abort_answers_as_flask_would(reply_of):
    import flask

    def handle(request: flask.Request):
        flask.abort(418)

    reply = reply_of(handle)
    assert reply.status == 418
    assert b"teapot" in reply.body
    assert (b"content-type", b"text/html; charset=utf-8") in reply.headers


def test_hostile_json_is_the_callers(reply_of):
    import flask

    def handle(request: flask.Request):
        return request.get_json()

    headers = [("Content-Type", "application/json")]
    for body in (
        b"[" * 100_000,
        b"[" * 65 + b"]" * 65,
        b"[NaN]",
        b"{",
        b"\xff",
        b"[" + b"9" * 5000,
    ):
        assert reply_of(handle, method="POST", headers=headers, body=body).status == 400
    assert reply_of(handle, method="POST", headers=headers, body=b'{"a": 1}').body == b'{"a":1}'


def test_a_handlers_own_http_exception_is_an_answer(reply_of):
    def handle():
        raise werkzeug.exceptions.Conflict("twice")

    assert reply_of(handle).status == 409


# Methods --------------------------------------------------------------------------------------


def test_another_method_is_a_405_with_allow(reply_of):
    @http(methods=["POST", "PUT"])
    def handle():
        return "ok"

    assert reply_of(handle, "PUT").body == b"ok"
    with pytest.raises(RequestRefused) as caught:
        reply_of(handle, "DELETE")
    assert caught.value.problem.status == 405
    assert caught.value.problem.allow == "POST, PUT"


def test_an_event_function_asked_by_get_is_a_405(reply_of):
    with pytest.raises(RequestRefused) as caught:
        reply_of(lambda event: None, "GET")
    assert (caught.value.problem.status, caught.value.problem.allow) == (405, "POST")


# Events ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function", in_every_style(lambda event: CloudEvent(type="reply", source="/f", id="r"))
)
def test_the_reply_travels_as_the_request_came(reply_of, function):
    is_list = of(function).style.value.endswith("generator")
    binary, structured = reply_of(function, **BINARY), reply_of(function, **STRUCTURED)
    assert (binary.status, structured.status) == (200, 200)
    if is_list:  # what a generator yields is a list of events
        assert dict(binary.headers)[b"content-type"].startswith(b"application/cloudevents-batch")
        return
    assert (b"ce-type", b"reply") in binary.headers
    assert dict(structured.headers)[b"content-type"].startswith(b"application/cloudevents+json")


@pytest.mark.parametrize("function", in_every_style(lambda _event: None))
def test_none_acknowledges(reply_of, function):
    for request in (BINARY, STRUCTURED, batch(document(id="1"), document(id="2")), batch()):
        reply = reply_of(function, **request)
        assert (reply.status, reply.headers, reply.body) == (204, [], b"")


def test_a_list_of_events_is_a_batch(reply_of):
    def handle(event: CloudEvent):
        return [CloudEvent(type="a", source="/f"), CloudEvent(type="b", source="/f")]

    reply = reply_of(handle, **BINARY)
    assert dict(reply.headers)[b"content-type"].startswith(b"application/cloudevents-batch+json")
    assert reply.body.count(b'"specversion"') == 2


def test_events_among_other_things_are_refused(reply_of):
    with pytest.raises(ResponseError, match="events and other things"):
        reply_of(lambda event: [event, "text"], **BINARY)


def test_an_sdk_event_is_a_reply(reply_of):
    from cloudevents.core.v1.event import CloudEvent as SdkEvent

    reply = reply_of(lambda event: SdkEvent({"type": "sdk", "source": "/f"}, {"a": 1}), **BINARY)
    assert (b"ce-type", b"sdk") in reply.headers
    assert reply.body == b'{"a":1}'


def test_an_event_with_a_status(reply_of):
    reply = reply_of(lambda event: (event, 202, {"X-Shop": "7"}), **BINARY)
    assert reply.status == 202
    assert (b"x-shop", b"7") in reply.headers
    assert (b"ce-id", b"1") in reply.headers


def test_an_event_that_cannot_be_sent_is_the_handlers(reply_of):
    with pytest.raises(ResponseError):
        reply_of(lambda event: CloudEvent(type="t", source="/f", data=object()), **BINARY)


def test_an_http_function_may_answer_with_an_event(reply_of):
    reply = reply_of(lambda body: CloudEvent(type="made", source="/f", data={"a": 1}))
    assert (b"ce-type", b"made") in reply.headers


def test_retry_and_drop(reply_of):
    reply = reply_of(lambda event: Retry(after_s=2.5), **BINARY)
    assert reply.status == 503
    assert (b"retry-after", b"3") in reply.headers
    reply = reply_of(lambda event: Drop("no such shop"), **BINARY)
    assert reply.status == 422
    assert b"no such shop" in reply.body


def test_another_type_is_a_422_that_names_the_accepted(reply_of):
    @cloud_event(type=["com.acme.paid", "com.acme.billed"])
    def handle(event):
        raise AssertionError("never called")

    for request in (BINARY, STRUCTURED, batch(document())):
        with pytest.raises(RequestRefused) as caught:
            reply_of(handle, **request)
        assert caught.value.problem.status == 422
        assert caught.value.problem.members["accepted"] == ["com.acme.billed", "com.acme.paid"]


@pytest.mark.parametrize(
    ("change", "attribute", "status"),
    [
        ({"headers": ATTRIBUTES[1:]}, "id", 400),
        ({"body": b"{"}, "data", 400),
        ({"headers": []}, "specversion", 400),
        ({"headers": [("Content-Type", "application/cloudevents+xml")]}, None, 415),
        ({"headers": [("Content-Type", "application/cloudevents+json")], "body": b"7"}, None, 400),
    ],
)
def test_no_event_no_call(reply_of, change, attribute, status):
    with pytest.raises(EventError) as caught:
        reply_of(lambda event: 1 / 0, **{**BINARY, **change})
    assert caught.value.problem.status == status
    if attribute is not None:
        assert caught.value.attribute == attribute


def test_a_header_sent_twice_is_refused(request_of):
    request = request_of(**BINARY)
    request.repeated_attribute = "id"
    with pytest.raises(EventError) as caught:
        invocation.call(of(lambda event: None), request)
    assert caught.value.attribute == "id"


# Batches --------------------------------------------------------------------------------------


def test_a_batch_is_taken_apart_and_its_replies_put_together(reply_of):
    seen = []

    def handle(event: CloudEvent):
        seen.append(event.id)
        if event.id == "2":
            return None
        if event.id == "3":
            return [CloudEvent(type="r", source="/f", id="3a"), CloudEvent(type="r", source="/f")]
        return CloudEvent(type="r", source="/f", id="r" + event.id)

    reply = reply_of(handle, **batch(*(document(id=str(n)) for n in range(1, 5))))
    assert seen == ["1", "2", "3", "4"]
    assert reply.status == 200
    assert reply.body.count(b'"specversion"') == 4


def test_a_batch_may_be_taken_whole(reply_of):
    def handle(events: list[CloudEvent]):
        return {"count": len(events)}

    assert reply_of(handle, **batch(document(), document())).body == b'{"count":2}'
    assert reply_of(handle, **batch()).body == b'{"count":0}'
    assert reply_of(handle, **BINARY).body == b'{"count":1}'


def test_one_retry_asks_for_the_batch_again(reply_of):
    outcomes = {"1": Retry(after_s=1), "2": None, "3": Retry(after_s=7), "4": Drop()}
    seen = []

    def handle(event):
        seen.append(event.id)
        return outcomes[event.id]

    reply = reply_of(handle, **batch(*(document(id=each) for each in outcomes)))
    assert seen == ["1", "2", "3", "4"]
    assert reply.status == 503
    assert (b"retry-after", b"7") in reply.headers


def test_drop_counts_where_all_were_dropped(reply_of):
    events = batch(document(id="1"), document(id="2"))
    assert reply_of(lambda event: Drop(), **events).status == 422
    assert reply_of(lambda event: Drop() if event.id == "1" else None, **events).status == 204


def test_a_fault_in_a_batch_changes_nothing(reply_of):
    seen = []
    broken = batch(document(id="1"), document(id="2").replace("/till", ""))
    with pytest.raises(EventError):
        reply_of(lambda event: seen.append(event.id), **broken)
    assert seen == []


def test_in_a_batch_only_events_are_answers(reply_of):
    with pytest.raises(ResponseError, match="of a batch"):
        reply_of(lambda event: "text", **batch(document()))
    with pytest.raises(InvocationFailed):
        reply_of(lambda event: 1 / 0, **batch(document()))

    def refusing(event):
        raise Refuse(409, "twice")

    assert reply_of(refusing, **batch(document())).status == 409


# Context --------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_async", [False, True])
def test_the_context_is_current_inside(reply_of, is_async):
    def body(_request):
        return CURRENT.get().call_id

    assert reply_of(both(body)[is_async]).body == b"call-1"


def test_a_stream_keeps_its_contextvars(request_of):
    def handle(context: Context):
        yield CURRENT.get().call_id
        yield CURRENT.get().call_id

    reply = contextvars.copy_context().run(invocation.call, of(handle), request_of())
    assert list(reply.body) == [b"call-1", b"call-1"]


def test_knative_headers_are_literal(reply_of):
    from wherry.values import replaced

    handler = replaced(of(lambda event: event), event_headers="knative")
    request = {**BINARY, "headers": [*ATTRIBUTES, ("Ce-Subject", "100%")]}
    assert (b"ce-subject", b"100%") in reply_of(handler, **request).headers
    with pytest.raises(EventError):
        reply_of(lambda event: event, **request)
