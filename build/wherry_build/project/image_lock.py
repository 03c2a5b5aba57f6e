"""The digests of images: `wherry.lock` beside the functions, JSON.

    {"version": 1, "images": {"ghcr.io/acme/hello:1.0": "sha256:..."},
     "bases": {"python:3.12-slim": "sha256:..."}}

`images` are those that were published: whoever renders names them by the digest that they have
here, so that what runs is what was built. `bases` are those that images stand on: whoever builds
again stands on the same. Keys that are not known are kept.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wherry_build.errors import InvalidName, ProjectError
from wherry_build.names import image_reference
from wherry_build.values import NO_ENTRIES, frozen

LOCK_FILE = "wherry.lock"
VERSION = 1
LIMIT_BYTES = 16 * 1024 * 1024


@frozen
class ImageLock:
    """What a lock file knows.

    Attributes:
        images: Digest of each published image, by its reference.
        bases: Digest of each base image, by its reference.
    """

    images: Mapping[str, str] = NO_ENTRIES
    bases: Mapping[str, str] = NO_ENTRIES


def read_lock(root: Path) -> ImageLock:
    """The lock file of `root`; an empty lock when there is no such file.

    Raises:
        ProjectError: The file is no such lock.
    """
    content = _read(root / LOCK_FILE)
    return ImageLock() if content is None else _parsed(root / LOCK_FILE, content)


def read_digests(root: Path) -> Mapping[str, str]:
    """The digest of each image in the lock file of `root`; none when there is no such file.

    Raises:
        ProjectError: The file is no such lock.
    """
    return read_lock(root).images


def lock_digests(
    root: Path, *, images: Mapping[str, str] | None = None, bases: Mapping[str, str] | None = None
) -> bool:
    """Add to the lock file of `root`; whether that changed it.

    Commands that run at the same time do not lose what the other wrote.

    Raises:
        ProjectError: There is a file of that name that is no such lock.
        InvalidName: A key is no image reference, or a value no digest.
    """
    added = {"images": dict(images or {}), "bases": dict(bases or {})}
    for digests in added.values():
        for image, digest in digests.items():
            image_reference(f"{image}@{digest}")
    file = root / LOCK_FILE
    with _alone(root):
        content = _read(file)
        lock: dict[str, Any] = {"version": VERSION}
        if content is not None:
            _parsed(file, content)
            lock = json.loads(content)
        for key, digests in added.items():
            if digests or key == "images":
                lock[key] = dict(sorted((lock.get(key, {}) | digests).items()))
        written = (json.dumps(lock, indent=2) + "\n").encode()
        if written == content or not any(added.values()):
            return False
        part = file.with_name(f".{LOCK_FILE}.{os.getpid()}")
        try:
            part.write_bytes(written)
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
    return True


def parse_lock(content: bytes) -> ImageLock:
    """The lock that `content` is.

    Raises:
        ValueError: It is no lock of this version; the text says what was expected.
    """
    if len(content) > LIMIT_BYTES:
        raise ValueError(f"expected at most {LIMIT_BYTES} bytes")
    try:
        lock = json.loads(content)
    except ValueError:
        raise ValueError("expected JSON") from None
    if not isinstance(lock, dict) or lock.get("version") != VERSION:
        raise ValueError(f"expected an object with `version` {VERSION}")
    images = _digests(lock, "images")
    return ImageLock(images=images, bases=_digests(lock, "bases") if "bases" in lock else {})


def _digests(lock: Mapping[str, Any], key: str) -> dict[str, str]:
    digests = lock.get(key)
    if not isinstance(digests, dict):
        raise ValueError(f"expected an object `{key}`")  # noqa: TRY004 - what the caller catches
    try:
        for image, digest in digests.items():
            image_reference(f"{image}@{digest}")
    except InvalidName as error:
        raise ValueError(error.message) from None
    return digests


def _read(file: Path) -> bytes | None:
    try:
        with file.open("rb") as opened:
            return opened.read(LIMIT_BYTES + 1)
    except FileNotFoundError:
        return None


def _parsed(file: Path, content: bytes) -> ImageLock:
    try:
        return parse_lock(content)
    except ValueError as error:
        raise ProjectError(f"{file}: {error}", hint=f"delete {LOCK_FILE} and build again") from None


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Hold the folder, so that of two writers one waits; a reader never has to."""
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
