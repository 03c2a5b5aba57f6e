"""What of a route cannot be said because of the platform behind it, whichever mesh carries it."""

from __future__ import annotations

from collections.abc import Sequence

from wherry_build.manifests.emission import Loss
from wherry_build.manifests.routing import rewritten_host
from wherry_build.manifests.routing_backends import NamedShare, is_reached_as_a_whole
from wherry_build.manifests.topology import RouteRule, Topology

KNATIVE_HOST = "the host says which function is meant there"
KNATIVE_MIRROR = "a copy keeps its host, by which Knative finds the same function"
OPENFAAS_HOST = "OpenFaaS's gateway calls a function by the name it has there"
OPENFAAS_MIRROR = "the path says which function is meant there, for copies too"


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


def past_gateway(rule: RouteRule, functions: Sequence[NamedShare]) -> Loss:
    """That calls which are divided among `functions` do not pass OpenFaaS's gateway."""
    names = ", ".join(each.name for each in functions)
    return Loss(
        key=f"routes.{rule.name}.{'split' if rule.said.split else 'function'}",
        reason=f"divided calls go to {names} past OpenFaaS's gateway: its authentication, metrics, "
        "queue and scale from zero do not see them",
        instead="`scale: {min: 1}` for each of them",
    )


def percents_of_nobody(topology: Topology) -> tuple[Loss, ...]:
    """Shares of revisions that no route uses, where nothing but a route divides calls."""
    return tuple(
        Loss(
            key=f"functions.{name}.revisions",
            reason="no route leads to the function as a whole, so nobody divides its calls",
            instead=f"a route with `function: {name}`",
        )
        for name, workload in topology.workloads.items()
        if workload.versioned and not is_reached_as_a_whole(topology, name)
    )
