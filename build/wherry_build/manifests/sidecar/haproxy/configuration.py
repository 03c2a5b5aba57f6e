"""The haproxy.cfg for the pods of a project, for HAProxy 2.6 and newer."""

from __future__ import annotations

from wherry_build.manifests.sidecar.haproxy import frontend
from wherry_build.manifests.sidecar.haproxy.backends import RESOLVERS, RouteBackends
from wherry_build.manifests.sidecar.haproxy.text import Section, text
from wherry_build.manifests.sidecar.placement import Address, Placement
from wherry_build.manifests.sidecar.table import RETRIES, RouteTable
from wherry_build.manifests.topology import Topology

CONFIGURATION = "haproxy.cfg"
_SUITES = (
    "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
)  # fmt: skip
_CONNECTIONS = 2000


def files(table: RouteTable, topology: Topology, placement: Placement) -> dict[str, str]:
    """The files of an HAProxy: its configuration, and the lists that this names.

    Raises:
        ManifestError: A route makes a line that is longer than HAProxy reads.
    """
    made = text(configuration(table, topology, placement))
    return {CONFIGURATION: made, **frontend.files(table, placement)}


def configuration(table: RouteTable, topology: Topology, placement: Placement) -> list[Section]:
    """The whole configuration."""
    rules = {entry.rule.name: entry.rule for each in table.tables for entry in each.entries}
    routes = {name: RouteBackends(rule, topology, placement) for name, rule in rules.items()}
    sections = [
        _global(table),
        _defaults(table),
        Section(head="frontend calls", lines=list(frontend.frontend(table, routes, placement))),
        Section(
            head=f"backend {frontend.OWN}",
            lines=["retries 0", f"server function {placement.function}"],
        ),
        *(section for each in routes.values() for section in each.sections()),
    ]
    if table.upstreams:
        sections.insert(2, _resolvers(placement))
    return sections


def _global(table: RouteTable) -> Section:
    lines = [
        "log stdout format raw local0 info",
        f"maxconn {_CONNECTIONS}",
        "nbthread 1",
        "hard-stop-after 10m",
    ]
    if table.certificates:
        lines += [
            "ssl-load-extra-del-ext",
            "ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets",
            f"ssl-default-bind-ciphers {':'.join(_SUITES)}",
        ]
    return Section(head="global", lines=lines)


def _defaults(table: RouteTable) -> Section:
    return Section(
        head="defaults",
        lines=[
            "mode http",
            "log global",
            "option dontlognull",
            "option http-no-delay",
            "option redispatch 1",
            "balance roundrobin",
            f"retries {RETRIES}",
            "retry-on conn-failure",
            "timeout connect 2s",
            "timeout http-request 10s",
            "timeout http-keep-alive 1h",
            "timeout client 1h",
            "timeout tunnel 1h",
            "timeout queue 5s",
            f"timeout server {table.longest.milliseconds}ms",
        ],
    )


def _resolvers(placement: Placement) -> Section:
    """Names are looked up with the pod's own servers, where the placement gives no address."""
    server, _, port = placement.resolver.rpartition(":")
    is_given = server and Address(host=server, port=int(port)).is_numeric
    return Section(
        head=f"resolvers {RESOLVERS}",
        lines=[
            f"nameserver given {placement.resolver}" if is_given else "parse-resolv-conf",
            "accepted_payload_size 8192",
            "timeout resolve 1s",
            "timeout retry 1s",
            "hold valid 2s",
            "hold obsolete 5s",
        ],
    )
