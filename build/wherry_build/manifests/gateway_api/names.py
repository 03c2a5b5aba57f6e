"""What the Gateway API's objects call each other."""

from __future__ import annotations

from wherry_build.manifests.document import Document, metadata
from wherry_build.manifests.topology import Topology
from wherry_build.manifests.yaml import Node

GATEWAY = "functions"
REDIRECT = "functions.redirect"
"""Has a dot, which no route's name has."""
LIMIT_HOSTNAMES = 16
_GROUP = "gateway.networking.k8s.io"
_FILES = {
    "ReferenceGrant": "05-reference-grant",
    "Gateway": "30-gateway",
    "HTTPRoute": "31-http-route",
}
_VERSIONS = {"ReferenceGrant": "v1beta1"}
"""What is stored, and what clusters before 1.5 of the API know; everything else is v1."""


def document(
    kind: str,
    name: str,
    spec: dict[str, Node],
    topology: Topology,
    *,
    function: str = "",
    namespace: str = "",
) -> Document:
    """One object of the Gateway API."""
    return Document(
        file=f"{_FILES[kind]}-{name}.yaml",
        value={
            "apiVersion": f"{_GROUP}/{_VERSIONS.get(kind, 'v1')}",
            "kind": kind,
            "metadata": metadata(
                name, namespace=namespace or topology.namespace, function=function
            ),
            "spec": spec,
        },
    )


def numbered(name: str, number: int) -> str:
    """The name of the object with `number` of those that say together what one cannot hold."""
    return name if number == 1 else f"{name}.{number}"
