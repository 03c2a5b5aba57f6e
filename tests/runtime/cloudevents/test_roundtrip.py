"""Events go out and come back the same, by every mode, and the SDK reads what we write."""

from __future__ import annotations

import json
import os
from pathlib import Path

import orjson
import pytest
from cloudevents.core.bindings import http as sdk_http
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wherry.cloudevents import (
    CloudEvent,
    HeaderEncoding,
    decode,
    encode_batch,
    encode_binary,
    encode_structured,
)
from wherry.cloudevents.binary import plain_lines

ROOT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("WHERRY_SHARED_DATA", ROOT.parent / "shared" / "data"))


NONCHARACTERS = [chr(code) for code in range(0xFDD0, 0xFDF0)] + [
    chr(plane << 16 | code) for plane in range(17) for code in (0xFFFE, 0xFFFF)
]
chars = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=NONCHARACTERS)
texts = st.text(chars, max_size=12)
full = st.text(chars, min_size=1, max_size=12)
json_data = st.recursive(
    st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: (
        st.lists(inner | st.none(), max_size=3)
        | st.dictionaries(texts, inner | st.none(), max_size=3)
    ),
    max_leaves=8,
)
times = st.sampled_from(
    [None, "2020-01-02T03:04:05.123456789Z", "2020-01-02t03:04:05-08:00", "2016-12-31T23:59:60z"]
)
extensions = st.dictionaries(
    st.from_regex(r"x[a-z0-9]{0,8}", fullmatch=True),
    texts | st.booleans() | st.integers(-(2**31), 2**31 - 1),
    max_size=3,
)
payloads = st.one_of(
    st.tuples(st.none(), st.none() | json_data | st.binary(max_size=12)),
    st.tuples(st.sampled_from(["application/json", "a/b+JSON; x=y", "text/json"]), json_data),
    st.tuples(st.sampled_from(["text/plain", "text/xml; charset=UTF-8"]), texts),
    st.tuples(
        st.sampled_from(["image/png", "application/octet-stream"]),
        st.none() | st.binary(max_size=12),
    ),
)


@st.composite
def events(draw, versions=("1.0", "0.3")):
    content_type, data = draw(payloads)
    return CloudEvent(
        draw(extensions),
        data,
        specversion=draw(st.sampled_from(versions)),
        id=draw(full),
        source=draw(full),
        type=draw(full),
        subject=draw(st.none() | full),
        time=draw(times),
        datacontenttype=content_type,
    )


