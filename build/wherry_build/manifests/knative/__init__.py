"""Knative: a Service for each function, what brings it events and where its own go."""

from __future__ import annotations

from wherry_build.manifests.coverage import Reason
from wherry_build.manifests.emission import Emission, PodAddition, together
from wherry_build.manifests.knative.domain import domains
from wherry_build.manifests.knative.eventing import eventing
from wherry_build.manifests.knative.schedule import schedules
from wherry_build.manifests.knative.service import services
from wherry_build.manifests.knative.sink_binding import sink_bindings
from wherry_build.manifests.options import Mesh, RenderOptions
from wherry_build.manifests.topology import Topology

CARRIED: frozenset[str] = frozenset(
    {
        "namespace", "registry.pull_secrets", "functions.*.environment",
        "functions.*.environment_files", "functions.*.secrets", "functions.*.resources",
        "functions.*.scale", "functions.*.concurrency", "functions.*.timeout",
        "functions.*.probes", "functions.*.labels", "functions.*.annotations",
        "functions.*.service_account", "functions.*.nodes", "functions.*.read_only_root",
        "functions.*.event_types", "functions.*.sink", "functions.*.revisions",
        "brokers", "triggers", "schedules",
    }
)  # fmt: skip
LOST: dict[str, Reason] = {
    "functions.*.methods": Reason(
        reason="Knative sends a function every method; the handler refuses what it does not answer",
        instead="@http(methods=...) on the handler",
    ),
}


def emit(topology: Topology, options: RenderOptions, addition: PodAddition) -> Emission:
    """The Service of each function, its events, and its hosts where no mesh serves them.

    Raises:
        ManifestError: Knative would refuse what the project says, by name.
    """
    return together(
        [
            services(topology, addition),
            eventing(topology),
            schedules(topology),
            sink_bindings(topology),
            domains(topology) if options.mesh is Mesh.NONE else Emission(),
        ]
    )
