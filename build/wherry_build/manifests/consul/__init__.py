"""Consul: its proxy in every pod, and nothing beyond."""

from __future__ import annotations

from wherry_build.manifests.coverage import Reason
from wherry_build.manifests.emission import Emission, PodAddition
from wherry_build.manifests.options import RenderOptions, Target
from wherry_build.manifests.routing_losses import NO_GATEWAY, percents_of_nobody
from wherry_build.manifests.topology import Topology

CARRIED: frozenset[str] = frozenset({"functions.*.revisions.*.percent"})
"""On Knative alone, which divides the calls itself; elsewhere it is among the losses of `emit`."""
LOST: dict[str, Reason] = {
    **NO_GATEWAY,
    "mutual_tls": Reason(
        reason="Consul's proxies always show certificates of the mesh, and say whom they let in by "
        "ServiceIntentions",
    ),
    "functions.*.traffic_policy": Reason(
        reason="Consul says it by ServiceDefaults and ServiceResolver",
        instead="write these beside what is rendered, or --mesh istio",
    ),
    "functions.*.authorization": Reason(
        reason="Consul says it by ServiceIntentions",
        instead="write these beside what is rendered, or --mesh istio",
    ),
}


def emit(topology: Topology, options: RenderOptions) -> Emission:
    """Nothing but what is lost: Consul divides calls by kinds of its own."""
    if options.target is Target.KNATIVE:
        return Emission()
    return Emission(losses=percents_of_nobody(topology, routed=False))


def pod_addition(topology: Topology, options: RenderOptions) -> PodAddition:  # noqa: ARG001
    """What asks Consul to stand in every pod."""
    return PodAddition(annotations={"consul.hashicorp.com/connect-inject": "true"})
