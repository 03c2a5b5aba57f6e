"""The signature of a request for a build: HMAC-SHA256 of the whole body under a shared secret.

faas-cli sends it as `X-Build-Signature: sha256=HEX` and trims white space off its secret. No I/O:
whoever reads the body shows it here, chunk by chunk.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from wherry_build.errors import KeyFileInvalid, SignatureRefused

FIELD = "X-Build-Signature"
SHORTEST_SECRET_BYTES = 16
_FORM = re.compile(r"sha256=([0-9a-f]{64})", re.ASCII)


def payload_secret(content: bytes, *, source: str) -> bytes:
    """The secret in a file's `content`, as faas-cli takes it: without white space around it.

    Raises:
        KeyFileInvalid: It is too short to be a secret; `source` is named, the content never.
    """
    secret = content.strip()
    if len(secret) < SHORTEST_SECRET_BYTES:
        raise KeyFileInvalid(
            f"{source}: got a payload secret of {len(secret)} bytes, "
            f"expected {SHORTEST_SECRET_BYTES} or more",
            hint=f"openssl rand -hex 32 > {source}",
        )
    return secret


def sign(body: bytes, secret: bytes) -> str:
    """The field's value for `body`."""
    return f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}"


class SignatureCheck:
    """One body, held against the signature that came before it.

    Raises:
        SignatureRefused: `signature` is none at all, so that the body need not be read.
    """

    def __init__(self, signature: str | None, secret: bytes) -> None:
        parts = _FORM.fullmatch(signature) if signature is not None else None
        if parts is None:
            got = "none" if signature is None else "one of another form"
            raise SignatureRefused(f"{FIELD}: got {got}, expected sha256= and 64 digits")
        self._expected = parts[1]
        self._hash = hmac.new(secret, digestmod=hashlib.sha256)

    def update(self, chunk: bytes) -> None:
        """Take the next chunk of the body."""
        self._hash.update(chunk)

    def finish(self) -> None:
        """Compare, in a time that says nothing of where they differ.

        Raises:
            SignatureRefused: The body was not signed with this secret.
        """
        if not hmac.compare_digest(self._hash.hexdigest(), self._expected):
            raise SignatureRefused(
                f"{FIELD}: the body is not signed with this builder's payload secret",
                hint="give faas-cli the same file: --payload-secret FILE",
            )
