"""The seams of an image's way: a `Builder` builds it, a `Publisher` publishes it.

Values and protocols only. An engine knows how, and nothing of functions; behaviour is added by
one more class around the same method.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

Progress: TypeAlias = Callable[[str], None]
"""Is told each line that an engine prints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """One image that is wanted.

    Attributes:
        tag: Reference that the image is given.
        context: Build context as an uncompressed tar, its Dockerfile included.
        base: Base image; empty leaves the Dockerfile's own.
        network: Network of the build's steps; empty is the engine's default.
        pull: Whether to look for a newer base image.
    """

    tag: str
    context: bytes
    base: str = ""
    network: str = ""
    pull: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltImage:
    """One image that is there.

    Attributes:
        id: `sha256:...` of its configuration.
        tag: Reference that it was given.
        size_bytes: What it takes with its base, unpacked.
    """

    id: str
    tag: str
    size_bytes: int


class Builder(Protocol):
    """Builds an image."""

    def build(self, request: ImageRequest, progress: Progress) -> BuiltImage:
        """Build the image of `request`."""
        ...


class Publisher(Protocol):
    """Publishes an image."""

    def publish(self, image: BuiltImage, progress: Progress) -> str:
        """Publish `image`; the reference with its digest that it can be pulled by."""
        ...
