"""Rules over what a VirtualService's route does: IST005 to IST007, IST015, IST016."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wherry_build.lint.bundle import Bundle
from wherry_build.lint.finding import Severity
from wherry_build.lint.istio.names import http_entries, virtual_services
from wherry_build.lint.node import Node, entries, items, mapping, number, text
from wherry_build.lint.rule import Fault, fault, fix, rule

_WHOLE = 100
_AUTHORITY = frozenset({":authority", "host"})
_OF_ATTEMPTS = ("perTryTimeout", "retryOn", "retryRemoteLocalities", "backoff")
_NOT_REPEATED = ("POST", "PATCH")
_PLAIN_PATH = re.compile(r"/[A-Za-z0-9/_~.-]*")


@rule("IST005", Severity.WARNING, "the weights of a route do not add up to 100")
def weights(bundle: Bundle) -> Iterator[Fault]:
    """Istio takes them as shares of their sum, so a slip changes every share without a word."""
    for document in virtual_services(bundle):
        listed = [*http_entries(document)]
        for protocol in ("tcp", "tls"):
            listed += entries(document.node, "spec", protocol)
        for keys, route in listed:
            given = items(mapping(route).get("route"))
            written = [number(mapping(each).get("weight")) for each in given]
            total = sum(weight or 0 for weight in written)
            is_split = len(given) > 1 or any(weight is not None for weight in written)
            if is_split and total != _WHOLE:
                yield fault(
                    document,
                    (*keys, "route"),
                    f"got weights that add up to {total}, expected {_WHOLE}",
                    hint="write percentages, one for each destination",
                )


@rule("IST006", Severity.ERROR, "retries are switched off and described at once")
def retries_of_nothing(bundle: Bundle) -> Iterator[Fault]:
    """Istio refuses `attempts: 0`, which is also what no `attempts` means, with their details."""
    for document in virtual_services(bundle):
        for keys, route in http_entries(document):
            retries = mapping(mapping(route).get("retries"))
            described = [key for key in _OF_ATTEMPTS if key in retries]
            if described and not retries.get("attempts", 0):
                yield fault(
                    document,
                    (*keys, "retries"),
                    f"got attempts 0 with {', '.join(described)}, expected attempts of 1 "
                    "or more, or nothing else",
                    hint="leave the other fields away, or say how many attempts",
                )


@rule("IST007", Severity.WARNING, "the mesh repeats calls that may not be repeatable")
def default_retries(bundle: Bundle) -> Iterator[Fault]:
    """Without `retries` Istio tries twice more, also after a 503 to a POST that did its work."""
    if _says_default_retries(bundle):
        return
    for document in virtual_services(bundle):
        for keys, route in http_entries(document):
            node = mapping(route)
            method = _repeated_method(node)
            if method and "retries" not in node and items(node.get("route")):
                yield fault(
                    document,
                    keys,
                    f"got a route for {method} without retries, which means two of them",
                    hint="write `retries: {attempts: 0}`, or the retries that the service bears",
                )


def _says_default_retries(bundle: Bundle) -> bool:
    """Whether the mesh's own configuration is given and has a default of its own."""
    named = "defaultHttpRetryPolicy"
    for document in bundle.of_kind("ConfigMap"):
        if document.name.startswith("istio") and named in text(document.get("data", "mesh")):
            return True
    operators = bundle.of_kind("IstioOperator", "install.istio.io")
    return any(mapping(each.get("spec", "meshConfig", named)) for each in operators)


def _repeated_method(route: Node) -> str:
    for match in items(route.get("match")):
        method = mapping(mapping(match).get("method"))
        exact = text(method.get("exact")).upper()
        if exact in _NOT_REPEATED:
            return exact
        for name in re.split(r"[|()^$]", text(method.get("regex"))):
            if name in _NOT_REPEATED:
                return name
    return ""


@rule("IST015", Severity.ERROR, "a route sets the authority twice")
def authority_twice(bundle: Bundle) -> Iterator[Fault]:
    """Istio takes either `rewrite.authority` or one header Host (or :authority) that is set."""
    for document in virtual_services(bundle):
        for keys, route in http_entries(document):
            node = mapping(route)
            request = mapping(mapping(node.get("headers")).get("request"))
            headers = [
                name
                for name in mapping(request.get("set"))
                if isinstance(name, str) and name.lower() in _AUTHORITY
            ]
            rewrites = bool(mapping(node.get("rewrite")).get("authority"))
            if len(headers) + rewrites > 1:
                yield fault(
                    document,
                    (*keys, "headers", "request", "set", headers[-1]),
                    f"got the header {headers[-1]} beside "
                    f"{'rewrite.authority' if rewrites else headers[0]}, expected one of them",
                    hint="keep rewrite.authority",
                )


@rule("IST016", Severity.WARNING, "rewriting a prefix leaves a double slash")
def double_slash(bundle: Bundle) -> Iterator[Fault]:
    """`prefix: /cart` with `uri: /` sends `/cart/items` on as `//items`, which is another path."""
    for document in virtual_services(bundle):
        for keys, route in http_entries(document):
            node = mapping(route)
            to = text(mapping(node.get("rewrite")).get("uri"))
            prefix = next((each for each in _prefixes(node) if not each.endswith("/")), "")
            if to.endswith("/") and prefix:
                yield fault(
                    document,
                    (*keys, "rewrite", "uri"),
                    f"got uri {to!r} for the prefix {prefix!r}, which makes {prefix}/x into {to}/x",
                    hint="take the slash with a uriRegexRewrite",
                )


@fix("IST016")
def rewrite_by_pattern(bundle: Bundle, found: Fault) -> None:  # noqa: ARG001
    """A pattern that takes the prefix and one slash, where prefixes are all that is matched."""
    rewrite = found.document.get(*found.keys[:-1])
    route = mapping(found.document.get(*found.keys[:-2]))
    prefixes = _prefixes(route)
    paths = {
        text(path)
        for match in items(route.get("match"))
        for path in mapping(mapping(match).get("uri")).values()
    }
    alike = {prefix.rstrip("/") for prefix in prefixes}
    if {path.rstrip("/") for path in paths} != alike or len(alike) != 1:
        return
    prefix = alike.pop()
    if "uriRegexRewrite" in rewrite or _PLAIN_PATH.fullmatch(prefix) is None:
        return
    to = rewrite["uri"]
    place = list(rewrite).index("uri")
    del rewrite["uri"]
    pattern = {"match": f"^{prefix.replace('.', '[.]')}/?(.*)$", "rewrite": f"{to}\\1"}
    if hasattr(rewrite, "insert"):
        rewrite.insert(place, "uriRegexRewrite", pattern)
    else:
        rewrite["uriRegexRewrite"] = pattern


def _prefixes(route: Node) -> list[str]:
    """The paths that a route matches by prefix."""
    found = [
        text(mapping(mapping(match).get("uri")).get("prefix"))
        for match in items(mapping(route).get("match"))
    ]
    return [each for each in found if each]
