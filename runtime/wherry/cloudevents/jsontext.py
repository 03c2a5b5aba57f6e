"""JSON as text and as values: guarded reading, honest writing, and cutting a value's own text.

Reading refuses what a handler should not meet (NaN, lone surrogates, nesting past 64); of
duplicate members the last wins, and a number past 64 bits reads as a float. Because of that,
data that travels on is cut from the text it came in rather than written again. This module must
not know attributes, modes or headers.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from wherry import json_library
from wherry.cloudevents.faults import InvalidEvent
from wherry.errors import EventError
from wherry.nesting import MAX_DEPTH, is_too_deep, may_be_deep

_BLANKS = b" \t\n\r"
_between = re.compile(r"[ \t\n\r,:]*").match
_plain_member = re.compile(r'"([^"\\]*)"[ \t\n\r]*:[ \t\n\r]*("[^"\\]*")').match
# Numbers stay text: only their extent matters, and long ones would meet Python's digit limit.
_raw_decode = json.JSONDecoder(parse_int=str, parse_float=str).raw_decode


def loads(text: bytes, *, attribute: str = "", what: str = "the body") -> Any:
    """Read JSON, without a look at its depth; EventError naming `attribute` where it is none."""
    try:
        return json_library.loads(text)
    except json_library.JSONDecodeError as error:
        raise _no_json(error, attribute, what) from None


def loads_data(text: bytes) -> Any:
    """Read JSON data of an event, its depth checked."""
    try:
        value = json_library.loads(text)
    except json_library.JSONDecodeError as error:
        raise _no_json(error, "data", "data") from None
    if may_be_deep(text):
        check_depth(value)
    return value


def _no_json(error: json_library.JSONDecodeError, attribute: str, what: str) -> EventError:
    place = f"line {error.lineno} column {error.colno}"
    return EventError(f"{what} is not valid JSON: {error.msg} at {place}", attribute=attribute)


def check_depth(value: object) -> None:
    """EventError where `value` nests past the limit."""
    if is_too_deep(value):
        raise EventError(f"data must not nest deeper than {MAX_DEPTH} levels", attribute="data")


def dumps(value: object) -> bytes:
    """Write a handler's value as JSON; InvalidEvent where it has no JSON form."""
    try:
        text = json_library.dumps(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidEvent(f"data cannot be written as JSON: {error}", attribute="data") from error
    if b"null" in text and _has_non_finite(value):
        raise InvalidEvent("data has NaN or Infinity, which JSON does not", attribute="data")
    return text


class Elements:
    """The elements of one JSON array, as text; cut at first need and shared by all of them."""

    __slots__ = ("_document", "_texts")

    def __init__(self, document: bytes) -> None:
        self._document = document
        self._texts: list[str] | None = None

    def data_text(self, index: int) -> bytes | None:
        """The text of `data` in the element at `index`, or None where it cannot be cut."""
        try:
            if self._texts is None:
                self._texts = _elements(self._document.decode())
            return _member(self._texts[index], "data")
        except (ValueError, IndexError, RecursionError):
            return None


def data_text(document: bytes, *, is_last: bool = False) -> bytes | None:
    """The text of the member `data` in the valid JSON object `document`, as it was written.

    None where it cannot be cut: a duplicate that does not count may nest past what can be read.
    `is_last` says that it is the last of the members, as those who write events mostly have it.
    """
    # With no backslash there is one way to write the name, and so one member that has it.
    if is_last and document.count(b'"data"') == 1 and b"\\" not in document:
        _, _, rest = document.partition(b'"data"')
        return rest.strip(_BLANKS)[1:-1].strip(_BLANKS)
    try:
        return _member(document.decode(), "data")
    except (ValueError, IndexError, RecursionError):
        return None


def _has_non_finite(value: object) -> bool:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, float):
            if not math.isfinite(item):
                return True
        elif isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, (list, tuple)):
            pending.extend(item)
    return False


def _member(text: str, wanted: str) -> bytes | None:
    found = None
    at = _next(text, 1 + text.index("{"))
    while text[at] != "}":
        plain = _plain_member(text, at)
        if plain is not None:
            name, start, end = plain[1], plain.start(2), plain.end()
        else:
            name, at = _raw_decode(text, at)
            start = _next(text, at)
            _, end = _raw_decode(text, start)
        if name == wanted:  # again and again: of duplicates the last counts
            found = text[start:end]
        at = _next(text, end)
    return None if found is None else found.encode()


def _elements(text: str) -> list[str]:
    found = []
    at = _next(text, 1 + text.index("["))
    while text[at] != "]":
        start = at
        _, at = _raw_decode(text, start)
        found.append(text[start:at])
        at = _next(text, at)
    return found


def _next(text: str, at: int) -> int:
    """Where the next token begins; in valid JSON, what stands between tokens tells nothing."""
    match = _between(text, at)
    return at if match is None else match.end()
