"""The Gateway API: a Gateway and an HTTPRoute for each route, for whatever implements them."""

from __future__ import annotations

from wherry_build.manifests.coverage import Reason
from wherry_build.manifests.emission import Emission, PodAddition, together
from wherry_build.manifests.gateway_api.backends import grant
from wherry_build.manifests.gateway_api.gateway import gateway
from wherry_build.manifests.gateway_api.http_route import http_routes
from wherry_build.manifests.options import RenderOptions, Target
from wherry_build.manifests.routing import served_hosts
from wherry_build.manifests.routing_losses import percents_of_nobody
from wherry_build.manifests.topology import Topology

CARRIED: frozenset[str] = frozenset(
    {
        "hosts", "routes.*.host", "routes.*.path", "routes.*.methods", "routes.*.headers",
        "routes.*.function", "routes.*.split", "routes.*.rewrite", "routes.*.timeout",
        "routes.*.mirror", "routes.*.cors", "functions.*.revisions.*.percent",
    }
)  # fmt: skip
"""What depends on the platform or on a value as well is among the losses of `emit`."""
_NOT_A_MESH = Reason(
    reason="the Gateway API says how calls are routed, and nothing of who makes them or how",
    instead="--mesh istio",
)
LOST: dict[str, Reason] = {
    "mutual_tls": _NOT_A_MESH,
    "functions.*.traffic_policy": _NOT_A_MESH,
    "functions.*.authorization": _NOT_A_MESH,
    "routes.*.retries": Reason(
        reason="retries are among the API's experiments; the gateway's own are in force",
        instead="--mesh istio",
    ),
    "routes.*.fault": Reason(
        reason="the Gateway API has no faults on purpose", instead="--mesh istio"
    ),
}


def emit(topology: Topology, options: RenderOptions) -> Emission:
    """The Gateway of all hosts, and their routes.

    Raises:
        InvalidName: The gateway's class is no name of one.
        ManifestError: There is no host, too many of them, or a name made of two is too long.
    """
    target = options.target
    granted = grant(topology, target)
    return together(
        [
            Emission(documents=(granted,) if granted is not None else ()),
            gateway(topology, served_hosts(topology), gateway_class=options.gateway_class),
            http_routes(topology, target),
            Emission(losses=percents_of_nobody(topology) if target is not Target.KNATIVE else ()),
        ]
    )


def pod_addition(topology: Topology, options: RenderOptions) -> PodAddition:  # noqa: ARG001
    """Nothing: a gateway stands in front of pods, and in none of them."""
    return PodAddition()
