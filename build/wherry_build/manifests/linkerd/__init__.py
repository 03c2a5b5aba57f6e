"""Linkerd: its proxy in every pod, and the shares of revisions for callers inside the mesh."""

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
        reason="Linkerd's proxies use certificates of the mesh by themselves, and let others in",
        instead="config.linkerd.io/default-inbound-policy: all-authenticated on the namespace",
    ),
    "functions.*.traffic_policy": Reason(
        reason="Linkerd balances by latency, and breaks circuits by annotations of the Service",
        instead="balancer.linkerd.io/failure-accrual on the Service",
    ),
    "functions.*.authorization": Reason(
        reason="Linkerd says it by Server, AuthorizationPolicy and MeshTLSAuthentication",
        instead="write these beside what is rendered, or --mesh istio",
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
    """What asks Linkerd to stand in every pod."""
    return PodAddition(annotations={"linkerd.io/inject": "enabled"})
