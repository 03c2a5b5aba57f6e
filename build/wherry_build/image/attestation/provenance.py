"""How an image was made: an in-toto statement with SLSA's provenance, version 1.

It says what the image was made from, by hash, and names neither folders nor machines.
"""

from __future__ import annotations

from typing import Any

from wherry_build.image.attestation.bill import Bill, image_purl

MEDIA_TYPE = "application/vnd.in-toto+json"
BUILD_TYPE = "urn:wherry:engine:oci:v1"
BUILDER = "urn:wherry:builder"


def statement(bill: Bill) -> dict[str, Any]:
    """The statement about the image of `bill`."""
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": bill.repository, "digest": _digest(bill.digest)}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "function": bill.function,
                    "base": bill.base_name,
                    "platform": bill.platform,
                },
                "resolvedDependencies": [*_source(bill), _base(bill), *_parts(bill)],
            },
            "runDetails": {"builder": {"id": BUILDER, "version": {"wherry": bill.maker_version}}},
        },
    }


def _source(bill: Bill) -> list[dict[str, Any]]:
    commit = bill.commit
    if commit is None:
        return []
    said: dict[str, Any] = {"name": "source", "digest": {"gitCommit": commit.digest}}
    if commit.remote:
        said["uri"] = f"git+{commit.remote}"
    if commit.is_changed:
        # What was built is not what the commit has.
        said["annotations"] = {"changed": True}
    return [said]


def _base(bill: Bill) -> dict[str, Any]:
    return {
        "name": "base",
        "uri": image_purl(bill.base_name, bill.base_digest),
        "digest": _digest(bill.base_digest),
    }


def _parts(bill: Bill) -> list[dict[str, Any]]:
    return [
        {
            "uri": part.purl,
            "digest": {"sha256": part.sha256},
            **({"downloadLocation": part.url} if part.url else {}),
        }
        for part in bill.parts
        if part.sha256
    ]


def _digest(digest: str) -> dict[str, str]:
    algorithm, _, value = digest.partition(":")
    return {algorithm: value}
