"""Documents that registries keep, read as little as pulling needs: what they are and name. No I/O.

An *index* names one manifest for each platform; a *manifest* names a configuration and layers (OCI
Image Spec 1.1, image-index.md and manifest.md, and docker's own of the same shape).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from wherry_build.errors import ContentRefused, InvalidName
from wherry_build.image.content import Descriptor
from wherry_build.image.oci.media_types import MediaTypes
from wherry_build.image.platform import Platform
from wherry_build.image.registry.reference import is_digest

OCI_INDEX = MediaTypes.OCI.index
INDEXES = frozenset(family.index for family in MediaTypes)
MANIFESTS = frozenset(family.manifest for family in MediaTypes)
ACCEPT = ", ".join(kind for family in MediaTypes for kind in (family.index, family.manifest))
_LIMIT_NAMED = 10_000
_LIMIT_BYTES = 1 << 40


def parse_document(content: bytes, what: str) -> Mapping[str, Any]:
    """The document that `content` is.

    Raises:
        ContentRefused: It is no JSON object.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise ContentRefused(f"{what} is no JSON object", hint="is that a registry?")
    return document


def media_type_of(document: Mapping[str, Any], what: str) -> str:
    """What a document is, which OCI's need not say themselves.

    Raises:
        ContentRefused: It is neither an index nor a manifest.
    """
    said = document.get("mediaType")
    if said in INDEXES or said in MANIFESTS:
        return str(said)
    if said is None and "manifests" in document:
        return OCI_INDEX
    if said is None and "config" in document:
        return MediaTypes.OCI.manifest
    if document.get("schemaVersion") == 1:
        raise ContentRefused(
            f"{what} is of the format that registries had before 2016",
            hint="pull it with an old docker and push it again, or take another base",
        )
    raise ContentRefused(f"{what} is neither an index nor a manifest of an image")


def parse_descriptor(value: object, what: str) -> Descriptor:
    """The descriptor that a document has.

    Raises:
        ContentRefused: It is none.
    """
    if isinstance(value, dict):
        digest, size, kind = value.get("digest"), value.get("size"), value.get("mediaType", "")
        is_named = isinstance(digest, str) and is_digest(digest) and isinstance(kind, str)
        if is_named and type(size) is int and 0 <= size < _LIMIT_BYTES:
            artifact = value.get("artifactType", "")
            notes = value.get("annotations") or {}
            return Descriptor(
                media_type=str(kind),
                digest=str(digest),
                size_bytes=size,
                platform=parse_platform(value.get("platform")),
                artifact_type=artifact if isinstance(artifact, str) else "",
                annotations=notes if isinstance(notes, dict) else {},
            )
    raise ContentRefused(f"{what} names something without a SHA-256 digest and a size")


def named(document: Mapping[str, Any], key: str, what: str) -> tuple[Descriptor, ...]:
    """What a document names under `key`, `layers` or `manifests`.

    Raises:
        ContentRefused: That is no list of descriptors.
    """
    listed = document.get(key)
    if not isinstance(listed, list) or len(listed) > _LIMIT_NAMED:
        raise ContentRefused(f"{what} has no list `{key}`")
    return tuple(parse_descriptor(each, what) for each in listed)


def select(manifests: tuple[Descriptor, ...], platform: Platform) -> Descriptor | None:
    """The manifest for `platform`, or the only one if that does not say what it is for; or None."""
    for each in manifests:
        found = each.platform
        if found is not None and fits(found, platform):
            return each
    return manifests[0] if len(manifests) == 1 and manifests[0].platform is None else None


def fits(found: Platform, wanted: Platform) -> bool:
    """Whether what is for `found` runs on `wanted`; a variant that is not said is the usual one."""
    return (found.os, found.architecture, _variant(found)) == (
        wanted.os,
        wanted.architecture,
        _variant(wanted),
    )


def _variant(platform: Platform) -> str:
    usual = {"arm64": "v8", "arm": "v7"}.get(platform.architecture, "")
    return platform.variant or usual


def parse_platform(value: object) -> Platform | None:
    """The platform that a document says, or a configuration is for; None when it says none."""
    if not isinstance(value, dict):
        return None
    parts = [value.get(key) for key in ("os", "architecture", "variant")]
    if not all(isinstance(part, str) for part in parts[:2]):
        return None
    try:
        return Platform.parse("/".join(str(part) for part in parts if part))
    except InvalidName:
        return None
