"""The documents by which a file with an image says what is in it and what that is called.

Sources: OCI Image Spec 1.1 (image-layout.md, annotations.md), and the `manifest.json` of
`docker save`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wherry_build.image.engine import BuiltImage, PlatformImage
from wherry_build.image.oci.blobs import layers
from wherry_build.image.oci.document import as_json
from wherry_build.image.oci.media_types import MediaTypes, is_manifest
from wherry_build.image.registry.reference import Reference
from wherry_build.values import replaced

LAYOUT_FILE = "oci-layout"
INDEX_FILE = "index.json"
LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'
REF_NAME = "org.opencontainers.image.ref.name"
_FULL_NAME = "io.containerd.image.name"


def blob_path(digest: str) -> str:
    """Where a layout has the bytes of `digest`."""
    algorithm, _, encoded = digest.partition(":")
    return f"blobs/{algorithm}/{encoded}"


def entries(image: BuiltImage) -> list[dict[str, Any]]:
    """What `index.json` says of `image`: itself by its tag, then what is about it."""
    top = image.index or image.images[0].manifest
    reference = replaced(Reference.parse(image.reference), digest="")
    named = replaced(
        top.descriptor,
        platform=image.images[0].platform if image.index is None else None,
        annotations={REF_NAME: reference.tag or "latest", _FULL_NAME: str(reference)},
    )
    artifacts = (each.descriptor for each in image.artifacts)
    about = (each for each in artifacts if is_manifest(each.media_type))
    return [each.document() for each in (named, *about)]


def index(manifests: Iterable[dict[str, Any]]) -> bytes:
    """An `index.json` of `manifests`."""
    document = {
        "schemaVersion": 2,
        "mediaType": MediaTypes.OCI.index,
        "manifests": list(manifests),
    }
    return as_json(document)


def docker_manifest(image: PlatformImage, reference: str) -> bytes:
    """The `manifest.json` that engines read which know no OCI layout."""
    name, _, digest = reference.partition("@")
    tag = "" if ":" in name.rpartition("/")[2] else ":latest"
    return as_json(
        [
            {
                "Config": blob_path(image.config.descriptor.digest),
                "RepoTags": [] if digest and tag else [f"{name}{tag}"],
                "Layers": [blob_path(each.descriptor.digest) for each in layers(image)],
            }
        ]
    )
