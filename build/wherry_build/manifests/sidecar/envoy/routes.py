"""Envoy's routes: which calls of a host go where, and what becomes of them on the way.

On plain HTTP, every virtual host asks first whether a proxy has routed the call already; then it is
its own function's. What no route takes is answered here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from wherry_build.manifests.routing import RETRY_ON, Entry, Table, duration, retry_on
from wherry_build.manifests.routing_match import Match
from wherry_build.manifests.routing_path import path_rewrite
from wherry_build.manifests.sidecar.envoy.filters import route_filters
from wherry_build.manifests.sidecar.envoy.types import duration_text, typed
from wherry_build.manifests.sidecar.placement import ROUTED
from wherry_build.manifests.sidecar.table import RETRIES, RouteTable, backends, mirror
from wherry_build.manifests.topology import RouteRule, Topology
from wherry_build.manifests.yaml import Node
from wherry_build.project.specification.routing import HeaderMatch, Retries

LOCAL = "_local"
"""The cluster of the function in the proxy's own pod; no function is called so."""
_EVERY_PATH: dict[str, Node] = {"prefix": "/"}
_PREVIOUS_HOSTS = "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"


def plain_hosts(table: RouteTable, topology: Topology) -> list[Node]:
    """The virtual hosts of plain HTTP."""
    made: list[Node] = []
    redirected = sorted(table.redirected)
    if redirected:
        made.append(_virtual_host("redirected", redirected, [_routed(table), _to_https()]))
    for at, each in enumerate(table.tables):
        hosts = [host for host in each.hosts if host not in table.redirected]
        if hosts:
            routes = [_routed(table), *_routes(each, topology)]
            made.append(_routing_host(f"routes-{at}", hosts, routes))
    unrouted = [host for host in table.unrouted if host not in table.redirected]
    if unrouted:
        made.append(_virtual_host("unrouted", unrouted, [_routed(table), _answer(404)]))
    return [*made, _own_host(table)]


def tls_hosts(table: RouteTable, topology: Topology) -> list[Node]:
    """The virtual hosts of HTTPS; a host that has none is misdirected (RFC 9110 15.5.20)."""
    made: list[Node] = []
    for at, each in enumerate(table.tables):
        hosts = [host for host in each.hosts if host not in table.plain]
        if hosts:
            made.append(_routing_host(f"routes-{at}", hosts, _routes(each, topology)))
    unrouted = [host for host in table.unrouted if host not in table.plain]
    if unrouted:
        made.append(_virtual_host("unrouted", unrouted, [_answer(404)]))
    if table.plain:
        made.append(_virtual_host("plain", sorted(table.plain), [_answer(421)]))
    return [*made, _own_host(table)]


def _own_host(table: RouteTable) -> Node:
    """What is addressed to no host of the project is addressed to the function itself."""
    return {
        "name": LOCAL,
        "domains": ["*"],
        "routes": [
            {
                "match": _EVERY_PATH,
                "route": {"cluster": LOCAL, "timeout": duration_text(table.longest)},
            }
        ],
    }


def _routing_host(name: str, hosts: Sequence[str], routes: Sequence[Node]) -> dict[str, Node]:
    return {
        **_virtual_host(name, hosts, routes),
        "retry_policy": _retry_policy(Retries(attempts=RETRIES, retry_on=RETRY_ON)),
        # After those of the routes: of a call that was routed before, the scheme stays.
        "request_headers_to_add": [_header(ROUTED, "%REQ(x-forwarded-proto)%")],
    }


def _virtual_host(name: str, hosts: Sequence[str], routes: Sequence[Node]) -> dict[str, Node]:
    return {"name": name, "domains": list(hosts), "routes": list(routes)}


def _routed(table: RouteTable) -> Node:
    """A call that a proxy has routed is this function's, and came by the scheme it was told."""
    scheme: Node = {"safe_regex": {"regex": "https?"}}
    return {
        "match": {**_EVERY_PATH, "headers": [{"name": ROUTED, "string_match": scheme}]},
        "route": {"cluster": LOCAL, "timeout": duration_text(table.longest)},
        "request_headers_to_add": [_header("x-forwarded-proto", f"%REQ({ROUTED})%")],
    }


def _to_https() -> Node:
    redirect: Node = {"https_redirect": True, "response_code": "PERMANENT_REDIRECT"}
    return {"match": _EVERY_PATH, "redirect": redirect}


