"""The 24 cases of CloudEvents over HTTP that are known to go wrong elsewhere.

Each test is named after the number of its case. Cases 19 (request size), 21 (tracing) and 22
(webhook) belong to the server; here is what a codec owes to them.
"""

from __future__ import annotations

import json

import pytest

from wherry.cloudevents import (
    CloudEvent,
    HeaderEncoding,
    Mode,
    decode,
    decode_batch,
    decode_binary,
    decode_structured,
    encode_batch,
    encode_binary,
    encode_structured,
    mode_of,
)
from wherry.errors import EventError

JSON_EVENT = "application/cloudevents+json"
JSON_BATCH = "application/cloudevents-batch+json"
CORE = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}


def headers(attributes=CORE, content_type=None, **more):
    pairs = [(b"ce-" + k.encode(), v.encode()) for k, v in {**attributes, **more}.items()]
    if content_type is not None:
        pairs.append((b"Content-Type", content_type.encode()))
    return pairs


def document(**members):
    return json.dumps({**CORE, **members}).encode()


def structured(**members):
    return decode_structured(JSON_EVENT, document(**members))


def binary(content_type=None, body=b"", encoding=HeaderEncoding.STRICT, **more):
    return decode_binary({**CORE, **more}, content_type, body, encoding=encoding)


def refused(call, *args, status=400, attribute=None, **kwargs):
    with pytest.raises(EventError) as caught:
        call(*args, **kwargs)
    assert caught.value.problem.status == status
    if attribute is not None:
        assert caught.value.attribute == attribute
    return caught.value


def test_01_content_type_decides_the_mode_before_headers_do():
    event = decode(headers({"traceparent": "x y", "id": "header"}, JSON_EVENT), document())
    assert event.id == "1"
    assert dict(event.wire_attributes()) == CORE
    assert mode_of(JSON_BATCH, has_ce_headers=True) is Mode.BATCH
    assert mode_of("application/json", has_ce_headers=True) is Mode.BINARY


@pytest.mark.parametrize(
    "content_type",
    ["Application/CloudEvents+JSON; charset=utf-8", "application/cloudevents+json;charset=UTF-8"],
)
def test_02_structured_content_type_in_any_case_with_parameters(content_type):
    assert decode([(b"content-type", content_type.encode())], document()).id == "1"


@pytest.mark.parametrize(
    "content_type",
    [
        "application/cloudevents+avro",
        "application/cloudevents",
        "application/cloudevents-batch+xml",
    ],
)
def test_03_unknown_event_format_is_415(content_type):
    refused(decode, headers(content_type=content_type), b"", status=415)


def test_04_batch_of_events_none_included_and_one_version():
    both = b"[" + document() + b"," + document(id="2") + b"]"
    assert [event.id for event in decode([(b"content-type", JSON_BATCH.encode())], both)] == [
        "1",
        "2",
    ]
    assert decode_batch(JSON_BATCH, b"[]") == []
    assert encode_batch([])[1] == b"[]"
    mixed = b"[" + document() + b"," + document(specversion="0.3") + b"]"
    assert "event 1" in refused(decode_batch, JSON_BATCH, mixed, attribute="specversion").message
    assert "event 1" in refused(decode_batch, JSON_BATCH, b"[%s,7]" % document()).message


def test_05_json_that_looks_like_an_event_is_none_and_the_problem_says_what_to_send():
    error = refused(decode, [(b"content-type", b"application/json")], document())
    assert JSON_EVENT in error.message
    error = refused(decode, [(b"content-type", b"application/json")], b"[" + document() + b"]")
    assert JSON_BATCH in error.message
    refused(decode, [(b"content-type", b"text/plain")], b"hello", attribute="specversion")


@pytest.mark.parametrize("name", CORE)
def test_06_required_attributes_missing_or_empty(name):
    rest = {key: value for key, value in CORE.items() if key != name}
    refused(decode_binary, rest, None, b"", attribute=name)
    refused(decode_binary, {**CORE, name: ""}, None, b"", attribute=name)
    refused(decode_structured, JSON_EVENT, json.dumps(rest).encode(), attribute=name)
    refused(decode_structured, JSON_EVENT, document(**{name: ""}), attribute=name)
    refused(decode_structured, JSON_EVENT, document(**{name: None}), attribute=name)


@pytest.mark.parametrize("version", ["19.0", "1", "1.0.2", "0.2", "1.0 "])
def test_06_other_versions_are_refused(version):
    refused(decode_structured, JSON_EVENT, document(specversion=version), attribute="specversion")


