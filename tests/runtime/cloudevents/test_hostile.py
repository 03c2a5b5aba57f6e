"""Whatever arrives is an event or an EventError that gives nothing away; never anything else."""

from __future__ import annotations

import base64
import itertools
import json
import random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from wherry.cloudevents import (
    CloudEvent,
    HeaderEncoding,
    InvalidEvent,
    decode,
    encode_binary,
    encode_structured,
)
from wherry.errors import EventError

JSON_EVENT = b"application/cloudevents+json"
JSON_BATCH = b"application/cloudevents-batch+json"
CORE = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}
NAMES = [*CORE, "time", "subject", "dataschema", "ext"]
SECRET = "s3cr3t-" * 20
BAD_VALUES = [
    b"%0d%0aX-Evil:%201",
    b"%0D%0A",
    b"%00",
    b"%1f",
    b"%7F",
    b"%C2%85",
    b"%C0%A0",
    b"%C0%AE",
    b"%FF",
    b"%ED%A0%80",
    b"%F4%90%80%80",
    b"%E2%82",
    b"%EF%BF%BE",
    b"%",
    b"%4",
    b"%g1",
    b"%%",
    b"%u20AC",
    b"a\rb",
    b"a\nb",
    b"a\0b",
    b"a\x7fb",
    b"\xff\xfe",
    b"\xe9",
    b"\x80",
    b'"',
    b'"open',
    b'"a"b',
    b'"\\',
    b"%22\n",
    b"\x1b[31m",
    b"a\tb",
    b"\xef\xbf\xbf",
    SECRET.encode() + b"%",
]
BAD_NAMES = [
    b"ce-",
    b"ce-a_b",
    b"ce-a-b",
    b"ce-a b",
    b"ce-\xe9",
    b"ce-a\n",
    b"ce-data",
    b"ce-data_base64",
    b"ce-\0",
    b"ce-" + b"-" * 5000,
    b"ce-" + b"n" * 70_000,
    b"ce-datacontenttype",
    b"CE-ID",
    b"Ce-SpecVersion",
    b"ce-%41",
]
BAD_JSON = [
    b"",
    b" ",
    b"\xff\xfe",
    b"{",
    b"}",
    b"[",
    b"null",
    b"true",
    b"1",
    b'"event"',
    b"[]",
    b"[{}]",
    b"{}",
    b"NaN",
    b"Infinity",
    b"\x00",
    b"{'id':1}",
    b"{} {}",
    b'{"id":"1",}',
    b"\xef\xbb\xbf" + json.dumps(CORE).encode(),
    json.dumps(CORE).encode("utf-16"),
    json.dumps(CORE).encode("utf-16-le"),
    json.dumps(CORE).encode("utf-32"),
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"data":' * 100_000,
    b"9" * 100_000,
    b'"' * 9999,
]
BAD_MEMBERS = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "1.5",
    "-0.1",
    "{}",
    "[]",
    "[null]",
    '{"a":1}',
    "2147483648",
    "-2147483649",
    "18446744073709551616",
    "9" * 5000,
    r'"\ud800"',
    r'"\udfff\ud800"',
    r'"\u0000"',
    r'"a\nb"',
    r'"\r\nX: y"',
    r'"\u007f"',
    r'"\u0085"',
    r'"\uffff"',
    r'"\ufdd0"',
    '"\x01"',
    '"',
    "'a'",
    "tru",
    "",
    "[" * 5000 + "]" * 5000,
    '"' + "x" * 70_000 + '"',
]
BAD_DATA = [
    '"data":NaN',
    '"data":1e999',
    r'"data":"\ud800"',
    '"data":' + "[" * 65 + "]" * 65,
    '"data":' + '{"a":' * 90 + "1" + "}" * 90,
    '"data":' + "[" * 100_000 + "]" * 100_000,
    '"data":1,"data_base64":"AA=="',
    '"data":null,"data_base64":"AA=="',
    '"data_base64":"?"',
    '"data_base64":"A"',
    '"data_base64":5',
    '"data_base64":{}',
    '"data_base64":"AA"',
    '"data_base64":"A-_="',
    '"data_base64":"\\u00e9"',
    '"Data":1',
    '"":1',
    '"data_Base64":"AA=="',
    '"data ":1',
    '"datacontenttype":""',
    '"datacontenttype":" "',
    '"datacontenttype":"a/b\\r\\n"',
    '"datacontenttype":"a/é"',
    '"datacontenttype":5',
    '"id":null',
    '"id":{"$gt":""}',
    '"specversion":1.0',
    '"specversion":"0.3","data_base64":"AA=="',
    '"specversion":"0.3","datacontentencoding":"gzip"',
    '"specversion":"0.3","datacontentencoding":"base64","data":"?"',
    '"specversion":"0.3","schemaurl":5',
    '"specversion":"0.3","datacontentencoding":5',
]


