"""Events of version 1 of the SDK that a handler of ours makes."""

import pytest

from wherry import CloudEvent, InvalidEvent, ResponseError
from wherry.adapters import install
from wherry.loader import load
from wherry.testing import Recorder, invoke, invoke_event

GIVEN = CloudEvent(type="given", source="/till")


@pytest.fixture
def made():
    """An event by each class that version 1 has."""
    install()

    def make(kind, data, **attributes):
        given = {"type": "made", "source": "/v1", "id": "1", "time": "2026-01-02T03:04:05Z"}
        if kind == "http":
            from cloudevents.http import CloudEvent as Event

            return Event({**given, **attributes}, data)
        pytest.importorskip("pydantic", reason="pydantic is not installed")
        from cloudevents.pydantic import CloudEvent as Event

        return Event(**given, **attributes, data=data)

    return make


@pytest.mark.parametrize("structured", [False, True])
@pytest.mark.parametrize("kind", ["http", "pydantic"])
@pytest.mark.parametrize("data", [{"a": [1]}, [1], 5, None])
def test_one_is_returned(made, kind, structured, data):
    def handle(event: CloudEvent):
        return made(kind, data, shop="3")

    event = invoke_event(handle, GIVEN, structured=structured).event
    assert (event.type, event.source, event.id, event.data) == ("made", "/v1", "1", data)
    assert event.extensions == {"shop": "3"}
    assert event.time.isoformat() == "2026-01-02T03:04:05+00:00"


@pytest.mark.parametrize(
    ("content_type", "data"), [("text/plain", "text"), ("application/octet-stream", b"\x00\xff")]
)
def test_its_data_is_of_its_type(made, content_type, data):
    def handle(event: CloudEvent):
        return made("http", data, datacontenttype=content_type)

    answer = invoke_event(handle, GIVEN)
    assert answer.headers["content-type"] == content_type
    assert answer.event.data == data


def test_several_go_as_a_batch_with_events_of_ours(made):
    def handle(event: CloudEvent):
        return [made("http", 1), event]

    answer = invoke_event(handle, GIVEN)
    assert answer.headers["content-type"] == "application/cloudevents-batch+json"
    assert [each["type"] for each in answer.json] == ["made", "given"]


def test_one_may_answer_a_plain_request_with_a_status(made):
    answer = invoke(lambda request: (made("http", {"a": 1}), 201))
    assert (answer.status, answer.event.type) == (201, "made")


@pytest.mark.parametrize("kind", ["http", "pydantic"])
def test_one_is_taken_by_whom_annotates_it(written, kind):
    if kind == "pydantic":
        pytest.importorskip("pydantic", reason="pydantic is not installed")
    file = written(
        f"""
        from cloudevents.{kind} import CloudEvent

        def handle(order: CloudEvent):
            assert type(order) is CloudEvent
            return {{"type": order["type"], "shop": order["shop"], "data": order.data}}
        """,
        "handler.py",
    )
    event = CloudEvent(
        type="given", source="/till", time="2026-01-02T03:04:05Z", data={"a": 1}, shop="3"
    )
    answer = invoke_event(load(file), event)
    assert answer.json == {"type": "given", "shop": "3", "data": {"a": 1}}


def test_one_that_the_specification_forbids_is_the_handlers_fault(made):
    def handle(event: CloudEvent):
        return made("http", 1, time="yesterday")

    with pytest.raises(ResponseError) as raised:
        invoke_event(handle, GIVEN)
    assert isinstance(raised.value.__cause__, InvalidEvent)


def test_one_is_emitted(made):
    def handle(request, context):
        context.emit(made("http", {"a": 1}))
        return "emitted"

    sink = Recorder(overrides={"shop": "3"})
    assert invoke(handle, sink=sink).text == "emitted"
    (event,) = sink.events
    assert (event.type, event.data, event["shop"]) == ("made", {"a": 1}, "3")