def test_06_version_03_is_accepted():
    event = structured(
        specversion="0.3", schemaurl="http://s", data="aGk=", datacontentencoding="BASE64"
    )
    assert (event.specversion, event.dataschema, event.data_bytes) == ("0.3", "http://s", b"hi")


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        ("%e2%82%ac", "€"),
        ("%41%62c", "Abc"),
        ("a%2520b", "a%20b"),
        ("a b", "a b"),
        ("\xe2\x82\xac", "€"),
    ],
)
def test_07_header_values_are_decoded_once(raw, value):
    assert binary(subject=raw).subject == value


@pytest.mark.parametrize(
    "raw", ["%C0%A0", "%FF", "%ED%A0%80", "100%", "%zz", "a%0d%0aX: y", "%00", "\xe9", "%C2%80"]
)
def test_07_header_values_that_decode_to_nothing_allowed(raw):
    refused(binary, subject=raw, attribute="subject")


def test_07_header_values_are_written_encoded():
    pairs, _ = encode_binary(CloudEvent(CORE, subject='a "b" 100% €😀'))
    assert dict(pairs)[b"ce-subject"] == b"a%20%22b%22%20100%25%20%E2%82%AC%F0%9F%98%80"


def test_07_knative_parity_takes_and_writes_values_literally():
    event = binary(subject='a%20b "c" 100%', encoding=HeaderEncoding.KNATIVE)
    assert event.subject == 'a%20b "c" 100%'
    pairs, _ = encode_binary(event, encoding=HeaderEncoding.KNATIVE)
    assert dict(pairs)[b"ce-subject"] == b'a%20b "c" 100%'


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (r'"a \"b\""', 'a "b"'),
        ('"x"', "x"),
        (r'"a%20\\b"', "a \\b"),
        ('a"b', 'a"b'),
        (r'"%\2\0"', " "),
    ],
)
def test_08_quoted_strings_are_unquoted_before_decoding(raw, value):
    assert binary(subject=raw).subject == value


@pytest.mark.parametrize("raw", ['"a', '"', '"a"b', '"a\\"'])
def test_08_quoted_strings_that_do_not_end(raw):
    refused(binary, subject=raw, attribute="subject")


def test_09_needlessly_encoded_time():
    event = binary(time="2020-01-02T03%3A04%3A05Z")
    assert event.time.isoformat() == "2020-01-02T03:04:05+00:00"
    assert dict(encode_binary(event)[0])[b"ce-time"] == b"2020-01-02T03:04:05Z"


def test_10_content_type_stands_in_its_own_header_only():
    refused(binary, datacontenttype="text/plain", attribute="datacontenttype")
    assert binary("text/plain", b"x").datacontenttype == "text/plain"


def test_11_extension_names():
    assert decode([*headers(), (b"CE-FooBar9", b"x")], b"").extensions == {"foobar9": "x"}
    for name in ("foo_bar", "foo-bar", "data", "", "é", "foo\n"):
        refused(decode, [*headers(), (b"ce-" + name.encode(), b"x")], b"")
    for name in ("fooBar", "foo_bar", "", "foo\n", "é", "ID", "²"):
        refused(decode_structured, JSON_EVENT, document(**{name: "x"}))


def test_11_a_header_sent_twice_is_refused():
    refused(decode, [*headers(), (b"Ce-Id", b"2")], b"", attribute="id")


@pytest.mark.parametrize(
    "time", ["2020-01-02t03:04:05.123456789z", "2020-01-02T03:04:05-08:30", "2016-12-31T23:59:60Z"]
)
def test_12_times_travel_as_they_came(time):
    assert dict(encode_binary(structured(time=time))[0])[b"ce-time"] == time.encode()
    assert json.loads(encode_structured(binary(time=time))[1])["time"] == time


@pytest.mark.parametrize(
    "time", ["", "yesterday", "2020-01-02", "2020-01-02T03:04:05", "2020-02-30T00:00:00Z"]
)
def test_12_times_that_are_none(time):
    refused(binary, time=time, attribute="time")
    refused(structured, time=time, attribute="time")


def test_13_structured_extensions_keep_their_types_and_null_is_absent():
    event = structured(n=5, b=True, s="x", subject=None, nothing=None)
    assert event.extensions == {"n": 5, "b": True, "s": "x"}
    assert event.subject is None
    assert b"subject" not in encode_structured(event)[1]
    for value in ({}, [], 1.5, 1.0):
        refused(decode_structured, JSON_EVENT, document(ext=value), attribute="ext")


def test_14_null_data_differs_from_absent_data():
    null, absent = structured(data=None), structured()
    assert (null.data, null.data_bytes) == (None, b"null")
    assert (absent.data, absent.data_bytes) == (None, None)
    assert null != absent
    assert encode_binary(null)[1] == b"null"
    assert json.loads(encode_structured(null)[1])["data"] is None
    assert "data" not in json.loads(encode_structured(absent)[1])


