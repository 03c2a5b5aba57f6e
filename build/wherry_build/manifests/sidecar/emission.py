"""What a proxy emits and what a pod gets with it, whichever proxy it is.

A proxy carries the project's routes where nobody else does. Behind a mesh, and in a Knative
Service, it is its own function's alone: were it to route as well, a call that a gateway has routed
would be routed twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from wherry_build.manifests.coverage import Reason
from wherry_build.manifests.emission import Emission, PodAddition
from wherry_build.manifests.options import RenderOptions
from wherry_build.manifests.sidecar.certificates import certificate_warnings
from wherry_build.manifests.sidecar.objects import (
    LIMIT_ANNOTATION_BYTES,
    configuration_document,
    configuration_name,
    pods_document,
    size_of,
)
from wherry_build.manifests.sidecar.placement import Placement, in_pod
from wherry_build.manifests.sidecar.pod import Proxy, addition
from wherry_build.manifests.sidecar.table import RouteTable, routing_losses
from wherry_build.manifests.topology import Topology, pinned

_ITS_OWN = Reason(
    reason="the sidecar of a Knative Service is called for its own function alone",
    instead="--mesh istio",
)
_NO_CALLERS = Reason(
    reason="the sidecars have no certificates of their callers", instead="--mesh istio"
)
INNER_LOST: dict[str, Reason] = {
    "routes": _ITS_OWN,
    "hosts": _ITS_OWN,
    "functions.*.traffic_policy": _ITS_OWN,
    "functions.*.authorization": _NO_CALLERS,
    "mutual_tls": _NO_CALLERS,
}
"""What a proxy that carries no routes has no form for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of proxy.

    Attributes:
        name: Its name.
        files: Its configuration, by file.
        proxy: How a container runs it.
    """

    name: str
    files: Callable[[RouteTable, Topology, Placement], Mapping[str, str]]
    proxy: Callable[[RouteTable], Proxy]


def emission(kind: Kind, table: RouteTable, topology: Topology) -> Emission:
    """The configuration of every proxy, and the Services of the pods that it calls.

    Raises:
        ManifestError: The configuration is too large, or a name is not to be had.
    """
    files = kind.files(table, topology, in_pod(topology))
    return Emission(
        documents=(
            configuration_document(kind.name, files, topology),
            *(pods_document(each, topology) for each in table.upstreams),
        ),
        losses=tuple(routing_losses(topology, table)) if table.routed else (),
        warnings=(
            *certificate_warnings(table, topology),
            *_warnings(_proxy(kind, table, topology), files),
        ),
    )


def pod_addition(
    kind: Kind, table: RouteTable, topology: Topology, options: RenderOptions
) -> PodAddition:
    """The proxy's container, and what it needs."""
    name = configuration_name(kind.name, kind.files(table, topology, in_pod(topology)))
    return addition(_proxy(kind, table, topology), table, configuration=name, options=options)


def _proxy(kind: Kind, table: RouteTable, topology: Topology) -> Proxy:
    """The proxy, its image by the digest that the lock of images has."""
    proxy = kind.proxy(table)
    return replace(proxy, image=pinned(proxy.image, topology.digests))


def _warnings(proxy: Proxy, files: Mapping[str, str]) -> Iterator[str]:
    if "@" not in proxy.image:
        yield (
            f"the sidecar's image {proxy.image} is named by a tag, which may come to mean another "
            "image; wherry.lock pins its digest"
        )
    if size_of(files) > LIMIT_ANNOTATION_BYTES:
        yield (
            f"the configuration of {proxy.name} is too large for a plain `kubectl apply`: "
            "kubectl apply --server-side, or wherry deploy"
        )
