"""OpenFaaS: the stack file that unmodified faas-cli reads."""

from __future__ import annotations

from wherry_build import names
from wherry_build.manifests.coverage import Reason
from wherry_build.manifests.emission import Emission, PodAddition
from wherry_build.manifests.openfaas.stack import stack_document
from wherry_build.manifests.options import RenderOptions
from wherry_build.manifests.topology import Topology

CARRIED: frozenset[str] = frozenset(
    {
        "functions.*.environment", "functions.*.labels", "functions.*.annotations",
        "functions.*.timeout", "functions.*.event_types", "functions.*.resources.requests",
        "functions.*.resources.limits.memory", "functions.*.scale.min", "functions.*.scale.max",
    }
)  # fmt: skip
LOST: dict[str, Reason] = {}


def emit(topology: Topology, options: RenderOptions, addition: PodAddition) -> Emission:
    """The stack file."""
    stack = stack_document(
        [(each.function, each.newest.image) for each in topology.workloads.values()],
        gateway=names.url(options.gateway),
        working_directory=options.working_directory,
    )
    return Emission(documents=(stack,))
