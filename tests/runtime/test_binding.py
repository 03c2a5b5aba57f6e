import io
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, BinaryIO, Optional, TypedDict

import flask
import pytest
import werkzeug.wrappers
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.v03.event import CloudEvent as OldEvent
from cloudevents.core.v1.event import CloudEvent as SdkEvent

from wherry import CloudEvent, Context, cloud_event, http
from wherry.errors import HandlerSignatureError
from wherry.handler import Kind, Style, of
from wherry.loader import load
from wherry.parameters import ACCEPTED, Role
from wherry.request import Request

EVENT = {
    "method": "POST",
    "headers": [
        ("ce-id", "1"),
        ("ce-source", "/s"),
        ("ce-type", "t"),
        ("ce-specversion", "1.0"),
        ("content-type", "application/json"),
    ],
    "body": b'{"id":"o1"}',
}
JSON = {"headers": [("content-type", "application/json")], "body": b'{"id":"o1"}'}


@dataclass
class Order:
    id: str


class Placed(TypedDict):
    id: str


def takes(annotation, name="value"):
    def function(value):
        return type(value).__name__

    function.__annotations__ = {"value": annotation}
    return function


@pytest.mark.parametrize(
    ("annotation", "got"),
    [
        (flask.Request, b"FunctionRequest"),
        (werkzeug.wrappers.Request, b"FunctionRequest"),
        (Context, b"Context"),
        (Optional[Context], b"Context"),  # noqa: UP045 - the older form is to be read too
        (Context | None, b"Context"),
        (bytes, b"bytes"),
        (str, b"str"),
        (Order, b"Order"),
        (Annotated[Order, "seen"], b"Order"),
        (Placed, b"dict"),
        (dict, b"dict"),
        (dict[str, str], b"dict"),
        (Iterator[bytes], b"BodyStream"),
        (BinaryIO, b"BytesIO"),
        (io.BufferedIOBase, b"BytesIO"),
    ],
)
def test_an_http_parameter_by_annotation(reply_of, annotation, got):
    function = takes(annotation)
    assert of(function).kind is Kind.HTTP
    assert reply_of(function, **JSON).body == got


@pytest.mark.parametrize(
    ("annotation", "got"),
    [
        (CloudEvent, "CloudEvent"),
        (SdkEvent, "CloudEvent"),
        (BaseCloudEvent, "CloudEvent"),
        (list[CloudEvent], "list"),
        (list[SdkEvent], "list"),
    ],
)
def test_an_event_parameter_by_annotation(reply_of, annotation, got):
    function = takes(annotation)
    assert of(function).kind is Kind.EVENT
    assert reply_of(function, **EVENT).body.decode() == got


def test_the_sdks_older_event(reply_of):
    event = {**EVENT, "headers": [*EVENT["headers"][:3], ("ce-specversion", "0.3")]}

    def function(event: OldEvent):
        return f"{type(event).__module__} {event.get_id()}"

    assert reply_of(function, **event).body == b"cloudevents.core.v03.event 1"


@pytest.mark.parametrize("name", ["event", "cloud_event", "cloudevent"])
def test_an_event_parameter_by_name(name):
    namespace: dict[str, Any] = {}
    exec(f"def handle({name}, context): return {name}.id", namespace)
    assert of(namespace["handle"]).kind is Kind.EVENT


def test_parameters_by_name(reply_of):
    def handle(request, body, ctx, limit=5, *args, flag=True, context, **kwargs):
        return [request.method, len(body), ctx.call_id, limit, flag, context is ctx]

    assert reply_of(handle, body=b"abc").body == b'["GET",3,"call-1",5,true,true]'


def test_no_parameters(reply_of):
    assert reply_of(lambda: "alone").body == b"alone"


@pytest.mark.parametrize("annotation", [Order, bytes, str, dict[str, str]])
def test_event_data_beside_the_event(reply_of, annotation):
    def handle(event: CloudEvent, value):
        return f"{event.id} {value}"

    handle.__annotations__["value"] = annotation
    assert b"o1" in reply_of(handle, **EVENT).body


def test_a_declared_event_function_may_take_data_alone(reply_of):
    @cloud_event
    def handle(order: Order):
        return order.id

    assert of(handle).kind is Kind.EVENT
    assert reply_of(handle, **EVENT).body == b"o1"


def test_string_annotations(functions, reply_of):
    pytest.importorskip("flask")
    reply = reply_of(load(functions / "string_annotations.py"), **JSON, method="POST")
    assert reply.body == b'{"id":"o1","count":1,"method":"POST","call":"call-1"}'


def test_callable_objects_methods_and_partials(reply_of):
    import functools

    class Service:
        def __call__(self, body: bytes):
            return body

        def method(self, body: bytes):
            return body

        async def slow(self, body: bytes):
            return body

    service = Service()
    for each in (service, service.method, service.slow, functools.partial(service.method)):
        assert reply_of(each, body=b"x").body == b"x"
    assert of(service.slow).style is Style.ASYNC


async def _takes_blocking(body: Iterator[bytes]): ...
def _takes_awaitable(body: AsyncIterator[bytes]): ...
def _takes_twice(a: Order, b: Order): ...
def _takes_stream_and_body(a: Iterator[bytes], b: bytes): ...
def _takes_event_stream(event: CloudEvent, b: Iterator[bytes]): ...
def _takes_event_and_batch(event: CloudEvent, events: list[CloudEvent]): ...
def _takes_batch_and_data(order: Order, events: list[CloudEvent]): ...
def _takes_unknown(value: complex): ...
def _takes_unresolved(value: "NoSuchName"): ...  # noqa: F821
def _takes_unnamed(value): ...


@dataclass
class Unreadable:
    at: complex


def _takes_unreadable(value: Unreadable): ...
@http
def _declared_otherwise(event: CloudEvent): ...


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (_takes_blocking, "is async, and takes a body that blocks"),
        (_takes_awaitable, "is not async, and takes AsyncIterator"),
        (_takes_twice, "two parameters are read from one body"),
        (_takes_stream_and_body, "takes the body twice"),
        (_takes_event_stream, "do not come as a stream"),
        (_takes_event_and_batch, "an event and a whole batch"),
        (_takes_batch_and_data, "a batch and the body of one event"),
        (_takes_unknown, "parameter 'value' is annotated complex; expected flask.Request"),
        (_takes_unresolved, "'NoSuchName', which does not resolve"),
        (_takes_unnamed, "parameter 'value' has no annotation"),
        (_takes_unreadable, "holds complex, which JSON does not"),
        (_declared_otherwise, "declared by @http"),
        (Order, "the class Order"),
        (7, "got int"),
    ],
)
def test_what_nothing_fills_is_refused(function, said):
    with pytest.raises(HandlerSignatureError) as caught:
        of(function)
    assert said in str(caught.value)


def test_an_adapter_takes_the_request_as_it_was_read(request_of):
    def handle(request: Request):
        return request

    request = request_of()
    assert of(handle).plan.bind(request, None) == (request,)
    assert Role.RAW.value not in ACCEPTED
