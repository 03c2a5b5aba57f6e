"""Filters of an HTTPRoute's rule: another host and path, copies, and CORS."""

from __future__ import annotations

from collections.abc import Sequence

from wherry_build.manifests.emission import Loss
from wherry_build.manifests.gateway_api.backends import Backends
from wherry_build.manifests.gateway_api.matches import left_out, path_text
from wherry_build.manifests.topology import RouteRule
from wherry_build.manifests.yaml import Node
from wherry_build.project.specification.routing import Cors

_LIMIT_PATH = 1024
_LIMIT_LISTED = 64
_LIMIT_ORIGIN = 253


def filters(rule: RouteRule, to: Backends) -> list[Node]:
    """The filters of `rule`, of which the API takes most kinds once."""
    found: list[Node] = []
    rewrite: dict[str, Node] = {}
    if to.host:
        rewrite["hostname"] = to.host
    path = rewritten_path(rule, to)
    if path:
        exact = rule.said.path is not None and rule.said.path.exact is not None
        rewrite["path"] = (
            {"type": "ReplaceFullPath", "replaceFullPath": path}
            if exact
            else {"type": "ReplacePrefixMatch", "replacePrefixMatch": path}
        )
    if rewrite:
        found.append({"type": "URLRewrite", "urlRewrite": rewrite})
    found += [{"type": "RequestMirror", "requestMirror": each} for each in to.mirrors]
    if rule.said.cors is not None and not cors_losses(rule):
        found.append({"type": "CORS", "cors": _cors(rule.said.cors)})
    return found


def rewritten_path(rule: RouteRule, to: Backends) -> str:
    """What stands where the path or its prefix stood; empty where that stays."""
    said = rule.said.rewrite.path if rule.said.rewrite is not None else None
    if said is None:
        return to.before and to.before + path_text(rule.said.path).rstrip("/")
    return to.before + said


def path_losses(rule: RouteRule, to: Backends) -> tuple[Loss, ...]:
    """That the path which the function is to see is too long."""
    if len(rewritten_path(rule, to)) <= _LIMIT_PATH:
        return ()
    return (left_out(rule, f"the Gateway API writes paths of {_LIMIT_PATH} characters at most"),)


def cors_losses(rule: RouteRule) -> tuple[Loss, ...]:
    """That more is listed than the API takes; browsers of other origins are then refused."""
    said = rule.said.cors
    if said is None:
        return ()
    listed: Sequence[Sequence[str]] = (said.origins, said.headers, said.expose_headers)
    long = any(len(origin) > _LIMIT_ORIGIN for origin in said.origins)
    if not long and all(len(each) <= _LIMIT_LISTED for each in listed):
        return ()
    reason = f"the Gateway API lists {_LIMIT_LISTED} at most, origins of {_LIMIT_ORIGIN} characters"
    return (Loss(key=f"routes.{rule.name}.cors", reason=reason, instead="--mesh istio"),)


def age_losses(rule: RouteRule) -> tuple[Loss, ...]:
    """That browsers cannot be told to keep nothing."""
    said = rule.said.cors
    if said is None or said.max_age is None or said.max_age.seconds:
        return ()
    reason = "the Gateway API takes no 0 there; browsers keep it for 5s"
    return (Loss(key=f"routes.{rule.name}.cors.max_age", reason=reason),)


def _cors(said: Cors) -> Node:
    node: dict[str, Node] = {"allowOrigins": _any_alone(said.origins)}
    if said.methods:
        node["allowMethods"] = [method.value for method in said.methods]
    if said.headers:
        node["allowHeaders"] = _any_alone(said.headers)
    if said.expose_headers:
        node["exposeHeaders"] = list(said.expose_headers)
    if said.max_age is not None and said.max_age.seconds:
        node["maxAge"] = said.max_age.seconds
    if said.credentials is not None:
        node["allowCredentials"] = said.credentials
    return node


def _any_alone(listed: Sequence[str]) -> list[Node]:
    """`*` stands for all others, and the API takes it alone."""
    return ["*"] if "*" in listed else list(listed)
