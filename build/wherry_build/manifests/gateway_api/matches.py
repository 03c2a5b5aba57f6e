"""What an HTTPRoute matches, and which of a route's matches the Gateway API has no form for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from wherry_build.manifests.emission import Loss
from wherry_build.manifests.routing_match import Match, repeated_headers
from wherry_build.manifests.topology import RouteRule
from wherry_build.manifests.yaml import Node
from wherry_build.project.specification.routing import HeaderMatch, Method, PathMatch

_PATH = re.compile(r"(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+")
_ENCODED_SLASH = re.compile(r"%2f", re.IGNORECASE)
_LIMIT_HEADERS = 16
_LIMIT_VALUE = 4096
_SPECIAL = re.compile(r"[$()*+.?\[\\\]^{|}]")


def unsayable(rule: RouteRule) -> Iterator[Loss]:
    """What of a route's matches has no form; without it the route would take other calls."""
    path = path_text(rule.said.path)
    if _PATH.fullmatch(path) is None or _ENCODED_SLASH.search(path):
        yield left_out(rule, f"the Gateway API takes no path {path}")
    headers = rule.said.headers
    for name in repeated_headers(rule):
        yield left_out(rule, f"the header {name} is asked for twice")
    for name, wanted in headers.items():
        if wanted.present is False:
            yield left_out(rule, f"the Gateway API cannot ask for {name} to be absent")
        elif len(_value(wanted)) > _LIMIT_VALUE:
            yield left_out(rule, f"the value of {name} is too long for the Gateway API")
    if len(headers) > _LIMIT_HEADERS:
        yield left_out(rule, f"the Gateway API asks for {_LIMIT_HEADERS} headers at most")


def left_out(rule: RouteRule, reason: str) -> Loss:
    """That `rule` is not written at all."""
    return Loss(
        key=f"routes.{rule.name}",
        reason=f"{reason}; the route is left out",
        instead="--mesh istio",
    )


def path_text(path: PathMatch | None) -> str:
    """The path, whole or a prefix; `/` for every one."""
    if path is None:
        return "/"
    return path.exact if path.exact is not None else path.prefix or "/"


def match_nodes(rule: RouteRule, left: tuple[Match, ...]) -> list[dict[str, Node]]:
    """The matches of `rule`, one for each method; and of what browsers ask before, where it is."""
    said = rule.said
    found: list[dict[str, Node]] = []
    if any(not match.preflight for match in left):
        found += [_node(said.path, method, said.headers) for method in said.methods or (None,)]
    for match in left:
        if match.preflight:
            node = _node(said.path, Method.OPTIONS, match.headers)
            if node not in found:
                found.append(node)
    return found


def _node(
    path: PathMatch | None, method: Method | None, headers: Mapping[str, HeaderMatch]
) -> dict[str, Node]:
    exact = path is not None and path.exact is not None
    node: dict[str, Node] = {
        "path": {"type": "Exact" if exact else "PathPrefix", "value": path_text(path)}
    }
    if method is not None:
        node["method"] = method.value
    asked: list[Node] = [
        {
            "name": name,
            "type": "Exact" if wanted.exact is not None else "RegularExpression",
            "value": _value(wanted),
        }
        for name, wanted in headers.items()
    ]
    if asked:
        node["headers"] = asked
    return node


def _value(wanted: HeaderMatch) -> str:
    if wanted.exact is not None:
        return wanted.exact
    return "^" + _SPECIAL.sub(r"\\\g<0>", wanted.prefix or "") + ".*$"
