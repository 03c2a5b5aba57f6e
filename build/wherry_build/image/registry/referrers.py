"""Manifests about an image: its SBOM, its provenance; listed by the registry, or under a tag.

Distribution Specification 1.1, sections "Listing Referrers" and "Referrers Tag Schema": a registry
that has no list leaves it to those who push to keep one, as an index of the tag `sha256-<hex>`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from wherry_build.image.content import BytesContent, Descriptor
from wherry_build.image.registry.manifest import OCI_INDEX, named, parse_document
from wherry_build.image.registry.registry import Call
from wherry_build.image.registry.repository import Repository


def referrers(
    repository: Repository, digest: str, *, artifact_type: str = ""
) -> tuple[Descriptor, ...]:
    """The manifests about `digest`; those of `artifact_type`, or all.

    Raises:
        RegistryError: The registry does not say.
    """
    answer = repository.registry.ask(
        Call(
            what=f"what there is about {repository.name}@{digest}",
            method="GET",
            path=f"/v2/{repository.name}/referrers/{digest}",
            access=repository.access,
            expected=frozenset({200, 404}),
            headers={"Accept": OCI_INDEX},
        )
    )
    if answer.status == 200:
        what = f"what {repository} says of referrers"
        found = named(parse_document(answer.body, what), "manifests", what)
    else:
        found = _tagged(repository, digest)
    return tuple(each for each in found if artifact_type in {"", each.artifact_type})


def put_referrer(repository: Repository, manifest: BytesContent) -> None:
    """Put a manifest with a subject there, and see that it is found by its subject.

    Raises:
        RegistryError: The registry does not take it.
    """
    document = parse_document(manifest.content, "a manifest with a subject")
    subject = str(document["subject"]["digest"])
    if repository.put_manifest(manifest) == subject:
        return
    listed = _tagged(repository, subject)
    if any(each.digest == manifest.descriptor.digest for each in listed):
        return
    entry = Descriptor(
        media_type=manifest.descriptor.media_type,
        digest=manifest.descriptor.digest,
        size_bytes=manifest.descriptor.size_bytes,
        artifact_type=_artifact_type(document),
        annotations=document.get("annotations", {}),
    )
    index = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [each.document() for each in (*listed, entry)],
    }
    content = json.dumps(index, separators=(",", ":"), sort_keys=True).encode()
    repository.put_manifest(BytesContent.of(content, OCI_INDEX), tag=_tag(subject))


def _tagged(repository: Repository, digest: str) -> tuple[Descriptor, ...]:
    index = repository.manifest(_tag(digest))
    if index is None:
        return ()
    what = f"{repository}:{_tag(digest)}"
    return named(parse_document(index.content, what), "manifests", what)


def _tag(digest: str) -> str:
    return digest.replace(":", "-", 1)


def _artifact_type(document: Mapping[str, Any]) -> str:
    """What an artifact is; where it does not say, its configuration does."""
    return str(document.get("artifactType") or document.get("config", {}).get("mediaType", ""))
