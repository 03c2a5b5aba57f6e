"""Raw requests that may or may not be HTTP: composed, mutated and pipelined, the same in each run.

Input `number` of a `seed` is always the same bytes, so that a finding can be looked at alone.
Nothing here knows what a server should make of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

SEEDS = tuple(path.read_bytes() for path in sorted((Path(__file__).parent / "seeds").glob("*.raw")))
_METHODS = [b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"DELETE", b"PATCH"]
_ODD_METHODS = [b"get", b"G", b"CONNECT", b"PRI", b"M-SEARCH", b"A" * 21, b"GE T", b"", b"POST\0"]
_TARGETS = [b"/", b"/a?b=c", b"/%41%0a", b"/a//b/../c", b"/?", b"/?a=%zz&b", b"/a;b=c:d@e"]
_ODD_TARGETS = [
    b"*", b"http://x/", b"http://x", b"https://X?q", b"http://y/", b"ftp://x/", b"x:80", b"",
    b"/\x80", b"/a b", b"/a#b", b"//x/", b"http:///", b"http://u@x/", b"/" + b"a" * 4100, b"\\",
    b"http://[::1]/", b"http://x:99999/", b"http://x:/", b"s://]ufd/:", b"/\0", b"/\t",
]  # fmt: skip
_VERSIONS = [b"HTTP/1.1"] * 12 + [b"HTTP/1.0"] * 2
_ODD_VERSIONS = [
    b"HTTP/2.0", b"HTTP/0.9", b"HTTP/1.2", b"HTTP/1.10", b"http/1.1", b"HTTP/01.1", b"HTTP/1",
    b"", b"HTTP/1.1 ", b"HTTP /1.1", b"HTTPS/1.1", b"HTTP/1.1x", b"HTTP/9.9", b"ICE/1.0",
    b"RTSP/1.0", b"HTTP/3.0",
]  # fmt: skip
_HOSTS = [b"Host: x"] * 9 + [b"Host: x:80", b"Host: [::1]:8080"]
_ODD_HOSTS = [
    b"Host:", b"Host: x\r\nHost: x", b"Host: a b", b"Host: x/y", b"Host: x:y", b"Host: u@x", b"",
    b"Host : x", b" Host: x", b"Host: x\t", b"Host: ?", b"Host: [::1", b"Host: x:123456",
]  # fmt: skip
_FIELDS = [
    b"Accept: */*", b"X-A: b", b"Cookie: a=b; c=d", b"X-Empty:", b"X-Tab:\ta\t", b"X-Call-Id: abc",
    b"Connection: keep-alive", b"Connection: close", b"X-Timeout: 5s", b"traceparent: 00-1-2-3",
    b"Content-Type: application/json", b"Content-Type: text/plain", b"ce-id: 1", b"ce-type: t",
    b"ce-source: /s", b"ce-specversion: 1.0", b"Accept-Encoding: gzip", b"X-High: \xe4\xff",
    b"Forwarded: for=1.2.3.4", b"X-Forwarded-For: 1.2.3.4", b"Expect: 100-continue",
    b"Content-Type: application/x-www-form-urlencoded", b"Range: bytes=0-1", b"If-Match: *",
    b"Content-Type: multipart/form-data; boundary=b", b"X_Under: score", b"Via: 1.1 x",
    b"Content-Type: application/cloudevents+json", b"Authorization: Bearer x",
]  # fmt: skip
_ODD_FIELDS = [
    b"Expect: tea", b"Upgrade: h2c\r\nConnection: Upgrade", b"Connection: upgrade", b": x", b"X",
    b"X: a\r\n folded", b"X: a\nY: b", b"X: a\rY: b", b"X: \0", b"X\0: a", b"X : a", b"X\xe4: a",
    b"(X): a", b"Content-Encoding: gzip", b"TE: trailers", b"Trailer: X", b"X: " + b"a" * 8200,
    b"Proxy-Connection: close", b"X: \x7f", b"Keep-Alive: timeout=5", b"Upgrade: websocket",
    b"ce-id: 2\r\nce-id: 3", b"Content-Type: a/b\r\nContent-Type: c/d", b"Connection: close, x",
    b"HTTP2-Settings: AAMAAABkAAQAAP__", b"traceparent: \xff", b"X-Timeout: -1", b"X-Call-Id: \xff",
]  # fmt: skip
_CODINGS = [
    b"chunked", b"Chunked", b"gzip, chunked", b"chunked, chunked", b"identity", b"xchunked",
    b" chunked", b"chunked ", b"\x0bchunked", b"chunked;q=1", b"", b"gzip", b"chunked, identity",
    b"chunked\r\nTransfer-Encoding: identity", b"chunked,", b",chunked", b'"chunked"', b"cow",
]  # fmt: skip
_LENGTHS = [
    b"+5", b"-5", b"0x5", b"5,5", b"5 5", b"05", b"", b"5\r\nContent-Length: 5", b"5;", b"5.0",
    b"5\r\nContent-Length: 6", b"9" * 30, b"1_0", b"\xc2\xb25", b"5\0", b"18446744073709551616",
]  # fmt: skip
_CHUNK_SIZES = [
    b"5;a=b", b"5 ;a", b"5;", b"5 ", b" 5", b"0x5", b"+5", b"-5", b'5;a="b;c"', b"5\t;a", b"",
    b"ffffffffffffffff", b"10000000000000005", b"5;\0", b"5;a\rb", b"05", b"000000000000000005",
    b"5;" + b"a" * 9000, b"5,", b"g", b"5\n",
]  # fmt: skip
_TRAILERS = [
    b"X: y\r\n", b"Content-Length: 5\r\n", b"Host: x\r\n", b"X\r\n", b" X: y\r\n", b"X: y\n",
    b"Transfer-Encoding: chunked\r\n", b"X: " + b"a" * 9000 + b"\r\n", b"X: \0\r\n", b"x" * 300,
    b"X: y\r\n" * 120, b"Connection: close\r\n",
]  # fmt: skip
_TOKENS = [
    b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b";", b",", b"\r\n\r\n", b"0\r\n\r\n", b"\x0b",
    b"\x0c", b"\x7f", b"\x80", b"\xff", b"chunked", b"Content-Length: 5\r\n", b"HTTP/1.1", b"#",
    b"Transfer-Encoding: chunked\r\n", b"Host: x\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"%",
    b"Connection: close\r\n", b"Expect: 100-continue\r\n", b"\xc2\x85", b"-1", b"\r\n ", b'\\"',
]  # fmt: skip
_MOST_BYTES = 200_000


def raw_input(seed: int, number: int, seeds: tuple[bytes, ...] = SEEDS) -> list[bytes]:
    """The pieces of one connection's incoming bytes."""
    chance = Random(f"{seed}:{number}")
    data = b"".join(_request(chance, seeds) for _ in range(chance.choice([1, 1, 1, 2, 3])))
    return _pieces(chance, data[:_MOST_BYTES])


