"""Publishes an image to a registry: blobs first, all at a time, then what names them.

What the registry has is not sent, what another of its repositories has is mounted, and nothing is
sent twice. How one blob gets there is `upload`'s business.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from wherry_build.errors import ContentLacking, InvalidName, RegistryError
from wherry_build.image.content import BytesContent, Content
from wherry_build.image.engine import BuiltImage, Progress, Publisher
from wherry_build.image.oci.media_types import is_manifest
from wherry_build.image.registry.abreast import abreast
from wherry_build.image.registry.presence import Presence
from wherry_build.image.registry.reference import Reference
from wherry_build.image.registry.registries import Registries
from wherry_build.image.registry.remote_content import RemoteContent
from wherry_build.image.registry.stoppable_progress import StoppableProgress
from wherry_build.values import frozen, replaced

if TYPE_CHECKING:
    from wherry_build.image.registry.repository import Repository
    from wherry_build.image.registry.upload import Transfer

_TRANSFERS = 6  # at a time
_SMALL_BYTES = 64 * 1024
_SOURCES = 4  # repositories that blobs are mounted from, in one publication


class RegistryPublisher(Publisher):
    """Publishes images to registries.

    Args:
        registries: Where to.
        memory: Folder that keeps what is known to be there; the cache's when not given.
    """

    def __init__(self, registries: Registries, *, memory: Path | None = None) -> None:
        self._registries = registries
        self._memory = memory

    def publish(self, image: BuiltImage, progress: Progress) -> str:
        """Publish `image`; its reference with the digest that it can be pulled by.

        Raises:
            InvalidName: The image's reference has a digest already.
            RegistryError: The registry does not take it, or an engine keeps what is to be sent.
        """
        reference = Reference.parse(image.reference)
        if reference.digest:
            raise InvalidName(
                f"{image.reference}: an image is published by a tag, and its digest follows",
                hint=f"leave out {'@' + reference.digest!r}",
            )
        if not image.images:
            raise RegistryError(
                f"{image.reference}: its layers are not here, but in the engine that built it",
                hint=f"docker push {image.reference}",
            )
        top = _top(image)
        presence = Presence(reference.registry, self._memory)
        try:
            _Publication(self._registries, reference, image, presence, progress).run()
        except ContentLacking:
            progress.step(
                f"{reference.registry} has lost some of {reference.repository}; all again"
            )
            presence.forget(reference.repository)
            _Publication(self._registries, reference, image, presence, progress).run()
        return f"{image.reference}@{top.descriptor.digest}"


@frozen(kw_only=False)
class _Blob:
    """A blob, and what it is called on the way."""

    content: Content
    label: str

    @property
    def digest(self) -> str:
        return self.content.descriptor.digest


class _Head:
    """Manifests that are put one after the other when the blobs are there that they name."""

    def __init__(
        self, manifests: Sequence[BytesContent], asked: Iterable[_Blob], put: Callable[[], None]
    ) -> None:
        named = b"".join(each.content for each in manifests)
        self._lacking = {blob.digest for blob in asked if blob.digest.encode() in named}
        self._turn = threading.Lock()
        self.put = put

    @property
    def is_complete(self) -> bool:
        """Whether all is there."""
        return not self._lacking

    def has(self, digest: str) -> None:
        """A blob is there; whoever brings the last one puts the manifests."""
        with self._turn:
            if digest not in self._lacking:
                return
            self._lacking.remove(digest)
            if self._lacking:
                return
        self.put()


class _Publication:
    """One image on its way to one repository."""

    def __init__(
        self,
        registries: Registries,
        reference: Reference,
        image: BuiltImage,
        presence: Presence,
        progress: Progress,
    ) -> None:
        self._reference = reference
        self._image = image
        self._presence = presence
        self._progress = StoppableProgress(progress)
        known = reference.repository
        blobs = {blob.digest: blob for blob in _blobs(image)}
        self._digests = tuple(blobs)
        # What we publish again and again has what we sent there; a small blob that we did not send
        # is sooner sent than asked for.
        self._is_ours = presence.knows(known)
        self._transfers: dict[str, Transfer] = {}
        self._listed: set[str] = set()
        self._asked = [blob for blob in blobs.values() if not presence.has(known, blob.digest)]
        self._sources = {blob.digest: self._sources_of(blob) for blob in self._asked}
        everywhere = dict.fromkeys(each for found in self._sources.values() for each in found)
        self._repository: Repository = registries.repository(
            reference.registry,
            reference.repository,
            push=True,
            sources=tuple(everywhere)[:_SOURCES],
        )

    def run(self) -> None:
        """Publish it.

        Raises:
            ContentLacking: What is thought to be there is not.
            RegistryError: The registry does not take it.
        """
        top = _top(self._image).descriptor.digest
        manifests = (*self._manifests(), *self._referrers())
        pushed = [each.descriptor.digest for each in manifests]
        has_all = all(self._presence.has(self._reference.repository, each) for each in pushed)
        if has_all and self._repository.digest(self._reference.tag) == top:
            self._progress.step(f"{self._reference} is there already")
            return
        unlisted = self._send(top)
        if unlisted:
            from wherry_build.image.registry.referrers import list_by_subject

            list_by_subject(self._repository, unlisted)
        self._presence.keep(self._reference.repository, (*self._digests, *pushed))
        self._progress.step(f"published {self._reference}: {self._summary()}")

    def _send(self, top: str) -> list[BytesContent]:
        """Send what is not there, each manifest as soon as all is there that it names.

        What is returned are manifests that are still to be listed by their subjects.
        """
        # What refers to a manifest may come before it (Distribution Specification 1.1).
        referrers = tuple(self._referrers())
        heads = [
            _Head(tuple(self._manifests()), self._asked, partial(self._put_images, top)),
            *(_Head((each,), self._asked, partial(self._put_referrer, each)) for each in referrers),
        ]

        def send(blob: _Blob) -> None:
            self._send_blob(blob)
            for head in heads:
                head.has(blob.digest)

        # The largest first: who begins with it has the others done meanwhile.
        asked = sorted(self._asked, key=lambda blob: -blob.content.descriptor.size_bytes)
        calls = [partial(send, blob) for blob in asked]
        calls += [partial(head.put) for head in heads if head.is_complete]
        abreast(calls, most=_TRANSFERS, stop=self._progress.stop)
        return [each for each in referrers if each.descriptor.digest not in self._listed]

    def _send_blob(self, blob: _Blob) -> None:
        from wherry_build.image.registry.upload import put_blob

        content, size = blob.content, blob.content.descriptor.size_bytes
        if isinstance(content, RemoteContent):
            content = replaced(content, progress=self._progress)
        self._transfers[blob.digest] = put_blob(
            self._repository,
            content,
            moved=lambda done_bytes: self._progress.moved(f"push {blob.label}", done_bytes, size),
            sources=self._sources[blob.digest],
            is_new=self._is_ours and size <= _SMALL_BYTES,
        )

    def _put_images(self, top: str) -> None:
        for manifest in self._manifests():
            is_top = manifest.descriptor.digest == top
            self._repository.put_manifest(manifest, tag=self._reference.tag if is_top else "")

    def _put_referrer(self, manifest: BytesContent) -> None:
        from wherry_build.image.registry.referrers import put_with_subject

        if put_with_subject(self._repository, manifest):
            self._listed.add(manifest.descriptor.digest)

    def _manifests(self) -> Iterator[BytesContent]:
        """The image's, and the one that names the others last."""
        for each in self._image.images:
            yield each.manifest
        if self._image.index is not None:
            yield self._image.index

    def _referrers(self) -> Iterator[BytesContent]:
        for each in self._image.artifacts:
            if is_manifest(each.descriptor.media_type):
                yield _in_memory(each)

    def _summary(self) -> str:
        """`2 blobs sent (12.3 kB), 4 mounted`."""
        counted = Counter(transfer.value for transfer in self._transfers.values())
        size = sum(
            blob.content.descriptor.size_bytes
            for blob in self._asked
            if self._transfers[blob.digest].value == "sent"
        )
        sent = counted["sent"]
        parts = [f"{sent} blob{'s' * (sent != 1)} sent ({size / 1000:.1f} kB)"] if sent else []
        parts += [f"{counted['mounted']} mounted"] if counted["mounted"] else []
        return ", ".join(parts) or "nothing had to be sent"

    def _sources_of(self, blob: _Blob) -> tuple[str, ...]:
        """Repositories of the same registry that have the blob: the base's, and our others."""
        content, own = blob.content, self._reference.repository
        found: list[str] = []
        if isinstance(content, RemoteContent) and content.registry == self._reference.registry:
            found.append(content.repository)
        found += self._presence.elsewhere(own, blob.digest)[:1]
        return tuple(each for each in dict.fromkeys(found) if each != own)


def _top(image: BuiltImage) -> BytesContent:
    """What the tag names."""
    return image.index if image.index is not None else image.images[0].manifest


def _blobs(image: BuiltImage) -> Iterator[_Blob]:
    for each in image.images:
        for content in each.base:
            yield _Blob(content, f"base layer {content.descriptor.digest[7:19]}")
        for layer in each.layers:
            yield _Blob(layer.content, layer.purpose)
        yield _Blob(each.config, f"configuration for {each.platform}")
    for content in image.artifacts:
        if not is_manifest(content.descriptor.media_type):
            yield _Blob(content, content.descriptor.media_type)


def _in_memory(content: Content) -> BytesContent:
    if isinstance(content, BytesContent):
        return content
    with content.open() as opened:
        return BytesContent(descriptor=content.descriptor, content=opened.read())
