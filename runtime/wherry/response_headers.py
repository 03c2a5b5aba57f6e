"""Status and headers that a handler gave, made fit to be sent.

Whatever is wrong is a ResponseError: nothing is repaired, so nothing a handler passes on from a
caller can split a response. This module must not know bodies or flask.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from wherry.errors import ResponseError

Headers = list[tuple[bytes, bytes]]

# These belong to the connection, to whoever frames the body, or are set in every answer.
SERVER = frozenset(
    {
        b"connection", b"content-length", b"date", b"keep-alive", b"proxy-connection", b"te",
        b"trailer", b"transfer-encoding", b"upgrade", b"x-call-id", b"x-content-type-options",
    }
)  # fmt: skip
# Compiled when they are first needed, and kept by `re`: few functions give headers.
_NAME = r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}"
_STATUS = r"([0-9]{3})(?s: .*)?"
_VALUE = bytes((0x09, *range(0x20, 0x7F), *range(0x80, 0x100)))
_names: dict[str, bytes] = {}


def status_of(given: Any) -> int:
    """The code in `given`, a number or a line such as `201 CREATED`; 200 to 599."""
    code: Any = given
    if isinstance(given, (bytes, bytearray)):
        given = bytes(given).decode("latin-1")
    if isinstance(given, str):
        match = re.fullmatch(_STATUS, given)
        code = int(match[1]) if match is not None else None
    if not isinstance(code, int) or isinstance(code, bool) or not 200 <= code <= 599:
        raise ResponseError(f"status of a response: got {given!r:.80}, expected 200 to 599")
    return int(code)


def headers_of(given: Any) -> Headers:
    """Headers from a mapping (a list or tuple of values repeats the name) or pairs."""
    pairs: Iterable[Any]
    if hasattr(given, "to_wsgi_list"):  # werkzeug's Headers, which may repeat a name
        pairs = given.to_wsgi_list()
    elif isinstance(given, Mapping):
        pairs = given.items()
    elif isinstance(given, (list, tuple)):
        pairs = given
    else:
        raise ResponseError(f"headers of a response: got a {type(given).__name__}")
    headers: Headers = []
    for pair in pairs:
        try:
            name, value = pair
        except (TypeError, ValueError):
            raise ResponseError("headers of a response: expected pairs of name and value") from None
        repeated = isinstance(value, (list, tuple))
        key = _name(name)
        headers += [(key, _value(key, each)) for each in (value if repeated else (value,))]
    return headers


def merged(headers: Headers, given: Headers) -> Headers:
    """`headers` where each name that `given` has is replaced by what it has."""
    names = {name for name, _ in given}
    return [pair for pair in headers if pair[0] not in names] + given


def length_of(headers: Headers) -> int | None:
    """The `content-length` among `headers`, or None."""
    for name, value in headers:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return None


def sendable(headers: Headers) -> Headers:
    """`headers` without those that the server sets."""
    return [pair for pair in headers if pair[0] not in SERVER]


def _name(given: Any) -> bytes:
    if isinstance(given, bytes):
        given = given.decode("latin-1")
    if not isinstance(given, str):
        raise ResponseError(f"name of a header: got a {type(given).__name__}, expected str")
    known = _names.get(given)
    if known is None:
        if re.fullmatch(_NAME, given) is None:
            raise ResponseError("name of a header: expected letters, digits and -")
        known = given.lower().encode("ascii")
        if len(_names) < 1_024:
            _names[given] = known
    return known


def _value(name: bytes, given: Any) -> bytes:
    try:
        value = given if isinstance(given, bytes) else str(given).encode("latin-1")
    except Exception as error:
        raise ResponseError(f"value of header {name.decode()!r}: no text in latin-1") from error
    if value.translate(None, _VALUE):
        raise ResponseError(f"value of header {name.decode()!r}: has a control character")
    return value.strip(b" \t")
