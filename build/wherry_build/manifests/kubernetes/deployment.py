"""Deployment: the pods of one revision, and how a new template replaces them.

An instance is taken away only when another one is ready in its place. How many there are belongs
to the autoscaler wherever there is one, so `replicas` is left out there: applying the file again
must not undo what it decided.
"""

from __future__ import annotations

from wherry_build.manifests.document import Document, labels, metadata
from wherry_build.manifests.emission import PodAddition
from wherry_build.manifests.kubernetes.autoscaling import is_scaled, least
from wherry_build.manifests.kubernetes.naming import VERSION, revision_name, selector
from wherry_build.manifests.kubernetes.pod import pod_template
from wherry_build.manifests.options import RenderOptions
from wherry_build.manifests.topology import Revision, Topology, Workload
from wherry_build.manifests.yaml import Node

_KEPT = 5
"""Templates before this one that `kubectl rollout undo` can go back to."""


def deployment_document(
    workload: Workload,
    revision: Revision,
    topology: Topology,
    options: RenderOptions,
    addition: PodAddition,
) -> Document:
    """The Deployment of `revision`."""
    name = revision_name(workload.name, revision.name)
    head = metadata(name, namespace=topology.namespace, function=workload.name)
    if revision.name:
        head["labels"] = {**labels(workload.name), VERSION: revision.name}
    spec: dict[str, Node] = {} if is_scaled(workload) else {"replicas": least(workload)}
    return Document(
        file=f"10-deployment-{name}.yaml",
        value={
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": head,
            "spec": {
                **spec,
                "revisionHistoryLimit": _KEPT,
                "selector": {"matchLabels": selector(workload.name, revision.name)},
                "strategy": {
                    "type": "RollingUpdate",
                    "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0},
                },
                "template": pod_template(workload, revision, topology, options, addition),
            },
        },
    )
