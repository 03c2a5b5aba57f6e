"""Rules over what NGINX passes on: the path, the caller's address, the connection."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wherry_build.lint.bundle import Bundle
from wherry_build.lint.finding import Severity
from wherry_build.lint.nginx.configuration import Directive, configurations
from wherry_build.lint.nginx.workloads import versions_of
from wherry_build.lint.rule import Fault, rule

_PASSED_TO = re.compile(r"https?://(?:unix:[^:]+:?|[^/$]*)(?P<uri>/[^$]*)?", re.ASCII)
_APPENDED = ("$proxy_add_x_forwarded_for", "$http_x_forwarded_for")
_TRUSTED = ("set_real_ip_from", "real_ip_header")
_HTTP_1_1_BY_DEFAULT = (1, 29, 7)
_KEPT_OPEN = frozenset({"connection", "upgrade"})
_PREFERRED = "^~"


@rule("NGX003", Severity.WARNING, "proxy_pass has a URI, so that the path is decoded or ill joined")
def passed_uri(bundle: Bundle) -> Iterator[Fault]:
    """Not where a prefix is replaced by another: that is what a URI is for."""
    for _, directive in _passes(bundle):
        prefix = _prefix(directive)
        found = _PASSED_TO.fullmatch(directive.value)
        uri = found["uri"] if found else None
        if prefix is None or uri is None:
            continue
        if prefix == uri:
            bare = directive.value.removesuffix(uri)
            yield directive.fault(
                f"got proxy_pass {directive.value} in location {prefix}, which decodes the path "
                "and encodes it anew",
                hint=f"write proxy_pass {bare}; the path is then passed as it came",
            )
        elif prefix.endswith("/") != uri.endswith("/"):
            yield directive.fault(
                f"got proxy_pass {directive.value} in location {prefix}, so that "
                f"{_example(prefix)} becomes {uri}{_example(prefix).removeprefix(prefix)}",
                hint="end both with a slash, or neither",
            )


@rule("NGX004", Severity.WARNING, "an edge passes on the X-Forwarded-For that its caller sent")
def appended_address(bundle: Bundle) -> Iterator[Fault]:
    """Unless the file says which proxies before it are to be trusted."""
    for root in configurations(bundle):
        for directive in root.walk():
            if directive.name != "proxy_set_header" or len(directive.arguments) < 2:
                continue
            name, value = directive.arguments[:2]
            appended = any(variable in value for variable in _APPENDED)
            if name.lower() != "x-forwarded-for" or not appended or _is_behind_another(directive):
                continue
            yield directive.fault(
                f"got X-Forwarded-For {value}, expected $remote_addr at the edge",
                hint="write $remote_addr, or name the proxies before this one by set_real_ip_from",
            )


@rule("NGX005", Severity.WARNING, "each call costs a connection of its own, and WebSockets end")
def closed_connections(bundle: Bundle) -> Iterator[Fault]:
    """NGINX speaks HTTP/1.0 to what it proxies, or closes, unless it is told otherwise."""
    for root, directive in _passes(bundle):
        versions = versions_of(bundle, root)
        if versions and min(versions) >= _HTTP_1_1_BY_DEFAULT:
            continue
        if not directive.is_all_known:
            continue
        spoken = directive.effective("proxy_http_version")
        if not spoken:
            yield directive.fault(
                "got proxy_pass without proxy_http_version, expected 1.1; 1.0 is taken",
                hint="write proxy_http_version 1.1 and set Connection and Upgrade",
            )
        elif spoken[-1].value == "1.1" and not _KEPT_OPEN.intersection(
            header.value.lower() for header in directive.effective("proxy_set_header")
        ):
            yield directive.fault(
                'got proxy_pass with "Connection: close", expected it to be set',
                hint='write proxy_set_header Connection "" to keep connections, or pass Upgrade on',
            )


def _passes(bundle: Bundle) -> Iterator[tuple[Directive, Directive]]:
    """Each proxy_pass to HTTP, with the configuration that it is in; none of a stream's."""
    for root in configurations(bundle):
        for directive in root.walk():
            if directive.name == "proxy_pass" and directive.value.startswith("http"):
                yield root, directive


def _prefix(directive: Directive) -> str | None:
    """The prefix of the location that a directive is in; None for any other location."""
    location = directive.parent
    if location is None or location.name != "location":
        return None
    arguments = location.arguments
    if len(arguments) == 2 and arguments[0] == _PREFERRED:
        return arguments[1]
    return arguments[0] if len(arguments) == 1 and arguments[0].startswith("/") else None


def _example(prefix: str) -> str:
    return f"{prefix}a" if prefix.endswith("/") else f"{prefix}/a"


def _is_behind_another(directive: Directive) -> bool:
    """Whether other proxies are named, or nobody but this pod can connect."""
    if any(directive.effective(name) for name in _TRUSTED) or not directive.is_all_known:
        return True
    heard = directive.effective("listen")
    return bool(heard) and all(
        each.value.startswith(("127.", "localhost", "[::1]", "unix:")) for each in heard
    )
