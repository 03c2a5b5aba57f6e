"""Cases of request lines and Host: what is addressed, by which method, in which version.

RFC 9110 and RFC 9112. It must not know events beyond the ordinary one.
"""

from __future__ import annotations

from wherry_local.conformance.case import Family, Severity
from wherry_local.conformance.expectations import not_failed, refused, taken

_REST = b"{event}Content-Length: 5\r\n\r\nhello"
_HOST = b"Host: {host}\r\n"
_RFC = "RFC 9112"
_case = Family(name="http").case


def _line(line: bytes, host: bytes = _HOST) -> bytes:
    return line + b"\r\n" + host + _REST


_POST = b"POST {target} HTTP/1.1"
_SHOULD = Severity.SHOULD

CASES = (
    _case(
        "host.missing", "refuses a request without Host", f"{_RFC} 3.2", refused(_line(_POST, b""))
    ),
    _case("host.twice", "refuses two Hosts", f"{_RFC} 3.2", refused(_line(_POST, _HOST * 2))),
    _case(
        "host.differ",
        "refuses two different Hosts",
        f"{_RFC} 3.2",
        refused(_line(_POST, _HOST + b"Host: b\r\n")),
    ),
    _case(
        "host.invalid",
        "refuses an invalid Host",
        f"{_RFC} 3.2",
        refused(_line(_POST, b"Host: a b\r\n")),
    ),
    _case(
        "host.with-path",
        "refuses a Host with a path",
        f"{_RFC} 3.2",
        refused(_line(_POST, b"Host: a/b\r\n")),
    ),
    _case(
        "host.with-user",
        "refuses a Host with a user",
        f"{_RFC} 3.2",
        refused(_line(_POST, b"Host: u@a\r\n")),
    ),
    _case(
        "host.other",
        "takes any valid Host",
        f"{_RFC} 3.2",
        taken(_line(_POST, b"Host: fn.ns.svc.cluster.local\r\n")),
    ),
    _case(
        "host.ipv6",
        "takes an IPv6 address as Host",
        f"{_RFC} 3.2",
        taken(_line(_POST, b"Host: [::1]:8080\r\n")),
    ),
    _case(
        "host.empty",
        "takes an empty Host",
        f"{_RFC} 3.2",
        taken(_line(_POST, b"Host:\r\n")),
        _SHOULD,
    ),
    _case(
        "target.absolute",
        "takes a target in absolute form",
        f"{_RFC} 3.2.2",
        taken(_line(b"POST http://{host}{target} HTTP/1.1")),
    ),
    _case(
        "target.absolute-differs",
        "does not fail on a target and a Host that differ",
        f"{_RFC} 3.2.2",
        not_failed(_line(b"POST http://other.example{target} HTTP/1.1")),
    ),
    _case(
        "target.asterisk",
        "does not fail on OPTIONS *",
        f"{_RFC} 3.2.4",
        not_failed(b"OPTIONS * HTTP/1.1\r\n" + _HOST + b"\r\n"),
    ),
    _case(
        "target.asterisk-of-get",
        "refuses GET *",
        f"{_RFC} 3.2.4",
        refused(b"GET * HTTP/1.1\r\n" + _HOST + b"\r\n"),
        _SHOULD,
    ),
    _case(
        "target.authority",
        "refuses a target in authority form",
        f"{_RFC} 3.2.3",
        refused(b"GET {host} HTTP/1.1\r\n" + _HOST + b"\r\n"),
        _SHOULD,
    ),
    _case(
        "target.connect",
        "refuses CONNECT",
        "RFC 9110 9.3.6",
        refused(b"CONNECT {host} HTTP/1.1\r\n" + _HOST + b"\r\n"),
    ),
    _case(
        "target.fragment",
        "refuses a fragment",
        f"{_RFC} 3.2",
        refused(_line(b"POST /a#b HTTP/1.1")),
        _SHOULD,
    ),
    _case(
        "target.non-ascii",
        "refuses a byte that is no ASCII",
        f"{_RFC} 3.2",
        refused(_line(b"POST /\xff HTTP/1.1")),
        _SHOULD,
    ),
    _case(
        "target.control",
        "refuses a control character",
        f"{_RFC} 3.2",
        refused(_line(b"POST /\x01 HTTP/1.1")),
        _SHOULD,
    ),
    _case(
        "target.blank",
        "refuses a blank in the target",
        f"{_RFC} 3",
        refused(_line(b"POST /a b HTTP/1.1")),
    ),
    _case(
        "target.none",
        "refuses a line without a target",
        f"{_RFC} 3",
        refused(_line(b"POST HTTP/1.1")),
    ),
    _case(
        "target.percent",
        "does not fail on any percent-encoding",
        "RFC 3986 2.1",
        not_failed(_line(b"POST /%00%ff%zz%?%C0 HTTP/1.1")),
    ),
    _case(
        "target.dots",
        "does not fail on a path that climbs",
        "RFC 3986 5.2.4",
        not_failed(_line(b"POST /../..//etc/./passwd HTTP/1.1")),
    ),
    _case(
        "method.unknown",
        "does not fail on a method it does not know",
        "RFC 9110 9.1",
        not_failed(_line(b"BREW {target} HTTP/1.1")),
    ),
    _case(
        "method.invalid",
        "refuses a method that is no token",
        "RFC 9110 9.1",
        refused(_line(b"PO(ST {target} HTTP/1.1")),
    ),
    _case(
        "method.get",
        "does not fail on GET",
        "RFC 9110 9.1",
        not_failed(b"GET {target} HTTP/1.1\r\n" + _HOST + b"\r\n"),
    ),
    _case(
        "version.major",
        "refuses another major version",
        "RFC 9110 15.6.6",
        refused(_line(b"POST {target} HTTP/3.0")),
    ),
    _case(
        "version.none", "refuses a line without a version", f"{_RFC} 3", refused(b"GET /\r\n\r\n")
    ),
    _case(
        "version.lower-case",
        "refuses a version in lower case",
        f"{_RFC} 2.3",
        refused(_line(b"POST {target} http/1.1")),
    ),
    _case(
        "version.garbled",
        "refuses a version that is none",
        f"{_RFC} 2.3",
        refused(_line(b"POST {target} HTTP/1.1x")),
    ),
)
