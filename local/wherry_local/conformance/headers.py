"""Cases of header fields: what an answer says of itself, and what is made of what a mesh adds.

It must not know events beyond the ordinary one.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from wherry_local.conformance.case import Check, Family, Platform, Severity, Unmet
from wherry_local.conformance.expectations import not_failed, taken
from wherry_local.conformance.subject import ORDINARY, Subject, shown
from wherry_local.conformance.wire import Reply

_POST = b"POST {target} HTTP/1.1\r\nHost: {host}\r\n"
_REST = b"{event}Content-Length: 5\r\n\r\nhello"
_TRACE = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
_NOT_FOUND = b"GET /no/such/path?x=%3Cscript%3E HTTP/1.1\r\nHost: {host}\r\n\r\n"


def _dated(subject: Subject) -> None:
    dates = subject.ask(ORDINARY).values(b"date")
    try:
        (text,) = dates
        parsedate_to_datetime(text.decode("latin-1"))
    except ValueError:
        raise Unmet(expected="one Date with a date", got=repr(dates)) from None


def _framed(subject: Subject) -> None:
    """How long the answer is can be known without waiting for the end of the connection."""
    reply = subject.ask(ORDINARY)
    if reply.status not in {204, 304} and not (
        reply.values(b"content-length") or reply.values(b"transfer-encoding")
    ):
        raise Unmet(expected="a length or a coding", got="neither")


def _typed(subject: Subject) -> None:
    reply = subject.ask(ORDINARY)
    if reply.body and reply.value(b"content-type") is None:
        raise Unmet(expected="a Content-Type with a body", got="none")


def _call_id_returned(subject: Subject) -> None:
    reply = subject.ask(_POST + b"X-Call-Id: conform-1\r\n" + _REST)
    if reply.values(b"x-call-id") != [b"conform-1"]:
        raise Unmet(expected="X-Call-Id: conform-1", got=repr(reply.values(b"x-call-id")))


def _not_split(subject: Subject) -> None:
    """A line break in a value that is percent-encoded does not become one in the answer."""
    reply = subject.ask(_POST + b"ce-subject: a%0D%0AX-Evil:%201\r\n" + _REST)
    if reply.value(b"x-evil") is not None:
        raise Unmet(expected="no header that a value has smuggled in", got="X-Evil: 1")
    if reply.status >= 500:
        raise Unmet(expected="any answer but a 5xx", got=shown(reply))


def _tells_nothing(template: bytes) -> Check:
    """What goes wrong is not told in terms of the code."""

    def check(subject: Subject) -> None:
        reply = subject.ask(template)
        for mark in (b"Traceback (most recent call last)", b'File "/', b"site-packages"):
            if mark in reply.body:
                raise Unmet(expected="no inner text", got=repr(mark.decode()))

    return check


def _allows(subject: Subject) -> None:
    """A 405 says what is allowed instead."""
    for method in (b"GET", b"DELETE", b"BREW"):
        reply: Reply = subject.ask(method + b" {target} HTTP/1.1\r\nHost: {host}\r\n\r\n")
        if reply.status == 405 and not reply.values(b"allow"):
            raise Unmet(expected="Allow with a 405", got="none")


def _with(lines: bytes) -> Check:
    return taken(_POST + lines + b"\r\n" + _REST)


_case = Family(name="headers").case
_of_openfaas = Family(name="headers", platform=Platform.OPENFAAS).case
_of_knative = Family(name="headers", platform=Platform.KNATIVE).case
_SHOULD = Severity.SHOULD
_W3C = "W3C Trace Context"

CASES = (
    _case("date", "dates each answer", "RFC 9110 6.6.1", _dated),
    _case("framed", "frames each answer", "RFC 9112 6.3", _framed, _SHOULD),
    _case("typed", "says what the body of an answer is", "RFC 9110 8.3", _typed, _SHOULD),
    _case("allow", "says with a 405 what is allowed", "RFC 9110 15.5.6", _allows),
    _case("not-split", "lets no value add a header", "RFC 9110 5.5", _not_split),
    _case(
        "tells-nothing",
        "tells no inner text of a malformed event",
        "OWASP ASVS 16.5.1",
        _tells_nothing(_POST + b"ce-id: 1\r\nContent-Length: 1\r\n\r\n{"),
    ),
    _case(
        "tells-nothing-of-paths",
        "tells no inner text of an unknown path",
        "OWASP ASVS 16.5.1",
        _tells_nothing(_NOT_FOUND),
    ),
    _case(
        "obsolete-text",
        "does not fail on a value that is no ASCII",
        "RFC 9110 5.5",
        not_failed(_POST + b"X-A: \xe9\xff\r\n" + _REST),
    ),
    _case("traceparent", "takes a trace", f"{_W3C} 3.2", _with(b"traceparent: " + _TRACE)),
    _case(
        "traceparent-malformed",
        "passes over a malformed trace",
        f"{_W3C} 3.2.2",
        _with(b"traceparent: 00-xyz-1-1"),
    ),
    _case(
        "tracestate",
        "takes the state of a trace",
        f"{_W3C} 3.3",
        _with(b"traceparent: " + _TRACE + b"\r\ntracestate: a=1,b=2\r\nbaggage: k=v"),
    ),
    _case(
        "forwarded",
        "takes what proxies add",
        "RFC 7239 4",
        _with(
            b"Forwarded: for=1.2.3.4;proto=http\r\nX-Forwarded-For: 1.2.3.4, 10.0.0.1\r\n"
            b"X-Forwarded-Proto: http\r\nX-Forwarded-Host: fn.example.com\r\nX-Request-Id: 1"
        ),
    ),
    _of_openfaas(
        "gateway",
        "takes what the gateway adds",
        "OpenFaaS gateway",
        _with(b"X-Call-Id: c-1\r\nX-Start-Time: 1763830000000000000\r\nX-Timeout: 10s"),
    ),
    _of_openfaas("call-id", "gives a call id back", "OpenFaaS gateway", _call_id_returned, _SHOULD),
    _of_knative(
        "delivery",
        "takes what a broker adds",
        "Knative Eventing, delivery",
        _with(
            b"Prefer: reply\r\nKn-Namespace: default\r\nKnative-Serving-Tag: a\r\nX-B3-Sampled: 1"
        ),
    ),
)
