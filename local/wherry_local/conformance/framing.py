"""Cases of HTTP/1.1 messages: where a request begins and ends, and in which order answers come.

RFC 9110 and RFC 9112. It must not know events beyond the ordinary one.
"""

from __future__ import annotations

from wherry_local.conformance.case import Check, Family, Severity, Unmet
from wherry_local.conformance.expectations import taken, taken_in_pieces
from wherry_local.conformance.subject import ORDINARY, Subject, require_taken, shown

_POST = b"POST {target} HTTP/1.1\r\nHost: {host}\r\n{event}"
_CHUNKED = _POST + b"Transfer-Encoding: chunked\r\n\r\n"
_TWO = b"2\r\nhe\r\n3\r\nllo\r\n"
_PIPELINED = 16


def _pipelined(subject: Subject) -> None:
    with subject.connect() as wire:
        ids = [f"P-{number}" for number in range(_PIPELINED)]
        wire.send(b"".join(subject.fill(ORDINARY, event_id=each) for each in ids))
        for each in ids:
            require_taken(subject, wire.answer(), event_id=each)


def _kept(subject: Subject) -> None:
    with subject.connect() as wire:
        for number in range(4):
            reply = wire.send(subject.fill(ORDINARY, event_id=f"K-{number}")).answer()
            require_taken(subject, reply, event_id=f"K-{number}")
            if reply.is_last:
                raise Unmet(expected="a connection that is kept", got="Connection: close")


def _closed_when_asked(template: bytes) -> Check:
    def check(subject: Subject) -> None:
        with subject.connect() as wire:
            require_taken(subject, wire.send(subject.fill(template)).answer())
            if not wire.is_closed():
                raise Unmet(expected="a closed connection", got="an open one")

    return check


def _continues(subject: Subject) -> None:
    head = _POST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    with subject.connect() as wire:
        reply = wire.send(subject.fill(head)).interim()
        if reply.status != 100:
            raise Unmet(expected="100 before the body is sent", got=shown(reply))
        require_taken(subject, wire.send(b"hello").answer())


def _head_has_no_body(subject: Subject) -> None:
    with subject.connect() as wire:
        head = wire.send(subject.fill(b"HEAD {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"))
        reply = head.answer(to_head=True)
        if reply.status >= 500 and reply.status != 501:
            raise Unmet(expected="any answer but a 5xx", got=str(reply.status))
        if not reply.is_last:
            require_taken(subject, wire.send(subject.fill(ORDINARY)).answer())
        elif rest := wire.rest(within_s=0.3):
            raise Unmet(expected="a head alone", got=f"{len(rest)} bytes of body")


def _version_1_0(subject: Subject) -> None:
    with subject.connect() as wire:
        request = b"POST {target} HTTP/1.0\r\n{event}Content-Length: 5\r\n\r\nhello"
        reply = wire.send(subject.fill(request)).answer()
        require_taken(subject, reply)
        if reply.values(b"transfer-encoding"):
            raise Unmet(expected="no transfer coding", got="Transfer-Encoding: chunked")
        if not wire.is_closed():
            raise Unmet(expected="a closed connection", got="an open one")


def _upgrade(subject: Subject) -> None:
    """Another protocol is never required: the request is answered in this one, or refused."""
    with subject.connect() as wire:
        request = _POST + (
            b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
            b"Content-Length: 5\r\n\r\nhello"
        )
        reply = wire.send(subject.fill(request)).interim()
        if reply.status != 101:
            require_taken(subject, reply)


_case = Family(name="http.framing").case
_RFC = "RFC 9112"
_SHOULD = Severity.SHOULD
CASES = (
    _case("length", "reads a body with a length", f"{_RFC} 6.2", taken(ORDINARY)),
    _case("chunked", "reads a chunked body", f"{_RFC} 7.1", taken(_CHUNKED + _TWO + b"0\r\n\r\n")),
    _case(
        "chunk-extension",
        "passes over chunk extensions",
        f"{_RFC} 7.1.1",
        taken(_CHUNKED + b'5;a=b;c="d"\r\nhello\r\n0;e\r\n\r\n'),
    ),
    _case(
        "trailer",
        "passes over trailers",
        f"{_RFC} 7.1.2",
        taken(_CHUNKED + b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"),
    ),
    _case(
        "coding-in-any-case",
        "takes the name of a coding in any case",
        f"{_RFC} 7",
        taken(_POST + b"Transfer-Encoding: Chunked\r\n\r\n" + _TWO + b"0\r\n\r\n"),
    ),
    _case(
        "in-pieces",
        "takes a request in pieces",
        f"{_RFC} 2.2",
        taken_in_pieces(
            b"POST {target} HT",
            b"TP/1.1\r",
            b"\nHost: {host}\r\n{event}Content-Le",
            b"ngth: 5\r\n\r",
            b"\nhe",
            b"llo",
        ),
    ),
    _case("pipelined", "answers pipelined requests in order", f"{_RFC} 9.3.2", _pipelined),
    _case("kept", "keeps a connection", f"{_RFC} 9.3", _kept, _SHOULD),
    _case(
        "close",
        "closes the connection when asked",
        f"{_RFC} 9.6",
        _closed_when_asked(_POST + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello"),
    ),
    _case("version-1.0", "speaks HTTP/1.0", f"{_RFC} 9.3", _version_1_0),
    _case("head", "answers HEAD without a body", "RFC 9110 9.3.2", _head_has_no_body),
    _case("continue", "asks for a body that waits", "RFC 9110 10.1.1", _continues),
    _case("upgrade", "needs no other protocol", "RFC 9110 7.8", _upgrade),
    _case(
        "blank-line-before",
        "passes over an empty line before a request",
        f"{_RFC} 2.2",
        taken(b"\r\n" + ORDINARY),
        _SHOULD,
    ),
    _case(
        "blanks-around-value",
        "takes a field value without its blanks",
        f"{_RFC} 5.1",
        taken(_POST + b"Content-Length: \t 5 \t\r\n\r\nhello"),
    ),
)
