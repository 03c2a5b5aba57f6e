"""One call as it is sent, one answer as it came, and why there is none. Values only, no I/O."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import NamedTuple

from wherry.errors import WherryError
from wherry_local.front.fields import first_value

Headers = Sequence[tuple[bytes, bytes]]

_OWN = frozenset(
    b"connection content-length expect keep-alive te trailer transfer-encoding upgrade".split()
)


class Outbound(NamedTuple):
    """A call.

    Attributes:
        method: Its method.
        target: Path and query, percent-encoding as it is sent; begins with `/`.
        headers: Names and values in order; fields of the connection are left out.
        fields: More of them, as `fields_of` writes them.
        body: The whole body.
    """

    method: str = "POST"
    target: str = "/"
    headers: Headers = ()
    fields: bytes = b""
    body: bytes = b""


def fields_of(headers: Headers) -> bytes:
    """Headers on the wire, each with the end of its line, without fields of the connection."""
    return b"".join([b"%s: %s\r\n" % field for field in headers if field[0].lower() not in _OWN])


class Inbound(NamedTuple):
    """The answer to a call.

    Attributes:
        status: Its status, 200 to 599.
        headers: Names and values in order, without those of the connection.
        body: The whole body.
    """

    status: int
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case; None where there is none."""
        return first_value(self.headers, name)


class Fault(enum.Enum):
    """Why a call has no answer."""

    UNREACHABLE = "unreachable"
    """There is nobody, or the connection broke, or what came is no HTTP."""
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    """The answer is longer than the caller wants it."""
    REFUSED = "refused"
    """The address is not one that may be called."""


class CallFailed(WherryError):  # noqa: N818 - named for the state
    """A call has no answer.

    Attributes:
        kind: Why.
        reason: The same as one clause for people; no text of an exception.
    """

    def __init__(self, kind: Fault, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
