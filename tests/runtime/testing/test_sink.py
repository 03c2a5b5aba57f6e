"""A sink on a real port: what it keeps, what it answers, and how it is waited for."""

import threading
import time
import urllib.error
import urllib.request

import pytest

from wherry import CloudEvent
from wherry.cloudevents import encode_batch, encode_binary
from wherry.emission import Emitter
from wherry.testing import Delivery, Sink

JSON = "application/json"
EVENT = CloudEvent(
    type="t", source="/s", id="1", subject="a b", datacontenttype=JSON, data={"n": 1}
)


@pytest.fixture
def sink():
    with Sink() as sink:
        yield sink


def post(sink, headers, body):
    named = {name.decode(): value.decode() for name, value in headers}
    request = urllib.request.Request(sink.url + "in?q=1", data=body, headers=named)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_it_keeps_what_it_gets(sink):
    assert post(sink, *encode_binary(EVENT)) == 202
    assert sink.events == [EVENT]
    (delivery,) = sink.deliveries
    assert (delivery.path, delivery.body, delivery.status) == ("/in?q=1", b'{"n":1}', 202)
    assert delivery.headers["ce-subject"] == "a%20b"


def test_a_batch_is_several_events(sink):
    other = CloudEvent(type="t", source="/s", id="2")
    post(sink, *encode_batch([EVENT, other]))
    assert [event.id for event in sink.events] == ["1", "2"]


def test_it_answers_as_told_and_then_accepts(sink):
    sink.statuses[:] = [503, 404]
    got = [post(sink, *encode_binary(EVENT)) for _ in range(3)]
    assert got == [503, 404, 202]
    assert len(sink.events) == 1, "only what it accepted"
    assert len(sink.deliveries) == 3


def test_what_is_no_event_is_refused_and_told(sink):
    assert post(sink, [(b"content-type", b"text/plain")], b"hello") == 400
    assert sink.events == []
    assert "not a CloudEvent" in str(sink.deliveries[0].fault)
    with pytest.raises(AssertionError, match=r"expected 1 events within 0\.01 s, got 400 not a Cl"):
        sink.wait(timeout_s=0.01)


def test_waiting_ends_when_they_are_there(sink):
    emitter = Emitter(sink.url, {}, "/tested")
    threading.Timer(0.05, emitter.emit, [EVENT]).start()
    assert sink.wait(1) == [EVENT]


def test_waiting_for_what_does_not_come_says_what_did(sink):
    post(sink, *encode_binary(EVENT))
    with pytest.raises(AssertionError, match=r"expected 2 events within 0\.01 s, got 202 t"):
        sink.wait(2, timeout_s=0.01)
    sink.clear()
    with pytest.raises(AssertionError, match="got nothing"):
        sink.wait(1, timeout_s=0.01)


def test_it_takes_its_time(sink):
    sink.delay_s = 0.1
    began = time.monotonic()
    post(sink, *encode_binary(EVENT))
    assert time.monotonic() - began >= 0.1


def test_knatives_literal_headers():
    with Sink(encoding="knative") as sink:
        Emitter(sink.url, {}, "/tested", encoding="knative").emit(EVENT)
        assert sink.events == [EVENT]
        assert sink.deliveries[0].headers["ce-subject"] == "a b"


def test_a_body_in_chunks(sink):
    headers, body = encode_binary(EVENT)
    request = urllib.request.Request(
        sink.url,
        data=iter([body[:3], body[3:]]),
        headers={name.decode(): value.decode() for name, value in headers},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 202
    assert sink.events == [EVENT]


def test_nothing_listens_when_it_is_closed():
    with Sink() as sink:
        pass
    with pytest.raises(OSError, match="refused"):
        post(sink, *encode_binary(EVENT))


def test_a_delivery_says_why_it_is_no_event():
    delivery = Delivery.of([("ce-id", "1")], b"", status=202)
    assert (delivery.status, delivery.is_accepted, delivery.events) == (400, False, ())
    assert delivery.fault is not None and delivery.fault.attribute == "specversion"
