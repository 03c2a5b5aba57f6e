"""Hosts without a mesh: a DomainMapping for each host of which one function gets every call.

Knative's own ingress serves such a host. It knows no path and no condition, so any other route
waits for a mesh.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wherry_build.manifests.document import Document, metadata
from wherry_build.manifests.emission import Emission
from wherry_build.manifests.knative.service import reference
from wherry_build.manifests.topology import RouteRule, Topology
from wherry_build.manifests.yaml import Node
from wherry_build.project.specification.routing import HostTls

_HTTP_OPTION = "networking.knative.dev/http-protocol"
_WILDCARD = "*."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mapped:
    """A host, and the route whose function gets all its calls."""

    host: str
    tls: HostTls | None
    rule: RouteRule

    @property
    def function(self) -> str:
        return self.rule.backends[0].function


def domains(topology: Topology) -> Emission:
    """The DomainMapping of each host that can have one."""
    mapped = list(_mapped(topology))
    return Emission(
        documents=tuple(_domain_mapping(each, topology.namespace) for each in mapped),
        warnings=(_claims(mapped, topology.namespace),) if mapped else (),
        carried=frozenset(key for each in mapped for key in _carried(each)),
    )


def _mapped(topology: Topology) -> list[_Mapped]:
    hosts: dict[str, HostTls | None] = dict(topology.hosts)
    for rule in topology.routes:
        if rule.host:
            hosts.setdefault(rule.host, None)
    of_host: dict[str, list[RouteRule]] = {}
    anywhere = []
    for rule in topology.routes:
        if rule.host:
            of_host.setdefault(rule.host, []).append(rule)
        else:
            anywhere.append(rule)
    found = []
    for host, tls in hosts.items():
        rules = [*of_host.get(host, ()), *anywhere]
        if len(rules) == 1 and not host.startswith(_WILDCARD) and _takes_all(rules[0], topology):
            found.append(_Mapped(host=host, tls=tls, rule=rules[0]))
    return found


def _takes_all(rule: RouteRule, topology: Topology) -> bool:
    """Whether every call goes to one function, whose revisions share them as it says itself."""
    said = rule.said
    if said.methods or said.headers or said.rewrite is not None:
        return False
    if said.path is not None and said.path.prefix != "/":
        return False
    if len({backend.function for backend in rule.backends}) > 1:
        return False
    named: Mapping[str, int] = {
        backend.revision: backend.percent for backend in rule.backends if backend.revision
    }
    workload = topology.workloads[rule.backends[0].function]
    return not named or named == {each.name: each.percent for each in workload.revisions}


def _claims(mapped: list[_Mapped], namespace: str) -> str:
    return (
        f"{', '.join(each.host for each in mapped)}: the cluster must let namespace {namespace} "
        "have the host: autocreate-cluster-domain-claims in Knative's ConfigMap config-network, "
        "or a ClusterDomainClaim"
    )


def _domain_mapping(mapped: _Mapped, namespace: str) -> Document:
    spec: dict[str, Node] = {"ref": reference(mapped.function, namespace)}
    annotations: dict[str, Node] | None = None
    if mapped.tls is not None:
        spec["tls"] = {"secretName": mapped.tls.secret}
        redirects = mapped.tls.redirect is not False
        annotations = {_HTTP_OPTION: "redirected" if redirects else "enabled"}
    return Document(
        file=f"35-domain-mapping-{mapped.host}.yaml",
        value={
            "apiVersion": "serving.knative.dev/v1beta1",
            "kind": "DomainMapping",
            "metadata": metadata(
                mapped.host,
                namespace=namespace,
                function=mapped.function,
                annotations=annotations,
            ),
            "spec": spec,
        },
    )


def _carried(mapped: _Mapped) -> list[str]:
    """The keys of wherry.yaml that its DomainMapping says."""
    route, host = f"routes.{mapped.rule.name}", f"hosts.{mapped.host}"
    return [
        *(f"{route}.{key}" for key in ("host", "path.prefix", "function", "split")),
        *(f"{host}.{key}" for key in ("tls.secret", "tls.redirect")),
        host,
    ]