def _request(chance: Random, seeds: tuple[bytes, ...]) -> bytes:
    if chance.random() < 0.5:
        data = chance.choice(seeds)
        if chance.random() < 0.1:
            return data
    else:
        data = _composed(chance)
        if chance.random() < 0.7:
            return data
    for _ in range(chance.choice([1, 1, 1, 2, 3, 6])):
        data = _mutated(chance, data, seeds)
    return data


def _composed(chance: Random) -> bytes:
    def pick(usual: list[bytes], odd: list[bytes], oddity: float = 0.06) -> bytes:
        return chance.choice(odd if chance.random() < oddity else usual)

    line = b"%s %s %s" % (
        pick(_METHODS, _ODD_METHODS),
        pick(_TARGETS, _ODD_TARGETS, 0.1),
        pick(_VERSIONS, _ODD_VERSIONS),
    )
    fields = [pick(_HOSTS, _ODD_HOSTS)]
    fields += [pick(_FIELDS, _ODD_FIELDS, 0.08) for _ in range(chance.choice([0, 1, 2, 3, 8]))]
    framing, body = _framed(chance)
    fields += framing
    chance.shuffle(fields)
    end = b"\r\n" if chance.random() < 0.97 else b"\n"
    return end.join([line, *fields, b"", b""]) + body


def _framed(chance: Random) -> tuple[list[bytes], bytes]:
    """Lines that frame a body and the body, which agree more often than not."""
    body = chance.choice([b"hello", b'{"a":[1,2]}', b"a=b&c=d", b"x" * 3000, bytes(range(256))])
    how = chance.random()
    if how < 0.4:
        return [], b""
    if how < 0.6:
        return [b"Content-Length: %d" % len(body)], body
    if how < 0.65:
        return [b"Content-Length: " + chance.choice(_LENGTHS)], body
    coding = chance.choice(_CODINGS) if chance.random() < 0.15 else b"chunked"
    framing = [b"Transfer-Encoding: " + coding]
    if chance.random() < 0.06:
        framing.append(b"Content-Length: %d" % len(body))
    return framing, _chunked(chance, body)


def _chunked(chance: Random, body: bytes) -> bytes:
    parts = []
    while body:
        size = min(len(body), chance.choice([1, 5, 5, 700, 10_000]))
        mark = b"%x" % size
        if chance.random() < 0.05:
            mark = chance.choice(_CHUNK_SIZES)
        elif chance.random() < 0.1:
            mark += chance.choice([b";a=b", b";a", b' ; a="b"', b";"])
        parts.append(mark + b"\r\n" + body[:size] + (b"\r\n" if chance.random() < 0.98 else b"\n"))
        body = body[size:]
    trailer = chance.choice(_TRAILERS) if chance.random() < 0.15 else b""
    return b"".join(parts) + b"0\r\n" + trailer + b"\r\n"


def _mutated(chance: Random, data: bytes, seeds: tuple[bytes, ...]) -> bytes:
    at = chance.randrange(len(data) + 1)
    to = min(len(data), at + chance.choice([1, 1, 2, 5, 20]))
    kind = chance.randrange(7)
    if kind == 0:
        return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
    if kind == 1:
        return data[:at] + chance.choice(_TOKENS) + data[at:]
    if kind == 2:
        return data[:at] + data[to:]
    if kind == 3:
        return data[:to] + data[at:]
    if kind == 4:
        lines = data.split(b"\r\n")
        one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        lines[one], lines[other] = lines[other], lines[one]
        return b"\r\n".join(lines)
    if kind == 5:
        other_seed = chance.choice(seeds)
        return data[:at] + other_seed[chance.randrange(len(other_seed)) :]
    lines = data.split(b"\r\n")
    one = chance.randrange(len(lines))
    return b"\r\n".join(lines[: one + 1] + lines[one : one + 1] * chance.choice([1, 1, 2, 110]))


def _pieces(chance: Random, data: bytes) -> list[bytes]:
    how = chance.random()
    if how < 0.4 or len(data) < 2:
        return [data]
    if how < 0.45 and len(data) < 600:
        return [data[i : i + 1] for i in range(len(data))]
    cuts = sorted(chance.sample(range(1, len(data)), min(len(data) - 1, chance.choice([1, 2, 5]))))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def raw_inputs(seed: int, count: int, seeds: tuple[bytes, ...] = SEEDS) -> Iterator[list[bytes]]:
    """The first `count` inputs of a seed."""
    return (raw_input(seed, number, seeds) for number in range(count))
