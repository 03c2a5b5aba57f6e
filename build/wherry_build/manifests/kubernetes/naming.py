"""What the objects of a function are called, and by which labels its pods are selected.

Selectors are made of what never changes, the names of function and revision: a Deployment's cannot
be changed later. It knows no object.
"""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.errors import ManifestError
from wherry_build.manifests.topology import Revision, Topology, Workload
from wherry_build.manifests.yaml import Node

NAME = "app.kubernetes.io/name"
VERSION = "version"
"""Label of a revision's pods, by which subsets of a mesh select them."""
LIMIT_NAME = 63
_CLUSTERS_OWN = ("default", "kubernetes")
"""Namespace and name of the Service of the cluster's own API."""


def revision_name(function: str, revision: str) -> str:
    """What the objects of one revision are called, `hello-v1`; `hello` where it has no name."""
    return f"{function}-{revision}" if revision else function


def tag_name(function: str, tag: str) -> str:
    """The Service of a tag, `canary-hello`, which is also what Knative calls it."""
    return f"{tag}-{function}"


def selector(function: str, revision: str = "") -> dict[str, Node]:
    """Labels that select the pods of `function`, or those of one of its revisions."""
    return {NAME: function, **({VERSION: revision} if revision else {})}


def check_names(topology: Topology) -> None:
    """See that every object has a name of its own that Kubernetes takes.

    Raises:
        ManifestError: A name is too long or the cluster's own, or two are one.
    """
    taken: dict[str, str] = {}
    if topology.namespace == _CLUSTERS_OWN[0]:
        taken[_CLUSTERS_OWN[1]] = "the cluster's own API"
    for name, owner in _names(topology):
        if len(name) > LIMIT_NAME:
            raise ManifestError(
                f"{owner}: its Service would be called {name!r}, {len(name)} characters, "
                f"expected at most {LIMIT_NAME}",
                hint="give it a shorter name",
            )
        other = taken.setdefault(name, owner)
        if other != owner:
            raise ManifestError(
                f"{other} and {owner}: both Services would be called {name!r}",
                hint="rename one of them",
            )


def _names(topology: Topology) -> Iterator[tuple[str, str]]:
    """Each name with what it is for."""
    for function in topology.workloads:
        yield function, f"function {function!r}"
    for function, workload in topology.workloads.items():
        for revision in named(workload):
            owner = f"revision {revision.name!r} of {function!r}"
            yield revision_name(function, revision.name), owner
            if revision.tag is not None:
                yield tag_name(function, revision.tag), f"tag {revision.tag!r} of {function!r}"


def named(workload: Workload) -> tuple[Revision, ...]:
    """The revisions of `workload` that have a name."""
    return workload.revisions if workload.versioned else ()
