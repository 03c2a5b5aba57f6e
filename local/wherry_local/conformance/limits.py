"""Cases of size: what a server should be able to take, and what it must get rid of politely.

It must not know events beyond the ordinary one.
"""

from __future__ import annotations

from wherry_local.conformance.case import Check, Family, Severity, Unmet
from wherry_local.conformance.expectations import REFUSALS, not_failed, taken
from wherry_local.conformance.subject import ORDINARY, Subject, require_taken

_HOST = b"Host: {host}\r\n"
_REST = b"{event}Content-Length: 5\r\n\r\nhello"
_POST = b"POST {target} HTTP/1.1\r\n" + _HOST
_MESH_FIELDS = 60
_PROBED_BYTES = 1 << 20


def _survives(template: bytes) -> Check:
    """The request is taken or refused, but answered, and the server goes on serving."""
    answered = not_failed(template)

    def check(subject: Subject) -> None:
        answered(subject)
        require_taken(subject, subject.ask(ORDINARY))

    return check


def _long_target(chars: int) -> bytes:
    return b"POST {target}?q=" + b"a" * chars + b" HTTP/1.1\r\n" + _HOST + _REST


def _asks_first(subject: Subject) -> None:
    """A body that is refused anyway is refused before it is sent."""
    head = _POST + b"{event}Expect: 100-continue\r\nContent-Length: 1099511627776\r\n\r\n"
    with subject.connect() as wire:
        reply = wire.send(subject.fill(head)).interim()
    if reply.status not in REFUSALS:
        raise Unmet(expected="413 before the body is sent", got=str(reply.status))


_case = Family(name="http.limits").case
_MUST, _SHOULD = Severity.MUST, Severity.SHOULD
_FIELDS = b"".join(b"X-Mesh-%d: %s\r\n" % (number, b"v" * 60) for number in range(_MESH_FIELDS))

CASES = (
    _case(
        "line",
        "takes a request line of 8000 bytes",
        "RFC 9112 3",
        taken(_long_target(7900)),
        _SHOULD,
    ),
    _case(
        "field",
        "takes a field of 4096 bytes",
        "RFC 9110 5.4",
        taken(_POST + b"X-A: " + b"a" * 4096 + b"\r\n" + _REST),
        _SHOULD,
    ),
    _case(
        "fields",
        "takes the fields that meshes add",
        "RFC 9110 5.4",
        taken(_POST + _FIELDS + _REST),
        _SHOULD,
    ),
    _case(
        "long-line",
        "survives a request line of 1 MiB",
        "RFC 9110 15.5.15",
        _survives(_long_target(_PROBED_BYTES)),
        _MUST,
    ),
    _case(
        "long-field",
        "survives a field of 1 MiB",
        "RFC 6585 5",
        _survives(_POST + b"X-A: " + b"a" * _PROBED_BYTES + b"\r\n" + _REST),
        _MUST,
    ),
    _case(
        "many-fields",
        "survives 50000 fields",
        "RFC 6585 5",
        _survives(_POST + b"X-A: a\r\n" * 50_000 + _REST),
        _MUST,
    ),
    _case(
        "endless-head",
        "survives a head without an end",
        "RFC 6585 5",
        _survives(_POST + b"X-A: a\r\n" * 200_000),
        _MUST,
    ),
    _case(
        "long-chunk-extension",
        "survives a chunk extension of 1 MiB",
        "RFC 9112 7.1.1",
        _survives(
            _POST
            + b"{event}Transfer-Encoding: chunked\r\n\r\n5;a="
            + b"a" * _PROBED_BYTES
            + b"\r\nhello\r\n0\r\n\r\n"
        ),
        _SHOULD,
    ),
    _case(
        "huge-body",
        "refuses a body of 1 TiB before it is sent",
        "RFC 9110 15.5.14",
        _asks_first,
        _SHOULD,
    ),
)
