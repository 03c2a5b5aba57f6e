"""Where a route's calls go on each platform, and what the path must then begin with.

A Knative Service is reached in two hops: the route makes the authority the function's own and sends
the call to Knative's local gateway, which knows its revisions; subsets would not be found. An
OpenFaaS function is reached through OpenFaaS's gateway, which keeps its metrics, its queue and its
scale from zero, unless the calls are divided: one rewriting of the path is for the whole route. The
pods of a Deployment are reached by subsets of the function's Service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from wherry_build.manifests.emission import Loss
from wherry_build.manifests.istio.names import service_host
from wherry_build.manifests.options import Target
from wherry_build.manifests.routing import rewritten_host
from wherry_build.manifests.routing_backends import (
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
from wherry_build.manifests.topology import RouteRule, Topology, shares
from wherry_build.manifests.yaml import Node

_KNATIVE_GATEWAY: Node = {
    "host": "knative-local-gateway.istio-system.svc.cluster.local",
    "port": {"number": 80},
}
_OPENFAAS_GATEWAY: Node = {
    "host": "gateway.openfaas.svc.cluster.local",
    "port": {"number": 8080},
}
_OPENFAAS_PORT = 8080
_SERVICE_PORT = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Destinations:
    """Where the calls of a route go.

    Attributes:
        route: Destinations with their weights.
        authority: Host that the whole route is given; empty for what the caller said.
        before: What the path then begins with: `/function/hello`.
        mirrors: Destinations of copies.
        losses: What cannot be said here of the route.
        warnings: What else is to be known of it.
    """

    route: tuple[Node, ...]
    authority: str = ""
    before: str = ""
    mirrors: tuple[Node, ...] = ()
    losses: tuple[Loss, ...] = ()
    warnings: tuple[str, ...] = ()


def destinations(topology: Topology, rule: RouteRule, target: Target) -> Destinations:
    """Where the calls of `rule` go on `target`.

    Raises:
        ManifestError: A name made of two is too long.
    """
    return _OF_TARGET[target](topology, rule)


def own_destinations(topology: Topology, function: str) -> tuple[Node, ...]:
    """The subsets of a function's Service with their weights, for callers inside the mesh."""
    workload = topology.workloads[function]
    return _weighted(
        [
            (_subset(topology, function, each.name), each.percent)
            for each in workload.revisions
            if each.percent
        ]
    )


def _kubernetes(topology: Topology, rule: RouteRule) -> Destinations:
    return Destinations(
        route=_weighted(
            [
                (_subset(topology, each.function, each.revision), each.percent)
                for each in shares(topology, rule)
            ]
        ),
        authority=rewritten_host(rule),
        mirrors=_mirrors(topology, rule, _SERVICE_PORT, by_revision=False),
        losses=unwritten_host(rule),
    )


def _subset(topology: Topology, function: str, revision: str) -> dict[str, Node]:
    made = _service(topology, function, _SERVICE_PORT)
    return {**made, "subset": revision} if revision else made


def _knative(topology: Topology, rule: RouteRule) -> Destinations:
    services = knative_services(topology, rule)
    losses = [
        *lost_host(rule, KNATIVE_HOST),
        *lost_mirror(rule, KNATIVE_MIRROR),
    ]
    if len(services) == 1:
        return Destinations(
            route=({"destination": _KNATIVE_GATEWAY},),
            authority=service_host(services[0].name, topology.namespace),
            losses=tuple(losses),
        )
    route: list[Node] = [
        {
            "destination": _KNATIVE_GATEWAY,
            "weight": each.percent,
            # The authority of a route is one for all; that of a share goes by its headers.
            "headers": {"request": {"set": {"Host": service_host(each.name, topology.namespace)}}},
        }
        for each in services
    ]
    return Destinations(route=tuple(route), losses=tuple(losses))


def _openfaas(topology: Topology, rule: RouteRule) -> Destinations:
    functions = revision_services(topology, rule)
    if len(functions) == 1:
        return Destinations(
            route=({"destination": _OPENFAAS_GATEWAY},),
            before=f"/function/{functions[0].name}",
            losses=(
                *lost_host(rule, OPENFAAS_HOST),
                *lost_mirror(rule, OPENFAAS_MIRROR),
            ),
        )
    return Destinations(
        route=_weighted(
            [(_service(topology, each.name, _OPENFAAS_PORT), each.percent) for each in functions]
        ),
        authority=rewritten_host(rule),
        mirrors=_mirrors(topology, rule, _OPENFAAS_PORT, by_revision=True),
        losses=unwritten_host(rule),
        warnings=(past_gateway(rule, functions),),
    )


def _service(topology: Topology, name: str, port: int) -> dict[str, Node]:
    return {"host": service_host(name, topology.namespace), "port": {"number": port}}


def _weighted(listed: Sequence[tuple[Node, int]]) -> tuple[Node, ...]:
    if len(listed) == 1:
        return ({"destination": listed[0][0]},)
    return tuple({"destination": to, "weight": percent} for to, percent in listed)


def _mirrors(
    topology: Topology, rule: RouteRule, port: int, *, by_revision: bool
) -> tuple[Node, ...]:
    """The copies of `rule`; to each revision its share where a Service has no more than one."""
    mirror = rule.said.mirror
    if mirror is None:
        return ()
    percent = 100 if mirror.percent is None else mirror.percent
    copied: list[tuple[str, float]] = [(mirror.function, percent)]
    workload = topology.workloads.get(mirror.function)
    if by_revision and workload is not None and workload.versioned:
        copied = [
            (revision_name(mirror.function, each.name), percent * each.percent / 100)
            for each in workload.revisions
            if each.percent
        ]
    return tuple(
        {
            "destination": _service(topology, name, port),
            "percentage": {"value": share},
        }
        for name, share in copied
    )


_OF_TARGET: Mapping[Target, Callable[[Topology, RouteRule], Destinations]] = {
    Target.KUBERNETES: _kubernetes,
    Target.KNATIVE: _knative,
    Target.OPENFAAS: _openfaas,
}
