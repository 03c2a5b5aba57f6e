"""Requests to a gateway, made up from a seed: most are well formed, many are odd, some are none."""

import random

NAMES = [
    "hello",
    "hello.openfaas-fn",
    "nope",
    "a.b.c",
    "HELLO",
    "-",
    "",
    "h" * 300,
    "a%20b",
    "..",
    "é",
]
PIECES = [
    "/",
    "//",
    "/a",
    "/..",
    "/.",
    "/%2e%2e",
    "/%2f",
    "/%5c",
    "/%00",
    "/%",
    "/;",
    "/a%ff",
    "\\",
    "/~",
]
QUERIES = ["", "?", "?a=b", "?a=%00&b", "?" + "q" * 3000, "?#", "??", "?é"]
METHODS = [
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "PATCH",
    "TRACE",
    "BREW",
    "get",
    "CONNECT",
]
PREFIXES = [
    "/function/",
    "/function/",
    "/function/",
    "/function",
    "/system/functions",
    "/healthz",
    "*",
]
FIELDS = [
    "Accept: */*",
    "Connection: close",
    "Connection: keep-alive, X-A",
    "Connection: upgrade",
    "Content-Length: 5",
    "Content-Length: 05",
    "Content-Length: -1",
    "Content-Type: application/json",
    "Cookie: a=b; c=\xe9",
    "Expect: 100-continue",
    "Expect: magic",
    "Host: evil.example",
    "Host: localhost",
    "Keep-Alive: timeout=5",
    "TE: trailers",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: identity",
    "Upgrade: websocket",
    "X-A: 1",
    "X-Call-Id: mine",
    "X-Call-Id: not\tgood",
    "X-Forwarded-For: 192.0.2.1, x",
    "X-Long: " + "x" * 9000,
    "X-Start-Time: no",
    "X-Wherry-Hops: 99",
    "X-Wherry-Hops: x",
    "X:y",
    "X : y",
    "no field",
    "X: a\x00b",
    " folded: x",
]
BODIES = [
    b"",
    b"",
    b"hello",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"x" * 3000,
    b"0\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
]


USUAL = [field for field in FIELDS if field.startswith(("Accept", "Cookie", "X-A", "X-C", "X-F"))]


class Made:
    """One, as bytes."""

    def __init__(self, source):
        def rather(usual, odd, share=0.15):
            return source.choice(odd if source.random() < share else usual)

        target = rather(PREFIXES[:1], PREFIXES)
        if target == "/function/":
            target += rather(NAMES[:3], NAMES)
            target += "".join(rather(["", "/a"], PIECES) for _ in range(3))
        target += rather(QUERIES[:3], QUERIES)
        method = rather(METHODS[:4], METHODS)
        fields = [rather(USUAL, FIELDS) for _ in range(source.randrange(4))]
        body = rather(BODIES[:3], BODIES)
        if body and source.random() < 0.9:
            fields.append(f"Content-Length: {len(body)}")
        if source.random() < 0.97:
            fields.insert(0, "Host: localhost")
        line = f"{method} {target} HTTP/{rather(['1.1'], ['1.0', '1.2', '2.0', 'x'], 0.05)}"
        self.data = "\r\n".join([line, *fields, "", ""]).encode("latin-1", "replace") + body
        if source.random() < 0.05:
            at = source.randrange(len(self.data))
            self.data = self.data[:at] + bytes([source.randrange(256)]) + self.data[at + 1 :]


def made(seed, count):
    source = random.Random(seed)
    return [Made(source) for _ in range(count)]
