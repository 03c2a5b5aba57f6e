"""Services: one for a function, one for each of its named revisions, one for each tag.

A Service shares calls among pods and knows no percents. A mesh that does asks for all pods of a
function behind its Service; without one, the Service of a function of which one revision gets all
calls leads to that revision alone, so that another can be made ready beside it. The port of metrics
is on Services that each pod is behind one of: those of revisions, where there are any.
"""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.manifests.document import Document, metadata
from wherry_build.manifests.emission import PodAddition
from wherry_build.manifests.kubernetes.naming import named, revision_name, selector, tag_name
from wherry_build.manifests.options import Mesh, RenderOptions
from wherry_build.manifests.topology import Topology, Workload
from wherry_build.manifests.yaml import Node

HTTP = "http"
METRICS = "metrics"
PORT = 80
_METRICS_PORT = 8081
_LAST_PORT = 65_535


def service_documents(
    workload: Workload, topology: Topology, options: RenderOptions, addition: PodAddition
) -> Iterator[Document]:
    """The Services of `workload`."""
    ports = _ports(addition)
    function = workload.name
    watched = _watched_ports(workload) if options.monitoring else []
    pods = selector(function, _sole(workload, options))
    own = ports if workload.versioned else ports + watched
    yield _document(function, topology, function, pods, own)
    for revision in named(workload):
        pods = selector(function, revision.name)
        name = revision_name(function, revision.name)
        yield _document(name, topology, function, pods, ports + watched)
        if revision.tag is not None:
            yield _document(tag_name(function, revision.tag), topology, function, pods, ports)


def metrics_port(workload: Workload) -> int | None:
    """The number of the port that the runtime has its metrics on; None where it has none."""
    said = workload.function.environment.get("WHERRY_METRICS_PORT")
    if not said:
        return _METRICS_PORT
    # 0 is a free port, which nobody finds; the runtime refuses what is neither a number nor `off`.
    return int(said) if said.isascii() and said.isdigit() and 0 < int(said) <= _LAST_PORT else None


def _watched_ports(workload: Workload) -> list[Node]:
    number = metrics_port(workload)
    if number is None:
        return []
    return [
        {
            "name": METRICS,
            "port": _METRICS_PORT,
            "targetPort": METRICS,
            "protocol": "TCP",
            "appProtocol": "http",
        }
    ]


def _sole(workload: Workload, options: RenderOptions) -> str:
    """The revision that gets all calls of a Service; empty where all pods are behind it."""
    if options.mesh is Mesh.ISTIO or not workload.versioned:
        return ""
    return next((each.name for each in workload.revisions if each.percent == 100), "")


def _document(
    name: str,
    topology: Topology,
    function: str,
    pods: dict[str, Node],
    ports: list[Node],
) -> Document:
    return Document(
        file=f"12-service-{name}.yaml",
        value={
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata(name, namespace=topology.namespace, function=function),
            "spec": {"type": "ClusterIP", "selector": pods, "ports": ports},
        },
    )


_OWN: Node = {
    "name": HTTP,
    "port": PORT,
    "targetPort": HTTP,
    "protocol": "TCP",
    "appProtocol": "http",
}


def _ports(addition: PodAddition) -> list[Node]:
    if not addition.ports:
        return [_OWN]
    return [
        {
            "name": port.name,
            "port": port.service,
            # Of a native sidecar the name is not found before Kubernetes 1.32 (issue 127958).
            "targetPort": port.container,
            "protocol": "TCP",
            "appProtocol": "https" if port.name.startswith("https") else "http",
        }
        for port in addition.ports
    ]
