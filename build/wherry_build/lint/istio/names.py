"""How Istio reads a host name, and where the objects of a bundle are that it may mean.

A name without a dot is taken in the namespace of the rule that says it; any other is taken as it
is, so only `name.namespace.svc.cluster.local` is a Service. Registers no rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from wherry_build.lint.bundle import Bundle, may_share_namespace
from wherry_build.lint.document import Document
from wherry_build.lint.node import Keys, Node, entries, items, mapping, text

NETWORKING = "networking.istio.io"
SECURITY = "security.istio.io"
MESH = "mesh"
ROOT_NAMESPACE = "istio-system"
INJECT = "sidecar.istio.io/inject"

_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_SHORT = re.compile(_LABEL)
_FULL = re.compile(rf"(?P<name>{_LABEL})\.(?P<namespace>{_LABEL})\.svc\.cluster\.local\.?")
_WITHOUT_DOMAIN = re.compile(rf"{_LABEL}\.{_LABEL}\.svc")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterHost:
    """A Service of the cluster, by name; the namespace is empty where nobody wrote it."""

    name: str
    namespace: str

    @property
    def full(self) -> str:
        """The name that means the same everywhere."""
        return f"{self.name}.{self.namespace or 'NAMESPACE'}.svc.cluster.local"

    def may_be(self, other: ClusterHost) -> bool:
        """Whether both may name one Service."""
        return self.name == other.name and may_share_namespace(self.namespace, other.namespace)

    def is_named_by(self, document: Document) -> bool:
        """Whether `document` may be the object that this host is named after."""
        return self.name == document.name and may_share_namespace(
            self.namespace, document.namespace
        )


def cluster_host(host: str, namespace: str) -> ClusterHost | None:
    """The Service that `host` means in a rule of `namespace`; None for any other name."""
    if _SHORT.fullmatch(host):
        return ClusterHost(name=host, namespace=namespace)
    found = _FULL.fullmatch(host)
    if found is None:
        return None
    return ClusterHost(name=found["name"], namespace=found["namespace"])


def is_short(host: str) -> bool:
    """Whether `host` has no dot, so that it depends on where the rule is."""
    return _SHORT.fullmatch(host) is not None


def is_cut(host: str) -> bool:
    """Whether `host` ends at `.svc`, which no Service of the mesh is called."""
    return _WITHOUT_DOMAIN.fullmatch(host) is not None


def virtual_services(bundle: Bundle) -> tuple[Document, ...]:
    """Every VirtualService."""
    return bundle.of_kind("VirtualService", NETWORKING)


def destination_rules(bundle: Bundle) -> tuple[Document, ...]:
    """Every DestinationRule."""
    return bundle.of_kind("DestinationRule", NETWORKING)


def is_in_mesh(virtual_service: Document) -> bool:
    """Whether a VirtualService speaks for calls inside the mesh."""
    gateways = items(virtual_service.get("spec", "gateways"))
    return not gateways or MESH in gateways


def http_entries(virtual_service: Document) -> Iterator[tuple[Keys, Node]]:
    """Each item of `spec.http`; a mapping where a list belongs is read as its only item."""
    found = virtual_service.get("spec", "http")
    if mapping(found):
        yield ("spec", "http"), found
        return
    yield from entries(virtual_service.node, "spec", "http")


def destinations(virtual_service: Document) -> Iterator[tuple[Keys, Node]]:
    """Each destination that calls are sent to, of any protocol; mirrors are not among them."""
    listed = [*http_entries(virtual_service)]
    for protocol in ("tcp", "tls"):
        listed += entries(virtual_service.node, "spec", protocol)
    for keys, route in listed:
        for below, item in entries(route, "route"):
            yield (*keys, *below, "destination"), mapping(mapping(item).get("destination"))


def subset_hosts(bundle: Bundle) -> Iterator[tuple[Document, Keys, str]]:
    """Each place that defines or names subsets, with the host that they are of."""
    for document in destination_rules(bundle):
        if items(document.get("spec", "subsets")):
            yield document, ("spec", "subsets"), text(document.get("spec", "host"))
    for document in virtual_services(bundle):
        for keys, destination in destinations(document):
            if destination.get("subset"):
                yield document, (*keys, "subset"), text(destination.get("host"))


def hosts(virtual_service: Document) -> Iterator[tuple[Keys, str]]:
    """Each host with its keys."""
    for keys, host in entries(virtual_service.node, "spec", "hosts"):
        if text(host):
            yield keys, text(host)
