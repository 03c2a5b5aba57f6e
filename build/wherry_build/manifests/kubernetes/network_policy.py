"""NetworkPolicy: what may reach the pods of a function, and by which ports.

Everything else is refused. Where `authorization` says who may call, callers of other namespaces are
refused as well; what a policy of the network cannot tell apart is for a mesh. What pods themselves
may reach is left open.
"""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.manifests.document import Document, metadata
from wherry_build.manifests.emission import Loss, PodAddition
from wherry_build.manifests.kubernetes.naming import selector
from wherry_build.manifests.kubernetes.service import metrics_port
from wherry_build.manifests.options import Mesh, RenderOptions, Sidecar
from wherry_build.manifests.topology import Topology, Workload
from wherry_build.manifests.yaml import Node

_NAMESPACE = "kubernetes.io/metadata.name"
_TUNNELS = {Mesh.LINKERD: (4143,), Mesh.CONSUL: (20000,)}
"""Ports that a mesh's proxies pass calls to each other by, in place of the function's."""
_TELEMETRY = {
    Mesh.ISTIO: (15020, 15090),
    Mesh.LINKERD: (4191,),
    Mesh.KUMA: (5670,),
    Mesh.CONSUL: (20200,),
}
"""Ports that a mesh's proxies have their own metrics on."""


def network_policy_document(
    workload: Workload,
    topology: Topology,
    options: RenderOptions,
    addition: PodAddition,
    *,
    port: int,
    routed: bool,
) -> Document:
    """The NetworkPolicy of `workload`.

    Args:
        workload: The function.
        topology: What is rendered.
        options: What it is rendered for.
        addition: What is added to its pods.
        port: The function's own port.
        routed: Whether a route that the file says leads to it.
    """
    own = [each.container for each in addition.ports] or [port]
    calls = (*own, *_TUNNELS.get(options.mesh, ()))
    ingress = list(_callers(workload, topology, options, calls, routed))
    watched = _TELEMETRY.get(options.mesh, ())
    number = metrics_port(workload)
    if options.monitoring and number is not None:
        watched = (number, *watched)
    if watched:
        ingress.append({"ports": _ports(watched)})
    return Document(
        file=f"05-network-policy-{workload.name}.yaml",
        value={
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": metadata(
                workload.name, namespace=topology.namespace, function=workload.name
            ),
            "spec": {
                "podSelector": {"matchLabels": selector(workload.name)},
                "policyTypes": ["Ingress"],
                "ingress": ingress,
            },
        },
    )


def authorization_losses(workload: Workload, options: RenderOptions) -> Iterator[Loss]:
    """What is said of callers that only a mesh can tell apart, where none does."""
    said = workload.said.authorization
    if said is None or options.mesh is Mesh.ISTIO:
        return
    if any(each.service_account or each.methods or each.paths for each in said.allow):
        yield Loss(
            key=f"functions.{workload.name}.authorization.allow",
            reason="a NetworkPolicy knows namespaces and ports; service accounts, methods and "
            "paths are left out, so more may call",
            instead="--mesh istio",
        )


def authorization_warnings(
    workload: Workload, topology: Topology, options: RenderOptions, *, routed: bool
) -> Iterator[str]:
    """What whoever applies a policy that names callers should know."""
    carries_routes = options.mesh is not Mesh.NONE or options.sidecar is not Sidecar.NONE
    if routed and carries_routes and options.mesh is not Mesh.ISTIO:
        namespaces = _namespaces(workload, topology)
        if namespaces:
            yield (
                f"{workload.name}: its NetworkPolicy lets in {', '.join(namespaces)} only; "
                "the namespace that its routes come from must be among authorization.allow"
            )


def _callers(
    workload: Workload,
    topology: Topology,
    options: RenderOptions,
    ports: tuple[int, ...],
    routed: bool,
) -> Iterator[dict[str, Node]]:
    said = workload.said.authorization
    # Which namespace Istio's gateway is in is the cluster's choice; its own policy knows callers
    # by their certificates.
    if said is None or (said.allow and routed and options.mesh is Mesh.ISTIO):
        yield {"ports": _ports(ports)}
        return
    namespaces = _namespaces(workload, topology)
    if namespaces:
        yield {
            "from": [
                {"namespaceSelector": {"matchLabels": {_NAMESPACE: each}}} for each in namespaces
            ],
            "ports": _ports(ports),
        }


def _namespaces(workload: Workload, topology: Topology) -> list[str]:
    """Namespaces of those who may call; an account without one is in the function's own."""
    said = workload.said.authorization
    allowed = said.allow if said is not None else ()
    return list(dict.fromkeys(each.namespace or topology.namespace for each in allowed))


def _ports(numbers: tuple[int, ...]) -> list[Node]:
    return [{"protocol": "TCP", "port": number} for number in numbers]