def test_14_string_data_stays_a_string():
    event = structured(data='{"a": 1}')
    assert event.data == '{"a": 1}'
    pairs, body = encode_binary(event)
    assert decode(pairs, body).data == '{"a": 1}'
    assert json.loads(encode_structured(event)[1])["data"] == '{"a": 1}'


def test_14_base64_data():
    event = structured(data_base64="AAH/")
    assert (event.data, event.datacontenttype) == (b"\x00\x01\xff", None)
    pairs, body = encode_binary(event)
    assert body == b"\x00\x01\xff"
    assert b"content-type" not in dict(pairs)
    refused(structured, data=None, data_base64="AAH/", attribute="data")
    for bad in ("AAH", "AA_-", "A A=", 7, {}, "é"):
        refused(structured, data_base64=bad, attribute="data")


def test_15_implied_json_is_said_in_binary_mode():
    event = structured(data={"a": 1})
    assert event.datacontenttype is None
    pairs, body = encode_binary(event)
    assert dict(pairs)[b"content-type"] == b"application/json"
    assert json.loads(body) == {"a": 1}
    assert binary(None, b"bytes").datacontenttype is None
    assert binary(None, b"bytes").data == b"bytes"


@pytest.mark.parametrize(
    ("content_type", "value"),
    [
        ("application/json", {"a": 1}),
        ("Text/JSON", {"a": 1}),
        ("application/vnd.x_y+JSON; charset=utf-8", {"a": 1}),
        ("text/xml", '{"a":1}'),
        ("TEXT/plain;charset=iso-8859-1", '{"a":1}'),
        ("text/plain; charset=shift_jis", b'{"a":1}'),
        ("image/png", b'{"a":1}'),
        ("application/jsonx", b'{"a":1}'),
    ],
)
def test_16_content_type_alone_decides_what_data_is(content_type, value):
    event = binary(content_type, b'{"a":1}')
    assert event.data == value
    assert event.data_bytes == b'{"a":1}'


@pytest.mark.parametrize(
    ("content_type", "body"), [("a/json", b"{"), ("a/b+json", b"NaN"), ("text/a", b"\xff")]
)
def test_16_data_that_is_not_what_it_says(content_type, body):
    event = binary(content_type, body)
    refused(event.check_data, attribute="data")
    refused(lambda: event.data, attribute="data")
    assert encode_binary(event)[1] == body
    assert decode_structured(JSON_EVENT, encode_structured(event)[1]).data_bytes == body


def test_17_empty_body_is_no_data():
    event = binary("application/json", b"")
    assert (event.data, event.data_bytes) == (None, None)
    assert "data" not in json.loads(encode_structured(event)[1])


def test_18_nothing_is_added_on_the_way_through():
    assert dict(binary().wire_attributes()) == CORE
    assert dict(encode_binary(structured())[0]) == {
        b"ce-" + k.encode(): v.encode() for k, v in CORE.items()
    }
    assert json.loads(encode_structured(binary())[1]) == CORE


def test_19_events_of_64_kib_pass_and_longer_attributes_are_413():
    data = "x" * 65_536
    assert len(structured(data=data).data) == 65_536
    assert len(binary("text/plain", data.encode()).data) == 65_536
    assert len(binary(subject=data).subject) == 65_536
    refused(binary, subject=data + "x", status=413, attribute="subject")
    refused(structured, subject=data + "x", status=413, attribute="subject")


def test_20_integers_of_32_bits_and_booleans():
    pairs = dict(encode_binary(structured(a=2**31 - 1, b=-(2**31), t=True, f=False))[0])
    assert [pairs[b"ce-" + name] for name in (b"a", b"b", b"t", b"f")] == [
        b"2147483647",
        b"-2147483648",
        b"true",
        b"false",
    ]
    for value in (2**31, -(2**31) - 1, 2**64):
        refused(decode_structured, JSON_EVENT, document(n=value), attribute="n")


def test_21_trace_of_the_event_is_never_rewritten():
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    event = decode([*headers(traceparent=trace), (b"traceparent", b"00-1-2-00")], b"")
    assert event.extensions == {"traceparent": trace}
    assert dict(encode_binary(event)[0])[b"ce-traceparent"] == trace.encode()


def test_22_webhook_validation_is_no_event():
    refused(decode, [(b"webhook-request-origin", b"eventemitter.example.com")], b"")


def test_23_the_same_event_twice_is_two_equal_events():
    one, two = decode_batch(JSON_BATCH, b"[" + document(data=1) + b"," + document(data=1) + b"]")
    assert one == two
    assert len({one, two}) == 1


def test_24_version_as_a_number_is_refused():
    refused(decode_structured, JSON_EVENT, document(specversion=1.0), attribute="specversion")
