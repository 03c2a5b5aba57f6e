"""The two families of media types that an image can be written in; an image keeps to one.

Registries and engines refuse manifests that mix them, so what is put on a base is in the base's.
Sources: OCI Image Spec 1.1 (media-types.md) and Docker's Image Manifest V2, Schema 2.
"""

from __future__ import annotations

import enum

from wherry_build.errors import BaseUnusable

OCI_EMPTY = "application/vnd.oci.empty.v1+json"
_OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
_DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"


class Compression(enum.Enum):
    """How the tar of a layer is packed."""

    NONE = ""
    GZIP = "gzip"
    ZSTD = "zstd"


class MediaTypes(enum.Enum):
    """A family of media types: manifest, index, configuration, and layer packed by gzip."""

    OCI = (
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.config.v1+json",
        f"{_OCI_LAYER}+gzip",
    )
    DOCKER = (
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.container.image.v1+json",
        f"{_DOCKER_LAYER}.gzip",
    )

    def __init__(self, manifest: str, index: str, config: str, layer: str) -> None:
        self.manifest = manifest
        self.index = index
        self.config = config
        self.layer = layer

    @classmethod
    def of_manifest(cls, media_type: str) -> MediaTypes:
        """The family of a manifest's media type; OCI where it says none, as OCI allows."""
        return cls.DOCKER if media_type == cls.DOCKER.manifest else cls.OCI

    def layer_in(self, compression: Compression) -> str | None:
        """A layer's media type; None where the family has none that registries take."""
        if compression is Compression.GZIP:
            return self.layer
        if self is MediaTypes.DOCKER:
            return None
        return f"{_OCI_LAYER}+zstd" if compression is Compression.ZSTD else _OCI_LAYER


def is_manifest(media_type: str) -> bool:
    """Whether `media_type` is of a document that names others: a manifest, or an index."""
    return any(media_type in {family.manifest, family.index} for family in MediaTypes)


_COMPRESSIONS = {
    _OCI_LAYER: Compression.NONE,
    f"{_OCI_LAYER}+gzip": Compression.GZIP,
    f"{_OCI_LAYER}+zstd": Compression.ZSTD,
    _DOCKER_LAYER: Compression.NONE,
    f"{_DOCKER_LAYER}.gzip": Compression.GZIP,
    f"{_DOCKER_LAYER}.zstd": Compression.ZSTD,
}


def compression(media_type: str) -> Compression:
    """How a layer of `media_type` is packed.

    Raises:
        BaseUnusable: It is no layer that an image may share, as Windows' foreign layers are not.
    """
    found = _COMPRESSIONS.get(media_type)
    if found is None:
        raise BaseUnusable(
            f"a layer of the base: got media type {media_type!a}, expected a tar, plain or packed "
            "by gzip or zstd",
            hint="take another base image",
        )
    return found
