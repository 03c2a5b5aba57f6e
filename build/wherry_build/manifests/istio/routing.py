"""VirtualServices: the routes of each host at the gateway, and of a function's own host inside.

The hosts that no route names share one. Routes are asked in the order of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from wherry_build.manifests.document import Document, response_s
from wherry_build.manifests.emission import Emission, Loss
from wherry_build.manifests.istio.destinations import own_destinations
from wherry_build.manifests.istio.http_route import NO_RETRIES, action, match_node
from wherry_build.manifests.istio.names import GATEWAY, document, service_host
from wherry_build.manifests.options import Target
from wherry_build.manifests.routing import Table, of_host, tables, unreached
from wherry_build.manifests.routing_match import repeated_headers
from wherry_build.manifests.topology import RouteRule, Topology
from wherry_build.manifests.yaml import Node

_NOT_HEADERS = frozenset({"authority", "method", "scheme", "uri"})
"""Names of headers that Istio passes over, for it has fields of these names."""


def virtual_services(topology: Topology, target: Target) -> Emission:
    """Every route at the gateway, and the shares of revisions inside the mesh.

    Raises:
        ManifestError: There is no host, or a name made of two is too long.
    """
    left_out = tuple(loss for rule in topology.routes for loss in _unsayable(rule))
    said = tuple(rule for rule in topology.routes if not any(_unsayable(rule)))
    made = tables(replace(topology, routes=said))
    reached = {entry.rule.name: entry.rule for table in made for entry in table.entries}
    actions = {name: action(topology, rule, target) for name, rule in reached.items()}
    documents = [
        _at_gateway(topology, table, {name: each.node for name, each in actions.items()})
        for table in made
    ]
    if target is Target.KUBERNETES:
        documents += _inside(topology)
    return Emission(
        documents=tuple(documents),
        losses=(
            *left_out,
            *unreached(made),
            *(loss for each in actions.values() for loss in each.losses),
        ),
        warnings=tuple(warning for each in actions.values() for warning in each.warnings),
    )


def _unsayable(rule: RouteRule) -> Iterator[Loss]:
    """What of a route's matches has no form; without it the route would take other calls."""
    for name in repeated_headers(rule):
        yield Loss(
            key=f"routes.{rule.name}",
            reason=f"the header {name} is asked for twice; the route is left out",
        )
    for name in rule.said.headers:
        if name.lower() in _NOT_HEADERS:
            yield Loss(
                key=f"routes.{rule.name}",
                reason=f"Istio reads no header {name}; the route is left out",
                instead="ask for a header of another name",
            )


def _at_gateway(topology: Topology, table: Table, actions: dict[str, dict[str, Node]]) -> Document:
    http: list[Node] = [
        {
            "name": entry.rule.name,
            "match": [match_node(match) for match in entry.matches],
            **actions[entry.rule.name],
        }
        for entry in table.entries
    ]
    spec: dict[str, Node] = {
        "gateways": [f"{topology.namespace}/{GATEWAY}"],
        "hosts": list(table.hosts),
        "http": http,
    }
    name = of_host(table.hosts[0]) if table.named else GATEWAY
    return document("VirtualService", name, spec, topology)


def _inside(topology: Topology) -> Iterable[Document]:
    """For callers inside the mesh, who dial the Service: the shares of its revisions."""
    for name, workload in topology.workloads.items():
        if workload.versioned:
            spec: dict[str, Node] = {
                "gateways": ["mesh"],
                "hosts": [service_host(name, topology.namespace)],
                "http": [
                    {
                        "name": name,
                        "route": list(own_destinations(topology, name)),
                        "timeout": f"{response_s(workload.function.timeout_s)}s",
                        "retries": NO_RETRIES,
                    }
                ],
            }
            yield document("VirtualService", f"service-{name}", spec, topology, function=name)
