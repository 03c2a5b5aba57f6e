"""HTTPRoutes: one for each route, bound to the listeners of its hosts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from wherry_build.manifests.document import Document
from wherry_build.manifests.emission import Emission, Loss
from wherry_build.manifests.gateway_api.backends import Backends, backends
from wherry_build.manifests.gateway_api.filters import (
    age_losses,
    cors_losses,
    filters,
    path_losses,
    rewritten_path,
)
from wherry_build.manifests.gateway_api.gateway import parents
from wherry_build.manifests.gateway_api.matches import match_nodes, unsayable
from wherry_build.manifests.gateway_api.names import LIMIT_HOSTNAMES, document, numbered
from wherry_build.manifests.gateway_api.precedence import out_of_order
from wherry_build.manifests.options import Target
from wherry_build.manifests.routing import Table, duration, tables, unreached
from wherry_build.manifests.routing_match import Match
from wherry_build.manifests.topology import RouteRule, Topology
from wherry_build.manifests.yaml import Node
from wherry_build.project.specification.amounts import Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reached:
    """A route that is reached: by which hosts, and by which of its matches at any of them."""

    rule: RouteRule
    hosts: tuple[str, ...]
    matches: tuple[Match, ...]


def http_routes(topology: Topology, target: Target) -> Emission:
    """The HTTPRoutes of every route.

    Raises:
        ManifestError: There is no host, or a name made of two is too long.
    """
    losses: list[Loss] = []
    written: dict[str, Backends] = {}
    for rule in topology.routes:
        to = backends(topology, rule, target)
        left_out = [*unsayable(rule), *path_losses(rule, to)]
        if to.refs and not left_out:
            written[rule.name] = to
        losses += left_out or to.losses
    routes = tuple(rule for rule in topology.routes if rule.name in written)
    made = tables(replace(topology, routes=routes)) if routes else ()
    losses += [*unreached(made), *out_of_order(made)]
    reached = list(_reached(routes, made))
    for each in reached:
        losses += [*cors_losses(each.rule), *age_losses(each.rule)]
    return Emission(
        documents=tuple(
            found
            for each in reached
            for found in _documents(topology, each, written[each.rule.name])
        ),
        losses=tuple(losses),
        warnings=(
            *_warnings(reached),
            *(warning for each in reached for warning in written[each.rule.name].warnings),
        ),
    )


def _reached(routes: Sequence[RouteRule], made: Sequence[Table]) -> Iterator[_Reached]:
    hosts: dict[str, list[str]] = {}
    left: dict[str, list[Match]] = {}
    for table in made:
        for entry in table.entries:
            hosts.setdefault(entry.rule.name, []).extend(table.hosts)
            left.setdefault(entry.rule.name, []).extend(entry.matches)
    for rule in routes:
        if rule.name in hosts:
            own = tuple(hosts[rule.name])
            yield _Reached(rule=rule, hosts=own, matches=tuple(left[rule.name]))


def _documents(topology: Topology, each: _Reached, to: Backends) -> Iterator[Document]:
    rules = _rules(topology, each, to)
    for number, start in enumerate(range(0, len(each.hosts), LIMIT_HOSTNAMES), start=1):
        some = each.hosts[start : start + LIMIT_HOSTNAMES]
        spec: dict[str, Node] = {
            "parentRefs": parents(topology, some),
            "hostnames": list(some),
            "rules": rules,
        }
        yield document("HTTPRoute", numbered(each.rule.name, number), spec, topology)


def _rules(topology: Topology, each: _Reached, to: Backends) -> list[Node]:
    matches = match_nodes(each.rule, each.matches)
    found = filters(each.rule, to)
    rest: dict[str, Node] = {"filters": found} if found else {}
    rest["backendRefs"] = list(to.refs)
    rest["timeouts"] = {"request": _time(duration(each.rule, topology))}
    if rewritten_path(each.rule, to):
        # A rule that takes a prefix away has one match.
        return [{"matches": [match], **rest} for match in matches]
    return [{"matches": list(matches), **rest}]


def _time(value: Duration) -> str:
    """A duration with at most five digits a unit (GEP-2257)."""
    if value.is_whole_seconds or value.milliseconds < 1000:
        return str(value)
    return f"{value.seconds}s{value.milliseconds % 1000}ms"


def _warnings(reached: Sequence[_Reached]) -> Iterator[str]:
    for each in reached:
        path = each.rule.said.path
        prefix = path.prefix if path is not None else None
        if prefix is not None and prefix != "/" and prefix.endswith("/"):
            yield f"routes.{each.rule.name}: the Gateway API takes {prefix.rstrip('/')} as well"
