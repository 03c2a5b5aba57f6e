"""Functions written for parliament, as its templates and tutorials write them."""

import pytest

from wherry.errors import HandlerSignatureError, ResponseError
from wherry.loader import load
from wherry.testing import invoke

TEMPLATE = """
    from parliament import Context
    from flask import Request
    import json


    def payload_print(req: Request) -> str:
        if req.method == "POST":
            return json.dumps(req.json) + "\\n"
        return json.dumps(req.args.to_dict()) + "\\n"


    def main(context: Context):
        if 'request' in context.keys():
            return payload_print(context.request), 200
        return "{}", 200
"""
EVENTS = """
    from parliament import Context, event


    @event
    def main(context: Context):
        return context.cloud_event.data
"""
BINARY = {
    "method": "POST",
    "headers": {
        "ce-id": "1",
        "ce-source": "/till",
        "ce-type": "com.acme.placed",
        "ce-specversion": "1.0",
        "content-type": "application/json",
    },
    "body": b'{"n": 1}',
}


def test_a_function_of_requests(written):
    handler = load(written(TEMPLATE, "func.py"))
    assert invoke(handler, path="/?a=1").text == '{"a": "1"}\n'
    assert invoke(handler, method="POST", json={"b": 2}).text == '{"b": 2}\n'


def test_a_function_of_events_answers_with_one(written):
    answer = invoke(load(written(EVENTS, "func.py")), **BINARY)
    assert answer.status == 200
    assert answer.event.type == "parliament.response"
    assert answer.event.source == "/parliament/function"
    assert answer.event.data == {"n": 1}


def test_the_event_says_what_the_decorator_was_told(written):
    text = EVENTS.replace("@event", "@event(event_source='/my/function', event_type='my.type')")
    event = invoke(load(written(text, "func.py")), **BINARY).event
    assert (event.type, event.source) == ("my.type", "/my/function")


def test_an_event_of_its_own_goes_as_it_is(written):
    text = """
        from cloudevents.http import CloudEvent

        def main(context):
            event = context["cloud_event"]
            return CloudEvent({"type": "mine", "source": "/f", "id": event["id"]}, {"k": "v"})
    """
    event = invoke(load(written(text, "func.py")), **BINARY).event
    assert (event.type, event.id, event.data) == ("mine", "1", {"k": "v"})


@pytest.mark.parametrize(
    "request_",
    [
        {"method": "POST", "body": b"{}"},
        {**BINARY, "headers": {**BINARY["headers"], "ce-specversion": "9"}},
        {**BINARY, "method": "GET"},
    ],
)
def test_what_carries_no_event_has_none(written, request_):
    text = """
        def main(context):
            return {"event": context.cloud_event is not None, "names": list(context)}
    """
    handler = load(written(text, "func.py"))
    assert invoke(handler, **request_).json == {"event": False, "names": ["request"]}
    assert invoke(handler, **BINARY).json == {"event": True, "names": ["request", "cloud_event"]}


def test_the_context_is_a_mapping_of_what_there_is(written):
    text = """
        from parliament.invocation import Context

        def main(context: Context):
            try:
                context["cloud_event"]
            except KeyError as error:
                return {"absent": str(error), "count": len(context)}
    """
    assert invoke(load(written(text))).json == {"absent": "'cloud_event'", "count": 1}


def test_an_event_that_cannot_be_sent_is_the_functions_fault(written):
    handler = load(written(EVENTS.replace("context.cloud_event.data", "object()"), "func.py"))
    with pytest.raises(ResponseError):
        invoke(handler, **BINARY)


@pytest.mark.parametrize(
    "text",
    [
        "def main(context):\n    return {'call': context.call_id}",
        "import wherry\ndef main(context: wherry.Context):\n    return {'call': context.call_id}",
        "def main(context):\n    return {'call': 'test'}",
    ],
)
def test_a_function_of_our_context_stays_ours(written, text):
    assert "call" in invoke(load(written(text, "func.py"))).json


def test_who_says_so_must_have_such_a_function(written):
    with pytest.raises(HandlerSignatureError, match=r"a function of \(context\)"):
        load(written("def main(): return 1"), signature="parliament")
