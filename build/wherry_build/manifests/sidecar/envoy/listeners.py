"""Envoy's listeners: plain HTTP, HTTPS, and what both hold their callers to."""

from __future__ import annotations

from wherry_build.manifests.sidecar.envoy.filters import http_filters
from wherry_build.manifests.sidecar.envoy.routes import plain_hosts, tls_hosts
from wherry_build.manifests.sidecar.envoy.types import duration_text, typed
from wherry_build.manifests.sidecar.placement import Placement
from wherry_build.manifests.sidecar.table import Certificate, RouteTable
from wherry_build.manifests.topology import Topology
from wherry_build.manifests.yaml import Node

_MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_TLS = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
_INSPECTOR = "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"
_LOG = "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog"
_BUFFER_BYTES = 1_048_576
_NOBODY: Node = {"address_prefix": "255.255.255.255", "prefix_len": 32}
"""Whom Envoy takes orders from by headers, such as how often to try again: an address that nobody
has. With no address at all it would be every private one, which every pod has."""
_LINE: Node = {
    "time": "%START_TIME%",
    "method": "%REQ(:METHOD)%",
    "host": "%REQ(:AUTHORITY)%",
    "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
    "protocol": "%PROTOCOL%",
    "status": "%RESPONSE_CODE%",
    "flags": "%RESPONSE_FLAGS%",
    "details": "%RESPONSE_CODE_DETAILS%",
    "duration_ms": "%DURATION%",
    "route": "%ROUTE_NAME%",
    "upstream": "%UPSTREAM_HOST%",
    "cluster": "%UPSTREAM_CLUSTER%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "traceparent": "%REQ(TRACEPARENT)%",
    "tls": "%DOWNSTREAM_TLS_VERSION%",
}


def listeners(table: RouteTable, topology: Topology, placement: Placement) -> list[Node]:
    """The listener of plain HTTP, and that of HTTPS where there is a certificate."""
    hosts = plain_hosts(table, topology)
    chain: dict[str, Node] = {"filters": [_manager("http", hosts, table)]}
    made = [_listener("http", placement.listen, placement.http_port, [chain])]
    if table.certificates:
        chains = _tls_chains(table, topology, placement)
        listener = _listener("https", placement.listen, placement.https_port, chains)
        if len(chains) > 1:
            inspector = "envoy.filters.listener.tls_inspector"
            listener["listener_filters"] = [{"name": inspector, "typed_config": typed(_INSPECTOR)}]
        made.append(listener)
    return [*made]


def sds_file(certificate: Certificate) -> str:
    """The name of the file that tells where a certificate is."""
    return f"sds-{certificate.secret}.yaml"


def _listener(name: str, host: str, port: int, chains: list[Node]) -> dict[str, Node]:
    return {
        "name": name,
        "address": {"socket_address": {"address": host, "port_value": port}},
        "per_connection_buffer_limit_bytes": _BUFFER_BYTES,
        "filter_chains": chains,
    }


def _tls_chains(table: RouteTable, topology: Topology, placement: Placement) -> list[Node]:
    """A chain for each certificate, and the first one for whoever asks for no host of ours."""
    manager = _manager("https", tls_hosts(table, topology), table)
    first, *others = table.certificates
    chains: list[Node] = [
        {
            "filter_chain_match": {"server_names": list(each.hosts)},
            "transport_socket": _tls_socket(each, placement),
            "filters": [manager],
        }
        for each in others
    ]
    return [*chains, {"transport_socket": _tls_socket(first, placement), "filters": [manager]}]


def _tls_socket(certificate: Certificate, placement: Placement) -> Node:
    source: Node = {
        "path": f"{placement.configuration_folder}/{sds_file(certificate)}",
        "watched_directory": {"path": f"{placement.tls_folder}/{certificate.secret}"},
    }
    secret: Node = {
        "name": certificate.secret,
        "sds_config": {"path_config_source": source, "resource_api_version": "V3"},
    }
    common: Node = {
        "alpn_protocols": ["h2", "http/1.1"],
        "tls_params": {
            "tls_minimum_protocol_version": "TLSv1_2",
            "tls_maximum_protocol_version": "TLSv1_3",
        },
        "tls_certificate_sds_secret_configs": [secret],
    }
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": typed(_TLS, common_tls_context=common),
    }


def _manager(name: str, hosts: list[Node], table: RouteTable) -> Node:
    rules = [entry.rule for each in table.tables for entry in each.entries]
    config = typed(
        _MANAGER,
        stat_prefix=name,
        codec_type="AUTO",
        use_remote_address=True,
        internal_address_config={"cidr_ranges": [_NOBODY]},
        preserve_external_request_id=True,
        normalize_path=True,
        # As it came: `%2F` may be part of a name, and `//` of a path within the path.
        path_with_escaped_slashes_action="KEEP_UNCHANGED",
        strip_matching_host_port=True,
        server_header_transformation="PASS_THROUGH",
        common_http_protocol_options={
            "idle_timeout": "3600s",
            "headers_with_underscores_action": "REJECT_REQUEST",
        },
        http2_protocol_options={
            "max_concurrent_streams": 100,
            "initial_stream_window_size": 65_536,
            "initial_connection_window_size": 1_048_576,
        },
        stream_idle_timeout=duration_text(table.longest),
        request_headers_timeout="10s",
        drain_timeout="5s",
        delayed_close_timeout="1s",
        upgrade_configs=[{"upgrade_type": "websocket"}],
        access_log=[
            {
                "name": "envoy.access_loggers.stdout",
                "typed_config": typed(_LOG, log_format={"json_format": _LINE}),
            }
        ],
        route_config={
            "name": name,
            "validate_clusters": True,
            "ignore_port_in_host_matching": True,
            "virtual_hosts": hosts,
        },
        http_filters=http_filters(rules),
    )
    return {"name": "envoy.filters.network.http_connection_manager", "typed_config": config}
