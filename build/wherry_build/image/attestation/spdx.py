"""The bill as a document of SPDX 2.3, in JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from wherry_build.image.attestation.bill import Bill, Part, image_purl

MEDIA_TYPE = "application/spdx+json"
_UNKNOWN = "NOASSERTION"
_IMAGE = "SPDXRef-Image"
_BASE = "SPDXRef-Base"
_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9.-]")


def document(bill: Bill) -> dict[str, Any]:
    """The document of `bill`."""
    parts = [(_id(part), part) for part in bill.parts]
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"{bill.repository}@{bill.digest}",
        "documentNamespace": f"https://spdx.org/spdxdocs/{bill.name}-{bill.number}",
        "creationInfo": {
            "created": bill.moment,
            "creators": [f"Tool: wherry-{bill.maker_version}"],
        },
        "packages": [
            _image(_IMAGE, bill.repository, bill.digest),
            _image(_BASE, bill.base_name, bill.base_digest),
            *(_package(name, part) for name, part in parts),
        ],
        "relationships": list(_relationships([name for name, _ in parts])),
    }


def _id(part: Part) -> str:
    return f"SPDXRef-Package-{_NOT_IN_AN_ID.sub('-', f'{part.name}-{part.version}')}"


def _image(name: str, repository: str, digest: str) -> dict[str, Any]:
    return {
        "SPDXID": name,
        "name": repository,
        "versionInfo": digest,
        "downloadLocation": _UNKNOWN,
        "filesAnalyzed": False,
        "licenseConcluded": _UNKNOWN,
        "licenseDeclared": _UNKNOWN,
        "copyrightText": _UNKNOWN,
        "primaryPackagePurpose": "CONTAINER",
        "checksums": [_checksum(digest.removeprefix("sha256:"))],
        "externalRefs": [_reference(image_purl(repository, digest))],
    }


def _package(name: str, part: Part) -> dict[str, Any]:
    return {
        "SPDXID": name,
        "name": part.name,
        "versionInfo": part.version,
        "downloadLocation": part.url or _UNKNOWN,
        "filesAnalyzed": False,
        "licenseConcluded": _UNKNOWN,
        "licenseDeclared": part.licence or _UNKNOWN,
        "copyrightText": _UNKNOWN,
        **({"packageFileName": part.file_name} if part.file_name else {}),
        **({"checksums": [_checksum(part.sha256)]} if part.sha256 else {}),
        "externalRefs": [_reference(part.purl)],
    }


def _checksum(sha256: str) -> dict[str, str]:
    return {"algorithm": "SHA256", "checksumValue": sha256}


def _reference(purl: str) -> dict[str, str]:
    return {
        "referenceCategory": "PACKAGE-MANAGER",
        "referenceType": "purl",
        "referenceLocator": purl,
    }


def _relationships(parts: list[str]) -> Iterator[dict[str, str]]:
    yield _relationship("SPDXRef-DOCUMENT", "DESCRIBES", _IMAGE)
    yield _relationship(_IMAGE, "DESCENDANT_OF", _BASE)
    for part in parts:
        yield _relationship(_IMAGE, "CONTAINS", part)


def _relationship(one: str, kind: str, other: str) -> dict[str, str]:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
