"""Events as handlers make and read them."""

from __future__ import annotations

import copy
import enum
import pickle
from datetime import datetime, timedelta, timezone

import pytest
from cloudevents.core.bindings import http as sdk_http
from cloudevents.core.v03.event import CloudEvent as SdkCloudEvent03
from cloudevents.core.v1.event import CloudEvent as SdkCloudEvent

from wherry.cloudevents import (
    CloudEvent,
    InvalidEvent,
    decode_batch,
    decode_binary,
    decode_structured,
    encode_binary,
    encode_structured,
)
from wherry.cloudevents.event import adopt
from wherry.errors import EventError, RequestRefused, WherryError

CORE = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}
NOON = datetime(2020, 1, 2, 12, tzinfo=timezone.utc)


class Colour(str, enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


def test_made_from_a_mapping_which_is_left_alone():
    given = {"type": "t", "source": "/s"}
    event = CloudEvent(given, {"a": 1})
    assert given == {"type": "t", "source": "/s"}
    assert (event.specversion, event.time, event.data) == ("1.0", None, {"a": 1})
    assert len(event.id) == 32
    assert int(event.id, 16) >= 0
    assert CloudEvent(given).id != CloudEvent(given).id


def test_made_from_keywords_which_win():
    event = CloudEvent(
        {"type": "a", "source": "/s"}, type="t", id="7", data="x", shop="3", subject=None
    )
    assert (event.type, event.id, event.data, event.extensions) == ("t", "7", "x", {"shop": "3"})
    assert event.subject is None


def test_is_the_sdks_event_and_has_its_accessors():
    event = CloudEvent(
        CORE, subject="s", time=NOON, datacontenttype="a/json", dataschema="u:d", x=1
    )
    assert isinstance(event, SdkCloudEvent)
    assert (event.get_id(), event.get_source(), event.get_type()) == ("1", "/s", "t")
    assert (event.get_specversion(), event.get_subject(), event.get_time()) == ("1.0", "s", NOON)
    assert (event.get_datacontenttype(), event.get_dataschema()) == ("a/json", "u:d")
    assert (event.get_extension("x"), event.get_extension("y"), event.get_data()) == (1, None, None)
    assert SdkCloudEvent(event.get_attributes(), event.get_data()).get_time() == NOON


def test_attributes_by_name():
    event = CloudEvent(CORE, time=NOON, x="1")
    assert (event["x"], event["time"], "x" in event, "y" in event) == ("1", NOON, True, False)
    assert list(event) == [*CORE, "time", "x"]
    with pytest.raises(KeyError):
        event["y"]
    with pytest.raises(KeyError):
        CloudEvent(CORE)["time"]


def test_is_read_only():
    event = CloudEvent(CORE)
    with pytest.raises(AttributeError):
        event.id = "2"
    event.get_attributes()["id"] = "2"
    event.extensions["x"] = "2"
    assert event == CloudEvent(CORE)


def test_values_of_pythons_own_become_those_of_the_specification():
    odd = timezone(timedelta(hours=2))
    event = CloudEvent(
        CORE,
        b=b"\x00\xff",
        c=Colour.RED,
        n=Level.HIGH,
        t=True,
        when=NOON,
        time=NOON.astimezone(odd),
    )
    assert event.extensions == {
        "b": "AP8=",
        "c": "red",
        "n": 3,
        "t": True,
        "when": "2020-01-02T12:00:00Z",
    }
    assert {value.__class__ for value in event.wire_attributes().values()} == {str, int, bool}
    assert event.wire_attributes()["time"] == "2020-01-02T14:00:00+02:00"


@pytest.mark.parametrize(
    ("attributes", "attribute"),
    [
        ({"type": ""}, "type"),
        ({"source": None}, "source"),
        ({"id": ""}, "id"),
        ({"id": 5}, "id"),
        ({"specversion": "2.0"}, "specversion"),
        ({"time": "noon"}, "time"),
        ({"time": datetime(2020, 1, 2)}, "time"),  # noqa: DTZ001
        ({"subject": ""}, "subject"),
        ({"subject": "a\nb"}, "subject"),
        ({"subject": "\ud800"}, "subject"),
        ({"datacontenttype": "a/b\r\nx: y"}, "datacontenttype"),
        ({"datacontenttype": ""}, "datacontenttype"),
        ({"datacontenttype": " "}, "datacontenttype"),
        ({"datacontenttype": "text/plain "}, "datacontenttype"),
        ({"dataschema": ""}, "dataschema"),
        ({"fooBar": "x"}, "fooBar"),
        ({"foo\n": "x"}, "foo?"),
        ({"data": "x"}, "data"),
        ({"x": 1.5}, "x"),
        ({"x": 2**31}, "x"),
        ({"x": []}, "x"),
        ({"x": object()}, "x"),
    ],
)
def test_faults_name_the_attribute_and_are_the_handlers(attributes, attribute):
    with pytest.raises(InvalidEvent) as caught:
        CloudEvent({**CORE, **attributes})
    assert caught.value.attribute == attribute
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, WherryError)
    assert not isinstance(caught.value, RequestRefused)


def test_names_must_be_strings():
    with pytest.raises(InvalidEvent, match="string"):
        CloudEvent({**CORE, 5: "x"})


@pytest.mark.parametrize(("content_type", "data"), [("a/json", b"{"), ("text/a", b"\xff")])
def test_bytes_are_read_when_made(content_type, data):
    with pytest.raises(InvalidEvent) as caught:
        CloudEvent(CORE, data, datacontenttype=content_type)
    assert caught.value.attribute == "data"


