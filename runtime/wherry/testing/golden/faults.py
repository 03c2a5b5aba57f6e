"""The golden messages that are no valid events, each with its status and the attribute at fault.

It must not know how a message is sent or read.
"""

from __future__ import annotations

from wherry.testing.golden.message import JSON, MEMBERS, REQUIRED, Golden, batch, binary, structured

_VALUES = "HTTP 3.1.3.2"
_REQUIRED = "core, REQUIRED Attributes"
_TYPES = "core, Type System"
_NAMES = "core, Naming Conventions"


def _without(name: str) -> tuple[Golden, ...]:
    """The required attribute `name` left out, and empty, in both modes."""
    kept = {each: value for each, value in REQUIRED.items() if each != name}
    shown = ",".join(f'"{each}":"{value}"' for each, value in kept.items())
    absent, empty = ("{" + shown + "}").encode(), ("{" + shown + f',"{name}":""' + "}").encode()
    section = _REQUIRED
    return (
        binary(f"no-{name}", without=name, status=400, attribute=name, section=section),
        binary(f"empty-{name}", None, {name: ""}, status=400, attribute=name, section=section),
        structured(f"no-{name}", absent, status=400, attribute=name, section=section),
        structured(f"empty-{name}", empty, status=400, attribute=name, section=section),
    )


def _header(case: str, name: str, value: str, section: str) -> Golden:
    return binary(case, None, {name: value}, status=400, attribute=name, section=section)


def _member(
    case: str, members: str | bytes, attribute: str = "", section: str = "JSON 3"
) -> Golden:
    return structured(case, members, status=400, attribute=attribute, section=section)


def _changed(before: str, after: str) -> bytes:
    return ("{" + MEMBERS.replace(before, after) + "}").encode()


GOLDEN_FAULTS: tuple[Golden, ...] = (
    *(fault for name in REQUIRED for fault in _without(name)),
    _header("unknown-version", "specversion", "19.0", _REQUIRED),
    _header("empty-subject", "subject", "", "core, subject"),
    _header("time-is-none", "time", "yesterday", _TYPES),
    _header("time-of-no-zone", "time", "2026-11-22T17:31:00", _TYPES),
    _header("time-of-no-day", "time", "2026-02-30T00:00:00Z", _TYPES),
    _header("invalid-utf-8", "subject", "%C0%A0", _VALUES),
    _header("surrogate", "subject", "%ED%A0%80", _VALUES),
    _header("stray-percent", "subject", "100%", _VALUES),
    _header("quote-does-not-end", "subject", '"a', _VALUES),
    _header("control-character", "subject", "a%0D%0Ab", _TYPES),
    _header("type-as-attribute", "datacontenttype", JSON, "HTTP 3.1.1"),
    _header("reserved-name", "data", "1", _NAMES),
    _header("hyphen-in-name", "foo-bar", "1", _NAMES),
    _header("underscore-in-name", "foo_bar", "1", _NAMES),
    binary(
        "header-twice", more=(("ce-id", "A-2"),), status=400, attribute="id", section="HTTP 3.1.3"
    ),
    binary(
        "data-is-no-json", body=b"{", kind=JSON, status=400, attribute="data", section="HTTP 3.1.2"
    ),
    _member("version-is-a-number", _changed('"1.0"', "1.0"), "specversion", "JSON 2.2"),
    _member("id-is-a-number", _changed('"A-1"', "1"), "id", "JSON 2.2"),
    _member("empty-subject", '"subject":""', "subject", "core, subject"),
    _member("time-is-none", '"time":"yesterday"', "time", _TYPES),
    _member("upper-case-name", '"fooBar":"1"', "fooBar", _NAMES),
    _member("extension-is-an-object", '"foo":{}', "foo", "JSON 2.2"),
    _member("extension-is-an-array", '"foo":[]', "foo", "JSON 2.2"),
    _member("extension-is-a-fraction", '"foo":1.5', "foo", "JSON 2.2"),
    _member("integer-of-33-bits", '"foo":2147483648', "foo", _TYPES),
    _member("data-twice", '"data":1,"data_base64":"AQ=="', "data", "JSON 3.1.1"),
    _member("base64-is-none", '"data_base64":"%%%"', "data", "JSON 3.1.2"),
    _member("body-is-no-json", b"{" + MEMBERS.encode()),
    _member("body-is-empty", b""),
    _member("body-is-an-array", b"[]"),
    _member("body-is-utf-16", "{}".encode("utf-16")),
    structured(
        "unknown-format",
        '"data":1',
        kind="application/cloudevents+avro",
        status=415,
        section="HTTP 3",
    ),
    structured(
        "as-plain-json",
        '"data":1',
        kind=JSON,
        status=400,
        attribute="specversion",
        section="HTTP 3",
    ),
    batch("is-no-array", "{" + MEMBERS + "}", status=400),
    batch("is-no-json", "[", status=400),
    batch("with-a-fault", "[{" + MEMBERS + "},{}]", status=400, attribute="specversion"),
    batch(
        "of-two-versions",
        "[{" + MEMBERS + "},{" + MEMBERS.replace("1.0", "0.3") + "}]",
        status=400,
        attribute="specversion",
        section="HTTP 3.3.2",
    ),
)
"""Messages that are no valid events."""
