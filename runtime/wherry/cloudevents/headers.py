"""The value of an attribute as the value of an HTTP header, and back.

The specification asks for percent-encoding; Knative's own SDK does none. Both are here, and which
one applies is the caller's choice. It must not know which headers there are.
"""

from __future__ import annotations

import enum
import re

from wherry.cloudevents.attributes import check_text
from wherry.cloudevents.faults import InvalidEvent, shown
from wherry.errors import EventError
from wherry.header_text import PLAIN, is_plain


class HeaderEncoding(enum.Enum):
    """How attribute values stand in headers.

    STRICT is the specification: written percent-encoded, read unquoted and decoded once. KNATIVE
    is what the Go SDK does: written and read literally, a `%` being only a per cent sign.
    """

    STRICT = "strict"
    KNATIVE = "knative"


_stray_percent = re.compile(rb"%(?![0-9A-Fa-f]{2})").search
_quoted = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.DOTALL).fullmatch
_quoted_pair = re.compile(rb"\\(.)", re.DOTALL)
_BYTES = [chr(byte) if byte in PLAIN else f"%{byte:02X}" for byte in range(256)]
_LITERAL_FAULT = "has characters that a header cannot carry unencoded"


def read_value(name: str, raw: str, encoding: HeaderEncoding) -> str:
    """The attribute value that the header value `raw` (as latin-1) stands for."""
    raw = raw.strip(" \t")
    if is_plain(raw):
        return raw
    if encoding is HeaderEncoding.KNATIVE:
        if not raw.isascii() and not _is_latin(raw):
            raise EventError(f"attribute {shown(name)!r} {_LITERAL_FAULT}", attribute=shown(name))
        check_text(name, raw)
        return raw
    try:
        text = _decode(raw.encode("latin-1")).decode()
    except UnicodeError:
        raise EventError(
            f"attribute {shown(name)!r} must be percent-encoded UTF-8", attribute=shown(name)
        ) from None
    except _BadEncoding as fault:
        raise EventError(
            f"attribute {shown(name)!r} {fault}; got {shown(raw)!r}", attribute=shown(name)
        ) from None
    check_text(name, text)
    return text


def write_value(name: str, value: str | int, encoding: HeaderEncoding) -> bytes:
    """The header value that stands for an attribute's string, integer or boolean."""
    if isinstance(value, str):
        text = value
    elif isinstance(value, bool):
        text = "true" if value else "false"
    else:
        text = str(value)
    if is_plain(text):
        return text.encode("ascii")
    if encoding is HeaderEncoding.STRICT:
        return "".join([_BYTES[byte] for byte in text.encode()]).encode("ascii")
    if text != text.strip(" ") or not _is_latin(text):
        raise InvalidEvent(
            f"attribute {shown(name)!r} {_LITERAL_FAULT}",
            attribute=name,
            hint="send it in structured mode, or with HeaderEncoding.STRICT",
        )
    return text.encode("latin-1")


class _BadEncoding(Exception):  # noqa: N818 - never leaves this module
    """What is wrong with the encoding, to follow the attribute's name."""


def _decode(raw: bytes) -> bytes:
    if raw.startswith(b'"'):
        quoted = _quoted(raw)
        if quoted is None:
            raise _BadEncoding("begins a quoted string that does not end")
        raw = _quoted_pair.sub(rb"\1", quoted[1])
    if b"%" not in raw:
        return raw
    if _stray_percent(raw):
        raise _BadEncoding("must have two hexadecimal digits after each '%', itself written %25")
    first, *rest = raw.split(b"%")
    return first + b"".join([bytes((int(part[:2], 16),)) + part[2:] for part in rest])


def _is_latin(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True
