"""One repository of a registry: its manifests and blobs, each checked against its digest.

Distribution Specification 1.1; how blobs get there is `upload`'s business.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import BinaryIO

from wherry_build.errors import (
    ContentLacking,
    ContentRefused,
    ImageNotFound,
    RegistryError,
    RegistryUnavailable,
)
from wherry_build.image.content import BytesContent, Descriptor
from wherry_build.image.registry.authorization import Access
from wherry_build.image.registry.download import Download, short, untrue
from wherry_build.image.registry.manifest import ACCEPT, media_type_of, parse_document
from wherry_build.image.registry.reference import DOCKER_HUB, is_digest
from wherry_build.image.registry.refusal import login, read_refusal
from wherry_build.image.registry.registry import Call, Registry
from wherry_build.image.registry.wire import LIMIT_DOCUMENT_BYTES, Answer

_LACKING = frozenset({"BLOB_UNKNOWN", "MANIFEST_BLOB_UNKNOWN", "MANIFEST_UNKNOWN"})
_THERE = frozenset({200, 404})
_TAKEN = frozenset({200, 201, 202, 400, 404})


class Repository:
    """One repository.

    Args:
        registry: The registry that has it.
        name: Its name, `acme/hello`.
        push: Whether it is to be written to, besides being read.
        sources: Repositories of the same registry whose blobs may be mounted.
    """

    def __init__(
        self, registry: Registry, name: str, *, push: bool = False, sources: tuple[str, ...] = ()
    ) -> None:
        self.registry = registry
        self.name = name
        self.access = Access(repository=name, push=push, sources=sources)

    def __str__(self) -> str:
        return f"{self.registry.host}/{self.name}"

    def digest(self, version: str) -> str:
        """The digest of the manifest or index that a tag, or a digest, names; empty when none.

        Raises:
            RegistryError: The registry does not say.
        """
        answer = self._manifest("HEAD", version)
        if answer.status == 404:
            return ""
        said = answer.headers.get("Docker-Content-Digest", "")
        if is_digest(said):
            return said
        found = self.manifest(version)
        return "" if found is None else found.descriptor.digest

    def manifest(self, version: str) -> BytesContent | None:
        """The manifest or index that a tag, or a digest, names; None when there is none.

        Raises:
            RegistryError: The registry does not give it.
            ContentRefused: What it gives has another digest, or is no manifest.
        """
        answer = self._manifest("GET", version)
        if answer.status == 404:
            return None
        what = f"what {self.registry.host} gives as {self.name}:{version}"
        expected = version if is_digest(version) else answer.headers.get("Docker-Content-Digest")
        digest = f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
        if expected and is_digest(expected) and digest != expected:
            raise untrue(what, expected, digest)
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind == "text/html":
            raise RegistryUnavailable(
                f"{self.registry.host} answers with a page, as no registry does",
                hint=f"is the name right, and no proxy between? it was asked for {self.name}",
            )
        media_type = media_type_of(parse_document(answer.body, what), what)
        return BytesContent.of(answer.body, media_type)

    def require_manifest(self, version: str) -> BytesContent:
        """As `manifest`.

        Raises:
            ImageNotFound: There is none.
            RegistryError: The registry does not give it.
        """
        found = self.manifest(version)
        if found is None:
            named = f"{self.name}{'@' if is_digest(version) else ':'}{version}"
            hint = "is the name right, and the tag?"
            if self.registry.host != DOCKER_HUB:
                hint += f" if it is not for anybody: {login(self.registry.host)}"
            raise ImageNotFound(f"{self.registry.host} has no image {named}", hint=hint)
        return found

    def has_blob(self, digest: str) -> bool:
        """Whether the blob is in this repository.

        Raises:
            RegistryError: The registry does not say.
        """
        answer = self.registry.ask(
            Call(
                what=f"whether it has {short(digest)} of {self.name}",
                method="HEAD",
                path=self.blob_path(digest),
                access=self.access,
                expected=_THERE,
            )
        )
        return answer.status == 200

    def blob(self, descriptor: Descriptor) -> bytes:
        """A small blob as a whole.

        Raises:
            RegistryError: The registry does not give it.
            ContentRefused: It is larger than a document may be, or not what the digest names.
        """
        if descriptor.size_bytes > LIMIT_DOCUMENT_BYTES:
            raise ContentRefused(
                f"{self}: {short(descriptor.digest)} has {descriptor.size_bytes} bytes, expected "
                f"at most {LIMIT_DOCUMENT_BYTES}"
            )
        file = io.BytesIO()
        self.download(descriptor, file)
        return file.getvalue()

    def download(
        self,
        descriptor: Descriptor,
        file: BinaryIO,
        moved: Callable[[int], None] | None = None,
    ) -> None:
        """Write a blob to `file`; what was cut off goes on from where it was.

        Raises:
            RegistryError: The registry does not give it.
            ContentRefused: What it gives is not what the digest names.
        """
        what = f"for {short(descriptor.digest)} of {self.name}"
        download = Download(
            self.registry,
            Call(
                what=what,
                method="GET",
                path=self.blob_path(descriptor.digest),
                access=self.access,
                expected=frozenset({200, 206}),
            ),
            descriptor,
            file,
            moved,
        )
        self.registry.patiently(download.go_on)
        download.check()

    def put_manifest(self, content: BytesContent, *, tag: str = "") -> str:
        """Put a manifest or index there, under its digest or a tag; the subject that was noted.

        Raises:
            ContentLacking: The registry does not have what it names.
            RegistryError: The registry does not take it.
        """
        descriptor = content.descriptor
        version = tag or descriptor.digest
        call = Call(
            what=f"to take the manifest of {self.name}:{tag}" if tag else "to take a manifest",
            method="PUT",
            path=f"/v2/{self.name}/manifests/{version}",
            access=self.access,
            expected=_TAKEN,
            headers={"Content-Type": descriptor.media_type},
            body=content.open,
            size_bytes=descriptor.size_bytes,
        )
        answer = self.registry.ask(call)
        if answer.status in {400, 404}:
            raise self._not_taken(call, answer)
        said = answer.headers.get("Docker-Content-Digest", "")
        if said and said != descriptor.digest:
            raise untrue(f"the manifest that {self} has now", descriptor.digest, ascii(said[:100]))
        return answer.headers.get("OCI-Subject", "")

    def blob_path(self, digest: str) -> str:
        """Where a blob is."""
        return f"/v2/{self.name}/blobs/{digest}"

    def _manifest(self, method: str, version: str) -> Answer:
        return self.registry.ask(
            Call(
                what=f"for the manifest of {self.name}:{version}",
                method=method,
                path=f"/v2/{self.name}/manifests/{version}",
                access=self.access,
                expected=_THERE,
                headers={"Accept": ACCEPT},
            )
        )

    def _not_taken(self, call: Call, answer: Answer) -> RegistryError:
        said = read_refusal(answer.body)
        if said is not None and _LACKING.intersection(said.codes):
            return ContentLacking(
                f"{self} does not have all that the manifest names",
                hint="try again; a registry that loses blobs is to be looked after",
            )
        return self.registry.refusal(call, answer)