many = settings(
    max_examples=120, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def as_text(event):
    """Attributes as binary mode has them: all text, and the content type that is implied said."""
    wire = {
        name: str(value).lower() if isinstance(value, (bool, int)) else value
        for name, value in event.wire_attributes().items()
    }
    if event.payload is not None and event.payload.implies_json:
        wire["datacontenttype"] = "application/json"
    return wire


@many
@given(events())
def test_binary(event):
    again = decode(*encode_binary(event))
    assert dict(again.wire_attributes()) == as_text(event)
    assert (again.data_bytes or b"") == (event.data_bytes or b"")
    if event.data_bytes:
        assert again.data == event.data
    assert encode_binary(again) == encode_binary(event)
    lines = plain_lines(event)
    assert lines in (None, b"".join(b"%s: %s\r\n" % pair for pair in encode_binary(event)[0]))


@many
@given(events())
def test_structured(event):
    again = decode(*encode_structured(event))
    assert again == event
    assert dict(again.wire_attributes()) == dict(event.wire_attributes())
    assert again.data_bytes == event.data_bytes
    assert encode_structured(again) == encode_structured(event)


@many
@given(
    st.sampled_from(["1.0", "0.3"]).flatmap(lambda version: st.lists(events([version]), max_size=3))
)
def test_batch(some):
    again = decode(*encode_batch(some))
    assert again == some
    assert encode_batch(again) == encode_batch(some)
    assert [encode_binary(event) for event in again] == [encode_binary(event) for event in some]


@many
@given(events())
def test_binary_to_structured_and_back(event):
    pairs, body = encode_binary(event)
    again = decode(*encode_structured(decode(pairs, body)))
    assert encode_binary(again) == (pairs, body)


@many
@given(events())
def test_the_sdk_reads_what_we_write(event):
    if "60" in str(event.wire_attributes().get("time")):
        return  # the SDK knows no leap second
    for pairs, body in (encode_binary(event), encode_structured(event)):
        headers = {name.decode(): value.decode() for name, value in pairs}
        read = sdk_http.from_http_event(sdk_http.HTTPMessage(headers, body))
        assert (read.get_id(), read.get_source(), read.get_type()) == (
            event.id,
            event.source,
            event.type,
        )
        assert (read.get_specversion(), read.get_subject()) == (event.specversion, event.subject)
        assert read.get_time() == event.time or event.time is None
        if isinstance(event.data, (dict, list)) and "application/json" in (
            event.datacontenttype or "application/json"
        ):
            assert read.get_data() == json.loads(event.data_bytes)
        for name, value in event.extensions.items():
            assert read.get_extension(name) in {value, str(value).lower(), str(value)}


@many
@given(events(["1.0"]))
def test_our_encoders_take_the_sdks_events(event):
    if "60" in str(event.wire_attributes().get("time")) or isinstance(event.data, str):
        return
    pairs, body = encode_structured(event)
    sdk = sdk_http.from_http_event(
        sdk_http.HTTPMessage({"content-type": "application/cloudevents+json"}, body)
    )
    again = decode(*encode_structured(sdk))
    assert again.id == event.id
    assert again.extensions == event.extensions
    assert again.data == json.loads(body).get("data", again.data)
    assert pairs == encode_structured(sdk)[0]


@many
@given(events())
def test_knative_parity(event):
    values = [*event.wire_attributes().values()]
    if any(
        isinstance(v, str) and (v != v.strip(" ") or max(v, default="") > "\xff") for v in values
    ):
        return
    again = decode(
        *encode_binary(event, encoding=HeaderEncoding.KNATIVE), encoding=HeaderEncoding.KNATIVE
    )
    assert dict(again.wire_attributes()) == as_text(event)


@pytest.mark.parametrize(
    "data",
    [
        b'{"n": 1.10, "big": 123456789012345678901234567890}',
        b"[1,  2]",
        b'{"a":1,"a":2}',
        b"1.000",
        b"1e2",
        b'"caf\\u00e9"',
        b"null",
        b"12345678901234567890123",
        b"0.1234567890123456789",
    ],
)
def test_data_keeps_its_own_text_through_every_mode(data):
    core = b'"specversion":"1.0","id":"1","source":"/s","type":"t","datacontenttype":"a/json"'
    document = b"{" + core + b' , "data" :  ' + data + b"\n}"
    structured = decode([(b"content-type", b"application/cloudevents+json")], document)
    batch = decode(
        [(b"content-type", b"application/cloudevents-batch+json")],
        b"[%s,%s]" % (document, document),
    )
    for event in (structured, *batch):
        event.check_data()
        assert event.data == orjson.loads(data)
        pairs, body = encode_binary(event)
        if data.startswith(b'"'):
            assert json.loads(body) == json.loads(data)
        else:
            assert body == data
            assert decode(pairs, body).data_bytes == data
            assert b'"data":' + data in encode_structured(decode(pairs, body))[1]
            assert b'"data":' + data in encode_structured(event)[1]


@pytest.mark.shared
def test_structured_events_satisfy_the_specifications_schema():
    path = SHARED / "cloudevents.schema.json"
    if not path.exists():
        pytest.skip(f"the shared data is not at {SHARED}")
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft7Validator(json.loads(path.read_bytes()))

    @many
    @given(events())
    def check(event):
        validator.validate(json.loads(encode_structured(event)[1]))

    check()
