"""The events of a request, and the answer to what a handler made of them.

Events are checked whole, data and type included, before any handler is called, so a batch with a
fault in it changes nothing. This module must not know how handlers are called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from wherry import response
from wherry.cloudevents import (
    CloudEvent,
    HeaderEncoding,
    Mode,
    decode_batch,
    decode_binary,
    decode_structured,
    encode_batch,
    encode_binary,
    encode_structured,
    mode_of,
)
from wherry.cloudevents.binary import plain_lines
from wherry.cloudevents.event import adopt
from wherry.cloudevents.tracing import TRACEPARENT, began_in
from wherry.content_coding import why_unread
from wherry.errors import EventError, RequestRefused, ResponseError
from wherry.outcomes import Drop, Retry
from wherry.problem import Problem
from wherry.reply import Reply, WrittenReply
from wherry.trace import parse_traceparent

if TYPE_CHECKING:
    from wherry.request import Request

_SHOWN_TYPES = 16


class Arrival(NamedTuple):
    """How events came, and so how the answer travels.

    Attributes:
        mode: Binary, structured or batch.
        encoding: How attribute values stand in headers.
        traced: Whether an event that came alone names the trace that it began in.
    """

    mode: Mode
    encoding: HeaderEncoding
    traced: bool = False


# Looked up by what is cheap to hash: a member of an enum is not.
_BINARY = {each.value: Arrival(Mode.BINARY, each) for each in HeaderEncoding}
_STRUCTURED = {each.value: Arrival(Mode.STRUCTURED, each) for each in HeaderEncoding}
_BATCH = {each.value: Arrival(Mode.BATCH, each) for each in HeaderEncoding}
_MODE_BINARY, _MODE_STRUCTURED, _MODE_BATCH = Mode.BINARY, Mode.STRUCTURED, Mode.BATCH


def read(
    request: Request, accepted: frozenset[str], encoding: str = "strict"
) -> tuple[Arrival, list[CloudEvent]]:
    """The events of `request`, one unless it is a batch.

    Args:
        request: The request, its body read.
        accepted: Event types that the handler accepts; empty for all.
        encoding: How attribute values stand in headers, `strict` or `knative`.

    Raises:
        EventError: 400, 413 or 415: not a valid event.
        RequestRefused: 405 where nothing says that it is an event, 415 for a body that is coded,
            422 for another type.
    """
    attributes = request.event_attributes
    content_type = request.content_type
    try:
        mode = mode_of(content_type, has_ce_headers=bool(attributes))
        if mode is _MODE_BINARY and attributes is not None:
            if request.repeated_attribute is not None:
                _refuse_repeated(request.repeated_attribute)
            arrival = _BINARY[encoding]
            events = [
                decode_binary(
                    attributes,
                    content_type,
                    request.body,
                    encoding=arrival.encoding,
                    are_plain=request.plain_attributes,
                )
            ]
            if TRACEPARENT in attributes:
                arrival = _traced(request, events[0], arrival)
        elif mode is _MODE_STRUCTURED:
            arrival = _STRUCTURED[encoding]
            events = [decode_structured(content_type or "", request.body)]
            if TRACEPARENT in events[0].wire_attributes():
                arrival = _traced(request, events[0], arrival)
        elif mode is _MODE_BATCH:
            arrival = _BATCH[encoding]
            events = decode_batch(content_type or "", request.body)
        else:
            raise _no_event(request)
        for event in events:
            if accepted and event.type not in accepted:
                raise RequestRefused(other_type(accepted))
            event.check_data()
    except EventError as refusal:
        raise why_unread(request, refusal) from None
    return arrival, events


def answer(outcomes: list[Any], arrival: Arrival, request: Request) -> Reply:
    """The reply to a batch whose events were handled one by one, with these `outcomes`.

    One `Retry` asks for the whole batch again, after the longest wait; `Drop` counts only where
    every event was dropped.
    """
    retries = [each for each in outcomes if isinstance(each, Retry)]
    if retries:
        return response.reply(max(retries, key=lambda each: each.after_s), request)
    drops = [each for each in outcomes if isinstance(each, Drop)]
    if drops and len(drops) == len(outcomes):
        reason = drops[0].reason if len(drops) == 1 else "the function dropped every event"
        return response.reply(Drop(reason), request)
    replies: list[Any] = []
    for outcome in outcomes:
        if response.is_event(outcome):
            replies.append(outcome)
        elif response.is_batch(outcome):
            replies += outcome
        elif outcome not in (None, []) and not isinstance(outcome, Drop):
            raise ResponseError(
                f"the handler answered an event of a batch with a {type(outcome).__name__}, "
                "expected an event, a list of events, Retry, Drop or None"
            )
    return response.reply(replies, request, arrival)


def of_event(event: Any, request: Request, arrival: Arrival | None) -> Reply:
    """The reply that carries `event`, in the mode that the request came in."""
    if arrival is None:
        arrival = _BINARY["strict"]
    mode = arrival.mode
    if mode is _MODE_BATCH:
        return of_batch([event])
    try:
        if arrival.traced:
            event = _told_of_trace(event, request)
        if mode is _MODE_STRUCTURED:
            headers, body = encode_structured(event)
        else:
            event = adopt(event)
            lines = plain_lines(event)
            if lines is not None:
                return WrittenReply(200, lines, event.data_bytes or b"")
            headers, body = encode_binary(event, encoding=arrival.encoding)
    except Exception as error:
        raise _unsendable() from error
    return Reply(200, headers, body)


def of_batch(events: list[Any]) -> Reply:
    """The reply that carries `events` as a batch."""
    try:
        headers, body = encode_batch(events)
    except Exception as error:
        raise _unsendable() from error
    return Reply(200, headers, body)


def _traced(request: Request, event: CloudEvent, arrival: Arrival) -> Arrival:
    """Let the call be in the trace of its event, where no header says that it is in another."""
    context = request.context
    if context.trace is None:
        text = str(event.wire_attributes()[TRACEPARENT])
        context.trace = parse_traceparent(text.encode("latin-1", "replace"))
    return arrival._replace(traced=context.trace is not None)


def _told_of_trace(event: Any, request: Request) -> Any:
    """The answer to an event that names its trace names it, too, unless it names another."""
    context = request.context
    if context.trace is None:
        return event
    return began_in(adopt(event), context.trace.child(), context.trace_state)


def _refuse_repeated(name: str) -> NoReturn:
    raise EventError("a ce- header must not be sent twice", attribute=name)


def _unsendable() -> ResponseError:
    return ResponseError("the handler returned an event that cannot be sent")


def _no_event(request: Request) -> RequestRefused:
    if request.method not in {"POST", "PUT", "PATCH"}:
        return RequestRefused(
            Problem(status=405, detail="the function takes CloudEvents by POST", allow="POST")
        )
    return EventError(
        "not a CloudEvent: there is no ce-specversion header, and the content type is not "
        "application/cloudevents+json or application/cloudevents-batch+json",
        attribute="specversion",
    )


def other_type(accepted: frozenset[str]) -> Problem:
    """The refusal of an event whose type is none of those `accepted`."""
    shown = sorted(accepted)[:_SHOWN_TYPES]
    return Problem(
        status=422,
        title="Event type not accepted",
        detail=f"the function accepts events of type {', '.join(shown)}",
        members={"attribute": "type", "accepted": shown},
    )


response.MADE_BY_TYPE[CloudEvent] = of_event
