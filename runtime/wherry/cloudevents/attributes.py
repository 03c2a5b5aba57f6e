"""Context attributes: which names there may be, and which values each may have.

The rules of the specification, versions 1.0 and 0.3, in one place for events that arrive and
events that a handler makes. It must not know how attributes travel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wherry.cloudevents.content import content_of
from wherry.cloudevents.faults import shown
from wherry.cloudevents.limits import Limits
from wherry.cloudevents.timestamps import is_ordinary, is_timestamp
from wherry.errors import EventError

VERSIONS = frozenset({"1.0", "0.3"})
REQUIRED = ("specversion", "id", "source", "type")
CORE = frozenset({*REQUIRED, "subject", "time", "datacontenttype", "dataschema"})
SCHEMA_03 = "schemaurl"
ENCODING_03 = "datacontentencoding"

MAX_NAME_CHARS = 256

_INT32 = range(-(2**31), 2**31)
_NAMES_KEPT = 1_024
_NAME_CHARS_KEPT = 64
# Names found valid; grows to a bound, starting from those that every event has.
KNOWN_NAMES = set(CORE)
_PLANES = "".join(chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(1, 17))
# Compiled at first use, because few values need it and it takes a millisecond.
_FORBIDDEN = "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff" + _PLANES + "]"


def check_name(name: str) -> None:
    """EventError unless `name` may name an attribute: lower-case letters and digits, not `data`."""
    if name in KNOWN_NAMES:
        return
    if len(name) > MAX_NAME_CHARS:
        raise EventError(
            f"attribute name {shown(name)!r} is longer than {MAX_NAME_CHARS} characters",
            attribute=shown(name),
            status=413,
        )
    if name == "data":
        raise EventError("'data' is reserved and cannot name an attribute", attribute="data")
    # ASCII, alphanumeric and not changed by lower() is [a-z0-9]+, an empty name excluded.
    if not name.isascii() or not name.isalnum() or name != name.lower():
        raise EventError(
            f"attribute name {shown(name)!r} must be lower-case ASCII letters and digits only",
            attribute=shown(name),
        )
    if len(KNOWN_NAMES) < _NAMES_KEPT and len(name) <= _NAME_CHARS_KEPT:
        KNOWN_NAMES.add(name)


def check_text(name: str, value: str) -> None:
    """EventError where `value` has control characters, surrogates or noncharacters."""
    if value.isascii() and value.isprintable():
        return
    fault = re.search(_FORBIDDEN, value)
    if fault is not None:
        raise EventError(
            f"attribute {shown(name)!r} must not hold the character U+{ord(fault[0]):04X}",
            attribute=shown(name),
        )


def check_size(name: str, chars: int, limit: Limits) -> None:
    """EventError 413 for a value of too many characters."""
    if chars > limit.attribute_chars:
        raise EventError(
            f"attribute {shown(name)!r} is longer than {limit.attribute_chars} characters",
            attribute=shown(name),
            status=413,
        )


def check_count(count: int, limit: Limits) -> None:
    """EventError 413 for an event of too many attributes."""
    if count > limit.attributes:
        raise EventError(f"an event has at most {limit.attributes} attributes", status=413)


def check_typed(name: str, value: object) -> None:
    """EventError unless `value`, which is no string, is an integer or boolean extension."""
    if name in CORE:
        raise EventError(f"attribute {name!r} must be a string", attribute=name)
    if value.__class__ is bool:
        return
    if value.__class__ is not int:
        raise EventError(
            f"attribute {shown(name)!r} must be a string, a boolean or a 32-bit integer",
            attribute=shown(name),
        )
    if value not in _INT32:
        raise EventError(
            f"attribute {shown(name)!r} must be an integer of 32 bits", attribute=shown(name)
        )


def check_event(values: Mapping[str, Any]) -> None:
    """EventError unless `values`, valid one by one, make an event together."""
    get = values.get
    version = get("specversion")
    if version not in VERSIONS or not (get("id") and get("source") and get("type")):
        raise _required_fault(values)
    time = get("time")
    if time is not None and not (is_ordinary(time) or is_timestamp(time)):
        raise EventError(
            f"attribute 'time' must be an RFC 3339 timestamp; got {shown(time)!r}",
            attribute="time",
        )
    if get("subject") == "" or get("dataschema") == "":
        name = "subject" if get("subject") == "" else "dataschema"
        raise EventError(f"attribute {name!r} must not be empty", attribute=name)
    content_type = get("datacontenttype")
    if content_type is not None:
        content_of(content_type)
    if version == "0.3" and not isinstance(get(SCHEMA_03, "-"), str):
        raise EventError(f"attribute {SCHEMA_03!r} must be a string", attribute=SCHEMA_03)


def _required_fault(values: Mapping[str, Any]) -> EventError:
    for name in REQUIRED:
        if name not in values:
            return EventError(f"required attribute {name!r} is missing", attribute=name)
        if not values[name]:
            return EventError(f"required attribute {name!r} must not be empty", attribute=name)
    return EventError(
        f"attribute 'specversion' must be '1.0' or '0.3'; got {shown(values['specversion'])!r}",
        attribute="specversion",
    )
