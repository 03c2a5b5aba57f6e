"""Build secrets on their way to a remote builder: sealed for its public key.

The envelope is that of go-sdk's package `seal`: YAML with the names of the secrets in clear, and
each value as base64 of a nonce and of what NaCl's `box` made of it for the builder's Curve25519
key, from a key that the sender made for this envelope. PyNaCl is imported at first use.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field

from wherry_build.errors import KeyFileInvalid, ProjectFileInvalid, RemoteBuildRefused
from wherry_build.extras import extra
from wherry_build.project.reading.tree import Scalar, Table, Tree
from wherry_build.project.reading.yaml_text import read_tree

FILE = "com.openfaas.secrets"
ALGORITHM = "nacl/box"
_VERSION = "v1"
_KEY_BYTES = 32
_NONCE_BYTES = 24
_ID_CHARACTERS = 8
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealingKey:
    """A builder's key pair; both as base64, as `faas-cli secret keygen` writes them.

    Attributes:
        public: What senders seal for.
        private: What opens it.
    """

    public: str
    private: str = field(repr=False)

    @classmethod
    def generate(cls) -> SealingKey:
        """A new one.

        Raises:
            ExtraMissing: PyNaCl is not installed.
        """
        with extra("seal"):
            from nacl.public import PrivateKey
        return cls._of(bytes(PrivateKey.generate()))

    @classmethod
    def parse(cls, private: bytes, *, source: str) -> SealingKey:
        """The pair whose private key is a file's content, from `source`.

        Raises:
            KeyFileInvalid: It is none.
            ExtraMissing: PyNaCl is not installed.
        """
        key = _decoded(private.strip())
        if key is None or len(key) != _KEY_BYTES:
            raise KeyFileInvalid(
                f"{source}: got no private key, expected {_KEY_BYTES} bytes as base64",
                hint=f"wherry builder keygen --output {source}",
            )
        return cls._of(key)

    @classmethod
    def _of(cls, private: bytes) -> SealingKey:
        with extra("seal"):
            from nacl.public import PrivateKey
        public = bytes(PrivateKey(private).public_key)
        return cls(public=_encoded(public), private=_encoded(private))

    @property
    def id(self) -> str:
        """What the key is called where it is talked of."""
        return self.public[:_ID_CHARACTERS]

    def document(self) -> dict[str, str]:
        """The answer to `GET /publickey`."""
        return {"key_id": self.id, "algorithm": ALGORITHM, "public_key": self.public}

    def unseal(self, envelope: bytes) -> dict[str, bytes]:
        """Open every secret of `envelope`, by name.

        Raises:
            RemoteBuildRefused: It is no envelope, or sealed for another key. No value is told.
            ExtraMissing: ruamel.yaml or PyNaCl is not installed.
        """
        with extra("seal"):
            from nacl.exceptions import CryptoError
            from nacl.public import Box, PrivateKey, PublicKey
        said = _texts(_read(envelope))
        secrets = {name: said[f"secrets.{name}"] for name in _names(said)}
        for key, expected in (("version", _VERSION), ("algorithm", ALGORITHM)):
            if said.get(key) != expected:
                raise RemoteBuildRefused(f"{FILE}: {key}: expected {expected}")
        if (said.get("key_id") or self.id) != self.id:
            raise RemoteBuildRefused(
                f"{FILE}: sealed for another key; this builder's is {self.id}",
                hint="leave --builder-public-key out, or give it this builder's public key",
            )
        sender = _decoded(said.get("public_key", "").encode())
        if sender is None or len(sender) != _KEY_BYTES:
            raise RemoteBuildRefused(f"{FILE}: public_key: expected 32 bytes as base64")
        opened = {}
        try:
            box = Box(PrivateKey(base64.b64decode(self.private)), PublicKey(sender))
            for name, value in secrets.items():
                sealed = _decoded(value.encode()) or b""
                opened[name] = box.decrypt(sealed[_NONCE_BYTES:], sealed[:_NONCE_BYTES])
        except (CryptoError, ValueError):  # a value too short for a nonce is a ValueError
            raise RemoteBuildRefused(
                f"{FILE}: cannot be opened: it was sealed for another key, or has been changed",
                hint="leave --builder-public-key out, or give it this builder's public key",
            ) from None
        return opened


def _read(envelope: bytes) -> Table:
    try:
        tree, faults = read_tree(envelope, path=FILE)
    except ProjectFileInvalid:
        raise RemoteBuildRefused(f"{FILE}: got no YAML, expected sealed secrets") from None
    if faults or not isinstance(tree, Table):
        raise RemoteBuildRefused(f"{FILE}: expected sealed secrets")
    return tree


def _texts(table: Table, within: str = "") -> dict[str, str]:
    """Its scalars by their path; what lies deeper than the secrets is of no envelope."""
    texts: dict[str, str] = {}
    for key, entry in table.entries.items():
        value: Tree = entry.value
        if isinstance(value, Table) and key == "secrets" and not within:
            texts.update(_texts(value, "secrets."))
        elif not isinstance(value, Scalar):
            raise RemoteBuildRefused(f"{FILE}: {within}{ascii(key)[1:-1]}: expected text")
        else:
            texts[f"{within}{key}"] = value.text
    return texts


def _names(said: dict[str, str]) -> list[str]:
    names = [key.partition(".")[2] for key in said if key.startswith("secrets.")]
    for name in names:
        if _NAME.fullmatch(name) is None:
            raise RemoteBuildRefused(
                f"{FILE}: secrets: got the name {ascii(name)[:80]}, "
                "expected letters, digits, `-`, `_` and `.`, at most 63"
            )
    return names


def _decoded(text: bytes) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
