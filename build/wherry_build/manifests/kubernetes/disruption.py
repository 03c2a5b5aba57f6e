"""PodDisruptionBudget: how much of a function a drain of nodes may take at once.

A share, rounded up by Kubernetes, so that one instance can always be moved: a budget that blocks a
drain wakes somebody. It counts the instances of all revisions, and instances that are not well do
not hold up a drain.
"""

from __future__ import annotations

from wherry_build.manifests.document import Document, metadata
from wherry_build.manifests.kubernetes.naming import selector
from wherry_build.manifests.topology import Topology, Workload

MAX_UNAVAILABLE = "25%"


def disruption_budget_document(workload: Workload, topology: Topology) -> Document:
    """The PodDisruptionBudget of `workload`."""
    return Document(
        file=f"14-pod-disruption-budget-{workload.name}.yaml",
        value={
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": metadata(
                workload.name, namespace=topology.namespace, function=workload.name
            ),
            "spec": {
                "maxUnavailable": MAX_UNAVAILABLE,
                "selector": {"matchLabels": selector(workload.name)},
                "unhealthyPodEvictionPolicy": "AlwaysAllow",
            },
        },
    )