def _answer(status: int) -> Node:
    title = {404: "Not Found", 421: "Misdirected Request"}[status]
    problem = json.dumps({"type": "about:blank", "title": title, "status": status})
    return {
        "match": _EVERY_PATH,
        "direct_response": {"status": status, "body": {"inline_string": problem}},
        "response_headers_to_add": [_header("content-type", "application/problem+json")],
    }


def _header(name: str, value: str) -> Node:
    return {
        "header": {"key": name, "value": value},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }


def _routes(table: Table, topology: Topology) -> list[Node]:
    routes = [route for entry in table.entries for route in _of_entry(entry, topology)]
    return [*routes, _answer(404)]


def _of_entry(entry: Entry, topology: Topology) -> Iterator[Node]:
    action = _action(entry.rule, topology)
    filters = route_filters(entry.rule)
    for path, match in _paths(entry.matches):
        made: dict[str, Node] = {
            "name": entry.rule.name,
            "match": {**path, **_conditions(match)},
            "route": action,
        }
        if filters:
            made["typed_per_filter_config"] = filters
        yield made


def _paths(found: Sequence[Match]) -> Iterator[tuple[dict[str, Node], Match]]:
    """Each match with its path; a path and all below it, which are two, are one here."""
    left = list(found)
    while left:
        match = left.pop(0)
        if match.below:
            yield {"prefix": f"{match.path}/"}, match
            continue
        below = next((each for each in left if _is_below(each, match)), None)
        if below is None:
            yield {"path": match.path}, match
        else:
            left.remove(below)
            yield {"path_separated_prefix": match.path}, match


def _is_below(one: Match, other: Match) -> bool:
    return one.below and (one.path, one.methods, one.headers) == (
        other.path,
        other.methods,
        other.headers,
    )


def _conditions(match: Match) -> dict[str, Node]:
    headers: list[Node] = []
    if len(match.methods) == 1:
        headers.append({"name": ":method", "string_match": {"exact": match.methods[0].value}})
    elif match.methods:
        words = "|".join(method.value for method in match.methods)
        headers.append({"name": ":method", "string_match": {"safe_regex": {"regex": words}}})
    headers += [_header_match(name, wanted) for name, wanted in match.headers.items()]
    return {"headers": headers} if headers else {}


def _header_match(name: str, wanted: HeaderMatch) -> Node:
    name = ":authority" if name == "host" else name
    if wanted.exact is not None:
        return {"name": name, "string_match": {"exact": wanted.exact}}
    if wanted.prefix is not None:
        return {"name": name, "string_match": {"prefix": wanted.prefix}}
    return {"name": name, "present_match": wanted.present}


def _action(rule: RouteRule, topology: Topology) -> dict[str, Node]:
    said = rule.said
    made: dict[str, Node] = {}
    shared = backends(topology, rule)
    if len(shared) == 1:
        made["cluster"] = shared[0][0].name
    else:
        weights: list[Node] = [
            {"name": upstream.name, "weight": percent} for upstream, percent in shared
        ]
        made["weighted_clusters"] = {"clusters": weights}
    rewrite = path_rewrite(said.path, said.rewrite.path if said.rewrite is not None else None)
    if rewrite is not None:
        pattern: Node = {"regex": rewrite.pattern}
        made["regex_rewrite"] = {"pattern": pattern, "substitution": rewrite.to}
    if said.rewrite is not None and said.rewrite.host is not None:
        made["host_rewrite_literal"] = said.rewrite.host
    made["timeout"] = duration_text(duration(rule, topology))
    if said.retries is not None:
        made["retry_policy"] = _retry_policy(said.retries)
    copied_to = mirror(topology, rule)
    if copied_to is not None and said.mirror is not None:
        percent = 100 if said.mirror.percent is None else said.mirror.percent
        share: Node = {"numerator": percent, "denominator": "HUNDRED"}
        copy: Node = {
            "cluster": copied_to.name,
            "runtime_fraction": {"default_value": share},
            "disable_shadow_host_suffix_append": True,
        }
        made["request_mirror_policies"] = [copy]
    return made


def _retry_policy(retries: Retries) -> Node:
    if not retries.attempts:
        return {"num_retries": 0}
    made: dict[str, Node] = {
        "retry_on": ",".join(retry_on(retries)),
        "num_retries": retries.attempts,
    }
    if retries.per_try_timeout is not None:
        made["per_try_timeout"] = duration_text(retries.per_try_timeout)
    return {
        **made,
        "host_selection_retry_max_attempts": 3,
        "retry_host_predicate": [
            {
                "name": "envoy.retry_host_predicates.previous_hosts",
                "typed_config": typed(_PREVIOUS_HOSTS),
            }
        ],
    }
