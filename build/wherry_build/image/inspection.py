"""What an image says it is made of: read from its documents, wherever those are. Pure.

Layers of ours say in the configuration's history what they are for (OCI Image Spec 1.1,
config.md); those before them are the base's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wherry_build.errors import ContentRefused
from wherry_build.image.comparison import LayerDifference
from wherry_build.image.platform import Platform

_OURS = "wherry: "
_BASE_NAME = "org.opencontainers.image.base.name"
_BASE_DIGEST = "org.opencontainers.image.base.digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedLayer:
    """One layer.

    Attributes:
        digest: `sha256:...` of its bytes.
        size_bytes: How many.
        purpose: What is in it; of the base's layers, what made it.
        is_base: Whether it is the base's.
        difference: What became of it since the build before; None where that is not known.
    """

    digest: str
    size_bytes: int
    purpose: str
    is_base: bool
    difference: LayerDifference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedImage:
    """The image of one platform.

    Attributes:
        platform: What it is for.
        digest: `sha256:...` of its manifest.
        base: The base's name and digest, as its labels have them; empty where they have none.
        user: Whom it runs as.
        entrypoint: What it runs.
        labels: Its labels.
        layers: Its layers, bottom first.
    """

    platform: Platform
    digest: str
    base: str
    user: str
    entrypoint: tuple[str, ...]
    labels: Mapping[str, str]
    layers: tuple[InspectedLayer, ...]

    @property
    def size_bytes(self) -> int:
        """What its layers take in a registry."""
        return sum(layer.size_bytes for layer in self.layers)


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedArtifact:
    """What is attached to an image.

    Attributes:
        kind: Its media type: an SBOM's, a provenance's, a signature's.
        digest: `sha256:...` of its manifest.
        document: What it is, where that was asked for.
    """

    kind: str
    digest: str
    document: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """An image, of one platform or several.

    Attributes:
        reference: What it was asked by.
        digest: `sha256:...` of its manifest or its index; empty where that is not known.
        images: The image of each platform.
        artifacts: What is attached to it; None where nobody can be asked.
    """

    reference: str
    digest: str
    images: tuple[InspectedImage, ...]
    artifacts: tuple[InspectedArtifact, ...] | None = None

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "reference": self.reference,
            "digest": self.digest or None,
            "images": [_image_document(image) for image in self.images],
            "artifacts": None
            if self.artifacts is None
            else [{"kind": each.kind, "digest": each.digest} for each in self.artifacts],
        }


def inspected_image(
    digest: str,
    manifest: bytes,
    config: bytes,
    *,
    differences: Sequence[LayerDifference] = (),
) -> InspectedImage:
    """The image that `manifest` and `config` describe.

    Args:
        digest: The manifest's.
        manifest: Its manifest.
        config: Its configuration.
        differences: What became of the base and of each layer of ours, in their order.

    Raises:
        ContentRefused: They do not.
    """
    try:
        return _inspected(digest, json.loads(manifest), json.loads(config), differences)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise ContentRefused(
            f"{digest}: expected the manifest and the configuration of an image"
        ) from None


def _inspected(
    digest: str,
    manifest: Mapping[str, Any],
    config: Mapping[str, Any],
    differences: Sequence[LayerDifference],
) -> InspectedImage:
    run = config.get("config") or {}
    labels = {str(name): str(value) for name, value in (run.get("Labels") or {}).items()}
    base = "@".join(filter(None, (labels.get(_BASE_NAME), labels.get(_BASE_DIGEST))))
    return InspectedImage(
        platform=Platform(
            os=str(config["os"]),
            architecture=str(config["architecture"]),
            variant=str(config.get("variant", "")),
        ),
        digest=digest,
        base=base,
        user=str(run.get("User") or ""),
        entrypoint=tuple(map(str, run.get("Entrypoint") or ())),
        labels=labels,
        layers=tuple(_layers(manifest["layers"], _purposes(config), differences)),
    )


def _layers(
    layers: Sequence[Mapping[str, Any]],
    purposes: Sequence[str],
    differences: Sequence[LayerDifference],
) -> list[InspectedLayer]:
    own = iter(differences[1:])  # the first is the base's
    found = []
    for place, layer in enumerate(layers):
        said = purposes[place] if place < len(purposes) else ""
        is_base = not said.startswith(_OURS)
        found.append(
            InspectedLayer(
                digest=str(layer["digest"]),
                size_bytes=int(layer["size"]),
                purpose=said.removeprefix(_OURS),
                is_base=is_base,
                difference=next(own, None) if not is_base else next(iter(differences), None),
            )
        )
    return found


def _purposes(config: Mapping[str, Any]) -> list[str]:
    """What made each layer; history also has entries that made none."""
    history = config.get("history") or ()
    return [str(each.get("created_by", "")) for each in history if not each.get("empty_layer")]


def _image_document(image: InspectedImage) -> dict[str, Any]:
    return {
        "platform": str(image.platform),
        "digest": image.digest,
        "size_bytes": image.size_bytes,
        "base": image.base or None,
        "user": image.user,
        "entrypoint": list(image.entrypoint),
        "labels": dict(image.labels),
        "layers": [
            {
                "digest": layer.digest,
                "size_bytes": layer.size_bytes,
                "purpose": layer.purpose,
                "base": layer.is_base,
                "change": layer.difference.change.value if layer.difference else None,
                "reason": layer.difference.reason if layer.difference else None,
            }
            for layer in image.layers
        ],
    }
