"""Functions that Kubernetes adds to CEL, as far as the rules of well-known resources use them.

One that is not here leaves its rule unevaluated. An error of a function is an error of the rule.
"""

from __future__ import annotations

import ipaddress
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any

from celpy import celtypes


def _is_ip(value: celtypes.StringType) -> celtypes.BoolType:
    try:
        address = ipaddress.ip_address(str(value))
    except ValueError:
        return celtypes.BoolType(False)
    # Go's netip reads neither a zone here nor IPv4 within IPv6.
    is_mapped = isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None
    return celtypes.BoolType("%" not in value and not is_mapped)


def _is_url(value: celtypes.StringType) -> celtypes.BoolType:
    """Whether Go's `url.ParseRequestURI` would take it: absolute, or a path from the root."""
    return celtypes.BoolType(_parsed(str(value)) is not None)


def _url(value: celtypes.StringType) -> celtypes.StringType:
    if _parsed(str(value)) is None:
        raise ValueError("no URL")
    return value


def _scheme(value: celtypes.StringType) -> celtypes.StringType:
    parsed = _parsed(str(value))
    return celtypes.StringType(parsed.scheme if parsed is not None else "")


def _parsed(value: str) -> urllib.parse.SplitResult | None:
    if not value.isascii() or any(ord(each) <= 0x20 or each == "\x7f" for each in value):
        return None
    try:
        parsed = urllib.parse.urlsplit(value)
        _ = parsed.port
    except ValueError:
        return None
    return parsed if parsed.scheme or value.startswith("/") else None


def _split(
    value: celtypes.StringType, by: celtypes.StringType, limit: celtypes.IntType | None = None
) -> celtypes.ListType:
    if limit == 0:
        return celtypes.ListType()
    if not by:
        raise ValueError("an empty separator")
    most = -1 if limit is None or limit < 0 else int(limit) - 1
    return celtypes.ListType(map(celtypes.StringType, str(value).split(str(by), most)))


def _substring(
    value: celtypes.StringType, start: celtypes.IntType, end: celtypes.IntType | None = None
) -> celtypes.StringType:
    stop = len(value) if end is None else int(end)
    if not 0 <= start <= stop <= len(value):
        raise ValueError("out of range")
    return celtypes.StringType(str(value)[start:stop])


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "isIP": _is_ip,
    "isURL": _is_url,
    "url": _url,
    "getScheme": _scheme,
    "split": _split,
    "substring": _substring,
}
