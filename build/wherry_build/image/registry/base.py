"""The image that another stands on, read from its registry, or from the cache where it is known.

A digest never changes what it names: an image that is named by one is read from the cache when it
is there, and no registry is asked. A tag is asked for once a day, or when a newer base is wanted.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wherry_build.errors import ContentRefused, ImageNotFound, RegistryUnavailable
from wherry_build.image.content import BytesContent, Descriptor
from wherry_build.image.engine import Progress
from wherry_build.image.platform import Platform
from wherry_build.image.registry.asked_tags import AskedTags
from wherry_build.image.registry.blob_store import BlobStore
from wherry_build.image.registry.manifest import (
    INDEXES,
    fits,
    media_type_of,
    named,
    parse_descriptor,
    parse_document,
    parse_platform,
    select,
)
from wherry_build.image.registry.reference import Reference
from wherry_build.image.registry.registries import Registries
from wherry_build.image.registry.remote_content import RemoteContent
from wherry_build.values import frozen

if TYPE_CHECKING:
    from wherry_build.image.registry.repository import Repository


@frozen
class RemoteImage:
    """The image of one platform, as a registry has it.

    Attributes:
        reference: Name that it was asked for by.
        digest: What that name is, an index or a manifest: `sha256:...`; the one to lock.
        platform: What it is for.
        manifest: Its manifest.
        config: Its configuration.
        layers: Its layers, bottom first; fetched when they are read.
    """

    reference: str
    digest: str
    platform: Platform
    manifest: BytesContent
    config: BytesContent
    layers: tuple[RemoteContent, ...]


def read_base(
    reference: str,
    platform: Platform,
    *,
    registries: Registries,
    progress: Progress,
    pull: bool = False,
    store: BlobStore | None = None,
    tags: AskedTags | None = None,
) -> RemoteImage:
    """Read the image of `platform` that `reference` names.

    Args:
        reference: `python:3.12-slim`, or with a digest.
        platform: What it is to be for.
        registries: Where it is.
        progress: Is told what is read.
        pull: Whether a tag is asked for though it was within a day.
        store: Where blobs are kept.
        tags: Where it is kept what tags were.

    Raises:
        InvalidName: `reference` is none.
        ImageNotFound: There is no such image, or none for the platform.
        RegistryError: The registry does not give it.
        ContentRefused: What it gives is not what the digest names, or no image.
    """
    reader = _Reader(
        reference=Reference.parse(reference),
        registries=registries,
        progress=progress,
        store=store or BlobStore(),
        tags=tags or AskedTags(),
    )
    digest = reader.digest(pull=pull)
    return reader.image(reference, digest, platform)


@frozen
class _Reader:
    reference: Reference
    registries: Registries
    progress: Progress
    store: BlobStore
    tags: AskedTags

    def digest(self, *, pull: bool) -> str:
        """The digest that the reference names."""
        if self.reference.digest:
            return self.reference.digest
        known = self.tags.find(self.reference)
        if known is not None and not pull and known.is_fresh(time.time()):
            return known.digest
        self.progress.step(f"ask {self.reference.registry} for {self.reference}")
        try:
            digest = self._ask_tag(is_known=known is not None)
        except RegistryUnavailable as error:
            if known is None or pull:
                raise
            day = time.strftime("%Y-%m-%d %H:%M", time.localtime(known.asked_s))
            self.progress.step(f"{error.message}; taking what {self.reference} was at {day}")
            return known.digest
        self.tags.keep(self.reference, digest)
        return digest

    def _ask_tag(self, *, is_known: bool) -> str:
        """What the registry says; of a tag that is known, without what counts as a pull."""
        if is_known:
            digest = self._repository().digest(self.reference.tag)
            if digest:
                return digest
        return self._fetch(self.reference.tag).descriptor.digest

    def image(self, asked: str, digest: str, platform: Platform) -> RemoteImage:
        """The image of `platform` of an index, or the one that a manifest is."""
        manifest = self._document(digest)
        if manifest.descriptor.media_type in INDEXES:
            manifest = self._document(self._selected(manifest, platform).digest)
        what = f"the manifest {manifest.descriptor.digest} of {self.reference.name}"
        document = parse_document(manifest.content, what)
        config = self._config(parse_descriptor(document.get("config"), what))
        self._check(parse_document(config.content, f"the configuration of {asked}"), platform)
        return RemoteImage(
            reference=asked,
            digest=digest,
            platform=platform,
            manifest=manifest,
            config=config,
            layers=tuple(map(self._layer, named(document, "layers", what))),
        )

    def _selected(self, index: BytesContent, platform: Platform) -> Descriptor:
        what = f"the index {index.descriptor.digest} of {self.reference.name}"
        manifests = named(parse_document(index.content, what), "manifests", what)
        selected = select(manifests, platform)
        if selected is None:
            there = {str(each.platform) for each in manifests if each.platform is not None}
            raise self._absent(platform, sorted(there - {"unknown/unknown"}))
        return selected

    def _check(self, config: Mapping[str, Any], platform: Platform) -> None:
        """See that a manifest that no index names a platform of is for the right one."""
        found = parse_platform({"os": "linux", **config})
        if found is None:
            raise ContentRefused(f"{self.reference}: its configuration says no architecture")
        if not fits(found, platform):
            raise self._absent(platform, [str(found)])

    def _absent(self, platform: Platform, there: list[str]) -> ImageNotFound:
        return ImageNotFound(
            f"{self.reference} is not for {platform}, but for {', '.join(there) or 'nothing'}",
            hint="--platform with one of those, or another --base",
        )

    def _document(self, digest: str) -> BytesContent:
        kept = self.store.read(digest)
        if kept is None:
            return self._fetch(digest)
        what = f"{digest} in the cache"
        return BytesContent.of(kept, media_type_of(parse_document(kept, what), what))

    def _fetch(self, version: str) -> BytesContent:
        found = self._repository().require_manifest(version)
        self.store.write(found.descriptor.digest, found.content)
        return found

    def _config(self, descriptor: Descriptor) -> BytesContent:
        kept = self.store.read(descriptor.digest)
        if kept is None:
            kept = self._repository().blob(descriptor)
            self.store.write(descriptor.digest, kept)
        return BytesContent(descriptor=descriptor, content=kept)

    def _repository(self) -> Repository:
        return self.registries.repository(self.reference.registry, self.reference.repository)

    def _layer(self, descriptor: Descriptor) -> RemoteContent:
        return RemoteContent(
            descriptor=descriptor,
            registry=self.reference.registry,
            repository=self.reference.repository,
            registries=self.registries,
            store=self.store,
            progress=self.progress,
        )
