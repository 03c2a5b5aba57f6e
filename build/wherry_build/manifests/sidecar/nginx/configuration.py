"""The nginx.conf for the pods of a project."""

from __future__ import annotations

import json
from collections.abc import Iterator

from wherry_build.manifests.sidecar.nginx.locations import (
    HEADERS,
    RouteParts,
    is_group,
    set_headers,
)
from wherry_build.manifests.sidecar.nginx.servers import OWN, ServerParts
from wherry_build.manifests.sidecar.nginx.text import Block, Part, text
from wherry_build.manifests.sidecar.placement import Placement
from wherry_build.manifests.sidecar.sites import sites
from wherry_build.manifests.sidecar.table import RouteTable
from wherry_build.manifests.topology import Topology

CONFIGURATION = "nginx.conf"
VERSION = (1, 29, 3)
"""Version of NGINX that is written for when nothing is said."""
_LINE = {
    "time": "$time_iso8601",
    "method": "$request_method",
    "host": "$host",
    "path": "$request_uri",
    "status": "$status",
    "bytes": "$body_bytes_sent",
    "duration_s": "$request_time",
    "upstream": "$upstream_addr",
    "upstream_status": "$upstream_status",
    "request_id": "$call_id",
    "traceparent": "$http_traceparent",
    "tls": "$ssl_protocol",
}
_SUITES = (
    "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
)  # fmt: skip
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
_VARIABLES_OF_A_ROUTE = 8


def files(
    table: RouteTable,
    topology: Topology,
    placement: Placement,
    version: tuple[int, int, int] = VERSION,
) -> dict[str, str]:
    """The one file of an NGINX."""
    return {CONFIGURATION: text(configuration(table, topology, placement, version))}


def configuration(
    table: RouteTable, topology: Topology, placement: Placement, version: tuple[int, int, int]
) -> list[Part]:
    """The whole configuration."""
    rules = {entry.rule.name: entry.rule for each in table.tables for entry in each.entries}
    routes = {
        name: RouteParts(at, rule, topology, placement)
        for at, (name, rule) in enumerate(rules.items())
    }
    parts = ServerParts(table, routes, placement, version)
    found = sites(table)
    body: list[Part] = [
        *_limits(len(routes), sum(len(each.hosts) for each in found), placement),
        *_log(),
        *_resolver(table, placement),
        *_calls(),
        *_tls(table),
        *_groups(table, placement),
        *(part for each in routes.values() for part in each.maps()),
        parts.own(),
    ]
    for at, server in enumerate(found):
        body += parts.of(at, server)
    return [
        "worker_processes 1",
        f"pid {placement.scratch_folder}/nginx.pid",
        "error_log stderr warn",
        Block(head="events", body=["worker_connections 4096"]),
        Block(head="http", body=body),
    ]


def _limits(routes: int, hosts: int, placement: Placement) -> Iterator[Part]:
    yield "default_type application/octet-stream"
    for name in _TEMPORARY:
        yield f"{name}_temp_path {placement.scratch_folder}/{name}"
    yield "server_tokens off"
    # The function says how much it takes, and gets it as it comes.
    yield "client_max_body_size 0"
    yield "client_header_timeout 10s"
    yield "client_body_timeout 30s"
    yield "keepalive_timeout 3600s"
    yield f"variables_hash_max_size {1024 + _VARIABLES_OF_A_ROUTE * routes}"
    yield "variables_hash_bucket_size 256"
    yield f"server_names_hash_max_size {512 + 2 * hosts}"
    yield "server_names_hash_bucket_size 512"


def _log() -> Iterator[Part]:
    yield f"log_format json escape=json '{json.dumps(_LINE)}'"
    yield "access_log /dev/stdout json"


def _resolver(table: RouteTable, placement: Placement) -> Iterator[Part]:
    if not all(is_group(each, placement) for each in table.upstreams):
        yield f"resolver {placement.resolver} valid=5s ipv6=off"
        yield "resolver_timeout 2s"


def _calls() -> Iterator[Part]:
    """What is the same for every call that is passed on."""
    yield Block(head="geo $dollar", body=['default "$"'])
    yield Block(head="map $http_upgrade $connection_upgrade", body=["default upgrade", '"" ""'])
    # Proxies pass calls on over plain HTTP: there whoever names the header is believed, over HTTPS
    # nobody is.
    yield Block(
        head='map "$scheme $http_x_wherry_routed" $routed',
        body=['"~^http https?\\\\z" 1', "default 0"],
    )
    yield Block(
        head="map $routed $forwarded_for",
        body=['1 "$http_x_forwarded_for, $remote_addr"', "default $remote_addr"],
    )
    yield Block(
        head="map $routed $forwarded_proto", body=["1 $http_x_wherry_routed", "default $scheme"]
    )
    yield Block(
        head="map $http_x_request_id $call_id",
        body=['"" $request_id', "default $http_x_request_id"],
    )
    yield "proxy_http_version 1.1"
    yield from set_headers(HEADERS)
    yield "proxy_connect_timeout 2s"
    yield "proxy_request_buffering off"
    yield "proxy_buffering off"


def _tls(table: RouteTable) -> Iterator[Part]:
    if table.certificates:
        yield "ssl_protocols TLSv1.2 TLSv1.3"
        yield f"ssl_ciphers {':'.join(_SUITES)}"
        yield "ssl_prefer_server_ciphers off"
        yield "ssl_session_cache shared:tls:1m"
        yield "ssl_session_timeout 1d"
        yield "ssl_session_tickets off"


def _groups(table: RouteTable, placement: Placement) -> Iterator[Part]:
    own = [f"server {placement.function} max_fails=0", *_kept_open()]
    yield Block(head=f"upstream {OWN}", body=own)
    for each in table.upstreams:
        if is_group(each, placement):
            found = placement.addresses(each.function, each.revision)
            body = [*(f"server {address}" for address in found), *_kept_open()]
            yield Block(head=f"upstream {each.name}", body=body)


def _kept_open() -> tuple[str, ...]:
    return ("keepalive 16", "keepalive_timeout 55s")
