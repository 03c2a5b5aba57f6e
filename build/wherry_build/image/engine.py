"""The seams of an image's way: a `Builder` builds it, a `Publisher` publishes it.

Values and protocols only. An engine knows how; behaviour is added by one more class around the
same method: a cache, a record, a limit.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from wherry_build.image.content import BytesContent, Content
from wherry_build.image.platform import Platform
from wherry_build.project.model import Function
from wherry_build.values import NO_ENTRIES, frozen


class Progress(Protocol):
    """Is told how long work goes on."""

    def step(self, text: str) -> None:
        """A step begins, or an engine printed a line."""
        ...

    def moved(self, what: str, done_bytes: int, total_bytes: int | None) -> None:
        """So much of `what` has been downloaded, uploaded or written by now."""
        ...


@frozen
class WheelSources:
    """Where wheels come from besides the index that pip and uv are set to.

    Attributes:
        folder: Folder of wheels that may be taken.
        is_offline: Whether those, and what is cached, are all that may be taken.
        builds: Whether a wheel may be made of a source, which runs its author's code here.
    """

    folder: Path | None = None
    is_offline: bool = False
    builds: bool = True


class Bom(enum.Enum):
    """The form of the list of what an image consists of."""

    SPDX = "spdx"
    CYCLONEDX = "cyclonedx"
    NONE = "none"


@frozen
class Attestation:
    """What is attached to an image.

    Attributes:
        bom: The form of the list of its parts.
        provenance: Whether it is said how the image was made.
    """

    bom: Bom = Bom.NONE
    provenance: bool = False

    @property
    def is_wanted(self) -> bool:
        """Whether anything is."""
        return self.provenance or self.bom is not Bom.NONE


@frozen
class ImageRequest:
    """One image that is wanted.

    Attributes:
        function: The function that it serves.
        reference: Name that it is given, `ghcr.io/acme/hello:1.0`.
        base: Base image; empty is the engine's default.
        platforms: What it is for; empty is this machine's architecture.
        labels: Labels besides those that every image has.
        wheels: Where wheels come from.
        packages: Packages of the base's distribution that it needs.
        dockerfile: A Dockerfile of the user's own; None generates one.
        arguments: Build arguments of a Dockerfile.
        secrets: Build secrets by id, each a file; they reach no layer.
        network: Network of a Docker build's steps; empty is the engine's default.
        cache_from: Where a Docker build takes steps from that were done elsewhere.
        cache_to: Where a Docker build keeps its steps for others.
        pull: Whether to look for a newer base image.
        attestation: What is attached to it, by an engine that knows what it put in.
    """

    function: Function
    reference: str
    base: str = ""
    platforms: tuple[Platform, ...] = ()
    labels: Mapping[str, str] = NO_ENTRIES
    wheels: WheelSources = WheelSources()
    packages: tuple[str, ...] = ()
    dockerfile: Path | None = None
    arguments: Mapping[str, str] = NO_ENTRIES
    secrets: Mapping[str, Path] = NO_ENTRIES
    network: str = ""
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()
    pull: bool = False
    attestation: Attestation = Attestation()


@frozen
class Layer:
    """One layer that a build made.

    Attributes:
        content: Its compressed bytes.
        diff_id: `sha256:...` of its tar, uncompressed.
        purpose: What is in it, one line: `code`, `runtime`, `wheels: orjson 3.11.3, ...`.
        size_bytes: What its files take.
    """

    content: Content
    diff_id: str
    purpose: str
    size_bytes: int


@frozen
class PlatformImage:
    """The image of one platform, ready to be written or published.

    Attributes:
        platform: What it is for.
        manifest: Its manifest.
        config: Its configuration.
        base: The base's layers, bottom first.
        layers: Those that the build made, bottom first.
    """

    platform: Platform
    manifest: BytesContent
    config: BytesContent
    base: tuple[Content, ...]
    layers: tuple[Layer, ...]


@frozen
class BuiltImage:
    """One image that is there.

    Attributes:
        reference: Name that it was given.
        digest: `sha256:...` of its manifest or index; empty where an engine keeps it and knows
            none until it is pushed.
        id: `sha256:...` of its configuration, or of its index when it has several platforms.
        size_bytes: What a registry keeps of it, its base included; of an image in a Docker Engine
            what it takes there, unpacked.
        platforms: What it is for.
        images: What it consists of; empty where an engine keeps it.
        index: The index over `images`; None when there is one image.
        artifacts: Manifests about it, each with the blobs that it names before it: SBOM,
            provenance.
        base: Reference of the image that it stands on, with its digest; empty where an engine
            knows it.
    """

    reference: str
    digest: str
    id: str
    size_bytes: int
    platforms: tuple[Platform, ...]
    images: tuple[PlatformImage, ...] = ()
    index: BytesContent | None = None
    artifacts: tuple[Content, ...] = ()
    base: str = ""


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
