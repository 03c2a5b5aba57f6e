"""Which headers travel with an asynchronous call, and with its callback. No I/O.

RFC 9110 section 7.6.1: what belongs to one connection is not forwarded.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from wherry_local.proxy.request_head import HOPS, hops_of

Headers: TypeAlias = "list[tuple[bytes, bytes]]"

CALL_ID = b"x-call-id"

_OF_CONNECTION = frozenset(
    {
        b"connection",
        b"content-length",
        b"expect",
        b"http2-settings",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_NOT_FOR_CALLBACKS = frozenset(
    {
        b"authorization",
        b"cookie",
        b"date",
        b"host",
        b"server",
        b"set-cookie",
        b"x-call-id",
        b"x-callback-url",
        b"x-duration-seconds",
        b"x-function-name",
        b"x-function-status",
        HOPS,
    }
)


def forwarded(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """`headers` without those of the connection, and those that `Connection` names."""
    fields = list(headers)
    named = {
        token.strip().lower()
        for name, value in fields
        if name.lower() == b"connection"
        for token in value.split(b",")
    }
    dropped = _OF_CONNECTION | named
    return [(name, value) for name, value in fields if name.lower() not in dropped]


def without(headers: Iterable[tuple[bytes, bytes]], *names: bytes) -> Headers:
    """`headers` without those of some names, in lower case."""
    return [(name, value) for name, value in headers if name.lower() not in names]


def of_callback(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Those headers of a function's answer that its callback carries.

    Credentials go nowhere, and an answer cannot make the callback ask for another callback.
    """
    return [field for field in forwarded(headers) if field[0].lower() not in _NOT_FOR_CALLBACKS]


def hops(headers: Iterable[tuple[bytes, bytes]]) -> int:
    """How many calls a call has come through, as the gateway has counted them."""
    for name, value in headers:
        if name.lower() == HOPS and (found := hops_of(value)):
            return found
    return 0


def counted(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """`headers` with this call counted."""
    fields = list(headers)
    return [*without(fields, HOPS), (HOPS, b"%d" % (hops(fields) + 1))]
