"""DestinationRules: how callers connect to a function, and the subsets of its Service.

They say nothing of TLS: the mesh finds out by itself what a pod takes, and what a pod demands is in
PeerAuthentication. A Knative Service has none, for its host leads to Knative's gateway.
"""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.manifests.document import Document
from wherry_build.manifests.emission import Emission, Loss
from wherry_build.manifests.istio.names import document, service_host
from wherry_build.manifests.istio.pods import REVISION_LABEL, Pods, pods
from wherry_build.manifests.options import Target
from wherry_build.manifests.topology import Topology
from wherry_build.manifests.yaml import Node
from wherry_build.project.specification.amounts import Duration
from wherry_build.project.specification.traffic import (
    ConnectionPool,
    OutlierDetection,
    TrafficPolicy,
)

_PARTS = ("connection_pool", "outlier_detection", "load_balancing")
_KNATIVE_REASON = "Knative's gateway calls the pods of a revision, as Knative tells it to"


def destination_rules(topology: Topology, target: Target) -> Emission:
    """The DestinationRule of each Service that needs one.

    Raises:
        ManifestError: A name made of two is too long.
    """
    if target is Target.KNATIVE:
        return Emission(losses=tuple(_lost(topology)))
    return Emission(documents=tuple(_documents(topology, target)))


def _lost(topology: Topology) -> Iterator[Loss]:
    for name, workload in topology.workloads.items():
        policy = workload.said.traffic_policy
        for part in _PARTS if policy is not None else ():
            if getattr(policy, part) is not None:
                yield Loss(
                    key=f"functions.{name}.traffic_policy.{part}",
                    reason=_KNATIVE_REASON,
                    instead="--target kubernetes",
                )


def _documents(topology: Topology, target: Target) -> Iterator[Document]:
    for each in pods(topology, target):
        spec: dict[str, Node] = {"host": service_host(each.name, topology.namespace)}
        policy = each.workload.said.traffic_policy
        written = _traffic_policy(policy) if policy is not None else {}
        if written:
            spec["trafficPolicy"] = written
        if target is Target.KUBERNETES and each.workload.versioned:
            spec["subsets"] = _subsets(each)
        if len(spec) > 1:
            function = each.workload.name
            yield document("DestinationRule", each.name, spec, topology, function=function)


def _subsets(each: Pods) -> list[Node]:
    return [
        {"name": revision.name, "labels": {REVISION_LABEL: revision.name}}
        for revision in each.workload.revisions
    ]


def _traffic_policy(said: TrafficPolicy) -> dict[str, Node]:
    node: dict[str, Node] = {}
    if said.load_balancing is not None:
        node["loadBalancer"] = {"simple": said.load_balancing.value.upper()}
    pool = _connection_pool(said.connection_pool) if said.connection_pool is not None else {}
    if pool:
        node["connectionPool"] = pool
    outlier = _outlier(said.outlier_detection) if said.outlier_detection is not None else {}
    if outlier:
        node["outlierDetection"] = outlier
    return node


def _connection_pool(said: ConnectionPool) -> dict[str, Node]:
    tcp = _said(
        {"maxConnections": said.max_connections, "connectTimeout": _text(said.connect_timeout)}
    )
    http = _said(
        {
            "http1MaxPendingRequests": said.max_pending,
            "maxRequestsPerConnection": said.max_requests_per_connection,
        }
    )
    return _said({"tcp": tcp or None, "http": http or None})


def _outlier(said: OutlierDetection) -> dict[str, Node]:
    return _said(
        {
            "consecutive5xxErrors": said.consecutive_5xx,
            "interval": _text(said.interval),
            "baseEjectionTime": _text(said.ejection_time),
            "maxEjectionPercent": said.max_ejected,
        }
    )


def _text(said: Duration | None) -> str | None:
    return str(said) if said is not None else None


def _said(node: dict[str, Node]) -> dict[str, Node]:
    return {key: value for key, value in node.items() if value is not None}
