"""Batch mode beyond the numbered cases."""

from __future__ import annotations

import json

import pytest

from wherry.cloudevents import CloudEvent, InvalidEvent, decode_batch, encode_batch, encode_binary
from wherry.errors import EventError

TYPE = "application/cloudevents-batch+json"
CORE = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}


def test_order_and_data_are_kept():
    sent = [{**CORE, "id": str(number), "data": {"n": number}} for number in range(50)]
    events = decode_batch(TYPE, json.dumps(sent).encode())
    assert [(event.id, event.data) for event in events] == [(e["id"], e["data"]) for e in sent]
    assert json.loads(encode_batch(events)[1]) == sent
    assert [encode_binary(event)[1] for event in events] == [
        json.dumps(e["data"]).encode() for e in sent
    ]


def test_more_events_than_asked_for_are_413():
    body = json.dumps([CORE] * 3).encode()
    assert len(decode_batch(TYPE, body, max_events=3)) == 3
    with pytest.raises(EventError, match="2 events") as caught:
        decode_batch(TYPE, body, max_events=2)
    assert caught.value.problem.status == 413


def test_a_fault_names_the_place_and_the_attribute():
    with pytest.raises(EventError, match="event 2 of the batch") as caught:
        decode_batch(TYPE, json.dumps([CORE, CORE, {**CORE, "time": "x"}]).encode())
    assert caught.value.attribute == "time"
    with pytest.raises(EventError, match="array"):
        decode_batch(TYPE, json.dumps(CORE).encode())
    with pytest.raises(EventError) as caught:
        decode_batch("application/cloudevents+json", b"[]")
    assert caught.value.problem.status == 415


def test_a_handlers_batch():
    pairs, body = encode_batch(CloudEvent(CORE, id=str(number)) for number in range(2))
    assert pairs == [(b"content-type", TYPE.encode())]
    assert [event.id for event in decode_batch(TYPE, body)] == ["0", "1"]
    with pytest.raises(InvalidEvent, match="specversion"):
        encode_batch([CloudEvent(CORE), CloudEvent(CORE, specversion="0.3")])
    with pytest.raises(InvalidEvent, match="expected a CloudEvent"):
        encode_batch([CloudEvent(CORE), {"id": "1"}])
