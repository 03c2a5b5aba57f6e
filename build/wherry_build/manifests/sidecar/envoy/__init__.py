"""Envoy beside each function, with the project's routes."""

from __future__ import annotations

from wherry_build.manifests.coverage import Reason
from wherry_build.manifests.emission import Emission, PodAddition
from wherry_build.manifests.options import RenderOptions
from wherry_build.manifests.sidecar import emission
from wherry_build.manifests.sidecar.envoy.kind import ENVOY
from wherry_build.manifests.sidecar.table import route_table
from wherry_build.manifests.topology import Topology

CARRIED: frozenset[str] = frozenset(
    {
        "hosts", "routes",
        "functions.*.traffic_policy.connection_pool",
        "functions.*.traffic_policy.outlier_detection",
        "functions.*.traffic_policy.load_balancing",
    }
)  # fmt: skip
_NO_IDENTITY = Reason(
    reason="the sidecars have no certificates of their callers; calls between pods are plain HTTP",
    instead="--mesh istio",
)
LOST: dict[str, Reason] = {
    "mutual_tls": _NO_IDENTITY,
    "functions.*.traffic_policy.mutual_tls": _NO_IDENTITY,
}


def emit(topology: Topology, options: RenderOptions) -> Emission:  # noqa: ARG001 - the contract
    """The configuration of every Envoy, and the Services of the pods that it calls.

    Raises:
        ManifestError: The configuration is too large, or a name is not to be had.
    """
    return emission.emission(ENVOY, route_table(topology), topology)


def pod_addition(topology: Topology, options: RenderOptions) -> PodAddition:
    """Envoy's container, and what it needs."""
    return emission.pod_addition(ENVOY, route_table(topology), topology, options)
