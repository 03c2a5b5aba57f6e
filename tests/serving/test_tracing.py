"""Where a call is in a trace: read from the request, told to the handler, to its answer, on."""

from __future__ import annotations

import json

import pytest

from wherry import CloudEvent
from wherry.testing import Running, invoke, invoke_event, running

from .conftest import eventually

TRACE, OTHER = "a" * 32, "c" * 32
PARENT = f"00-{TRACE}-{'b' * 16}-01"
BEGAN = f"00-{OTHER}-{'d' * 16}-00"
HANDLER = """
from wherry import CloudEvent, Context, http

@http
def handle(context: Context):
    trace = context.trace
    return {
        "trace": trace and trace.trace_id,
        "state": context.trace_state,
        "baggage": dict(context.baggage),
    }
"""


def test_a_handler_is_told(tmp_path):
    (tmp_path / "handler.py").write_text(HANDLER)
    beside = [("tracestate", "v=1"), ("tracestate", "w=2"), ("Baggage", "k=a%20b;x, t=1")]
    with running(tmp_path, WHERRY_LOG_FORMAT="json") as function:
        told = function.invoke(headers=[("traceparent", PARENT), *beside]).json
        assert told == {"trace": TRACE, "state": "v=1,w=2", "baggage": {"k": "a b", "t": "1"}}
        # The state of no trace is nobody's.
        told = function.invoke(headers=[("traceparent", "00-x-1-1"), *beside]).json
        assert (told["trace"], told["state"]) == (None, "")
        eventually(lambda: len(access_lines(function)) == 2)
        traces = {line.get("trace_id") for line in access_lines(function)}
        assert traces == {TRACE, None}


def access_lines(function: Running):
    return [json.loads(line) for line in function.log.splitlines() if "wherry.access" in line]


def test_in_memory_too(tmp_path):
    (tmp_path / "handler.py").write_text(HANDLER)
    from wherry.loader import load

    told = invoke(load(tmp_path), headers={"traceparent": PARENT, "baggage": "t=1"}).json
    assert (told["trace"], told["baggage"]) == (TRACE, {"t": "1"})


def answered(event: CloudEvent, reply: CloudEvent | None = None, *, structured: bool = False):
    seen = []

    def handle(event: CloudEvent, context):
        seen.append(context.trace)
        return reply or event

    headers = {"traceparent": PARENT} if event.extensions.get("header") else {}
    answer = invoke_event(handle, event, headers=headers, structured=structured)
    return seen[0], answer.event


REPLY = CloudEvent(type="reply", source="/r", id="1")


@pytest.mark.parametrize("structured", [False, True])
def test_a_reply_is_in_the_trace_that_its_event_names(structured):
    event = CloudEvent(type="t", source="/s", traceparent=BEGAN)
    trace, reply = answered(event, REPLY, structured=structured)
    assert trace.trace_id == OTHER
    assert reply.extensions["traceparent"].split("-")[1] == OTHER
    assert reply.extensions["traceparent"] != BEGAN
    assert "traceparent" not in REPLY


def test_a_header_says_where_the_call_is_and_the_event_where_it_began():
    event = CloudEvent(type="t", source="/s", traceparent=BEGAN, header="1")
    trace, reply = answered(event, REPLY)
    assert trace.trace_id == TRACE
    assert reply.extensions["traceparent"].split("-")[1] == TRACE


def test_what_comes_back_unchanged_is_unchanged():
    event = CloudEvent(type="t", source="/s", traceparent=BEGAN, header="1")
    assert answered(event)[1] == event


@pytest.mark.parametrize("extensions", [{}, {"header": "1"}, {"traceparent": "nonsense"}])
def test_nothing_is_added_to_the_answer_of_an_event_that_names_no_trace(extensions):
    event = CloudEvent({"type": "t", "source": "/s", **extensions})
    assert answered(event, REPLY)[1] == REPLY
