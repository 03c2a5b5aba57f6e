"""Rules over what Envoy listens with: filters, the admin interface, TLS, trusted addresses."""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.lint.bundle import Bundle
from wherry_build.lint.envoy.bootstrap import (
    Section,
    bootstraps,
    connection_managers,
    downstream_tls,
    is_connection_manager,
    is_loopback,
    listeners,
    socket_addresses,
)
from wherry_build.lint.finding import Severity
from wherry_build.lint.node import items, number, text
from wherry_build.lint.rule import Fault, rule

_ROUTER_NAMES = frozenset({"envoy.filters.http.router", "envoy.router"})
_TOO_OLD = frozenset({"TLSV1_0", "TLSV1_1", 1, 2})
_NOT_NEWEST = _TOO_OLD | {"TLSV1_2", 3}
_TRUST = ("xff_num_trusted_hops", "original_ip_detection_extensions")


@rule("ENV002", Severity.ERROR, "the router is not the last HTTP filter, so nothing is routed")
def router_last(bundle: Bundle) -> Iterator[Fault]:
    """Without filters Envoy loads the file and answers no request."""
    for connection_manager in _connection_managers(bundle):
        if not connection_manager.get("@type"):
            continue
        filters = list(connection_manager.each("http_filters"))
        if not filters:
            yield connection_manager.fault(
                "http_filters",
                message="got no HTTP filters, expected a list that ends with the router",
                hint="add envoy.filters.http.router",
            )
        elif not _is_router(filters[-1]):
            name = text(filters[-1].get("name"))
            yield filters[-1].fault(
                message=f"got {name!r} as the last HTTP filter, expected the router",
                hint="move envoy.filters.http.router to the end",
            )


@rule("ENV005", Severity.ERROR, "the admin interface is open to others than this pod")
def open_admin(bundle: Bundle) -> Iterator[Fault]:
    """It shows certificates and configuration, and stops the proxy for whoever asks."""
    for bootstrap in bootstraps(bundle):
        for address in socket_addresses(bootstrap.below("admin")):
            host = text(address.get("address"))
            if host and not is_loopback(host):
                yield address.fault(
                    "address",
                    message=f"got admin at {host}, expected a loopback address",
                    hint="write 127.0.0.1; for metrics, route /stats/prometheus by a listener",
                )


@rule("ENV012", Severity.WARNING, "TLS below 1.2 is taken, or TLS 1.3 or HTTP/2 is not offered")
def tls_of_today(bundle: Bundle) -> Iterator[Fault]:
    """What is not said is right: servers of Envoy take TLS 1.2 and 1.3 by default."""
    for bootstrap in bootstraps(bundle):
        for listener in listeners(bootstrap):
            for owner, context in downstream_tls(listener):
                yield from _old_versions(context)
                if _speaks_http(owner) and not items(
                    context.get("common_tls_context", "alpn_protocols")
                ):
                    yield context.fault(
                        "common_tls_context",
                        message="got no alpn_protocols, expected h2 and http/1.1 to be offered",
                        hint="add alpn_protocols: [h2, http/1.1]",
                    )


@rule("ENV015", Severity.WARNING, "an edge trusts the X-Forwarded-For that its caller sent")
def trusted_addresses(bundle: Bundle) -> Iterator[Fault]:
    """A listener on loopback, or one that says which proxies before it to trust, is left out."""
    for bootstrap in bootstraps(bundle):
        for listener in listeners(bootstrap):
            if listener.word("traffic_direction") == "OUTBOUND" or not _is_open(listener):
                continue
            for connection_manager in connection_managers(listener):
                given = connection_manager.get("use_remote_address")
                if given is True or any(connection_manager.get(key) for key in _TRUST):
                    continue
                got = "false" if given is False else "no use_remote_address"
                yield connection_manager.fault(
                    "use_remote_address",
                    message=f"got {got} where anyone may connect, expected true",
                    hint="write use_remote_address: true, or how many proxies before this one to "
                    "trust (xff_num_trusted_hops)",
                )


def _connection_managers(bundle: Bundle) -> Iterator[Section]:
    for bootstrap in bootstraps(bundle):
        for listener in listeners(bootstrap):
            yield from connection_managers(listener)


def _is_router(entry: Section) -> bool:
    """Whether a filter routes; one that is discovered later may."""
    kind = text(entry.get("typed_config", "@type"))
    return (
        kind.endswith("Router")
        or text(entry.get("name")) in _ROUTER_NAMES
        or entry.get("config_discovery") is not None
    )


def _old_versions(context: Section) -> Iterator[Fault]:
    parameters = context.below("common_tls_context", "tls_params")
    for key, refused, expected in (
        ("tls_minimum_protocol_version", _TOO_OLD, "TLSv1_2 or newer"),
        ("tls_maximum_protocol_version", _NOT_NEWEST, "TLSv1_3"),
    ):
        value = parameters.get(key)
        if (parameters.word(key) or number(value)) in refused:
            yield parameters.fault(key, message=f"got {value}, expected {expected}")


def _speaks_http(owner: Section) -> bool:
    """Whether a filter chain, or any of a listener, manages HTTP connections."""
    chains = [owner, *owner.each("filter_chains")]
    return any(is_connection_manager(entry) for chain in chains for entry in chain.each("filters"))


def _is_open(listener: Section) -> bool:
    hosts = [text(address.get("address")) for address in socket_addresses(listener)]
    return any(host and not is_loopback(host) for host in hosts)
