"""What an image is made of: bytes under a digest, wherever they are.

A *descriptor* names bytes by their digest, size and media type (OCI Image Spec 1.1, descriptor.md);
a *content* can also give them. It knows neither registries nor what the bytes mean.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from wherry_build.image.platform import Platform
from wherry_build.values import NO_ENTRIES, frozen


@frozen
class Descriptor:
    """A name for bytes.

    Attributes:
        media_type: What they are.
        digest: `sha256:` and 64 hexadecimal digits.
        size_bytes: How many.
        platform: In an index, what the image is for.
        artifact_type: Of a manifest that is no image, what it is.
        annotations: What else is said of them.
    """

    media_type: str
    digest: str
    size_bytes: int
    platform: Platform | None = None
    artifact_type: str = ""
    annotations: Mapping[str, str] = NO_ENTRIES

    @classmethod
    def of(cls, content: bytes, media_type: str) -> Descriptor:
        """The descriptor of `content`."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        return cls(media_type=media_type, digest=digest, size_bytes=len(content))

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        said: dict[str, Any] = {
            "mediaType": self.media_type,
            "digest": self.digest,
            "size": self.size_bytes,
        }
        if self.platform is not None:
            said["platform"] = {
                "architecture": self.platform.architecture,
                "os": self.platform.os,
            }
            if self.platform.variant:
                said["platform"]["variant"] = self.platform.variant
        if self.artifact_type:
            said["artifactType"] = self.artifact_type
        if self.annotations:
            said["annotations"] = dict(sorted(self.annotations.items()))
        return said


class Content(Protocol):
    """Bytes that can be read, with the name that they have."""

    @property
    def descriptor(self) -> Descriptor:
        """The name of the bytes."""
        ...

    def open(self) -> BinaryIO:
        """The bytes from the beginning; whoever opens them closes them."""
        ...


@frozen(hidden=("content",))
class BytesContent:
    """Bytes in memory."""

    descriptor: Descriptor
    content: bytes

    @classmethod
    def of(cls, content: bytes, media_type: str) -> BytesContent:
        """`content`, and the name that it has."""
        return cls(descriptor=Descriptor.of(content, media_type), content=content)

    def open(self) -> BinaryIO:
        """The bytes from the beginning."""
        return io.BytesIO(self.content)


@frozen
class FileContent:
    """Bytes in a file, under the digest that they had when they were put there."""

    descriptor: Descriptor
    file: Path

    def open(self) -> BinaryIO:
        """The bytes from the beginning."""
        return self.file.open("rb")
