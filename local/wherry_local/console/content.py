"""How bytes that somebody sent are shown: indented where they are JSON, cut where they are long.

Whatever comes out is text and not markup; who puts it on a page escapes it.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SHOWN_CHARACTERS = 20_000
_PRETTY_BYTES = 1024 * 1024
_HEX_BYTES = 512
_OPENING, _CLOSING = ("{", "["), ("}", "]")
_MARK = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A body for people.

    Attributes:
        text: What of it is shown.
        length_bytes: How long the body is.
        is_cut: Whether more of it is there.
        form: `json`, `text`, `binary`, or `empty`.
    """

    text: str
    length_bytes: int
    is_cut: bool
    form: str


def shown(body: bytes, *, length_bytes: int | None = None, is_cut: bool = False) -> Shown:
    """A body as it is shown; `length_bytes` where only a part of it is at hand."""
    length = len(body) if length_bytes is None else length_bytes
    if not body:
        return Shown(text="", length_bytes=length, is_cut=is_cut, form="empty")
    try:
        text, form = body.decode(), "text"
    except UnicodeDecodeError as error:
        if not is_cut or error.start < len(body) - 3:  # else a character was cut in two
            return _hexadecimal(body, length, is_cut)
        text, form = body[: error.start].decode(), "text"
    if "\x00" in text:
        return _hexadecimal(body, length, is_cut)
    if not is_cut and len(body) <= _PRETTY_BYTES:
        text, form = _indented(text)
    cut = is_cut or len(text) > SHOWN_CHARACTERS
    return Shown(
        text=printable(text[:SHOWN_CHARACTERS]), length_bytes=length, is_cut=cut, form=form
    )


def shown_payload(payload: Mapping[str, Any] | None) -> Shown:
    """A body as the admin API gives it: `text` or `base64`, `bytes`, `truncated`."""
    if not payload:
        return shown(b"")
    body = payload_bytes(payload)
    return shown(
        body,
        length_bytes=payload.get("bytes", len(body)),
        is_cut=bool(payload.get("truncated")),
    )


def payload_bytes(payload: Mapping[str, Any]) -> bytes:
    """The bytes of a body as the admin API gives it."""
    text = payload.get("text")
    if isinstance(text, str):
        return text.encode("utf-8", "replace")
    try:
        return base64.b64decode(payload.get("base64") or "")
    except (binascii.Error, TypeError, ValueError):
        return b""


def printable(text: str) -> str:
    """Text without a terminal's colours, and with characters that would act made visible."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", _SEQUENCE.sub("", text))


def _indented(text: str) -> tuple[str, str]:
    if text.lstrip()[:1] not in ("{", "[", '"'):
        return text, "text"
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text, "text"
    return "".join(_marks(text)), "json"


def _marks(text: str) -> Iterator[str]:
    """Valid JSON in lines; numbers, escapes and the order of members stay as they were written."""
    depth, last = 0, ""
    for mark in _MARK.findall(text):
        closes = mark in _CLOSING
        depth -= closes
        is_first = last in _OPENING
        if last == "," or is_first != closes:
            yield "\n" + "  " * depth
        yield ": " if mark == ":" else mark
        depth += mark in _OPENING
        last = mark


def _hexadecimal(body: bytes, length: int, is_cut: bool) -> Shown:
    rows = [
        f"{at:08x}  {body[at : at + 16].hex(' '):<47}  {_letters(body[at : at + 16])}"
        for at in range(0, min(len(body), _HEX_BYTES), 16)
    ]
    cut = is_cut or len(body) > _HEX_BYTES
    return Shown(text="\n".join(rows), length_bytes=length, is_cut=cut, form="binary")


def _letters(part: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
