"""The golden messages that are valid.

It must not know how a message is sent or read.
"""

from __future__ import annotations

from wherry.cloudevents import CloudEvent
from wherry.cloudevents.payload import Payload
from wherry.testing.golden.message import (
    JSON,
    MEMBERS,
    REQUIRED,
    Golden,
    batch,
    binary,
    event_of,
    event_of_bytes,
    structured,
)

LARGE_BYTES = 48 * 1024
"""With its attributes under the 64 KiB that consumers should take (core, Size Limits)."""

_TIME = "2026-11-22T17:31:00.123456789+01:00"
_SCHEMA = "https://example.com/order.json"
_UNICODE = "Euro € Ünï 😀"
_BYTES = bytes(range(0, 256, 5))
_BASE64 = "AAUKDxQZHiMoLTI3PEFGS1BVWl9kaW5zeH2Ch4yRlpugpaqvtLm+w8jN0tfc4ebr8PX6/w=="
_VENDOR = "application/vnd.acme.order+JSON; v=1"
_OPAQUE = "application/octet-stream"
_TEXT = "<a>€</a>"
_URI = "https://example.com/a?b=c"
_REQUIRED = "core, REQUIRED Attributes"
_VALUES = "HTTP 3.1.3.2"
_DATA = "JSON 3.1.1"
_AS_KNATIVE = "HTTP 3.1.3.2 as Knative has it"
_LARGE = b"x" * LARGE_BYTES

_EVERY = event_of({"n": 1}, subject="order/7", time=_TIME, datacontenttype=JSON, dataschema=_SCHEMA)
_EVERY_HEADER = {"subject": "order/7", "time": _TIME, "dataschema": _SCHEMA}
_EVERY_MEMBER = (
    f'"subject":"order/7","time":"{_TIME}","datacontenttype":"{JSON}",'
    f'"dataschema":"{_SCHEMA}","data":{{"n":1}}'
)
_EXTENSIONS = {"flag": "true", "count": "2147483647", "uri": _URI, "bin": "AQID"}
_EXTENSION_MEMBERS = f'"flag":true,"count":2147483647,"uri":"{_URI}","bin":"AQID"'
_TYPED = event_of(flag=True, count=2147483647, uri=_URI, bin="AQID")

