"""Rules over revisions and the traffic between them: KNA002, KNA007, KNA014, KNA016."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from wherry_build.lint.bundle import Bundle, grouped, may_share_namespace
from wherry_build.lint.document import Document
from wherry_build.lint.finding import Severity
from wherry_build.lint.knative.kinds import SERVING
from wherry_build.lint.node import Keys, Node, entries, mapping, number, text
from wherry_build.lint.rule import Fault, fault, rule

_WHOLE = 100
_LABEL_LIMIT = 63
_TAG = re.compile(r"[a-z](?:[a-z0-9-]*[a-z0-9])?")
_ORDERED = re.compile(r"(\d+)[-_.].*")
_TEMPLATE_NAME: Keys = ("spec", "template", "metadata", "name")


@rule("KNA002", Severity.ERROR, "a split of traffic that Knative refuses")
def splits(bundle: Bundle) -> Iterator[Fault]:
    """Percentages of 100 in all, each tag once, one way of naming each revision."""
    for document in _with_traffic(bundle):
        percents: list[int] = []
        tags: set[str] = set()
        for keys, item in entries(document.node, "spec", "traffic"):
            target = mapping(item)
            yield from _target(document, keys, target)
            tag = text(target.get("tag"))
            if tag and tag in tags:
                yield fault(
                    document,
                    (*keys, "tag"),
                    f"got tag {tag!r} twice, expected each tag once",
                    hint="give each target its own tag",
                )
            tags.add(tag)
            percents.append(number(target.get("percent")) or 0)
        if percents and sum(percents) != _WHOLE:
            yield fault(
                document,
                ("spec", "traffic"),
                f"got percentages that add up to {sum(percents)}, expected {_WHOLE}",
                hint="a target with a tag only needs no percent",
            )


def _with_traffic(bundle: Bundle) -> tuple[Document, ...]:
    return (*bundle.of_kind("Service", SERVING), *bundle.of_kind("Route", SERVING))


def _target(document: Document, keys: Keys, target: Node) -> Iterator[Fault]:
    named = [key for key in ("revisionName", "configurationName") if target.get(key)]
    latest = target.get("latestRevision")
    if document.kind == "Service":
        for key in ("configurationName", "url"):
            if key in target:
                yield fault(
                    document,
                    (*keys, key),
                    f"got {key}, which the traffic of a Service may not have",
                    hint="name a revision, or say latestRevision: true",
                )
    if latest is True and "revisionName" in named:
        yield fault(
            document,
            (*keys, "latestRevision"),
            f"got latestRevision with revisionName {target['revisionName']!r}, expected one of "
            "them",
            hint="leave one away",
        )
    if latest is False and not named:
        yield fault(
            document,
            (*keys, "latestRevision"),
            "got latestRevision false and no revisionName",
            hint="name the revision",
        )
    percent = number(target.get("percent"))
    if percent is not None and not 0 <= percent <= _WHOLE:
        yield fault(document, (*keys, "percent"), f"got percent {percent}, expected 0 to {_WHOLE}")
    tag = text(target.get("tag"))
    if tag and not (_TAG.fullmatch(tag) and len(tag) <= _LABEL_LIMIT):
        yield fault(
            document,
            (*keys, "tag"),
            f"got tag {tag!r}, expected lower-case letters, digits and dashes, a letter first",
        )


@rule("KNA007", Severity.ERROR, "a revision's name does not begin with its Service's")
def revision_names(bundle: Bundle) -> Iterator[Fault]:
    """Knative refuses a template whose name lacks the prefix."""
    for document in (
        *bundle.of_kind("Service", SERVING),
        *bundle.of_kind("Configuration", SERVING),
    ):
        named = text(document.get(*_TEMPLATE_NAME))
        if named and document.name and not _is_revision_of(named, document.name):
            yield fault(
                document,
                _TEMPLATE_NAME,
                f"got revision {named!r}, expected a name that begins with {document.name + '-'!r}",
                hint=f"call it {document.name}-{named}",
            )


@rule("KNA014", Severity.ERROR, "a split names a revision that there is not, or not yet")
def unknown_revisions(bundle: Bundle) -> Iterator[Fault]:
    """Such a Service never gets Ready. What a cluster has kept of earlier ones is not known."""
    services = bundle.of_kind("Service", SERVING)
    same = grouped(((each.name, each.namespace), each) for each in services)
    listed = grouped(
        (text(each.get("metadata", "labels", "serving.knative.dev/service")), each)
        for each in bundle.of_kind("Revision", SERVING)
    )
    for document in services:
        known = _listed_revisions(listed.get(document.name, []), document)
        later = _later_revisions(document, same[document.name, document.namespace])
        for keys, item in entries(document.node, "spec", "traffic"):
            named = text(mapping(item).get("revisionName"))
            reason = ""
            if not named or not document.name:
                continue
            if not _is_revision_of(named, document.name):
                reason = f"expected one whose name begins with {document.name + '-'!r}"
            elif named in later:
                reason = f"and it is made only later, by {later[named]}"
            elif known and named not in known:
                reason = f"expected one of {', '.join(sorted(known))}"
            if reason:
                yield fault(
                    document,
                    (*keys, "revisionName"),
                    f"got revision {named!r}, {reason}",
                    hint="make the revision with a first apply, and shift traffic with a second",
                )


def _is_revision_of(revision: str, service: str) -> bool:
    return revision.startswith(f"{service}-") and len(revision) > len(service) + 1


def _listed_revisions(revisions: list[Document], document: Document) -> set[str]:
    """Revisions of the Service that are given as objects, with the one it makes itself."""
    listed = {
        each.name for each in revisions if may_share_namespace(each.namespace, document.namespace)
    }
    own = text(document.get(*_TEMPLATE_NAME))
    return listed | {own} if listed and own else listed


def _later_revisions(document: Document, same: list[Document]) -> dict[str, str]:
    """Revisions that only a later step of ordered files makes (`1-deploy`, `2-shift`)."""
    later: dict[str, str] = {}
    made: set[str] = set()
    for other in same:
        named = text(other.get(*_TEMPLATE_NAME))
        if _is_before(document.path, other.path):
            later.setdefault(named, other.path)
        else:
            made.add(named)
    return {named: path for named, path in later.items() if named not in made}


def _is_before(path: str, other: str) -> bool:
    """Whether two files differ by the number of a step, and `path` has the lower one."""
    for one, two in zip(PurePath(path).parts, PurePath(other).parts, strict=False):
        if one != two:
            steps = _ORDERED.fullmatch(one), _ORDERED.fullmatch(two)
            return bool(steps[0] and steps[1] and int(steps[0][1]) < int(steps[1][1]))
    return False


@rule("KNA016", Severity.WARNING, "tag and name of a Service make a host label that is too long")
def long_tags(bundle: Bundle) -> Iterator[Fault]:
    """A tagged revision is reached at `tag-name.namespace...`."""
    for document in _with_traffic(bundle):
        for keys, item in entries(document.node, "spec", "traffic"):
            tag = text(mapping(item).get("tag"))
            label = f"{tag}-{document.name}"
            if tag and len(label) > _LABEL_LIMIT:
                yield fault(
                    document,
                    (*keys, "tag"),
                    f"got {label!r} with {len(label)} characters, expected at most {_LABEL_LIMIT}",
                    hint="choose a shorter tag",
                )
