"""Istio: the gateway, the routes behind it, how functions are called and by whom."""

from __future__ import annotations

from wherry_build.manifests.coverage import Reason
from wherry_build.manifests.emission import Emission, PodAddition, together
from wherry_build.manifests.istio.authorization import authorization_policies
from wherry_build.manifests.istio.destination_rule import destination_rules
from wherry_build.manifests.istio.gateway import gateway
from wherry_build.manifests.istio.peer_authentication import peer_authentications
from wherry_build.manifests.istio.routing import virtual_services
from wherry_build.manifests.options import KubeVersion, RenderOptions, Target
from wherry_build.manifests.routing import served_hosts
from wherry_build.manifests.routing_losses import percents_of_nobody
from wherry_build.manifests.topology import Topology

CARRIED: frozenset[str] = frozenset(
    {
        "hosts", "routes", "mutual_tls",
        "functions.*.traffic_policy", "functions.*.authorization",
        "functions.*.revisions.*.percent",
    }
)  # fmt: skip
"""What depends on the platform or on a value as well is among the losses of `emit`."""
LOST: dict[str, Reason] = {}
_NATIVE_SIDECARS = KubeVersion(1, 33)
"""From here on Istio's sidecar starts before the function by itself."""


def emit(topology: Topology, options: RenderOptions) -> Emission:
    """The gateway of all hosts, their routes, and the policies of functions.

    Raises:
        ManifestError: There is no host, or a name made of two is too long.
    """
    target = options.target
    return together(
        [
            peer_authentications(topology, target),
            authorization_policies(topology, target),
            destination_rules(topology, target),
            gateway(topology, served_hosts(topology)),
            virtual_services(topology, target),
            Emission(losses=percents_of_nobody(topology) if target is Target.OPENFAAS else ()),
        ]
    )


def pod_addition(topology: Topology, options: RenderOptions) -> PodAddition:  # noqa: ARG001
    """What asks Istio to stand in every pod."""
    annotations = {"sidecar.istio.io/rewriteAppHTTPProbers": "true"}
    if options.kube_version < _NATIVE_SIDECARS:
        annotations["proxy.istio.io/config"] = "holdApplicationUntilProxyStarts: true"
    return PodAddition(labels={"sidecar.istio.io/inject": "true"}, annotations=annotations)
