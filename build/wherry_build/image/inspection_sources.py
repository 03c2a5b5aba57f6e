"""Where an image is looked at: in a registry, in a folder, or as it was built last."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from wherry_build.errors import ContentRefused, ImageNotBuilt, ImageNotFound
from wherry_build.image.build_record import BuildRecord
from wherry_build.image.comparison import differences
from wherry_build.image.content import Descriptor
from wherry_build.image.inspection import (
    InspectedArtifact,
    InspectedImage,
    Inspection,
    inspected_image,
)
from wherry_build.image.record import BuildRecords
from wherry_build.image.registry.manifest import INDEXES, named, parse_descriptor, parse_document
from wherry_build.project.model import Function

_LIMIT_DOCUMENT_BYTES = 16 * 1024 * 1024
_MOST_PLATFORMS = 32

ReadBlob = Callable[[Descriptor], bytes]


def inspect_build(
    function: Function, records: BuildRecords | None = None, *, documents: bool = False
) -> Inspection:
    """What was built last of `function`, with what became of each layer.

    Args:
        function: The function.
        records: Where builds are kept in mind; this user's when not given.
        documents: Whether what is attached is read as well.

    Raises:
        ImageNotBuilt: Nothing was, or a container engine keeps it.
    """
    record = (records or BuildRecords()).read(function)
    if record is None:
        raise ImageNotBuilt(
            f"function {function.name!r}: there is no build of it",
            hint=f"wherry build {function.folder}; or name an image, or oci:DIR",
        )
    if not record.image.images:
        raise ImageNotBuilt(
            f"function {function.name!r}: the container engine has its image",
            hint=f"docker image inspect {record.image.reference}",
        )
    kept = {each.descriptor.digest: each for each in record.image.artifacts}
    about = [each.descriptor for each in kept.values() if each.descriptor.artifact_type]

    def blob(descriptor: Descriptor) -> bytes:
        with kept[descriptor.digest].open() as opened:
            return opened.read()

    return Inspection(
        reference=record.image.reference,
        digest=record.image.digest,
        images=tuple(_built_images(record)),
        artifacts=_artifacts(about, blob, blob) if documents else _artifacts(about),
    )


def inspect_layout(folder: Path, *, documents: bool = False) -> Inspection:
    """The image in an OCI layout.

    Args:
        folder: The layout.
        documents: Whether what is attached is read as well.

    Raises:
        ImageNotFound: There is none.
        ContentRefused: What is there is no layout, or not what its digests name.
    """
    what = f"{folder}/index.json"
    try:
        with (folder / "index.json").open("rb") as file:
            index = parse_document(file.read(_LIMIT_DOCUMENT_BYTES), what)
    except OSError as error:
        raise ImageNotFound(
            f"{folder}: no OCI layout can be read there: {error.strerror}",
            hint="wherry build -o oci:DIR writes one",
        ) from None
    tops = named(index, "manifests", what)
    if not tops:
        raise ImageNotFound(f"{folder}: the layout has no image")

    def blob(descriptor: Descriptor) -> bytes:
        file = folder / "blobs" / "sha256" / descriptor.digest.partition(":")[2]
        try:
            with file.open("rb") as opened:
                content = opened.read(_LIMIT_DOCUMENT_BYTES)
        except OSError as error:
            raise ContentRefused(
                f"{folder}: {descriptor.digest} is not there: {error.strerror}"
            ) from None
        if Descriptor.of(content, "").digest != descriptor.digest:
            raise ContentRefused(f"{file}: it is not what its name says")
        return content

    about = [each for each in tops if each.artifact_type]
    images = [each for each in tops if not each.artifact_type]
    top = (images or list(tops))[0]
    return Inspection(
        reference=f"oci:{folder}",
        digest=top.digest,
        images=tuple(_images(top, blob, blob)),
        artifacts=_artifacts(about, blob, blob) if documents else _artifacts(about),
    )


def inspect_reference(
    text: str, *, is_insecure: bool = False, documents: bool = False
) -> Inspection:
    """An image in a registry, and what is attached to it.

    Args:
        text: The image's name.
        is_insecure: Whether a registry without a certificate is believed.
        documents: Whether what is attached is read as well.

    Raises:
        InvalidName: `text` is no image reference.
        RegistryError: The registry does not give it.
    """
    from wherry_build.image.registry.reference import Reference
    from wherry_build.image.registry.referrers import referrers
    from wherry_build.image.registry.registries import Registries

    reference = Reference.parse(text)
    registries = Registries(is_insecure=is_insecure)
    try:
        repository = registries.repository(reference.registry, reference.repository)
        top = repository.require_manifest(reference.version)

        def manifest(descriptor: Descriptor) -> bytes:
            if descriptor.digest == top.descriptor.digest:
                return top.content
            return repository.require_manifest(descriptor.digest).content

        images = tuple(_images(top.descriptor, manifest, repository.blob))
        subjects = dict.fromkeys([top.descriptor.digest, *(each.digest for each in images)])
        about = [each for subject in subjects for each in referrers(repository, subject)]
        return Inspection(
            reference=str(reference),
            digest=top.descriptor.digest,
            images=images,
            artifacts=(
                _artifacts(about, manifest, repository.blob) if documents else _artifacts(about)
            ),
        )
    finally:
        registries.close()


def _built_images(record: BuildRecord) -> Iterator[InspectedImage]:
    earlier = record.previous.image.images if record.previous is not None else ()
    for image in record.image.images:
        before = next((each for each in earlier if each.platform == image.platform), None)
        yield inspected_image(
            image.manifest.descriptor.digest,
            image.manifest.content,
            image.config.content,
            differences=differences(before, image),
        )


def _images(top: Descriptor, manifest: ReadBlob, blob: ReadBlob) -> Iterator[InspectedImage]:
    """The image of each platform below a manifest or an index."""
    content = manifest(top)
    document = parse_document(content, top.digest)
    if top.media_type in INDEXES or "manifests" in document:
        for each in named(document, "manifests", top.digest)[:_MOST_PLATFORMS]:
            # BuildKit puts provenance into the index, as an image of no platform.
            if each.platform is not None and each.platform.os != "unknown":
                yield from _images(each, manifest, blob)
        return
    config = blob(parse_descriptor(document.get("config"), top.digest))
    yield inspected_image(top.digest, content, config)


def _artifacts(
    about: Iterable[Descriptor], manifest: ReadBlob | None = None, blob: ReadBlob | None = None
) -> tuple[InspectedArtifact, ...]:
    """What is attached, with what it is where it can be read."""
    return tuple(
        InspectedArtifact(
            kind=each.artifact_type or each.media_type,
            digest=each.digest,
            document=_attached(each, manifest, blob) if manifest and blob else b"",
        )
        for each in about
    )


def _attached(descriptor: Descriptor, manifest: ReadBlob, blob: ReadBlob) -> bytes:
    """The first blob that a manifest about an image names; nothing of one that names none."""
    document = parse_document(manifest(descriptor), descriptor.digest)
    layers = document.get("layers")
    if not isinstance(layers, list) or not layers:
        return b""
    return blob(parse_descriptor(layers[0], descriptor.digest))
