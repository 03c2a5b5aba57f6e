"""One build as it is kept, and as JSON. Manifests are in it, of layers where they are. No I/O."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wherry_build.image.content import BytesContent, Content, Descriptor, FileContent
from wherry_build.image.engine import BuiltImage, Layer, PlatformImage
from wherry_build.image.platform import Platform
from wherry_build.values import frozen


@frozen
class BuildRecord:
    """One build.

    Attributes:
        engine: What built it, `oci` or `docker`.
        base: Reference of the base, by its digest where that is known.
        image: What was built; the base's layers cannot be opened.
        previous: The build before it that gave another image.
    """

    engine: str
    base: str
    image: BuiltImage
    previous: BuildRecord | None = None


def record_document(record: BuildRecord) -> dict[str, Any]:
    """`record` as JSON has it; of what is attached the bytes are read."""
    image = record.image
    return {
        "engine": record.engine,
        "base": record.base,
        "reference": image.reference,
        "digest": image.digest,
        "id": image.id,
        "size": image.size_bytes,
        "platforms": [str(platform) for platform in image.platforms],
        "index": None if image.index is None else _content(image.index),
        "artifacts": [_read(each) for each in image.artifacts],
        "images": [
            {
                "platform": str(each.platform),
                "manifest": _content(each.manifest),
                "config": _content(each.config),
                "base": [_content(layer) for layer in each.base],
                "layers": [
                    {
                        "content": _content(layer.content),
                        "diff_id": layer.diff_id,
                        "purpose": layer.purpose,
                        "size": layer.size_bytes,
                    }
                    for layer in each.layers
                ],
            }
            for each in image.images
        ],
        "previous": None if record.previous is None else record_document(record.previous),
    }


def parse_record(said: Mapping[str, Any]) -> BuildRecord:
    """The record that `record_document` gave.

    Raises:
        LookupError, TypeError, ValueError, AttributeError: It is of another form.
    """
    return BuildRecord(
        engine=said["engine"],
        base=said["base"],
        previous=None if said["previous"] is None else parse_record(said["previous"]),
        image=BuiltImage(
            reference=said["reference"],
            digest=said["digest"],
            id=said["id"],
            size_bytes=said["size"],
            base=said["base"],
            platforms=tuple(map(Platform.parse, said["platforms"])),
            index=None if said["index"] is None else _bytes(said["index"]),
            artifacts=tuple(map(_bytes, said["artifacts"])),
            images=tuple(
                PlatformImage(
                    platform=Platform.parse(each["platform"]),
                    manifest=_bytes(each["manifest"]),
                    config=_bytes(each["config"]),
                    base=tuple(map(_file, each["base"])),
                    layers=tuple(
                        Layer(
                            content=_file(layer["content"]),
                            diff_id=layer["diff_id"],
                            purpose=layer["purpose"],
                            size_bytes=layer["size"],
                        )
                        for layer in each["layers"]
                    ),
                )
                for each in said["images"]
            ),
        ),
    )


def _content(content: Content) -> dict[str, Any]:
    said: dict[str, Any] = {"descriptor": content.descriptor.document()}
    if isinstance(content, FileContent):
        said["file"] = str(content.file)
    elif isinstance(content, BytesContent):
        said["bytes"] = base64.b64encode(content.content).decode()
    return said


def _read(content: Content) -> dict[str, Any]:
    with content.open() as opened:
        inside = BytesContent(descriptor=content.descriptor, content=opened.read())
    return _content(inside)


def _bytes(said: Mapping[str, Any]) -> BytesContent:
    content = base64.b64decode(said["bytes"])
    return BytesContent(descriptor=_descriptor(said["descriptor"]), content=content)


def _file(said: Mapping[str, Any]) -> FileContent:
    descriptor = _descriptor(said["descriptor"])
    return FileContent(descriptor=descriptor, file=Path(said.get("file", os.devnull)))


def _descriptor(said: Mapping[str, Any]) -> Descriptor:
    platform = said.get("platform")
    return Descriptor(
        media_type=said["mediaType"],
        digest=said["digest"],
        size_bytes=said["size"],
        artifact_type=said.get("artifactType", ""),
        annotations=said.get("annotations", {}),
        platform=None
        if platform is None
        else Platform(
            os=platform["os"],
            architecture=platform["architecture"],
            variant=platform.get("variant", ""),
        ),
    )
