"""The last builds of a function, kept so that they can be published, looked at and compared.

A record is a file in the cache, found by the function's folder and name. It holds manifests and
configurations themselves, and of layers where they are; whoever wants the layers of the base opens
them anew. It knows neither registries nor engines.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wherry_build.image.cache_folder import cache_folder
from wherry_build.image.content import BytesContent, Content, Descriptor, FileContent
from wherry_build.image.engine import (
    Builder,
    BuiltImage,
    ImageRequest,
    Layer,
    PlatformImage,
    Progress,
)
from wherry_build.image.platform import Platform
from wherry_build.project.model import Function

_VERSION = 1
_LIMIT_RECORDS = 1000
_LIMIT_BYTES = 64 * 1024 * 1024

OpenBase = Callable[[str, Platform], Iterable[Content]]
"""Gives the layers of a base image, by its reference with its digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
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


class BuildRecords:
    """The records in one folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = cache_folder("builds") if folder is None else folder

    def read(self, function: Function) -> BuildRecord | None:
        """The last build of `function`; None when there is none that can be read."""
        try:
            with self._file(function).open("rb") as file:
                document = json.loads(file.read(_LIMIT_BYTES))
            return _record(document) if document["version"] == _VERSION else None
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return None  # a cache: what another version of us left is as good as nothing

    def write(self, function: Function, record: BuildRecord) -> None:
        """Keep `record` as the last build; the one before it stays if it gave another image."""
        before = self.read(function)
        if before is not None and before.image.id == record.image.id:
            before = before.previous
        if before is not None:
            before = replace(before, previous=None)
        document = {"version": _VERSION, **_document(replace(record, previous=before))}
        file = self._file(function)
        part = file.with_suffix(f".{os.getpid()}.part")
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            part.write_text(json.dumps(document), encoding="utf-8")
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
        self._prune()

    def _file(self, function: Function) -> Path:
        key = f"{os.path.realpath(function.folder)}\0{function.name}"
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"

    def _prune(self) -> None:
        with os.scandir(self._folder) as found:
            files = list(found)
        if len(files) <= _LIMIT_RECORDS:
            return
        with suppress(OSError):  # another command may do the same
            files.sort(key=lambda file: file.stat().st_mtime)
            for file in files[: len(files) - _LIMIT_RECORDS]:
                Path(file.path).unlink(missing_ok=True)


class RecordingBuilder(Builder):
    """A builder whose builds are kept in mind.

    Args:
        builder: What builds.
        engine: Its name.
        records: Where they are kept.
    """

    def __init__(self, builder: Builder, engine: str, records: BuildRecords) -> None:
        self._builder = builder
        self._engine = engine
        self._records = records

    def build(self, request: ImageRequest, progress: Progress) -> BuiltImage:
        """Build, and keep what was built."""
        image = self._builder.build(request, progress)
        base = image.base or request.base
        record = BuildRecord(engine=self._engine, base=base, image=image)
        try:
            self._records.write(request.function, record)
        except OSError as error:
            progress.step(f"this build cannot be kept in mind: {error.filename}: {error.strerror}")
        return image


def reopened(record: BuildRecord, open_base: OpenBase) -> BuiltImage:
    """The image of `record`, with layers of the base that can be opened.

    Raises:
        LookupError: A layer is not there any more.
    """
    images = []
    for image in record.image.images:
        for layer in image.layers:
            if not (isinstance(layer.content, FileContent) and layer.content.file.is_file()):
                raise LookupError(layer.content.descriptor.digest)
        there = {each.descriptor.digest: each for each in open_base(record.base, image.platform)}
        base = tuple(there[each.descriptor.digest] for each in image.base)
        images.append(replace(image, base=base))
    return replace(record.image, images=tuple(images))


def _document(record: BuildRecord) -> dict[str, Any]:
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
        "previous": None if record.previous is None else _document(record.previous),
    }


def _record(said: Mapping[str, Any]) -> BuildRecord:
    return BuildRecord(
        engine=said["engine"],
        base=said["base"],
        previous=None if said["previous"] is None else _record(said["previous"]),
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
