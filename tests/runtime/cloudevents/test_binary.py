"""Binary mode beyond the numbered cases."""

from __future__ import annotations

import pytest
from cloudevents.core.v1.event import CloudEvent as SdkCloudEvent

from wherry.cloudevents import CloudEvent, InvalidEvent, binary, decode_binary, encode_binary
from wherry.errors import EventError

CORE = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}


def test_the_callers_attributes_are_left_alone():
    given = dict(CORE)
    decode_binary(given, "a/b", b"x")
    assert given == CORE


def test_data_is_not_read_until_asked_for():
    event = decode_binary(CORE, "application/json", b'{"a":1}')
    assert event.data is event.data
    assert event.data == {"a": 1}


def test_version_03_in_base64():
    attributes = {**CORE, "specversion": "0.3", "datacontentencoding": "base64"}
    event = decode_binary(attributes, "a/b", b"aGk=")
    assert event.data == b"hi"
    assert encode_binary(event)[1] == b"hi"
    assert "datacontentencoding" not in event
    assert decode_binary(attributes, "a/b", b"").data is None
    for body in (b"?", b"\xff", b"aGk"):
        with pytest.raises(EventError, match="base64"):
            decode_binary(attributes, "a/b", body)


def test_an_sdk_event_with_a_content_type_that_injects_a_header():
    event = SdkCloudEvent({**CORE, "datacontenttype": "a/b\r\nx-evil: 1"}, b"x")
    with pytest.raises(InvalidEvent) as caught:
        encode_binary(event)
    assert caught.value.attribute == "datacontenttype"


def test_header_names_kept_are_bounded():
    for number in range(binary._NAMES_KEPT // 8 + 10):
        encode_binary(CloudEvent(CORE, **{f"x{number}y{inner}": "1" for inner in range(8)}))
    assert len(binary._header_names) <= binary._NAMES_KEPT
    binary._header_names.clear()


def lines_of(headers):
    return b"".join(b"%s: %s\r\n" % pair for pair in headers)


@pytest.mark.parametrize(
    "event",
    [
        CloudEvent(CORE),
        CloudEvent(CORE, {"a": 1}),
        CloudEvent({**CORE, "note": "x"}, b"hi", datacontenttype="a/b"),
        decode_binary({**CORE, "time": "2020-01-02T12:00:00Z"}, "text/plain; charset=utf-8", b"hi"),
    ],
)
def test_header_lines_of_plain_values_are_those_of_the_headers(event):
    headers, _ = encode_binary(event)
    assert binary.plain_lines(event) == lines_of(headers)


@pytest.mark.parametrize("extra", [{"note": "a b"}, {"note": "é"}, {"note": "50%"}, {"note": 5}])
def test_values_that_are_not_plain_have_no_lines(extra):
    assert binary.plain_lines(CloudEvent({**CORE, **extra}, b"x")) is None


def test_a_content_type_that_was_not_looked_at_has_no_lines():
    assert binary.plain_lines(decode_binary(CORE, "application/never-seen", b"x")) is None
