"""Envoy's clusters: the function in the pod itself, and those that routes lead to."""

from __future__ import annotations

from collections.abc import Sequence

from wherry_build.manifests.sidecar.envoy.routes import LOCAL
from wherry_build.manifests.sidecar.envoy.types import duration_text, typed
from wherry_build.manifests.sidecar.placement import Address, Placement
from wherry_build.manifests.sidecar.table import RouteTable, Upstream, policy
from wherry_build.manifests.topology import Topology
from wherry_build.manifests.yaml import Node
from wherry_build.project.specification.traffic import (
    ConnectionPool,
    LoadBalancing,
    OutlierDetection,
)

_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_IDLE = "55s"
"""Less than the 120 s that a function keeps a connection without a call (`WHERRY_KEEPALIVE`)."""
_CONNECT = "2s"
_LIMIT_OPEN = 10_000
_ANY_PERCENT = 100
_BALANCING = {
    LoadBalancing.ROUND_ROBIN: "ROUND_ROBIN",
    LoadBalancing.LEAST_REQUEST: "LEAST_REQUEST",
    LoadBalancing.RANDOM: "RANDOM",
}


def clusters(table: RouteTable, topology: Topology, placement: Placement) -> list[Node]:
    """Every cluster, the function's own first."""
    return [
        _local(placement.function),
        *(_cluster(each, topology, placement) for each in table.upstreams),
    ]


def _local(function: Address) -> Node:
    """The function itself limits what it takes; the proxy does not do so before it."""
    limits: Node = {
        "max_connections": _LIMIT_OPEN,
        "max_pending_requests": _LIMIT_OPEN,
        "max_requests": _LIMIT_OPEN,
    }
    return {
        "name": LOCAL,
        "type": "STATIC",
        "connect_timeout": _CONNECT,
        "typed_extension_protocol_options": {_OPTIONS: _protocol(None)},
        "circuit_breakers": {"thresholds": [limits]},
        "load_assignment": _endpoints(LOCAL, (function,)),
    }


def _cluster(upstream: Upstream, topology: Topology, placement: Placement) -> Node:
    said = policy(topology, upstream)
    pool = said.connection_pool or ConnectionPool()
    balancing = said.load_balancing or LoadBalancing.ROUND_ROBIN
    connect = pool.connect_timeout
    made: dict[str, Node] = {
        "name": upstream.name,
        "type": "STRICT_DNS",
        "connect_timeout": duration_text(connect) if connect is not None else _CONNECT,
        "lb_policy": _BALANCING[balancing],
        "dns_lookup_family": "V4_PREFERRED",
        "typed_extension_protocol_options": {_OPTIONS: _protocol(pool)},
        "outlier_detection": _outliers(said.outlier_detection),
    }
    limits = _limits(pool)
    if limits:
        made["circuit_breakers"] = {"thresholds": [limits]}
    found = placement.addresses(upstream.function, upstream.revision)
    return {**made, "load_assignment": _endpoints(upstream.name, found)}


def _protocol(pool: ConnectionPool | None) -> Node:
    common: dict[str, Node] = {"idle_timeout": _IDLE}
    if pool is not None and pool.max_requests_per_connection is not None:
        common["max_requests_per_connection"] = pool.max_requests_per_connection
    return typed(
        _OPTIONS,
        common_http_protocol_options=common,
        explicit_http_config={"http_protocol_options": {}},
    )


def _limits(pool: ConnectionPool) -> dict[str, Node]:
    made: dict[str, Node] = {}
    if pool.max_connections is not None:
        made["max_connections"] = pool.max_connections
    if pool.max_pending is not None:
        made["max_pending_requests"] = pool.max_pending
    return made


def _outliers(said: OutlierDetection | None) -> Node:
    """When an instance is left out: as is said; or else one that cannot be reached.

    An answer of 500 is the function's own business until somebody says that it is not.
    """
    if said is None:
        return {
            "split_external_local_origin_errors": True,
            "enforcing_consecutive_5xx": 0,
            "enforcing_success_rate": 0,
            "max_ejection_percent": _ANY_PERCENT,
        }
    made: dict[str, Node] = {"enforcing_success_rate": 0}
    if said.consecutive_5xx is not None:
        made["consecutive_5xx"] = said.consecutive_5xx
    if said.interval is not None:
        made["interval"] = duration_text(said.interval)
    if said.ejection_time is not None:
        made["base_ejection_time"] = duration_text(said.ejection_time)
    if said.max_ejected is not None:
        made["max_ejection_percent"] = said.max_ejected
    return made


def _endpoints(cluster: str, addresses: Sequence[Address]) -> Node:
    endpoints: list[Node] = [
        {
            "endpoint": {
                "address": {"socket_address": {"address": each.host, "port_value": each.port}}
            }
        }
        for each in addresses
    ]
    return {"cluster_name": cluster, "endpoints": [{"lb_endpoints": endpoints}]}
