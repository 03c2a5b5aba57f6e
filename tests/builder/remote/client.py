"""The other end of the protocol, as go-sdk's package `builder` has it, byte by byte.

Written without the builder's own code and without `tarfile`: headers as Go's `archive/tar` writes
them (USTAR, folders without a slash at the end, a PAX record where a name does not fit).
"""

import base64
import hashlib
import hmac
import http.client
import json
import os
import stat

BLOCK = 512
SECRET = b"a payload secret of some length"


def header(name, size, *, mode=0o644, kind=b"0", link="", mtime=1_700_000_000, owner="ada"):
    """One USTAR header; a name over 100 bytes is divided where Go divides it."""
    prefix = b""
    encoded = name.encode()
    if len(encoded) > 100:
        cut = encoded.rindex(b"/", 0, 156)
        prefix, encoded = encoded[:cut], encoded[cut + 1 :]
    assert len(encoded) <= 100, "needs a PAX record"
    fields = [
        encoded.ljust(100, b"\0"),
        b"%07o\0" % mode,
        b"%07o\0" % 1000,
        b"%07o\0" % 1000,
        b"%011o\0" % size,
        b"%011o\0" % mtime,
        b" " * 8,
        kind,
        link.encode().ljust(100, b"\0"),
        b"ustar\x0000",
        owner.encode().ljust(32, b"\0"),
        owner.encode().ljust(32, b"\0"),
        b"0000000\0",
        b"0000000\0",
        prefix.ljust(155, b"\0"),
    ]
    block = b"".join(fields).ljust(BLOCK, b"\0")
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def padded(content):
    return content + b"\0" * (-len(content) % BLOCK)


def record(key, value):
    """One PAX record, whose length counts itself."""
    rest = b" " + key.encode() + b"=" + value.encode() + b"\n"
    length = len(rest)
    while length != len(rest) + len(str(length)):
        length = len(rest) + len(str(length))
    return str(length).encode() + rest


def entry(name, content=b"", **fields):
    """Header and content; with a PAX header before it where the name is long or not ASCII."""
    before = b""
    short = name
    if not name.isascii() or len(name.encode()) > 100:
        records = record("path", name)
        folder, _, base = name.rpartition("/")
        before = header(f"{folder}/PaxHeaders.0/{base}"[:90].encode("ascii", "ignore").decode(),
                        len(records), kind=b"x") + padded(records)  # fmt: skip
        short = name.encode("ascii", "ignore").decode()[:100]
    return before + header(short, len(content), **fields) + padded(content)


def tar(*entries):
    return b"".join(entries) + b"\0" * 2 * BLOCK


def docker_config(image, **more):
    return json.dumps({"image": image, **more}, separators=(",", ":")).encode()


def context_entries(folder):
    """A shrinkwrapped folder as `filepath.Walk` goes through it, the folder itself first."""
    found = [entry("context", mode=0o700, kind=b"5")]
    for path in sorted(folder.rglob("*")):
        name = f"context/{path.relative_to(folder).as_posix()}"
        mode = stat.S_IMODE(path.stat().st_mode)
        if path.is_dir():
            found.append(entry(name, mode=mode, kind=b"5"))
        else:
            found.append(entry(name, path.read_bytes(), mode=mode))
    return found


def request_tar(folder, config, sealed=None):
    """What faas-cli sends: the context, then the configuration, then sealed secrets."""
    parts = [*context_entries(folder), entry("com.openfaas.docker.config", config, mode=0o664)]
    if sealed is not None:
        parts.append(entry("com.openfaas.secrets", sealed, mode=0o600))
    return tar(*parts)


def seal(public_key, secrets, *, key_id=None):
    """An envelope as go-sdk's package `seal` and yaml.v3 write it."""
    from nacl.public import Box, PrivateKey, PublicKey

    ours = PrivateKey.generate()
    box = Box(ours, PublicKey(base64.b64decode(public_key)))
    lines = [
        "version: v1",
        "algorithm: nacl/box",
        f"key_id: {public_key[:8] if key_id is None else key_id}",
        f"public_key: {base64.b64encode(bytes(ours.public_key)).decode()}",
        "secrets:",
    ]
    for name, value in sorted(secrets.items()):
        nonce = os.urandom(24)
        sealed = nonce + box.encrypt(value, nonce).ciphertext
        lines.append(f"    {name}: {base64.b64encode(sealed).decode()}")
    return "\n".join([*lines, ""]).encode()


def signed(body, secret=SECRET):
    digest = hmac.new(secret, body, hashlib.sha256).hexdigest()
    return {
        "X-Build-Signature": f"sha256={digest}",
        "Content-Type": "application/octet-stream",
        "User-Agent": "openfaas-go-sdk",
    }


class Answered:
    """An answer, and its results when it has any."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def results(self):
        return [json.loads(line) for line in self.body.splitlines()]

    @property
    def log(self):
        return [line for result in self.results for line in result.get("log", [])]

    @property
    def last(self):
        return self.results[-1]


def post(url, body, *, headers=None, stream=True, timeout_s=60):
    """`POST /build`, as `BuildWithStream` does, or as `Build` does where not `stream`."""
    host = url.removeprefix("http://")
    fields = signed(body) if headers is None else headers
    if stream:
        fields = {**fields, "Accept": "application/x-ndjson"}
    connection = http.client.HTTPConnection(host, timeout=timeout_s)
    try:
        connection.request("POST", "/build", body, fields)
        answer = connection.getresponse()
        content = b""
        for line in answer:
            assert len(line) <= 65_536, "Go's bufio.Scanner takes no longer line"
            content += line
        return Answered(answer.status, dict(answer.getheaders()), content)
    finally:
        connection.close()


def get(url, path):
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return Answered(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()
