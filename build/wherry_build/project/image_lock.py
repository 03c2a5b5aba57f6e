"""The digests of images that were built: `wherry.lock` beside the functions, JSON.

    {"version": 1, "images": {"ghcr.io/acme/hello:1.0": "sha256:..."}}

Whoever renders names an image by the digest that it has here, so that what runs is what was built.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from wherry_build.errors import InvalidName, ProjectError
from wherry_build.names import image_reference

LOCK_FILE = "wherry.lock"
VERSION = 1
LIMIT_BYTES = 16 * 1024 * 1024


def read_digests(root: Path) -> Mapping[str, str]:
    """The digest of each image in the lock file of `root`; none when there is no such file.

    Raises:
        ProjectError: The file is no such lock.
    """
    file = root / LOCK_FILE
    try:
        with file.open("rb") as opened:
            content = opened.read(LIMIT_BYTES + 1)
    except FileNotFoundError:
        return {}
    try:
        return parse_digests(content)
    except ValueError as error:
        raise ProjectError(f"{file}: {error}", hint=f"delete {LOCK_FILE} and build again") from None


def parse_digests(content: bytes) -> dict[str, str]:
    """The digests in `content`.

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
    images = lock.get("images")
    if not isinstance(images, dict):
        raise ValueError("expected an object `images`")  # noqa: TRY004 - what the caller catches
    try:
        for image, digest in images.items():
            image_reference(f"{image}@{digest}")
    except InvalidName as error:
        raise ValueError(error.message) from None
    return images
