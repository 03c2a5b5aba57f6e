"""Documents about an image, as registries keep them: each a manifest with the image as its subject.

Source: OCI Image Spec 1.1 (manifest.md, "Guidelines for Artifact Usage").
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from wherry_build.image.attestation import cyclonedx, provenance, spdx
from wherry_build.image.attestation.bill import Bill
from wherry_build.image.content import BytesContent, Descriptor
from wherry_build.image.engine import Attestation, Bom
from wherry_build.image.oci.document import as_json
from wherry_build.image.oci.media_types import OCI_EMPTY, MediaTypes
from wherry_build.values import replaced

_EMPTY = BytesContent.of(b"{}", OCI_EMPTY)


def artifacts(bill: Bill, subject: Descriptor, wanted: Attestation) -> Iterator[BytesContent]:
    """What is attached to an image: the list of its parts, and how it was made.

    Args:
        bill: What there is to say.
        subject: The image's manifest.
        wanted: What of it is to be attached.
    """
    if wanted.bom is Bom.SPDX:
        yield from _artifact(spdx.document(bill), spdx.MEDIA_TYPE, subject, bill)
    elif wanted.bom is Bom.CYCLONEDX:
        yield from _artifact(cyclonedx.document(bill), cyclonedx.MEDIA_TYPE, subject, bill)
    if wanted.provenance:
        yield from _artifact(provenance.statement(bill), provenance.MEDIA_TYPE, subject, bill)


def _artifact(
    document: dict[str, Any], media_type: str, subject: Descriptor, bill: Bill
) -> Iterator[BytesContent]:
    """The blobs of one document, and the manifest that names them."""
    content = BytesContent.of(json.dumps(document, indent=1).encode(), media_type)
    manifest = {
        "schemaVersion": 2,
        "mediaType": MediaTypes.OCI.manifest,
        "artifactType": media_type,
        "config": _EMPTY.descriptor.document(),
        "layers": [content.descriptor.document()],
        "subject": {
            "mediaType": subject.media_type,
            "digest": subject.digest,
            "size": subject.size_bytes,
        },
        "annotations": {"org.opencontainers.image.created": bill.moment},
    }
    yield _EMPTY
    yield content
    named = as_json(manifest)
    descriptor = Descriptor.of(named, MediaTypes.OCI.manifest)
    yield BytesContent(descriptor=replaced(descriptor, artifact_type=media_type), content=named)
