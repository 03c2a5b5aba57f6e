"""Istio: the gateway, and the routes behind it."""

from __future__ import annotations

from wherry_build.errors import ManifestError
from wherry_build.manifests.coverage import Reason
from wherry_build.manifests.emission import Emission, PodAddition
from wherry_build.manifests.istio.routing import istio_documents
from wherry_build.manifests.options import RenderOptions, Target
from wherry_build.manifests.topology import Topology

CARRIED: frozenset[str] = frozenset()
LOST: dict[str, Reason] = {}


def emit(topology: Topology, options: RenderOptions) -> Emission:
    """The Gateway of the project's host, and its routes.

    Raises:
        ManifestError: The project has no host.
    """
    if not topology.hosts:
        raise ManifestError(
            "a mesh's gateway serves a host, and none was given",
            hint="--host fns.example.com",
        )
    host, tls = next(iter(topology.hosts.items()))
    documents = istio_documents(
        [each.function for each in topology.workloads.values()],
        knative=options.target is Target.KNATIVE,
        namespace=topology.namespace,
        host=host,
        tls_secret=tls.secret if tls is not None else None,
    )
    warnings = () if tls else ("the gateway is plain HTTP; give --tls-secret for HTTPS",)
    return Emission(documents=tuple(documents), warnings=warnings)


def pod_addition(topology: Topology, options: RenderOptions) -> PodAddition:
    """What asks Istio to stand in every pod."""
    return PodAddition(
        labels={"sidecar.istio.io/inject": "true"},
        annotations={"sidecar.istio.io/rewriteAppHTTPProbers": "true"},
    )
