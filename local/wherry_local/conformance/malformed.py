"""Cases of messages that are not valid HTTP/1.1, and so must never reach a function.

RFC 9110 and RFC 9112. What two parties can read in two ways is how requests are smuggled. It must
not know events beyond the ordinary one.
"""

from __future__ import annotations

from wherry_local.conformance.case import Case, Family, Severity, Unmet
from wherry_local.conformance.expectations import refused
from wherry_local.conformance.subject import Subject, shown
from wherry_local.conformance.wire import Silence

_POST = b"POST {target} HTTP/1.1\r\nHost: {host}\r\n{event}"
_RFC = "RFC 9112"
_SHOULD = Severity.SHOULD


def _closed_or_refused(subject: Subject) -> None:
    """A length and a coding: the coding counts, and nothing more is read from the connection."""
    smuggled = b"GET /smuggled HTTP/1.1\r\nHost: {host}\r\n\r\n"
    head = _POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    with subject.connect() as wire:
        wire.send(subject.fill(head + b"5\r\nhello\r\n0\r\n\r\n" + smuggled))
        try:
            reply = wire.answer()
        except Silence as silence:
            if silence.is_closed:
                return
            raise
        rest = wire.rest(within_s=0.3)
        if rest:
            raise Unmet(expected="one answer and a closed connection", got=repr(rest[:60]))
        if 200 <= reply.status < 300 and not wire.is_closed():
            raise Unmet(expected="a closed connection", got=f"{shown(reply)}, and it is open")


_case = Family(name="http.malformed").case


def _bad(
    name: str, title: str, section: str, lines: bytes, severity: Severity = Severity.MUST
) -> Case:
    """A request that is to be refused: the head of an ordinary one, and `lines`."""
    return _case(name, title, f"{_RFC} {section}", refused(_POST + lines), severity)


_LENGTH = b"Content-Length: "
_CODING = b"Transfer-Encoding: "
_LAST = b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
CASES = (
    _case(
        "length-and-coding",
        "closes after a request with both a length and a coding, or refuses it",
        f"{_RFC} 6.1",
        _closed_or_refused,
    ),
    _bad(
        "two-lengths",
        "refuses two lengths",
        "6.3",
        _LENGTH + b"5\r\n" + _LENGTH + b"6\r\n\r\nhello",
    ),
    _bad("list-of-lengths", "refuses a list of lengths", "6.3", _LENGTH + b"5, 6\r\n\r\nhello"),
    _bad("length-with-sign", "refuses a signed length", "6.3", _LENGTH + b"+5\r\n\r\nhello"),
    _bad("negative-length", "refuses a negative length", "6.3", _LENGTH + b"-5\r\n\r\nhello"),
    _bad(
        "hexadecimal-length", "refuses a hexadecimal length", "6.3", _LENGTH + b"0x5\r\n\r\nhello"
    ),
    _bad(
        "length-with-blank",
        "refuses a length with a blank in it",
        "6.3",
        _LENGTH + b"5 5\r\n\r\nhello",
    ),
    _bad(
        "huge-length",
        "refuses a length that no number holds",
        "6.3",
        _LENGTH + b"9" * 40 + b"\r\n\r\n",
        _SHOULD,
    ),
    _bad("unknown-coding", "refuses a coding it does not know", "6.1", _CODING + b"rot13" + _LAST),
    _bad(
        "coding-not-last",
        "refuses chunked that is not the last coding",
        "6.3",
        _CODING + b"chunked, gzip" + _LAST,
    ),
    _bad("coding-twice", "refuses chunked twice", "7.1", _CODING + b"chunked, chunked" + _LAST),
    _bad(
        "coding-with-tail",
        "refuses a coding with more after its name",
        "6.1",
        _CODING + b"chunkedx" + _LAST,
    ),
    _bad(
        "chunk-size",
        "refuses a chunk size that is none",
        "7.1",
        _CODING + b"chunked\r\n\r\nz\r\nhello\r\n0\r\n\r\n",
    ),
    _bad(
        "chunk-with-sign",
        "refuses a signed chunk size",
        "7.1",
        _CODING + b"chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n",
    ),
    _bad(
        "chunk-in-hexadecimal",
        "refuses 0x before a chunk size",
        "7.1",
        _CODING + b"chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
    ),
    _bad(
        "chunk-overflow",
        "refuses a chunk size that no number holds",
        "7.1",
        _CODING + b"chunked\r\n\r\n" + b"f" * 40 + b"\r\nhello\r\n0\r\n\r\n",
        _SHOULD,
    ),
    _bad(
        "chunk-end",
        "refuses a chunk without its line end",
        "7.1",
        _CODING + b"chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
    ),
    _bad(
        "blank-before-colon",
        "refuses a blank before a colon",
        "5.1",
        b"X-A : 1\r\n" + _LENGTH + b"5\r\n\r\nhello",
    ),
    _bad(
        "no-colon", "refuses a field without a colon", "5", b"X-A\r\n" + _LENGTH + b"5\r\n\r\nhello"
    ),
    _bad(
        "name-with-nul",
        "refuses NUL in a field name",
        "5.1",
        b"X\0A: 1\r\n" + _LENGTH + b"5\r\n\r\nhello",
    ),
    _case(
        "value-with-nul",
        "refuses NUL in a field value",
        "RFC 9110 5.5",
        refused(_POST + b"X-A: a\0b\r\n" + _LENGTH + b"5\r\n\r\nhello"),
    ),
    _bad(
        "value-with-return",
        "refuses a bare CR in a field value",
        "2.2",
        b"X-A: a\rb\r\n" + _LENGTH + b"5\r\n\r\nhello",
    ),
    _case(
        "folded",
        "refuses a folded field",
        f"{_RFC} 5.2",
        refused(_POST + b"X-A: a\r\n b\r\n" + _LENGTH + b"5\r\n\r\nhello"),
        _SHOULD,
    ),
    _case(
        "bare-newline",
        "refuses a bare LF as a line end",
        f"{_RFC} 2.2",
        refused(_POST + b"X-A: a\n" + _LENGTH + b"5\r\n\r\nhello"),
        _SHOULD,
    ),
    _case(
        "expectation",
        "refuses an expectation it cannot meet",
        "RFC 9110 10.1.1",
        refused(_POST + b"Expect: tea\r\n" + _LENGTH + b"5\r\n\r\nhello", 417),
        _SHOULD,
    ),
    _case(
        "coding-in-1.0",
        "refuses a coding in HTTP/1.0",
        f"{_RFC} 6.1",
        refused(
            b"POST {target} HTTP/1.0\r\nHost: {host}\r\n{event}" + _CODING + b"chunked" + _LAST
        ),
        _SHOULD,
    ),
)