def message(content_type=None, **changed):
    pairs = [
        (b"ce-" + name.encode(), value.encode()) for name, value in {**CORE, **changed}.items()
    ]
    return pairs if content_type is None else [*pairs, (b"content-type", content_type)]


def members(*more):
    return ("{" + ",".join([json.dumps(CORE)[1:-1], *more]) + "}").encode()


def hostile_headers():
    for name, value in itertools.product(NAMES, BAD_VALUES):
        kept = [pair for pair in message() if pair[0] != b"ce-" + name.encode()]
        yield [*kept, (b"ce-" + name.encode(), value)], b""
    for name in BAD_NAMES:
        yield [*message(), (name, b"x")], b""
        yield [(name, b"x"), *message()], b"x"
    for name in NAMES:
        yield (
            [*message(), (b"ce-" + name.encode(), b"1"), (b"CE-" + name.upper().encode(), b"1")],
            b"",
        )


def hostile_bodies():
    for body in BAD_JSON:
        yield [(b"content-type", JSON_EVENT)], body
        if body != b"[]":
            yield [(b"content-type", JSON_BATCH)], body
        yield [(b"content-type", b"application/json")], body
    for name, value in itertools.product(NAMES, BAD_MEMBERS):
        body = members(f'"{name}":{value}')
        yield [(b"content-type", JSON_EVENT)], body
        yield [(b"content-type", JSON_BATCH)], b"[" + members() + b"," + body + b"]"
    for data in BAD_DATA:
        yield [(b"content-type", JSON_EVENT)], members(data)
        yield [(b"content-type", JSON_BATCH)], b"[" + members(data) + b"]"
    for content_type in (
        b"\r\n",
        b"a/b\r\nx: y",
        b"\xe9/x",
        b"application/cloudevents",
        b"a\0b",
        JSON_EVENT + b"x",
    ):
        yield message(content_type), b"x"
        yield [*message(b"a/b"), (b"Content-Type", content_type)], b"x"
    chance = random.Random(7)
    valid = members('"data":{"a":[1,2,3]}', '"time":"2020-01-02T03:04:05Z"')
    for _ in range(200):
        yield [(b"content-type", JSON_EVENT)], valid[: chance.randrange(len(valid))]
    for many in (300, 5000):
        yield [*message(), *((b"ce-x%d" % i, b"1") for i in range(many))], b""
        yield [(b"content-type", JSON_EVENT)], members(*(f'"x{i}":1' for i in range(many)))
        yield [(b"content-type", JSON_BATCH)], b"[" + b",".join([members()] * (many + 1000)) + b"]"


def test_the_hostile_corpus_gives_only_event_errors():
    seen = 0
    for headers, body in itertools.chain(hostile_headers(), hostile_bodies()):
        with pytest.raises(EventError) as caught:
            decode(headers, body)
        assert_modest(caught.value)
        seen += 1
    assert seen > 1000


def assert_modest(error):
    """What the caller is told names the fault and repeats next to nothing of what was sent."""
    problem = error.problem
    assert problem.status in {400, 413, 415}
    assert 10 < len(problem.detail) < 260
    assert problem.detail.isprintable()
    assert problem.detail.isascii()
    assert len(error.attribute) <= 64
    assert SECRET not in problem.detail
    assert problem.body()


def follow(headers, body, encoding):
    """Decode a message, then do all that a server may do with what comes out."""
    try:
        found = decode(headers, body, encoding=encoding)
    except EventError as error:
        assert_modest(error)
        return
    for event in found if isinstance(found, list) else [found]:
        assert event.time is None or event["time"] == event.get_time()
        assert repr(event)
        try:
            event.check_data()
        except EventError as error:
            assert_modest(error)
        pairs, text = encode_structured(event)
        assert decode(pairs, text).data_bytes == event.data_bytes
        try:
            pairs, text = encode_binary(event)
        except InvalidEvent as error:
            assert error.attribute in {"datacontenttype", "data"}  # noqa: PT017
            continue
        assert text == (event.data_bytes or b"")
        assert all(b"\r" not in part and b"\n" not in part for pair in pairs for part in pair)
        again = decode(pairs, text)
        assert {
            k: v for k, v in again.extensions.items() if isinstance(v, str)
        }.keys() == event.extensions.keys()


