"""What a platform behind a mesh does to a route: what cannot be said there, or goes another way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wherry_build.manifests.coverage import Reason
from wherry_build.manifests.emission import Loss
from wherry_build.manifests.routing import rewritten_host
from wherry_build.manifests.routing_backends import NamedShare, reached_as_a_whole
from wherry_build.manifests.topology import RouteRule, Topology

KNATIVE_HOST = "the host says which function is meant there"
KNATIVE_MIRROR = "a copy keeps its host, by which Knative finds the same function"
OPENFAAS_HOST = "OpenFaaS's gateway calls a function by the name it has there"
OPENFAAS_MIRROR = "the path says which function is meant there, for copies too"
_OF_GATEWAYS = Reason(
    reason="this mesh is told of pods alone; its gateway is not written",
    instead="--mesh gateway-api, with a gateway that the mesh lets in, or --mesh istio",
)
NO_GATEWAY: Mapping[str, Reason] = {"hosts": _OF_GATEWAYS, "routes": _OF_GATEWAYS}
"""What a mesh does not carry that is asked for by its injection alone."""


def lost_host(rule: RouteRule, reason: str) -> list[Loss]:
    """That the host of `rule` is not written, with the reason."""
    if rule.said.rewrite is None or rule.said.rewrite.host is None:
        return []
    return [Loss(key=f"routes.{rule.name}.rewrite.host", reason=reason)]


def lost_mirror(rule: RouteRule, reason: str) -> list[Loss]:
    """That the copy of `rule` is not written, with the reason."""
    if rule.said.mirror is None:
        return []
    return [Loss(key=f"routes.{rule.name}.mirror", reason=reason, instead="--target kubernetes")]


def unwritten_host(rule: RouteRule) -> tuple[Loss, ...]:
    """That the host which a function is to see is none."""
    if rule.said.rewrite is None or rule.said.rewrite.host is None or rewritten_host(rule):
        return ()
    key = f"routes.{rule.name}.rewrite.host"
    return (Loss(key=key, reason="a host that begins with `*.` is no single host"),)


def past_gateway(rule: RouteRule, functions: Sequence[NamedShare]) -> str:
    """That calls which are divided among `functions` do not pass OpenFaaS's gateway.

    A warning: nothing of what the file says is lost, the shares least of all.
    """
    names = ", ".join(each.name for each in functions)
    return (
        f"routes.{rule.name}: divided calls go to {names} past OpenFaaS's gateway: its "
        "authentication, metrics, queue and scale from zero do not see them; say `scale: {min: 1}`"
    )


def percents_of_nobody(topology: Topology, *, routed: bool = True) -> tuple[Loss, ...]:
    """Shares of revisions that no route uses, where nothing but a route divides calls.

    Args:
        topology: What is rendered.
        routed: Whether routes are carried at all.
    """
    reason = "nothing here divides the calls between revisions"
    if routed:
        reason = "no route leads to the function as a whole, so nobody divides its calls"
    reached = reached_as_a_whole(topology) if routed else frozenset[str]()
    return tuple(
        Loss(
            key=f"functions.{name}.revisions.{revision}.percent",
            reason=reason,
            instead=f"a route with `function: {name}`" if routed else "--mesh istio",
        )
        for name, workload in topology.workloads.items()
        if workload.versioned and name not in reached
        for revision, said in workload.said.revisions.items()
        if said.percent is not None
    )
