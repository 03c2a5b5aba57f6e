"""What `wherry.yaml` says of how a function becomes an image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wherry_build.project.build_engine import Engine as Engine  # noqa: PLC0414 - a key of it
from wherry_build.project.specification.record import Record
from wherry_build.project.specification.scalars import (
    AnyText,
    EnvironmentName,
    ImageReference,
    PackageName,
    PlatformName,
    QualifiedName,
    RelativeFile,
    SecretId,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Build(Record):
    """How a function becomes an image.

    Attributes:
        engine: What builds it; `auto`, the default, is `oci` where that can, else `docker`.
        base: Image that it stands on; `python:3.12-slim` when not said.
        platforms: What it is for; the architecture of the machine that builds when not said.
        packages: Packages of the base's distribution that it needs; for the engine `docker`.
        dockerfile: A Dockerfile of one's own; for the engine `docker`.
        arguments: Build arguments, for a Dockerfile.
        secrets: Files that a build may read and no image holds, by their id in a Dockerfile.
        labels: Labels of the image.
    """

    engine: Engine | None = None
    base: ImageReference | None = None
    platforms: tuple[PlatformName, ...] = ()
    packages: tuple[PackageName, ...] = ()
    dockerfile: RelativeFile | None = None
    arguments: Mapping[EnvironmentName, AnyText] = field(default_factory=dict)
    secrets: Mapping[SecretId, RelativeFile] = field(default_factory=dict)
    labels: Mapping[QualifiedName, AnyText] = field(default_factory=dict)
