"""Structured mode beyond the numbered cases."""

from __future__ import annotations

import json

import pytest

from wherry.cloudevents import CloudEvent, decode_binary, decode_structured, encode_structured
from wherry.errors import EventError

TYPE = "application/cloudevents+json"
CORE = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}


def read(**members):
    return decode_structured(TYPE, json.dumps({**CORE, **members}).encode())


def written(event):
    return json.loads(encode_structured(event)[1])


def test_another_content_type_is_415():
    with pytest.raises(EventError) as caught:
        decode_structured("application/json", b"{}")
    assert caught.value.problem.status == 415


def test_json_bytes_are_embedded_unchanged():
    event = decode_binary(CORE, "application/json", b' {"n" : 1.0}\n')
    assert b'"data": {"n" : 1.0}\n}' in encode_structured(event)[1]


def test_text_is_a_string_and_bytes_are_base64():
    assert written(decode_binary(CORE, "text/plain", "é".encode()))["data"] == "é"
    assert (
        written(decode_binary(CORE, "text/plain; charset=latin1", b"\xe9"))["data_base64"] == "6Q=="
    )
    assert written(decode_binary(CORE, "a/b", b"hi"))["data_base64"] == "aGk="
    assert written(decode_binary(CORE, None, b"hi"))["data_base64"] == "aGk="


def test_version_03_says_its_encoding():
    event = decode_binary({**CORE, "specversion": "0.3"}, "a/b", b"hi")
    document = written(event)
    assert (document["data"], document["datacontentencoding"]) == ("aGk=", "base64")
    assert read(**document) == event
    with pytest.raises(EventError, match=r"0\.3"):
        read(specversion="0.3", data_base64="aGk=")


def test_json_of_a_type_that_is_not_json_is_kept():
    event = read(datacontenttype="image/png", data={"a": [1]})
    assert event.data == {"a": [1]}
    assert written(event)["data"] == {"a": [1]}
    assert event.data_bytes == b'{"a": [1]}'


def test_text_of_a_charset_is_bytes_of_it():
    event = read(datacontenttype="text/plain; charset=iso-8859-1", data="é")
    assert (event.data, event.data_bytes) == ("é", b"\xe9")
    event = read(datacontenttype="text/plain; charset=shift_jis", data="あ")
    assert event.data_bytes == "あ".encode("shift_jis")


def test_duplicate_members_count_once_the_last():
    body = b'{"id":"0",' + json.dumps(CORE).encode()[1:-1] + b',"data":1,"data":2}'
    event = decode_structured(TYPE, body)
    assert (event.id, event.data, event.data_bytes) == ("1", 2, b"2")


def test_data_nests_64_levels_and_no_more():
    read(data=json.loads("[" * 64 + "]" * 64))
    with pytest.raises(EventError, match="64"):
        read(data=json.loads("[" * 65 + "]" * 65))


def test_empty_bytes_are_data():
    event = read(data_base64="")
    assert event.data == b""
    assert written(event)["data_base64"] == ""
    assert CloudEvent(CORE, b"") == event
