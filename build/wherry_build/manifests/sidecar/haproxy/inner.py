"""HAProxy beside each function, where a mesh or Knative carries the routes."""

from __future__ import annotations

from wherry_build.manifests.emission import Emission, PodAddition
from wherry_build.manifests.options import RenderOptions
from wherry_build.manifests.sidecar import emission
from wherry_build.manifests.sidecar.emission import INNER_LOST as LOST  # noqa: F401 - the contract
from wherry_build.manifests.sidecar.haproxy.kind import HAPROXY
from wherry_build.manifests.sidecar.table import function_table
from wherry_build.manifests.topology import Topology

CARRIED: frozenset[str] = frozenset()


def emit(topology: Topology, options: RenderOptions) -> Emission:  # noqa: ARG001 - the contract
    """The configuration of every HAProxy."""
    return emission.emission(HAPROXY, function_table(topology), topology)


def pod_addition(topology: Topology, options: RenderOptions) -> PodAddition:
    """HAProxy's container, and what it needs."""
    return emission.pod_addition(HAPROXY, function_table(topology), topology, options)