def test_a_fault_survives_pickling():
    fault = pickle.loads(pickle.dumps(InvalidEvent("m", attribute="a", hint="h")))
    assert (fault.message, fault.attribute, fault.hint) == ("m", "a", "h")


def test_data_as_value_and_bytes():
    assert CloudEvent(CORE, {"a": 1}).data_bytes == b'{"a":1}'
    assert CloudEvent(CORE, "é", datacontenttype="text/plain").data_bytes == "é".encode()
    assert CloudEvent(CORE, "é", datacontenttype="text/plain; charset=latin1").data_bytes == b"\xe9"
    assert CloudEvent(CORE, bytearray(b"x")).data == b"x"
    assert CloudEvent(CORE).data_bytes is None
    assert CloudEvent(CORE, b"[1, 2]", datacontenttype="a/json").data == [1, 2]


def test_data_changed_in_place_travels_changed():
    body = b'{"n": 1.50,  "list": []}'
    event = decode_binary(CORE, "application/json", body)
    assert event.data["n"] == 1.5
    assert encode_binary(event)[1] == body
    event.data["list"].append(1)
    assert encode_binary(event)[1] == event.data_bytes == b'{"n":1.5,"list":[1]}'
    assert decode_structured(*structured(event)).data == {"n": 1.5, "list": [1]}
    event = decode_structured(*structured(decode_binary(CORE, "application/json", body)))
    event.data["n"] = True
    assert event.data_bytes == b'{"n":true,"list":[]}'


def structured(event):
    pairs, body = encode_structured(event)
    return pairs[0][1].decode(), body


def test_repr_shows_attributes_and_never_data():
    text = repr(CloudEvent(CORE, {"password": "hunter2"}))
    assert text == "CloudEvent(specversion='1.0', id='1', source='/s', type='t')"


def test_equality():
    assert CloudEvent(CORE, [1]) == CloudEvent(CORE, [1])
    assert CloudEvent(CORE, [1]) != CloudEvent(CORE, [2])
    assert CloudEvent(CORE, [1]) != CloudEvent(CORE)
    assert CloudEvent(CORE) != CloudEvent(CORE, x="1")
    assert CloudEvent(CORE) != "event"
    bad = decode_binary(CORE, "a/json", b"{")
    assert bad == decode_binary(CORE, "a/json", b"{")
    assert bad != decode_binary(CORE, "a/json", b"}")
    assert decode_binary(CORE, "a/json", b'{"a": 1}') == decode_binary(CORE, "a/json", b'{"a":1}')


def test_pickles_and_copies():
    batch = b'[{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"a":1.0}}]'
    for event in (
        CloudEvent(CORE, {"a": 1}, time=NOON),
        decode_binary(CORE, "a/json", b'{"a": 1}'),
        decode_binary(CORE, "a/json", b"{"),
        decode_batch("application/cloudevents-batch+json", batch)[0],
        decode_structured("application/cloudevents+json", batch[1:-1]),
    ):
        for other in (pickle.loads(pickle.dumps(event)), copy.deepcopy(event), copy.copy(event)):
            assert other == event
            assert encode_structured(other) == encode_structured(event)


def test_version_03():
    event = CloudEvent(
        CORE, "aGk=", specversion="0.3", datacontentencoding="base64", schemaurl="u:d"
    )
    assert (event.data, event.dataschema, event.extensions) == (b"hi", "u:d", {})
    with pytest.raises(InvalidEvent, match="base64"):
        CloudEvent(CORE, "aGk=", specversion="0.3", datacontentencoding="gzip")
    with pytest.raises(InvalidEvent, match="schemaurl"):
        CloudEvent(CORE, specversion="0.3", schemaurl=5)


def test_an_sdk_event_is_adopted():
    sdk = SdkCloudEvent({"type": "t", "source": "/s", "id": "1", "time": NOON}, {"a": 1})
    assert adopt(sdk) == CloudEvent(CORE, {"a": 1}, time=NOON)
    sdk = SdkCloudEvent03({"type": "t", "source": "/s", "id": "1", "time": NOON}, b"\x00")
    assert adopt(sdk) == CloudEvent(CORE, b"\x00", specversion="0.3", time=NOON)
    event = CloudEvent(CORE)
    assert adopt(event) is event


def test_a_subclass_is_taken_as_it_is():
    class Order(CloudEvent):
        pass

    event = Order(CORE)
    assert adopt(event) is event


@pytest.mark.parametrize("thing", [None, {}, "event", CloudEvent, SdkCloudEvent, object()])
def test_what_is_no_event_is_not_adopted(thing):
    with pytest.raises(InvalidEvent, match="expected a CloudEvent"):
        adopt(thing)


def test_the_sdk_writes_our_events():
    event = decode_binary({**CORE, "time": "2020-01-02T12:00:00Z"}, "application/json", b'{"a": 1}')
    message = sdk_http.to_binary_event(event)
    assert message.headers["ce-time"] == "2020-01-02T12:00:00Z"
    assert sdk_http.from_http_event(sdk_http.to_structured_event(event)).get_data() == {"a": 1}


def test_time_of_an_event_that_arrived_is_read_once():
    event = decode_binary({**CORE, "time": "2020-01-02T12:00:00.000000001Z"}, None, b"")
    assert event.time is event.time
    assert event.time == NOON


def test_malformed_data_is_the_senders_fault():
    event = decode_binary(CORE, "a/json", b"{")
    with pytest.raises(EventError):
        event.get_data()
