"""What is attached to images as they are made: their parts, and how they were made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wherry_build.image.attestation.artifact import artifacts
from wherry_build.image.attestation.bill import Bill, Commit, Part
from wherry_build.image.attestation.licences import licence
from wherry_build.image.attestation.source import commit_of
from wherry_build.image.content import Content
from wherry_build.image.engine import ImageRequest
from wherry_build.image.oci_engine.made_image import MadeImage
from wherry_build.image.registry.reference import Reference
from wherry_build.image.runtime_wheel import runtime_version
from wherry_build.image.wheels.locked import LockedWheel, file_name_of

_PUBLIC = "https://files.pythonhosted.org/"


def attached(
    request: ImageRequest, made: Sequence[MadeImage], *, base: str, created_s: int
) -> tuple[Content, ...]:
    """What is attached to the images of `request`; nothing where nothing is asked for.

    Args:
        request: The images.
        made: Those of each platform.
        base: What they stand on, with its digest.
        created_s: The time that is written into them, since 1970, in seconds.
    """
    if not request.attestation.is_wanted:
        return ()
    commit = commit_of(request.function.folder) if request.attestation.provenance else None
    return tuple(
        content
        for each in made
        for content in artifacts(
            _bill(request, each, base=base, created_s=created_s, commit=commit),
            each.image.manifest.descriptor,
            request.attestation,
        )
    )


def _bill(
    request: ImageRequest, made: MadeImage, *, base: str, created_s: int, commit: Commit | None
) -> Bill:
    reference = Reference.parse(request.reference)
    under = Reference.parse(base)
    return Bill(
        repository=f"{reference.registry}/{reference.repository}",
        function=request.function.name,
        digest=made.image.manifest.descriptor.digest,
        platform=str(made.image.platform),
        base_name=f"{under.registry}/{under.repository}",
        base_digest=under.digest,
        parts=tuple(sorted(parts(made.wheels), key=lambda part: part.name)),
        maker_version=runtime_version(),
        created_s=created_s,
        commit=commit,
    )


def parts(wheels: Sequence[LockedWheel]) -> Iterator[Part]:
    """The runtime, and what is in `wheels`."""
    yield Part(name="wherry", version=runtime_version(), licence="Apache-2.0")
    for wheel in wheels:
        yield Part(
            name=wheel.name,
            version=wheel.version,
            sha256=wheel.sha256,
            file_name=wheel.file_name,
            url=_public_url(wheel),
            licence=licence(wheel),
        )


def _public_url(wheel: LockedWheel) -> str:
    """Where everybody has that very file from; empty elsewhere.

    Of other indexes the path or the query may be a token, and a wheel that was made here of a
    source is not what is at the source's URL.
    """
    if not wheel.url.startswith(_PUBLIC) or file_name_of(wheel.url) != wheel.file_name:
        return ""
    return wheel.url.partition("?")[0]
