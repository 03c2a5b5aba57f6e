"""The head of a request as a replica gets it. Sans I/O.

Made anew from the parts that the door's parser has judged: fields of the connection are left out,
with those that `Connection` names, the framing is our own, and what a proxy adds is added
(RFC 9110 section 7.6).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

KEEP: Final = 0
_DROP: Final = 1
_HOST: Final = 2
_LENGTH: Final = 3
_CONNECTION: Final = 4
_UPGRADE: Final = 5
_FORWARDED_FOR: Final = 6
_FORWARDED_HOST: Final = 7
_FORWARDED_PROTO: Final = 8
_HOPS: Final = 9

HOPS = b"x-wherry-hops"
"""How many times a call has passed this gateway, so that one that calls itself ends."""
MOST_HOPS = 20
"""Times that a call may come from a call, and that from another, before it is one that loops."""
_CODES = {
    b"connection": _CONNECTION,
    b"content-length": _LENGTH,
    b"expect": _DROP,
    b"host": _HOST,
    b"keep-alive": _DROP,
    b"proxy-authorization": _DROP,
    b"proxy-connection": _DROP,
    b"te": _DROP,
    b"trailer": _DROP,
    b"transfer-encoding": _DROP,
    b"upgrade": _UPGRADE,
    b"x-call-id": _DROP,
    b"x-forwarded-for": _FORWARDED_FOR,
    b"x-forwarded-host": _FORWARDED_HOST,
    b"x-forwarded-proto": _FORWARDED_PROTO,
    b"x-start-time": _DROP,
    HOPS: _HOPS,
}
_MOST = 1024
_LONGEST = 64
_HOP_DIGITS = 3
_END = b"\r\n"
_PROTO = b"\r\nX-Forwarded-Proto: http\r\n"
_ALL: Final = 0b111
_USUAL = frozenset({b"", b"close", b"keep-alive", b"upgrade"})


class Names(dict[bytes, int]):
    """Raw name of a field to what is done with it; bounded."""

    def __missing__(self, name: bytes) -> int:
        code = _CODES.get(name.lower(), KEEP)
        if len(self) < _MOST and len(name) <= _LONGEST:
            self[name] = code
        return code


class RequestHead:
    """What the fields of a request come to.

    Attributes:
        parts: The fields that go on, as bytes to be joined.
        host: Value of `Host`.
        length: Value of `Content-Length`, or None.
        upgrade: Value of `Upgrade`, lower case, where `Connection` names it; else empty.
        named: What `Connection` names.
        absent: Which of the three `X-Forwarded-` fields have not come, a bit each.
        hops: How many times it has been here.
    """

    __slots__ = ("absent", "hops", "host", "length", "named", "parts", "upgrade")

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.host = b"localhost"
        self.length: bytes | None = None
        self.named = self.upgrade = b""
        self.absent = _ALL
        self.hops = 0

    def note(self, code: int, name: bytes, value: bytes) -> None:
        """Take a field that few requests have, or that goes on in another form."""
        if code == _LENGTH:
            self.length = value
        elif code == _CONNECTION:
            self.named += b"," + value
        elif code == _UPGRADE:
            self.upgrade = value.lower()
        elif code == _HOPS:
            self.hops = hops_of(value)
        else:
            self.parts += (name, b": ", value, _END)
            self.absent &= ~(1 << (code - _FORWARDED_FOR))


def hops_of(value: bytes) -> int:
    """What a value of `HOPS` says; 0 of one that the gateway has not written."""
    return int(value) if value.isdigit() and len(value) <= _HOP_DIGITS else 0


def read(fields: Iterable[tuple[bytes, bytes]], names: Names, peer: bytes) -> RequestHead:
    """Take over what goes on, and add what is added only where it is absent.

    Args:
        fields: Names and values, which a parser has judged.
        names: What is done with names.
        peer: Address of the caller.
    """
    head = RequestHead()
    parts = head.parts
    for name, value in fields:
        code = names[name]
        if code == KEEP:
            parts += (name, b": ", value, _END)
        elif code == _HOST:
            head.host = value
        elif code != _DROP:
            head.note(code, name, value)
    if head.named:
        _drop_named(head)
    host, absent = head.host, head.absent
    parts += (b"Host: ", host, _END)
    if absent == _ALL:
        parts += (b"X-Forwarded-For: ", peer, b"\r\nX-Forwarded-Host: ", host, _PROTO)
        return head
    if absent & 0b001:
        parts += (b"X-Forwarded-For: ", peer, _END)
    if absent & 0b010:
        parts += (b"X-Forwarded-Host: ", host, _END)
    if absent & 0b100:
        parts.append(_PROTO[2:])
    return head


def _drop_named(head: RequestHead) -> None:
    """Leave out the fields that `Connection` names; `parts` holds four for each."""
    named = {each.strip(b" \t") for each in head.named.lower().split(b",")}
    if b"upgrade" not in named:
        head.upgrade = b""
    if named <= _USUAL:
        return
    kept: list[bytes] = []
    for at in range(0, len(head.parts), 4):
        if head.parts[at].lower() not in named:
            kept += head.parts[at : at + 4]
    head.parts[:] = kept
