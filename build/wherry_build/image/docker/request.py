"""What a container engine is asked for, and what it says of an image. Values and a protocol.

An engine is reached by its command line or by the Docker SDK; whoever asks need not know which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from wherry_build.image.context import Entry
from wherry_build.image.engine import Progress
from wherry_build.image.platform import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextRequest:
    """One image that is to be built from a context.

    Attributes:
        reference: Name that the image is given.
        entries: The context's files; the Dockerfile is `Dockerfile`.
        folder: A folder that is the context as it stands, in place of `entries`, and is not read
            into memory. Its modes and times are made those that every context has.
        arguments: Build arguments.
        secrets: Build secrets by id, each a file.
        labels: Labels that the Dockerfile does not set.
        platform: What it is for; None is the engine's own.
        network: Network of the build's steps; empty is the engine's default.
        pull: Whether to look for a newer base image.
        cache_from: Where steps that were done elsewhere are taken from, as BuildKit names it.
        cache_to: Where the steps that are done are kept for others, as BuildKit names it.
    """

    reference: str
    entries: tuple[Entry, ...] = ()
    folder: Path | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Path] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    platform: Platform | None = None
    network: str = ""
    pull: bool = False
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineImage:
    """One image that an engine keeps.

    Attributes:
        reference: Name that it was asked for by.
        id: `sha256:...` of its configuration, or of its manifest where the engine counts so.
        size_bytes: What it takes with its base, unpacked.
        platform: What it is for.
        user: Who its process is; empty for root.
        digests: References with a digest that it can be pulled by, as far as the engine knows.
    """

    reference: str
    id: str
    size_bytes: int
    platform: Platform
    user: str = ""
    digests: tuple[str, ...] = ()


class ContainerEngine(Protocol):
    """An engine that builds, keeps and pushes images."""

    @property
    def name(self) -> str:
        """What it is, as a person would say."""
        ...

    @property
    def has_mounts(self) -> bool:
        """Whether it takes `RUN --mount`, and with it build secrets."""
        ...

    @property
    def architecture(self) -> str:
        """What it runs on, in the words of OCI."""
        ...

    def build(self, request: ContextRequest, progress: Progress) -> EngineImage:
        """Build the image of `request`; every line that the engine prints is told.

        Raises:
            BuildUnsupported: This engine cannot do what is asked for.
            ImageBuildFailed: A step failed, or the engine refused.
        """
        ...

    def image(self, reference: str) -> EngineImage | None:
        """What it keeps under `reference`; None when that is nothing."""
        ...

    def load(self, archive: Path, progress: Progress) -> None:
        """Take over the images of a tar file.

        Raises:
            ImageBuildFailed: The engine refused.
        """
        ...

    def push(self, reference: str, progress: Progress) -> str:
        """Push an image with the engine's own credentials; the digest that it has there.

        Raises:
            ImagePushFailed: The registry or the engine refused.
        """
        ...
