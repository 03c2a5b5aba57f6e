"""The HTTPRoute of a function's own Service: what callers inside a mesh share among revisions."""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.manifests.document import Document
from wherry_build.manifests.gateway_api.backends import SERVICE_PORT, weighted
from wherry_build.manifests.gateway_api.names import document
from wherry_build.manifests.routing_backends import NamedShare, revision_name
from wherry_build.manifests.topology import Topology
from wherry_build.manifests.yaml import Node


def service_routes(topology: Topology) -> Iterator[Document]:
    """That of each function with named revisions.

    Raises:
        ManifestError: A name made of two is too long.
    """
    for name, workload in topology.workloads.items():
        if workload.versioned:
            listed = [
                NamedShare(name=revision_name(name, each.name), percent=each.percent)
                for each in workload.revisions
                if each.percent
            ]
            spec: dict[str, Node] = {
                "parentRefs": [
                    {"group": "", "kind": "Service", "name": name, "port": SERVICE_PORT}
                ],
                "rules": [{"backendRefs": list(weighted(listed, SERVICE_PORT))}],
            }
            # Has a dot, which no route's name has.
            yield document("HTTPRoute", f"service.{name}", spec, topology, function=name)
