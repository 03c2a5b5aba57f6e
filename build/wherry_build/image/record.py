"""The last builds of a function, kept so that they can be published, looked at and compared.

A record is a file in the cache, found by the function's folder and name. It holds manifests and
configurations themselves, and of layers where they are; whoever wants the layers of the base opens
them anew. It knows neither registries nor engines.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from wherry_build.image.build_record import BuildRecord, parse_record, record_document
from wherry_build.image.cache_folder import cache_folder
from wherry_build.image.content import Content, FileContent
from wherry_build.image.engine import Builder, BuiltImage, ImageRequest, Progress
from wherry_build.image.platform import Platform
from wherry_build.image.whole_file import write_whole
from wherry_build.project.model import Function
from wherry_build.values import replaced

_VERSION = 1
_LIMIT_RECORDS = 1000
_LIMIT_BYTES = 64 * 1024 * 1024

OpenBase = Callable[[str, Platform], Iterable[Content]]
"""Gives the layers of a base image, by its reference with its digest."""


class BuildRecords:
    """The records in one folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = cache_folder("builds") if folder is None else folder

    def read(self, function: Function) -> BuildRecord | None:
        """The last build of `function`; None when there is none that can be read."""
        try:
            with self._file(function).open("rb") as file:
                document = json.loads(file.read(_LIMIT_BYTES))
            return parse_record(document) if document["version"] == _VERSION else None
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return None  # a cache: what another version of us left is as good as nothing

    def write(self, function: Function, record: BuildRecord) -> None:
        """Keep `record` as the last build; the one before it stays if it gave another image."""
        before = self.read(function)
        if before is not None and before.image.id == record.image.id:
            before = before.previous
        if before is not None:
            before = replaced(before, previous=None)
        document = {"version": _VERSION, **record_document(replaced(record, previous=before))}
        write_whole(self._file(function), json.dumps(document).encode())
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
        images.append(replaced(image, base=base))
    return replaced(record.image, images=tuple(images))
