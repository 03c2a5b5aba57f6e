"""One route of a VirtualService: what it matches, and what is done with its calls."""

from __future__ import annotations

from dataclasses import dataclass

from wherry_build.manifests.emission import Loss
from wherry_build.manifests.istio.destinations import Destinations, destinations
from wherry_build.manifests.options import Target
from wherry_build.manifests.routing import duration, retry_on
from wherry_build.manifests.routing_match import Match
from wherry_build.manifests.routing_path import path_rewrite
from wherry_build.manifests.topology import RouteRule, Topology
from wherry_build.manifests.yaml import Node
from wherry_build.project.specification.routing import Cors, Fault, HeaderMatch, Retries

NO_RETRIES: Node = {"attempts": 0}
"""The mesh would retry twice by default, and a function need not be idempotent."""
_PRESENT: Node = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What is done with the calls of a route: the rest of its node, and what it cannot say."""

    node: dict[str, Node]
    losses: tuple[Loss, ...]
    warnings: tuple[str, ...]


def match_node(match: Match) -> Node:
    """`match` in Istio's words."""
    node: dict[str, Node] = {
        "uri": {"prefix": f"{match.path}/"} if match.below else {"exact": match.path}
    }
    methods = [method.value for method in match.methods]
    if methods:
        node["method"] = (
            {"exact": methods[0]} if len(methods) == 1 else {"regex": "|".join(methods)}
        )
    there = {name: each for name, each in match.headers.items() if each.present is not False}
    absent = [name for name, each in match.headers.items() if each.present is False]
    if there:
        node["headers"] = {name: _header(each) for name, each in there.items()}
    if absent:
        node["withoutHeaders"] = dict.fromkeys(absent, _PRESENT)
    return node


def _header(wanted: HeaderMatch) -> Node:
    if wanted.exact is not None:
        return {"exact": wanted.exact}
    return {"prefix": wanted.prefix} if wanted.prefix is not None else _PRESENT


def action(topology: Topology, rule: RouteRule, target: Target) -> Action:
    """What is done with the calls of `rule`.

    Raises:
        ManifestError: A name made of two is too long.
    """
    said = rule.said
    to = destinations(topology, rule, target)
    node: dict[str, Node] = {}
    rewrite = _rewrite(rule, to)
    if rewrite:
        node["rewrite"] = rewrite
    node["route"] = list(to.route)
    node["timeout"] = str(duration(rule, topology))
    node["retries"] = _retries(said.retries)
    if to.mirrors:
        node["mirrors"] = list(to.mirrors)
    if said.fault is not None:
        node["fault"] = _fault(said.fault)
    losses = list(to.losses)
    if said.cors is not None:
        node["corsPolicy"] = _cors(said.cors)
        if said.cors.max_age is not None and said.cors.max_age.milliseconds == 0:
            key = f"routes.{rule.name}.cors.max_age"
            losses.append(Loss(key=key, reason="Istio takes no 0 there; browsers keep it for 5s"))
    return Action(node=node, losses=tuple(losses), warnings=to.warnings)


def _rewrite(rule: RouteRule, to: Destinations) -> dict[str, Node]:
    said = rule.said
    path = said.rewrite.path if said.rewrite is not None else None
    pattern = path_rewrite(said.path, path, before=to.before)
    node: dict[str, Node] = {}
    if pattern is not None:
        # `uri` on a prefix would leave two slashes, and `//` is another path.
        node["uriRegexRewrite"] = {"match": pattern.pattern, "rewrite": pattern.to}
    if to.authority:
        node["authority"] = to.authority
    return node


def _retries(said: Retries | None) -> Node:
    if said is None or said.attempts == 0:
        return NO_RETRIES
    node: dict[str, Node] = {"attempts": said.attempts}
    if said.per_try_timeout is not None:
        node["perTryTimeout"] = str(said.per_try_timeout)
    return {**node, "retryOn": ",".join(retry_on(said))}


def _fault(said: Fault) -> Node:
    node: dict[str, Node] = {}
    if said.delay is not None:
        node["delay"] = {
            "fixedDelay": str(said.delay.time),
            "percentage": {"value": said.delay.percent},
        }
    if said.abort is not None:
        node["abort"] = {
            "httpStatus": said.abort.status,
            "percentage": {"value": said.abort.percent},
        }
    return node


def _cors(said: Cors) -> Node:
    origins: list[Node] = [
        {"regex": ".*"} if origin == "*" else {"exact": origin} for origin in said.origins
    ]
    node: dict[str, Node] = {"allowOrigins": origins}
    if said.methods:
        node["allowMethods"] = [method.value for method in said.methods]
    if said.headers:
        node["allowHeaders"] = list(said.headers)
    if said.expose_headers:
        node["exposeHeaders"] = list(said.expose_headers)
    if said.max_age is not None and said.max_age.milliseconds:
        node["maxAge"] = str(said.max_age)
    if said.credentials is not None:
        node["allowCredentials"] = said.credentials
    # What a browser asks before a call of an origin that may not call is nothing for a function.
    node["unmatchedPreflights"] = "IGNORE"
    return node