many = settings(
    max_examples=500, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
names = st.one_of(
    st.sampled_from(
        [b"ce-" + name.encode() for name in NAMES] + [b"content-type", b"Content-Type", b"host"]
    ),
    st.sampled_from(BAD_NAMES[:-1]),
    st.binary(max_size=12),
    st.binary(max_size=6).map(b"ce-".__add__),
)
contents = st.sampled_from(
    [
        JSON_EVENT,
        JSON_BATCH,
        b"application/json",
        b"text/plain",
        b"text/x;charset=utf-7",
        b"a/b",
        b"application/cloudevents+x",
    ]
)
header_values = st.one_of(
    st.binary(max_size=20), contents, st.sampled_from(BAD_VALUES), st.just(b"1.0"), st.just(b"0.3")
)


@many
@given(
    st.lists(st.tuples(names, header_values), max_size=8),
    st.booleans(),
    st.none() | contents,
    st.binary(max_size=60),
    st.sampled_from(HeaderEncoding),
)
def test_any_headers_and_bytes(headers, with_core, content_type, body, encoding):
    if with_core:
        headers = [*headers, *message(content_type)]
    follow(headers, body, encoding)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["1.0", "0.3", "AA==", "base64"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
member_names = st.sampled_from(
    [
        *NAMES,
        "data",
        "data_base64",
        "datacontenttype",
        "datacontentencoding",
        "schemaurl",
        "n",
        "N",
        "",
    ]
)
documents = st.dictionaries(member_names, json_values, max_size=5).map(
    lambda changed: {**CORE, **changed}
)


@many
@given(documents | st.lists(documents | json_values, max_size=3) | json_values, st.integers(0, 40))
@example({**CORE, "data": 10**40}, 0)
def test_any_json(document, batch):
    body = json.dumps(document).encode()
    follow(
        [(b"content-type", JSON_BATCH if isinstance(document, list) else JSON_EVENT)],
        body,
        HeaderEncoding.STRICT,
    )
    if batch == 0:
        follow([(b"content-type", JSON_BATCH)], b"[" + body + b"]", HeaderEncoding.STRICT)


@many
@given(
    documents,
    st.lists(st.tuples(st.integers(0, 300), st.binary(max_size=3)), min_size=1, max_size=4),
)
def test_mutated_documents(document, changes):
    body = bytearray(json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    for at, new in changes:
        body[at : at + 1] = new
    follow([(b"content-type", JSON_EVENT)], bytes(body), HeaderEncoding.STRICT)


def test_what_a_handler_makes_is_encoded_or_is_invalid():
    for data in (object(), {1: 1}, float("nan"), "\ud800", [2**70]):
        event = CloudEvent(CORE, data)
        for encode in (encode_binary, encode_structured):
            with pytest.raises(InvalidEvent) as caught:
                encode(event)
            assert caught.value.attribute == "data"
    event = CloudEvent(CORE, b"{}", datacontenttype="application/cloudevents+json")
    with pytest.raises(InvalidEvent, match="binary mode"):
        encode_binary(event)
    assert json.loads(encode_structured(event)[1])["data"] == {}
    for charset in ("ascii-85", "shift_jis", "latin1", "base64"):
        event = CloudEvent(CORE, "😀", datacontenttype=f"text/plain; charset={charset}")
        with pytest.raises(InvalidEvent, match="charset"):
            encode_binary(event)
    with pytest.raises(InvalidEvent, match="JSON"):
        encode_structured(CloudEvent(CORE, "\ud800", datacontenttype="text/plain"))


def test_base64_stays_what_it_was():
    data = bytes(range(256))
    body = members(f'"data_base64":"{base64.b64encode(data).decode()}"')
    event = decode([(b"content-type", JSON_EVENT)], body)
    assert event.data_bytes == data
    assert json.loads(encode_structured(event)[1]) == json.loads(body)
