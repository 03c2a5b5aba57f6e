"""Bytes that two readers in a row might frame differently, each with a request hidden in it.

`{n}` in a path is the number of the case, so that every request that arrives somewhere can be told
from all others. Nothing here knows a proxy or a server.
"""

from __future__ import annotations

from collections.abc import Iterator

_HOST = b"Host: x\r\n"
_TE = b"Transfer-Encoding: chunked\r\n"
_EMPTY = b"0\r\n\r\n"
HIDDEN = b"GET /hidden-{n} HTTP/1.1\r\nHost: x\r\n\r\n"


def _post(fields: bytes, body: bytes, *, line: bytes = b"POST /a-{n} HTTP/1.1") -> bytes:
    return line + b"\r\n" + _HOST + fields + b"\r\n" + body


def _length(value: bytes) -> bytes:
    return b"Content-Length: " + value + b"\r\n"


def _coding(value: bytes) -> bytes:
    return b"Transfer-Encoding:" + value + b"\r\n"


_CL_TE = {
    "CL.TE": _post(_length(b"%d" % (5 + len(HIDDEN))) + _TE, _EMPTY + HIDDEN),
    "CL.TE reversed": _post(_TE + _length(b"%d" % (5 + len(HIDDEN))), _EMPTY + HIDDEN),
    "CL.TE of six": _post(_length(b"6") + _TE, _EMPTY + b"X" + HIDDEN),
    "CL.TE in two lists": _post(_length(b"5, 5") + _TE, _EMPTY + HIDDEN),
    "CL of nothing, TE": _post(_length(b"0") + _TE, _EMPTY + HIDDEN),
    "TE.CL": _post(_length(b"4") + _TE, b"%x\r\n%s\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN)),
    "TE.CL reversed": _post(_TE + _length(b"3"), b"8\r\nSMUGGLED\r\n0\r\n\r\n" + HIDDEN),
    "TE.CL in HTTP/1.0": _post(
        _TE + _length(b"5"), _EMPTY + HIDDEN, line=b"POST /a-{n} HTTP/1.0"
    ),
    "TE in HTTP/1.0": _post(_TE, _EMPTY + HIDDEN, line=b"POST /a-{n} HTTP/1.0"),
}  # fmt: skip
_TE_TE = {
    f"TE {name}": _post(_coding(value) + _length(b"5"), _EMPTY + HIDDEN)
    for name, value in {
        "xchunked": b" xchunked",
        "with a tab": b"\tchunked",
        "with a vertical tab": b" \x0bchunked",
        "quoted": b' "chunked"',
        "twice in a list": b" chunked, chunked",
        "identity after": b" chunked, identity",
        "identity before": b" identity, chunked",
        "with a parameter": b" chunked;a=b",
        "in capitals": b" CHUNKED",
        "empty": b"",
        "cow": b" cow",
        "with a NUL": b" chunked\0",
    }.items()
}
_TE_NAMES = {
    "TE name with a blank": _post(
        b"Transfer-Encoding : chunked\r\n" + _length(b"5"), _EMPTY + HIDDEN
    ),
    "TE name with a blank before": _post(
        b" Transfer-Encoding: chunked\r\n" + _length(b"5"), _EMPTY + HIDDEN
    ),
    "TE name with an underscore": _post(
        b"Transfer_Encoding: chunked\r\n" + _length(b"5"), _EMPTY + HIDDEN
    ),
    "TE behind a bare LF": _post(
        b"X: y\nTransfer-Encoding: chunked\r\n" + _length(b"5"), _EMPTY + HIDDEN
    ),
    "TE behind a bare CR": _post(
        b"X: y\rTransfer-Encoding: chunked\r\n" + _length(b"5"), _EMPTY + HIDDEN
    ),
    "TE in two lines": _post(_TE + _coding(b" identity") + _length(b"5"), _EMPTY + HIDDEN),
    "TE folded": _post(b"Transfer-Encoding:\r\n chunked\r\n" + _length(b"5"), _EMPTY + HIDDEN),
}
_CL_0 = {
    f"{method} with a body that is none": b"%s /a-{n} HTTP/1.1\r\n%s%s\r\n%s"
    % (method.encode(), _HOST, _length(b"%d" % len(HIDDEN)), HIDDEN)
    for method in ("GET", "HEAD", "OPTIONS", "DELETE")
}
_LENGTHS = {
    f"length {name}": _post(_length(value), b"hello" + HIDDEN)
    for name, value in {
        "signed": b"+5",
        "negative": b"-5",
        "hexadecimal": b"0x5",
        "in a list": b"5, 5",
        "with a blank inside": b"5 0",
        "twice the same": b"5\r\nContent-Length: 5",
        "twice another": b"5\r\nContent-Length: 50",
        "beyond 64 bits": b"18446744073709551621",
        "with zeros before": b"0000000005",
        "folded": b"\r\n 5",
        "with an underscore": b"5\r\nContent_Length: 50",
        "empty": b"",
    }.items()
}
_CHUNKS = {
    f"chunk {name}": _post(_TE, body + HIDDEN)
    for name, body in {
        "with an extension": b"5;a=b\r\nhello\r\n0\r\n\r\n",
        "with a quoted extension": b'5;a="\\";"\r\nhello\r\n0\r\n\r\n',
        "with LF in its extension": b"5;a\nhello\r\n0\r\n\r\n",
        "with CR in its extension": b"5;a\rhello\r\n0\r\n\r\n",
        "sized 0x5": b"0x5\r\nhello\r\n0\r\n\r\n",
        "sized beyond 64 bits": b"10000000000000005\r\nhello\r\n0\r\n\r\n",
        "sized -5": b"-5\r\nhello\r\n0\r\n\r\n",
        "without its end": b"5\r\nhello0\r\n\r\n",
        "ended by LF": b"5\r\nhello\n0\r\n\r\n",
        "longer than it says": b"5\r\nhelloXX0\r\n\r\n",
        "last with LF": b"5\r\nhello\r\n0\n\n",
        "last twice": b"5\r\nhello\r\n0\r\n\r\n0\r\n\r\n",
    }.items()
}
_TRAILERS = {
    f"trailer {name}": _post(_TE, b"5\r\nhello\r\n0\r\n" + trailer + b"\r\n\r\n" + HIDDEN)
    for name, trailer in {
        "plain": b"X-A: b",
        "Content-Length": b"Content-Length: 50",
        "Transfer-Encoding": b"Transfer-Encoding: chunked",
        "Host": b"Host: y",
        "without a colon": b"GET /hidden-{n} HTTP/1.1",
    }.items()
}
_REST = {
    "pipelined": _post(_length(b"5"), b"hello" + HIDDEN + HIDDEN),
    "pipelined behind blank lines": _post(_length(b"5"), b"hello\r\n\r\n\r\n" + HIDDEN),
    "close and more": _post(_length(b"5") + b"Connection: close\r\n", b"hello" + HIDDEN),
    "expect and no wait": _post(_length(b"5") + b"Expect: 100-continue\r\n", b"hello" + HIDDEN),
    "expect something else": _post(_length(b"5") + b"Expect: tea\r\n", b"hello" + HIDDEN),
    "upgrade with a body": _post(
        b"Connection: Upgrade\r\nUpgrade: h2c\r\n" + _length(b"%d" % len(HIDDEN)), HIDDEN
    ),
    "upgrade with chunks": _post(
        b"Connection: Upgrade\r\nUpgrade: websocket\r\n" + _TE,
        b"%x\r\n%s\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN),
    ),
    "connection names the length": _post(
        b"Connection: Content-Length\r\n" + _length(b"5"), b"hello" + HIDDEN
    ),
    "connection names the coding": _post(
        b"Connection: Transfer-Encoding\r\n" + _TE, b"5\r\nhello\r\n0\r\n\r\n" + HIDDEN
    ),
    "absolute form, other host": b"GET http://y/a-{n} HTTP/1.1\r\n" + _HOST + b"\r\n" + HIDDEN,
    "absolute form, same host": b"GET http://x/a-{n} HTTP/1.1\r\n" + _HOST + b"\r\n" + HIDDEN,
    "host twice": b"GET /a-{n} HTTP/1.1\r\n" + _HOST + b"Host: y\r\n\r\n" + HIDDEN,
    "version 0.9": b"GET /a-{n}\r\n\r\n" + HIDDEN,
    "version 1.2": b"GET /a-{n} HTTP/1.2\r\n" + _HOST + b"\r\n" + HIDDEN,
    "version 2.0": b"GET /a-{n} HTTP/2.0\r\n" + _HOST + b"\r\n" + HIDDEN,
    "bare LF throughout": b"GET /a-{n} HTTP/1.1\nHost: x\n\n" + HIDDEN,
    "a request in the target": b"GET /a-{n}%20HTTP/1.1%0d%0aHost:x%0d%0a HTTP/1.1\r\n"
    + _HOST + b"\r\n" + HIDDEN,
}  # fmt: skip
CASES = {
    **_CL_TE, **_TE_TE, **_TE_NAMES, **_CL_0, **_LENGTHS, **_CHUNKS, **_TRAILERS, **_REST,
}  # fmt: skip


def cases() -> Iterator[tuple[int, str, bytes]]:
    """Number, name and bytes of each; ended by a request that asks to close."""
    end = b"GET /end-{n} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    for number, (name, data) in enumerate(CASES.items()):
        # Three digits, as long as what they replace: the lengths above have counted it.
        yield number, name, (data + end).replace(b"{n}", b"%03d" % number)
