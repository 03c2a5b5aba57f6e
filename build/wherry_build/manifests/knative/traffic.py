"""Revisions of a Knative Service, their names and tags, and the traffic between them.

Knative keeps a revision for good once it was made: only the newest is written, and traffic names
the older ones, which must be there.
"""

from __future__ import annotations

from wherry_build.errors import ManifestError
from wherry_build.manifests.emission import Emission, Loss
from wherry_build.manifests.topology import Revision, Topology, Workload
from wherry_build.manifests.yaml import Node

LIMIT_LABEL = 63


def revision_name(workload: Workload, revision: Revision) -> str:
    """The name of a revision in the cluster.

    Raises:
        ManifestError: It is too long for one.
    """
    name = f"{workload.name}-{revision.name}"
    if len(name) > LIMIT_LABEL:
        raise ManifestError(
            f"revision {name!a}: got {len(name)} characters, expected at most {LIMIT_LABEL}",
            hint=f"a shorter name than {revision.name!a} under functions.{workload.name}.revisions",
        )
    return name


def named_by_routes(topology: Topology) -> frozenset[tuple[str, str]]:
    """Function and revision of each revision that a route names by itself."""
    return frozenset(
        (backend.function, backend.revision)
        for rule in topology.routes
        for backend in rule.backends
        if backend.revision
    )


def tags(workload: Workload, named: frozenset[tuple[str, str]]) -> dict[str, str]:
    """The tag of each revision that has one; one that a route names has its name at least.

    Args:
        workload: The function.
        named: What `named_by_routes` gives.

    Raises:
        ManifestError: Two revisions have one tag, or a tag makes a host name that is too long.
    """
    said = {each.name: each.tag for each in workload.revisions if each.tag is not None}
    taken = set(said.values())
    found: dict[str, str] = {}
    for revision in workload.revisions:
        where = f"functions.{workload.name}.revisions.{revision.name}"
        is_named = (workload.name, revision.name) in named
        tag = said.get(revision.name, revision.name if is_named else "")
        if revision.name not in said and tag in taken:
            raise ManifestError(
                f"{where}: a route names it, so it needs a tag, and another revision has {tag!a}",
                hint=f"{where}.tag: NAME",
            )
        if len(tag) + 1 + len(workload.name) > LIMIT_LABEL and tag:
            raise ManifestError(
                f"{where}: it is reached at the host '{tag}-{workload.name}', whose first label "
                f"is longer than {LIMIT_LABEL} characters",
                hint=f"{where}.tag: a shorter one",
            )
        if tag:
            found[revision.name] = tag
    return found


def traffic(workload: Workload, named: frozenset[tuple[str, str]]) -> list[Node]:
    """The share of each revision; empty where the revisions have no names.

    The newest is `latestRevision`: the Service that says its share is what makes it, and a route
    that named it would not be ready before it is there.
    """
    if not workload.versioned:
        return []
    tag_of = tags(workload, named)
    return [
        {
            **(
                {"latestRevision": True}
                if revision is workload.newest
                else {"revisionName": revision_name(workload, revision)}
            ),
            "percent": revision.percent,
            **({"tag": tag_of[revision.name]} if revision.name in tag_of else {}),
        }
        for revision in workload.revisions
    ]


def notes(workload: Workload) -> Emission:
    """What is to be known of the revisions that are not written."""
    older = workload.revisions[:-1]
    if not older:
        return Emission()
    names = ", ".join(revision_name(workload, each) for each in older)
    warning = (
        f"{workload.name}: traffic names {names}, which must be in the cluster already; "
        "--canary adds a revision to those that are"
    )
    return Emission(
        warnings=(warning,),
        losses=tuple(
            Loss(
                key=f"functions.{workload.name}.revisions.{each.name}.image",
                reason="a Service makes its newest revision only; an older one keeps the image "
                "that it was made with",
            )
            for each in older
            if workload.said.revisions[each.name].image is not None
        ),
    )
