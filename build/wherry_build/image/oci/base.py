"""A base image, as its manifest and its configuration say it is. Documents in, a value out.

It knows neither registries nor what is in the layers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from wherry_build.errors import BaseUnusable
from wherry_build.image.content import BytesContent, Content
from wherry_build.image.oci.media_types import MediaTypes, compression
from wherry_build.image.platform import Platform
from wherry_build.image.registry.reference import is_digest
from wherry_build.values import frozen


@frozen(hidden=("config",))
class BaseImage:
    """An image that others stand on, for one platform.

    Attributes:
        reference: Name that it was asked by.
        digest: `sha256:...` of its manifest.
        platform: What it is for.
        media: Family of media types that images on it are written in.
        config: Its configuration, as it is.
        layers: Its layers, bottom first.
        diff_ids: `sha256:...` of their tars.
    """

    reference: str
    digest: str
    platform: Platform
    media: MediaTypes
    config: Mapping[str, Any]
    layers: tuple[Content, ...]
    diff_ids: tuple[str, ...]

    @property
    def environment(self) -> dict[str, str]:
        """The variables that it sets."""
        said = self.settings.get("Env")
        pairs = (str(each).partition("=") for each in (said if isinstance(said, list) else ()))
        return {name: value for name, _, value in pairs if name}

    @property
    def labels(self) -> dict[str, str]:
        """Its labels."""
        said = self.settings.get("Labels")
        if not isinstance(said, dict):
            return {}
        return {str(name): str(value) for name, value in said.items()}

    @property
    def settings(self) -> Mapping[str, Any]:
        """What its configuration says of running it."""
        said = self.config.get("config")
        return said if isinstance(said, dict) else {}


def base_image(
    reference: str,
    platform: Platform,
    *,
    manifest: BytesContent,
    config: bytes,
    layers: Iterable[Content],
) -> BaseImage:
    """The base image of a manifest.

    Args:
        reference: Name that it was asked by.
        platform: What it is wanted for.
        manifest: Its manifest.
        config: Its configuration.
        layers: The layers that the manifest names, bottom first.

    Raises:
        BaseUnusable: It is broken, not for `platform`, or of a kind that no function stands on.
    """
    layers = tuple(layers)
    said = _object(manifest.content, f"{reference}: the manifest")
    configured = _object(config, f"{reference}: the configuration")
    media_type = manifest.descriptor.media_type or str(said.get("mediaType", ""))
    rootfs = configured.get("rootfs")
    diff_ids = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    if not isinstance(diff_ids, list) or not all(
        isinstance(each, str) and is_digest(each) for each in diff_ids
    ):
        raise BaseUnusable(f"{reference}: the configuration: expected `rootfs.diff_ids`")
    if len(diff_ids) != len(layers):
        raise BaseUnusable(
            f"{reference}: got {len(layers)} layers and {len(diff_ids)} diff_ids, expected as many"
        )
    is_for = (configured.get("os"), configured.get("architecture"))
    if is_for != (platform.os, platform.architecture):
        raise BaseUnusable(
            f"{reference}: it is for {is_for[0]}/{is_for[1]}, and {platform} is wanted",
            hint="take another base image, or another --platform",
        )
    media = MediaTypes.of_manifest(media_type)
    packed = [compression(layer.descriptor.media_type) for layer in layers]
    if any(media.layer_in(each) is None for each in packed):
        media = MediaTypes.OCI
    return BaseImage(
        reference=reference,
        digest=manifest.descriptor.digest,
        platform=platform,
        media=media,
        config=configured,
        layers=layers,
        diff_ids=tuple(diff_ids),
    )


def _object(content: bytes, what: str) -> dict[str, Any]:
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise BaseUnusable(f"{what}: expected a JSON object")
    return said