_ATTRIBUTES = (
    binary("minimal", event_of(), section=_REQUIRED),
    structured("minimal", "", event_of(), section=_REQUIRED),
    binary("every-attribute", _EVERY, _EVERY_HEADER, body=b'{"n":1}', kind=JSON),
    structured("every-attribute", _EVERY_MEMBER, _EVERY),
    # A header has no types: all of them arrive as strings.
    binary(
        "extensions",
        event_of(**_EXTENSIONS),
        _EXTENSIONS,
        section="core, Extension Context Attributes",
    ),
    structured("extensions", _EXTENSION_MEMBERS, _TYPED, section="JSON 2.2"),
    structured("smallest-integer", '"count":-2147483648', event_of(count=-2147483648)),
    structured("null-attribute", '"subject":null,"foo":null', event_of(), section="JSON 2.2"),
    binary(
        "time-in-lower-case",
        event_of(time="2026-11-22t17:31:00.5z"),
        {"time": "2026-11-22t17:31:00.5z"},
        section="core, Type System",
    ),
    structured(
        "leap-second", '"time":"2016-12-31T23:59:60Z"', event_of(time="2016-12-31T23:59:60Z")
    ),
)
_HEADERS = (
    binary(
        "non-ascii",
        event_of(subject=_UNICODE),
        {"subject": "Euro%20%E2%82%AC%20%C3%9Cn%C3%AF%20%F0%9F%98%80"},
        section=_VALUES,
    ),
    structured("non-ascii", f'"subject":"{_UNICODE}"', event_of(subject=_UNICODE)),
    binary("lower-case-hex", event_of(subject="€"), {"subject": "%e2%82%ac"}, section=_VALUES),
    binary("encoded-needlessly", event_of(subject="abc"), {"subject": "%61bc"}, section=_VALUES),
    binary("percent-sign", event_of(subject="100%"), {"subject": "100%25"}, section=_VALUES),
    binary("decoded-once", event_of(subject="%41"), {"subject": "%2541"}, section=_VALUES),
    binary("quoted", event_of(subject='a "b"'), {"subject": r'"a \"b\""'}, section=_VALUES),
    binary(
        "literal-percent",
        event_of(subject="a%20b"),
        {"subject": "a%20b"},
        encoding="knative",
        section=_AS_KNATIVE,
    ),
    binary(
        "literal-quote",
        event_of(subject='"b" c'),
        {"subject": '"b" c'},
        encoding="knative",
        section=_AS_KNATIVE,
    ),
    binary(
        "names-in-any-case",
        event_of(foobar="1"),
        more=(("CE-FooBar", "1"),),
        section="HTTP 3.1.3.1",
    ),
    structured(
        "type-in-any-case",
        '"data":1',
        event_of(1),
        kind="Application/CloudEvents+JSON; Charset=UTF-8",
        section="HTTP 3.2.1",
    ),
    structured(
        "beside-ce-headers",
        '"data":1',
        event_of(1),
        more=(("ce-id", "other"), ("ce-traceparent", "x")),
        section="HTTP 3.2.3",
    ),
)
_PAYLOADS = (
    binary("bytes", event_of_bytes(_BYTES, datacontenttype=_OPAQUE), body=_BYTES, kind=_OPAQUE),
    structured(
        "bytes",
        f'"datacontenttype":"{_OPAQUE}","data_base64":"{_BASE64}"',
        event_of_bytes(_BYTES, datacontenttype=_OPAQUE),
        section=_DATA,
    ),
    binary("bytes-of-no-type", event_of_bytes(b"\0\xff"), body=b"\0\xff", section="HTTP 3.1.1"),
    structured(
        "bytes-of-no-type", '"data_base64":"AP8="', event_of_bytes(b"\0\xff"), section=_DATA
    ),
    binary("json-null", event_of_bytes(b"null", datacontenttype=JSON), body=b"null", kind=JSON),
    structured(
        "json-null",
        f'"datacontenttype":"{JSON}","data":null',
        event_of_bytes(b"null", datacontenttype=JSON),
        section=_DATA,
    ),
    structured(
        "json-string",
        rf'"datacontenttype":"{JSON}","data":"{{\"not\":\"parsed\"}}"',
        event_of('{"not":"parsed"}', datacontenttype=JSON),
        section=_DATA,
    ),
    structured("json-of-no-type", '"data":{"a":[1]}', event_of({"a": [1]}), section="JSON 3.1.2"),
    binary("json-of-a-vendor", event_of([1], datacontenttype=_VENDOR), body=b"[1]", kind=_VENDOR),
    structured(
        "json-of-a-vendor",
        f'"datacontenttype":"{_VENDOR}","data":[1]',
        event_of([1], datacontenttype=_VENDOR),
        section=_DATA,
    ),
    binary(
        "text", event_of(_TEXT, datacontenttype="text/xml"), body=_TEXT.encode(), kind="text/xml"
    ),
    structured(
        "text",
        f'"datacontenttype":"text/xml","data":"{_TEXT}"',
        event_of(_TEXT, datacontenttype="text/xml"),
        section=_DATA,
    ),
    binary(
        "large",
        event_of_bytes(_LARGE, datacontenttype=_OPAQUE),
        body=_LARGE,
        kind=_OPAQUE,
        section="core, Size Limits",
    ),
    structured(
        "large",
        f'"datacontenttype":"text/plain","data":"{_LARGE.decode()}"',
        event_of(_LARGE.decode(), datacontenttype="text/plain"),
        section="core, Size Limits",
    ),
    structured("data-first", b'{"data":[], ' + MEMBERS.encode() + b"}", event_of([])),
)
_EARLIER = (
    binary(
        "version-0.3",
        event_of({"n": 1}, specversion="0.3", schemaurl="/s", datacontenttype=JSON),
        {"specversion": "0.3", "schemaurl": "/s"},
        body=b'{"n":1}',
        kind=JSON,
        section="version 0.3 of core",
    ),
    structured(
        "version-0.3",
        (
            "{" + MEMBERS.replace('"1.0"', '"0.3"') + ',"datacontenttype":"' + _OPAQUE + '",'
            '"datacontentencoding":"base64","data":"AQID"}'
        ).encode(),
        event_of_bytes(b"\1\2\3", specversion="0.3", datacontenttype=_OPAQUE),
        section="version 0.3 of JSON 3.1",
    ),
)
_NULL = Payload(None, None, None, b'{"data":null}')
_BATCHES = (
    batch("empty", "[]"),
    batch("of-one", "[{" + MEMBERS + ',"data":1}]', event_of(1)),
    batch(
        "of-two",
        "[{" + MEMBERS + '},{"data":null,' + MEMBERS + ',"subject":"2"}]',
        event_of(),
        CloudEvent.received({**REQUIRED, "subject": "2"}, _NULL),
    ),
)

GOLDEN: tuple[Golden, ...] = (*_ATTRIBUTES, *_HEADERS, *_PAYLOADS, *_EARLIER, *_BATCHES)
"""Valid messages: each mode, every attribute, type of extension and kind of data, and odd forms."""
