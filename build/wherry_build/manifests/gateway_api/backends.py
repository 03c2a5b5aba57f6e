"""Where a route's calls go on each platform: Services, and what host and path they are called by.

A Knative Service is reached by Knative's local gateway, and an OpenFaaS function by OpenFaaS's,
each in a namespace of its own that must grant it. The Gateway API writes one host and one path for
all backends of a rule, so calls that are divided among functions cannot go these ways.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from wherry_build.manifests.document import Document
from wherry_build.manifests.emission import Loss
from wherry_build.manifests.gateway_api.matches import left_out
from wherry_build.manifests.gateway_api.names import document
from wherry_build.manifests.options import Target
from wherry_build.manifests.routing import rewritten_host
from wherry_build.manifests.routing_backends import (
    NamedShare,
    knative_services,
    revision_name,
    revision_services,
)
from wherry_build.manifests.routing_losses import (
    KNATIVE_HOST,
    KNATIVE_MIRROR,
    OPENFAAS_HOST,
    OPENFAAS_MIRROR,
    lost_host,
    lost_mirror,
    past_gateway,
    unwritten_host,
)
from wherry_build.manifests.topology import RouteRule, Topology
from wherry_build.manifests.yaml import Node

SERVICE_PORT = 80
_OPENFAAS_PORT = 8080
_LIMIT_BACKENDS = 16
_WHOLE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Backends:
    """Where the calls of a route go.

    Attributes:
        refs: References to Services; empty where the route cannot be written.
        host: Host that the function is called by; empty for what the caller said.
        before: What the path then begins with: `/function/hello`.
        mirrors: Who gets copies.
        losses: What cannot be said here of the route.
        warnings: What else is to be known of it.
    """

    refs: tuple[Node, ...] = ()
    host: str = ""
    before: str = ""
    mirrors: tuple[dict[str, Node], ...] = ()
    losses: tuple[Loss, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gateway:
    """A platform's own gateway."""

    namespace: str
    service: str
    port: int

    @property
    def ref(self) -> Node:
        return {"name": self.service, "namespace": self.namespace, "port": self.port}


_GATEWAYS = {
    Target.KNATIVE: _Gateway(namespace="istio-system", service="knative-local-gateway", port=80),
    Target.OPENFAAS: _Gateway(namespace="openfaas", service="gateway", port=_OPENFAAS_PORT),
}


def backends(topology: Topology, rule: RouteRule, target: Target) -> Backends:
    """Where the calls of `rule` go on `target`.

    Raises:
        ManifestError: A name made of two is too long.
    """
    found = _OF_TARGET[target](topology, rule)
    if len(found.refs) <= _LIMIT_BACKENDS:
        return found
    reason = f"the Gateway API divides calls among {_LIMIT_BACKENDS} at most"
    return Backends(losses=(left_out(rule, reason),))


def grant(topology: Topology, target: Target) -> Document | None:
    """What lets routes lead to the platform's own gateway, in the namespace of that."""
    gateway = _GATEWAYS.get(target)
    if gateway is None:
        return None
    group = "gateway.networking.k8s.io"
    spec: dict[str, Node] = {
        "from": [{"group": group, "kind": "HTTPRoute", "namespace": topology.namespace}],
        "to": [{"group": "", "kind": "Service", "name": gateway.service}],
    }
    # Named after who is let in: every project that leads there has one in that namespace.
    name = f"functions-of-{topology.namespace}"
    return document("ReferenceGrant", name, spec, topology, namespace=gateway.namespace)


def weighted(listed: Sequence[NamedShare], port: int) -> tuple[Node, ...]:
    """References to Services of the route's own namespace, with their weights."""
    if len(listed) == 1:
        return ({"name": listed[0].name, "port": port},)
    return tuple({"name": each.name, "port": port, "weight": each.percent} for each in listed)


def _kubernetes(topology: Topology, rule: RouteRule) -> Backends:
    return Backends(
        refs=weighted(revision_services(topology, rule), SERVICE_PORT),
        host=rewritten_host(rule),
        mirrors=_mirrors(topology, rule, SERVICE_PORT, by_revision=False),
        losses=unwritten_host(rule),
    )


def _knative(topology: Topology, rule: RouteRule) -> Backends:
    first, *others = knative_services(topology, rule)
    if others:
        return Backends(
            losses=(
                left_out(
                    rule,
                    "the Gateway API writes one host for all backends, and Knative tells functions "
                    "and tags by their hosts",
                ),
            )
        )
    return Backends(
        refs=(_GATEWAYS[Target.KNATIVE].ref,),
        host=f"{first.name}.{topology.namespace}.svc.cluster.local",
        losses=(*lost_host(rule, KNATIVE_HOST), *lost_mirror(rule, KNATIVE_MIRROR)),
    )


def _openfaas(topology: Topology, rule: RouteRule) -> Backends:
    functions = revision_services(topology, rule)
    if len(functions) == 1:
        return Backends(
            refs=(_GATEWAYS[Target.OPENFAAS].ref,),
            before=f"/function/{functions[0].name}",
            losses=(*lost_host(rule, OPENFAAS_HOST), *lost_mirror(rule, OPENFAAS_MIRROR)),
        )
    return Backends(
        refs=weighted(functions, _OPENFAAS_PORT),
        host=rewritten_host(rule),
        mirrors=_mirrors(topology, rule, _OPENFAAS_PORT, by_revision=True),
        losses=unwritten_host(rule),
        warnings=(past_gateway(rule, functions),),
    )


def _mirrors(
    topology: Topology, rule: RouteRule, port: int, *, by_revision: bool
) -> tuple[dict[str, Node], ...]:
    """The copies of `rule`; to each revision its share where a Service has no more than one."""
    mirror = rule.said.mirror
    if mirror is None:
        return ()
    percent = _WHOLE if mirror.percent is None else mirror.percent
    workload = topology.workloads.get(mirror.function)
    if not by_revision or workload is None or not workload.versioned:
        ref: Node = {"name": mirror.function, "port": port}
        return ({"backendRef": ref, "percent": percent},)
    return tuple(
        {
            "backendRef": {"name": revision_name(mirror.function, each.name), "port": port},
            "fraction": {"numerator": percent * each.percent, "denominator": _WHOLE * _WHOLE},
        }
        for each in workload.revisions
        if each.percent
    )


_OF_TARGET: Mapping[Target, Callable[[Topology, RouteRule], Backends]] = {
    Target.KUBERNETES: _kubernetes,
    Target.KNATIVE: _knative,
    Target.OPENFAAS: _openfaas,
}
