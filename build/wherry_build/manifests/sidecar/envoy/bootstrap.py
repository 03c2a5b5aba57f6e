"""Envoy's static bootstrap for the pods of a project, and the files that it names beside it."""

from __future__ import annotations

import json

from wherry_build.manifests.sidecar.envoy.clusters import clusters
from wherry_build.manifests.sidecar.envoy.listeners import listeners, sds_file
from wherry_build.manifests.sidecar.envoy.types import typed
from wherry_build.manifests.sidecar.objects import LIMIT_BYTES
from wherry_build.manifests.sidecar.placement import Placement
from wherry_build.manifests.sidecar.table import Certificate, RouteTable
from wherry_build.manifests.topology import Topology
from wherry_build.manifests.yaml import Node, dump

BOOTSTRAP = "envoy.yaml"
_SECRET = "envoy.extensions.transport_sockets.tls.v3.Secret"  # noqa: S105 - the name of a type
_CONNECTIONS = (
    "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"
)
_LIMIT_CONNECTIONS = 10_000
_MOST_IN_LINES = 500
_LEAST_HEALTHY_PERCENT = 1
"""Of the instances that are left when those that fail are left out; with none left all are asked.
Envoy's own is 50: were two of three to fail, all would be asked again."""
_LIMIT_PATTERN = 5_000
"""Of a compiled pattern; Envoy's own, 100, is less than a path may have characters."""


def files(table: RouteTable, topology: Topology, placement: Placement) -> dict[str, str]:
    """The files of one Envoy, by name: the bootstrap, and where each certificate is."""
    made = bootstrap(table, topology, placement)
    return {
        BOOTSTRAP: _text(made, len(table.upstreams)),
        **{sds_file(each): dump(_discovered(each, placement)) for each in table.certificates},
    }


def bootstrap(table: RouteTable, topology: Topology, placement: Placement) -> dict[str, Node]:
    """The bootstrap."""
    connections: Node = {
        "name": "envoy.resource_monitors.global_downstream_max_connections",
        "typed_config": typed(_CONNECTIONS, max_active_downstream_connections=_LIMIT_CONNECTIONS),
    }
    limits: Node = {
        "re2.max_program_size.error_level": _LIMIT_PATTERN,
        "upstream.healthy_panic_threshold": _LEAST_HEALTHY_PERCENT,
    }
    admin = placement.admin
    return {
        # What is discovered, certificates, is asked for by a node with a name.
        "node": {"id": "sidecar", "cluster": topology.namespace},
        "admin": {"address": {"socket_address": {"address": admin.host, "port_value": admin.port}}},
        "layered_runtime": {"layers": [{"name": "static", "static_layer": limits}]},
        "overload_manager": {"resource_monitors": [connections]},
        "static_resources": {
            "listeners": listeners(table, topology, placement),
            "clusters": clusters(table, topology, placement),
        },
    }


def _text(made: dict[str, Node], upstreams: int) -> str:
    """The bootstrap to be read by people, or in half the space where a ConfigMap would be full."""
    text = dump(made) if upstreams <= _MOST_IN_LINES else ""
    if text and len(text) <= LIMIT_BYTES // 2:
        return text
    return json.dumps(made, separators=(",", ":")) + "\n"  # which is YAML as well


def _discovered(certificate: Certificate, placement: Placement) -> dict[str, Node]:
    """Where a certificate is; Envoy reads it anew when its folder is replaced."""
    folder = f"{placement.tls_folder}/{certificate.secret}"
    pair: Node = {
        "certificate_chain": {"filename": f"{folder}/tls.crt"},
        "private_key": {"filename": f"{folder}/tls.key"},
    }
    return {"resources": [typed(_SECRET, name=certificate.secret, tls_certificate=pair)]}
