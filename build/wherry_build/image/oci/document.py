"""The documents of an image: its configuration, its manifest, and the index over several.

Pure: a base, layers and settings in, bytes out; sorted, compact JSON, so that the same gives the
same. Source: OCI Image Spec 1.1 (config.md, manifest.md, image-index.md, annotations.md).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wherry_build.errors import BaseUnusable
from wherry_build.image.content import BytesContent, Descriptor
from wherry_build.image.engine import Layer, PlatformImage
from wherry_build.image.oci.base import BaseImage
from wherry_build.image.oci.media_types import MediaTypes, compression
from wherry_build.image.oci.settings import ImageSettings, run_settings
from wherry_build.image.registry.reference import Reference
from wherry_build.values import replaced

LIMIT_LAYERS = 127
_OWN = "org.opencontainers.image."
_KEPT_OF_BASE = ("os", "architecture", "variant", "os.version", "os.features")
# What of the base's way to run would not be true of what stands on it.
_LEFT_OF_BASE = frozenset({"Cmd", "Image", "Hostname", "Domainname", "OnBuild", "ArgsEscaped"})


def platform_image(
    base: BaseImage, layers: Sequence[Layer], settings: ImageSettings
) -> PlatformImage:
    """The image of `layers` on `base`.

    Raises:
        BaseUnusable: There are more layers than engines take.
    """
    if len(base.layers) + len(layers) > LIMIT_LAYERS:
        raise BaseUnusable(
            f"{base.reference}: it has {len(base.layers)} layers, the function {len(layers)}, and "
            f"engines take {LIMIT_LAYERS} in all",
            hint="take a base with fewer layers",
        )
    labels = _labels(base, settings)
    config = BytesContent.of(as_json(_config(base, layers, settings, labels)), base.media.config)
    document: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": base.media.manifest,
        "config": config.descriptor.document(),
        "layers": [
            *(_restated(each.descriptor, base.media).document() for each in base.layers),
            *(each.content.descriptor.document() for each in layers),
        ],
    }
    if base.media is MediaTypes.OCI:
        said = {name: value for name, value in labels.items() if name.startswith(_OWN)}
        document["annotations"] = said
    return PlatformImage(
        platform=base.platform,
        manifest=BytesContent.of(as_json(document), base.media.manifest),
        config=config,
        base=base.layers,
        layers=tuple(layers),
    )


def image_index(images: Iterable[PlatformImage]) -> BytesContent:
    """The index over `images`, in the order of their platforms' names."""
    images = sorted(images, key=lambda image: str(image.platform))
    kinds = {image.manifest.descriptor.media_type for image in images}
    media = MediaTypes.DOCKER if kinds == {MediaTypes.DOCKER.manifest} else MediaTypes.OCI
    manifests = [
        replaced(image.manifest.descriptor, platform=image.platform).document() for image in images
    ]
    document = {"schemaVersion": 2, "mediaType": media.index, "manifests": manifests}
    return BytesContent.of(as_json(document), media.index)


def _restated(descriptor: Descriptor, media: MediaTypes) -> Descriptor:
    """A layer of the base in the words of the image's family; its bytes are the same."""
    media_type = media.layer_in(compression(descriptor.media_type))
    return replaced(descriptor, media_type=media_type or media.layer, annotations={})


def _labels(base: BaseImage, settings: ImageSettings) -> dict[str, str]:
    """The base's, but for what describes the base; then what is said of this image."""
    described = {name: value for name, value in base.labels.items() if not name.startswith(_OWN)}
    name = replaced(Reference.parse(base.reference), digest="")
    return {
        **described,
        f"{_OWN}base.digest": base.digest,
        f"{_OWN}base.name": str(name),
        f"{_OWN}created": _moment(settings.created_s),
        **settings.all_labels(),
    }


def _config(
    base: BaseImage, layers: Sequence[Layer], settings: ImageSettings, labels: Mapping[str, str]
) -> dict[str, Any]:
    created = _moment(settings.created_s)
    kept = {name: base.config[name] for name in _KEPT_OF_BASE if name in base.config}
    run = {name: value for name, value in base.settings.items() if name not in _LEFT_OF_BASE}
    environment = {**base.environment, **settings.all_environment()}
    return {
        **kept,
        "created": created,
        "config": {
            **run,
            **run_settings(),
            "Env": [f"{name}={value}" for name, value in environment.items()],
            "Labels": dict(labels),
        },
        "rootfs": {"type": "layers", "diff_ids": [*base.diff_ids, *(x.diff_id for x in layers)]},
        "history": [
            *_base_history(base),
            *({"created": created, "created_by": f"wherry: {x.purpose}"} for x in layers),
        ],
    }


def _base_history(base: BaseImage) -> list[dict[str, Any]]:
    """The base's history; one entry a layer where it has none that fits its layers."""
    said = base.config.get("history")
    history = [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []
    if sum(not each.get("empty_layer") for each in history) == len(base.layers):
        return history
    return [{"created_by": base.reference} for _ in base.layers]


def _moment(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def as_json(document: object) -> bytes:
    """Compact and sorted, so that the same gives the same."""
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
