"""Files with a builder's secrets: the payload secret, and the key to sealed build secrets.

They are made so that nobody but their owner reads them, and never written over.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from wherry_build.errors import DestinationExists, KeyFileInvalid
from wherry_build.remote.sealing import SealingKey
from wherry_build.remote.signature import payload_secret

_LIMIT_BYTES = 4096
_SECRET_BYTES = 32


def read_payload_secret(file: Path) -> bytes:
    """The payload secret in `file`.

    Raises:
        KeyFileInvalid: There is none.
    """
    return payload_secret(_read(file, hint=f"openssl rand -hex 32 > {file}"), source=str(file))


def own_payload_secret(file: Path) -> bytes:
    """The payload secret in `file`, which is made where it is not there.

    Raises:
        KeyFileInvalid: What is there is none, or it cannot be made.
    """
    if not file.exists():
        _make_folder(file.parent)
        with suppress(DestinationExists):  # made by another builder at this moment
            _write(file, secrets.token_hex(_SECRET_BYTES).encode() + b"\n", 0o600)
    return read_payload_secret(file)


def read_sealing_key(file: Path) -> SealingKey:
    """The key pair whose private key is in `file`.

    Raises:
        KeyFileInvalid: There is none.
        ExtraMissing: PyNaCl is not installed.
    """
    content = _read(file, hint=f"wherry builder keygen --output {file}")
    return SealingKey.parse(content, source=str(file))


def write_sealing_key(key: SealingKey, file: Path) -> Path:
    """Write the private key to `file` and the public one beside it, `file`.pub, which is given.

    Raises:
        DestinationExists: One of them is there.
        KeyFileInvalid: One cannot be made.
    """
    public = file.with_name(f"{file.name}.pub")
    if os.path.lexists(public):
        raise DestinationExists(f"{public} exists", hint="choose another name: --output FILE")
    _make_folder(file.parent)
    _write(file, key.private.encode(), 0o600)
    _write(public, key.public.encode(), 0o644)
    return public


def _read(file: Path, *, hint: str) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(_LIMIT_BYTES + 1)
    except OSError as error:
        raise KeyFileInvalid(f"{file}: {error.strerror}", hint=hint) from None
    if len(content) > _LIMIT_BYTES:
        raise KeyFileInvalid(f"{file}: over {_LIMIT_BYTES} bytes, which is no key", hint=hint)
    return content


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise KeyFileInvalid(f"{folder}: {error.strerror}", hint="name another file") from None


def _write(file: Path, content: bytes, mode: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(file, flags, mode), "wb") as opened:
            opened.write(content)
    except FileExistsError:
        raise DestinationExists(
            f"{file} exists", hint="choose another name: --output FILE"
        ) from None
    except OSError as error:
        raise KeyFileInvalid(f"{file}: {error.strerror}") from None
