"""All that an image consists of, by digest, and its bytes with their digest checked on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from wherry_build.errors import ContentRefused
from wherry_build.image.content import Content
from wherry_build.image.engine import BuiltImage, PlatformImage

_CHUNK_BYTES = 1 << 18


def blobs(image: BuiltImage) -> dict[str, Content]:
    """Each content of `image` once, what is named before what names it."""
    found: dict[str, Content] = {}
    for content in _contents(image):
        found.setdefault(content.descriptor.digest, content)
    return found


def _contents(image: BuiltImage) -> Iterator[Content]:
    for each in image.images:
        yield from layers(each)
        yield each.config
        yield each.manifest
    if image.index is not None:
        yield image.index
    yield from image.artifacts


def layers(image: PlatformImage) -> tuple[Content, ...]:
    """The layers of `image`, the base's first."""
    return (*image.base, *(layer.content for layer in image.layers))


def checked(content: Content) -> Iterator[bytes]:
    """The bytes of `content` in chunks.

    Raises:
        ContentRefused: They are not those of its digest; the last chunk is then not given.
    """
    descriptor = content.descriptor
    hashed = hashlib.sha256()
    left_bytes = descriptor.size_bytes
    with content.open() as opened:
        while left_bytes > 0 and (chunk := opened.read(min(_CHUNK_BYTES, left_bytes))):
            hashed.update(chunk)
            left_bytes -= len(chunk)
            if left_bytes:
                yield chunk
                continue
            if f"sha256:{hashed.hexdigest()}" == descriptor.digest and not opened.read(1):
                yield chunk
                return
    if descriptor.size_bytes or f"sha256:{hashed.hexdigest()}" != descriptor.digest:
        raise ContentRefused(
            f"{descriptor.digest}: what is there under this digest is something else",
            hint="build again with --pull",
        )
