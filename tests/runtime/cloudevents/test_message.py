"""Header lists and bodies."""

from __future__ import annotations

import pytest

from wherry.cloudevents import CloudEvent, Limits, decode, message
from wherry.errors import EventError

CORE = [(b"ce-specversion", b"1.0"), (b"ce-id", b"1"), (b"ce-source", b"/s"), (b"ce-type", b"t")]


def test_names_in_any_case_and_other_headers_are_left_alone():
    headers = [(name.upper(), value) for name, value in CORE]
    event = decode([*headers, (b"Host", b"h"), (b"\xff", b"\xff"), (b"cex", b"1"), (b"", b"")], b"")
    assert isinstance(event, CloudEvent)
    assert event.extensions == {}


def test_space_around_a_content_type_is_not_part_of_it():
    event = decode([*CORE, (b"content-type", b" a/b\t")], b"x")
    assert isinstance(event, CloudEvent)
    assert event.datacontenttype == "a/b"


def test_an_empty_content_type_is_none():
    event = decode([*CORE, (b"content-type", b"")], b"x")
    assert isinstance(event, CloudEvent)
    assert event.datacontenttype is None


def test_two_content_types_are_refused():
    with pytest.raises(EventError, match="one Content-Type"):
        decode([*CORE, (b"content-type", b"a/b"), (b"Content-Type", b"a/b")], b"x")


def test_limits_are_the_callers():
    limit = Limits(attribute_chars=4, attributes=5, events=1)
    decode([*CORE, (b"ce-x", b"1")], b"", limit=limit)
    one = b'{"specversion":"1.0","id":"1","source":"/s","type":"t"}'
    batch = [(b"content-type", b"application/cloudevents-batch+json")]
    single = [(b"content-type", b"application/cloudevents+json")]
    decode(batch, b"[" + one + b"]", limit=limit)
    for headers, body in (
        ([*CORE, (b"ce-x", b"12345")], b""),
        ([*CORE, (b"content-type", b"a/bcd")], b""),
        ([*CORE, (b"ce-x", b"1"), (b"ce-y", b"1")], b""),
        (batch, b"[" + one + b"," + one + b"]"),
        (single, one[:-1] + b',"x":"12345"}'),
        (single, one[:-1] + b',"x":1,"y":1}'),
    ):
        with pytest.raises(EventError) as caught:
            decode(headers, body, limit=limit)
        assert caught.value.problem.status == 413


def test_header_names_kept_are_bounded():
    decode([*CORE, *((b"x-%d" % number, b"") for number in range(2000)), (b"y" * 100, b"")], b"")
    assert len(message._known) <= message._NAMES_KEPT
    assert b"y" * 100 not in message._known
    message._known.clear()
