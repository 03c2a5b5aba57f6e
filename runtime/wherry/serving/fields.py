"""Header fields as the server needs to know them: which name means what, and which are abuse.

Sans I/O. The parser below has split the head into names and values; here names get their meaning
once and are remembered, and whatever a parser cannot judge is judged (RFC 9110, RFC 9112).
"""

from __future__ import annotations

import re
from typing import Any

from wherry import trace

PLAIN, HOST, CONTENT_TYPE, EVENT, TRACE, CALL_ID, EXPECT, CODING, LENGTH, TIMEOUT = range(10)
CONNECTION, UPGRADE, PLATFORM, PLAIN_EVENT = 10, 11, 12, 13
START_TIME = "x-start-time"

METHODS = {
    name.encode(): name for name in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
}
"""The methods that have a text ready."""
LENGTH_DIGITS = 18
"""More than any limit of a body has; a longer number is no length."""

_MEANINGS = {
    b"host": HOST,
    b"content-type": CONTENT_TYPE,
    b"traceparent": TRACE,
    b"x-call-id": CALL_ID,
    b"expect": EXPECT,
    b"transfer-encoding": CODING,
    b"content-length": LENGTH,
    b"x-timeout": TIMEOUT,
    b"connection": CONNECTION,
    b"proxy-connection": UPGRADE,  # the parser takes it for the other
    b"upgrade": UPGRADE,
}
_PLATFORM_NAMES = frozenset(
    {START_TIME.encode(), b"webhook-request-origin", *(name.encode() for name in trace.FIELDS)}
)
_FORBIDDEN_TRAILERS = frozenset(
    b"authorization connection content-encoding content-length content-range content-type "
    b"cookie expect forwarded host keep-alive max-forwards proxy-authorization "
    b"proxy-connection range te trailer transfer-encoding upgrade x-forwarded-for".split()
)
_NAME = rb"[A-Za-z0-9._~!$&'()*+,;=-]"
_PORT = rb"[0-9]{0,4}|[0-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
_HOST = re.compile(
    rb"(?:" + _NAME + rb"*(?:%[0-9A-Fa-f]{2}" + _NAME + rb"*)*|\[([0-9A-Fa-f:.]{2,45})\])"
    rb"(?::(?:" + _PORT + rb"))?"
)  # fmt: skip
_TARGET = re.compile(rb"/[!-\"$-~]*")
_ABSOLUTE = rb"[Hh][Tt][Tt][Pp][Ss]?://([^/?#@]+)([/?][!-\"$-~]*)?"  # compiled at first use
_CALL_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")

valid_call_id = _CALL_ID.fullmatch


class Meanings(dict[bytes, tuple[int, str]]):
    """Raw header name to its meaning and, for an event attribute, the attribute's name.

    Filled as names are met; bounded, so that a caller who invents names cannot make it grow.
    """

    _MOST = 1024
    proxied = False
    """Whether the fields in which proxies speak of the caller mean anything here."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[bytes, tuple[tuple[bytes, bytes], int, str, Any]] = {}
        self.names: dict[bytes, tuple[int, str, bool]] = {}
        self.targets: dict[bytes, tuple[str, str, str]] = {}
        """What `wherry.serving.whole` remembers of lines and names that are repeated."""

    def __missing__(self, name: bytes) -> tuple[int, str]:
        lower = name.lower()
        if lower.startswith(b"ce-"):
            meaning = (EVENT, lower[3:].decode("latin-1"))
        elif lower in _PLATFORM_NAMES or (self.proxied and is_forwarding(lower)):
            meaning = (PLATFORM, lower.decode("latin-1"))
        else:
            meaning = (_MEANINGS.get(lower, PLAIN), "")
        if len(self) < self._MOST and len(name) <= 64:
            self[name] = meaning
        return meaning


def valid_host(value: bytes) -> re.Match[bytes] | None:
    """A match where `value` is `host [ ":" port ]`, or empty (RFC 9110 section 7.2)."""
    found = _HOST.fullmatch(value)
    if found is None or found[1] is None:
        return found
    import ipaddress  # 5 ms of a cold start, for those who are called by such an address

    try:
        ipaddress.IPv6Address(found[1].decode("ascii"))
    except ValueError:
        return None
    return found


def split_target(method: str, target: bytes) -> tuple[str, str] | None:
    """Path and query of a request target, as sent; None for a target that is refused.

    Origin form is taken as it is, absolute form loses its scheme and authority, `*` is taken
    from OPTIONS alone; authority form, and so CONNECT, belongs to proxies (RFC 9112 section 3.2).
    """
    if method == "CONNECT":
        return None
    if _TARGET.fullmatch(target) is None:
        if target == b"*" and method == "OPTIONS":
            return "*", ""
        absolute = re.fullmatch(_ABSOLUTE, target)
        if absolute is None or valid_host(absolute[1]) is None:
            return None
        target = absolute[2] or b"/"
        if target[:1] == b"?":
            target = b"/" + target
    path, _, query = target.partition(b"?")
    return path.decode("ascii"), query.decode("ascii")


def absolute_authority(target: bytes) -> bytes | None:
    """The authority of a target in absolute form, or None in any other form."""
    absolute = re.fullmatch(_ABSOLUTE, target)
    return absolute[1] if absolute is not None else None


def is_forwarding(name: bytes) -> bool:
    """Whether a lower-case name is of a field in which proxies speak of the caller."""
    return name == b"forwarded" or name.startswith(b"x-forwarded-")


def is_forbidden_trailer(name: bytes) -> bool:
    """Whether a trailer of this name could change how the message is read (RFC 9110 6.5.1)."""
    return name.lower() in _FORBIDDEN_TRAILERS
