"""The bill as a document of CycloneDX 1.6, in JSON."""

from __future__ import annotations

from typing import Any

from wherry_build.image.attestation.bill import Bill, Part, image_purl

MEDIA_TYPE = "application/vnd.cyclonedx+json"


def document(bill: Bill) -> dict[str, Any]:
    """The document of `bill`."""
    base = _image(bill.base_name, bill.base_digest)
    image = _image(bill.repository, bill.digest)
    parts = [_component(part) for part in bill.parts]
    depends = [base["bom-ref"], *(part["bom-ref"] for part in parts)]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{bill.number}",
        "version": 1,
        "metadata": {
            "timestamp": bill.moment,
            "tools": {
                "components": [
                    {"type": "application", "name": "wherry", "version": bill.maker_version}
                ]
            },
            "component": image,
        },
        "components": [base, *parts],
        "dependencies": [
            {"ref": image["bom-ref"], "dependsOn": depends},
            *({"ref": name} for name in depends),
        ],
    }


def _image(repository: str, digest: str) -> dict[str, Any]:
    purl = image_purl(repository, digest)
    return {
        "type": "container",
        "bom-ref": purl,
        "name": repository,
        "version": digest,
        "purl": purl,
        "hashes": [_hash(digest.removeprefix("sha256:"))],
    }


def _component(part: Part) -> dict[str, Any]:
    said: dict[str, Any] = {
        "type": "library",
        "bom-ref": part.purl,
        "name": part.name,
        "version": part.version,
        "purl": part.purl,
    }
    if part.sha256:
        said["hashes"] = [_hash(part.sha256)]
    if part.licence:
        said["licenses"] = [{"expression": part.licence}]
    if part.url:
        said["externalReferences"] = [{"type": "distribution", "url": part.url}]
    return said


def _hash(sha256: str) -> dict[str, str]:
    return {"alg": "SHA-256", "content": sha256}
