"""Kuma: its proxy in every pod, and the shares of revisions for callers inside the mesh."""

from __future__ import annotations

from wherry_build.manifests.coverage import Reason
from wherry_build.manifests.emission import Emission, PodAddition
from wherry_build.manifests.gateway_api.service_route import service_routes
from wherry_build.manifests.options import RenderOptions, Target
from wherry_build.manifests.routing_losses import NO_GATEWAY, percents_of_nobody
from wherry_build.manifests.topology import Topology

CARRIED: frozenset[str] = frozenset({"functions.*.revisions.*.percent"})
LOST: dict[str, Reason] = {
    **NO_GATEWAY,
    "mutual_tls": Reason(
        reason="Kuma says it for a whole mesh, in the Mesh object that operators own",
        instead="mtls of the Mesh",
    ),
    "functions.*.traffic_policy": Reason(
        reason="Kuma says it by MeshCircuitBreaker, MeshLoadBalancingStrategy and MeshTLS",
        instead="write these beside what is rendered, or --mesh istio",
    ),
    "functions.*.authorization": Reason(
        reason="Kuma says it by MeshTrafficPermission",
        instead="write that beside what is rendered, or --mesh istio",
    ),
}


def emit(topology: Topology, options: RenderOptions) -> Emission:
    """An HTTPRoute for each Service of a function with named revisions.

    Raises:
        ManifestError: A name made of two is too long.
    """
    if options.target is Target.KUBERNETES:
        return Emission(documents=tuple(service_routes(topology)))
    is_divided = options.target is Target.KNATIVE
    return Emission(losses=() if is_divided else percents_of_nobody(topology, routed=False))


def pod_addition(topology: Topology, options: RenderOptions) -> PodAddition:  # noqa: ARG001
    """What asks Kuma to stand in every pod."""
    return PodAddition(labels={"kuma.io/sidecar-injection": "enabled"})
