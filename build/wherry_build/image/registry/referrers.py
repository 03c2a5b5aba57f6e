"""Manifests about an image: its SBOM, its provenance; listed by the registry, or under a tag.

Distribution Specification 1.1, sections "Listing Referrers" and "Referrers Tag Schema": a registry
that has no list leaves it to those who push to keep one, as an index of the tag `sha256-<hex>`. A
long list comes in pages, of which each names the next (RFC 8288).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from wherry_build.errors import ContentRefused
from wherry_build.image.content import BytesContent, Descriptor
from wherry_build.image.registry import url as urls
from wherry_build.image.registry.manifest import OCI_INDEX, named, parse_document
from wherry_build.image.registry.registry import Call
from wherry_build.image.registry.repository import Repository
from wherry_build.image.registry.wire import Answer

_LIMIT_PAGES = 100
_LINK = re.compile(r"<([^<>]*)>([^<>,]*)")
_NEXT = frozenset({"rel=next", 'rel="next"'})


def referrers(
    repository: Repository, digest: str, *, artifact_type: str = ""
) -> tuple[Descriptor, ...]:
    """The manifests about `digest`; those of `artifact_type`, or all.

    Raises:
        RegistryError: The registry does not say.
        ContentRefused: What it says is no list, or one without an end.
    """
    found: list[Descriptor] = []
    what = f"what {repository} says of referrers"
    for answer in _pages(repository, digest):
        if answer.status == 404:
            found += _tagged(repository, digest)
        else:
            found += named(parse_document(answer.body, what), "manifests", what)
    return tuple(each for each in found if artifact_type in {"", each.artifact_type})


def _pages(repository: Repository, digest: str) -> Iterator[Answer]:
    """The pages of a registry's list; 404 where it has none."""
    path = f"/v2/{repository.name}/referrers/{digest}"
    for _ in range(_LIMIT_PAGES):
        answer = repository.registry.ask(
            Call(
                what=f"what there is about {repository.name}@{digest}",
                method="GET",
                path=path,
                access=repository.access,
                expected=frozenset({200, 404}),
                headers={"Accept": OCI_INDEX},
            )
        )
        yield answer
        path = _next_page(answer)
        if not path:
            return
    raise ContentRefused(f"what {repository} says of referrers has more than {_LIMIT_PAGES} pages")


def _next_page(answer: Answer) -> str:
    """The URL of the page after this one, on the same host; empty when this is the last."""
    links = _LINK.findall(answer.headers.get("Link", ""))
    targets = (target for target, said in links if _NEXT.intersection(_parameters(said)))
    target = next(targets, "")
    if not target:
        return ""
    try:
        url = urls.resolve(answer.url, target)
    except ValueError:
        url = ""
    if urls.origin(url) != urls.origin(answer.url):
        raise ContentRefused(
            f"{urls.host(answer.url)} has the next page of its referrers nowhere, or elsewhere",
            hint="is that a registry?",
        )
    return url


def _parameters(said: str) -> Iterator[str]:
    return ("".join(each.split()).lower() for each in said.split(";"))


def put_with_subject(repository: Repository, manifest: BytesContent) -> bool:
    """Put a manifest with a subject there; whether the registry lists it by that of itself.

    Raises:
        RegistryError: The registry does not take it.
    """
    return repository.put_manifest(manifest) == _subject(_parsed(manifest))


def list_by_subject(repository: Repository, manifests: Iterable[BytesContent]) -> None:
    """List manifests by their subjects, for a registry that does not; all of a subject at once.

    Raises:
        RegistryError: The registry does not take the list.
    """
    by_subject: dict[str, list[Descriptor]] = {}
    for manifest in manifests:
        document = _parsed(manifest)
        entry = Descriptor(
            media_type=manifest.descriptor.media_type,
            digest=manifest.descriptor.digest,
            size_bytes=manifest.descriptor.size_bytes,
            artifact_type=_artifact_type(document),
            annotations=document.get("annotations", {}),
        )
        by_subject.setdefault(_subject(document), []).append(entry)
    for subject, entries in by_subject.items():
        listed = _tagged(repository, subject)
        there = {each.digest for each in listed}
        new = [each for each in entries if each.digest not in there]
        if new:
            _put_list(repository, subject, (*listed, *new))


def _put_list(repository: Repository, subject: str, entries: Iterable[Descriptor]) -> None:
    index = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [each.document() for each in entries],
    }
    content = json.dumps(index, separators=(",", ":"), sort_keys=True).encode()
    repository.put_manifest(BytesContent.of(content, OCI_INDEX), tag=_tag(subject))


def _parsed(manifest: BytesContent) -> Mapping[str, Any]:
    return parse_document(manifest.content, "a manifest with a subject")


def _subject(document: Mapping[str, Any]) -> str:
    return str(document["subject"]["digest"])


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
