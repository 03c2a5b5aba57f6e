"""What Istio's objects call each other, and whom its ingress gateway runs as."""

from __future__ import annotations

from wherry_build.manifests.document import Document, metadata
from wherry_build.manifests.topology import Topology
from wherry_build.manifests.yaml import Node

NETWORKING = "networking.istio.io/v1"
SECURITY = "security.istio.io/v1"
GATEWAY = "functions"
INGRESS_NAMESPACE = "istio-system"
_FILES = {
    "PeerAuthentication": "05-peer-authentication",
    "AuthorizationPolicy": "05-authorization-policy",
    "DestinationRule": "25-destination-rule",
    "Gateway": "30-gateway",
    "VirtualService": "31-virtual-service",
}


def document(
    kind: str, name: str, spec: dict[str, Node], topology: Topology, *, function: str = ""
) -> Document:
    """One object of Istio; all of its versions are v1."""
    group = SECURITY if kind in {"PeerAuthentication", "AuthorizationPolicy"} else NETWORKING
    return Document(
        file=f"{_FILES[kind]}-{name}.yaml",
        value={
            "apiVersion": group,
            "kind": kind,
            "metadata": metadata(name, namespace=topology.namespace, function=function),
            "spec": spec,
        },
    )


def service_host(service: str, namespace: str) -> str:
    """The name of a Service in full; a short one is looked for in the namespace of the rule."""
    return f"{service}.{namespace}.svc.cluster.local"
