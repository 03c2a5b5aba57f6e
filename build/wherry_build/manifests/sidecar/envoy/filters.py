"""Envoy's HTTP filters: its own health, CORS and faults where routes say them, and the router."""

from __future__ import annotations

from collections.abc import Iterable

from wherry_build.manifests.sidecar.envoy.types import duration_text, typed
from wherry_build.manifests.sidecar.placement import HEALTH
from wherry_build.manifests.topology import RouteRule
from wherry_build.manifests.yaml import Node
from wherry_build.project.specification.routing import Cors, Fault

_CORS = "envoy.filters.http.cors"
_FAULT = "envoy.filters.http.fault"
_HTTP = "envoy.extensions.filters.http"


def http_filters(rules: Iterable[RouteRule]) -> list[Node]:
    """The filters of a connection manager, the router last."""
    health: Node = {"name": ":path", "string_match": {"exact": HEALTH}}
    made: list[Node] = [
        {
            "name": "envoy.filters.http.health_check",
            "typed_config": typed(
                f"{_HTTP}.health_check.v3.HealthCheck", pass_through_mode=False, headers=[health]
            ),
        }
    ]
    said = [rule.said for rule in rules]
    if any(each.cors is not None for each in said):
        made.append({"name": _CORS, "typed_config": typed(f"{_HTTP}.cors.v3.Cors")})
    if any(each.fault is not None for each in said):
        made.append({"name": _FAULT, "typed_config": typed(f"{_HTTP}.fault.v3.HTTPFault")})
    router = typed(f"{_HTTP}.router.v3.Router")
    return [*made, {"name": "envoy.filters.http.router", "typed_config": router}]


def route_filters(rule: RouteRule) -> dict[str, Node]:
    """What the filters do to the calls of one route."""
    made: dict[str, Node] = {}
    if rule.said.cors is not None:
        made[_CORS] = _cors(rule.said.cors)
    if rule.said.fault is not None:
        made[_FAULT] = _fault(rule.said.fault)
    return made


def _cors(said: Cors) -> Node:
    made = typed(
        f"{_HTTP}.cors.v3.CorsPolicy",
        allow_origin_string_match=[{"exact": origin} for origin in said.origins],
    )
    if said.methods:
        made["allow_methods"] = ",".join(method.value for method in said.methods)
    if said.headers:
        made["allow_headers"] = ",".join(said.headers)
    if said.expose_headers:
        made["expose_headers"] = ",".join(said.expose_headers)
    if said.max_age is not None:
        made["max_age"] = str(said.max_age.seconds)
    if said.credentials is not None:
        made["allow_credentials"] = said.credentials
    return made


def _fault(said: Fault) -> Node:
    made = typed(f"{_HTTP}.fault.v3.HTTPFault")
    if said.delay is not None:
        made["delay"] = {
            "fixed_delay": duration_text(said.delay.time),
            "percentage": _percent(said.delay.percent),
        }
    if said.abort is not None:
        made["abort"] = {
            "http_status": said.abort.status,
            "percentage": _percent(said.abort.percent),
        }
    return made


def _percent(percent: int) -> Node:
    return {"numerator": percent, "denominator": "HUNDRED"}
