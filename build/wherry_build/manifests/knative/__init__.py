"""Knative: a Service for each function, and what brings it its events."""

from __future__ import annotations

from wherry_build.manifests.coverage import Reason
from wherry_build.manifests.emission import Emission, PodAddition
from wherry_build.manifests.knative.service import knative_documents
from wherry_build.manifests.options import RenderOptions
from wherry_build.manifests.topology import Topology

CARRIED: frozenset[str] = frozenset(
    {
        "namespace",
        "functions.*.environment", "functions.*.labels", "functions.*.annotations",
        "functions.*.timeout", "functions.*.event_types", "functions.*.resources.requests",
        "functions.*.resources.limits.memory", "functions.*.scale.min", "functions.*.scale.max",
        "functions.*.concurrency", "functions.*.scale.target", "functions.*.scale.metric",
        "functions.*.scale.zero",
    }
)  # fmt: skip
LOST: dict[str, Reason] = {}


def emit(topology: Topology, options: RenderOptions, addition: PodAddition) -> Emission:
    """The Service of each function, and its Trigger."""
    warnings = tuple(
        f"{name}: takes events of any type; it gets no Trigger"
        for name, workload in topology.workloads.items()
        if not workload.function.declarations.http
        and not workload.function.declarations.event_types
    )
    documents = [
        document
        for workload in topology.workloads.values()
        for document in knative_documents(
            workload, namespace=topology.namespace, mesh=bool(addition.labels)
        )
    ]
    return Emission(documents=tuple(documents), warnings=warnings)
