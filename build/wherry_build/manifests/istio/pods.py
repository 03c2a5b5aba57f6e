"""The pods of a function as policies select them, and the Services that callers dial for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wherry_build.manifests.options import Target
from wherry_build.manifests.routing_backends import revision_name
from wherry_build.manifests.topology import Topology, Workload
from wherry_build.manifests.yaml import Node

_SELECTED_BY = {
    Target.KUBERNETES: "app.kubernetes.io/name",
    Target.KNATIVE: "serving.knative.dev/service",
    Target.OPENFAAS: "faas_function",
}
REVISION_LABEL = "version"
"""Label of a Deployment's pods with the name of their revision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pods:
    """Pods that policies select together.

    Attributes:
        name: Name of the function; on OpenFaaS, where each revision is one, `hello-v1`.
        workload: The function.
        labels: Labels that select them.
    """

    name: str
    workload: Workload
    labels: dict[str, Node]


def pods(topology: Topology, target: Target) -> Iterator[Pods]:
    """Those of each function; on OpenFaaS of each revision.

    Raises:
        ManifestError: A name made of two is too long.
    """
    key = _SELECTED_BY[target]
    for name, workload in topology.workloads.items():
        names = [name]
        if target is Target.OPENFAAS:
            names = [revision_name(name, each.name) for each in workload.revisions]
        for each in names:
            yield Pods(name=each, workload=workload, labels={key: each})
